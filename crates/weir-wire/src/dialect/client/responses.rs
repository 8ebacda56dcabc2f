//! OpenAI responses, as applications speak it.
//!
//! Sources: OpenAI API reference, "Create a model response", "The response object" and "Streaming events";
//! for what agents rely on the source of Codex CLI.

mod events;
mod item;
mod items;
mod read;
mod response;

pub use events::EventWriter;
pub use read::read;
pub use response::{write_count, write_reply};
