//! Ollama's own API, as applications speak it: `/api/chat` and `/api/generate`.
//!
//! Source: Ollama's documentation, `docs/api.md`, "Generate a chat completion" and "Generate a completion".

mod read;
mod time;
mod write;

pub(crate) use time::rfc3339;

pub use read::{read_chat, read_generate};
pub use write::{EventWriter, write_chat_reply, write_generate_reply};

use crate::error::Envelope;
use crate::json::write_object;

/// An error as the body of a reply, or as the last line of a stream.
#[must_use]
pub fn write_error(envelope: &Envelope, _status: u16, _request_id: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |error| error.text("error", &envelope.message));
    out
}
