//! What the model sees of a word and its surroundings: a few dozen numbers, each a hash.

use crate::fold::plain;
use crate::hash::mix;
use crate::lexicon::Known;
use crate::words::{Word, Words};

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

fn joined(letters: &[u32]) -> u64 {
    letters.iter().fold(7, |hash, letter| mix(hash ^ u64::from(*letter) << 32))
}

/// The properties that matter for a neighbour.
fn brief(word: Option<&Word>) -> u64 {
    let Some(word) = word else { return 1 << 13 };
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
    let names = u64::from(word.known.0 & 15);
    GROUPS
        .iter()
        .enumerate()
        .fold(names, |bits, (index, group)| bits | u64::from(word.known.any(*group)) << (4 + index))
}

/// Emits the features of one word. `key` is the hash of the key whose value the text is, or 0.
pub(crate) fn emit(text: &str, words: &Words, index: usize, key: u64, out: &mut impl FnMut(u64)) {
    let Some(word) = words.at(index) else { return };
    let near = |offset| words.near(index, offset);
    let hash = |offset| Word::hash(near(offset));
    let shape = |offset| Word::shape(near(offset));
    let known = |offset| brief(near(offset));
    let (before, after) = (words.gap(index) as u64, words.gap(index + 1) as u64);
    let letters = Letters::of(text.get(word.token.start..word.token.end).unwrap_or_default());
    let code = u64::from(words.code_level(index));
    let line = code << 8 | u64::from(words.case_level(index)) << 4 | u64::from(words.length_level(index));
    let full = u64::from(word.known.0);
    let (w0, s0, k0) = (hash(0), shape(0), known(0));
    let own = s0 << 16 | k0;
    let length = word.token.end.saturating_sub(word.token.start).min(12) as u64;
    let mut number = 0;
    let mut feature = |value: u64| {
        number += 1;
        out(mix(value ^ mix(number)));
    };

    feature(0);
    feature(w0);
    feature(mix(w0) ^ s0);
    feature(letters.first(2));
    feature(letters.first(3));
    feature(letters.last(2));
    feature(letters.last(3));
    feature(letters.last(4));
    feature(mix(letters.last(3)) ^ own);
    feature(s0 << 16 | full);
    feature(full);
    feature(s0 << 8 | length);
    feature(shape(-1) << 8 | s0 << 4 | shape(1));
    feature(shape(-1) << 24 | before << 16 | s0 << 12 | after << 4 | shape(1));
    feature(known(-1) << 32 | own << 16 | known(1));
    feature(known(-1) << 32 | before << 24 | k0);
    feature(k0 << 32 | after << 24 | known(1));
    feature(known(-2) << 32 | known(-1) << 16 | k0);
    feature(k0 << 32 | known(1) << 16 | known(2));
    feature(hash(-1));
    feature(hash(1));
    feature(hash(-2));
    feature(hash(2));
    feature(mix(hash(-1)) ^ before);
    feature(mix(hash(1)) ^ after);
    feature(mix(hash(-1)) ^ own);
    feature(mix(hash(1)) ^ own);
    feature(mix(hash(-2)) ^ hash(-1));
    feature(mix(hash(1)) ^ hash(2));
    feature(before << 16 | after << 8 | s0);
    feature(mix(before << 8 | after) ^ own);
    feature((words.gap(index.wrapping_sub(1)) as u64) << 8 | before);
    feature(line << 8 | s0);
    feature(mix(line) ^ own);
    feature(code << 32 | own);
    feature((words.column(index).min(3) as u64) << 32 | own);
    feature(words.edges(index) << 8 | s0);
    feature(mix(words.edges(index)) ^ own);
    feature(key);
    feature(mix(key) ^ own);
    // What the text is about: the words around, in any order.
    for offset in (-8..=-3).chain(3..=8) {
        out(mix(hash(offset) ^ 0xBA6));
    }
    letters.all().windows(3).for_each(|three| out(mix(joined(three) ^ 0x5EED)));
}
