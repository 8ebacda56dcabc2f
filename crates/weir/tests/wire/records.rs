//! What is on record of requests that take no content, or are none.

use super::files::App;
use crate::support::http::{Field, Reply};
use crate::support::stage::Stage;
use serde_json::{Value, json};
use std::io::{Read, Write};

/// Where each is refused, and why.
const REFUSED: [(&str, &str, &str, &str); 8] = [
    ("GET", "/v1/fine_tuning/jobs", "none", "not_found"),
    ("POST", "/nowhere", "none", "not_found"),
    ("PUT", "/v1/chat/completions", "none", "method_not_allowed"),
    ("GET", "/v1/models/unknown", "models", "model_not_found"),
    ("GET", "/v1/files/file-0", "files.kept", "file_not_found"),
    ("DELETE", "/v1/responses/resp_0", "responses.kept", "response_not_found"),
    ("GET", "/v1/batches/batch_0", "batches", "batch_not_found"),
    ("GET", "/v1/receipts/dec_0", "receipts", "decision_not_found"),
];

/// What is on record of a request: one decision and its outcome.
fn decision_and_outcome(stage: &Stage, reply: &Reply) -> (Value, Value) {
    let id = reply.header("x-request-id").unwrap();
    let mut rows = stage.gateway.home.audit(&["--request", id]);
    assert_eq!(rows.len(), 1, "{id}: {rows:?}");
    (rows[0]["decision"].take(), rows[0]["outcome"].take())
}

#[test]
fn what_is_refused_where_no_content_is_taken_is_on_record() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();
    for (method, path, api, why) in REFUSED {
        let reply = client.send_request(method, path);
        let (decision, outcome) = decision_and_outcome(&stage, &reply);
        let told = (&decision["api"], &decision["action"], &decision["reason"], &decision["auth_method"]);
        assert_eq!(told, (&json!(api), &json!("deny"), &json!(why), &json!("loopback")), "{method} {path}");
        assert_eq!(decision["level"], "public", "{method} {path}: no data was taken in");
        let told = (&outcome["outcome"], &outcome["http_status"]);
        assert_eq!(told, (&json!("rejected"), &json!(reply.status)), "{method} {path}");
    }
    assert!(!stage.gateway.home.state_holds("fine_tuning"), "a path is the client's own text");
}

#[test]
fn a_caller_nobody_knows_is_on_record_wherever_it_asks() {
    let stage = Stage::new();
    let _key = stage.gateway.key(&["ide"]);
    let stranger = [("authorization", "Bearer wk_live_00000000_AAAAAAAAAAAAAAAAAAAAAAAA")];
    for path in ["/v1/models", "/v1/files", "/v1/responses/resp_0", "/api/tags"] {
        let reply = stage.gateway.client().get(path, &stranger);
        assert_eq!(reply.status, 401, "{path}");
        let (decision, outcome) = decision_and_outcome(&stage, &reply);
        assert_eq!(
            (&decision["action"], &decision["auth_method"]),
            (&json!("deny"), &json!("none")),
            "{path}"
        );
        assert_eq!(outcome["http_status"], json!(401), "{path}");
    }
}

#[test]
fn heads_that_cannot_be_read_are_on_record() {
    let stage = Stage::new();
    let many: String = (0..200).map(|n| format!("x-{n}: a\r\n")).collect();
    let many = format!("GET /v1/models HTTP/1.1\r\nhost: localhost\r\n{many}\r\n");
    let both = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let heads = [
        ("GET /v1/models\r\n\r\n", Value::Null, "unreadable_head"),
        ("GET /v1/models HTTP/1.1\r\nx : a\r\n\r\n", Value::Null, "unreadable_head"),
        (&many, Value::Null, "unreadable_head"),
        (both, json!(400), "invalid_request"),
    ];
    for (n, (head, status, why)) in heads.into_iter().enumerate() {
        let mut client = stage.gateway.client();
        let _ = client.stream.write_all(head.as_bytes());
        let _ = client.stream.read_to_end(&mut Vec::new());
        let on_record = || stage.gateway.home.audit(&["--event", "outcome"]);
        stage.gateway.until("it is on record", |_| on_record().len() == n + 1);
        let outcome = on_record().pop().unwrap()["event"].take();
        assert_eq!((&outcome["error_code"], &outcome["http_status"]), (&json!(why), &status));
    }
}

#[test]
fn who_was_given_what_is_kept_or_removed_it_is_on_record() {
    let stage = Stage::new();
    let key = stage.gateway.key(&["ide", "--tenant", "acme"]);
    let app = App(&stage, Some(key.bearer()));
    let file = app.upload(&[
        Field::text("purpose", "user_data"),
        Field::file("file", ("notes.txt", "text/plain"), b"write to jane.doe@example.org"),
    ]);
    let file = file.json()["id"].as_str().unwrap().to_owned();
    let answer = app.post("/v1/responses", &json!({ "model": "auto", "input": "hi" })).json();
    let answer = answer["id"].as_str().unwrap().to_owned();
    let on_record = |event: &str, reply: &Reply| {
        assert_eq!(reply.status, 200, "{}", reply.text());
        let id = reply.header("x-request-id").unwrap();
        let rows = stage.gateway.home.audit(&["--event", event, "--request", id]);
        assert_eq!(rows.len(), 1, "{event}: {rows:?}");
        let of = &rows[0]["event"];
        assert_eq!((&of["tenant"], &of["key_id"]), (&json!("acme"), &json!(key.id)), "{event}");
        let told = ["kind", "object", "level"].map(|name| of[name].as_str().unwrap().to_owned());
        told.join(" ")
    };
    let (of_file, of_answer) = (format!("file {file} confidential"), format!("response {answer} internal"));
    let read = app.get(&format!("/v1/files/{file}/content"));
    assert_eq!(on_record("object.read", &read), of_file);
    for path in [format!("/v1/responses/{answer}"), format!("/v1/responses/{answer}/input_items")] {
        assert_eq!(on_record("object.read", &app.get(&path)), of_answer, "{path}");
    }
    assert_eq!(on_record("object.removed", &app.delete(&format!("/v1/files/{file}"))), of_file);
    assert_eq!(on_record("object.removed", &app.delete(&format!("/v1/responses/{answer}"))), of_answer);
}
