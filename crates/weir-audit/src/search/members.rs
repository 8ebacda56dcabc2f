//! Events as flat lists of members, whatever their type.
//!
//! A member is a path and a value: `zone` is a word, `facts.request.alias` a word of a map, `findings.type` the words
//! of a list of objects, joined by commas, and `findings.count` their sum. Events of types that this version does not
//! know are read like all others.

use jiter::{Jiter, JiterError, Peek};
use serde::de::Error as _;
use std::borrow::Cow;
use std::ops::Range;

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

    /// The value, with its text where it is.
    pub(super) fn borrowed(&self) -> Value<'_> {
        match self {
            Value::Word(text) => Value::Word(Cow::Borrowed(text)),
            Value::Words(text) => Value::Words(Cow::Borrowed(text)),
            Value::Number(number) => Value::Number(*number),
            Value::Flag(flag) => Value::Flag(*flag),
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
    let mut walk = Walk::new(text_of(json)?, "");
    walk.whole(&mut visit)
}

/// The text of an event. Looked at once, and not string by string, which takes longer.
pub(super) fn text_of(json: &[u8]) -> Result<&str, serde_json::Error> {
    str::from_utf8(json).map_err(serde_json::Error::custom)
}

/// A value that has no keys in it: a scalar, or a list.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) path: String,
    /// How deep it is nested.
    pub(super) depth: usize,
    /// Where it stands in the text of the event.
    pub(super) place: Range<usize>,
}

/// Hands over every member of an event, and tells where values stand.
pub(super) fn read_leaves<'e>(
    text: &'e str,
    mut visit: impl FnMut(&str, Value<'e>),
) -> Result<Vec<Leaf>, serde_json::Error> {
    let mut walk = Walk::new(text, "");
    walk.leaves = Some(Vec::with_capacity(64));
    walk.whole(&mut visit)?;
    Ok(walk.leaves.unwrap_or_default())
}

/// Hands over the members of the value that a text begins with, which has this path, and gives its length; `None` if it
/// cannot be read, or has members with keys.
pub(super) fn read_value<'e>(text: &'e str, path: &str, depth: usize, visit: Visit<'_, 'e>) -> Option<usize> {
    let mut walk = Walk::new(text, path);
    if text.starts_with(['{', ' ', '\t', '\r', '\n']) {
        return None;
    }
    walk.value(depth, visit).ok()?;
    Some(walk.jiter.current_index())
}

pub(super) type Visit<'w, 'e> = &'w mut dyn FnMut(&str, Value<'e>);

/// Walks over an event, value by value.
struct Walk<'e> {
    text: &'e str,
    jiter: Jiter<'e>,
    /// That of the value that comes next.
    path: String,
    /// Those that were passed, if anybody wants to know.
    leaves: Option<Vec<Leaf>>,
}

/// Why a walk ends too early.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Json(#[from] JiterError),
    #[error("a key is too long")]
    Key,
    #[error("values are nested too deeply")]
    Depth,
}

impl<'e> Walk<'e> {
    fn new(text: &'e str, begin: &str) -> Self {
        let mut path = String::with_capacity(64);
        path.push_str(begin);
        Self { text, jiter: Jiter::new(text.as_bytes()), path, leaves: None }
    }

    fn whole(&mut self, visit: Visit<'_, 'e>) -> Result<(), serde_json::Error> {
        self.object(0, visit).map_err(serde_json::Error::custom)?;
        self.jiter.finish().map_err(serde_json::Error::custom)
    }

    fn object(&mut self, depth: usize, visit: Visit<'_, 'e>) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(Fault::Depth);
        }
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        let prefix = self.path.len();
        let mut key = self.jiter.next_object()?;
        while let Some(name) = key {
            self.path.push_str(name);
            if self.path.len() > MAX_PATH_BYTES {
                return Err(Fault::Key);
            }
            self.value(depth + 1, visit)?;
            self.path.truncate(prefix);
            key = self.jiter.next_key()?;
        }
        self.path.truncate(length);
        Ok(())
    }

    fn value(&mut self, depth: usize, visit: Visit<'_, 'e>) -> Result<(), Fault> {
        let peek = self.jiter.peek()?;
        if peek == Peek::Object {
            return self.object(depth, visit);
        }
        let begin = self.jiter.current_index();
        self.leaf(peek, depth, visit)?;
        if let Some(leaves) = &mut self.leaves {
            let place = begin..self.jiter.current_index();
            leaves.push(Leaf { path: self.path.clone(), depth, place });
        }
        Ok(())
    }

    fn leaf(&mut self, peek: Peek, depth: usize, visit: Visit<'_, 'e>) -> Result<(), Fault> {
        match peek {
            Peek::Array => self.list(depth, visit)?,
            Peek::String => {
                let word = self.word()?;
                visit(&self.path, Value::Word(word));
            }
            Peek::True | Peek::False => {
                let flag = self.jiter.known_bool(peek)?;
                visit(&self.path, Value::Flag(flag));
            }
            Peek::Null => self.jiter.known_null()?,
            _ => {
                let number = str::from_utf8(self.jiter.known_number_bytes(peek)?).unwrap_or_default();
                if let Ok(number) = number.parse() {
                    visit(&self.path, Value::Number(number));
                }
            }
        }
        Ok(())
    }

    /// The string that comes next, taken from the text if it stands there as it is: only what has escapes is copied.
    fn word(&mut self) -> Result<Cow<'e, str>, Fault> {
        let start = self.jiter.current_index() + 1;
        let word = self.jiter.known_str()?;
        Ok(match self.text.get(start..start + word.len()) {
            Some(written) if written == word => Cow::Borrowed(written),
            Some(_) | None => Cow::Owned(word.to_owned()),
        })
    }

    fn list(&mut self, depth: usize, visit: Visit<'_, 'e>) -> Result<(), Fault> {
        if depth >= DEPTH_MAX {
            return Err(Fault::Depth);
        }
        let mut parts = Vec::new();
        // What is in the list is a part of it.
        let leaves = self.leaves.take();
        let mut next = self.jiter.known_array()?;
        while next.is_some() {
            self.value(depth + 1, &mut |path, value| note(&mut parts, path, &value))?;
            next = self.jiter.array_step()?;
        }
        self.leaves = leaves;
        for Part { path, words, number } in parts {
            match number {
                Some(number) if words.is_empty() => visit(&path, Value::Number(number)),
                _ => visit(&path, Value::Words(Cow::Owned(words))),
            }
        }
        Ok(())
    }
}

/// Longer than any path of an event of this version.
const MAX_PATH_BYTES: usize = 512;
/// Deeper than any value of an event of this version.
const DEPTH_MAX: usize = 64;

/// What the elements of a list have in one place.
struct Part {
    path: String,
    words: String,
    number: Option<u64>,
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
        for (begin, end) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth| format!("{{\"a\":{}1{}}}", begin.repeat(depth), end.repeat(depth));
            assert!(members(nested(DEPTH_MAX - 1).as_bytes(), |_, _| {}).is_ok());
            assert!(members(nested(DEPTH_MAX).as_bytes(), |_, _| {}).is_err());
        }
    }
}
