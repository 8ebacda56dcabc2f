//! Batches: files of requests that are answered when there is room.

use crate::assert_error;
use crate::files::App;
use crate::support::PERSONAL;
use crate::support::http::Field;
use crate::support::stage::Stage;
use serde_json::{Value, json};
use weir_rig::fake::{Failure, Fault, Script};

const CHAT: &str = "/v1/chat/completions";
/// A line that asks for a chat completion.
fn line(id: &str, model: &str, text: &str) -> Value {
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": text }] });
    json!({ "custom_id": id, "method": "POST", "url": CHAT, "body": body })
}

/// Uploads a file of lines, and asks for a batch of them.
fn send(app: &App<'_>, lines: &[Value]) -> Value {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let file = Field::file("file", ("requests.jsonl", "application/octet-stream"), text.as_bytes());
    let file = app.upload(&[Field::text("purpose", "batch"), file]);
    assert_eq!(file.status, 200, "{}", file.text());
    let asked = json!({
        "input_file_id": file.json()["id"], "endpoint": CHAT, "completion_window": "24h",
        "metadata": { "night": "one" },
    });
    let reply = app.post("/v1/batches", &asked);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn about(app: &App<'_>, batch: &Value) -> Value {
    app.get(&format!("/v1/batches/{}", batch["id"].as_str().unwrap())).json()
}

/// Waits until it is over.
fn over(app: &App<'_>, batch: &Value) -> Value {
    let is_over = |batch: &Value| {
        ["completed", "failed", "expired", "cancelled"].contains(&batch["status"].as_str().unwrap())
    };
    app.0.gateway.until("the batch is over", |_| is_over(&about(app, batch)));
    about(app, batch)
}

/// The lines of a file that a batch names.
fn lines(app: &App<'_>, id: &Value) -> Vec<Value> {
    let Some(id) = id.as_str() else { return Vec::new() };
    let content = app.get(&format!("/v1/files/{id}/content"));
    assert_eq!(content.status, 200, "{}", content.text());
    content.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_line_of_a_batch_is_answered_and_recorded_like_a_request_in_no_hurry() {
    let stage = Stage::new();
    let app = App(&stage, None);
    let batch =
        send(&app, &[line("a", "auto", "one"), line("b", "no-such", "two"), line("c", "auto", "three")]);
    assert_eq!((&batch["object"], &batch["status"]), (&json!("batch"), &json!("validating")));
    let done = over(&app, &batch);
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["request_counts"], json!({ "total": 3, "completed": 2, "failed": 1 }));
    assert_eq!(done["metadata"], json!({ "night": "one" }));
    let answers = lines(&app, &done["output_file_id"]);
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["custom_id"]).collect();
    assert_eq!(ids, ["a", "c"]);
    for answer in &answers {
        assert_eq!(answer["response"]["status_code"], 200);
        assert_eq!(answer["response"]["body"]["object"], "chat.completion");
        let request = answer["response"]["request_id"].as_str().unwrap();
        let record = stage.gateway.home.decision(&request.replacen("req_", "dec_", 1));
        assert_eq!(record["decision"]["facts"]["latency.class"], "batch", "{record}");
        assert_eq!(
            (&record["decision"]["zone"], &record["outcome"]["outcome"]),
            (&json!("cloud"), &json!("ok"))
        );
    }
    let errors = lines(&app, &done["error_file_id"]);
    assert_eq!((&errors[0]["custom_id"], &errors[0]["response"]["status_code"]), (&json!("b"), &json!(404)));
    let listed = app.get("/v1/batches").json();
    assert_eq!(listed["data"][0]["id"], batch["id"]);
}

#[test]
fn a_batch_with_something_classified_in_it_stays_inside_and_so_do_its_answers() {
    let stage = Stage::new();
    let app = App(&stage, None);
    let batch = send(&app, &[line("a", "auto", "harmless"), line("b", "auto", PERSONAL)]);
    let done = over(&app, &batch);
    assert_eq!(done["request_counts"]["completed"], 2, "{done}");
    assert_eq!(stage.here.requests(), 2);
    // What was answered is as classified as what was asked.
    let file = json!({ "type": "file", "file": { "file_id": done["output_file_id"] } });
    let body = json!({ "model": "cloud-only", "messages": [{ "role": "user", "content": [file] }] });
    assert_eq!(app.post(CHAT, &body).status, 403);
    let out = send(&app, &[line("a", "cloud-only", PERSONAL)]);
    let refused = lines(&app, &over(&app, &out)["error_file_id"]);
    assert_eq!(refused[0]["response"]["status_code"], 403, "{refused:?}");
    stage.assert_cloud_untouched();
}

#[test]
fn a_file_that_is_no_batch_fails_it_and_what_is_wrong_is_told_by_line() {
    let stage = Stage::new();
    let app = App(&stage, None);
    let mut wrong = line("b", "auto", "two");
    wrong["url"] = "/v1/embeddings".into();
    let failed = over(&app, &send(&app, &[line("a", "auto", "one"), wrong]));
    assert_eq!(failed["status"], "failed");
    let error = &failed["errors"]["data"][0];
    assert_eq!(
        (&error["line"], &error["code"], &error["param"]),
        (&json!(2), &json!("mismatched_endpoint"), &json!("url"))
    );
    let ask = |body: Value| app.post("/v1/batches", &body);
    let nothing = json!({ "input_file_id": "file-none", "endpoint": CHAT, "completion_window": "24h" });
    assert_error(&ask(nothing), 404, "not_found", "a file of nobody's");
    let elsewhere = json!({ "input_file_id": "f", "endpoint": "/v1/files", "completion_window": "24h" });
    assert_error(&ask(elsewhere), 400, "invalid_value", "an endpoint that takes none");
    assert_error(&ask(json!({ "endpoint": CHAT })), 400, "missing_required_parameter", "no file");
    assert_eq!(stage.there.requests() + stage.here.requests(), 0);
}

#[test]
fn a_line_that_finds_no_place_waits_until_there_is_one() {
    let stage = Stage::new();
    let app = App(&stage, None);
    stage.here.set(Script::failing(Fault::Status(Failure::overloaded(503, 1))));
    let batch = send(&app, &[line("a", "local-only", "one")]);
    stage.until("it was tried", &stage.here, |fake| fake.requests() > 0);
    assert_eq!(about(&app, &batch)["status"], "in_progress");
    stage.here.set(Script::default());
    assert_eq!(over(&app, &batch)["request_counts"]["completed"], 1);
}

#[test]
fn a_batch_can_be_cancelled_and_outlives_the_process_if_it_is_not() {
    let stage = Stage::new();
    let app = App(&stage, None);
    stage.there.set(Script::failing(Fault::HangBeforeHead));
    let asked = [line("a", "cloud-only", "one"), line("b", "cloud-only", "two")];
    let (gone, left) = (send(&app, &asked), send(&app, &asked));
    stage.until("all lines are under way", &stage.there, |fake| fake.in_flight() == 4);
    let cancel = format!("/v1/batches/{}/cancel", gone["id"].as_str().unwrap());
    assert_eq!(app.post(&cancel, &json!({})).json()["status"], "cancelling");
    let cancelled = over(&app, &gone);
    assert_eq!(cancelled["status"], "cancelled");
    let given_up = lines(&app, &cancelled["error_file_id"]);
    assert_eq!((given_up.len(), &given_up[0]["error"]["code"]), (2, &json!("batch_cancelled")));
    stage.until("what was under way is cancelled", &stage.there, |fake| fake.in_flight() == 2);
    stage.there.set(Script::default());
    let stage = stage.restarted();
    let app = App(&stage, None);
    let done = over(&app, &left);
    assert_eq!(
        (&done["status"], &done["request_counts"]["completed"]),
        (&json!("completed"), &json!(2)),
        "{done}"
    );
}

#[test]
fn a_batch_belongs_to_who_asked_for_it_and_is_no_longer_sent_once_their_key_is_gone() {
    let stage = Stage::new();
    let key = |arguments: &[&str]| stage.gateway.key(arguments);
    let keys = [key(&["one", "--tenant", "acme"]), key(&["two", "--tenant", "acme"]), key(&["else"])];
    let [one, colleague, stranger] = keys.each_ref().map(|key| App(&stage, Some(key.bearer())));
    stage.here.set(Script::failing(Fault::Status(Failure::overloaded(503, 1))));
    let batch = send(&one, &[line("a", "local-only", "one")]);
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    assert_error(&stranger.get(&path), 404, "not_found", "somebody else's");
    assert_eq!(stranger.get("/v1/batches").json()["data"], json!([]));
    stage.until("it was tried", &stage.here, |fake| fake.requests() > 0);
    stage.gateway.home.revoke_key(&keys[0]);
    stage.gateway.until("the key is gone", |_| one.get("/v1/models").status == 401);
    let done = over(&colleague, &batch);
    assert_eq!(done["request_counts"], json!({ "total": 1, "completed": 0, "failed": 1 }), "{done}");
    let refused = lines(&colleague, &done["error_file_id"]);
    assert_eq!(refused[0]["response"]["status_code"], 401, "{refused:?}");
}
