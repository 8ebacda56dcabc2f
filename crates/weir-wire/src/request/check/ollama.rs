use super::super::BadRequest;
use super::super::opaque::Opaque;
use crate::json::{Json, Object, push_index};

/// `POST /api/chat` and `POST /api/generate`.
pub(super) fn check(body: &Object, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    images(body, "", opaque);
    let messages = body.get("messages").and_then(Json::as_array).unwrap_or_default();
    for (index, message) in messages.iter().enumerate() {
        let mut path = "messages".to_owned();
        push_index(&mut path, index);
        if let Json::Object(message) = message {
            images(message, &format!("{path}."), opaque);
        }
    }
    // Tokens of the conversation before, as `/api/generate` gave them out.
    match body.get("context") {
        None | Some(Json::Null) => Ok(()),
        Some(_) => Err(BadRequest::unsupported(
            "context",
            "holds a conversation as tokens, which nobody can inspect; send it as messages to `/api/chat`",
        )),
    }
}

fn images(object: &Object, prefix: &str, opaque: &mut Vec<Opaque>) {
    let images = object.get("images").and_then(Json::as_array).unwrap_or_default();
    for index in 0..images.len() {
        let mut path = format!("{prefix}images");
        push_index(&mut path, index);
        opaque.push(Opaque::new("image", path));
    }
}
