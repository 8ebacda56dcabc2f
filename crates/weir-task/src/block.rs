//! Letters, digits and other bytes of ASCII, found 64 at a time.

use wide::u8x16;

/// Bytes that are looked at together.
pub(crate) const BLOCK: usize = 64;
/// Those, and as many that eight can be read from each of them on.
pub(crate) const REACH: usize = BLOCK + 8;
/// Bytes of a lane.
const LANE: usize = 16;

/// The bytes of a block: in each mask bit `i` is of byte `i`.
#[derive(Debug)]
pub(crate) struct Block<'t> {
    bytes: &'t [u8; REACH],
    /// Letters and digits of ASCII.
    words: u64,
    digits: u64,
    spaces: u64,
    /// Bytes of characters that are not ASCII.
    foreign: u64,
}

impl<'t> Block<'t> {
    /// The first 64 bytes.
    #[inline(always)]
    pub fn of(bytes: &'t [u8; REACH]) -> Self {
        let mut block = Self { bytes, words: 0, digits: 0, spaces: 0, foreign: 0 };
        // The last lane first: its bits are the highest.
        for lane in bytes.as_chunks::<LANE>().0.iter().take(BLOCK / LANE).rev() {
            let lane = u8x16::new(*lane);
            let digits = is_in(lane, b'0', b'9');
            let letters = is_in(lane | u8x16::splat(0x20), b'a', b'z');
            append(&mut block.words, letters | digits);
            append(&mut block.digits, digits);
            append(&mut block.spaces, lane.simd_eq(u8x16::splat(b' ')));
            // They have their highest bit, of which masks are made.
            append(&mut block.foreign, lane);
        }
        block
    }

    /// Whether a byte, of no word and no space, is of ASCII and no end of a line.
    #[inline]
    pub fn is_mark(&self, place: usize) -> bool {
        !self.is_foreign(place) && self.byte(place) != b'\n'
    }

    /// The byte at a place.
    #[inline]
    pub fn byte(&self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or_default()
    }

    /// The eight bytes from a place on, the first of them lowest.
    #[inline]
    pub fn eight(&self, place: usize) -> u64 {
        let bytes = self.bytes.get(place % BLOCK..).and_then(|bytes| bytes.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
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
        (self.words >> place).trailing_ones() as usize
    }

    /// Whether a byte is a digit.
    #[inline]
    pub fn is_digit(&self, place: usize) -> bool {
        self.digits >> place & 1 != 0
    }

    /// Whether a byte is of a character that is not ASCII.
    #[inline]
    pub fn is_foreign(&self, place: usize) -> bool {
        self.foreign >> place & 1 != 0
    }
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

/// How many bytes are between `first` and `last`.
pub(crate) fn count(bytes: &[u8], first: u8, last: u8) -> u32 {
    // As few as a byte can count.
    let of = |some: &[u8]| some.iter().fold(0_u8, |sum, byte| sum + u8::from((first..=last).contains(byte)));
    bytes.chunks(240).map(|some| u32::from(of(some))).sum()
}

/// What a text begins with, with spaces for what is missing.
pub(crate) fn filled(text: &[u8]) -> [u8; REACH] {
    let mut bytes = [b' '; REACH];
    bytes.iter_mut().zip(text).for_each(|(to, byte)| *to = *byte);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Block, REACH, count, filled};

    #[test]
    fn every_byte_is_told_at_every_place() {
        for byte in 0..=255_u8 {
            for place in 0..BLOCK {
                let mut bytes = [b'.'; REACH];
                bytes[place] = byte;
                let block = Block::of(&bytes);
                let is_word = byte.is_ascii_alphanumeric();
                assert_eq!(block.word(place), usize::from(is_word), "{byte}");
                assert_eq!(block.is_digit(place), byte.is_ascii_digit(), "{byte}");
                assert_eq!(block.is_foreign(place), !byte.is_ascii(), "{byte}");
                assert_eq!(block.starts() >> place & 1 != 0, byte != b' ', "{byte}");
                assert_eq!((block.byte(place), block.eight(place) as u8), (byte, byte));
            }
        }
    }

    #[test]
    fn words_are_measured_and_begin_once() {
        let bytes = filled(b"12 ab7 345x-");
        let block = Block::of(&bytes);
        assert_eq!(block.starts(), 0b1000_1000_1001);
        assert_eq!([0, 3, 7].map(|place| block.word(place)), [2, 3, 4]);
        assert_eq!(block.eight(7), u64::from_le_bytes(*b"345x-   "));
        assert_eq!(Block::of(&[b'a'; REACH]).word(3), BLOCK - 3);
    }

    #[test]
    fn bytes_of_a_kind_are_counted_however_many_there_are() {
        for length in [0, 1, 15, 16, 239, 240, 241, 5000] {
            let digits = "7".repeat(length);
            assert_eq!(count(format!("/{digits}:").as_bytes(), b'0', b'9') as usize, length);
            assert_eq!(count(digits.as_bytes(), b'A', b'Z'), 0);
        }
    }
}
