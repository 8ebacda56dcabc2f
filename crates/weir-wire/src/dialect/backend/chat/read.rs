use super::super::citation::web;
use crate::canonical::{Block, BlockKind, Choice, FinishReason, Reply, ServedTier, Tokens, ToolKind};
use crate::chat::BadReply;
use crate::dialect::answer::{json_text, object, objects, read_object, some_text, text, whole};
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Reads a whole answer.
///
/// # Errors
/// [`BadReply`] when it is an error object or no chat completion.
pub fn read_reply(body: &[u8]) -> Result<Reply<'_>, BadReply> {
    let answer = read_object(body)?;
    if answer.get("choices").and_then(Json::as_array).is_none() {
        return Err(BadReply::Malformed);
    }
    let mut choices: Vec<(u64, Choice)> = objects(&answer, "choices").map(read_choice).collect();
    choices.sort_by_key(|(index, _)| *index);
    Ok(Reply {
        model: text(&answer, "model"),
        choices: choices.into_iter().map(|(_, choice)| choice).collect(),
        usage: read_usage(&answer).unwrap_or_default(),
    })
}

fn read_choice<'b>(choice: &Object<'b>) -> (u64, Choice<'b>) {
    let blocks = object(choice, "message").map(read_message).unwrap_or_default();
    let has_calls = blocks.iter().any(|block| matches!(block.kind, BlockKind::ToolCall { .. }));
    let (finish, stop_text) = read_finish(choice, has_calls);
    let log_probs = choice.get("logprobs").filter(|value| **value != Json::Null).map(json_text);
    let finish = Some(finish.unwrap_or(if has_calls { FinishReason::ToolCalls } else { FinishReason::Stop }));
    let choice_read = Choice { blocks, finish, stop_text, log_probs: log_probs.map(Cow::Owned) };
    (whole(choice, "index").unwrap_or(0), choice_read)
}

/// Thoughts, words, refusal, calls: a message does not say in which order they came.
fn read_message<'b>(message: &Object<'b>) -> Vec<Block<'b>> {
    let mut blocks = read_thoughts(message);
    if let Some(words) = some_text(message, "content") {
        let citations = objects(message, "annotations").filter_map(citation).map(Cow::Owned).collect();
        blocks.push(Block { kind: BlockKind::Text, text: words, signature: None, citations });
    }
    blocks.extend(some_text(message, "refusal").map(|words| block(BlockKind::Refusal, words)));
    for (index, call) in objects(message, "tool_calls").enumerate() {
        blocks.extend(read_call(call, index));
    }
    if let Some(call) = object(message, "function_call") {
        blocks.extend(function(call, Cow::Borrowed("call_0")));
    }
    blocks
}

pub(super) fn block<'b>(kind: BlockKind<'b>, text: Cow<'b, str>) -> Block<'b> {
    Block { kind, text, signature: None, citations: Vec::new() }
}

/// The plain text under either of its names, and from `reasoning_details` what is bound to it.
fn read_thoughts<'b>(message: &Object<'b>) -> Vec<Block<'b>> {
    let plain = plain_thoughts(message);
    let mut blocks = Vec::new();
    for detail in objects(message, "reasoning_details") {
        match text(detail, "type").as_deref() {
            Some("reasoning.text") => {
                let words = text(detail, "text").unwrap_or_default();
                let mut thought = block(BlockKind::Thinking, words);
                thought.signature = some_text(detail, "signature");
                blocks.push(thought);
            }
            Some("reasoning.summary") => {
                blocks.push(block(BlockKind::Thinking, text(detail, "summary").unwrap_or_default()));
            }
            Some("reasoning.encrypted") => {
                let id = text(detail, "id");
                let data = text(detail, "data").unwrap_or_default();
                blocks.push(block(BlockKind::HiddenThinking { id }, data));
            }
            Some(_) | None => {}
        }
    }
    let has_text = blocks.iter().any(|thought| matches!(thought.kind, BlockKind::Thinking));
    if let Some(words) = plain.filter(|_| !has_text) {
        blocks.insert(0, block(BlockKind::Thinking, words));
    }
    blocks
}

/// Servers say `reasoning_content` or `reasoning`, some both.
pub(super) fn plain_thoughts<'b>(message: &Object<'b>) -> Option<Cow<'b, str>> {
    some_text(message, "reasoning_content").or_else(|| some_text(message, "reasoning"))
}

fn read_call<'b>(call: &Object<'b>, index: usize) -> Option<Block<'b>> {
    let id = some_text(call, "id").unwrap_or_else(|| Cow::Owned(format!("call_{index}")));
    let mut block = match object(call, "custom") {
        Some(custom) => {
            let kind = BlockKind::ToolCall { id, name: text(custom, "name")?, tool: ToolKind::Custom };
            block(kind, text(custom, "input").unwrap_or_default())
        }
        None => function(object(call, "function")?, id)?,
    };
    block.signature = call_signature(call);
    Some(block)
}

fn function<'b>(function: &Object<'b>, id: Cow<'b, str>) -> Option<Block<'b>> {
    let name = text(function, "name")?;
    let kind = BlockKind::ToolCall { id, name, tool: ToolKind::Function };
    let arguments = arguments(function).filter(|text| !text.is_empty());
    Some(block(kind, arguments.unwrap_or(Cow::Borrowed(NO_ARGUMENTS))))
}

/// Arguments of which a server wrote none: clients read them as JSON.
pub(super) const NO_ARGUMENTS: &str = "{}";

/// The arguments' text; some servers send the object itself.
pub(super) fn arguments<'b>(function: &Object<'b>) -> Option<Cow<'b, str>> {
    match function.get("arguments")? {
        Json::String(text) => Some(text.clone()),
        value @ (Json::Object(_) | Json::Array(_)) => Some(Cow::Owned(json_text(value))),
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

/// Google's place for its thought signature.
pub(super) fn call_signature<'b>(call: &Object<'b>) -> Option<Cow<'b, str>> {
    some_text(object(object(call, "extra_content")?, "google")?, "thought_signature")
}

/// A citation of an address.
pub(super) fn citation(annotation: &Object<'_>) -> Option<String> {
    let cited = object(annotation, "url_citation")?;
    Some(web(&text(cited, "url")?, &text(cited, "title").unwrap_or_default(), ""))
}

/// Why a choice ended, if it did, and at which stop text, which vLLM says in `stop_reason`.
///
/// Many servers say `stop` after calls of tools; agents go by the word for it.
pub(super) fn read_finish<'b>(
    choice: &Object<'b>,
    has_calls: bool,
) -> (Option<FinishReason>, Option<Cow<'b, str>>) {
    let stop_text = text(choice, "stop_reason");
    let Some(word) = text(choice, "finish_reason") else { return (None, None) };
    let reason = match &*word {
        "length" => FinishReason::Length,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        _ if has_calls => FinishReason::ToolCalls,
        _ if stop_text.is_some() => FinishReason::StopText,
        _ => FinishReason::Stop,
    };
    (Some(reason), stop_text.filter(|_| reason == FinishReason::StopText))
}

/// The tokens that an answer, or a chunk of one, tells of.
pub(super) fn read_usage(answer: &Object<'_>) -> Option<Tokens> {
    let usage = object(answer, "usage")?;
    let prompt = object(usage, "prompt_tokens_details");
    let completion = object(usage, "completion_tokens_details");
    let of = |details: Option<&Object<'_>>, name: &str| details.and_then(|details| whole(details, name));
    Some(Tokens {
        prompt: whole(usage, "prompt_tokens"),
        // DeepSeek's word stands beside the others.
        cache_read: of(prompt, "cached_tokens").or_else(|| whole(usage, "prompt_cache_hit_tokens")),
        cache_write: of(prompt, "cache_write_tokens"),
        completion: whole(usage, "completion_tokens"),
        reasoning: of(completion, "reasoning_tokens"),
        tier: text(answer, "service_tier").and_then(|word| ServedTier::of_word(&word)),
    })
}
