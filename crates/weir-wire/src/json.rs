//! Strict JSON: one text, one reading.
//!
//! [`parse`] refuses duplicate keys (compared after unescaping), lone surrogates, invalid UTF-8, byte
//! order marks, trailing bytes, and nesting or sizes beyond [`Limits`]. Numbers keep their text, so
//! that what is forwarded is what was written; key order is kept.

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

mod write;
pub(crate) use write::{ObjectWriter, write_string};

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

/// Reads one JSON value.
///
/// # Errors
/// [`JsonError`] with the path and offset of the first fault.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Json<'_>, JsonError> {
    read(bytes, limits, |reader, peek| reader.value(peek, 0))
}

/// One member of an object, with its value as it was written.
pub(crate) struct Member<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) value: Json<'t>,
    pub(crate) text: &'t str,
}

/// Reads one JSON value as [`parse`] does; `None` if it is no object.
pub(crate) fn parse_members(bytes: &[u8], limits: Limits) -> Result<Option<Vec<Member<'_>>>, JsonError> {
    read(bytes, limits, |reader, peek| match peek {
        Peek::Object => {
            reader.count()?;
            let depth = reader.deeper(0)?;
            reader.object(depth).map(Some)
        }
        _ => reader.value(peek, 0).map(|_| None),
    })
}

fn read<'t, T>(
    bytes: &'t [u8],
    limits: Limits,
    value: impl FnOnce(&mut Reader<'t>, Peek) -> Read<T>,
) -> Result<T, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
        fault: JsonFault::Utf8,
        path: "$".to_owned(),
        offset: error.valid_up_to(),
    })?;
    let mut reader = Reader { jiter: Jiter::new(bytes), text, limits, values_left: limits.values };
    reader.document(value).map_err(|mut broken| {
        if ends_in_half_a_pair(bytes, broken.offset) {
            broken.fault = JsonFault::LoneSurrogate;
        }
        broken.locate()
    })
}

/// Whether the text up to `offset`, where a string was found broken, ends in `\uD800` to `\uDBFF`: the
/// parser then names only what it missed, the second escape.
fn ends_in_half_a_pair(bytes: &[u8], offset: usize) -> bool {
    let before = bytes.get(offset.saturating_sub(8)..offset.min(bytes.len())).unwrap_or_default();
    before
        .windows(4)
        .any(|w| matches!(w, [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B']))
}

/// A fault on its way up, collecting where it happened.
struct Broken {
    fault: JsonFault,
    offset: usize,
    /// Innermost first.
    path: Vec<Step>,
}

enum Step {
    Key(String),
    Index(usize),
}

impl Broken {
    fn at(fault: JsonFault, offset: usize) -> Box<Self> {
        Box::new(Self { fault, offset, path: Vec::new() })
    }

    fn under(mut self: Box<Self>, step: Step) -> Box<Self> {
        self.path.push(step);
        self
    }

    fn locate(self) -> JsonError {
        let Broken { fault, offset, path } = self;
        let mut text = "$".to_owned();
        for step in path.iter().rev() {
            match step {
                Step::Key(key) => push_key(&mut text, key),
                Step::Index(index) => push_index(&mut text, *index),
            }
        }
        JsonError { fault, path: text, offset }
    }
}

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

type Read<T> = Result<T, Box<Broken>>;

struct Reader<'t> {
    jiter: Jiter<'t>,
    text: &'t str,
    limits: Limits,
    values_left: usize,
}

impl<'t> Reader<'t> {
    fn document<T>(&mut self, value: impl FnOnce(&mut Self, Peek) -> Read<T>) -> Read<T> {
        let peek = self.jiter.peek().map_err(broken)?;
        let value = value(self, peek)?;
        self.jiter.finish().map_err(broken)?;
        Ok(value)
    }

    fn value(&mut self, peek: Peek, depth: usize) -> Read<Json<'t>> {
        self.count()?;
        match peek {
            Peek::Null => self.jiter.known_null().map(|()| Json::Null).map_err(broken),
            Peek::True | Peek::False => self.jiter.known_bool(peek).map(Json::Bool).map_err(broken),
            Peek::String => self.string().map(Json::String),
            Peek::Array => self.array(self.deeper(depth)?),
            Peek::Object => self.object(self.deeper(depth)?).map(|members| Json::Object(Object(members))),
            _ => self.number(peek).map(Json::Number),
        }
    }

    fn count(&mut self) -> Read<()> {
        let Some(left) = self.values_left.checked_sub(1) else {
            return Err(Broken::at(JsonFault::Values(self.limits.values), self.jiter.current_index()));
        };
        self.values_left = left;
        Ok(())
    }

    fn deeper(&self, depth: usize) -> Read<usize> {
        if depth >= self.limits.depth {
            return Err(Broken::at(JsonFault::Depth(self.limits.depth), self.jiter.current_index()));
        }
        Ok(depth + 1)
    }

    fn string(&mut self) -> Read<Cow<'t, str>> {
        let quote = self.jiter.current_index();
        self.jiter.known_str().map(|read| as_written(self.text, quote + 1, read)).map_err(broken)
    }

    fn number(&mut self, peek: Peek) -> Read<Cow<'t, str>> {
        let start = self.jiter.current_index();
        let bytes = self.jiter.known_number_bytes(peek).map_err(broken)?;
        // A number is ASCII by its grammar.
        Ok(as_written(self.text, start, &String::from_utf8_lossy(bytes)))
    }

    fn array(&mut self, depth: usize) -> Read<Json<'t>> {
        let mut items = Vec::new();
        let mut next = self.jiter.known_array().map_err(broken)?;
        while let Some(peek) = next {
            let item = self.value(peek, depth).map_err(|b| b.under(Step::Index(items.len())))?;
            items.push(item);
            next = self.jiter.array_step().map_err(|e| broken(e).under(Step::Index(items.len())))?;
        }
        Ok(Json::Array(items))
    }

    fn object<M: Named<'t>>(&mut self, depth: usize) -> Read<Vec<M>> {
        let mut members: Vec<M> = Vec::new();
        let mut names = Names::default();
        let mut before = self.jiter.current_index();
        let mut key = self.jiter.known_object().map_err(broken)?;
        while let Some(name) = key {
            let name = key_as_written(self.text, before, name);
            let member = match names.knows(&name, &members) {
                true => Err(Broken::at(JsonFault::DuplicateKey, self.jiter.current_index())),
                false => self.member(depth),
            };
            let (value, text) = member.map_err(|b| b.under(Step::Key(name.clone().into_owned())))?;
            names.add(&name);
            members.push(M::new(name, value, text));
            before = self.jiter.current_index();
            key = self.jiter.next_key().map_err(broken)?;
        }
        Ok(members)
    }

    /// A member's value, and how it is written.
    fn member(&mut self, depth: usize) -> Read<(Json<'t>, &'t str)> {
        let peek = self.jiter.peek().map_err(broken)?;
        let start = self.jiter.current_index();
        let value = self.value(peek, depth)?;
        Ok((value, self.text.get(start..self.jiter.current_index()).unwrap_or_default()))
    }
}

/// What was read, taken from the text if it stands at `start` as it was read: if it has no escapes.
fn as_written<'t>(text: &'t str, start: usize, read: &str) -> Cow<'t, str> {
    match text.get(start..start + read.len()) {
        Some(written) if written == read => Cow::Borrowed(written),
        _ => Cow::Owned(read.to_owned()),
    }
}

/// The same of a key, whose quote is the first after `before`.
fn key_as_written<'t>(text: &'t str, before: usize, read: &str) -> Cow<'t, str> {
    let rest = text.as_bytes().get(before..).unwrap_or_default();
    let quote = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
    as_written(text, before + quote + 1, read)
}

/// What is kept of a member of an object.
trait Named<'t> {
    fn new(name: Cow<'t, str>, value: Json<'t>, text: &'t str) -> Self;
    fn name(&self) -> &Cow<'t, str>;
}

impl<'t> Named<'t> for (Cow<'t, str>, Json<'t>) {
    fn new(name: Cow<'t, str>, value: Json<'t>, _text: &'t str) -> Self {
        (name, value)
    }

    fn name(&self) -> &Cow<'t, str> {
        &self.0
    }
}

impl<'t> Named<'t> for Member<'t> {
    fn new(name: Cow<'t, str>, value: Json<'t>, text: &'t str) -> Self {
        Self { name, value, text }
    }

    fn name(&self) -> &Cow<'t, str> {
        &self.name
    }
}

/// The names an object has so far: compared one by one while few, hashed when many, so that a hundred
/// thousand keys cost a hundred thousand steps.
#[derive(Default)]
struct Names<'t>(HashSet<Cow<'t, str>>);

impl<'t> Names<'t> {
    const FEW: usize = 16;

    fn knows(&mut self, name: &str, members: &[impl Named<'t>]) -> bool {
        if members.len() < Self::FEW {
            return members.iter().any(|known| known.name() == name);
        }
        if self.0.is_empty() {
            self.0.extend(members.iter().map(|known| known.name().clone()));
        }
        self.0.contains(name)
    }

    fn add(&mut self, name: &Cow<'t, str>) {
        if !self.0.is_empty() {
            self.0.insert(name.clone());
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser's enum, not ours: its other faults are plain syntax"
)]
fn broken(error: JiterError) -> Box<Broken> {
    let JiterErrorType::JsonError(kind) = error.error_type else {
        return Broken::at(JsonFault::Syntax("unexpected value".to_owned()), error.index);
    };
    let fault = match kind {
        JsonErrorType::LoneLeadingSurrogateInHexEscape | JsonErrorType::InvalidUnicodeCodePoint => {
            JsonFault::LoneSurrogate
        }
        JsonErrorType::TrailingCharacters => JsonFault::Trailing,
        JsonErrorType::EofWhileParsingList
        | JsonErrorType::EofWhileParsingObject
        | JsonErrorType::EofWhileParsingString
        | JsonErrorType::EofWhileParsingValue => JsonFault::Truncated,
        other => JsonFault::Syntax(other.to_string()),
    };
    Broken::at(fault, error.index)
}

#[cfg(test)]
mod tests;
