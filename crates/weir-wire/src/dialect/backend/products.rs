//! Products that speak chat completions, and how each of them differs: data, no code of their own.
//!
//! Sources: the API references of the products named. Where one does not say, the cautious side is taken: a
//! field that a server is not known to take is not sent.

use crate::canonical::{Losses, Severity};
use crate::json::{Json, Limits, Object, parse};
use std::borrow::Cow;

/// A server or a service that speaks chat completions.
#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    /// Its word in a configuration.
    pub name: &'static str,
    /// Where it is, for services that are at one place.
    pub base_url: Option<&'static str>,
    /// What its keys are sent in.
    pub key: Key,
    /// Where its chat completions are, below the base URL.
    pub path: ChatPath,
    /// How its requests differ.
    pub quirks: Quirks,
}

/// What a key is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `authorization: Bearer …`
    Bearer,
    /// `api-key: …`
    ApiKey,
}

/// Where chat completions are, below the base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatPath {
    /// `/chat/completions`
    Usual,
    /// `/openai/deployments/MODEL/chat/completions`, which wants the query `api-version`.
    Deployment,
}

/// How requests to a product differ from OpenAI's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// What the limit of tokens is called.
    pub limit: LimitName,
    /// Whether the role `developer` is unknown: `system` takes its place.
    pub no_developer: bool,
    /// Whether a choice of several tools (`allowed_tools`) is unknown: those alone are offered instead.
    pub no_allowed_tools: bool,
    /// Whether `stream_options` is refused; such a product tells the usage unasked.
    pub no_stream_options: bool,
    /// The name of `seed`, where it has another.
    pub seed: Option<&'static str>,
    /// Fields that are refused or passed over in silence.
    pub unknown: &'static [&'static str],
}

/// What the limit of tokens is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitName {
    /// Either name will do.
    #[default]
    Either,
    /// `max_tokens`
    MaxTokens,
    /// `max_completion_tokens`
    MaxCompletionTokens,
}

/// Nothing differs.
const PLAIN: Quirks = Quirks {
    limit: LimitName::Either,
    no_developer: false,
    no_allowed_tools: false,
    no_stream_options: false,
    seed: None,
    unknown: &[],
};

/// A server of open models, whose templates know three roles.
const SERVER: Quirks = Quirks { no_developer: true, no_allowed_tools: true, ..PLAIN };

/// The same, of the time before `max_completion_tokens`.
const OLDER_SERVER: Quirks = Quirks { limit: LimitName::MaxTokens, ..SERVER };

const fn server(name: &'static str, quirks: Quirks) -> Product {
    Product { name, base_url: None, key: Key::Bearer, path: ChatPath::Usual, quirks }
}

const fn service(name: &'static str, base_url: &'static str, quirks: Quirks) -> Product {
    Product { name, base_url: Some(base_url), key: Key::Bearer, path: ChatPath::Usual, quirks }
}

/// All that are known. What is not here is `openai-compatible`, and nothing of it differs.
pub const PRODUCTS: [Product; 22] = [
    server("openai-compatible", PLAIN),
    service("openai", "https://api.openai.com/v1", Quirks { limit: LimitName::MaxCompletionTokens, ..PLAIN }),
    Product {
        name: "azure-openai",
        base_url: None,
        key: Key::ApiKey,
        path: ChatPath::Deployment,
        quirks: Quirks { limit: LimitName::MaxCompletionTokens, ..PLAIN },
    },
    server("vllm", SERVER),
    server("sglang", SERVER),
    server("tgi", Quirks { unknown: &["n", "parallel_tool_calls", "logit_bias"], ..OLDER_SERVER }),
    server("llama.cpp", OLDER_SERVER),
    server("lm-studio", Quirks { unknown: &["n", "logprobs", "top_logprobs"], ..OLDER_SERVER }),
    server("localai", OLDER_SERVER),
    server(
        "ollama-openai",
        Quirks { unknown: &["n", "tool_choice", "parallel_tool_calls", "logit_bias"], ..OLDER_SERVER },
    ),
    service(
        "groq",
        "https://api.groq.com/openai/v1",
        Quirks { unknown: &["n", "logprobs", "top_logprobs", "logit_bias"], ..SERVER },
    ),
    service("mistral", "https://api.mistral.ai/v1", MISTRAL),
    service(
        "deepseek",
        "https://api.deepseek.com",
        Quirks { unknown: &["n", "seed", "logit_bias", "service_tier"], ..OLDER_SERVER },
    ),
    service("together", "https://api.together.xyz/v1", OLDER_SERVER),
    service("fireworks", "https://api.fireworks.ai/inference/v1", OLDER_SERVER),
    service("openrouter", "https://openrouter.ai/api/v1", PLAIN),
    service("xai", "https://api.x.ai/v1", Quirks { unknown: &["logit_bias"], ..SERVER }),
    service("perplexity", "https://api.perplexity.ai", PERPLEXITY),
    service(
        "cerebras",
        "https://api.cerebras.ai/v1",
        Quirks { unknown: &["n", "frequency_penalty", "presence_penalty", "logit_bias"], ..SERVER },
    ),
    service("deepinfra", "https://api.deepinfra.com/v1/openai", OLDER_SERVER),
    service("nvidia", "https://integrate.api.nvidia.com/v1", OLDER_SERVER),
    service("sambanova", "https://api.sambanova.ai/v1", Quirks { unknown: &["n", "seed"], ..OLDER_SERVER }),
];

/// Mistral answers 422 to any field that it does not know.
const MISTRAL: Quirks = Quirks {
    no_stream_options: true,
    seed: Some("random_seed"),
    unknown: &[
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "user",
        "store",
        "service_tier",
        "safety_identifier",
        "prompt_cache_key",
        "verbosity",
    ],
    ..OLDER_SERVER
};

const PERPLEXITY: Quirks = Quirks {
    unknown: &[
        "n",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "logprobs",
        "top_logprobs",
        "seed",
        "stop",
    ],
    ..OLDER_SERVER
};

/// Fields without which the answer would be another.
const DECISIVE: [&str; 8] =
    ["n", "tools", "tool_choice", "logprobs", "top_logprobs", "response_format", "stop", "logit_bias"];

impl Product {
    /// The product of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PRODUCTS.iter().find(|product| product.name == name)
    }

    /// The path of its chat completions, below the base URL.
    #[must_use]
    pub fn path(&self, model: &str) -> String {
        match self.path {
            ChatPath::Usual => "/chat/completions".to_owned(),
            ChatPath::Deployment => {
                format!("/openai/deployments/{}/chat/completions", super::ids::in_path(model))
            }
        }
    }
}

impl Quirks {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == PLAIN
    }

    /// Makes the body of a chat completion one that the product takes, and says what had to be left out.
    pub fn fit(&self, body: &mut Object<'static>) -> Losses {
        let mut losses = Losses::default();
        self.name_the_limit(body);
        if self.no_developer {
            rename_developers(body);
        }
        if self.no_allowed_tools {
            offer_allowed_tools(body);
        }
        if self.no_stream_options {
            body.remove("stream_options");
        }
        for name in self.unknown {
            let lost = body.remove(name).filter(|value| !says_nothing(name, value));
            if lost.is_some() {
                let is_decisive = DECISIVE.contains(name);
                losses.add(if is_decisive { Severity::Refused } else { Severity::Reported }, *name);
            }
        }
        if let Some(name) = self.seed
            && let Some(seed) = body.remove("seed")
        {
            body.set(name, seed);
        }
        losses
    }

    /// The same, for a body that is written already, from `begin` to the end of `out`. What is no object stays
    /// as it is.
    pub fn refit(&self, out: &mut Vec<u8>, begin: usize) -> Losses {
        if self.is_plain() {
            return Losses::default();
        }
        let limits = Limits { values: usize::MAX, ..Limits::default() };
        let written = out.get(begin..).and_then(|body| parse(body, limits).ok());
        let Some(Json::Object(body)) = written else { return Losses::default() };
        let mut body = body.into_owned();
        let losses = self.fit(&mut body);
        out.truncate(begin);
        body.write(out);
        losses
    }

    fn name_the_limit(&self, body: &mut Object<'static>) {
        let (from, to) = match self.limit {
            LimitName::Either => return,
            LimitName::MaxTokens => ("max_completion_tokens", "max_tokens"),
            LimitName::MaxCompletionTokens => ("max_tokens", "max_completion_tokens"),
        };
        if let Some(limit) = body.remove(from)
            && body.get(to).is_none()
        {
            body.set(to, limit);
        }
    }
}

fn rename_developers(body: &mut Object<'static>) {
    let Some(Json::Array(messages)) = body.get_mut("messages") else { return };
    for message in messages {
        let Json::Object(message) = message else { continue };
        if let Some(role) = message.get_mut("role").filter(|role| role.as_str() == Some("developer")) {
            *role = Json::String(Cow::Borrowed("system"));
        }
    }
}

/// Offers the tools alone that may be called. A choice that names none of those that are offered stays as it is, for the
/// product to say so.
fn offer_allowed_tools(body: &mut Object<'static>) {
    let Some(Json::Object(choice)) = body.get("tool_choice") else { return };
    if choice.get("type").and_then(Json::as_str) != Some("allowed_tools") {
        return;
    }
    let choice = choice.get("allowed_tools").and_then(Json::as_object).unwrap_or(choice);
    let (Some(mode), Some(allowed)) =
        (choice.get("mode").and_then(Json::as_str), choice.get("tools").and_then(Json::as_array))
    else {
        return;
    };
    let mode = Json::String(Cow::Owned(mode.to_owned()));
    let names: Vec<String> = allowed.iter().filter_map(tool_name).map(str::to_owned).collect();
    let Some(Json::Array(tools)) = body.get_mut("tools") else { return };
    let is_allowed =
        |tool: &Json<'static>| tool_name(tool).is_some_and(|name| names.iter().any(|n| n == name));
    if tools.iter().any(is_allowed) {
        tools.retain(is_allowed);
        body.set("tool_choice", mode);
    }
}

/// The name of a tool, which stands under its type or beside it.
fn tool_name<'t>(tool: &'t Json<'static>) -> Option<&'t str> {
    let tool = tool.as_object()?;
    let under = tool.get("function").or_else(|| tool.get("custom")).and_then(Json::as_object);
    under.unwrap_or(tool).get("name")?.as_str()
}

/// Whether a field says what holds without it.
fn says_nothing(name: &str, value: &Json<'_>) -> bool {
    match (name, value) {
        (_, Json::Null) => true,
        ("n", Json::Number(text)) => text == "1",
        ("tool_choice", Json::String(word)) => word == "auto",
        ("service_tier", Json::String(word)) => word == "auto",
        ("logprobs" | "store", Json::Bool(value)) => !value,
        ("frequency_penalty" | "presence_penalty", Json::Number(text)) => {
            text.parse::<f64>().is_ok_and(|number| number == 0.0)
        }
        (_, Json::Object(object)) => object.iter().next().is_none(),
        (_, Json::Array(items)) => items.is_empty(),
        (_, Json::Bool(_) | Json::Number(_) | Json::String(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn fitted(product: &str, body: &str) -> (String, Vec<String>) {
        let mut out = body.as_bytes().to_vec();
        let losses = Product::named(product).unwrap().quirks.refit(&mut out, 0);
        let mark = |severity| if severity == Severity::Refused { "!" } else { "" };
        let losses = losses.iter().map(|loss| format!("{}{}", mark(loss.severity), loss.field)).collect();
        (String::from_utf8(out).unwrap(), losses)
    }

    #[test]
    fn names_are_unique_and_places_are_secure() {
        let names: BTreeSet<&str> = PRODUCTS.iter().map(|product| product.name).collect();
        assert_eq!(names.len(), PRODUCTS.len());
        let places = PRODUCTS.iter().filter_map(|product| product.base_url);
        assert!(places.into_iter().all(|url| url.starts_with("https://") && !url.ends_with('/')));
        assert_eq!(Product::named("vllm").unwrap().name, "vllm");
        assert!(Product::named("none").is_none());
    }

    #[test]
    fn a_limit_has_the_name_that_the_product_knows() {
        let (body, _) = fitted("llama.cpp", r#"{"max_completion_tokens":5,"x":1.50}"#);
        assert_eq!(body, r#"{"x":1.50,"max_tokens":5}"#);
        assert_eq!(fitted("openai", r#"{"max_tokens":5}"#).0, r#"{"max_completion_tokens":5}"#);
        let both = r#"{"max_tokens":5,"max_completion_tokens":6}"#;
        assert_eq!(fitted("openai", both).0, r#"{"max_completion_tokens":6}"#);
        assert_eq!(fitted("vllm", both).0, both);
    }

    #[test]
    fn instructions_have_a_role_that_the_product_knows() {
        let body = r#"{"messages":[{"role":"developer","content":"a"},{"role":"user","content":"b"}]}"#;
        assert_eq!(fitted("vllm", body).0, body.replace("developer", "system"));
        assert_eq!(fitted("openai-compatible", body).0, body);
    }

    #[test]
    fn a_choice_of_several_tools_offers_those_alone_where_it_is_unknown() {
        let tools = r#""tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]"#;
        let of = |names: &str| {
            format!(
                r#"{{{tools},"tool_choice":{{"type":"allowed_tools","allowed_tools":{{"mode":"required","tools":[{names}]}}}}}}"#
            )
        };
        let b = of(r#"{"type":"function","function":{"name":"b"}}"#);
        let narrowed = r#"{"tools":[{"type":"function","function":{"name":"b"}}],"tool_choice":"required"}"#;
        assert_eq!(fitted("vllm", &b), (narrowed.to_owned(), Vec::new()));
        assert_eq!(fitted("ollama-openai", &b).1, ["!tool_choice"]);
        assert_eq!(fitted("openai", &b).0, b, "it has the word");
        let none_of_them = of(r#"{"type":"function","function":{"name":"c"}}"#);
        assert_eq!(fitted("vllm", &none_of_them).0, none_of_them);
    }

    #[test]
    fn what_a_product_does_not_take_is_left_out_and_told() {
        let body =
            r#"{"seed":7,"user":"u","logprobs":true,"stream_options":{"include_usage":true},"stream":true}"#;
        let (body, losses) = fitted("mistral", body);
        assert_eq!(body, r#"{"stream":true,"random_seed":7}"#);
        assert_eq!(losses, ["!logprobs", "user"]);
        let nothing = r#"{"n":1,"logprobs":false,"logit_bias":{},"top_logprobs":null}"#;
        assert_eq!(fitted("groq", nothing), ("{}".to_owned(), Vec::new()));
        assert_eq!(fitted("groq", r#"{"n":2}"#).1, ["!n"]);
    }

    #[test]
    fn a_deployment_is_in_the_path_and_cannot_leave_it() {
        let azure = Product::named("azure-openai").unwrap();
        assert_eq!(azure.path("gpt-5"), "/openai/deployments/gpt-5/chat/completions");
        assert_eq!(azure.path("a/b"), "/openai/deployments/a%2Fb/chat/completions");
        assert_eq!(Product::named("groq").unwrap().path("m"), "/chat/completions");
    }
}
