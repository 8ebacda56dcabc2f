//! Embeddings: OpenAI's `POST /v1/embeddings`.
//!
//! A vector counts the words of its text, each at the place that its hash names, so that texts with words in common
//! are near each other.

use super::answer::Answer;
use super::ask::tokens;
use super::chat::admit;
use super::exchange::{Exchange, Plain};
use super::listen::Over;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Numbers of a vector.
const DIMENSIONS: usize = 64;

/// What is read of a request.
#[derive(Debug, Deserialize)]
struct Ask {
    model: String,
    input: Input,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    /// Texts, or texts that are written as tokens.
    Many(Vec<Value>),
}

impl Input {
    /// The texts; tokens are words of digits.
    fn texts(self) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match self {
            Self::One(text) => vec![text],
            Self::Many(tokens) if tokens.iter().all(Value::is_number) => {
                vec![Value::Array(tokens).to_string()]
            }
            Self::Many(values) => values.iter().map(text).collect(),
        }
    }
}

/// Answers a request for embeddings.
pub(super) async fn embed(exchange: Exchange, body: &[u8]) -> Result<Response<Answer>, Over> {
    let setup = exchange.setup.clone();
    let ask: Ask = match serde_json::from_slice(body) {
        Ok(ask) => ask,
        Err(error) => return Ok(exchange.plain(Plain::error(StatusCode::BAD_REQUEST, &error.to_string()))),
    };
    // A fault within an answer has no events to strike between.
    let exchange = match admit(exchange, &setup, String::new).await {
        Ok((exchange, _fault)) => exchange,
        Err(struck) => return struck,
    };
    if setup.script.lacks(&ask.model) {
        return Ok(exchange.plain(Plain::unknown_model(&ask.model)));
    }
    Ok(exchange.plain(Plain::json(StatusCode::OK, answer(&ask.model, &ask.input.texts()))))
}

fn answer(model: &str, texts: &[String]) -> Value {
    let item = |(index, text): (usize, &String)| json!({ "object": "embedding", "index": index, "embedding": vector(text) });
    let data: Vec<Value> = texts.iter().enumerate().map(item).collect();
    let used: u64 = texts.iter().map(|text| tokens(text)).sum();
    let usage = json!({ "prompt_tokens": used, "total_tokens": used });
    json!({ "object": "list", "data": data, "model": model, "usage": usage })
}

/// Of length 1, or all zero for a text without words.
fn vector(text: &str) -> Vec<f32> {
    let mut counts = [0_u16; DIMENSIONS];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut hasher = DefaultHasher::new();
        word.to_lowercase().hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % DIMENSIONS as u64).unwrap_or_default();
        if let Some(count) = counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
    }
    let counts = counts.map(f32::from);
    let length = counts.iter().map(|count| count * count).sum::<f32>().sqrt();
    counts.iter().map(|count| if length > 0.0 { count / length } else { 0.0 }).collect()
}
