//! Files, and what any export has: its place, its filter, its gaps.

use super::support::PATIENCE;
use super::*;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use weir_audit::event::Outcome;
use weir_audit::{Ident, Name, WallTime};
use weir_store::audit::{AuditLog, Expiry, Options};

const FILE: &str = "    - { name: siem, file: ./out/audit.jsonl, every: 50ms }";

/// All lines that an export to `./out/audit.jsonl` has written, also into files that were set aside.
fn written(home: &Home) -> String {
    let mut paths: Vec<_> =
        std::fs::read_dir(home.path().join("out")).unwrap().map(|entry| entry.unwrap().path()).collect();
    // Those that were set aside end in numbers, and the one that is written comes first by its name.
    paths.sort();
    paths.rotate_left(1);
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn a_gateway_that_is_killed_again_and_again_exports_every_event_as_it_stands_in_the_log() {
    let mut home = home(&FILE.replace("every", "rotate: 64KiB, every"));
    for _ in 0..4 {
        let gateway = Gateway::start_in(home);
        requests(&gateway, 30);
        home = gateway.kill();
    }
    let gateway = Gateway::start_in(home);
    until_exported(&gateway, "siem");
    assert!(gateway.metric("weir_audit_exported_events_total", &["siem"]) >= 1.0);
    let (home, _) = gateway.stop();
    let exported = written(&home);
    let last = exported.lines().last().unwrap();
    assert!(last.contains("\"type\":\"log.closed\""), "the end is exported before the gateway ends: {last}");
    let gateway = Gateway::start_in(home);
    until_exported(&gateway, "siem");
    let home = gateway.kill();
    let (exported, logged) = (written(&home), logged(&home));
    assert!(exported.lines().count() > 240 && !exported.contains(CANARY));
    let exported_by_id = by_id(&exported);
    for (id, line) in &exported_by_id {
        assert_eq!(Some(line), logged.get(id), "what was exported is the log's own");
    }
    let missing: Vec<_> = logged.keys().filter(|id| !exported_by_id.contains_key(*id)).collect();
    // What the last gateway wrote while it was killed had no time.
    assert!(
        missing.len() < 5 && missing.iter().all(|id| logged.keys().rev().take(5).any(|last| last == *id))
    );
    assert!(std::fs::read_dir(home.path().join("out")).unwrap().count() > 1, "files are set aside");
    let verified = home.weir(&["audit", "verify"]);
    assert!(verified.status.success());
}

#[test]
fn an_export_gets_what_it_wants_and_not_what_is_left_out() {
    let exports = "    - { name: siem, file: ./out/audit.jsonl, every: 50ms, events: [decision], \
                   where: [\"action=deny\"], leave_out: [client_addr_pseudonym, facts.request.alias] }\n\
                   \x20   - { name: none, file: ./none.jsonl, every: 50ms, where: [\"zone=cloud\"] }\n\
                   \x20   - { name: ocsf, file: ./ocsf.jsonl, every: 50ms, format: ocsf }";
    let gateway = Gateway::start_in(home(exports));
    requests(&gateway, 3);
    for name in ["siem", "none", "ocsf"] {
        until_exported(&gateway, name);
    }
    let home = gateway.kill();
    let lines = written(&home);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(!lines.contains("client_addr_pseudonym") && !lines.contains("request.alias"), "{lines}");
    assert!(!home.path().join("none.jsonl").exists());
    let ocsf = std::fs::read_to_string(home.path().join("ocsf.jsonl")).unwrap();
    let classes: BTreeSet<u64> = ocsf
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["class_uid"].as_u64().unwrap())
        .collect();
    assert_eq!(classes, BTreeSet::from([6003]));
    assert!(ocsf.contains("\"status\":\"Failure\"") && !ocsf.contains(CANARY));
}

#[test]
fn an_export_that_is_new_begins_with_what_comes_if_it_is_told_so() {
    let gateway = Gateway::start_in(home("    []"));
    requests(&gateway, 2);
    let (home, _) = gateway.stop();
    reconfigure(&home, &FILE.replace("every", "from: now, every"));
    let gateway = Gateway::start_in(home);
    until_exported(&gateway, "siem");
    request(&gateway);
    until_exported(&gateway, "siem");
    let lines = written(&gateway.home);
    assert_eq!(lines.matches("\"type\":\"decision\"").count(), 1, "{lines}");
    assert!(!lines.contains("\"type\":\"log.closed\""), "the end of the process before: {lines}");
}

#[test]
fn an_export_is_added_changed_and_removed_while_the_gateway_runs() {
    let gateway = Gateway::start_in(home("    []"));
    request(&gateway);
    reconfigure(&gateway.home, FILE);
    gateway.until("the file is there", |gateway| gateway.home.path().join("out/audit.jsonl").exists());
    until_exported(&gateway, "siem");
    reconfigure(&gateway.home, &FILE.replace("audit.jsonl", "other.jsonl"));
    gateway.until("it goes on elsewhere", |gateway| {
        request(gateway);
        gateway.home.path().join("out/other.jsonl").exists()
    });
    until_exported(&gateway, "siem");
    assert_eq!(by_id(&written(&gateway.home)), logged(&gateway.home), "in two files, each once");
    reconfigure(&gateway.home, "    []");
    gateway.until("it is gone", |gateway| standing(gateway, "siem").is_null());
}

#[test]
fn events_that_were_deleted_before_they_were_exported_are_a_gap_on_record() {
    let (other, _) = Gateway::start_in(home("    []")).stop();
    let event: Value = serde_json::from_str(logged(&other).values().next().unwrap()).unwrap();
    let node = Name::new(event["node"].as_str().unwrap());
    // Weeks of records, most of which are over, of which the export had got one when it was last seen.
    let (home, first) = (home(FILE), 1);
    let options = Options { segment_bytes: 8192, ..Options::new(node, Ident::new("0")) };
    let (log, _) = AuditLog::open(&home.path().join("state/audit"), options).unwrap();
    std::fs::create_dir(home.path().join("state/exports")).unwrap();
    std::fs::write(home.path().join("state/exports/siem.json"), format!("{{\"next\":{first}}}")).unwrap();
    for _ in 0..200 {
        let outcome: Outcome = serde_json::from_value(json!({
            "request_id": "req-x", "decision_id": "dec-x", "outcome": "ok", "tokens_estimated": false, "attempts": 1,
        }))
        .unwrap();
        log.append(outcome).unwrap().wait_durable().unwrap();
    }
    // What is not under a checkpoint yet is not deleted.
    let deadline = Instant::now() + PATIENCE;
    let pruned = loop {
        let pruned = log.prune(&Expiry::all(WallTime::from_unix_ms(4_000_000_000_000)), u64::MAX).unwrap();
        if let Some(pruned) = pruned.filter(|pruned| pruned.first_kept > first + 10) {
            break pruned;
        }
        assert!(Instant::now() < deadline, "nothing is deleted");
        std::thread::sleep(Duration::from_millis(10));
    };
    log.close().unwrap();
    let gateway = Gateway::start_in(home);
    gateway.until("the gap is on record", |gateway| !recorded(&gateway.home, "export.gap").is_empty());
    until_exported(&gateway, "siem");
    let gaps = recorded(&gateway.home, "export.gap");
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!((&gaps[0]["export"], &gaps[0]["reason"]), (&json!("siem"), &json!("deleted")));
    let missed = pruned.first_kept - first;
    assert_eq!(gaps[0]["first"], first);
    assert_eq!(gaps[0]["last"], pruned.first_kept - 1);
    assert_eq!(gaps[0]["events"], missed);
    assert_eq!(standing(&gateway, "siem")["missed"], missed);
    assert_eq!(gateway.metric("weir_audit_export_missed_events_total", &["siem"]), missed as f64);
    gateway.until("what is kept is exported, and that there is a gap", |gateway| {
        let lines = written(&gateway.home);
        lines.contains("\"type\":\"export.gap\"")
            && lines.contains(&format!("\"seq\":{},", pruned.first_kept))
    });
    assert!(gateway.home.weir(&["audit", "verify"]).status.success());
}

#[test]
fn one_shot_exports_have_every_format_and_the_filters_of_queries() {
    let gateway = Gateway::start_in(home("    []"));
    requests(&gateway, 2);
    let (home, _) = gateway.stop();
    let export = |arguments: &[&str]| printed(&home.weir(&[&["audit", "export"], arguments].concat()));
    let all = export(&[]);
    assert_eq!(export(&["--format", "ocsf"]).lines().count(), all.lines().count());
    assert_eq!(export(&["--format", "cef"]).matches("CEF:0|Weir|Weir|").count(), all.lines().count());
    assert!(export(&["--format", "syslog"]).lines().all(|line| line.starts_with("<1")));
    let otlp: Value = serde_json::from_str(&export(&["--format", "otlp"])).unwrap();
    let records = otlp["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array().unwrap();
    assert_eq!(records.len(), all.lines().count());
    assert_eq!(export(&["--event", "decision", "--where", "action=deny"]).lines().count(), 2);
    assert_eq!(export(&["--since", "2020-01-01", "--until", "2020-01-02"]), "");
    assert!(!export(&["--leave-out", "boot_id"]).contains("boot_id"));
    let path = home.path().join("audit.jsonl");
    export(&["--output", path.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), all);
    for wrong in [["--event", "desision"], ["--where", "zon=cloud"], ["--format", "xml"]] {
        let output = home.weir(&[&["audit", "export"], &wrong[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn what_is_wrong_with_an_export_is_said_before_it_is_used() {
    for (export, said) in [
        ("{ name: a }", "this export is not one thing"),
        ("{ name: a, file: ./a, nats: \"nats://10.0.0.9\" }", "this export is not one thing"),
        ("{ name: a, file: ./a, events: [desision] }", "there is no event `desision`"),
        ("{ name: a, file: ./a, where: [\"zon=cloud\"] }", "there is no field `zon`"),
        ("{ name: a, file: ./a, leave_out: [event_id] }", "cannot be left out"),
        ("{ name: a, otlp: \"http://10.0.0.9:4318\", format: cef }", "this export has one format only"),
        ("{ name: a, syslog: \"tcp://10.0.0.9\", zone: cloud }", "this cannot leave the network"),
        ("{ name: a, syslog: \"http://10.0.0.9\" }", "this is no address of such a server"),
        ("{ name: a, syslog: \"tcp://203.0.113.9\" }", "outside the network"),
        ("{ name: a, otlp: \"https://203.0.113.9\" }", "outside the network"),
        ("{ name: a, postgres: \"postgres://203.0.113.9/audit\", api_key: \"u:p\" }", "outside the network"),
        ("{ name: a, nats: \"nats://203.0.113.9\" }", "outside the network"),
        ("{ name: a, postgres: \"postgres://10.0.0.9/audit\" }", "needs a database, a user and a password"),
        (
            "{ name: a, postgres: \"postgres://10.0.0.9/audit\", api_key: \"u:p\", table: \"a;b\" }",
            "cannot stand here",
        ),
        ("{ name: a, nats: \"nats://10.0.0.9\", subject: \"a b\" }", "cannot stand here"),
        ("{ name: a, s3: \"https://10.0.0.9/\" }", "a store needs a bucket and keys"),
    ] {
        let home = home(&format!("    - {export}"));
        let output = home.weir(&["check"]);
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success() && text.contains(said), "{export}: {text}");
    }
    let twice = home("    - { name: a, file: ./a }\n    - { name: a, file: ./b }");
    assert!(!twice.weir(&["check"]).status.success());
}
