//! Requests as agents and chat interfaces send them, made here after what these clients are known to send: Claude
//! Code, Codex, Open WebUI. Each goes through two turns with a backend of every provider.

use crate::support::http::{Client, Reply};
use crate::support::stage::Stage;
use serde_json::{Value, json};
use weir_rig::fake::{Cut, Fault, Provider, Script};

const PROVIDERS: [(Provider, &str); 7] = [
    (Provider::OpenAi, "openai-compatible"),
    (Provider::Anthropic, "anthropic"),
    (Provider::Gemini, "gemini"),
    (Provider::Bedrock, "bedrock"),
    (Provider::Ollama, "ollama"),
    (Provider::Azure, "azure-openai"),
    (Provider::Cohere, "cohere"),
];

const ANSWER: &str = "The directory holds two files.";

/// A model that calls this tool, and answers once it has heard of its result.
fn stage_of((provider, api): (Provider, &str), tool: &str, arguments: &str) -> Stage {
    let stage = Stage::provided(provider, api);
    let script = Script::default().playing(provider).thinking("I should look first.").chunks(5);
    stage.there.set(script.tool_call(tool, arguments).after_results(ANSWER));
    stage
}

fn send(stage: &Stage, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let reply = stage.gateway.client().post(path, headers, body.to_string().as_bytes());
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    assert!(reply.complete);
    reply
}

/// The data of every event, each of which must be JSON but for `[DONE]`.
fn events(reply: &Reply) -> Vec<Value> {
    let data = reply.events().into_iter().filter(|data| data != "[DONE]");
    data.map(|data| serde_json::from_str(&data).unwrap_or_else(|_| panic!("{data}"))).collect()
}

/// The tools of an agent: schemas with everything that its own generator puts in.
fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false,
        "properties": {
            "command": { "type": "string", "description": "The command to execute" },
            "timeout": { "type": "number", "description": "Milliseconds", "maximum": 600_000 },
            "run_in_background": { "type": "boolean", "default": false },
            "mode": { "enum": ["content", "count"] },
            "edits": { "type": "array", "minItems": 1, "items": { "type": "object", "properties": { "old": { "type": "string" } } } },
        },
        "required": ["command"],
    })
}

fn claude_code() -> (Vec<(&'static str, &'static str)>, Value) {
    let headers = vec![
        ("anthropic-version", "2023-06-01"),
        (
            "anthropic-beta",
            "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27",
        ),
        ("anthropic-dangerous-direct-browser-access", "true"),
        ("user-agent", "claude-cli/2.0.55 (external, cli)"),
        ("x-app", "cli"),
        ("x-claude-code-session-id", "0b7c2f0e-6a0e-4f65-9df0-1a1d6d7f1a55"),
        ("x-stainless-retry-count", "0"),
        ("x-stainless-timeout", "600"),
    ];
    let cache = json!({ "type": "ephemeral" });
    let body = json!({
        "model": "cloud-only", "max_tokens": 32_000, "stream": true, "temperature": 1,
        "thinking": { "type": "enabled", "budget_tokens": 31_999 },
        "context_management": { "edits": [{ "type": "clear_thinking_20251015", "keep": "all" }] },
        "metadata": { "user_id": format!("user_{}_account__session_5d1a33c4-8f51-4a0f-9d70-0b9a4a7d8c11", "5f".repeat(32)) },
        "system": [
            { "type": "text", "text": "You are a coding agent that works in a terminal.", "cache_control": cache },
            { "type": "text", "text": "Answer briefly. Use the tools to look before you answer.", "cache_control": cache },
        ],
        "tools": [
            { "name": "Bash", "description": "Runs a command.", "input_schema": schema() },
            { "name": "Read", "description": "Reads a file.", "input_schema": { "type": "object", "properties": {}, "$schema": "http://json-schema.org/draft-07/schema#" }, "cache_control": cache },
        ],
        "messages": [{ "role": "user", "content": [
            { "type": "text", "text": "<system-reminder>\nNo files were changed.\n</system-reminder>" },
            { "type": "text", "text": "What is in this directory?", "cache_control": cache },
        ]}],
    });
    (headers, body)
}

/// The message that a stream of Anthropic's events comes to.
fn message_of(reply: &Reply) -> Value {
    let mut blocks: Vec<Value> = Vec::new();
    let mut stop = Value::Null;
    let mut names = Vec::new();
    for event in events(reply) {
        names.push(event["type"].as_str().unwrap().to_owned());
        let index = event["index"].as_u64().unwrap_or(0) as usize;
        match names.last().unwrap().as_str() {
            "content_block_start" => {
                assert_eq!(index, blocks.len());
                blocks.push(event["content_block"].clone());
            }
            "content_block_delta" => {
                for (piece, member) in [
                    ("text", "text"),
                    ("thinking", "thinking"),
                    ("signature", "signature"),
                    ("partial_json", "json"),
                ] {
                    let Some(more) = event["delta"][piece].as_str() else { continue };
                    let before = blocks[index][member].as_str().unwrap_or_default().to_owned();
                    blocks[index][member] = (before + more).into();
                }
            }
            "message_delta" => stop = event["delta"]["stop_reason"].clone(),
            _ => {}
        }
    }
    assert_eq!(
        (names.first().unwrap().as_str(), names.last().unwrap().as_str()),
        ("message_start", "message_stop")
    );
    for block in blocks.iter_mut().filter(|block| block["type"] == "tool_use") {
        let json = block.as_object_mut().unwrap().remove("json").unwrap();
        block["input"] = serde_json::from_str(json.as_str().unwrap()).unwrap();
    }
    json!({ "content": blocks, "stop_reason": stop })
}

#[test]
fn claude_code_goes_through_its_loop_with_every_provider() {
    for provider in PROVIDERS {
        let stage = stage_of(provider, "Bash", r#"{"command":"ls"}"#);
        let (headers, mut body) = claude_code();
        for probe in ["/", "/api/hello"] {
            let mut client = stage.gateway.client();
            client.send(format!("HEAD {probe} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
            assert_eq!(client.head().0, 200);
        }
        let counted = json!({ "model": "cloud-only", "messages": body["messages"], "tools": body["tools"] });
        let counted = stage.gateway.client().post(
            "/v1/messages/count_tokens?beta=true",
            &headers,
            counted.to_string().as_bytes(),
        );
        assert!(counted.json()["input_tokens"].as_u64().unwrap() > 20, "{}", counted.text());

        let asked = message_of(&send(&stage, "/v1/messages?beta=true", &headers, &body));
        assert_eq!(asked["stop_reason"], "tool_use", "{provider:?}: {asked}");
        let content = asked["content"].as_array().unwrap();
        let call = content.iter().find(|block| block["type"] == "tool_use").unwrap();
        assert_eq!(call["input"], json!({ "command": "ls" }), "{provider:?}");
        // The whole turn goes back as it came, thoughts and their proof with it.
        body["messages"].as_array_mut().unwrap().extend([
            json!({ "role": "assistant", "content": content }),
            json!({ "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": call["id"], "content": "a.txt\nb.txt", "is_error": false, "cache_control": { "type": "ephemeral" } },
            ]}),
        ]);
        let answer = message_of(&send(&stage, "/v1/messages?beta=true", &headers, &body));
        let last = answer["content"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["text"], &answer["stop_reason"]),
            (&json!(ANSWER), &json!("end_turn")),
            "{provider:?}"
        );
    }
}

fn codex() -> (Vec<(&'static str, &'static str)>, Value) {
    let headers = vec![
        ("user-agent", "codex_cli_rs/0.98.0 (Debian 13; x86_64) xterm-256color"),
        ("originator", "codex_cli_rs"),
        ("session_id", "019b1c0a-33a5-7d10-9d70-0b9a4a7d8c11"),
        ("conversation_id", "019b1c0a-33a5-7d10-9d70-0b9a4a7d8c11"),
        ("openai-beta", "responses=experimental"),
        ("accept", "text/event-stream"),
    ];
    let text = |role: &str, text: &str| json!({ "type": "message", "role": role, "content": [{ "type": "input_text", "text": text }] });
    let grammar = json!({ "type": "grammar", "syntax": "lark", "definition": "start: begin hunk end\nbegin: \"*** Begin Patch\" LF" });
    let body = json!({
        "model": "cloud-only", "instructions": "You are a coding agent. Look before you answer.",
        "input": [
            text("developer", "<permissions>Commands run in a sandbox.</permissions>"),
            text("user", "<environment_context>\n  <cwd>/work</cwd>\n</environment_context>"),
            text("user", "What is in this directory?"),
        ],
        "tools": [
            { "type": "function", "name": "shell", "description": "Runs a command.", "strict": false, "parameters": { "type": "object", "properties": { "command": { "type": "array", "items": { "type": "string" } } }, "required": ["command"], "additionalProperties": false } },
            { "type": "custom", "name": "apply_patch", "description": "Edits files.", "format": grammar },
            { "type": "web_search", "external_web_access": false },
        ],
        "tool_choice": "auto", "parallel_tool_calls": false,
        "reasoning": { "effort": "medium", "summary": "auto" },
        "store": false, "stream": true, "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "019b1c0a-33a5-7d10-9d70-0b9a4a7d8c11",
        "text": { "verbosity": "low" },
        "client_metadata": { "x-codex-installation-id": "3c7d1a6b" },
    });
    (headers, body)
}

#[test]
fn codex_goes_through_its_loop_with_every_provider() {
    for provider in PROVIDERS {
        let stage = stage_of(provider, "shell", r#"{"command":["ls"]}"#);
        let (headers, mut body) = codex();
        let turn = |body: &Value| {
            let events = events(&send(&stage, "/v1/responses", &headers, body));
            for (number, event) in events.iter().enumerate() {
                assert_eq!(event["sequence_number"], json!(number), "{event}");
            }
            let last = events.last().unwrap().clone();
            assert_eq!(last["type"], "response.completed", "{provider:?}: {last}");
            assert!(last["response"]["id"].is_string() && last["response"]["usage"]["total_tokens"].is_u64());
            // Every item is added before its deltas, and done with all that the response has of it.
            let of_type = |name: &str| events.iter().filter(|event| event["type"] == name).count();
            let items = last["response"]["output"].as_array().unwrap().clone();
            assert_eq!(
                (of_type("response.output_item.added"), of_type("response.output_item.done")),
                (items.len(), items.len())
            );
            items
        };
        let items = turn(&body);
        let call = items.iter().find(|item| item["type"] == "function_call").unwrap();
        assert_eq!((&call["name"], &call["arguments"]), (&json!("shell"), &json!(r#"{"command":["ls"]}"#)));
        let output = json!({ "type": "function_call_output", "call_id": call["call_id"], "output": "{\"output\":\"a.txt\\nb.txt\",\"metadata\":{\"exit_code\":0}}" });
        let input = body["input"].as_array_mut().unwrap();
        input.extend(items.iter().cloned().map(as_codex_sends_it_back));
        input.push(output);
        let items = turn(&body);
        assert_eq!(items.last().unwrap()["content"][0]["text"], ANSWER, "{provider:?}");
    }
}

/// Ids stay behind, and what is not there is `null`.
fn as_codex_sends_it_back(mut item: Value) -> Value {
    let members = item.as_object_mut().unwrap();
    members.remove("id");
    members.remove("status");
    if members["type"] == "reasoning" {
        members.insert("content".to_owned(), Value::Null);
        members.entry("encrypted_content").or_insert(Value::Null);
    }
    item
}

#[test]
fn codex_edits_files_by_a_tool_of_free_text() {
    let patch = "*** Begin Patch\n*** Add File: a.txt\n+hello\n*** End Patch\n";
    for provider in PROVIDERS {
        let arguments = json!({ "input": patch }).to_string();
        let stage = stage_of(provider, "apply_patch", &arguments);
        let (headers, mut body) = codex();
        let reply = send(&stage, "/v1/responses", &headers, &body);
        let last = events(&reply).pop().unwrap();
        let items = last["response"]["output"].as_array().unwrap().clone();
        let call =
            items.iter().find(|item| item["type"] == "custom_tool_call").unwrap_or_else(|| panic!("{last}"));
        assert_eq!(call["input"], patch, "{provider:?}");
        let output =
            json!({ "type": "custom_tool_call_output", "call_id": call["call_id"], "output": "Done!" });
        let input = body["input"].as_array_mut().unwrap();
        input.extend(items.iter().cloned().map(as_codex_sends_it_back));
        input.push(output);
        let reply = send(&stage, "/v1/responses", &headers, &body);
        assert!(reply.text().contains(ANSWER), "{provider:?}: {}", reply.text());
    }
}

#[test]
fn open_webui_chats_and_asks_for_titles_with_every_provider() {
    let headers = [
        ("x-openwebui-user-id", "7d1f3c1e-2f7c-4d53-9c55-2f9d7a1f0d11"),
        ("x-openwebui-user-name", "Kim"),
        ("x-openwebui-user-role", "user"),
        ("http-referer", "https://openwebui.com/"),
        ("x-title", "Open WebUI"),
    ];
    for (provider, api) in PROVIDERS {
        let stage = Stage::provided(provider, api);
        stage.there.set(Script::default().playing(provider).text(ANSWER).thinking("Let me see.").chunks(5));
        let models = Client::connect(stage.gateway.data).get("/v1/models", &headers).json();
        assert!(
            models["data"].as_array().unwrap().iter().any(|model| model["id"] == "cloud-only"),
            "{models}"
        );
        let pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";
        let mut body = json!({
            "model": "cloud-only", "stream": true,
            "messages": [
                { "role": "system", "content": "You are a helpful assistant." },
                { "role": "user", "content": "What is in this directory?" },
                { "role": "assistant", "content": "<details type=\"reasoning\" done=\"true\">\n> Let me see.\n</details>\nNothing." },
                { "role": "user", "content": "Are you sure?" },
            ],
        });
        let reply = send(&stage, "/v1/chat/completions", &headers, &body);
        assert_eq!(reply.streamed_text(), ANSWER, "{provider:?}");
        assert!(reply.text().ends_with("data: [DONE]\n\n"), "{provider:?}");
        // It asks for titles, tags and follow-ups in one piece.
        body["stream"] = json!(false);
        body["max_completion_tokens"] = json!(1000);
        let reply = send(&stage, "/v1/chat/completions", &headers, &body).json();
        assert_eq!(reply["choices"][0]["message"]["content"], ANSWER, "{provider:?}");
        assert_eq!(reply["choices"][0]["finish_reason"], "stop");
        // A picture cannot be inspected, so that it stays inside.
        body["messages"][3]["content"] = json!([
            { "type": "text", "text": "And here?" }, { "type": "image_url", "image_url": { "url": pixel } }
        ]);
        let refused =
            stage.gateway.client().post("/v1/chat/completions", &headers, body.to_string().as_bytes());
        assert_eq!((refused.status, refused.code().as_str()), (403, "policy_denied"), "{}", refused.text());
        body["model"] = json!("auto");
        let inside =
            stage.gateway.client().post("/v1/chat/completions", &headers, body.to_string().as_bytes());
        assert_eq!((inside.status, inside.zone()), (200, Some("local")), "{}", inside.text());
    }
}

/// Every client's API, with what only a stream that is complete ends with, and what one that is not.
const ENDS: [(&str, &str, &str); 6] = [
    ("/v1/chat/completions", "data: [DONE]", "data: {\"error\":"),
    ("/v1/completions", "data: [DONE]", "data: {\"error\":"),
    ("/v1/responses", "event: response.completed", "event: response.failed"),
    ("/v1/messages", "event: message_stop", "event: error"),
    ("/api/chat", "\"done\":true", "{\"error\":"),
    ("/api/generate", "\"done\":true", "{\"error\":"),
];

/// After every event, in every way a connection can end, and by an error of the provider's own.
#[test]
fn a_stream_that_breaks_off_is_a_success_to_no_client_whichever_the_provider() {
    for (provider, api) in PROVIDERS {
        let stage = Stage::provided(provider, api);
        let whole = Script::default().playing(provider).text(ANSWER).chunks(3);
        for (path, end, error) in ENDS {
            let mut asked = json!({
                "model": "cloud-only", "stream": true, "prompt": "hi", "input": "hi", "max_tokens": 9,
                "messages": [{ "role": "user", "content": "hi" }],
            });
            let needless: &[&str] = match path {
                "/v1/responses" => &["messages", "prompt", "max_tokens"],
                "/v1/completions" => &["messages", "input"],
                "/api/generate" => &["messages", "input", "max_tokens"],
                "/api/chat" => &["prompt", "input", "max_tokens"],
                _ => &["prompt", "input"],
            };
            needless.iter().for_each(|name| drop(asked.as_object_mut().unwrap().remove(*name)));
            let mut broken = 0;
            for after in 1..9 {
                let message = "out of memory".to_owned();
                for fault in [
                    Fault::Cut { after, how: Cut::End },
                    Fault::Cut { after, how: Cut::Reset },
                    Fault::ErrorAfter { after, message },
                ] {
                    stage.there.set(whole.clone().fault(fault.clone()));
                    let reply = stage.gateway.client().post(path, &[], asked.to_string().as_bytes());
                    let text = reply.text();
                    if text.contains(end) {
                        // What was cut says nothing more of the answer.
                        assert!(text.contains("files."), "{api} {path} {fault:?}: {text}");
                    } else {
                        broken += 1;
                        let is_told = reply.status >= 500 || text.contains(error);
                        assert!(is_told, "{api} {path} {fault:?}: {} {text}", reply.status);
                    }
                    // A backend that always fails is left alone for a while.
                    stage.there.set(whole.clone());
                    let good = stage.gateway.client().post(path, &[], asked.to_string().as_bytes());
                    assert!(good.text().contains(end), "{api} {path}: {}", good.text());
                }
            }
            assert!(broken >= 9, "{api} {path}: {broken}");
        }
    }
}
