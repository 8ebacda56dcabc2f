//! How many combinations of cells there are.

use super::{Diagrams, Hashing, Ref};
use std::collections::HashMap;

impl Diagrams {
    /// How many combinations of one cell of each axis give a value that `wanted` names.
    pub fn count(&self, of: Ref, wanted: impl Fn(u32) -> bool) -> Count {
        let mut memo = HashMap::default();
        let below = self.count_below(of, &wanted, &mut memo);
        below.times(self.combinations(0, self.top(of)))
    }

    /// Combinations of the axes from the one that `of` asks for first.
    fn count_below(
        &self,
        of: Ref,
        wanted: &impl Fn(u32) -> bool,
        memo: &mut HashMap<Ref, Count, Hashing>,
    ) -> Count {
        if let Some(value) = of.value() {
            return Count(u128::from(wanted(value)));
        }
        if let Some(known) = memo.get(&of) {
            return *known;
        }
        let axis = self.top(of);
        let mut sum = Count(0);
        for cell in 0..self.width(axis) {
            let child = self.child(of, axis, cell);
            let below = self.count_below(child, wanted, memo);
            sum = sum.plus(below.times(self.combinations(axis + 1, self.top(child))));
        }
        memo.insert(of, sum);
        sum
    }

    fn combinations(&self, from: usize, to: usize) -> Count {
        let widths = self.widths.get(from..to).unwrap_or_default();
        widths.iter().fold(Count(1), |product, width| product.times(Count(*width as u128)))
    }
}

/// A number of regions; the largest number that fits when there are more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Count(pub u128);

impl Count {
    fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    fn times(self, other: Self) -> Self {
        Self(self.0.saturating_mul(other.0))
    }
}
