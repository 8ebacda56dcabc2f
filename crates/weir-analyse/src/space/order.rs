//! In which order facts are asked for: what a rule looks at stands together.
//!
//! Source: F. A. Aloul, I. L. Markov and K. A. Sakallah, "FORCE: a fast and easy-to-implement variable-ordering
//! heuristic", Great Lakes Symposium on VLSI, 2003.

use std::collections::{BTreeMap, BTreeSet};
use weir_policy::Fact;

/// Rounds after which an order that has not become better is good enough.
const PATIENCE: usize = 8;

/// The place of each fact: first those that many rules look at, because what stands above is shared by all that
/// stands below; of those that about as many rules look at, what is looked at together is close together.
pub(super) fn places(together: &[BTreeSet<Fact>]) -> BTreeMap<Fact, usize> {
    let mut uses = BTreeMap::<&Fact, usize>::new();
    together.iter().flatten().for_each(|fact| *uses.entry(fact).or_default() += 1);
    let mut facts: Vec<(&Fact, usize)> = uses.into_iter().collect();
    facts.sort_by_key(|(_, uses)| std::cmp::Reverse(*uses));
    let numbers: BTreeMap<&Fact, usize> =
        (0..).zip(&facts).map(|(number, (fact, _))| (*fact, number)).collect();
    let groups: Vec<Vec<usize>> = together
        .iter()
        .map(|group| group.iter().filter_map(|fact| numbers.get(fact).copied()).collect())
        .collect();
    let mut order = drawn_together(facts.len(), &groups);
    order.sort_by_key(|number| std::cmp::Reverse(facts.get(*number).map_or(0, |(_, uses)| uses.ilog2())));
    let named = order.into_iter().filter_map(|number| Some(facts.get(number)?.0.clone()));
    named.zip(0..).collect()
}

/// The numbers below `count` in an order in which those of a group are close together.
fn drawn_together(count: usize, groups: &[Vec<usize>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut best = (span(&order, groups), order.clone());
    let mut in_vain = 0;
    while in_vain < PATIENCE {
        order = drawn(&order, groups);
        let span = span(&order, groups);
        if span < best.0 {
            best = (span, order.clone());
            in_vain = 0;
        } else {
            in_vain += 1;
        }
    }
    best.1
}

/// Each number moves to the middle of the middles of its groups.
fn drawn(order: &[usize], groups: &[Vec<usize>]) -> Vec<usize> {
    let places = inverse(order);
    let mut pull = vec![(0.0, 0.0); order.len()];
    for group in groups {
        let sum: f64 = group.iter().map(|number| place(&places, *number)).sum();
        let middle = sum / group.len() as f64;
        for number in group {
            if let Some((sum, count)) = pull.get_mut(*number) {
                (*sum, *count) = (*sum + middle, *count + 1.0);
            }
        }
    }
    let middle = |number: usize| match pull.get(number) {
        Some((sum, count)) if *count > 0.0 => sum / count,
        _ => place(&places, number),
    };
    let mut drawn: Vec<usize> = (0..order.len()).collect();
    drawn.sort_by(|a, b| middle(*a).total_cmp(&middle(*b)));
    drawn
}

/// How far the members of groups are apart, all in all.
fn span(order: &[usize], groups: &[Vec<usize>]) -> usize {
    let places = inverse(order);
    let of = |group: &Vec<usize>| {
        let places = group.iter().filter_map(|number| places.get(*number));
        places.clone().max().unwrap_or(&0) - places.min().unwrap_or(&0)
    };
    groups.iter().map(of).sum()
}

fn inverse(order: &[usize]) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    for (place, number) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(*number) {
            *slot = place;
        }
    }
    places
}

fn place(places: &[usize], number: usize) -> f64 {
    places.get(number).copied().unwrap_or_default() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_together_comes_together() {
        // Six pairs, of which first all firsts and then all seconds are known.
        let pairs: Vec<Vec<usize>> = (0..6).map(|n| vec![n, n + 6]).collect();
        let order = drawn_together(12, &pairs);
        assert_eq!(span(&order, &pairs), 6, "{order:?}");
        let chain: Vec<Vec<usize>> = [0, 5, 3, 1, 4, 2].windows(2).map(<[usize]>::to_vec).collect();
        assert_eq!(span(&drawn_together(6, &chain), &chain), 5);
        assert_eq!(drawn_together(3, &[]), [0, 1, 2]);
    }
}
