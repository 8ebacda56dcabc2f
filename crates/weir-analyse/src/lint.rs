//! Sprawl: rules that could be fewer, and how much there is to keep in mind.

mod merge;
mod parts;

use crate::prove::TooComplex;
use crate::questions::{Questions, STEPS_MAX};
use crate::rules::{Rules, same_effect};
use crate::space::Draft;
use std::fmt;
use weir_policy::{Catalogue, Condition, Policy, Rule, RuleName};

/// What a look at the shape of a policy gives.
#[derive(Debug)]
pub struct Lint {
    /// How complex it is.
    pub score: Score,
    /// What could be simpler.
    pub advice: Vec<Advice>,
}

/// How much a reader of a policy has to keep in mind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// For each rule: one, one for each test, and one for each `any`, `all` or `not` within another.
    pub rules: Vec<(RuleName, u32)>,
    /// Pairs of rules that say different things of some requests, where neither is a special case of the other:
    /// one for each, because their order has to be kept in mind.
    pub order_matters: u32,
}

impl Score {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.rules.iter().map(|(_, score)| score).sum::<u32>().saturating_add(self.order_matters)
    }
}

/// Something that could be simpler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What it is.
    pub kind: AdviceKind,
    /// The rules that it is about, in order.
    pub rules: Vec<RuleName>,
    /// What was found.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// What kind of advice it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdviceKind {
    /// Several rules could be one.
    Merge,
    /// Two rules do the same but for the order of the targets.
    OrderOnly,
    /// A part of a condition changes nothing.
    IdlePart,
    /// One rule asks for a lot.
    Complex,
    /// A rule has decided nothing for a while.
    NeverDecided,
}

impl AdviceKind {
    /// A short stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AdviceKind::Merge => "merge",
            AdviceKind::OrderOnly => "order_only",
            AdviceKind::IdlePart => "idle_part",
            AdviceKind::Complex => "complex",
            AdviceKind::NeverDecided => "never_decided",
        }
    }
}

impl fmt::Display for AdviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rule with a higher score than this is hard to read.
const RULE_SCORE_MAX: u32 = 12;

/// Looks for sprawl.
///
/// # Errors
/// [`TooComplex`] when there is no answer.
pub fn lint(policy: &Policy, catalogue: &Catalogue) -> Result<Lint, TooComplex> {
    let mut draft = Draft::default();
    draft.add(policy, catalogue);
    let mut space = draft.space();
    let mut questions = Questions::new(&space, STEPS_MAX);
    let mut rules = Rules::of(policy, &mut space, &mut questions);
    let mut advice = merge::several_in_one(policy, &mut rules, &mut questions);
    advice.extend(merge::order_only(policy, &rules));
    for rule in policy.rules() {
        advice.extend(parts::idle(rule, &mut space, &mut questions));
        advice.extend(complex(rule));
    }
    let score = score_of(policy, &mut rules, &mut questions);
    if space.diagrams.is_full() || questions.is_given_up() {
        return Err(TooComplex);
    }
    Ok(Lint { score, advice })
}

/// How complex a policy is.
///
/// # Errors
/// [`TooComplex`] when there is no answer.
pub fn score(policy: &Policy, catalogue: &Catalogue) -> Result<Score, TooComplex> {
    let mut draft = Draft::default();
    draft.add(policy, catalogue);
    let mut space = draft.space();
    let mut questions = Questions::new(&space, STEPS_MAX);
    let mut rules = Rules::of(policy, &mut space, &mut questions);
    let score = score_of(policy, &mut rules, &mut questions);
    if space.diagrams.is_full() || questions.is_given_up() { Err(TooComplex) } else { Ok(score) }
}

/// Advice about rules that are not among those that have `decided`.
pub fn never_decided<'r>(policy: &Policy, has_decided: impl Fn(&str) -> bool + 'r) -> Vec<Advice> {
    let idle = policy.rules().iter().filter(|rule| !has_decided(rule.name.as_str()));
    idle.map(|rule| Advice {
        kind: AdviceKind::NeverDecided,
        rules: vec![rule.name.clone()],
        message: format!("rule `{}` decided nothing in this time", rule.name),
        help: "ask its owners whether it is still needed; remove it if not".to_owned(),
    })
    .collect()
}

fn score_of(policy: &Policy, rules: &mut Rules, questions: &mut Questions) -> Score {
    let all = policy.rules();
    let mut order_matters = 0;
    for (second, b) in all.iter().enumerate() {
        let before = all.iter().enumerate().take(second);
        let pairs = before.filter(|(first, a)| {
            !same_effect(a, b)
                && !rules.is_dead(second)
                && rules.meet(*first, second, questions).is_some()
                && !rules.are_nested(*first, second, questions)
        });
        order_matters += pairs.count() as u32;
    }
    Score { rules: all.iter().map(|rule| (rule.name.clone(), rule_score(rule))).collect(), order_matters }
}

fn rule_score(rule: &Rule) -> u32 {
    1 + weight(&rule.when, 0)
}

/// One for each test, and one for each combination of conditions that stands within another.
fn weight(condition: &Condition, depth: u32) -> u32 {
    let within = |parts: &[Condition]| {
        u32::from(depth > 0) + parts.iter().map(|part| weight(part, depth + 1)).sum::<u32>()
    };
    match condition {
        Condition::Test(_) => 1,
        Condition::All(parts) | Condition::Any(parts) => within(parts),
        Condition::Not(part) => within(std::slice::from_ref(part)),
    }
}

fn complex(rule: &Rule) -> Option<Advice> {
    let score = rule_score(rule);
    (score > RULE_SCORE_MAX).then(|| Advice {
        kind: AdviceKind::Complex,
        rules: vec![rule.name.clone()],
        message: format!("rule `{}` asks for a lot: its score is {score}", rule.name),
        help: "give its parts names in `groups`, or split it into rules that say one thing each".to_owned(),
    })
}
