//! Chat completions: `POST /v1/chat/completions`, request, reply and stream.

mod attachment;
mod reply;
mod request;
mod tokens;

pub use attachment::Attachment;
pub use reply::{BadReply, Chunk, Reply, ReplyIdentity, Usage, map_reply, read_chunk};
pub use request::{BadRequest, ChatRequest, RouteWish};

#[cfg(test)]
mod tests;
