//! Chat completions: `POST /v1/chat/completions`, reply and stream.

mod reply;

pub use crate::request::BadRequest;
pub use reply::{BadReply, Chunk, Reply, ReplyIdentity, Usage, map_reply, read_chunk};
