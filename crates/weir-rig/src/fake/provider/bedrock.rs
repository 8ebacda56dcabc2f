//! Source: the service model of `bedrock-runtime` 2023-09-30, and its user guide.

use super::schema::check_closed;
use super::{
    Asked, Checked, Refusal, Said, Side, aws, ensure, only, proof, refuse, required, some, text, within,
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) const SIDE: Side = Side {
    check,
    whole,
    stream,
    stream_type: "application/vnd.amazon.eventstream",
    error,
    error_item: |message| {
        aws::message("exception", "throttlingException", &json!({ "message": message }).to_string())
    },
};

fn check(asked: &Asked<'_>) -> Checked<(String, bool)> {
    aws::check_signature(asked)?;
    let Some((model, method)) = asked.path().strip_prefix("/model/").and_then(|rest| rest.split_once('/'))
    else {
        return refuse(404, "not found");
    };
    let is_stream = match method {
        "converse" => false,
        "converse-stream" => true,
        _ => return refuse(404, "not found"),
    };
    let body = &asked.body;
    only(
        body,
        &[
            "messages",
            "system",
            "inferenceConfig",
            "toolConfig",
            "additionalModelRequestFields",
            "requestMetadata",
            "performanceConfig",
            "serviceTier",
            "outputConfig",
            "guardrailConfig",
            "promptVariables",
            "additionalModelResponseFieldPaths",
        ],
    )?;
    let used = check_messages(some(body, "messages")?)?;
    check_tools(body, used)?;
    check_config(body)?;
    check_format(&body["outputConfig"]["textFormat"])?;
    Ok((model.replace("%3A", ":"), is_stream))
}

/// Says whether calls or results are there.
fn check_messages(messages: &[Value]) -> Checked<bool> {
    let mut open: BTreeSet<String> = BTreeSet::new();
    let (mut before, mut used) = ("assistant", false);
    for message in messages {
        let role = text(message, "role");
        ensure(
            matches!(role, "user" | "assistant"),
            "messages.role: must satisfy enum value set: [user, assistant]",
        )?;
        ensure(
            role != before,
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
        )?;
        before = role;
        let (mut calls, mut results) = (BTreeSet::new(), BTreeSet::new());
        for block in some(message, "content")? {
            check_block(block)?;
            if let Some(call) = block.get("toolUse") {
                ensure(role == "assistant", "toolUse blocks are only allowed in assistant messages")?;
                calls.insert(checked_id(call)?);
            }
            if let Some(result) = block.get("toolResult") {
                required(result, "content")?;
                results.insert(checked_id(result)?);
            }
        }
        ensure(results == open, "Expected toolResult blocks for the toolUse blocks of the previous turn")?;
        used |= !calls.is_empty() || !results.is_empty();
        open = calls;
    }
    ensure(before == "user", "The model does not support assistant message prefill.")?;
    Ok(used)
}

fn checked_id(block: &Value) -> Checked<String> {
    let id = text(block, "toolUseId");
    let is_good = (1..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    ensure(is_good, "toolUseId failed to satisfy constraint: [a-zA-Z0-9_-]+")?;
    Ok(id.to_owned())
}

fn check_block(block: &Value) -> Checked {
    let kinds = [
        "text",
        "image",
        "document",
        "video",
        "audio",
        "toolUse",
        "toolResult",
        "cachePoint",
        "reasoningContent",
        "citationsContent",
        "guardContent",
        "searchResult",
    ];
    only(block, &kinds)?;
    ensure(
        block.as_object().is_some_and(|members| members.len() == 1),
        "ContentBlock must set exactly one member",
    )?;
    if let Some(said) = block.get("text") {
        ensure(
            said.as_str().is_some_and(|text| !text.trim().is_empty()),
            "The text field in the ContentBlock object is blank. Add text to the text field, and try again.",
        )?;
    }
    if let Some(image) = block.get("image") {
        ensure(
            ["png", "jpeg", "gif", "webp"].contains(&text(image, "format")),
            "image.format: must satisfy enum value set",
        )?;
    }
    if let Some(document) = block.get("document") {
        let name = text(document, "name");
        let is_good = !name.is_empty()
            && !name.contains("  ")
            && name.chars().all(|c| c.is_ascii_alphanumeric() || " -()[]".contains(c));
        ensure(
            is_good,
            "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets.",
        )?;
    }
    if let Some(reasoning) = block.get("reasoningContent").and_then(|content| content.get("reasoningText")) {
        ensure(
            text(reasoning, "signature") == proof(text(reasoning, "text")),
            "Invalid `signature` in `thinking` block",
        )?;
    }
    if let Some(call) = block.get("toolUse") {
        ensure(call["input"].is_object(), "toolUse.input: must be a JSON object")?;
    }
    Ok(())
}

fn check_tools(body: &Value, used: bool) -> Checked {
    let Some(config) = body.get("toolConfig") else {
        return ensure(
            !used,
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        );
    };
    only(config, &["tools", "toolChoice"])?;
    for tool in some(config, "tools")? {
        let Some(spec) = tool.get("toolSpec") else { continue };
        ensure(
            spec["inputSchema"]["json"]["type"] == "object",
            "toolConfig.tools.toolSpec.inputSchema.json.type must be one of the following: object.",
        )?;
        let name = text(spec, "name");
        let is_good = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        ensure(is_good, "toolSpec.name failed to satisfy constraint: [a-zA-Z0-9_-]+")?;
    }
    let choice = config.get("toolChoice").and_then(Value::as_object);
    ensure(
        choice.is_none_or(|choice| {
            choice.len() == 1 && choice.keys().all(|name| ["auto", "any", "tool"].contains(&name.as_str()))
        }),
        "ToolChoice must set exactly one member",
    )
}

fn check_config(body: &Value) -> Checked {
    let config = &body["inferenceConfig"];
    if !config.is_null() {
        only(config, &["maxTokens", "temperature", "topP", "stopSequences"])?;
    }
    within(config, "temperature", 0.0, 1.0)?;
    within(config, "topP", 0.0, 1.0)?;
    for block in body.get("system").and_then(Value::as_array).into_iter().flatten() {
        ensure(block.get("text").is_none_or(|text| text != ""), "system.text: length must be at least 1")?;
    }
    let thinking = &body["additionalModelRequestFields"]["thinking"];
    if let Some(budget) = thinking["budget_tokens"].as_u64() {
        ensure(budget >= 1024, "thinking.budget_tokens: must be at least 1024")?;
        let room = config["maxTokens"].as_u64().unwrap_or(u64::MAX);
        ensure(budget < room, "`max_tokens` must be greater than `thinking.budget_tokens`")?;
        ensure(
            config.get("temperature").is_none(),
            "`temperature` may only be set to 1 when thinking is enabled",
        )?;
    }
    Ok(())
}

fn check_format(format: &Value) -> Checked {
    let Some(schema) = format["structure"]["jsonSchema"].get("schema") else { return Ok(()) };
    match serde_json::from_str(schema.as_str().unwrap_or_default()) {
        Ok(schema) => check_closed(&schema),
        Err(_) => refuse(400, "outputConfig.textFormat.structure.jsonSchema.schema: must be JSON"),
    }
}

fn call_id(said: &Said, at: usize) -> String {
    format!("tooluse_{:04}_{at}", said.number)
}

fn usage(said: &Said) -> Value {
    json!({
        "inputTokens": said.prompt_tokens, "outputTokens": said.completion_tokens,
        "totalTokens": said.prompt_tokens + said.completion_tokens,
    })
}

fn whole(said: &Said) -> Value {
    let mut content = Vec::new();
    content.extend(said.thinking.as_ref().map(|thinking| {
        json!({ "reasoningContent": { "reasoningText": { "text": thinking, "signature": proof(thinking) } } })
    }));
    content.extend(said.text.as_ref().map(|text| json!({ "text": text })));
    content.extend(said.calls.iter().enumerate().map(|(at, call)| {
        json!({ "toolUse": { "toolUseId": call_id(said, at), "name": call.name, "input": Said::arguments(call) } })
    }));
    json!({
        "metrics": { "latencyMs": 1 }, "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": said.finish("tool_use", "end_turn"), "usage": usage(said),
    })
}

fn stream(said: &Said) -> Vec<Bytes> {
    let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
    let mut index = 0;
    let mut block = |start: Option<Value>, deltas: Vec<Value>| {
        events.extend(
            start.map(|start| ("contentBlockStart", json!({ "contentBlockIndex": index, "start": start }))),
        );
        events.extend(
            deltas
                .into_iter()
                .map(|delta| ("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }))),
        );
        events.push(("contentBlockStop", json!({ "contentBlockIndex": index })));
        index += 1;
    };
    if let Some(thinking) = &said.thinking {
        let pieces = said.pieces(thinking).into_iter();
        let mut deltas: Vec<_> = pieces.map(|p| json!({ "reasoningContent": { "text": p } })).collect();
        deltas.push(json!({ "reasoningContent": { "signature": proof(thinking) } }));
        block(None, deltas);
    }
    if let Some(text) = &said.text {
        block(None, said.pieces(text).into_iter().map(|p| json!({ "text": p })).collect());
    }
    for (at, call) in said.calls.iter().enumerate() {
        let start = json!({ "toolUse": { "toolUseId": call_id(said, at), "name": call.name } });
        let deltas = said.pieces(&call.arguments).into_iter().map(|p| json!({ "toolUse": { "input": p } }));
        block(Some(start), deltas.collect());
    }
    events.push(("messageStop", json!({ "stopReason": said.finish("tool_use", "end_turn") })));
    events.push(("metadata", json!({ "metrics": { "latencyMs": 1 }, "usage": usage(said) })));
    events.iter().map(|(name, data)| aws::message("event", name, &data.to_string())).collect()
}

fn error(refusal: &Refusal) -> Value {
    json!({ "message": refusal.message })
}
