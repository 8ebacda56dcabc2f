mod literal;

pub(super) use literal::ahead;

use crate::lanes::{BLOCK, Lanes, each_place, is, is_digit, is_in, is_letter, is_upper, places, within};
use std::ops::{ControlFlow, Range};
use wide::u8x16;

/// Letters and digits that stand alone, in a block that may hold a value of such.
const SINGLES_MIN: u32 = 3;
/// Characters of base64 in a row that may be an encoding.
pub(super) const RUN_MIN: usize = 10;

/// A text and where in it the bytes of each kind are: one pass that tells every view where to look.
pub(crate) struct Survey<'a> {
    pub(super) text: &'a str,
    /// Whether the operator looks for things of their own, of any shape.
    pub(super) is_for_any_shape: bool,
    blocks: Vec<Block>,
    /// The kinds of which there is a byte at all.
    kinds: u16,
    /// How many digits there are.
    digits: u32,
}

/// What is in a block of the text.
pub(super) struct Block {
    /// For each kind, which bytes are of it.
    masks: Masks,
    /// How many digits the text has before it.
    digits_before: u32,
}

impl Block {
    /// The bytes of a kind.
    pub(super) fn of(&self, kind: u16) -> u64 {
        self.masks.get(kind.trailing_zeros() as usize).copied().unwrap_or_default()
    }
}

type Masks = [u64; KINDS];

const KINDS: usize = 11;

/// Kinds of bytes.
pub(super) mod kind {
    pub(in crate::view) const DIGIT: u16 = 1;
    pub(in crate::view) const AT_SIGN: u16 = 1 << 1;
    /// A sign with which an encoded character begins.
    pub(in crate::view) const ENCODING: u16 = 1 << 2;
    pub(in crate::view) const MARKUP: u16 = 1 << 3;
    pub(in crate::view) const BRACKET: u16 = 1 << 4;
    pub(in crate::view) const LINE_BREAK: u16 = 1 << 5;
    pub(in crate::view) const LETTER: u16 = 1 << 6;
    /// A letter or digit.
    pub(in crate::view) const WORD: u16 = 1 << 7;
    /// A character of base64 or base64url.
    pub(in crate::view) const BASE64: u16 = 1 << 8;
    /// A digit or capital: what is encoded has one, but for some bytes in hexadecimal.
    pub(in crate::view) const CODED: u16 = 1 << 9;
    /// A letter, digit or sign of ASCII.
    pub(in crate::view) const GRAPHIC: u16 = 1 << 10;
}

impl<'a> Survey<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let (mut any, mut digits) = ([0; KINDS], 0);
        let block = |at: usize| {
            let masks = masks_at(text.as_bytes(), at);
            any.iter_mut().zip(masks).for_each(|(any, mask)| *any |= mask);
            let [of_digits, ..] = masks;
            let block = Block { masks, digits_before: digits };
            digits += of_digits.count_ones();
            block
        };
        let blocks = (0..text.len()).step_by(BLOCK).map(block).collect();
        let kinds = any.iter().rev().fold(0, |kinds, mask| kinds << 1 | u16::from(*mask != 0));
        Self { text, is_for_any_shape: false, blocks, kinds, digits }
    }

    /// The same where the operator looks for things of their own: then no value is refused for its shape.
    pub(crate) fn for_any_shape(self, is_for_any_shape: bool) -> Self {
        Self { is_for_any_shape, ..self }
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// Whether there is a byte of one of `kinds`.
    pub(super) fn has(&self, kinds: u16) -> bool {
        self.kinds & kinds != 0
    }

    /// The first place from `from` on with a byte of one of `kinds`.
    pub(super) fn seek(&self, from: usize, kinds: u16) -> Option<usize> {
        if !self.has(kinds) {
            return None;
        }
        let (mut index, mut unseen) = (from / BLOCK, u64::MAX << (from % BLOCK));
        while let Some(block) = self.blocks.get(index) {
            let mask = mask(block, kinds) & unseen;
            if mask != 0 {
                return Some(index * BLOCK + mask.trailing_zeros() as usize);
            }
            (index, unseen) = (index + 1, u64::MAX);
        }
        None
    }

    /// The first digit from `from` on that has so many about it, itself among them, in its block and `reach` to either side.
    pub(super) fn seek_row(&self, from: usize, min: u32, reach: usize) -> Option<usize> {
        if self.digits < min {
            return None;
        }
        let before = |block: usize| self.blocks.get(block).map_or(self.digits, |block| block.digits_before);
        let about = |index: usize| before(index + reach + 1) - before(index.saturating_sub(reach));
        let mut unseen = u64::MAX << (from % BLOCK);
        for index in from / BLOCK..self.blocks.len() {
            let here = self.mask_of(index, kind::DIGIT) & unseen;
            unseen = u64::MAX;
            if here != 0 && about(index) >= min {
                return Some(index * BLOCK + here.trailing_zeros() as usize);
            }
        }
        None
    }

    /// The first place from `from` on at which `len` bytes of `kinds` stand in a row; at most as many as a block has.
    pub(super) fn seek_stretch(&self, from: usize, kinds: u16, len: usize) -> Option<usize> {
        let mut unseen = u64::MAX << (from % BLOCK);
        (from / BLOCK..self.blocks.len()).find_map(|index| {
            let (mut starts, mut seen) = (self.mask_from(index, kinds), 1);
            while seen < len {
                let more = seen.min(len - seen);
                starts &= starts >> more;
                seen += more;
            }
            let starts = u64::try_from(starts & u128::from(u64::MAX)).unwrap_or_default() & unseen;
            unseen = u64::MAX;
            (starts != 0).then(|| index * BLOCK + starts.trailing_zeros() as usize)
        })
    }

    /// The first small letter from `from` on with a capital directly behind it, as far as both are in one block.
    pub(super) fn seek_mixed(&self, from: usize) -> Option<usize> {
        let mut unseen = u64::MAX << (from % BLOCK);
        (from / BLOCK..self.blocks.len()).find_map(|index| {
            let (letters, coded) = (self.mask_of(index, kind::LETTER), self.mask_of(index, kind::CODED));
            let mixed = letters & !coded & (letters & coded) >> 1 & unseen;
            unseen = u64::MAX;
            (mixed != 0).then(|| index * BLOCK + mixed.trailing_zeros() as usize)
        })
    }

    /// The first letter or digit from `from` on that stands alone, in a block that has several of these or in the one before.
    pub(super) fn seek_single(&self, from: usize) -> Option<usize> {
        let first = if from < self.text.len() { from / BLOCK } else { self.blocks.len() };
        let unseen = |block: usize| match from.checked_sub(block * BLOCK) {
            Some(seen) if seen < BLOCK => u64::MAX << seen,
            Some(_) => 0,
            None => u64::MAX,
        };
        // A value may begin in the block before, with few of its characters.
        let mut last = first.checked_sub(1).map_or(0, |before| self.singles(before));
        (first..self.blocks.len()).find_map(|index| {
            let singles = self.singles(index);
            let before = std::mem::replace(&mut last, singles);
            if singles.count_ones() < SINGLES_MIN {
                return None;
            }
            let before = index.checked_sub(1).map_or(0, |block| before & unseen(block));
            let here = u128::from(before) | u128::from(singles & unseen(index)) << BLOCK;
            (here != 0).then(|| (index * BLOCK + here.trailing_zeros() as usize).saturating_sub(BLOCK))
        })
    }

    /// The letters and digits of a block that stand alone.
    fn singles(&self, index: usize) -> u64 {
        let words = self.mask_of(index, kind::WORD);
        let before = index.checked_sub(1).map_or(0, |before| self.mask_of(before, kind::WORD));
        let after = self.mask_of(index + 1, kind::WORD);
        words & !(words << 1 | before >> (BLOCK - 1)) & !(words >> 1 | after << (BLOCK - 1))
    }

    /// How many bytes of `kinds` there are in a row from `at` on, as far as the end of the next block.
    pub(super) fn run_from(&self, at: usize, kinds: u16) -> usize {
        let (index, within) = (at / BLOCK, at % BLOCK);
        let run = (self.mask_of(index, kinds) >> within).trailing_ones() as usize;
        if within + run < BLOCK {
            return run;
        }
        (self.mask_from(index, kinds) >> within).trailing_ones() as usize
    }

    /// How many bytes of `kinds` a range has.
    pub(super) fn count(&self, range: &Range<usize>, kinds: u16) -> usize {
        let of = |index: usize| {
            let before = within(index * BLOCK, range.start);
            (self.mask_of(index, kinds) & within(index * BLOCK, range.end) & !before).count_ones() as usize
        };
        (range.start / BLOCK..=range.end / BLOCK).map(of).sum()
    }

    /// Whether one of the `len` bytes from `at` on is of both kinds; of at most a block.
    pub(super) fn has_both_within(&self, at: usize, len: usize, one: u16, other: u16) -> bool {
        let within = (1_u128 << len.min(BLOCK)) - 1;
        let both = self.mask_from(at / BLOCK, one) & self.mask_from(at / BLOCK, other);
        both >> (at % BLOCK) & within != 0
    }

    /// How many bytes of `kinds` there are in a row before `at`, as far as the beginning of the block before.
    pub(super) fn run_before(&self, at: usize, kinds: u16) -> usize {
        let (index, within) = (at / BLOCK, at % BLOCK);
        if within > 0 {
            let run = (self.mask_of(index, kinds) << (BLOCK - within)).leading_ones() as usize;
            if run < within {
                return run;
            }
        }
        self.masks_before(at, kinds).leading_ones() as usize
    }

    /// Tells `found` where rows of letters begin.
    pub(super) fn each_letter_run(&self, mut found: impl FnMut(usize)) {
        let of = |at: usize| {
            let letters = self.mask_of(at / BLOCK, kind::LETTER);
            let before = (at / BLOCK).checked_sub(1).map_or(0, |before| self.mask_of(before, kind::LETTER));
            letters & !(letters << 1 | before >> (BLOCK - 1))
        };
        let _all = each_place(0, self.text.len(), of, |at| {
            found(at);
            ControlFlow::Continue(())
        });
    }

    /// The first row of letters and digits that begins at or after `from`, where none goes on.
    pub(super) fn next_word(&self, from: usize) -> Option<Word> {
        let start = self.seek(from, kind::WORD)?;
        let mut word = Word { range: start..start, digits: 0, has_lower_case: false };
        loop {
            let (index, within) = (word.range.end / BLOCK, word.range.end % BLOCK);
            let masks = |kinds| self.mask_of(index, kinds) >> within;
            let len = masks(kind::WORD).trailing_ones();
            let inside = u64::MAX.checked_shl(len).map_or(u64::MAX, |after| !after);
            word.range.end += len as usize;
            word.digits += (masks(kind::DIGIT) & inside).count_ones() as usize;
            word.has_lower_case |= masks(kind::WORD) & !masks(kind::CODED) & inside != 0;
            if len == 0 || !word.range.end.is_multiple_of(BLOCK) {
                return Some(word);
            }
        }
    }

    /// The places that a mask of each block shows.
    pub(super) fn places(&self, of: impl Fn(&Block) -> u64) -> impl Iterator<Item = usize> {
        places(0, self.text.len(), move |at: usize| self.blocks.get(at / BLOCK).map_or(0, &of))
    }

    /// The line breaks beside whose words there may be a byte of `kinds`, with at most `blanks` between.
    pub(super) fn breaks_beside(&self, kinds: u16, blanks: u32) -> impl Iterator<Item = usize> {
        places(0, self.text.len(), move |at| {
            let index = at / BLOCK;
            let (breaks, sought) = (self.mask_of(index, kind::LINE_BREAK), self.mask_of(index, kinds));
            let is_near =
                sought | self.mask_of(index.wrapping_sub(1), kinds) | self.mask_of(index + 1, kinds);
            if breaks == 0 || is_near == 0 {
                return 0;
            }
            let graphic = self.mask_of(index, kind::GRAPHIC);
            let before = after_words(graphic, sought, blanks);
            let after = after_words(graphic.reverse_bits(), sought.reverse_bits(), blanks).reverse_bits();
            breaks & (before | after)
        })
    }

    fn mask_of(&self, index: usize, kinds: u16) -> u64 {
        self.blocks.get(index).map_or(0, |block| mask(block, kinds))
    }

    /// The masks of the block of `at` and of the one before, as far as `at`, whose highest bit is the byte before `at`.
    fn masks_before(&self, at: usize, kinds: u16) -> u128 {
        let index = at / BLOCK;
        let before = index.checked_sub(1).map_or(0, |before| u128::from(self.mask_of(before, kinds)));
        let masks = before | u128::from(self.mask_of(index, kinds)) << BLOCK;
        masks << (BLOCK - at % BLOCK)
    }

    /// The masks of two blocks from `index` on.
    fn mask_from(&self, index: usize, kinds: u16) -> u128 {
        u128::from(self.mask_of(index, kinds)) | u128::from(self.mask_of(index + 1, kinds)) << BLOCK
    }
}

/// A row of letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) range: Range<usize>,
    pub(super) digits: usize,
    pub(super) has_lower_case: bool,
}

/// The bytes of one of `kinds`.
fn mask(block: &Block, kinds: u16) -> u64 {
    let (mut left, mut all) = (kinds, 0);
    while left != 0 {
        all |= block.masks.get(left.trailing_zeros() as usize).copied().unwrap_or_default();
        left &= left - 1;
    }
    all
}

/// What follows on words that hold one of some bytes, and on at most so many blanks; a word that goes on before the block may.
fn after_words(graphic: u64, sought: u64, blanks: u32) -> u64 {
    // What a carry through the words comes out at.
    let ends = graphic.wrapping_add((sought | 1) & graphic) & !graphic;
    (0..blanks).fold(ends | !graphic & 1, |ends, _| ends | ends << 1 & !graphic)
}

/// The masks of the block at `at`, in the order of the kinds.
fn masks_at(text: &[u8], at: usize) -> Masks {
    let lanes = Lanes::at(text, at);
    let (digits, letters, uppers) = (lanes.mask(is_digit), lanes.mask(is_letter), lanes.mask(is_upper));
    let words = digits | letters;
    let encoding = lanes.mask(|lane| is_in(lane, b'%', b'&') | is(lane, b'=') | is(lane, b'\\'));
    let quotes = |lane| is(lane, b'"') | is(lane, b'\'') | is(lane, b'*') | is(lane, b'~');
    // `_` comes before the grave accent, and `[` and `{` differ in one bit.
    let markup = lanes.mask(|lane| quotes(lane) | is_in(lane, b'_', b'`') | is(lane, b'<'));
    let brackets = lanes.mask(|lane| is(lane, b'(') | is(lane | u8x16::splat(0x20), b'{') | is(lane, b'<'));
    let signs = lanes.mask(|lane| is(lane, b'+') | is(lane, b'-') | is(lane, b'/') | is(lane, b'_'));
    [
        digits,
        lanes.mask(|lane| is(lane, b'@')),
        encoding,
        markup,
        brackets,
        lanes.mask(|lane| is(lane, b'\n')),
        letters,
        words,
        words | signs,
        digits | uppers,
        lanes.mask(|lane| is_in(lane, b'!', b'~')),
    ]
}

/// Whether a byte is of base64 or base64url.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of all lengths around the borders of blocks.
    fn texts() -> Vec<String> {
        let words = ["a", "b2", ", ", " ", "c3d", "(", "x-y", "é", "9", ". ", "longer_word", "\n"];
        let text = |seed: usize| {
            let mut state = seed;
            (0..80).fold(String::new(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + words.get(state >> 33 & 15).copied().unwrap_or("zz")
            })
        };
        (0..40).map(text).chain(["a".repeat(200), String::new(), "1".to_owned()]).collect()
    }

    #[test]
    fn runs_are_those_of_the_bytes() {
        for text in texts() {
            let (survey, bytes) = (Survey::of(&text), text.as_bytes());
            let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
            for at in 0..=bytes.len() {
                // As far as is seen for sure.
                let ahead = (at..at + BLOCK).take_while(|at| is_word(*at)).count();
                let behind = (1..=BLOCK.min(at)).take_while(|back| is_word(at - back)).count();
                assert_eq!(survey.run_from(at, kind::WORD).min(BLOCK), ahead, "{text:?} at {at}");
                assert_eq!(survey.run_before(at, kind::WORD).min(BLOCK), behind, "{text:?} at {at}");
            }
            let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
            let begins = |at: &usize| is_letter(*at) && !at.checked_sub(1).is_some_and(is_letter);
            let mut runs = Vec::new();
            survey.each_letter_run(|at| runs.push(at));
            assert_eq!(runs, (0..bytes.len()).filter(begins).collect::<Vec<_>>(), "{text:?}");
        }
    }

    #[test]
    fn words_are_those_of_the_bytes() {
        for text in texts().into_iter().chain(["Ab1".repeat(90), "x".repeat(64), "é9Z".repeat(50)]) {
            let (survey, bytes) = (Survey::of(&text), text.as_bytes());
            for from in 0..=bytes.len() {
                let start = (from..bytes.len()).find(|at| bytes[*at].is_ascii_alphanumeric());
                let wanted = start.map(|start| {
                    let word = &bytes[start..];
                    let len = word.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
                    let count = |is: fn(&u8) -> bool| word[..len].iter().filter(|b| is(b)).count();
                    Word {
                        range: start..start + len,
                        digits: count(u8::is_ascii_digit),
                        has_lower_case: count(u8::is_ascii_lowercase) > 0,
                    }
                });
                assert_eq!(survey.next_word(from), wanted, "from {from} in {text:?}");
            }
        }
    }

    #[test]
    fn kinds_are_those_of_the_bytes() {
        let is_of = |byte: u8, kind: u16| match kind {
            kind::DIGIT => byte.is_ascii_digit(),
            kind::AT_SIGN => byte == b'@',
            kind::ENCODING => b"\\%=&".contains(&byte),
            kind::MARKUP => b"\"'*`~<_".contains(&byte),
            kind::BRACKET => b"([{<".contains(&byte),
            kind::LINE_BREAK => byte == b'\n',
            kind::LETTER => byte.is_ascii_alphabetic(),
            kind::WORD => byte.is_ascii_alphanumeric(),
            kind::BASE64 => is_base64(byte),
            kind::CODED => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            _ => byte.is_ascii_graphic(),
        };
        let every: String = (0..0x80_u8).map(char::from).chain(['é', 'ß', '\u{200b}', '😀']).collect();
        for text in texts().into_iter().chain([every]) {
            let (survey, bytes) = (Survey::of(&text), text.as_bytes());
            for kind in (0..KINDS).map(|kind| 1 << kind) {
                for from in 0..=bytes.len() {
                    let wanted = (from..bytes.len()).find(|at| is_of(bytes[*at], kind));
                    assert_eq!(survey.seek(from, kind), wanted, "{kind:b} from {from} in {text:?}");
                    for to in [from, bytes.len().min(from + 60), bytes.len()] {
                        let count = bytes[from..to].iter().filter(|b| is_of(**b, kind)).count();
                        assert_eq!(
                            survey.count(&(from..to), kind),
                            count,
                            "{kind:b} {from}..{to} of {text:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_sought_by_the_digits_about_them() {
        for text in texts() {
            let (survey, bytes) = (Survey::of(&text), text.as_bytes());
            for (min, reach) in [(1, 0), (8, 0), (20, 1), (45, 3), (400, 1)] {
                let about = |at: usize| {
                    let (first, after) = ((at / BLOCK).saturating_sub(reach), at / BLOCK + reach + 1);
                    let about = &bytes[first * BLOCK..bytes.len().min(after * BLOCK)];
                    about.iter().filter(|b| b.is_ascii_digit()).count()
                };
                let is_wanted = |at: &usize| bytes[*at].is_ascii_digit() && about(*at) >= min as usize;
                for from in 0..=bytes.len() {
                    let wanted = (from..bytes.len()).find(is_wanted);
                    assert_eq!(survey.seek_row(from, min, reach), wanted, "{min} from {from} in {text:?}");
                }
            }
        }
    }

    #[test]
    fn singles_are_found_near_others() {
        for text in texts() {
            let (survey, bytes) = (Survey::of(&text), text.as_bytes());
            let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
            let is_single =
                |at: &usize| is_word(*at) && !at.checked_sub(1).is_some_and(is_word) && !is_word(at + 1);
            let of_block = |block: usize| (block * BLOCK..(block + 1) * BLOCK).filter(is_single).count();
            let is_near = |at: &usize| {
                of_block(at / BLOCK) >= SINGLES_MIN as usize
                    || of_block(at / BLOCK + 1) >= SINGLES_MIN as usize
            };
            let wanted: Vec<usize> = (0..bytes.len()).filter(is_single).filter(is_near).collect();
            let mut from = 0;
            let found = std::iter::from_fn(|| {
                let at = survey.seek_single(from)?;
                from = at + 1;
                Some(at)
            });
            assert_eq!(found.collect::<Vec<_>>(), wanted, "{text:?}");
        }
    }

    #[test]
    fn stretches_are_found_wherever_they_begin() {
        for before in 0..140 {
            let text =
                "ab ".repeat(before / 3) + &" ".repeat(before % 3) + &"x".repeat(20 + before % 7) + " b";
            let seek = |from| Survey::of(&text).seek_stretch(from, kind::GRAPHIC, 20);
            assert_eq!(seek(0), Some(before), "{text}");
            assert_eq!(seek(before + 8), None, "{text}");
        }
    }
}
