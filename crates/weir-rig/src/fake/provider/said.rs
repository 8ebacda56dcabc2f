use super::super::script::{Reply, Script, ToolCall};
use serde_json::Value;

/// What an answer says, in no dialect.
pub(super) struct Said {
    pub(super) number: u64,
    pub(super) model: String,
    pub(super) thinking: Option<String>,
    pub(super) text: Option<String>,
    pub(super) calls: Vec<ToolCall>,
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
    /// Why it ended, if the script says.
    pub(super) finish: Option<String>,
    pieces: usize,
}

impl Said {
    pub(super) fn new(script: &Script, model: &str, body: &Value, number: u64) -> Self {
        let prompt = last_text(body);
        let after_results = script.after_results.as_ref().filter(|_| ends_with_result(body));
        let (text, calls) = match (after_results, &script.reply) {
            (Some(text), _) => (Some(text.clone()), Vec::new()),
            (None, Reply::Text(text)) => (Some(text.replace("{model}", model)), Vec::new()),
            (None, Reply::Echo) => (Some(prompt.clone()), Vec::new()),
            (None, Reply::Tools(calls)) => (None, calls.clone()),
        };
        Self {
            number,
            model: model.to_owned(),
            thinking: script.thinking.clone(),
            prompt_tokens: tokens(&prompt),
            completion_tokens: tokens(text.as_deref().unwrap_or("tool")),
            text,
            calls,
            finish: script.finish_reason.clone(),
            pieces: usize::try_from(script.chunks).unwrap_or(1).max(1),
        }
    }

    /// The finish reason: the script's, else one of these two.
    pub(super) fn finish<'s>(&'s self, after_calls: &'s str, after_text: &'s str) -> &'s str {
        let usual = if self.calls.is_empty() { after_text } else { after_calls };
        self.finish.as_deref().unwrap_or(usual)
    }

    /// A text in as many pieces as the script wants.
    pub(super) fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let step = text.len().div_ceil(self.pieces).max(1);
        let (mut pieces, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let cut = (step.min(rest.len())..=rest.len()).find(|at| rest.is_char_boundary(*at));
            let (piece, after) = rest.split_at(cut.unwrap_or(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }

    /// The arguments of a call, as an object.
    pub(super) fn arguments(call: &ToolCall) -> Value {
        serde_json::from_str(&call.arguments).unwrap_or_default()
    }
}

fn tokens(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX).div_ceil(4)
}

/// Whether a conversation ends with what a tool answered, whatever the dialect calls it.
fn ends_with_result(body: &Value) -> bool {
    let messages = body.get("messages").or_else(|| body.get("contents")).and_then(Value::as_array);
    let Some(last) = messages.and_then(|all| all.last()) else { return false };
    let parts = last.get("content").or_else(|| last.get("parts")).and_then(Value::as_array);
    let is_result = |part: &Value| {
        part["type"] == "tool_result" || part.get("toolResult").or(part.get("functionResponse")).is_some()
    };
    last["role"] == "tool" || parts.is_some_and(|parts| parts.iter().any(is_result))
}

/// The text of the last message of the user's, whatever the dialect calls its parts.
pub(super) fn last_text(body: &Value) -> String {
    let messages = body.get("messages").or_else(|| body.get("contents")).and_then(Value::as_array);
    let last = messages.and_then(|all| all.iter().rfind(|message| message["role"] == "user"));
    let content = last.and_then(|message| message.get("content").or_else(|| message.get("parts")));
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}
