//! Complexity and the probability that a weak model fails, from prompts that both models answered.

mod judged;

use super::corpus::Tried;
use super::ridge::Ridge;
use std::collections::BTreeMap;
use weir_task::{Features, Quadratic, SHAPE, Spread, terms};

/// How much the weights of complexity are shrunk. Cross-validated over whole subjects; a third and twice of it do about as
/// well.
const GAIN_ALPHA: f64 = 30_000.0;
/// How much those of the failures of a weak model are. A third and three times of it do about as well.
const FAIL_ALPHA: f64 = 1000.0;
/// So much of the mean of a prompt's subject is taken out of what a stronger model gains: what is learned is to tell hard
/// from easy within a subject as well, and not the subjects alone, of which others are asked about.
const SUBJECT_SHARE: f64 = 0.5;
/// How much what the shape says counts beside the number of words, in deviations.
const GAIN_WEIGHT: f64 = 1.5;
/// The place of the number of words among the numbers of the shape.
const LENGTH: usize = 1;
/// The words of a prompt say so much: then a stronger model gains nothing more by them.
const GAIN_REACH: f64 = 2.5;

/// What was learned of difficulty.
#[derive(Debug)]
pub struct Hardness {
    pub shape: Spread<SHAPE>,
    pub gain: Quadratic,
    pub fail: Quadratic,
    /// Complexity's middle and slope.
    pub complexity: [f32; 2],
}

/// A prompt with the terms of its shape.
struct Row<'t> {
    tried: &'t Tried,
    terms: Vec<f32>,
}

/// Learns, and says how well that does on prompts that were not learned from.
pub fn learn(tried: &[Tried], features: &[Features]) -> (Hardness, String) {
    let shape = spread(features);
    let rows: Vec<Row<'_>> = tried
        .iter()
        .zip(features)
        .map(|(tried, features)| Row { tried, terms: terms(&shape.standard(features.shape())).to_vec() })
        .collect();
    let report = judged::cross_validate(&rows);
    let all: Vec<&Row<'_>> = rows.iter().collect();
    let Fits { gain, fail } = Fits::of(&all);
    let (middle, spread) = moments(all.iter().map(|row| complexity(&gain, row)));
    let fail = logit(&fail, &all);
    let to_f32 = |(constant, weights): (f64, Vec<f64>)| Quadratic {
        constant: constant as f32,
        weights: weights.into_iter().map(|weight| weight as f32).collect(),
    };
    let complexity = [middle as f32, (1.2 / spread) as f32];
    (Hardness { shape, gain: to_f32(gain), fail: to_f32(fail), complexity }, report)
}

type Fit = (f64, Vec<f64>);

/// What was learned of some prompts.
struct Fits {
    /// In deviations, as they count beside the number of words.
    gain: Fit,
    /// The share that fails.
    fail: Fit,
}

impl Fits {
    fn of(rows: &[&Row<'_>]) -> Self {
        let terms: Vec<&[f32]> = rows.iter().map(|row| row.terms.as_slice()).collect();
        let gain = |row: &Row<'_>| row.tried.strong - row.tried.weak;
        let subjects = subject_means(rows, gain);
        let of_subject =
            |row: &Row<'_>| subjects.get(row.tried.subject.as_str()).copied().unwrap_or_default();
        let gains: Vec<f64> = rows.iter().map(|row| gain(row) - SUBJECT_SHARE * of_subject(row)).collect();
        let fails: Vec<f64> = rows.iter().map(|row| 1.0 - row.tried.weak).collect();
        let ridge = Ridge::of(&terms);
        let gain = ridge.fit(&gains, GAIN_ALPHA);
        let (mean, deviation) = moments(rows.iter().map(|row| score(&gain, row)));
        Self { gain: scaled(&gain, mean, deviation / GAIN_WEIGHT), fail: ridge.fit(&fails, FAIL_ALPHA) }
    }
}

fn complexity(gain: &Fit, row: &Row<'_>) -> f64 {
    length(row) + score(gain, row).clamp(-GAIN_REACH, GAIN_REACH)
}

fn subject_means<'r>(rows: &[&'r Row<'_>], of: impl Fn(&Row<'_>) -> f64) -> BTreeMap<&'r str, f64> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for row in rows {
        let (sum, count) = sums.entry(&row.tried.subject).or_default();
        (*sum, *count) = (*sum + of(row), *count + 1.0);
    }
    sums.into_iter().map(|(subject, (sum, count))| (subject, sum / count)).collect()
}

fn score((constant, weights): &Fit, row: &Row<'_>) -> f64 {
    constant + weights.iter().zip(&row.terms).map(|(weight, term)| weight * f64::from(*term)).sum::<f64>()
}

fn length(row: &Row<'_>) -> f64 {
    row.terms.get(LENGTH).copied().map_or(0.0, f64::from)
}

/// The same in deviations from the mean.
fn scaled((constant, weights): &Fit, mean: f64, deviation: f64) -> Fit {
    ((constant - mean) / deviation, weights.iter().map(|weight| weight / deviation).collect())
}

/// From shares to logarithms of odds: a line through them, by Newton's method.
fn logit(fit: &Fit, rows: &[&Row<'_>]) -> Fit {
    let (mut shift, mut slope) = (0.0_f64, 1.0_f64);
    for _ in 0..30 {
        let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for row in rows {
            let x = score(fit, row) - 0.5;
            let p = 1.0 / (1.0 + (-(shift + slope * x)).exp());
            let (off, weight) = (p - (1.0 - row.tried.weak), p * (1.0 - p));
            (g0, g1) = (g0 + off, g1 + off * x);
            (h00, h01, h11) = (h00 + weight, h01 + weight * x, h11 + weight * x * x);
        }
        let determinant = h00 * h11 - h01 * h01;
        shift -= (h11 * g0 - h01 * g1) / determinant;
        slope -= (h00 * g1 - h01 * g0) / determinant;
    }
    let (constant, weights) = fit;
    (shift + slope * (constant - 0.5), weights.iter().map(|weight| weight * slope).collect())
}

fn spread(features: &[Features]) -> Spread<SHAPE> {
    let mut spread = Spread { mean: [0.0; SHAPE], deviation: [0.0; SHAPE] };
    for (at, (mean, deviation)) in spread.mean.iter_mut().zip(&mut spread.deviation).enumerate() {
        let numbers =
            features.iter().map(|features| f64::from(features.shape().get(at).copied().unwrap_or_default()));
        let (middle, width) = moments(numbers);
        (*mean, *deviation) = (middle as f32, width.max(1e-3) as f32);
    }
    spread
}

fn moments(numbers: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = numbers.clone().count().max(1) as f64;
    let mean = numbers.clone().sum::<f64>() / count;
    let variance = numbers.map(|number| (number - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt().max(1e-9))
}
