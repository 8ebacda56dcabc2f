//! Multinomial logistic regression over hashed features and numbers.

use crate::random::Random;
use weir_task::{Features, KINDS, Kind, NUMBERS, ROW_BITS, Spread, value_in};

/// How to learn.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub epochs: usize,
    /// The size of the first steps; they shrink to nothing.
    pub rate: f32,
    /// How many in a hundred features are left out at each visit.
    pub dropout: usize,
    /// How fast weights that nothing speaks for shrink.
    pub decay: f32,
    /// How much of the truth is spread over the other types.
    pub doubt: f32,
}

/// A prompt to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'f> {
    pub features: &'f Features,
    pub kind: Kind,
    pub weight: f32,
}

/// What was learned.
#[derive(Debug, Clone)]
pub struct Learned {
    pub rows: Vec<[f32; KINDS]>,
    pub numbers: [[f32; NUMBERS]; KINDS],
    pub bias: [f32; KINDS],
    pub spread: Spread<NUMBERS>,
}

/// Learns from samples, `runs` times in another order, and takes the mean.
pub fn learn(samples: &[Sample<'_>], plan: Plan, runs: u64, seed: u64) -> Learned {
    let spread = spread(samples);
    let learned: Vec<Learned> = (0..runs.max(1))
        .map(|run| {
            let mut learner = Learner::new(plan, spread);
            learner.learn(samples, &mut Random(seed + run));
            learner.learned
        })
        .collect();
    mean(learned)
}

fn spread(samples: &[Sample<'_>]) -> Spread<NUMBERS> {
    let count = samples.len().max(1) as f32;
    let (mut mean, mut deviation) = ([0.0_f32; NUMBERS], [0.0_f32; NUMBERS]);
    for sample in samples {
        mean.iter_mut().zip(sample.features.numbers).for_each(|(mean, number)| *mean += number / count);
    }
    for sample in samples {
        let away = sample.features.numbers.iter().zip(&mean).map(|(number, mean)| (number - mean).powi(2));
        deviation.iter_mut().zip(away).for_each(|(sum, away)| *sum += away / count);
    }
    Spread { mean, deviation: deviation.map(|variance| variance.sqrt().max(0.05)) }
}

fn mean(learned: Vec<Learned>) -> Learned {
    let share = 1.0 / learned.len() as f32;
    let mut learned = learned.into_iter();
    let mut sum = learned.next().unwrap_or_else(Learned::nothing);
    for other in learned {
        add(sum.rows.as_flattened_mut(), other.rows.as_flattened());
        add(sum.numbers.as_flattened_mut(), other.numbers.as_flattened());
        add(&mut sum.bias, &other.bias);
    }
    let all =
        sum.rows.as_flattened_mut().iter_mut().chain(sum.numbers.as_flattened_mut()).chain(&mut sum.bias);
    all.for_each(|weight| *weight *= share);
    sum
}

fn add(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

/// AdaGrad (Duchi, Hazan, Singer 2011).
struct Learner {
    plan: Plan,
    learned: Learned,
    row_squares: Vec<[f32; KINDS]>,
    number_squares: [[f32; NUMBERS]; KINDS],
    bias_squares: [f32; KINDS],
}

impl Learner {
    fn new(plan: Plan, spread: Spread<NUMBERS>) -> Self {
        let rows = vec![[0.0; KINDS]; 1 << ROW_BITS];
        let learned = Learned { spread, ..Learned::nothing() };
        Self {
            plan,
            learned,
            row_squares: rows,
            number_squares: [[0.0; NUMBERS]; KINDS],
            bias_squares: [0.0; KINDS],
        }
    }

    fn learn(&mut self, samples: &[Sample<'_>], random: &mut Random) {
        let mut order: Vec<usize> = (0..samples.len()).collect();
        for epoch in 0..self.plan.epochs {
            random.shuffle(&mut order);
            let left = 1.0 - epoch as f32 / self.plan.epochs as f32;
            for sample in order.iter().filter_map(|index| samples.get(*index)) {
                self.visit(sample, self.plan.rate * left, random);
            }
        }
    }

    fn visit(&mut self, sample: &Sample<'_>, rate: f32, random: &mut Random) {
        let mut keep = |rows: &Vec<u16>| -> Vec<u16> {
            rows.iter().copied().filter(|_| !random.percent(self.plan.dropout)).collect()
        };
        let rows = sample.features.rows.each_ref().map(&mut keep);
        let mut numbers = self.learned.spread.standard(&sample.features.numbers);
        for number in &mut numbers {
            if random.percent(self.plan.dropout / 2) {
                *number = 0.0;
            }
        }
        let error = self.error(&rows, &numbers, sample);
        let Plan { decay, .. } = self.plan;
        for rows in &rows {
            let value = value_in(rows);
            for row in rows {
                let at = usize::from(*row);
                let (Some(weights), Some(squares)) =
                    (self.learned.rows.get_mut(at), self.row_squares.get_mut(at))
                else {
                    continue;
                };
                for ((weight, square), error) in weights.iter_mut().zip(squares).zip(error) {
                    step(weight, square, error * value + decay * *weight, rate);
                }
            }
        }
        for (((weights, squares), error), (bias, bias_square)) in self
            .learned
            .numbers
            .iter_mut()
            .zip(&mut self.number_squares)
            .zip(error)
            .zip(self.learned.bias.iter_mut().zip(&mut self.bias_squares))
        {
            step(bias, bias_square, error, rate);
            for ((weight, square), number) in weights.iter_mut().zip(squares).zip(numbers) {
                step(weight, square, error * number + decay * *weight, rate * 0.3);
            }
        }
    }

    /// By how much each type's probability is off, weighted.
    fn error(&self, rows: &[Vec<u16>], numbers: &[f32; NUMBERS], sample: &Sample<'_>) -> [f32; KINDS] {
        let scores = self.learned.scores(rows, numbers);
        let mut error = weir_task::probabilities(&scores);
        let doubt = self.plan.doubt / KINDS as f32;
        for (kind, error) in Kind::ALL.into_iter().zip(&mut error) {
            let truth = if kind == sample.kind { 1.0 - self.plan.doubt } else { 0.0 };
            *error = (*error - truth - doubt) * sample.weight;
        }
        error
    }
}

fn step(weight: &mut f32, square: &mut f32, gradient: f32, rate: f32) {
    *square += gradient * gradient;
    *weight -= rate * gradient / (square.sqrt() + 1e-3);
}

impl Learned {
    fn nothing() -> Self {
        Self {
            rows: vec![[0.0; KINDS]; 1 << ROW_BITS],
            numbers: [[0.0; NUMBERS]; KINDS],
            bias: [0.0; KINDS],
            spread: Spread { mean: [0.0; NUMBERS], deviation: [1.0; NUMBERS] },
        }
    }

    /// The scores of the task types.
    pub fn scores(&self, rows: &[Vec<u16>], numbers: &[f32; NUMBERS]) -> [f32; KINDS] {
        let mut scores = self.bias;
        for rows in rows {
            let value = value_in(rows);
            for row in rows {
                let Some(weights) = self.rows.get(usize::from(*row)) else { continue };
                scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += weight * value);
            }
        }
        for (score, weights) in scores.iter_mut().zip(&self.numbers) {
            *score += weights.iter().zip(numbers).map(|(weight, number)| weight * number).sum::<f32>();
        }
        scores
    }

    /// The scores of what was not dropped from.
    pub fn judge(&self, features: &Features) -> [f32; KINDS] {
        self.scores(&features.rows, &self.spread.standard(&features.numbers))
    }
}
