//! Context words: what stands near a candidate and says what it is.

use crate::columns::cell_below;
use crate::haystack::Haystack;
use crate::lanes;
use crate::literals::{Literals, cases, joints};
use crate::view::normalise;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};

/// Bytes before and after a candidate in which a context word counts.
const BEFORE: usize = 80;
const AFTER: usize = 40;
/// How far a question may go back behind the one before: to where the code around a digit begins.
const BACK: usize = 40;
/// Bytes read at once: beyond what a question needs, so that the next ones need none.
const READ: usize = 2 * lanes::BLOCK;
/// Bytes between a label and what it labels: `NIE on file is `.
const LABEL_GAP_MAX: usize = 16;
/// What stands between a value and a label behind it.
#[rustfmt::skip]
pub(crate) const LABELS_BEHIND: &[&str] = &[
    " (", " is the ", " is my ", " is our ", " is your ", " is his ", " is her ", " is their ", " ist die ", " ist meine ", " ist der ",
    " est le ", " est mon ", " es el ", " es mi ", " è il ", " è la ",
];
/// Words so short count as labels only, directly before a candidate: `CC 52123456`.
const LABEL_ONLY_MAX: usize = 2;
/// Shorter context words must stand alone: `tin` is not the start of `tins`.
const WHOLE_WORD_BELOW: usize = 5;
/// Letters that an inflection may add: `passports`, `Kennzeichens`.
const ENDING_MAX: usize = 2;
/// Bits of a set of rows.
const SET_WORDS: usize = 9;
/// More rows than that cannot be told apart.
pub(crate) const ROWS_MAX: usize = SET_WORDS * 64;

/// A set of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowSet([u64; SET_WORDS]);

impl RowSet {
    pub(crate) fn of(rows: impl Iterator<Item = usize>) -> Self {
        let mut set = Self::default();
        rows.for_each(|row| set.insert(row));
        set
    }

    pub(crate) fn insert(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    pub(crate) fn has(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The rows, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        })
    }

    /// The rows of both.
    pub(crate) fn meet(&self, other: &RowSet) -> RowSet {
        let mut both = *self;
        both.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        both
    }

    pub(crate) fn join(&mut self, other: &RowSet) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }
}

/// What one word says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Meaning {
    /// The rows that it names.
    named: RowSet,
    /// The rows of the kind that it names, `passport`.
    kind: RowSet,
    written: Written,
}

/// How a word must be written to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Written {
    #[default]
    Anyhow,
    /// In capitals: `PAN` is not the pan of a kitchen.
    Capitals,
    /// As the key or the label of what follows, which must be valid then: `pan: `, `"pan"=`, `<pan>`, `pan 12`.
    Label,
}

impl Meaning {
    fn is_as_written(&self, text: &[u8], word: &Range<usize>) -> bool {
        match self.written {
            Written::Anyhow => true,
            Written::Capitals => {
                text.get(word.clone()).is_some_and(|word| !word.iter().any(u8::is_ascii_lowercase))
            }
            Written::Label => is_key(text, word),
        }
    }
}

/// Whether a word is all of a key, or labels a value that follows at once.
fn is_key(text: &[u8], word: &Range<usize>) -> bool {
    let is_tied = |b: &u8| matches!(b, b'_' | b'-' | b'.' | b'$');
    let before = word.start.checked_sub(1).and_then(|at| text.get(at));
    let after = text.get(word.end..).unwrap_or_default();
    if after.is_empty() {
        return word.start == 0;
    }
    let sign = after.iter().position(|b| !matches!(b, b'"' | b'\'' | b'*' | b'`' | b' '));
    let is_sign = match sign.and_then(|at| after.get(at..)).unwrap_or_default() {
        [b':', next, ..] => *next != b':',
        [b'=', next, ..] => *next != b'=',
        [b'>', ..] => before == Some(&b'<'),
        [next, ..] => next.is_ascii_digit() && after.first() == Some(&b' '),
        [] => false,
    };
    is_sign && !before.is_some_and(is_tied)
}

/// All context words.
#[derive(Debug)]
pub(crate) struct Words {
    literals: Literals<u32>,
    /// The place in `meanings` of what each word says: a word in all its spellings, and many others, say the same.
    says: Vec<u16>,
    meanings: Vec<Meaning>,
}

/// A set of words in the making.
#[derive(Debug, Default)]
pub(crate) struct WordList {
    words: BTreeMap<(&'static str, Written), Meaning>,
}

impl WordList {
    /// A word that names a row.
    pub(crate) fn name(&mut self, word: &'static str, row: usize) {
        self.of(word, written(word)).named.insert(row);
    }

    /// A word in capitals that names a row in any case where it labels what follows.
    pub(crate) fn label(&mut self, word: &'static str, row: usize) {
        if written(word) == Written::Capitals {
            self.of(word, Written::Label).named.insert(row);
        }
    }

    /// A word that names the kind of a row.
    pub(crate) fn kind(&mut self, word: &'static str, row: usize) {
        self.of(word, written(word)).kind.insert(row);
    }

    fn of(&mut self, word: &'static str, written: Written) -> &mut Meaning {
        self.words.entry((word, written)).or_insert(Meaning { written, ..Meaning::default() })
    }

    pub(crate) fn build(self) -> Words {
        let mut words: BTreeMap<(String, Written), Meaning> = BTreeMap::new();
        for ((word, written), meaning) in &self.words {
            for spelling in spellings(word) {
                let all = words.entry((spelling, *written)).or_default();
                all.named.join(&meaning.named);
                all.kind.join(&meaning.kind);
                all.written = *written;
            }
        }
        let literals = Literals::in_any_case((0..).zip(words.keys().map(|(word, _)| word.as_str())));
        let distinct: BTreeSet<Meaning> = words.values().copied().collect();
        let meanings: Vec<Meaning> = distinct.into_iter().collect();
        let place = |meaning: &Meaning| meanings.partition_point(|other| other < meaning);
        let says = words.values().map(|meaning| u16::try_from(place(meaning)).unwrap_or(u16::MAX)).collect();
        Words { literals, says, meanings }
    }
}

impl Words {
    fn meaning(&self, word: u32) -> Option<&Meaning> {
        self.meanings.get(usize::from(*self.says.get(word as usize)?))
    }

    /// Whether a word that stands in a text as a literal is one there.
    fn is_word(&self, haystack: &Haystack<'_>, word: u32, span: &Range<usize>) -> bool {
        self.meaning(word).is_some_and(|meaning| meaning.is_as_written(haystack.bytes(), span))
            && haystack.ends_context(span)
    }
}

/// ASCII words in capitals are other words without them.
fn written(word: &str) -> Written {
    let is_capital = word.is_ascii() && word.bytes().any(|b| b.is_ascii_uppercase());
    if is_capital { Written::Capitals } else { Written::Anyhow }
}

/// How a word is written: apart, with signs, in one; in capitals where ASCII rules do not say how.
fn spellings(word: &str) -> Vec<String> {
    let mut cases = cases(word);
    if !word.is_ascii() {
        // As views write it that fold confusable letters and compositions.
        let folded: Vec<String> = cases.iter().filter_map(|case| Some(normalise(case)?.text)).collect();
        cases.extend(folded);
    }
    let mut all: Vec<String> = cases.iter().flat_map(|case| joints(case)).collect();
    all.sort();
    all.dedup();
    all
}

#[derive(Debug, Clone)]
struct Hit {
    span: Range<usize>,
    word: u32,
}

/// The context words of one text, found as far as they are asked for.
///
/// INVARIANT (linear time): each byte is read once.
pub(crate) struct Context<'h> {
    words: &'h Words,
    haystack: &'h Haystack<'h>,
    in_keys: &'h OnceCell<InKeys>,
    hits: Vec<Hit>,
    read_to: usize,
}

/// What the keys above a text say, if anything: most say nothing.
#[derive(Debug)]
pub(crate) struct InKeys(Option<Box<Near>>);

impl InKeys {
    fn new(near: Near) -> Self {
        Self((near.rows() != RowSet::default()).then(|| Box::new(near)))
    }
}

/// What the words near a candidate say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Near {
    pub(crate) named: RowSet,
    pub(crate) kind: RowSet,
    /// The rows that a word directly before it names, as a label does.
    pub(crate) labelled: RowSet,
    /// The rows whose kind such a word names.
    pub(crate) labelled_kind: RowSet,
}

impl<'h> Context<'h> {
    pub(crate) fn new(words: &'h Words, haystack: &'h Haystack<'h>, in_keys: &'h OnceCell<InKeys>) -> Self {
        Self { words, haystack, in_keys, hits: Vec::new(), read_to: 0 }
    }

    fn in_keys(&self) -> &'h InKeys {
        self.in_keys.get_or_init(|| InKeys::new(self.words.in_keys(self.haystack.keys())))
    }

    /// Whether the keys or a word near some span within `range` say anything.
    pub(crate) fn is_around(&mut self, range: &Range<usize>) -> bool {
        if self.is_keyed() {
            return true;
        }
        self.read(range);
        let reach = range.start.saturating_sub(BEFORE)..range.end + AFTER;
        self.hits.iter().any(|hit| reach.start <= hit.span.start && hit.span.end <= reach.end)
    }

    fn is_keyed(&self) -> bool {
        self.in_keys().0.is_some()
    }

    /// Whether the keys or a word near `span` say anything.
    pub(crate) fn is_near(&mut self, span: &Range<usize>) -> bool {
        if self.is_keyed() {
            return true;
        }
        self.read(span);
        self.hits.iter().any(|hit| is_near(&hit.span, span))
    }

    /// Whether the keys or a word directly before `span` say anything.
    pub(crate) fn is_labelled(&mut self, span: &Range<usize>) -> bool {
        if self.is_keyed() {
            return true;
        }
        self.read(span);
        self.hits.iter().any(|hit| is_label(self.haystack, &hit.span, span))
    }

    /// What the words near `span` say. Spans come in order of place, more or less.
    pub(crate) fn near(&mut self, span: &Range<usize>) -> Near {
        let (words, haystack) = (self.words, self.haystack);
        let mut near = self.in_keys().0.as_deref().copied().unwrap_or_default();
        self.read(span);
        for hit in self.hits.iter().filter(|hit| is_near(&hit.span, span)) {
            let Some(meaning) = words.meaning(hit.word) else { continue };
            let is_label = is_label(haystack, &hit.span, span);
            if is_label && meaning.written != Written::Label {
                near.labelled.join(&meaning.named);
                near.labelled_kind.join(&meaning.kind);
            }
            if is_label || hit.span.len() > LABEL_ONLY_MAX {
                near.named.join(&meaning.named);
                near.kind.join(&meaning.kind);
            }
        }
        near
    }

    /// Whether `span`, about which was asked, begins with a context word. Words that label only count too.
    pub(crate) fn begins_with_word(&self, span: &Range<usize>) -> bool {
        self.hits.iter().any(|hit| hit.span.start == span.start && hit.span.end < span.end)
    }

    /// The nearest word that speaks of `row`; an empty range when it is in a key.
    pub(crate) fn evidence(&self, span: &Range<usize>, row: usize) -> Range<usize> {
        let speaks = |hit: &&Hit| {
            let meaning = self.words.meaning(hit.word);
            is_near(&hit.span, span) && meaning.is_some_and(|m| m.named.has(row) || m.kind.has(row))
        };
        // Of two that are as near the first, in whichever order they were read.
        let distance = |hit: &&Hit| (hit.span.start.abs_diff(span.start), hit.span.start);
        let nearest = self.hits.iter().filter(speaks).min_by_key(distance);
        nearest.map_or(span.start..span.start, |hit| hit.span.clone())
    }

    #[inline]
    fn read(&mut self, span: &Range<usize>) {
        let needed = self.haystack.len().min(span.end + AFTER);
        if needed > self.read_to {
            self.read_on(needed, span.start.saturating_sub(BEFORE + BACK));
        }
    }

    /// Reads the words from `start`, or where reading ended, to `needed` and somewhat further.
    fn read_on(&mut self, needed: usize, start: usize) {
        self.hits.retain(|hit| hit.span.start >= start);
        let from = start.max(self.read_to);
        let to = self.haystack.len().min(from + (needed - from).next_multiple_of(READ));
        let (words, haystack, text) = (self.words, self.haystack, self.haystack.bytes());
        let mut take = |word, span: Range<usize>| {
            if words.is_word(haystack, word, &span) {
                self.hits.push(Hit { span, word });
            }
            ControlFlow::Continue(())
        };
        let _all = words.literals.at_each(text, from..to, |at| lanes::word_starts(text, at), &mut take);
        let mut seams = haystack.seams_in(from..to).iter();
        let _all = seams.try_for_each(|seam| words.literals.at(text, *seam, &mut take));
        self.read_to = to;
    }
}

impl Words {
    fn in_keys(&self, keys: &[&str]) -> Near {
        let mut near = Near::default();
        for text in keys.iter().map(|key| key.as_bytes()) {
            let mut take = |word, span: Range<usize>| {
                let is_word =
                    |meaning: &&Meaning| ends_word(text, &span) && meaning.is_as_written(text, &span);
                if let Some(meaning) = self.meaning(word).filter(is_word) {
                    near.named.join(&meaning.named);
                    if meaning.written != Written::Label {
                        near.labelled.join(&meaning.named);
                    }
                    near.kind.join(&meaning.kind);
                    near.labelled_kind.join(&meaning.kind);
                }
                ControlFlow::Continue(())
            };
            let starts = |at| lanes::word_starts(text, at);
            let _all = self.literals.at_each(text, 0..text.len(), starts, &mut take);
        }
        near
    }
}

impl Haystack<'_> {
    fn ends_context(&self, word: &Range<usize>) -> bool {
        ends_word(self.bytes(), word) || self.is_seam(word.end)
    }
}

impl Near {
    /// The rows that a word near speaks of.
    pub(crate) fn rows(&self) -> RowSet {
        let mut rows = self.named;
        rows.join(&self.kind);
        rows
    }
}

fn is_near(word: &Range<usize>, span: &Range<usize>) -> bool {
    word.end <= span.start && word.start + BEFORE >= span.start
        || word.start >= span.end && word.end <= span.end + AFTER
}

/// Whether a word says of a candidate what it is, by its place: before it with little between, `NIE on file is `;
/// behind it, `(NIE)`; or above it, in the head of its column.
fn is_label(haystack: &Haystack<'_>, word: &Range<usize>, span: &Range<usize>) -> bool {
    if word.start >= span.end {
        return is_label_behind(haystack.slice(span.end..word.start));
    }
    let parts = |b: &u8| b.is_ascii_digit() || matches!(b, b'\n' | b',' | b';' | b'?' | b'!');
    let gap = haystack.slice(word.end..span.start.max(word.end));
    gap.len() <= LABEL_GAP_MAX && (!gap.iter().any(parts) || is_line_end(gap))
        || is_head(haystack, word, span)
}

/// Whether nothing but the end of a line, or of two, is in a gap.
fn is_line_end(gap: &[u8]) -> bool {
    gap.iter().all(|b| matches!(b, b'\n' | b'\r' | b'\t' | b' ' | b':' | b'*' | b'>' | b'|'))
}

/// Whether a word may label what stands before it, by what is between the two.
fn is_label_behind(gap: &[u8]) -> bool {
    LABELS_BEHIND.iter().any(|one| one.as_bytes() == gap)
}

/// Whether a word stands in the head of the column that a candidate is in.
fn is_head(haystack: &Haystack<'_>, word: &Range<usize>, span: &Range<usize>) -> bool {
    let is_other_row = |b: &u8| matches!(b, b'\n' | b'(');
    word.len() > LABEL_ONLY_MAX
        && haystack.slice(word.end..span.start).iter().any(is_other_row)
        && cell_below(haystack, word).is_some_and(|cell| cell.start <= span.start && span.end <= cell.end)
}

/// A digit may follow, a capital, and after long words an ending: `SSN536904399`, `pan` in `panNumber`.
fn ends_word(text: &[u8], word: &Range<usize>) -> bool {
    let ends = |at: usize| match text.get(at) {
        Some(b) if b.is_ascii_uppercase() => {
            at.checked_sub(1).and_then(|at| text.get(at)).is_some_and(u8::is_ascii_lowercase)
        }
        Some(b) => !b.is_ascii_alphabetic(),
        None => true,
    };
    let endings = if word.len() < WHOLE_WORD_BELOW { 0 } else { ENDING_MAX };
    (word.end..=word.end + endings).any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_words_near_a_span_say_does_not_depend_on_what_was_asked_before() {
        let mut list = WordList::default();
        let named = ["passport number", "tax identification number", "card", "insurance"];
        named.into_iter().enumerate().for_each(|(row, word)| list.name(word, row));
        let words = list.build();
        let mut found = 0;
        for apart in 0..200 {
            let (far, wide) = ("x ".repeat(apart), " y".repeat(150));
            let text = format!(
                "12 {far}tax identification number 34 passport-number{wide} 56 {far}cards 78 insurance"
            );
            let (whole, in_keys) = (std::iter::once(0..text.len()).collect::<Vec<_>>(), OnceCell::new());
            let haystack = Haystack::new(&text, &[], &[]).with_focus(Some(&whole), 0);
            let mut asked = Context::new(&words, &haystack, &in_keys);
            for at in (0..text.len()).filter(|at| haystack.slice(*at..at + 1).iter().any(u8::is_ascii_digit))
            {
                let near = asked.near(&(at..at + 1)).rows();
                let alone = Context::new(&words, &haystack, &in_keys).near(&(at..at + 1)).rows();
                found += near.iter().count();
                assert_eq!(near, alone, "{apart} at {at}");
            }
        }
        assert!((500..5000).contains(&found), "{found}");
    }
}
