use super::super::blocks::{Blocks, Flow, Sink};
use super::super::citation;
use super::super::failure::{self, Fault};
use super::super::{Item, look};
use crate::canonical::{Collector, Event, FinishReason, Reply, Tokens};
use crate::chat::BadReply;
use crate::error::Envelope;
use crate::json::Object;

/// Reads a whole reply.
///
/// # Errors
/// [`BadReply`] when it is no reply, or says that the model failed.
pub fn read_reply(body: &[u8]) -> Result<Reply<'static>, BadReply> {
    let object = look::object(body)?;
    let message = look::inner(&object, "message").ok_or(BadReply::Malformed)?;
    let reason = look::text(&object, "finish_reason").ok_or(BadReply::Malformed)?;
    let mut collector = Collector::default();
    let sink: &mut Sink<'_> = &mut |event| collector.take(event);
    sink(Event::Start { model: None, usage: Tokens::default() });
    let mut blocks = Blocks::new(0);
    blocks.flow(Flow::Thinking, look::text(message, "tool_plan").unwrap_or_default(), sink);
    for (index, content) in look::objects(message, "content").enumerate() {
        blocks.close(sink);
        piece(content, &mut blocks, sink);
        let is_of_it = |cited: &&Object<'_>| look::count(cited, "content_index").unwrap_or(0) == index as u64;
        look::objects(message, "citations").filter(is_of_it).for_each(|cited| cite(cited, &mut blocks, sink));
    }
    for call in look::objects(message, "tool_calls") {
        begin_call(call, &mut blocks, sink);
        blocks.arguments(arguments(call), sink);
    }
    blocks.close(sink);
    sink(Event::Finish { choice: 0, reason: finish(reason, None)?, stop_text: None });
    if let Some(usage) = usage(&object) {
        sink(Event::Usage(usage));
    }
    sink(Event::End);
    collector.finish().ok_or(BadReply::Malformed)
}

/// Reads a failure: status and body.
#[must_use]
pub fn read_error(status: u16, body: &[u8]) -> Option<Envelope> {
    failure::read(status, body)
}

/// Reads a stream. Call [`end`](Self::end) when it has ended cleanly.
#[derive(Debug)]
pub struct EventReader {
    blocks: Blocks,
    has_begun: bool,
    has_ended: bool,
}

impl Default for EventReader {
    fn default() -> Self {
        Self { blocks: Blocks::new(0), has_begun: false, has_ended: false }
    }
}

impl EventReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one item.
    ///
    /// # Errors
    /// [`BadReply`] when it is an error, or no item of such a stream.
    pub fn item(&mut self, item: &Item<'_>, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        if self.has_ended || item.data == crate::sse::DONE {
            return Ok(());
        }
        let object = look::object(item.data)?;
        if !self.has_begun {
            self.has_begun = true;
            sink(Event::Start { model: None, usage: Tokens::default() });
        }
        let delta = look::inner(&object, "delta");
        let message = delta.and_then(|delta| look::inner(delta, "message"));
        match look::text(&object, "type").unwrap_or(item.event) {
            "content-start" => {
                self.blocks.close(sink);
                self.content(message, sink);
            }
            "content-delta" => self.content(message, sink),
            "content-end" | "tool-call-end" => self.blocks.close(sink),
            "citation-start" => {
                if let Some(cited) = message.and_then(|message| look::inner(message, "citations")) {
                    cite(cited, &mut self.blocks, sink);
                }
            }
            "tool-plan-delta" => {
                let plan = message.and_then(|message| look::text(message, "tool_plan"));
                self.blocks.flow(Flow::Thinking, plan.unwrap_or_default(), sink);
            }
            "tool-call-start" => {
                if let Some(call) = message.and_then(|message| look::inner(message, "tool_calls")) {
                    begin_call(call, &mut self.blocks, sink);
                    self.blocks.arguments(arguments(call), sink);
                }
            }
            "tool-call-delta" => {
                if let Some(call) = message.and_then(|message| look::inner(message, "tool_calls")) {
                    self.blocks.arguments(arguments(call), sink);
                }
            }
            "message-end" => self.message_end(delta.ok_or(BadReply::Malformed)?, sink)?,
            // An error has no type, and an event that is not known yet has no message.
            _ => {
                if let Some(text) = look::text(&object, "message") {
                    return Err(BadReply::Error(Fault::Server.envelope(text)));
                }
            }
        }
        Ok(())
    }

    /// Says that the stream has ended cleanly.
    ///
    /// # Errors
    /// [`BadReply`] when the answer was not complete.
    pub fn end(&mut self, _sink: &mut Sink<'_>) -> Result<(), BadReply> {
        if self.has_ended { Ok(()) } else { Err(BadReply::Malformed) }
    }

    fn content(&mut self, message: Option<&Object<'_>>, sink: &mut Sink<'_>) {
        if let Some(content) = message.and_then(|message| look::inner(message, "content")) {
            piece(content, &mut self.blocks, sink);
        }
    }

    fn message_end(&mut self, delta: &Object<'_>, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        self.has_ended = true;
        self.blocks.close(sink);
        let reason = look::text(delta, "finish_reason").ok_or(BadReply::Malformed)?;
        let reason = finish(reason, look::text(delta, "error"))?;
        sink(Event::Finish { choice: 0, reason, stop_text: None });
        if let Some(usage) = usage(delta) {
            sink(Event::Usage(usage));
        }
        sink(Event::End);
        Ok(())
    }
}

fn piece(content: &Object<'_>, blocks: &mut Blocks, sink: &mut Sink<'_>) {
    for (flow, name) in [(Flow::Thinking, "thinking"), (Flow::Text, "text")] {
        blocks.flow(flow, look::text(content, name).unwrap_or_default(), sink);
    }
}

fn cite(cited: &Object<'_>, blocks: &mut Blocks, sink: &mut Sink<'_>) {
    citation::of_cohere(cited).into_iter().for_each(|citation| blocks.citation(citation, sink));
}

fn begin_call(call: &Object<'_>, blocks: &mut Blocks, sink: &mut Sink<'_>) {
    let name = look::inner(call, "function").and_then(|function| look::text(function, "name"));
    blocks.call(look::text(call, "id").unwrap_or_default(), name.unwrap_or_default(), sink);
}

fn arguments<'a>(call: &'a Object<'_>) -> &'a str {
    look::inner(call, "function").and_then(|function| look::text(function, "arguments")).unwrap_or_default()
}

/// Source: `ChatFinishReason`.
fn finish(word: &str, error: Option<&str>) -> Result<FinishReason, BadReply> {
    Ok(match word {
        "STOP_SEQUENCE" => FinishReason::StopText,
        "MAX_TOKENS" => FinishReason::Length,
        "TOOL_CALL" => FinishReason::ToolCalls,
        "ERROR_TOXIC" => FinishReason::ContentFilter,
        "TIMEOUT" => return Err(BadReply::Error(Fault::Timeout.envelope(error.unwrap_or(FAILED)))),
        "ERROR" => return Err(BadReply::Error(Fault::Server.envelope(error.unwrap_or(FAILED)))),
        // `COMPLETE`, and words that are not known yet.
        _ => FinishReason::Stop,
    })
}

const FAILED: &str = "the backend failed";

/// What was billed is less than what was read, where both are there.
fn usage(object: &Object<'_>) -> Option<Tokens> {
    let usage = look::inner(object, "usage")?;
    let counts = look::inner(usage, "tokens").or_else(|| look::inner(usage, "billed_units"))?;
    Some(Tokens {
        prompt: look::count(counts, "input_tokens"),
        cache_read: look::count(usage, "cached_tokens"),
        cache_write: None,
        completion: look::count(counts, "output_tokens"),
        reasoning: None,
        tier: None,
    })
}
