//! Labels as they are kept beside what they are of.

use serde_json::{Value, json};
use weir_label::{Label, Level};

pub(crate) fn write(label: &Label) -> String {
    let categories: Vec<&str> = label.categories().iter().map(|category| category.as_str()).collect();
    let places: Vec<&str> = label.jurisdictions().iter().map(|place| place.as_str()).collect();
    json!({
        "level": label.level().as_str(),
        "categories": categories,
        "jurisdictions": places,
        "opaque": label.is_opaque(),
    })
    .to_string()
}

/// What cannot be read is of unknown data.
pub(crate) fn read(text: &str) -> Label {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Label::unknown() };
    let words = |name: &str| {
        value.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    };
    let Some(level) =
        value.get("level").and_then(Value::as_str).and_then(|level| level.parse::<Level>().ok())
    else {
        return Label::unknown();
    };
    let mut label = Label::at(level);
    for category in words("categories").filter_map(|word| word.parse().ok()) {
        label = label.with_category(category);
    }
    for place in words("jurisdictions").filter_map(|word| word.parse().ok()) {
        label = label.with_jurisdiction(place);
    }
    if value.get("opaque") == Some(&Value::Bool(false)) { label } else { label.with_opaque() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_label::Category;

    #[test]
    fn a_label_reads_back_as_it_was_written_and_anything_else_is_unknown_data() {
        let label = Label::at(Level::Confidential)
            .with_category(Category::Personal)
            .with_jurisdiction("DE".parse().unwrap());
        assert_eq!(read(&write(&label)), label);
        assert_eq!(read(&write(&label.clone().with_opaque())), label.with_opaque());
        for broken in ["", "{}", r#"{"level":"none"}"#] {
            assert_eq!(read(broken), Label::unknown());
        }
    }
}
