use super::{GOLDEN, Literals};
use std::ops::{ControlFlow, Range};

/// Literals that may begin at any byte.
///
/// Every other byte of a text is asked whether what is there may be the beginning of a literal, or of one without its
/// first byte: so none is missed, however it lies.
#[derive(Debug)]
pub(crate) struct Anywhere<T> {
    beginnings: Beginnings,
    literals: Literals<T>,
}

/// Bytes of a text that are looked at together.
const STEP: usize = 8;
/// What is read of a text for them: the last four begin two bytes before the end of a step.
const READ: usize = STEP + 2;
/// How many bytes of a step are asked.
const ASKED: usize = STEP / 2;

impl<T: Copy> Anywhere<T> {
    /// Literals of two bytes are found before a character of a token, longer ones anywhere.
    pub(crate) fn new(exact: &[(T, &str)]) -> Self {
        let mut beginnings = Beginnings::default();
        exact.iter().for_each(|(_, literal)| beginnings.insert(literal.as_bytes()));
        Self { beginnings, literals: Literals::new(exact, &[], &[]) }
    }

    /// Reports the literals that begin in `range`, in order of place, and whose they are.
    #[inline(never)]
    pub(crate) fn scan(
        &self,
        text: &[u8],
        range: Range<usize>,
        mut report: impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let end = range.end.min(text.len());
        let (mut base, mut later) = (range.start, 0);
        // What begins with the last byte shows one byte later.
        while base <= end {
            let found = self.beginnings.among(text.get(base..).unwrap_or_default());
            let mut hits = found.here | later;
            later = found.later;
            while hits != 0 {
                let at = base + 2 * hits.trailing_zeros() as usize;
                hits &= hits - 1;
                for begin in at.saturating_sub(1).max(range.start)..end.min(at + 1) {
                    self.literals.at(text, begin, &mut report)?;
                }
            }
            base += STEP;
        }
        ControlFlow::Continue(())
    }
}

/// How literals begin: most of a text is refused by that, with a few looks at small tables.
struct Beginnings {
    /// Of literals of five bytes and more, four bytes from the first and from the second on.
    fours: Set<FOURS>,
    /// Of shorter ones the first three.
    threes: Set<THREES>,
}

/// A set of hashes, a byte for each: `1` for one that is in it.
struct Set<const N: usize>(Box<[u8; N]>);

const FOURS: usize = 1 << 16;
const THREES: usize = 1 << 14;

/// Where in a step a literal may begin.
#[derive(Clone, Copy, Default)]
struct Found {
    /// Bit `i` is for byte `2 * i` of the step, or the one before.
    here: u32,
    /// The same of the step after it.
    later: u32,
}

impl Default for Beginnings {
    fn default() -> Self {
        Self { fours: Set(Box::new([0; FOURS])), threes: Set(Box::new([0; THREES])) }
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
            [a, b] => (0..=u8::MAX).for_each(|any| self.threes.insert([a, b, any, 0])),
            [a, b, c] | [a, b, c, _] => self.threes.insert([a, b, c, 0]),
            [a, b, c, d, e, ..] => {
                for four in [[a, b, c, d], [b, c, d, e]] {
                    self.fours.insert(four);
                }
            }
        }
    }

    #[inline]
    fn among(&self, text: &[u8]) -> Found {
        let (low, high) = match text.first_chunk() {
            Some(bytes) => ends(bytes),
            None => ends(&padded(text)),
        };
        let fours = [low as u32, high as u32, (high >> 16) as u32, (high >> 32) as u32];
        // Without a branch for each of them, as most are refused.
        let here = fours.map(|four| self.fours.has(four) | self.threes.has(four << 8 >> 8));
        let next = fours.map(|four| self.threes.has(four >> 8));
        if here.iter().chain(&next).fold(0, |any, found| any | found) == 0 {
            return Found::default();
        }
        let (here, next) = (bits(here), bits(next) << 1);
        Found { here: here | next & ((1 << ASKED) - 1), later: next >> ASKED }
    }
}

impl<const N: usize> Set<N> {
    fn insert(&mut self, bytes: [u8; 4]) {
        if let Some(slot) = self.0.get_mut(hash::<N>(u32::from_le_bytes(bytes))) {
            *slot = 1;
        }
    }

    #[inline]
    fn has(&self, bytes: u32) -> u8 {
        self.0.get(hash::<N>(bytes)).copied().unwrap_or_default()
    }
}

/// Less than `N`, a power of two.
#[inline]
fn hash<const N: usize>(bytes: u32) -> usize {
    (bytes.wrapping_mul((GOLDEN >> 32) as u32) >> (u32::BITS - N.ilog2())) as usize & (N - 1)
}

/// A bit for each, the first one lowest.
fn bits(found: [u8; ASKED]) -> u32 {
    found.iter().rev().fold(0, |bits, one| bits << 1 | u32::from(*one))
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
