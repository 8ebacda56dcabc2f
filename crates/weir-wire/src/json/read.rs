//! From text to values.

use super::{Json, JsonError, JsonFault, Limits, Object, push_index, push_key};
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};
use std::borrow::Cow;
use std::collections::HashSet;

/// Reads one JSON value.
///
/// # Errors
/// [`JsonError`] with the path and offset of the first fault.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Json<'_>, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
        fault: JsonFault::Utf8,
        path: "$".to_owned(),
        offset: error.valid_up_to(),
    })?;
    Reader::new(text, limits).document().map_err(|mut broken| {
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
pub(super) struct Broken {
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

pub(super) type Read<T> = Result<T, Box<Broken>>;

pub(super) struct Reader<'t> {
    pub(super) jiter: Jiter<'t>,
    pub(super) text: &'t str,
    limits: Limits,
    values_left: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, limits: Limits) -> Self {
        Self { jiter: Jiter::new(text.as_bytes()), text, limits, values_left: limits.values }
    }

    fn document(&mut self) -> Read<Json<'t>> {
        let peek = self.jiter.peek().map_err(broken)?;
        let value = self.value(peek, 0)?;
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
            Peek::Object => self.object(self.deeper(depth)?).map(Json::Object),
            _ => self.number(peek).map(Json::Number),
        }
    }

    /// Reads a value as strictly as [`value`](Self::value), and keeps nothing of it.
    pub(super) fn pass(&mut self, peek: Peek, depth: usize) -> Read<()> {
        self.count()?;
        match peek {
            Peek::Array => self.items(depth, |reader, peek, depth| reader.pass(peek, depth)).map(drop),
            Peek::Object => {
                let name = |reader: &mut Self, name, peek, depth| reader.pass(peek, depth).map(|()| name);
                self.members(depth, name).map(drop)
            }
            _ => self.jiter.known_skip(peek).map_err(broken),
        }
    }

    /// The items of an array that begins here, each as `read` reads it.
    pub(super) fn items<T>(
        &mut self,
        depth: usize,
        read: impl Fn(&mut Self, Peek, usize) -> Read<T>,
    ) -> Read<Vec<T>> {
        let depth = self.deeper(depth)?;
        let mut items = Vec::new();
        let mut next = self.jiter.known_array().map_err(broken)?;
        while let Some(peek) = next {
            items.push(read(self, peek, depth)?);
            next = self.jiter.array_step().map_err(broken)?;
        }
        Ok(items)
    }

    /// The members of an object that begins here, each as `read` reads it; no two have the same name.
    pub(super) fn members<T: Named>(
        &mut self,
        depth: usize,
        read: impl Fn(&mut Self, Cow<'t, str>, Peek, usize) -> Read<T>,
    ) -> Read<Vec<T>> {
        let depth = self.deeper(depth)?;
        // Without room for more than there are: a backend's answer may have as many objects as values.
        let mut members = Vec::new();
        let mut names = Names::default();
        let mut key = self.jiter.known_object().map_err(broken)?;
        while let Some(name) = key {
            let name = as_written(self.text, name);
            if names.knows(&name, &members) {
                return Err(Broken::at(JsonFault::DuplicateKey, self.jiter.current_index()));
            }
            names.add(&name);
            let peek = self.jiter.peek().map_err(broken)?;
            members.push(read(self, name, peek, depth)?);
            key = self.jiter.next_key().map_err(broken)?;
        }
        Ok(members)
    }

    pub(super) fn count(&mut self) -> Read<()> {
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
        self.jiter.known_str().map(|read| as_written(self.text, read)).map_err(broken)
    }

    fn number(&mut self, peek: Peek) -> Read<Cow<'t, str>> {
        let bytes = self.jiter.known_number_bytes(peek).map_err(broken)?;
        // A number is ASCII by its grammar.
        Ok(as_written(self.text, &String::from_utf8_lossy(bytes)))
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

    fn object(&mut self, depth: usize) -> Read<Object<'t>> {
        let mut members: Vec<(Cow<'t, str>, Json<'t>)> = Vec::new();
        let mut names = Names::default();
        let mut key = self.jiter.known_object().map_err(broken)?;
        while let Some(name) = key {
            let name = as_written(self.text, name);
            let value = match names.knows(&name, &members) {
                true => Err(Broken::at(JsonFault::DuplicateKey, self.jiter.current_index())),
                false => self.member(depth),
            };
            let value = value.map_err(|b| b.under(Step::Key(name.clone().into_owned())))?;
            names.add(&name);
            if members.is_empty() {
                members.reserve(USUAL_MEMBERS);
            }
            members.push((name, value));
            key = self.jiter.next_key().map_err(broken)?;
        }
        Ok(Object(members))
    }

    fn member(&mut self, depth: usize) -> Read<Json<'t>> {
        let peek = self.jiter.peek().map_err(broken)?;
        self.value(peek, depth)
    }
}

/// Members of most objects: room for them is made at once.
pub(super) const USUAL_MEMBERS: usize = 8;

/// What was read, taken from the text if it is a part of it: the parser copies only what has escapes.
pub(super) fn as_written<'t>(text: &'t str, read: &str) -> Cow<'t, str> {
    let start = read.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    match text.get(start..start.saturating_add(read.len())) {
        Some(written) => {
            debug_assert_eq!(written, read);
            Cow::Borrowed(written)
        }
        None => Cow::Owned(read.to_owned()),
    }
}

/// A member of an object that is being read.
pub(super) trait Named {
    fn name(&self) -> &str;
}

impl Named for Cow<'_, str> {
    fn name(&self) -> &str {
        self
    }
}

impl Named for (Cow<'_, str>, Json<'_>) {
    fn name(&self) -> &str {
        &self.0
    }
}

/// The names an object has so far: compared one by one while few, hashed when many, so that a hundred
/// thousand keys cost a hundred thousand steps.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    const FEW: usize = 16;

    pub(super) fn knows(&mut self, name: &str, members: &[impl Named]) -> bool {
        if members.len() < Self::FEW {
            return members.iter().any(|known| known.name() == name);
        }
        if self.0.is_empty() {
            self.0.extend(members.iter().map(|known| known.name().to_owned()));
        }
        self.0.contains(name)
    }

    pub(super) fn add(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.insert(name.to_owned());
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
