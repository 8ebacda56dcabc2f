use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use weir_label::Label;

/// Everything a rule may look at.
///
/// A fact may be unknown. Unknown data facts take the most restrictive value: the level of opaque data
/// is `restricted`, and whether opaque data holds a category, entity or jurisdiction that was not found
/// is unknown. For what a condition over an unknown fact does, see [`Rule`](crate::Rule).
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Who asks.
    pub caller: CallerFacts<'a>,
    /// What is asked for.
    pub request: RequestFacts<'a>,
    /// What inspection says of it.
    pub data: DataFacts<'a>,
    /// Whether somebody waits for the answer.
    pub latency_class: LatencyClass,
    /// Where the caller would like the request to run.
    pub wish: Option<RouteWish>,
}

/// Who asks. What the caller's key does not say is unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallerFacts<'a> {
    /// The key's id.
    pub key: Option<&'a str>,
    /// The key's name.
    pub name: Option<&'a str>,
    /// The tenant.
    pub tenant: Option<&'a str>,
    /// The team.
    pub team: Option<&'a str>,
    /// The application.
    pub app: Option<&'a str>,
    /// `production`, `test`, or what the operator calls it.
    pub environment: Option<&'a str>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// The endpoint, such as `chat.completions`.
    pub endpoint: &'a str,
    /// The alias, as the application wrote it.
    pub alias: &'a str,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether tools are offered.
    pub tools: bool,
    /// Whether images are attached.
    pub images: bool,
    /// Tokens of the prompt. An estimate that errs low, because a target whose context it exceeds is
    /// left out.
    pub prompt_tokens: u64,
    /// The most tokens the answer may have, if the caller set a limit.
    pub max_output_tokens: Option<u64>,
}

/// What inspection says of the request.
#[derive(Debug, Clone, Copy)]
pub struct DataFacts<'a> {
    /// Its label.
    pub label: &'a Label,
    /// The entity types that were found, with their counts.
    pub entities: &'a BTreeMap<String, u32>,
}

/// Whether somebody waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LatencyClass {
    /// Somebody waits.
    #[default]
    Interactive,
    /// Nobody waits.
    Batch,
}

impl LatencyClass {
    /// Every class.
    pub const ALL: [LatencyClass; 2] = [LatencyClass::Interactive, LatencyClass::Batch];

    /// The name used in configuration, records and metrics.
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

/// A word that names no value of the fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {known}")]
pub struct UnknownWord {
    /// The word.
    pub word: String,
    /// The words that would do, each in backticks.
    pub known: &'static str,
}

impl FromStr for LatencyClass {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = "`interactive`, `batch`";
        let class = Self::ALL.into_iter().find(|class| class.as_str() == text);
        class.ok_or_else(|| UnknownWord { word: text.to_owned(), known })
    }
}

/// Where the caller would like the request to run. Neither opens what the boundary or a rule shuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteWish {
    /// Cloud targets are left out.
    LocalOnly,
    /// Permitted cloud targets come first, unless the rule says `prefer: local`.
    CloudOk,
}

impl RouteWish {
    /// The name used in requests and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            RouteWish::LocalOnly => "local-only",
            RouteWish::CloudOk => "cloud-ok",
        }
    }
}

impl FromStr for RouteWish {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "local-only" => Ok(RouteWish::LocalOnly),
            "cloud-ok" => Ok(RouteWish::CloudOk),
            _ => Err(UnknownWord { word: text.to_owned(), known: "`local-only`, `cloud-ok`" }),
        }
    }
}
