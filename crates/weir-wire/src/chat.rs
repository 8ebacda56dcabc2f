//! Chat completions: `POST /v1/chat/completions`, request, reply and stream.

mod reply;
mod request;

pub use reply::{BadReply, Chunk, Reply, ReplyIdentity, Usage, map_reply, read_chunk};
pub use request::{BadRequest, ChatRequest, RouteWish};

#[cfg(test)]
mod tests;
