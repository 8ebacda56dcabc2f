//! Prompt, limit of the answer, and what both need of a context: the one pair of axes and their sum.

use crate::axis::{Axis, Cell, Subject};
use crate::diagram::{Diagrams, NO, Ref, YES};
use std::collections::BTreeMap;
use weir_policy::{Fact, FactValue, NumberFact, OwnedFacts};

/// The axes of sizes, as far as a policy or a context looks at them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sizes {
    prompt: Option<(usize, Vec<Cell>)>,
    limit: Option<(usize, Vec<Cell>)>,
    needed: Option<(usize, Vec<Cell>)>,
}

/// Numbers from the first to the second, both included.
type Interval = (u64, u64);

const ANY: Interval = (0, u64::MAX);

impl Sizes {
    pub fn of(axes: &[Axis], places: &BTreeMap<Subject, usize>) -> Self {
        let find = |subject: &Subject| {
            let place = *places.get(subject)?;
            Some((place, axes.get(place)?.cells.clone()))
        };
        Self {
            prompt: find(&Subject::Value(Fact::Number(NumberFact::PromptTokens))),
            limit: find(&Subject::Value(Fact::Number(NumberFact::MaxOutputTokens))),
            needed: find(&Subject::TokensNeeded),
        }
    }

    /// True where prompt and limit can add up to what is needed.
    pub fn possible(self, diagrams: &mut Diagrams) -> Ref {
        // The axes stand in this order; an axis that is not there is asked for nothing.
        self.over_prompt(diagrams)
    }

    fn over_prompt(&self, diagrams: &mut Diagrams) -> Ref {
        self.each(&self.prompt, diagrams, |diagrams, prompt| {
            self.each(&self.limit, diagrams, |diagrams, limit| {
                self.each(&self.needed, diagrams, |_, needed| {
                    if solve(prompt, limit, needed).is_some() { YES } else { NO }
                })
            })
        })
    }

    fn each(
        &self,
        axis: &Option<(usize, Vec<Cell>)>,
        diagrams: &mut Diagrams,
        below: impl Fn(&mut Diagrams, Option<&Cell>) -> Ref,
    ) -> Ref {
        let Some((place, cells)) = axis else { return below(diagrams, None) };
        let children: Vec<Ref> = cells.iter().map(|cell| below(diagrams, Some(cell))).collect();
        diagrams.node(*place, &children)
    }

    /// Gives a request sizes that fit the cells.
    pub fn put(&self, cells: &[Option<usize>], request: &mut OwnedFacts) {
        let cell = |axis: &Option<(usize, Vec<Cell>)>| {
            let (place, all) = axis.as_ref()?;
            all.get(cells.get(*place).copied().flatten()?).cloned()
        };
        let (prompt, limit, needed) = (cell(&self.prompt), cell(&self.limit), cell(&self.needed));
        let Some((prompt, limit)) = solve(prompt.as_ref(), limit.as_ref(), needed.as_ref()) else { return };
        super::set(request, &Fact::Number(NumberFact::PromptTokens), FactValue::Number(prompt));
        let limit = limit.map_or(FactValue::Unknown, FactValue::Number);
        super::set(request, &Fact::Number(NumberFact::MaxOutputTokens), limit);
    }
}

/// A prompt and a limit in these cells that need what the last one says; without a limit if that will do.
fn solve(prompt: Option<&Cell>, limit: Option<&Cell>, needed: Option<&Cell>) -> Option<(u64, Option<u64>)> {
    let (prompt, needed) = (interval(prompt), interval(needed));
    let unlimited = || Some((sum(prompt, (0, 0), needed)?.0, None));
    let limited = |limit| sum(prompt, limit, needed).map(|(prompt, limit)| (prompt, Some(limit)));
    match limit {
        None => unlimited().or_else(|| limited(ANY)),
        Some(Cell::Numbers(from, to)) => limited((*from, *to)),
        Some(_) => unlimited(),
    }
}

fn interval(cell: Option<&Cell>) -> Interval {
    match cell {
        Some(Cell::Numbers(from, to)) => (*from, *to),
        _ => ANY,
    }
}

/// Two numbers in `a` and `b` whose sum, which stops at the greatest number, is in `sum`. Near a hundred where
/// nothing else is asked, because that reads like a request.
fn sum(a: Interval, b: Interval, sum: Interval) -> Option<(u64, u64)> {
    let usual = 100.clamp(a.0, a.1).min(sum.1.saturating_sub(b.0).max(a.0));
    let (first, second) = (usual, b.0);
    let missing = sum.0.saturating_sub(first.saturating_add(second));
    let second = second.saturating_add(missing).min(b.1);
    let missing = sum.0.saturating_sub(first.saturating_add(second));
    let first = first.saturating_add(missing).min(a.1);
    let total = first.saturating_add(second);
    (sum.0 <= total && total <= sum.1).then_some((first, second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn small() -> impl Strategy<Value = Interval> {
        prop_oneof![
            (0..8_u64, 0..8_u64).prop_map(|(a, b)| (a.min(b), a.max(b))),
            (0..8_u64).prop_map(|a| (a, u64::MAX))
        ]
    }

    proptest! {
        /// Numbers are found exactly when there are any.
        #[test]
        fn sums_are_found_when_there_are_any(a in small(), b in small(), wanted in small()) {
            let holds = |(from, to): Interval, number: u64| from <= number && number <= to;
            let there_is = (0..40_u64).any(|x| {
                holds(a, x) && (0..40_u64).any(|y| holds(b, y) && holds(wanted, x + y))
            });
            let found = sum(a, b, wanted);
            prop_assert_eq!(found.is_some(), there_is);
            if let Some((x, y)) = found {
                prop_assert!(holds(a, x) && holds(b, y) && holds(wanted, x.saturating_add(y)));
            }
        }
    }
}
