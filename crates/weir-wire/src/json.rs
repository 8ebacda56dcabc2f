//! Strict JSON: one text, one reading.
//!
//! [`parse`] refuses duplicate keys (compared after unescaping), lone surrogates, invalid UTF-8, byte
//! order marks, trailing bytes, and nesting or sizes beyond [`Limits`]. Numbers keep their text, so
//! that what is forwarded is what was written; key order is kept.

use std::borrow::Cow;
use std::fmt;

mod edit;
mod members;
mod read;
mod write;
pub(crate) use edit::Edited;
pub(crate) use members::{Part, glance};
pub use read::parse;
pub(crate) use write::{ArrayWriter, ObjectWriter, write_object, write_string};

/// A JSON value as it was written. What the text says without escapes is not copied.
#[derive(Clone, PartialEq)]
pub enum Json<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as its text.
    Number(Cow<'t, str>),
    /// A string, unescaped.
    String(Cow<'t, str>),
    /// An array.
    Array(Vec<Json<'t>>),
    /// An object.
    Object(Object<'t>),
}

/// User text does not belong into logs: only the shape is shown.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("Null"),
            Json::Bool(_) => f.write_str("Bool"),
            Json::Number(text) => write!(f, "Number({} bytes)", text.len()),
            Json::String(text) => write!(f, "String({} bytes)", text.len()),
            Json::Array(items) => write!(f, "Array({} items)", items.len()),
            Json::Object(object) => write!(f, "Object({} members)", object.0.len()),
        }
    }
}

/// The members of a JSON object, in the order written, without duplicates.
#[derive(Clone, PartialEq, Default)]
pub struct Object<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} members)", self.0.len())
    }
}

impl<'t> Object<'t> {
    /// The member of this name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json<'t>> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The member of this name, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json<'t>> {
        self.0.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Members in the order written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Sets a member, in its old place or at the end.
    pub fn set(&mut self, key: &str, value: Json<'t>) {
        match self.get_mut(key) {
            Some(old) => *old = value,
            None => self.0.push((Cow::Owned(key.to_owned()), value)),
        }
    }

    /// Adds a member whose name is known to be new, which takes no time to look for.
    pub(crate) fn push(&mut self, key: &str, value: Json<'t>) {
        self.0.push((Cow::Owned(key.to_owned()), value));
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Json<'t>> {
        let index = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(index).1)
    }

    /// The same, which outlives the text.
    #[must_use]
    pub fn into_owned(self) -> Object<'static> {
        let own =
            |(name, value): (Cow<'_, str>, Json<'_>)| (Cow::Owned(name.into_owned()), value.into_owned());
        Object(self.0.into_iter().map(own).collect())
    }
}

impl<'t> Json<'t> {
    /// The same, which outlives the text.
    #[must_use]
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Json::Null => Json::Null,
            Json::Bool(value) => Json::Bool(value),
            Json::Number(text) => Json::Number(Cow::Owned(text.into_owned())),
            Json::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Json::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Json::Object(object) => Json::Object(object.into_owned()),
        }
    }

    /// The value as an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object<'t>> {
        if let Json::Object(object) = self { Some(object) } else { None }
    }

    /// The value as an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json<'t>]> {
        if let Json::Array(items) = self { Some(items) } else { None }
    }

    /// The value as a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    /// The value as a truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Json::Bool(value) = self { Some(*value) } else { None }
    }

    /// The value as a whole number.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Json::Number(text) = self { text.parse().ok() } else { None }
    }

    /// What kind of value it is, in JSON's words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

/// How large a value may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nesting of arrays and objects.
    pub depth: usize,
    /// Values and members altogether.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, values: 250_000 }
    }
}

/// Why a text is not accepted, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub fault: JsonFault,
    /// Where, as a JSON path: `$.messages[0].content`.
    pub path: String,
    /// Where, in bytes from the beginning.
    pub offset: usize,
}

/// What can be wrong with a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not UTF-8.
    #[error("the body is not valid UTF-8; send JSON in UTF-8 without a byte order mark")]
    Utf8,
    /// Two members of one object with one name.
    #[error("the key occurs twice; keep one of the two")]
    DuplicateKey,
    /// Nested too deeply.
    #[error("nested deeper than {0} levels")]
    Depth(usize),
    /// Too many values.
    #[error("more than {0} values")]
    Values(usize),
    /// A `\uD800`-like escape without its other half.
    #[error(
        "a `\\u` escape of a lone surrogate stands for no character; cut text at character boundaries before encoding it"
    )]
    LoneSurrogate,
    /// Something after the value.
    #[error("there is something after the end of the JSON value; send exactly one value")]
    Trailing,
    /// Ends too early.
    #[error("the JSON text ends too early")]
    Truncated,
    /// Any other departure from RFC 8259.
    #[error("not valid JSON: {0}")]
    Syntax(String),
}

impl JsonFault {
    /// The error code clients see.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            JsonFault::DuplicateKey => "duplicate_key",
            JsonFault::Utf8
            | JsonFault::Depth(_)
            | JsonFault::Values(_)
            | JsonFault::LoneSurrogate
            | JsonFault::Trailing
            | JsonFault::Truncated
            | JsonFault::Syntax(_) => "invalid_json",
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at `{}`, byte {})", self.fault, self.path, self.offset)
    }
}

impl std::error::Error for JsonError {}

/// Appends `.key` to a path, or `["key"]` where the key is no plain word; long keys are cut.
pub(crate) fn push_key(path: &mut String, key: &str) {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let shown: String = key.chars().take(40).flat_map(char::escape_default).collect();
    let more = if key.chars().nth(40).is_some() { "…" } else { "" };
    if plain {
        path.push('.');
        path.push_str(&shown);
        path.push_str(more);
    } else {
        path.push_str(&format!("[\"{shown}{more}\"]"));
    }
}

/// Appends `[index]` to a path.
pub(crate) fn push_index(path: &mut String, index: usize) {
    path.push_str(&format!("[{index}]"));
}

#[cfg(test)]
mod tests;
