//! Cohere `v2/chat`.
//!
//! The base URL is `https://api.cohere.com`.
//!
//! Sources: Cohere's API reference v2 and its own Python client.

mod read;
mod write;

pub use read::{EventReader, read_error, read_reply};
pub use write::{path, write};

#[cfg(test)]
mod tests;
