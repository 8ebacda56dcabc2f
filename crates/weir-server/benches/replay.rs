//! How long it takes to replay a million requests.
//!
//! `cargo bench -p weir-server --bench replay`; a number as argument is another count.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark is no interface, and ends at the first error"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;
use weir_audit::event::{Action, AuthMethod, Candidate, Decision, Fact, FindingCount, Outcome, OutcomeKind};
use weir_audit::{Ident, Name};
use weir_label::{Level, ZoneKind};
use weir_server::{ReplayFilter, Snapshot, Sources, replay};
use weir_store::audit::{AuditLog, Options};

fn main() {
    let count = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    let sources = files(dir.path());
    let begun = Instant::now();
    let log = dir.path().join("audit");
    write(&log, count);
    println!("{count} requests written in {:.1} s", begun.elapsed().as_secs_f64());
    let snapshot = Snapshot::load(&sources).unwrap();
    let begun = Instant::now();
    let replayed = replay(&log, &snapshot, &ReplayFilter::default()).unwrap();
    let took = begun.elapsed().as_secs_f64();
    println!(
        "{} requests replayed in {took:.2} s ({:.2} µs each), {} move",
        replayed.requests,
        took * 1e6 / replayed.requests as f64,
        replayed.moved
    );
}

fn files(dir: &Path) -> Sources {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/two-rules");
    let config = std::fs::read_to_string(examples.join("weir.yaml")).unwrap();
    // The key would come from the environment.
    let config = config.replace("${OPENAI_API_KEY}", "sk-none");
    std::fs::write(dir.join("weir.yaml"), config).unwrap();
    let policy = std::fs::read_to_string(examples.join("policy.yaml")).unwrap();
    std::fs::write(dir.join("policy.yaml"), policy.replace("cheapest", "[cloud]")).unwrap();
    Sources { config: dir.join("weir.yaml"), policy: None }
}

fn write(log: &Path, count: u64) {
    let (log, _) = AuditLog::open(log, Options::new(Name::new("n"), Ident::new("0"))).unwrap();
    for number in 0..count {
        let mut ticket = log.append(decision(number)).unwrap();
        ticket = log.append(outcome(number)).unwrap_or(ticket);
        // The queue of the log is bounded, and nobody else waits here.
        if number % 500 == 0 {
            while !ticket.is_written() {
                std::thread::yield_now();
            }
        }
    }
    log.close().unwrap();
}

/// A decision as a real request leaves it.
fn decision(number: u64) -> Decision {
    let id = Ident::new(&format!("req_{number:026}"));
    let candidate =
        |target: &str, zone| Candidate { target: target.into(), zone, verdict: "candidate".into() };
    let word = |name: &'static str, text: &str| (Ident::fixed(name), Fact::Word(Ident::new(text)));
    Decision {
        request_id: id.clone(),
        decision_id: id,
        attempt: 1,
        trace_id: None,
        tenant: Some("claims".into()),
        key_id: Some("wk_live_7f3a".into()),
        client_addr_pseudonym: Some("b1946ac92492d2347c6235b4d2611184".into()),
        auth_method: AuthMethod::Key,
        api: "chat.completions".into(),
        stream: number.is_multiple_of(2),
        purpose: None,
        legal_basis: None,
        data_subjects: Vec::new(),
        level: if number.is_multiple_of(5) { Level::Confidential } else { Level::Internal },
        categories: vec!["business".parse().unwrap()],
        jurisdictions: Vec::new(),
        opaque: Vec::new(),
        findings: vec![FindingCount { entity: "EMAIL_ADDRESS".into(), count: 1 }],
        sources: Vec::new(),
        scanner_digest: Some("6bb1f1c5e1a50d3b".into()),
        scan_us: 40,
        scan_complete: true,
        est_tokens_in: Some(number % 4_000),
        facts: BTreeMap::from([
            word("request.alias", "auto"),
            word("latency.class", "interactive"),
            word("caller.name", "claims-chat"),
            word("caller.team", "claims"),
            word("caller.app", &format!("app-{}", number % 30)),
            word("caller.environment", "live"),
            (Ident::fixed("request.max_output_tokens"), Fact::Number(1_000)),
        ]),
        policy_revision: "0123456789abcdef".into(),
        stage: Some("all".into()),
        config_digest: "0123456789abcdef".into(),
        binary_version: "0.1.0".into(),
        rule: Some("everything else may use the cloud".into()),
        tags: Vec::new(),
        requires: Vec::new(),
        action: Action::Route,
        reason: "policy".into(),
        candidates: vec![
            candidate("gpu/qwen3-32b", ZoneKind::Local),
            candidate("openai/gpt-6-sol", ZoneKind::Cloud),
        ],
        target: Some("gpu/qwen3-32b".into()),
        backend: Some("gpu".into()),
        zone: Some(ZoneKind::Local),
        region: None,
        model: Some("qwen3-32b".into()),
        egress_permitted: false,
        content_digest: None,
        overrides_denied: Vec::new(),
        shadow: None,
        cut: BTreeMap::new(),
    }
}

fn outcome(number: u64) -> Outcome {
    let id = Ident::new(&format!("req_{number:026}"));
    Outcome {
        http_status: Some(200),
        tokens_in: Some(number % 4_000),
        tokens_out: Some(200),
        total_us: Some(1_500_000),
        queue_us: Some(0),
        attempts: 1,
        ..Outcome::new(id.clone(), id, OutcomeKind::Ok)
    }
}
