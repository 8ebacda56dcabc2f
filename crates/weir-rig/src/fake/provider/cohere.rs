//! Source: Cohere's API reference v2, "Chat" and "Chat with streaming".

use super::{
    Asked, Checked, EVENT_STREAM, KEY, Refusal, Said, Side, ensure, named_event, only, refuse, required,
    some, text, within,
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) const SIDE: Side = Side {
    check,
    whole,
    stream,
    stream_type: EVENT_STREAM,
    error,
    error_item: |message| {
        named_event(
            "message-end",
            &json!({ "type": "message-end", "delta": { "finish_reason": "ERROR", "error": message } }),
        )
    },
};

const KNOWN: [&str; 20] = [
    "model",
    "messages",
    "stream",
    "tools",
    "strict_tools",
    "documents",
    "citation_options",
    "response_format",
    "safety_mode",
    "max_tokens",
    "stop_sequences",
    "temperature",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "k",
    "p",
    "logprobs",
    "tool_choice",
    "thinking",
];

fn check(asked: &Asked<'_>) -> Checked<(String, bool)> {
    if asked.header("authorization") != format!("Bearer {KEY}") {
        return refuse(401, "invalid api token");
    }
    let body = &asked.body;
    only(body, &KNOWN)?;
    within(body, "p", 0.01, 0.99)?;
    within(body, "k", 0.0, 500.0)?;
    within(body, "frequency_penalty", 0.0, 1.0)?;
    within(body, "presence_penalty", 0.0, 1.0)?;
    let has_tools = body.get("tools").is_some();
    ensure(
        !has_tools || body.get("response_format").is_none(),
        "response_format is not supported with tools",
    )?;
    if let Some(choice) = body.get("tool_choice") {
        ensure(
            has_tools && matches!(choice.as_str(), Some("REQUIRED" | "NONE")),
            "tool_choice: must be REQUIRED or NONE",
        )?;
    }
    check_messages(some(body, "messages")?)?;
    let model = required(body, "model")?.as_str().unwrap_or_default().to_owned();
    Ok((model, body["stream"] == true))
}

fn check_messages(messages: &[Value]) -> Checked {
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for message in messages {
        let role = text(message, "role");
        ensure(role == "tool" || open.is_empty(), "all tool calls must be followed by their results")?;
        match role {
            "system" | "user" => ensure(!is_empty(&message["content"]), "message content must not be empty")?,
            "assistant" => {
                let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
                for call in calls.clone() {
                    ensure(
                        call["function"]["arguments"].is_string(),
                        "tool_calls.function.arguments: must be a string",
                    )?;
                    open.insert(text(call, "id"));
                }
                ensure(
                    !is_empty(&message["content"]) || calls.count() > 0,
                    "assistant message needs content or tool_calls",
                )?;
            }
            "tool" => {
                ensure(open.remove(text(message, "tool_call_id")), "tool result without its tool call")?
            }
            other => return refuse(400, format!("invalid role `{other}`")),
        }
    }
    ensure(open.is_empty(), "all tool calls must be followed by their results")
}

fn is_empty(content: &Value) -> bool {
    content.is_null() || content == "" || content.as_array().is_some_and(Vec::is_empty)
}

fn call(said: &Said, at: usize) -> Value {
    let (name, arguments) =
        said.calls.get(at).map(|call| (call.name.as_str(), call.arguments.as_str())).unwrap_or_default();
    json!({ "id": format!("{name}_{:04}_{at}", said.number), "type": "function", "function": { "name": name, "arguments": arguments } })
}

fn usage(said: &Said) -> Value {
    json!({
        "billed_units": { "input_tokens": 1, "output_tokens": said.completion_tokens },
        "tokens": { "input_tokens": said.prompt_tokens, "output_tokens": said.completion_tokens },
    })
}

fn whole(said: &Said) -> Value {
    let mut content = Vec::new();
    content.extend(said.thinking.as_ref().map(|text| json!({ "type": "thinking", "thinking": text })));
    content.extend(said.text.as_ref().map(|text| json!({ "type": "text", "text": text })));
    let mut message = json!({ "role": "assistant", "content": content });
    if !said.calls.is_empty() {
        message["tool_calls"] = (0..said.calls.len()).map(|at| call(said, at)).collect();
    }
    json!({ "id": format!("c-{:04}", said.number), "message": message, "finish_reason": said.finish("TOOL_CALL", "COMPLETE"), "usage": usage(said) })
}

fn stream(said: &Said) -> Vec<Bytes> {
    let mut events = vec![
        json!({ "type": "message-start", "id": format!("c-{:04}", said.number), "delta": { "message": { "role": "assistant" } } }),
    ];
    let mut index = 0;
    for (kind, text) in [("thinking", &said.thinking), ("text", &said.text)] {
        let Some(text) = text else { continue };
        let content = |value: Value| json!({ "message": { "content": value } });
        events.push(json!({ "type": "content-start", "index": index, "delta": content(json!({ "type": kind, kind: "" })) }));
        for piece in said.pieces(text) {
            events.push(
                json!({ "type": "content-delta", "index": index, "delta": content(json!({ kind: piece })) }),
            );
        }
        events.push(json!({ "type": "content-end", "index": index }));
        index += 1;
    }
    for at in 0..said.calls.len() {
        let mut start = call(said, at);
        let arguments = text(&start["function"], "arguments").to_owned();
        start["function"]["arguments"] = "".into();
        events.push(json!({ "type": "tool-call-start", "index": at, "delta": { "message": { "tool_calls": start } } }));
        for piece in said.pieces(&arguments) {
            events.push(json!({ "type": "tool-call-delta", "index": at, "delta": { "message": { "tool_calls": { "function": { "arguments": piece } } } } }));
        }
        events.push(json!({ "type": "tool-call-end", "index": at }));
    }
    events.push(json!({ "type": "message-end", "delta": { "finish_reason": said.finish("TOOL_CALL", "COMPLETE"), "usage": usage(said) } }));
    events.iter().map(|event| named_event(text(event, "type"), event)).collect()
}

fn error(refusal: &Refusal) -> Value {
    json!({ "id": "1", "message": refusal.message })
}
