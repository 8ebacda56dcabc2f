//! Eight bytes of a text, classified at once.

/// The highest bit of each byte: what a mask of bytes is made of.
const HIGH: u64 = each(0x80);

const fn each(byte: u8) -> u64 {
    0x0101_0101_0101_0101 * byte as u64
}

/// Eight bytes, the first the lowest; zeros after the text's end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block(u64);

/// The letters and digits of ASCII that a block begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// How many there are, at most eight.
    pub(crate) length: usize,
    /// Those that are capitals, as a mask.
    upper: u64,
    /// Those that are digits, as a mask.
    digits: u64,
    /// Whether a byte of ASCII ends the run within the block.
    pub(crate) is_word: bool,
}

impl Block {
    pub(crate) const LENGTH: usize = 8;

    pub(crate) fn at(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        Self(u64::from_le_bytes(rest.first_chunk().copied().unwrap_or_else(|| padded(rest))))
    }

    pub(crate) fn run(self) -> Run {
        // No addition carries into the next byte: without their highest bits all are below 0x80.
        let low = self.0 & !HIGH;
        let between = |bytes: u64, first: u8, last: u8| {
            bytes.wrapping_add(each(0x80 - first)) & !bytes.wrapping_add(each(0x7F - last))
        };
        let letters = between(low | each(0x20), b'a', b'z');
        let digits = between(low, b'0', b'9');
        let others = !((letters | digits) & !self.0) & HIGH;
        let first = others & others.wrapping_neg();
        let before = first.wrapping_sub(1) & HIGH;
        Run {
            is_word: (first != 0) & (self.0 & first == 0),
            length: others.trailing_zeros() as usize / 8,
            upper: letters & !(self.0 << 2) & before,
            digits: digits & before,
        }
    }

    /// How many spaces it begins with.
    pub(crate) fn spaces(self) -> usize {
        (self.0 ^ each(b' ')).trailing_zeros() as usize / 8
    }

    /// The bytes, capitals of ASCII as small letters; digits stay what they are.
    pub(crate) fn small(self) -> [u8; Self::LENGTH] {
        (self.0 | each(0x20)).to_le_bytes()
    }
}

#[cold]
fn padded(rest: &[u8]) -> [u8; Block::LENGTH] {
    let mut bytes = [0; Block::LENGTH];
    bytes.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
    bytes
}

impl Run {
    /// How many capitals there are.
    pub(crate) fn upper(self) -> u32 {
        count(self.upper)
    }

    /// How many digits there are.
    pub(crate) fn digits(self) -> u32 {
        count(self.digits)
    }

    /// Whether all are small letters.
    pub(crate) fn is_small(self) -> bool {
        self.upper | self.digits == 0
    }

    /// Whether the first is a capital.
    pub(crate) fn begins_upper(self) -> bool {
        self.upper & 0x80 != 0
    }
}

/// How many bytes a mask has; the baseline of x86-64 has no instruction that counts bits.
fn count(mask: u64) -> u32 {
    ((mask >> 7).wrapping_mul(each(1)) >> 56) as u32
}

#[cfg(test)]
mod tests {
    use super::Block;

    #[test]
    fn every_byte_at_every_place_is_classified_as_if_alone() {
        for byte in 0..=u8::MAX {
            for place in 0..Block::LENGTH {
                let mut bytes = *b"abcdefgh";
                *bytes.get_mut(place).unwrap() = byte;
                let run = Block::at(&bytes, 0).run();
                let length = if byte.is_ascii_alphanumeric() { Block::LENGTH } else { place };
                assert_eq!(run.length, length, "{byte} at {place}");
                assert_eq!(run.upper(), byte.is_ascii_uppercase().into(), "{byte} at {place}");
                assert_eq!(run.digits(), byte.is_ascii_digit().into(), "{byte} at {place}");
                assert_eq!(run.begins_upper(), place == 0 && byte.is_ascii_uppercase(), "{byte}");
            }
        }
    }

    #[test]
    fn what_follows_a_run_does_not_count() {
        let run = Block::at(b"a B7\xC3\xA9C", 0).run();
        assert_eq!((run.length, run.upper(), run.digits()), (1, 0, 0));
    }

    #[test]
    fn a_block_at_the_end_is_filled_up() {
        let run = Block::at(b"xyz7", 2).run();
        assert_eq!((run.length, run.digits()), (2, 1));
        assert_eq!(Block::at(b"xyz", 7).run().length, 0);
    }
}
