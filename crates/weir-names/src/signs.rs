//! From a word to the next: most gaps are one or two signs of ASCII, which a table knows.

use crate::block::Block;
use crate::gap::{CLASSES, Gap, Signs, class};

/// What a byte is: [`WORD`], [`MORE`], or the class of a sign and one.
const BYTES: [u8; 256] = bytes();
/// A letter or digit of ASCII.
const WORD: u8 = 0;
/// No sign by itself: a backslash, which the next byte gives a meaning, or a part of a character.
const MORE: u8 = CLASSES as u8 + 1;
/// The gaps that two signs make, or one, the second index being [`WORD`].
const GAPS: [[Gap; MORE as usize]; MORE as usize] = gaps();

/// Skips what is no word; gives the place of the next word and what stands before it.
///
/// Backslash escapes of line breaks, tabs and quotation marks count as these: a body is often read as it
/// stands, its escapes not yet undone.
pub(crate) fn skip(text: &str, from: usize) -> (usize, Gap) {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let few = rest.first_chunk().and_then(|[a, b, c]| match [kind(*a), kind(*b), kind(*c)] {
        [sign @ 1..MORE, WORD, _] => Some((from + 1, gap(sign, WORD)?)),
        [first @ 1..MORE, second @ 1..MORE, WORD] => Some((from + 2, gap(first, second)?)),
        _ => None,
    });
    few.unwrap_or_else(|| skip_many(text, from))
}

fn kind(byte: u8) -> u8 {
    BYTES.get(usize::from(byte)).copied().unwrap_or(MORE)
}

fn gap(first: u8, second: u8) -> Option<Gap> {
    GAPS.get(usize::from(first))?.get(usize::from(second)).copied()
}

/// Any number of signs.
#[inline(never)]
pub(crate) fn skip_many(text: &str, from: usize) -> (usize, Gap) {
    let bytes = text.as_bytes();
    let mut signs = Signs::new();
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match kind(byte) {
            WORD => break,
            MORE if byte == b'\\' => {
                let (c, length) = escape(bytes, at);
                signs.add(class(c));
                at += length;
            }
            MORE => {
                let Some(c) = char_at(text, at) else { break };
                if c.is_alphanumeric() {
                    break;
                }
                signs.add(class(c));
                at += c.len_utf8();
            }
            // Lines are indented.
            _ if byte == b' ' => {
                let spaces = Block::at(bytes, at).spaces();
                signs.add_many(class(' '), spaces as u32);
                at += spaces;
            }
            sign => {
                signs.add(u32::from(sign - 1));
                at += 1;
            }
        }
    }
    (at, signs.kind())
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

pub(crate) fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn bytes() -> [u8; 256] {
    let mut bytes = [MORE; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        bytes[byte as usize] = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => WORD,
            b'\\' => MORE,
            _ => class(byte as char) as u8 + 1,
        };
        byte += 1;
    }
    bytes
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn gaps() -> [[Gap; MORE as usize]; MORE as usize] {
    let mut gaps = [[Gap::Space; MORE as usize]; MORE as usize];
    let mut first = 1;
    while first < MORE {
        let mut second = 0;
        while second < MORE {
            let mut signs = Signs::new();
            signs.add(first as u32 - 1);
            if second != WORD {
                signs.add(second as u32 - 1);
            }
            gaps[first as usize][second as usize] = signs.kind();
            second += 1;
        }
        first += 1;
    }
    gaps
}
