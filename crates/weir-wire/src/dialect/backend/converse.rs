//! AWS Bedrock `Converse` and `ConverseStream`.
//!
//! The base URL is `https://bedrock-runtime.REGION.amazonaws.com`. Streams are AWS's binary messages, which
//! [`AwsEventParser`](crate::relay::AwsEventParser) reads; an item's event is its `event`.
//!
//! Source: the service model of `bedrock-runtime` 2023-09-30.

mod read;
mod reason;
mod write;

pub use read::{EventReader, read_error, read_reply};
pub use write::{path, write};

/// Whose model it is, where the services differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Anthropic,
    Nova,
    OpenAi,
    Other,
}

impl Family {
    fn of(model: &str) -> Self {
        if model.contains("anthropic.") {
            Self::Anthropic
        } else if model.contains("amazon.nova") {
            Self::Nova
        } else if model.contains("openai.") {
            Self::OpenAi
        } else {
            Self::Other
        }
    }

    /// Whether models of this name can be told that a tool must be called.
    fn forces_tools(model: &str) -> bool {
        const NOT: [&str; 5] = ["meta.", "amazon.titan", "ai21.", "cohere.", "deepseek."];
        !NOT.iter().any(|maker| model.contains(maker))
    }

    const fn caches(self) -> bool {
        matches!(self, Self::Anthropic | Self::Nova)
    }
}

#[cfg(test)]
mod tests;
