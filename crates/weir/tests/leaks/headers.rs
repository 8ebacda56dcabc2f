//! Of what a client says beside the body nothing is passed on, and of its identifiers only pseudonyms.

use crate::bodies::request;
use crate::oracle::Left;
use crate::support::http::Client;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use serde_json::json;
use weir_rig::fake::{Fake, Seen};

const CANARY: &str = "canary-7f3a91";

/// All that a backend may see of the head of a request.
const PASSED: [&str; 7] =
    ["host", "accept", "accept-encoding", "authorization", "content-length", "content-type", "user-agent"];

#[test]
fn no_header_of_a_client_reaches_a_backend() {
    let mut stage = Stage::new();
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
    headers.push(("accept", "application/json, canary-7f3a91/x"));
    headers.push(("accept-encoding", "gzip, canary-7f3a91"));
    for model in ["local-only", "cloud-only"] {
        let reply = stage.gateway.chat_with(&headers, &ask(model, "Say hello."));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_only_own_headers(&stage.here);
    assert_only_own_headers(&stage.there);
    Left::by(&mut stage).assert_without(CANARY);
}

fn assert_only_own_headers(backend: &Fake) {
    assert_eq!(backend.leaked(CANARY), None);
    let seen: Vec<Seen> = backend.seen();
    assert_eq!(seen.len(), 1);
    for name in seen[0].headers.keys() {
        assert!(PASSED.contains(&name.as_str()), "`{name}` was passed on");
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
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: weir.test\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\ntrailer: x-weir-level\r\n\r\n";
    let trailers = "x-weir-level: public\r\nx-weir-route: local-only\r\nauthorization: Bearer canary-7f3a91\r\n\
        content-length: 3\r\nx-canary: canary-7f3a91\r\n";
    let mut client = stage.gateway.client();
    client.send(format!("{head}{:x}\r\n{body}\r\n0\r\n{trailers}\r\n", body.len()).as_bytes());
    let reply = client.reply();
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    assert_only_own_headers(&stage.there);
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
