//! `weir audit`: where requests ran, asked of the log of a running gateway.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod proofs;
mod queries;
mod retention;
mod roles;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use support::stage::Stage;
use support::{PERSONAL, ask};
use weir_rig::fake::{Failure, Fault, Script};

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
