//! Looking into replies: what is missing or of another kind than expected is not there.

use crate::chat::BadReply;
use crate::json::{Json, Limits, Object, parse};
use std::borrow::Cow;

/// Reads the JSON object that a reply or an item of a stream is.
pub(super) fn object(data: &[u8]) -> Result<Object<'_>, BadReply> {
    match parse(data, Limits::default()) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(BadReply::Malformed),
    }
}

/// The text of this member, if it is one that is not empty.
pub(super) fn text<'a>(object: &'a Object<'_>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// The object that this member is.
pub(super) fn inner<'a, 't>(object: &'a Object<'t>, name: &str) -> Option<&'a Object<'t>> {
    object.get(name)?.as_object()
}

/// The objects in the array that this member is.
pub(super) fn objects<'a, 't>(
    object: &'a Object<'t>,
    name: &str,
) -> impl Iterator<Item = &'a Object<'t>> + use<'a, 't> {
    let items = object.get(name).and_then(Json::as_array).unwrap_or_default();
    items.iter().filter_map(Json::as_object)
}

/// A count. Some servers write theirs with a point.
pub(super) fn count(object: &Object<'_>, name: &str) -> Option<u64> {
    let value = object.get(name)?;
    value.as_u64().or_else(|| {
        let Json::Number(text) = value else { return None };
        text.strip_suffix(".0")?.parse().ok()
    })
}

/// The text of a JSON value.
pub(super) fn written(value: &Json<'_>) -> Cow<'static, str> {
    Cow::Owned(String::from_utf8(value.to_bytes()).unwrap_or_default())
}
