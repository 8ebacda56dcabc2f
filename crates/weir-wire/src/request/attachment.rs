//! Content that a part carries inline: which bytes, of which type.

use crate::json::{Json, Object};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::fmt;

/// The bytes that one content part carries, and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The media type, lower case and without parameters, such as `application/pdf`.
    pub media_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

/// User data: only type and size are shown.
impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

/// Types whose bytes are their text.
const TEXT_TYPES: [&str; 7] =
    ["text/plain", "text/csv", "text/html", "text/markdown", "text/xml", "application/json", JSON_LINES];

/// Lines of JSON.
pub(super) const JSON_LINES: &str = "application/jsonl";

/// What a file of a type begins with. A server may go by the bytes and not by the type.
///
/// Sources: ISO 32000 (PDF), ISO 15948 (PNG), ISO 10918-5 (JFIF), the GIF89a specification, PKWARE's APPNOTE
/// (which the Office Open XML formats are archives of).
const MAGIC: [(&str, &[u8]); 7] = [
    ("application/pdf", b"%PDF-"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF8"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", b"PK\x03\x04"),
];

impl Attachment {
    /// The attachment of a content part, if the part has nothing in it that is not understood here.
    pub(super) fn of(part: &Object) -> Option<Self> {
        let kind = part.get("type")?.as_str()?;
        let only = |names: &[&str]| part.iter().all(|(name, _)| name == "type" || names.contains(&name));
        match kind {
            "image_url" | "input_image" if only(&["image_url", "detail"]) => {
                is_text_or_absent(part.get("detail")).then_some(())?;
                Self::of_image(part.get("image_url")?)
            }
            "file" if only(&["file"]) => {
                Self::of_file(part.get("file")?.as_object()?, &["file_data", "filename"])
            }
            "input_file" if only(&["file_data", "filename"]) => {
                Self::of_file(part, &["type", "file_data", "filename"])
            }
            "input_audio" if only(&["input_audio"]) => Self::of_audio(part.get("input_audio")?.as_object()?),
            _ => None,
        }
        .filter(Self::is_what_it_says)
    }

    /// The text that the bytes are, if that is all they are.
    pub(super) fn text(&self) -> Option<String> {
        let is_text = TEXT_TYPES.contains(&self.media_type.as_str());
        let text = std::str::from_utf8(&self.bytes).ok().filter(|_| is_text)?;
        let is_plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c');
        // A reader that goes by the bytes takes this for a PDF, wherever in the first kilobyte it stands.
        (text.chars().all(is_plain) && !text.contains("%PDF-")).then(|| text.to_owned())
    }

    fn of_image(image: &Json) -> Option<Self> {
        match image {
            Json::String(url) => Self::of_data_url(url),
            Json::Object(image) => {
                let understood = image.iter().all(|(name, _)| matches!(name, "url" | "detail"));
                let plain = understood && is_text_or_absent(image.get("detail"));
                Self::of_data_url(image.get("url")?.as_str()?).filter(|_| plain)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => None,
        }
    }

    fn of_file(file: &Object, known: &[&str]) -> Option<Self> {
        let understood = file.iter().all(|(name, _)| known.contains(&name));
        let plain = understood && is_text_or_absent(file.get("filename"));
        Self::of_data_url(file.get("file_data")?.as_str()?).filter(|_| plain)
    }

    fn of_audio(audio: &Object) -> Option<Self> {
        let understood = audio.iter().all(|(name, _)| matches!(name, "data" | "format"));
        let media_type = match audio.get("format")?.as_str()? {
            "wav" => "audio/wav",
            "mp3" => "audio/mpeg",
            _ => return None,
        };
        let bytes = STANDARD.decode(audio.get("data")?.as_str()?).ok().filter(|_| understood)?;
        Some(Self { media_type: media_type.to_owned(), bytes: bytes.into() })
    }

    /// Source: RFC 2397; only what is in base64, and text only in UTF-8.
    fn of_data_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_at_checked("data:".len())?;
        let (head, data) = rest.split_once(',').filter(|_| scheme.eq_ignore_ascii_case("data:"))?;
        let mut head = head.split(';');
        let media_type = head.next()?.trim().to_ascii_lowercase();
        let parameters: Vec<String> = head.map(|parameter| parameter.trim().to_ascii_lowercase()).collect();
        let (last, others) = parameters.split_last()?;
        let utf8 = others.iter().all(|p| matches!(p.as_str(), "charset=utf-8" | "charset=us-ascii"));
        let bytes = STANDARD.decode(data).ok().filter(|_| last == "base64" && utf8)?;
        Some(Self { media_type, bytes: bytes.into() })
    }

    pub(super) fn is_what_it_says(&self) -> bool {
        self.magic().is_none_or(|magic| self.bytes.starts_with(magic))
    }

    /// Whether the bytes are a file of a format that can be told by how it begins.
    pub(super) fn is_of_known_format(&self) -> bool {
        self.magic().is_some_and(|magic| self.bytes.starts_with(magic))
    }

    fn magic(&self) -> Option<&'static [u8]> {
        MAGIC.iter().find(|(media_type, _)| *media_type == self.media_type).map(|(_, magic)| *magic)
    }

    /// Whether a string is these bytes and nothing else.
    pub(super) fn is_all_of(&self, text: &str) -> bool {
        // Most strings are shorter by far.
        text.len() / 4 * 3 >= self.bytes.len()
            && (Self::of_data_url(text).is_some_and(|other| other == *self)
                || text == STANDARD.encode(&self.bytes))
    }
}

fn is_text_or_absent(value: Option<&Json>) -> bool {
    value.is_none_or(|value| value.as_str().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn of(part: &str) -> Option<Attachment> {
        let part = parse(part.as_bytes(), Limits::default()).unwrap();
        Attachment::of(part.as_object().unwrap())
    }

    fn file(url: &str) -> String {
        format!(r#"{{"type":"file","file":{{"file_data":"{url}","filename":"a"}}}}"#)
    }

    #[test]
    fn a_part_of_inline_bytes_is_understood_in_every_form() {
        let pdf =
            Attachment { media_type: "application/pdf".to_owned(), bytes: Bytes::from_static(b"%PDF-1.7") };
        for part in [
            file("data:application/pdf;base64,JVBERi0xLjc="),
            file("DATA:Application/PDF;base64,JVBERi0xLjc="),
            r#"{"type":"input_file","file_data":"data:application/pdf;base64,JVBERi0xLjc="}"#.to_owned(),
            r#"{"type":"image_url","image_url":{"url":"data:application/pdf;base64,JVBERi0xLjc=","detail":"low"}}"#.to_owned(),
            r#"{"type":"input_image","image_url":"data:application/pdf;base64,JVBERi0xLjc="}"#.to_owned(),
        ] {
            assert_eq!(of(&part).as_ref(), Some(&pdf), "{part}");
        }
        let wav = of(r#"{"type":"input_audio","input_audio":{"data":"YQ==","format":"wav"}}"#).unwrap();
        assert_eq!((wav.media_type.as_str(), &*wav.bytes), ("audio/wav", b"a".as_slice()));
    }

    #[test]
    fn a_part_with_anything_else_in_it_is_not() {
        for part in [
            file("data:application/pdf;base64,JVBERi0xLjc"),
            file("data:application/pdf;base64,JVBERi0x Ljc="),
            file("data:application/pdf,%25PDF-1.7"),
            file("data:application/pdf;base64,YWJj"),
            file("data:image/png;base64,JVBERi0xLjc="),
            file("data:text/plain;charset=utf-16;base64,YQBiAA=="),
            file("JVBERi0xLjc="),
            file("https://example.com/a.pdf"),
            r#"{"type":"file","file":{"file_data":"data:text/plain;base64,YQ==","file_id":"x"}}"#.to_owned(),
            r#"{"type":"file","file":{"file_data":"data:text/plain;base64,YQ=="},"more":1}"#.to_owned(),
            r#"{"type":"file","file":{"file_data":"data:text/plain;base64,YQ==","filename":["a"]}}"#
                .to_owned(),
            r#"{"type":"image_url","image_url":{"url":"data:text/plain;base64,YQ==","sources":[]}}"#
                .to_owned(),
            r#"{"type":"input_audio","input_audio":{"data":"YQ==","format":"flac"}}"#.to_owned(),
            r#"{"type":"video_url","video_url":{"url":"data:video/mp4;base64,YQ=="}}"#.to_owned(),
        ] {
            assert_eq!(of(&part), None, "{part}");
        }
    }

    #[test]
    fn text_is_what_is_text_and_nothing_else() {
        let text = |media_type: &str, bytes: &[u8]| {
            Attachment { media_type: media_type.to_owned(), bytes: Bytes::copy_from_slice(bytes) }.text()
        };
        assert_eq!(text("text/csv", "Größe,1\r\n".as_bytes()).as_deref(), Some("Größe,1\r\n"));
        assert_eq!(text("application/json", b"{}").as_deref(), Some("{}"));
        assert_eq!(text("image/png", b"a"), None);
        assert_eq!(text("text/plain", b"\xff"), None);
        assert_eq!(text("text/plain", b"a\0b"), None);
        assert_eq!(text("text/plain", b"\n%PDF-1.7\n<< /Filter /ASCII85Decode >>"), None);
    }
}
