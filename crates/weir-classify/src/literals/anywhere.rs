use super::{GOLDEN, Literals, fold};
use std::ops::{ControlFlow, Range};

/// Literals that may begin at any byte.
///
/// Every other byte of a text is asked whether it and the one after, or the three after, are the beginning of a
/// literal or the same one byte later: so none is missed, however it lies.
#[derive(Debug)]
pub(crate) struct Anywhere<T> {
    beginnings: Beginnings,
    literals: Literals<T>,
}

/// Bytes of a text that are looked at together.
const STEP: usize = 8;
/// What is read of a text for them: the last four begins two bytes before the end of a step.
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
        // What begins with the last byte shows one byte later.
        for base in (range.start..=end).step_by(STEP) {
            let mut hits = self.beginnings.among(text.get(base..).unwrap_or_default());
            while hits != 0 {
                let at = base + 2 * hits.trailing_zeros() as usize;
                hits &= hits - 1;
                for begin in at.saturating_sub(1).max(range.start)..end.min(at + 1) {
                    self.literals.at(text, begin, &mut report)?;
                }
            }
        }
        ControlFlow::Continue(())
    }
}

/// The first bytes of literals, and those after the first byte.
struct Beginnings {
    /// Of all of them: three bytes as they are, by a hash. Most of a text is refused by these alone.
    threes: Box<[u64; WORDS]>,
    /// Of those of five bytes and more: four bytes in any case of letters, by a hash.
    fours: Box<[u64; WORDS]>,
    /// Of shorter ones: two bytes as they are.
    twos: Box<[u64; WORDS]>,
}

/// 65,536 bits.
const WORDS: usize = 1024;

impl Default for Beginnings {
    fn default() -> Self {
        let none = || Box::new([0; WORDS]);
        Self { threes: none(), fours: none(), twos: none() }
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
            [_, _] => self.threes.fill(u64::MAX),
            [first, second, third] => {
                set(&mut self.threes, three([first, second, third]));
                (0..=u8::MAX).for_each(|any| set(&mut self.threes, three([second, third, any])));
            }
            [first, second, third, fourth, ..] => {
                set(&mut self.threes, three([first, second, third]));
                set(&mut self.threes, three([second, third, fourth]));
            }
        }
        match literal {
            [] | [_] => {}
            [first, second] => {
                set(&mut self.twos, pair(*first, *second));
                (0..=u8::MAX).for_each(|any| set(&mut self.twos, pair(*second, any)));
            }
            [first, second, third] | [first, second, third, _] => {
                set(&mut self.twos, pair(*first, *second));
                set(&mut self.twos, pair(*second, *third));
            }
            [a, b, c, d, e, ..] => {
                for four in [[*a, *b, *c, *d], [*b, *c, *d, *e]] {
                    set(&mut self.fours, hash(fold(u64::from(u32::from_le_bytes(four)))));
                }
            }
        }
    }

    /// Bit `i` says whether a literal may begin at byte `2 * i` of a step or one before.
    #[inline]
    fn among(&self, text: &[u8]) -> u32 {
        let [a, b, rest @ ..] = match text.first_chunk::<READ>() {
            Some(bytes) => *bytes,
            None => {
                let mut bytes = [0; READ];
                bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
                bytes
            }
        };
        let rest = u64::from_le_bytes(rest);
        let first = rest << 16 | u64::from(pair(a, b) as u16);
        let may_begin = |four: u64| u32::from(has(&self.threes, hash(four & 0xFF_FFFF)));
        let mut left =
            may_begin(first) | may_begin(rest) << 1 | may_begin(rest >> 16) << 2 | may_begin(rest >> 32) << 3;
        let mut hits = 0;
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left ^= bit;
            let four = if bit == 1 { first } else { rest >> (16 * (bit.trailing_zeros() - 1)) };
            let is_beginning =
                has(&self.twos, (four & 0xFFFF) as usize) || has(&self.fours, hash(fold(four)));
            hits |= if is_beginning { bit } else { 0 };
        }
        hits
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(u16::from_le_bytes([first, second]))
}

fn three([first, second, third]: [u8; 3]) -> usize {
    hash(u64::from(u32::from_le_bytes([first, second, third, 0])))
}

/// A hash of 16 bits of the lower four bytes.
fn hash(four: u64) -> usize {
    ((four << 32).wrapping_mul(GOLDEN) >> 48) as usize
}

fn set(bits: &mut [u64; WORDS], bit: usize) {
    if let Some(word) = bits.get_mut(bit >> 6 & (WORDS - 1)) {
        *word |= 1 << (bit & 63);
    }
}

fn has(bits: &[u64; WORDS], bit: usize) -> bool {
    bits.get(bit >> 6 & (WORDS - 1)).is_some_and(|word| word >> (bit & 63) & 1 == 1)
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
