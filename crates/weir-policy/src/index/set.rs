//! Sets of rules by their number.

/// Some of the rules of a policy, one bit for each.
#[derive(Debug, Clone, Default)]
pub(super) struct Set(Vec<u64>);

impl Set {
    /// All of so many rules.
    pub fn all(rules: usize) -> Self {
        let mut words = vec![u64::MAX; rules.div_ceil(64)];
        let beyond = words.len() * 64 - rules;
        if let Some(last) = words.last_mut() {
            *last >>= beyond;
        }
        Self(words)
    }

    /// Those of so many rules of which it holds.
    pub fn of(rules: usize, holds: impl Fn(usize) -> bool) -> Self {
        let word = |first: usize| {
            let here = (first..rules).take(64).filter(|rule| holds(*rule));
            here.fold(0, |word, rule| word | 1 << (rule - first))
        };
        Self((0..rules).step_by(64).map(word).collect())
    }

    pub fn contains(&self, rule: usize) -> bool {
        self.0.get(rule / 64).is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    pub fn words(&self) -> &[u64] {
        &self.0
    }

    pub fn into_words(self) -> Vec<u64> {
        self.0
    }

    pub fn copy(&mut self, other: &Set) {
        self.0.clone_from(&other.0);
    }

    pub fn add(&mut self, rules: &[usize]) {
        for number in rules {
            if let Some(word) = self.0.get_mut(number / 64) {
                *word |= 1 << (number % 64);
            }
        }
    }

    /// Takes away what is not in the other.
    pub fn keep(&mut self, other: &[u64]) {
        self.0.iter_mut().zip(other).for_each(|(word, other)| *word &= other);
    }
}

/// A set of rules, handed out in order.
#[derive(Debug)]
pub(crate) struct Candidates {
    words: Vec<u64>,
    at: usize,
}

impl From<Set> for Candidates {
    fn from(Set(words): Set) -> Self {
        Self { words, at: 0 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_some_rules_are_no_more_than_those() {
        for rules in [0, 1, 63, 64, 65, 200] {
            let all: Vec<usize> = Candidates::from(Set::all(rules)).collect();
            assert_eq!(all, (0..rules).collect::<Vec<_>>());
            let every_third: Vec<usize> = Candidates::from(Set::of(rules, |rule| rule % 3 == 1)).collect();
            assert_eq!(every_third, (0..rules).filter(|rule| rule % 3 == 1).collect::<Vec<_>>());
        }
    }
}
