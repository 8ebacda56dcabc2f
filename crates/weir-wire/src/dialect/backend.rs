//! What Weir speaks to backends, one module a dialect.

pub mod chat;
pub mod messages;

/// One framed item of a backend's stream.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// The event's type; empty where the framing has none or none was given.
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
