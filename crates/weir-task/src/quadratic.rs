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

/// So many products are summed at once.
const LANES: usize = 8;
/// The numbers and a one, in lanes.
const WIDE: usize = (SHAPE + 1).next_multiple_of(LANES);

/// A quadratic form laid out to be computed without its terms, around numbers that most texts share.
///
/// What numbers are more than those, and a one, make a vector, whose products with itself have weights: a row for each
/// place, of those with the places before and itself. A place that is 0 has no row to go through.
#[derive(Debug)]
pub(crate) struct Form {
    middle: [f32; SHAPE],
    square: Box<[[f32; WIDE]]>,
}

impl Form {
    pub fn of(quadratic: &Quadratic, middle: &[f32; SHAPE]) -> Self {
        let mut square = vec![[0.0_f32; WIDE]; WIDE];
        let places = (0..SHAPE).flat_map(|one| (one..SHAPE).map(move |other| (other, one)));
        let (linear, products) = quadratic.weights.split_at(SHAPE);
        for ((row, column), weight) in places.zip(products) {
            add(&mut square, row, column, *weight);
        }
        // The slope and the height at the middle.
        let slopes: Vec<f32> = (0..SHAPE)
            .map(|place| {
                let own = |other: usize| at(&square, place, other) + at(&square, other, place);
                middle.iter().enumerate().map(|(other, number)| own(other) * number).sum()
            })
            .collect();
        for (place, (slope, linear)) in slopes.iter().zip(linear).enumerate() {
            add(&mut square, SHAPE, place, slope + linear);
        }
        let terms = terms(middle);
        let height: f32 = terms.iter().zip(&quadratic.weights).map(|(term, weight)| term * weight).sum();
        add(&mut square, SHAPE, SHAPE, quadratic.constant + height);
        Self { middle: *middle, square: square.into_boxed_slice() }
    }

    /// The score of numbers in deviations.
    pub fn score(&self, numbers: &[f32; SHAPE]) -> f32 {
        let mut vector = [0.0; WIDE];
        let (more, one) = vector.split_at_mut(SHAPE);
        more.iter_mut()
            .zip(numbers.iter().zip(&self.middle))
            .for_each(|(to, (number, middle))| *to = number - middle);
        one.iter_mut().take(1).for_each(|one| *one = 1.0);
        let (others, _) = vector.as_chunks::<LANES>();
        let mut sums = [0.0_f32; LANES];
        for (row, (number, weights)) in vector.iter().zip(&self.square).enumerate() {
            if *number == 0.0 {
                continue;
            }
            let mut of_row = [0.0_f32; LANES];
            for (weights, others) in weights.as_chunks::<LANES>().0.iter().zip(others).take(row / LANES + 1) {
                let products = weights.iter().zip(others);
                of_row.iter_mut().zip(products).for_each(|(sum, (weight, other))| *sum += weight * other);
            }
            sums.iter_mut().zip(of_row).for_each(|(sum, of_row)| *sum += of_row * number);
        }
        sums.iter().sum()
    }
}

fn at(square: &[[f32; WIDE]], row: usize, column: usize) -> f32 {
    square.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default()
}

fn add(square: &mut [[f32; WIDE]], row: usize, column: usize, weight: f32) {
    if let Some(to) = square.get_mut(row).and_then(|row| row.get_mut(column)) {
        *to += weight;
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Quadratic, SHAPE, TERMS, terms};

    #[test]
    fn a_form_is_the_weighted_sum_of_the_terms() {
        let weights: Vec<f32> =
            (0..TERMS).map(|term| ((term * 37 + 11) % 101) as f32 / 101.0 - 0.4).collect();
        let numbers =
            |salt: usize| std::array::from_fn(|place| ((place * 29 + salt) % 17) as f32 / 8.0 - 1.0);
        let quadratic = Quadratic { constant: 0.75, weights };
        for middle in [[0.0; SHAPE], numbers(3), numbers(5)] {
            let form = Form::of(&quadratic, &middle);
            // Some are the middle's.
            let mut numbers = numbers(5);
            numbers.iter_mut().zip(middle).step_by(3).for_each(|(number, middle)| *number = middle);
            let weighted =
                terms(&numbers).into_iter().zip(&quadratic.weights).map(|(term, weight)| term * weight);
            let sum = quadratic.constant + weighted.sum::<f32>();
            assert!((form.score(&numbers) - sum).abs() < 1e-3, "{} {sum}", form.score(&numbers));
        }
    }
}
