//! Which rule decides where.

use crate::diagram::{NO, Ref, YES};
use crate::space::{Cells, Space};
use weir_policy::{Policy, Rule};

/// The rules of a policy over a space.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Where each rule matches, of all requests that there can be.
    pub matches: Vec<Ref>,
    /// Where each rule decides: it matches and none before it does.
    pub decides: Vec<Ref>,
    /// Where no rule matches.
    pub unmatched: Ref,
    /// The number of the rule that decides; [`Rules::none`] where none matches and one more where there can be no
    /// request.
    pub first: Ref,
}

impl Rules {
    /// The number that says that no rule matches.
    pub fn none(&self) -> u32 {
        self.matches.len() as u32
    }

    /// Where a rule matches.
    pub fn matches(&self, number: usize) -> Ref {
        self.matches.get(number).copied().unwrap_or(NO)
    }

    /// Where it decides.
    pub fn decides(&self, number: usize) -> Ref {
        self.decides.get(number).copied().unwrap_or(NO)
    }

    /// Whether it never decides.
    pub fn is_dead(&self, number: usize) -> bool {
        self.decides(number) == NO
    }

    /// Cells of requests that the first rule decides and of which the second says something else, if neither
    /// is a special case of the other.
    pub fn overlap(&self, first: usize, second: usize, a: &Rule, b: &Rule, space: &Space) -> Option<Cells> {
        let (matches, others) = (self.matches(first), self.matches(second));
        let diagrams = &space.diagrams;
        if same_effect(a, b) || self.is_dead(second) {
            return None;
        }
        let cells = diagrams.find_overlap(self.decides(first), others)?;
        let is_special_case = diagrams.implies(matches, others) || diagrams.implies(others, matches);
        (!is_special_case).then_some(cells)
    }

    pub fn of(policy: &Policy, space: &mut Space) -> Self {
        let matches: Vec<Ref> = policy.rules().iter().map(|rule| matches(rule, space)).collect();
        let mut left = space.possible;
        let decides: Vec<Ref> = matches
            .iter()
            .map(|matches| {
                let decides = space.diagrams.and(*matches, left);
                left = space.diagrams.without(left, *matches);
                decides
            })
            .collect();
        let everywhere: Vec<u32> = (0..).zip(&matches).map(|(number, _)| number).collect();
        let first = first_of(&everywhere, &matches, space);
        Self { matches, decides, unmatched: left, first }
    }
}

/// The number of the first of these rules that matches, as [`Rules::first`] has it.
pub(crate) fn first_of(numbers: &[u32], matches: &[Ref], space: &mut Space) -> Ref {
    let first = first_among(numbers, matches, space);
    space.diagrams.restrict(space.possible, first, matches.len() as u32 + 1)
}

/// Half by half: what many rules make of requests is large, and is put together as seldom as can be.
fn first_among(numbers: &[u32], matches: &[Ref], space: &mut Space) -> Ref {
    let none = matches.len() as u32;
    match numbers {
        [] => Ref::leaf(none),
        [number] => {
            let matches = matches.get(*number as usize).copied().unwrap_or(NO);
            space.diagrams.choose(matches, *number, Ref::leaf(none))
        }
        _ => {
            let (before, after) = numbers.split_at(numbers.len() / 2);
            let (before, after) = (first_among(before, matches, space), first_among(after, matches, space));
            space.diagrams.combine(before, after, |before, after| match before.value() {
                Some(number) if number == none => Some(after),
                Some(_) => Some(before),
                None => (before == after).then_some(before),
            })
        }
    }
}

/// Whether two rules do the same with a request.
pub(crate) fn same_effect(a: &Rule, b: &Rule) -> bool {
    a.action == b.action && a.obligations == b.obligations
}

/// As [`Rule::matches`], where there can be a request at all.
fn matches(rule: &Rule, space: &mut Space) -> Ref {
    let truth = space.condition(&rule.when);
    let least = if rule.action.keeps_inside() { 1 } else { 2 };
    let matches = space.diagrams.where_value(truth, |truth| truth >= least);
    if space.possible == YES { matches } else { space.diagrams.and(matches, space.possible) }
}
