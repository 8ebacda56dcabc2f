//! Scores from the numbers of a text's shape and their products.

use crate::shape::SHAPE;

/// How many terms there are: each number, and each product of two.
pub const TERMS: usize = SHAPE + SHAPE * (SHAPE + 1) / 2;

/// Beyond so many deviations a number counts no more: far outside of what was learned from, products mislead.
const REACH: f32 = 3.0;

/// Where the numbers lie in what was learned from.
#[derive(Debug, Clone, Copy)]
pub struct Spread<const N: usize> {
    /// Their means.
    pub mean: [f32; N],
    /// Their standard deviations.
    pub deviation: [f32; N],
}

impl<const N: usize> Spread<N> {
    /// Deviations from the mean, within reach.
    #[must_use]
    pub fn standard(&self, numbers: &[f32]) -> [f32; N] {
        let mut standard = [0.0; N];
        let scales = self.mean.iter().zip(&self.deviation);
        for ((to, number), (mean, deviation)) in standard.iter_mut().zip(numbers).zip(scales) {
            *to = deviations(*number, *mean, *deviation);
        }
        standard
    }

    /// The same for the number at one place.
    pub(crate) fn standard_at(&self, place: usize, number: f32) -> f32 {
        let at = |numbers: &[f32; N]| numbers.get(place).copied().unwrap_or_default();
        deviations(number, at(&self.mean), at(&self.deviation))
    }
}

fn deviations(number: f32, mean: f32, deviation: f32) -> f32 {
    ((number - mean) / deviation).clamp(-REACH, REACH)
}

/// The terms of standard numbers: the numbers, then the products of the first with all, of the second with all but the
/// first, and so on.
#[must_use]
pub fn terms(numbers: &[f32; SHAPE]) -> [f32; TERMS] {
    let mut terms = [0.0; TERMS];
    let (singles, mut products) = terms.split_at_mut(SHAPE);
    singles.copy_from_slice(numbers);
    let mut rest = numbers.as_slice();
    while let [number, others @ ..] = rest {
        let (own, later) = products.split_at_mut(rest.len());
        own.iter_mut().zip(rest).for_each(|(product, other)| *product = number * other);
        (rest, products) = (others, later);
    }
    terms
}

/// A weighted sum of [`terms`] and a constant.
#[derive(Debug)]
pub struct Quadratic {
    /// What is added.
    pub constant: f32,
    /// The weights of the terms.
    pub weights: Vec<f32>,
}

impl Quadratic {
    pub(crate) fn score(&self, terms: &[f32]) -> f32 {
        // Four sums, so that one addition need not wait for the one before.
        let (weights, rest) = self.weights.as_chunks::<8>();
        let (values, others) = terms.as_chunks::<8>();
        let mut sums = [0.0_f32; 8];
        for (weights, values) in weights.iter().zip(values) {
            for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(values) {
                *sum += weight * value;
            }
        }
        let rest: f32 = rest.iter().zip(others).map(|(weight, value)| weight * value).sum();
        self.constant + sums.iter().sum::<f32>() + rest
    }
}
