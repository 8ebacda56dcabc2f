//! Bytes of a kind, found 64 at a time.

use crate::haystack::Digits;
use std::ops::{ControlFlow, Range};
use wide::bytemuck::cast;
use wide::{i8x16, u8x16};

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 64;

/// The bytes of a block.
pub(crate) struct Lanes {
    lanes: [u8x16; BLOCK / 16],
    /// How many bytes come before those of the block.
    before: usize,
}

impl Lanes {
    /// The 64 bytes from `at` on; zeros for those that are missing.
    pub(crate) fn at(text: &[u8], at: usize) -> Self {
        let rest = text.get(at..).unwrap_or_default();
        match (rest.first_chunk::<BLOCK>(), text.last_chunk::<BLOCK>()) {
            (Some(block), _) => Self::whole(block, 0),
            // What ends a text is read with what is before it, and nothing copied.
            (None, Some(last)) if !rest.is_empty() => Self::whole(last, BLOCK - rest.len()),
            _ => {
                let mut block = [0; BLOCK];
                if let Some(part) = block.get_mut(..rest.len()) {
                    part.copy_from_slice(rest);
                }
                Self::whole(&block, 0)
            }
        }
    }

    fn whole(block: &[u8; BLOCK], before: usize) -> Self {
        let mut lanes = [u8x16::ZERO; BLOCK / 16];
        for (lane, bytes) in lanes.iter_mut().zip(block.as_chunks::<16>().0) {
            *lane = u8x16::new(*bytes);
        }
        Self { lanes, before }
    }

    /// Bit `i` says whether `is` holds of byte `i`.
    pub(crate) fn mask(&self, is: impl Fn(u8x16) -> u8x16) -> u64 {
        let mask = |mask: u64, lane: &u8x16| mask << 16 | u64::from(is(*lane).to_bitmask());
        self.lanes.iter().rev().fold(0, mask) >> self.before
    }
}

/// Whether each byte is `byte`.
pub(crate) fn is(lane: u8x16, byte: u8) -> u8x16 {
    lane.simd_eq(u8x16::splat(byte))
}

/// Whether each byte is between `first` and `last`.
pub(crate) fn is_in(lane: u8x16, first: u8, last: u8) -> u8x16 {
    // From the least of signed bytes on, one comparison tells.
    let offset: i8x16 = cast(lane - u8x16::splat(first.wrapping_add(0x80)));
    cast(offset.simd_lt(i8x16::splat((last - first).wrapping_add(0x81).cast_signed())))
}

pub(crate) fn is_digit(lane: u8x16) -> u8x16 {
    is_in(lane, b'0', b'9')
}

/// An ASCII letter.
pub(crate) fn is_letter(lane: u8x16) -> u8x16 {
    is_in(lane | u8x16::splat(0x20), b'a', b'z')
}

pub(crate) fn is_upper(lane: u8x16) -> u8x16 {
    is_in(lane, b'A', b'Z')
}

/// Walks over the digits, at signs, colons and line breaks of a part of a text.
pub(crate) struct Marks<'t> {
    text: &'t [u8],
    /// Where the block begins of which the masks speak, and where the part ends.
    base: usize,
    end: usize,
    /// The place of the mark that was told last.
    at: usize,
    /// The marks of the block that were not told yet.
    left: u64,
    digits: u64,
    /// The letters and digits of a block with digits.
    words: u64,
}

impl<'t> Marks<'t> {
    pub(crate) fn new(text: &'t [u8], range: Range<usize>) -> Self {
        let mut marks =
            Self { text, base: range.start, end: range.end, at: range.start, left: 0, digits: 0, words: 0 };
        marks.read();
        marks
    }

    fn read(&mut self) {
        let lanes = Lanes::at(self.text, self.base);
        self.digits = lanes.mask(is_digit);
        self.left = self.digits | lanes.mask(|lane| is(lane, b'@') | is(lane, b':') | is(lane, b'\n'));
        if self.digits != 0 {
            self.words = lanes.mask(|lane| is_digit(lane) | is_letter(lane));
        }
    }

    /// The next of them and its byte.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(usize, u8)> {
        while self.left == 0 {
            self.base += BLOCK;
            if self.base >= self.end {
                return None;
            }
            self.read();
        }
        self.at = self.base + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        self.text.get(self.at).filter(|_| self.at < self.end).map(|byte| (self.at, *byte))
    }

    /// The row of digits that begins with the one that was told last, unless its word goes on beyond the block.
    #[inline]
    pub(crate) fn digits(&self) -> Option<Digits> {
        let start = self.at - self.base;
        let end = start + (self.digits >> start).trailing_ones() as usize;
        let before = if start == 0 { 0 } else { (self.words << (BLOCK - start)).leading_ones() as usize };
        let after = if end == BLOCK { 0 } else { (self.words >> end).trailing_ones() as usize };
        (before < start && end + after < BLOCK).then(|| Digits {
            start: self.at,
            end: self.base + end,
            sides: [before.min(SIDE), after.min(SIDE)],
        })
    }

    /// Leaves out what is before a place.
    #[inline]
    pub(crate) fn skip_to(&mut self, place: usize) {
        while place >= self.base + BLOCK && self.base < self.end {
            self.base += BLOCK;
            self.read();
        }
        self.left &= u64::MAX.checked_shl(place.saturating_sub(self.base) as u32).unwrap_or_default();
    }
}

/// Bytes that are looked at together on one side of a place.
pub(crate) const SIDE: usize = 16;

/// How many letters and digits there are in a row from `at` on, up to [`SIDE`].
pub(crate) fn word_after(text: &[u8], at: usize) -> usize {
    (words_in(side_after(text, at)).trailing_ones() as usize).min(SIDE)
}

/// How many digits there are in a row from `at` on, up to [`SIDE`].
pub(crate) fn digits_after(text: &[u8], at: usize) -> usize {
    let digits = is_digit(u8x16::new(side_after(text, at))).to_bitmask();
    (digits.trailing_ones() as usize).min(SIDE)
}

/// Which bytes from `at` on are small letters, a bit for each of [`SIDE`].
pub(crate) fn lowers_after(text: &[u8], at: usize) -> u32 {
    is_in(u8x16::new(side_after(text, at)), b'a', b'z').to_bitmask()
}

/// Which bytes from `at` on are hexadecimal digits, a bit for each of [`SIDE`].
pub(crate) fn hexadecimal_after(text: &[u8], at: usize) -> u32 {
    let lane = u8x16::new(side_after(text, at));
    (is_digit(lane) | is_in(lane | u8x16::splat(0x20), b'a', b'f')).to_bitmask()
}

fn side_after(text: &[u8], at: usize) -> [u8; SIDE] {
    let rest = text.get(at..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut side = [0; SIDE];
        side.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        side
    })
}

/// How many letters and digits there are in a row before `at`, up to [`SIDE`].
pub(crate) fn word_before(text: &[u8], at: usize) -> usize {
    let head = text.get(..at).unwrap_or_default();
    let side = head.last_chunk().copied().unwrap_or_else(|| {
        let mut side = [0; SIDE];
        side.iter_mut().rev().zip(head.iter().rev()).for_each(|(to, from)| *to = *from);
        side
    });
    (words_in(side) << SIDE).leading_ones() as usize
}

fn words_in(side: [u8; SIDE]) -> u32 {
    let lane = u8x16::new(side);
    (is_digit(lane) | is_letter(lane)).to_bitmask()
}

/// The places from `from` to before `to` that masks of their blocks show; `of` gives the mask of a block.
pub(crate) fn places(from: usize, to: usize, of: impl Fn(usize) -> u64) -> impl Iterator<Item = usize> {
    let (mut base, mut left) = (from, if from < to { of(from) } else { 0 });
    std::iter::from_fn(move || {
        while left == 0 {
            base += BLOCK;
            if base >= to {
                return None;
            }
            left = of(base);
        }
        let at = base + left.trailing_zeros() as usize;
        left &= left - 1;
        (at < to).then_some(at)
    })
}

/// Tells `found` each place from `from` to before `to` that masks of their blocks show, as long as it goes on; `of` gives the
/// mask of a block.
#[inline]
pub(crate) fn each_place(
    from: usize,
    to: usize,
    of: impl Fn(usize) -> u64,
    mut found: impl FnMut(usize) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut base = from;
    while base < to {
        let within = if to - base < BLOCK { (1 << (to - base)) - 1 } else { u64::MAX };
        let mut left = of(base) & within;
        while left != 0 {
            let at = base + left.trailing_zeros() as usize;
            left &= left - 1;
            found(at)?;
        }
        base += BLOCK;
    }
    ControlFlow::Continue(())
}

/// The digits of the block at `at`.
pub(crate) fn digits(text: &[u8], at: usize) -> u64 {
    Lanes::at(text, at).mask(is_digit)
}

/// Where words begin in the block at `at`: after what is neither letter nor digit, and at the capitals of camel
/// case. Each byte of a character beyond ASCII begins one.
pub(crate) fn word_starts(text: &[u8], at: usize) -> u64 {
    let lanes = Lanes::at(text, at);
    let words = lanes.mask(|lane| is_digit(lane) | is_letter(lane));
    // Bytes beyond ASCII have their highest bit.
    (words | lanes.mask(|lane| lane)) & edges_of(&lanes, words, text, at)
}

/// Where words or signs begin in the block at `at`.
pub(crate) fn edges(text: &[u8], at: usize) -> u64 {
    let lanes = Lanes::at(text, at);
    let words = lanes.mask(|lane| is_digit(lane) | is_letter(lane));
    edges_of(&lanes, words, text, at)
}

fn edges_of(lanes: &Lanes, words: u64, text: &[u8], at: usize) -> u64 {
    let uppers = lanes.mask(is_upper);
    let before = at.checked_sub(1).and_then(|before| text.get(before)).copied().unwrap_or_default();
    let after_word = words << 1 | u64::from(before.is_ascii_alphanumeric());
    let after_upper = uppers << 1 | u64::from(before.is_ascii_uppercase());
    let len = text.len().saturating_sub(at);
    let within = if len < BLOCK { (1 << len) - 1 } else { u64::MAX };
    (!after_word | uppers & !after_upper) & within
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haystack::Haystack;

    fn found(text: &str, of: fn(&[u8], usize) -> u64) -> Vec<usize> {
        let mut found = Vec::new();
        let _all = each_place(
            0,
            text.len(),
            |at| of(text.as_bytes(), at),
            |at| {
                found.push(at);
                ControlFlow::Continue(())
            },
        );
        found
    }

    fn marks(text: &str, range: Range<usize>) -> Vec<usize> {
        let mut marks = Marks::new(text.as_bytes(), range);
        std::iter::from_fn(|| marks.next()).map(|(at, _)| at).collect()
    }

    #[test]
    fn words_are_measured_on_both_sides() {
        for before in 0..20 {
            for after in 0..20 {
                let text = format!("{}{}é{}{}", ".".repeat(7), "a".repeat(before), "Z9".repeat(after), "@");
                let (end, start) = (7 + before, 9 + before);
                assert_eq!(word_before(text.as_bytes(), end), before.min(SIDE));
                assert_eq!(word_after(text.as_bytes(), start), (2 * after).min(SIDE));
                assert_eq!((word_after(text.as_bytes(), end), word_before(text.as_bytes(), start)), (0, 0));
            }
        }
        assert_eq!((word_before(b"abc", 3), word_after(b"abc", 1), word_after(b"", 0)), (3, 2, 0));
        for digits in 0..20 {
            let text = format!("a{}b", "7".repeat(digits));
            assert_eq!(digits_after(text.as_bytes(), 1), digits.min(SIDE));
            assert_eq!(lowers_after(text.as_bytes(), 1), if digits < SIDE { 1 << digits } else { 0 });
        }
    }

    #[test]
    fn marks_are_found_in_every_block() {
        let text = format!("1{}@a:{}9/;\n", ".".repeat(62), "x".repeat(130));
        let is_mark = |at: &usize| matches!(text.as_bytes()[*at], b'0'..=b'9' | b'@' | b':' | b'\n');
        let wanted: Vec<usize> = (0..text.len()).filter(is_mark).collect();
        assert_eq!(marks(&text, 0..text.len()), wanted);
        assert_eq!((marks(&text, 1..66), marks(&text, 0..63)), (vec![63, 65], vec![0]));
        assert_eq!(wanted.len(), 5);
    }

    #[test]
    fn a_row_of_digits_is_the_same_however_it_lies() {
        for before in 0..140 {
            for (left, digits, right) in
                [("", 1, ""), ("ab", 3, "c"), ("", 70, "x"), ("z", 2, "abcdefghijklmnopqrst")]
            {
                let text = format!("{}{left}{}{right}-5", ".".repeat(before), "7".repeat(digits));
                let haystack = Haystack::new(&text, &[], &[]);
                let mut marks = Marks::new(text.as_bytes(), 0..text.len());
                let (at, _) = marks.next().unwrap();
                let (row, expected) = (marks.digits(), haystack.digits(at));
                assert_eq!(at, before + left.len());
                assert!(row.is_none_or(|row| row == expected), "{text}");
                marks.skip_to(expected.end);
                assert_eq!(marks.next(), Some((text.len() - 1, b'5')), "{text}");
            }
        }
    }

    #[test]
    fn words_begin_after_signs_and_at_capitals() {
        let text = format!("one two{}dateOfBirth IBANs \u{e9}a", " ".repeat(60));
        let starts = found(&text, word_starts);
        let words: Vec<&str> = starts.iter().filter_map(|at| text.get(*at..)?.get(..1)).collect();
        // The two bytes of the last word's first letter are no character each.
        assert_eq!((words, starts.len()), (vec!["o", "t", "d", "O", "B", "I", "a"], 9));
        assert_eq!(found(&format!("{}b", "a".repeat(64)), word_starts), [0]);
    }
}
