//! Codes: words of letters and digits that separators alone keep apart, read as one.

use crate::haystack::Haystack;
use crate::lanes;
use std::ops::Range;

/// No identifier has more letters and digits.
pub(crate) const CODE_MAX: usize = 24;
const _: () = assert!(CODE_MAX < 2 * lanes::SIDE);
/// Separator characters between two words of one code: ` - `, a line break of two bytes.
const GAP_MAX: usize = 3;
/// A group of letters alone is not longer: `ABCDE 1234 F`.
const LETTERS_MAX: usize = 5;
/// More groups than that are one code only if nothing with digits stands beside them.
const GROUPS_MAX: usize = 6;
/// Letters of one group of a code without a check: `ABC 123456`.
const SPACED_LETTERS_MAX: u8 = 3;
/// Shorter codes without a check are looked at in capitals only.
const CAPITAL_BELOW: usize = 8;
/// Words of letters alone that may stand before the first digit, for codes that are spelt out.
const LEADING_MAX: usize = 6;
/// No chain begins further before the digit that it is read around, or ends further after it: a word, as many words of
/// one letter each as there may be, a word that is too long, and what is between them.
const REACH_BEFORE: usize = CODE_MAX + LEADING_MAX * (GAP_MAX + 1) + LETTERS_MAX + GAP_MAX + 2;
const REACH_AFTER: usize = CODE_MAX + CODE_MAX * (GAP_MAX + 1) + CODE_MAX + GAP_MAX + 2;

/// Letters and digits without what separated them, in upper case.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Code {
    bytes: [u8; CODE_MAX],
    len: usize,
    digits: u32,
}

impl Code {
    /// The code of letters and digits that nothing separates.
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut code = Self::default();
        text.bytes().try_for_each(|byte| code.push(byte)).map(|()| code)
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte.to_ascii_uppercase();
        self.digits |= u32::from(byte.is_ascii_digit()) << self.len;
        self.len += 1;
        Some(())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bit `i` says whether the character at `i` is a digit.
    pub(crate) fn digit_mask(&self) -> u32 {
        self.digits
    }

    /// The character at `at`, 0 beyond the end.
    pub(crate) fn at(&self, at: usize) -> u8 {
        self.bytes().get(at).copied().unwrap_or_default()
    }

    pub(crate) fn last(&self) -> u8 {
        self.bytes().last().copied().unwrap_or_default()
    }

    /// The value of the character at `at`: digits 0 to 9, letters 10 to 35, as ISO/IEC 7064 and ICAO 9303 have it.
    pub(crate) fn digit(&self, at: usize) -> u32 {
        char::from(self.at(at)).to_digit(36).unwrap_or_default()
    }

    /// The digits of `range` as one number.
    pub(crate) fn value(&self, range: Range<usize>) -> u64 {
        range.fold(0, |value, at| value * 10 + u64::from(self.digit(at) % 10))
    }

    /// The characters from `from` on, each times its weight.
    pub(crate) fn sum(&self, from: usize, weights: &[u32]) -> u32 {
        weights.iter().enumerate().map(|(at, weight)| self.digit(from + at) * weight).sum()
    }

    pub(crate) fn starts_with(&self, prefix: &str) -> bool {
        self.bytes().starts_with(prefix.as_bytes())
    }

    /// Whether the characters in `range` are all the same.
    pub(crate) fn is_monotone(&self, range: Range<usize>) -> bool {
        let part = self.bytes().get(range).unwrap_or_default();
        part.iter().all(|b| Some(b) == part.first())
    }

    /// Whether all of it is digits.
    pub(crate) fn is_number(&self) -> bool {
        self.digits.count_ones() as usize == self.len
    }
}

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
struct Word {
    start: usize,
    len: u8,
    has_digit: bool,
    /// What links it to the word before.
    joint: Joint,
}

impl Word {
    fn len(&self) -> usize {
        usize::from(self.len)
    }

    fn end(&self) -> usize {
        self.start + self.len()
    }
}

/// The neighbour of a window: what links it, and whether it holds digits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Link {
    joint: Joint,
    has_digit: bool,
}

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

/// Consecutive words of a chain, read as one code.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) code: Code,
    pub(crate) span: Range<usize>,
    /// How many words.
    pub(crate) groups: usize,
    /// Whether all its words are linked the same way.
    pub(crate) uniform: bool,
    /// Whether signs tie all its words together.
    signed: bool,
    /// Whether any letter is lower case.
    pub(crate) has_lower_case: bool,
    /// The longest of its words of letters alone.
    letters: u8,
    /// What links its first two words.
    joint: Joint,
    left: Link,
    right: Link,
    lens: [u8; 4],
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
        let (left, right) = (self.left_of(from), self.right_of(to));
        let mut window = Window {
            code: Code::default(),
            span: head.start..head.start,
            groups: 0,
            uniform: true,
            signed: true,
            has_lower_case: false,
            letters: 0,
            joint: Joint::None,
            left,
            right,
            lens: [0; 4],
        };
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

impl Link {
    /// Whether a sign makes it a part of something longer that holds digits.
    fn is_tied(self) -> bool {
        matches!(self.joint, Joint::Sign(_)) && self.has_digit
    }
}

impl Window {
    fn push(&mut self, haystack: &Haystack<'_>, word: &Word) -> Option<()> {
        for byte in haystack.slice(word.start..word.end()) {
            self.code.push(*byte)?;
            self.has_lower_case |= byte.is_ascii_lowercase();
        }
        if !word.has_digit {
            self.letters = self.letters.max(word.len);
        }
        if self.groups == 1 {
            self.joint = word.joint;
        }
        if self.groups > 0 {
            self.uniform &= self.joint == word.joint;
            self.signed &= matches!(word.joint, Joint::Sign(_) | Joint::Dash(_));
        }
        if let Some(len) = self.lens.get_mut(self.groups) {
            *len = word.len;
        }
        self.groups += 1;
        self.span.end = word.end();
        Some(())
    }

    /// Whether its words are apart like those of a sentence: `are 30`, `the IPv6`.
    pub(crate) fn is_like_prose(&self) -> bool {
        let spelt_out = self.groups == self.code.len();
        self.joint == Joint::Space && !spelt_out && (self.has_lower_case || self.letters > SPACED_LETTERS_MAX)
    }

    /// Whether it is written as German plates are: `B-AB 1234`.
    pub(crate) fn is_like_plate(&self) -> bool {
        self.groups == 3
            && self.joint == Joint::Sign(b'-')
            && !self.uniform
            && !self.has_lower_case
            && self.letters <= SPACED_LETTERS_MAX
    }

    /// Whether it is long enough to be no ordinary word, or written in capitals: not `sha256`.
    pub(crate) fn is_long_or_capital(&self) -> bool {
        self.code.len() >= CAPITAL_BELOW || !self.has_lower_case
    }

    /// Whether no neighbour holds digits, so that it is no row of a table or part of a longer number. Groups
    /// that signs tie together are apart from a number in the next column or line.
    pub(crate) fn is_apart(&self) -> bool {
        let is_tied = self.groups > 1 && self.signed;
        let apart = |link: Link| {
            let is_loose = matches!(link.joint, Joint::Space | Joint::Dash(_));
            link.joint == Joint::None || !link.has_digit || is_tied && is_loose
        };
        apart(self.left) && apart(self.right)
    }

    /// Whether a sign ties it to a word: `file-A12345678`, `A12345678.txt`.
    pub(crate) fn is_attached(&self) -> bool {
        matches!(self.left.joint, Joint::Sign(_)) || matches!(self.right.joint, Joint::Sign(_))
    }

    /// Whether it is written in one or in a few groups of three characters and more.
    pub(crate) fn is_in_few_groups(&self) -> bool {
        self.groups <= 3
            && self.uniform
            && (self.groups == 1 || self.lens.iter().take(self.groups).all(|len| *len >= 3))
    }

    /// Whether it is a date in figures.
    pub(crate) fn is_date(&self) -> bool {
        let (y, m, d) = match (self.groups, self.lens) {
            (3, [4, 2, 2, _]) => (self.code.value(0..4), self.code.value(4..6), self.code.value(6..8)),
            (3, [2, 2, 4, _]) => (self.code.value(4..8), self.code.value(2..4), self.code.value(0..2)),
            (1, [8, ..]) => (self.code.value(0..4), self.code.value(4..6), self.code.value(6..8)),
            _ => return false,
        };
        let day_and_month = |d, m| (1..=31).contains(&d) && (1..=12).contains(&m);
        self.code.is_number() && (1900..2100).contains(&y) && (day_and_month(d, m) || day_and_month(m, d))
    }
}

fn word_of(haystack: &Haystack<'_>, start: usize, end: usize) -> Word {
    let has_digit = haystack.slice(start..end).iter().any(u8::is_ascii_digit);
    Word { start, len: u8::try_from(end - start).unwrap_or(u8::MAX), has_digit, joint: Joint::None }
}

/// The word that holds the byte at `at`, unless it is too long for a code.
fn word_around(haystack: &Haystack<'_>, at: usize, edges: Edges) -> Option<Word> {
    let start = if edges == Edges::Letters { at } else { haystack.run_start(at, CODE_MAX + 1, edges)? };
    let end = haystack.word_end(at, CODE_MAX + 1, edges);
    (end - start <= CODE_MAX).then(|| word_of(haystack, start, end))
}

fn is_gap(byte: u8) -> bool {
    byte.is_ascii_whitespace() || is_sign(byte)
}

pub(crate) fn is_sign(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'/' | b'_' | b':' | b'+')
}

/// What links the word that ends at `end` to the next, and where that begins.
fn joint_after(haystack: &Haystack<'_>, end: usize) -> Option<(Joint, usize)> {
    let next = haystack.run_end(end, GAP_MAX + 1, is_gap);
    haystack.byte(next).filter(u8::is_ascii_alphanumeric)?;
    joint(haystack.slice(end..next)).map(|joint| (joint, next))
}

/// What links the word that begins at `start` to the one before, and where that ends.
fn joint_before(haystack: &Haystack<'_>, start: usize) -> Option<(Joint, usize)> {
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
    fn run_start(&self, at: usize, max: usize, edges: Edges) -> Option<usize> {
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
    fn is_edge(&self, at: usize, edges: Edges) -> bool {
        let is_digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit());
        match edges {
            Edges::Plain | Edges::Letters => false,
            Edges::Seams => self.is_seam(at) && is_digit(self.before(at)) != is_digit(self.byte(at)),
            Edges::LetterSeams => self.is_seam(at) && !is_digit(self.before(at)) && !is_digit(self.byte(at)),
        }
    }

    /// End of the run of letters and digits from `at`, at most `max` long.
    fn word_end(&self, at: usize, max: usize, edges: Edges) -> usize {
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
