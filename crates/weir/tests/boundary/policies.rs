//! What a policy cannot say, and what it need not.

use crate::knobs::create_key;
use crate::support::stage::Stage;
use crate::support::{Home, TWO_RULES, two_zones, weir};
use crate::{classified, harmless, streamed};
use serde_json::json;

#[test]
fn without_rules_everything_stays_local() {
    for policy in ["policy: 1\n", "policy: 1\nrules: []\n"] {
        let stage = Stage::with(two_zones, policy);
        for body in [harmless("auto"), streamed(harmless("auto")), classified("auto")] {
            let reply = stage.chat(&body);
            assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
        }
        let reply = stage.chat(&harmless("cloud-only"));
        assert_eq!((reply.status, reply.code().as_str()), (403, "policy_denied"), "{}", reply.text());
        stage.assert_cloud_untouched();
    }
}

#[test]
fn a_request_that_no_rule_matches_stays_local() {
    let policy =
        "policy: 1\nrules:\n  - { name: tools, when: { request.tools: true }, use: any, prefer: order }\n";
    let stage = Stage::with(two_zones, policy);
    assert_eq!(stage.chat(&harmless("auto")).zone(), Some("local"));
    stage.assert_cloud_untouched();
    let mut tools = harmless("auto");
    tools["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
    assert_eq!(stage.chat(&tools).zone(), Some("cloud"));
}

/// The boundary comes before the rules: one that sends everything out sends out what may leave.
#[test]
fn a_rule_that_sends_everything_out_sends_no_classified_request_out() {
    for rule in ["use: cloud", "use: [there]", "use: [there/cloud-model]", "use: any, prefer: order"] {
        let policy = format!("policy: 1\nrules:\n  - {{ name: leak, {rule} }}\n");
        let stage = Stage::with(two_zones, &policy);
        let reply = stage.chat(&classified("auto"));
        match rule.starts_with("use: any") {
            true => assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{rule}"),
            false => assert_eq!((reply.status, reply.code().as_str()), (403, "policy_denied"), "{rule}"),
        }
        stage.assert_cloud_untouched();
        assert_eq!(stage.chat(&harmless("auto")).zone(), Some("cloud"), "{rule}");
    }
}

#[test]
fn the_boundary_is_where_the_policy_puts_it() {
    let strict = TWO_RULES.replace("boundary: confidential", "boundary: internal");
    let stage = Stage::with(two_zones, &strict);
    assert_eq!(stage.chat(&harmless("auto")).zone(), Some("local"), "internal data is classified");
    stage.assert_cloud_untouched();
}

#[test]
fn a_cloud_backend_cleared_for_classified_data_does_not_load() {
    let cleared = two_zones("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1")
        .replace("    zone: cloud\n", "    zone: cloud\n    clearance: confidential\n");
    let home = Home::new(&cleared, TWO_RULES);
    let output = home.weir(&["serve"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("weir.yaml:") && said.contains("clearance"), "{said}");
}

/// Two zones, with the cloud backend in the United States.
fn american(local: &str, cloud: &str) -> String {
    two_zones(local, cloud).replace("    zone: cloud\n", "    zone: cloud\n    jurisdiction: US\n")
}

#[test]
fn data_bound_to_the_eu_does_not_go_to_a_backend_elsewhere() {
    let stage = Stage::with(american, TWO_RULES);
    let bound = [("x-weir-jurisdiction", "EU")];
    let reply = stage.gateway.chat_with(&bound, &harmless("auto"));
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    assert_eq!(stage.record(&reply)["decision"]["jurisdictions"], json!(["EU"]));
    let reply = stage.gateway.chat_with(&bound, &harmless("cloud-only"));
    assert_eq!((reply.status, reply.code().as_str()), (403, "policy_denied"));
    stage.assert_cloud_untouched();
    assert_eq!(
        stage.gateway.chat_with(&[("x-weir-jurisdiction", "US")], &harmless("auto")).zone(),
        Some("cloud")
    );
    assert_eq!(stage.chat(&harmless("auto")).zone(), Some("cloud"));
}

#[test]
fn the_jurisdiction_of_a_key_binds_all_its_requests() {
    let mut bearer = String::new();
    let stage = Stage::run_as(american, TWO_RULES, |home| {
        bearer = format!("Bearer {}", create_key(home, "eu", &["--jurisdiction", "EU"]));
        weir()
    });
    let key = [("authorization", bearer.as_str())];
    let reply = stage.gateway.chat_with(&key, &harmless("auto"));
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    let also_american = [key[0], ("x-weir-jurisdiction", "US")];
    assert_eq!(stage.gateway.chat_with(&also_american, &harmless("auto")).zone(), Some("local"));
    assert_eq!(stage.gateway.chat_with(&key, &harmless("cloud-only")).status, 403);
    stage.assert_cloud_untouched();
}

#[test]
fn a_backend_that_does_not_say_where_it_is_gets_no_bound_data() {
    let stage = Stage::new();
    let reply = stage.gateway.chat_with(&[("x-weir-jurisdiction", "EU")], &harmless("auto"));
    assert_eq!(reply.zone(), Some("local"));
    stage.assert_cloud_untouched();
}

#[test]
fn the_residency_table_can_allow_a_transfer_but_not_of_classified_data() {
    let policy = format!("{TWO_RULES}residency: {{ EU: [EU, US] }}\n");
    let stage = Stage::with(american, &policy);
    let bound = [("x-weir-jurisdiction", "EU")];
    assert_eq!(stage.gateway.chat_with(&bound, &classified("auto")).zone(), Some("local"));
    stage.assert_cloud_untouched();
    assert_eq!(stage.gateway.chat_with(&bound, &harmless("auto")).zone(), Some("cloud"));
}
