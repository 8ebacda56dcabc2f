//! Source: Ollama's API documentation.

use super::{Asked, Checked, Refusal, Said, Side, ensure, only, required, some, text};
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) const SIDE: Side = Side {
    check,
    whole,
    stream,
    stream_type: "application/x-ndjson",
    error,
    error_item: |message| line(&json!({ "error": message })),
};

fn check(asked: &Asked<'_>) -> Checked<(String, bool)> {
    let body = &asked.body;
    only(
        body,
        &[
            "model",
            "messages",
            "tools",
            "stream",
            "format",
            "think",
            "options",
            "keep_alive",
            "logprobs",
            "top_logprobs",
        ],
    )?;
    for message in some(body, "messages")? {
        check_message(message)?;
    }
    for tool in body.get("tools").and_then(Value::as_array).into_iter().flatten() {
        ensure(tool["type"] == "function", "tools.type: must be function")?;
        ensure(
            tool["function"]["parameters"]["type"] == "object",
            "tools.function.parameters: must be an object",
        )?;
    }
    if let Some(format) = body.get("format") {
        ensure(format == "json" || format.is_object(), "format: must be \"json\" or a schema")?;
    }
    ensure(
        body["options"]["num_ctx"].as_u64().is_some_and(|size| size >= 2048),
        "options.num_ctx: set it, the default cuts prompts",
    )?;
    let model = required(body, "model")?.as_str().unwrap_or_default().to_owned();
    // A stream is what it sends unless told otherwise.
    Ok((model, body["stream"] != false))
}

fn check_message(message: &Value) -> Checked {
    only(message, &["role", "content", "thinking", "images", "tool_calls", "tool_name"])?;
    let role = text(message, "role");
    ensure(matches!(role, "system" | "user" | "assistant" | "tool"), format!("invalid role: {role}"))?;
    ensure(
        message["content"].is_string(),
        "json: cannot unmarshal content into Go struct field of type string",
    )?;
    for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        ensure(call["function"]["arguments"].is_object(), "json: cannot unmarshal string into arguments")?;
    }
    for image in message.get("images").and_then(Value::as_array).into_iter().flatten() {
        let is_data =
            image.as_str().is_some_and(|data| !data.starts_with("data:") && !data.starts_with("http"));
        ensure(is_data, "illegal base64 data at input byte 4")?;
    }
    Ok(())
}

fn message(said: &Said, message: &Value, done: bool) -> Value {
    let mut out = json!({ "model": said.model, "created_at": "2026-01-01T00:00:00.123456Z", "message": message, "done": done });
    if done {
        out["done_reason"] = said.finish("stop", "stop").into();
        out["prompt_eval_count"] = said.prompt_tokens.into();
        out["eval_count"] = said.completion_tokens.into();
        out["total_duration"] = 1_000_000.into();
    }
    out
}

fn calls(said: &Said) -> Vec<Value> {
    let call = |call| json!({ "function": { "name": call, "arguments": {} } });
    said.calls
        .iter()
        .map(|made| {
            let mut out = call(made.name.as_str());
            out["function"]["arguments"] = Said::arguments(made);
            out
        })
        .collect()
}

fn whole(said: &Said) -> Value {
    let mut out = json!({ "role": "assistant", "content": said.text.as_deref().unwrap_or_default() });
    if let Some(thinking) = &said.thinking {
        out["thinking"] = thinking.as_str().into();
    }
    if !said.calls.is_empty() {
        out["tool_calls"] = calls(said).into();
    }
    message(said, &out, true)
}

fn stream(said: &Said) -> Vec<Bytes> {
    let mut messages = Vec::new();
    if let Some(thinking) = &said.thinking {
        let pieces = said.pieces(thinking).into_iter();
        messages.extend(pieces.map(|p| json!({ "role": "assistant", "content": "", "thinking": p })));
    }
    if let Some(text) = &said.text {
        messages.extend(said.pieces(text).into_iter().map(|p| json!({ "role": "assistant", "content": p })));
    }
    if !said.calls.is_empty() {
        messages.push(json!({ "role": "assistant", "content": "", "tool_calls": calls(said) }));
    }
    let mut lines: Vec<Bytes> = messages.iter().map(|m| line(&message(said, m, false))).collect();
    lines.push(line(&message(said, &json!({ "role": "assistant", "content": "" }), true)));
    lines
}

fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

fn error(refusal: &Refusal) -> Value {
    json!({ "error": refusal.message })
}
