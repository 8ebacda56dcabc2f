//! What applications speak to Weir, one module a dialect.

pub mod chat;
pub mod completions;
pub mod messages;
pub mod ollama;
pub mod responses;

mod serial;
mod writer;

pub use writer::{EventWriter, KeepAlive};

use super::ClientDialect;
use crate::canonical::{Conversation, Reply};
use crate::chat::{BadRequest, ReplyIdentity};
use crate::error::Envelope;
use crate::json::Object;

/// Whom an answer is for, and what it says beside what the model said.
#[derive(Debug, Clone, Copy)]
pub struct Addressed<'a> {
    /// The answer's id and the model's name as the client gave it.
    pub identity: &'a ReplyIdentity,
    /// When the answer was begun, in seconds since 1970.
    pub created_s: u64,
    /// The request: some dialects repeat parts of it, and it says what of an answer is wanted.
    pub asked: &'a Object<'static>,
}

impl Addressed<'_> {
    /// Whether a stream of chat completions or completions ends with a chunk that has the usage.
    fn wants_usage(&self) -> bool {
        let options = self.asked.get("stream_options").and_then(|options| options.as_object());
        options.and_then(|options| options.get("include_usage")?.as_bool()).unwrap_or(false)
    }
}

impl ClientDialect {
    /// Reads a request.
    ///
    /// # Errors
    /// [`BadRequest`] for a shape that the dialect does not have.
    pub fn read<'r>(self, body: &'r Object<'static>) -> Result<Conversation<'r>, BadRequest> {
        match self {
            ClientDialect::ChatCompletions => chat::read(body),
            ClientDialect::Completions => completions::read(body),
            ClientDialect::Responses => responses::read(body),
            ClientDialect::Messages => messages::read(body),
            ClientDialect::OllamaChat => ollama::read_chat(body),
            ClientDialect::OllamaGenerate => ollama::read_generate(body),
        }
    }

    /// Writes a whole answer.
    #[must_use]
    pub fn write_reply(self, reply: &Reply<'_>, to: &Addressed<'_>) -> Vec<u8> {
        match self {
            ClientDialect::ChatCompletions => chat::write_reply(reply, to),
            ClientDialect::Completions => completions::write_reply(reply, to),
            ClientDialect::Responses => responses::write_reply(reply, to),
            ClientDialect::Messages => messages::write_reply(reply, to),
            ClientDialect::OllamaChat => ollama::write_chat_reply(reply, to),
            ClientDialect::OllamaGenerate => ollama::write_generate_reply(reply, to),
        }
    }

    /// Writes an error as the body of a reply with this status.
    #[must_use]
    pub fn write_error(self, envelope: &Envelope, status: u16, request_id: &str) -> Vec<u8> {
        match self {
            ClientDialect::ChatCompletions | ClientDialect::Completions | ClientDialect::Responses => {
                chat::write_error(envelope, status, request_id)
            }
            ClientDialect::Messages => messages::write_error(envelope, status, request_id),
            ClientDialect::OllamaChat | ClientDialect::OllamaGenerate => {
                ollama::write_error(envelope, status, request_id)
            }
        }
    }

    /// The dialect's own word for a field that [`Losses`](crate::canonical::Losses) names, which are those of
    /// chat completions.
    #[must_use]
    pub fn field_name(self, field: &str) -> &str {
        let words: &[(&str, &str)] = match self {
            ClientDialect::ChatCompletions | ClientDialect::Completions => &[],
            ClientDialect::Responses => &RESPONSES_WORDS,
            ClientDialect::Messages => &MESSAGES_WORDS,
            ClientDialect::OllamaChat | ClientDialect::OllamaGenerate => &OLLAMA_WORDS,
        };
        words.iter().find(|(ours, _)| *ours == field).map_or(field, |(_, theirs)| theirs)
    }
}

const RESPONSES_WORDS: [(&str, &str); 7] = [
    ("response_format", "text.format"),
    ("response_format.json_schema.name", "text.format.name"),
    ("response_format.json_schema.description", "text.format.description"),
    ("response_format.json_schema.strict", "text.format.strict"),
    ("reasoning_effort", "reasoning.effort"),
    ("max_completion_tokens", "max_output_tokens"),
    ("logprobs", "include"),
];

const MESSAGES_WORDS: [(&str, &str); 6] = [
    ("response_format", "output_config.format"),
    ("reasoning_effort", "thinking"),
    ("max_completion_tokens", "max_tokens"),
    ("stop", "stop_sequences"),
    ("user", "metadata.user_id"),
    ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
];

const OLLAMA_WORDS: [(&str, &str); 10] = [
    ("response_format", "format"),
    ("reasoning_effort", "think"),
    ("max_completion_tokens", "options.num_predict"),
    ("stop", "options.stop"),
    ("seed", "options.seed"),
    ("temperature", "options.temperature"),
    ("top_p", "options.top_p"),
    ("top_k", "options.top_k"),
    ("frequency_penalty", "options.frequency_penalty"),
    ("presence_penalty", "options.presence_penalty"),
];
