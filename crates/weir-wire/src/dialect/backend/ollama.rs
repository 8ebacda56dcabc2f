//! Ollama's own `/api/chat`.
//!
//! The base URL is the server's root. Streams are lines of JSON.
//!
//! Sources: Ollama's API documentation and its own Python client.

mod read;
mod write;

pub(crate) use read::remote;
pub use read::{EventReader, read_error, read_reply};
pub(crate) use write::context_tokens;
pub use write::{path, write};

#[cfg(test)]
mod tests;
