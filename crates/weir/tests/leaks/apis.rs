//! Data in every position of every API that is no chat completion; those are in `positions.rs`.

use crate::bodies::{HERE, with};
use crate::support::http::{Client, Field, form};
use crate::support::stage::Stage;
use serde_json::{Value, json};

/// An account number, which is found wherever it stands, also as a key.
const DATA: &str = "DE89 3704 0044 0532 0130 00";

fn positions() -> Vec<(&'static str, Vec<Value>)> {
    let user = json!({ "role": "user", "content": "Go on." });
    let schema =
        |name: &str, says: &str| json!({ "type": "object", "properties": { name: { "description": says } } });
    let messages = |more: Value| merged(json!({ "max_tokens": 9, "messages": [user] }), more);
    let said = |role: &str, part: Value| {
        messages(json!({ "messages": [user, { "role": role, "content": [part] }] }))
    };
    let responses = |more: Value| merged(json!({ "input": "Go on." }), more);
    let item = |item: Value| responses(json!({ "input": [item, user] }));
    let ollama = |more: Value| merged(json!({ "messages": [user], "stream": false }), more);
    vec![
        (
            "/v1/messages",
            vec![
                messages(json!({ "system": HERE })),
                messages(
                    json!({ "system": [{ "type": "text", "text": "x" }, { "type": "text", "text": HERE }] }),
                ),
                said("user", json!({ "type": "text", "text": HERE })),
                said("assistant", json!({ "type": "text", "text": HERE })),
                said("assistant", json!({ "type": "thinking", "thinking": HERE})),
                said(
                    "assistant",
                    json!({ "type": "tool_use", "id": "t", "name": "f", "input": { "a": { "b": [HERE] } } }),
                ),
                said(
                    "assistant",
                    json!({ "type": "tool_use", "id": "t", "name": "f", "input": { HERE: 1 } }),
                ),
                said("assistant", json!({ "type": "tool_use", "id": "t", "name": HERE, "input": {} })),
                said("user", json!({ "type": "tool_result", "tool_use_id": "t", "content": HERE })),
                said(
                    "user",
                    json!({ "type": "tool_result", "tool_use_id": "t", "content": [{ "type": "text", "text": HERE }] }),
                ),
                said(
                    "user",
                    json!({ "type": "document", "source": { "type": "text", "media_type": "text/plain", "data": HERE } }),
                ),
                said(
                    "user",
                    json!({ "type": "document", "title": HERE, "source": { "type": "text", "media_type": "text/plain", "data": "x" } }),
                ),
                said(
                    "user",
                    json!({ "type": "search_result", "source": "s", "title": "t", "content": [{ "type": "text", "text": HERE }] }),
                ),
                said("user", json!({ "type": "text", "text": "x", "citations": [{ "cited_text": HERE }] })),
                messages(json!({ "tools": [{ "name": "f", "description": HERE, "input_schema": {} }] })),
                messages(json!({ "tools": [{ "name": "f", "input_schema": schema(HERE, "x") }] })),
                messages(json!({ "tools": [{ "name": "f", "input_schema": schema("a", HERE) }] })),
                messages(json!({ "tool_choice": { "type": "tool", "name": HERE } })),
                messages(json!({ "stop_sequences": [HERE] })),
                messages(json!({ "metadata": { "note": HERE } })),
                messages(
                    json!({ "output_config": { "format": { "type": "json_schema", "schema": schema("a", HERE) } } }),
                ),
                messages(json!({ "x_unknown": { "a": [{ "b": HERE }] } })),
            ],
        ),
        (
            "/v1/responses",
            vec![
                responses(json!({ "input": HERE })),
                responses(json!({ "instructions": HERE })),
                item(json!({ "role": "developer", "content": HERE })),
                item(json!({ "role": "user", "content": [{ "type": "input_text", "text": HERE }] })),
                item(
                    json!({ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": HERE }] }),
                ),
                item(
                    json!({ "type": "message", "role": "assistant", "content": [{ "type": "refusal", "refusal": HERE }] }),
                ),
                item(json!({ "type": "reasoning", "summary": [{ "type": "summary_text", "text": HERE }] })),
                item(
                    json!({ "type": "function_call", "call_id": "c", "name": "f", "arguments": format!("{{\"a\":\"{HERE}\"}}") }),
                ),
                item(json!({ "type": "function_call", "call_id": "c", "name": HERE, "arguments": "{}" })),
                item(json!({ "type": "function_call_output", "call_id": "c", "output": HERE })),
                item(
                    json!({ "type": "function_call_output", "call_id": "c", "output": [{ "type": "input_text", "text": HERE }] }),
                ),
                item(json!({ "type": "custom_tool_call", "call_id": "c", "name": "f", "input": HERE })),
                item(
                    json!({ "type": "local_shell_call", "call_id": "c", "action": { "command": ["cat", HERE] } }),
                ),
                responses(
                    json!({ "tools": [{ "type": "function", "name": "f", "description": HERE, "parameters": {} }] }),
                ),
                responses(
                    json!({ "tools": [{ "type": "function", "name": "f", "parameters": schema(HERE, "x") }] }),
                ),
                responses(
                    json!({ "tools": [{ "type": "custom", "name": "f", "format": { "type": "grammar", "definition": HERE } }] }),
                ),
                responses(
                    json!({ "text": { "format": { "type": "json_schema", "name": "n", "schema": schema("a", HERE) } } }),
                ),
                responses(json!({ "metadata": { "note": HERE } })),
                responses(json!({ "x_unknown": HERE })),
            ],
        ),
        (
            "/v1/completions",
            vec![
                json!({ "prompt": HERE }),
                json!({ "prompt": [HERE] }),
                json!({ "prompt": "x", "suffix": HERE }),
                json!({ "prompt": "x", "stop": [HERE] }),
                json!({ "prompt": "x", "logit_bias": { HERE: 1 } }),
            ],
        ),
        (
            "/api/chat",
            vec![
                ollama(json!({ "messages": [{ "role": "system", "content": HERE }] })),
                ollama(
                    json!({ "messages": [user, { "role": "assistant", "content": "", "thinking": HERE }] }),
                ),
                ollama(
                    json!({ "messages": [user, { "role": "assistant", "content": "", "tool_calls": [{ "function": { "name": "f", "arguments": { "a": HERE } } }] }] }),
                ),
                ollama(json!({ "messages": [user, { "role": "tool", "tool_name": "f", "content": HERE }] })),
                ollama(json!({ "format": schema("a", HERE) })),
                ollama(json!({ "options": { "stop": [HERE] } })),
                ollama(
                    json!({ "tools": [{ "type": "function", "function": { "name": "f", "description": HERE } }] }),
                ),
            ],
        ),
        (
            "/api/generate",
            vec![
                json!({ "prompt": HERE }),
                json!({ "prompt": "x", "system": HERE }),
                json!({ "prompt": "x", "suffix": HERE }),
                json!({ "prompt": "x", "template": HERE }),
            ],
        ),
        (
            "/v1/embeddings",
            vec![json!({ "input": ["x", HERE] }), json!({ "input": "x", "instruction": HERE })],
        ),
        ("/v1/moderations", vec![json!({ "input": [{ "type": "text", "text": HERE }] })]),
        (
            "/v1/rerank",
            vec![
                json!({ "query": HERE, "documents": ["x"] }),
                json!({ "query": "x", "documents": [{ "text": HERE }] }),
                json!({ "query": "x", "documents": [{ "text": "x", HERE: 1 }] }),
            ],
        ),
        (
            "/v1/audio/speech",
            vec![
                json!({ "input": HERE, "voice": "alloy" }),
                json!({ "input": "x", "voice": "alloy", "instructions": HERE }),
                json!({ "input": "x", "voice": HERE }),
            ],
        ),
        (
            "/v1/images/generations",
            vec![json!({ "prompt": HERE }), json!({ "prompt": "x", "background": HERE })],
        ),
    ]
}

fn merged(mut body: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object") };
    more.into_iter().for_each(|(name, value)| body[name] = value);
    body
}

fn post(stage: &Stage, path: &str, body: &Value) -> (u16, String) {
    let reply = Client::connect(stage.gateway.data).post(path, &[], body.to_string().as_bytes());
    (reply.status, reply.text())
}

#[test]
fn data_in_any_position_of_any_api_does_not_leave() {
    let stage = Stage::new();
    for (path, bodies) in positions() {
        for body in bodies {
            let mut body = with(&body, DATA);
            body["model"] = json!("cloud-only");
            let (status, text) = post(&stage, path, &body);
            // What no backend is sent in any case is refused before anything is decided.
            assert!(status == 403 || status == 400, "{path} {body}: {status} {text}");
            assert!(!text.contains("3704"), "{path}: {text}");
        }
    }
    stage.assert_cloud_untouched();
}

/// Otherwise the above would say nothing.
#[test]
fn the_same_bodies_without_data_do() {
    let stage = Stage::new();
    let (mut asked, mut sent) = (0, 0);
    for (path, bodies) in positions().into_iter().filter(|(path, _)| !path.starts_with("/v1/audio")) {
        for body in bodies {
            let mut body = with(&body, "harmless");
            body["model"] = json!("cloud-only");
            let before = stage.there.requests();
            let (status, text) = post(&stage, path, &body);
            asked += 1;
            sent += u32::from(stage.there.requests() > before);
            assert_ne!(status, 403, "{path} {body}: {text}");
        }
    }
    // Some have fields that the backend's API has no word for, and are refused by their name.
    assert!(sent * 10 > asked * 6, "{sent} of {asked}");
}

#[test]
fn data_in_any_part_of_a_form_stays_in_the_file_that_is_kept() {
    let stage = Stage::new();
    for fields in [
        [Field::text("purpose", DATA), Field::file("file", ("a.txt", "text/plain"), b"x")],
        [Field::text("purpose", "x"), Field::file("file", (DATA, "text/plain"), b"x")],
        [Field::text("purpose", "x"), Field::file("file", ("a.txt", "text/plain"), DATA.as_bytes())],
    ] {
        let (media_type, body) = form(&fields);
        let reply = stage.gateway.client().post("/v1/files", &[("content-type", &media_type)], &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let file = json!({ "type": "file", "file": { "file_id": reply.json()["id"] } });
        let ask = json!({ "model": "cloud-only", "messages": [{ "role": "user", "content": [file] }] });
        assert_eq!(post(&stage, "/v1/chat/completions", &ask).0, 403);
    }
    stage.assert_cloud_untouched();
}
