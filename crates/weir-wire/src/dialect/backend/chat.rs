//! OpenAI chat completions, as backends speak it: OpenAI itself and everything that is compatible with it.
//!
//! Sources: OpenAI API reference, "Create chat completion", "The chat completion object" and "The chat
//! completion chunk object"; the documentation of vLLM, llama.cpp, DeepSeek and OpenRouter for what they add.

mod events;
mod messages;
mod read;
mod write;

pub use events::EventReader;
pub use read::read_reply;
pub use write::write;

use crate::error::Envelope;

/// The path below the base URL.
#[must_use]
pub fn path(_model: &str, _stream: bool) -> String {
    "/chat/completions".to_owned()
}

/// Reads the body of an error reply. `None` when it is none, such as an HTML page.
#[must_use]
pub fn read_error(_status: u16, body: &[u8]) -> Option<Envelope> {
    Envelope::read(body)
}
