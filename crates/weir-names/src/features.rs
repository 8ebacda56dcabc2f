//! What the model sees of a word and its surroundings: a few dozen numbers, each a hash.
//!
//! They come in three parts, as some need to be found out only once: what a word is by itself ([`own`]), what it adds
//! for every word some way off ([`far`]), and how it stands beside its neighbours ([`placed`]).

use crate::fold::plain;
use crate::gap::Gap;
use crate::hash::mix;
use crate::lexicon::Known;
use crate::words::{Levels, Word, Words};

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

/// Features of one word. A few dozen, so that they have their place on the stack.
#[derive(Debug)]
pub(crate) struct Features {
    hashes: [u64; FEATURES_MAX],
    count: usize,
}

impl Features {
    pub(crate) fn all(&self) -> &[u64] {
        self.hashes.get(..self.count).unwrap_or_default()
    }

    const NONE: Self = Self { hashes: [0; FEATURES_MAX], count: 0 };

    fn add(&mut self, hashes: impl Iterator<Item = u64>) {
        let free = self.hashes.get_mut(self.count..).unwrap_or_default();
        self.count += free.iter_mut().zip(hashes).map(|(slot, hash)| *slot = hash).count();
    }
}

fn joined(letters: &[u32]) -> u64 {
    letters.iter().fold(7, |hash, letter| mix(hash ^ u64::from(*letter) << 32))
}

/// How many words on both sides matter.
const REACH: usize = 8;
/// How many of these matter whatever their order: all but the nearest two.
const FAR: usize = REACH - 2;
/// How many words of some way off a word has.
pub(crate) const FARS: usize = 2 * FAR;
/// The most features that a word has by itself, or by its place.
const FEATURES_MAX: usize = OWN + LETTERS_MAX - 2;

/// How many features a word has by itself, apart from those that it has any number of, and by its place.
const OWN: usize = 12;
const PLACED: usize = 28;

/// A number for each feature, so that the same value of two is not the same.
const NUMBERS: [u64; OWN + PLACED] = numbers();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn numbers() -> [u64; OWN + PLACED] {
    let mut numbers = [0; OWN + PLACED];
    let mut at = 0;
    while at < numbers.len() {
        numbers[at] = mix(at as u64 + 1);
        at += 1;
    }
    numbers
}

/// The features of a word by itself, which is written as `text`.
pub(crate) fn own(word: &Word, text: &str) -> Features {
    let letters = Letters::of(text);
    let (numbers, _) = NUMBERS.split_at(OWN);
    let mut features = Features::NONE;
    features.add(own_values(word, &letters).iter().zip(numbers).map(|(value, number)| mix(value ^ number)));
    features.add(letters.all().windows(3).map(|three| mix(joined(three) ^ 0x5EED)));
    features
}

fn own_values(word: &Word, letters: &Letters) -> [u64; OWN] {
    let (w0, s0, full) = (word.hash(), word.shape() as u64, u64::from(word.known().0));
    let k0 = brief(word.known());
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
        s0 << 8 | u64::from(word.length.min(12)),
    ]
}

/// The feature that a word is for those some way off: what the text is about, in any order.
pub(crate) fn far(hash: u64) -> u64 {
    mix(hash ^ 0xBA6)
}

/// The words some way off, on both sides of a word; none beyond the edge of the text.
pub(crate) fn fars(words: &Words, index: usize) -> impl Iterator<Item = &Word> {
    let before = index.saturating_sub(REACH)..(index + FAR).saturating_sub(REACH);
    let after = index + REACH - FAR + 1..index + REACH + 1;
    words.some(before).iter().chain(words.some(after))
}

/// The features of a word by its place. `key` is the hash of the key whose value the text is, or 0.
///
/// All of them at once, so that the weights can be asked for together: each lies elsewhere in memory.
pub(crate) fn placed(words: &Words, index: usize, key: u64) -> [u64; PLACED] {
    let mut features = placed_values(words, index, key);
    let numbers = NUMBERS.iter().skip(OWN);
    features.iter_mut().zip(numbers).for_each(|(value, number)| *value = mix(*value ^ number));
    features
}

fn placed_values(words: &Words, index: usize, key: u64) -> [u64; PLACED] {
    let [l2, l1, own, r1, r2] = [-2, -1, 0, 1, 2].map(|offset| Near::of(words.near(index, offset)));
    let (before, after) = (own.gap, r1.gap);
    let Levels { code, case, length, is_small: _ } = words.levels(index);
    let code = u64::from(code);
    let line = code << 8 | u64::from(case) << 4 | u64::from(length);
    let edges = words.edges(index);
    let column = words.column(index).min(3) as u64;
    let (s0, k0) = (own.shape, own.known);
    let me = s0 << 16 | k0;
    let (left, right) = (mix(l1.hash), mix(r1.hash));
    [
        l1.shape << 8 | s0 << 4 | r1.shape,
        l1.shape << 24 | before << 16 | s0 << 12 | after << 4 | r1.shape,
        l1.known << 32 | me << 16 | r1.known,
        l1.known << 32 | before << 24 | k0,
        k0 << 32 | after << 24 | r1.known,
        l2.known << 32 | l1.known << 16 | k0,
        k0 << 32 | r1.known << 16 | r2.known,
        l1.hash,
        r1.hash,
        l2.hash,
        r2.hash,
        left ^ before,
        right ^ after,
        left ^ me,
        right ^ me,
        mix(l2.hash) ^ l1.hash,
        right ^ r2.hash,
        before << 16 | after << 8 | s0,
        mix(before << 8 | after) ^ me,
        l1.gap << 8 | before,
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

/// What the features of a word take from a word near it.
#[derive(Debug, Clone, Copy)]
struct Near {
    hash: u64,
    known: u64,
    shape: u64,
    gap: u64,
}

/// The hash of all words beyond the edge of the text.
pub(crate) const EDGE: u64 = 1;

impl Near {
    fn of(word: Option<&Word>) -> Self {
        match word {
            None => Self { hash: EDGE, known: 1 << 13, shape: 15, gap: Gap::Paragraph as u64 },
            Some(word) => Self {
                hash: word.hash(),
                known: brief(word.known()),
                shape: word.shape() as u64,
                gap: word.gap as u64,
            },
        }
    }
}

/// The properties that matter for a neighbour, in groups: of a property's bit, what it is in any.
const GROUPS: [Known; 8] = [
    Known::COMMON.with(Known::UNCOMMON),
    Known::FOREIGN,
    Known::FUNCTION,
    Known::PLACE.with(Known::COUNTRY),
    Known::TITLE,
    Known::LEGAL,
    Known::TECHNICAL.with(Known::DATE),
    Known::ROLE,
];
/// [`GROUPS`] of each byte of properties, the lower ones first.
const BRIEFS: [[u16; 256]; 2] = [briefs(0), briefs(8)];

fn brief(known: Known) -> u64 {
    let of = |briefs: &[u16; 256], byte: u8| briefs.get(usize::from(byte)).copied().unwrap_or_default();
    let ([low, high], [lows, highs]) = (known.0.to_le_bytes(), &BRIEFS);
    u64::from(of(lows, low) | of(highs, high))
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn briefs(shift: u32) -> [u16; 256] {
    let mut briefs = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let known = (byte as u16) << shift;
        let mut brief = known & 15;
        let mut group = 0;
        while group < GROUPS.len() {
            brief |= ((known & GROUPS[group].0 != 0) as u16) << (4 + group);
            group += 1;
        }
        briefs[byte] = brief;
        byte += 1;
    }
    briefs
}
