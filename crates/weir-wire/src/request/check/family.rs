//! Requests that are no conversation.

use super::super::opaque::Opaque;
use super::super::parts::{refuse_remote, refuse_remote_value};
use super::super::{Api, BadRequest, IDENTIFIERS};
use super::refuse;
use crate::json::{Json, Object};

/// Checks what every API of these has in common, and what it cannot do without.
pub(super) fn check(api: Api, body: &Object, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    // The file of a form is under that name, and comes with it.
    if !api.takes_form() {
        refuse_stored(body)?;
    }
    let needed: &[&str] = match api {
        Api::Embeddings | Api::OllamaEmbed | Api::Moderations => &["input"],
        Api::Rerank => &["query", "documents"],
        Api::Speech => &["input", "voice"],
        Api::Images => &["prompt"],
        Api::Tokenize => match body.get("messages") {
            Some(_) => &["messages"],
            None => &["prompt"],
        },
        Api::Detokenize => &["tokens"],
        Api::Transcription | Api::Translation | Api::Files => &["file"],
        Api::Conversation(_) | Api::CountTokens | Api::CountInput => &[],
    };
    if let Some(missing) = needed.iter().find(|name| body.get(name).is_none()) {
        return Err(BadRequest::missing(missing));
    }
    // Images to be judged, ranked or embedded, and whatever else is no text.
    for (name, value) in body.iter() {
        if matches!(name, "input" | "messages" | "query" | "documents" | "image" | "images") {
            find(value, name, opaque)?;
        }
        if !is_words(name) {
            refuse_remote_value(name, value)?;
        }
    }
    Ok(())
}

/// Members whose strings are words, an address among them if the client likes. Of all others a server fetches what is at
/// such an address: a picture to go by, a voice to speak with.
fn is_words(name: &str) -> bool {
    matches!(
        name,
        "input"
            | "prompt"
            | "query"
            | "documents"
            | "messages"
            | "instruction"
            | "instructions"
            | "suffix"
            | "stop"
            | "metadata"
            | "tools"
            | "file"
    ) || IDENTIFIERS.contains(&name)
}

/// What is stored at a provider is not Weir's to read.
pub(super) fn refuse_stored(body: &Object) -> Result<(), BadRequest> {
    refuse(body, &["previous_response_id", "conversation", "file", "file_id", "batch_id"])
}

fn find(value: &Json, path: &str, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    match value {
        Json::Object(object) => {
            refuse_remote(object, true, path)?;
            let text_only = object.iter().all(|(name, value)| match name {
                "image" | "image_url" | "audio" | "video" | "file" => false,
                "type" => matches!(value.as_str(), Some("text" | "input_text")),
                "content" => !matches!(value, Json::Array(_)),
                _ => true,
            });
            if !text_only {
                opaque.push(Opaque::of_part("image", path.to_owned(), object));
            }
            Ok(())
        }
        Json::Array(items) => {
            // A text as the numbers of its tokens, however short.
            if items.iter().any(|item| matches!(item, Json::Number(_))) {
                opaque.push(Opaque::new("tokens", path.to_owned()));
            }
            let item = |(index, item)| find(item, &format!("{path}[{index}]"), opaque);
            items.iter().enumerate().try_for_each(item)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
    }
}
