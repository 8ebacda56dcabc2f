//! The response object.

use super::item::{ItemIds, write_item};
use crate::canonical::{Block, BlockKind, FinishReason, Reply, Tokens, ToolKind};
use crate::dialect::client::Addressed;
use crate::dialect::custom::CustomTools;
use crate::error::Envelope;
use crate::json::{Json, Limits, Object, ObjectWriter, parse, write_object};

/// What of a request its response repeats, with what holds where the request does not say.
const REPEATED: [(&str, &str); 15] = [
    ("background", "false"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("service_tier", r#""default""#),
    ("store", "true"),
    ("temperature", "1"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_p", "1"),
    ("truncation", r#""disabled""#),
];

/// The answer to a request to count tokens.
#[must_use]
pub fn write_count(input_tokens: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |count| {
        count.text("object", "response.input_tokens");
        count.number("input_tokens", input_tokens);
    });
    out
}

/// Writes a whole answer.
#[must_use]
pub fn write_reply(reply: &Reply<'_>, to: &Addressed<'_>) -> Vec<u8> {
    let response = Response::new(to);
    let (ids, custom) = (ItemIds::of(&to.identity.id), CustomTools::of_responses(to.asked));
    let choice = reply.choices.first();
    let log_probs = choice.and_then(|choice| choice.log_probs.as_deref()).and_then(content_of);
    let blocks = choice.map(|choice| choice.blocks.as_slice()).unwrap_or_default();
    let items: Vec<Vec<u8>> = blocks
        .iter()
        .enumerate()
        .map(|(index, block)| {
            let block = turned_back(block, &custom);
            let mut item = Vec::new();
            let id = ids.id(&block.kind, index);
            write_object(&mut item, |object| write_item(&block, &id, log_probs.as_deref(), object));
            item
        })
        .collect();
    let end = End::of(choice.and_then(|choice| choice.finish).unwrap_or(FinishReason::Stop));
    let mut out = Vec::new();
    write_object(&mut out, |object| response.write(&end, &items, Some(&reply.usage), object));
    out
}

/// A call of a tool that takes free text, which the backend knew as a function.
fn turned_back<'b>(block: &'b Block<'_>, custom: &CustomTools) -> Block<'b> {
    let BlockKind::ToolCall { id, name, tool } = &block.kind else { return block.clone() };
    let Some(text) = custom.text_of(name, *tool, &block.text) else { return block.clone() };
    let kind = BlockKind::ToolCall { id: id.clone(), name: name.clone(), tool: ToolKind::Custom };
    Block { kind, text, signature: None, citations: Vec::new() }
}

/// The `content` of a `logprobs` object of chat completions: the list that stands here.
pub(super) fn content_of(log_probs: &str) -> Option<String> {
    let value = parse(log_probs.as_bytes(), Limits::default()).ok()?;
    let content = value.as_object()?.get("content").filter(|content| content.as_array().is_some())?;
    String::from_utf8(content.to_bytes()).ok()
}

/// How an answer stands.
#[derive(Debug, Clone)]
pub(super) enum End {
    InProgress,
    Completed,
    Incomplete(&'static str),
    Failed(Envelope),
}

impl End {
    pub(super) const fn of(reason: FinishReason) -> Self {
        match reason {
            FinishReason::Length | FinishReason::Context => End::Incomplete("max_output_tokens"),
            FinishReason::ContentFilter | FinishReason::Refusal => End::Incomplete("content_filter"),
            FinishReason::Stop | FinishReason::StopText | FinishReason::ToolCalls | FinishReason::Pause => {
                End::Completed
            }
        }
    }

    /// Its word, which is the status of the response and the name of the event.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            End::InProgress => "in_progress",
            End::Completed => "completed",
            End::Incomplete(_) => "incomplete",
            End::Failed(_) => "failed",
        }
    }
}

/// What every writing of one response object has in common.
#[derive(Debug)]
pub(super) struct Response {
    id: String,
    alias: String,
    created_s: u64,
    /// What is repeated of the request, each value as JSON.
    repeated: Vec<(&'static str, String)>,
}

impl Response {
    pub(super) fn new(to: &Addressed<'_>) -> Self {
        let value =
            |name: &str, default: &str| repeated(to.asked, name).unwrap_or_else(|| default.to_owned());
        Self {
            id: to.identity.id.clone(),
            alias: to.identity.alias.clone(),
            created_s: to.created_s,
            repeated: REPEATED.iter().map(|(name, default)| (*name, value(name, default))).collect(),
        }
    }

    pub(super) fn write(
        &self,
        end: &End,
        items: &[Vec<u8>],
        usage: Option<&Tokens>,
        out: &mut ObjectWriter<'_>,
    ) {
        out.text("id", &self.id);
        out.text("object", "response");
        out.number("created_at", self.created_s);
        out.text("status", end.word());
        match end {
            End::Failed(envelope) => out.object("error", |error| {
                error.text("code", error_code(envelope.code.as_deref()));
                error.text("message", &envelope.message);
            }),
            End::InProgress | End::Completed | End::Incomplete(_) => out.null("error"),
        }
        match end {
            End::Incomplete(reason) => {
                out.object("incomplete_details", |details| details.text("reason", reason))
            }
            End::InProgress | End::Completed | End::Failed(_) => out.null("incomplete_details"),
        }
        out.text("model", &self.alias);
        out.array("output", |output| items.iter().for_each(|item| output.item().extend_from_slice(item)));
        match usage {
            Some(usage) => out.object("usage", |object| write_usage(usage, object)),
            None => out.null("usage"),
        }
        for (name, value) in &self.repeated {
            out.raw(name, value);
        }
    }
}

/// The codes that clients of this API know: those of its schema, and those that Codex acts on. It takes any
/// other as one to be tried again, which this one is too.
fn error_code(code: Option<&str>) -> &str {
    const KNOWN: [&str; 5] = [
        "rate_limit_exceeded",
        "invalid_prompt",
        "context_length_exceeded",
        "insufficient_quota",
        "usage_not_included",
    ];
    code.filter(|code| KNOWN.contains(code)).unwrap_or("server_error")
}

fn repeated(asked: &Object<'static>, name: &str) -> Option<String> {
    let value = asked.get(name).filter(|value| !matches!(value, Json::Null))?;
    String::from_utf8(value.to_bytes()).ok()
}

fn write_usage(tokens: &Tokens, out: &mut ObjectWriter<'_>) {
    let (input, output) = (tokens.prompt.unwrap_or(0), tokens.completion.unwrap_or(0));
    out.number("input_tokens", input);
    out.object("input_tokens_details", |details| {
        details.number("cached_tokens", tokens.cache_read.unwrap_or(0));
        details.number("cache_write_tokens", tokens.cache_write.unwrap_or(0));
    });
    out.number("output_tokens", output);
    out.object("output_tokens_details", |details| {
        details.number("reasoning_tokens", tokens.reasoning.unwrap_or(0));
    });
    out.number("total_tokens", input.saturating_add(output));
}
