use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use weir_label::{Jurisdiction, Level};

/// Whom a key is for and what it may do. Chosen when the key is made; of it only the limits can be changed after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTerms {
    /// What people call it.
    pub name: String,
    /// Production or not.
    pub environment: Environment,
    /// From when on it is refused; kept to the millisecond.
    pub expires: Option<Timestamp>,
    /// The least level of everything it sends.
    pub default_level: Option<Level>,
    /// Whose law binds everything it sends.
    pub jurisdiction: Option<Jurisdiction>,
    /// Whether somebody waits for the answers.
    pub latency_class: LatencyClass,
    /// The aliases it may ask for; `None` is all of them.
    pub aliases: Option<Vec<String>>,
    /// What it is for, in words that rules look at (`caller.scopes`); `None` when nobody said.
    pub scopes: Option<BTreeSet<String>>,
    /// Who pays.
    pub tenant: Option<String>,
    /// Which team of theirs.
    pub team: Option<String>,
    /// Which application.
    pub app: Option<String>,
    /// How much it may ask for.
    pub limits: KeyLimits,
}

/// How much a key may ask for; `None` where the key itself says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyLimits {
    /// The most requests a minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// The most tokens a minute, of prompts and answers together.
    pub tokens_per_minute: Option<NonZeroU32>,
}

/// What is known of a key: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its public part, unique in the store: 8 of `0-9a-z`.
    pub id: Arc<str>,
    /// Whom it is for and what it may do.
    pub terms: KeyTerms,
    /// When it was made.
    pub created: Timestamp,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
}

impl KeyRecord {
    /// What may be shown of the key, such as `wk_live_ab12cd34`.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("wk_{}_{}", self.terms.environment, self.id)
    }
}

/// Production or not. Part of the key's text, so that a look tells which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Environment {
    /// Production.
    #[default]
    Live,
    /// Anything else.
    Test,
}

impl Environment {
    pub(crate) const ALL: [Environment; 2] = [Environment::Live, Environment::Test];

    /// The name used in keys, configuration and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Environment::Live => "live",
            Environment::Test => "test",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no environment; use `live` or `test`")]
pub struct UnknownEnvironment(pub String);

impl FromStr for Environment {
    type Err = UnknownEnvironment;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|word| word.as_str() == text);
        named.ok_or_else(|| UnknownEnvironment(text.to_owned()))
    }
}

/// Whether somebody waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LatencyClass {
    /// Somebody does.
    #[default]
    Interactive,
    /// It may take its time.
    Batch,
}

impl LatencyClass {
    pub(crate) const ALL: [LatencyClass; 2] = [LatencyClass::Interactive, LatencyClass::Batch];

    /// The name used in configuration and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            LatencyClass::Interactive => "interactive",
            LatencyClass::Batch => "batch",
        }
    }
}

impl fmt::Display for LatencyClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no latency class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no latency class; use `interactive` or `batch`")]
pub struct UnknownLatencyClass(pub String);

impl FromStr for LatencyClass {
    type Err = UnknownLatencyClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|word| word.as_str() == text);
        named.ok_or_else(|| UnknownLatencyClass(text.to_owned()))
    }
}
