//! A linear chain of labels: scores in, probabilities out.
//!
//! Source: Lafferty, McCallum, Pereira, "Conditional Random Fields" (ICML 2001); the forward-backward
//! recursions are Rabiner's, "A Tutorial on Hidden Markov Models" (Proc. IEEE 77, 1989), with scaling.

/// How many labels there are: none of these, person, place, organisation, another name.
pub const LABELS: usize = 5;
/// How many kinds of steps from word to word have their own scores.
pub const LINKS: usize = 4;

/// One number for each label.
pub type Scores = [f32; LABELS];

/// Scores of going from one label (first index) to another, by kind of step.
pub type Steps = [[Scores; LABELS]; LINKS];

/// The chain's recursions over one stretch, with memory that is used again for the next.
#[derive(Debug, Default)]
pub struct Chain {
    emissions: Vec<Scores>,
    forward: Vec<Scores>,
    backward: Vec<Scores>,
}

impl Chain {
    /// Probabilities of the labels of each word, and of each pair of neighbours.
    ///
    /// `links` says what kind of step leads to each word; outside the stretch every word is none of these.
    /// `steps` are the exponentials of the scores.
    pub fn run(&mut self, emissions: &[Scores], links: &[usize], steps: &Steps) {
        self.emissions.clear();
        self.emissions.extend(emissions.iter().map(exponentials));
        self.forward.clear();
        let mut last = [1.0, 0.0, 0.0, 0.0, 0.0];
        for (emission, link) in self.emissions.iter().zip(links) {
            last = normalised(times(&through(&last, steps.get(*link)), emission));
            self.forward.push(last);
        }
        self.backward.clear();
        // The step out of the stretch is one over a space.
        let mut next = steps.first().map_or([1.0; LABELS], first_column);
        for index in (0..self.emissions.len()).rev() {
            self.backward.push(next);
            let (Some(emission), Some(link)) = (self.emissions.get(index), links.get(index)) else { return };
            next = normalised(back(&times(&next, emission), steps.get(*link)));
        }
        self.backward.reverse();
    }

    /// The probability of each label of the word at `index`.
    #[must_use]
    pub fn marginal(&self, index: usize) -> Scores {
        match (self.forward.get(index), self.backward.get(index)) {
            (Some(forward), Some(backward)) => normalised(times(forward, backward)),
            _ => [0.0; LABELS],
        }
    }

    /// The probability of each pair of labels: of the word before `index`, and of the word there.
    #[must_use]
    pub fn pairs(&self, index: usize, link: usize, steps: &Steps) -> [Scores; LABELS] {
        let outside = [1.0, 0.0, 0.0, 0.0, 0.0];
        let before = index.checked_sub(1).and_then(|before| self.forward.get(before)).unwrap_or(&outside);
        let (Some(emission), Some(backward)) = (self.emissions.get(index), self.backward.get(index)) else {
            return [[0.0; LABELS]; LABELS];
        };
        let here = times(emission, backward);
        let step = steps.get(link).copied().unwrap_or_default();
        let mut pairs = [[0.0; LABELS]; LABELS];
        for ((pair, step), before) in pairs.iter_mut().zip(&step).zip(before) {
            *pair = times(step, &here).map(|p| p * before);
        }
        let total: f32 = pairs.iter().flatten().sum();
        pairs.map(|row| row.map(|p| p / total.max(f32::MIN_POSITIVE)))
    }
}

fn exponentials(scores: &Scores) -> Scores {
    let max = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.map(|score| (score - max).exp())
}

fn normalised(scores: Scores) -> Scores {
    let total: f32 = scores.iter().sum();
    scores.map(|score| score / total.max(f32::MIN_POSITIVE))
}

fn times(a: &Scores, b: &Scores) -> Scores {
    let mut product = *a;
    product.iter_mut().zip(b).for_each(|(a, b)| *a *= b);
    product
}

fn through(from: &Scores, step: Option<&[Scores; LABELS]>) -> Scores {
    let mut to = [0.0; LABELS];
    for (weight, row) in from.iter().zip(step.into_iter().flatten()) {
        to.iter_mut().zip(row).for_each(|(to, score)| *to += weight * score);
    }
    to
}

fn back(to: &Scores, step: Option<&[Scores; LABELS]>) -> Scores {
    let mut from = [0.0; LABELS];
    for (from, row) in from.iter_mut().zip(step.into_iter().flatten()) {
        *from = row.iter().zip(to).map(|(score, to)| score * to).sum();
    }
    from
}

fn first_column(step: &[Scores; LABELS]) -> Scores {
    step.map(|[first, ..]| first)
}
