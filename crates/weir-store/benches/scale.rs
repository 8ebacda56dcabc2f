//! A log of a size that an auditor meets: how fast it is indexed, searched, counted and verified, in how much memory.
//!
//! `cargo bench -p weir-store --bench scale` writes a million events (about 900 MB) under `target/`, measures, and deletes
//! them; `-- 10000000` as many as that, and `-- 10000000 DIR` writes them into a directory and leaves them there, or measures
//! what it finds there. The bounds that are held below are those of ten million events.
//!
//! Ten million events on two cores of a busy machine, in November 2026, CPU time in brackets: a request by its id 10 ms
//! (10 ms), counts and sums 0.13 to 0.29 s (0.12 to 0.28 s), verification 381,000 events/s (520,000 for a second of CPU),
//! 62 MB of memory, an index of 7.4 % of the log.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark is no interface, ends at the first error, and prints what it found"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use weir_audit::Ident;
use weir_audit::event::{Action, AuthMethod, Candidate, Decision, Fact, FindingCount, Outcome, OutcomeKind};
use weir_audit::search::{Condition, Query};
use weir_label::{Level, ZoneKind};
use weir_store::audit::{AuditLog, Key, Options, Search, index, verify};

const EVENTS: u64 = 1_000_000;

/// Requests that run at the same time: so far is an outcome behind its decision.
const RUNNING: u64 = 64;

fn main() {
    let events = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(EVENTS);
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let dir = std::env::args().skip(1).find(|argument| argument.contains('/')).map(PathBuf::from);
    let dir = dir.as_deref().unwrap_or(scratch.path());
    if !dir.join("checkpoint").exists() {
        let written = timed(|| write(dir, events / 2));
        report("written", written, Some(events));
        println!("{:<58}{:>12}", "bytes for an event, log and tiles", bytes_in(dir) / events);
        let log_bytes = bytes_in(dir);
        let indexed = timed(|| while index(dir).unwrap().is_behind {});
        report("taken into the index", indexed, Some(events));
        println!("{:<58}{:>11.1}%", "index, of the log", percent(bytes_in(dir) - log_bytes, log_bytes));
    }
    measure(dir, events);
}

fn measure(dir: &Path, events: u64) {
    let id = |number: u64| format!("decision=dec_{}", hex_id(number));
    let mut slowest = Took::default();
    for number in [0, events / 4, events / 3, events / 2 - 1] {
        let took = timed(|| assert_eq!(find(dir, &[&id(number)], None), 1));
        slowest = if took > slowest { took } else { slowest };
    }
    bounded(
        "one request by its id, from start to end, the slowest of four",
        slowest,
        Duration::from_millis(50),
    );
    let took = timed(|| assert_eq!(find(dir, &[], Some(100)), 100));
    report("the newest hundred", took, None);
    let took = timed(|| _ = find(dir, &["zone=cloud", "outcome=timeout"], Some(100)));
    report("the newest hundred that ran in the cloud and timed out", took, None);
    let took = timed(|| assert_eq!(find(dir, &["zone=cloud", "level>=confidential"], None), 0));
    report("that no classified request ran in the cloud", took, None);

    let path = |name: &str| Key::Path(name.to_owned());
    let second = Duration::from_secs(1);
    for (what, by, sums) in [
        ("counted by zone", vec![path("zone")], vec![]),
        (
            "counted by team and level, tokens summed up",
            vec![path("facts.caller.team"), path("level")],
            vec!["tokens_in"],
        ),
        (
            "counted by hour and outcome, times summed up",
            vec![Key::Hour, path("outcome")],
            vec!["total_us", "ttft_us"],
        ),
        (
            "counted by model and error, three sums",
            vec![path("model"), path("error_code")],
            vec!["tokens_in", "tokens_out", "queue_us"],
        ),
    ] {
        let sums: Vec<String> = sums.into_iter().map(str::to_owned).collect();
        let took = timed(|| {
            let search = Search::open(dir).unwrap();
            let groups = search.tally(&query(&["level>=internal"]), &by, &sums).unwrap();
            assert!(groups.iter().map(|group| group.count).sum::<u64>() > events / 4);
        });
        bounded(&format!("all {what}"), took, second);
    }

    let took = timed(|| assert!(verify(dir).unwrap().is_clean()));
    report("verified", took, Some(events));
    let per_second = events as f64 / took.time.as_secs_f64();
    println!("{:<58}{:>12.1} of 200,000 events a second that are wanted", "", per_second / 200_000.0);
    if let Some(peak) = peak_memory_mb() {
        println!(
            "{:<58}{peak:>12} MB, of 200 MB that are allowed",
            "peak of memory, all of this and the writer"
        );
    }
}

/// How long work took, and the time of processors that this process used meanwhile, with all its threads.
#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
struct Took {
    time: Duration,
    cpu: Duration,
}

fn timed(work: impl FnOnce()) -> Took {
    let (began, cpu) = (Instant::now(), cpu_time());
    work();
    Took { time: began.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
}

/// To a hundredth of a second; none where the system does not tell.
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold spaces, user and system time are the 12th and 13th.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn report(what: &str, took: Took, events: Option<u64>) {
    let each = |events: u64| took.cpu.as_secs_f64() * 1e6 / events as f64;
    let rate = |events: u64| {
        format!(
            "{:>12.0} events/s, {:.1} µs of a processor each",
            events as f64 / took.time.as_secs_f64(),
            each(events)
        )
    };
    println!("{what:<58}{:>10.1} ms{}", took.time.as_secs_f64() * 1e3, events.map(rate).unwrap_or_default());
}

fn bounded(what: &str, took: Took, bound: Duration) {
    println!(
        "{what:<58}{:>10.1} ms ({} of a processor), {:.2} of the {} ms that are allowed",
        took.time.as_secs_f64() * 1e3,
        took.cpu.as_millis(),
        took.time.as_secs_f64() / bound.as_secs_f64(),
        bound.as_millis()
    );
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

fn query(conditions: &[&str]) -> Query {
    let conditions = conditions.iter().map(|text| Condition::parse(text, &|_| false).unwrap()).collect();
    Query { conditions, ..Query::default() }
}

fn find(dir: &Path, conditions: &[&str], limit: Option<usize>) -> usize {
    let mut count = 0;
    Search::open(dir).unwrap().find(&query(conditions), limit, |_| count += 1).unwrap();
    count
}

/// An id that looks random and is the same in every run.
fn hex_id(number: u64) -> String {
    let mix = |seed: u64| number.wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    format!("{:016x}{:016x}", mix(1), mix(2).wrapping_mul(0xff51_afd7_ed55_8ccd))
}

fn write(dir: &Path, requests: u64) {
    let (log, _) = AuditLog::open(dir, Options::new("bench".into(), "0.1.0".into())).unwrap();
    for number in 0..requests + RUNNING {
        if number < requests {
            log.append(decision(number)).unwrap();
        }
        if let Some(ended) = number.checked_sub(RUNNING) {
            log.append(outcome(ended)).unwrap();
        }
        if number.is_multiple_of(1000) {
            log.append(outcome_of_nobody(number)).unwrap().wait_written().unwrap();
        }
    }
    log.close().unwrap();
}

/// A request without a decision: what the log of a gateway has none of, and a search must not mind.
fn outcome_of_nobody(number: u64) -> Outcome {
    let id = Ident::new(&format!("req_none{number}"));
    Outcome::new(id.clone(), id, OutcomeKind::Rejected)
}

/// A decision as a gateway writes it.
fn decision(number: u64) -> Decision {
    let pick = |of: &'static [&'static str], by: u64| of[(number.wrapping_mul(by) >> 7) as usize % of.len()];
    let id = hex_id(number);
    let is_cloud = number % 5 < 2;
    let candidate = |target: &str, zone, verdict: &str| Candidate {
        target: target.into(),
        zone,
        verdict: verdict.into(),
    };
    let (target, backend, zone) = match is_cloud {
        true => ("cloud-1/large", "cloud-1", ZoneKind::Cloud),
        false => ("gpu-1/large", "gpu-1", ZoneKind::Local),
    };
    Decision {
        request_id: Ident::new(&format!("req_{id}")),
        decision_id: Ident::new(&format!("dec_{id}")),
        attempt: 1,
        trace_id: None,
        tenant: Some(pick(&["claims", "sales", "research"], 7).into()),
        key_id: Some(Ident::new(&format!("7f3a{:04x}", number % 300))),
        client_addr_pseudonym: Some(Ident::new(&format!("b1946ac92492d2347c6235b4{:08x}", number % 2000))),
        auth_method: AuthMethod::Key,
        api: "chat.completions".into(),
        stream: number.is_multiple_of(3),
        purpose: None,
        legal_basis: None,
        data_subjects: Vec::new(),
        level: if is_cloud { Level::Internal } else { Level::Confidential },
        categories: if is_cloud { Vec::new() } else { vec!["personal".parse().unwrap()] },
        jurisdictions: vec!["EU".parse().unwrap()],
        opaque: Vec::new(),
        findings: match is_cloud {
            true => Vec::new(),
            false => vec![FindingCount {
                entity: pick(&["EMAIL", "IBAN", "PERSON"], 11).into(),
                count: 1 + number % 3,
            }],
        },
        sources: Vec::new(),
        scanner_digest: Some("sha256:2c26b46b68ffc68ff99b453c1d304134".into()),
        scan_us: 20 + number % 300,
        scan_complete: true,
        est_tokens_in: Some(100 + number % 4000),
        facts: BTreeMap::from([
            ("request.alias".into(), Fact::Word(pick(&["fast", "smart", "cheap"], 13).into())),
            ("latency.class".into(), Fact::Word("interactive".into())),
            ("caller.team".into(), Fact::Word(pick(&["red", "green", "blue", "black"], 17).into())),
            ("caller.app".into(), Fact::Word(pick(&["chat", "search", "mail"], 19).into())),
            ("task.type".into(), Fact::Word(pick(&["code", "summary", "chat", "extract"], 23).into())),
            ("task.complexity".into(), Fact::Number(number.wrapping_mul(977) % 1_000_000)),
            ("request.language".into(), Fact::Word(pick(&["en", "de", "fr"], 29).into())),
            ("capacity.local.utilisation".into(), Fact::Number(number % 1_000_000)),
            ("capacity.local.queue".into(), Fact::Number(number % 9)),
        ]),
        policy_revision: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        stage: Some("all".into()),
        config_digest: "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into(),
        binary_version: "0.1.0".into(),
        rule: Some(
            if is_cloud { "everything else may use the cloud" } else { "sensitive data stays local" }.into(),
        ),
        tags: Vec::new(),
        requires: Vec::new(),
        action: Action::Route,
        reason: "rule".into(),
        candidates: vec![
            candidate(target, zone, "candidate"),
            candidate("gpu-2/small", ZoneKind::Local, "degrade"),
        ],
        target: Some(target.into()),
        backend: Some(backend.into()),
        zone: Some(zone),
        region: None,
        model: Some("large".into()),
        egress_permitted: is_cloud,
        content_digest: None,
        overrides_denied: Vec::new(),
        shadow: None,
        cut: BTreeMap::new(),
    }
}

fn outcome(number: u64) -> Outcome {
    let id = hex_id(number);
    let is_timeout = number.is_multiple_of(97);
    Outcome {
        http_status: Some(if is_timeout { 504 } else { 200 }),
        tokens_in: Some(100 + number % 4000),
        tokens_out: Some(number % 900),
        ttft_us: Some(20_000 + number.wrapping_mul(7919) % 3_000_000),
        total_us: Some(100_000 + number.wrapping_mul(104_729) % 30_000_000),
        queue_us: number.is_multiple_of(4).then_some(number % 100_000),
        bytes_out: Some(1000 + number % 9000),
        bytes_in: Some(500 + number % 5000),
        peer_ip: Some("10.0.0.7".into()),
        model_used: Some("large-2026".into()),
        error_code: is_timeout.then(|| "upstream_timeout".into()),
        attempts: 1,
        ..Outcome::new(
            Ident::new(&format!("req_{id}")),
            Ident::new(&format!("dec_{id}")),
            if is_timeout { OutcomeKind::Timeout } else { OutcomeKind::Ok },
        )
    }
}

/// Bytes of all files below a directory.
fn bytes_in(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => bytes_in(&entry.path()),
            false => entry.metadata().map_or(0, |data| data.len()),
        })
        .sum()
}

/// The most memory that this process has had; `None` where the system does not tell.
fn peak_memory_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? / 1024)
}
