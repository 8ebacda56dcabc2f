use std::collections::BTreeMap;

/// How many tokens answers have, by kind of request.
///
/// Kinds are the caller's: task types, or whatever tells requests with long answers from those with short
/// ones. A kind of which little is known has the mean of all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutputLengths {
    all: Mean,
    by_kind: BTreeMap<u16, Mean>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Mean {
    count: u32,
    tokens: f64,
}

/// Before anything was seen.
const START: u32 = 256;
/// The share of the newest answer in a mean over many.
const NEWEST: f64 = 0.01;
/// A kind's own mean counts fully from so many answers on.
const TRUSTED: u32 = 20;
/// Kinds that are told apart.
const KINDS_MAX: usize = 256;

impl Mean {
    fn add(&mut self, tokens: u32) {
        self.count = self.count.saturating_add(1);
        let share = (1.0 / f64::from(self.count)).max(NEWEST);
        self.tokens += share * (f64::from(tokens) - self.tokens);
    }
}

impl OutputLengths {
    /// An answer of a request of this kind had so many tokens.
    pub fn learn(&mut self, kind: u16, tokens: u32) {
        self.all.add(tokens);
        if self.by_kind.len() < KINDS_MAX || self.by_kind.contains_key(&kind) {
            self.by_kind.entry(kind).or_default().add(tokens);
        }
    }

    /// The tokens that the answer to a request of this kind may be expected to have, at most `limit`.
    #[must_use]
    pub fn expected(&self, kind: u16, limit: Option<u32>) -> u32 {
        self.known(kind).unwrap_or(START).min(limit.unwrap_or(u32::MAX))
    }

    /// The same by what was seen; `None` before anything was.
    #[must_use]
    pub fn known(&self, kind: u16) -> Option<u32> {
        if self.all.count == 0 {
            return None;
        }
        let own = self.by_kind.get(&kind).copied().unwrap_or_default();
        let trust = f64::from(own.count.min(TRUSTED)) / f64::from(TRUSTED);
        let expected = (trust * own.tokens + (1.0 - trust) * self.all.tokens).round() as u32;
        Some(expected.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_expected_to_be_as_long_as_it_was_and_others_as_all() {
        let mut lengths = OutputLengths::default();
        assert_eq!((lengths.expected(1, None), lengths.known(1)), (256, None));
        for _ in 0..50 {
            lengths.learn(1, 30);
            lengths.learn(2, 600);
        }
        assert_eq!(lengths.expected(1, None), 30);
        assert_eq!(lengths.expected(2, None), 600);
        assert_eq!(lengths.expected(2, Some(100)), 100);
        assert!((250..400).contains(&lengths.expected(3, None)));
    }
}
