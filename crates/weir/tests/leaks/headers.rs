//! Of what a client says beside the body nothing is passed on, and of its identifiers only pseudonyms.

use crate::bodies::request;
use crate::oracle::Left;
use crate::support::http::Client;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use serde_json::json;
use weir_rig::fake::{Fake, Provider, Seen};

const CANARY: &str = "canary-7f3a91";

/// All that a backend may see of the head of a request.
const PASSED: [&str; 7] =
    ["host", "accept", "accept-encoding", "authorization", "content-length", "content-type", "user-agent"];

/// What a client's head may hold, each with the canary as its value.
fn canaries() -> Vec<(&'static str, &'static str)> {
    let names = [
        "cookie",
        "proxy-authorization",
        "traceparent",
        "tracestate",
        "baggage",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "forwarded",
        "via",
        "from",
        "referer",
        "user-agent",
        "x-title",
        "http-referer",
        "openai-organization",
        "openai-project",
        "openai-beta",
        "anthropic-beta",
        "idempotency-key",
        "session_id",
        "x-stainless-lang",
        "x-request-id",
        "x-real-ip",
        "x-tenant",
        "priority",
        "x-custom",
        "accept-language",
        "if-none-match",
        "range",
        "te",
        "x-openwebui-user-email",
        "date",
    ];
    let mut headers: Vec<(&str, &str)> = names.iter().map(|name| (*name, CANARY)).collect();
    headers.push(("authorization", "Bearer canary-7f3a91"));
    headers.push(("x-api-key", CANARY));
    headers.push(("api-key", CANARY));
    headers.push(("x-goog-api-key", CANARY));
    headers.push(("x-amz-security-token", CANARY));
    headers.push(("accept", "application/json, canary-7f3a91/x"));
    headers.push(("accept-encoding", "gzip, canary-7f3a91"));
    headers
}

#[test]
fn no_header_of_a_client_reaches_a_backend() {
    let mut stage = Stage::new();
    let headers = canaries();
    for model in ["local-only", "cloud-only"] {
        let reply = stage.gateway.chat_with(&headers, &ask(model, "Say hello."));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_only_own_headers(&stage.here, 1, &[]);
    assert_only_own_headers(&stage.there, 1, &[]);
    Left::by(&mut stage).assert_without(CANARY);
}

/// Of every API that takes JSON, to a backend of every kind. Features that a client asks Anthropic for are the one
/// thing that goes on, to a backend that speaks what the client does: the next test is about them.
#[test]
fn no_header_of_a_client_reaches_a_backend_whichever_the_apis() {
    let bodies = [
        ("/v1/chat/completions", json!({ "messages": [{ "role": "user", "content": "Say hello." }] })),
        ("/v1/completions", json!({ "prompt": "Say hello." })),
        ("/v1/responses", json!({ "input": "Say hello." })),
        (
            "/v1/messages",
            json!({ "max_tokens": 9, "messages": [{ "role": "user", "content": "Say hello." }] }),
        ),
        ("/api/chat", json!({ "messages": [{ "role": "user", "content": "Say hello." }] })),
        ("/api/generate", json!({ "prompt": "Say hello." })),
        ("/v1/messages/count_tokens", json!({ "messages": [{ "role": "user", "content": "Say hello." }] })),
        ("/v1/embeddings", json!({ "input": "Say hello." })),
        ("/v1/moderations", json!({ "input": "Say hello." })),
        ("/v1/rerank", json!({ "query": "hello?", "documents": ["hello"] })),
    ];
    let providers: [(Provider, &str, &[&str]); 6] = [
        (Provider::Anthropic, "anthropic", &["x-api-key", "anthropic-version"]),
        (Provider::Gemini, "gemini", &["x-goog-api-key"]),
        (Provider::Bedrock, "bedrock", &["x-amz-date", "x-amz-security-token"]),
        (Provider::Ollama, "ollama", &[]),
        (Provider::Azure, "azure-openai", &["api-key"]),
        (Provider::Cohere, "cohere", &[]),
    ];
    for (provider, api, more) in providers {
        let mut stage = Stage::provided(provider, api);
        let headers: Vec<_> = canaries().into_iter().filter(|(name, _)| *name != "anthropic-beta").collect();
        for (path, body) in &bodies {
            for stream in [false, true] {
                let mut body = body.clone();
                body["model"] = json!("cloud-only");
                body["stream"] = json!(stream);
                stage.gateway.client().post(path, &headers, body.to_string().as_bytes());
            }
        }
        assert!(stage.there.seen().len() >= 12, "{api}: {}", stage.there.seen().len());
        assert_only_own_headers(&stage.there, stage.there.seen().len(), more);
        Left::by(&mut stage).assert_without(CANARY);
    }
}

#[test]
fn features_that_a_client_asks_for_are_inspected_before_they_leave() {
    let stage = Stage::provided(Provider::Anthropic, "anthropic");
    let body = json!({
        "model": "cloud-only", "max_tokens": 9, "messages": [{ "role": "user", "content": "Say hello." }]
    });
    let ask = |headers: &[(&str, &str)]| {
        stage.gateway.client().post("/v1/messages", headers, body.to_string().as_bytes())
    };
    for (name, value) in [
        ("anthropic-beta", "claude-code-20250219,DE89370400440532013000"),
        ("anthropic-beta", "DE89370400440532013000"),
        ("anthropic-version", "DE89370400440532013000"),
    ] {
        let reply = ask(&[(name, value)]);
        assert_eq!(reply.status, 403, "{name}: {value}: {}", reply.text());
    }
    stage.assert_cloud_untouched();
    // What Claude Code asks for.
    let usual = "claude-code-20250219,oauth-2025-04-20,interleaved-thinking-2025-05-14,\
        fine-grained-tool-streaming-2025-05-14,context-1m-2025-08-07,prompt-caching-2024-07-31,\
        context-management-2025-06-27,token-efficient-tools-2025-02-19";
    for version in ["2023-06-01", "2026-10-21"] {
        let reply = ask(&[("anthropic-version", version), ("anthropic-beta", usual)]);
        assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
        let seen = stage.there.seen().pop().unwrap();
        assert_eq!(seen.header("anthropic-beta"), Some(usual));
        assert_eq!(seen.header("anthropic-version"), Some(version));
    }
}

fn assert_only_own_headers(backend: &Fake, requests: usize, more: &[&str]) {
    assert_eq!(backend.leaked(CANARY), None);
    let seen: Vec<Seen> = backend.seen();
    assert_eq!(seen.len(), requests);
    for name in seen.iter().flat_map(|seen| seen.headers.keys()) {
        let is_own = PASSED.contains(&name.as_str()) || more.contains(&name.as_str());
        assert!(is_own, "`{name}` was passed on");
    }
}

#[test]
fn a_backend_is_shown_the_key_of_the_configuration_and_not_the_callers() {
    let keyed = |local: &str, cloud: &str| {
        two_zones(local, cloud)
            .replace(&format!("url: {cloud}\n"), &format!("url: {cloud}\n    api_key: backend-key\n"))
    };
    let stage = Stage::with(keyed, TWO_RULES);
    let reply =
        stage.gateway.chat_with(&[("authorization", "Bearer canary-7f3a91")], &ask("auto", "Say hello."));
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")));
    assert_eq!(stage.there.seen()[0].header("authorization"), Some("Bearer backend-key"));
    assert_eq!(stage.there.leaked(CANARY), None);
}

#[test]
fn trailers_are_neither_obeyed_nor_passed_on() {
    let stage = Stage::new();
    let body = ask("cloud-only", "Say hello.").to_string();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\ntrailer: x-weir-level\r\n\r\n";
    let trailers = "x-weir-level: public\r\nx-weir-route: local-only\r\nauthorization: Bearer canary-7f3a91\r\n\
        content-length: 3\r\nx-canary: canary-7f3a91\r\n";
    let mut client = stage.gateway.client();
    client.send(format!("{head}{:x}\r\n{body}\r\n0\r\n{trailers}\r\n", body.len()).as_bytes());
    let reply = client.reply();
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    assert_only_own_headers(&stage.there, 1, &[]);
    assert_eq!(client.get("/v1/models", &[]).status, 200, "the connection is in step");
}

#[test]
fn the_end_users_identifiers_leave_only_as_pseudonyms() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();
    for name in ["user", "safety_identifier", "prompt_cache_key"] {
        let seen: Vec<String> = ["emp-00417", "emp-00417", "emp-00418"]
            .map(|identifier| outside(&stage, &mut client, name, identifier))
            .to_vec();
        assert_eq!(seen[0], seen[1], "one person is one pseudonym");
        assert_ne!(seen[0], seen[2], "two persons are two");
        assert_eq!(stage.there.leaked("emp-00417"), None, "{name}");
        let mut inside = request(json!({ name: "emp-00417" }));
        inside["model"] = json!("local-only");
        assert_eq!(stage.chat(&inside).status, 200);
        assert_eq!(stage.here.seen().last().unwrap().json()[name], "emp-00417");
    }
}

fn outside(stage: &Stage, client: &mut Client, name: &str, identifier: &str) -> String {
    let body = request(json!({ name: identifier }));
    let reply = client.post("/v1/chat/completions", &[], body.to_string().as_bytes());
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    stage.there.seen().last().unwrap().json()[name].as_str().unwrap().to_owned()
}

/// A pseudonym is made of a string; anything else would go as it is.
#[test]
fn an_identifier_that_is_no_string_is_refused() {
    let stage = Stage::new();
    for name in ["user", "safety_identifier", "prompt_cache_key"] {
        for value in [json!(417_417), json!(["emp-00417"]), json!({ "id": "emp-00417" }), json!(true)] {
            let reply = stage.chat(&request(json!({ name: value })));
            assert_eq!((reply.status, reply.code().as_str()), (400, "invalid_type"), "{name}: {value}");
            assert_eq!(reply.json()["error"]["param"], name);
        }
        assert_eq!(stage.chat(&request(json!({ name: null }))).status, 200);
    }
    assert_eq!(stage.here.requests(), 0);
}

#[test]
fn the_name_of_a_model_is_always_the_configurations() {
    let stage = Stage::new();
    for (model, backend, name) in
        [("auto", &stage.there, "cloud-model"), ("local-only", &stage.here, "local-model")]
    {
        assert_eq!(stage.chat(&ask(model, "Say hello.")).status, 200);
        assert_eq!(backend.seen().last().unwrap().json()["model"], name);
        assert!(!backend.contains(model.as_bytes()), "the alias is nobody's business");
    }
    for unknown in
        ["local-model", "cloud-model", "here/local-model", "llama:cloud", "gpt-oss:120b-cloud", "", "AUTO"]
    {
        let reply = stage.chat(&ask(unknown, "Say hello."));
        assert_eq!((reply.status, reply.code().as_str()), (404, "model_not_found"), "{unknown}");
    }
    assert_eq!((stage.here.requests(), stage.there.requests()), (1, 1));
}
