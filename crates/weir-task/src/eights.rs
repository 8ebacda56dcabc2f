//! Eight bytes at a time.

/// A byte in each place.
const fn each(byte: u8) -> u64 {
    byte as u64 * 0x0101_0101_0101_0101
}

/// The highest bit of each byte.
const HIGH: u64 = each(0x80);
/// Small letters and digits of ASCII have this bit, capitals do not.
pub(crate) const SMALL: u64 = each(0x20);

/// The first eight bytes, the first of them lowest; what is missing is 0.
#[inline]
pub(crate) fn eight(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => bytes.iter().rev().fold(0, |eight, byte| eight << 8 | u64::from(*byte)),
    }
}

/// The first bytes of eight: at least one, at most all.
#[inline]
pub(crate) fn first(eight: u64, bytes: u32) -> u64 {
    let others = u64::BITS - 8 * bytes.clamp(1, 8);
    eight << others >> others
}

/// Which of eight bytes are letters or digits of ASCII: of those the highest bit is set.
#[inline]
pub(crate) fn alphanumeric(eight: u64) -> u64 {
    let (ascii, low) = (!eight & HIGH, eight & !HIGH);
    // A byte of seven bits is in a range if one sum reaches the highest bit, and the other does not.
    let within = |low: u64, from: u8, to: u8| (low + each(0x80 - from)) & !(low + each(0x7F - to));
    (within(low | SMALL, b'a', b'z') | within(low, b'0', b'9')) & ascii
}

/// How many bytes have their highest bit set before the first that has not.
#[inline]
pub(crate) fn leading(marks: u64) -> u32 {
    (marks & HIGH ^ HIGH).trailing_zeros() / 8
}

/// Whether the first bytes of letters and digits are all small letters.
#[inline]
pub(crate) fn is_small(alphanumeric: u64, bytes: u32) -> bool {
    // Capitals lack the one bit, digits the other.
    alphanumeric & each(0x60) == first(each(0x60), bytes)
}

/// How many of letters and digits are digits. What is no byte of theirs is 0.
#[inline]
pub(crate) fn digits(alphanumeric: u64) -> u32 {
    // Bits of one place in each byte, that of letters and that of small letters and digits.
    (!alphanumeric & (alphanumeric << 1) & each(0x40)).count_ones()
}

/// Of letters and digits the bytes that are capitals, as one bit of each. What is no byte of theirs is 0.
#[inline]
pub(crate) fn capitals(alphanumeric: u64) -> u64 {
    alphanumeric & !(alphanumeric << 1) & each(0x40)
}

#[cfg(test)]
mod tests {
    use super::{alphanumeric, capitals, digits, eight, first, is_small, leading};

    #[test]
    fn letters_and_digits_are_told_from_all_other_bytes() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                let mut bytes = *b"a0Zz9Ab5";
                bytes[place] = byte;
                let count = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                assert_eq!(leading(alphanumeric(eight(&bytes))) as usize, count, "{bytes:?}");
            }
        }
    }

    #[test]
    fn capitals_and_digits_are_told_from_small_letters() {
        for byte in (0..=255_u8).filter(u8::is_ascii_alphanumeric) {
            for place in 0..8 {
                let mut bytes = *b"abcxyzmn";
                bytes[place] = byte;
                for length in 1..=8_u32 {
                    let own = first(eight(&bytes), length);
                    let of = |is: fn(&u8) -> bool| {
                        bytes.iter().take(length as usize).filter(|byte| is(byte)).count() as u32
                    };
                    assert_eq!(
                        is_small(own, length),
                        of(u8::is_ascii_lowercase) == length,
                        "{bytes:?} {length}"
                    );
                    assert_eq!(digits(own), of(u8::is_ascii_digit), "{bytes:?} {length}");
                    assert_eq!(capitals(own).count_ones(), of(u8::is_ascii_uppercase), "{bytes:?} {length}");
                }
            }
        }
    }

    #[test]
    fn a_short_text_is_filled_with_zeros() {
        assert_eq!(eight(b"ab"), u64::from_le_bytes(*b"ab\0\0\0\0\0\0"));
        assert_eq!(
            (eight(b""), eight(b"abcdefgh"), eight(b"abcdefghi")),
            (0, eight(b"abcdefgh"), eight(b"abcdefgh"))
        );
        assert_eq!(
            (first(eight(b"abcdefgh"), 2), first(eight(b"abcdefgh"), 8)),
            (eight(b"ab"), eight(b"abcdefgh"))
        );
    }
}
