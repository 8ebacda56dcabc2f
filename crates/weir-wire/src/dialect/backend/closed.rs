//! JSON Schema → the part of it that Anthropic and Bedrock bind answers to: no members but those named, and no
//! bounds of numbers and lengths. What has no word there is told to the model in the description.
//!
//! Source: Anthropic's guide "Structured outputs", and what Anthropic's own clients do with the schemas they are given.

use crate::json::{Json, Object};
use std::borrow::Cow;

type Value = Json<'static>;

/// Keywords that are taken as they are.
const KEPT: [&str; 13] = [
    "$schema",
    "$id",
    "$ref",
    "$anchor",
    "type",
    "enum",
    "const",
    "title",
    "description",
    "default",
    "required",
    "pattern",
    "$comment",
];
/// Those that hold one schema, several, or several by name.
const ONE: [&str; 1] = ["items"];
const SEVERAL: [&str; 2] = ["anyOf", "allOf"];
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];
/// Deeper schemas stay as they are written; the provider has bounds of its own.
const DEPTH_MAX: usize = 64;

/// A schema as it can be bound to, and whether that says the same.
pub(super) fn closed(schema: &Value) -> (Cow<'_, Value>, bool) {
    let mut closer = Closer { changes: false, is_exact: true };
    let out = closer.schema(schema, 0);
    let out = if closer.changes { Cow::Owned(out) } else { Cow::Borrowed(schema) };
    (out, closer.is_exact)
}

struct Closer {
    changes: bool,
    is_exact: bool,
}

impl Closer {
    fn schema(&mut self, schema: &Value, depth: usize) -> Value {
        let Json::Object(object) = schema else { return schema.clone() };
        if depth > DEPTH_MAX {
            return schema.clone();
        }
        let mut out = Object::default();
        let mut unsaid = Vec::new();
        for (name, value) in object.iter() {
            if !self.keyword(name, value, depth, &mut out) {
                unsaid.push(format!("{name}: {}", text(value)));
            }
        }
        if is_of_objects(object) && object.get("additionalProperties").is_none() {
            self.changes = true;
            out.set("additionalProperties", Json::Bool(false));
        }
        if !unsaid.is_empty() {
            (self.changes, self.is_exact) = (true, false);
            describe(&unsaid, &mut out);
        }
        Json::Object(out)
    }

    /// Says whether there is a word for it.
    fn keyword(&mut self, name: &str, value: &Value, depth: usize, out: &mut Object<'static>) -> bool {
        let value = match (name, value) {
            ("additionalProperties", Json::Bool(false)) => value.clone(),
            ("additionalProperties", _) => {
                (self.changes, self.is_exact) = (true, false);
                Json::Bool(false)
            }
            ("oneOf", Json::Array(all)) => {
                self.changes = true;
                out.set("anyOf", self.all(all, depth));
                return true;
            }
            ("format", Json::String(format)) if FORMATS.contains(&&**format) => value.clone(),
            ("minItems", Json::Number(least)) if ["0", "1"].contains(&&**least) => value.clone(),
            (_, Json::Array(all)) if SEVERAL.contains(&name) => self.all(all, depth),
            (_, Json::Object(all)) if NAMED.contains(&name) => self.each(all, depth),
            (_, Json::Object(_)) if ONE.contains(&name) => self.schema(value, depth + 1),
            _ if KEPT.contains(&name) => value.clone(),
            _ => return false,
        };
        out.set(name, value);
        true
    }

    fn all(&mut self, all: &[Value], depth: usize) -> Value {
        Json::Array(all.iter().map(|schema| self.schema(schema, depth + 1)).collect())
    }

    fn each(&mut self, all: &Object<'static>, depth: usize) -> Value {
        let mut out = Object::default();
        for (name, schema) in all.iter() {
            out.push(name, self.schema(schema, depth + 1));
        }
        Json::Object(out)
    }
}

fn is_of_objects(schema: &Object<'static>) -> bool {
    match schema.get("type") {
        Some(Json::Array(kinds)) => kinds.iter().any(|kind| kind.as_str() == Some("object")),
        Some(kind) => kind.as_str() == Some("object"),
        None => schema.get("properties").is_some(),
    }
}

fn describe(unsaid: &[String], out: &mut Object<'static>) {
    let words = format!("{{{}}}", unsaid.join(", "));
    let described = match out.get("description").and_then(Json::as_str) {
        Some(before) => format!("{before}\n\n{words}"),
        None => words,
    };
    out.set("description", Json::String(described.into()));
}

fn text(value: &Value) -> String {
    String::from_utf8(value.to_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn check(schema: &str, expected: &str, is_exact: bool) {
        let schema = parse(schema.as_bytes(), Limits::default()).unwrap().into_owned();
        let (out, exact) = closed(&schema);
        assert_eq!((text(&out).as_str(), exact), (expected, is_exact));
        let again = closed(&out).0.into_owned();
        assert_eq!(text(&again), expected, "a closed schema is closed");
    }

    #[test]
    fn what_can_be_said_stays_as_it_was_written() {
        let schema = r##"{"$schema":"x","type":"object","properties":{"b":{"type":"string","format":"date"},"a":{"type":"array","items":{"$ref":"#/$defs/n"},"minItems":1}},"required":["b"],"additionalProperties":false,"$defs":{"n":{"enum":[1,2.50]}}}"##;
        check(schema, schema, true);
    }

    #[test]
    fn objects_are_closed_at_every_depth() {
        check(
            r#"{"type":"object","properties":{"x":{"oneOf":[{"type":["object","null"],"properties":{}}]}}}"#,
            r#"{"type":"object","properties":{"x":{"anyOf":[{"type":["object","null"],"properties":{},"additionalProperties":false}]}},"additionalProperties":false}"#,
            true,
        );
    }

    #[test]
    fn what_has_no_word_is_told_to_the_model_and_to_the_client() {
        check(
            r#"{"type":"integer","minimum":1,"maximum":10,"description":"A number"}"#,
            r#"{"type":"integer","description":"A number\n\n{minimum: 1, maximum: 10}"}"#,
            false,
        );
        check(
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r#"{"type":"object","additionalProperties":false}"#,
            false,
        );
    }
}
