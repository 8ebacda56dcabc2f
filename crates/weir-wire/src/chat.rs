//! Chat completions: `POST /v1/chat/completions`, request, reply and stream.

mod attachment;
mod reply;
mod request;
mod tokens;
mod turns;

pub use attachment::Attachment;
pub use reply::{BadReply, Chunk, Reply, ReplyIdentity, Usage, map_reply, read_chunk};
pub use request::{BadRequest, ChatRequest, RouteWish};
pub use turns::Conversation;

#[cfg(test)]
mod tests;
