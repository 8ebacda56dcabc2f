use super::across::Across;
use super::frames::{Frames, frames};
use super::{Lane, Seen, messages, ollama};
use crate::chat::{BadReply, CallNumbers, read_chunk};
use crate::dialect::answer::{read_object, text, whole};
use crate::dialect::backend::Item;
use crate::dialect::client::messages::{PING, error_word};
use crate::dialect::{BackendDialect, ClientDialect};
use crate::error::Envelope;
use crate::json::{Json, Limits, Object, parse, write_object};
use crate::sse::{DONE, KEEP_ALIVE, SseItem, write_data, write_event};
use std::borrow::Cow;
use std::fmt;

/// The largest event of a stream, unless another is given.
const EVENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One streamed answer: bytes of the backend in, bytes for the client out.
///
/// Give it whatever the socket gave with [`take`](Self::take); how the bytes were cut changes nothing. It is
/// complete when [`seen`](Self::seen) says so, and what comes after that is passed over. At the end of the
/// backend's stream call [`end`](Self::end): a stream that is not complete then has failed, and
/// [`break_off`](Self::break_off) tells the client so.
pub struct StreamRelay {
    frames: Box<dyn Frames>,
    lane: Lane,
    way: Way,
    seen: Seen,
    /// The tool calls of a stream of chat completions.
    calls: CallNumbers,
    /// The response as its last event has it.
    response: Option<Vec<u8>>,
}

/// How an item becomes what the client gets.
enum Way {
    /// Chat completions to chat completions.
    Chat,
    /// Anthropic messages to Anthropic messages.
    Messages,
    /// Ollama to Ollama.
    Ollama,
    /// What is heard, in OpenAI's events or in chunks of text.
    Transcript,
    /// One dialect to another.
    Across(Box<Across>),
}

impl fmt::Debug for StreamRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamRelay").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl StreamRelay {
    /// The relay of the answer to the request whose body was `asked`.
    #[must_use]
    pub fn new(lane: Lane, asked: &Json<'static>) -> Self {
        let nothing = Object::default();
        let asked = asked.as_object().unwrap_or(&nothing);
        let way = match (lane.client, lane.backend) {
            (ClientDialect::ChatCompletions, BackendDialect::ChatCompletions) => Way::Chat,
            (ClientDialect::Messages, BackendDialect::Messages) => Way::Messages,
            (ClientDialect::OllamaChat, BackendDialect::Ollama) => Way::Ollama,
            _ => Way::Across(Box::new(Across::new(&lane, asked))),
        };
        Self::by(way, lane)
    }

    /// The relay of a transcription.
    #[must_use]
    pub fn of_transcript(lane: Lane) -> Self {
        Self::by(Way::Transcript, lane)
    }

    fn by(way: Way, lane: Lane) -> Self {
        let frames = frames(lane.backend.framing(), EVENT_BYTES_MAX);
        Self { frames, lane, way, seen: Seen::default(), calls: CallNumbers::default(), response: None }
    }

    /// The same, which holds no event of more than so many bytes. Before anything is taken in.
    #[must_use]
    pub fn holding(mut self, event_bytes_max: usize) -> Self {
        self.frames = frames(self.lane.backend.framing(), event_bytes_max);
        self
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
            if let SseItem::Event { event, data } = item {
                self.item(&event, &data, out)?;
            }
        }
        if fits || self.seen.is_complete { Ok(()) } else { Err(BadReply::Malformed) }
    }

    /// Takes note that the backend's stream ended cleanly, which some dialects have for their last word.
    ///
    /// # Errors
    /// [`BadReply`] when that was too early.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), BadReply> {
        match &mut self.way {
            Way::Across(across) if !self.seen.is_complete => {
                let before = out.len();
                across.end(&mut self.seen, out)?;
                self.note_response(out.get(before..).unwrap_or_default());
                Ok(())
            }
            Way::Across(_) | Way::Chat | Way::Messages | Way::Ollama | Way::Transcript => Ok(()),
        }
    }

    /// The whole response, once a stream of the Responses API is complete.
    #[must_use]
    pub fn whole_response(&self) -> Option<&[u8]> {
        self.response.as_deref()
    }

    fn note_response(&mut self, written: &[u8]) {
        if self.lane.client == ClientDialect::Responses && self.seen.is_complete {
            self.response = last_response(written);
        }
    }

    fn item(&mut self, event: &str, data: &[u8], out: &mut Vec<u8>) -> Result<(), BadReply> {
        match &mut self.way {
            Way::Chat | Way::Transcript if data == DONE => {
                write_data(DONE, out);
                self.seen.is_complete = true;
                Ok(())
            }
            Way::Chat => self.chunk(data, out),
            Way::Messages => messages::event(&self.lane, data, &mut self.seen, out),
            Way::Ollama => ollama::line(&self.lane, data, &mut self.seen, out),
            Way::Transcript => self.heard(data, out),
            Way::Across(across) => {
                let before = out.len();
                across.item(&Item { event, data }, &mut self.seen, out)?;
                self.note_response(out.get(before..).unwrap_or_default());
                Ok(())
            }
        }
    }

    /// An event as OpenAI has it; other servers send chunks as of a chat.
    fn heard(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), BadReply> {
        let event = read_object(data)?;
        if event.get("choices").is_some() {
            return self.chunk(data, out);
        }
        match text(&event, "type").as_deref() {
            Some("transcript.text.done") => {
                if let Some(usage) = event.get("usage").and_then(Json::as_object) {
                    self.seen.usage.prompt_tokens = whole(usage, "input_tokens");
                    self.seen.usage.completion_tokens = whole(usage, "output_tokens");
                }
                self.seen.content();
                self.seen.is_complete = true;
            }
            Some(_) => self.seen.content(),
            None => return Err(BadReply::Malformed),
        }
        write_data(data, out);
        Ok(())
    }

    fn chunk(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), BadReply> {
        let right = self.calls.set_right(data);
        let data = right.as_deref().unwrap_or(data);
        let chunk = read_chunk(data, &self.lane.identity, self.lane.show_usage)?;
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
        seen.note_sealed_of_chat(data);
        Ok(())
    }

    /// Appends the error with which a stream ends that cannot be completed, so that it does not look
    /// complete.
    pub fn break_off(&mut self, error: &Envelope, status: u16, out: &mut Vec<u8>) {
        match &mut self.way {
            Way::Chat | Way::Transcript => write_data(&error.to_bytes(), out),
            Way::Messages => {
                write_event("error", out, |out| {
                    write_object(out, |outer| {
                        outer.text("type", "error");
                        outer.object("error", |inner| {
                            inner.text("type", error_word(status));
                            inner.text("message", &error.message);
                        });
                    });
                });
            }
            Way::Ollama => {
                out.extend_from_slice(&self.lane.client.write_error(error, status, ""));
                out.push(b'\n');
            }
            Way::Across(across) => across.error(error, status, out),
        }
    }

    /// What keeps a silent connection open; empty where the client's dialect has nothing.
    #[must_use]
    pub fn keep_alive(&self) -> &'static [u8] {
        match &self.way {
            Way::Chat | Way::Transcript => KEEP_ALIVE,
            Way::Messages => PING,
            Way::Ollama => b"",
            Way::Across(across) => across.keep_alive(),
        }
    }
}

/// The response within the last event of a stream of responses.
fn last_response(written: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memmem::rfind(written, b"\ndata: ")?;
    let data = written.get(at + b"\ndata: ".len()..)?.trim_ascii_end();
    let value = parse(data, Limits { depth: 128, values: 2_000_000 }).ok()?;
    Some(value.as_object()?.get("response")?.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ReplyIdentity;

    #[test]
    fn calls_that_a_server_numbers_alike_are_told_apart() {
        let identity = ReplyIdentity { id: "chatcmpl-1".to_owned(), alias: "auto".to_owned() };
        let (client, backend) = (ClientDialect::ChatCompletions, BackendDialect::ChatCompletions);
        let lane = Lane { client, backend, inside: true, identity, created_s: 0, show_usage: false };
        let mut relay = StreamRelay::new(lane, &Json::Null);
        let mut out = Vec::new();
        for id in ["a", "b"] {
            let call = format!(r#"{{"index":0,"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}"#);
            let chunk = format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n");
            relay.take(chunk.as_bytes(), &mut out).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        let numbers: Vec<_> =
            text.match_indices(r#""index":"#).map(|(at, name)| &text[at + name.len()..]).collect();
        assert!(
            matches!(*numbers, [first, second] if first.starts_with('0') && second.starts_with('1')),
            "{text}"
        );
    }
}
