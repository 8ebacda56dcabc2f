//! Hashes of words and features.

use crate::block::Block;

/// A running hash of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash(u64);

/// Odd, its bits without a pattern: the golden ratio's.
pub(crate) const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hash {
    pub(crate) const fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(byte)).wrapping_mul(PRIME);
    }

    /// The first `length` bytes of a block.
    ///
    /// Hashes all of them and picks the hash after the last that counts: a loop of another length for each word
    /// is guessed wrong by the processor once in most words.
    pub(crate) fn block(&mut self, block: Block, length: usize) {
        let mut after = [*self; Block::LENGTH + 1];
        let mut hash = *self;
        for (byte, after) in block.small().into_iter().zip(after.iter_mut().skip(1)) {
            hash.byte(byte);
            *after = hash;
        }
        *self = after.get(length).copied().unwrap_or(hash);
    }

    pub(crate) fn letter(&mut self, letter: char) {
        let mut utf8 = [0; 4];
        letter.encode_utf8(&mut utf8).bytes().for_each(|byte| self.byte(byte));
    }

    /// Mixed once more, so that all bits depend on all letters.
    pub(crate) fn finish(self) -> u64 {
        mix(self.0)
    }

    /// Of a word that is plain already.
    pub(crate) fn of(word: &str) -> u64 {
        let mut hash = Self::new();
        word.bytes().for_each(|byte| hash.byte(byte));
        hash.finish()
    }
}

/// Spreads every bit of a number over all bits of the result.
pub(crate) const fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 32)).wrapping_mul(PRIME);
    mixed ^ (mixed >> 29)
}
