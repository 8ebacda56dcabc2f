//! OpenAI chat completions, as applications speak it.
//!
//! Sources: OpenAI API reference, "Create chat completion", "The chat completion object" and "The chat
//! completion chunk object"; for `reasoning_content` DeepSeek's, for `reasoning_details` OpenRouter's, for
//! `extra_content` Google's documentation of its OpenAI-compatible API.

mod choice;
mod events;
mod message;
mod read;
mod write;

pub(crate) use choice::read_tool_choice;
pub use events::EventWriter;
pub(crate) use events::{chunk_head, write_end};
pub use read::read;
pub(crate) use read::{read_format, read_sampling};
pub use write::write_reply;
pub(crate) use write::{finish_word, write_usage};

/// An error as the body of a reply.
#[must_use]
pub fn write_error(envelope: &crate::error::Envelope, _status: u16, _request_id: &str) -> Vec<u8> {
    envelope.to_bytes()
}
