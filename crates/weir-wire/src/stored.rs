//! Requests that refer to what Weir kept: responses before, by `previous_response_id`, items of theirs, and files.

pub mod files;
pub mod items;

use crate::json::{Json, Limits, Object, parse};
use crate::request::BadRequest;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::LazyLock;

const PREVIOUS: &str = "previous_response_id";

/// A body that refers to something holds one of these. Made once: making one costs more than looking through a prompt.
static MAY_REFER: LazyLock<[Finder<'static>; 3]> =
    LazyLock::new(|| [PREVIOUS, items::REFERENCE, files::FILE_ID].map(Finder::new));

/// Whether there is anything in a body that may refer to something that is kept.
#[must_use]
pub fn refers(body: &[u8]) -> bool {
    MAY_REFER.iter().any(|name| name.find(body).is_some())
}

/// The id of the response that a request goes on from, if it names one.
///
/// A body that is no strict JSON has none; reading the request says what is wrong with it.
#[must_use]
pub fn previous(body: &[u8]) -> Option<String> {
    memchr::memmem::find(body, PREVIOUS.as_bytes())?;
    let value = parse(body, Limits::default()).ok()?;
    value.as_object()?.get(PREVIOUS)?.as_str().map(str::to_owned)
}

/// The body with the items of the response before in front of its own.
///
/// # Errors
/// [`BadRequest`] when either is not what it must be.
pub fn continued(body: &[u8], before: &[u8]) -> Result<Vec<u8>, BadRequest> {
    let broken = || BadRequest::unsupported(PREVIOUS, "names a response that cannot be gone on from");
    let Ok(Json::Object(mut body)) = parse(body, Limits::default()) else { return Err(broken()) };
    let Ok(Json::Array(mut items)) = parse(before, Limits::default()) else { return Err(broken()) };
    body.remove(PREVIOUS);
    items.extend(own_items(body.remove("input")));
    body.set("input", Json::Array(items));
    let mut out = Vec::new();
    body.write(&mut out);
    Ok(out)
}

/// A text is one message of the user.
fn own_items(input: Option<Json<'_>>) -> Vec<Json<'_>> {
    match input {
        Some(Json::Array(items)) => items,
        Some(text @ Json::String(_)) => {
            let mut message = Object::default();
            message.set("role", Json::String(Cow::Borrowed("user")));
            message.set("content", text);
            vec![Json::Object(message)]
        }
        Some(_) | None => Vec::new(),
    }
}

/// What was asked, as an array of items.
#[must_use]
pub fn input_items(asked: &Json<'static>) -> Vec<u8> {
    let input = asked.as_object().and_then(|asked| asked.get("input")).cloned();
    Json::Array(own_items(input)).to_bytes()
}

/// What a request goes on from: what was asked, and what was answered.
///
/// `None` when one of them is not what it must be.
#[must_use]
pub fn items_after(input_items: &[u8], response: &[u8]) -> Option<Vec<u8>> {
    let Ok(Json::Array(mut items)) = parse(input_items, Limits::default()) else { return None };
    let Ok(Json::Object(response)) = parse(response, Limits::default()) else { return None };
    items.extend(response.get("output")?.as_array()?.iter().cloned());
    Some(Json::Array(items).to_bytes())
}

/// What was asked, as `GET /v1/responses/{id}/input_items` lists it.
#[must_use]
pub fn list_items(id: &str, input_items: &[u8]) -> Option<Vec<u8>> {
    let Ok(Json::Array(items)) = parse(input_items, Limits::default()) else { return None };
    let name = |index: usize| Json::String(Cow::Owned(format!("msg_{id}_{index}")));
    let named = items.into_iter().enumerate().map(|(index, mut item)| {
        if let Json::Object(item) = &mut item {
            if item.get("id").is_none() {
                item.set("id", name(index));
            }
            if item.get("type").is_none() {
                item.set("type", Json::String(Cow::Borrowed("message")));
            }
        }
        item
    });
    let items: Vec<Json<'_>> = named.collect();
    let (first, last) = (id_of(items.first()), id_of(items.last()));
    let mut list = Object::default();
    list.set("object", Json::String(Cow::Borrowed("list")));
    list.set("data", Json::Array(items));
    list.set("first_id", first);
    list.set("last_id", last);
    list.set("has_more", Json::Bool(false));
    Some(Json::Object(list).to_bytes())
}

fn id_of(item: Option<&Json<'_>>) -> Json<'static> {
    let id = item.and_then(Json::as_object).and_then(|item| item.get("id"));
    id.map_or(Json::Null, |id| id.clone().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_request_goes_on_from_all_that_was_said_before() {
        let body = br#"{"model":"m","previous_response_id":"resp_1","input":"and then?"}"#;
        assert_eq!(previous(body).as_deref(), Some("resp_1"));
        let response = br#"{"id":"resp_1","output":[{"type":"message","role":"assistant","content":[]}]}"#;
        let before = items_after(br#"[{"role":"user","content":"once"}]"#, response).unwrap();
        assert_eq!(
            text(&continued(body, &before).unwrap()),
            r#"{"model":"m","input":[{"role":"user","content":"once"},{"type":"message","role":"assistant","content":[]},{"role":"user","content":"and then?"}]}"#
        );
    }

    #[test]
    fn a_request_that_names_none_has_none() {
        for body in
            [&b"{}"[..], br#"{"previous_response_id":null}"#, br#"{"x":"previous_response_id"}"#, b"{"]
        {
            assert_eq!(previous(body), None);
        }
    }

    #[test]
    fn items_are_listed_with_ids() {
        let list =
            list_items("r", br#"[{"role":"user","content":"a"},{"id":"x","type":"reasoning"}]"#).unwrap();
        assert!(text(&list).contains(r#""first_id":"msg_r_0","last_id":"x""#), "{}", text(&list));
    }
}
