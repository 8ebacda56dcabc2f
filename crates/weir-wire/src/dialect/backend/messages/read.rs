use crate::canonical::{Block, BlockKind, Choice, FinishReason, Reply, ServedTier, Tokens, ToolKind};
use crate::chat::BadReply;
use crate::dialect::answer::{json_text, object, objects, read_object, some_text, text, whole};
use crate::error::Envelope;
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Reads a whole answer.
///
/// # Errors
/// [`BadReply`] when it is an error object or no message.
pub fn read_reply(body: &[u8]) -> Result<Reply<'_>, BadReply> {
    let message = read_object(body)?;
    if message.get("content").and_then(Json::as_array).is_none() {
        return Err(BadReply::Malformed);
    }
    let finish = text(&message, "stop_reason").map_or(FinishReason::Stop, |word| finish_of(&word));
    let choice = Choice {
        blocks: objects(&message, "content").filter_map(read_block).collect(),
        finish: Some(finish),
        stop_text: text(&message, "stop_sequence"),
        log_probs: None,
    };
    Ok(Reply {
        model: text(&message, "model"),
        choices: vec![choice],
        usage: object(&message, "usage").map(read_usage).unwrap_or_default(),
    })
}

/// A block; `None` for what only Anthropic's own tools make.
fn read_block<'b>(block: &Object<'b>) -> Option<Block<'b>> {
    let kind = read_kind(block)?;
    let words = match &kind {
        BlockKind::Text | BlockKind::Refusal => text(block, "text").unwrap_or_default(),
        BlockKind::Thinking => text(block, "thinking").unwrap_or_default(),
        BlockKind::HiddenThinking { .. } => text(block, "data").unwrap_or_default(),
        BlockKind::ToolCall { .. } => block.get("input").map(json_text).map(Cow::Owned).unwrap_or_default(),
    };
    let citations = block.get("citations").and_then(Json::as_array).unwrap_or_default();
    Some(Block {
        kind,
        text: words,
        signature: some_text(block, "signature"),
        citations: citations.iter().map(json_text).map(Cow::Owned).collect(),
    })
}

pub(super) fn read_kind<'b>(block: &Object<'b>) -> Option<BlockKind<'b>> {
    match &*text(block, "type")? {
        "text" => Some(BlockKind::Text),
        "thinking" => Some(BlockKind::Thinking),
        "redacted_thinking" => Some(BlockKind::HiddenThinking { id: None }),
        "tool_use" => Some(BlockKind::ToolCall {
            id: text(block, "id")?,
            name: text(block, "name")?,
            tool: ToolKind::Function,
        }),
        _ => None,
    }
}

pub(super) fn finish_of(word: &str) -> FinishReason {
    match word {
        "stop_sequence" => FinishReason::StopText,
        "max_tokens" => FinishReason::Length,
        "model_context_window_exceeded" => FinishReason::Context,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        _ => FinishReason::Stop,
    }
}

/// `input_tokens` are those that no cache held; the canonical number is all of them.
pub(super) fn read_usage(usage: &Object<'_>) -> Tokens {
    let (read, written) =
        (whole(usage, "cache_read_input_tokens"), whole(usage, "cache_creation_input_tokens"));
    let all = |fresh: u64| fresh.saturating_add(read.unwrap_or(0)).saturating_add(written.unwrap_or(0));
    let details = object(usage, "output_tokens_details");
    let detail = |name: &str| details.and_then(|details| whole(details, name));
    Tokens {
        prompt: whole(usage, "input_tokens").map(all),
        cache_read: read,
        cache_write: written,
        completion: whole(usage, "output_tokens"),
        reasoning: detail("thinking_tokens").or_else(|| detail("reasoning_tokens")),
        tier: text(usage, "service_tier").and_then(|word| ServedTier::of_word(&word)),
    }
}

/// Reads the body of an error reply. `None` when it is none, such as an HTML page.
///
/// The wording stays: clients go by it.
#[must_use]
pub fn read_error(status: u16, body: &[u8]) -> Option<Envelope> {
    let mut envelope = Envelope::read(body)?;
    let kind = match status {
        429 => "rate_limit_error",
        500..=599 => "server_error",
        _ => "invalid_request_error",
    };
    kind.clone_into(&mut envelope.kind);
    Some(envelope)
}
