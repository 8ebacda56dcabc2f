//! The classes of characters that patterns tell apart.

use std::sync::LazyLock;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// A set of classes, one bit each. Every character is of exactly one class.
pub type Classes = u8;

/// Upper and title case (`Lu`, `Lt`).
pub const UPPER: Classes = 1;
/// Lower case (`Ll`).
pub const LOWER: Classes = 1 << 1;
/// Letters without case (`Lm`, `Lo`).
pub const LETTER: Classes = 1 << 2;
/// Marks (`M`).
pub const MARK: Classes = 1 << 3;
/// Numbers (`N`).
pub const NUMBER: Classes = 1 << 4;
/// White space but for the ends of lines.
pub const SPACE: Classes = 1 << 5;
/// Carriage return and line feed.
pub const NEWLINE: Classes = 1 << 6;
/// Everything else.
pub const OTHER: Classes = 1 << 7;

/// `\p{L}`.
pub const ALPHABETIC: Classes = UPPER | LOWER | LETTER;
/// `\s`.
pub const WHITE: Classes = SPACE | NEWLINE;
/// `[^\s\p{L}\p{N}]`.
pub const SYMBOL: Classes = MARK | OTHER;

/// The class of every character: at once for those of one and two bytes, and in two steps for the others.
pub struct Table {
    /// Those of the characters below [`THREE_BYTES`].
    first: [Classes; THREE_BYTES],
    /// Which block has the characters from 256 times the index on.
    blocks: Vec<u8>,
    /// Blocks of 256 characters, each once.
    classes: Vec<[Classes; 256]>,
}

/// The first character that takes three bytes.
const THREE_BYTES: usize = 0x800;
/// Assigned characters are below, but for marks and tags from U+E0000 on.
const PLANES: u32 = 0x4_0000;
const TAGS: std::ops::Range<u32> = 0xe_0000..0xe_0200;

impl Table {
    /// The table, which is made when it is first asked for.
    pub fn get() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(Table::new);
        &TABLE
    }

    fn new() -> Self {
        let mut table = Self { first: [OTHER; THREE_BYTES], blocks: Vec::new(), classes: vec![[OTHER; 256]] };
        for first in (0..TAGS.end).step_by(256) {
            let is_assigned = first < PLANES || TAGS.contains(&first);
            let number = if is_assigned { table.add(block(first)) } else { 0 };
            table.blocks.push(number);
        }
        for (class, character) in table.first.iter_mut().zip('\0'..) {
            *class = of(character);
        }
        table
    }

    /// There are fewer than 256 blocks that differ; what were more would be other characters.
    fn add(&mut self, block: [Classes; 256]) -> u8 {
        let known = self.classes.iter().position(|known| *known == block);
        let number = known.unwrap_or_else(|| {
            self.classes.push(block);
            self.classes.len() - 1
        });
        u8::try_from(number).unwrap_or(0)
    }

    /// The class of the character that begins at `at`, and its length in bytes; `None` at the end. `text` is UTF-8 and
    /// `at` the beginning of a character.
    #[inline]
    pub fn at(&self, text: &[u8], at: usize) -> Option<(Classes, usize)> {
        let first = *text.get(at)?;
        if first.is_ascii() {
            return Some((self.of_few_bytes(u32::from(first)), 1));
        }
        match text.get(at + 1) {
            Some(second) if first < 0xe0 => {
                Some((self.of_few_bytes(u32::from(first & 0x1f) << 6 | u32::from(second & 0x3f)), 2))
            }
            _ => Some(self.of_many_bytes(text, at, first)),
        }
    }

    #[inline]
    fn of_few_bytes(&self, code: u32) -> Classes {
        self.first.get(code as usize).copied().unwrap_or(OTHER)
    }

    #[inline]
    fn of_many_bytes(&self, text: &[u8], at: usize, first: u8) -> (Classes, usize) {
        let (code, length) = decode(text, at, first);
        let block = self.blocks.get(code as usize >> 8).copied().unwrap_or(0);
        let class = self.classes.get(usize::from(block)).and_then(|block| block.get(code as usize & 0xff));
        (class.copied().unwrap_or(OTHER), length)
    }

    /// Where the characters of these classes that stand from `at` on end.
    #[inline]
    pub fn run(&self, text: &[u8], mut at: usize, classes: Classes) -> usize {
        while let Some((class, length)) = self.at(text, at)
            && class & classes != 0
        {
            at += length;
            if length == 1 && class & LOWER != 0 {
                at = letters(text, at, classes & UPPER != 0);
            }
        }
        at
    }
}

/// Where the letters of ASCII that stand from `at` on end, or of those the lower case ones, if eight bytes follow: they are
/// told apart eight at a time, because the processor cannot foresee where words end.
#[inline]
fn letters(text: &[u8], mut at: usize, either_case: bool) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let eight = u64::from_le_bytes(*eight);
        let folded = if either_case { eight | (0x20 * EACH) } else { eight };
        let low = folded & !HIGH;
        let from_a = low + (0x80 - u64::from(b'a')) * EACH;
        let beyond_z = low + (0x7f - u64::from(b'z')) * EACH;
        let others = (!from_a | beyond_z | eight) & HIGH;
        at += others.trailing_zeros() as usize / 8;
        if others != 0 {
            break;
        }
    }
    at
}

/// The code point of the character beyond ASCII that begins with the byte `first` at `at`, and its length in bytes.
#[inline]
pub fn decode(text: &[u8], at: usize, first: u8) -> (u32, usize) {
    let four = text.get(at..).and_then(<[u8]>::first_chunk).copied();
    let [_, second, third, fourth] = four.unwrap_or_else(|| {
        let byte = |ahead: usize| text.get(at + ahead).copied().unwrap_or(0);
        [first, byte(1), byte(2), byte(3)]
    });
    let [second, third, fourth] = [second, third, fourth].map(|byte| u32::from(byte & 0x3f));
    let first = u32::from(first);
    match first {
        ..0xe0 => ((first & 0x1f) << 6 | second, 2),
        0xe0..0xf0 => ((first & 0x0f) << 12 | second << 6 | third, 3),
        _ => ((first & 0x07) << 18 | second << 12 | third << 6 | fourth, 4),
    }
}

fn block(first: u32) -> [Classes; 256] {
    let mut block = [OTHER; 256];
    for (class, code) in block.iter_mut().zip(first..) {
        *class = char::from_u32(code).map_or(OTHER, of);
    }
    block
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the categories are Unicode's, and the rest are all one class"
)]
fn of(character: char) -> Classes {
    match character {
        '\r' | '\n' => return NEWLINE,
        _ if character.is_whitespace() => return SPACE,
        _ => {}
    }
    match character.general_category() {
        GeneralCategory::UppercaseLetter | GeneralCategory::TitlecaseLetter => UPPER,
        GeneralCategory::LowercaseLetter => LOWER,
        GeneralCategory::ModifierLetter | GeneralCategory::OtherLetter => LETTER,
        GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark => {
            MARK
        }
        GeneralCategory::DecimalNumber | GeneralCategory::LetterNumber | GeneralCategory::OtherNumber => {
            NUMBER
        }
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_the_class_that_unicode_gives_it() {
        let table = Table::get();
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            assert_eq!(table.at(text.as_bytes(), 0), Some((of(character), text.len())), "{character:?}");
        }
    }

    #[test]
    fn the_classes_are_those_of_the_patterns() {
        for (text, classes) in [
            ("aßжﬁ", LOWER),
            ("AÄЖǅ", UPPER),
            ("中かاªʰ", LETTER),
            ("\u{301}\u{903}\u{20dd}\u{fe0f}\u{e0100}", MARK),
            ("7٣Ⅷ½²", NUMBER),
            (" \t\u{b}\u{85}\u{a0}\u{2003}\u{2028}\u{3000}", SPACE),
            ("\r\n", NEWLINE),
            ("!$€。😀\u{200d}\u{0}\u{10ffff}", OTHER),
        ] {
            assert_eq!(Table::get().run(text.as_bytes(), 0, classes), text.len(), "{text:?}");
        }
    }
}
