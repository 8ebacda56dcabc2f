//! OpenAI's older completions: a prompt and the text that follows it.
//!
//! Source: OpenAI API reference, "Create completion" and "The completion object".

use super::Addressed;
use super::chat::{chunk_head, read_sampling, write_end, write_usage};
use crate::canonical::{
    Block, BlockKind, Choice, Conversation, Delta, Event, FinishReason, LogProbs, Message, Part, Reply, Role,
    Tokens,
};
use crate::dialect::fields::{At, Fields, Read, one_or_many};
use crate::error::Envelope;
use crate::json::{Object, ObjectWriter, write_object};
use crate::sse::write_data;

/// Tokens of an answer where the client sets no limit, as the documentation has it.
const MAX_TOKENS: u64 = 16;

/// Reads a request.
///
/// # Errors
/// [`BadRequest`](crate::chat::BadRequest) for a shape that is no completion, and for several prompts.
pub fn read<'r>(body: &'r Object<'static>) -> Read<Conversation<'r>> {
    let mut fields = Fields::new(At::Body, body);
    fields.skip(&["model", "stream_options"]);
    let parts = vec![read_prompt(&mut fields)?];
    let stop = fields.get("stop").map(|value| one_or_many(&At::Key(&At::Body, "stop"), value)).transpose()?;
    let top = fields.whole("logprobs")?;
    let mut conversation = Conversation {
        messages: vec![Message { role: Role::User, parts, name: None }],
        max_output_tokens: Some(fields.whole("max_tokens")?.unwrap_or(MAX_TOKENS)),
        sampling: read_sampling(&mut fields)?,
        stop: stop.unwrap_or_default(),
        answers: fields.whole("n")?.filter(|n| *n != 1),
        log_probs: top.map(|top| LogProbs { top: Some(top) }),
        end_user: fields.cow("user")?,
        stream: fields.truth("stream")?.unwrap_or(false),
        ..Conversation::default()
    };
    conversation.others = fields.others();
    Ok(conversation)
}

fn read_prompt<'r>(fields: &mut Fields<'r, '_>) -> Read<Part<'r>> {
    let at = At::Key(&At::Body, "prompt");
    let prompt = fields.required("prompt")?;
    if prompt.as_array().is_some_and(|items| items.len() != 1) {
        return Err(at.unsupported("send one prompt a request; several are not passed on together"));
    }
    let text = one_or_many(&at, prompt)?.pop().unwrap_or_default();
    Ok(Part::Text { text, cache: None })
}

/// The older API's word for why an answer ended; it has none for calls of tools.
const fn finish_word(reason: FinishReason) -> &'static str {
    if matches!(reason, FinishReason::ToolCalls) { "stop" } else { super::chat::finish_word(reason) }
}

/// Writes a whole answer.
#[must_use]
pub fn write_reply(reply: &Reply<'_>, to: &Addressed<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |answer| {
        answer.text("id", &to.identity.id);
        answer.text("object", "text_completion");
        answer.number("created", to.created_s);
        answer.text("model", &to.identity.alias);
        answer.array("choices", |choices| {
            for (index, choice) in reply.choices.iter().enumerate() {
                choices.object(|object| write_choice(index, choice, object));
            }
        });
        answer.object("usage", |usage| write_usage(&reply.usage, usage));
    });
    out
}

fn write_choice(index: usize, choice: &Choice<'_>, out: &mut ObjectWriter<'_>) {
    let words = |block: &&Block<'_>| matches!(block.kind, BlockKind::Text | BlockKind::Refusal);
    let text: String = choice.blocks.iter().filter(words).map(|block| &*block.text).collect();
    out.text("text", &text);
    out.number("index", index as u64);
    out.raw("logprobs", choice.log_probs.as_deref().unwrap_or("null"));
    out.text("finish_reason", finish_word(choice.finish.unwrap_or(FinishReason::Stop)));
}

/// Writes the events of an answer as chunks.
#[derive(Debug)]
pub struct EventWriter {
    head: Vec<u8>,
    /// Blocks that are no words, such as thoughts, by choice and number.
    silent: Vec<(usize, usize)>,
    usage: Tokens,
    show_usage: bool,
}

impl EventWriter {
    /// A writer for one answer.
    #[must_use]
    pub fn new(to: &Addressed<'_>) -> Self {
        Self {
            head: chunk_head("text_completion", to),
            silent: Vec::new(),
            usage: Tokens::default(),
            show_usage: to.wants_usage(),
        }
    }

    /// Appends the chunks that an event comes to.
    pub fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { usage, .. } | Event::Usage(usage) => self.usage = usage.or(self.usage),
            Event::BlockStart { choice, block, kind } => {
                if !matches!(kind, BlockKind::Text | BlockKind::Refusal) {
                    self.silent.push((*choice, *block));
                }
            }
            Event::Delta { choice, block, delta: Delta::Text(text) } => {
                if !self.silent.contains(&(*choice, *block)) {
                    self.chunk(*choice, text, None, None, out);
                }
            }
            Event::LogProbs { choice, json } => self.chunk(*choice, "", Some(json), None, out),
            Event::Finish { choice, reason, .. } => {
                self.chunk(*choice, "", None, Some(finish_word(*reason)), out)
            }
            Event::Delta { .. } | Event::BlockEnd { .. } | Event::Ping => {}
            Event::End => write_end(&self.head, self.show_usage.then_some(&self.usage), out),
        }
    }

    /// Appends an error that ends the stream: no `[DONE]` follows.
    pub fn error(&mut self, envelope: &Envelope, out: &mut Vec<u8>) {
        write_data(&envelope.to_bytes(), out);
    }

    fn chunk(
        &self,
        choice: usize,
        text: &str,
        log_probs: Option<&str>,
        finish: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b",\"choices\":[");
        write_object(out, |object| {
            object.text("text", text);
            object.number("index", choice as u64);
            object.raw("logprobs", log_probs.unwrap_or("null"));
            match finish {
                Some(word) => object.text("finish_reason", word),
                None => object.null("finish_reason"),
            }
        });
        out.extend_from_slice(b"]}\n\n");
    }
}
