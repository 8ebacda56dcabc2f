use super::{GOLDEN, Literals, is_token};
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
const STEP: usize = 16;
/// What is read of a text for them: the last four begin two bytes before the end of a step.
const READ: usize = STEP + 2;

impl<T: Copy> Anywhere<T> {
    /// Literals of two bytes are found before a character of a token, longer ones anywhere.
    pub(crate) fn new(exact: &[(T, &str)]) -> Self {
        let mut beginnings = Beginnings::default();
        exact.iter().for_each(|(_, literal)| beginnings.insert(literal.as_bytes()));
        Self { beginnings, literals: Literals::new(exact, &[]) }
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
        let mut base = range.start;
        // What begins with the last byte shows one byte later.
        while base <= end {
            let mut hits = self.beginnings.among(text.get(base..).unwrap_or_default());
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

/// How literals begin, in two ways of which one holds: both are cheap, and most of a text is refused by them.
struct Beginnings {
    /// Of literals of four bytes and more, four bytes from the first and, if there are as many, from the second on, by a hash.
    fours: Box<[u8; FOURS]>,
    /// Of the other beginnings, two bytes as they are.
    twos: Box<[u8; TWOS]>,
}

/// A byte for each, `1` for one that is there: less work than a bit, and few of them are ever looked at.
const FOURS: usize = 1 << 15;
const TWOS: usize = 1 << 16;

impl Default for Beginnings {
    fn default() -> Self {
        Self { fours: Box::new([0; FOURS]), twos: Box::new([0; TWOS]) }
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
            // A character of a token follows its second byte, or nothing.
            [first, second] => {
                set(self.twos.as_mut_slice(), pair(first, second));
                let may_follow = (0..=u8::MAX).filter(|next| *next == 0 || is_token(*next));
                may_follow.for_each(|next| set(self.twos.as_mut_slice(), pair(second, next)));
            }
            [first, second, third] => {
                set(self.twos.as_mut_slice(), pair(first, second));
                set(self.twos.as_mut_slice(), pair(second, third));
            }
            [a, b, c, d] => {
                set(self.fours.as_mut_slice(), hash(u32::from_le_bytes([a, b, c, d])));
                set(self.twos.as_mut_slice(), pair(b, c));
            }
            [a, b, c, d, e, ..] => {
                for four in [[a, b, c, d], [b, c, d, e]] {
                    set(self.fours.as_mut_slice(), hash(u32::from_le_bytes(four)));
                }
            }
        }
    }

    /// Bit `i` says whether a literal may begin with byte `2 * i` of a text or the one before.
    #[inline(always)]
    fn among(&self, text: &[u8]) -> u32 {
        let padded = |text| fours(&padded(text));
        let fours = text.first_chunk().map_or_else(|| padded(text), fours);
        // Without a branch for each of them, as most are refused.
        let found = fours.map(|four| self.found(four));
        if found.iter().fold(0, |any, one| any | one) == 0 {
            return 0;
        }
        found.iter().rev().fold(0, |hits, one| hits << 1 | u32::from(*one))
    }

    #[inline]
    fn found(&self, four: u32) -> u8 {
        let of_four = self.fours.get(hash(four)).copied().unwrap_or_default();
        of_four | self.twos.get((four & 0xFFFF) as usize).copied().unwrap_or_default()
    }
}

/// Four bytes from every other one on.
#[inline(always)]
fn fours(bytes: &[u8; READ]) -> [u32; STEP / 2] {
    let mut fours = [0; STEP / 2];
    let (even, odd) =
        (bytes.as_chunks::<4>().0, bytes.last_chunk::<STEP>().map(|last| last.as_chunks::<4>().0));
    for ((pair, even), odd) in
        fours.as_chunks_mut::<2>().0.iter_mut().zip(even).zip(odd.into_iter().flatten())
    {
        *pair = [u32::from_le_bytes(*even), u32::from_le_bytes(*odd)];
    }
    fours
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

/// Less than [`FOURS`].
#[inline]
fn hash(four: u32) -> usize {
    (four.wrapping_mul((GOLDEN >> 32) as u32) >> (u32::BITS - FOURS.ilog2())) as usize
}

fn set(there: &mut [u8], place: usize) {
    if let Some(slot) = there.get_mut(place) {
        *slot = 1;
    }
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
