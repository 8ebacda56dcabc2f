//! Logarithms of counts.

use std::array;
use std::sync::LazyLock;

/// So many are kept: most counts are small.
const KEPT: usize = 256;

static LOGARITHMS: LazyLock<Logarithms> =
    LazyLock::new(|| Logarithms(array::from_fn(|count| of_one_more(count as u32))));

/// The natural logarithms of one more than a count.
pub(crate) struct Logarithms([f32; KEPT]);

impl Logarithms {
    pub fn kept() -> &'static Self {
        &LOGARITHMS
    }

    pub fn of(&self, count: u32) -> f32 {
        self.0.get(count as usize).copied().unwrap_or_else(|| of_one_more(count))
    }
}

// One more than a count has no digits to lose, and this logarithm is the fastest.
fn of_one_more(count: u32) -> f32 {
    (1.0 + count as f32).ln()
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Logarithms};

    #[test]
    fn those_that_are_kept_are_those_that_are_computed() {
        for count in 0..2 * KEPT as u32 {
            assert_eq!(Logarithms::kept().of(count), (1.0 + count as f32).ln());
        }
    }
}
