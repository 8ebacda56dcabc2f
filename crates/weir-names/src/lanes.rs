//! Which bytes of a text are letters or digits of ASCII, sixteen at a time.

use wide::u8x16;

/// So many bytes are looked at together, one for each bit.
const LANES: usize = u64::BITS as usize;
/// Nobody asks for more bits than are left of those when so many were used.
const USED_MAX: usize = 40;

/// Lanes of a text: bits that say of bytes, from some place on, whether they are letters or digits of ASCII.
#[derive(Debug)]
pub(crate) struct Lanes<'t> {
    text: &'t [u8],
    base: usize,
    bits: u64,
}

impl<'t> Lanes<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Self { text, base: 0, bits: bits(text, 0) }
    }

    /// The lanes from a byte on, the lowest bit first: of at least the next twenty-four, as 0 beyond the text's end. Cheap if one asks
    /// for one place soon after the other.
    pub(crate) fn at(&mut self, at: usize) -> u64 {
        let used = at.wrapping_sub(self.base);
        if used <= USED_MAX {
            return self.bits >> used;
        }
        (self.base, self.bits) = (at, bits(self.text, at));
        self.bits
    }
}

#[inline(never)]
fn bits(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    let padded = || {
        let mut bytes = [0; LANES];
        bytes.iter_mut().zip(rest).for_each(|(byte, from)| *byte = *from);
        bytes
    };
    let bytes: [u8; LANES] = rest.first_chunk().copied().unwrap_or_else(padded);
    let (parts, _) = bytes.as_chunks();
    parts.iter().rev().fold(0, |bits, part| bits << u8x16::LANES | u64::from(alphanumeric(u8x16::new(*part))))
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
        let step = |at: usize| 1 + at % 11;
        let (mut lanes, mut at) = (Lanes::new(&text), 0);
        while at < text.len() + 30 {
            let bits = lanes.at(at);
            for ahead in 0..24 {
                let is_one = text.get(at + ahead).is_some_and(u8::is_ascii_alphanumeric);
                assert_eq!(bits >> ahead & 1 == 1, is_one, "{at} + {ahead}");
            }
            at += step(at);
        }
    }

    #[test]
    fn one_may_go_back() {
        let text = [b'a'; 200];
        let mut lanes = Lanes::new(&text);
        assert_eq!(
            (lanes.at(150).trailing_ones(), lanes.at(190).trailing_ones(), lanes.at(3) & 1),
            (50, 10, 1)
        );
    }
}
