//! What the log proves to others: receipts, reports, and that it is the one it was.

use super::{closed_log, file};
use crate::support::command::{run, stderr, stdout};
use crate::support::stage::Stage;
use crate::support::{self, PERSONAL, ask};
use serde_json::Value;
use std::process::Command;

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
