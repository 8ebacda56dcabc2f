use super::super::blocks::{Blocks, Flow, Sink};
use super::super::citation;
use super::super::failure::{self, Fault};
use super::super::{Item, look};
use crate::canonical::{Collector, Event, FinishReason, Reply, ServedTier, Tokens};
use crate::chat::BadReply;
use crate::error::Envelope;
use crate::json::Object;

/// Reads a whole reply.
///
/// # Errors
/// [`BadReply`] when it is no reply, or says that the model's output was broken.
pub fn read_reply(body: &[u8]) -> Result<Reply<'static>, BadReply> {
    let object = look::object(body)?;
    let message = look::inner(&object, "output").and_then(|output| look::inner(output, "message"));
    let (message, reason) =
        (message.ok_or(BadReply::Malformed)?, look::text(&object, "stopReason").ok_or(BadReply::Malformed)?);
    let mut collector = Collector::default();
    let sink: &mut Sink<'_> = &mut |event| collector.take(event);
    sink(Event::Start { model: None, usage: Tokens::default() });
    let mut blocks = Blocks::new(0);
    look::objects(message, "content").for_each(|block| whole_block(block, &mut blocks, sink));
    blocks.close(sink);
    sink(Event::Finish { choice: 0, reason: finish(reason)?, stop_text: None });
    if let Some(usage) = tokens(&object) {
        sink(Event::Usage(usage));
    }
    sink(Event::End);
    collector.finish().ok_or(BadReply::Malformed)
}

fn whole_block(block: &Object<'_>, blocks: &mut Blocks, sink: &mut Sink<'_>) {
    // Each block of the service's is one, also beside one of its kind.
    blocks.close(sink);
    if let Some(text) = look::text(block, "text") {
        blocks.flow(Flow::Text, text, sink);
    } else if let Some(call) = look::inner(block, "toolUse") {
        begin_call(call, blocks, sink);
        if let Some(input) = call.get("input") {
            blocks.arguments(&look::written(input), sink);
        }
    } else if let Some(reasoning) = look::inner(block, "reasoningContent") {
        let text = look::inner(reasoning, "reasoningText");
        thought(text.unwrap_or(reasoning), blocks, sink);
        if let Some(data) = look::text(reasoning, "redactedContent") {
            blocks.hidden(data, sink);
        }
    } else if let Some(cited) = look::inner(block, "citationsContent") {
        for piece in look::objects(cited, "content") {
            blocks.flow(Flow::Text, look::text(piece, "text").unwrap_or_default(), sink);
        }
        for citation in look::objects(cited, "citations").filter_map(citation::of_converse) {
            blocks.citation(citation, sink);
        }
    }
}

fn begin_call(call: &Object<'_>, blocks: &mut Blocks, sink: &mut Sink<'_>) {
    let text = |name| look::text(call, name).unwrap_or_default();
    blocks.call(text("toolUseId"), text("name"), sink);
}

fn thought(reasoning: &Object<'_>, blocks: &mut Blocks, sink: &mut Sink<'_>) {
    blocks.flow(Flow::Thinking, look::text(reasoning, "text").unwrap_or_default(), sink);
    if let Some(signature) = look::text(reasoning, "signature") {
        blocks.signature(signature, sink);
    }
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
    has_finished: bool,
    has_ended: bool,
}

impl Default for EventReader {
    fn default() -> Self {
        Self { blocks: Blocks::new(0), has_begun: false, has_finished: false, has_ended: false }
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
    /// [`BadReply`] when it is an exception, or no item of such a stream.
    pub fn item(&mut self, item: &Item<'_>, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        if let Some((_, kind)) = item.event.split_once('/') {
            return Err(BadReply::Error(exception(kind, item.data)));
        }
        let object = look::object(item.data)?;
        if !self.has_begun {
            self.has_begun = true;
            sink(Event::Start { model: None, usage: Tokens::default() });
        }
        match item.event {
            // Nothing is added to an answer that is complete.
            event if self.has_finished && event != "metadata" => {}
            "contentBlockStart" => self.block_start(&object, sink),
            "contentBlockDelta" => self.delta(&object, sink),
            "contentBlockStop" => self.blocks.close(sink),
            "messageStop" => self.stop(&object, sink)?,
            "metadata" => self.metadata(&object, sink),
            // `messageStart`, and events that are not known yet.
            _ => {}
        }
        Ok(())
    }

    /// Says that the stream has ended cleanly.
    ///
    /// # Errors
    /// [`BadReply`] when the answer was not complete.
    pub fn end(&mut self, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        if !self.has_finished {
            return Err(BadReply::Malformed);
        }
        if !std::mem::replace(&mut self.has_ended, true) {
            sink(Event::End);
        }
        Ok(())
    }

    fn block_start(&mut self, object: &Object<'_>, sink: &mut Sink<'_>) {
        self.blocks.close(sink);
        if let Some(call) = look::inner(object, "start").and_then(|start| look::inner(start, "toolUse")) {
            begin_call(call, &mut self.blocks, sink);
        }
    }

    fn delta(&mut self, object: &Object<'_>, sink: &mut Sink<'_>) {
        let Some(delta) = look::inner(object, "delta") else { return };
        if let Some(text) = look::text(delta, "text") {
            self.blocks.flow(Flow::Text, text, sink);
        }
        if let Some(citation) = look::inner(delta, "citation").and_then(citation::of_converse) {
            self.blocks.citation(citation, sink);
        }
        if let Some(call) = look::inner(delta, "toolUse") {
            self.blocks.arguments(look::text(call, "input").unwrap_or_default(), sink);
        }
        if let Some(reasoning) = look::inner(delta, "reasoningContent") {
            thought(reasoning, &mut self.blocks, sink);
            if let Some(data) = look::text(reasoning, "redactedContent") {
                self.blocks.hidden(data, sink);
            }
        }
    }

    fn stop(&mut self, object: &Object<'_>, sink: &mut Sink<'_>) -> Result<(), BadReply> {
        self.has_finished = true;
        self.blocks.close(sink);
        let reason = look::text(object, "stopReason").ok_or(BadReply::Malformed)?;
        sink(Event::Finish { choice: 0, reason: finish(reason)?, stop_text: None });
        Ok(())
    }

    /// The last event: what the answer took.
    fn metadata(&mut self, object: &Object<'_>, sink: &mut Sink<'_>) {
        if self.has_ended {
            return;
        }
        if let Some(usage) = tokens(object) {
            sink(Event::Usage(usage));
        }
        if self.has_finished && !std::mem::replace(&mut self.has_ended, true) {
            sink(Event::End);
        }
    }
}

/// Source: `StopReason`.
fn finish(word: &str) -> Result<FinishReason, BadReply> {
    Ok(match word {
        "tool_use" => FinishReason::ToolCalls,
        "max_tokens" => FinishReason::Length,
        "stop_sequence" => FinishReason::StopText,
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        "model_context_window_exceeded" => FinishReason::Context,
        "malformed_model_output" | "malformed_tool_use" => {
            let message = format!("the model's answer was not usable: {word}");
            return Err(BadReply::Error(Fault::Server.envelope(&message)));
        }
        // `end_turn`, and words that are not known yet.
        _ => FinishReason::Stop,
    })
}

/// The service counts cached tokens apart from the others.
fn tokens(answer: &Object<'_>) -> Option<Tokens> {
    let usage = look::inner(answer, "usage")?;
    let count = |name| look::count(usage, name);
    let (read, write) = (count("cacheReadInputTokens"), count("cacheWriteInputTokens"));
    let tier = look::inner(answer, "serviceTier").and_then(|tier| look::text(tier, "type"));
    Some(Tokens {
        prompt: count("inputTokens").map(|fresh| fresh + read.unwrap_or(0) + write.unwrap_or(0)),
        cache_read: read,
        cache_write: write,
        completion: count("outputTokens"),
        reasoning: None,
        tier: tier.and_then(ServedTier::of_word),
    })
}

/// An exception within a stream.
fn exception(kind: &str, data: &[u8]) -> Envelope {
    let fault = match kind {
        "throttlingException" => Fault::Rate,
        "validationException" => Fault::Request,
        "serviceUnavailableException" => Fault::Overloaded,
        // `internalServerException`, `modelStreamErrorException`, `modelTimeoutException`, errors.
        _ => Fault::Server,
    };
    let said = look::object(data).ok();
    let message = said.as_ref().and_then(|object| look::text(object, "message"));
    fault.envelope(message.unwrap_or("the backend failed"))
}
