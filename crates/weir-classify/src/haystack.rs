use crate::lanes;
use crate::site::COUNT_MAX;
use crate::words::{WordList, initial};
use std::ops::Range;

/// Bytes before and after a candidate in which a context word counts.
const CONTEXT_BEFORE: usize = 80;
const CONTEXT_AFTER: usize = 40;
/// Shorter context words must stand alone: `tin` is not the start of `ting`.
const WHOLE_WORD_BELOW: usize = 5;

/// One view of a text, as the recognisers see it.
///
/// All character classes are ASCII: letters of other scripts end a candidate, they do not join it.
pub(crate) struct Haystack<'a> {
    text: &'a str,
    keys: &'a [&'a str],
    seams: &'a [usize],
    focus: Option<&'a [Range<usize>]>,
    signs: Option<&'a [Range<usize>]>,
    reach: usize,
}

impl<'a> Haystack<'a> {
    /// A text that is the value under `keys`, the innermost last.
    pub(crate) fn new(text: &'a str, keys: &'a [&'a str], seams: &'a [usize]) -> Self {
        Self { text, keys, seams, focus: None, signs: None, reach: 0 }
    }

    /// The same, of which only what begins in `focus` is new: disjoint ranges in order. Words by which
    /// something new is found begin at most `reach` after one.
    pub(crate) fn with_focus(self, focus: Option<&'a [Range<usize>]>, reach: usize) -> Self {
        Self { focus, signs: focus, reach, ..self }
    }

    /// The same, of which what is found by a digit or sign begins in `signs`, if that is said.
    pub(crate) fn with_signs(self, signs: Option<&'a [Range<usize>]>) -> Self {
        Self { signs: signs.or(self.signs), ..self }
    }

    /// Where words are to be looked for by which something is found: disjoint ranges in order.
    pub(crate) fn word_focus(&self) -> impl Iterator<Item = Range<usize>> + 'a {
        let (reach, len) = (self.reach, self.len());
        let mut done = 0;
        self.within(self.focus).map(move |range| {
            let range = range.start.max(done)..len.min(range.end + reach);
            done = range.end.max(done);
            range
        })
    }

    /// Where digits and signs are to be looked at.
    pub(crate) fn sign_focus(&self) -> impl Iterator<Item = Range<usize>> + 'a {
        self.within(self.signs)
    }

    /// The ranges, or all of the text.
    fn within(&self, ranges: Option<&'a [Range<usize>]>) -> impl Iterator<Item = Range<usize>> + 'a {
        let whole = ranges.is_none().then_some(0..self.len());
        whole.into_iter().chain(ranges.unwrap_or_default().iter().cloned())
    }

    /// Where in `range` words begin, and other segments.
    pub(crate) fn heads(&self, range: Range<usize>) -> impl Iterator<Item = usize> + 'a {
        let (text, seams) = (self.bytes(), self.seams_in(range.clone()));
        let end = range.end.min(self.len());
        lanes::places(range.start, end, move |at| lanes::word_starts(text, at) | bits_of(seams, at))
    }

    /// Whether all of it is to be looked at, and no other segment begins in it.
    pub(crate) fn is_whole(&self) -> bool {
        self.focus.is_none() && self.seams.is_empty()
    }

    pub(crate) fn has_digit(&self) -> bool {
        lanes::places(0, self.len(), |at| lanes::digits(self.bytes(), at)).next().is_some()
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn keys(&self) -> &'a [&'a str] {
        self.keys
    }

    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        work::count(1);
        self.bytes().get(at).copied()
    }

    pub(crate) fn before(&self, at: usize) -> Option<u8> {
        self.byte(at.checked_sub(1)?)
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> &'a [u8] {
        work::count(range.len());
        self.bytes().get(range).unwrap_or_default()
    }

    pub(crate) fn starts_with(&self, at: usize, prefix: &str) -> bool {
        self.slice(at..at + prefix.len()) == prefix.as_bytes()
    }

    /// Whether a word can begin here: there is no letter or digit before, or another segment.
    pub(crate) fn opens(&self, at: usize) -> bool {
        self.before(at).is_none_or(|b| !b.is_ascii_alphanumeric()) || self.is_seam(at)
    }

    /// Whether a word can end here.
    pub(crate) fn closes(&self, at: usize) -> bool {
        self.byte(at).is_none_or(|b| !b.is_ascii_alphanumeric()) || self.is_seam(at)
    }

    /// Whether another segment begins here.
    pub(crate) fn is_seam(&self, at: usize) -> bool {
        self.seams.binary_search(&at).is_ok()
    }

    /// Where in `range` other segments begin.
    pub(crate) fn seams_in(&self, range: Range<usize>) -> &'a [usize] {
        let place = |at: usize| self.seams.partition_point(|seam| *seam < at);
        self.seams.get(place(range.start)..place(range.end)).unwrap_or_default()
    }

    /// The last place in `range` where another segment begins.
    pub(crate) fn last_seam(&self, range: Range<usize>) -> Option<usize> {
        let after = self.seams.partition_point(|seam| *seam < range.end);
        self.seams.get(after.checked_sub(1)?).copied().filter(|seam| *seam >= range.start)
    }

    /// End of the run of bytes of a class from `at`, at most `max` long.
    pub(crate) fn run_end(&self, at: usize, max: usize, class: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes().get(at..).unwrap_or_default();
        let mut run = 0;
        while run < max && rest.get(run).is_some_and(|b| class(*b)) {
            run += 1;
        }
        work::count(run + 1);
        at + run
    }

    /// Whether the candidate is attached to a word by a sign: `a716-446655440000`.
    pub(crate) fn is_attached_left(&self, at: usize) -> bool {
        let sign = |b: u8| matches!(b, b'-' | b'.' | b'/' | b'_' | b'+' | b'%' | b'\\' | b'@');
        !self.is_seam(at)
            && self.before(at).is_some_and(sign)
            && self.before(at - 1).is_some_and(|b| b.is_ascii_alphanumeric())
    }

    /// How long the word of letters and digits around `digits` is, or [`COUNT_MAX`] if it is longer than is seen at once;
    /// unknown where other segments begin.
    pub(crate) fn word_len(&self, digits: &Range<usize>) -> Option<usize> {
        let sides =
            [lanes::word_before(self.bytes(), digits.start), lanes::word_after(self.bytes(), digits.end)];
        let len =
            if sides.contains(&lanes::SIDE) { COUNT_MAX } else { sides.iter().sum::<usize>() + digits.len() };
        self.seams.is_empty().then_some(len)
    }

    /// Whether letters neither lead to `phrase` nor go on after it, but for camel case and a plural.
    pub(crate) fn is_phrase(&self, phrase: &Range<usize>) -> bool {
        let starts = begins_word(self.bytes(), phrase.start) || self.is_seam(phrase.start);
        let mut end = phrase.end;
        if self.byte(end) == Some(b's') {
            end += 1;
        }
        let camel = self.byte(end).is_some_and(|b| b.is_ascii_uppercase())
            && self.before(end).is_some_and(|b| !b.is_ascii_uppercase());
        starts && (camel || self.byte(end).is_none_or(|b| !b.is_ascii_alphabetic()) || self.is_seam(end))
    }

    /// Where the nearest of `words` stands near `span`; an empty range when it is in a key.
    ///
    /// Words are lower case. They begin at a word boundary, a capital or a seam.
    pub(crate) fn context(
        &self,
        span: &Range<usize>,
        words: &(impl WordList + ?Sized),
    ) -> Option<Range<usize>> {
        let in_key = |key: &&str| words_in(key.as_bytes(), words, |_| false).next().is_some();
        if self.keys.iter().any(in_key) {
            return Some(span.start..span.start);
        }
        self.context_before(span, words).or_else(|| self.context_after(span, words))
    }

    /// Like [`context`](Self::context), only before `span` and in the text itself.
    pub(crate) fn context_before(
        &self,
        span: &Range<usize>,
        words: &(impl WordList + ?Sized),
    ) -> Option<Range<usize>> {
        let from = span.start.saturating_sub(CONTEXT_BEFORE);
        let is_seam = |at| self.is_seam(from + at);
        let word = words_in(self.slice(from..span.start), words, is_seam).next_back()?;
        Some(from + word.start..from + word.end)
    }

    /// Like [`context`](Self::context), only after `span`.
    pub(crate) fn context_after(
        &self,
        span: &Range<usize>,
        words: &(impl WordList + ?Sized),
    ) -> Option<Range<usize>> {
        let to = self.len().min(span.end + CONTEXT_AFTER);
        let is_seam = |at| self.is_seam(span.end + at);
        let word = words_in(self.slice(span.end..to), words, is_seam).next()?;
        Some(span.end + word.start..span.end + word.end)
    }
}

/// Where `words` stand in `text`, in order of place.
fn words_in<'t>(
    text: &'t [u8],
    words: &'t (impl WordList + ?Sized),
    is_seam: impl Fn(usize) -> bool + Copy + 't,
) -> impl DoubleEndedIterator<Item = Range<usize>> + 't {
    let initials = words.initials();
    let is_initial = move |at: &usize| text.get(*at).is_some_and(|b| initials & initial(*b) != 0);
    let word_at = move |at| {
        let ends = |word: &str| ends_word(text, at + word.len(), word, is_seam);
        words.length_at(text, at, ends).map(|length| at..at + length)
    };
    let blocks = text.len().div_ceil(lanes::BLOCK);
    let begins = (0..blocks).flat_map(move |block| {
        let base = block * lanes::BLOCK;
        let end = text.len().min(base + lanes::BLOCK);
        let seams = (base..end).filter(move |at| is_seam(*at)).fold(0, |mask, at| mask | 1 << (at - base));
        Bits(lanes::edges(text, base) | seams).map(move |bit| base + bit)
    });
    begins.filter(is_initial).filter_map(word_at)
}

/// The places in the block at `base`, a bit for each; `places` are in order.
fn bits_of(places: &[usize], base: usize) -> u64 {
    let from = places.partition_point(|at| *at < base);
    let within = places.iter().skip(from).take_while(|at| **at < base + lanes::BLOCK);
    within.fold(0, |mask, at| mask | 1 << (at - base))
}

/// The places of the bits that are set.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<usize> {
        let bit = self.0.checked_ilog2()?;
        self.0 &= !(1 << bit);
        Some(bit as usize)
    }
}

fn begins_word(text: &[u8], at: usize) -> bool {
    let is = |at: Option<usize>, class: fn(&u8) -> bool| at.and_then(|at| text.get(at)).is_some_and(class);
    !is(at.checked_sub(1), u8::is_ascii_alphanumeric)
        || is(Some(at), u8::is_ascii_uppercase) && !is(at.checked_sub(1), u8::is_ascii_uppercase)
}

fn ends_word(text: &[u8], end: usize, word: &str, is_seam: impl Fn(usize) -> bool) -> bool {
    word.len() >= WHOLE_WORD_BELOW || !text.get(end).is_some_and(u8::is_ascii_alphabetic) || is_seam(end)
}

/// Counts the bytes that recognisers look at, for the tests of linear time.
pub(crate) mod work {
    #[cfg(test)]
    thread_local! {
        static BYTES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[cfg(not(test))]
    pub(super) fn count(_bytes: usize) {}

    #[cfg(test)]
    pub(super) fn count(bytes: usize) {
        BYTES.with(|count| count.set(count.get() + bytes));
    }

    /// The bytes counted in this thread since the last call.
    #[cfg(test)]
    pub(crate) fn taken() -> usize {
        BYTES.with(std::cell::Cell::take)
    }
}
