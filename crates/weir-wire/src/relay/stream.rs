use super::frames::{Frames, frames};
use crate::chat::{BadReply, ReplyIdentity, Usage, read_chunk};
use crate::dialect::{BackendDialect, ClientDialect};
use crate::error::Envelope;
use crate::sse::{DONE, KEEP_ALIVE, SseItem, write_data};
use std::borrow::Cow;
use std::fmt;

/// The largest event of a stream.
const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a stream is mapped with.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// What the client speaks.
    pub client: ClientDialect,
    /// What the backend speaks.
    pub backend: BackendDialect,
    /// What the client is told about who answers.
    pub identity: ReplyIdentity,
    /// Whether the client asked for the usage at the end.
    pub show_usage: bool,
}

/// One streamed answer: bytes of the backend in, bytes for the client out.
///
/// Give it whatever the socket gave with [`take`](Self::take); how the bytes were cut changes nothing. It is
/// complete when [`seen`](Self::seen) says so, and what comes after that is passed over. A stream that ends
/// before it is complete has failed: [`break_off`](Self::break_off) tells the client so.
pub struct StreamRelay {
    frames: Box<dyn Frames>,
    settings: StreamSettings,
    seen: Seen,
}

/// What a stream has said so far.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Whether there was any content: text, reasoning, a tool call, or the end of an answer.
    pub has_content: bool,
    /// Whether the backend's stream has come to its proper end.
    pub is_complete: bool,
    /// How many pieces had content.
    pub pieces: u64,
    /// How many items there were, signs of life among them.
    pub items: u64,
    /// Tokens used.
    pub usage: Usage,
    /// Why the answer ended.
    pub finish_reason: Option<String>,
    /// The model the backend says it runs.
    pub model: Option<String>,
}

impl fmt::Debug for StreamRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamRelay").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl StreamRelay {
    /// The relay of one answer.
    #[must_use]
    pub fn new(settings: StreamSettings) -> Self {
        let frames = frames(settings.backend.framing(), EVENT_BYTES_MAX);
        Self { frames, settings, seen: Seen::default() }
    }

    /// What the stream has said so far.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Takes bytes of the backend in and appends what they mean for the client.
    ///
    /// # Errors
    /// [`BadReply`] when the backend sends an error, or something that is no stream of its dialect.
    pub fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), BadReply> {
        let fits = self.frames.push(bytes).is_ok();
        while !self.seen.is_complete
            && let Some(item) = self.frames.next_item()
        {
            self.seen.items += 1;
            match item {
                SseItem::Comment => {}
                SseItem::Event { data, .. } if data == DONE => {
                    write_data(DONE, out);
                    self.seen.is_complete = true;
                }
                SseItem::Event { data, .. } => self.chunk(&data, out)?,
            }
        }
        if fits || self.seen.is_complete { Ok(()) } else { Err(BadReply::Malformed) }
    }

    fn chunk(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), BadReply> {
        let chunk = read_chunk(data, &self.settings.identity, self.settings.show_usage)?;
        let seen = &mut self.seen;
        seen.has_content |= chunk.has_content;
        seen.pieces += u64::from(chunk.has_content);
        if let Some(usage) = chunk.usage {
            seen.usage = usage;
        }
        if let Some(reason) = chunk.finish_reason {
            seen.finish_reason = Some(reason.into_owned());
        }
        if seen.model.is_none() {
            seen.model = chunk.model.map(Cow::into_owned);
        }
        if let Some(data) = chunk.data {
            write_data(&data, out);
        }
        Ok(())
    }

    /// Appends the error with which a stream ends that cannot be completed, so that it does not look
    /// complete.
    pub fn break_off(&mut self, error: &Envelope, out: &mut Vec<u8>) {
        write_data(&error.to_bytes(), out);
    }

    /// What keeps a silent connection open.
    #[must_use]
    pub fn keep_alive(&self) -> &'static [u8] {
        KEEP_ALIVE
    }
}
