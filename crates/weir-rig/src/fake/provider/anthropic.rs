//! Source: Anthropic's API reference, "Messages", "Errors", "Streaming"; the guides on tool use and extended
//! thinking.

use super::super::script::ToolCall;
use super::schema::check_closed;
use super::{
    Asked, Checked, EVENT_STREAM, KEY, Refusal, Said, Side, ensure, named_event, only, proof, refuse,
    required, some, text, within,
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
            "error",
            &json!({ "type": "error", "error": { "type": "overloaded_error", "message": message } }),
        )
    },
};

const KNOWN: [&str; 20] = [
    "model",
    "max_tokens",
    "messages",
    "system",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "service_tier",
    "cache_control",
    "context_management",
    "container",
    "mcp_servers",
    "speed",
];

fn check(asked: &Asked<'_>) -> Checked<(String, bool)> {
    if asked.header("x-api-key") != KEY && asked.header("authorization") != format!("Bearer {KEY}") {
        return refuse(401, "invalid x-api-key");
    }
    ensure(!asked.header("anthropic-version").is_empty(), "anthropic-version: header is required")?;
    let body = &asked.body;
    only(body, &KNOWN)?;
    let max_tokens = required(body, "max_tokens")?.as_u64().unwrap_or(0);
    ensure(max_tokens > 0, "max_tokens: must be at least 1")?;
    within(body, "temperature", 0.0, 1.0)?;
    check_thinking(body, max_tokens)?;
    check_system(body)?;
    check_messages(some(body, "messages")?)?;
    check_tools(body)?;
    body["output_config"]["format"].get("schema").map_or(Ok(()), check_closed)?;
    let model = required(body, "model")?.as_str().unwrap_or_default().to_owned();
    Ok((model, body["stream"] == true))
}

fn check_thinking(body: &Value, max_tokens: u64) -> Checked {
    let Some(thinking) = body.get("thinking") else { return Ok(()) };
    if thinking["type"] != "enabled" {
        return Ok(());
    }
    let budget = thinking["budget_tokens"].as_u64().unwrap_or(0);
    ensure(budget >= 1024, "thinking.enabled.budget_tokens: must be at least 1024")?;
    ensure(budget < max_tokens, "`max_tokens` must be greater than `thinking.budget_tokens`")?;
    ensure(body.get("top_k").is_none(), "`top_k` must be unset when thinking is enabled")?;
    let is_one = body.get("temperature").is_none_or(|temperature| temperature.as_f64() == Some(1.0));
    ensure(is_one, "`temperature` may only be set to 1 when thinking is enabled")?;
    let forced = matches!(text(&body["tool_choice"], "type"), "any" | "tool");
    ensure(!forced, "thinking may not be enabled when tool_choice forces tool use")
}

fn check_system(body: &Value) -> Checked {
    let blocks = body.get("system").and_then(Value::as_array).into_iter().flatten();
    for block in blocks {
        ensure(!text(block, "text").is_empty(), "system: text content blocks must be non-empty")?;
    }
    Ok(())
}

fn check_messages(messages: &[Value]) -> Checked {
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let mut before = "assistant";
    for (at, message) in messages.iter().enumerate() {
        let role = text(message, "role");
        ensure(
            matches!(role, "user" | "assistant"),
            format!("messages.{at}.role: must be user or assistant"),
        )?;
        ensure(role != before, "messages: roles must alternate between \"user\" and \"assistant\"")?;
        before = role;
        let blocks = blocks(message, at)?;
        let results = results(&blocks, at)?;
        ensure(
            results.is_superset(&open),
            format!(
                "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after"
            ),
        )?;
        ensure(
            open.is_superset(&results),
            format!("messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks"),
        )?;
        open = calls(&blocks, role, &mut ids, at)?;
        blocks.iter().try_for_each(|block| check_block(block, at))?;
    }
    ensure(
        open.is_empty(),
        "messages: `tool_use` ids were found without `tool_result` blocks immediately after",
    )
}

fn blocks(message: &Value, at: usize) -> Checked<Vec<Value>> {
    match &message["content"] {
        Value::String(text) if !text.is_empty() => Ok(vec![json!({ "type": "text", "text": text })]),
        Value::Array(blocks) if !blocks.is_empty() => Ok(blocks.clone()),
        Value::String(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Object(_) => refuse(400, format!("messages.{at}: all messages must have non-empty content")),
    }
}

/// The calls that the results are for. They come first.
fn results(blocks: &[Value], at: usize) -> Checked<BTreeSet<String>> {
    let is_result = |block: &&Value| block["type"] == "tool_result";
    let first = blocks.iter().take_while(is_result).count();
    ensure(
        blocks.iter().skip(first).all(|block| !is_result(&block)),
        format!("messages.{at}: `tool_result` blocks must come first"),
    )?;
    Ok(blocks.iter().filter(is_result).map(|block| text(block, "tool_use_id").to_owned()).collect())
}

fn calls(blocks: &[Value], role: &str, ids: &mut BTreeSet<String>, at: usize) -> Checked<BTreeSet<String>> {
    let mut open = BTreeSet::new();
    for block in blocks.iter().filter(|block| block["type"] == "tool_use") {
        ensure(
            role == "assistant",
            format!("messages.{at}: `tool_use` blocks can only be in assistant messages"),
        )?;
        let id = text(block, "id");
        let is_good = !id.is_empty()
            && id.len() <= 64
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        ensure(is_good, format!("messages.{at}: tool_use.id: should match pattern '^[a-zA-Z0-9_-]+$'"))?;
        ensure(ids.insert(id.to_owned()), format!("messages.{at}: `tool_use` ids must be unique"))?;
        ensure(block["input"].is_object(), format!("messages.{at}: tool_use.input: must be an object"))?;
        open.insert(id.to_owned());
    }
    Ok(open)
}

fn check_block(block: &Value, at: usize) -> Checked {
    match text(block, "type") {
        "text" => ensure(
            !text(block, "text").trim().is_empty(),
            format!("messages.{at}: text content blocks must be non-empty"),
        ),
        "thinking" => ensure(
            text(block, "signature") == proof(text(block, "thinking")),
            format!("messages.{at}: Invalid `signature` in `thinking` block"),
        ),
        "image" => {
            let kinds = ["image/png", "image/jpeg", "image/gif", "image/webp"];
            let source = &block["source"];
            ensure(
                source["type"] != "base64" || kinds.contains(&text(source, "media_type")),
                format!("messages.{at}: image.source.media_type: unsupported"),
            )
        }
        "tool_use" | "tool_result" | "document" | "redacted_thinking" | "search_result" => Ok(()),
        other => refuse(400, format!("messages.{at}: unknown block type `{other}`")),
    }
}

fn check_tools(body: &Value) -> Checked {
    let tools = body.get("tools").and_then(Value::as_array).cloned().unwrap_or_default();
    for tool in &tools {
        ensure(tool["input_schema"]["type"] == "object", "tools.input_schema.type: must be \"object\"")?;
        ensure(!text(tool, "name").is_empty(), "tools.name: field required")?;
    }
    let chosen = text(&body["tool_choice"], "name");
    let is_there = chosen.is_empty() || tools.iter().any(|tool| text(tool, "name") == chosen);
    ensure(is_there, format!("tool_choice.name: tool `{chosen}` not found in provided tools"))?;
    ensure(
        body.get("tool_choice").is_none() || !tools.is_empty(),
        "tool_choice: may only be specified with tools",
    )
}

fn call_id(said: &Said, at: usize) -> String {
    format!("toolu_{:04}_{at}", said.number)
}

fn call_block(said: &Said, at: usize, call: &ToolCall) -> Value {
    json!({ "type": "tool_use", "id": call_id(said, at), "name": call.name, "input": Said::arguments(call) })
}

fn usage(said: &Said) -> Value {
    json!({
        "input_tokens": said.prompt_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": said.completion_tokens,
    })
}

fn message(said: &Said, content: Vec<Value>, stop_reason: &Value) -> Value {
    json!({
        "id": format!("msg_{:04}", said.number), "type": "message", "role": "assistant", "model": said.model,
        "content": content, "stop_reason": stop_reason, "stop_sequence": null, "usage": usage(said),
    })
}

fn whole(said: &Said) -> Value {
    let mut content = Vec::new();
    if let Some(thinking) = &said.thinking {
        content.push(json!({ "type": "thinking", "thinking": thinking, "signature": proof(thinking) }));
    }
    content.extend(said.text.as_ref().map(|text| json!({ "type": "text", "text": text })));
    content.extend(said.calls.iter().enumerate().map(|(at, call)| call_block(said, at, call)));
    message(said, content, &said.finish("tool_use", "end_turn").into())
}

fn stream(said: &Said) -> Vec<Bytes> {
    let mut events =
        vec![json!({ "type": "message_start", "message": message(said, Vec::new(), &Value::Null) })];
    events.push(json!({ "type": "ping" }));
    let mut index = 0;
    let mut block = |start: Value, deltas: Vec<Value>| {
        events.push(json!({ "type": "content_block_start", "index": index, "content_block": start }));
        events.extend(
            deltas
                .into_iter()
                .map(|delta| json!({ "type": "content_block_delta", "index": index, "delta": delta })),
        );
        events.push(json!({ "type": "content_block_stop", "index": index }));
        index += 1;
    };
    if let Some(thinking) = &said.thinking {
        let pieces = said.pieces(thinking).into_iter();
        let mut deltas: Vec<_> = pieces.map(|p| json!({ "type": "thinking_delta", "thinking": p })).collect();
        deltas.push(json!({ "type": "signature_delta", "signature": proof(thinking) }));
        block(json!({ "type": "thinking", "thinking": "", "signature": "" }), deltas);
    }
    if let Some(text) = &said.text {
        let deltas = said.pieces(text).into_iter().map(|p| json!({ "type": "text_delta", "text": p }));
        block(json!({ "type": "text", "text": "" }), deltas.collect());
    }
    for (at, call) in said.calls.iter().enumerate() {
        let pieces = said.pieces(&call.arguments).into_iter();
        let deltas = pieces.map(|p| json!({ "type": "input_json_delta", "partial_json": p })).collect();
        let mut start = call_block(said, at, call);
        start["input"] = json!({});
        block(start, deltas);
    }
    let delta = json!({ "stop_reason": said.finish("tool_use", "end_turn"), "stop_sequence": null });
    events.push(json!({ "type": "message_delta", "delta": delta, "usage": usage(said) }));
    events.push(json!({ "type": "message_stop" }));
    events.iter().map(|event| named_event(text(event, "type"), event)).collect()
}

fn error(refusal: &Refusal) -> Value {
    let kind = match refusal.status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    json!({ "type": "error", "error": { "type": kind, "message": refusal.message }, "request_id": "req_1" })
}
