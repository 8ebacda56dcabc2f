//! The schemas that answers of Anthropic and Bedrock can be bound to.
//!
//! Source: Anthropic's guide "Structured outputs", "JSON Schema limitations".

use super::{Checked, ensure};
use serde_json::Value;

/// Refuses a schema that these providers refuse.
pub(super) fn check_closed(schema: &Value) -> Checked {
    let Some(members) = schema.as_object() else {
        return ensure(false, "output format: schema must be an object");
    };
    if schema["type"] == "object" {
        ensure(
            schema["additionalProperties"] == false,
            "output format: For 'object' type, 'additionalProperties' must be explicitly set to false",
        )?;
    }
    let unsupported =
        ["minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "oneOf", "not"];
    for name in unsupported {
        let message = format!("output format: property '{name}' is not supported");
        ensure(!members.contains_key(name), message)?;
    }
    for name in ["properties", "$defs"] {
        let all = members.get(name).and_then(Value::as_object).into_iter().flatten();
        all.map(|(_, schema)| schema).try_for_each(check_closed)?;
    }
    for name in ["anyOf", "allOf"] {
        members.get(name).and_then(Value::as_array).into_iter().flatten().try_for_each(check_closed)?;
    }
    members.get("items").map_or(Ok(()), check_closed)
}
