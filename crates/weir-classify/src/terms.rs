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
    case_sensitive: bool,
}

struct Term {
    list: usize,
    words: Vec<String>,
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
                terms.push(Term { list, words });
            }
        }
        if terms.is_empty() {
            return Ok(None);
        }
        let first_words = AhoCorasick::builder()
            .ascii_case_insensitive(!case_sensitive)
            .build(terms.iter().filter_map(|term| term.words.first()))
            .map_err(|error| SettingsError::Terms { reason: error.to_string() })?;
        Ok(Some(Self { first_words, terms, case_sensitive }))
    }

    /// Reports the list and span of every term in `text`, until told to stop.
    pub(crate) fn scan(
        &self,
        text: &str,
        mut report: impl FnMut(usize, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for hit in self.first_words.find_overlapping_iter(text) {
            let Some(term) = self.terms.get(hit.pattern().as_usize()) else { continue };
            if let Some(end) = term.end(text, hit.end(), self.case_sensitive)
                && is_boundary(text, hit.start())
                && is_boundary(text, end)
            {
                report(term.list, hit.start()..end)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Term {
    /// Where the term ends whose first word ends at `at`.
    fn end(&self, text: &str, at: usize, case_sensitive: bool) -> Option<usize> {
        self.words.iter().skip(1).try_fold(at, |at, word| {
            let gap = text
                .get(at..)?
                .chars()
                .take(GAP_MAX)
                .take_while(|c| is_gap(*c))
                .map(char::len_utf8)
                .sum::<usize>();
            let end = at + gap + word.len();
            let found = text.get(at + gap..end)?;
            // Folding has dealt with all letters but ASCII.
            let same = if case_sensitive { found == word } else { found.eq_ignore_ascii_case(word) };
            same.then_some(end)
        })
    }
}

fn words(term: &str, case_sensitive: bool) -> Vec<String> {
    let normalised = normalise(term).map_or_else(|| term.to_owned(), |view| view.text);
    let folded = if case_sensitive { None } else { fold_case(&normalised) };
    let term = folded.map_or(normalised, |view| view.text);
    term.split(is_gap).filter(|word| !word.is_empty()).map(str::to_owned).collect()
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
