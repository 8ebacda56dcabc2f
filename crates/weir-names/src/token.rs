//! Words with their places, and what can be said of each without looking at another.

use crate::block::{Block, Run};
use crate::fold::{is_mark, plain};
use crate::gap::Gap;
use crate::hash::Hash;
use crate::lanes::Lanes;
use crate::recent::Spelling;
use crate::signs::{brief, skip, skip_many};
use std::ops::Range;

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Shape {
    /// `word`
    Lower,
    /// `Word`
    Title,
    /// `WORD`
    Caps,
    /// `W`
    Initial,
    /// `McWord`
    Inner,
    /// `wordWord`
    Camel,
    /// `42`
    Number,
    /// `w42`
    Mixed,
    /// Of a script without capitals.
    Uncased,
}

impl Shape {
    /// All of them in order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Lower,
        Self::Title,
        Self::Caps,
        Self::Initial,
        Self::Inner,
        Self::Camel,
        Self::Number,
        Self::Mixed,
        Self::Uncased,
    ];

    /// Whether it begins with a capital.
    pub(crate) fn is_capital(self) -> bool {
        matches!(self, Shape::Title | Shape::Caps | Shape::Initial | Shape::Inner)
    }
}

/// Where a word begins.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// Its first byte.
    pub(crate) start: usize,
    /// Its spelling and length, if it is made of a few letters and digits of ASCII.
    pub(crate) short: Option<(Spelling, usize)>,
    /// What stands before it.
    pub(crate) gap: Gap,
}

/// Gives where in `from..to` words begin, and gets where they end; gives the place to go on from.
pub(crate) fn heads(text: &str, from: usize, to: usize, take: &mut impl FnMut(Head) -> usize) -> usize {
    let to = to.min(text.len());
    let (mut start, mut gap) = skip_many(text, from);
    if from == 0 {
        gap = Gap::Start;
    }
    let mut at = from;
    while start < to {
        let lanes = Lanes::at(text.as_bytes(), start);
        let length = lanes.word();
        at = take(Head { start, short: length.map(|length| (Spelling::of(lanes, length), length)), gap });
        // Of what follows another word nothing is known yet.
        let next = length.and_then(|length| brief(lanes, length));
        (start, gap) = next.map_or_else(|| skip(text, at), |(signs, gap)| (at + signs, gap));
    }
    // The signs after the last word belong to the next one.
    if at > from && start < text.len() { at } else { start }
}

/// The words of a text: runs of letters and digits.
pub(crate) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    heads(text, 0, text.len(), &mut |Head { start, .. }| {
        let (end, ..) = word(text, start);
        words.push(start..end);
        end
    });
    words
}

/// Reads the word that begins at `start`: its end, the hash of its plain letters, how it is written.
pub(crate) fn word(text: &str, start: usize) -> (usize, u64, Shape) {
    let bytes = text.as_bytes();
    let (block, next) = (Block::at(bytes, start), Block::at(bytes, start + Block::LENGTH));
    let (run, rest) = (block.run(), next.run());
    let mut hash = Hash::new();
    hash.block(block, run.length);
    if run.is_word {
        let shape = if run.is_small() { Shape::Lower } else { Letters::of(run).shape() };
        return (start + run.length, hash.finish(), shape);
    }
    if run.length < Block::LENGTH || !rest.is_word {
        return long_word(text, start);
    }
    hash.block(next, rest.length);
    let mut letters = Letters::of(run);
    letters.run(rest);
    (start + Block::LENGTH + rest.length, hash.finish(), letters.shape())
}

/// A word of more than two blocks, or with letters beyond ASCII.
#[inline(never)]
fn long_word(text: &str, start: usize) -> (usize, u64, Shape) {
    let bytes = text.as_bytes();
    let mut hash = Hash::new();
    let mut letters = Letters::default();
    let mut at = start;
    loop {
        let block = Block::at(bytes, at);
        let run = block.run();
        hash.block(block, run.length);
        letters.run(run);
        at += run.length;
        if run.is_word {
            break;
        }
        let foreign = foreign(text, at, &mut hash, &mut letters);
        if foreign == at && run.length < Block::LENGTH {
            break;
        }
        at = foreign;
    }
    (at, hash.finish(), letters.shape())
}

/// Reads letters beyond ASCII; gives the place after them.
fn foreign(text: &str, from: usize, hash: &mut Hash, letters: &mut Letters) -> usize {
    let mut at = from;
    for c in text.get(from..).unwrap_or_default().chars().take_while(|c| !c.is_ascii()) {
        if c.is_alphanumeric() {
            hash.letter(plain(c));
            letters.add(c);
        } else if !is_mark(c) {
            break;
        }
        at += c.len_utf8();
    }
    at
}

/// Counts of kinds of letters in a word.
#[derive(Debug, Default)]
struct Letters {
    upper: u32,
    lower: u32,
    digits: u32,
    uncased: u32,
    begins_upper: bool,
}

impl Letters {
    fn of(run: Run) -> Self {
        let mut letters = Self::default();
        letters.run(run);
        letters
    }

    fn run(&mut self, run: Run) {
        let (upper, digits) = (run.upper(), run.digits());
        self.begins_upper |= run.begins_upper() && self.count() == 0;
        self.upper += upper;
        self.lower += run.length as u32 - upper - digits;
        self.digits += digits;
    }

    fn add(&mut self, c: char) {
        if c.is_uppercase() {
            self.begins_upper |= self.count() == 0;
            self.upper += 1;
        } else if c.is_lowercase() {
            self.lower += 1;
        } else if c.is_numeric() {
            self.digits += 1;
        } else {
            self.uncased += 1;
        }
    }

    fn count(&self) -> u32 {
        self.upper + self.lower + self.digits + self.uncased
    }

    fn shape(&self) -> Shape {
        let Self { upper, lower, digits, uncased, begins_upper } = *self;
        match (upper, lower) {
            _ if digits > 0 => {
                if upper + lower + uncased == 0 {
                    Shape::Number
                } else {
                    Shape::Mixed
                }
            }
            _ if uncased > upper + lower => Shape::Uncased,
            (0, _) => Shape::Lower,
            (1, 0) => Shape::Initial,
            (_, 0) => Shape::Caps,
            (1, _) if begins_upper => Shape::Title,
            _ if begins_upper => Shape::Inner,
            _ => Shape::Camel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Letters, Shape, Spelling, heads, is_mark, plain, word};
    use crate::gap::Gap;
    use crate::hash::Hash;
    use crate::signs::skip_many;

    /// Letter by letter, as the definition has it.
    fn word_by_letters(text: &str, start: usize) -> (usize, u64, Shape) {
        let (mut hash, mut letters, mut end) = (Hash::new(), Letters::default(), start);
        for c in text.get(start..).unwrap().chars().take_while(|c| c.is_alphanumeric() || is_mark(*c)) {
            if c.is_alphanumeric() {
                hash.letter(plain(c));
                letters.add(c);
            }
            end += c.len_utf8();
        }
        (end, hash.finish(), letters.shape())
    }

    fn check(text: &str) {
        let mut last = 0;
        heads(text, 0, text.len(), &mut |Head { start, short, gap }| {
            let (begin, between) = skip_many(text, last);
            let between = if last == 0 { Gap::Start } else { between };
            assert_eq!((start, gap), (begin, between), "{text:?} at {last}");
            let by_letters = word_by_letters(text, start);
            assert_eq!(word(text, start), by_letters, "{text:?} at {start}");
            let spelling = Spelling::of_word(text.as_bytes(), start, by_letters.0 - start);
            assert!(
                short.is_none_or(|(spelt, length)| spelling == Some(spelt) && start + length == by_letters.0),
                "{text:?} at {start}"
            );
            last = by_letters.0;
            last
        });
    }

    #[test]
    fn shapes_have_the_numbers_of_their_order() {
        assert!(Shape::ALL.iter().enumerate().all(|(index, shape)| *shape as usize == index));
    }

    #[test]
    fn blocks_and_tables_read_what_letter_by_letter_is_there() {
        const PARTS: [&str; 22] = [
            "a", "Z", "7", "q9", " ", "  ", ", ", ".", "_", "\\n", "\\", "\n", "\t", "\0", "é", "Ö",
            "e\u{301}", "\u{AD}", "中", "Ж", "٣", "“",
        ];
        for start in ["", "word", "Capital", "ABCDEFGH", "sixteen1letters2", "x. "] {
            for first in PARTS {
                for second in PARTS {
                    for third in PARTS {
                        check(&[start, first, second, third, first].concat());
                    }
                }
            }
        }
    }
}
