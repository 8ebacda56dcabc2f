use crate::{
    Day, LatencyClass, Modality, Pool, ResponseFormat, TargetId, TaskType, Tier, Unfit, Weekday, Words,
};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;
use weir_label::{Label, Level, ZoneKind};

/// Everything a rule may look at.
///
/// A fact may be unknown. Unknown data facts take the most restrictive value: the level of opaque data
/// is `restricted`, and whether opaque data holds a category, entity or jurisdiction that was not found
/// is unknown. For what a condition over an unknown fact does, see [`Rule`](crate::Rule).
///
/// | fact | unknown when |
/// |---|---|
/// | `caller.*` | the request came without a key, or the key does not say |
/// | `request.language`, `task.*` | nothing has looked at what the request is about |
/// | `request.max_output_tokens`, `request.reasoning_effort` | the caller set none |
/// | `latency.target`, `latency.deadline` | the caller gave none |
/// | `cost.local`, `cost.cloud` | no target of the alias in that zone has a price |
/// | `cost.budget_left` | no budget is set for the caller |
/// | `capacity.*` | nothing has been measured yet, or there is no limit to measure against |
/// | `time.*` | the decision is made without a clock |
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Who asks.
    pub caller: CallerFacts<'a>,
    /// What is asked for.
    pub request: RequestFacts<'a>,
    /// What inspection says of it.
    pub data: DataFacts<'a>,
    /// What kind of work it is.
    pub task: TaskFacts,
    /// How soon the answer is wanted.
    pub latency: LatencyFacts,
    /// What it would cost.
    pub cost: CostFacts,
    /// How full the targets are.
    pub capacity: CapacityFacts<'a>,
    /// When it is asked, in the policy's time zone.
    pub time: TimeFacts,
    /// Where the caller would like the request to run.
    pub wish: Option<RouteWish>,
    /// The targets that cannot serve such a request, and why. No rule looks at it.
    pub unfit: &'a BTreeMap<TargetId, Unfit>,
    /// How good the answers of targets to such a task are, from 0 to a million, as far as it was measured; of the others
    /// goes what is declared. No rule looks at it but by `prefer: best` and `quality`.
    pub quality: &'a BTreeMap<TargetId, u64>,
}

/// That every target can serve a request.
pub static ALL_FIT: BTreeMap<TargetId, Unfit> = BTreeMap::new();

/// That the quality of no target was measured.
pub static NOTHING_MEASURED: BTreeMap<TargetId, u64> = BTreeMap::new();

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
    /// What the caller was granted.
    pub scopes: Option<&'a BTreeSet<String>>,
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
    /// The kinds of content it holds.
    pub modalities: Words<Modality>,
    /// The form that the answer must have.
    pub response_format: ResponseFormat,
    /// The language it is mostly written in, as in `de`.
    pub language: Option<&'a str>,
    /// How hard the caller wants the model to think: `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`.
    pub reasoning_effort: Option<&'a str>,
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

impl DataFacts<'_> {
    /// What could not be inspected may be anything, so its level is the highest.
    pub(crate) fn inspected_level(&self) -> Level {
        if self.label.is_opaque() { Level::Restricted } else { self.label.level() }
    }
}

/// What kind of work the request is. All unknown until something looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskFacts {
    /// The task type.
    pub kind: Option<TaskType>,
    /// How hard it is, from 0 to a million.
    pub complexity_millionths: Option<u64>,
    /// The share of this deployment's requests that are less complex, from 0 to a million.
    pub complexity_rank_millionths: Option<u64>,
    /// How sure the task type is, from 0 to a million.
    pub confidence_millionths: Option<u64>,
    /// How much likelier it is than the next best, from 0 to a million.
    pub margin_millionths: Option<u64>,
    /// The probability that a weak model fails, from 0 to a million.
    pub weak_fail_millionths: Option<u64>,
    /// Whether the next best task type is about as likely.
    pub unsure: Option<bool>,
}

/// How soon the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LatencyFacts {
    /// Whether somebody waits for it.
    pub class: LatencyClass,
    /// When the first token should be there, from now.
    pub target_ms: Option<u64>,
    /// When the whole answer is of no use any more, from now.
    pub deadline_ms: Option<u64>,
}

/// What the request would cost. The estimates are of the cheapest target of the alias in each zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CostFacts {
    /// Inside the network.
    pub local_micro_usd: Option<u64>,
    /// Outside.
    pub cloud_micro_usd: Option<u64>,
    /// What is left of the caller's budget, the smallest where there are several.
    pub budget_left_micro_usd: Option<u64>,
    /// Tokens that answers to such requests have had, from which the rest is estimated. No rule looks at it.
    pub expected_output_tokens: Option<u64>,
    /// How soon the provider is asked to answer, by which prices go. No rule looks at it.
    pub tier: Tier,
}

/// How full the targets are, pool by pool.
///
/// A pool is a set of targets of the request's alias: those of a zone, a backend or a tag, or a single
/// one. What is not measured is unknown.
#[derive(Debug, Clone, Copy)]
pub struct CapacityFacts<'a> {
    /// All local targets of the alias.
    pub local: Load,
    /// All cloud targets of the alias.
    pub cloud: Load,
    /// Pools that the policy names and single targets, as policies write them: `gpu`,
    /// `gpu/qwen3-32b`, `tag:large`.
    pub named: &'a BTreeMap<Arc<str>, Load>,
}

impl CapacityFacts<'_> {
    /// Nothing is known.
    #[must_use]
    pub const fn unknown() -> CapacityFacts<'static> {
        static NOTHING: BTreeMap<Arc<str>, Load> = BTreeMap::new();
        CapacityFacts { local: Load::UNKNOWN, cloud: Load::UNKNOWN, named: &NOTHING }
    }

    /// What is known of a pool.
    #[must_use]
    pub fn of(&self, pool: &Pool) -> Load {
        match pool {
            Pool::Zone(ZoneKind::Local) => self.local,
            Pool::Zone(ZoneKind::Cloud) => self.cloud,
            Pool::Named(name) => self.named.get(name).copied().unwrap_or(Load::UNKNOWN),
        }
    }
}

impl Default for CapacityFacts<'_> {
    fn default() -> Self {
        CapacityFacts::unknown()
    }
}

/// How full a pool is. A pool without a target of the alias is full: it has no place to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// The share of places that are taken, from 0 to a million.
    pub utilisation_millionths: Option<u64>,
    /// Requests that wait for a place.
    pub queue: Option<u64>,
    /// The time to the first token that a request sent now may expect.
    pub ttft_ms: Option<u64>,
}

impl Load {
    /// Nothing is known.
    pub const UNKNOWN: Load = Load { utilisation_millionths: None, queue: None, ttft_ms: None };
}

/// A moment as the clocks of the policy's time zone show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeFacts {
    /// The day.
    pub weekday: Option<Weekday>,
    /// The hour, 0 to 23.
    pub hour: Option<u8>,
    /// The day in UTC, by which prices go. No rule looks at it.
    pub day: Option<Day>,
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
