//! Stochastic gradient descent on the likelihood of a linear chain.

use crate::random::Random;
use weir_names::{Chain, LABELS, LINKS, Scores, Steps};

/// One stretch of words: the rows of the features of each, and its label.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    pub words: Vec<Word>,
    /// How much it counts.
    pub weight: f32,
}

/// One word of a stretch.
#[derive(Debug, Clone)]
pub struct Word {
    pub rows: Vec<u32>,
    pub link: usize,
    pub label: usize,
}

/// What is learned, and how.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub epochs: usize,
    pub rate: f32,
    /// How many in a hundred features are left out at each visit, so that none is relied on alone.
    pub dropout: usize,
}

const ROW: usize = LABELS - 1;
/// The weights of one feature.
pub type Row = [f32; ROW];

/// Weights and the sums of their squared gradients (AdaGrad: Duchi, Hazan, Singer 2011).
pub struct Learner {
    plan: Plan,
    rows: Vec<Row>,
    squares: Vec<Row>,
    steps: Steps,
    step_squares: Steps,
    chain: Chain,
}

impl Learner {
    pub fn new(plan: Plan) -> Self {
        let size = 1 << weir_names::BITS;
        let rows = vec![Row::default(); size];
        let squares = vec![[1e-4; ROW]; size];
        Self {
            plan,
            rows,
            squares,
            steps: Steps::default(),
            step_squares: [[[1e-2; LABELS]; LABELS]; LINKS],
            chain: Chain::default(),
        }
    }

    /// Learns from `stretches`, in another order each time.
    pub fn learn(&mut self, stretches: &[Stretch], random: &mut Random) {
        let mut order: Vec<usize> = (0..stretches.len()).collect();
        for epoch in 0..self.plan.epochs {
            random.shuffle(&mut order);
            let rate = self.plan.rate * (1.0 - epoch as f32 / self.plan.epochs as f32);
            for stretch in order.iter().filter_map(|index| stretches.get(*index)) {
                self.visit(stretch, rate, random);
            }
        }
    }

    /// What was learned.
    pub fn weights(self) -> (Vec<Row>, Steps) {
        (self.rows, self.steps)
    }

    fn visit(&mut self, stretch: &Stretch, rate: f32, random: &mut Random) {
        let kept: Vec<Vec<u32>> = stretch.words.iter().map(|word| self.keep(&word.rows, random)).collect();
        let scale = 100.0 / (100 - self.plan.dropout) as f32;
        let emissions: Vec<Scores> = kept.iter().map(|rows| self.emission(rows, scale)).collect();
        let links: Vec<usize> = stretch.words.iter().map(|word| word.link).collect();
        let steps = self.steps.map(|step| step.map(|row| row.map(f32::exp)));
        self.chain.run(&emissions, &links, &steps);
        let mut before = 0;
        for (index, (word, rows)) in stretch.words.iter().zip(&kept).enumerate() {
            let mut gradient = self.chain.marginal(index);
            if let Some(gradient) = gradient.get_mut(word.label) {
                *gradient -= 1.0;
            }
            let [_, gradient @ ..] = gradient.map(|g| g * stretch.weight);
            if gradient.iter().any(|g| g.abs() > 1e-3) {
                rows.iter().for_each(|row| self.update(*row, &gradient, rate));
            }
            let pairs = self.chain.pairs(index, word.link, &steps);
            self.update_steps(&pairs, word.link, before, word.label, rate * 0.2 * stretch.weight);
            before = word.label;
        }
    }

    fn keep(&self, rows: &[u32], random: &mut Random) -> Vec<u32> {
        rows.iter().copied().filter(|_| !random.percent(self.plan.dropout)).collect()
    }

    fn emission(&self, rows: &[u32], scale: f32) -> Scores {
        let mut sums = [0.0; ROW];
        for row in rows.iter().filter_map(|row| self.rows.get(*row as usize)) {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += weight);
        }
        let [a, b, c, d] = sums.map(|sum| sum * scale);
        [0.0, a, b, c, d]
    }

    fn update(&mut self, row: u32, gradient: &Row, rate: f32) {
        let (Some(weights), Some(squares)) =
            (self.rows.get_mut(row as usize), self.squares.get_mut(row as usize))
        else {
            return;
        };
        for ((weight, square), gradient) in weights.iter_mut().zip(squares).zip(gradient) {
            *square += gradient * gradient;
            *weight -= rate * gradient / square.sqrt();
        }
    }

    fn update_steps(
        &mut self,
        pairs: &[Scores; LABELS],
        link: usize,
        before: usize,
        label: usize,
        rate: f32,
    ) {
        let (Some(step), Some(squares)) = (self.steps.get_mut(link), self.step_squares.get_mut(link)) else {
            return;
        };
        for (from, ((weights, squares), pairs)) in step.iter_mut().zip(squares).zip(pairs).enumerate() {
            for (to, ((weight, square), pair)) in weights.iter_mut().zip(squares).zip(pairs).enumerate() {
                let gradient = pair - f32::from(u8::from(from == before && to == label));
                *square += gradient * gradient;
                *weight -= rate * gradient / square.sqrt();
            }
        }
    }
}

/// The mean of several models' weights. The model is linear: its scores are the mean of theirs.
pub fn mean(models: &[(Vec<Row>, Steps)]) -> (Vec<Row>, Steps) {
    let share = 1.0 / models.len().max(1) as f32;
    let mut rows = vec![Row::default(); models.first().map_or(0, |(rows, _)| rows.len())];
    let mut steps = Steps::default();
    for (more_rows, more_steps) in models {
        let weights = rows.iter_mut().flatten().zip(more_rows.iter().flatten());
        weights.for_each(|(weight, more)| *weight += more * share);
        let scores = steps.iter_mut().flatten().flatten().zip(more_steps.iter().flatten().flatten());
        scores.for_each(|(score, more)| *score += more * share);
    }
    (rows, steps)
}
