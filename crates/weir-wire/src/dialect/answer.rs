//! Objects of an answer, read leniently: what a backend leaves out or writes otherwise is absent.

use crate::chat::BadReply;
use crate::error::Envelope;
use crate::json::{Json, Limits, Object, parse};
use std::borrow::Cow;

/// The object that an answer, or an event of one, is.
///
/// # Errors
/// [`BadReply`] when it is an error object or no object.
pub(crate) fn read_object(body: &[u8]) -> Result<Object<'_>, BadReply> {
    let Ok(Json::Object(object)) = parse(body, Limits::default()) else { return Err(BadReply::Malformed) };
    match object.get("error") {
        None | Some(Json::Null) => Ok(object),
        Some(_) => Err(Envelope::read(body).map_or(BadReply::Malformed, BadReply::Error)),
    }
}

/// A member that is a string.
pub(crate) fn text<'b>(object: &Object<'b>, name: &str) -> Option<Cow<'b, str>> {
    object.get(name).and_then(text_of)
}

/// A value that is a string.
pub(crate) fn text_of<'b>(value: &Json<'b>) -> Option<Cow<'b, str>> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The same, unless it is empty.
pub(crate) fn some_text<'b>(object: &Object<'b>, name: &str) -> Option<Cow<'b, str>> {
    text(object, name).filter(|text| !text.is_empty())
}

/// A member that is an object.
pub(crate) fn object<'o, 'b>(object: &'o Object<'b>, name: &str) -> Option<&'o Object<'b>> {
    object.get(name).and_then(Json::as_object)
}

/// The objects of a member that is an array.
pub(crate) fn objects<'o, 'b>(object: &'o Object<'b>, name: &str) -> impl Iterator<Item = &'o Object<'b>> {
    object.get(name).and_then(Json::as_array).unwrap_or_default().iter().filter_map(Json::as_object)
}

/// A member that is a whole number. Some servers write `7.0`.
pub(crate) fn whole(object: &Object<'_>, name: &str) -> Option<u64> {
    let value = object.get(name)?;
    let Json::Number(text) = value else { return None };
    value.as_u64().or_else(|| text.strip_suffix(".0")?.parse().ok())
}

/// A value as the text that it comes to.
pub(crate) fn json_text(value: &Json<'_>) -> String {
    String::from_utf8(value.to_bytes()).unwrap_or_default()
}
