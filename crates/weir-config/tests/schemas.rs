//! The schemas that editors use.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::Value;
use std::path::{Path, PathBuf};

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for (name, text) in weir_config::schemas() {
        let found = std::fs::read_to_string(committed(name)).unwrap_or_default();
        assert!(found == text, "docs/schemas/{name} is stale; regenerate it with `cargo xtask schemas`");
    }
}

#[test]
fn every_property_has_a_description() {
    for (name, text) in weir_config::schemas() {
        let schema: Value = serde_json::from_str(&text).unwrap();
        let mut bare = Vec::new();
        collect_undescribed(&schema, name, &mut bare);
        assert_eq!(bare, Vec::<String>::new());
        assert!(schema["description"].is_string(), "{name} says what it is");
    }
}

fn collect_undescribed(schema: &Value, path: &str, bare: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                let undescribed =
                    properties.iter().filter(|(_, property)| !property["description"].is_string());
                bare.extend(undescribed.map(|(name, _)| format!("{path}/{name}")));
            }
            fields
                .iter()
                .for_each(|(name, field)| collect_undescribed(field, &format!("{path}/{name}"), bare));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_undescribed(item, path, bare)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
#[ignore = "writes the committed schemas; `cargo xtask schemas` runs it"]
fn write_schemas() {
    for (name, text) in weir_config::schemas() {
        std::fs::write(committed(name), text).unwrap();
    }
}

fn committed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas").join(name)
}
