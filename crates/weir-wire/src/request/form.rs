//! Requests that come as `multipart/form-data` (RFC 7578): fields of text, and one file.
//!
//! The fields and the file's name and type become members of a body like any other request's, so that
//! inspection sees all of them; the file's bytes are what cannot be inspected unless an extractor reads them.
//! What goes to a backend is written anew from these: nothing else of a part is passed on.

use super::attachment::JSON_LINES;
use super::opaque::Opaque;
use super::{Api, Attachment, BadRequest, ClientRequest};
use crate::json::{Json, Object};
use bytes::Bytes;
use std::borrow::Cow;
use std::fmt;

/// The name that a form has its file under.
pub(super) const FILE: &str = "file";
/// The member of the file that holds its name, and the one that holds its type.
const FILE_NAME: &str = "filename";
const MEDIA_TYPE: &str = "content_type";
/// What bytes of an unknown type are.
const BYTES: &str = "application/octet-stream";
/// More parts than any client sends.
const PARTS_MAX: usize = 256;

/// One part of a form, as it came.
#[derive(Clone)]
pub struct FormPart {
    /// The name of the field.
    pub name: String,
    /// The name of the file, if it is one.
    pub file_name: Option<String>,
    /// The media type that it says it has.
    pub media_type: Option<String>,
    /// The content.
    pub bytes: Bytes,
}

/// Parts are user data: only the size is shown.
impl fmt::Debug for FormPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormPart({} bytes)", self.bytes.len())
    }
}

/// What is written between the parts, and the file.
pub(super) struct Upload {
    boundary: String,
    bytes: Bytes,
}

impl ClientRequest {
    /// Reads and checks a form.
    ///
    /// `boundary` stands between the parts of what is written for backends: letters and digits that nobody can
    /// foresee, so that nothing in a part looks like it.
    ///
    /// # Errors
    /// [`BadRequest`] for fields that are no text or stand there twice, and for a shape that is not the API's.
    pub fn read_form(api: Api, parts: Vec<FormPart>, boundary: String) -> Result<Self, BadRequest> {
        if parts.len() > PARTS_MAX {
            let message = format!("a form has at most {PARTS_MAX} parts");
            return Err(BadRequest { code: "invalid_form", message, param: None });
        }
        let (mut body, mut file) = (Object::default(), None);
        for part in parts {
            if body.get(&part.name).is_some() && !part.name.ends_with("[]") {
                let message = "a form has each field once, so that nobody can read it in two ways";
                return Err(BadRequest::field("duplicate_key", part.name, message));
            }
            match (&part.file_name, part.name.as_str()) {
                (Some(_), FILE) => {
                    body.set(FILE, described(&part));
                    file = Some(part);
                }
                (Some(_), _) => {
                    let message = "this API takes one file, as the field `file`";
                    return Err(BadRequest::field("unsupported_parameter", part.name, message));
                }
                (None, FILE) => {
                    return Err(BadRequest::field("invalid_type", FILE, "`file` must be a file with a name"));
                }
                (None, _) => add_text(&mut body, part)?,
            }
        }
        let Some(file) = file else { return Err(BadRequest::missing(FILE)) };
        let mut request = Self::of(api, body)?;
        // The lines of a batch are read as text by Weir itself, whatever type a client guesses for their file.
        let is_batch = api == Api::Files && request.text("purpose") == Some("batch");
        let media_type = if is_batch { JSON_LINES.to_owned() } else { media_type(&file) };
        let attachment = Attachment { media_type, bytes: file.bytes.clone() };
        request.opaque.push(if api == Api::Files {
            Opaque::of_file(FILE.to_owned(), attachment)
        } else {
            // What a server hears in bytes is not what they say as text.
            Opaque { attachment: Some(attachment), ..Opaque::new(api.upload_kind(), FILE.to_owned()) }
        });
        request.upload = Some(Box::new(Upload { boundary, bytes: file.bytes }));
        Ok(request)
    }

    /// The file of a form, with its name and its type.
    #[must_use]
    pub fn file(&self) -> Option<(&Bytes, &str, &str)> {
        let of_file = |name: &str| self.member(FILE)?.as_object()?.get(name)?.as_str();
        let upload = self.upload.as_ref()?;
        Some((&upload.bytes, of_file(FILE_NAME)?, of_file(MEDIA_TYPE)?))
    }

    /// The media type of what is written for backends, if it is not JSON.
    pub(super) fn written_media_type(&self) -> Option<String> {
        let upload = self.upload.as_ref()?;
        Some(format!("multipart/form-data; boundary={}", upload.boundary))
    }

    /// Writes the form, with the model's name of the target; `field` gives what a field holds there.
    pub(super) fn write_form<'v>(
        &'v self,
        model: &str,
        field: impl Fn(&str, &'v str) -> &'v str,
        out: &mut Vec<u8>,
    ) {
        let (Some(upload), Some((bytes, name, media_type))) = (&self.upload, self.file()) else { return };
        let mut form = FormWriter { boundary: &upload.boundary, out };
        form.text("model", model);
        for (name, value) in self.body.as_object().into_iter().flat_map(Object::iter) {
            match value {
                Json::String(text) => form.text(name, field(name, text)),
                Json::Array(items) => {
                    items.iter().filter_map(Json::as_str).for_each(|text| form.text(name, text));
                }
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => {}
            }
        }
        form.file(FILE, name, media_type, bytes);
        form.end();
    }
}

impl Api {
    /// What the file of a form is, for rules and records.
    const fn upload_kind(self) -> &'static str {
        match self {
            Api::Transcription | Api::Translation => "audio",
            Api::Conversation(_)
            | Api::CountTokens
            | Api::CountInput
            | Api::Embeddings
            | Api::OllamaEmbed
            | Api::Moderations
            | Api::Rerank
            | Api::Tokenize
            | Api::Detokenize
            | Api::Speech
            | Api::Images
            | Api::Files => "file",
        }
    }
}

/// Adds a field of text. Names that end in `[]` are lists.
fn add_text(body: &mut Object<'_>, part: FormPart) -> Result<(), BadRequest> {
    let FormPart { name, bytes, .. } = part;
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(BadRequest::field("invalid_type", name, "a field of a form must be text in UTF-8"));
    };
    let text = Json::String(Cow::Owned(text.to_owned()));
    if !name.ends_with("[]") {
        body.set(&name, text);
        return Ok(());
    }
    match body.get_mut(&name) {
        Some(Json::Array(items)) => items.push(text),
        Some(_) | None => body.set(&name, Json::Array(vec![text])),
    }
    Ok(())
}

fn described(part: &FormPart) -> Json<'static> {
    let mut file = Object::default();
    file.set(FILE_NAME, Json::String(Cow::Owned(part.file_name.clone().unwrap_or_default())));
    file.set(MEDIA_TYPE, Json::String(Cow::Owned(media_type(part))));
    Json::Object(file)
}

/// The media type without parameters; nothing but a type is taken for one.
fn media_type(part: &FormPart) -> String {
    let given = part.media_type.as_deref().unwrap_or_default();
    let media = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match media.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => media,
        Some(_) | None => BYTES.to_owned(),
    }
}

/// Writes the parts of a form.
struct FormWriter<'w> {
    boundary: &'w str,
    out: &'w mut Vec<u8>,
}

impl FormWriter<'_> {
    fn text(&mut self, name: &str, value: &str) {
        self.begin(name);
        self.put(&["\r\n\r\n", value, "\r\n"]);
    }

    fn file(&mut self, name: &str, file_name: &str, media_type: &str, bytes: &[u8]) {
        self.begin(name);
        self.put(&["; filename=\"", &escaped(file_name), "\"\r\nContent-Type: ", media_type, "\r\n\r\n"]);
        self.out.extend_from_slice(bytes);
        self.put(&["\r\n"]);
    }

    fn begin(&mut self, name: &str) {
        self.put(&["--", self.boundary, "\r\nContent-Disposition: form-data; name=\"", &escaped(name), "\""]);
    }

    fn end(&mut self) {
        self.put(&["--", self.boundary, "--\r\n"]);
    }

    fn put(&mut self, pieces: &[&str]) {
        pieces.iter().for_each(|piece| self.out.extend_from_slice(piece.as_bytes()));
    }
}

/// A name within quotes.
///
/// Source: WHATWG HTML, "multipart/form-data encoding algorithm".
fn escaped(name: &str) -> Cow<'_, str> {
    if !name.contains(['"', '\r', '\n']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::SegmentKind;
    use crate::{Destination, Encode};

    fn text(name: &str, value: &str) -> FormPart {
        let bytes = Bytes::copy_from_slice(value.as_bytes());
        FormPart { name: name.to_owned(), file_name: None, media_type: None, bytes }
    }

    fn file(name: &str, file_name: &str, media_type: &str, bytes: &[u8]) -> FormPart {
        FormPart {
            name: name.to_owned(),
            file_name: Some(file_name.to_owned()),
            media_type: Some(media_type.to_owned()),
            bytes: Bytes::copy_from_slice(bytes),
        }
    }

    fn read(parts: Vec<FormPart>) -> Result<ClientRequest, BadRequest> {
        ClientRequest::read_form(Api::Transcription, parts, "b0".to_owned())
    }

    fn whole() -> Vec<FormPart> {
        vec![
            text("model", "ears"),
            text("prompt", "Erika\r\n--b1"),
            text("timestamp_granularities[]", "word"),
            text("timestamp_granularities[]", "segment"),
            text("user", "u-77"),
            file("file", "a \"1\"\r\n.wav", "audio/wav; x=1", b"RIFF\r\n\0"),
        ]
    }

    #[test]
    fn a_form_is_written_anew_with_the_models_name_of_the_target() {
        let request = read(whole()).unwrap().with_pseudonyms(|text| format!("p{}", text.len()));
        let write = |outside| {
            let mut out = Vec::new();
            request.encode(&Destination::new("whisper", outside), &mut out);
            String::from_utf8(out).unwrap()
        };
        check(&write(false), "u-77");
        check(&write(true), "p4");
        assert_eq!(request.media_type().as_deref(), Some("multipart/form-data; boundary=b0"));
    }

    fn check(written: &str, user: &str) {
        let head = "Content-Disposition: form-data; name=";
        let expected = format!(
            "--b0\r\n{head}\"model\"\r\n\r\nwhisper\r\n\
             --b0\r\n{head}\"prompt\"\r\n\r\nErika\r\n--b1\r\n\
             --b0\r\n{head}\"timestamp_granularities[]\"\r\n\r\nword\r\n\
             --b0\r\n{head}\"timestamp_granularities[]\"\r\n\r\nsegment\r\n\
             --b0\r\n{head}\"user\"\r\n\r\n{user}\r\n\
             --b0\r\n{head}\"file\"; filename=\"a %221%22%0D%0A.wav\"\r\nContent-Type: audio/wav\r\n\r\n\
             RIFF\r\n\0\r\n--b0--\r\n"
        );
        assert_eq!(written, expected);
    }

    #[test]
    fn every_name_and_every_text_of_a_form_is_inspected_and_its_file_is_opaque() {
        let request = read(whole()).unwrap();
        let segments = request.segments();
        let texts: Vec<&str> =
            segments.iter().filter(|s| s.kind != SegmentKind::Opaque).map(|s| s.text).collect();
        for seen in ["prompt", "Erika\r\n--b1", "word", "segment", "a \"1\"\r\n.wav", "audio/wav", "u-77"] {
            assert!(texts.contains(&seen), "{seen}: {texts:?}");
        }
        let opaque: Vec<&str> =
            segments.iter().filter(|s| s.kind == SegmentKind::Opaque).map(|s| s.text).collect();
        assert_eq!(opaque, ["audio"]);
        let attached = request.attachments().next().unwrap().1;
        assert_eq!((attached.media_type.as_str(), &*attached.bytes), ("audio/wav", &b"RIFF\r\n\0"[..]));
        // Text too: what a server hears in it is not what stands there.
        let plain = read(vec![text("model", "m"), file("file", "a.txt", "text/plain", b"words")]).unwrap();
        assert_eq!(plain.segments().last().unwrap().kind, SegmentKind::Opaque);
    }

    #[test]
    fn the_file_of_a_batch_is_read_whatever_type_its_client_guesses_and_others_are_not() {
        let kind = |purpose: &str, bytes: &[u8]| {
            let parts = vec![text("purpose", purpose), file("file", "a", "application/octet-stream", bytes)];
            let request = ClientRequest::read_form(Api::Files, parts, "b0".to_owned()).unwrap();
            request.segments().last().unwrap().kind
        };
        assert_eq!(kind("batch", b"{\"custom_id\":\"a\"}\n{}\n"), SegmentKind::Text);
        assert_eq!(kind("batch", b"\xff\x00"), SegmentKind::Opaque);
        assert_eq!(kind("user_data", b"{}"), SegmentKind::Opaque);
    }

    #[test]
    fn a_form_that_can_be_read_in_two_ways_or_lacks_something_is_refused() {
        let sound = || file("file", "a.wav", "", b"x");
        let refused = |parts: Vec<FormPart>| {
            let bad = read(parts).unwrap_err();
            (bad.code, bad.param.unwrap_or_default())
        };
        let at = |code, param: &str| (code, param.to_owned());
        let model = || text("model", "m");
        assert_eq!(refused(vec![model(), sound(), sound()]), at("duplicate_key", "file"));
        assert_eq!(refused(vec![model(), model(), sound()]), at("duplicate_key", "model"));
        assert_eq!(
            refused(vec![model(), sound(), file("x", "a", "", b"")]),
            at("unsupported_parameter", "x")
        );
        assert_eq!(refused(vec![model(), text("file", "x")]), at("invalid_type", "file"));
        assert_eq!(refused(vec![model()]), at("missing_required_parameter", "file"));
        assert_eq!(refused(vec![sound()]), at("missing_required_parameter", "model"));
        let latin = FormPart { bytes: Bytes::from_static(b"\xfc"), ..text("prompt", "") };
        assert_eq!(refused(vec![model(), sound(), latin]), at("invalid_type", "prompt"));
        let many = (0..PARTS_MAX).map(|i| text(&format!("f{i}"), "")).chain([sound()]).collect();
        assert_eq!(refused(many), at("invalid_form", ""));
    }
}
