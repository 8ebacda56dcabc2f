//! Hashes of words, their beginnings and their sequences.

/// A multiplier with bits all over, so that neighbouring inputs part.
const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;

/// A hash that is taken byte by byte, so that each beginning of a word has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rolling(u64);

impl Rolling {
    pub const START: Rolling = Rolling(0xCBF2_9CE4_8422_2325);

    #[inline]
    pub fn push(self, byte: u8) -> Self {
        Rolling((self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    }

    /// The hash of what was pushed, as a whole word.
    #[inline]
    pub fn word(self) -> u64 {
        mix(self.0, 1)
    }

    /// The hash of what was pushed, as the beginning of a word.
    #[inline]
    pub fn beginning(self) -> u64 {
        mix(self.0, 2)
    }
}

/// Two hashes as one; the order counts.
#[inline]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mixed = (a.rotate_left(23) ^ b).wrapping_mul(PRIME);
    mixed ^ (mixed >> 29)
}
