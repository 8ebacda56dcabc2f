//! Which rules can match at all, found at once.
//!
//! Most rules of a large policy look for one caller or one alias. A rule is passed over without a look when
//! a name that it needs is another one: of the tests that must all hold, the first of a name says under
//! which names the rule is filed.

use crate::{Condition, Facts, NameFact, NamePattern, Rule, Test};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The rules of a policy, filed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    rules: usize,
    by_name: BTreeMap<NameFact, Filed>,
    /// Rules that are filed under no name.
    always: Vec<usize>,
}

/// The rules that are filed under the names of one fact.
#[derive(Debug, Clone, Default)]
struct Filed {
    exact: HashMap<Arc<str>, Vec<usize>>,
    /// By the length of the prefix in bytes.
    prefix: BTreeMap<usize, HashMap<Arc<str>, Vec<usize>>>,
    /// All of them: an unknown name may be any.
    all: Vec<usize>,
}

impl Index {
    pub fn of(rules: &[Rule]) -> Self {
        let mut index = Self { rules: rules.len(), ..Self::default() };
        for (number, rule) in rules.iter().enumerate() {
            match needed_name(&rule.when) {
                Some((fact, names)) => index.by_name.entry(fact).or_default().file(names, number),
                None => index.always.push(number),
            }
        }
        index
    }

    /// The rules that may match. No other can.
    pub fn candidates(&self, facts: &Facts<'_>) -> Candidates {
        let mut candidates = Candidates::none_of(self.rules);
        candidates.add(&self.always);
        for (fact, filed) in &self.by_name {
            match fact.of(facts) {
                Some(name) => filed.add_named(name, &mut candidates),
                None => candidates.add(&filed.all),
            }
        }
        candidates
    }
}

impl Filed {
    fn file(&mut self, names: &[NamePattern], number: usize) {
        self.all.push(number);
        for name in names {
            let (filed, name) = match name {
                NamePattern::Exact(name) => (&mut self.exact, name),
                NamePattern::Prefix(name) => (self.prefix.entry(name.len()).or_default(), name),
            };
            filed.entry(name.clone()).or_default().push(number);
        }
    }

    fn add_named(&self, name: &str, candidates: &mut Candidates) {
        candidates.add(self.exact.get(name).map_or(&[], Vec::as_slice));
        for (length, filed) in &self.prefix {
            let Some(prefix) = name.get(..*length) else { continue };
            candidates.add(filed.get(prefix).map_or(&[], Vec::as_slice));
        }
    }
}

/// A set of rules by their number, handed out in order.
#[derive(Debug)]
pub(crate) struct Candidates {
    words: Vec<u64>,
    at: usize,
}

impl Candidates {
    fn none_of(rules: usize) -> Self {
        let words = rules.div_ceil(64);
        Self { words: vec![0; words], at: 0 }
    }

    fn add(&mut self, rules: &[usize]) {
        for number in rules {
            if let Some(word) = self.words.get_mut(number / 64) {
                *word |= 1 << (number % 64);
            }
        }
    }
}

impl Iterator for Candidates {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let word = self.words.get_mut(self.at)?;
            if *word != 0 {
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(self.at * 64 + bit);
            }
            self.at += 1;
        }
    }
}

/// Names of which a fact must be one for the condition not to be false.
fn needed_name(condition: &Condition) -> Option<(NameFact, &[NamePattern])> {
    match condition {
        Condition::Test(Test::Name(fact, names)) => Some((*fact, &names.0)),
        Condition::All(parts) => parts.iter().find_map(needed_name),
        Condition::Test(_) | Condition::Any(_) | Condition::Not(_) => None,
    }
}
