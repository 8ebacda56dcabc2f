//! From a word to the next: most gaps are one or two signs of ASCII, which a table knows.

use crate::block::Block;
use crate::gap::{CLASSES, Gap, Signs, class};
use crate::lanes::Lanes;

/// What a byte is: [`WORD`], [`MORE`], or the class of a sign and one.
const BYTES: [u8; 256] = bytes();
/// A letter or digit of ASCII.
const WORD: u8 = 0;
/// No sign by itself: a backslash, which the next byte gives a meaning, or a part of a character.
const MORE: u8 = CLASSES as u8 + 1;
const SPACE: u8 = class(' ') as u8 + 1;
/// More than there are kinds of bytes.
const KINDS: usize = 32;
/// The gaps that two signs make, or one, the second index being [`WORD`]. None begins with it, and none has [`MORE`].
const GAPS: [[Option<Gap>; KINDS]; KINDS] = gaps();
/// The class of each byte as a bit, if it is a sign; else none, or [`Signs::UNKNOWN`] for what is no sign by itself.
const BITS: [u32; 256] = bits();

/// What stands behind a word of so many bytes, and how many bytes that is, if it is a few signs of ASCII and then another word.
pub(crate) fn brief(lanes: Lanes, length: usize) -> Option<(usize, Gap)> {
    let count = lanes.signs_behind(length)?;
    let signs = lanes.behind(length);
    let gap = if count <= 2 { pair(signs) } else { several(signs, count) };
    gap.map(|gap| (count, gap))
}

/// Of one sign and the beginning of a word, or of two signs.
fn pair(signs: u64) -> Option<Gap> {
    let [first, second, ..] = signs.to_le_bytes().map(|byte| usize::from(kind(byte)) % KINDS);
    *GAPS.get(first)?.get(second)?
}

/// Of at most eight: as there is no branch for each, none is guessed wrong.
#[inline(never)]
fn several(signs: u64, count: usize) -> Option<Gap> {
    let none = u64::MAX.checked_shl(8 * count as u32).unwrap_or_default();
    let letters = u64::from_le_bytes([b'a'; 8]);
    let bit = |byte: u8| BITS.get(usize::from(byte)).copied().unwrap_or_default();
    let bits = (signs & !none | letters & none).to_le_bytes().map(bit);
    if count > bits.len() { None } else { Signs::of(bits, count as u32).map(Signs::kind) }
}

/// Skips what is no word; gives the place of the next word and what stands before it.
///
/// Backslash escapes of line breaks, tabs and quotation marks count as these: a body is often read as it stands, its escapes
/// not yet undone.
pub(crate) fn skip(text: &str, from: usize) -> (usize, Gap) {
    line_break(text, from).unwrap_or_else(|| skip_many(text, from))
}

/// An escaped line break directly before a word.
fn line_break(text: &str, from: usize) -> Option<(usize, Gap)> {
    match text.as_bytes().get(from..)?.first_chunk()? {
        [b'\\', b'n', next] if kind(*next) == WORD => Some((from + 2, Gap::Line)),
        _ => None,
    }
}

fn kind(byte: u8) -> u8 {
    BYTES.get(usize::from(byte)).copied().unwrap_or(MORE)
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
                let (class, length) = escape(bytes, at);
                signs.add(class);
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
            SPACE => {
                let spaces = Block::at(bytes, at).spaces();
                signs.add_many(u32::from(SPACE - 1), spaces as u32);
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

/// The class of what a backslash stands for, and how long that is: several before a letter are an escape of an escape.
fn escape(bytes: &[u8], at: usize) -> (u32, usize) {
    const LINE: u32 = class('\n');
    const TAB: u32 = class('\t');
    const QUOTE: u32 = class('"');
    const BACKSLASH: u32 = class('\\');
    let is_one = bytes.get(at + 1) != Some(&b'\\');
    let run =
        if is_one { 1 } else { bytes.iter().skip(at).take(8).take_while(|byte| **byte == b'\\').count() };
    match bytes.get(at + run) {
        Some(b'n' | b'r') => (LINE, run + 1),
        Some(b't') => (TAB, run + 1),
        Some(b'"') => (QUOTE, run + 1),
        _ => (BACKSLASH, run),
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
const fn bits() -> [u32; 256] {
    let mut bits = [0; 256];
    let mut byte = 0;
    while byte < bits.len() {
        bits[byte] = match BYTES[byte] {
            WORD => 0,
            MORE => Signs::UNKNOWN,
            sign => 1 << (sign - 1),
        };
        byte += 1;
    }
    bits
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn gaps() -> [[Option<Gap>; KINDS]; KINDS] {
    let mut gaps = [[None; KINDS]; KINDS];
    let mut first = 1;
    while first < MORE {
        let mut second = 0;
        while second < MORE {
            let mut signs = Signs::new();
            signs.add(first as u32 - 1);
            if second != WORD {
                signs.add(second as u32 - 1);
            }
            gaps[first as usize][second as usize] = Some(signs.kind());
            second += 1;
        }
        first += 1;
    }
    gaps
}
