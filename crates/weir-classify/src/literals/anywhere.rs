use super::{GOLDEN, Literals};
use std::ops::{ControlFlow, Range};

/// Literals that may begin at any byte.
///
/// Every other byte of a text is asked whether it and the three after may be the beginning of a literal, or of one
/// without its first byte: so none is missed, however it lies.
#[derive(Debug)]
pub(crate) struct Anywhere<T> {
    beginnings: Beginnings,
    literals: Literals<T>,
}

/// Bytes of a text that are looked at together.
const STEP: usize = 8;
/// What is read of a text for them: the last four begin two bytes before the end of a step.
const READ: usize = STEP + 2;

impl<T: Copy> Anywhere<T> {
    /// Literals of two bytes are found before a character of a token, longer ones anywhere.
    pub(crate) fn new(exact: &[(T, &str)]) -> Self {
        let mut beginnings = Beginnings::default();
        exact.iter().for_each(|(_, literal)| beginnings.insert(literal.as_bytes()));
        Self { beginnings, literals: Literals::new(exact, &[], &[]) }
    }

    /// Reports the literals that begin in `range`, in order of place, and whose they are.
    pub(crate) fn scan(
        &self,
        text: &[u8],
        range: Range<usize>,
        mut report: impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let end = range.end.min(text.len());
        let mut from = range.start;
        while let Some((base, mut hits)) = self.beginnings.next(text, from, end) {
            while hits != 0 {
                let at = base + 2 * hits.trailing_zeros() as usize;
                hits &= hits - 1;
                for begin in at.saturating_sub(1).max(range.start)..end.min(at + 1) {
                    self.literals.at(text, begin, &mut report)?;
                }
            }
            from = base + STEP;
        }
        ControlFlow::Continue(())
    }
}

/// How literals begin, in two ways of which one holds: both are cheap, and most of a text is refused by them.
struct Beginnings {
    /// Of literals of five bytes and more, four bytes from the first and from the second on, by a hash.
    fours: Box<[u64; WORDS]>,
    /// Of shorter ones, two bytes as they are.
    twos: Box<[u64; WORDS]>,
}

/// 65,536 bits.
const WORDS: usize = 1024;

impl Default for Beginnings {
    fn default() -> Self {
        let none = || Box::new([0; WORDS]);
        Self { fours: none(), twos: none() }
    }
}

impl std::fmt::Debug for Beginnings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Beginnings")
    }
}

impl Beginnings {
    fn insert(&mut self, literal: &[u8]) {
        match *literal {
            [] | [_] => {}
            // What follows its second byte may be anything.
            [first, second] => {
                set(&mut self.twos, pair(first, second));
                (0..=u8::MAX).for_each(|any| set(&mut self.twos, pair(second, any)));
            }
            [first, second, third] | [first, second, third, _] => {
                set(&mut self.twos, pair(first, second));
                set(&mut self.twos, pair(second, third));
            }
            [a, b, c, d, e, ..] => {
                for four in [[a, b, c, d], [b, c, d, e]] {
                    set(&mut self.fours, hash(u32::from_le_bytes(four)));
                }
            }
        }
    }

    /// The first step from `from` to `end` in which a literal may begin: where it is, and a bit `i` for byte
    /// `2 * i` of it or the one before. What begins with the last byte shows one byte later.
    #[inline(never)]
    fn next(&self, text: &[u8], from: usize, end: usize) -> Option<(usize, u32)> {
        let mut base = from;
        while base <= end {
            let hits = self.among(text.get(base..).unwrap_or_default());
            if hits != 0 {
                return Some((base, hits));
            }
            base += STEP;
        }
        None
    }

    #[inline]
    fn among(&self, text: &[u8]) -> u32 {
        let (low, high) = match text.first_chunk() {
            Some(bytes) => ends(bytes),
            None => ends(&padded(text)),
        };
        let fours = [low as u32, high as u32, (high >> 16) as u32, (high >> 32) as u32];
        // Without a branch for each of them, as most are refused.
        let words = fours.map(|four| self.word(four));
        if words.iter().fold(0, |any, word| any | word) & 1 == 0 {
            return 0;
        }
        words.iter().rev().fold(0, |hits, word| hits << 1 | (word & 1) as u32)
    }

    /// The lowest bit says whether a literal may begin with these bytes, or one byte before.
    #[inline]
    fn word(&self, four: u32) -> u64 {
        word(&self.fours, hash(four)) | word(&self.twos, (four & 0xFFFF) as usize)
    }
}

/// The first eight bytes and the last eight.
fn ends(bytes: &[u8; READ]) -> (u64, u64) {
    let number = |eight: Option<&[u8; 8]>| eight.copied().map_or(0, u64::from_le_bytes);
    (number(bytes.first_chunk()), number(bytes.last_chunk()))
}

#[cold]
fn padded(text: &[u8]) -> [u8; READ] {
    let mut bytes = [0; READ];
    bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    bytes
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(u16::from_le_bytes([first, second]))
}

/// A hash of 16 bits.
fn hash(four: u32) -> usize {
    (four.wrapping_mul((GOLDEN >> 32) as u32) >> 16) as usize
}

fn set(bits: &mut [u64; WORDS], bit: usize) {
    if let Some(word) = bits.get_mut(bit >> 6 & (WORDS - 1)) {
        *word |= 1 << (bit & 63);
    }
}

/// The word of a bit, shifted so that the bit is the lowest.
#[inline]
fn word(bits: &[u64; WORDS], bit: usize) -> u64 {
    bits.get(bit >> 6 & (WORDS - 1)).map_or(0, |word| word >> (bit & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(literals: &[(u8, &str)], text: &str, range: Range<usize>) -> Vec<(u8, usize)> {
        let mut hits = Vec::new();
        let _all = Anywhere::new(literals).scan(text.as_bytes(), range, |owner, span| {
            hits.push((owner, span.start));
            ControlFlow::Continue(())
        });
        hits
    }

    #[test]
    fn a_literal_is_found_at_every_place_and_once() {
        let all = [(2, "SK"), (3, "key"), (4, "pass"), (5, "token"), (9, "secretive")];
        // One of two bytes lets every three bytes pass.
        for literals in [&all[..], &all[1..]] {
            for (owner, literal) in literals {
                for before in 0..20 {
                    for after in 0..12 {
                        let text = format!("{}{literal}{}", "_".repeat(before), "_".repeat(after));
                        for start in [0, before] {
                            let found = hits(literals, &text, start..text.len());
                            assert_eq!(found, [(*owner, before)], "{text} from {start}");
                        }
                        assert_eq!(hits(literals, &text, 0..before), []);
                        assert_eq!(hits(literals, &text, 0..before + 1), [(*owner, before)]);
                        assert_eq!(hits(literals, &text, before + 1..text.len()), []);
                    }
                }
            }
        }
    }
}
