//! A policy as a value: rules in their order, what each does, and what it requires besides.

use crate::index::Index;
use crate::{Cascade, Condition, Fact, Facts, NumberFact, TargetId, Test, Truth};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use weir_label::{Boundary, ZoneKind};

/// The boundary, and an ordered list of rules of which the first that matches decides.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What may leave, and the revision of the policy text.
    pub boundary: Boundary,
    rules: Vec<Rule>,
    pools: BTreeMap<Arc<str>, BTreeSet<TargetId>>,
    looks_at_capacity: bool,
    looks_at_cost: bool,
    looks_at_quality: bool,
    index: Index,
    unmatched: Rule,
}

impl Policy {
    /// A policy of these rules. A request that none of them matches stays local: it waits up to ten
    /// seconds for a place and is then rejected.
    #[must_use]
    pub fn new(boundary: Boundary, rules: Vec<Rule>) -> Self {
        let routing = Routing::new(
            Selection::Zone(ZoneKind::Local),
            Preference::Order,
            Routing::DEFAULT_LADDER.to_vec(),
        );
        let unmatched = Rule::new(RuleName::unmatched(), Condition::always(), RuleAction::Route(routing));
        let looks_at_capacity = rules.iter().any(Rule::looks_at_capacity);
        let looks_at_cost = rules.iter().any(Rule::looks_at_cost);
        let looks_at_quality = rules.iter().any(Rule::looks_at_quality);
        let index = Index::of(&rules);
        let pools = BTreeMap::new();
        Self { boundary, rules, pools, looks_at_capacity, looks_at_cost, looks_at_quality, index, unmatched }
    }

    /// The same, with the targets of the pools whose capacity its rules look at.
    #[must_use]
    pub fn with_pools(mut self, pools: BTreeMap<Arc<str>, BTreeSet<TargetId>>) -> Self {
        self.pools = pools;
        self
    }

    /// The targets of each pool besides the zones whose capacity a rule looks at, by the pool's name.
    #[must_use]
    pub fn pools(&self) -> &BTreeMap<Arc<str>, BTreeSet<TargetId>> {
        &self.pools
    }

    /// Whether a decision may depend on how full or fast targets are, so that it has to be looked up.
    #[must_use]
    pub fn looks_at_capacity(&self) -> bool {
        self.looks_at_capacity
    }

    /// Whether a decision may depend on what a request would cost.
    #[must_use]
    pub fn looks_at_cost(&self) -> bool {
        self.looks_at_cost
    }

    /// Whether a decision may depend on how good targets are, so that it has to be looked up.
    #[must_use]
    pub fn looks_at_quality(&self) -> bool {
        self.looks_at_quality
    }

    /// What decides when no rule matches.
    #[must_use]
    pub fn unmatched(&self) -> &Rule {
        &self.unmatched
    }

    /// The rules as written, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule that decides about these facts.
    #[must_use]
    pub fn rule_for(&self, facts: &Facts<'_>) -> &Rule {
        let mut candidates = self.index.candidates(facts).filter_map(|number| self.rules.get(number));
        candidates.find(|rule| rule.matches(facts)).unwrap_or(&self.unmatched)
    }
}

/// When it matches, what to do.
///
/// A condition over an unknown fact may be neither true nor false. Then the rule matches if it could
/// only restrict, and does not match if it could send the request outside:
///
/// | condition | rule says `deny` or `use: local` | any other rule |
/// |---|---|---|
/// | true | matches | matches |
/// | unknown | matches | does not match |
/// | false | does not match | does not match |
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name, unique in the policy.
    pub name: RuleName,
    /// When it matches.
    pub when: Condition,
    /// What it says.
    pub action: RuleAction,
    /// What else is to be done with a request that it decides about.
    pub obligations: Arc<Obligations>,
}

impl Rule {
    /// A rule without obligations.
    #[must_use]
    pub fn new(name: RuleName, when: Condition, action: RuleAction) -> Self {
        Self { name, when, action, obligations: Arc::default() }
    }

    /// The same with these obligations.
    #[must_use]
    pub fn with_obligations(mut self, obligations: Obligations) -> Self {
        self.obligations = Arc::new(obligations);
        self
    }

    fn looks_at_capacity(&self) -> bool {
        let mut looks =
            matches!(&self.action, RuleAction::Route(routing) if routing.prefer == Preference::Fastest);
        self.when.each_test(&mut |test| {
            looks |= matches!(test, Test::Number(NumberFact::Load(..), _));
        });
        looks
    }

    fn looks_at_cost(&self) -> bool {
        let mut looks =
            matches!(&self.action, RuleAction::Route(routing) if routing.prefer == Preference::Cheapest);
        self.when.each_test(&mut |test| {
            looks |= matches!(test, Test::Number(NumberFact::CostLocal | NumberFact::CostCloud, _));
        });
        looks
    }

    fn looks_at_quality(&self) -> bool {
        let RuleAction::Route(routing) = &self.action else { return false };
        routing.prefer == Preference::Best || routing.quality.is_some() || routing.cascade.is_some()
    }

    /// The facts that are unknown, if that leaves open whether its condition holds.
    #[must_use]
    pub fn unknown_facts(&self, facts: &Facts<'_>) -> BTreeSet<Fact> {
        let mut unknown = BTreeSet::new();
        if self.when.evaluate(facts) == Truth::Unknown {
            self.when.each_test(&mut |test| {
                unknown.extend((test.evaluate(facts) == Truth::Unknown).then(|| test.fact()));
            });
        }
        unknown
    }

    /// Whether it decides about these facts, if no rule before it does.
    ///
    /// INVARIANT (unknown never widens): upheld here.
    #[must_use]
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        match self.when.evaluate(facts) {
            Truth::True => true,
            Truth::Unknown => self.action.keeps_inside(),
            Truth::False => false,
        }
    }
}

/// What is to be done with a request besides sending it somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Obligations {
    /// What must be done, or the request is refused.
    pub require: BTreeSet<Requirement>,
    /// Words of the operator's that records and metrics carry: at most 64 bytes of `a-z`, `0-9`, `_`,
    /// `-`, `.` each.
    pub tags: BTreeSet<Arc<str>>,
}

/// What a rule may demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// `audit.durable`: the record of the decision is on the disk before the request goes anywhere,
    /// inside the network too; without one it is refused.
    DurableRecord,
    /// `audit.content`: the prompt is captured, encrypted and on the disk before the request goes anywhere, and the
    /// answer before its end is given out; if it cannot be, the request is refused.
    CapturedContent,
}

impl Requirement {
    /// Every requirement.
    pub const ALL: [Requirement; 2] = [Requirement::DurableRecord, Requirement::CapturedContent];

    /// The name used in policies and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Requirement::DurableRecord => "audit.durable",
            Requirement::CapturedContent => "audit.content",
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a rule: 1 to 100 characters without control characters, not `no rule matched`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleName(Arc<str>);

impl RuleName {
    const UNMATCHED: &'static str = "no rule matched";
    const CHARS_MAX: usize = 100;

    fn unmatched() -> Self {
        Self(Self::UNMATCHED.into())
    }

    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, to be shared.
    #[must_use]
    pub fn shared(&self) -> &Arc<str> {
        &self.0
    }

    /// Whether this stands for the absence of a matching rule.
    #[must_use]
    pub fn is_unmatched(&self) -> bool {
        self.as_str() == Self::UNMATCHED
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that cannot name a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRuleName {
    /// Nothing, or too much.
    #[error("the name of a rule has 1 to 100 characters")]
    Length,
    /// Control characters would garble logs and terminals.
    #[error("the name of a rule may not contain control characters")]
    Control,
    /// The name that records use when no rule matched.
    #[error("`no rule matched` is what records say when no rule matched; choose another name")]
    Reserved,
}

impl FromStr for RuleName {
    type Err = InvalidRuleName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.chars().count() > Self::CHARS_MAX {
            return Err(InvalidRuleName::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidRuleName::Control);
        }
        if text == Self::UNMATCHED {
            return Err(InvalidRuleName::Reserved);
        }
        Ok(Self(text.into()))
    }
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleAction {
    /// Send the request to one of these.
    Route(Routing),
    /// Refuse it, with this message to the caller.
    Deny(Arc<str>),
}

impl RuleAction {
    /// Whether this cannot send a request outside, whatever the targets are.
    #[must_use]
    pub const fn keeps_inside(&self) -> bool {
        match self {
            RuleAction::Deny(_) => true,
            RuleAction::Route(routing) => routing.targets.keeps_inside(),
        }
    }
}

/// Which of the alias's permitted targets, in which order, and what to do when they are full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    /// Which targets.
    pub targets: Selection,
    /// In which order.
    pub prefer: Preference,
    /// The ladder: steps taken in order while there is no free place.
    pub when_full: Vec<Step>,
    /// The least quality, as a share in millionths of that of the best target that is left.
    pub quality: Option<u64>,
    /// Whether answers are checked, and what of them.
    pub cascade: Option<Cascade>,
}

impl Routing {
    /// The ladder of a rule that has no `when_full`.
    pub const DEFAULT_LADDER: [Step; 2] = [Step::Queue(Duration::from_secs(10)), Step::Reject];

    /// A routing that asks for no quality and checks no answers.
    #[must_use]
    pub const fn new(targets: Selection, prefer: Preference, when_full: Vec<Step>) -> Self {
        Self { targets, prefer, when_full, quality: None, cascade: None }
    }
}

/// Which of the alias's permitted targets a rule uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All.
    Any,
    /// Those of one zone.
    Zone(ZoneKind),
    /// Those listed, in this order.
    Targets(Vec<TargetId>),
    /// Those of a set, in the operator's order.
    Among {
        /// The zone that the rule names besides; all of `targets` are of it.
        zone: Option<ZoneKind>,
        /// The targets.
        targets: BTreeSet<TargetId>,
    },
}

impl Selection {
    /// Whether this cannot send a request outside, whatever the targets are.
    #[must_use]
    pub const fn keeps_inside(&self) -> bool {
        match self {
            Selection::Zone(zone) => matches!(zone, ZoneKind::Local),
            Selection::Among { zone, .. } => matches!(zone, Some(ZoneKind::Local)),
            Selection::Any | Selection::Targets(_) => false,
        }
    }
}

/// In which order targets are taken. Among equals, the operator's order holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Preference {
    /// The operator's order: of the rule's list if it has one, else of the alias.
    #[default]
    Order,
    /// Local targets first, otherwise the operator's order.
    Local,
    /// By what the expected tokens cost. A local target without a price costs nothing; a cloud target
    /// without one comes last.
    Cheapest,
    /// By the time to the first token that may be expected. Targets of which it is unknown come last.
    Fastest,
    /// By the quality that is measured, or else declared, for the request's task type. Targets without come last.
    Best,
    /// As listed; targets that are not listed come last.
    Listed(Arc<[TargetId]>),
}

/// One step of a ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Wait so long for a place.
    Queue(Duration),
    /// Take a smaller local model.
    Degrade,
    /// Take a cloud target of the plan.
    Burst,
    /// Refuse the request.
    Reject,
}
