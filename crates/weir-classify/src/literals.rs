use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use std::ops::Range;

/// Literals of the rows of the table, found in one pass.
#[derive(Debug)]
pub(crate) struct Literals {
    automaton: AhoCorasick,
    /// Which row each literal belongs to.
    rows: Vec<usize>,
}

/// A row and its literals.
pub(crate) type Anchors = (usize, &'static [&'static str]);

impl Literals {
    /// As they are written.
    pub(crate) fn exact(anchors: &[Anchors]) -> Result<Self, BuildError> {
        let literals = |(row, literals): &Anchors| literals.iter().map(|l| (*row, (*l).to_owned())).collect();
        Self::build(anchors.iter().flat_map::<Vec<_>, _>(literals), false)
    }

    /// In any case of ASCII letters, and with `_`, `-` or nothing for a space: `date of birth` is in
    /// `dateOfBirth` and `DATE_OF_BIRTH` too.
    pub(crate) fn any_case(anchors: &[Anchors]) -> Result<Self, BuildError> {
        let spellings = |(row, phrases): &Anchors| {
            phrases.iter().flat_map(|phrase| spellings(phrase)).map(|phrase| (*row, phrase)).collect()
        };
        Self::build(anchors.iter().flat_map::<Vec<_>, _>(spellings), true)
    }

    fn build(literals: impl Iterator<Item = (usize, String)>, any_case: bool) -> Result<Self, BuildError> {
        let (rows, literals): (Vec<usize>, Vec<String>) = literals.unzip();
        let mut builder = AhoCorasick::builder();
        builder.kind(Some(AhoCorasickKind::DFA)).ascii_case_insensitive(any_case);
        Ok(Self { automaton: builder.build(literals)?, rows })
    }

    /// Where literals stand, and whose they are.
    pub(crate) fn hits<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (usize, Range<usize>)> + 't {
        let row = |hit: aho_corasick::Match| Some((*self.rows.get(hit.pattern().as_usize())?, hit.range()));
        self.automaton.find_overlapping_iter(text).filter_map(row)
    }
}

fn spellings(phrase: &str) -> Vec<String> {
    let mut spellings = vec![phrase.to_owned()];
    if phrase.contains(' ') {
        spellings.extend(["_", "-", ""].map(|joint| phrase.replace(' ', joint)));
    }
    spellings
}
