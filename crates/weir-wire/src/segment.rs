//! A body as the list of strings that inspection looks at.

use crate::json::{Json, push_index, push_key};

/// One string of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The string, unescaped.
    pub text: &'a str,
    /// What it is.
    pub kind: SegmentKind,
}

/// Segments are user text: only their size is shown.
impl std::fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({} bytes)", self.kind, self.text.len())
    }
}

impl Segment<'_> {
    /// Whether it is a word of the protocol itself (`messages`, `role`, `user` …), compared exactly. It says nothing that
    /// anybody wrote, but what stands beside it is of somebody's part, or of a message's.
    #[must_use]
    pub fn is_of_protocol(&self) -> bool {
        matches!(self.kind, SegmentKind::Key | SegmentKind::Text) && is_protocol_word(self.text)
    }
}

/// What a string of a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// A string value.
    Text,
    /// A key.
    Key,
    /// A number as it was written.
    Number,
    /// A place that holds something which cannot be read; the text is the reason.
    Opaque,
}

/// All keys, strings and numbers below `value`, in the order written.
pub fn collect<'a>(value: &'a Json<'_>, out: &mut Vec<Segment<'a>>) {
    visit(value, &mut |segment| out.push(segment));
}

/// The JSON path of the `wanted`th segment that [`collect`] gives for `value`; `None` if there are fewer.
#[must_use]
pub fn path_of(value: &Json, wanted: usize) -> Option<String> {
    let mut search = Search { left: wanted, way: Vec::new() };
    search.value(value).then(|| {
        search.way.iter().rev().fold("$".to_owned(), |mut path, step| {
            match step {
                Step::Key(key) => push_key(&mut path, key),
                Step::Index(index) => push_index(&mut path, *index),
            }
            path
        })
    })
}

fn visit<'a>(value: &'a Json<'_>, take: &mut impl FnMut(Segment<'a>)) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(text) => take(Segment { text, kind: SegmentKind::Number }),
        Json::String(text) => take(Segment { text, kind: SegmentKind::Text }),
        Json::Array(items) => items.iter().for_each(|item| visit(item, take)),
        Json::Object(object) => {
            for (key, member) in object.iter() {
                take(Segment { text: key, kind: SegmentKind::Key });
                visit(member, take);
            }
        }
    }
}

/// Walks as [`visit`] does, as far as the segment it looks for.
struct Search<'a> {
    /// Segments before that one.
    left: usize,
    /// The way to it, innermost first.
    way: Vec<Step<'a>>,
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Search<'a> {
    /// Whether it is in a value.
    fn value(&mut self, value: &'a Json<'_>) -> bool {
        match value {
            Json::Null | Json::Bool(_) => false,
            Json::Number(_) | Json::String(_) => self.hit(),
            Json::Array(items) => items
                .iter()
                .enumerate()
                .any(|(index, item)| self.value(item) && self.comes_by(Step::Index(index))),
            Json::Object(object) => object
                .iter()
                .any(|(key, member)| (self.hit() || self.value(member)) && self.comes_by(Step::Key(key))),
        }
    }

    fn comes_by(&mut self, step: Step<'a>) -> bool {
        self.way.push(step);
        true
    }

    fn hit(&mut self) -> bool {
        let found = self.left == 0;
        self.left = self.left.saturating_sub(1);
        found
    }
}

fn is_protocol_word(word: &str) -> bool {
    matches!(
        word,
        "model"
            | "messages"
            | "role"
            | "content"
            | "user"
            | "system"
            | "assistant"
            | "developer"
            | "tool"
            | "type"
            | "text"
            | "stream"
            | "stream_options"
            | "include_usage"
            | "temperature"
            | "top_p"
            | "max_tokens"
            | "max_completion_tokens"
            | "tools"
            | "tool_calls"
            | "tool_call_id"
            | "tool_choice"
            | "function"
            | "arguments"
            | "parameters"
            | "properties"
            | "required"
            | "object"
            | "string"
            | "name"
            | "description"
            | "auto"
            | "n"
            | "stop"
            | "seed"
            | "metadata"
            | "response_format"
            | "json_schema"
            | "schema"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn every_key_string_and_number_is_a_segment_with_its_path() {
        let body = br#"{"model":"auto","messages":[{"role":"user","content":"hi","x":{"canary key":[1.50,"v",true,null]}}]}"#;
        let value = parse(body, Limits::default()).unwrap();
        let mut segments = Vec::new();
        collect(&value, &mut segments);
        let seen: Vec<(&str, String)> =
            segments.iter().enumerate().map(|(i, s)| (s.text, path_of(&value, i).unwrap())).collect();
        let expected = [
            ("model", "$.model"),
            ("auto", "$.model"),
            ("messages", "$.messages"),
            ("role", "$.messages[0].role"),
            ("user", "$.messages[0].role"),
            ("content", "$.messages[0].content"),
            ("hi", "$.messages[0].content"),
            ("x", "$.messages[0].x"),
            ("canary key", "$.messages[0].x[\"canary key\"]"),
            ("1.50", "$.messages[0].x[\"canary key\"][0]"),
            ("v", "$.messages[0].x[\"canary key\"][1]"),
        ];
        assert_eq!(seen, expected.map(|(text, path)| (text, path.to_owned())));
        assert_eq!(path_of(&value, segments.len()), None);
    }
}
