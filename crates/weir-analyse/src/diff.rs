//! What another policy would do differently.

mod outcome;

use crate::cover::cover;
use crate::diagram::Ref;
use crate::environment::Environment;
use crate::pairs::pairs;
use crate::prove::TooComplex;
use crate::rules::Rules;
use crate::space::{Draft, Space};
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
    /// How many regions they are.
    pub regions: u128,
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
    let rules = both_rules(before, after, &mut space);
    let environment = both_environments(before, after, &mut space);
    let mut groups = BTreeMap::<u32, Group>::new();
    for ((circumstances, ruling), cells) in pairs(&space.diagrams, environment, rules.which) {
        if rules.all.get(ruling as usize).is_none() {
            continue;
        }
        let request = space.request(&cells);
        let (old, new) = (Outcome::of(before, &request), Outcome::of(after, &request));
        if let Some(kind) = old.change_to(&new) {
            groups.entry(ruling).or_default().add(circumstances, kind, &old, &new, request);
        }
    }
    let changes = groups.into_iter().filter_map(|(ruling, group)| {
        let (old, new) = rules.all.get(ruling as usize).copied()?;
        let ruled = space.diagrams.where_value(rules.which, |value| value == ruling);
        Some(group.change(name(before, old), name(after, new), (environment, ruled), &mut space))
    });
    let mut changes: Vec<Change> = changes.collect();
    if space.diagrams.is_full() {
        return Err(TooComplex);
    }
    changes.sort_by_key(Change::kind);
    let regions = space.diagrams.count(space.possible, |value| value == 1).0;
    Ok(Difference { regions, changes })
}

fn name(subject: Subject<'_>, rule: usize) -> RuleName {
    subject.policy.rules().get(rule).unwrap_or(subject.policy.unmatched()).name.clone()
}

/// Requests that change from one rule to another.
#[derive(Default)]
struct Group {
    circumstances: BTreeSet<u32>,
    effects: BTreeMap<ChangeKind, Effect>,
}

/// More conditions than these are not read by anybody.
const WHEN_MAX: usize = 4;

impl Group {
    fn add(
        &mut self,
        circumstances: u32,
        kind: ChangeKind,
        old: &Outcome,
        new: &Outcome,
        example: OwnedFacts,
    ) {
        self.circumstances.insert(circumstances);
        self.effects.entry(kind).or_insert_with(|| Effect {
            kind,
            before: old.in_words(),
            after: new.in_words(),
            example,
        });
    }

    fn change(
        self,
        before: RuleName,
        after: RuleName,
        (environment, ruled): (Ref, Ref),
        space: &mut Space,
    ) -> Change {
        let circumstances =
            space.diagrams.where_value(environment, |value| self.circumstances.contains(&value));
        let region = space.diagrams.and(circumstances, ruled);
        let (cubes, more) = cover(region, WHEN_MAX, space);
        Change {
            before,
            after,
            when: cubes.iter().map(|cube| in_words(cube, space)).collect(),
            more,
            regions: space.diagrams.count(region, |value| value == 1).0,
            effects: self.effects.into_values().collect(),
        }
    }
}

/// For each request the numbers of the rules that decide on both sides.
struct BothRules {
    /// The pairs of rules by number.
    all: Vec<(usize, usize)>,
    /// The number of the pair; above all of them where there can be no request.
    which: Ref,
}

fn both_rules(before: Subject<'_>, after: Subject<'_>, space: &mut Space) -> BothRules {
    let (old, new) = (Rules::of(before.policy, space), Rules::of(after.policy, space));
    let mut all = Vec::new();
    let mut known = BTreeMap::<(u32, u32), u32>::new();
    let which = space.diagrams.combine(old.first, new.first, |a, b| {
        let (a, b) = (a.value()?, b.value()?);
        if a > old.none() || b > new.none() {
            return Some(Ref::leaf(u32::MAX >> 1));
        }
        Some(Ref::leaf(*known.entry((a, b)).or_insert_with(|| {
            all.push((a as usize, b as usize));
            (all.len() - 1) as u32
        })))
    });
    BothRules { all, which }
}

/// The number of the circumstances on both sides.
fn both_environments(before: Subject<'_>, after: Subject<'_>, space: &mut Space) -> Ref {
    let old = Environment::of(before.policy, before.catalogue, space);
    let new = Environment::of(after.policy, after.catalogue, space);
    let mut known = BTreeMap::<(u32, u32), u32>::new();
    space.diagrams.combine(old.which, new.which, |a, b| {
        let next = known.len() as u32;
        Some(Ref::leaf(*known.entry((a.value()?, b.value()?)).or_insert(next)))
    })
}
