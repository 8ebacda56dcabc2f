//! What a request is to the dispatcher: how much it asks of a server, for whom, and how soon.

use crate::Moment;
use std::sync::Arc;
use std::time::Duration;

/// What a request asks of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Tokens of its prompt.
    pub prompt_tokens: u32,
    /// Tokens that its answer is expected to have.
    pub output_tokens: u32,
    /// What it begins with, if other requests may begin likewise.
    pub prefix: Option<Prefix>,
}

/// The beginning of a prompt, which a server that has seen it need not read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// A hash of it.
    pub hash: u64,
    /// How many of the prompt's tokens it is.
    pub tokens: u32,
}

/// How urgent a request is. An earlier one goes first, except that later ones keep a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Band {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Nobody does.
    Batch,
}

impl Band {
    /// Both, the more urgent first.
    pub const ALL: [Band; 2] = [Band::Interactive, Band::Batch];

    /// The name used in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Band::Interactive => "interactive",
            Band::Batch => "batch",
        }
    }
}

/// On whose behalf a request comes, and how urgent it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Among whom places are shared out.
    pub tenant: Arc<str>,
    /// How many times the share of a tenant of weight 1 this one has. At least 1.
    pub weight: u32,
    /// How urgent it is.
    pub band: Band,
}

impl Default for Claim {
    fn default() -> Self {
        Self { tenant: Arc::default(), weight: 1, band: Band::Interactive }
    }
}

/// By when a request is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Promise {
    /// When the first token should be there, counted from the arrival.
    pub first_token: Option<Duration>,
    /// When the answer is of no use any more.
    pub deadline: Option<Moment>,
}
