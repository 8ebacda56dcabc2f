//! Source: Gemini API reference v1beta, the guides on function calling and thought signatures.

use super::{
    Asked, Checked, EVENT_STREAM, KEY, Refusal, Said, Side, ensure, event, only, proof, refuse, some, text,
    within,
};
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) const SIDE: Side = Side {
    check,
    whole,
    stream,
    stream_type: EVENT_STREAM,
    error,
    error_item: |message| {
        event(&json!({ "error": { "code": 503, "message": message, "status": "UNAVAILABLE" } }))
    },
};

fn check(asked: &Asked<'_>) -> Checked<(String, bool)> {
    if asked.header("x-goog-api-key") != KEY && asked.header("authorization") != format!("Bearer {KEY}") {
        return refuse(403, "Method doesn't allow unregistered callers");
    }
    let (model, method) =
        match asked.path().strip_prefix("/v1beta/models/").and_then(|rest| rest.split_once(':')) {
            Some(found) => found,
            None => return refuse(404, "not found"),
        };
    let is_stream = match method {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return refuse(404, "not found"),
    };
    // Without it the answer would be one JSON array.
    ensure(!is_stream || asked.query() == "alt=sse", "alt: only `sse` is supported here")?;
    check_body(&asked.body, model)?;
    Ok((model.to_owned(), is_stream))
}

fn check_body(body: &Value, model: &str) -> Checked {
    only(
        body,
        &[
            "contents",
            "systemInstruction",
            "tools",
            "toolConfig",
            "generationConfig",
            "safetySettings",
            "cachedContent",
            "labels",
        ],
    )?;
    if let Some(system) = body.get("systemInstruction") {
        some(system, "parts")?
            .iter()
            .try_for_each(|part| ensure(part["text"].is_string(), "system_instruction: only text"))?;
    }
    check_contents(some(body, "contents")?, model)?;
    for tool in body.get("tools").and_then(Value::as_array).into_iter().flatten() {
        for declaration in some(tool, "functionDeclarations")? {
            check_declaration(declaration)?;
        }
    }
    check_config(&body["generationConfig"])
}

fn check_contents(contents: &[Value], model: &str) -> Checked {
    let mut open: Vec<String> = Vec::new();
    let mut before = "";
    for content in contents {
        let role = text(content, "role");
        ensure(matches!(role, "user" | "model"), "contents.role: please use a valid role: user, model")?;
        let parts = some(content, "parts")?;
        parts.iter().try_for_each(check_part)?;
        let names = |kind: &str| -> Vec<String> {
            parts.iter().filter_map(|part| part.get(kind)).map(|call| text(call, "name").to_owned()).collect()
        };
        let (calls, results) = (names("functionCall"), names("functionResponse"));
        ensure(
            results == open,
            "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn",
        )?;
        if !calls.is_empty() {
            ensure(
                role == "model" && before == "user",
                "Please ensure that function call turn comes immediately after a user turn or after a function response turn",
            )?;
            check_signature(parts, model)?;
        }
        ensure(results.is_empty() || role == "user", "function responses are the user's")?;
        (open, before) = (calls, role);
    }
    ensure(
        open.is_empty(),
        "Please ensure that function response turn comes immediately after a function call turn",
    )
}

/// Models from the third generation on want the first call of a turn signed.
fn check_signature(parts: &[Value], model: &str) -> Checked {
    let first = parts.iter().find(|part| part.get("functionCall").is_some());
    let signature = first.map_or("", |part| text(part, "thoughtSignature"));
    let name = first.map_or("", |part| text(&part["functionCall"], "name"));
    let is_wanted = !model.contains("gemini-2");
    let is_good = signature == proof(name) || signature == "skip_thought_signature_validator";
    ensure(!is_wanted || is_good, format!("Function call `{name}` is missing a thought_signature"))?;
    ensure(signature.is_empty() || is_good, "Corrupted thought signature.")
}

fn check_part(part: &Value) -> Checked {
    only(
        part,
        &[
            "text",
            "thought",
            "thoughtSignature",
            "inlineData",
            "fileData",
            "functionCall",
            "functionResponse",
        ],
    )?;
    let data = ["text", "inlineData", "fileData", "functionCall", "functionResponse"];
    ensure(
        data.iter().filter(|name| part.get(**name).is_some()).count() == 1,
        "contents.parts: must have one initialized field",
    )?;
    if let Some(call) = part.get("functionCall") {
        ensure(call["args"].is_object(), "function_call.args: must be an object")?;
    }
    if let Some(response) = part.get("functionResponse") {
        ensure(response["response"].is_object(), "function_response.response: must be an object")?;
        ensure(!text(response, "name").is_empty(), "function_response.name: Name cannot be empty.")?;
    }
    Ok(())
}

fn check_declaration(declaration: &Value) -> Checked {
    only(
        declaration,
        &[
            "name",
            "description",
            "parameters",
            "parametersJsonSchema",
            "response",
            "responseJsonSchema",
            "behavior",
        ],
    )?;
    let name = text(declaration, "name");
    let is_good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.len() <= 64;
    ensure(is_good, "function_declarations.name: Invalid function name")?;
    match declaration.get("parameters") {
        Some(schema) => {
            ensure(
                schema["properties"].as_object().is_some_and(|all| !all.is_empty()),
                "parameters.properties: should be non-empty for OBJECT type",
            )?;
            check_schema(schema)
        }
        None => Ok(()),
    }
}

/// What a `Schema` may say.
const SCHEMA: [&str; 21] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "enum",
    "items",
    "minItems",
    "maxItems",
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "anyOf",
    "propertyOrdering",
    "minimum",
    "maximum",
];

fn check_schema(schema: &Value) -> Checked {
    only(schema, &SCHEMA)?;
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let is_alone = schema.as_object().is_some_and(|members| members.len() == 1);
        ensure(is_alone, "when using any_of, it must be the only field set")?;
        return any.iter().try_for_each(check_schema);
    }
    let kind = text(schema, "type");
    let kinds = ["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"];
    ensure(kinds.contains(&kind), format!("schema.type: invalid value `{kind}`"))?;
    ensure(schema.get("enum").is_none() || kind == "STRING", "enum: only allowed for STRING type")?;
    let format = text(schema, "format");
    let formats: &[&str] = match kind {
        "STRING" => &["", "enum", "date-time"],
        "NUMBER" => &["", "float", "double"],
        "INTEGER" => &["", "int32", "int64"],
        _ => &[""],
    };
    ensure(formats.contains(&format), format!("only 'enum' and 'date-time' are supported for {kind} type"))?;
    ensure(kind != "ARRAY" || schema.get("items").is_some(), "items: missing field")?;
    schema.get("items").map_or(Ok(()), check_schema)?;
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_there =
        |name: &Value| properties.is_some_and(|all| name.as_str().is_some_and(|name| all.contains_key(name)));
    let required = schema.get("required").and_then(Value::as_array);
    ensure(required.into_iter().flatten().all(is_there), "required: property is not defined")?;
    properties.into_iter().flat_map(|all| all.values()).try_for_each(check_schema)
}

fn check_config(config: &Value) -> Checked {
    within(config, "temperature", 0.0, 2.0)?;
    within(config, "topP", 0.0, 1.0)?;
    let stops = config.get("stopSequences").and_then(Value::as_array).map_or(0, Vec::len);
    ensure(stops <= 5, "stop_sequences: at most 5")?;
    let thinking = &config["thinkingConfig"];
    ensure(
        thinking.get("thinkingBudget").is_none() || thinking.get("thinkingLevel").is_none(),
        "thinking_budget and thinking_level cannot both be set",
    )?;
    let seed =
        config.get("seed").is_none_or(|seed| seed.as_i64().is_some_and(|seed| i32::try_from(seed).is_ok()));
    ensure(seed, "seed: Value is not a 32-bit integer")?;
    if let Some(schema) = config.get("responseSchema") {
        ensure(
            config["responseMimeType"] == "application/json",
            "response_schema needs response_mime_type application/json",
        )?;
        check_schema(schema)?;
    }
    Ok(())
}

fn calls(said: &Said) -> impl Iterator<Item = Value> {
    said.calls.iter().enumerate().map(|(at, call)| {
        let mut part = json!({ "functionCall": { "name": call.name, "args": Said::arguments(call) } });
        if at == 0 {
            part["thoughtSignature"] = proof(&call.name).into();
        }
        part
    })
}

fn chunk(said: &Said, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({ "content": { "role": "model", "parts": parts }, "index": 0 });
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    let thoughts = if said.thinking.is_some() { 3 } else { 0 };
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": said.prompt_tokens, "candidatesTokenCount": said.completion_tokens,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": said.prompt_tokens + said.completion_tokens + thoughts,
        },
        "modelVersion": said.model, "responseId": format!("resp-{:04}", said.number),
    })
}

fn whole(said: &Said) -> Value {
    let mut parts = Vec::new();
    parts.extend(said.thinking.as_ref().map(|text| json!({ "text": text, "thought": true })));
    parts.extend(said.text.as_ref().map(|text| json!({ "text": text })));
    parts.extend(calls(said));
    chunk(said, &parts, Some(said.finish("STOP", "STOP")))
}

fn stream(said: &Said) -> Vec<Bytes> {
    let mut parts = Vec::new();
    if let Some(thinking) = &said.thinking {
        parts.extend(said.pieces(thinking).into_iter().map(|p| json!({ "text": p, "thought": true })));
    }
    if let Some(text) = &said.text {
        parts.extend(said.pieces(text).into_iter().map(|p| json!({ "text": p })));
    }
    parts.extend(calls(said));
    let mut events: Vec<Bytes> =
        parts.iter().map(|part| event(&chunk(said, std::slice::from_ref(part), None))).collect();
    events.push(event(&chunk(said, &[json!({ "text": "" })], Some(said.finish("STOP", "STOP")))));
    events
}

fn error(refusal: &Refusal) -> Value {
    let status = match refusal.status {
        400 => "INVALID_ARGUMENT",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    json!({ "error": { "code": refusal.status, "message": refusal.message, "status": status } })
}
