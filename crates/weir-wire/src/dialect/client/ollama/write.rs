use super::time::rfc3339;
use super::write_error;
use crate::canonical::{Block, BlockKind, Delta, Event, FinishReason, Reply, Tokens};
use crate::dialect::client::Addressed;
use crate::dialect::client::messages::write_input;
use crate::dialect::client::serial::Serial;
use crate::error::Envelope;
use crate::json::{ObjectWriter, write_object, write_string};

/// Writes a whole answer to a chat.
#[must_use]
pub fn write_chat_reply(reply: &Reply<'_>, to: &Addressed<'_>) -> Vec<u8> {
    write_reply(reply, to, Form::Chat)
}

/// Writes a whole completion.
#[must_use]
pub fn write_generate_reply(reply: &Reply<'_>, to: &Addressed<'_>) -> Vec<u8> {
    write_reply(reply, to, Form::Generate)
}

/// The two requests have answers that differ in where the words stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Chat,
    Generate,
}

fn write_reply(reply: &Reply<'_>, to: &Addressed<'_>, form: Form) -> Vec<u8> {
    let choice = reply.choices.first();
    let blocks = choice.map(|choice| choice.blocks.as_slice()).unwrap_or_default();
    let finish = choice.and_then(|choice| choice.finish).unwrap_or(FinishReason::Stop);
    let joined = |wanted: fn(&BlockKind<'_>) -> bool| -> String {
        blocks.iter().filter(|block| wanted(&block.kind)).map(|block| &*block.text).collect()
    };
    let words = joined(|kind| matches!(kind, BlockKind::Text | BlockKind::Refusal));
    let thoughts = joined(|kind| matches!(kind, BlockKind::Thinking));
    let calls: Vec<&Block> =
        blocks.iter().filter(|block| matches!(block.kind, BlockKind::ToolCall { .. })).collect();
    let mut out = Vec::new();
    write_object(&mut out, |line| {
        write_head(&to.identity.alias, to.created_s, line);
        let said = Said { words: &words, thoughts: &thoughts, calls: &calls };
        said.write(form, line);
        write_end(finish, &reply.usage, line);
    });
    out
}

/// What one answer, or one line of it, says.
struct Said<'s> {
    words: &'s str,
    thoughts: &'s str,
    calls: &'s [&'s Block<'s>],
}

impl Said<'_> {
    fn write(&self, form: Form, line: &mut ObjectWriter<'_>) {
        match form {
            Form::Generate => {
                line.text("response", self.words);
                line.text_if("thinking", Some(self.thoughts).filter(|text| !text.is_empty()));
            }
            Form::Chat => line.object("message", |message| {
                message.text("role", "assistant");
                message.text("content", self.words);
                message.text_if("thinking", Some(self.thoughts).filter(|text| !text.is_empty()));
                if !self.calls.is_empty() {
                    message.array("tool_calls", |array| {
                        for (index, call) in self.calls.iter().enumerate() {
                            array.object(|object| write_call(call, index, object));
                        }
                    });
                }
            }),
        }
    }
}

fn write_call(call: &Block<'_>, index: usize, out: &mut ObjectWriter<'_>) {
    let BlockKind::ToolCall { id, name, .. } = &call.kind else { return };
    out.text("id", id);
    out.object("function", |function| {
        function.number("index", index as u64);
        function.text("name", name);
        write_input(&call.text, "arguments", function);
    });
}

fn write_head(alias: &str, created_s: u64, line: &mut ObjectWriter<'_>) {
    line.text("model", alias);
    line.text("created_at", &rfc3339(created_s));
}

fn write_end(finish: FinishReason, usage: &Tokens, line: &mut ObjectWriter<'_>) {
    line.truth("done", true);
    line.text("done_reason", done_word(finish));
    // Durations are those of one server; behind a gateway they say nothing.
    line.number("total_duration", 0);
    line.number("prompt_eval_count", usage.prompt.unwrap_or(0));
    line.number("eval_count", usage.completion.unwrap_or(0));
}

const fn done_word(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Length | FinishReason::Context => "length",
        FinishReason::Stop
        | FinishReason::StopText
        | FinishReason::ToolCalls
        | FinishReason::ContentFilter
        | FinishReason::Refusal
        | FinishReason::Pause => "stop",
    }
}

/// Writes the events of an answer as lines.
#[derive(Debug)]
pub struct EventWriter {
    form: Form,
    /// What every line begins with: model and time.
    head: Vec<u8>,
    serial: Serial,
    open: Option<Block<'static>>,
    calls: usize,
    usage: Tokens,
    finish: FinishReason,
}

impl EventWriter {
    /// A writer for one answer to a chat.
    #[must_use]
    pub fn chat(to: &Addressed<'_>) -> Self {
        Self::new(to, Form::Chat)
    }

    /// A writer for one completion.
    #[must_use]
    pub fn generate(to: &Addressed<'_>) -> Self {
        Self::new(to, Form::Generate)
    }

    fn new(to: &Addressed<'_>, form: Form) -> Self {
        let mut head = b"{\"model\":".to_vec();
        write_string(&to.identity.alias, &mut head);
        head.extend_from_slice(b",\"created_at\":");
        write_string(&rfc3339(to.created_s), &mut head);
        Self {
            form,
            head,
            serial: Serial::default(),
            open: None,
            calls: 0,
            usage: Tokens::default(),
            finish: FinishReason::Stop,
        }
    }

    /// Appends the lines that an event comes to.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let mut serial = std::mem::take(&mut self.serial);
        serial.event(event, &mut |event| self.write(event, out));
        self.serial = serial;
    }

    /// Appends an error that ends the stream: no line says that it is done.
    pub fn error(&mut self, envelope: &Envelope, out: &mut Vec<u8>) {
        out.extend(write_error(envelope, 500, ""));
        out.push(b'\n');
    }

    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { usage, .. } | Event::Usage(usage) => self.usage = usage.or(self.usage),
            Event::BlockStart { kind, .. } => {
                let kind = kind.clone().into_owned();
                self.open = Some(Block { kind, text: "".into(), signature: None, citations: Vec::new() });
            }
            Event::Delta { delta: Delta::Text(text), .. } => self.delta(text, out),
            Event::BlockEnd { .. } => self.end_block(out),
            Event::Finish { reason, .. } => self.finish = *reason,
            Event::End => self.line(&Said { words: "", thoughts: "", calls: &[] }, true, out),
            Event::Delta { .. } | Event::LogProbs { .. } | Event::Ping => {}
        }
    }

    fn delta(&mut self, text: &str, out: &mut Vec<u8>) {
        let Some(open) = &mut self.open else { return };
        match open.kind {
            BlockKind::Text | BlockKind::Refusal => {
                self.line(&Said { words: text, thoughts: "", calls: &[] }, false, out)
            }
            BlockKind::Thinking => self.line(&Said { words: "", thoughts: text, calls: &[] }, false, out),
            // Calls come whole: their arguments are an object here.
            BlockKind::ToolCall { .. } => open.text.to_mut().push_str(text),
            BlockKind::HiddenThinking { .. } => {}
        }
    }

    fn end_block(&mut self, out: &mut Vec<u8>) {
        let Some(block) = self.open.take() else { return };
        if matches!(block.kind, BlockKind::ToolCall { .. }) {
            self.line(&Said { words: "", thoughts: "", calls: &[&block] }, false, out);
            self.calls += 1;
        }
    }

    fn line(&self, said: &Said<'_>, is_last: bool, out: &mut Vec<u8>) {
        let mut line = Vec::with_capacity(self.head.len() + said.words.len() + 64);
        write_object(&mut line, |object| {
            said.write(self.form, object);
            match is_last {
                true => write_end(self.finish, &self.usage, object),
                false => object.truth("done", false),
            }
        });
        // The head is an object's beginning, and the line goes on with the rest of one.
        out.extend_from_slice(&self.head);
        out.push(b',');
        out.extend_from_slice(line.get(1..).unwrap_or_default());
        out.push(b'\n');
    }
}
