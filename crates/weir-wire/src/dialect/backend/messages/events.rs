use super::read::{finish_of, read_kind, read_usage};
use crate::canonical::{BlockKind, Delta, Event, FinishReason, Tokens};
use crate::chat::BadReply;
use crate::dialect::answer::{json_text, object, read_object, some_text, text, whole};
use crate::dialect::backend::Item;
use crate::json::{Json, Object};
use std::borrow::Cow;

type Sink<'s> = &'s mut dyn FnMut(Event<'_>);

/// Reads the events of an answer.
#[derive(Debug, Default)]
pub struct EventReader {
    blocks: usize,
    open: Vec<Open>,
    finish: Option<FinishReason>,
    stop_text: Option<String>,
    is_complete: bool,
}

/// A block that goes on.
#[derive(Debug)]
struct Open {
    /// Its number on the wire.
    index: u64,
    block: usize,
    /// Arguments that came with its beginning, which count if no others come.
    early: Option<String>,
}

impl EventReader {
    /// A reader for one answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one item and passes on the events it comes to.
    ///
    /// # Errors
    /// [`BadReply`] when it is an error event or none of Anthropic's.
    pub fn item(&mut self, item: &Item<'_>, sink: Sink<'_>) -> Result<(), BadReply> {
        if self.is_complete {
            return Ok(());
        }
        let data = read_object(item.data)?;
        let kind = text(&data, "type").ok_or(BadReply::Malformed)?;
        match &*kind {
            "message_start" => start(&data, sink),
            "content_block_start" => self.start_block(&data, sink),
            "content_block_delta" => self.delta(&data, sink),
            "content_block_stop" => self.end_block(whole(&data, "index").unwrap_or(0), sink),
            "message_delta" => self.message_delta(&data, sink),
            "message_stop" => self.complete(sink),
            "ping" => sink(Event::Ping),
            // New kinds of events are to be passed over.
            _ => {}
        }
        Ok(())
    }

    fn start_block(&mut self, data: &Object<'_>, sink: Sink<'_>) {
        let Some(content) = object(data, "content_block") else { return };
        let Some(kind) = read_kind(content) else { return };
        let block = self.blocks;
        self.blocks += 1;
        let index = whole(data, "index").unwrap_or(block as u64);
        let beginning = match &kind {
            BlockKind::Text | BlockKind::Refusal => some_text(content, "text"),
            BlockKind::Thinking => some_text(content, "thinking"),
            BlockKind::HiddenThinking { .. } => some_text(content, "data"),
            BlockKind::ToolCall { .. } => None,
        };
        let is_call = matches!(kind, BlockKind::ToolCall { .. });
        let input = content.get("input").map_or_else(|| "{}".to_owned(), json_text);
        let early = is_call.then_some(input);
        sink(Event::BlockStart { choice: 0, block, kind });
        if let Some(text) = beginning {
            sink(Event::Delta { choice: 0, block, delta: Delta::Text(text) });
        }
        if let Some(signature) = some_text(content, "signature") {
            sink(Event::Delta { choice: 0, block, delta: Delta::Signature(signature) });
        }
        self.open.push(Open { index, block, early });
    }

    fn delta(&mut self, data: &Object<'_>, sink: Sink<'_>) {
        let index = whole(data, "index").unwrap_or(0);
        let Some(open) = self.open.iter_mut().find(|open| open.index == index) else { return };
        let Some(delta) = object(data, "delta") else { return };
        let delta = match text(delta, "type").as_deref() {
            Some("text_delta") => some_text(delta, "text").map(Delta::Text),
            Some("thinking_delta") => some_text(delta, "thinking").map(Delta::Text),
            Some("signature_delta") => some_text(delta, "signature").map(Delta::Signature),
            Some("citations_delta") => {
                delta.get("citation").map(|citation| Delta::Citation(Cow::Owned(json_text(citation))))
            }
            Some("input_json_delta") => {
                let fragment = some_text(delta, "partial_json");
                if fragment.is_some() {
                    open.early = None;
                }
                fragment.map(Delta::Text)
            }
            Some(_) | None => None,
        };
        if let Some(delta) = delta {
            sink(Event::Delta { choice: 0, block: open.block, delta });
        }
    }

    fn end_block(&mut self, index: u64, sink: Sink<'_>) {
        let Some(at) = self.open.iter().position(|open| open.index == index) else { return };
        let Open { block, early, .. } = self.open.remove(at);
        if let Some(arguments) = early {
            sink(Event::Delta { choice: 0, block, delta: Delta::Text(Cow::Owned(arguments)) });
        }
        sink(Event::BlockEnd { choice: 0, block });
    }

    fn message_delta(&mut self, data: &Object<'_>, sink: Sink<'_>) {
        if let Some(delta) = object(data, "delta") {
            self.finish = text(delta, "stop_reason").map(|word| finish_of(&word)).or(self.finish);
            self.stop_text = text(delta, "stop_sequence").map(Cow::into_owned).or(self.stop_text.take());
        }
        if let Some(usage) = object(data, "usage") {
            sink(Event::Usage(read_usage(usage)));
        }
    }

    fn complete(&mut self, sink: Sink<'_>) {
        self.is_complete = true;
        while let Some(index) = self.open.first().map(|open| open.index) {
            self.end_block(index, sink);
        }
        let reason = self.finish.unwrap_or(FinishReason::Stop);
        let stop_text = self.stop_text.take().map(Cow::Owned);
        sink(Event::Finish { choice: 0, reason, stop_text });
        sink(Event::End);
    }
}

fn start(data: &Object<'_>, sink: Sink<'_>) {
    let message = object(data, "message");
    let usage = message.and_then(|message| object(message, "usage"));
    sink(Event::Start {
        model: message
            .and_then(|message| message.get("model"))
            .and_then(Json::as_str)
            .map(|m| Cow::Owned(m.to_owned())),
        // What is counted of the answer at its beginning is no count yet.
        usage: usage
            .map(read_usage)
            .map_or(Tokens::default(), |tokens| Tokens { completion: None, ..tokens }),
    });
}
