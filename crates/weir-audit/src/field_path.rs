use crate::word::{Ident, MAX_WORD_BYTES};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where in a request something was found: `messages.3.content.0.text`.
///
/// A key of a request body is text of the client's and may itself be the secret that was found. So
/// only keys that the API defines are written; every other one becomes `~`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldPath(Ident);

impl FieldPath {
    /// Takes a path in JSONPath, JSON pointer or dotted notation; writes it dotted.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let mut kept = String::new();
        for step in path.split(['.', '[', ']', '/', '$', '"', '\'']).filter(|step| !step.is_empty()) {
            push_step(&mut kept, step);
            if kept.len() > MAX_WORD_BYTES {
                break;
            }
        }
        Self(Ident::new(&kept))
    }

    /// The path as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn push_step(path: &mut String, step: &str) {
    let is_index = step.len() <= 6 && step.bytes().all(|b| b.is_ascii_digit());
    let word = if is_index || API_KEYS.contains(&step) { step } else { "~" };
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(word);
}

/// Keys that the API families define. A key that is missing here is only shown as `~`.
const API_KEYS: &[&str] = &[
    "arguments",
    "audio",
    "cache_control",
    "content",
    "data",
    "description",
    "detail",
    "developer",
    "enum",
    "file",
    "file_data",
    "filename",
    "frequency_penalty",
    "function",
    "function_call",
    "functions",
    "id",
    "image_url",
    "input",
    "input_audio",
    "input_schema",
    "instructions",
    "items",
    "json_schema",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "min_p",
    "modalities",
    "model",
    "n",
    "name",
    "output",
    "parallel_tool_calls",
    "parameters",
    "partial",
    "prediction",
    "presence_penalty",
    "priority",
    "prompt",
    "prompt_cache_key",
    "properties",
    "reasoning",
    "reasoning_content",
    "reasoning_effort",
    "refusal",
    "repetition_penalty",
    "response_format",
    "role",
    "safety_identifier",
    "schema",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream_options",
    "strict",
    "system",
    "temperature",
    "text",
    "thinking",
    "tool_call_id",
    "tool_calls",
    "tool_choice",
    "tool_result",
    "tool_use",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "type",
    "url",
    "user",
    "verbosity",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_gives_the_same_path() {
        for path in
            ["$.messages[3].content[0].text", "/messages/3/content/0/text", "messages.3.content.0.text"]
        {
            assert_eq!(FieldPath::new(path).as_str(), "messages.3.content.0.text");
        }
    }

    #[test]
    fn a_key_of_the_clients_own_is_not_written() {
        assert_eq!(FieldPath::new("metadata['jane.doe@example.org']").as_str(), "metadata.~.~.~");
        assert_eq!(FieldPath::new("/metadata/4111111111111111").as_str(), "metadata.~");
        assert_eq!(FieldPath::new("").as_str(), "_");
    }
}
