//! Hashes of words, their beginnings and their sequences.

/// A multiplier with bits all over, so that neighbouring inputs part.
const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;

/// A hash that is taken eight bytes at a time; two words of up to eight bytes never have the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash(u64);

impl Hash {
    /// Of nothing, for whole words.
    pub const WORD: Hash = Hash(0xCBF2_9CE4_8422_2325);
    /// Of nothing, for beginnings of words.
    pub const STEM: Hash = Hash(0x6C62_272E_07BB_0142);
    /// Of nothing, for what the lexicon knows of all words that begin alike.
    pub const START: Hash = Hash(0xB492_B66F_BE98_F273);

    #[inline]
    pub fn push(self, eight: u64) -> Self {
        let mixed = (self.0 ^ eight).wrapping_mul(PRIME);
        Hash(mixed ^ (mixed >> 32))
    }

    /// A hash that was made before.
    pub fn of(value: u64) -> Self {
        Hash(value)
    }

    #[inline]
    pub fn value(self) -> u64 {
        self.0
    }
}

/// Two hashes as one; the order counts.
#[inline]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mixed = (a.rotate_left(23) ^ b).wrapping_mul(PRIME);
    mixed ^ (mixed >> 29)
}
