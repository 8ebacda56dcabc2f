//! Chat completions: `POST /v1/chat/completions`, reply and stream.

mod calls;
mod reply;

pub use crate::request::BadRequest;
pub(crate) use calls::CallNumbers;
pub use reply::{BadReply, Chunk, Reply, ReplyIdentity, Usage, map_reply, read_chunk};
