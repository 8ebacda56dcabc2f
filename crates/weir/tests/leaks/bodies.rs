//! Bodies with a place for a text.

use serde_json::{Map, Value, json};

/// Stands for the text.
pub const HERE: &str = "@@";

/// A request for `auto`, which prefers the cloud, with these members over the usual ones.
pub fn request(members: Value) -> Value {
    let mut body = json!({ "model": "auto", "messages": [{ "role": "user", "content": "Say hello." }] });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A request with these messages.
pub fn messages(messages: Value) -> Value {
    request(json!({ "messages": messages }))
}

/// A request with one user message of these parts.
pub fn parts(parts: Value) -> Value {
    messages(json!([{ "role": "user", "content": parts }]))
}

/// The body with `text` in place of [`HERE`], in strings and in keys.
pub fn with(body: &Value, text: &str) -> Value {
    match body {
        Value::String(string) => Value::from(string.replace(HERE, text)),
        Value::Array(items) => items.iter().map(|item| with(item, text)).collect(),
        Value::Object(members) => {
            let put = |(key, value): (&String, &Value)| (key.replace(HERE, text), with(value, text));
            Value::Object(members.iter().map(put).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
    }
}

/// As the arguments of a tool call: JSON in a string.
pub fn as_arguments(text: &str) -> String {
    json!({ "query": text }).to_string()
}

/// As arguments in which every character is an escape.
pub fn as_escaped_arguments(text: &str) -> String {
    let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
    format!("{{\"query\":\"{escaped}\"}}")
}
