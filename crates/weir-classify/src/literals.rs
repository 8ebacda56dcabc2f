mod anywhere;
mod filter;

use crate::lanes;
pub(crate) use anywhere::Anywhere;
use filter::{Beginnings, Filter, Triples, hash};
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

/// Literals, found in one pass, and whose each is.
///
/// A bit says for the first four bytes of a place whether a literal may begin there, and others, of what passes, for
/// three, four and six bytes whether a short or a longer one may: a few tens of KiB that stay near the processor and
/// that no byte waits for, where an automaton of two thousand literals takes megabytes and each byte waits for the one
/// before. What passes is compared with the literals that begin the same, so the work for a byte is bounded.
pub(crate) struct Literals<T> {
    beginnings: Beginnings,
    /// Those of two or three bytes, by the three that they may begin.
    short: Triples,
    /// Those of four or five bytes, by the first four.
    long: Filter,
    /// Those of six bytes and more, by the first six.
    longer: Filter,
    /// By the first two bytes, the first four, and the first six.
    pairs: Buckets<T>,
    quads: Buckets<T>,
    sixes: Buckets<T>,
}

/// Literals by a hash of how they begin.
struct Buckets<T> {
    mask: u64,
    /// Where those of each hash begin in `literals`; one more than there are hashes.
    bounds: Vec<u32>,
    literals: Vec<Literal<T>>,
    /// The bytes of all of them, one after the other.
    bytes: Box<str>,
    /// How many bits a hash has.
    bits: u32,
}

struct Literal<T> {
    /// The first eight bytes, without the bits that are not in `mask`.
    head: u64,
    /// The bits of a text's first eight bytes that must be those of `head`: none beyond a shorter literal's end, and
    /// in any case not the ones by which letters of both cases differ.
    mask: u64,
    /// Where its bytes begin among those of all, and how many there are.
    start: u32,
    len: u16,
    kind: Kind,
    owner: T,
}

/// A literal before it has its place.
struct Draft<'w, T> {
    text: Cow<'w, str>,
    kind: Kind,
    owner: T,
}

/// How a literal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As it stands; one of two bytes goes on as a token does, if it goes on.
    Exact,
    /// In any case; one of two bytes goes on as a token does, if it goes on.
    Phrase,
    /// In any case.
    Word,
}

impl Kind {
    fn is_any_case(self) -> bool {
        self != Kind::Exact
    }

    /// The bits of a byte that must be those of the literal.
    fn bits(self, byte: u8) -> u8 {
        if self.is_any_case() && byte.is_ascii_alphabetic() { !0x20 } else { !0 }
    }

    /// Whether a literal of two bytes counts before this byte, zero where nothing follows.
    fn may_precede(self, byte: u8) -> bool {
        self == Kind::Word || byte == 0 || is_token(byte)
    }
}

/// Of the hashes by which literals are kept.
const BUCKET_BITS_MAX: u32 = 13;
/// Which bytes of a head count as its beginning.
const PAIR: u64 = 0xFFFF;
const QUAD: u64 = 0xFFFF_FFFF;
const SIX: u64 = 0xFFFF_FFFF_FFFF;

impl<T: Copy> Literals<T> {
    /// Literals of two bytes are found before a character of a token, longer ones anywhere.
    ///
    /// `exact` are found as they are written; `phrases` in any case of ASCII letters, and with `_`, `-` or
    /// nothing for a space: `date of birth` is in `dateOfBirth` and `DATE_OF_BIRTH` too.
    pub(crate) fn new(exact: &[(T, &str)], phrases: &[(T, &str)]) -> Self {
        let exact = exact.iter().map(|(owner, one)| Draft {
            text: Cow::Borrowed(*one),
            kind: Kind::Exact,
            owner: *owner,
        });
        let phrases = phrases.iter().flat_map(|(owner, one)| {
            spellings(one).into_iter().map(|one| Draft {
                text: Cow::Owned(one),
                kind: Kind::Phrase,
                owner: *owner,
            })
        });
        Self::of(exact.chain(phrases).collect())
    }

    fn of(drafts: Vec<Draft<'_, T>>) -> Self {
        let (mut beginnings, mut short) = (Beginnings::default(), Triples::default());
        let (mut long, mut longer) = (Filter::default(), Filter::default());
        for draft in &drafts {
            let bytes = draft.text.as_bytes();
            beginnings.insert(bytes);
            match *bytes {
                [] | [_] => {}
                [a, b] => {
                    let follow = (0..=u8::MAX).filter(|c| draft.kind.may_precede(*c));
                    follow.for_each(|c| short.insert([a, b, c]));
                }
                [a, b, c] => short.insert([a, b, c]),
                [_, _, _, _] | [_, _, _, _, _] => long.insert(head(bytes) & QUAD),
                [_, _, _, _, _, _, ..] => longer.insert(head(bytes) & SIX),
            }
        }
        let (pairs, more): (Vec<_>, Vec<_>) = drafts.into_iter().partition(|one| one.text.len() < 4);
        let (quads, sixes) = more.into_iter().partition(|one| one.text.len() < 6);
        let (pairs, quads, sixes) =
            (Buckets::new(pairs, PAIR), Buckets::new(quads, QUAD), Buckets::new(sixes, SIX));
        Self { beginnings, short, long, longer, pairs, quads, sixes }
    }

    /// Literals that are found in any case of ASCII letters.
    pub(crate) fn in_any_case<'w>(words: impl Iterator<Item = (T, &'w str)>) -> Self {
        let draft = |(owner, word)| Draft { text: Cow::Borrowed(word), kind: Kind::Word, owner };
        Self::of(words.map(draft).collect())
    }

    /// Reports the literals that begin in `range`, at the places that `of` says: a bit for each of a block.
    #[inline]
    pub(crate) fn at_each(
        &self,
        text: &[u8],
        range: Range<usize>,
        of: impl Fn(usize) -> u64,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let among = |base: usize| self.among(text, base, of(base) & lanes::within(base, range.end));
        lanes::each_place(range.start, range.end, among, |at| self.compare(text, at, report))
    }

    /// Which of some places of the block at `base` a literal may begin at: most are refused by one look, and most of the
    /// others by three more.
    #[inline]
    fn among(&self, text: &[u8], base: usize, places: u64) -> u64 {
        let begun = lanes::those(places, |at| self.beginnings.has(four_at(text, base + at)));
        lanes::those(begun, |at| {
            let head = head_at(text, base + at);
            self.is_short(head) | self.long.has(head & QUAD) | self.longer.has(head & SIX)
        })
    }

    /// Reports the literals that begin at `at`.
    pub(crate) fn at(
        &self,
        text: &[u8],
        at: usize,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.beginnings.has(four_at(text, at)) {
            self.compare(text, at, report)?;
        }
        ControlFlow::Continue(())
    }

    /// Compares what the first bytes let pass.
    #[inline(never)]
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (rest, head) = (text.get(at..).unwrap_or_default(), head_at(text, at));
        if self.is_short(head) {
            self.pairs.compare(rest, at, head, report)?;
        }
        if self.long.has(head & QUAD) {
            self.quads.compare(rest, at, head, report)?;
        }
        if self.longer.has(head & SIX) {
            self.sixes.compare(rest, at, head, report)?;
        }
        ControlFlow::Continue(())
    }

    /// Whether a literal of two or three bytes may begin with a head.
    #[inline]
    fn is_short(&self, head: u64) -> bool {
        self.short.has(head as u32)
    }
}

impl<T: Copy> Buckets<T> {
    /// `mask` says which bytes of the heads count.
    fn new(mut drafts: Vec<Draft<'_, T>>, mask: u64) -> Self {
        // A few times as many hashes as there are literals.
        let bits = (drafts.len().max(16).ilog2() + 2).min(BUCKET_BITS_MAX);
        let of = |draft: &Draft<'_, T>| hash(head(draft.text.as_bytes()) & mask, bits);
        drafts.sort_by_cached_key(of);
        let mut before = 0;
        let mut in_order = drafts.iter().map(of).peekable();
        let bounds = (0..=1 << bits).map(|bucket| {
            while in_order.next_if(|of| *of < bucket).is_some() {
                before += 1;
            }
            before
        });
        let bounds = bounds.collect();
        let mut bytes = String::new();
        let literals = drafts.iter().map(|draft| draft.at_end_of(&mut bytes)).collect();
        Self { mask, bounds, literals, bytes: bytes.into(), bits }
    }

    fn compare(
        &self,
        rest: &[u8],
        at: usize,
        head: u64,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bucket = hash(head & self.mask, self.bits);
        let bound = |at: usize| self.bounds.get(at).map_or(0, |at| *at as usize);
        let alike = self.literals.get(bound(bucket)..bound(bucket + 1)).unwrap_or_default();
        for literal in alike.iter().filter(|one| head & one.mask == one.head && self.goes_on(one, rest)) {
            report(literal.owner, at..at + usize::from(literal.len))?;
        }
        ControlFlow::Continue(())
    }

    /// Whether a text that has the head of a literal has the rest of it too.
    fn goes_on(&self, literal: &Literal<T>, text: &[u8]) -> bool {
        let len = usize::from(literal.len);
        if len <= HEAD {
            return true;
        }
        let bytes = self.bytes.as_bytes().get(literal.range()).unwrap_or_default();
        bytes.get(HEAD..).zip(text.get(HEAD..len)).is_some_and(|(bytes, found)| {
            if literal.kind.is_any_case() { found.eq_ignore_ascii_case(bytes) } else { found == bytes }
        })
    }
}

impl<T> Literal<T> {
    fn range(&self) -> Range<usize> {
        let start = self.start as usize;
        start..start + usize::from(self.len)
    }
}

impl<T: Copy> Draft<'_, T> {
    /// The literal, with its bytes added to those of the others.
    fn at_end_of(&self, bytes: &mut String) -> Literal<T> {
        let Self { text, kind, owner } = self;
        let (start, len) = (bytes.len() as u32, u16::try_from(text.len()).unwrap_or(u16::MAX));
        bytes.push_str(text);
        let masks: Vec<u8> = text.bytes().take(HEAD).map(|byte| kind.bits(byte)).collect();
        let mask = head(&masks);
        Literal { head: head(text.as_bytes()) & mask, mask, start, len, kind: *kind, owner: *owner }
    }
}

impl<T> std::fmt::Debug for Literals<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Literals({})",
            self.pairs.literals.len() + self.quads.literals.len() + self.sixes.literals.len()
        )
    }
}

fn spellings(phrase: &str) -> Vec<String> {
    let mut all: Vec<String> = cases(phrase).iter().flat_map(|case| joints(case)).collect();
    all.sort();
    all.dedup();
    all
}

/// A word as it is, and in capitals where ASCII rules do not say how.
pub(crate) fn cases(word: &str) -> Vec<String> {
    let mut cases = vec![word.to_owned()];
    if !word.is_ascii() {
        cases.push(word.to_uppercase());
        if !word.starts_with(|c: char| c.is_ascii()) {
            let capital = word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1));
            cases.push(capital.collect());
        }
    }
    cases
}

/// A phrase with its words apart, with signs between, and in one.
pub(crate) fn joints(phrase: &str) -> Vec<String> {
    const APOSTROPHES: [char; 2] = ['\'', '’'];
    if !phrase.contains(' ') {
        return vec![phrase.to_owned()];
    }
    let joined = |phrase: &str| [" ", "_", "-", ""].map(|joint| phrase.replace(' ', joint));
    let apart = phrase.contains(APOSTROPHES).then(|| joined(&phrase.replace(APOSTROPHES, " ")));
    joined(phrase).into_iter().chain(apart.into_iter().flatten()).collect()
}

/// Bytes of a head.
const HEAD: usize = size_of::<u64>();

/// The four bytes from `at` on, zeros for those that are missing.
#[inline]
fn four_at(text: &[u8], at: usize) -> u32 {
    let rest = text.get(at..).unwrap_or_default();
    rest.first_chunk().map_or_else(|| head(rest) as u32, |four| u32::from_le_bytes(*four))
}

/// The head of what begins at `at`.
#[inline]
fn head_at(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    match (rest.first_chunk(), text.last_chunk()) {
        (Some(head), _) => u64::from_le_bytes(*head),
        // What ends a text is read with what is before it.
        (None, Some(last)) if !rest.is_empty() => u64::from_le_bytes(*last) >> (8 * (HEAD - rest.len())),
        _ => head(rest),
    }
}

/// The first eight bytes, zeros for those that are missing: no literal has a byte of zero.
fn head(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(head) => u64::from_le_bytes(*head),
        None => bytes.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

/// Whether a token may go on with this byte.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hits(text: &str) -> Vec<(u8, &str)> {
        let exact: &[(u8, &str)] = &[(1, "key"), (1, "keyring"), (1, "SK"), (2, "://")];
        let phrases: &[(u8, &str)] = &[(3, "date of birth"), (3, "né")];
        let mut hits = Vec::new();
        let literals = Literals::new(exact, phrases);
        let report = |hits: &mut Vec<_>, owner, span| {
            hits.push((owner, text.get(span).unwrap()));
            ControlFlow::Continue(())
        };
        for at in 0..text.len() {
            let _all = literals.at(text.as_bytes(), at, &mut |owner, span| report(&mut hits, owner, span));
        }
        let mut together = Vec::new();
        let _all = literals.at_each(text.as_bytes(), 0..text.len(), |_| u64::MAX, &mut |owner, span| {
            report(&mut together, owner, span)
        });
        assert_eq!(together, hits);
        hits
    }

    #[test]
    fn literals_are_found_wherever_they_stand() {
        assert_eq!(hits("key"), [(1, "key")]);
        assert_eq!(hits("a://b"), [(2, "://")]);
        assert_eq!(hits("a://"), [(2, "://")]);
        assert_eq!(hits("my keyring, Key"), [(1, "key"), (1, "keyring")]);
        assert_eq!(hits("SK0a SK"), [(1, "SK"), (1, "SK")]);
        assert_eq!(hits(""), []);
    }

    #[test]
    fn phrases_are_found_in_any_spelling() {
        assert_eq!(
            hits("dateOfBirth DATE_OF_BIRTH date-of-birth NÉ né"),
            [(3, "dateOfBirth"), (3, "DATE_OF_BIRTH"), (3, "date-of-birth"), (3, "NÉ"), (3, "né")]
        );
    }

    proptest! {
        /// What refuses a place by its first bytes refuses no literal.
        #[test]
        fn no_literal_is_refused_by_its_first_bytes(
            words in proptest::collection::vec("[a-cé_ ]{2,12}", 1..12),
            others in proptest::collection::vec("[A-Ca-cé_ ]{0,5}", 1..12),
            order in proptest::collection::vec((0..12_usize, 0..12_usize, any::<bool>()), 0..24),
        ) {
            let text: String = order
                .iter()
                .flat_map(|(other, word, is_upper)| {
                    let word = words.get(*word).map_or("", String::as_str);
                    let word = if *is_upper { word.to_ascii_uppercase() } else { word.to_owned() };
                    [others.get(*other).cloned().unwrap_or_default(), word]
                })
                .collect();
            let literals = Literals::in_any_case((0_usize..).zip(words.iter().map(String::as_str)));
            let stands = |at: usize, word: &str| {
                text.as_bytes().get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
            };
            for (from, to) in [(0, text.len()), (text.len() / 3, text.len() / 2)] {
                let mut wanted: Vec<(usize, usize)> = (from..to)
                    .flat_map(|at| words.iter().enumerate().filter(move |(_, word)| stands(at, word)).map(move |(of, _)| (at, of)))
                    .collect();
                let mut found = Vec::new();
                let _all = literals.at_each(text.as_bytes(), from..to, |_| u64::MAX, &mut |of, span: Range<usize>| {
                    found.push((span.start, of));
                    ControlFlow::Continue(())
                });
                found.sort_unstable();
                wanted.sort_unstable();
                prop_assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn each_of_many_literals_is_found() {
        let words: Vec<String> = (0..3000).map(|n| format!("w{n}é")).collect();
        let literals = Literals::in_any_case((0_u32..).zip(words.iter().map(String::as_str)));
        for (owner, word) in (0..).zip(&words) {
            let mut found = Vec::new();
            let _all = literals.at(word.as_bytes(), 0, &mut |owner, span: Range<usize>| {
                found.push((owner, span));
                ControlFlow::Continue(())
            });
            assert_eq!(found.last(), Some(&(owner, 0..word.len())));
        }
    }
}
