//! Counts of kinds of words.

use crate::lexicon::Known;
use crate::scan::{Class, Token};

/// A word of so many characters is long.
const LONG: usize = 9;
/// And one of so many very long.
const VERY_LONG: usize = 13;

/// The groups of the lexicon that are counted here, by their place in the list.
const NEGATED: usize = 18;
const ROMAN: usize = 19;

/// Counts of kinds of words.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub count: u32,
    pub chars: u32,
    pub numbers: u32,
    pub negated: u32,
    pub roman: u32,
    pub capitals: u32,
    /// How many different ones: a little too few in long texts.
    pub distinct: u32,
    /// How many words of letters have so many characters; the last are very long.
    lengths: [u32; VERY_LONG + 1],
    seen: Seen,
}

impl Words {
    /// Takes note of a word, a number or a sign.
    #[inline(always)]
    pub fn add(&mut self, token: &Token) {
        self.count += 1;
        self.chars += token.chars;
        self.capitals += u32::from(token.is_capital);
        if token.class == Class::Number {
            self.numbers += 1;
        } else if token.class == Class::Word
            && let Some(count) = self.lengths.get_mut((token.chars as usize).min(VERY_LONG))
        {
            *count += 1;
        }
        self.distinct += u32::from(self.seen.add(token.hash));
    }

    /// Takes note of the groups of a word.
    pub fn add_groups(&mut self, groups: Known, is_capital: bool) {
        self.negated += u32::from(groups.has(NEGATED));
        self.roman += u32::from(is_capital && groups.has(ROMAN));
    }

    /// How many words have one letter.
    pub fn single(&self) -> u32 {
        self.lengths[1]
    }

    /// How many words are long.
    pub fn long(&self) -> u32 {
        self.of_at_least(LONG)
    }

    /// How many words are very long.
    pub fn very_long(&self) -> u32 {
        self.of_at_least(VERY_LONG)
    }

    fn of_at_least(&self, chars: usize) -> u32 {
        self.lengths.iter().skip(chars).sum()
    }
}

/// Which words occurred, by a few bits of their hashes.
#[derive(Debug)]
struct Seen([u64; SEEN_BITS / 64]);

const SEEN_BITS: usize = 4096;

impl Default for Seen {
    fn default() -> Self {
        Self([0; SEEN_BITS / 64])
    }
}

impl Seen {
    /// Whether a word is the first of its hash.
    #[inline(always)]
    fn add(&mut self, hash: u64) -> bool {
        let bit = (hash >> 20) as usize % SEEN_BITS;
        let Some(bits) = self.0.get_mut(bit / 64) else { return false };
        let is_new = *bits >> (bit % 64) & 1 == 0;
        *bits |= 1 << (bit % 64);
        is_new
    }
}
