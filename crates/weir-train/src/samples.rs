//! From documents to what the learner learns from.

use crate::document::{Corpus, Document, Tier};
use crate::random::Random;
use crate::synthetic::Filler;
use crate::train::{Stretch, Word};
use std::ops::Range;
use weir_names::{KINDS, Kind, Lexicon, samples};

/// Of so many names in a hundred the words are made strangers, so that the model learns from context too.
const STRANGERS: usize = 22;

/// How often a document is read with other people's names.
const OTHERS: usize = 3;

/// Of so many documents in a hundred there is a variant in small letters, or in capitals.
const SMALL: usize = 12;
const SHOUTED: usize = 5;
/// Of so many sentences in a hundred there is a variant among lines of a clean text.
const IN_A_REQUEST: usize = 60;

/// How much stretches without names count, those with names counting 1.
#[derive(Debug, Clone, Copy)]
pub struct Weights {
    pub clean: f32,
    pub technical: f32,
}

/// Makes stretches to learn from.
pub struct Maker<'a> {
    pub lexicon: &'a Lexicon<'a>,
    pub filler: Filler<'a>,
    pub weights: Weights,
    pub random: Random,
}

impl Maker<'_> {
    /// All stretches of `documents` and of variants of those that hold names.
    pub fn stretches<'d>(&mut self, documents: impl Iterator<Item = &'d Document> + Clone) -> Vec<Stretch> {
        let is_clean = |d: &&Document| d.corpus == Corpus::Clean && d.tier == Tier::Clean;
        let clean: Vec<&str> = documents.clone().filter(is_clean).map(|d| d.text.as_str()).collect();
        let mut out = Vec::new();
        for document in documents {
            match document.corpus {
                Corpus::Clean if document.tier == Tier::Clean => {
                    self.take(document, self.weights.clean, &mut out);
                }
                Corpus::Clean => {}
                Corpus::Technical => self.take(document, self.weights.technical, &mut out),
                Corpus::Sentences | Corpus::Judgments | Corpus::English | Corpus::Own => {
                    self.take(document, 1.0, &mut out);
                    self.variants(document, &clean, &mut out);
                }
            }
        }
        out
    }

    fn variants(&mut self, document: &Document, clean: &[&str], out: &mut Vec<Stretch>) {
        let is_own = document.corpus == Corpus::Own;
        if !is_own && document.names.iter().any(|(_, kind)| *kind == Kind::Person) {
            for _ in 0..OTHERS {
                let others = self.filler.with_others(document, &mut self.random);
                self.take(&others, 0.5, out);
            }
        }
        if self.random.percent(SMALL) {
            self.take(&document.small(), 1.0, out);
        }
        if self.random.percent(SHOUTED) {
            self.take(&document.shouted(), 1.0, out);
        }
        if (is_own || document.corpus == Corpus::Sentences) && self.random.percent(IN_A_REQUEST) {
            let among = self.random.pick(clean).copied().unwrap_or_default();
            let others = self.filler.with_others(document, &mut self.random);
            let request = others.in_a_request(among, &mut self.random);
            self.take(&request, 1.0, out);
        }
    }

    fn take(&mut self, document: &Document, weight: f32, out: &mut Vec<Stretch>) {
        let Self { lexicon, random, .. } = self;
        let mut forget = |range: &Range<usize>| document.label(range) != 0 && random.percent(STRANGERS);
        let shift = u64::BITS - weir_names::BITS;
        samples(lexicon, &document.text, None, &mut forget, &mut |sample| {
            let words = sample.into_iter().map(|word| Word {
                label: document.label(&word.range),
                rows: word.features.iter().map(|feature| (feature >> shift) as u32).collect(),
                link: word.link,
            });
            out.push(Stretch { words: words.collect(), weight });
        });
    }
}

impl Document {
    /// The label of a word: 0, or 1 more than the index of its kind.
    pub fn label(&self, word: &Range<usize>) -> usize {
        let kind = self
            .names
            .iter()
            .find(|(name, _)| name.start < word.end && word.start < name.end)
            .map(|(_, kind)| *kind);
        kind.and_then(|kind: Kind| KINDS.iter().position(|k| *k == kind)).map_or(0, |index| index + 1)
    }

    /// On which side of a split into `folds` the document is.
    pub fn fold(&self, folds: usize) -> usize {
        let hash = self
            .group
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
        ((hash ^ (hash >> 33)) % folds.max(1) as u64) as usize
    }
}
