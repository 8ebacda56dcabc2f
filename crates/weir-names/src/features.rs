//! What the model sees of a word and its surroundings: a few dozen numbers, each a hash.

use crate::fold::plain;
use crate::gap::Gap;
use crate::hash::mix;
use crate::lexicon::Known;
use crate::token::Shape;
use crate::words::{Word, Words};
use std::ops::Range;

/// Longer words are cut: nobody's name is longer.
const LETTERS_MAX: usize = 24;

/// The plain letters of a word, at most [`LETTERS_MAX`].
#[derive(Debug, Default)]
struct Letters {
    letters: [u32; LETTERS_MAX],
    count: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self::default();
        for (slot, letter) in letters.letters.iter_mut().zip(text.chars()) {
            *slot = plain(letter).into();
            letters.count += 1;
        }
        letters
    }

    fn all(&self) -> &[u32] {
        self.letters.get(..self.count).unwrap_or_default()
    }

    fn first(&self, count: usize) -> u64 {
        joined(self.all().get(..count).unwrap_or(self.all()))
    }

    fn last(&self, count: usize) -> u64 {
        joined(self.all().get(self.count.saturating_sub(count)..).unwrap_or_default())
    }
}

/// The features of one word. A few dozen, so that they have their place on the stack.
#[derive(Debug)]
pub(crate) struct Features {
    hashes: [u64; FEATURES_MAX],
    count: usize,
}

impl Features {
    pub(crate) fn all(&self) -> &[u64] {
        self.hashes.get(..self.count).unwrap_or_default()
    }

    fn add(&mut self, hashes: impl Iterator<Item = u64>) {
        let free = self.hashes.get_mut(self.count..).unwrap_or_default();
        self.count += free.iter_mut().zip(hashes).map(|(slot, hash)| *slot = hash).count();
    }
}

fn joined(letters: &[u32]) -> u64 {
    letters.iter().fold(7, |hash, letter| mix(hash ^ u64::from(*letter) << 32))
}

/// What the features of a word take from a word near it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Near {
    hash: u64,
    known: u16,
    shape: u8,
    gap: Gap,
}

impl Near {
    /// Beyond the edge of the text.
    const EDGE: Self = Self { hash: 1, known: 1 << 13, shape: 15, gap: Gap::Paragraph };

    fn of(word: &Word) -> Self {
        // The amount does not matter.
        let hash = if word.shape == Shape::Number { 2 } else { word.hash };
        Self { hash, known: brief(word.known), shape: word.shape as u8, gap: word.gap }
    }

    fn known(&self) -> u64 {
        self.known.into()
    }

    fn shape(&self) -> u64 {
        self.shape.into()
    }

    fn gap(&self) -> u64 {
        self.gap as u64
    }
}

/// The properties that matter for a neighbour.
fn brief(known: Known) -> u16 {
    const GROUPS: &[Known] = &[
        Known::COMMON.with(Known::UNCOMMON),
        Known::FOREIGN,
        Known::FUNCTION,
        Known::PLACE.with(Known::COUNTRY),
        Known::TITLE,
        Known::LEGAL,
        Known::TECHNICAL.with(Known::DATE),
        Known::ROLE,
    ];
    let names = known.0 & 15;
    GROUPS
        .iter()
        .enumerate()
        .fold(names, |bits, (index, group)| bits | u16::from(known.any(*group)) << (4 + index))
}

/// How many words on both sides matter.
const REACH: usize = 8;
/// How many of these matter whatever their order: all but the nearest two.
const FAR: usize = REACH - 2;
/// A word and [`REACH`] on both sides of it.
const AROUND: usize = 2 * REACH + 1;

/// A word, in the middle, and those around it.
pub(crate) type Around = [Near; AROUND];

/// The words of a stretch and [`REACH`] on both sides of it.
pub(crate) fn nears(words: &Words, stretch: &Range<usize>, out: &mut Vec<Near>) {
    out.clear();
    let near = |index: Option<usize>| index.and_then(|index| words.at(index)).map_or(Near::EDGE, Near::of);
    out.extend((stretch.start..stretch.end + 2 * REACH).map(|index| near(index.checked_sub(REACH))));
}

/// The surroundings of the words that [`nears`] gave, one after the other.
pub(crate) fn arounds(nears: &[Near]) -> impl Iterator<Item = &Around> {
    nears.windows(AROUND).filter_map(<[Near]>::first_chunk)
}

/// The most features that a word has.
const FEATURES_MAX: usize = OWN + 2 * FAR + LETTERS_MAX - 2;

/// The features of one word. `key` is the hash of the key whose value the text is, or 0.
pub(crate) fn features(text: &str, words: &Words, index: usize, around: &Around, key: u64) -> Features {
    let mut features = Features { hashes: [0; FEATURES_MAX], count: 0 };
    let Some(word) = words.at(index) else { return features };
    let letters = Letters::of(text.get(word.start..word.end).unwrap_or_default());
    let values = values(&Sight { words, index, word, around, letters: &letters, key });
    features.add(values.iter().zip(&NUMBERS).map(|(value, number)| mix(value ^ number)));
    // What the text is about: the words around, in any order.
    let far = [around.first_chunk::<FAR>(), around.last_chunk::<FAR>()];
    features.add(far.into_iter().flatten().flatten().map(|near| mix(near.hash ^ 0xBA6)));
    features.add(letters.all().windows(3).map(|three| mix(joined(three) ^ 0x5EED)));
    features
}

/// How many features a word has by place, apart from those that it has any number of.
const OWN: usize = 40;

/// A number for each feature, so that the same value of two is not the same.
const NUMBERS: [u64; OWN] = numbers();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn numbers() -> [u64; OWN] {
    let mut numbers = [0; OWN];
    let mut at = 0;
    while at < OWN {
        numbers[at] = mix(at as u64 + 1);
        at += 1;
    }
    numbers
}

/// What there is to see of a word.
struct Sight<'a> {
    words: &'a Words,
    index: usize,
    word: &'a Word,
    around: &'a Around,
    letters: &'a Letters,
    key: u64,
}

/// The features of a word by place, before they are hashed.
fn values(sight: &Sight<'_>) -> [u64; OWN] {
    let Sight { words, index, word, around, letters, key } = *sight;
    let [_, _, _, _, _, _, l2, l1, own, r1, r2, ..] = around;
    let (before, after) = (own.gap(), r1.gap());
    let code = u64::from(words.code_level(index));
    let line = code << 8 | u64::from(words.case_level(index)) << 4 | u64::from(words.length_level(index));
    let edges = words.edges(index);
    let column = words.column(index).min(3) as u64;
    let length = word.end.saturating_sub(word.start).min(12) as u64;
    let full = u64::from(word.known.0);
    let (w0, s0, k0) = (own.hash, own.shape(), own.known());
    let me = s0 << 16 | k0;
    let last3 = letters.last(3);
    [
        0,
        w0,
        mix(w0) ^ s0,
        letters.first(2),
        letters.first(3),
        letters.last(2),
        last3,
        letters.last(4),
        mix(last3) ^ me,
        s0 << 16 | full,
        full,
        s0 << 8 | length,
        l1.shape() << 8 | s0 << 4 | r1.shape(),
        l1.shape() << 24 | before << 16 | s0 << 12 | after << 4 | r1.shape(),
        l1.known() << 32 | me << 16 | r1.known(),
        l1.known() << 32 | before << 24 | k0,
        k0 << 32 | after << 24 | r1.known(),
        l2.known() << 32 | l1.known() << 16 | k0,
        k0 << 32 | r1.known() << 16 | r2.known(),
        l1.hash,
        r1.hash,
        l2.hash,
        r2.hash,
        mix(l1.hash) ^ before,
        mix(r1.hash) ^ after,
        mix(l1.hash) ^ me,
        mix(r1.hash) ^ me,
        mix(l2.hash) ^ l1.hash,
        mix(r1.hash) ^ r2.hash,
        before << 16 | after << 8 | s0,
        mix(before << 8 | after) ^ me,
        l1.gap() << 8 | before,
        line << 8 | s0,
        mix(line) ^ me,
        code << 32 | me,
        column << 32 | me,
        edges << 8 | s0,
        mix(edges) ^ me,
        key,
        mix(key) ^ me,
    ]
}
