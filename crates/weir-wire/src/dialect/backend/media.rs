//! Images, sound and documents in a message.

use crate::canonical::{Media, MediaSource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// What base64 of a file of a type begins with.
const BEGINNINGS: [(&str, &str); 5] = [
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBERi0", "application/pdf"),
];

/// The media type: as it is given, else as the bytes begin.
pub(super) fn media_type<'m>(media: &'m Media<'_>) -> &'m str {
    if let Some(given) = media.media_type.as_deref() {
        return given;
    }
    match &media.source {
        MediaSource::Text(_) => "text/plain",
        MediaSource::Base64(data) => BEGINNINGS
            .iter()
            .find(|(beginning, _)| data.starts_with(beginning))
            .map_or("application/octet-stream", |(_, kind)| kind),
    }
}

/// The bytes, as base64.
pub(super) fn base64<'m>(media: &'m Media<'_>) -> Cow<'m, str> {
    match &media.source {
        MediaSource::Base64(data) => Cow::Borrowed(data),
        MediaSource::Text(text) => Cow::Owned(STANDARD.encode(text.as_bytes())),
    }
}
