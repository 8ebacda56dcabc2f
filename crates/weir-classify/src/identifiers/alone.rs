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
    match next {
        Some(b'-') => 0,
        Some(b'.') => 1,
        Some(b'/') => 2,
        Some(b' ') => 3,
        Some(b) if b.is_ascii_uppercase() => 4,
        _ => 5,
    }
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
pub(super) struct Spellings {
    all: Vec<&'static str>,
    /// The kinds of first and last characters of texts that are spelt so, a bit for each pair.
    ends: u16,
}

impl Spellings {
    pub(super) fn new(all: Vec<&'static str>) -> Self {
        let mut ends = 0;
        for bytes in all.iter().map(|spelling| spelling.as_bytes()) {
            for (first, last) in (0..3).flat_map(|first| (0..3).map(move |last| (first, last))) {
                let fits = is_of_kind(bytes.first(), first) && is_of_kind(bytes.last(), last);
                ends |= u16::from(fits) << (first * 3 + last);
            }
        }
        Self { all, ends }
    }

    /// Whether a text of their length is spelt as one of them.
    pub(super) fn has(&self, text: &[u8]) -> bool {
        let kind = |byte: Option<&u8>| byte.map_or(2, |byte| kind_of(*byte));
        self.ends >> (kind(text.first()) * 3 + kind(text.last())) & 1 == 1
            && self.all.iter().any(|spelling| is_spelt(text, spelling))
    }
}

/// Whether a character of a spelling can be of this kind.
fn is_of_kind(class: Option<&u8>, kind: usize) -> bool {
    class.is_some_and(|class| if *class == b'*' { kind < 2 } else { kind == kind_of(*class) })
}

/// A digit, a capital, or anything else.
fn kind_of(byte: u8) -> usize {
    match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
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
