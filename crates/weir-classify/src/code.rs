//! Codes: words of letters and digits that separators alone keep apart, read as one.
//!
//! People write one number as `12 345-67/8`: its [words](word) are a [chain](chain), of which some [window](window) may be
//! the number.

mod chain;
mod window;
mod word;

pub(crate) use chain::Chain;
pub(crate) use window::Window;
pub(crate) use word::{Edges, is_gap, is_sign};

use std::ops::Range;

/// No identifier has more letters and digits.
pub(crate) const CODE_MAX: usize = 24;

/// Letters and digits without what separated them, in upper case.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Code {
    bytes: [u8; CODE_MAX],
    len: usize,
    digits: u32,
}

impl Code {
    /// The code of letters and digits that nothing separates.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut code = Self::default();
        text.bytes().try_for_each(|byte| code.push(byte)).map(|()| code)
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte.to_ascii_uppercase();
        self.digits |= u32::from(byte.is_ascii_digit()) << self.len;
        self.len += 1;
        Some(())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bit `i` says whether the character at `i` is a digit.
    pub(crate) fn digit_mask(&self) -> u32 {
        self.digits
    }

    /// The character at `at`, 0 beyond the end.
    pub(crate) fn at(&self, at: usize) -> u8 {
        self.bytes().get(at).copied().unwrap_or_default()
    }

    pub(crate) fn last(&self) -> u8 {
        self.bytes().last().copied().unwrap_or_default()
    }

    /// The value of the character at `at`: digits 0 to 9, letters 10 to 35, as ISO/IEC 7064 and ICAO 9303 have it.
    pub(crate) fn digit(&self, at: usize) -> u32 {
        char::from(self.at(at)).to_digit(36).unwrap_or_default()
    }

    /// The digits of `range` as one number.
    pub(crate) fn value(&self, range: Range<usize>) -> u64 {
        range.fold(0, |value, at| value * 10 + u64::from(self.digit(at) % 10))
    }

    /// The characters from `from` on, each times its weight.
    pub(crate) fn sum(&self, from: usize, weights: &[u32]) -> u32 {
        weights.iter().enumerate().map(|(at, weight)| self.digit(from + at) * weight).sum()
    }

    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        self.bytes().starts_with(prefix.as_bytes())
    }

    /// Whether the characters in `range` are all the same.
    pub(crate) fn is_monotone(&self, range: Range<usize>) -> bool {
        let part = self.bytes().get(range).unwrap_or_default();
        part.iter().all(|b| Some(b) == part.first())
    }

    /// Whether all of it is digits.
    pub(crate) fn is_number(&self) -> bool {
        self.digits.count_ones() as usize == self.len
    }
}
