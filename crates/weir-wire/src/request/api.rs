use crate::dialect::{BackendDialect, ClientDialect};

/// What an application asks Weir for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Api {
    /// An answer in a conversation, in one of the dialects.
    Conversation(ClientDialect),
    /// How many tokens a conversation has: Anthropic `POST /v1/messages/count_tokens`.
    CountTokens,
    /// The same: OpenAI `POST /v1/responses/input_tokens`.
    CountInput,
    /// OpenAI `POST /v1/embeddings`.
    Embeddings,
    /// Ollama `POST /api/embed`.
    OllamaEmbed,
    /// OpenAI `POST /v1/moderations`.
    Moderations,
    /// `POST /v1/rerank`, in the form that Cohere and Jina share.
    Rerank,
    /// `POST /tokenize`, as vLLM has it.
    Tokenize,
    /// `POST /detokenize`, as vLLM has it.
    Detokenize,
    /// OpenAI `POST /v1/audio/speech`.
    Speech,
    /// OpenAI `POST /v1/audio/transcriptions`.
    Transcription,
    /// OpenAI `POST /v1/audio/translations`.
    Translation,
    /// OpenAI `POST /v1/images/generations`.
    Images,
    /// OpenAI `POST /v1/files`.
    Files,
}

impl Api {
    /// Chat completions.
    pub const CHAT: Self = Self::Conversation(ClientDialect::ChatCompletions);

    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::CHAT,
        Self::Conversation(ClientDialect::Completions),
        Self::Conversation(ClientDialect::Responses),
        Self::Conversation(ClientDialect::Messages),
        Self::Conversation(ClientDialect::OllamaChat),
        Self::Conversation(ClientDialect::OllamaGenerate),
        Self::CountTokens,
        Self::CountInput,
        Self::Embeddings,
        Self::OllamaEmbed,
        Self::Moderations,
        Self::Rerank,
        Self::Tokenize,
        Self::Detokenize,
        Self::Speech,
        Self::Transcription,
        Self::Translation,
        Self::Images,
        Self::Files,
    ];

    /// Its name in rules and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Api::Conversation(ClientDialect::ChatCompletions) => "chat.completions",
            Api::Conversation(ClientDialect::Completions) => "completions",
            Api::Conversation(ClientDialect::Responses) => "responses",
            Api::Conversation(ClientDialect::Messages) => "messages",
            Api::Conversation(ClientDialect::OllamaChat) => "ollama.chat",
            Api::Conversation(ClientDialect::OllamaGenerate) => "ollama.generate",
            Api::CountTokens => "messages.count_tokens",
            Api::CountInput => "responses.input_tokens",
            Api::Embeddings => "embeddings",
            Api::OllamaEmbed => "ollama.embed",
            Api::Moderations => "moderations",
            Api::Rerank => "rerank",
            Api::Tokenize => "tokenize",
            Api::Detokenize => "detokenize",
            Api::Speech => "audio.speech",
            Api::Transcription => "audio.transcriptions",
            Api::Translation => "audio.translations",
            Api::Images => "images.generations",
            Api::Files => "files",
        }
    }

    /// The dialect of a conversation.
    #[must_use]
    pub const fn dialect(self) -> Option<ClientDialect> {
        match self {
            Api::Conversation(dialect) => Some(dialect),
            Api::CountTokens => Some(ClientDialect::Messages),
            Api::CountInput => Some(ClientDialect::Responses),
            Api::Embeddings
            | Api::OllamaEmbed
            | Api::Moderations
            | Api::Rerank
            | Api::Tokenize
            | Api::Detokenize
            | Api::Speech
            | Api::Transcription
            | Api::Translation
            | Api::Images
            | Api::Files => None,
        }
    }

    /// Whether its requests go to such a backend as they were read, but for the model's name.
    #[must_use]
    pub const fn goes_as_read_to(self, backend: BackendDialect) -> bool {
        match self {
            Api::Conversation(dialect) => dialect.is_spoken_by(backend),
            Api::CountTokens => matches!(backend, BackendDialect::Messages),
            Api::OllamaEmbed => matches!(backend, BackendDialect::Ollama),
            Api::Embeddings
            | Api::Moderations
            | Api::Rerank
            | Api::Tokenize
            | Api::Detokenize
            | Api::Speech
            | Api::Transcription
            | Api::Translation
            | Api::Images => matches!(backend, BackendDialect::ChatCompletions),
            Api::CountInput | Api::Files => false,
        }
    }

    /// Whether servers have it that run models themselves, and providers do not.
    #[must_use]
    pub const fn is_of_servers(self) -> bool {
        matches!(self, Api::Tokenize | Api::Detokenize)
    }

    /// Whether its requests name a model. What does not goes to no backend.
    #[must_use]
    pub const fn names_model(self) -> bool {
        !matches!(self, Api::Files)
    }

    /// Whether its requests come as `multipart/form-data`, and go on so.
    #[must_use]
    pub const fn takes_form(self) -> bool {
        matches!(self, Api::Transcription | Api::Translation | Api::Files)
    }

    /// Whether its bodies are taken for JSON whatever their head says: Ollama's server does not look at it, and its
    /// clients leave it out.
    #[must_use]
    pub fn is_json_whatever_its_type(self) -> bool {
        matches!(self.form(), ClientDialect::OllamaChat | ClientDialect::OllamaGenerate)
    }

    /// The dialect whose errors its clients understand.
    #[must_use]
    pub fn form(self) -> ClientDialect {
        let without =
            if self == Api::OllamaEmbed { ClientDialect::OllamaChat } else { ClientDialect::ChatCompletions };
        self.dialect().unwrap_or(without)
    }

    /// Whether it asks how many tokens something has, which Weir says by itself.
    #[must_use]
    pub const fn counts_tokens(self) -> bool {
        matches!(self, Api::CountTokens | Api::CountInput)
    }

    /// Whether it asks for embeddings.
    #[must_use]
    pub const fn embeds(self) -> bool {
        matches!(self, Api::Embeddings | Api::OllamaEmbed)
    }

    /// Whether an answer may come as a stream of events.
    #[must_use]
    pub const fn may_stream(self) -> bool {
        matches!(self, Api::Conversation(_) | Api::Transcription)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_have_one_name() {
        let names: BTreeSet<&str> = Api::ALL.iter().map(|api| api.name()).collect();
        assert_eq!(names.len(), Api::ALL.len());
    }
}
