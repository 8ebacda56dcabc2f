//! Requests that refer to files by `file_id`: what they hold takes the place of the reference, so that it is
//! inspected and sent like what stands in the request itself.

use crate::json::{Json, Limits, Object, parse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FILE_ID: &str = "file_id";
/// The members of requests that hold messages.
const PLACES: [&str; 2] = ["messages", "input"];

/// A file that is kept.
pub struct File {
    /// Its name.
    pub name: String,
    /// Its media type, without parameters.
    pub media_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Files are user data: only the size is shown.
impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({} bytes)", self.bytes.len())
    }
}

impl File {
    fn data_url(&self) -> Json<'static> {
        text(format!("data:{};base64,{}", self.media_type, STANDARD.encode(&self.bytes)))
    }

    /// As a source of Anthropic's blocks.
    fn source(&self) -> Json<'static> {
        let mut source = Object::default();
        let (kind, data) = match std::str::from_utf8(&self.bytes) {
            Ok(data) if self.media_type == "text/plain" => ("text", data.to_owned()),
            Ok(_) | Err(_) => ("base64", STANDARD.encode(&self.bytes)),
        };
        source.set("type", text(kind));
        source.set("media_type", text(self.media_type.clone()));
        source.set("data", text(data));
        Json::Object(source)
    }
}

/// The files that the parts of a request refer to. None of a body that is no strict JSON: reading the request
/// says what is wrong with it.
#[must_use]
pub fn referred(body: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if memchr::memmem::find(body, FILE_ID.as_bytes()).is_none() {
        return found;
    }
    if let Ok(Json::Object(mut body)) = parse(body, Limits::default()) {
        each_part(&mut body, &mut |part| found.extend(reference(part).map(|(_, id)| id)));
    }
    found
}

/// The body with these files in the places of their ids; what refers to others stays.
///
/// `None` when the body is no strict JSON.
#[must_use]
pub fn inlined(body: &[u8], files: &BTreeMap<String, File>) -> Option<Vec<u8>> {
    let Ok(Json::Object(mut body)) = parse(body, Limits::default()) else { return None };
    each_part(&mut body, &mut |part| {
        if let Some((form, id)) = reference(part)
            && let Some(file) = files.get(&id)
        {
            form.inline(part, file);
        }
    });
    let mut out = Vec::new();
    body.write(&mut out);
    Some(out)
}

/// The ways to refer to a file.
#[derive(Clone, Copy)]
enum Form {
    /// Chat completions: `{"type":"file","file":{"file_id":…}}`.
    Chat,
    /// Responses: `{"type":"input_file","file_id":…}`.
    InputFile,
    /// Responses: `{"type":"input_image","file_id":…}`.
    InputImage,
    /// Messages: `{"type":"document","source":{"type":"file","file_id":…}}`.
    Source,
}

impl Form {
    fn inline(self, part: &mut Object<'_>, file: &File) {
        match self {
            Form::Chat => {
                if let Some(Json::Object(inner)) = part.get_mut("file") {
                    inline_as(inner, "file_data", file);
                }
            }
            Form::InputFile => inline_as(part, "file_data", file),
            Form::InputImage => {
                part.remove(FILE_ID);
                part.set("image_url", file.data_url());
            }
            Form::Source => part.set("source", file.source()),
        }
    }
}

fn inline_as(part: &mut Object<'_>, name: &str, file: &File) {
    part.remove(FILE_ID);
    part.set(name, file.data_url());
    if part.get("filename").is_none() {
        part.set("filename", text(file.name.clone()));
    }
}

fn reference(part: &Object<'_>) -> Option<(Form, String)> {
    let id_in = |object: &Object<'_>| object.get(FILE_ID)?.as_str().map(str::to_owned);
    let word = |object: &Object<'_>| object.get("type").and_then(Json::as_str).map(str::to_owned);
    match word(part)?.as_str() {
        "file" => Some((Form::Chat, id_in(part.get("file")?.as_object()?)?)),
        "input_file" => Some((Form::InputFile, id_in(part)?)),
        "input_image" => Some((Form::InputImage, id_in(part)?)),
        "document" | "image" => {
            let source = part.get("source")?.as_object()?;
            (word(source).as_deref() == Some("file")).then_some((Form::Source, id_in(source)?))
        }
        _ => None,
    }
}

fn each_part<'t>(body: &mut Object<'t>, take: &mut impl FnMut(&mut Object<'t>)) {
    PLACES.iter().for_each(|place| {
        if let Some(value) = body.get_mut(place) {
            below(value, take);
        }
    });
}

fn below<'t>(value: &mut Json<'t>, take: &mut impl FnMut(&mut Object<'t>)) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(|item| below(item, take)),
        Json::Object(part) => {
            take(part);
            // Parts are within messages, and within what tools gave back; what models wrote holds none.
            for name in ["content", "output"] {
                if let Some(inner @ Json::Array(_)) = part.get_mut(name) {
                    below(inner, take);
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn text(text: impl Into<Cow<'static, str>>) -> Json<'static> {
    Json::String(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeMap<String, File> {
        let file = |name: &str, media_type: &str, bytes: &[u8]| File {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: bytes.to_vec(),
        };
        BTreeMap::from([
            ("file-1".to_owned(), file("a.txt", "text/plain", b"hi")),
            ("file-2".to_owned(), file("b.png", "image/png", b"\x89")),
        ])
    }

    fn check(body: &str, ids: &[&str], expected: &str) {
        assert_eq!(referred(body.as_bytes()).iter().map(String::as_str).collect::<Vec<_>>(), ids, "{body}");
        let inlined = inlined(body.as_bytes(), &known()).unwrap();
        assert_eq!(std::str::from_utf8(&inlined).unwrap(), expected);
    }

    #[test]
    fn a_file_takes_the_place_of_its_id_in_every_dialect() {
        check(
            r#"{"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}},{"type":"text","text":"?"}]}]}"#,
            &["file-1"],
            r#"{"messages":[{"role":"user","content":[{"type":"file","file":{"file_data":"data:text/plain;base64,aGk=","filename":"a.txt"}},{"type":"text","text":"?"}]}]}"#,
        );
        check(
            r#"{"input":[{"role":"user","content":[{"type":"input_file","filename":"x","file_id":"file-1"},{"type":"input_image","file_id":"file-2","detail":"low"}]}]}"#,
            &["file-1", "file-2"],
            r#"{"input":[{"role":"user","content":[{"type":"input_file","filename":"x","file_data":"data:text/plain;base64,aGk="},{"type":"input_image","detail":"low","image_url":"data:image/png;base64,iQ=="}]}]}"#,
        );
        check(
            r#"{"input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","file_id":"file-2"}]}]}"#,
            &["file-2"],
            r#"{"input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/png;base64,iQ=="}]}]}"#,
        );
        check(
            r#"{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"file-1"}},{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"file","file_id":"file-2"}}]}]}]}"#,
            &["file-1", "file-2"],
            r#"{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi"}},{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iQ=="}}]}]}]}"#,
        );
    }

    #[test]
    fn what_is_no_reference_or_one_to_another_file_stays() {
        for (body, ids) in [
            (r#"{"input":[{"type":"input_file","file_id":"file-9"}]}"#, &["file-9"][..]),
            (r#"{"x":[{"type":"input_file","file_id":"file-1"}]}"#, &[]),
            (
                r#"{"messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"type":"file","file":{"file_id":"file-1"}}}]}]}"#,
                &[],
            ),
            (r#"{"input":"file_id"}"#, &[]),
        ] {
            check(body, ids, body);
        }
        assert!(referred(br#"{"input":[{"type":"input_file","file_id":"file-1"}],"input":1}"#).is_empty());
        assert!(inlined(b"{", &known()).is_none());
    }
}
