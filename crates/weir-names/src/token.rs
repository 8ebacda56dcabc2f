//! Words with their places, and what can be said of each without looking at another.

use crate::fold::{is_mark, plain};
use crate::gap::{Gap, Signs};
use crate::hash::Hash;

/// A run of letters and digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    /// First byte in the text.
    pub(crate) start: usize,
    /// The byte after the word.
    pub(crate) end: usize,
    /// Of the word in plain lower-case letters.
    pub(crate) word: Hash,
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

/// Appends the words of `text` that begin in `from..to`; gives the place to go on from.
///
/// Backslash escapes of line breaks, tabs and quotation marks count as these: a body is often read as it
/// stands, its escapes not yet undone.
pub(crate) fn tokens(text: &str, from: usize, to: usize, out: &mut Vec<Token>) -> usize {
    let mut at = from;
    loop {
        let (start, signs) = gap(text, at);
        if start >= to.min(text.len()) {
            // The signs after the last word belong to the next one.
            return if at > from && start < text.len() { at } else { start };
        }
        let (end, word, shape) = word(text, start);
        let gap = if out.is_empty() && from == 0 { Gap::Start } else { signs.kind() };
        out.push(Token { start, end, word, shape, gap });
        at = end;
    }
}

/// Skips what is no word.
fn gap(text: &str, from: usize) -> (usize, Signs) {
    let bytes = text.as_bytes();
    let mut signs = Signs::default();
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            break;
        }
        if byte == b'\\' {
            let (c, length) = escape(bytes, at);
            signs.add(c);
            at += length;
        } else if byte < 0x80 {
            signs.add(byte.into());
            at += 1;
        } else {
            let Some(c) = char_at(text, at) else { break };
            if c.is_alphanumeric() {
                break;
            }
            signs.add(c);
            at += c.len_utf8();
        }
    }
    (at, signs)
}

/// What a backslash stands for, and how long that is: several before a letter are an escape of an escape.
fn escape(bytes: &[u8], at: usize) -> (char, usize) {
    let run = bytes.iter().skip(at).take(8).take_while(|byte| **byte == b'\\').count();
    match bytes.get(at + run) {
        Some(b'n' | b'r') => ('\n', run + 1),
        Some(b't') => ('\t', run + 1),
        Some(b'"') => ('"', run + 1),
        _ => ('\\', run),
    }
}

fn word(text: &str, start: usize) -> (usize, Hash, Shape) {
    let bytes = text.as_bytes();
    let mut hash = Hash::new();
    let mut letters = Letters::default();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            hash.byte(byte | if byte.is_ascii_digit() { 0 } else { 0x20 });
            letters.ascii(byte);
            at += 1;
            continue;
        }
        if byte < 0x80 {
            break;
        }
        let Some(c) = char_at(text, at) else { break };
        if c.is_alphanumeric() {
            hash.letter(plain(c));
            letters.add(c);
        } else if !is_mark(c) {
            break;
        }
        at += c.len_utf8();
    }
    (at, hash, letters.shape())
}

fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
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
    fn ascii(&mut self, byte: u8) {
        let upper = byte.is_ascii_uppercase();
        self.begins_upper |= upper && self.count() == 0;
        self.upper += u32::from(upper);
        self.lower += u32::from(byte.is_ascii_lowercase());
        self.digits += u32::from(byte.is_ascii_digit());
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
