use crate::canonical::{Block, BlockKind, FinishReason, Reply, Tokens};
use crate::dialect::client::Addressed;
use crate::error::Envelope;
use crate::json::{Json, Limits, ObjectWriter, parse, write_object};

/// Writes a whole answer.
#[must_use]
pub fn write_reply(reply: &Reply<'_>, to: &Addressed<'_>) -> Vec<u8> {
    let choice = reply.choices.first();
    let blocks = choice.map(|choice| choice.blocks.as_slice()).unwrap_or_default();
    let has_refused = blocks.iter().any(|block| matches!(block.kind, BlockKind::Refusal));
    let finish = choice.and_then(|choice| choice.finish).unwrap_or(FinishReason::Stop);
    let mut out = Vec::new();
    write_object(&mut out, |message| {
        message.text("id", &to.identity.id);
        message.text("type", "message");
        message.text("role", "assistant");
        message.text("model", &to.identity.alias);
        message.array("content", |content| {
            for block in blocks {
                content.object(|object| write_block(block, object));
            }
        });
        message.text("stop_reason", stop_word(finish, has_refused));
        write_stop_text(choice.and_then(|choice| choice.stop_text.as_deref()), message);
        message.object("usage", |usage| write_usage(&reply.usage, usage));
    });
    out
}

fn write_block(block: &Block<'_>, out: &mut ObjectWriter<'_>) {
    match &block.kind {
        BlockKind::Text | BlockKind::Refusal => {
            out.text("type", "text");
            out.text("text", &block.text);
            if !block.citations.is_empty() {
                out.array("citations", |array| block.citations.iter().for_each(|text| array.raw(text)));
            }
        }
        BlockKind::Thinking => {
            out.text("type", "thinking");
            out.text("thinking", &block.text);
            out.text("signature", block.signature.as_deref().unwrap_or_default());
        }
        BlockKind::HiddenThinking { .. } => {
            out.text("type", "redacted_thinking");
            out.text("data", &block.text);
        }
        BlockKind::ToolCall { id, name, .. } => {
            out.text("type", "tool_use");
            out.text("id", id);
            out.text("name", name);
            write_input(&block.text, "input", out);
        }
    }
}

/// Arguments as an object. What a model wrote that is none stands in one, so that it is not lost.
pub(crate) fn write_input(arguments: &str, name: &str, out: &mut ObjectWriter<'_>) -> bool {
    if arguments.trim().is_empty() {
        out.raw(name, "{}");
        return true;
    }
    match parse(arguments.as_bytes(), Limits::default()) {
        Ok(value @ Json::Object(_)) => {
            out.json(name, &value);
            true
        }
        Ok(_) | Err(_) => {
            out.object(name, |object| object.text("input", arguments));
            false
        }
    }
}

/// Anthropic's word for why an answer ended.
pub(super) const fn stop_word(reason: FinishReason, has_refused: bool) -> &'static str {
    match reason {
        FinishReason::Stop if has_refused => "refusal",
        FinishReason::Stop => "end_turn",
        FinishReason::StopText => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::Context => "model_context_window_exceeded",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::ContentFilter | FinishReason::Refusal => "refusal",
        FinishReason::Pause => "pause_turn",
    }
}

pub(super) fn write_stop_text(text: Option<&str>, out: &mut ObjectWriter<'_>) {
    match text {
        Some(text) => out.text("stop_sequence", text),
        None => out.null("stop_sequence"),
    }
}

/// Tokens in Anthropic's words: those that a cache held are not among `input_tokens`.
pub(super) fn write_usage(tokens: &Tokens, out: &mut ObjectWriter<'_>) {
    let cached = tokens.cache_read.unwrap_or(0).saturating_add(tokens.cache_write.unwrap_or(0));
    out.number("input_tokens", tokens.prompt.unwrap_or(0).saturating_sub(cached));
    if let Some(written) = tokens.cache_write {
        out.number("cache_creation_input_tokens", written);
    }
    if let Some(read) = tokens.cache_read {
        out.number("cache_read_input_tokens", read);
    }
    out.number("output_tokens", tokens.completion.unwrap_or(0));
    if let Some(reasoning) = tokens.reasoning {
        out.object("output_tokens_details", |details| details.number("thinking_tokens", reasoning));
    }
}

/// The answer to a request to count tokens.
#[must_use]
pub fn write_count(input_tokens: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |count| count.number("input_tokens", input_tokens));
    out
}

/// An error as the body of a reply.
#[must_use]
pub fn write_error(envelope: &Envelope, status: u16, request_id: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(&mut out, |outer| {
        outer.text("type", "error");
        outer.object("error", |error| {
            error.text("type", error_word(status));
            error.text("message", &envelope.message);
        });
        outer.text("request_id", request_id);
    });
    out
}

/// Anthropic's word for the class of an error.
pub(crate) const fn error_word(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        504 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}
