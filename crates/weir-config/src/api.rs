use crate::scalar::unknown;
use crate::yaml::{Scalar, Wrong};
use schemars::{Schema, json_schema};
use weir_wire::dialect::BackendDialect;

/// What a backend speaks, as the configuration names it: an API, or a product whose API is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackendApi {
    /// The name.
    pub name: &'static str,
    /// The dialect.
    pub dialect: BackendDialect,
}

impl BackendApi {
    /// OpenAI's, and everything that is compatible with it: what a backend speaks that says nothing else.
    pub const OPENAI: Self = Self::new("openai", BackendDialect::ChatCompletions);

    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::OPENAI,
        Self::new("anthropic", BackendDialect::Messages),
        Self::new("ollama", BackendDialect::Ollama),
        Self::new("cohere", BackendDialect::Cohere),
        Self::new("vllm", BackendDialect::ChatCompletions),
        Self::new("sglang", BackendDialect::ChatCompletions),
        Self::new("tgi", BackendDialect::ChatCompletions),
        Self::new("llama.cpp", BackendDialect::ChatCompletions),
        Self::new("lm-studio", BackendDialect::ChatCompletions),
        Self::new("localai", BackendDialect::ChatCompletions),
        Self::new("groq", BackendDialect::ChatCompletions),
        Self::new("mistral", BackendDialect::ChatCompletions),
        Self::new("deepseek", BackendDialect::ChatCompletions),
        Self::new("together", BackendDialect::ChatCompletions),
        Self::new("openrouter", BackendDialect::ChatCompletions),
        Self::new("xai", BackendDialect::ChatCompletions),
        Self::new("fireworks", BackendDialect::ChatCompletions),
    ];

    const fn new(name: &'static str, dialect: BackendDialect) -> Self {
        Self { name, dialect }
    }
}

impl Scalar for BackendApi {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let names: Vec<&str> = Self::ALL.iter().map(|api| api.name).collect();
        Self::ALL.into_iter().find(|api| api.name == text).ok_or_else(|| unknown(text, &names))
    }

    fn schema() -> Schema {
        let names: Vec<&str> = Self::ALL.iter().map(|api| api.name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}
