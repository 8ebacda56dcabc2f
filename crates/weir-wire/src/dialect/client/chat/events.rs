use super::read::calls_functions;
use super::write::{
    Address, finish_word, older_finish_word, write_call_signature, write_call_start, write_hidden,
    write_usage,
};
use crate::canonical::{BlockKind, Delta, Event, Tokens, ToolKind};
use crate::dialect::client::Addressed;
use crate::dialect::custom::{CustomTools, Unwrapper};
use crate::error::Envelope;
use crate::json::{ObjectWriter, write_object, write_string};
use crate::sse::{DONE, write_data};

/// The most answers to one request: OpenAI's limit of `n`.
const CHOICES_MAX: usize = 128;

/// Writes the events of an answer as chunks.
#[derive(Debug)]
pub struct EventWriter {
    head: Vec<u8>,
    choices: Vec<Choice>,
    usage: Tokens,
    show_usage: bool,
    /// The client speaks of functions, as before there were tools.
    are_functions: bool,
    unwrapper: Unwrapper,
}

#[derive(Debug, Default)]
struct Choice {
    has_role: bool,
    blocks: Vec<Block>,
}

/// A block of a choice, by what its deltas are.
#[derive(Debug)]
enum Block {
    Text,
    Refusal,
    /// Thoughts, and which they are.
    Thinking(usize),
    /// Encrypted ones, which are written when they are complete.
    Hidden {
        index: usize,
        id: Option<String>,
        data: String,
    },
    /// A call, and which it is.
    Call {
        index: usize,
        tool: ToolKind,
    },
}

/// What every chunk of an answer begins with, its object left open: id, kind, time, model.
pub(crate) fn chunk_head(object: &str, to: &Addressed<'_>) -> Vec<u8> {
    let mut head = b"{\"id\":".to_vec();
    write_string(&to.identity.id, &mut head);
    head.extend_from_slice(b",\"object\":");
    write_string(object, &mut head);
    head.extend_from_slice(b",\"created\":");
    head.extend_from_slice(to.created_s.to_string().as_bytes());
    head.extend_from_slice(b",\"model\":");
    write_string(&to.identity.alias, &mut head);
    head
}

/// Ends the chunks of an answer that begin so, with what it took if that is asked for.
pub(crate) fn write_end(head: &[u8], usage: Option<&Tokens>, out: &mut Vec<u8>) {
    if let Some(usage) = usage {
        let mut chunk = head.to_vec();
        chunk.extend_from_slice(b",\"choices\":[],\"usage\":");
        write_object(&mut chunk, |object| write_usage(usage, object));
        chunk.push(b'}');
        write_data(&chunk, out);
    }
    write_data(DONE, out);
}

impl EventWriter {
    /// A writer for one answer.
    #[must_use]
    pub fn new(to: &Addressed<'_>) -> Self {
        Self {
            head: chunk_head("chat.completion.chunk", to),
            choices: Vec::new(),
            usage: Tokens::default(),
            show_usage: to.wants_usage(),
            are_functions: calls_functions(to.asked),
            unwrapper: Unwrapper::new(CustomTools::of_chat(to.asked)),
        }
    }

    /// Appends the chunks that an event comes to.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        let mut unwrapper = std::mem::take(&mut self.unwrapper);
        unwrapper.event(event, &mut |event| self.write(event, out));
        self.unwrapper = unwrapper;
    }

    /// Appends an error that ends the stream: no `[DONE]` follows.
    pub fn error(&mut self, envelope: &Envelope, out: &mut Vec<u8>) {
        write_data(&envelope.to_bytes(), out);
    }

    fn write(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { usage, .. } => self.usage = usage.or(self.usage),
            Event::Usage(usage) => self.usage = usage.or(self.usage),
            Event::BlockStart { choice, kind, .. } => self.start(*choice, kind, out),
            Event::Delta { choice, block, delta } => self.delta(*choice, *block, delta, out),
            Event::BlockEnd { choice, block } => self.end_block(*choice, *block, out),
            Event::LogProbs { choice, json } => self.chunk(*choice, Some(json), None, out, |_| {}),
            Event::Finish { choice, reason, .. } => {
                let word = if self.are_functions { older_finish_word(*reason) } else { finish_word(*reason) };
                self.chunk(*choice, None, Some(word), out, |_| {});
            }
            Event::Ping => {}
            Event::End => write_end(&self.head, self.show_usage.then_some(&self.usage), out),
        }
    }

    fn start(&mut self, choice: usize, kind: &BlockKind<'_>, out: &mut Vec<u8>) {
        let blocks = &self.choice(choice).blocks;
        let thoughts =
            blocks.iter().filter(|b| matches!(b, Block::Thinking(_) | Block::Hidden { .. })).count();
        let calls = blocks.iter().filter(|b| matches!(b, Block::Call { .. })).count();
        let block = match kind {
            BlockKind::Text => Block::Text,
            BlockKind::Refusal => Block::Refusal,
            BlockKind::Thinking => Block::Thinking(thoughts),
            BlockKind::HiddenThinking { id } => {
                Block::Hidden { index: thoughts, id: id.as_deref().map(str::to_owned), data: String::new() }
            }
            BlockKind::ToolCall { tool, .. } => Block::Call { index: calls, tool: *tool },
        };
        self.choice(choice).blocks.push(block);
        let BlockKind::ToolCall { id, name, tool } = kind else { return };
        if self.are_functions {
            return self.function(choice, calls, Some(name), "", out);
        }
        self.chunk(choice, None, None, out, |delta| {
            delta.array("tool_calls", |array| write_call_start(calls, (id, name), *tool, array));
        });
    }

    /// A piece of the one call that an answer has.
    fn function(&mut self, choice: usize, index: usize, name: Option<&str>, text: &str, out: &mut Vec<u8>) {
        if index > 0 {
            return;
        }
        self.chunk(choice, None, None, out, |delta| {
            delta.object("function_call", |call| {
                call.text_if("name", name);
                call.text("arguments", text);
            });
        });
    }

    fn delta(&mut self, choice: usize, block: usize, delta: &Delta<'_>, out: &mut Vec<u8>) {
        let Some(block) = self.choice(choice).blocks.get_mut(block) else { return };
        match (block, delta) {
            (Block::Text, Delta::Text(text)) => {
                self.chunk(choice, None, None, out, |delta| delta.text("content", text));
            }
            (Block::Refusal, Delta::Text(text)) => {
                self.chunk(choice, None, None, out, |delta| delta.text("refusal", text));
            }
            (Block::Thinking(_), Delta::Text(text)) => self.chunk(choice, None, None, out, |delta| {
                delta.text("reasoning_content", text);
                delta.text("reasoning", text);
            }),
            (Block::Hidden { data, .. }, Delta::Text(text)) => data.push_str(text),
            (Block::Call { index, tool }, Delta::Text(text)) => {
                let (index, tool) = (*index, *tool);
                if self.are_functions {
                    return self.function(choice, index, None, text, out);
                }
                self.chunk(choice, None, None, out, |delta| write_arguments(index, tool, text, delta));
            }
            (Block::Thinking(index), Delta::Signature(signature)) => {
                let index = *index;
                self.chunk(choice, None, None, out, |delta| write_signature(index, signature, delta));
            }
            (Block::Call { index, .. }, Delta::Signature(signature)) => {
                let index = *index;
                self.chunk(choice, None, None, out, |delta| {
                    delta.array("tool_calls", |calls| {
                        calls.object(|call| {
                            call.number("index", index as u64);
                            // OpenAI's own client takes no piece of a call without it.
                            call.object("function", |function| function.text("arguments", ""));
                            write_call_signature(signature, call);
                        });
                    });
                });
            }
            (_, Delta::Citation(citation)) => {
                self.chunk(choice, None, None, out, |delta| match Address::of(citation) {
                    Some(address) => delta.array("annotations", |a| a.object(|o| address.write(None, o))),
                    None => delta.array("citations", |array| array.raw(citation)),
                })
            }
            (Block::Text | Block::Refusal | Block::Hidden { .. }, Delta::Signature(_)) => {}
        }
    }

    fn end_block(&mut self, choice: usize, block: usize, out: &mut Vec<u8>) {
        let Some(Block::Hidden { index, id, data }) = self.choice(choice).blocks.get_mut(block) else {
            return;
        };
        let (index, id, data) = (*index, id.take(), std::mem::take(data));
        self.chunk(choice, None, None, out, |delta| {
            delta.array("reasoning_details", |details| {
                details.object(|detail| write_hidden(&data, id.as_deref(), index, detail));
            });
        });
    }

    /// Appends a chunk of one choice. The first of each says whose words follow.
    fn chunk(
        &mut self,
        choice: usize,
        log_probs: Option<&str>,
        finish: Option<&str>,
        out: &mut Vec<u8>,
        delta: impl FnOnce(&mut ObjectWriter<'_>),
    ) {
        let is_first = !std::mem::replace(&mut self.choice(choice).has_role, true);
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[");
        write_object(out, |object| {
            object.number("index", choice as u64);
            object.object("delta", |object| {
                if is_first {
                    object.text("role", "assistant");
                }
                delta(object);
            });
            object.raw("logprobs", log_probs.unwrap_or("null"));
            match finish {
                Some(word) => object.text("finish_reason", word),
                None => object.null("finish_reason"),
            }
        });
        out.extend_from_slice(b"]}\n\n");
    }

    fn choice(&mut self, index: usize) -> &mut Choice {
        let index = index.min(CHOICES_MAX - 1);
        if self.choices.len() <= index {
            self.choices.resize_with(index + 1, Choice::default);
        }
        #[expect(clippy::indexing_slicing, reason = "the line above made room for it")]
        &mut self.choices[index]
    }
}

fn write_arguments(index: usize, tool: ToolKind, text: &str, delta: &mut ObjectWriter<'_>) {
    let (holder, name) = match tool {
        ToolKind::Function => ("function", "arguments"),
        ToolKind::Custom => ("custom", "input"),
    };
    delta.array("tool_calls", |calls| {
        calls.object(|call| {
            call.number("index", index as u64);
            call.object(holder, |inner| inner.text(name, text));
        });
    });
}

fn write_signature(index: usize, signature: &str, delta: &mut ObjectWriter<'_>) {
    delta.array("reasoning_details", |details| {
        details.object(|detail| {
            detail.text("type", "reasoning.text");
            detail.text("signature", signature);
            detail.number("index", index as u64);
        });
    });
}
