//! Values that only a provider can make, and only the one that made them can read: proofs of unchanged
//! thoughts, and thoughts given out encrypted. Clients send them back in every later turn.

use super::Api;
use crate::dialect::ClientDialect;
use crate::json::{Json, Object, push_index, push_key};
use std::sync::Arc;

/// Why a value that nobody is known to have made cannot be inspected.
pub(super) const UNKNOWN: &str = "sealed value of unknown origin";

/// One such value.
pub(super) struct Sealed {
    pub(super) path: String,
    /// The backend that made it, once it is known.
    pub(super) maker: Option<Arc<str>>,
}

/// All of a request, in the order they stand in.
pub(super) fn all(api: Api, body: &Json) -> Vec<Sealed> {
    let mut found = Vec::new();
    visit(api, body, &mut |steps, text| {
        if !text.is_empty() {
            found.push(Sealed { path: written(steps), maker: None });
        }
    });
    found
}

/// Whether there is a place for a proof that has none: thoughts of a backend that signs nothing.
pub(super) fn has_empty(api: Api, body: &Json<'static>) -> bool {
    let mut found = false;
    visit(api, body, &mut |_, text| found |= text.is_empty());
    found
}

/// Their texts, in the same order.
pub(super) fn texts<'a>(api: Api, body: &'a Json<'static>) -> std::vec::IntoIter<&'a str> {
    let mut found = Vec::new();
    visit(api, body, &mut |_, text| {
        if !text.is_empty() {
            found.push(text);
        }
    });
    found.into_iter()
}

/// The members of a request that hold messages.
fn places(api: Api) -> &'static [&'static str] {
    match api.dialect() {
        Some(ClientDialect::Responses) => &["input"],
        Some(ClientDialect::ChatCompletions | ClientDialect::Messages) => &["messages"],
        Some(ClientDialect::Completions | ClientDialect::OllamaChat | ClientDialect::OllamaGenerate)
        | None => &[],
    }
}

/// Room for the way to most values.
const USUAL_DEPTH: usize = 8;

/// A step from a value to one within it.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// The steps from a body as a path without the body itself: `messages[0].content`.
fn written(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for (place, step) in steps.iter().enumerate() {
        match step {
            Step::Key(key) if place == 0 => path.push_str(key),
            Step::Key(key) => push_key(&mut path, key),
            Step::Index(index) => push_index(&mut path, *index),
        }
    }
    path
}

fn visit<'a>(api: Api, body: &'a Json<'_>, take: &mut impl FnMut(&[Step<'a>], &'a str)) {
    for place in places(api) {
        if let Some(value) = body.as_object().and_then(|body| body.get(place)) {
            let mut steps = Vec::with_capacity(USUAL_DEPTH);
            steps.push(Step::Key(place));
            below(value, &mut steps, take);
        }
    }
}

fn below<'a>(value: &'a Json<'_>, steps: &mut Vec<Step<'a>>, take: &mut impl FnMut(&[Step<'a>], &'a str)) {
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                steps.push(Step::Index(index));
                below(item, steps, take);
                steps.pop();
            }
        }
        Json::Object(object) => {
            for (name, member) in object.iter() {
                steps.push(Step::Key(name));
                match member {
                    Json::String(text) if is_sealed(object, name) => take(steps, text),
                    Json::Array(_) | Json::Object(_) if !is_written_by_the_model(name) => {
                        below(member, steps, take);
                    }
                    Json::Array(_) | Json::Object(_) | Json::String(_) => {}
                    Json::Null | Json::Bool(_) | Json::Number(_) => {}
                }
                steps.pop();
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Arguments of tools are any JSON, and no value in them is a provider's.
fn is_written_by_the_model(name: &str) -> bool {
    matches!(name, "input" | "arguments" | "parameters")
}

/// Whether this member of a part is a value of the provider's own.
///
/// Sources: Anthropic `thinking` and `redacted_thinking` blocks, OpenAI `reasoning` items, Gemini's
/// `extra_content.google.thought_signature`, OpenRouter's `reasoning_details`.
pub(crate) fn is_sealed(part: &Object, name: &str) -> bool {
    let kind = || part.get("type").and_then(Json::as_str).unwrap_or_default();
    match name {
        "thought_signature" | "encrypted_content" => true,
        "signature" => matches!(kind(), "thinking" | "reasoning.text" | "reasoning.summary"),
        "data" => matches!(kind(), "redacted_thinking" | "reasoning.encrypted"),
        _ => false,
    }
}

/// The value without the parts that hold one of the texts of `foreign`; of a tool's call only the proof goes.
pub(super) fn without(value: &Json<'static>, foreign: &[&str]) -> Option<Json<'static>> {
    let is_foreign = |object: &Object, name: &str, member: &Json| {
        is_sealed(object, name) && member.as_str().is_some_and(|text| foreign.contains(&text))
    };
    match value {
        Json::Array(items) => Some(Json::Array(items.iter().filter_map(|i| without(i, foreign)).collect())),
        Json::Object(object) => {
            let is_part = object.get("type").is_some();
            let mut left = Object::default();
            for (name, member) in object.iter() {
                let emptied = |rest: &Json| rest.as_array().is_some_and(<[Json]>::is_empty);
                if is_foreign(object, name, member) {
                    if is_part {
                        return None;
                    }
                    continue;
                }
                let rest = without(member, foreign)?;
                // A message of which nothing is left would be refused.
                if name == "content" && emptied(&rest) && !emptied(member) {
                    return None;
                }
                left.set(name, rest);
            }
            Some(Json::Object(left))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Some(value.clone()),
    }
}
