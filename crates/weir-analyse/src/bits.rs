//! Sets of small numbers.

/// A set of numbers below a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub fn none(bound: usize) -> Self {
        Self(vec![0; bound.div_ceil(64)])
    }

    pub fn all(bound: usize) -> Self {
        let mut bits = Self::none(bound);
        (0..bound).for_each(|number| bits.insert(number));
        bits
    }

    /// Whether the number is in the set.
    pub fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    pub fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    pub fn remove(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word &= !(1 << (number % 64));
        }
    }

    /// Leaves out what is not in the other set too.
    pub fn retain(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    /// Takes in what is in the other set, of the same bound.
    pub fn extend(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    /// Whether all of it is in the other set.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(word, other)| word & !other == 0)
    }

    /// Whether nothing is in both.
    pub fn is_apart(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(word, other)| word & other == 0)
    }

    /// The numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(64 * place + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn numbers() -> impl Strategy<Value = BTreeSet<usize>> {
        proptest::collection::btree_set(0..150_usize, 0..40)
    }

    fn bits(numbers: &BTreeSet<usize>) -> Bits {
        let mut bits = Bits::none(150);
        numbers.iter().for_each(|number| bits.insert(*number));
        bits
    }

    proptest! {
        #[test]
        fn bits_are_sets(a in numbers(), b in numbers(), number in 0..150_usize) {
            prop_assert_eq!(bits(&a).iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(bits(&a).contains(number), a.contains(&number));
            prop_assert_eq!(bits(&a).is_within(&bits(&b)), a.is_subset(&b));
            prop_assert_eq!(bits(&a).is_apart(&bits(&b)), a.is_disjoint(&b));
            let mut both = bits(&a);
            both.retain(&bits(&b));
            prop_assert_eq!(both, bits(&(&a & &b)));
            let mut either = bits(&a);
            either.extend(&bits(&b));
            prop_assert_eq!(either, bits(&(&a | &b)));
            let mut rest = Bits::all(150);
            a.iter().for_each(|number| rest.remove(*number));
            prop_assert_eq!(rest.iter().collect::<BTreeSet<_>>(), (0..150).filter(|n| !a.contains(n)).collect());
        }
    }
}
