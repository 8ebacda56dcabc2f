//! Events as flat lists of members, whatever their type.
//!
//! A member is a path and a value: `zone` is a word, `facts.request.alias` a word of a map, `findings.type` the words
//! of a list of objects, joined by commas, and `findings.count` their sum. Events of types that this version does not
//! know are read like all others.

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer as _, de};
use std::borrow::Cow;
use std::fmt;

/// The value of a member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value<'e> {
    /// A string.
    Word(Cow<'e, str>),
    /// The strings of a list, joined by commas, which no word of a list holds.
    Words(Cow<'e, str>),
    /// A number, or the sum of those of a list.
    Number(u64),
    /// Yes or no.
    Flag(bool),
}

impl Value<'_> {
    /// The value as text: words as they are, numbers in decimal, `true` and `false`.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Word(text) | Value::Words(text) => Cow::Borrowed(text),
            Value::Number(number) => Cow::Owned(number.to_string()),
            Value::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        }
    }

    /// The value without what it was read from.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Word(text) => Value::Word(Cow::Owned(text.into_owned())),
            Value::Words(text) => Value::Words(Cow::Owned(text.into_owned())),
            Value::Number(number) => Value::Number(number),
            Value::Flag(flag) => Value::Flag(flag),
        }
    }
}

/// Hands over every member of an event, in the order of its bytes. What is `null`, negative or no whole number, which
/// no event holds, is passed over.
///
/// # Errors
/// The parser's, if the bytes are no JSON object.
pub fn members<'e>(json: &'e [u8], mut visit: impl FnMut(&str, Value<'e>)) -> Result<(), serde_json::Error> {
    match str::from_utf8(json) {
        // Looked at once, and not string by string, which takes a quarter of all the time.
        Ok(text) => walk(serde_json::Deserializer::from_str(text), &mut visit),
        // The parser says where it is no text.
        Err(_) => walk(serde_json::Deserializer::from_slice(json), &mut visit),
    }
}

fn walk<'e, R: serde_json::de::Read<'e>>(
    mut deserializer: serde_json::Deserializer<R>,
    visit: Visit<'_, 'e>,
) -> Result<(), serde_json::Error> {
    let mut path = String::with_capacity(64);
    deserializer.deserialize_map(Walk { path: &mut path, visit })?;
    deserializer.end()
}

type Visit<'w, 'e> = &'w mut dyn FnMut(&str, Value<'e>);

/// Walks over the value at a path.
struct Walk<'w, 'e> {
    path: &'w mut String,
    visit: Visit<'w, 'e>,
}

impl<'e> DeserializeSeed<'e> for Walk<'_, 'e> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'e>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'e> Visitor<'e> for Walk<'_, 'e> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member of an event")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<(), E> {
        (self.visit)(self.path, Value::Flag(flag));
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        (self.visit)(self.path, Value::Number(number));
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'e str) -> Result<(), E> {
        (self.visit)(self.path, Value::Word(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        (self.visit)(self.path, Value::Word(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_map<A: MapAccess<'e>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { path, visit } = self;
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        let prefix = path.len();
        while map.next_key_seed(Key(path))?.is_some() {
            if path.len() > MAX_PATH_BYTES {
                return Err(A::Error::custom("a key is too long"));
            }
            map.next_value_seed(Walk { path, visit })?;
            path.truncate(prefix);
        }
        path.truncate(length);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'e>>(self, mut list: A) -> Result<(), A::Error> {
        let mut parts = Vec::new();
        while list.next_element_seed(Element { path: self.path, parts: &mut parts })?.is_some() {}
        for Part { path, words, number } in parts {
            match number {
                Some(number) if words.is_empty() => (self.visit)(&path, Value::Number(number)),
                _ => (self.visit)(&path, Value::Words(Cow::Owned(words))),
            }
        }
        Ok(())
    }
}

/// Longer than any path of an event of this version.
const MAX_PATH_BYTES: usize = 512;

/// Appends a key to a path.
struct Key<'w>(&'w mut String);

impl<'e> DeserializeSeed<'e> for Key<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'e>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}

/// What the elements of a list have in one place.
struct Part {
    path: String,
    words: String,
    number: Option<u64>,
}

/// One element of a list: a word, a number, or an object of such.
struct Element<'w> {
    path: &'w mut String,
    parts: &'w mut Vec<Part>,
}

impl<'e> DeserializeSeed<'e> for Element<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'e>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { path, parts } = self;
        let mut take = |path: &str, value: Value<'e>| note(parts, path, &value);
        Walk { path, visit: &mut take }.deserialize(deserializer)
    }
}

/// Notes a value of an element.
fn note(parts: &mut Vec<Part>, path: &str, value: &Value<'_>) {
    match parts.iter_mut().find(|part| part.path == path) {
        Some(part) => part.take(value),
        None => {
            let mut part = Part { path: path.to_owned(), words: String::new(), number: None };
            part.take(value);
            parts.push(part);
        }
    }
}

impl Part {
    fn take(&mut self, value: &Value<'_>) {
        if let Value::Number(number) = value {
            self.number = Some(self.number.unwrap_or(0).saturating_add(*number));
            return;
        }
        if !self.words.is_empty() {
            self.words.push(',');
        }
        self.words.push_str(&value.text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        members(json.as_bytes(), |path, value| found.push((path.to_owned(), format!("{value:?}")))).unwrap();
        found
    }

    #[test]
    fn maps_and_lists_become_paths() {
        let json = r#"{"seq":7,"type":"decision","stream":true,"categories":["personal","a\u0062"],
            "findings":[{"type":"EMAIL","count":2},{"type":"IBAN","count":3}],
            "facts":{"request.alias":"fast","caller.scopes":["x","y"]},"shadow":{"rule":"r \"q\""},"odd":[null,-1,1.5]}"#;
        let expected = [
            ("seq", "Number(7)"),
            ("type", "Word(\"decision\")"),
            ("stream", "Flag(true)"),
            ("categories", "Words(\"personal,ab\")"),
            ("findings.type", "Words(\"EMAIL,IBAN\")"),
            ("findings.count", "Number(5)"),
            ("facts.request.alias", "Word(\"fast\")"),
            ("facts.caller.scopes", "Words(\"x,y\")"),
            ("shadow.rule", "Word(\"r \\\"q\\\"\")"),
        ];
        let expected: Vec<_> = expected.map(|(path, value)| (path.to_owned(), value.to_owned())).into();
        assert_eq!(read(json), expected);
    }

    #[test]
    fn what_is_no_object_or_goes_on_behind_it_is_refused() {
        assert!(members(b"{\"a\":\"\xff\"}", |_, _| {}).is_err());
        for json in ["", "[1]", "{\"a\":1", "{\"a\":1}x", &format!("{{\"{}\":1}}", "k".repeat(600))] {
            assert!(members(json.as_bytes(), |_, _| {}).is_err(), "{json}");
        }
    }
}
