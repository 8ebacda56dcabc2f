//! The log as a whole: what is acknowledged is kept, whatever happens.

#![expect(clippy::wildcard_enum_match_arm, reason = "tests look for one type of event")]

use super::*;
use std::collections::BTreeMap;
use std::fs;
use weir_audit::event::{Action, AuthMethod, Decision, Outcome, OutcomeKind};
use weir_audit::{Event, Record};
use weir_label::{Level, ZoneKind};

pub(super) fn options() -> Options {
    Options { segment_bytes: 64 * 1024, ..Options::new("node-1".into(), "0.1.0".into()) }
}

pub(super) fn open(dir: &std::path::Path) -> (AuditLog, Recovery) {
    AuditLog::open(dir, options()).unwrap()
}

/// A decision for request `id`.
pub(super) fn decision(id: u64) -> Decision {
    Decision {
        request_id: Ident::new(&format!("req-{id}")),
        decision_id: Ident::new(&format!("dec-{id}")),
        attempt: 1,
        trace_id: None,
        tenant: None,
        key_id: Some("key-1".into()),
        client_addr_pseudonym: None,
        auth_method: AuthMethod::Key,
        api: "chat.completions".into(),
        stream: false,
        purpose: None,
        legal_basis: None,
        data_subjects: Vec::new(),
        level: Level::Internal,
        categories: Vec::new(),
        jurisdictions: Vec::new(),
        opaque: Vec::new(),
        findings: Vec::new(),
        sources: Vec::new(),
        scanner_digest: None,
        scan_us: 20,
        scan_complete: true,
        est_tokens_in: Some(100),
        facts: BTreeMap::new(),
        policy_revision: "sha256:00".into(),
        stage: None,
        config_digest: "sha256:00".into(),
        binary_version: "0.1.0".into(),
        rule: Some("everything else may use the cloud".into()),
        tags: Vec::new(),
        requires: Vec::new(),
        action: Action::Route,
        reason: "rule".into(),
        candidates: Vec::new(),
        target: Some("gpu-1/small".into()),
        backend: Some("gpu-1".into()),
        zone: Some(ZoneKind::Local),
        region: None,
        model: Some("small".into()),
        egress_permitted: false,
        content_digest: None,
        overrides_denied: Vec::new(),
        shadow: None,
        cut: BTreeMap::new(),
    }
}

pub(super) fn outcome(id: u64) -> Outcome {
    let (request, decision) = (format!("req-{id}"), format!("dec-{id}"));
    Outcome::new(Ident::new(&request), Ident::new(&decision), OutcomeKind::Ok)
}

pub(super) fn records(dir: &std::path::Path) -> Vec<Record> {
    AuditReader::open(dir).unwrap().collect::<Result<_, _>>().unwrap()
}

pub(super) fn types(dir: &std::path::Path) -> Vec<String> {
    records(dir).iter().map(|record| record.envelope.type_name.to_string()).collect()
}

#[track_caller]
pub(super) fn assert_clean(dir: &std::path::Path) -> weir_audit::verify::Report {
    let report = verify(dir).unwrap();
    assert!(report.is_clean(), "{:#?}", report.faults);
    report
}

#[test]
fn a_closed_log_is_signed_to_its_last_event() {
    let dir = tempfile::tempdir().unwrap();
    let (log, recovery) = open(dir.path());
    assert_eq!(recovery, Recovery::default());
    for id in 0..600 {
        // One by one: a large batch would get a segment of its own.
        log.append(decision(id)).unwrap().wait_written().unwrap();
        log.append(outcome(id)).unwrap();
    }
    log.close().unwrap();
    assert!(matches!(log.append(outcome(1)), Err(AuditError::Closed)));

    let report = assert_clean(dir.path());
    assert_eq!(report.events, 1202);
    assert_eq!(report.checkpoint.unwrap().size, 1202);
    let types = types(dir.path());
    assert_eq!((types[0].as_str(), types[1201].as_str()), ("log.started", "log.closed"));
    assert!(fs::read_dir(dir.path().join("segments")).unwrap().count() > 5);
}

#[test]
fn a_log_goes_on_where_it_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let (log, recovery) = open(dir.path());
        assert_eq!(recovery, Recovery { events: round * 302, recovered: None });
        for id in 0..150 {
            log.append(decision(id)).unwrap();
            log.append(outcome(id)).unwrap();
        }
        log.close().unwrap();
        assert_clean(dir.path());
    }
    let seqs: Vec<_> = records(dir.path()).iter().map(|record| record.envelope.seq).collect();
    assert_eq!(seqs, (0..1208).collect::<Vec<_>>());
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    assert!(matches!(AuditLog::open(dir.path(), options()), Err(AuditError::Locked(_))));
    log.close().unwrap();
    AuditLog::open(dir.path(), options()).unwrap();
}

#[test]
fn an_event_that_is_waited_for_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    let ticket = log.append(decision(1)).unwrap();
    ticket.wait_durable().unwrap();
    let record = records(dir.path()).into_iter().last().unwrap();
    assert_eq!(record.envelope.seq, ticket.seq());
    assert_eq!(record.event, Event::from(decision(1)));
}

#[test]
fn many_threads_append_in_the_order_of_their_places() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let log = &log;
            scope.spawn(move || {
                for i in 0..200 {
                    let ticket = log.append(decision(thread * 1000 + i)).unwrap();
                    if i % 50 == 0 {
                        ticket.wait_durable().unwrap();
                    }
                }
            });
        }
    });
    log.close().unwrap();
    assert_clean(dir.path());
    let records = records(dir.path());
    assert_eq!(records.len(), 1602);
    assert!(records.is_sorted_by_key(|record| record.envelope.ts_mono_ns));
    for thread in 0..8 {
        let own: Vec<_> = records
            .iter()
            .filter_map(|record| match &record.event {
                Event::Decision(decision) => decision.request_id.as_str()[4..].parse::<u64>().ok(),
                _ => None,
            })
            .filter(|id| id / 1000 == thread)
            .collect();
        assert_eq!(own, (0..200).map(|i| thread * 1000 + i).collect::<Vec<_>>());
    }
}

#[test]
fn a_running_log_is_read_and_verified_without_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { checkpoint_interval: Duration::from_millis(5), ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for id in 0..3000 {
                log.append(decision(id)).unwrap().wait_durable().unwrap();
            }
        });
        while !writing.is_finished() {
            assert_clean(dir.path());
            assert!(!records(dir.path()).is_empty());
        }
    });
}

#[test]
fn a_full_queue_refuses_and_loses_nothing_it_took() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { queue_events: 4, ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    let (mut taken, mut refused) = (0, 0);
    while refused < 100 {
        match log.append(decision(taken)) {
            Ok(_) => taken += 1,
            Err(AuditError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    log.close().ok();
    let decisions = types(dir.path()).iter().filter(|name| *name == "decision").count();
    assert_eq!(decisions as u64, taken);
}

#[test]
fn a_log_whose_checkpoint_was_removed_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    assert!(matches!(AuditLog::open(dir.path(), options()), Err(AuditError::Io { .. })));
}

#[test]
fn key_files_are_private_and_must_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let key = dir.path().join("key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    let secret = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    assert!(matches!(AuditLog::open(dir.path(), options()), Err(AuditError::KeyMissing(_))));
    fs::write(&key, "00".repeat(32) + "\n").unwrap();
    assert!(matches!(AuditLog::open(dir.path(), options()), Err(AuditError::KeyUnusable(_))));
    fs::write(&key, secret).unwrap();
    let renamed = Options::new("node-2".into(), "0.1.0".into());
    assert!(matches!(AuditLog::open(dir.path(), renamed), Err(AuditError::Origin { .. })));
    open(dir.path());
}
