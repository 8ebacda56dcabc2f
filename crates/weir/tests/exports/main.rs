//! Exports of the audit log of a running gateway: nothing is lost, nothing comes twice by its key, nobody waits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "clippy exempts test functions, but not what they share; the receivers of the tests are sockets"
)]

mod files;
mod http;
mod nats;
mod postgres;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod syslog;

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Output;
use support::command::printed;
use support::{Gateway, Home, TWO_RULES, ask, port, two_zones, weir};

/// What no export may ever hold: it is in every prompt.
const CANARY: &str = "canary-7f3e";

/// A configuration whose backends nobody needs, with these exports.
fn config(exports: &str) -> String {
    two_zones("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1") + &format!("audit:\n  export:\n{exports}\n")
}

fn home(exports: &str) -> Home {
    Home::new(&config(exports), TWO_RULES)
}

fn reconfigure(home: &Home, exports: &str) {
    std::fs::write(home.config(), config(exports)).unwrap();
}

/// A request that is refused at once: personal data has no backend here that may have it. Two events.
fn request(gateway: &Gateway) {
    let reply = gateway.chat(&ask("cloud-only", &format!("write {CANARY} to jane.doe@example.com")));
    assert_eq!(reply.status, 403);
}

fn requests(gateway: &Gateway, count: usize) {
    for _ in 0..count {
        request(gateway);
    }
}

/// What `/audit/exports` says of an export.
fn standing(gateway: &Gateway, name: &str) -> Value {
    let all = gateway.admin_json("/audit/exports")["exports"].clone();
    all.as_array().unwrap().iter().find(|export| export["name"] == name).cloned().unwrap_or_default()
}

/// Waits until an export has everything that is written now.
fn until_exported(gateway: &Gateway, name: &str) {
    let size = gateway.home.audit(&["--event", "all"]).len() as u64;
    gateway.until(&format!("`{name}` has all {size} events"), |gateway| {
        let standing = standing(gateway, name);
        standing["result"] == "ok" && standing["next"].as_u64().is_some_and(|next| next >= size)
    });
}

/// Every event of the log by its id: the line that it is.
fn logged(home: &Home) -> BTreeMap<String, String> {
    by_id(&printed(&home.weir(&["audit", "export"])))
}

fn by_id(lines: &str) -> BTreeMap<String, String> {
    let id = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["event_id"].as_str().unwrap().to_owned()
    };
    lines.lines().map(|line| (id(line), line.to_owned())).collect()
}

/// Starts a gateway with a secret in its environment.
fn start_with(home: Home, secret: (&str, &str)) -> Gateway {
    let mut command = weir();
    command.env(secret.0, secret.1);
    Gateway::start_as(home, command)
}

/// The events of the type, as the gateway has recorded them.
fn recorded(home: &Home, kind: &str) -> Vec<Value> {
    let rows = home.audit(&["--event", kind]);
    rows.into_iter().map(|row| row["event"].clone()).collect()
}
