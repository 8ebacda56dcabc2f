//! Answers on their way from a backend's dialect to a client's.
//!
//! [`whole`] maps an answer that is there at once, [`StreamRelay`] one that comes in pieces. Where both sides
//! speak one dialect, what was written passes but for the names of who answered.

mod across;
mod aws;
mod frames;
mod messages;
mod ollama;
mod seen;
mod stream;

pub use aws::{AwsEventParser, AwsFault, AwsItem};
pub use frames::{BadFrame, Frames, frames};
pub use seen::Seen;
pub use stream::StreamRelay;

use crate::chat::{BadReply, ReplyIdentity, map_reply};
use crate::dialect::client::Addressed;
use crate::dialect::{BackendDialect, ClientDialect};
use crate::json::{Json, Object};

/// Between whom an answer is mapped.
#[derive(Debug, Clone)]
pub struct Lane {
    /// What the client speaks.
    pub client: ClientDialect,
    /// What the backend speaks.
    pub backend: BackendDialect,
    /// Whether the backend is inside the network: such a server must run the model itself.
    pub inside: bool,
    /// What the client is told about who answers.
    pub identity: ReplyIdentity,
    /// When the answer was begun, in seconds since 1970.
    pub created_s: u64,
    /// Whether the client asked for the usage at the end.
    pub show_usage: bool,
}

impl Lane {
    fn addressed<'a>(&'a self, asked: &'a Object<'static>) -> Addressed<'a> {
        Addressed { identity: &self.identity, created_s: self.created_s, asked }
    }
}

/// A whole answer as the client gets it, with what Weir keeps of it.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The body for the client.
    pub body: Vec<u8>,
    /// What it says.
    pub seen: Seen,
}

/// Maps a whole answer to the request whose body was `asked`.
///
/// # Errors
/// [`BadReply`] when it is an error object, or no answer of that dialect.
pub fn whole(lane: &Lane, asked: &Json<'static>, body: &[u8]) -> Result<Whole, BadReply> {
    let nothing = Object::default();
    let asked = asked.as_object().unwrap_or(&nothing);
    match (lane.client, lane.backend) {
        (ClientDialect::ChatCompletions, BackendDialect::ChatCompletions) => {
            let reply = map_reply(body, &lane.identity)?;
            let mut seen = Seen::of_chat(&reply);
            seen.note_sealed_of_chat(body);
            Ok(Whole { seen, body: reply.body })
        }
        (ClientDialect::Messages, BackendDialect::Messages) => messages::whole(lane, body),
        (ClientDialect::OllamaChat, BackendDialect::Ollama) => ollama::whole(lane, body),
        (client, backend) => {
            let reply = backend.read_reply(body)?;
            let body = client.write_reply(&reply, &lane.addressed(asked));
            Ok(Whole { seen: Seen::of_reply(&reply), body })
        }
    }
}
