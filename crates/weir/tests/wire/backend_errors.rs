//! Errors of backends, as clients see them.

use crate::support::ask;
use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::{assert_error, streamed};
use serde_json::json;
use weir_rig::fake::{Failure, Fault, Script};

/// What a client of the only backend gets for this failure of it, in whole and streamed.
fn replies(stage: &Stage, failure: Failure) -> [Reply; 2] {
    stage.there.set(Script::failing(Fault::Status(failure)));
    [ask("cloud-only", "hi"), streamed(ask("cloud-only", "hi"))].map(|body| stage.chat(&body))
}

#[test]
fn a_request_that_is_at_fault_gets_the_backends_own_words() {
    let stage = Stage::new();
    for status in [400, 409, 413, 422] {
        let error = json!({ "message": "`top_k` must be positive", "type": "invalid_request_error", "param": "top_k", "code": "bad_value" });
        let failure = Failure::new(status, "application/json", &json!({ "error": error }).to_string());
        for reply in replies(&stage, failure) {
            assert_error(&reply, status, "bad_value", "in OpenAI's form");
            assert_eq!(reply.json()["error"], error);
            assert_eq!(stage.record(&reply)["outcome"]["http_status"], status);
        }
    }
    for (body, message) in [
        (r#"{"error":"no such template"}"#, "no such template"),
        (r#"{"object":"error","message":"no such template","code":400}"#, "no such template"),
        (r#"{"detail":"no such template"}"#, "no such template"),
    ] {
        for reply in replies(&stage, Failure::new(400, "application/json", body)) {
            assert_eq!((reply.status, &reply.json()["error"]["message"]), (400, &json!(message)), "{body}");
            assert_eq!(reply.json()["error"].as_object().unwrap().len(), 4);
        }
    }
}

#[test]
fn what_is_weirs_own_affair_is_a_bad_gateway() {
    for status in [401, 403, 404, 500, 502, 504] {
        // A backend that keeps failing is left alone for a while, so each case has its own.
        let stage = Stage::new();
        let failure =
            Failure::openai(status, "x", "invalid_api_key", "Incorrect API key provided: backend-key");
        for reply in replies(&stage, failure) {
            assert_error(&reply, 502, "bad_gateway", &status.to_string());
            assert!(!reply.text().contains("backend-key"), "{}", reply.text());
        }
        for reply in replies(&stage, Failure::html(status)) {
            assert_error(&reply, 502, "bad_gateway", &status.to_string());
            assert!(!reply.text().contains("upstream.internal"), "{}", reply.text());
        }
    }
    for reply in replies(&Stage::new(), Failure::html(400)) {
        assert_error(&reply, 502, "bad_gateway", "400 in HTML");
    }
}

#[test]
fn a_limit_stays_a_limit_and_says_when_to_come_back() {
    for (status, asked, told, may_retry) in [
        (429, "7", 7, None),
        (429, "3600", 60, Some("false")),
        (429, "0", 1, None),
        (429, "soon", 1, None),
        (429, "Wed, 21 Oct 2015 07:28:00 GMT", 1, None),
        (503, "5", 5, None),
        (503, "900", 60, Some("false")),
        (529, "2", 2, None),
    ] {
        // A backend that says it is full is left alone for a while, so each case has its own.
        let stage = Stage::new();
        let failure =
            Failure::openai(status, "rate_limit_error", "rate_limit_exceeded", "Too many requests.");
        stage.there.set(Script::failing(Fault::Status(failure.with_header("retry-after", asked))));
        let reply = stage.chat(&ask("cloud-only", "hi"));
        let (expected, code) = if status == 429 { (429, "rate_limit_exceeded") } else { (503, "overloaded") };
        assert_error(&reply, expected, code, asked);
        assert_eq!(reply.header("retry-after"), Some(told.to_string().as_str()), "{status} {asked}");
        assert_eq!(reply.header("x-should-retry"), may_retry, "{status} {asked}");
        let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains("try again in ") && message.trim_end_matches('.').ends_with('s'),
            "{message}"
        );
    }
}

#[test]
fn an_overflow_of_the_context_is_worded_as_agents_expect_it() {
    let stage = Stage::new();
    for (body, limit) in [
        (
            r#"{"error":{"code":400,"message":"request (9001 tokens) exceeds the available context size (8192 tokens)","type":"exceed_context_size_error"}}"#,
            8192,
        ),
        (
            r#"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.","code":400}"#,
            4096,
        ),
        (
            r#"{"error":{"message":"prompt is too long: 210000 tokens > 200000 maximum","type":"invalid_request_error"}}"#,
            200_000,
        ),
    ] {
        for reply in replies(&stage, Failure::new(400, "application/json", body)) {
            assert_error(&reply, 400, "context_length_exceeded", body);
            let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(
                message.contains(&format!("This model's maximum context length is {limit} tokens")),
                "{message}"
            );
        }
    }
}

#[test]
fn a_client_cannot_tell_which_backend_answered() {
    let stage = Stage::new();
    let answers = ["local-only", "cloud-only"].map(|model| {
        stage.here.set(Script::default().text("the same"));
        stage.there.set(Script::default().text("the same"));
        let reply = stage.chat(&ask(model, "hi"));
        let mut body = reply.json();
        assert_eq!(body["model"], model);
        assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
        body["id"].take();
        body["model"].take();
        body
    });
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].get("system_fingerprint").is_none());
}
