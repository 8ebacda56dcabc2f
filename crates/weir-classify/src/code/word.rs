//! The words that codes are made of: where each begins and ends, and what links it to the next.

use super::CODE_MAX;
use crate::haystack::Haystack;
use crate::lanes;

/// Separator characters between two words of one code: ` - `, a line break of two bytes.
pub(super) const GAP_MAX: usize = 3;
const _: () = assert!(CODE_MAX < 2 * lanes::SIDE);

/// What links a word to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Joint {
    /// Nothing.
    #[default]
    None,
    /// White space.
    Space,
    /// One sign.
    Sign(u8),
    /// One sign with white space on both sides: within a number, or the dash of a sentence or a list.
    Dash(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) len: u8,
    pub(super) has_digit: bool,
    /// What links it to the word before.
    pub(super) joint: Joint,
}

impl Word {
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(super) fn end(&self) -> usize {
        self.start + self.len()
    }
}

/// Where words begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edges {
    /// Where the characters say so.
    Plain,
    /// At a seam of joined segments too, where letters meet digits.
    Seams,
    /// At a seam of joined segments too, where letters meet letters: those of a label and of a value.
    LetterSeams,
    /// The first one at its first digit, whatever letters precede: `SSN536904399`, `is536904399`.
    Letters,
}

pub(super) fn word_of(haystack: &Haystack<'_>, start: usize, end: usize) -> Word {
    let has_digit = haystack.slice(start..end).iter().any(u8::is_ascii_digit);
    Word { start, len: u8::try_from(end - start).unwrap_or(u8::MAX), has_digit, joint: Joint::None }
}

/// The word that holds the byte at `at`, unless it is too long for a code.
pub(super) fn word_around(haystack: &Haystack<'_>, at: usize, edges: Edges) -> Option<Word> {
    let start = if edges == Edges::Letters { at } else { haystack.run_start(at, CODE_MAX + 1, edges)? };
    let end = haystack.word_end(at, CODE_MAX + 1, edges);
    (end - start <= CODE_MAX).then(|| word_of(haystack, start, end))
}

/// Whether a byte may stand between two words of one code: by a table, as it is hard to foretell.
pub(crate) fn is_gap(byte: u8) -> bool {
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where a wrong index is a compile error"
    )]
    const GAPS: [bool; 256] = {
        let (mut gaps, mut byte) = ([false; 256], 0);
        while byte < gaps.len() {
            gaps[byte] = (byte as u8).is_ascii_whitespace() || is_sign(byte as u8);
            byte += 1;
        }
        gaps
    };
    GAPS.get(usize::from(byte)).is_some_and(|is_gap| *is_gap)
}

pub(crate) const fn is_sign(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b'_' | b':' | b'+')
}

/// What links the word that ends at `end` to the next, and where that begins.
pub(super) fn joint_after(haystack: &Haystack<'_>, end: usize) -> Option<(Joint, usize)> {
    let next = haystack.run_end(end, GAP_MAX + 1, is_gap);
    haystack.byte(next).filter(u8::is_ascii_alphanumeric)?;
    joint(haystack.slice(end..next)).map(|joint| (joint, next))
}

/// What links the word that begins at `start` to the one before, and where that ends.
pub(super) fn joint_before(haystack: &Haystack<'_>, start: usize) -> Option<(Joint, usize)> {
    let gap = (1..=GAP_MAX)
        .take_while(|back| start.checked_sub(*back).and_then(|at| haystack.byte(at)).is_some_and(is_gap));
    let end = start - gap.count();
    haystack.before(end).filter(u8::is_ascii_alphanumeric)?;
    joint(haystack.slice(end..start)).map(|joint| (joint, end))
}

/// White space, or one sign with at most white space on both sides (`.` and `:` without).
fn joint(gap: &[u8]) -> Option<Joint> {
    let mut signs = gap.iter().filter(|b| is_sign(**b));
    match (gap.len(), signs.next(), signs.next()) {
        (0, ..) | (_, _, Some(_)) => None,
        (_, None, None) => Some(Joint::Space),
        (1, Some(sign), None) => Some(Joint::Sign(*sign)),
        (_, Some(b'.' | b':' | b'_'), None) => None,
        (_, Some(sign), None) if gap.first() != Some(sign) && gap.last() != Some(sign) => {
            Some(Joint::Dash(*sign))
        }
        _ => None,
    }
}

impl Haystack<'_> {
    /// Start of the run of letters and digits around `at`; none when it is further than `max`.
    pub(super) fn run_start(&self, at: usize, max: usize, edges: Edges) -> Option<usize> {
        let goes_on = |start: usize| {
            !self.is_edge(start, edges) && self.before(start).is_some_and(|b| b.is_ascii_alphanumeric())
        };
        let is_plain = matches!(edges, Edges::Plain | Edges::Letters);
        let run = match lanes::word_before(self.bytes(), at) {
            run if is_plain && run < lanes::SIDE => run,
            // As much again is further than any code goes.
            run if is_plain => run + lanes::word_before(self.bytes(), at - run),
            _ => (0..=max).take_while(|back| at.checked_sub(*back).is_some_and(goes_on)).count(),
        };
        (run <= max).then(|| at - run)
    }

    /// Whether a word ends at a seam.
    pub(super) fn is_edge(&self, at: usize, edges: Edges) -> bool {
        let is_digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit());
        match edges {
            Edges::Plain | Edges::Letters => false,
            Edges::Seams => self.is_seam(at) && is_digit(self.before(at)) != is_digit(self.byte(at)),
            Edges::LetterSeams => self.is_seam(at) && !is_digit(self.before(at)) && !is_digit(self.byte(at)),
        }
    }

    /// End of the run of letters and digits from `at`, at most `max` long.
    pub(super) fn word_end(&self, at: usize, max: usize, edges: Edges) -> usize {
        let end = match lanes::word_after(self.bytes(), at) {
            run if run < lanes::SIDE => at + run.min(max),
            run => at + (run + lanes::word_after(self.bytes(), at + run)).min(max),
        };
        match edges {
            Edges::Plain | Edges::Letters => end,
            Edges::Seams | Edges::LetterSeams => {
                (at + 1..end).find(|at| self.is_edge(*at, edges)).unwrap_or(end)
            }
        }
    }
}
