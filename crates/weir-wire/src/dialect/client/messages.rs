//! Anthropic messages, as applications speak it.
//!
//! Sources: Anthropic API reference, "Create a message", "Count message tokens", "Streaming messages" and
//! "Errors".

mod blocks;
mod events;
mod read;
mod write;

pub use events::EventWriter;
pub use read::{read, read_count};
pub(crate) use write::{error_word, write_input};
pub use write::{write_count, write_error, write_reply};

/// What is sent to a client while nothing comes.
pub const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";
