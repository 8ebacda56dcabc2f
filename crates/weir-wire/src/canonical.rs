//! The canonical model of the chat family: what every dialect is read into and written from.
//!
//! A client dialect reads a [`Conversation`] from a request and writes [`Reply`]s and [`Event`]s; a backend
//! dialect does the opposite. Where both sides speak the same dialect nothing of this is used: the body goes
//! on as it was read. Values are borrowed from the body they stand in, numbers keep their text, and schemas
//! stay the JSON they were, in their key order.
//!
//! INVARIANT (nothing lost unreported): what a dialect's reader knows no word for is in
//! [`Conversation::others`], and a writer that cannot say something says so in [`Losses`]. Nothing is dropped
//! in silence.

#[cfg(test)]
pub(crate) mod arbitrary;
mod collect;
mod loss;
mod reply;
mod request;

pub use collect::Collector;
pub use loss::{Loss, Losses, Severity};
pub use reply::{Block, BlockKind, Choice, Delta, Event, FinishReason, Reply, ServedTier, Tokens};
pub use request::{
    CacheHint, Conversation, Effort, Format, LogProbs, Media, MediaSource, Message, Part, Reasoning, Role,
    Sampling, Tool, ToolChoice, ToolKind,
};

/// Requests and answers are user text, which does not belong into logs: only the type is shown. Tests of this
/// crate see all of it.
macro_rules! hide {
    ($($name:ident)*) => {$(
        #[cfg(not(test))]
        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

hide! {
    Conversation Message Part Media MediaSource Tool ToolChoice Format Reasoning Sampling CacheHint
    Reply Choice Block BlockKind Event Delta
}
