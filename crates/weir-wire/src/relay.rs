//! Answers on their way from a backend's dialect to a client's.
//!
//! [`whole`] maps an answer that is there at once, [`StreamRelay`] one that comes in pieces. Where both sides
//! speak one dialect, what was written passes but for the names of who answered.

mod aws;
mod frames;
mod stream;

pub use aws::{AwsEventParser, AwsFault, AwsItem};
pub use frames::{BadFrame, Frames, frames};
pub use stream::{Seen, StreamRelay, StreamSettings};

use crate::chat::{BadReply, Reply, ReplyIdentity, map_reply};
use crate::dialect::{BackendDialect, ClientDialect};

/// Maps a whole answer.
///
/// # Errors
/// [`BadReply`] when it is an error object, or no answer of that dialect.
pub fn whole<'b>(
    client: ClientDialect,
    backend: BackendDialect,
    body: &'b [u8],
    identity: &ReplyIdentity,
) -> Result<Reply<'b>, BadReply> {
    match (client, backend) {
        (ClientDialect::ChatCompletions, BackendDialect::ChatCompletions) => map_reply(body, identity),
        _ => Err(BadReply::Malformed),
    }
}
