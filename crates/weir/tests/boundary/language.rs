//! What rules say beyond where a request may run, seen from outside: residency under stress, tags,
//! requirements, capacity, and explanations.

use crate::full::occupied_under;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, two_zones};
use crate::{BURST_AT_ONCE, classified, harmless, local_first, streamed};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use weir_rig::fake::{Failure, Fault, Script};

const BOUND: [(&str, &str); 1] = [("x-weir-jurisdiction", "EU")];

fn american(local: &str, cloud: &str) -> String {
    local_first(local, cloud).replace("    zone: cloud\n", "    zone: cloud\n    jurisdiction: US\n")
}

#[test]
fn bound_data_does_not_go_elsewhere_when_the_local_backend_fails_or_is_gone() {
    let stage = Stage::with(american, BURST_AT_ONCE);
    stage.here.set(Script::failing(Fault::Status(Failure::overloaded(503, 7))));
    for body in [harmless("auto"), streamed(harmless("auto"))] {
        assert_eq!(stage.gateway.chat_with(&BOUND, &body).status, 503);
    }
    stage.assert_cloud_untouched();
    let mut stage = Stage::with(american, BURST_AT_ONCE);
    stage.stop_here();
    for body in [harmless("auto"), streamed(harmless("auto")), classified("auto")] {
        // It fails, or is known to be gone by then.
        let status = stage.gateway.chat_with(&BOUND, &body).status;
        assert!([502, 503].contains(&status), "{status}");
    }
    stage.assert_cloud_untouched();
    assert_eq!(stage.chat(&harmless("auto")).zone(), Some("cloud"), "data that nothing binds may");
}

#[test]
fn bound_data_does_not_burst() {
    let (stage, _holder) = occupied_under(american, BURST_AT_ONCE);
    for body in [harmless("auto"), streamed(harmless("auto"))] {
        let reply = stage.gateway.chat_with(&BOUND, &body);
        assert_eq!((reply.status, reply.code().as_str()), (503, "overloaded"), "{}", reply.text());
    }
    stage.assert_cloud_untouched();
    assert_eq!(stage.chat(&harmless("auto")).zone(), Some("cloud"), "data that nothing binds may");
}

/// A branch office abroad is inside the network, but not where bound data may be.
#[test]
fn bound_data_does_not_degrade_to_a_local_backend_elsewhere() {
    let abroad = |local: &str, cloud: &str| {
        american(local, cloud).replacen("    zone: local\n", "    zone: local\n    jurisdiction: US\n", 1)
    };
    let stage = Stage::with(abroad, BURST_AT_ONCE);
    let reply = stage.gateway.chat_with(&BOUND, &harmless("auto"));
    assert_eq!((reply.status, reply.code().as_str()), (403, "policy_denied"), "{}", reply.text());
    assert_eq!(stage.here.requests(), 0);
    stage.assert_cloud_untouched();
}

const TAGGED: &str = "\
policy: 1
rules:
  - name: kept
    use: local
    require: [audit.durable]
    tag: [kept, cost.low]
";

#[test]
fn tags_and_requirements_are_in_the_record_and_tags_in_the_metrics() {
    let stage = Stage::with(two_zones, TAGGED);
    let reply = stage.chat(&harmless("auto"));
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    let record = stage.record(&reply);
    assert_eq!(record["decision"]["tags"], json!(["cost.low", "kept"]));
    assert_eq!(record["decision"]["requires"], json!(["audit.durable"]));
    assert_eq!(stage.gateway.home.audit(&["--tag", "kept"]).len(), 1);
    assert_eq!(stage.gateway.home.audit(&["--tag", "other"]).len(), 0);
    let labels = ["tag=\"kept\"", "zone=\"local\""];
    assert!((stage.gateway.metric("weir_tagged_requests_total", &labels) - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_rule_may_look_at_how_full_the_local_targets_are() {
    let policy = "\
policy: 1
rules:
  - { name: idle, when: { capacity.local: idle }, use: local }
  - { name: busy, when: { capacity.local.utilisation: \">= 100 %\" }, use: cloud }
";
    let stage = Stage::with(one_place, policy);
    assert_eq!(stage.chat(&harmless("auto")).zone(), Some("local"));
    let (stage, _holder) = occupied_under(one_place, policy);
    let reply = stage.chat(&harmless("auto"));
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    let facts = &stage.record(&reply)["decision"]["facts"];
    assert_eq!(facts["capacity.local.utilisation"], 1_000_000, "{facts}");
}

fn one_place(local: &str, cloud: &str) -> String {
    local_first(local, cloud).replace("{ name: local-model }", "{ name: local-model, concurrency: 1 }")
}

#[test]
fn headers_and_the_response_format_are_facts() {
    let policy = "\
policy: 1
rules:
  - { name: quick, when: { latency.target: \"<= 2s\" }, use: cloud }
  - { name: json, when: { request.response_format: json_* }, deny: no json }
  - { name: rest, use: local }
";
    let stage = Stage::with(two_zones, policy);
    let hurried = |time| stage.gateway.chat_with(&[("x-weir-latency-target", time)], &harmless("auto"));
    assert_eq!(hurried("500ms").zone(), Some("cloud"));
    assert_eq!(hurried("3s").zone(), Some("local"));
    assert_eq!(hurried("soon").status, 400);
    let mut json = harmless("auto");
    json["response_format"] = json!({ "type": "json_object" });
    assert_eq!((stage.chat(&json).status, stage.chat(&harmless("auto")).status), (403, 200));
}

fn explain(stage: &Stage, arguments: &[&str], body: &Value) -> Value {
    let home = &stage.gateway.home;
    let request = home.path().join("request.json");
    std::fs::write(&request, body.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(["explain", request.to_str().unwrap(), "--json", "--config"]).arg(home.config());
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_explanation_says_why_not_there_and_what_would_change_it() {
    let stage = Stage::with(american, TWO_RULES);
    let said = explain(&stage, &["--why-not", "there/cloud-model"], &classified("auto"));
    let why = &said["why_not"];
    assert!(why["reason"].as_str().unwrap().contains("never leaves the network"), "{why}");
    assert_eq!(why["ways"][0]["fact"], "data.level");
    assert_eq!(
        (&why["ways"][0]["from"], &why["ways"][0]["to"]),
        (&json!("confidential"), &json!("internal"))
    );
    let said = explain(&stage, &[], &harmless("auto"));
    let changes = said["changes"].as_array().unwrap();
    assert!(changes.iter().any(|change| change["fact"] == "data.opaque"), "{said}");
    let said = explain(&stage, &["--fact", "data.jurisdictions=EU"], &harmless("auto"));
    assert_eq!(said["label"]["jurisdictions"], json!(["EU"]));
    assert!(said["targets"].to_string().contains("may not be processed in US"), "{said}");
    let said = explain(&stage, &["--why-not", "here/local-model"], &harmless("auto"));
    assert!(said["why_not"]["reason"].as_str().unwrap().contains("it does go there"), "{said}");
}
