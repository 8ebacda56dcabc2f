use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use weir_wire::json::{Json, JsonFault, Limits, parse};
use weir_wire::segment::{collect, path_of};

/// JSON is read as an independent parser reads it, or refused for a reason that this parser does not
/// know; and what is written of it reads the same again.
pub fn json(data: &[u8]) {
    let limits = Limits::default();
    match parse(data, limits) {
        Ok(value) => {
            assert!(second_reading(data) == Ok(value.clone()), "two parsers read this differently");
            assert!(parse(&value.to_bytes(), limits) == Ok(value.clone()), "written, it reads differently");
            every_segment_has_a_path(&value);
        }
        Err(error) => {
            assert!(error.offset <= data.len(), "the fault is behind the end");
            assert!(error.path.starts_with('$'), "the path begins at the top");
            refused_by_both_or_for_its_own_reason(data, &error.fault);
        }
    }
}

fn refused_by_both_or_for_its_own_reason(data: &[u8], fault: &JsonFault) {
    let own = match fault {
        JsonFault::DuplicateKey => second_reading(data).is_err() || has_duplicates(data),
        JsonFault::Depth(_) | JsonFault::Values(_) => true,
        JsonFault::Utf8
        | JsonFault::LoneSurrogate
        | JsonFault::Trailing
        | JsonFault::Truncated
        | JsonFault::Syntax(_) => false,
    };
    assert!(own || second_reading(data).is_err(), "refused, but good JSON: {fault:?}");
}

fn every_segment_has_a_path(value: &Json) {
    let mut segments = Vec::new();
    collect(value, &mut segments);
    assert!((0..segments.len()).all(|index| path_of(value, index).is_some_and(|path| path.starts_with('$'))));
}

/// What `serde_json` does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unreadable;

/// As `serde_json` reads it, with numbers as their text.
fn second_reading(data: &[u8]) -> Result<Json<'_>, Unreadable> {
    let raw: &RawValue = serde_json::from_slice(data).map_err(|_| Unreadable)?;
    value(raw)
}

fn value(raw: &RawValue) -> Result<Json<'_>, Unreadable> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => object(text),
        Some(b'[') => {
            let items: Vec<&RawValue> = read(text)?;
            Ok(Json::Array(items.into_iter().map(value).collect::<Result<_, _>>()?))
        }
        Some(b'"') => Ok(Json::String(read(text)?)),
        Some(b't' | b'f') => Ok(Json::Bool(read(text)?)),
        Some(b'n') => Ok(Json::Null),
        _ => Ok(Json::Number(text.into())),
    }
}

fn object(text: &str) -> Result<Json<'_>, Unreadable> {
    let mut object = weir_wire::json::Object::default();
    let Members(members) = read(text)?;
    for (key, member) in members {
        object.set(&key, value(member)?);
    }
    Ok(Json::Object(object))
}

fn has_duplicates(data: &[u8]) -> bool {
    fn within(raw: &RawValue) -> bool {
        if let Ok(items) = read::<Vec<&RawValue>>(raw.get()) {
            return items.into_iter().any(within);
        }
        let Ok(Members(members)) = read::<Members<'_>>(raw.get()) else { return false };
        let mut names = HashSet::new();
        members.into_iter().any(|(name, member)| !names.insert(name) || within(member))
    }
    serde_json::from_slice::<&RawValue>(data).is_ok_and(within)
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|_| Unreadable)
}

/// The members of an object, duplicates and all.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Members)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_reading_keeps_numbers_and_order() {
        let text = br#"{"b":[1.50,1e999,"\u0041"],"a":{"x":null,"y":true}}"#;
        assert_eq!(
            second_reading(text).map(|value| value.to_bytes()),
            Ok(br#"{"b":[1.50,1e999,"A"],"a":{"x":null,"y":true}}"#.to_vec())
        );
    }

    #[test]
    fn duplicates_are_found_at_every_depth() {
        assert!(has_duplicates(br#"[1,{"a":{"b":1,"\u0062":2}}]"#));
        assert!(!has_duplicates(br#"[1,{"a":{"b":1},"b":2}]"#));
    }

    #[test]
    #[should_panic(expected = "refused, but good JSON")]
    fn a_refusal_that_the_second_parser_does_not_share_is_found() {
        refused_by_both_or_for_its_own_reason(b"[1]", &JsonFault::Trailing);
    }
}
