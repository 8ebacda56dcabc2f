//! Words with what links them, from a little before the first digit to as far as a code can go.

use super::CODE_MAX;
use super::window::{Link, Window};
use super::word::{Edges, GAP_MAX, Joint, Word, joint_after, joint_before, word_around, word_of};
use crate::haystack::Haystack;
use std::ops::Range;

/// A group of letters alone is not longer: `ABCDE 1234 F`.
const LETTERS_MAX: usize = 5;
/// More groups than that are one code only if nothing with digits stands beside them.
const GROUPS_MAX: usize = 6;
/// Words of letters alone that may stand before the first digit, for codes that are spelt out.
const LEADING_MAX: usize = 6;
/// No chain begins further before the digit that it is read around, or ends further after it: a word, as many words of
/// one letter each as there may be, a word that is too long, and what is between them.
const REACH_BEFORE: usize = CODE_MAX + LEADING_MAX * (GAP_MAX + 1) + LETTERS_MAX + GAP_MAX + 2;
const REACH_AFTER: usize = CODE_MAX + CODE_MAX * (GAP_MAX + 1) + CODE_MAX + GAP_MAX + 2;

/// Words from up to [`LEADING_MAX`] before the first that holds a digit.
#[derive(Debug, PartialEq)]
pub(crate) struct Chain {
    words: [Word; CODE_MAX + LEADING_MAX],
    len: usize,
    /// The index of the first word that holds a digit.
    first: usize,
    before: Link,
    after: Link,
}

/// The letters and digits of a chain, one after the other.
struct Marks {
    offsets: [u8; CODE_MAX + LEADING_MAX + 1],
    digits: u64,
}

impl Marks {
    fn offset(&self, word: usize) -> usize {
        self.offsets.get(word).copied().map_or(0, usize::from)
    }

    /// How many characters the words from `from` to `to` have.
    fn len(&self, from: usize, to: usize) -> usize {
        self.offset(to + 1) - self.offset(from)
    }

    /// The digit mask of these words; their length is at most [`CODE_MAX`].
    fn mask(&self, from: usize, to: usize) -> u32 {
        let len = self.len(from, to).min(CODE_MAX);
        u32::try_from(self.digits >> (self.offset(from) & 63) & ((1 << len) - 1)).unwrap_or_default()
    }
}

impl Chain {
    /// The chain around the word that holds the digit at `at`, the first of that word.
    pub(crate) fn read(haystack: &Haystack<'_>, at: usize, edges: Edges) -> Option<Self> {
        let first = word_around(haystack, at, edges)?;
        let mut chain = Self {
            words: [Word::default(); CODE_MAX + LEADING_MAX],
            len: 0,
            first: 0,
            before: Link::default(),
            after: Link::default(),
        };
        if edges == Edges::Letters {
            chain.before = Link { joint: Joint::Sign(b'a'), has_digit: false };
            chain.push(first);
        } else {
            chain.read_left(haystack, first, edges);
        }
        chain.read_right(haystack, edges);
        Some(chain)
    }

    /// How long the word around a digit is and its [digit mask](Code::digit_mask), if nothing is linked to it, so that it
    /// is all of its chain: cheap to say. The length is 0 if it is too long for a code.
    pub(crate) fn single(haystack: &Haystack<'_>, at: usize, edges: Edges) -> Option<(usize, u32)> {
        let Some(word) = word_around(haystack, at, edges) else { return Some((0, 0)) };
        let is_linked = joint_after(haystack, word.end()).is_some()
            || edges != Edges::Letters && joint_before(haystack, word.start).is_some();
        if is_linked {
            return None;
        }
        let digits = haystack.slice(word.start..word.end()).iter().enumerate();
        let mask = digits.fold(0, |mask, (at, byte)| mask | u32::from(byte.is_ascii_digit()) << (at & 31));
        Some((word.len(), mask))
    }

    /// Whether a word ends at a seam within the reach of the chain around the digit at `at`.
    pub(crate) fn may_meet_edge(haystack: &Haystack<'_>, at: usize, edges: Edges) -> bool {
        haystack.seams_in(at.saturating_sub(REACH_BEFORE)..at + REACH_AFTER).iter().any(|seam| {
            let is_within = haystack.before(*seam).is_some_and(|b| b.is_ascii_alphanumeric())
                && haystack.byte(*seam).is_some_and(|b| b.is_ascii_alphanumeric());
            is_within && haystack.is_edge(*seam, edges)
        })
    }

    /// Words of letters before `first`, in order, then `first`.
    fn read_left(&mut self, haystack: &Haystack<'_>, first: Word, edges: Edges) {
        let mut found = [first; LEADING_MAX + 1];
        let (mut count, mut letters) = (1, 0);
        while let Some(slot) = found.get(count - 1).copied() {
            let Some((joint, end)) = joint_before(haystack, slot.start) else { break };
            if let Some(last) = found.get_mut(count - 1) {
                last.joint = joint;
            }
            let from = haystack.run_start(end - 1, LETTERS_MAX, edges);
            let word = word_of(haystack, from.unwrap_or(end.saturating_sub(LETTERS_MAX)), end);
            self.before = Link { joint, has_digit: word.has_digit };
            if word.has_digit || from.is_none() {
                break;
            }
            letters += word.len();
            let Some(slot) = found.get_mut(count).filter(|_| letters <= LEADING_MAX) else { break };
            *slot = word;
            count += 1;
            self.before = Link::default();
        }
        for word in found.iter().take(count).rev() {
            self.push(*word);
        }
        self.first = count - 1;
    }

    fn read_right(&mut self, haystack: &Haystack<'_>, edges: Edges) {
        let mut total = 0;
        while let Some(last) = self.words.get(self.len.saturating_sub(1)).copied() {
            total += last.len();
            let Some((joint, start)) = joint_after(haystack, last.end()) else { break };
            let end = haystack.word_end(start, CODE_MAX + 1, edges);
            let word = Word { joint, ..word_of(haystack, start, end) };
            let fits = total + word.len() <= CODE_MAX && (word.has_digit || word.len() <= LETTERS_MAX);
            if !fits || self.len == self.words.len() {
                self.after = Link { joint, has_digit: word.has_digit };
                break;
            }
            self.push(word);
        }
    }

    fn push(&mut self, word: Word) {
        if let Some(slot) = self.words.get_mut(self.len) {
            *slot = word;
            self.len += 1;
        }
    }

    /// Judges every window that begins at or before the first word with a digit, longest start first.
    ///
    /// A window is a part of the chain that no sign ties to a neighbour with digits. `fits` says of a length,
    /// a [digit mask](Code::digit_mask) and a span whether a window with these is worth a look: most are not.
    /// Stops when told.
    pub(crate) fn windows(
        &self,
        haystack: &Haystack<'_>,
        mut fits: impl FnMut(usize, u32, Range<usize>) -> bool,
        mut judge: impl FnMut(&Window) -> bool,
    ) -> bool {
        let marks = self.marks(haystack);
        (0..=self.first).any(|from| {
            let mut found = false;
            for to in self.ends_from(from, &marks) {
                found |= fits(marks.len(from, to), marks.mask(from, to), self.span(from, to))
                    && self.window(haystack, from, to).is_some_and(|window| judge(&window));
            }
            found
        })
    }

    fn span(&self, from: usize, to: usize) -> Range<usize> {
        let end = self.words.get(to).map_or(0, Word::end);
        self.words.get(from).map_or(end, |word| word.start)..end
    }

    /// Where each word begins in the code of the whole chain, and which characters of that are digits.
    fn marks(&self, haystack: &Haystack<'_>) -> Marks {
        let mut marks = Marks { offsets: [0; CODE_MAX + LEADING_MAX + 1], digits: 0 };
        let mut offset = 0;
        for (word, end) in self.words.iter().take(self.len).zip(marks.offsets.iter_mut().skip(1)) {
            if word.has_digit {
                for (at, byte) in haystack.slice(word.start..word.end()).iter().enumerate() {
                    marks.digits |= u64::from(byte.is_ascii_digit()) << ((offset + at) & 63);
                }
            }
            offset += word.len();
            *end = u8::try_from(offset).unwrap_or(u8::MAX);
        }
        marks
    }

    /// The last words of the windows that begin with the word `from`.
    fn ends_from<'c>(&'c self, from: usize, marks: &'c Marks) -> impl Iterator<Item = usize> + 'c {
        let left = self.left_of(from);
        let ends = if left.is_tied() { from..from } else { from..self.len };
        let is_too_many = move |to: usize, beside: Link| to - from >= GROUPS_MAX && beside.has_digit;
        ends.take_while(move |to| marks.len(from, *to) <= CODE_MAX && !is_too_many(*to, left))
            .filter(move |to| *to >= self.first)
            .filter(move |to| {
                let right = self.right_of(*to);
                !right.is_tied() && !is_too_many(*to, right)
            })
    }

    fn window(&self, haystack: &Haystack<'_>, from: usize, to: usize) -> Option<Window> {
        let words = self.words.get(from..=to)?;
        let head = words.first()?;
        let mut window = Window::at(head.start, self.left_of(from), self.right_of(to));
        words.iter().all(|word| window.push(haystack, word).is_some()).then_some(window)
    }

    fn left_of(&self, at: usize) -> Link {
        match at.checked_sub(1).and_then(|before| self.words.get(before)) {
            Some(before) => {
                let joint = self.words.get(at).map(|word| word.joint).unwrap_or_default();
                Link { joint, has_digit: before.has_digit }
            }
            None => self.before,
        }
    }

    fn right_of(&self, at: usize) -> Link {
        match self.words.get(at + 1).filter(|_| at + 1 < self.len) {
            Some(next) => Link { joint: next.joint, has_digit: next.has_digit },
            None => self.after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_edge_is_near_a_chain_is_the_same_with_seams() {
        let pieces = [
            "a",
            "B7",
            "12",
            " ",
            "-",
            " . ",
            "xyz",
            "345678",
            "\n",
            "QRSTUVWX",
            "é",
            "9 8 7 6 5 4",
            "k-l/m",
        ];
        let (mut state, mut same, mut other) = (7_usize, 0, 0);
        for _ in 0..400 {
            let (mut text, mut seams) = (String::new(), Vec::new());
            for _ in 0..40 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(state >> 33) % pieces.len()]);
                if state >> 50 & 7 == 0 && seams.last() != Some(&text.len()) {
                    seams.push(text.len());
                }
            }
            let haystack = Haystack::new(&text, &[], &seams);
            let digits = (0..text.len()).filter(|at| text.as_bytes()[*at].is_ascii_digit());
            for (at, edges) in digits.flat_map(|at| [(at, Edges::Seams), (at, Edges::LetterSeams)]) {
                let is_same = Chain::read(&haystack, at, edges) == Chain::read(&haystack, at, Edges::Plain);
                if !Chain::may_meet_edge(&haystack, at, edges) {
                    assert!(is_same, "{edges:?} at {at} of {text:?} with {seams:?}");
                    same += 1;
                } else if !is_same {
                    other += 1;
                }
            }
        }
        assert!(same > 100 && other > 100, "{same} {other}");
    }
}
