//! How long records are kept, as written.

use super::Entries;
use crate::scalar::Days;
use crate::yaml::{Field, Scalar as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use weir_label::Level;

/// One time for all records, or one for each level.
#[derive(Debug)]
pub enum RawKeep {
    One(String),
    ByLevel(Entries<Field<Days>>),
}

impl<'de> Deserialize<'de> for RawKeep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Times;

        impl<'de> Visitor<'de> for Times {
            type Value = RawKeep;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of days or a mapping of levels to numbers of days")
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(RawKeep::One(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(RawKeep::One(value.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Entries::deserialize(MapAccessDeserializer::new(map)).map(RawKeep::ByLevel)
            }
        }

        deserializer.deserialize_any(Times)
    }
}

impl JsonSchema for RawKeep {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Keep".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        let mut add = |name: &str, description: String| {
            let mut days = Days::schema();
            days.insert("description".to_owned(), description.into());
            properties.insert(name.to_owned(), days.to_value());
        };
        for level in Level::ALL {
            add(level.as_str(), format!("For requests whose data is `{level}`."));
        }
        add("default", "For the other levels, and for all that is about no request.".to_owned());
        let by_level = json_schema!({
            "type": "object", "properties": properties, "required": ["default"], "additionalProperties": false,
        });
        json_schema!({ "anyOf": [Days::schema(), by_level] })
    }
}
