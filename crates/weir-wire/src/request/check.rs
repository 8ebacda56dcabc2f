//! Whether a body has the shape of its API, and what in it cannot be inspected.

mod chat;
mod family;
mod limit;
mod messages;
mod ollama;
mod responses;

use super::opaque::Opaque;
use super::{Api, BadRequest, IDENTIFIERS, tokens};
use crate::dialect::ClientDialect;
use crate::json::{Json, Object};

/// Whether a stream is wanted.
pub(super) fn stream(api: Api, body: &Object) -> Result<bool, BadRequest> {
    if !api.may_stream() {
        return Ok(false);
    }
    match api.dialect() {
        // Ollama streams unless it is told not to.
        Some(ClientDialect::OllamaChat | ClientDialect::OllamaGenerate) if body.get("stream").is_none() => {
            Ok(true)
        }
        // The fields of a form are texts.
        None if api.takes_form() => Ok(body.get("stream").and_then(Json::as_str) == Some("true")),
        _ => boolean(body, "stream"),
    }
}

/// Whether the client wants to see the usage at the end of its stream.
pub(super) fn include_usage(body: &Object) -> Result<bool, BadRequest> {
    match body.get("stream_options") {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Object(options)) => Ok(options.get("include_usage").and_then(Json::as_bool) == Some(true)),
        Some(other) => Err(BadRequest::shape("stream_options", "an object", other)),
    }
}

/// Takes out what the client can do without and no backend is to do; the names of what there was.
pub(super) fn leave_out(api: Api, body: &mut Object) -> Option<&'static str> {
    let is_left_out = api.dialect() == Some(ClientDialect::Responses) && responses::leave_out_search(body);
    // Some servers order their queues by it, and urgency is not the caller's to take.
    let is_urged = body.remove("priority").is_some_and(|value| !matches!(value, Json::Null));
    match (is_left_out, is_urged) {
        (true, _) => Some("tools.web_search"),
        (false, true) => Some("priority"),
        (false, false) => None,
    }
}

/// Checks the shape and finds what cannot be inspected.
pub(super) fn body(api: Api, body: &Object) -> Result<Vec<Opaque>, BadRequest> {
    let mut opaque = Vec::new();
    match api {
        Api::Conversation(ClientDialect::ChatCompletions) => chat::check(body, &mut opaque)?,
        Api::Conversation(ClientDialect::Completions) => family::refuse_stored(body)?,
        Api::Conversation(ClientDialect::Responses) | Api::CountInput => {
            responses::check(body, &mut opaque)?;
        }
        Api::Conversation(ClientDialect::Messages) | Api::CountTokens => {
            messages::check(body, &mut opaque)?;
        }
        Api::Conversation(ClientDialect::OllamaChat | ClientDialect::OllamaGenerate) => {
            ollama::check(body, &mut opaque)?;
        }
        Api::Embeddings
        | Api::OllamaEmbed
        | Api::Moderations
        | Api::Rerank
        | Api::Tokenize
        | Api::Detokenize
        | Api::Speech
        | Api::Images
        | Api::Transcription
        | Api::Translation
        | Api::Files => {
            family::check(api, body, &mut opaque)?;
        }
    }
    check_identifiers(body)?;
    refuse(body, &MEETING_POINTS)?;
    limit::check(api, body)?;
    opaque.extend(tokens::found(body).into_iter().map(|path| Opaque::new("tokens", path)));
    Ok(opaque)
}

/// Fields that name another server which the backend is to hand what it made of the prompt, or to take that from. Those that
/// split the work among servers of their own set them themselves.
///
/// Source: disaggregated prefill of vLLM and of SGLang.
const MEETING_POINTS: [&str; 2] = ["kv_transfer_params", "bootstrap_host"];

/// Only a string has a pseudonym; anything else would leave as it is.
fn check_identifiers(body: &Object) -> Result<(), BadRequest> {
    for name in IDENTIFIERS {
        match body.get(name) {
            None | Some(Json::Null | Json::String(_)) => {}
            Some(other) => return Err(BadRequest::shape(name, "a string", other)),
        }
    }
    match body.get("metadata").and_then(Json::as_object).and_then(|metadata| metadata.get("user_id")) {
        None | Some(Json::Null | Json::String(_)) => Ok(()),
        Some(other) => Err(BadRequest::shape("metadata.user_id", "a string", other)),
    }
}

fn boolean(body: &Object, name: &str) -> Result<bool, BadRequest> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(other) => Err(BadRequest::shape(name, "a boolean", other)),
    }
}

/// Fields by which a backend fetches or remembers what Weir cannot see.
fn refuse(body: &Object, names: &[&str]) -> Result<(), BadRequest> {
    let present = |name: &&&str| body.get(name).is_some_and(|value| *value != Json::Null);
    match names.iter().find(present) {
        None => Ok(()),
        Some(name) => Err(BadRequest::unsupported(
            name,
            "makes a backend fetch or remember data that Weir cannot see; leave it out",
        )),
    }
}
