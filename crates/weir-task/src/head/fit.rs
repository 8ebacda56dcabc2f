//! Fitting a head to labelled prompts: multinomial logistic regression over vectors, beside the scores that are there.

use super::{DIMENSIONS_MAX, FORMAT, Head, direction};
use crate::kind::{KINDS, Kind};
use crate::model::{best, probabilities};

/// Fewer labelled prompts say less of their own kind than of chance.
const EXAMPLES_MIN: usize = 50;
/// How often all examples are looked at. Twice as often changes no figure.
const ROUNDS: usize = 150;
/// Into how many parts the examples are split: each is judged by a head of the others.
const FOLDS: u64 = 5;
/// How much weights are shrunk, for vectors of the mean length [`LENGTH`].
const SHRINKAGES: [f32; 4] = [0.001, 0.003, 0.01, 0.03];
/// By what the embedded model's scores are multiplied. Where it is unsure, the vector says more than they do.
const SHARPNESS: f32 = 0.3;
/// How much an example counts for the choice of shrinkage of which the embedded model is sure.
const SURE_WEIGHT: f32 = 0.1;
/// The mean length of vectors while weights are fitted: then shrinkage means the same for every encoder.
const LENGTH: f32 = 3.0;

/// A labelled prompt.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it asks for.
    pub kind: Kind,
    /// What the embedded model says.
    pub scores: [f32; KINDS],
    /// What the encoder says.
    pub vector: Vec<f32>,
    /// Prompts of one group are judged together by a head of the others: those of one template, or of one conversation.
    pub group: u64,
}

/// Labelled prompts that no head can be fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooFew {
    /// Too few in all.
    #[error("{0} labelled prompts are too few; at least {EXAMPLES_MIN} are needed")]
    Examples(usize),
    /// All of one task type.
    #[error("all labelled prompts are of one task type")]
    Kinds,
    /// All in one group.
    #[error("all labelled prompts are of one group, so that nothing can be told of others")]
    Groups,
    /// Vectors of different lengths, too long, or without a direction.
    #[error(
        "the encoder's vectors are not of one length from 1 to {DIMENSIONS_MAX}, or not of finite numbers"
    )]
    Vectors,
}

/// A head and how well it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The head, of all examples.
    pub head: Head,
    /// Of examples that were not fitted to.
    pub figures: Figures,
}

/// How many of the examples below a margin are judged rightly, each by a head of other groups. The shrinkage of each of
/// these heads was chosen on yet other parts, so that nothing was tuned on what is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// All examples.
    pub examples: usize,
    /// Those of which the embedded model is not sure.
    pub unsure: usize,
    /// Of these, by the embedded model alone.
    pub right_before: usize,
    /// Of these, with the head.
    pub right_after: usize,
    /// Of all, by the embedded model alone.
    pub all_right_before: usize,
}

/// Fits a head of an encoder to examples, and judges it by those whose margin is below `below`.
///
/// # Errors
/// [`TooFew`] when there is too little to fit to.
pub fn fit(
    examples: &[Example],
    (encoder, prefix): (&str, &str),
    model: u64,
    below: f32,
) -> Result<Fitted, TooFew> {
    let points = points(examples)?;
    let all: Vec<&Point> = points.iter().collect();
    let mut figures =
        Figures { examples: points.len(), unsure: 0, right_before: 0, right_after: 0, all_right_before: 0 };
    for fold in 0..FOLDS {
        let (judged, learned): (Vec<&Point>, Vec<&Point>) =
            points.iter().partition(|point| point.group % FOLDS == fold);
        let map = Map::of(&learned, choose(&learned, below));
        for point in judged {
            figures.count(point, &map, below);
        }
    }
    let Map { bias, weights } = Map::of(&all, choose(&all, below));
    let head = Head {
        format: FORMAT.to_owned(),
        encoder: encoder.to_owned(),
        prefix: prefix.to_owned(),
        model: format!("{model:016x}"),
        sharpness: SHARPNESS,
        bias: bias.map(short),
        weights: weights.into_iter().map(|row| row.map(short)).collect(),
    };
    Ok(Fitted { head, figures })
}

/// Four digits are more than is known, and keep the file small.
fn short(number: f32) -> f32 {
    (number * 10_000.0).round() / 10_000.0
}

impl Figures {
    fn count(&mut self, point: &Point, map: &Map, below: f32) {
        let (before, _, margin) = best(&point.scores);
        self.all_right_before += usize::from(before == point.kind);
        if margin < below {
            self.unsure += 1;
            self.right_before += usize::from(before == point.kind);
            self.right_after += usize::from(best(&map.scores(point)).0 == point.kind);
        }
    }
}

/// An example whose vector has a length of 1.
struct Point {
    kind: Kind,
    scores: [f32; KINDS],
    vector: Vec<f32>,
    group: u64,
}

fn points(examples: &[Example]) -> Result<Vec<Point>, TooFew> {
    if examples.len() < EXAMPLES_MIN {
        return Err(TooFew::Examples(examples.len()));
    }
    let first = examples.first().map(|first| (first.kind, first.group, first.vector.len()));
    let (kind, group, length) = first.unwrap_or((Kind::Chat, 0, 0));
    if examples.iter().all(|example| example.kind == kind) {
        return Err(TooFew::Kinds);
    }
    if examples.iter().all(|example| example.group % FOLDS == group % FOLDS) {
        return Err(TooFew::Groups);
    }
    let point = |example: &Example| {
        let Example { kind, scores, vector, group } = example;
        let vector = direction(vector).filter(|vector| vector.len() == length && length <= DIMENSIONS_MAX)?;
        Some(Point { kind: *kind, scores: *scores, vector, group: *group })
    };
    examples.iter().map(point).collect::<Option<_>>().ok_or(TooFew::Vectors)
}

/// The shrinkage under which examples are the likeliest by what was learned from others of them.
fn choose(points: &[&Point], below: f32) -> f32 {
    // Of its own split, so that what is judged outside is in none of its parts.
    let is_judged = |point: &&Point| (point.group / FOLDS).is_multiple_of(3);
    let (judged, learned): (Vec<&Point>, Vec<&Point>) = points.iter().copied().partition(is_judged);
    let loss = |shrinkage: f32| -> f32 {
        let map = Map::of(&learned, shrinkage);
        let of = |point: &&Point| -> f32 {
            let weight = if best(&point.scores).2 < below { 1.0 } else { SURE_WEIGHT };
            -weight * chance(&map.scores(point), point.kind).ln()
        };
        judged.iter().map(of).sum()
    };
    let tried = SHRINKAGES.map(|shrinkage| (loss(shrinkage), shrinkage));
    let least = tried.into_iter().min_by(|(a, _), (b, _)| a.total_cmp(b));
    least.map_or(0.01, |(_, shrinkage)| shrinkage)
}

fn chance(scores: &[f32; KINDS], kind: Kind) -> f32 {
    probabilities(scores).get(kind.column()).copied().unwrap_or_default().max(1e-6)
}

/// A head in the making.
struct Map {
    bias: [f32; KINDS],
    weights: Vec<[f32; KINDS]>,
}

impl Map {
    fn scores(&self, point: &Point) -> [f32; KINDS] {
        scores(&self.bias, &self.weights, point, &point.vector)
    }

    /// The map that makes the examples likeliest, shrunk; by accelerated gradient descent (Nesterov 1983).
    fn of(points: &[&Point], shrinkage: f32) -> Self {
        let width = points.first().map_or(0, |point| point.vector.len());
        let share = 1.0 / points.len().max(1) as f32;
        let mean = mean(points, width, share);
        let away: Vec<Vec<f32>> = points
            .iter()
            .map(|point| point.vector.iter().zip(&mean).map(|(number, mean)| number - mean).collect())
            .collect();
        let spread = away.as_slice().iter().flatten().map(|number| number * number).sum::<f32>() * share;
        let scale = LENGTH / spread.sqrt().max(1e-6);
        let inputs: Vec<Vec<f32>> =
            away.into_iter().map(|vector| vector.into_iter().map(|n| n * scale).collect()).collect();
        let step = 1.0 / (0.5 * (LENGTH * LENGTH + 1.0) + shrinkage);
        let zero = || (vec![[0.0_f32; KINDS]; width], [0.0_f32; KINDS]);
        let ((mut weights, mut bias), (mut ahead, mut bias_ahead)) = (zero(), zero());
        let mut momentum = 1.0_f32;
        for _ in 0..ROUNDS {
            let (mut slope, mut bias_slope) = zero();
            for (point, input) in points.iter().zip(&inputs) {
                let mut error = probabilities(&scores(&bias_ahead, &ahead, point, input));
                error.iter_mut().skip(point.kind.column()).take(1).for_each(|error| *error -= 1.0);
                error.iter_mut().for_each(|error| *error *= share);
                add(&mut bias_slope, &error, 1.0);
                slope.iter_mut().zip(input).for_each(|(row, number)| add(row, &error, *number));
            }
            let next = f32::midpoint(1.0, 4.0_f32.mul_add(momentum * momentum, 1.0).sqrt());
            let push = (momentum - 1.0) / next;
            momentum = next;
            let all = weights.iter_mut().zip(&mut ahead).zip(&slope);
            for ((row, ahead), slope) in all.chain([((&mut bias, &mut bias_ahead), &bias_slope)]) {
                for ((weight, ahead), slope) in row.iter_mut().zip(ahead).zip(slope) {
                    let moved = *ahead - step * (slope + shrinkage * *ahead);
                    *ahead = moved + push * (moved - *weight);
                    *weight = moved;
                }
            }
        }
        weights.as_flattened_mut().iter_mut().for_each(|weight| *weight *= scale);
        for (mean, row) in mean.iter().zip(&weights) {
            add(&mut bias, row, -mean);
        }
        Self { bias, weights }
    }
}

fn mean(points: &[&Point], width: usize, share: f32) -> Vec<f32> {
    let mut mean = vec![0.0_f32; width];
    for point in points {
        mean.iter_mut().zip(&point.vector).for_each(|(mean, number)| *mean += number * share);
    }
    mean
}

fn scores(bias: &[f32; KINDS], weights: &[[f32; KINDS]], point: &Point, vector: &[f32]) -> [f32; KINDS] {
    let mut sums = *bias;
    add(&mut sums, &point.scores, SHARPNESS);
    vector.iter().zip(weights).for_each(|(number, row)| add(&mut sums, row, *number));
    sums
}

fn add(to: &mut [f32; KINDS], from: &[f32; KINDS], times: f32) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from * times);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prompts whose vectors tell their types, and of which the embedded model says the same of two types in three.
    fn examples(count: u64) -> Vec<Example> {
        let example = |group: u64| {
            let kind = [Kind::Math, Kind::Rag, Kind::Chat][(group % 3) as usize];
            let mut scores = [0.0; KINDS];
            scores[Kind::Chat.column()] = if kind == Kind::Chat { 4.0 } else { 0.1 };
            let noise = |n: u64| ((group * 7 + n * 13) % 11) as f32 / 30.0;
            let mut vector: Vec<f32> = (0..6).map(|n| 0.5 + noise(n)).collect();
            vector[kind.column() % 5] += 0.6;
            Example { kind, scores, vector, group }
        };
        (0..count).map(example).collect()
    }

    #[test]
    fn a_head_tells_what_vectors_tell_and_its_figures_are_of_prompts_it_has_not_seen() {
        let examples = examples(90);
        let Fitted { head, figures } = fit(&examples, ("e5", "query: "), 7, 0.2).unwrap();
        assert_eq!((head.encoder(), head.prefix(), head.dimension()), ("e5", "query: ", 6));
        assert_eq!((figures.examples, figures.unsure, figures.right_before), (90, 60, 0));
        assert!(figures.right_after >= 57, "{figures:?}");
        assert_eq!(figures.all_right_before, 30);
        let right = examples.iter().filter(|example| {
            best(&head.scores(&example.scores, &example.vector).unwrap()).0 == example.kind
        });
        assert!(right.count() >= 87);
    }

    #[test]
    fn vectors_that_tell_nothing_are_not_made_much_of() {
        let mut examples = examples(90);
        for example in &mut examples {
            // Of no kind: what it would learn by heart does not hold for others.
            example.vector =
                (0..20).map(|n| ((example.group * 31 + n * 17 + n * n) % 19) as f32 - 9.0).collect();
        }
        let Fitted { figures, .. } = fit(&examples, ("e5", ""), 7, 0.2).unwrap();
        assert!(figures.right_after < 48, "half of two types at most: {figures:?}");
    }

    #[test]
    fn too_little_is_told_from_enough() {
        let refused = |examples: &[Example]| fit(examples, ("e5", ""), 7, 0.2).unwrap_err();
        assert_eq!(refused(&examples(49)), TooFew::Examples(49));
        let alike = |change: &dyn Fn(&mut Example)| {
            let mut examples = examples(60);
            examples.iter_mut().for_each(change);
            examples
        };
        assert_eq!(refused(&alike(&|example| example.kind = Kind::Rag)), TooFew::Kinds);
        assert_eq!(refused(&alike(&|example| example.group = 5)), TooFew::Groups);
        let one = |vector: Vec<f32>| {
            let mut examples = examples(60);
            examples[7].vector = vector;
            examples
        };
        for vector in [vec![], vec![1.0; 5], vec![0.0; 6], vec![f32::INFINITY; 6]] {
            assert_eq!(refused(&one(vector)), TooFew::Vectors);
        }
    }
}
