//! What Weir speaks to backends, one module a dialect.

pub mod chat;
pub mod cohere;
pub mod converse;
pub mod gemini;
pub mod messages;
pub mod ollama;
pub mod products;

mod arguments;
mod blocks;
mod citation;
mod closed;
mod failure;
mod ids;
pub(super) mod json_answer;
mod limits;
mod log_probs;
mod look;
mod media;
mod turns;

#[cfg(test)]
mod testing;

/// One framed item of a backend's stream.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The event's type; empty where the framing has none or none was given. Of AWS's messages an exception's
    /// is `exception/` and its type, an error's `error/` and its code.
    pub event: &'a str,
    /// The item's data.
    pub data: &'a [u8],
}

/// Items carry user text: only their size is shown.
impl std::fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Item({:?}, {} bytes)", self.event, self.data.len())
    }
}
