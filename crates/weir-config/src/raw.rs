//! The files as written: places kept, nothing resolved.

pub mod cases;
pub mod detectors;
pub mod encoder;
pub mod export;
pub mod extractors;
pub mod keep;
pub mod policy;
pub mod purpose;
pub mod quality;
pub mod rollout;
pub mod weir;
pub mod witness;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::yaml::At;

/// A mapping whose keys are the operator's own, in the order of the file.
#[derive(Debug, Clone)]
pub struct Entries<V>(pub Vec<(At<String>, V)>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Entries<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Entries".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<V>() })
    }
}

/// One scalar, or a list of them.
#[derive(Debug, Clone)]
pub enum OneOrMany {
    /// As `fact: value`.
    One(String),
    /// As `fact: [value, value]`.
    Many(Vec<At<String>>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one value or a list of values")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(OneOrMany::One(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(OneOrMany::One(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(OneOrMany::One(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(OneOrMany::One(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(OneOrMany::One(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut many = Vec::new();
                while let Some(value) = seq.next_element()? {
                    many.push(value);
                }
                Ok(OneOrMany::Many(many))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl OneOrMany {
    /// The schema of one `scalar` or a list of them.
    pub fn schema_of(scalar: Schema) -> Schema {
        json_schema!({ "anyOf": [scalar.clone(), { "type": "array", "items": scalar, "minItems": 1 }] })
    }
}

impl At<OneOrMany> {
    /// The values with their places: one, or those of the list.
    pub fn each(&self) -> Vec<At<&str>> {
        match &self.value {
            OneOrMany::One(value) => vec![At { value, place: self.place }],
            OneOrMany::Many(values) => {
                values.iter().map(|At { value, place }| At { value: value.as_str(), place: *place }).collect()
            }
        }
    }
}
