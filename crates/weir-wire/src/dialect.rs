//! The dialects of the chat family, one module each, all pure functions around [`canonical`](crate::canonical).
//!
//! A *client dialect* is what applications speak to Weir:
//!
//! | function | takes → gives |
//! |---|---|
//! | `read` | a strictly parsed body → [`Conversation`](crate::canonical::Conversation) |
//! | `write_reply` | [`Reply`](crate::canonical::Reply) → the body for the client |
//! | `EventWriter` | [`Event`](crate::canonical::Event)s, one at a time → bytes of the stream |
//! | `write_error` | [`Envelope`](crate::error::Envelope) → the error's body, and its event within a stream |
//!
//! A *backend dialect* is what Weir speaks to backends:
//!
//! | function | takes → gives |
//! |---|---|
//! | `write` | [`Conversation`](crate::canonical::Conversation) → the body, and [`Losses`](crate::canonical::Losses) |
//! | `path` | model, stream or not → the path below the base URL |
//! | `read_reply` | a whole body → [`Reply`](crate::canonical::Reply) |
//! | `EventReader` | items of the stream, one at a time → [`Event`](crate::canonical::Event)s |
//! | `EventReader::end` | that the stream ended cleanly → the events that were held back, or that it was cut |
//! | `read_error` | status and body → [`Envelope`](crate::error::Envelope) |

pub mod backend;
pub mod client;

pub(crate) mod answer;
pub(crate) mod custom;
pub(crate) mod fields;
pub(crate) mod ids;
pub(crate) mod report;
pub(crate) mod spoken;
pub(crate) mod words;

/// What an application speaks to Weir, for conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientDialect {
    /// OpenAI `POST /v1/chat/completions`.
    ChatCompletions,
    /// OpenAI `POST /v1/completions`.
    Completions,
    /// OpenAI `POST /v1/responses`.
    Responses,
    /// Anthropic `POST /v1/messages`.
    Messages,
    /// Ollama `POST /api/chat`.
    OllamaChat,
    /// Ollama `POST /api/generate`.
    OllamaGenerate,
}

/// What Weir speaks to a backend, for conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BackendDialect {
    /// OpenAI chat completions, and everything that is compatible with it.
    ChatCompletions,
    /// Anthropic messages.
    Messages,
    /// Google Gemini and Vertex AI `generateContent`.
    Gemini,
    /// AWS Bedrock `Converse`.
    Converse,
    /// Ollama's own `/api/chat`.
    Ollama,
    /// Cohere `v2/chat`.
    Cohere,
}

impl ClientDialect {
    /// Whether a request in this dialect may go to a backend as it was read, but for the model's name.
    #[must_use]
    pub const fn is_spoken_by(self, backend: BackendDialect) -> bool {
        matches!(
            (self, backend),
            (ClientDialect::ChatCompletions, BackendDialect::ChatCompletions)
                | (ClientDialect::Messages, BackendDialect::Messages)
                | (ClientDialect::OllamaChat, BackendDialect::Ollama)
        )
    }
}

/// How the items of a backend's stream are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    EventStream,
    /// One JSON text a line.
    Lines,
    /// AWS's binary event stream, with checksums.
    AwsEventStream,
}

impl BackendDialect {
    /// How its streams are framed.
    #[must_use]
    pub const fn framing(self) -> Framing {
        match self {
            BackendDialect::ChatCompletions
            | BackendDialect::Messages
            | BackendDialect::Gemini
            | BackendDialect::Cohere => Framing::EventStream,
            BackendDialect::Ollama => Framing::Lines,
            BackendDialect::Converse => Framing::AwsEventStream,
        }
    }
}

#[cfg(test)]
mod tests;
