//! Eight bytes at a time.

/// Small letters and digits of ASCII have this bit, capitals do not.
pub(crate) const SMALL: u64 = 0x2020_2020_2020_2020;

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
    let others = 8 * 8_u32.saturating_sub(bytes) % u64::BITS;
    eight << others >> others
}

#[cfg(test)]
mod tests {
    use super::{eight, first};

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
