use crate::raw::cases::RawCases;
use crate::raw::policy::RawPolicy;
use crate::raw::weir::RawWeir;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The JSON Schemas of both files, for editors: file name and text.
#[must_use]
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("weir.schema.json", schema::<RawWeir>()),
        ("policy.schema.json", schema::<RawPolicy>()),
        ("policy-test.schema.json", schema::<RawCases>()),
    ]
}

fn schema<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(for_people));
    // Alternate formatting indents.
    format!("{:#}\n", settings.into_generator().into_root_schema_for::<T>().to_value())
}

/// Descriptions in one line, as editors show them, and no `null` among the values they offer: a field
/// that may be missing is one to leave out.
fn for_people(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    for list in ["type", "enum", "anyOf"] {
        drop_null(schema, list);
    }
}

fn drop_null(schema: &mut Schema, list: &str) {
    let Some(Value::Array(values)) = schema.get_mut(list) else { return };
    values.retain(|value| {
        !value.is_null() && value != "null" && value.get("type") != Some(&Value::from("null"))
    });
    match (list, values.as_mut_slice()) {
        ("type", [only]) => {
            let only = only.take();
            schema.insert(list.to_owned(), only);
        }
        ("anyOf", [Value::Object(only)]) => {
            let only = std::mem::take(only);
            schema.remove(list);
            only.into_iter().for_each(|(key, value)| {
                schema.insert(key, value);
            });
        }
        _ => {}
    }
}
