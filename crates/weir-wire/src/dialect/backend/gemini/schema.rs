//! JSON Schema → the subset of OpenAPI's that Gemini takes.
//!
//! What a schema says exactly, or what a model keeps to anyway (no members but those named), is converted;
//! what has no word is left out, and the caller told.

use crate::json::{Json, Object};
use std::borrow::Cow;

type Value = Json<'static>;

/// Deeper schemas, and those that refer to themselves, end there.
const DEPTH_MAX: usize = 24;
/// Definitions that are used often make a schema grow; it is not let grow without bound.
const SCHEMAS_MAX: usize = 2000;

/// Converts a schema, and says whether nothing was left out.
pub(super) fn convert(schema: &Value) -> (Value, bool) {
    let mut converter = Converter { root: schema, within: Vec::new(), left: SCHEMAS_MAX, is_exact: true };
    let converted = converter.schema(schema, 0);
    (Json::Object(converted), converter.is_exact)
}

/// Whether a schema is that of an object which names no member: as the parameters of a function Gemini wants
/// none instead.
pub(super) fn has_no_members(schema: &Value) -> bool {
    let Json::Object(schema) = schema else { return true };
    let is_object = schema.get("type").is_none_or(|kind| kind.as_str() == Some("OBJECT"));
    is_object && schema.get("properties").is_none() && schema.get("anyOf").is_none()
}

struct Converter<'s> {
    root: &'s Value,
    /// The references that are being followed.
    within: Vec<String>,
    left: usize,
    is_exact: bool,
}

impl Converter<'_> {
    fn schema(&mut self, schema: &Value, depth: usize) -> Object<'static> {
        let mut out = Object::default();
        let Some(left) = self.left.checked_sub(1).filter(|_| depth < DEPTH_MAX) else {
            return self.some_object();
        };
        self.left = left;
        match schema {
            Json::Object(schema) => self.object(schema, depth, &mut out),
            // `true`: anything.
            Json::Bool(true) => {}
            Json::Bool(false) | Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                self.is_exact = false;
            }
        }
        if depth > 0 && out.get("type").is_none() && out.get("anyOf").is_none() {
            self.anything(&mut out);
        }
        out
    }

    /// Where a schema is not followed any further.
    fn some_object(&mut self) -> Object<'static> {
        self.is_exact = false;
        let mut out = Object::default();
        out.set("type", string("OBJECT"));
        out
    }

    /// A schema must be of some type.
    fn anything(&mut self, out: &mut Object<'static>) {
        self.is_exact = false;
        let of = |kind: &&str| {
            let mut one = Object::default();
            one.set("type", string(kind));
            Json::Object(one)
        };
        out.set("anyOf", Json::Array(["STRING", "NUMBER", "BOOLEAN", "OBJECT"].iter().map(of).collect()));
        self.alone(out);
    }

    fn object(&mut self, schema: &Object<'static>, depth: usize, out: &mut Object<'static>) {
        if let Some(target) = schema.get("$ref") {
            self.reference(target, schema, depth, out);
            return;
        }
        let kinds = self.kinds(schema, out);
        if let [_, _, ..] = kinds.as_slice() {
            self.one_for_each_kind(&kinds, schema, depth, out);
            return;
        }
        let kind = kinds.first().copied().or_else(|| implied(schema));
        if let Some(kind) = kind {
            out.set("type", string(&kind.to_ascii_uppercase()));
        }
        for (name, value) in schema.iter() {
            self.keyword(name, value, kind, depth, out);
        }
        if kind == Some("array") && out.get("items").is_none() {
            // Gemini refuses an array that does not say of what.
            let mut items = Object::default();
            items.set("type", string("STRING"));
            out.set("items", Json::Object(items));
            self.is_exact = false;
        }
        self.alone(out);
    }

    /// A reference stands for what it points to, with what stands beside it.
    fn reference(
        &mut self,
        target: &Value,
        beside: &Object<'static>,
        depth: usize,
        out: &mut Object<'static>,
    ) {
        let pointer = target.as_str().unwrap_or_default();
        let found = self.resolve(pointer).filter(|_| !self.within.iter().any(|at| at == pointer)).cloned();
        *out = match found {
            Some(found) => {
                self.within.push(pointer.to_owned());
                let out = self.schema(&found, depth + 1);
                self.within.pop();
                out
            }
            None => self.some_object(),
        };
        for (name, value) in beside.iter().filter(|(name, _)| ["description", "title"].contains(name)) {
            out.set(name, value.clone());
        }
    }

    /// What a pointer like `#/$defs/Name` points to.
    fn resolve(&self, pointer: &str) -> Option<&Value> {
        let path = pointer.strip_prefix('#')?;
        path.split('/').filter(|step| !step.is_empty()).try_fold(self.root, |at, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match at {
                Json::Object(object) => object.get(&step),
                Json::Array(items) => items.get(step.parse::<usize>().ok()?),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
            }
        })
    }

    /// The types but `null`, which becomes a mark of its own.
    fn kinds<'a>(&mut self, schema: &'a Object<'static>, out: &mut Object<'static>) -> Vec<&'a str> {
        let all: Vec<&str> = match schema.get("type") {
            Some(Json::String(kind)) => vec![kind],
            Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        let is_null = |kind: &&str| kind.eq_ignore_ascii_case("null");
        if all.iter().any(is_null) {
            if all.len() == 1 {
                return all;
            }
            out.set("nullable", Json::Bool(true));
        }
        let lower = |kind: &'a str| KINDS.iter().copied().find(|known| known.eq_ignore_ascii_case(kind));
        all.into_iter().filter(|kind| !is_null(kind)).filter_map(lower).collect()
    }

    fn one_for_each_kind(
        &mut self,
        kinds: &[&str],
        schema: &Object<'static>,
        depth: usize,
        out: &mut Object<'static>,
    ) {
        let mut each = Vec::new();
        for kind in kinds {
            let mut one = schema.clone();
            one.set("type", string(kind));
            each.push(Json::Object(self.schema(&Json::Object(one), depth + 1)));
        }
        out.set("anyOf", Json::Array(each));
        self.alone(out);
    }

    fn keyword(
        &mut self,
        name: &str,
        value: &Value,
        kind: Option<&str>,
        depth: usize,
        out: &mut Object<'static>,
    ) {
        match name {
            "description" | "title" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
            | "minLength" | "maxLength" | "pattern" | "minimum" | "maximum" | "required"
            | "propertyOrdering" => out.set(name, value.clone()),
            "nullable" if *value == Json::Bool(true) => out.set(name, value.clone()),
            "properties" => self.properties(value, depth, out),
            "items" => out.set("items", Json::Object(self.schema(value, depth + 1))),
            "anyOf" | "oneOf" => self.alternatives(name, value, depth, out),
            "allOf" => self.all_of(value, depth, out),
            "enum" => self.values(value, kind, out),
            "const" => self.values(&Json::Array(vec![value.clone()]), kind, out),
            "format" => self.format(value, kind, out),
            "exclusiveMinimum" => self.bound("minimum", value, kind, 1, out),
            "exclusiveMaximum" => self.bound("maximum", value, kind, -1, out),
            // A model writes the members it is told of.
            "additionalProperties" | "unevaluatedProperties" if matches!(value, Json::Bool(_)) => {}
            // Notes, and what was looked at above.
            "type" | "nullable" | "default" | "example" | "examples" | "deprecated" | "readOnly"
            | "writeOnly" | "definitions" => {}
            name if name.starts_with('$') || name.starts_with("x-") => {}
            _ => self.is_exact = false,
        }
    }

    fn properties(&mut self, value: &Value, depth: usize, out: &mut Object<'static>) {
        let Some(properties) = value.as_object() else { return };
        let mut converted = Object::default();
        for (name, schema) in properties.iter() {
            converted.set(name, Json::Object(self.schema(schema, depth + 1)));
        }
        if converted.iter().next().is_some() {
            out.set("properties", Json::Object(converted));
        }
    }

    fn alternatives(&mut self, name: &str, value: &Value, depth: usize, out: &mut Object<'static>) {
        let Some(all) = value.as_array() else { return };
        let is_null = |schema: &&Value| {
            schema.as_object().and_then(|s| s.get("type")).and_then(Json::as_str) == Some("null")
        };
        let others: Vec<&Value> = all.iter().filter(|schema| !is_null(schema)).collect();
        if others.len() < all.len() {
            out.set("nullable", Json::Bool(true));
        }
        // One of several is not the same as any of them, where more than one could fit.
        self.is_exact &= name == "anyOf" || others.len() < 2;
        if let [only] = others.as_slice() {
            let only = self.schema(only, depth + 1);
            return merge(out, only);
        }
        let each = others.into_iter().map(|schema| Json::Object(self.schema(schema, depth + 1))).collect();
        out.set("anyOf", Json::Array(each));
    }

    /// Schemas that all hold, where each says something else.
    fn all_of(&mut self, value: &Value, depth: usize, out: &mut Object<'static>) {
        for schema in value.as_array().unwrap_or_default() {
            let one = self.schema(schema, depth + 1);
            self.is_exact &= one.iter().all(|(name, value)| {
                ["properties", "required"].contains(&name) || out.get(name).is_none_or(|had| had == value)
            });
            merge(out, one);
        }
    }

    /// Gemini knows lists of texts alone.
    fn values(&mut self, value: &Value, kind: Option<&str>, out: &mut Object<'static>) {
        let Some(all) = value.as_array() else { return };
        if all.contains(&Json::Null) {
            out.set("nullable", Json::Bool(true));
        }
        let texts: Vec<Value> = all.iter().filter(|value| **value != Json::Null).cloned().collect();
        let are_texts = texts.iter().all(|value| value.as_str().is_some_and(|text| !text.is_empty()));
        if !are_texts || texts.is_empty() || kind.is_some_and(|kind| kind != "string") {
            self.is_exact = false;
            return;
        }
        out.set("type", string("STRING"));
        out.set("enum", Json::Array(texts));
    }

    fn format(&mut self, value: &Value, kind: Option<&str>, out: &mut Object<'static>) {
        let format = value.as_str().unwrap_or_default();
        let is_known = match kind {
            Some("string") => ["date-time", "enum"].contains(&format),
            Some("number") => ["float", "double"].contains(&format),
            Some("integer") => ["int32", "int64"].contains(&format),
            _ => false,
        };
        if is_known && out.get("format").is_none() {
            out.set("format", value.clone());
        } else {
            self.is_exact &= is_known;
        }
    }

    /// A whole number above 3 is one from 4 up.
    fn bound(&mut self, name: &str, value: &Value, kind: Option<&str>, by: i64, out: &mut Object<'static>) {
        let whole = |value: &Value| {
            if let Json::Number(text) = value { text.parse::<i64>().ok()?.checked_add(by) } else { None }
        };
        match whole(value).filter(|_| kind == Some("integer")) {
            Some(bound) => out.set(name, Json::Number(Cow::Owned(bound.to_string()))),
            None => self.is_exact = false,
        }
    }
}

impl Converter<'_> {
    /// Vertex AI refuses `anyOf` beside anything else: a note and the type move into the alternatives, and
    /// where there is more beside them it is the alternatives that are left out.
    fn alone(&mut self, schema: &mut Object<'static>) {
        let Some(Json::Array(mut each)) = schema.remove("anyOf") else { return };
        if schema.iter().any(|(name, _)| !MOVABLE.contains(&name)) {
            self.is_exact = false;
            return;
        }
        for one in each.iter_mut() {
            let Json::Object(one) = one else { continue };
            for (name, value) in schema.iter().filter(|(name, _)| *name != "title") {
                if one.get(name).is_none() {
                    one.set(name, value.clone());
                }
            }
        }
        let mut only = Object::default();
        only.set("anyOf", Json::Array(each));
        *schema = only;
    }
}

/// What can be said of each alternative as well as of all together.
const MOVABLE: [&str; 4] = ["description", "title", "nullable", "type"];

/// The types of JSON Schema, but for `null`.
const KINDS: [&str; 6] = ["string", "number", "integer", "boolean", "array", "object"];

/// The type that a schema speaks of without saying so.
fn implied(schema: &Object<'_>) -> Option<&'static str> {
    if schema.get("properties").is_some() {
        return Some("object");
    }
    if schema.get("items").is_some() {
        return Some("array");
    }
    None
}

fn string(text: &str) -> Value {
    Json::String(Cow::Owned(text.to_owned()))
}

/// Adds what `more` says; lists of members are joined.
fn merge(into: &mut Object<'static>, more: Object<'static>) {
    for (name, value) in more.iter() {
        match (into.get_mut(name), value) {
            (Some(Json::Object(had)), Json::Object(new)) if name == "properties" => {
                new.iter().for_each(|(name, value)| had.set(name, value.clone()));
            }
            (Some(Json::Array(had)), Json::Array(new)) if name == "required" => {
                had.extend(new.iter().cloned());
            }
            (Some(_), _) if ["description", "title"].contains(&name) => {}
            _ => into.set(name, value.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn converted(text: &str) -> (String, bool) {
        let schema = parse(text.as_bytes(), Limits::default()).unwrap().into_owned();
        let (schema, is_exact) = convert(&schema);
        (String::from_utf8(schema.to_bytes()).unwrap(), is_exact)
    }

    fn exact(text: &str, expected: &str) {
        assert_eq!(converted(text), (expected.to_owned(), true));
    }

    fn nearest(text: &str, expected: &str) {
        assert_eq!(converted(text), (expected.to_owned(), false));
    }

    #[test]
    fn what_gemini_has_words_for_is_converted_in_its_order() {
        exact(
            r#"{"$schema":"x","type":"object","properties":{"z":{"type":"string","enum":["a","b"]},"a":{"type":"array","items":{"type":"integer","minimum":1},"maxItems":3}},"required":["z"],"additionalProperties":false}"#,
            r#"{"type":"OBJECT","properties":{"z":{"type":"STRING","enum":["a","b"]},"a":{"type":"ARRAY","items":{"type":"INTEGER","minimum":1},"maxItems":3}},"required":["z"]}"#,
        );
    }

    #[test]
    fn null_among_the_types_is_a_mark() {
        exact(r#"{"type":["string","null"]}"#, r#"{"nullable":true,"type":"STRING"}"#);
        exact(
            r#"{"anyOf":[{"type":"integer"},{"type":"null"}],"description":"d"}"#,
            r#"{"nullable":true,"type":"INTEGER","description":"d"}"#,
        );
    }

    #[test]
    fn alternatives_stand_alone_and_take_the_note_with_them() {
        exact(
            r#"{"description":"d","type":["string","number"]}"#,
            r#"{"anyOf":[{"type":"STRING","description":"d"},{"type":"NUMBER","description":"d"}]}"#,
        );
        nearest(
            r#"{"oneOf":[{"type":"string"},{"type":"number"}]}"#,
            r#"{"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]}"#,
        );
        nearest(
            r#"{"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]}, {"required":["b"]}]}"#,
            r#"{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}"#,
        );
    }

    #[test]
    fn references_are_followed_and_end_where_they_meet_themselves() {
        exact(
            r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"d"}},"$defs":{"A":{"type":"string"}}}"##,
            r#"{"type":"OBJECT","properties":{"a":{"type":"STRING","description":"d"}}}"#,
        );
        nearest(
            r##"{"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}}}}}"##,
            r#"{"type":"OBJECT","properties":{"next":{"type":"OBJECT"}}}"#,
        );
        nearest(r##"{"$ref":"#/nowhere"}"##, r#"{"type":"OBJECT"}"#);
    }

    #[test]
    fn schemas_that_all_hold_are_one() {
        exact(
            r#"{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}"#,
            r#"{"type":"OBJECT","properties":{"a":{"type":"STRING"},"b":{"type":"STRING"}},"required":["a","b"]}"#,
        );
    }

    #[test]
    fn constants_bounds_and_formats_are_said_as_far_as_they_can_be() {
        exact(r#"{"const":"x"}"#, r#"{"type":"STRING","enum":["x"]}"#);
        exact(r#"{"type":"integer","exclusiveMinimum":3}"#, r#"{"type":"INTEGER","minimum":4}"#);
        exact(r#"{"type":"string","format":"date-time"}"#, r#"{"type":"STRING","format":"date-time"}"#);
        nearest(r#"{"type":"string","format":"email"}"#, r#"{"type":"STRING"}"#);
        nearest(r#"{"type":"integer","enum":[1,2]}"#, r#"{"type":"INTEGER"}"#);
        nearest(r#"{"type":"number","exclusiveMinimum":3}"#, r#"{"type":"NUMBER"}"#);
        nearest(r#"{"type":"array"}"#, r#"{"type":"ARRAY","items":{"type":"STRING"}}"#);
        nearest(r#"{"type":"string","not":{"const":"x"}}"#, r#"{"type":"STRING"}"#);
    }

    #[test]
    fn a_member_of_any_type_is_one_of_several() {
        nearest(
            r#"{"type":"object","properties":{"v":{"description":"d"}}}"#,
            r#"{"type":"OBJECT","properties":{"v":{"anyOf":[{"type":"STRING","description":"d"},{"type":"NUMBER","description":"d"},{"type":"BOOLEAN","description":"d"},{"type":"OBJECT","description":"d"}]}}}"#,
        );
    }

    #[test]
    fn a_schema_that_grows_when_followed_ends() {
        let wide: Vec<String> =
            (0..20).map(|i| format!(r##""m{i}":{{"$ref":"#/$defs/D{{next}}"}}"##)).collect();
        let defs: Vec<String> = (0..6)
            .map(|at| {
                let members = wide.join(",").replace("{next}", &(at + 1).to_string());
                format!(r#""D{at}":{{"type":"object","properties":{{{members}}}}}"#)
            })
            .collect();
        let text = format!(r##"{{"$ref":"#/$defs/D0","$defs":{{{}}}}}"##, defs.join(","));
        let (schema, is_exact) = converted(&text);
        assert!(!is_exact && schema.len() < 200_000, "{}", schema.len());
    }
}
