//! JSON Schema, as far as answers of models are held to it: types, members, elements, values and alternatives.
//!
//! What is not looked at (patterns, formats, bounds of numbers) counts as kept to, and so does a schema that takes more
//! than a bounded number of steps.
//!
//! Source: JSON Schema 2020-12, "A Vocabulary for Applying Subschemas" and "…for Structural Validation".

use crate::json::{Json, Object};

/// Steps that one answer may take; a schema that refers to itself in every alternative takes more.
const STEPS_MAX: usize = 100_000;
const DEPTH_MAX: usize = 64;

/// Whether a value keeps to a schema.
pub(super) fn keeps_to(value: &Json<'_>, schema: &Json<'_>) -> bool {
    let mut check = Check { root: schema, steps: STEPS_MAX };
    check.keeps(value, schema, 0)
}

struct Check<'s, 't> {
    root: &'s Json<'t>,
    steps: usize,
}

impl<'s, 't> Check<'s, 't> {
    fn keeps(&mut self, value: &Json<'_>, schema: &'s Json<'t>, depth: usize) -> bool {
        if self.steps == 0 || depth > DEPTH_MAX {
            return true;
        }
        self.steps -= 1;
        let schema = match schema {
            Json::Bool(is) => return *is,
            Json::Object(schema) => schema,
            Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) => return true,
        };
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            return self.find(target).is_none_or(|found| self.keeps(value, found, depth + 1));
        }
        is_of_type(value, schema.get("type"))
            && schema.get("const").is_none_or(|only| same(only, value))
            && list(schema, "enum").is_none_or(|known| known.iter().any(|known| same(known, value)))
            && self.alternatives(value, schema, depth)
            && match value {
                Json::Object(object) => self.members(object, schema, depth),
                Json::Array(items) => self.elements(items, schema, depth),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
            }
    }

    fn alternatives(&mut self, value: &Json<'_>, schema: &'s Object<'t>, depth: usize) -> bool {
        let mut some = |name| {
            list(schema, name).is_none_or(|each| each.iter().any(|one| self.keeps(value, one, depth + 1)))
        };
        some("anyOf")
            && some("oneOf")
            && list(schema, "allOf")
                .is_none_or(|each| each.iter().all(|one| self.keeps(value, one, depth + 1)))
    }

    fn members(&mut self, object: &Object<'_>, schema: &'s Object<'t>, depth: usize) -> bool {
        let required = list(schema, "required").unwrap_or_default();
        if !required.iter().filter_map(Json::as_str).all(|name| object.get(name).is_some()) {
            return false;
        }
        let known = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties").filter(|_| schema.get("patternProperties").is_none());
        object.iter().all(|(name, member)| {
            let schema = known.and_then(|known| known.get(name)).or(others);
            schema.is_none_or(|schema| self.keeps(member, schema, depth + 1))
        })
    }

    fn elements(&mut self, items: &[Json<'_>], schema: &'s Object<'t>, depth: usize) -> bool {
        let count = items.len() as u64;
        let number = |name| schema.get(name).and_then(Json::as_u64);
        if number("minItems").is_some_and(|least| count < least)
            || number("maxItems").is_some_and(|most| count > most)
        {
            return false;
        }
        let first = list(schema, "prefixItems").unwrap_or_default();
        items.iter().enumerate().all(|(place, item)| {
            let schema = first.get(place).or_else(|| schema.get("items"));
            schema.is_none_or(|schema| self.keeps(item, schema, depth + 1))
        })
    }

    /// What `#/…` points to. Other documents are not looked at.
    fn find(&self, target: &str) -> Option<&'s Json<'t>> {
        let path = target.strip_prefix('#')?;
        path.split('/').skip(1).try_fold(self.root, |at, step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            match at {
                Json::Object(object) => object.get(&step),
                Json::Array(items) => items.get(step.parse::<usize>().ok()?),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
            }
        })
    }
}

fn list<'s, 't>(schema: &'s Object<'t>, name: &str) -> Option<&'s [Json<'t>]> {
    schema.get(name).and_then(Json::as_array)
}

fn is_of_type(value: &Json<'_>, wanted: Option<&Json<'_>>) -> bool {
    match wanted {
        Some(Json::String(name)) => is(value, name),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).any(|name| is(value, name)),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) | None => true,
    }
}

fn is(value: &Json<'_>, name: &str) -> bool {
    match name {
        "null" => *value == Json::Null,
        "boolean" => value.as_bool().is_some(),
        "string" => value.as_str().is_some(),
        "array" => value.as_array().is_some(),
        "object" => value.as_object().is_some(),
        "number" => number(value).is_some(),
        "integer" => number(value).is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

fn number(value: &Json<'_>) -> Option<f64> {
    let Json::Number(text) = value else { return None };
    text.parse().ok()
}

/// Whether two values say the same: numbers by their value, members in any order.
fn same(a: &Json<'_>, b: &Json<'_>) -> bool {
    match (a, b) {
        (Json::Number(_), Json::Number(_)) => number(a) == number(b),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.iter().count() == b.iter().count()
                && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => a == b,
            _ => {
                (a == &Json::Null && b == &Json::Null)
                    || (a.as_bool().is_some() && a.as_bool() == b.as_bool())
            }
        },
    }
}
