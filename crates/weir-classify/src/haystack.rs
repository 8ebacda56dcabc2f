use crate::lanes;
use crate::site::COUNT_MAX;
use crate::words::{WordList, initial};
use std::cell::RefCell;
use std::ops::Range;

/// Bytes before and after a candidate in which a context word counts.
pub(crate) const CONTEXT_BEFORE: usize = 80;
const CONTEXT_AFTER: usize = 40;
/// Shorter context words must stand alone: `tin` is not the start of `ting`.
const WHOLE_WORD_BELOW: usize = 5;
/// Bytes looked through beyond what a question needs, so that the next ones need less.
const LOOK_AHEAD: usize = 32;
/// So many places of words are kept before those are dropped that lie behind.
const PLACES_MAX: usize = 512;

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
    /// What is known of each list of words that was asked for.
    sought: RefCell<Vec<Sought>>,
}

/// Where the words of one list stand, as far as was asked: most questions are for words that stand nowhere near.
struct Sought {
    /// Where the list is in memory, and how long: none ends before the program does.
    list: (usize, usize),
    /// Whether a key above the text holds one of its words.
    is_in_keys: bool,
    /// The stretch of the text that was looked through.
    range: Range<usize>,
    /// Where in it words of the list begin.
    places: Vec<Place>,
}

/// Where a word of a list begins.
struct Place {
    at: usize,
    /// Whether it ends there too. Of a range that ends with it nothing follows.
    ends: bool,
}

impl Place {
    fn is_in(&self, range: &Range<usize>) -> bool {
        self.at < range.end && (self.ends || self.at + WHOLE_WORD_BELOW > range.end)
    }
}

impl<'a> Haystack<'a> {
    /// A text that is the value under `keys`, the innermost last.
    pub(crate) fn new(text: &'a str, keys: &'a [&'a str], seams: &'a [usize]) -> Self {
        Self { text, keys, seams, focus: None, signs: None, reach: 0, sought: RefCell::default() }
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

    /// Where in the block at a place words begin, and other segments, of those that begin in `range`.
    #[inline]
    pub(crate) fn heads(&self, range: Range<usize>) -> impl Fn(usize) -> u64 + 'a {
        let (text, seams) = (self.bytes(), self.seams_in(range));
        move |at| lanes::word_starts(text, at) | bits_of(seams, at)
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
        !self.seams.is_empty() && self.seams.binary_search(&at).is_ok()
    }

    /// Where in `range` other segments begin.
    #[inline]
    pub(crate) fn seams_in(&self, range: Range<usize>) -> &'a [usize] {
        // Most texts are of one segment.
        if self.seams.is_empty() {
            return &[];
        }
        let place = |at: usize| self.seams.partition_point(|seam| *seam < at);
        self.seams.get(place(range.start)..place(range.end)).unwrap_or_default()
    }

    /// The last place in `range` where another segment begins.
    pub(crate) fn last_seam(&self, range: Range<usize>) -> Option<usize> {
        self.seams_in(range).last().copied()
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

    /// End of the row of digits from `at`, at most `max` long: without a branch for each, as most are short.
    pub(crate) fn digits_end(&self, at: usize, max: usize) -> usize {
        let seen = lanes::digits_after(self.bytes(), at);
        if seen == lanes::SIDE && max > seen {
            return self.run_end(at, max, |b| b.is_ascii_digit());
        }
        work::count(seen + 1);
        at + seen.min(max)
    }

    /// Whether the candidate is attached to a word by a sign: `a716-446655440000`.
    pub(crate) fn is_attached_left(&self, at: usize) -> bool {
        let sign = |b: u8| matches!(b, b'-' | b'.' | b'/' | b'_' | b'+' | b'%' | b'\\' | b'@');
        !self.is_seam(at)
            && self.before(at).is_some_and(sign)
            && self.before(at - 1).is_some_and(|b| b.is_ascii_alphanumeric())
    }

    /// The row of digits that begins at `at`, and how far its word goes on both sides of it.
    pub(crate) fn digits(&self, at: usize) -> Digits {
        let end = self.digits_end(at, self.len());
        let sides = [lanes::word_before(self.bytes(), at), lanes::word_after(self.bytes(), end)];
        Digits { start: at, end, sides }
    }

    /// How long the word of letters and digits around `digits` is, or [`COUNT_MAX`] if it is longer than is seen at once;
    /// unknown where another segment may begin in it.
    pub(crate) fn word_len(&self, digits: &Digits) -> Option<usize> {
        let has_seam = |range| !self.seams.is_empty() && !self.seams_in(range).is_empty();
        match digits.word() {
            Some(word) => (!has_seam(word.start..word.end + 1)).then(|| word.len()),
            None => self.seams.is_empty().then_some(COUNT_MAX),
        }
    }

    /// Where the word ends that `digits` stand in.
    pub(crate) fn word_end_after(&self, digits: &Digits) -> usize {
        digits.word().map_or_else(|| self.word_end_from(digits.end), |word| word.end)
    }

    /// Where the word ends that goes on at `at`.
    pub(crate) fn word_end_from(&self, at: usize) -> usize {
        let end = lanes::word_end(self.bytes(), at);
        work::count(end - at + 1);
        end
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
        words: &'static (impl WordList + ?Sized),
    ) -> Option<Range<usize>> {
        if self.of_list(words, |sought| sought.is_in_keys).unwrap_or_default() {
            return Some(span.start..span.start);
        }
        self.context_before(span, words).or_else(|| self.context_after(span, words))
    }

    /// Like [`context`](Self::context), only before `span` and in the text itself.
    pub(crate) fn context_before(
        &self,
        span: &Range<usize>,
        words: &'static (impl WordList + ?Sized),
    ) -> Option<Range<usize>> {
        let range = self.range_before(span);
        if self.has_beginning(&range, words) { self.last_in(range, words) } else { None }
    }

    /// Like [`context`](Self::context), only after `span`.
    pub(crate) fn context_after(
        &self,
        span: &Range<usize>,
        words: &'static (impl WordList + ?Sized),
    ) -> Option<Range<usize>> {
        let range = self.range_after(span);
        if self.has_beginning(&range, words) { self.first_in(range, words) } else { None }
    }

    /// Like [`context`](Self::context), for words of the operator's.
    pub(crate) fn context_of_own(&self, span: &Range<usize>, words: &[&str]) -> Option<Range<usize>> {
        if self.is_in_keys(words) {
            return Some(span.start..span.start);
        }
        let before = self.last_in(self.range_before(span), words);
        before.or_else(|| self.first_in(self.range_after(span), words))
    }

    /// Whether one of `words` may stand near `span`, by keys or in the text.
    pub(crate) fn may_have_near(
        &self,
        span: &Range<usize>,
        words: &'static (impl WordList + ?Sized),
    ) -> bool {
        self.of_list(words, |sought| sought.is_in_keys).unwrap_or(true)
            || self.has_beginning(&self.range_before(span), words)
            || self.has_beginning(&self.range_after(span), words)
    }

    /// Whether one of `words` begins in `range` and may end: what looks for one there need not, if not.
    pub(crate) fn has_beginning(
        &self,
        range: &Range<usize>,
        words: &'static (impl WordList + ?Sized),
    ) -> bool {
        // What is looked at by itself begins a word wherever it begins.
        words.length_at(self.bytes(), range.start, |_| true).is_some()
            || self
                .of_list(words, |sought| {
                    sought.look(self, range, words);
                    let first = sought.places.partition_point(|place| place.at < range.start);
                    let later = sought.places.get(first..).unwrap_or_default();
                    later.iter().take_while(|place| place.at < range.end).any(|place| place.is_in(range))
                })
                .unwrap_or(true)
    }

    fn of_list<T>(
        &self,
        words: &'static (impl WordList + ?Sized),
        ask: impl FnOnce(&mut Sought) -> T,
    ) -> Option<T> {
        let list = (std::ptr::from_ref(words).cast::<()>().addr(), size_of_val(words));
        let mut all = self.sought.borrow_mut();
        let at = all.iter().position(|sought| sought.list == list).unwrap_or(all.len());
        if at == all.len() {
            all.push(Sought { list, is_in_keys: self.is_in_keys(words), range: 0..0, places: Vec::new() });
        }
        all.get_mut(at).map(ask)
    }

    fn is_in_keys(&self, words: &(impl WordList + ?Sized)) -> bool {
        self.keys.iter().any(|key| words_in(key.as_bytes(), words, |_| false).next().is_some())
    }

    fn range_before(&self, span: &Range<usize>) -> Range<usize> {
        span.start.saturating_sub(CONTEXT_BEFORE)..span.start
    }

    fn range_after(&self, span: &Range<usize>) -> Range<usize> {
        span.end..self.len().min(span.end + CONTEXT_AFTER)
    }

    fn last_in(&self, range: Range<usize>, words: &(impl WordList + ?Sized)) -> Option<Range<usize>> {
        let is_seam = |at| self.is_seam(range.start + at);
        let word = words_in(self.slice(range.clone()), words, is_seam).next_back()?;
        Some(range.start + word.start..range.start + word.end)
    }

    fn first_in(&self, range: Range<usize>, words: &(impl WordList + ?Sized)) -> Option<Range<usize>> {
        let is_seam = |at| self.is_seam(range.start + at);
        let word = words_in(self.slice(range.clone()), words, is_seam).next()?;
        Some(range.start + word.start..range.start + word.end)
    }
}

/// A row of digits in a word of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// How many letters and digits stand before and after it, up to [`lanes::SIDE`].
    pub(crate) sides: [usize; 2],
}

impl Digits {
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The word that it stands in, unless that is longer than is seen at once.
    pub(crate) fn word(&self) -> Option<Range<usize>> {
        let [before, after] = self.sides;
        (!self.sides.contains(&lanes::SIDE)).then(|| self.start - before..self.end + after)
    }
}

impl Sought {
    /// Looks through `range`, as far as that was not done.
    ///
    /// INVARIANT (linear time): questions go forward, more or less, and each byte is looked at once for them.
    fn look(&mut self, haystack: &Haystack<'_>, range: &Range<usize>, words: &(impl WordList + ?Sized)) {
        if self.range.start <= range.start && range.end <= self.range.end {
            return;
        }
        if !(self.range.start..=self.range.end).contains(&range.start) {
            self.range = range.start..range.start;
            self.places.clear();
        } else if self.places.len() > PLACES_MAX {
            self.range.start = range.start;
            self.places.retain(|place| place.at >= range.start);
        }
        let (from, to) = (self.range.end, haystack.len().min(range.end + LOOK_AHEAD));
        work::count(to.saturating_sub(from));
        let (text, seams, initials) = (haystack.bytes(), haystack.seams_in(from..to), words.initials());
        let begins = lanes::places(from, to, |at| lanes::edges(text, at) | bits_of(seams, at));
        let is_initial = |at: &usize| text.get(*at).is_some_and(|b| initials & initial(*b) != 0);
        let place = |at: usize| {
            let ends = |word: &str| ends_word(text, at + word.len(), word, |at| haystack.is_seam(at));
            words.length_at(text, at, |_| true)?;
            Some(Place { at, ends: words.length_at(text, at, ends).is_some() })
        };
        self.places.extend(begins.filter(is_initial).filter_map(place));
        self.range.end = to.max(self.range.end);
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
#[inline]
fn bits_of(places: &[usize], base: usize) -> u64 {
    if places.is_empty() {
        return 0;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &[&str] = &["tin", "phone", "call me", "ring"];

    /// Without what is known from other questions.
    fn nearest(haystack: &Haystack<'_>, span: &Range<usize>) -> Option<Range<usize>> {
        let before = haystack.last_in(haystack.range_before(span), WORDS);
        before.or_else(|| haystack.first_in(haystack.range_after(span), WORDS))
    }

    #[test]
    fn the_words_near_a_span_do_not_depend_on_what_was_asked_before() {
        let (far, wide) = ("a1 ".repeat(60), " é2-".repeat(90));
        let text = format!("{far}phone 12 Call me x tins 3 né{wide}xphone 45 microphone 7 Tin{far}keyRing");
        let seams = [200, 210, 700];
        for seams in [&[], seams.as_slice()] {
            let asked = Haystack::new(&text, &[], seams);
            let starts = (0..text.len()).chain((0..text.len()).rev().step_by(7));
            let mut found = 0;
            for span in starts.flat_map(|start| [start..start, start..text.len().min(start + 5)]) {
                let expected = nearest(&Haystack::new(&text, &[], seams), &span);
                found += usize::from(expected.is_some());
                assert_eq!(asked.context(&span, WORDS), expected, "{span:?}");
            }
            assert!((100..2 * text.len()).contains(&found), "{found}");
        }
    }

    #[test]
    fn a_word_in_a_key_stands_at_the_span() {
        let haystack = Haystack::new("12345", &["id", "homePhone"], &[]);
        assert_eq!(haystack.context(&(0..5), WORDS), Some(0..0));
        assert_eq!(Haystack::new("12345", &["id"], &[]).context(&(0..5), WORDS), None);
    }
}
