//! The facts by name, and what is known of each.

use crate::{Facts, Load, Modality};
use std::borrow::Cow;
use std::sync::Arc;
use weir_label::ZoneKind;

/// Everything a rule may look at, one by one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// `data.level`
    Level,
    /// `data.categories`
    Categories,
    /// `data.jurisdictions`
    Jurisdictions,
    /// `data.entities`
    Entities,
    /// `latency.class`
    LatencyClass,
    /// `task.type`
    Task,
    /// `request.response_format`
    ResponseFormat,
    /// `request.modality`
    Modalities,
    /// `time.weekday`
    Weekday,
    /// `caller.scopes`
    Scopes,
    /// A yes-or-no fact.
    Flag(Flag),
    /// A name.
    Name(NameFact),
    /// A number.
    Number(NumberFact),
}

impl Fact {
    /// Every fact but the capacity of named pools, of which there are as many as there are names.
    pub fn all() -> impl Iterator<Item = Fact> + Clone {
        let single = [
            Fact::Level,
            Fact::Categories,
            Fact::Jurisdictions,
            Fact::Entities,
            Fact::LatencyClass,
            Fact::Task,
            Fact::ResponseFormat,
            Fact::Modalities,
            Fact::Weekday,
            Fact::Scopes,
        ];
        let zones = [ZoneKind::Local, ZoneKind::Cloud];
        let loads = zones.into_iter().flat_map(|zone| {
            Measure::ALL.map(|measure| Fact::Number(NumberFact::Load(Pool::Zone(zone), measure)))
        });
        single
            .into_iter()
            .chain(Flag::ALL.into_iter().map(Fact::Flag))
            .chain(NameFact::ALL.into_iter().map(Fact::Name))
            .chain(NumberFact::SINGLE.into_iter().map(Fact::Number))
            .chain(loads)
    }

    /// The fact of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Fact> {
        let of_pool = || NumberFact::of_pool(name).map(Fact::Number);
        Fact::all().find(|fact| fact.name() == name).or_else(of_pool)
    }

    /// The name used in policies.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Fact::Level => "data.level",
            Fact::Categories => "data.categories",
            Fact::Jurisdictions => "data.jurisdictions",
            Fact::Entities => "data.entities",
            Fact::LatencyClass => "latency.class",
            Fact::Task => "task.type",
            Fact::ResponseFormat => "request.response_format",
            Fact::Modalities => "request.modality",
            Fact::Weekday => "time.weekday",
            Fact::Scopes => "caller.scopes",
            Fact::Flag(flag) => flag.as_str(),
            Fact::Name(name) => name.as_str(),
            Fact::Number(number) => return number.name(),
        };
        Cow::Borrowed(name)
    }
}

/// A fact that is yes or no, or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// `data.opaque`: part of the request could not be inspected.
    Opaque,
    /// `request.stream`: the answer is to be streamed.
    Stream,
    /// `request.tools`: tools are offered.
    Tools,
    /// `request.images`: images are attached.
    Images,
    /// `task.unsure`: the next best task type is about as likely.
    Unsure,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Flag; 5] = [Flag::Opaque, Flag::Stream, Flag::Tools, Flag::Images, Flag::Unsure];

    /// The name used in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Flag::Opaque => "data.opaque",
            Flag::Stream => "request.stream",
            Flag::Tools => "request.tools",
            Flag::Images => "request.images",
            Flag::Unsure => "task.unsure",
        }
    }

    /// Its value, if it is known.
    #[must_use]
    pub fn of(self, facts: &Facts<'_>) -> Option<bool> {
        match self {
            Flag::Opaque => Some(facts.data.label.is_opaque()),
            Flag::Stream => Some(facts.request.stream),
            Flag::Tools => Some(facts.request.tools),
            Flag::Images => Some(facts.request.modalities.contains(Modality::Image)),
            Flag::Unsure => facts.task.unsure,
        }
    }
}

/// A fact that is a name, or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameFact {
    /// `caller.key`: the key's id.
    CallerKey,
    /// `caller.name`: the key's name.
    CallerName,
    /// `caller.tenant`.
    CallerTenant,
    /// `caller.team`.
    CallerTeam,
    /// `caller.app`.
    CallerApp,
    /// `caller.environment`.
    CallerEnvironment,
    /// `request.alias`: the model name that the application asks for.
    RequestAlias,
    /// `request.endpoint`.
    RequestEndpoint,
    /// `request.language`: the language the request is mostly written in.
    RequestLanguage,
    /// `request.reasoning_effort`: how hard the caller wants the model to think.
    RequestReasoningEffort,
}

impl NameFact {
    /// Every name fact.
    pub const ALL: [NameFact; 10] = [
        NameFact::CallerKey,
        NameFact::CallerName,
        NameFact::CallerTenant,
        NameFact::CallerTeam,
        NameFact::CallerApp,
        NameFact::CallerEnvironment,
        NameFact::RequestAlias,
        NameFact::RequestEndpoint,
        NameFact::RequestLanguage,
        NameFact::RequestReasoningEffort,
    ];

    /// The name used in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            NameFact::CallerKey => "caller.key",
            NameFact::CallerName => "caller.name",
            NameFact::CallerTenant => "caller.tenant",
            NameFact::CallerTeam => "caller.team",
            NameFact::CallerApp => "caller.app",
            NameFact::CallerEnvironment => "caller.environment",
            NameFact::RequestAlias => "request.alias",
            NameFact::RequestEndpoint => "request.endpoint",
            NameFact::RequestLanguage => "request.language",
            NameFact::RequestReasoningEffort => "request.reasoning_effort",
        }
    }

    /// Its value, if it is known.
    #[must_use]
    pub fn of<'a>(self, facts: &Facts<'a>) -> Option<&'a str> {
        match self {
            NameFact::CallerKey => facts.caller.key,
            NameFact::CallerName => facts.caller.name,
            NameFact::CallerTenant => facts.caller.tenant,
            NameFact::CallerTeam => facts.caller.team,
            NameFact::CallerApp => facts.caller.app,
            NameFact::CallerEnvironment => facts.caller.environment,
            NameFact::RequestAlias => Some(facts.request.alias),
            NameFact::RequestEndpoint => Some(facts.request.endpoint),
            NameFact::RequestLanguage => facts.request.language,
            NameFact::RequestReasoningEffort => facts.request.reasoning_effort,
        }
    }
}

/// A fact that is a whole number of its [`Unit`], or unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberFact {
    /// `request.prompt_tokens`: an estimate.
    PromptTokens,
    /// `request.max_output_tokens`: the most tokens that the caller wants back.
    MaxOutputTokens,
    /// `task.complexity`, from 0 to 1.
    Complexity,
    /// `task.complexity: top 15 %`: the share of this deployment's requests that are less complex.
    ComplexityRank,
    /// `task.confidence`, from 0 to 1.
    Confidence,
    /// `task.margin`: how much likelier the task type is than the next best, from 0 to 1.
    Margin,
    /// `task.weak_fail`: the probability that a weak model fails.
    WeakFail,
    /// `latency.target`: when the first token should be there.
    LatencyTarget,
    /// `latency.deadline`: when the answer is of no use any more.
    LatencyDeadline,
    /// `cost.local`: what the cheapest local target would cost.
    CostLocal,
    /// `cost.cloud`: what the cheapest cloud target would cost.
    CostCloud,
    /// `cost.budget_left`: what is left of the caller's budget.
    BudgetLeft,
    /// `time.hour`, from 0 to 23.
    Hour,
    /// `capacity.POOL.MEASURE`: how full a pool is.
    Load(Pool, Measure),
}

impl NumberFact {
    /// Every number fact but the capacity of pools.
    pub const SINGLE: [NumberFact; 13] = [
        NumberFact::PromptTokens,
        NumberFact::MaxOutputTokens,
        NumberFact::Complexity,
        NumberFact::ComplexityRank,
        NumberFact::Confidence,
        NumberFact::Margin,
        NumberFact::WeakFail,
        NumberFact::LatencyTarget,
        NumberFact::LatencyDeadline,
        NumberFact::CostLocal,
        NumberFact::CostCloud,
        NumberFact::BudgetLeft,
        NumberFact::Hour,
    ];

    /// The name used in policies and records.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        let name = match self {
            NumberFact::PromptTokens => "request.prompt_tokens",
            NumberFact::MaxOutputTokens => "request.max_output_tokens",
            NumberFact::Complexity => "task.complexity",
            NumberFact::ComplexityRank => "task.complexity_rank",
            NumberFact::Confidence => "task.confidence",
            NumberFact::Margin => "task.margin",
            NumberFact::WeakFail => "task.weak_fail",
            NumberFact::LatencyTarget => "latency.target",
            NumberFact::LatencyDeadline => "latency.deadline",
            NumberFact::CostLocal => "cost.local",
            NumberFact::CostCloud => "cost.cloud",
            NumberFact::BudgetLeft => "cost.budget_left",
            NumberFact::Hour => "time.hour",
            NumberFact::Load(pool, measure) => {
                return Cow::Owned(format!("capacity.{}.{}", pool.as_str(), measure.as_str()));
            }
        };
        Cow::Borrowed(name)
    }

    /// The capacity fact that `capacity.POOL.MEASURE` names.
    fn of_pool(name: &str) -> Option<Self> {
        let (pool, measure) = name.strip_prefix("capacity.")?.rsplit_once('.')?;
        let measure = Measure::ALL.into_iter().find(|known| known.as_str() == measure)?;
        (!pool.is_empty()).then(|| NumberFact::Load(Pool::named(pool), measure))
    }

    /// What its numbers count.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self {
            NumberFact::PromptTokens | NumberFact::MaxOutputTokens => Unit::Tokens,
            NumberFact::Complexity
            | NumberFact::ComplexityRank
            | NumberFact::Confidence
            | NumberFact::Margin
            | NumberFact::WeakFail
            | NumberFact::Load(_, Measure::Utilisation) => Unit::Millionths,
            NumberFact::LatencyTarget
            | NumberFact::LatencyDeadline
            | NumberFact::Load(_, Measure::TimeToFirstToken) => Unit::Milliseconds,
            NumberFact::CostLocal | NumberFact::CostCloud | NumberFact::BudgetLeft => Unit::MicroUsd,
            NumberFact::Hour => Unit::Hours,
            NumberFact::Load(_, Measure::Queue) => Unit::Requests,
        }
    }

    /// The greatest value it can have.
    #[must_use]
    pub const fn most(&self) -> u64 {
        match self.unit() {
            Unit::Millionths => 1_000_000,
            Unit::Hours => 23,
            Unit::Tokens | Unit::Milliseconds | Unit::MicroUsd | Unit::Requests => u64::MAX,
        }
    }

    /// Its value, if it is known.
    #[must_use]
    pub fn of(&self, facts: &Facts<'_>) -> Option<u64> {
        match self {
            NumberFact::PromptTokens => Some(facts.request.prompt_tokens),
            NumberFact::MaxOutputTokens => facts.request.max_output_tokens,
            NumberFact::Complexity => facts.task.complexity_millionths,
            NumberFact::ComplexityRank => facts.task.complexity_rank_millionths,
            NumberFact::Confidence => facts.task.confidence_millionths,
            NumberFact::Margin => facts.task.margin_millionths,
            NumberFact::WeakFail => facts.task.weak_fail_millionths,
            NumberFact::LatencyTarget => facts.latency.target_ms,
            NumberFact::LatencyDeadline => facts.latency.deadline_ms,
            NumberFact::CostLocal => facts.cost.local_micro_usd,
            NumberFact::CostCloud => facts.cost.cloud_micro_usd,
            NumberFact::BudgetLeft => facts.cost.budget_left_micro_usd,
            NumberFact::Hour => facts.time.hour.map(u64::from),
            NumberFact::Load(pool, measure) => measure.of(facts.capacity.of(pool)),
        }
    }
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Tokens.
    Tokens,
    /// Requests.
    Requests,
    /// Millionths of a whole: written `0.7` or `70 %`.
    Millionths,
    /// Milliseconds: written `500ms` or `2s`.
    Milliseconds,
    /// Millionths of a US dollar: written `0.05`.
    MicroUsd,
    /// The hour of the day.
    Hours,
}

/// A set of targets whose capacity a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pool {
    /// The alias's targets of one zone.
    Zone(ZoneKind),
    /// The alias's targets of a backend (`gpu`) or a tag (`tag:large`), or one target
    /// (`gpu/qwen3-32b`).
    Named(Arc<str>),
}

impl Pool {
    /// The pool of this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "local" => Pool::Zone(ZoneKind::Local),
            "cloud" => Pool::Zone(ZoneKind::Cloud),
            other => Pool::Named(other.into()),
        }
    }

    /// The name used in policies.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Pool::Zone(zone) => zone.as_str(),
            Pool::Named(name) => name,
        }
    }
}

/// What is measured of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// The share of places that are taken.
    Utilisation,
    /// Requests that wait for a place.
    Queue,
    /// The time to the first token that a request sent now may expect.
    TimeToFirstToken,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Measure; 3] = [Measure::Utilisation, Measure::Queue, Measure::TimeToFirstToken];

    /// The name used in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Measure::Utilisation => "utilisation",
            Measure::Queue => "queue",
            Measure::TimeToFirstToken => "ttft",
        }
    }

    const fn of(self, load: Load) -> Option<u64> {
        match self {
            Measure::Utilisation => load.utilisation_millionths,
            Measure::Queue => load.queue,
            Measure::TimeToFirstToken => load.ttft_ms,
        }
    }
}
