//! Model lists.

use crate::json::{Json, Limits, ObjectWriter, parse, write_string};

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
