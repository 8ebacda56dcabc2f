//! The most tokens that a client wants back: by this number requests are admitted and paid for.

use super::super::{Api, BadRequest};
use crate::dialect::ClientDialect;
use crate::json::{Json, Object};

/// Names of the limit, in all APIs of conversations but Ollama's.
const NAMES: [&str; 3] = ["max_completion_tokens", "max_output_tokens", "max_tokens"];
/// Ollama's words for no limit, and for as many as there is room for.
const OLLAMA_UNLIMITED: [&str; 2] = ["-1", "-2"];

/// Refuses a limit that is no whole number, or one below which there is no answer.
pub(super) fn check(api: Api, body: &Object) -> Result<(), BadRequest> {
    let Some(dialect) = api.dialect() else { return Ok(()) };
    match dialect {
        ClientDialect::OllamaChat | ClientDialect::OllamaGenerate => {
            let options = body.get("options").and_then(Json::as_object);
            match options.and_then(|options| options.get("num_predict")) {
                Some(Json::Number(text)) if OLLAMA_UNLIMITED.contains(&&**text) => Ok(()),
                value => at_least(0, value, "options.num_predict"),
            }
        }
        // A completion of no token has the probabilities of those of the prompt.
        ClientDialect::Completions => NAMES.iter().try_for_each(|name| at_least(0, body.get(name), name)),
        ClientDialect::ChatCompletions | ClientDialect::Responses | ClientDialect::Messages => {
            NAMES.iter().try_for_each(|name| at_least(1, body.get(name), name))
        }
    }
}

fn at_least(least: u64, value: Option<&Json>, name: &str) -> Result<(), BadRequest> {
    let Some(value) = value.filter(|value| **value != Json::Null) else { return Ok(()) };
    if value.as_u64().is_some_and(|limit| limit >= least) {
        return Ok(());
    }
    let expected = format!("a whole number from {least} up");
    let Json::Number(text) = value else { return Err(BadRequest::shape(name, &expected, value)) };
    Err(BadRequest::field("invalid_value", name, format!("`{name}` must be {expected}, not {text}")))
}
