//! Bytes of a kind, found 64 at a time.

use std::ops::ControlFlow;
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

/// Bytes that are looked at together on one side of a place.
pub(crate) const SIDE: usize = 16;

/// How many letters and digits there are in a row from `at` on, up to [`SIDE`].
pub(crate) fn word_after(text: &[u8], at: usize) -> usize {
    (words_in(side_after(text, at)).trailing_ones() as usize).min(SIDE)
}

/// Where the row of letters and digits ends that goes on at `at`.
pub(crate) fn word_end(text: &[u8], at: usize) -> usize {
    let (mut end, mut run) = (at, BLOCK);
    while run == BLOCK {
        let words = Lanes::at(text, end).mask(|lane| is_digit(lane) | is_letter(lane));
        run = words.trailing_ones() as usize;
        end += run;
    }
    end
}

/// How many digits there are in a row from `at` on, up to [`SIDE`].
pub(crate) fn digits_after(text: &[u8], at: usize) -> usize {
    let digits = is_digit(u8x16::new(side_after(text, at))).to_bitmask();
    (digits.trailing_ones() as usize).min(SIDE)
}

/// The small letters of the block at `at`.
pub(crate) fn lowers(text: &[u8], at: usize) -> u64 {
    Lanes::at(text, at).mask(|lane| is_in(lane, b'a', b'z'))
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

/// Those of some places of a block of which `is` holds: without a branch for each, as none of them can be foretold.
#[inline(always)]
pub(crate) fn those(places: u64, is: impl Fn(usize) -> bool) -> u64 {
    let (mut left, mut those) = (places, 0);
    while left != 0 {
        let at = left.trailing_zeros();
        those |= u64::from(is(at as usize)) << at;
        left &= left - 1;
    }
    those
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
        let mut left = of(base) & within(base, to);
        while left != 0 {
            let at = base + left.trailing_zeros() as usize;
            left &= left - 1;
            found(at)?;
        }
        base += BLOCK;
    }
    ControlFlow::Continue(())
}

/// The places of the block at `base` that are before `end`.
#[inline]
pub(crate) fn within(base: usize, end: usize) -> u64 {
    let len = end.saturating_sub(base);
    if len < BLOCK { (1 << len) - 1 } else { u64::MAX }
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
    (!after_word | uppers & !after_upper) & within(at, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn words_are_measured_on_both_sides() {
        for before in 0..20 {
            for after in 0..20 {
                let text = format!("{}{}é{}{}", ".".repeat(7), "a".repeat(before), "Z9".repeat(after), "@");
                let (end, start) = (7 + before, 9 + before);
                assert_eq!(word_before(text.as_bytes(), end), before.min(SIDE));
                assert_eq!(word_after(text.as_bytes(), start), (2 * after).min(SIDE));
                assert_eq!(word_end(text.as_bytes(), start), start + 2 * after);
                assert_eq!((word_after(text.as_bytes(), end), word_before(text.as_bytes(), start)), (0, 0));
            }
        }
        assert_eq!((word_before(b"abc", 3), word_after(b"abc", 1), word_after(b"", 0)), (3, 2, 0));
        for letters in [63, 64, 65, 200] {
            assert_eq!(word_end(format!(".{}.", "a".repeat(letters)).as_bytes(), 1), 1 + letters);
            assert_eq!(word_end("a".repeat(letters).as_bytes(), 0), letters);
        }
        for digits in 0..20 {
            let text = format!("a{}b", "7".repeat(digits));
            assert_eq!(digits_after(text.as_bytes(), 1), digits.min(SIDE));
            assert_eq!(lowers_after(text.as_bytes(), 1), if digits < SIDE { 1 << digits } else { 0 });
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
