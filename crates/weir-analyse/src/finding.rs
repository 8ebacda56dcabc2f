use std::fmt;
use weir_policy::{Fact, FactValue, Measure, NumberFact, OwnedFacts, Pool, RuleName};

/// Something that an analysis found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// The rule that it is about, if it is about one.
    pub rule: Option<RuleName>,
    /// The other rules that have to do with it.
    pub others: Vec<RuleName>,
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// A request that shows it.
    pub example: Option<OwnedFacts>,
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.kind.severity()
    }
}

/// The facts of a request that are not those of a request of which nothing is known, with its level and alias.
#[must_use]
pub fn telling_facts(request: &OwnedFacts) -> Vec<(Fact, FactValue)> {
    let nothing = OwnedFacts::default();
    let pools: Vec<Fact> = request
        .borrow()
        .capacity
        .named
        .keys()
        .flat_map(|name| {
            Measure::ALL.map(|measure| Fact::Number(NumberFact::Load(Pool::Named(name.clone()), measure)))
        })
        .collect();
    // What follows from another fact is not said twice.
    let follows = |fact: &Fact| matches!(fact, Fact::Flag(weir_policy::Flag::Images));
    let told = |fact: &Fact, value: &FactValue| *fact == Fact::Level || *value != nothing.get(fact);
    Fact::all()
        .chain(pools)
        .map(|fact| {
            let value = request.get(&fact);
            (fact, value)
        })
        .filter(|(fact, value)| !follows(fact) && told(fact, value))
        .collect()
}

/// What kind of finding it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A request would go where it may not.
    Leak,
    /// A request gets no decision, or a denial that does not say why.
    Undecided,
    /// What decides does not do what the rules say.
    Disagreement,
    /// No request can fulfil a rule's condition.
    Unreachable,
    /// Whatever a rule matches, rules before it have decided.
    Shadowed,
    /// Without the rule every request would be treated as it is.
    Redundant,
    /// A rule that keeps requests inside is overtaken by one that may send them out.
    Overtaken,
    /// Every request that a rule wants to send somewhere is denied.
    DeadEnd,
    /// Two rules say different things of some requests, and neither is a special case of the other.
    Overlap,
    /// No rule matches some requests.
    Unmatched,
    /// No target is left for some requests.
    NoTarget,
}

impl Kind {
    /// A short stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Leak => "leak",
            Kind::Undecided => "undecided",
            Kind::Disagreement => "disagreement",
            Kind::Unreachable => "unreachable",
            Kind::Shadowed => "shadowed",
            Kind::Redundant => "redundant",
            Kind::Overtaken => "overtaken",
            Kind::DeadEnd => "dead_end",
            Kind::Overlap => "overlap",
            Kind::Unmatched => "unmatched",
            Kind::NoTarget => "no_target",
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Kind::Leak | Kind::Undecided | Kind::Disagreement => Severity::Error,
            Kind::Unreachable | Kind::Shadowed | Kind::Redundant | Kind::DeadEnd => Severity::Warning,
            // An exception that is meant looks the same as one that is not.
            Kind::Overtaken | Kind::Overlap | Kind::Unmatched | Kind::NoTarget => Severity::Note,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Worth knowing; every policy may have it.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
