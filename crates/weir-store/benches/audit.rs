//! What an audit event costs, beside the floor that the disk sets in the same run.
//!
//! `cargo bench -p weir-store --bench audit`

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark is no interface, and ends at the first error"
)]

use divan::counter::ItemsCount;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::thread;
use tempfile::TempDir;
use weir_audit::event::{Action, AuthMethod, Candidate, Decision, Fact, FindingCount};
use weir_label::{Level, ZoneKind};
use weir_store::audit::{AuditLog, Options, verify};

fn main() {
    divan::main();
}

/// Events of one round, so that the start of threads does not count.
const EVENTS_PER_THREAD: usize = 200;

/// A decision as a real request gives it: about 1.2 kB.
fn decision() -> Decision {
    let candidate = |target: &str, zone, verdict: &str| Candidate {
        target: target.into(),
        zone,
        verdict: verdict.into(),
    };
    Decision {
        request_id: "req_01jqw3k9ym8d2v7c5x4b6n0p1r".into(),
        decision_id: "dec_01jqw3k9ym8d2v7c5x4b6n0p1r".into(),
        attempt: 1,
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        tenant: Some("claims".into()),
        key_id: Some("wk_live_7f3a".into()),
        client_addr_pseudonym: Some("b1946ac92492d2347c6235b4d2611184".into()),
        auth_method: AuthMethod::Key,
        api: "chat.completions".into(),
        stream: true,
        purpose: None,
        legal_basis: None,
        data_subjects: Vec::new(),
        level: Level::Internal,
        categories: vec!["business".parse().unwrap()],
        jurisdictions: vec!["EU".parse().unwrap()],
        opaque: Vec::new(),
        findings: vec![FindingCount { entity: "term".into(), count: 1 }],
        sources: Vec::new(),
        scanner_digest: Some("sha256:2c26b46b68ffc68f".into()),
        scan_us: 37,
        scan_complete: true,
        est_tokens_in: Some(812),
        facts: BTreeMap::from([
            ("request.alias".into(), Fact::Word("fast".into())),
            ("latency.class".into(), Fact::Word("interactive".into())),
            ("task.tools".into(), Fact::Bool(false)),
        ]),
        policy_revision: "sha256:9f86d081884c7d65".into(),
        stage: None,
        config_digest: "sha256:60303ae22b998861".into(),
        binary_version: "0.1.0".into(),
        rule: Some("everything else may use the cloud".into()),
        tags: Vec::new(),
        requires: Vec::new(),
        action: Action::Route,
        reason: "rule".into(),
        candidates: vec![
            candidate("cloud-1/large", ZoneKind::Cloud, "chosen"),
            candidate("gpu-1/large", ZoneKind::Local, "next"),
            candidate("gpu-2/small", ZoneKind::Local, "next"),
        ],
        target: Some("cloud-1/large".into()),
        backend: Some("cloud-1".into()),
        zone: Some(ZoneKind::Cloud),
        region: None,
        model: Some("large".into()),
        egress_permitted: true,
        content_digest: None,
        overrides_denied: Vec::new(),
        shadow: None,
        cut: BTreeMap::new(),
    }
}

fn log() -> (TempDir, AuditLog) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (log, _) = AuditLog::open(dir.path(), Options::new("bench".into(), "0.1.0".into())).unwrap();
    (dir, log)
}

/// The time of the caller alone.
#[divan::bench]
fn append(bencher: divan::Bencher<'_, '_>) {
    let (_dir, log) = log();
    let decision = decision();
    let mut count = 0;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        count += 1;
        let ticket = log.append(decision.clone()).unwrap();
        // Keeps the queue from filling; the wait is outside of most samples.
        if count % 1000 == 0 {
            ticket.wait_written().unwrap();
        }
    });
}

#[divan::bench]
fn append_and_wait_written(bencher: divan::Bencher<'_, '_>) {
    let (_dir, log) = log();
    let decision = decision();
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench_local(|| log.append(decision.clone()).unwrap().wait_written().unwrap());
}

#[divan::bench(args = [1, 64, 256], sample_count = 20)]
fn append_and_wait_durable(bencher: divan::Bencher<'_, '_>, waiters: usize) {
    let (_dir, log) = log();
    let decision = decision();
    bencher.counter(ItemsCount::new(waiters * EVENTS_PER_THREAD)).bench_local(|| {
        thread::scope(|scope| {
            for _ in 0..waiters {
                scope.spawn(|| {
                    for _ in 0..EVENTS_PER_THREAD {
                        log.append(decision.clone()).unwrap().wait_durable().unwrap();
                    }
                });
            }
        });
    });
}

/// The floor: one write and one `fdatasync` for so many events, with nothing else.
#[divan::bench(args = [1, 64, 256], sample_count = 200)]
fn floor_write_and_sync(bencher: divan::Bencher<'_, '_>, events: usize) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = zeroed(&dir);
    let bytes = vec![b'x'; events * 1400];
    let mut offset = 0;
    bencher.counter(ItemsCount::new(events)).bench_local(|| {
        file.write_all_at(&bytes, offset).unwrap();
        file.sync_data().unwrap();
        offset = (offset + bytes.len() as u64) % FLOOR_BYTES;
    });
}

const FLOOR_BYTES: u64 = 64 * 1024 * 1024;

fn zeroed(dir: &TempDir) -> File {
    let file = OpenOptions::new().create_new(true).write(true).open(dir.path().join("floor")).unwrap();
    let room = usize::try_from(FLOOR_BYTES).unwrap() + 1024 * 1024;
    file.write_all_at(&vec![0; room], 0).unwrap();
    file.sync_all().unwrap();
    file
}

/// Verification of 20,000 events with all their files.
#[divan::bench(sample_count = 10)]
fn verify_log(bencher: divan::Bencher<'_, '_>) {
    let (dir, log) = log();
    for _ in 0..20 {
        let tickets: Vec<_> = (0..1000).map(|_| log.append(decision()).unwrap()).collect();
        tickets.last().unwrap().wait_written().unwrap();
    }
    log.close().unwrap();
    bencher
        .counter(ItemsCount::new(20_000_u32))
        .bench_local(|| assert!(verify(dir.path()).unwrap().is_clean()));
}
