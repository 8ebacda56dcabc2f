mod inflect;

use crate::view::{fold_case, normalise};
use crate::{SettingsError, TermList};
use aho_corasick::AhoCorasick;
use std::ops::{ControlFlow, Range};

/// Separators between two words of one term.
const GAP_MAX: usize = 8;

/// The operator's terms of one case rule, searched for together.
#[derive(Debug)]
pub(crate) struct Terms {
    /// Finds the first word of each term.
    first_words: AhoCorasick,
    terms: Vec<Term>,
    /// For each list of the settings, the phrases within which a term is none.
    allow: Vec<Vec<String>>,
    case_sensitive: bool,
}

struct Term {
    list: usize,
    words: Vec<String>,
    inflect: bool,
}

// Codenames stay out of logs.
impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Term({} words of list {})", self.words.len(), self.list)
    }
}

impl Terms {
    /// The terms of those `lists` whose case rule is `case_sensitive`, if there are any.
    pub(crate) fn new(lists: &[TermList], case_sensitive: bool) -> Result<Option<Self>, SettingsError> {
        let mut terms = Vec::new();
        for (list, of) in lists.iter().enumerate().filter(|(_, list)| list.case_sensitive == case_sensitive) {
            for (index, term) in of.terms.iter().enumerate() {
                let words = words(term, case_sensitive);
                if !words.iter().any(|word| word.chars().any(char::is_alphanumeric)) {
                    return Err(SettingsError::EmptyTerm { name: of.name.clone(), index: index + 1 });
                }
                let spelled = inflect::with_digraphs(term).map(|term| self::words(&term, case_sensitive));
                let forms = [words].into_iter().chain(spelled);
                let forms =
                    forms.flat_map(|words| if of.inflect { inflect::forms(words) } else { vec![words] });
                terms.extend(forms.map(|words| Term { list, words, inflect: of.inflect }));
            }
        }
        if terms.is_empty() {
            return Ok(None);
        }
        let first_words = AhoCorasick::builder()
            .ascii_case_insensitive(!case_sensitive)
            .build(terms.iter().filter_map(|term| term.words.first()))
            .map_err(|error| SettingsError::Terms { reason: error.to_string() })?;
        let folded =
            |phrases: &Vec<String>| phrases.iter().map(|phrase| folded(phrase, case_sensitive)).collect();
        let allow = lists.iter().map(|list| folded(&list.allow)).collect();
        Ok(Some(Self { first_words, terms, allow, case_sensitive }))
    }

    /// Reports the list and span of every term in `text`, until told to stop.
    pub(crate) fn scan(
        &self,
        text: &str,
        mut report: impl FnMut(usize, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for hit in self.first_words.find_overlapping_iter(text) {
            let Some(term) = self.terms.get(hit.pattern().as_usize()) else { continue };
            if let Some(span) = term.span(text, hit.range(), self.case_sensitive)
                && !self.is_excused(text, term.list, &span)
            {
                report(term.list, span)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether an allowed phrase of the list covers the span.
    fn is_excused(&self, text: &str, list: usize, span: &Range<usize>) -> bool {
        let covers = |phrase: &String| {
            let first = span.end.saturating_sub(phrase.len());
            (first..=span.start).any(|at| {
                let found = text.as_bytes().get(at..at + phrase.len());
                found.is_some_and(|found| self.is_same(found, phrase.as_bytes()))
            })
        };
        self.allow.get(list).is_some_and(|phrases| phrases.iter().any(covers))
    }

    fn is_same(&self, found: &[u8], phrase: &[u8]) -> bool {
        if self.case_sensitive { found == phrase } else { found.eq_ignore_ascii_case(phrase) }
    }
}

impl Term {
    /// What the term covers whose first word is at `first`, endings and compounds included.
    fn span(&self, text: &str, first: Range<usize>, case_sensitive: bool) -> Option<Range<usize>> {
        let end = self.end(text, first.end, case_sensitive)?;
        let start = match is_boundary(text, first.start) {
            true => first.start,
            false => self.inflected().then(|| inflect::compound_start(text, first.start))??,
        };
        let end = match is_boundary(text, end) {
            true => end,
            false => self.inflected().then(|| inflect::end(text, end))??,
        };
        Some(start..end)
    }

    /// Whether its last word takes endings: one of digits or few letters does not.
    fn inflected(&self) -> bool {
        self.inflect && self.words.last().is_some_and(|word| inflect::takes_endings(word))
    }

    /// Where the term ends whose first word ends at `at`.
    fn end(&self, text: &str, at: usize, case_sensitive: bool) -> Option<usize> {
        self.words.iter().skip(1).try_fold(at, |at, word| {
            let next = |at| next(text, at, word, case_sensitive);
            let inflected = || self.inflect.then(|| inflect::endings(text, at).find_map(next))?;
            next(at).or_else(inflected)
        })
    }
}

/// Where `word` ends that stands behind a gap at `at`.
fn next(text: &str, at: usize, word: &str, case_sensitive: bool) -> Option<usize> {
    let gap: usize =
        text.get(at..)?.chars().take(GAP_MAX).take_while(|c| is_gap(*c)).map(char::len_utf8).sum();
    let end = at + gap + word.len();
    let found = text.get(at + gap..end)?;
    // Folding has dealt with all letters but ASCII.
    let same = if case_sensitive { found == word } else { found.eq_ignore_ascii_case(word) };
    same.then_some(end)
}

fn words(term: &str, case_sensitive: bool) -> Vec<String> {
    folded(term, case_sensitive).split(is_gap).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn folded(term: &str, case_sensitive: bool) -> String {
    let normalised = normalise(term).map_or_else(|| term.to_owned(), |view| view.text);
    let folded = if case_sensitive { None } else { fold_case(&normalised) };
    folded.map_or(normalised, |view| view.text)
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '_')
}

/// Whether no word runs across `at`.
fn is_boundary(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text.get(at..).and_then(|text| text.chars().next());
    !(before.is_some_and(is_spaced_letter) && after.is_some_and(is_spaced_letter))
}

/// A letter or digit of a script that puts spaces between words. In Chinese, Japanese, Korean, Thai
/// and their like a word may begin anywhere.
fn is_spaced_letter(c: char) -> bool {
    let unspaced = matches!(u32::from(c),
        0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x2E80..=0xA4CF | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF);
    c.is_alphanumeric() && !unspaced
}
