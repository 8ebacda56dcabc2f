//! Which rules can match at all, found at once.
//!
//! Of the tests that must all hold for a rule to match, each that looks at one fact alone narrows down when it
//! can. For every fact that rules look at in this way there is one set of rules per value, or range of values,
//! of those that the value does not rule out; the candidates are what is in all sets. The rest of a rule is
//! evaluated for candidates only.
//!
//! Source: T. V. Lakshman and D. Stiliadis, "High-speed policy-based packet forwarding using efficient
//! multi-dimensional range matching", SIGCOMM 1998.

mod need;
mod set;

use crate::{Facts, NamePattern, Rule};
use need::{Named, Needs, Ordered};
use set::Set;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

pub(crate) use set::Candidates;

/// The rules of a policy, filed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    rules: usize,
    ordered: Vec<(Ordered, Steps)>,
    named: Vec<(Named, Filed)>,
}

impl Index {
    pub fn of(rules: &[Rule]) -> Self {
        let needs: Vec<Needs> = rules.iter().map(|rule| Needs::of(&rule.when)).collect();
        let inside = Set::of(rules.len(), |rule| rules.get(rule).is_some_and(|r| r.action.keeps_inside()));
        let ordered: BTreeSet<&Ordered> = needs.iter().flat_map(|needs| needs.ordered.keys()).collect();
        let named: BTreeSet<&Named> = needs.iter().flat_map(|needs| needs.named.keys()).collect();
        Self {
            rules: rules.len(),
            ordered: ordered.into_iter().map(|f| (f.clone(), Steps::of(f, &needs, &inside))).collect(),
            named: named.into_iter().map(|f| (*f, Filed::of(*f, &needs, &inside))).collect(),
        }
    }

    /// The rules that may match. No other can.
    pub fn candidates(&self, facts: &Facts<'_>) -> Candidates {
        let mut left = Set::all(self.rules);
        for (fact, steps) in &self.ordered {
            left.keep(steps.at(fact.of(facts)));
        }
        let mut scratch = Set::default();
        for (fact, filed) in &self.named {
            scratch.copy(filed.beginning(*fact, facts));
            fact.each(facts, &mut |name| filed.add(name, &mut scratch));
            left.keep(scratch.words());
        }
        left.into()
    }
}

/// The most memory of the sets of one fact, in words of 64 rules. With more rules neighbouring ranges share a
/// set, so that some rules are looked at in vain.
const WORDS_MAX: usize = 1 << 17;

/// What the value of an ordered fact leaves of the rules.
#[derive(Debug, Clone)]
struct Steps {
    /// Where ranges begin, but for the one that begins at zero.
    cuts: Vec<u64>,
    /// The sets of the ranges, one after the other.
    sets: Vec<u64>,
    /// Where the fact is unknown, only a rule that restricts can match if it needs it.
    unknown: Set,
}

impl Steps {
    fn of(fact: &Ordered, needs: &[Needs], inside: &Set) -> Self {
        let needed: Vec<_> = needs.iter().map(|needs| needs.ordered.get(fact)).collect();
        let cuts: BTreeSet<u64> = needed.iter().flatten().flat_map(|ranges| ranges.cuts()).collect();
        let words = (cuts.len() + 1).saturating_mul(inside.words().len());
        let cuts: Vec<u64> = cuts.into_iter().step_by(words.div_ceil(WORDS_MAX).max(1)).collect();
        let begins = [0].into_iter().chain(cuts.iter().copied());
        let ends = cuts.iter().map(|cut| cut - 1).chain([u64::MAX]);
        let sets = begins.zip(ends).flat_map(|(least, most)| {
            let passes = |rule: usize| match needed.get(rule) {
                Some(Some(ranges)) => ranges.meets(least, most),
                Some(None) | None => true,
            };
            Set::of(needs.len(), passes).into_words()
        });
        let sets = sets.collect();
        let unknown = Set::of(needs.len(), |rule| {
            inside.contains(rule) || needed.get(rule).is_none_or(Option::is_none)
        });
        Self { cuts, sets, unknown }
    }

    fn at(&self, value: Option<u64>) -> &[u64] {
        let Some(value) = value else { return self.unknown.words() };
        let words = self.unknown.words().len();
        let range = self.cuts.partition_point(|cut| *cut <= value);
        self.sets.get(range * words..(range + 1) * words).unwrap_or_default()
    }
}

/// What the names that a fact holds leave of the rules.
#[derive(Debug, Clone, Default)]
struct Filed {
    /// Rules that need none of these names.
    free: Set,
    /// The same and those that may match of what is not known.
    unknown: Set,
    exact: HashMap<Arc<str>, Vec<usize>>,
    /// By the length of the prefix in bytes.
    prefix: BTreeMap<usize, HashMap<Arc<str>, Vec<usize>>>,
}

impl Filed {
    fn of(fact: Named, needs: &[Needs], inside: &Set) -> Self {
        let needs_it = |rule: usize| needs.get(rule).is_some_and(|needs| needs.named.contains_key(&fact));
        let free = Set::of(needs.len(), |rule| !needs_it(rule));
        let unknown = Set::of(needs.len(), |rule| inside.contains(rule) || !needs_it(rule));
        let mut filed = Self { free, unknown, ..Self::default() };
        for (number, needs) in needs.iter().enumerate() {
            needs.named.get(&fact).into_iter().flatten().for_each(|name| filed.file(name, number));
        }
        filed
    }

    fn file(&mut self, name: &NamePattern, number: usize) {
        let (filed, name) = match name {
            NamePattern::Exact(name) => (&mut self.exact, name),
            NamePattern::Prefix(name) => (self.prefix.entry(name.len()).or_default(), name),
        };
        filed.entry(name.clone()).or_default().push(number);
    }

    /// The rules that no name is needed for.
    fn beginning(&self, fact: Named, facts: &Facts<'_>) -> &Set {
        if fact.is_known(facts) { &self.free } else { &self.unknown }
    }

    fn add(&self, name: &str, rules: &mut Set) {
        rules.add(self.exact.get(name).map_or(&[], Vec::as_slice));
        for (length, filed) in &self.prefix {
            let Some(prefix) = name.get(..*length) else { continue };
            rules.add(filed.get(prefix).map_or(&[], Vec::as_slice));
        }
    }
}
