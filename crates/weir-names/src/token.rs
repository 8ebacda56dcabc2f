//! Words with their places, and what can be said of each without looking at another.

use crate::block::{Block, Run};
use crate::fold::{is_mark, plain};
use crate::gap::Gap;
use crate::hash::Hash;
use crate::signs::skip;

/// A run of letters and digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// First byte in the text.
    pub(crate) start: usize,
    /// The byte after the word.
    pub(crate) end: usize,
    /// Of the word in plain lower-case letters.
    pub(crate) hash: u64,
    pub(crate) shape: Shape,
    /// What stands before it.
    pub(crate) gap: Gap,
}

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
    /// Whether it is made of letters alone.
    pub(crate) fn is_word(self) -> bool {
        !matches!(self, Shape::Number | Shape::Mixed)
    }

    /// Whether it begins with a capital.
    pub(crate) fn is_capital(self) -> bool {
        matches!(self, Shape::Title | Shape::Caps | Shape::Initial | Shape::Inner)
    }
}

/// Gives the words of `text` that begin in `from..to`, and the place to go on from.
pub(crate) fn tokens(text: &str, from: usize, to: usize, take: &mut impl FnMut(Token)) -> usize {
    let to = to.min(text.len());
    let mut is_first = from == 0;
    let mut at = from;
    loop {
        let (start, gap) = skip(text, at);
        if start >= to {
            // The signs after the last word belong to the next one.
            return if at > from && start < text.len() { at } else { start };
        }
        let gap = if std::mem::take(&mut is_first) { Gap::Start } else { gap };
        let (end, hash, shape) = word(text, start);
        take(Token { start, end, hash, shape, gap });
        at = end;
    }
}

fn word(text: &str, start: usize) -> (usize, u64, Shape) {
    let block = Block::at(text.as_bytes(), start);
    let run = block.run();
    if !run.is_word {
        return long_word(text, start);
    }
    let mut hash = Hash::new();
    hash.block(block, run.length);
    let shape = if run.is_small() { Shape::Lower } else { Letters::of(run).shape() };
    (start + run.length, hash.finish(), shape)
}

/// A word of more than one block, or with letters beyond ASCII.
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
    use super::{Letters, is_mark, plain, tokens, word};
    use crate::hash::Hash;
    use crate::signs::{skip, skip_many};

    /// Letter by letter, as the definition has it.
    fn word_by_letters(text: &str, start: usize) -> (usize, u64, super::Shape) {
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
        let mut words = Vec::new();
        tokens(text, 0, text.len(), &mut |token| words.push(token));
        let mut last = 0;
        for token in words {
            assert_eq!(skip(text, last), skip_many(text, last), "{text:?} at {last}");
            assert_eq!(token.start, skip_many(text, last).0, "{text:?} at {last}");
            let by_letters = word_by_letters(text, token.start);
            assert_eq!((token.end, token.hash, token.shape), by_letters, "{text:?} at {}", token.start);
            assert_eq!(word(text, token.start), by_letters);
            last = token.end;
        }
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
