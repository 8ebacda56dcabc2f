//! What Weir speaks to backends.

pub mod chat;
pub mod cohere;
pub mod converse;
pub mod gemini;
pub mod messages;
pub mod ollama;
pub mod products;

mod arguments;
mod blocks;
mod failure;
mod ids;
mod limits;
mod look;
mod media;
mod turns;

#[cfg(test)]
mod testing;

pub use crate::chat::BadReply;

/// One framed item of a backend's stream.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The event's name, where the framing has names; else empty.
    pub event: &'a str,
    /// The data: JSON.
    pub data: &'a [u8],
}

/// Items carry user text: only their size is shown.
impl std::fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Item({:?}, {} bytes)", self.event, self.data.len())
    }
}
