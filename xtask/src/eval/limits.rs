//! Which figure of which set is held to which limit.

use super::Set;
use super::score::{Profile, Score, Scores};
use Profile::{Balanced, Strict};

/// One limit.
struct Limit {
    set: Set,
    profile: Profile,
    figure: &'static str,
    /// At most so many per cent.
    percent: f64,
    share: fn(&Score) -> Share,
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub count: u64,
    pub of: u64,
}

impl Share {
    /// In per cent; none of nothing.
    pub fn percent(self) -> Option<f64> {
        (self.of > 0).then(|| 100.0 * self.count as f64 / self.of as f64)
    }
}

/// A limit with what was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub set: Set,
    pub profile: Profile,
    pub figure: &'static str,
    pub limit: f64,
    pub share: Share,
}

impl Row {
    /// A figure of nothing cannot be met.
    pub fn is_met(&self) -> bool {
        self.share.percent().is_some_and(|measured| measured <= self.limit)
    }
}

const fn leak(set: Set, figure: &'static str, percent: f64, share: fn(&Score) -> Share) -> Limit {
    Limit { set, profile: Strict, figure, percent, share }
}

const fn false_local(set: Set, profile: Profile, percent: f64) -> Limit {
    let share = |score: &Score| Share { count: score.false_local, of: score.clean };
    Limit { set, profile, figure: "false-local", percent, share }
}

const HARD: fn(&Score) -> Share = |score| Share { count: score.hard_leaks, of: score.hard };
const SOFT: fn(&Score) -> Share = |score| Share { count: score.soft_leaks, of: score.soft };
const ALL: fn(&Score) -> Share = |score| Share { count: score.leaks, of: score.classified };
const UNSEEN: fn(&Score) -> Share = |score| Share { count: score.items_unseen, of: score.classified };

const LIMITS: [Limit; 14] = [
    leak(Set::A, "leak, identifiers", 0.5, HARD),
    leak(Set::B, "leak, identifiers", 3.0, HARD),
    leak(Set::B, "leak, names only", 6.0, SOFT),
    leak(Set::C, "leak, names", 5.0, SOFT),
    leak(Set::D, "leak, names", 25.0, SOFT),
    leak(Set::E, "leak", 1.0, HARD),
    false_local(Set::F, Strict, 2.0),
    false_local(Set::F, Balanced, 0.5),
    leak(Set::G, "leak, identifiers and secrets", 0.7, HARD),
    leak(Set::G, "item unseen", 2.0, UNSEEN),
    false_local(Set::G, Strict, 3.0),
    false_local(Set::G, Balanced, 1.0),
    leak(Set::H, "leak", 5.0, ALL),
    false_local(Set::H, Strict, 1.0),
];

/// Whether a set is measured in the balanced profile too.
pub fn is_balanced(set: Set) -> bool {
    LIMITS.iter().any(|limit| limit.set == set && limit.profile == Balanced)
}

/// The limits of all sets that were measured.
pub fn rows(scores: &Scores) -> Vec<Row> {
    let row = |limit: &Limit| {
        let share = (limit.share)(scores.of(limit.set, limit.profile)?);
        let Limit { set, profile, figure, percent, share: _ } = *limit;
        Some(Row { set, profile, figure, limit: percent, share })
    };
    LIMITS.iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_kept_up_to_its_value_and_not_by_measuring_nothing() {
        let row = |count, of| Row {
            set: Set::A,
            profile: Strict,
            figure: "leak",
            limit: 0.5,
            share: Share { count, of },
        };
        assert!(row(1, 200).is_met());
        assert!(!row(1, 199).is_met());
        assert!(!row(0, 0).is_met());
    }

    #[test]
    fn only_what_was_measured_has_rows() {
        let mut scores = Scores::default();
        assert_eq!(rows(&scores), []);
        let score =
            Score { clean: 100, false_local: 1, hard: 10, classified: 12, leaks: 3, ..Score::default() };
        scores.add(Balanced, vec![(Set::G, score.clone())]);
        assert_eq!(rows(&scores).len(), 1);
        assert!(rows(&scores)[0].is_met());
        scores.add(Strict, vec![(Set::H, score)]);
        let figures: Vec<(Set, &str)> = rows(&scores).iter().map(|row| (row.set, row.figure)).collect();
        assert_eq!(figures, [(Set::G, "false-local"), (Set::H, "leak"), (Set::H, "false-local")]);
    }

    #[test]
    fn two_sets_have_a_second_profile() {
        assert!(is_balanced(Set::F) && is_balanced(Set::G) && !is_balanced(Set::H));
    }
}
