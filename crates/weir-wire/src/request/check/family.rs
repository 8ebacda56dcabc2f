//! Requests that are no conversation.

use super::super::opaque::Opaque;
use super::super::parts::refuse_remote;
use super::super::{Api, BadRequest};
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
    // Images to be judged or embedded, and whatever else is no text.
    for name in ["input", "messages", "documents", "image", "images"] {
        if let Some(value) = body.get(name) {
            find(value, name, opaque)?;
        }
    }
    Ok(())
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
        Json::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| find(item, &format!("{path}[{index}]"), opaque)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Ok(()),
    }
}
