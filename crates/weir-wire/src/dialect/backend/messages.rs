//! Anthropic messages, as backends speak it.
//!
//! Sources: Anthropic API reference, "Create a message", "Count message tokens", "Streaming messages",
//! "Errors"; the guides "Extended thinking", "Adaptive thinking", "Structured outputs" and "Prompt caching".

mod blocks;
mod events;
mod read;
mod turns;
mod write;

pub use events::EventReader;
pub use read::{read_error, read_reply};
pub use write::write;

/// The path below the base URL.
#[must_use]
pub fn path(_model: &str, _stream: bool) -> String {
    "/messages".to_owned()
}
