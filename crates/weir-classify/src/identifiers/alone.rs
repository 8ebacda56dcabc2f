//! Spellings of identifiers that need no context word: nothing else is written so.

use crate::haystack::{Digits, Haystack};
use crate::lanes;

/// Digits in a row that a spelling has which needs no context word.
const ALONE_DIGITS_MAX: usize = 24;

/// A spelling that needs no context word, and where its first digit is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alone {
    spelling: &'static str,
    first_digit: usize,
    /// The characters that are digits or are none, whatever the text: a bit for each of [`around`].
    known: u64,
    /// Those of them that are digits.
    digits: u64,
}

impl Alone {
    fn new(spelling: &'static str, first_digit: usize) -> Self {
        let bit = |at: usize| match (AROUND_BEFORE + at).checked_sub(first_digit) {
            Some(bit @ 0..64) => 1 << bit,
            _ => 0,
        };
        let bits = |is: fn(u8) -> bool| {
            spelling.bytes().enumerate().filter(|(_, b)| is(*b)).fold(0, |bits, (at, _)| bits | bit(at))
        };
        let (known, digits) = (bits(|b| b != b'*'), bits(|b| b.is_ascii_digit()));
        Self { spelling, first_digit, known, digits }
    }

    /// Whether the text is spelt so around its digit at `at`.
    fn is_at(self, haystack: &Haystack<'_>, at: usize) -> bool {
        at.checked_sub(self.first_digit)
            .is_some_and(|start| is_spelt(haystack.slice(start..start + self.spelling.len()), self.spelling))
    }
}

pub(super) fn is_any_at(alone: &[Alone], haystack: &Haystack<'_>, digits: &Digits) -> bool {
    if alone.is_empty() {
        return false;
    }
    let around = around(haystack, digits.start);
    // Most have digits elsewhere.
    alone
        .iter()
        .filter(|alone| around & alone.known == alone.digits)
        .any(|alone| alone.is_at(haystack, digits.start))
}

/// Characters before a digit that are looked at together with those after it.
const AROUND_BEFORE: usize = 8;

/// The digits from [`AROUND_BEFORE`] characters before `at` on, a bit for each.
fn around(haystack: &Haystack<'_>, at: usize) -> u64 {
    let from = at.saturating_sub(AROUND_BEFORE);
    lanes::digits(haystack.bytes(), from) << (AROUND_BEFORE - (at - from))
}

/// Spellings of several words that need no context word: by how many digits their first digit begins a row of,
/// by what stands before that row, and by what follows it.
pub(super) type ByHead = Vec<[[Vec<Alone>; TAILS]; FRONTS]>;

pub(super) fn alone_by_head(spellings: impl Iterator<Item = &'static str>) -> ByHead {
    let mut by_head: ByHead = vec![Default::default(); ALONE_DIGITS_MAX + 1];
    for spelling in spellings.filter(|spelling| !is_one_word(spelling)) {
        let bytes = spelling.as_bytes();
        let first = bytes.iter().position(|b| *b == b'9').unwrap_or(bytes.len());
        // A star is a letter or a digit: the first digit may be any of those before the first nine.
        let stars = (0..first).filter(|at| bytes.get(*at) == Some(&b'*'));
        for first_digit in stars.chain([first]) {
            let row = bytes.iter().skip(first_digit);
            let least = row.clone().take_while(|b| **b == b'9').count();
            let most = row.take_while(|b| matches!(b, b'9' | b'*')).count();
            let before = first_digit.checked_sub(1).and_then(|before| bytes.get(before)).copied();
            for (digits, fronts) in by_head.iter_mut().enumerate().take(most + 1).skip(least) {
                let next = bytes.get(first_digit + digits).copied();
                // After the end a sentence goes on.
                let fits = |tail: usize| next.is_none_or(|next| next == b'*' || tail == tail_of(Some(next)));
                for (front, tails) in fronts.iter_mut().enumerate() {
                    // Before its beginning anything may stand.
                    if before.is_some_and(|before| !is_front(front, before)) {
                        continue;
                    }
                    for (_, alone) in tails.iter_mut().enumerate().filter(|(tail, _)| fits(*tail)) {
                        alone.push(Alone::new(spelling, first_digit));
                    }
                }
            }
        }
    }
    by_head
}

/// Whether no sign or space stands in a spelling.
pub(super) fn is_one_word(spelling: &str) -> bool {
    spelling.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'*')
}

pub(super) const TAILS: usize = 6;

/// The kind of what follows a row of digits.
pub(super) fn tail_of(next: Option<u8>) -> usize {
    // By a table: what follows is hard to foretell.
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a wrong index is a compile error"
    )]
    const OF_BYTE: [u8; 256] = {
        let (mut kinds, mut byte) = ([5; 256], 0);
        while byte < kinds.len() {
            kinds[byte] = match byte as u8 {
                b'-' => 0,
                b'.' => 1,
                b'/' => 2,
                b' ' => 3,
                b'A'..=b'Z' => 4,
                _ => 5,
            };
            byte += 1;
        }
        kinds
    };
    OF_BYTE.get(usize::from(next.unwrap_or_default())).map_or(0, |kind| usize::from(*kind))
}

pub(super) const FRONTS: usize = TAILS + 1;

/// The kind of what stands before a row of digits: a digit, if only a part of the row is looked at.
pub(super) fn front_of(before: Option<u8>) -> usize {
    if before.is_some_and(|b| b.is_ascii_digit()) { TAILS } else { tail_of(before) }
}

/// Whether a character of a spelling can be of this kind.
fn is_front(front: usize, class: u8) -> bool {
    front == front_of(Some(class)) || class == b'*' && (front == TAILS || front == front_of(Some(b'A')))
}

/// Spellings of one length.
#[derive(Debug)]
pub(super) struct Spellings(Vec<Alone>);

impl Spellings {
    pub(super) fn new(all: impl Iterator<Item = &'static str>) -> Self {
        Self(all.map(|spelling| Alone::new(spelling, AROUND_BEFORE)).collect())
    }

    /// Whether the text of their length that begins at `at` is spelt as one of them.
    pub(super) fn has(&self, haystack: &Haystack<'_>, at: usize) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let digits = lanes::digits(haystack.bytes(), at);
        // Most have digits elsewhere.
        self.0
            .iter()
            .filter(|one| digits & one.known == one.digits)
            .any(|one| is_spelt(haystack.slice(at..at + one.spelling.len()), one.spelling))
    }
}

/// Whether a text is of the classes of a spelling: `9` a digit, `A` a capital, `*` either, or the sign itself.
pub(super) fn is_spelt(text: &[u8], spelling: &str) -> bool {
    let fits = |(byte, class): (&u8, u8)| match class {
        b'9' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_uppercase(),
        b'*' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        sign => *byte == sign,
    };
    text.len() == spelling.len() && text.iter().zip(spelling.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_length_are_spelt_as_one_of_many() {
        let all = ["99AA99", "9*9A-9", "A99999", "**-99*", "99 9X9"];
        let spellings = Spellings::new(all.into_iter());
        let (mut state, mut found) = (5_usize, [0, 0]);
        for _ in 0..40_000 {
            let mut text = String::new();
            for _ in 0..11 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push(char::from(b"0719AXa- "[(state >> 33) % 9]));
            }
            for at in 0..6 {
                let expected = all.iter().any(|one| is_spelt(&text.as_bytes()[at..at + 6], one));
                assert_eq!(spellings.has(&Haystack::new(&text, &[], &[]), at), expected, "{text:?} at {at}");
                found[usize::from(expected)] += 1;
            }
        }
        assert!(found[1] > 1000, "{found:?}");
    }
}
