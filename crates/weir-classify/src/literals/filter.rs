//! Sets of hashes that say which places of a text a literal may begin at.

use std::ops::RangeInclusive;

/// How literals begin: a bit for each hash of what tells their first four bytes apart.
pub(super) struct Beginnings(Box<[u64; 1 << (BEGINNING_BITS - 6)]>);

const BEGINNING_BITS: u32 = 17;
/// The bits of four bytes that count: by which letters differ in any case, and of the last three of them. So a literal of
/// two bytes has no more than a few hundred beginnings.
const TELLING: u32 = 0x071F_1F1F;
/// A byte that a literal has no more may be any.
const ANY: RangeInclusive<u8> = 0..=0x1F;

impl Default for Beginnings {
    fn default() -> Self {
        Self(Box::new([0; 1 << (BEGINNING_BITS - 6)]))
    }
}

impl Beginnings {
    pub(super) fn insert(&mut self, literal: &[u8]) {
        let [Some(first), Some(second)] = [0, 1].map(|at| literal.get(at)) else { return };
        let [thirds, fourths] = [2, 3].map(|at| literal.get(at).map_or(ANY, |byte| *byte..=*byte));
        for (third, fourth) in thirds.flat_map(|third| fourths.clone().map(move |fourth| (third, fourth))) {
            let place = Self::place(u32::from_le_bytes([*first, *second, third, fourth]));
            if let Some(word) = self.0.get_mut(place >> 6) {
                *word |= 1 << (place & 63);
            }
        }
    }

    /// Whether a literal may begin with four bytes, zeros for those that are missing.
    #[inline]
    pub(super) fn has(&self, four: u32) -> bool {
        let place = Self::place(four);
        self.0.get(place >> 6).is_some_and(|word| word >> (place & 63) & 1 == 1)
    }

    #[inline]
    fn place(four: u32) -> usize {
        ((four & TELLING).wrapping_mul((GOLDEN >> 32) as u32) >> (u32::BITS - BEGINNING_BITS)) as usize
    }
}

/// A set of hashes of three bytes in any case.
#[derive(Default)]
pub(super) struct Triples(Bits);

impl Triples {
    pub(super) fn insert(&mut self, [a, b, c]: [u8; 3]) {
        self.0.insert(Self::place(u32::from_le_bytes([a, b, c, 0])));
    }

    /// Whether the lower three bytes of four are in the set.
    #[inline]
    pub(super) fn has(&self, four: u32) -> bool {
        self.0.has(Self::place(four))
    }

    #[inline]
    fn place(four: u32) -> usize {
        let three = (four | 0x20_2020) << 8;
        (three.wrapping_mul((GOLDEN >> 32) as u32) >> 16) as usize
    }
}

/// A set of hashes of heads.
#[derive(Default)]
pub(super) struct Filter(Bits);

const FILTER_BITS: u32 = 16;

impl Filter {
    pub(super) fn insert(&mut self, bytes: u64) {
        self.0.insert(hash(bytes, FILTER_BITS));
    }

    #[inline]
    pub(super) fn has(&self, bytes: u64) -> bool {
        self.0.has(hash(bytes, FILTER_BITS))
    }
}

/// A set of numbers of 16 bits.
struct Bits(Box<[u64; 1024]>);

impl Default for Bits {
    fn default() -> Self {
        Self(Box::new([0; 1024]))
    }
}

impl Bits {
    fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number >> 6) {
            *word |= 1 << (number & 63);
        }
    }

    #[inline]
    fn has(&self, number: usize) -> bool {
        self.0.get(number >> 6 & 1023).is_some_and(|word| word >> (number & 63) & 1 == 1)
    }
}

/// Multiplicative hashing: 2^64 over the golden ratio. Source: Knuth, "The Art of Computer Programming",
/// vol. 3, section 6.4.
pub(super) const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The bit of each byte by which letters of both cases differ.
const CASE: u64 = 0x2020_2020_2020_2020;

/// Letters of both cases are one. The upper bits of the product are the well mixed ones.
pub(super) const fn hash(bytes: u64, bits: u32) -> usize {
    ((bytes | CASE).wrapping_mul(GOLDEN) >> (64 - bits)) as usize
}
