//! The parts of messages: which can be read, and which would make a server reach out.

use super::BadRequest;
use super::opaque::Opaque;
use crate::json::{Json, Object, push_index, push_key};

/// Checks the parts of one message and finds what of them cannot be inspected.
pub(super) fn check_parts(parts: &[Json], path: &str, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    for (index, part) in parts.iter().enumerate() {
        let mut path = path.to_owned();
        push_index(&mut path, index);
        let Json::Object(part) = part else {
            return Err(BadRequest::shape(&path, "a content part (an object with a `type`)", part));
        };
        let Some(Json::String(kind)) = part.get("type") else {
            let param = format!("{path}.type");
            return Err(BadRequest::field("invalid_type", param, "a content part needs a `type` string"));
        };
        let unreadable = opaque_part(kind).filter(|_| !is_readable_document(part));
        refuse_remote(part, unreadable.is_some(), &path)?;
        if let Some(reason) = unreadable {
            opaque.push(Opaque::of_part(reason, path, part));
        } else {
            check_within(part, &path, opaque)?;
        }
    }
    Ok(())
}

/// Why a part of this type cannot be read as text; a type that Weir does not know counts as such.
fn opaque_part(kind: &str) -> Option<&'static str> {
    match kind {
        "text" | "refusal" | "thinking" | "reasoning" | "input_text" | "output_text" | "summary_text"
        | "reasoning_text" | "redacted_thinking" | "tool_use" | "tool_result" | "search_result" => None,
        "image_url" | "input_image" | "image" => Some("image"),
        "input_audio" | "audio_url" | "audio" => Some("audio"),
        "video_url" | "video" => Some("video"),
        "file" | "input_file" | "document" => Some("file"),
        _ => Some("unknown content part"),
    }
}

/// Parts within a part: what a tool gave back, the text of a document or of a search result.
fn check_within(part: &Object, path: &str, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    if let Some(Json::Array(parts)) = part.get("content") {
        check_parts(parts, &format!("{path}.content"), opaque)?;
    }
    match part.get("source").and_then(Json::as_object).and_then(|source| source.get("content")) {
        Some(Json::Array(parts)) => check_parts(parts, &format!("{path}.source.content"), opaque),
        _ => Ok(()),
    }
}

/// A document whose source is text, or parts that are looked at one by one.
fn is_readable_document(part: &Object) -> bool {
    let kind = part.get("source").and_then(Json::as_object).and_then(|source| source.get("type"));
    matches!(kind.and_then(Json::as_str), Some("text" | "content"))
        && part.get("type").and_then(Json::as_str) == Some("document")
}

/// A server that follows a URL sends it, and whatever is in it, out of the network; a stored file of
/// another API is not Weir's to read.
pub(super) fn refuse_remote(part: &Object, is_unreadable: bool, path: &str) -> Result<(), BadRequest> {
    let mut search = RemoteSearch { is_unreadable, found: None };
    search.object(part, path);
    search.refuse()
}

/// The same for a member of a body that holds no words.
pub(super) fn refuse_remote_value(name: &str, value: &Json) -> Result<(), BadRequest> {
    let mut search = RemoteSearch { is_unreadable: true, found: None };
    search.value(name, value, name.to_owned());
    search.refuse()
}

/// Looks through a content part for what a server would fetch.
struct RemoteSearch {
    /// Servers differ in the name under which such a part has its URL, so that any URL counts there.
    is_unreadable: bool,
    found: Option<String>,
}

impl RemoteSearch {
    fn refuse(self) -> Result<(), BadRequest> {
        match self.found {
            None => Ok(()),
            Some(param) => Err(BadRequest::field(
                "unsupported_parameter",
                param,
                "remote URLs and stored file ids are not passed on to backends; send the content itself as a `data:` URL",
            )),
        }
    }

    fn object(&mut self, object: &Object, path: &str) {
        for (name, value) in object.iter() {
            let mut at = path.to_owned();
            push_key(&mut at, name);
            self.value(name, value, at);
        }
    }

    /// Items of an array count as named by the array's key.
    fn value(&mut self, name: &str, value: &Json, at: String) {
        match value {
            Json::Object(object) => self.object(object, &at),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let mut at = at.clone();
                    push_index(&mut at, index);
                    self.value(name, item, at);
                }
            }
            Json::String(text) if self.is_remote(name, text) => self.found = Some(at),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn is_remote(&self, name: &str, text: &str) -> bool {
        let names_a_place = matches!(name, "url" | "file_url") || name.ends_with("_url");
        let inline = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        name == "file_id" || (names_a_place && !inline) || (self.is_unreadable && has_authority(text))
    }
}

/// Whether a text begins as a URL with a host or a path does: `https://`, `file://`, `s3://`.
fn has_authority(text: &str) -> bool {
    let scheme = text.trim_start().split_once("://").map(|(scheme, _)| scheme);
    scheme
        .is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)))
}
