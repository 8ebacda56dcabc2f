//! `weir audit`: where requests ran, asked of the log of a running gateway.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::Value;
use std::process::{Command, Output, Stdio};
use support::stage::Stage;
use support::{ask, weir};
use weir_rig::fake::{Failure, Fault, Script};

const PERSONAL: &str = "write to jane.doe@example.com";

fn run(arguments: &[&str]) -> Output {
    weir().args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn assert_plain(text: &str) {
    assert!(!text.contains('\u{1b}'), "an escape sequence in what goes to no terminal: {text:?}");
}

/// A log with a row of every kind: local and cloud, three levels, two rules, an answer, a failure, a
/// refusal; and the decisions in this order.
fn log() -> (Stage, Vec<String>) {
    let stage = Stage::new();
    let key = stage.gateway.key(&["app"]);
    let bearer = key.bearer();
    let send = |headers: &[(&str, &str)], body: &Value| {
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        stage.gateway.chat_with(&headers, body).decision()
    };
    let mut ids = vec![send(&[], &ask("auto", "hello")), send(&[], &ask("auto", PERSONAL))];
    ids.push(send(&[("x-weir-level", "restricted")], &ask("auto", "hello")));
    ids.push(send(&[], &ask("cloud-only", PERSONAL)));
    stage.here.set(Script::failing(Fault::Status(Failure::html(500))));
    ids.push(send(&[], &ask("local-only", PERSONAL)));
    ids.push(key.id.clone());
    (stage, ids)
}

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

/// A log that was closed in order, so that all of it is signed, and the decisions in it.
fn closed_log() -> (support::Home, Vec<String>) {
    let (stage, ids) = log();
    let (home, ended) = stage.gateway.stop();
    assert!(ended, "the gateway ends in order");
    (home, ids)
}

fn file(home: &support::Home, name: &str) -> String {
    home.path().join(name).display().to_string()
}

#[test]
fn a_receipt_proves_to_anybody_where_a_request_ran() {
    let (home, ids) = closed_log();
    let (receipt, key) = (file(&home, "receipt"), file(&home, "state/audit/key.pub"));
    let output = home.weir(&["audit", "prove", &ids[1], "--output", &receipt]);
    assert!(output.status.success(), "{}", stderr(&output));
    let check = |receipt: &str| run(&["audit", "verify", "--receipt", receipt, "--key", &key, "--json"]);
    let checked: Value = serde_json::from_str(&stdout(&check(&receipt))).unwrap();
    assert_eq!((&checked["ok"], &checked["event"]["zone"]), (&Value::Bool(true), &"local".into()));
    assert_eq!(checked["event"]["decision_id"], *ids[1]);
    let other = home.weir(&["audit", "prove", &ids[1], "--outcome"]);
    assert_eq!(stdout(&other).lines().next(), Some("c2sp.org/tlog-proof@v1"));
    let unknown = home.weir(&["audit", "prove", "dec_0"]);
    assert!(unknown.status.code() == Some(1) && stderr(&unknown).contains("no decision with the id `dec_0`"));
    // Somebody who has neither Weir nor a library comes to the same verdict.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify_receipt.py");
    // With -O, which leaves assertions out.
    let python =
        |receipt: &str| Command::new("python3").args(["-O", script, receipt, &key]).output().unwrap();
    let independent = python(&receipt);
    assert!(independent.status.success(), "{}", stderr(&independent));
    assert!(stdout(&independent).contains("\nok: event") && stdout(&independent).contains(&*ids[1]));
    assert!(std::fs::read_to_string(script).unwrap().lines().count() <= 40, "a page that can be read");
    for arguments in [&[][..], &[&*receipt], &[&*receipt, &key, "more"]] {
        let misused = Command::new("python3").arg(script).args(arguments).output().unwrap();
        assert_eq!(misused.status.code(), Some(2), "{arguments:?}");
        let said = stderr(&misused);
        assert!(
            said.contains("usage: verify_receipt.py RECEIPT KEY.PUB") && !said.contains("Traceback"),
            "{said}"
        );
    }
    let text = std::fs::read_to_string(&receipt).unwrap();
    for changed in [
        text.replacen("index ", "index 1", 1),
        text.replacen("extra ey", "extra eY", 1),
        text.replacen("\n—", "\nx", 1),
        text.lines().filter(|line| line.len() != 44).collect::<Vec<_>>().join("\n"),
    ] {
        std::fs::write(&receipt, changed).unwrap();
        assert_eq!(check(&receipt).status.code(), Some(1));
        let independent = python(&receipt);
        assert_eq!(independent.status.code(), Some(1), "{}", stdout(&independent));
        assert!(stderr(&independent).starts_with("fault: "), "{}", stderr(&independent));
    }
}

#[test]
fn who_made_a_request_gets_its_receipt_and_nobody_else_does() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    let (own, other) = (stage.gateway.key(&["app"]).bearer(), stage.gateway.key(&["other"]).bearer());
    let reply = stage.gateway.chat_with(&[("authorization", &own)], &ask("auto", PERSONAL));
    let (decision, request) = (reply.decision(), reply.header("x-request-id").unwrap().to_owned());
    let get = |id: &str, bearer: &str| {
        stage.gateway.client().get(&format!("/v1/receipts/{id}"), &[("authorization", bearer)])
    };
    let key = file(home, "state/audit/key.pub");
    stage.gateway.until("a checkpoint covers it", |_| get(&decision, &own).status == 200);
    for id in [&decision, &request] {
        let receipt = get(id, &own);
        assert_eq!(
            (receipt.status, receipt.header("content-type")),
            (200, Some("text/plain; charset=utf-8"))
        );
        let path = file(home, "receipt");
        std::fs::write(&path, receipt.text()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify_receipt.py");
        let checked = Command::new("python3").args([script, &path, &key]).output().unwrap();
        assert!(checked.status.success() && stdout(&checked).contains(&*decision), "{}", stderr(&checked));
        assert!(stdout(&checked).contains("\"zone\": \"local\""));
        assert_eq!(get(id, &other).status, 404);
        assert_eq!(get(id, "Bearer wk_live_none").status, 401);
    }
    assert_eq!(get("dec_00000000000000000000000000000000", &own).status, 404);
    assert_eq!(get("dec%20", &own).status, 404);
    let nobodys = stage.gateway.chat(&ask("auto", PERSONAL));
    assert_eq!(nobodys.status, 401);
    assert_eq!(get(nobodys.header("x-request-id").unwrap(), &own).status, 404);
}

#[test]
fn without_keys_who_is_on_this_machine_gets_receipts_unless_clients_are_told_nothing() {
    let stage = Stage::new();
    let decision = stage.gateway.chat(&ask("auto", "hello")).decision();
    let path = format!("/v1/receipts/{decision}");
    stage.gateway.until("a checkpoint covers it", |g| g.client().get(&path, &[]).status == 200);
    let home = &stage.gateway.home;
    let quiet = std::fs::read_to_string(home.config()).unwrap() + "\nheaders: off\n";
    std::fs::write(home.config(), quiet).unwrap();
    stage.gateway.until("nobody is told", |g| g.client().get(&path, &[]).status == 404);
}

#[test]
fn an_auditor_reads_and_proves_the_log_and_changes_nothing() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    let key = |role: &str| {
        let output = home.weir(&["admin", "keys", "create", role, "--role", role, "--json"]);
        serde_json::from_str::<Value>(&stdout(&output)).unwrap()
    };
    let (auditor, admin) = (key("auditor"), key("admin"));
    let decision = stage.gateway.chat(&ask("auto", PERSONAL)).decision();
    let post = |path: &str, key: &Value, body: &str| {
        let bearer = format!("Bearer {}", key["key"].as_str().unwrap_or_default());
        let mut client = support::http::Client::connect(stage.gateway.admin);
        client.post(path, &[("authorization", &bearer)], body.as_bytes())
    };
    let query = format!("{{\"decision\": \"{decision}\"}}");
    let rows = post("/audit/query", &auditor, &query);
    assert_eq!(rows.json()["rows"][0]["decision"]["zone"], "local", "{}", rows.text());
    assert_eq!(post("/audit/query", &auditor, "{\"zone\": \"cloud\"}").json()["rows"], serde_json::json!([]));
    stage.gateway.until("the receipt is there", |_| {
        post("/audit/receipt", &auditor, &format!("{{\"id\": \"{decision}\"}}"))
            .text()
            .starts_with("c2sp.org/tlog-proof@v1")
    });
    assert_eq!(post("/audit/verify", &auditor, "").json()["ok"], true);
    let claim = "{\"claim\": \"no record with level >= confidential has zone cloud\"}";
    let attested = post("/audit/attest", &auditor, claim).json();
    assert_eq!(attested["report"]["holds"], true);
    std::fs::write(home.path().join("report"), attested["signed"].as_str().unwrap()).unwrap();
    assert!(home.weir(&["audit", "verify", "--report", &file(home, "report")]).status.success());
    for path in [
        "/audit/rotate-key",
        "/policy/apply",
        "/policy/rollback",
        "/policy/reload",
        "/policy/test",
        "/policy/replay",
    ] {
        assert_eq!(post(path, &auditor, "{}").status, 403, "{path}");
        assert_eq!(post(path, &Value::Null, "{}").status, 401, "{path}");
    }
    for path in ["/audit/query", "/audit/receipt", "/audit/verify", "/audit/attest"] {
        assert_eq!(post(path, &Value::Null, "{}").status, 401, "{path}");
    }
    assert_eq!(post("/audit/query", &auditor, "{\"zone\": \"moon\"}").status, 400);
    assert_eq!(post("/audit/attest", &auditor, "{\"claim\": \"all is well\"}").status, 400);
    assert_eq!(post("/audit/rotate-key", &admin, "{}").status, 200);
    let used = |key: &Value, action: &str| {
        home.state_holds(&format!(
            "\"actor\":\"{}\",\"role\":\"{}\",\"action\":\"{action}\"",
            key["id"].as_str().unwrap(),
            key["role"].as_str().unwrap()
        ))
    };
    stage.gateway.until("what was asked is on record", |_| {
        used(&auditor, "audit.attest") && used(&admin, "audit.rotate-key") && !used(&auditor, "policy.apply")
    });
    assert!(!home.state_holds(auditor["key"].as_str().unwrap()));
    let listed = home.weir(&["admin", "keys", "list"]);
    assert!(
        stdout(&listed).contains("auditor") && !stdout(&listed).contains(auditor["key"].as_str().unwrap())
    );
    assert!(home.weir(&["admin", "keys", "revoke", auditor["id"].as_str().unwrap()]).status.success());
    assert_eq!(post("/audit/query", &auditor, &query).status, 401);
}

#[test]
fn flows_that_a_firewall_saw_are_held_against_the_records() {
    let (home, ids) = closed_log();
    let row = home.decision(&ids[0]);
    let (at, to) = (row["ts_wall"].as_str().unwrap(), row["outcome"]["peer_ip"].as_str().unwrap());
    let flows = file(&home, "flows.csv");
    let reconcile = |lines: &[String]| {
        std::fs::write(&flows, format!("start,srcaddr,dstaddr,dstport,bytes\n{}\n", lines.join("\n")))
            .unwrap();
        let output =
            home.weir(&["audit", "reconcile", &flows, "--from", "10.0.0.5", "--port", "443", "--json"]);
        (output.status.code(), serde_json::from_str::<Value>(&stdout(&output)).unwrap_or_default())
    };
    let good = format!("{at},10.0.0.5,{to},443,900");
    let others = [format!("{at},10.0.0.6,203.0.113.7,443,900"), format!("{at},10.0.0.5,203.0.113.7,53,90")];
    let (code, result) = reconcile(&[good.clone(), others[0].clone(), others[1].clone()]);
    assert_eq!((code, &result["flows"], &result["records"]), (Some(0), &1.into(), &1.into()), "{result}");
    let (code, result) = reconcile(&[good, format!("{at},10.0.0.5,203.0.113.7,443,900")]);
    assert_eq!((code, &result["flows_without_record"][0]["line"]), (Some(1), &3.into()), "{result}");
    let (code, result) = reconcile(&[]);
    assert_eq!((code, &result["records_without_flow"][0]), (Some(1), &Value::from(&*ids[0])), "{result}");
    let (code, result) = reconcile(&[format!("{at},10.0.0.5,{to},443,900000")]);
    assert_eq!((code, &result["flows_with_more"][0]["flow"]["sent"]), (Some(1), &900_000.into()), "{result}");
    std::fs::write(&flows, "start,dstaddr\nyesterday,203.0.113.7\n").unwrap();
    let output = home.weir(&["audit", "reconcile", &flows]);
    assert!(output.status.code() == Some(1) && stderr(&output).contains("line 2"), "{}", stderr(&output));
}

#[test]
fn a_new_key_of_the_log_is_signed_by_the_old_one_and_either_is_good() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    let (old, kept) = (file(home, "old.pub"), file(home, "kept"));
    std::fs::copy(home.path().join("state/audit/key.pub"), &old).unwrap();
    let before = stage.gateway.chat(&ask("auto", PERSONAL)).decision();
    let path = format!("/v1/receipts/{before}");
    let mut receipt = String::new();
    stage.gateway.until("a checkpoint covers it", |gateway| {
        let reply = gateway.client().get(&path, &[]);
        receipt = reply.text();
        reply.status == 200
    });
    std::fs::copy(home.path().join("state/audit/checkpoint"), &kept).unwrap();
    let admin = stage.gateway.admin.to_string();
    let rotated = home.weir(&["audit", "rotate-key", "--admin", &admin]);
    assert!(rotated.status.success(), "{}", stderr(&rotated));
    let new = std::fs::read_to_string(home.path().join("state/audit/key.pub")).unwrap();
    assert_eq!(stdout(&rotated).lines().next(), Some(new.trim_end()));
    assert_ne!(new, std::fs::read_to_string(&old).unwrap());
    stage.gateway.chat(&ask("auto", PERSONAL));
    let (home, ended) = stage.gateway.stop();
    assert!(ended);
    std::fs::write(home.path().join("receipt"), receipt).unwrap();
    let (receipt, now) = (file(&home, "receipt"), file(&home, "state/audit/key.pub"));
    for key in [&old, &now] {
        let output = home.weir(&["audit", "verify", "--key", key, "--against", &kept]);
        assert!(output.status.success(), "{}", stdout(&output));
        assert!(stdout(&output).contains(&format!("signed by the key before: {}", new.trim_end())));
        let output = run(&["audit", "verify", "--receipt", &receipt, "--key", key]);
        assert!(output.status.success(), "{key}: {}", stdout(&output));
    }
    // Without what lies beside it, the new key says nothing of the time before.
    std::fs::copy(&now, file(&home, "alone.pub")).unwrap();
    let output = run(&["audit", "verify", "--receipt", &receipt, "--key", &file(&home, "alone.pub")]);
    assert_eq!(output.status.code(), Some(1));
    let unauthorised = support::Gateway::start_in(home);
    assert_eq!(
        support::http::Client::connect(unauthorised.admin).post("/audit/rotate-key", &[], b"{}").status,
        401
    );
}

#[test]
fn a_log_that_was_put_back_or_signed_by_another_is_found_with_what_was_kept_elsewhere() {
    let (home, _) = closed_log();
    let (kept, key) = (file(&home, "kept"), file(&home, "kept.pub"));
    std::fs::copy(home.path().join("state/audit/checkpoint"), &kept).unwrap();
    std::fs::copy(home.path().join("state/audit/key.pub"), &key).unwrap();
    let verify = |home: &support::Home| home.weir(&["audit", "verify", "--against", &kept, "--key", &key]);
    assert_eq!(verify(&home).status.code(), Some(0));
    std::fs::remove_dir_all(home.path().join("state/audit")).unwrap();
    let (home, _) = support::Gateway::start_in(home).stop();
    let output = verify(&home);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("not signed by this key"), "{}", stdout(&output));
}

#[test]
fn a_claim_is_checked_against_every_record_and_the_report_is_signed() {
    let (home, ids) = closed_log();
    let (note, page) = (file(&home, "report.note"), file(&home, "report.html"));
    let attest =
        |claim: &str, more: &[&str]| home.weir(&[&["audit", "attest", "--claim", claim], more].concat());
    let holds = "no record with level >= confidential has zone = cloud";
    let output = attest(holds, &["--signed", &note, "--html", &page, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&report["records"], &report["records_in_scope"]), (&5.into(), &4.into()));
    let checked = home.weir(&["audit", "verify", "--report", &note]);
    assert!(checked.status.success() && stdout(&checked).contains(holds), "{}", stdout(&checked));
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(
        html.contains("The claim holds")
            && html.contains("level &gt;= confidential")
            && !html.contains("http")
    );
    let forged = std::fs::read_to_string(&note).unwrap().replacen("\"exceptions\":0", "\"exceptions\":1", 1);
    std::fs::write(&note, forged).unwrap();
    assert_eq!(home.weir(&["audit", "verify", "--report", &note]).status.code(), Some(1));
    let fails = attest("every record has zone local", &[]);
    assert_eq!(fails.status.code(), Some(1));
    assert!(
        stdout(&fails).contains("does not hold") && stdout(&fails).contains(&*ids[0]),
        "{}",
        stdout(&fails)
    );
    let wrong = attest("no record has zone moon", &[]);
    assert!(wrong.status.code() == Some(2) && stderr(&wrong).contains("use `local` or `cloud`"));
}

/// A log of three segments of a hundred events from the year 2020, whose process ended in order.
fn write_old_log(dir: &std::path::Path) {
    use weir_audit::event::{AsEvent as _, Author, LogClosed, hex};
    use weir_audit::tree::{Frontier, Hash};
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let (seed, author) = ([7; 32], Author::new([1; 16], "vm".into()));
    let node = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let node = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty()).unwrap_or(node);
    let origin = weir_audit::checkpoint::Origin::of_node(&node.trim().into());
    let signer = weir_audit::checkpoint::Signer::new(origin, &seed);
    let mut tree = Frontier::new();
    for segment in 0..3_u64 {
        let mut bytes = weir_audit::frame::segment_header(segment * 100).to_vec();
        for seq in segment * 100..(segment + 1) * 100 {
            let (mut event, at) = (Vec::new(), weir_audit::WallTime::from_unix_ms(1_600_000_000_000 + seq));
            author.write(&mut event, seq, at, seq, LogClosed { events: seq }.as_event());
            weir_audit::frame::write(&mut bytes, &event).unwrap();
            tree.append(Hash::leaf(&event), |id, tile| put(&id.path(), &tile.to_bytes()));
        }
        bytes.resize(256 * 1024, 0);
        put(&format!("segments/{segment:08}.log"), &bytes);
    }
    tree.partial_tiles().for_each(|(id, tile)| put(&id.path(), &tile.to_bytes()));
    put("key", (hex(&seed) + "\n").as_bytes());
    put("key.pub", format!("{}\n", signer.verifier()).as_bytes());
    put("checkpoint", signer.sign(300, tree.root()).as_bytes());
    put("open", b"300\n");
}

#[test]
fn records_whose_time_is_over_are_deleted_unless_a_hold_keeps_them_and_the_rest_is_proved() {
    let start = |audit: &str| {
        let config = support::two_zones("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1");
        let home = support::Home::new(&format!("{config}\naudit: {audit}\n"), support::TWO_RULES);
        write_old_log(&home.path().join("state/audit"));
        support::Gateway::start_in(home)
    };
    let has = |home: &support::Home, segment: u64| {
        home.path().join(format!("state/audit/segments/{segment:08}.log")).exists()
    };
    let mut gateway = start("{ keep: 365d }");
    gateway.wait_for_log("older than `audit.keep` were deleted");
    let (home, _) = gateway.stop();
    assert!(!has(&home, 0) && !has(&home, 1) && has(&home, 2));
    let verified = home.weir(&["audit", "verify"]);
    assert!(verified.status.success(), "{}", stdout(&verified));
    let (said, counts) = (stdout(&verified), stdout(&home.weir(&["audit", "verify", "--json"])));
    let counts: Value = serde_json::from_str(&counts).unwrap();
    let kept = counts["events"].as_u64().unwrap();
    assert!(said.contains(&format!("ok: {kept} events, {kept} of them under")), "{said}");
    assert!(said.contains("200 events before them were deleted"), "{said}");
    assert_eq!((&counts["deleted_events"], &counts["signed_events"]), (&200.into(), &(200 + kept).into()));
    // Of what is deleted nobody can say that it was as claimed.
    let attested = home.weir(&["audit", "attest", "--claim", "every record has zone local"]);
    assert!(
        stdout(&attested).contains("the first 200 were deleted before, and not checked"),
        "{}",
        stdout(&attested)
    );
    let pruned = home.audit(&["--event", "log.pruned"]);
    assert_eq!(
        (&pruned[0]["event"]["first_kept"], &pruned[0]["event"]["events"]),
        (&200.into(), &200.into())
    );
    let (home, _) = start("{ keep: 365d, hold: true }").stop();
    assert!(has(&home, 0) && has(&home, 1));
    let (home, _) = start("{ keep: 9999d }").stop();
    assert!(has(&home, 0) && has(&home, 1));
    // By what is in them: nothing of these is about a request.
    let (home, _) = start("{ keep: { restricted: 365d, default: 9999d } }").stop();
    assert!(has(&home, 0) && has(&home, 1));
    let mut gateway = start("{ keep: { restricted: 9999d, default: 365d } }");
    gateway.wait_for_log("older than `audit.keep` were deleted");
    let (home, _) = gateway.stop();
    assert!(!has(&home, 0) && !has(&home, 1) && has(&home, 2));
}

/// Every route of the admin API, and the least role that it takes. A route that is not in it fails the test.
const ROUTES: [(&str, Takes); 26] = [
    ("/healthz", Takes::Nothing),
    ("/readyz", Takes::Nothing),
    ("/metrics", Takes::Nothing),
    ("/task", Takes::Nothing),
    ("/quality", Takes::Nothing),
    ("/backends", Takes::Nothing),
    ("/spending", Takes::Nothing),
    ("/policy", Takes::Nothing),
    ("/policy/history", Takes::Nothing),
    ("/audit/checkpoint", Takes::Nothing),
    ("/audit/key", Takes::Nothing),
    ("/audit/exports", Takes::Nothing),
    ("POST /audit/query", Takes::Auditor),
    ("POST /audit/receipt", Takes::Auditor),
    ("POST /audit/verify", Takes::Auditor),
    ("POST /audit/attest", Takes::Auditor),
    ("POST /audit/rotate-key", Takes::Admin),
    ("POST /audit/destroy-content-key", Takes::Admin),
    ("POST /policy/apply", Takes::Admin),
    ("POST /policy/rollback", Takes::Admin),
    ("POST /policy/test", Takes::Admin),
    ("POST /policy/replay", Takes::Admin),
    ("POST /policy/reload", Takes::Admin),
    ("POST /feedback", Takes::Admin),
    ("POST /policy/webhook", Takes::Webhook),
    ("/", Takes::Nothing),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Pages that change nothing and tell no record, for whoever is on the machine.
    Nothing,
    Auditor,
    Admin,
    /// The HMAC of its own secret, of which none is configured here.
    Webhook,
}

#[test]
fn every_route_of_the_admin_api_takes_the_roles_that_it_should() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    let made = |arguments: &[&str]| -> String {
        let output = home.weir(&[arguments, &["--json"]].concat());
        let key: Value = serde_json::from_str(&stdout(&output)).unwrap();
        key["key"].as_str().unwrap().to_owned()
    };
    let auditor = made(&["admin", "keys", "create", "auditors", "--role", "auditor"]);
    let admin = made(&["admin", "keys", "create", "operators", "--role", "admin"]);
    let caller = home.create_key(&["app"]).text;
    let truncated = admin[..admin.len() - 1].to_owned();
    let listed = stage.gateway.admin_json("/")["pages"].as_object().unwrap().clone();
    let known = |route: &str| ROUTES.iter().any(|(found, _)| *found == route);
    assert!(listed.keys().all(|route| known(route)), "not in the table: {listed:?}");
    assert!(ROUTES.iter().all(|(route, _)| *route == "/" || listed.contains_key(*route)));
    let status = |method: &str, path: &str, key: &str| {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str())];
        let headers = if key.is_empty() { &headers[..0] } else { &headers[..] };
        let mut client = support::http::Client::connect(stage.gateway.admin);
        match method {
            "POST" => client.post(path, headers, b"{\"of\": \"nothing\"}").status,
            _ => client.get(path, headers).status,
        }
    };
    for (route, takes) in ROUTES {
        let (method, path) = route.split_once(' ').unwrap_or(("GET", route));
        let ask = |key: &str| status(method, path, key);
        for nobody in ["", caller.as_str(), truncated.as_str(), "wa_00000000_00"] {
            let expected: &[u16] = match takes {
                Takes::Nothing => &[200],
                Takes::Auditor | Takes::Admin => &[401],
                Takes::Webhook => &[401, 404],
            };
            assert!(expected.contains(&ask(nobody)), "{route} for {nobody:?}: {}", ask(nobody));
        }
        let is_let_in = |key: &str| !matches!(ask(key), 401 | 403 | 404);
        let (by_auditor, by_admin) = match takes {
            Takes::Nothing | Takes::Auditor => (true, true),
            Takes::Admin => (false, true),
            Takes::Webhook => (false, false),
        };
        assert_eq!((is_let_in(&auditor), is_let_in(&admin)), (by_auditor, by_admin), "{route}");
        if takes == Takes::Nothing && !path.starts_with("/policy") {
            assert_eq!(status("POST", path, &admin), 405, "{route} is a page");
        }
        if takes != Takes::Nothing {
            assert!(
                matches!(status("GET", path, &admin), 404 | 405),
                "{route} changes nothing when it is looked at"
            );
        }
    }
    assert_eq!(status("POST", "/feedback", &auditor), 403);
}
