use crate::Truth;
use std::fmt;

/// A set of whole numbers: ranges in order, of which no two touch.
///
/// The form is canonical: two of these are equal exactly when they hold the same numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ranges(Vec<Range>);

/// The numbers from `least` to `most`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The first.
    pub least: u64,
    /// The last; never below the first.
    pub most: u64,
}

impl Ranges {
    /// No number.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The numbers from `least` to `most`, both included; none if `least` is greater.
    #[must_use]
    pub fn between(least: u64, most: u64) -> Self {
        if least <= most { Self(vec![Range { least, most }]) } else { Self::none() }
    }

    /// From `least` on.
    #[must_use]
    pub fn at_least(least: u64) -> Self {
        Self::between(least, u64::MAX)
    }

    /// Up to `most`.
    #[must_use]
    pub fn at_most(most: u64) -> Self {
        Self::between(0, most)
    }

    /// Above `bound`.
    #[must_use]
    pub fn above(bound: u64) -> Self {
        bound.checked_add(1).map_or_else(Self::none, Self::at_least)
    }

    /// Below `bound`.
    #[must_use]
    pub fn below(bound: u64) -> Self {
        bound.checked_sub(1).map_or_else(Self::none, Self::at_most)
    }

    /// This number only.
    #[must_use]
    pub fn exactly(number: u64) -> Self {
        Self::between(number, number)
    }

    /// The ranges, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Range] {
        &self.0
    }

    /// Whether it holds no number.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds `number`.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        self.0.iter().any(|range| range.least <= number && number <= range.most)
    }

    /// Whether it holds a number from `least` to `most`, which is not below it.
    #[must_use]
    pub fn meets(&self, least: u64, most: u64) -> bool {
        self.0.iter().any(|range| range.least <= most && least <= range.most)
    }

    /// Whether it holds a number of which only `least` ≤ number is known.
    #[must_use]
    pub fn contains_some_from(&self, least: u64) -> Truth {
        match self.0.last() {
            None => Truth::False,
            Some(last) if last.most < least => Truth::False,
            Some(last) if last.least <= least && last.most == u64::MAX => Truth::True,
            Some(_) => Truth::Unknown,
        }
    }

    /// The numbers that are in one of both.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self.0.sort_unstable();
        let mut merged: Vec<Range> = Vec::with_capacity(self.0.len());
        for range in self.0 {
            match merged.last_mut() {
                Some(last) if range.least <= last.most.saturating_add(1) => {
                    last.most = last.most.max(range.most)
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// The numbers that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.complement().or(other.complement()).complement()
    }

    /// The numbers that are not in it.
    #[must_use]
    pub fn complement(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut from = Some(0);
        for range in &self.0 {
            if let (Some(least), Some(most)) = (from, range.least.checked_sub(1))
                && least <= most
            {
                gaps.push(Range { least, most });
            }
            from = range.most.checked_add(1);
        }
        gaps.extend(from.map(|least| Range { least, most: u64::MAX }));
        Self(gaps)
    }

    /// The numbers at which membership begins or ends, beyond zero: between two neighbours it is constant.
    pub fn cuts(&self) -> impl Iterator<Item = u64> {
        let ends = self.0.iter().flat_map(|range| [Some(range.least), range.most.checked_add(1)]);
        ends.flatten().filter(|cut| *cut > 0)
    }
}

impl FromIterator<Ranges> for Ranges {
    /// The numbers that are in one of them.
    fn from_iter<I: IntoIterator<Item = Ranges>>(parts: I) -> Self {
        parts.into_iter().fold(Self::none(), Self::or)
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Range { least, most }) in self.0.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            match (*least, *most) {
                (least, most) if least == most => write!(f, "{least}")?,
                (0, most) => write!(f, "<= {most}")?,
                (least, u64::MAX) => write!(f, ">= {least}")?,
                (least, most) => write!(f, "{least}..{most}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![0..12_u64, (u64::MAX - 3)..=u64::MAX]
    }

    fn ranges() -> impl Strategy<Value = Ranges> {
        vec((number(), number()).prop_map(|(a, b)| Ranges::between(a, b)), 0..5)
            .prop_map(|parts| parts.into_iter().collect())
    }

    proptest! {
        /// Each operation holds exactly the numbers that its name says.
        #[test]
        fn sets_of_ranges_are_sets_of_numbers(a in ranges(), b in ranges(), n in number()) {
            prop_assert_eq!(a.clone().or(b.clone()).contains(n), a.contains(n) || b.contains(n));
            prop_assert_eq!(a.and(&b).contains(n), a.contains(n) && b.contains(n));
            prop_assert_eq!(a.complement().contains(n), !a.contains(n));
            prop_assert_eq!(a.complement().complement(), a);
        }

        /// Two sets meet where they have a number in common.
        #[test]
        fn ranges_meet_where_both_hold_a_number(a in ranges(), b in number(), c in number()) {
            let (least, most) = (b.min(c), b.max(c));
            prop_assert_eq!(a.meets(least, most), !a.and(&Ranges::between(least, most)).is_empty());
        }

        /// Between two cuts nothing changes.
        #[test]
        fn membership_changes_at_cuts_only(a in ranges(), n in 1..12_u64) {
            let changes = a.contains(n) != a.contains(n - 1);
            prop_assert_eq!(changes, a.cuts().any(|cut| cut == n));
        }

        /// What is said of a number that is only known from below holds of every such number.
        #[test]
        fn what_holds_from_below_holds_of_all(a in ranges(), least in number(), n in number()) {
            prop_assume!(n >= least);
            match a.contains_some_from(least) {
                Truth::True => prop_assert!(a.contains(n)),
                Truth::False => prop_assert!(!a.contains(n)),
                Truth::Unknown => {}
            }
        }
    }

    #[test]
    fn comparisons_are_ranges() {
        assert_eq!(Ranges::above(u64::MAX), Ranges::none());
        assert_eq!(Ranges::below(0), Ranges::none());
        let either: Ranges = [Ranges::below(4), Ranges::exactly(4), Ranges::above(9)].into_iter().collect();
        assert_eq!(either.to_string(), "<= 4, >= 10");
        assert_eq!(either.cuts().collect::<Vec<_>>(), [5, 10]);
    }
}
