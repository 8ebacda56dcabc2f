//! What is heard of answers, what becomes of answers that do not do, and what both change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod cascade;
mod deployment;
#[path = "../detectors/fake.rs"]
#[allow(dead_code, reason = "its answers as a detector are for others")]
mod detector;
mod encoder;
mod evaluate;
mod feedback;

#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use support::Gateway;
use support::http::Reply;

/// Both backends with prices, the local one cheap.
fn priced(local: &str, cloud: &str) -> String {
    let zones = support::two_zones(local, cloud);
    let zones =
        zones.replace("{ name: cloud-model }", "{ name: cloud-model, price: { input: 3, output: 15 } }");
    zones.replace("{ name: local-model }", "{ name: local-model, price: { input: 0.1, output: 0.2 } }")
}

/// Says something of an answer.
fn say(gateway: &Gateway, headers: &[(&str, &str)], body: &Value) -> Reply {
    gateway.client().post("/v1/feedback", headers, body.to_string().as_bytes())
}

/// The events of a type in the log, once there are so many.
fn events(gateway: &Gateway, kind: &str, count: usize) -> Vec<Value> {
    let audit = gateway.home.path().join("state/audit");
    let read = || -> Vec<Value> {
        let mut reader = weir_store::audit::AuditReader::open(&audit).unwrap();
        let mut found = Vec::new();
        while let Some((head, bytes)) = reader.next_event().unwrap() {
            if head.type_name.as_str() == kind {
                found.push(serde_json::from_slice(bytes).unwrap());
            }
        }
        found
    };
    gateway.until(kind, |_| read().len() >= count);
    let found = read();
    assert_eq!(found.len(), count, "{found:?}");
    found
}

/// What is heard and expected of a target, all tasks together.
fn heard(gateway: &Gateway, target: &str) -> (f64, f64) {
    let page = gateway.admin_json("/quality");
    let lines: Vec<&Value> =
        page["targets"].as_array().unwrap().iter().filter(|l| l["target"] == target).collect();
    let sum = |name: &str| lines.iter().map(|line| line[name].as_f64().unwrap()).sum();
    (sum("good"), sum("bad"))
}
