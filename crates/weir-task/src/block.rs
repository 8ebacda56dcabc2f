//! Letters, digits and other bytes of ASCII, found 64 at a time.

use wide::u8x16;

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 64;
/// Bytes of a lane.
const LANE: usize = 16;

/// The bytes of a block: in each mask bit `i` is of byte `i`.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// Letters and digits of ASCII.
    words: u64,
    digits: u64,
    capitals: u64,
    spaces: u64,
    /// Bytes of characters that are not ASCII.
    foreign: u64,
}

impl Block {
    /// The first 64 bytes; spaces for those that are missing.
    #[inline]
    pub fn of(bytes: &[u8]) -> Self {
        match bytes.first_chunk() {
            Some(block) => Self::whole(block),
            None => {
                let mut block = [b' '; BLOCK];
                block.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
                Self::whole(&block)
            }
        }
    }

    #[inline]
    fn whole(bytes: &[u8; BLOCK]) -> Self {
        let mut block = Self::default();
        // The last lane first: its bits are the highest.
        for lane in bytes.as_chunks::<LANE>().0.iter().rev() {
            let lane = u8x16::new(*lane);
            let digits = is_in(lane, b'0', b'9');
            let letters = is_in(lane | u8x16::splat(0x20), b'a', b'z');
            append(&mut block.words, letters | digits);
            append(&mut block.digits, digits);
            append(&mut block.capitals, is_in(lane, b'A', b'Z'));
            append(&mut block.spaces, lane.simd_eq(u8x16::splat(b' ')));
            // They have their highest bit, of which masks are made.
            append(&mut block.foreign, lane);
        }
        block
    }

    /// Where words of ASCII begin, and all bytes that are neither of one nor spaces. The first byte is taken to be after
    /// no word.
    #[inline]
    pub fn starts(&self) -> u64 {
        self.words & !(self.words << 1) | !(self.words | self.spaces)
    }

    /// How many letters and digits there are in a row from a place on.
    #[inline]
    pub fn word(&self, place: usize) -> usize {
        run(self.words, place)
    }

    /// Whether as many bytes from a place on are digits.
    #[inline]
    pub fn is_number(&self, place: usize, length: usize) -> bool {
        self.digits >> place & 1 != 0 && run(self.digits, place) >= length
    }

    /// Whether a byte is of a character that is not ASCII.
    #[inline]
    pub fn is_foreign(&self, place: usize) -> bool {
        self.foreign >> place & 1 != 0
    }

    /// How many digits and how many capitals the first bytes have.
    #[inline]
    pub fn digits_and_capitals(&self, bytes: usize) -> (u32, u32) {
        let within = if bytes < BLOCK { (1 << bytes) - 1 } else { u64::MAX };
        ((self.digits & within).count_ones(), (self.capitals & within).count_ones())
    }
}

/// How many bits are set in a row from a place on.
#[inline]
fn run(mask: u64, place: usize) -> usize {
    (mask >> place).trailing_ones() as usize
}

/// Puts the bits of a lane below those of the lanes after it.
#[inline]
fn append(mask: &mut u64, lane: u8x16) {
    *mask = *mask << LANE | u64::from(lane.to_bitmask());
}

/// Whether each byte is between `first` and `last`.
#[inline]
fn is_in(lane: u8x16, first: u8, last: u8) -> u8x16 {
    let offset = lane - u8x16::splat(first);
    offset.min(u8x16::splat(last - first)).simd_eq(offset)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Block};

    #[test]
    fn every_byte_is_told_at_every_place() {
        for byte in 0..=255_u8 {
            for place in 0..BLOCK {
                let mut bytes = [b'.'; BLOCK];
                bytes[place] = byte;
                let block = Block::of(&bytes);
                let is_word = byte.is_ascii_alphanumeric();
                assert_eq!(block.word(place), usize::from(is_word), "{byte}");
                assert_eq!(block.is_number(place, 1), byte.is_ascii_digit(), "{byte}");
                assert_eq!(block.is_foreign(place), !byte.is_ascii(), "{byte}");
                assert_eq!(block.starts() >> place & 1 != 0, byte != b' ', "{byte}");
                let counts = (u32::from(byte.is_ascii_digit()), u32::from(byte.is_ascii_uppercase()));
                assert_eq!(block.digits_and_capitals(place + 1), counts, "{byte}");
                assert_eq!(block.digits_and_capitals(place), (0, 0), "{byte}");
            }
        }
    }

    #[test]
    fn words_are_measured_and_begin_once() {
        let block = Block::of(b"12 ab7 345x-");
        assert_eq!(block.starts(), 0b1000_1000_1001);
        assert_eq!([0, 3, 7].map(|place| block.word(place)), [2, 3, 4]);
        assert!(block.is_number(0, 2) && !block.is_number(3, 3) && !block.is_number(7, 4));
        assert_eq!(Block::of(&[b'a'; 70]).word(3), BLOCK - 3);
    }
}
