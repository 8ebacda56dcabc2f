//! What clients and backends see of the gateway on the wire, byte by byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod agents;
mod apis;
mod backend_errors;
mod batches;
mod bodies;
mod counted;
mod files;
mod forms;
mod framing;
mod gone;
mod http1;
mod http2;
mod patience;
mod rates;
mod records;
mod smuggling;
mod streams;
mod tokens;

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::http::Reply;

fn streamed(mut body: Value) -> Value {
    body["stream"] = json!(true);
    body
}

/// Asserts an error in OpenAI's envelope: all four keys, a message, and no markup.
#[track_caller]
fn assert_error(reply: &Reply, status: u16, code: &str, what: &str) {
    assert_eq!(reply.status, status, "{what}: {}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/json"), "{what}");
    let body = reply.json();
    let error = body["error"].as_object().unwrap();
    let keys: Vec<&str> = error.keys().map(String::as_str).collect();
    assert_eq!(keys, ["message", "type", "param", "code"], "{what}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}: {body}");
    assert!(
        error["type"].is_string() && (error["param"].is_null() || error["param"].is_string()),
        "{what}: {body}"
    );
    assert_eq!(error["code"], code, "{what}: {body}");
    assert!(!reply.text().contains('<'), "{what}: {body}");
}
