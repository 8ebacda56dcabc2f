use crate::{Facts, LatencyClass};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_label::{Category, Jurisdiction, Level};

/// What a rule asks of the facts.
///
/// A condition is a finite tree of typed tests, so that what it can and cannot match is decidable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// One test.
    Test(Test),
    /// Every part holds. Of no parts: holds.
    All(Vec<Condition>),
    /// At least one part holds. Of no parts: does not hold.
    Any(Vec<Condition>),
    /// The part does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// The condition that always holds.
    #[must_use]
    pub const fn always() -> Self {
        Condition::All(Vec::new())
    }

    /// Whether it holds of these facts.
    #[must_use]
    pub fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        match self {
            Condition::Test(test) => test.evaluate(facts),
            Condition::All(parts) => Truth::all(parts.iter().map(|part| part.evaluate(facts))),
            Condition::Any(parts) => Truth::any(parts.iter().map(|part| part.evaluate(facts))),
            Condition::Not(part) => part.evaluate(facts).not(),
        }
    }
}

/// Whether a condition holds, as far as the facts are known (Kleene's strong three-valued logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold.
    False,
    /// A fact that would decide it is unknown.
    Unknown,
    /// It holds.
    True,
}

impl Truth {
    fn of(known: bool) -> Self {
        if known { Truth::True } else { Truth::False }
    }

    fn not(self) -> Self {
        match self {
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
            Truth::True => Truth::False,
        }
    }

    fn all(parts: impl Iterator<Item = Truth>) -> Self {
        let mut least = Truth::True;
        for part in parts {
            match part {
                Truth::False => return Truth::False,
                Truth::Unknown => least = Truth::Unknown,
                Truth::True => {}
            }
        }
        least
    }

    fn any(parts: impl Iterator<Item = Truth>) -> Self {
        Truth::all(parts.map(Truth::not)).not()
    }
}

/// One fact compared with values of its own type.
///
/// Variants are kinds of domain (ordered, finite, names, sets), because that is what analysis needs to
/// know of a fact. A new fact is a variant of the kind's fact type, such as [`NameFact`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `data.level` satisfies one of the comparisons. The level of opaque data is `restricted`.
    Level(OneOf<Level>),
    /// `data.categories` contains one of these.
    Categories(BTreeSet<Category>),
    /// `data.jurisdictions` contains one of these.
    Jurisdictions(BTreeSet<Jurisdiction>),
    /// `data.entities` contains one of these entity types.
    Entities(Names),
    /// A yes-or-no fact has this value.
    Flag(Flag, bool),
    /// A name is one of these. Unknown when the name is.
    Name(NameFact, Names),
    /// A number satisfies one of the comparisons.
    Number(NumberFact, OneOf<u64>),
    /// `latency.class` is one of these.
    LatencyClass(BTreeSet<LatencyClass>),
}

impl Test {
    fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        let label = facts.data.label;
        match self {
            Test::Level(levels) => Truth::of(levels.holds(inspected_level(facts))),
            Test::Categories(any) => contained(!any.is_disjoint(label.categories()), facts),
            Test::Jurisdictions(any) => contained(!any.is_disjoint(label.jurisdictions()), facts),
            Test::Entities(any) => {
                contained(facts.data.entities.keys().any(|found| any.contains(found)), facts)
            }
            Test::Flag(flag, value) => Truth::of(flag.of(facts) == *value),
            Test::Name(fact, names) => {
                fact.of(facts).map_or(Truth::Unknown, |name| Truth::of(names.contains(name)))
            }
            Test::Number(fact, numbers) => Truth::of(numbers.holds(fact.of(facts))),
            Test::LatencyClass(classes) => Truth::of(classes.contains(&facts.latency_class)),
        }
    }
}

/// What could not be inspected may be anything, so its level is the highest.
fn inspected_level(facts: &Facts<'_>) -> Level {
    if facts.data.label.is_opaque() { Level::Restricted } else { facts.data.label.level() }
}

/// What was not found in opaque data may still be in it.
fn contained(found: bool, facts: &Facts<'_>) -> Truth {
    if !found && facts.data.label.is_opaque() { Truth::Unknown } else { Truth::of(found) }
}

/// A fact that is yes or no.
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
}

impl Flag {
    /// Every flag.
    pub const ALL: [Flag; 4] = [Flag::Opaque, Flag::Stream, Flag::Tools, Flag::Images];

    /// The name used in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Flag::Opaque => "data.opaque",
            Flag::Stream => "request.stream",
            Flag::Tools => "request.tools",
            Flag::Images => "request.images",
        }
    }

    fn of(self, facts: &Facts<'_>) -> bool {
        match self {
            Flag::Opaque => facts.data.label.is_opaque(),
            Flag::Stream => facts.request.stream,
            Flag::Tools => facts.request.tools,
            Flag::Images => facts.request.images,
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
}

impl NameFact {
    /// Every name fact.
    pub const ALL: [NameFact; 8] = [
        NameFact::CallerKey,
        NameFact::CallerName,
        NameFact::CallerTenant,
        NameFact::CallerTeam,
        NameFact::CallerApp,
        NameFact::CallerEnvironment,
        NameFact::RequestAlias,
        NameFact::RequestEndpoint,
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
        }
    }

    fn of<'a>(self, facts: &Facts<'a>) -> Option<&'a str> {
        match self {
            NameFact::CallerKey => facts.caller.key,
            NameFact::CallerName => facts.caller.name,
            NameFact::CallerTenant => facts.caller.tenant,
            NameFact::CallerTeam => facts.caller.team,
            NameFact::CallerApp => facts.caller.app,
            NameFact::CallerEnvironment => facts.caller.environment,
            NameFact::RequestAlias => Some(facts.request.alias),
            NameFact::RequestEndpoint => Some(facts.request.endpoint),
        }
    }
}

/// A fact that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberFact {
    /// `request.prompt_tokens`: an estimate.
    PromptTokens,
}

impl NumberFact {
    /// Every number fact.
    pub const ALL: [NumberFact; 1] = [NumberFact::PromptTokens];

    /// The name used in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            NumberFact::PromptTokens => "request.prompt_tokens",
        }
    }

    fn of(self, facts: &Facts<'_>) -> u64 {
        match self {
            NumberFact::PromptTokens => facts.request.prompt_tokens,
        }
    }
}

/// Names, of which one is meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(pub Vec<NamePattern>);

impl Names {
    /// Whether `name` is one of them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(name))
    }
}

/// One name, or all names that begin alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamePattern {
    /// This name.
    Exact(Arc<str>),
    /// Every name with this prefix; written `hr-*`.
    Prefix(Arc<str>),
}

impl NamePattern {
    /// Whether `name` is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            NamePattern::Exact(exact) => name == &**exact,
            NamePattern::Prefix(prefix) => name.starts_with(&**prefix),
        }
    }
}

/// Comparisons, of which one must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOf<T>(pub Vec<Comparison<T>>);

impl<T: Ord> OneOf<T> {
    /// Whether one of them holds for `value`.
    pub fn holds(&self, value: T) -> bool {
        self.0.iter().any(|comparison| comparison.holds(&value))
    }
}

/// A comparison with a value on an ordered domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison<T> {
    /// How the fact, on the left, is compared.
    pub operator: Operator,
    /// What it is compared with.
    pub value: T,
}

impl<T: Ord> Comparison<T> {
    /// Whether it holds of `fact`.
    pub fn holds(&self, fact: &T) -> bool {
        match self.operator {
            Operator::Equal => fact == &self.value,
            Operator::Less => fact < &self.value,
            Operator::AtMost => fact <= &self.value,
            Operator::Greater => fact > &self.value,
            Operator::AtLeast => fact >= &self.value,
        }
    }
}

/// How a fact is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `=`, or no operator.
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}
