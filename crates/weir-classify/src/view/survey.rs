/// Bytes that are judged together.
pub(super) const BLOCK: usize = 64;
/// Letters and digits that stand alone, in a block that may hold a value of such.
const SINGLES_MIN: u8 = 3;
/// Characters of base64 in a row that may be an encoding.
pub(super) const RUN_MIN: usize = 10;

/// A text and, for each block of it, which kinds of bytes it has: one pass that tells every view where it
/// need not look.
pub(crate) struct Survey<'a> {
    pub(super) text: &'a str,
    blocks: Vec<u16>,
}

/// Kinds of bytes, and what they form.
pub(super) mod kind {
    pub(in crate::view) const DIGIT: u16 = 1;
    pub(in crate::view) const AT_SIGN: u16 = 1 << 1;
    /// A sign with which an encoded character begins.
    pub(in crate::view) const ENCODING: u16 = 1 << 2;
    pub(in crate::view) const MARKUP: u16 = 1 << 3;
    pub(in crate::view) const BRACKET: u16 = 1 << 4;
    pub(in crate::view) const LINE_BREAK: u16 = 1 << 5;
    pub(in crate::view) const LETTER: u16 = 1 << 6;
    pub(in crate::view) const BASE64_SIGN: u16 = 1 << 7;
    /// Several letters or digits that stand alone.
    pub(in crate::view) const SINGLES: u16 = 1 << 8;
    /// The end or the middle of a long run of base64 characters.
    pub(in crate::view) const RUN: u16 = 1 << 9;
    pub(in crate::view) const WORD: u16 = DIGIT | LETTER;
    pub(in crate::view) const BASE64: u16 = WORD | BASE64_SIGN;
}

impl<'a> Survey<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let mut blocks = Vec::with_capacity(text.len() / BLOCK + 1);
        // What the last three bytes were: a word character or not.
        let (mut words, mut run) = (0_u8, 0_usize);
        for block in text.as_bytes().chunks(BLOCK) {
            let (mut kinds, mut singles, mut longest) = (0_u16, 0_u8, 0_usize);
            for byte in block {
                let class = class(*byte);
                kinds |= class;
                words = (words << 1 | u8::from(class & kind::WORD != 0)) & 0b111;
                singles += u8::from(words == 0b010);
                run = if class & kind::BASE64 != 0 { run + 1 } else { 0 };
                longest = longest.max(run);
            }
            kinds |= if singles >= SINGLES_MIN { kind::SINGLES } else { 0 };
            kinds |= if longest >= RUN_MIN { kind::RUN } else { 0 };
            blocks.push(kinds);
        }
        Self { text, blocks }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The first place from `from` on with a byte of one of `kinds`.
    pub(super) fn seek(&self, from: usize, kinds: u16) -> Option<usize> {
        let mut from = from;
        loop {
            let block = self.seek_block(from, kinds)?;
            let bytes = self.bytes().get(block.clone())?;
            match bytes.iter().position(|b| class(*b) & kinds != 0) {
                Some(found) => return Some(block.start + found),
                None => from = block.end,
            }
        }
    }

    /// The first block that has one of `kinds`, without what lies before `from`.
    pub(super) fn seek_block(&self, from: usize, kinds: u16) -> Option<std::ops::Range<usize>> {
        let first = (from < self.text.len()).then_some(from / BLOCK)?;
        let passed = self.blocks.get(first..)?.iter().position(|block| block & kinds != 0)?;
        let start = (first + passed) * BLOCK;
        Some(from.max(start)..self.text.len().min(start + BLOCK))
    }

    /// Whether one of `kinds` may be in the block of `at` or beside it.
    pub(super) fn has_near(&self, at: usize, kinds: u16) -> bool {
        let block = at / BLOCK;
        let near = self.blocks.get(block.saturating_sub(1)..self.blocks.len().min(block + 2));
        near.is_some_and(|near| near.iter().any(|block| block & kinds != 0))
    }
}

/// The kinds of a byte.
pub(super) fn class(byte: u8) -> u16 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

const CLASSES: [u16; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn classes() -> [u16; 256] {
    let mut classes = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'0'..=b'9' => kind::DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => kind::LETTER,
            b'@' => kind::AT_SIGN,
            b'\\' | b'%' | b'=' | b'&' => kind::ENCODING,
            b'<' => kind::MARKUP | kind::BRACKET,
            b'_' => kind::MARKUP | kind::BASE64_SIGN,
            b'"' | b'\'' | b'*' | b'`' | b'~' => kind::MARKUP,
            b'(' | b'[' | b'{' => kind::BRACKET,
            b'+' | b'/' | b'-' => kind::BASE64_SIGN,
            b'\n' => kind::LINE_BREAK,
            _ => 0,
        };
        byte += 1;
    }
    classes
}
