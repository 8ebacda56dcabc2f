//! Items of answers that Weir kept, which a request names instead of repeating them (`item_reference`).
//!
//! An item's id says of which response it is: see how the Responses API's writer makes them.

use crate::json::{Json, Limits, Object, parse};
use std::collections::BTreeMap;

/// The type of an item that stands for another.
pub const REFERENCE: &str = "item_reference";

/// The ids of the items that a request names, in its order; none of a body that is no strict JSON.
#[must_use]
pub fn referred(body: &[u8]) -> Vec<String> {
    if memchr::memmem::find(body, REFERENCE.as_bytes()).is_none() {
        return Vec::new();
    }
    let Ok(Json::Object(body)) = parse(body, Limits::default()) else { return Vec::new() };
    let items = body.get("input").and_then(Json::as_array).unwrap_or_default();
    items.iter().filter_map(named).map(str::to_owned).collect()
}

/// The id of the response that has an item of this id, if Weir made it.
#[must_use]
pub fn response_of(item: &str) -> Option<String> {
    let (_, rest) = item.split_once('_')?;
    let (response, index) = rest.rsplit_once('_')?;
    index.parse::<usize>().ok()?;
    Some(format!("resp_{response}"))
}

/// The item of this id among those of a response, as text.
#[must_use]
pub fn find(response: &[u8], id: &str) -> Option<Vec<u8>> {
    let Ok(Json::Object(response)) = parse(response, Limits::default()) else { return None };
    let items = response.get("output")?.as_array()?;
    let is_it = |item: &&Json<'_>| item.as_object().and_then(|item| item.get("id")?.as_str()) == Some(id);
    Some(items.iter().find(is_it)?.to_bytes())
}

/// The body with the items in the places of their references; what was not found stays as it is.
#[must_use]
pub fn inlined(body: &[u8], found: &BTreeMap<String, Vec<u8>>) -> Option<Vec<u8>> {
    let Ok(Json::Object(mut body)) = parse(body, Limits::default()) else { return None };
    let Some(Json::Array(items)) = body.remove("input") else { return None };
    let item = |item: Json<'_>| {
        let known = named(&item).and_then(|id| found.get(id));
        let known = known.and_then(|text| parse(text, Limits::default()).ok()).map(Json::into_owned);
        known.unwrap_or_else(|| item.into_owned())
    };
    let items: Vec<Json<'static>> = items.into_iter().map(item).collect();
    body.set("input", Json::Array(items));
    let mut out = Vec::new();
    Object::write(&body, &mut out);
    Some(out)
}

fn named<'i>(item: &'i Json<'_>) -> Option<&'i str> {
    let item = item.as_object()?;
    (item.get("type")?.as_str() == Some(REFERENCE)).then(|| item.get("id")?.as_str())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_takes_the_place_of_its_reference() {
        let body = br#"{"model":"m","input":[{"role":"user","content":"x"},{"type":"item_reference","id":"fc_1a_0"},{"type":"item_reference","id":"fc_1a_9"}]}"#;
        assert_eq!(referred(body), ["fc_1a_0", "fc_1a_9"]);
        assert_eq!(response_of("fc_1a_0").as_deref(), Some("resp_1a"));
        assert_eq!((response_of("resp_1a"), response_of("x"), response_of("msg_1a_x")), (None, None, None));
        let response = br#"{"output":[{"id":"fc_1a_0","type":"function_call","call_id":"c"}]}"#;
        assert_eq!(find(response, "fc_1a_9"), None);
        let found = [("fc_1a_0".to_owned(), find(response, "fc_1a_0").unwrap())].into();
        let whole = String::from_utf8(inlined(body, &found).unwrap()).unwrap();
        assert_eq!(
            whole,
            r#"{"model":"m","input":[{"role":"user","content":"x"},{"id":"fc_1a_0","type":"function_call","call_id":"c"},{"type":"item_reference","id":"fc_1a_9"}]}"#
        );
        for none in [&b"{"[..], b"[]", br#"{"input":"item_reference"}"#] {
            assert!(referred(none).is_empty() && inlined(none, &found).is_none());
        }
    }
}
