use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use std::ops::Range;

/// Literals, found in one pass, and whose each is.
#[derive(Debug)]
pub(crate) struct Literals<T> {
    automaton: AhoCorasick,
    owners: Vec<T>,
}

impl<T: Copy> Literals<T> {
    /// As they are written.
    pub(crate) fn exact(owned: &[(T, &[&str])]) -> Result<Self, BuildError> {
        let literals =
            owned.iter().flat_map(|(owner, literals)| literals.iter().map(|literal| (*owner, *literal)));
        Self::build(literals, false)
    }

    /// In any case of ASCII letters, and with `_`, `-` or nothing for a space: `date of birth` is in
    /// `dateOfBirth` and `DATE_OF_BIRTH` too.
    pub(crate) fn any_case(owned: &[(T, &[&str])]) -> Result<Self, BuildError> {
        let phrases =
            owned.iter().flat_map(|(owner, phrases)| phrases.iter().map(|phrase| (*owner, *phrase)));
        Self::build(
            phrases.flat_map(|(owner, phrase)| spellings(phrase).into_iter().map(move |s| (owner, s))),
            true,
        )
    }

    fn build<L: AsRef<[u8]>>(
        literals: impl Iterator<Item = (T, L)>,
        any_case: bool,
    ) -> Result<Self, BuildError> {
        let (owners, literals): (Vec<T>, Vec<L>) = literals.unzip();
        let mut builder = AhoCorasick::builder();
        builder.kind(Some(AhoCorasickKind::DFA)).ascii_case_insensitive(any_case);
        Ok(Self { automaton: builder.build(literals)?, owners })
    }

    /// Where literals stand, and whose they are.
    pub(crate) fn hits<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (T, Range<usize>)> + 't {
        let owned =
            |hit: aho_corasick::Match| Some((*self.owners.get(hit.pattern().as_usize())?, hit.range()));
        self.automaton.find_overlapping_iter(text).filter_map(owned)
    }
}

fn spellings(phrase: &str) -> Vec<String> {
    let mut spellings = vec![phrase.to_owned()];
    if phrase.contains(' ') {
        spellings.extend(["_", "-", ""].map(|joint| phrase.replace(' ', joint)));
    }
    spellings
}
