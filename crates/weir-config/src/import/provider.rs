//! The providers of other gateways, and what they are in Weir.

use crate::BackendApi;

/// A provider: what it speaks, where it is, and where its key usually is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Provider {
    /// Its name in LiteLLM, which stands before the model's.
    pub(super) name: &'static str,
    /// Weir's names for its API; the first that this version knows is taken.
    apis: &'static [&'static str],
    /// Where it is, unless the file says otherwise.
    pub(super) url: Option<&'static str>,
    /// The variable that holds its key, unless the file says otherwise.
    pub(super) key: Option<&'static str>,
}

const fn provider(
    name: &'static str,
    apis: &'static [&'static str],
    url: Option<&'static str>,
    key: Option<&'static str>,
) -> Provider {
    Provider { name, apis, url, key }
}

const PROVIDERS: [Provider; 24] = [
    provider("openai", &["openai"], Some("https://api.openai.com/v1"), Some("OPENAI_API_KEY")),
    provider("azure", &["azure-openai", "azure"], None, Some("AZURE_API_KEY")),
    provider("anthropic", &["anthropic"], Some("https://api.anthropic.com/v1"), Some("ANTHROPIC_API_KEY")),
    provider(
        "gemini",
        &["gemini"],
        Some("https://generativelanguage.googleapis.com/v1beta"),
        Some("GEMINI_API_KEY"),
    ),
    provider("vertex_ai", &["gemini"], None, None),
    provider("bedrock", &["bedrock"], None, Some("AWS_KEYS")),
    provider("cohere", &["cohere"], Some("https://api.cohere.com/v2"), Some("COHERE_API_KEY")),
    provider("cohere_chat", &["cohere"], Some("https://api.cohere.com/v2"), Some("COHERE_API_KEY")),
    provider("ollama", &["ollama"], Some("http://127.0.0.1:11434"), None),
    provider("ollama_chat", &["ollama"], Some("http://127.0.0.1:11434"), None),
    provider("hosted_vllm", &["vllm", "openai"], None, None),
    provider("vllm", &["vllm", "openai"], None, None),
    provider("sglang", &["sglang", "openai"], None, None),
    provider("lm_studio", &["lm-studio", "openai"], None, None),
    provider("llamafile", &["llama.cpp", "openai"], None, None),
    provider("groq", &["groq", "openai"], Some("https://api.groq.com/openai/v1"), Some("GROQ_API_KEY")),
    provider("mistral", &["mistral", "openai"], Some("https://api.mistral.ai/v1"), Some("MISTRAL_API_KEY")),
    provider(
        "deepseek",
        &["deepseek", "openai"],
        Some("https://api.deepseek.com/v1"),
        Some("DEEPSEEK_API_KEY"),
    ),
    provider(
        "together_ai",
        &["together", "openai"],
        Some("https://api.together.xyz/v1"),
        Some("TOGETHERAI_API_KEY"),
    ),
    provider(
        "openrouter",
        &["openrouter", "openai"],
        Some("https://openrouter.ai/api/v1"),
        Some("OPENROUTER_API_KEY"),
    ),
    provider("xai", &["xai", "openai"], Some("https://api.x.ai/v1"), Some("XAI_API_KEY")),
    provider(
        "fireworks_ai",
        &["fireworks", "openai"],
        Some("https://api.fireworks.ai/inference/v1"),
        Some("FIREWORKS_API_KEY"),
    ),
    provider("openai_like", &["openai"], None, None),
    provider("custom_openai", &["openai"], None, None),
];

impl Provider {
    /// The provider of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        PROVIDERS.into_iter().find(|provider| provider.name == name)
    }

    /// The provider of a model that is named without one, by what its name begins with.
    pub(super) fn of_model(model: &str) -> Option<Self> {
        const BEGINNINGS: [(&str, &str); 9] = [
            ("gpt-", "openai"),
            ("chatgpt-", "openai"),
            ("o1", "openai"),
            ("o3", "openai"),
            ("o4", "openai"),
            ("text-embedding-", "openai"),
            ("claude-", "anthropic"),
            ("gemini-", "gemini"),
            ("command-", "cohere"),
        ];
        let (_, name) = BEGINNINGS.iter().find(|(beginning, _)| model.starts_with(beginning))?;
        Self::named(name)
    }

    /// Its API, if this version of Weir speaks it.
    pub(super) fn api(self) -> Option<&'static str> {
        let is_known = |name: &&&'static str| BackendApi::ALL.iter().any(|api| api.name == **name);
        self.apis.iter().find(is_known).copied()
    }
}
