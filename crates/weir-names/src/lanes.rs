//! Sixteen bytes of a text, looked at together.

use wide::u8x16;

/// The bytes of a text from some place on, the first the lowest; zeros after the text's end.
///
/// What is said of them is a bit for each, the lowest for the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    bytes: u128,
    /// Letters and digits of ASCII.
    words: u32,
    /// What is beyond ASCII.
    foreign: u32,
}

impl Lanes {
    /// How many bytes there are.
    pub(crate) const COUNT: usize = 16;

    pub(crate) fn at(text: &[u8], at: usize) -> Self {
        let rest = text.get(at..).unwrap_or_default();
        let bytes = rest.first_chunk().map_or_else(|| last(text, rest), |bytes| u128::from_le_bytes(*bytes));
        let lanes = u8x16::new(bytes.to_le_bytes());
        Self { bytes, words: alphanumeric(lanes), foreign: lanes.to_bitmask() }
    }

    /// The bytes as two numbers.
    pub(crate) fn halves(self) -> [u64; 2] {
        [self.bytes as u64, (self.bytes >> u64::BITS) as u64]
    }

    /// The bytes from one of them on, as many as there are.
    pub(crate) fn behind(self, count: usize) -> u64 {
        (self.bytes >> (8 * (count % Self::COUNT))) as u64
    }

    /// The length of a word that these bytes begin with, if all of it is ASCII and its end among them.
    pub(crate) fn word(self) -> Option<usize> {
        let length = self.words.trailing_ones();
        (length < Self::COUNT as u32 && self.foreign >> length & 1 == 0).then_some(length as usize)
    }

    /// How many bytes there are behind the first ones up to the next letter or digit, if that is among them.
    pub(crate) fn signs_behind(self, count: usize) -> Option<usize> {
        let words = self.words >> (count % Self::COUNT);
        (words != 0).then_some(words.trailing_zeros() as usize)
    }
}

/// The bytes of the end of a text, which are fewer.
#[cold]
fn last(text: &[u8], rest: &[u8]) -> u128 {
    match text.last_chunk() {
        Some(last) => {
            let before = 8 * Lanes::COUNT.saturating_sub(rest.len());
            u128::from_le_bytes(*last).checked_shr(before as u32).unwrap_or_default()
        }
        None => rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(*byte)),
    }
}

fn alphanumeric(bytes: u8x16) -> u32 {
    let within = |bytes: u8x16, first: u8, count: u8| {
        let offset = bytes - u8x16::splat(first);
        offset.min(u8x16::splat(count - 1)).simd_eq(offset)
    };
    // A bit makes capitals small letters, and nothing else a letter.
    let letters = within(bytes | u8x16::splat(0x20), b'a', 26);
    (letters | within(bytes, b'0', 10)).to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::Lanes;

    #[test]
    fn every_byte_is_told_at_every_place() {
        let text: Vec<u8> =
            (0..600_u32).map(|at| (at.wrapping_mul(at + 7) >> 3) as u8).chain(0..=255).collect();
        for length in [0, 1, 15, 16, 17, text.len()] {
            let text = text.get(..length).unwrap();
            for at in 0..=length {
                let (lanes, byte) = (Lanes::at(text, at), |lane: usize| text.get(at + lane).copied());
                for lane in 0..Lanes::COUNT {
                    let is_word = byte(lane).is_some_and(|byte| byte.is_ascii_alphanumeric());
                    assert_eq!(lanes.words >> lane & 1 == 1, is_word, "{at} + {lane} of {length}");
                    let is_foreign = byte(lane).is_some_and(|byte| !byte.is_ascii());
                    assert_eq!(lanes.foreign >> lane & 1 == 1, is_foreign, "{at} + {lane} of {length}");
                    assert_eq!(lanes.behind(lane) as u8, byte(lane).unwrap_or_default());
                }
            }
        }
    }

    #[test]
    fn a_word_is_told_if_it_is_ascii_and_ends() {
        let word = |text: &str| Lanes::at(text.as_bytes(), 0).word();
        assert_eq!(word("ab1 x"), Some(3));
        assert_eq!(word("abcdefghijklmno"), Some(15));
        assert_eq!(["abcdefghijklmnop", "abé", "é"].map(word), [None; 3]);
        let lanes = Lanes::at(b"ab, cd", 0);
        assert_eq!((lanes.signs_behind(2), lanes.signs_behind(6)), (Some(2), None));
    }
}
