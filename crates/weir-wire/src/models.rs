//! Model lists.

use crate::dialect::client::ollama::rfc3339;
use crate::json::{Json, Limits, ObjectWriter, parse, write_object, write_string};

/// The list of models in the OpenAI form.
///
/// `created` is in seconds since 1970.
#[must_use]
pub fn write_list<'a>(ids: impl Iterator<Item = &'a str>, created: u64) -> Vec<u8> {
    let mut data = vec![b'['];
    for id in ids {
        if data.len() > 1 {
            data.push(b',');
        }
        data.extend(write_model(id, created));
    }
    data.push(b']');
    let mut out = Vec::new();
    let mut list = ObjectWriter::new(&mut out);
    write_string("list", list.member("object"));
    list.member("data").extend_from_slice(&data);
    list.end();
    out
}

/// One model in the OpenAI form.
#[must_use]
pub fn write_model(id: &str, created: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut model = ObjectWriter::new(&mut out);
    write_string(id, model.member("id"));
    write_string("model", model.member("object"));
    model.member("created").extend_from_slice(created.to_string().as_bytes());
    write_string("weir", model.member("owned_by"));
    model.end();
    out
}

/// The list of models in a form that serves OpenAI's and Anthropic's clients.
#[must_use]
pub fn write_list_for_both(ids: &[&str], created: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |list| {
        list.text("object", "list");
        list.array("data", |data| {
            ids.iter().for_each(|id| data.object(|model| model_for_both(id, created, model)))
        });
        list.truth("has_more", false);
        for (name, id) in [("first_id", ids.first()), ("last_id", ids.last())] {
            match id {
                Some(id) => list.text(name, id),
                None => list.null(name),
            }
        }
    });
    out
}

/// One model in that form.
#[must_use]
pub fn write_model_for_both(id: &str, created: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |model| model_for_both(id, created, model));
    out
}

fn model_for_both(id: &str, created: u64, model: &mut ObjectWriter<'_>) {
    model.text("id", id);
    model.text("object", "model");
    model.number("created", created);
    model.text("owned_by", "weir");
    model.text("type", "model");
    model.text("display_name", id);
    model.text("created_at", &rfc3339(created));
}

/// The list of models as Ollama's clients read it.
///
/// Source: Ollama's API, `GET /api/tags`.
#[must_use]
pub fn write_ollama_list(ids: &[&str], modified: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |list| {
        list.array("models", |models| {
            for id in ids {
                models.object(|model| {
                    model.text("name", id);
                    model.text("model", id);
                    model.text("modified_at", &rfc3339(modified));
                    model.number("size", 0);
                    model.text("digest", "");
                    model.object("details", ollama_details);
                });
            }
        });
    });
    out
}

/// What is told of any one model: `POST /api/show`.
#[must_use]
pub fn write_ollama_model() -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |model| {
        model.object("details", ollama_details);
        model.object("model_info", |_| {});
        model.array("capabilities", |all| ["completion", "tools", "vision"].iter().for_each(|c| all.text(c)));
    });
    out
}

fn ollama_details(details: &mut ObjectWriter<'_>) {
    for name in ["parent_model", "format", "family", "parameter_size", "quantization_level"] {
        details.text(name, "");
    }
    details.array("families", |_| {});
}

/// The version that Ollama's clients ask for.
#[must_use]
pub fn write_ollama_version(version: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |object| object.text("version", version));
    out
}

/// The model names in a backend's list. `None` when it is no list.
#[must_use]
pub fn read_list(body: &[u8]) -> Option<Vec<String>> {
    let value = parse(body, Limits::default()).ok()?;
    let data = value.as_object()?.get("data")?.as_array()?;
    let id = |model: &Json| Some(model.as_object()?.get("id")?.as_str()?.to_owned());
    Some(data.iter().filter_map(id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_list_reads_back() {
        let list = write_list(["auto", "org/model"].into_iter(), 7);
        assert_eq!(read_list(&list).unwrap(), ["auto", "org/model"]);
        assert_eq!(
            String::from_utf8(write_model("auto", 7)).unwrap(),
            r#"{"id":"auto","object":"model","created":7,"owned_by":"weir"}"#
        );
        assert_eq!(read_list(b"<html>"), None);
    }
}
