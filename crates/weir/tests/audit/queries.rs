//! Queries: what they find, in which form, and where it goes.

use super::log;
use crate::support::command::{assert_plain, run, stderr, stdout};
use crate::support::weir;
use serde_json::Value;
use std::process::Command;

#[test]
fn each_filter_of_a_query_takes_what_it_says() {
    let (stage, ids) = log();
    let [public, personal, restricted, denied, failed, caller] = ids.as_slice() else { panic!("{ids:?}") };
    let home = &stage.gateway.home;
    let row = home.decision(public);
    let (request, first) =
        (row["decision"]["request_id"].as_str().unwrap(), row["ts_wall"].as_str().unwrap());
    let prefix = format!("wk_live_{caller}");
    let all = [public, personal, restricted, denied, failed];
    let check = |filter: &[&str], expected: Vec<&String>| {
        let output = home.weir(&[&["audit", "query", "--json"], filter].concat());
        let rows: Vec<Value> =
            stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        // Answers and refusals follow each other, so that the log has them in this order.
        let found: Vec<&str> =
            rows.iter().map(|row| row["decision"]["decision_id"].as_str().unwrap()).collect();
        assert_eq!(found, expected.iter().map(|id| id.as_str()).collect::<Vec<_>>(), "{filter:?}");
        let text = home.weir(&[&["audit", "query"], filter].concat());
        assert_eq!(stdout(&text).lines().count(), expected.len() + 1, "{filter:?}: {}", stdout(&text));
    };
    check(&[], all.to_vec());
    check(&["--zone", "local"], vec![personal, restricted, failed]);
    check(&["--zone", "cloud"], vec![public]);
    check(&["--backend", "here"], vec![personal, restricted, failed]);
    check(&["--backend", "nowhere"], vec![]);
    check(&["--level", "public"], all.to_vec());
    check(&["--level", "confidential"], vec![personal, restricted, denied, failed]);
    check(&["--level", "restricted"], vec![restricted]);
    check(&["--level", "confidential", "--zone", "cloud"], vec![]);
    check(&["--rule", "everything else may use the cloud"], vec![public]);
    check(&["--rule", "sensitive data stays local"], vec![personal, restricted, denied, failed]);
    check(&["--caller", caller], all.to_vec());
    check(&["--caller", &prefix], all.to_vec());
    check(&["--caller", "00000000"], vec![]);
    check(&["--decision", denied], vec![denied]);
    check(&["--request", request], vec![public]);
    check(&["--outcome", "ok"], vec![public, personal, restricted]);
    check(&["--outcome", "rejected"], vec![denied]);
    check(&["--outcome", "failed"], vec![failed]);
    check(&["--outcome", "timeout"], vec![]);
    check(&["--since", "1h"], all.to_vec());
    check(&["--since", first], all.to_vec());
    check(&["--since", "2100-01-01T00:00:00Z"], vec![]);
    check(&["--until", "1h"], vec![]);
    check(&["--until", first], vec![]);
    check(&["--until", "2100-01-01T00:00:00Z"], all.to_vec());
    check(&["--limit", "2"], vec![denied, failed]);
}

#[test]
fn a_query_as_a_table_shows_where_each_request_ran() {
    let (stage, ids) = log();
    let output = stage.gateway.home.weir(&["audit", "query"]);
    let text = stdout(&output);
    assert!(text.starts_with("TIME") && text.lines().next().unwrap().contains("OUTCOME"), "{text}");
    let line = |id: &str| text.lines().find(|line| line.contains(id)).unwrap().to_owned();
    for (id, said) in [
        (&ids[0], ["internal", "cloud", "there/cloud-model", "ok"]),
        (&ids[1], ["confidential", "local", "EMAIL", "ok"]),
        (&ids[3], ["confidential", "deny", "sensitive data stays local", "rejected"]),
        (&ids[4], ["confidential", "route", "here/local-model", "failed"]),
    ] {
        assert!(said.iter().all(|word| line(id).contains(word)), "{said:?}: {}", line(id));
    }
    assert_eq!(stderr(&output).lines().last(), Some("5 decisions"));
    assert!(!text.contains("jane.doe") && !text.contains("hello"));
    assert_plain(&[text, stderr(&output)].concat());
}

#[test]
fn a_log_can_be_named_without_a_configuration() {
    let (stage, _) = log();
    let directory = stage.gateway.home.path().join("state/audit");
    let elsewhere = tempfile::tempdir().unwrap();
    for command in ["query", "verify"] {
        let output = weir()
            .args(["audit", command, "--log"])
            .arg(&directory)
            .current_dir(&elsewhere)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {}", stderr(&output));
    }
    let output = run(&["audit", "verify", "--log", "/nonexistent"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (stage, _) = log();
    let config = stage.gateway.home.config();
    for command in [
        "recognisers",
        "audit query --json --config CONFIG",
        "schema policy",
        "man",
        "completions bash",
        "--help",
    ] {
        let line = command.replace("CONFIG", config.to_str().unwrap());
        let script = format!("set -o pipefail; {} {line} | head -c 1 >/dev/null", env!("CARGO_BIN_EXE_weir"));
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {}", stderr(&output));
        assert!(
            !stderr(&output).contains("panic") && !stderr(&output).contains("error"),
            "{command}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_disk_that_is_full_is_an_error() {
    let (stage, _) = log();
    let config = stage.gateway.home.config();
    for command in [
        "recognisers",
        "audit query --json --config CONFIG",
        "audit query --format csv --config CONFIG",
        "audit export --format ocsf --config CONFIG",
        "schema policy",
        "man",
        "completions bash",
        "classify --fail-on confidential <<< '{\"id\":1,\"text\":\"hello\"}'",
    ] {
        let line = command.replace("CONFIG", config.to_str().unwrap());
        let script = format!("exec >/dev/full; {} {line}", env!("CARGO_BIN_EXE_weir"));
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {}", stderr(&output));
        assert!(stderr(&output).contains("cannot write"), "{command}: {}", stderr(&output));
    }
}
