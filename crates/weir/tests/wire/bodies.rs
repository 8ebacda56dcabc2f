//! Bodies that two readers could read differently, and bodies that are no chat completion.

use crate::assert_error;
use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, two_zones};

fn post(stage: &Stage, body: &[u8]) -> Reply {
    stage.gateway.client().post("/v1/chat/completions", &[], body)
}

/// A body with one user message, and `more` after it.
fn with(more: &str) -> String {
    format!(r#"{{"model":"auto","messages":[{{"role":"user","content":"hi"}}]{more}}}"#)
}

fn message(message: &str) -> String {
    format!(r#"{{"model":"auto","messages":[{message}]}}"#)
}

#[test]
fn fields_that_are_not_known_pass_or_are_refused_as_the_operator_says() {
    let strange = with(r#","x_trace":{"of":"us"}"#);
    let stage = Stage::new();
    assert_eq!(post(&stage, strange.as_bytes()).status, 200);
    assert!(stage.there.contains(br#""x_trace":{"of":"us"}"#));

    let strict = |local: &str, cloud: &str| format!("{}unknown_fields: refuse\n", two_zones(local, cloud));
    let stage = Stage::with(strict, TWO_RULES);
    let reply = post(&stage, strange.as_bytes());
    assert_error(&reply, 400, "unsupported_parameter", "a field that nobody knows");
    assert_eq!(reply.json()["error"]["param"], "x_trace");
    let embeddings = br#"{"model":"auto","input":"a","x_trace":1}"#;
    let reply = stage.gateway.client().post("/v1/embeddings", &[], embeddings);
    assert_error(&reply, 400, "unsupported_parameter", "a field that nobody knows");
    assert_eq!(stage.here.requests() + stage.there.requests(), 0);
    let known = with(r#","temperature":0.5,"logit_bias":{},"store":false,"min_p":0.1"#);
    assert_eq!(post(&stage, known.as_bytes()).status, 200);
}

#[test]
fn bodies_that_could_be_read_in_two_ways_are_refused_with_their_path() {
    let stage = Stage::new();
    let deep = |n: usize| format!(r#","x":{}{}"#, "[".repeat(n), "]".repeat(n));
    let many = format!(r#","x":[{}0]"#, "0,".repeat(1_000_000));
    for (what, body, code, param) in [
        ("messages twice", with(r#","messages":[]"#), "duplicate_key", Some("messages")),
        ("messages twice, once escaped", with(r#","\u006dessages":[]"#), "duplicate_key", Some("messages")),
        (
            "content twice",
            message(r#"{"role":"user","content":"a","content":"b"}"#),
            "duplicate_key",
            Some("messages[0].content"),
        ),
        ("a key twice, far down", with(r#","x":[{"y":{"z":1,"z":2}}]"#), "duplicate_key", Some("x[0].y.z")),
        ("nested 10,000 deep", with(&deep(10_000)), "", None),
        ("nested 65 deep", with(&deep(65)), "", None),
        ("a million items", with(&many), "", None),
        ("bytes after the end", format!("{}x", with("")), "invalid_json", None),
        ("two documents", format!("{} {{}}", with("")), "invalid_json", None),
        ("a comment", format!("/* a */{}", with("")), "invalid_json", None),
        ("a comma at the end", with(r#","#), "invalid_json", None),
        ("a comma at the end of an array", with(r#","stop":["a",]"#), "invalid_json", Some("stop[1]")),
        ("NaN", with(r#","temperature":NaN"#), "invalid_json", Some("temperature")),
        ("Infinity", with(r#","temperature":-Infinity"#), "invalid_json", Some("temperature")),
        ("a leading zero", with(r#","seed":01"#), "invalid_json", Some("seed")),
        ("single quotes", with(r#","user":'a'"#), "invalid_json", Some("user")),
        ("nothing", String::new(), "invalid_json", None),
        ("cut off", with("")[..40].to_owned(), "invalid_json", None),
    ] {
        let reply = post(&stage, body.as_bytes());
        let code = if code.is_empty() { reply.code() } else { code.to_owned() };
        assert_error(&reply, 400, &code, what);
        if let Some(param) = param {
            assert_eq!(reply.json()["error"]["param"], param, "{what}");
        }
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
}

#[test]
fn bodies_of_another_shape_are_refused_with_the_field_at_fault() {
    let stage = Stage::new();
    for (body, param) in [
        (r#"{"messages":[]}"#.to_owned(), "model"),
        (r#"{"model":7,"messages":[]}"#.to_owned(), "model"),
        (r#"{"model":null,"messages":[]}"#.to_owned(), "model"),
        (r#"{"model":"auto"}"#.to_owned(), "messages"),
        (r#"{"model":"auto","messages":"hi"}"#.to_owned(), "messages"),
        (r#"{"model":"auto","messages":{}}"#.to_owned(), "messages"),
        (r#"{"model":"auto","messages":null}"#.to_owned(), "messages"),
        (r#"{"model":"auto","messages":[]}"#.to_owned(), "messages"),
        (message("7"), "messages[0]"),
        (message("null"), "messages[0]"),
        (message(r#"{"content":"a"}"#), "messages[0].role"),
        (message(r#"{"role":7,"content":"a"}"#), "messages[0].role"),
        (message(r#"{"role":"user","content":7}"#), "messages[0].content"),
        (message(r#"{"role":"user","content":{"a":1}}"#), "messages[0].content"),
        (message(r#"{"role":"user","content":["a"]}"#), "messages[0].content[0]"),
        (message(r#"{"role":"user","content":[{"type":"text","text":"a"},null]}"#), "messages[0].content[1]"),
        (message(r#"{"role":"user","content":[{"text":"a"}]}"#), "messages[0].content[0].type"),
        (message(r#"{"role":"user","content":[{"type":1}]}"#), "messages[0].content[0].type"),
        (with(r#","stream":"yes""#), "stream"),
        (with(r#","stream_options":true"#), "stream_options"),
        (with(r#","tools":{}"#), "tools"),
        (with(r#","tools":["a"]"#), "tools[0]"),
        (with(r#","route_hint":"cloud""#), "route_hint"),
        (with(r#","store":"yes""#), "store"),
    ] {
        let reply = post(&stage, body.as_bytes());
        assert_error(&reply, 400, &reply.code(), &body);
        assert_eq!(reply.json()["error"]["param"], param, "{body}");
    }
    for body in ["[]", "\"hi\"", "7", "null", "true"] {
        assert_error(&post(&stage, body.as_bytes()), 400, "invalid_type", body);
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 0));
}

#[test]
fn what_is_sent_on_is_what_was_written() {
    let stage = Stage::new();
    for number in ["1e400", "-0", "0.10", "1E+2", "1234567890123456789012345678901234567890"] {
        let reply = post(&stage, with(&format!(r#","x":{number}"#)).as_bytes());
        assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{number}: {}", reply.text());
        let sent = format!(r#""x":{number}}}"#);
        assert!(stage.there.contains(sent.as_bytes()), "{number} was changed");
    }
    let schema = r#","response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"z":1,"a":{"y":2,"b":3}}}}"#;
    assert_eq!(post(&stage, with(schema).as_bytes()).status, 200);
    assert!(stage.there.contains(br#"{"z":1,"a":{"y":2,"b":3}}"#), "the order of keys was changed");
    let text = r#","user":null,"x":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t\u0000""#;
    assert_eq!(post(&stage, with(text).as_bytes()).status, 200);
    assert_eq!(stage.there.seen().last().unwrap().json()["x"], "é😀\"\\/\u{8}\u{c}\n\r\t\0");
}
