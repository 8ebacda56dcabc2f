//! What another policy would do differently.

mod outcome;

use crate::cover::cover;
use crate::diagram::Ref;
use crate::environment::Environment;
use crate::prove::TooComplex;
use crate::questions::{Questions, STEPS_MAX};
use crate::rules::Rules;
use crate::solve::Literal;
use crate::space::{Draft, Space};
use crate::walk::Circumstances;
use crate::words::in_words;
use outcome::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use weir_policy::{Catalogue, OwnedFacts, Policy, RuleName};

/// A policy with the targets that it decides about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'p> {
    /// The policy.
    pub policy: &'p Policy,
    /// Targets and aliases, with clearances made by the policy's boundary.
    pub catalogue: &'p Catalogue,
}

/// What is different between two policies.
#[derive(Debug)]
pub struct Difference {
    /// How many regions the two divide all requests into.
    pub regions: u128,
    /// What changes; the gravest first. Empty when only words have changed.
    pub changes: Vec<Change>,
}

/// Requests that another rule decides about, or the same rule otherwise.
#[derive(Debug, Clone)]
pub struct Change {
    /// The rule that decides now.
    pub before: RuleName,
    /// The rule that would decide.
    pub after: RuleName,
    /// Which requests, in words; they are told apart by nothing else.
    pub when: Vec<String>,
    /// Whether there are more such requests than `when` says.
    pub more: bool,
    /// What becomes of them; the gravest first, never empty.
    pub effects: Vec<Effect>,
}

impl Change {
    /// The gravest effect.
    #[must_use]
    pub fn kind(&self) -> Option<ChangeKind> {
        self.effects.first().map(|effect| effect.kind)
    }
}

/// What becomes of some of the requests of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What about the decision changes.
    pub kind: ChangeKind,
    /// What is done with the example now.
    pub before: String,
    /// What would be done with it.
    pub after: String,
    /// One of the requests.
    pub example: OwnedFacts,
}

/// What about a decision changes: the first of these that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Requests that stay inside may leave.
    Opened,
    /// Requests that were answered are denied.
    Denied,
    /// Requests that may leave stay inside.
    Closed,
    /// Requests that were denied are answered.
    Allowed,
    /// The zone that is tried first.
    Zone,
    /// The targets.
    Targets,
    /// The order of the targets.
    Order,
    /// What is done when targets are full.
    WhenFull,
    /// What else is to be done with the request.
    Obligations,
    /// Why, or in which words, a request is denied.
    Denial,
}

impl ChangeKind {
    /// A short stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Opened => "opened",
            ChangeKind::Denied => "denied",
            ChangeKind::Closed => "closed",
            ChangeKind::Allowed => "allowed",
            ChangeKind::Zone => "zone",
            ChangeKind::Targets => "targets",
            ChangeKind::Order => "order",
            ChangeKind::WhenFull => "when_full",
            ChangeKind::Obligations => "obligations",
            ChangeKind::Denial => "denial",
        }
    }

    /// The change in a sentence.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            ChangeKind::Opened => "requests that stay inside may leave the network",
            ChangeKind::Denied => "requests that are answered would be denied",
            ChangeKind::Closed => "requests that may leave the network would stay inside",
            ChangeKind::Allowed => "requests that are denied would be answered",
            ChangeKind::Zone => "another zone is tried first",
            ChangeKind::Targets => "other targets",
            ChangeKind::Order => "another order of the same targets",
            ChangeKind::WhenFull => "another ladder when targets are full",
            ChangeKind::Obligations => "other obligations",
            ChangeKind::Denial => "another reason of the denial",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many times as many steps as for a proof, for which a gateway waits: to say what changes in words takes many.
const PATIENCE: u64 = 10;

/// Compares what two policies do with every request that there can be.
///
/// An order by price or by time, which hangs on figures of the moment, counts as changed when it is asked for on
/// one side only.
///
/// # Errors
/// [`TooComplex`] when there is no answer.
pub fn diff(before: Subject<'_>, after: Subject<'_>) -> Result<Difference, TooComplex> {
    let mut draft = Draft::default();
    draft.add(before.policy, before.catalogue);
    draft.add(after.policy, after.catalogue);
    let mut space = draft.space();
    let mut questions = Questions::new(&space, PATIENCE * STEPS_MAX);
    let mut changes = Vec::new();
    let environment = both_environments(before, after, &mut space);
    let mut circumstances = Circumstances::new(environment.which, environment.count);
    let old = Rules::of(before.policy, &mut space, &mut questions);
    let new = Rules::of(after.policy, &mut space, &mut questions);
    for ((a, b), some) in pairs(&old, &new, &mut questions) {
        let ruled = [old.deciding(a), new.deciding(b)].concat();
        let decide = |cells: &[usize], questions: &Questions| {
            old.deciding_about(cells, questions) == a && new.deciding_about(cells, questions) == b
        };
        let mut group = Group::default();
        for (number, cells) in circumstances.each(&ruled, &some, &decide, &space, &mut questions) {
            let request = space.request_in(&cells);
            let (was, is) = (Outcome::of(before, &request), Outcome::of(after, &request));
            if let Some(kind) = was.change_to(&is) {
                group.circumstances.insert(number);
                group.effects.entry(kind).or_insert_with(|| Example { number, was, is });
            }
        }
        if !group.effects.is_empty() {
            let names = (name(before, a), name(after, b));
            changes.push(group.change(names, &ruled, environment.which, &mut space, &mut questions));
        }
        if questions.is_given_up() {
            break;
        }
    }
    if space.diagrams.is_full() || questions.is_given_up() {
        return Err(TooComplex);
    }
    changes.sort_by_key(Change::kind);
    let regions = space.diagrams.count(space.possible, |value| value == 1).0;
    Ok(Difference { regions, changes })
}

/// What changes for one request.
#[cfg(test)]
pub(crate) fn change(before: Subject<'_>, after: Subject<'_>, request: &OwnedFacts) -> Option<ChangeKind> {
    Outcome::of(before, request).change_to(&Outcome::of(after, request))
}

fn name(subject: Subject<'_>, rule: usize) -> RuleName {
    subject.policy.rules().get(rule).unwrap_or(subject.policy.unmatched()).name.clone()
}

/// Requests that change from one rule to another.
#[derive(Default)]
struct Group {
    /// The numbers of the circumstances in which they change.
    circumstances: BTreeSet<u32>,
    effects: BTreeMap<ChangeKind, Example>,
}

/// How requests change in circumstances of this number.
struct Example {
    number: u32,
    was: Outcome,
    is: Outcome,
}

/// More conditions than these are not read by anybody.
const WHEN_MAX: usize = 4;

impl Group {
    fn change(
        self,
        (before, after): (RuleName, RuleName),
        ruled: &[Literal],
        environment: Ref,
        space: &mut Space,
        questions: &mut Questions,
    ) -> Change {
        let mut within = |space: &mut Space, wanted: &dyn Fn(u32) -> bool| {
            let circumstances = space.diagrams.where_value(environment, wanted);
            [ruled, &[questions.function(circumstances, &space.diagrams)]].concat()
        };
        let region = within(space, &|number| self.circumstances.contains(&number));
        let examples: Vec<_> = self
            .effects
            .into_iter()
            .map(|(kind, example)| (kind, within(space, &|number| number == example.number), example))
            .collect();
        let region = questions.all(&region);
        let (cubes, more) = cover(region, WHEN_MAX, space, questions);
        let effect = |(kind, within, Example { was, is, .. }): (ChangeKind, Vec<Literal>, Example)| {
            let example = space.request_in(&questions.find_plain(&within, space)?);
            Some(Effect { kind, before: was.in_words(), after: is.in_words(), example })
        };
        Change {
            before,
            after,
            when: cubes.iter().map(|cube| in_words(cube, space)).collect(),
            more,
            effects: examples.into_iter().filter_map(effect).collect(),
        }
    }
}

/// The pairs of rules, by number, of which the first decides now and the second would decide about a request, with
/// the request.
fn pairs(old: &Rules, new: &Rules, questions: &mut Questions) -> Vec<((usize, usize), Vec<usize>)> {
    let mut pairs = Vec::new();
    for before in 0..=old.none() {
        // Those that are known are ruled out, until there is no other.
        let mut others = old.deciding(before);
        while let Some(cells) = questions.find(&others) {
            let after = new.deciding_about(&cells, questions);
            others.push(!questions.all(&new.deciding(after)));
            pairs.push(((before, after), cells));
        }
    }
    pairs
}

/// The number of the circumstances on both sides.
fn both_environments(before: Subject<'_>, after: Subject<'_>, space: &mut Space) -> Environment {
    let old = Environment::of(before.policy, before.catalogue, space);
    let new = Environment::of(after.policy, after.catalogue, space);
    let mut known = BTreeMap::<(u32, u32), u32>::new();
    let which = space.diagrams.combine(old.which, new.which, |a, b| {
        let next = known.len() as u32;
        Some(Ref::leaf(*known.entry((a.value()?, b.value()?)).or_insert(next)))
    });
    Environment { which, count: known.len() }
}
