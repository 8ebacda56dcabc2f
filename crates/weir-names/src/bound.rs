//! How probable the labels of a word can be at most, whatever its neighbours turn out to be.

use crate::chain::{LABELS, LINKS, Scores, Steps};

/// One number for each label but the first.
pub(crate) type Most = [f32; LABELS - 1];

/// The most that the steps beside a word add to the odds of each label against the first, as logarithms.
///
/// Of the paths through a chain that differ in one word alone, the one with another label than the first weighs more than the one
/// with the first by at most the word's score and these. So no label is more probable than they say.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    /// By the kind of step to the word: from the outside, and from another word.
    first: [Most; LINKS],
    into: [Most; LINKS],
    /// By the kind of step from the word to the next, and to the outside.
    out: [Most; LINKS],
    last: Most,
}

/// What the rounding of the chain's sums may come to.
const SLACK: f32 = 0.001;

impl Bounds {
    /// `steps` are the exponentials of the scores.
    pub(crate) fn new(steps: &Steps) -> Self {
        let from_outside = |step: &[Scores; LABELS]| step.first().map_or([0.0; LABELS - 1], odds);
        let from_any = |step: &[Scores; LABELS]| most(step.iter().map(odds));
        let turned: Steps = steps.map(|step| turned(&step));
        Self {
            first: steps.each_ref().map(from_outside),
            into: steps.each_ref().map(from_any),
            out: turned.each_ref().map(from_any),
            last: turned.first().map_or([0.0; LABELS - 1], from_outside),
        }
    }

    /// Whether a word of a stretch can have a label as probable as its number of `least`, logarithms of probabilities.
    ///
    /// `emissions` are the words' scores, `links` the kinds of steps to them.
    pub(crate) fn allow(&self, emissions: &[Scores], links: &[usize], least: &Most) -> bool {
        emissions.iter().zip(self.beside(links)).any(|([_, scores @ ..], (into, out))| {
            let steps = into.into_iter().flatten().zip(out.into_iter().flatten());
            scores
                .iter()
                .zip(steps)
                .zip(least)
                .any(|((score, (into, out)), least)| score + into + out > least - SLACK)
        })
    }

    /// The same for the first of the labels, of whose scores alone it takes `emissions`.
    pub(crate) fn allow_first(
        &self,
        emissions: impl Iterator<Item = f32>,
        links: &[usize],
        [least, ..]: &Most,
    ) -> bool {
        let first = |steps: Option<&Most>| steps.map_or(0.0, |[first, ..]| *first);
        emissions
            .zip(self.beside(links))
            .any(|(score, (into, out))| score + first(into) + first(out) > least - SLACK)
    }

    /// Of each word of a stretch the steps to it and from it.
    fn beside(&self, links: &[usize]) -> impl Iterator<Item = (Option<&Most>, Option<&Most>)> {
        let first = links.first().map(|link| self.first.get(*link));
        let into = first.into_iter().chain(links.iter().skip(1).map(|link| self.into.get(*link)));
        let out = links.iter().skip(1).map(|link| self.out.get(*link)).chain([Some(&self.last)]);
        into.zip(out)
    }
}

/// Of the scores of a step, by how much each is better than the first.
fn odds([first, others @ ..]: &Scores) -> Most {
    others.map(|score| (score / first).ln())
}

fn most(odds: impl Iterator<Item = Most>) -> Most {
    odds.fold([f32::MIN; LABELS - 1], |mut most, odds| {
        most.iter_mut().zip(odds).for_each(|(most, odds)| *most = most.max(odds));
        most
    })
}

/// Steps with their ends changed.
fn turned(step: &[Scores; LABELS]) -> [Scores; LABELS] {
    let mut turned = [[0.0; LABELS]; LABELS];
    for (from, row) in step.iter().enumerate() {
        for (turned, score) in turned.iter_mut().zip(row) {
            turned.iter_mut().skip(from).take(1).for_each(|turned| *turned = *score);
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Most};
    use crate::chain::{Chain, LABELS, Scores, Steps};
    use crate::hash::mix;

    /// Numbers from -`reach` to `reach`.
    fn numbers(seed: u64, reach: f32) -> impl Iterator<Item = f32> {
        (0..).map(move |at| (mix(mix(seed) ^ at) >> 40) as f32 / (1 << 23) as f32 * reach - reach)
    }

    #[test]
    fn no_label_is_more_probable_than_its_bound() {
        let (mut chain, mut close) = (Chain::default(), 0);
        for seed in 0..2000 {
            let mut number = numbers(seed, 3.0);
            let steps: Steps =
                [(); 4].map(|()| [(); LABELS].map(|()| [(); LABELS].map(|()| number.next().unwrap().exp())));
            let bounds = Bounds::new(&steps);
            let words = 1 + seed as usize % 4;
            let links: Vec<usize> = (0..words).map(|word| (mix(seed) >> (8 * word)) as usize % 4).collect();
            let emissions: Vec<Scores> = (0..words)
                .map(|_| [0.0; LABELS].map(|zero: f32| zero + number.next().unwrap() - 2.0))
                .map(|[_, a, b, c, d]| [0.0, a, b, c, d])
                .collect();
            chain.run(&emissions, &links, &steps);
            for word in 0..words {
                let [_, probabilities @ ..] = chain.marginal(word);
                for (label, probability) in probabilities.into_iter().enumerate() {
                    let least = |probability: f32| -> Most {
                        let mut least = [f32::INFINITY; LABELS - 1];
                        *least.get_mut(label).unwrap() = probability.ln();
                        least
                    };
                    assert!(bounds.allow(&emissions, &links, &least(probability)), "{seed} {word} {label}");
                    if label == 0 {
                        let first = emissions.iter().map(|[_, first, ..]| *first);
                        let least = least(probability * 1.5);
                        let alone = bounds.allow_first(first, &links, &least);
                        assert_eq!(alone, bounds.allow(&emissions, &links, &least), "{seed} {word}");
                    }
                    close += usize::from(!bounds.allow(&emissions, &links, &least(probability * 2.0)));
                }
            }
        }
        // The bound is near what it bounds often enough to be of use.
        assert!(close > 100, "{close}");
    }
}
