use super::filter::GOLDEN;
use super::{Literals, is_token};
use crate::lanes::BLOCK;
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

/// Bytes of a block that are looked at together.
const STEP: usize = 16;
/// What is read of a text for a block: the last four begin two bytes before the end of it.
const READ: usize = BLOCK + 2;

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
        let range = range.start..range.end.min(text.len());
        self.literals.at_each(text, range, |base| self.beginnings.among(text, base), &mut report)
    }
}

/// How literals begin, in two ways of which one holds: both are cheap, and most of a text is refused by them.
struct Beginnings {
    /// Of literals of four bytes and more, four bytes from the first and, if there are as many, from the second on, by a hash.
    fours: Box<[u8; FOURS]>,
    /// Of the other beginnings, two bytes as they are.
    twos: Box<[u8; TWOS]>,
}

/// A byte for each, less work than a bit, and few of them are ever looked at: for one that is there, a bit for the place
/// where it stands and one for the place before.
const THERE: u8 = 3;
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

    /// Bit `i` says whether a literal may begin at `base + i`: two of them are told together, by what begins with the second.
    #[inline]
    fn among(&self, text: &[u8], base: usize) -> u64 {
        let rest = text.get(base + 1..).unwrap_or_default();
        match rest.first_chunk() {
            Some(block) => self.of_steps(block, BLOCK / STEP),
            None => self.of_steps(&padded(rest), rest.len().min(BLOCK).div_ceil(STEP)),
        }
    }

    /// Of as many steps of a block.
    #[inline(always)]
    fn of_steps(&self, block: &[u8; READ], steps: usize) -> u64 {
        // Without a branch for each of the bytes, as most are refused.
        let of_step =
            |step| fours(block, step).iter().rev().fold(0, |hits, four| hits << 2 | self.found(*four));
        (0..steps).rev().fold(0, |hits, step| hits << STEP | of_step(step))
    }

    #[inline(always)]
    fn found(&self, four: u32) -> u64 {
        let of_four = self.fours.get(hash(four)).copied().unwrap_or_default();
        u64::from(of_four | self.twos.get((four & 0xFFFF) as usize).copied().unwrap_or_default())
    }
}

/// Four bytes from every other one of a step on.
#[inline(always)]
fn fours(block: &[u8; READ], step: usize) -> [u32; STEP / 2] {
    let bytes = block.get(step * STEP..).unwrap_or_default();
    std::array::from_fn(|at| {
        bytes.get(2 * at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_le_bytes(*four))
    })
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
        *slot = THERE;
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
