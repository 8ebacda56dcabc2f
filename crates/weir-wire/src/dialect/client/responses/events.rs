use super::item::{ItemIds, annotation, write_item, write_new_item, write_part, write_summary};
use super::response::{End, Response, content_of};
use crate::canonical::{Block, BlockKind, Delta, Event, FinishReason, Tokens, ToolKind};
use crate::dialect::client::Addressed;
use crate::dialect::client::serial::Serial;
use crate::dialect::custom::{CustomTools, Unwrapper};
use crate::error::Envelope;
use crate::json::{ObjectWriter, write_object};
use crate::sse::write_event;
use std::borrow::Cow;

/// Writes the events of an answer as those of a response, numbered from 0.
#[derive(Debug)]
pub struct EventWriter {
    unwrapper: Unwrapper,
    serial: Serial,
    state: State,
}

#[derive(Debug)]
struct State {
    response: Response,
    ids: ItemIds,
    has_begun: bool,
    sequence: u64,
    /// Items that are complete.
    items: Vec<Vec<u8>>,
    open: Option<Open>,
    log_probs: Vec<String>,
    usage: Tokens,
    finish: FinishReason,
}

/// The item that goes on.
#[derive(Debug)]
struct Open {
    id: String,
    block: Block<'static>,
}

impl EventWriter {
    /// A writer for one answer.
    #[must_use]
    pub fn new(to: &Addressed<'_>) -> Self {
        let state = State {
            response: Response::new(to),
            ids: ItemIds::of(&to.identity.id),
            has_begun: false,
            sequence: 0,
            items: Vec::new(),
            open: None,
            log_probs: Vec::new(),
            usage: Tokens::default(),
            finish: FinishReason::Stop,
        };
        let unwrapper = Unwrapper::new(CustomTools::of_responses(to.asked));
        Self { unwrapper, serial: Serial::default(), state }
    }

    /// Appends the events that an event comes to.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let Self { unwrapper, serial, state } = self;
        if !matches!(event, Event::Ping) {
            state.begin(out);
        }
        serial.event(event, &mut |event| unwrapper.event(event, &mut |event| state.write(event, out)));
    }

    /// Appends an error that ends the stream.
    pub fn error(&mut self, envelope: &Envelope, out: &mut Vec<u8>) {
        self.state.begin(out);
        self.state.end(&End::Failed(envelope.clone()), out);
    }
}

impl State {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        for name in ["response.created", "response.in_progress"] {
            let sequence = self.next_number();
            write_numbered(name, sequence, out, |data| {
                data.object("response", |object| self.response.write(&End::InProgress, &[], None, object));
            });
        }
    }

    fn next_number(&mut self) -> u64 {
        let number = self.sequence;
        self.sequence += 1;
        number
    }

    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { usage, .. } | Event::Usage(usage) => self.usage = usage.or(self.usage),
            Event::BlockStart { kind, .. } => self.start(kind, out),
            Event::Delta { delta, .. } => self.delta(delta, out),
            Event::BlockEnd { .. } => self.end_block(out),
            Event::LogProbs { json, .. } => self.log_probs.extend(content_of(json)),
            Event::Finish { reason, .. } => self.finish = *reason,
            Event::Ping => out.extend_from_slice(crate::sse::KEEP_ALIVE),
            Event::End => self.end(&End::of(self.finish), out),
        }
    }

    fn start(&mut self, kind: &BlockKind<'_>, out: &mut Vec<u8>) {
        let id = self.ids.id(kind, self.items.len());
        let kind = kind.clone().into_owned();
        let block = Block { kind, text: Cow::Borrowed(""), signature: None, citations: Vec::new() };
        self.indexed("response.output_item.added", out, |data| {
            data.object("item", |item| write_new_item(&block, &id, item));
        });
        let open = Open { id, block };
        match open.block.kind {
            BlockKind::Text | BlockKind::Refusal => {
                self.of_part("response.content_part.added", &open, out, |data| {
                    data.object("part", |part| write_part(&open.block, None, part));
                });
            }
            BlockKind::Thinking => {
                self.of_summary("response.reasoning_summary_part.added", &open, out, |data| {
                    data.object("part", |part| write_summary("", part));
                })
            }
            BlockKind::HiddenThinking { .. } | BlockKind::ToolCall { .. } => {}
        }
        self.open = Some(open);
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let Some(mut open) = self.open.take() else { return };
        match delta {
            Delta::Text(text) => {
                self.text(&open, text, out);
                open.block.text.to_mut().push_str(text);
            }
            Delta::Signature(signature) => {
                open.block.signature = Some(Cow::Owned(signature.clone().into_owned()))
            }
            Delta::Citation(citation) => {
                self.citation(&open, citation, out);
                open.block.citations.push(Cow::Owned(citation.clone().into_owned()));
            }
        }
        self.open = Some(open);
    }

    fn text(&mut self, open: &Open, text: &str, out: &mut Vec<u8>) {
        match &open.block.kind {
            BlockKind::Text => self.of_part("response.output_text.delta", open, out, |data| {
                data.text("delta", text);
                data.raw("logprobs", "[]");
            }),
            BlockKind::Refusal => {
                self.of_part("response.refusal.delta", open, out, |data| data.text("delta", text));
            }
            BlockKind::Thinking => {
                self.of_summary("response.reasoning_summary_text.delta", open, out, |data| {
                    data.text("delta", text)
                });
            }
            BlockKind::ToolCall { tool, .. } => {
                self.of_item(call_event(*tool, true), open, out, |data| data.text("delta", text));
            }
            BlockKind::HiddenThinking { .. } => {}
        }
    }

    fn citation(&mut self, open: &Open, citation: &str, out: &mut Vec<u8>) {
        let Some(annotation) = annotation(citation, open.block.text.chars().count()) else { return };
        let index = open.block.citations.len();
        self.of_part("response.output_text.annotation.added", open, out, |data| {
            data.number("annotation_index", index as u64);
            data.raw("annotation", &annotation);
        });
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else { return };
        let text = &*open.block.text;
        let log_probs = self.take_log_probs(&open.block.kind);
        match &open.block.kind {
            BlockKind::Text => {
                self.of_part("response.output_text.done", &open, out, |data| {
                    data.text("text", text);
                    data.raw("logprobs", log_probs.as_deref().unwrap_or("[]"));
                });
                self.end_part(&open, log_probs.as_deref(), out);
            }
            BlockKind::Refusal => {
                self.of_part("response.refusal.done", &open, out, |data| data.text("refusal", text));
                self.end_part(&open, None, out);
            }
            BlockKind::Thinking => {
                self.of_summary("response.reasoning_summary_text.done", &open, out, |data| {
                    data.text("text", text)
                });
                self.of_summary("response.reasoning_summary_part.done", &open, out, |data| {
                    data.object("part", |part| write_summary(text, part));
                });
            }
            BlockKind::ToolCall { tool, name, .. } => {
                self.of_item(call_event(*tool, false), &open, out, |data| match tool {
                    ToolKind::Function => {
                        data.text("name", name);
                        data.text("arguments", text);
                    }
                    ToolKind::Custom => data.text("input", text),
                })
            }
            BlockKind::HiddenThinking { .. } => {}
        }
        self.end_item(&open, log_probs.as_deref(), out);
    }

    /// The probabilities of a text's tokens, which belong to it alone.
    fn take_log_probs(&mut self, kind: &BlockKind<'_>) -> Option<String> {
        if !matches!(kind, BlockKind::Text) || self.log_probs.is_empty() {
            return None;
        }
        let inner = |list: &String| list.trim_start_matches('[').trim_end_matches(']').to_owned();
        let lists: Vec<String> =
            self.log_probs.drain(..).map(|list| inner(&list)).filter(|l| !l.is_empty()).collect();
        Some(format!("[{}]", lists.join(",")))
    }

    fn end_part(&mut self, open: &Open, log_probs: Option<&str>, out: &mut Vec<u8>) {
        self.of_part("response.content_part.done", open, out, |data| {
            data.object("part", |part| write_part(&open.block, log_probs, part));
        });
    }

    fn end_item(&mut self, open: &Open, log_probs: Option<&str>, out: &mut Vec<u8>) {
        let mut item = Vec::new();
        write_object(&mut item, |object| write_item(&open.block, &open.id, log_probs, object));
        self.indexed("response.output_item.done", out, |data| {
            data.member("item").extend_from_slice(&item);
        });
        self.items.push(item);
    }

    fn end(&mut self, end: &End, out: &mut Vec<u8>) {
        let name = match end {
            End::Completed | End::InProgress => "response.completed",
            End::Incomplete(_) => "response.incomplete",
            End::Failed(_) => "response.failed",
        };
        let sequence = self.next_number();
        write_numbered(name, sequence, out, |data| {
            data.object("response", |object| {
                self.response.write(end, &self.items, Some(&self.usage), object)
            });
        });
    }

    /// An event about the item that follows those that are complete.
    fn indexed(&mut self, name: &str, out: &mut Vec<u8>, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
        let (sequence, index) = (self.next_number(), self.items.len());
        write_numbered(name, sequence, out, |data| {
            data.number("output_index", index as u64);
            fill(data);
        });
    }

    fn of_item(
        &mut self,
        name: &str,
        open: &Open,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        self.indexed(name, out, |data| {
            data.text("item_id", &open.id);
            fill(data);
        });
    }

    fn of_part(
        &mut self,
        name: &str,
        open: &Open,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        self.of_item(name, open, out, |data| {
            data.number("content_index", 0);
            fill(data);
        });
    }

    fn of_summary(
        &mut self,
        name: &str,
        open: &Open,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        self.of_item(name, open, out, |data| {
            data.number("summary_index", 0);
            fill(data);
        });
    }
}

const fn call_event(tool: ToolKind, goes_on: bool) -> &'static str {
    match (tool, goes_on) {
        (ToolKind::Function, true) => "response.function_call_arguments.delta",
        (ToolKind::Function, false) => "response.function_call_arguments.done",
        (ToolKind::Custom, true) => "response.custom_tool_call_input.delta",
        (ToolKind::Custom, false) => "response.custom_tool_call_input.done",
    }
}

fn write_numbered(name: &str, sequence: u64, out: &mut Vec<u8>, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
    write_event(name, out, |out| {
        write_object(out, |data| {
            data.text("type", name);
            data.number("sequence_number", sequence);
            fill(data);
        });
    });
}
