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

/// All stretches of `documents` and of variants of them.
pub fn stretches(
    documents: &[Document],
    technical: &[Document],
    filler: &Filler<'_>,
    fillings: usize,
    lexicon: &Lexicon<'_>,
    bits: u32,
    [clean, plain]: [f32; 2],
    random: &mut Random,
) -> Vec<Stretch> {
    let mut out = Vec::new();
    let mut maker = Maker { lexicon, bits, out: &mut out };
    let clean_texts: Vec<&str> = documents
        .iter()
        .filter(|d| d.corpus == Corpus::Clean && d.tier == Tier::Clean)
        .map(|d| d.text.as_str())
        .collect();
    let own = filler.documents(fillings, random);
    for document in documents.iter().chain(technical).chain(&own) {
        match document.corpus {
            Corpus::Clean if document.tier == Tier::Clean => maker.take(document, clean, random),
            Corpus::Clean => {}
            Corpus::Technical => maker.take(document, plain, random),
            corpus => {
                maker.take(document, 1.0, random);
                let people =
                    corpus != Corpus::Own && document.names.iter().any(|(_, kind)| *kind == Kind::Person);
                for _ in 0..if people { OTHERS } else { 0 } {
                    maker.take(&filler.with_others(document, random), 0.5, random);
                }
                if random.percent(12) {
                    maker.take(&document.small(), 1.0, random);
                }
                if random.percent(5) {
                    maker.take(&document.shouted(), 1.0, random);
                }
                if matches!(corpus, Corpus::Sentences | Corpus::Own) && random.percent(60) {
                    let among = random.pick(&clean_texts).copied().unwrap_or_default();
                    let document = filler.with_others(document, random);
                    maker.take(&document.in_a_request(among, random), 1.0, random);
                }
            }
        }
    }
    out
}

struct Maker<'a> {
    lexicon: &'a Lexicon<'a>,
    bits: u32,
    out: &'a mut Vec<Stretch>,
}

impl Maker<'_> {
    fn take(&mut self, document: &Document, weight: f32, random: &mut Random) {
        let mut forget = |range: &Range<usize>| document.label(range) != 0 && random.percent(STRANGERS);
        let shift = u64::BITS - self.bits;
        samples(self.lexicon, &document.text, None, &mut forget, &mut |sample| {
            let words = sample.into_iter().map(|word| Word {
                label: document.label(&word.range),
                rows: word.features.iter().map(|feature| (feature >> shift) as u32).collect(),
                link: word.link,
            });
            self.out.push(Stretch { words: words.collect(), weight });
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
