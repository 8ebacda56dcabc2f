use super::write::{error_word, stop_word, write_stop_text, write_usage};
use crate::canonical::{BlockKind, Delta, Event, FinishReason, Tokens};
use crate::dialect::client::Addressed;
use crate::dialect::client::serial::Serial;
use crate::error::Envelope;
use crate::json::{ObjectWriter, write_object};
use crate::sse::write_event;

/// Writes the events of an answer as Anthropic's.
#[derive(Debug)]
pub struct EventWriter {
    id: String,
    alias: String,
    serial: Serial,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    has_begun: bool,
    /// The number that the open block has for the client.
    index: usize,
    open: Open,
    has_refused: bool,
    usage: Tokens,
    finish: Option<(FinishReason, Option<String>)>,
}

/// What the deltas of the open block are.
#[derive(Debug, Default)]
enum Open {
    #[default]
    Text,
    Thinking,
    Call,
    /// Encrypted thoughts, which come whole in their first event.
    Hidden(String),
}

impl EventWriter {
    /// A writer for one answer.
    #[must_use]
    pub fn new(to: &Addressed<'_>) -> Self {
        Self {
            id: to.identity.id.clone(),
            alias: to.identity.alias.clone(),
            serial: Serial::default(),
            state: State::default(),
        }
    }

    /// Appends the events that an event comes to.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let Self { id, alias, serial, state } = self;
        if let Event::Start { usage, .. } = event {
            state.usage = usage.or(state.usage);
        }
        if !matches!(event, Event::Ping) {
            state.begin(id, alias, out);
        }
        serial.event(event, &mut |event| state.write(event, out));
    }

    /// Appends an error that ends the stream: no `message_stop` follows.
    pub fn error(&mut self, envelope: &Envelope, status: u16, out: &mut Vec<u8>) {
        write_named("error", out, |data| {
            data.object("error", |error| {
                error.text("type", error_word(status));
                error.text("message", &envelope.message);
            });
        });
    }
}

impl State {
    fn begin(&mut self, id: &str, alias: &str, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        write_named("message_start", out, |data| {
            data.object("message", |message| {
                message.text("id", id);
                message.text("type", "message");
                message.text("role", "assistant");
                message.text("model", alias);
                message.raw("content", "[]");
                message.null("stop_reason");
                message.null("stop_sequence");
                message.object("usage", |usage| write_usage(&self.usage, usage));
            });
        });
    }

    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::BlockStart { kind, .. } => self.start(kind, out),
            Event::Delta { delta, .. } => self.delta(delta, out),
            Event::BlockEnd { .. } => self.end_block(out),
            Event::Finish { reason, stop_text, .. } => {
                self.finish = Some((*reason, stop_text.as_deref().map(str::to_owned)));
            }
            Event::Usage(usage) => self.usage = usage.or(self.usage),
            Event::Ping => out.extend_from_slice(super::PING),
            Event::End => self.end(out),
            Event::Start { .. } | Event::LogProbs { .. } => {}
        }
    }

    fn start(&mut self, kind: &BlockKind<'_>, out: &mut Vec<u8>) {
        self.has_refused |= matches!(kind, BlockKind::Refusal);
        self.open = match kind {
            BlockKind::Text | BlockKind::Refusal => Open::Text,
            BlockKind::Thinking => Open::Thinking,
            BlockKind::ToolCall { .. } => Open::Call,
            BlockKind::HiddenThinking { .. } => Open::Hidden(String::new()),
        };
        if matches!(self.open, Open::Hidden(_)) {
            return;
        }
        self.write_start(out, |block| match kind {
            BlockKind::Text | BlockKind::Refusal | BlockKind::HiddenThinking { .. } => {
                block.text("type", "text");
                block.text("text", "");
            }
            BlockKind::Thinking => {
                block.text("type", "thinking");
                block.text("thinking", "");
                block.text("signature", "");
            }
            BlockKind::ToolCall { id, name, .. } => {
                block.text("type", "tool_use");
                block.text("id", id);
                block.text("name", name);
                block.raw("input", "{}");
            }
        });
    }

    fn write_start(&self, out: &mut Vec<u8>, block: impl FnOnce(&mut ObjectWriter<'_>)) {
        write_named("content_block_start", out, |data| {
            data.number("index", self.index as u64);
            data.object("content_block", block);
        });
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let (kind, name, text) = match (&mut self.open, delta) {
            (Open::Hidden(data), Delta::Text(text)) => return data.push_str(text),
            (Open::Text, Delta::Text(text)) => ("text_delta", "text", text),
            (Open::Thinking, Delta::Text(text)) => ("thinking_delta", "thinking", text),
            (Open::Call, Delta::Text(text)) => ("input_json_delta", "partial_json", text),
            (Open::Thinking, Delta::Signature(text)) => ("signature_delta", "signature", text),
            (_, Delta::Citation(citation)) => return self.citation(citation, out),
            // A signature of a call is of another provider's making and has no place here.
            (Open::Text | Open::Call | Open::Hidden(_), Delta::Signature(_)) => return,
        };
        self.write_delta(out, |delta| {
            delta.text("type", kind);
            delta.text(name, text);
        });
    }

    fn citation(&self, citation: &str, out: &mut Vec<u8>) {
        self.write_delta(out, |delta| {
            delta.text("type", "citations_delta");
            delta.raw("citation", citation);
        });
    }

    fn write_delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut ObjectWriter<'_>)) {
        write_named("content_block_delta", out, |data| {
            data.number("index", self.index as u64);
            data.object("delta", delta);
        });
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        if let Open::Hidden(data) = std::mem::take(&mut self.open) {
            self.write_start(out, |block| {
                block.text("type", "redacted_thinking");
                block.text("data", &data);
            });
        }
        write_named("content_block_stop", out, |data| data.number("index", self.index as u64));
        self.index += 1;
    }

    /// Why the answer ended comes with the usage, which backends tell last.
    fn end(&mut self, out: &mut Vec<u8>) {
        let (reason, stop_text) = self.finish.take().unwrap_or((FinishReason::Stop, None));
        write_named("message_delta", out, |data| {
            data.object("delta", |delta| {
                delta.text("stop_reason", stop_word(reason, self.has_refused));
                write_stop_text(stop_text.as_deref(), delta);
            });
            data.object("usage", |usage| write_usage(&self.usage, usage));
        });
        write_named("message_stop", out, |_| {});
    }
}

/// Appends an event whose data says its name again.
fn write_named(name: &str, out: &mut Vec<u8>, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
    write_event(name, out, |out| {
        write_object(out, |data| {
            data.text("type", name);
            fill(data);
        });
    });
}
