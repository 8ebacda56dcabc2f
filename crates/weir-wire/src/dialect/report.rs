//! What a writer has no word for, said once for all of them.

use crate::canonical::{Conversation, Losses, Severity, Tool, ToolKind};
use crate::json::Json;

/// Under this name readers put tools that the client does not run itself.
pub(crate) const HOSTED_TOOL: &str = "tools.type";

/// Members of a body without which the answer would be another.
///
/// `modalities` and `audio` ask for sound; `suffix`, `echo` and `best_of` change what a completion is; the
/// `guided_*` family, grammars and templates bind the text; a search or a container is part of the answer.
const SHAPE_OF_ANSWER: [&str; 19] = [
    HOSTED_TOOL,
    "previous_response_id",
    "conversation",
    "prompt",
    "audio",
    "suffix",
    "echo",
    "best_of",
    "guided_json",
    "guided_regex",
    "guided_choice",
    "guided_grammar",
    "structured_outputs",
    "grammar",
    "web_search_options",
    "mcp_servers",
    "container",
    "template",
    "raw",
];

/// Halves of features that clients send to whatever is behind the model's name, and that change nothing that
/// such a client can see: not worth a warning in every answer.
///
/// Source: Claude Code and Codex, which send them with every request.
const WITHOUT_EFFECT_ELSEWHERE: [&str; 8] = [
    "context_management",
    "defer_loading",
    "include",
    "stream_options",
    "store",
    "truncation",
    "keep_alive",
    "client_metadata",
];

/// Reports what of `others` is not among `written`.
pub(crate) fn others(conversation: &Conversation<'_>, written: &[&str], losses: &mut Losses) {
    for (name, value) in &conversation.others {
        let is_said =
            written.contains(name) || WITHOUT_EFFECT_ELSEWHERE.contains(name) || is_default(name, value);
        if is_said {
            continue;
        }
        let severity = match shapes_the_answer(name, value) {
            true => Severity::Refused,
            false => Severity::Reported,
        };
        losses.add(severity, (*name).to_owned());
    }
}

/// Whether Weir knows a member that other dialects may have no word for, and what comes of it there.
pub(crate) fn says_nothing_elsewhere(name: &str) -> bool {
    name == "modalities" || SHAPE_OF_ANSWER.contains(&name) || WITHOUT_EFFECT_ELSEWHERE.contains(&name)
}

fn shapes_the_answer(name: &str, value: &Json) -> bool {
    SHAPE_OF_ANSWER.contains(&name) || (name == "modalities" && !is_default(name, value))
}

/// Whether a member says what holds without it.
fn is_default(name: &str, value: &Json) -> bool {
    match (name, value) {
        ("modalities", Json::Array(items)) => items.iter().all(|item| item.as_str() == Some("text")),
        ("logit_bias", Json::Object(object)) => object.iter().next().is_none(),
        ("echo" | "raw", Json::Bool(false)) => true,
        ("best_of", Json::Number(text)) => text == "1",
        (_, Json::Null) => true,
        (_, Json::Array(items)) => items.is_empty(),
        (_, Json::String(text)) => text.is_empty(),
        (_, Json::Bool(_) | Json::Number(_) | Json::Object(_)) => false,
    }
}

/// Reports what of a tool other dialects have no word for.
pub(crate) fn tool(tool: &Tool<'_>, losses: &mut Losses) {
    if tool.cache.is_some() {
        losses.add(Severity::Reported, "tools.cache_control");
    }
    tool_but_cache(tool, losses);
}

/// The same, where the dialect has a mark for caching.
pub(crate) fn tool_but_cache(tool: &Tool<'_>, losses: &mut Losses) {
    if tool.kind == ToolKind::Custom && tool.parameters.is_some() {
        losses.add(Severity::Reported, "tools.format");
    }
    for (name, value) in &tool.others {
        if !WITHOUT_EFFECT_ELSEWHERE.contains(name) && !is_default(name, value) {
            losses.add(Severity::Reported, format!("tools.{name}"));
        }
    }
}
