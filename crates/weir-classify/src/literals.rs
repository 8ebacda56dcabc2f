mod anywhere;

use crate::lanes;
pub(crate) use anywhere::Anywhere;
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

/// Literals, found in one pass, and whose each is.
///
/// A bit says for a hash of three bytes in any case whether a short literal may begin with them, and others for
/// four and six bytes whether a longer one may: a few tens of KiB that stay near the processor and that no byte
/// waits for, where an automaton of two thousand literals takes megabytes and each byte waits for the one before.
/// What passes is compared with the literals that begin the same, so the work for a byte is bounded.
pub(crate) struct Literals<T> {
    /// Those of two or three bytes, by the three that they may begin.
    short: Triples,
    /// Those of four bytes and more, by the first four.
    fours: Filter,
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
    /// As it stands; one of two bytes goes on as a token does.
    Exact,
    /// In any case; one of two bytes goes on as a token does.
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

    /// Whether a literal of two bytes counts before this byte.
    fn may_precede(self, byte: u8) -> bool {
        self == Kind::Word || is_token(byte)
    }
}

/// A set of hashes of heads.
#[derive(Default)]
struct Filter(Bits);

const FILTER_BITS: u32 = 16;
/// Of the hashes by which literals are kept.
const BUCKET_BITS_MAX: u32 = 13;
/// Multiplicative hashing: 2^64 over the golden ratio. Source: Knuth, "The Art of Computer Programming",
/// vol. 3, section 6.4.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

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
        let mut short = Triples::default();
        let (mut fours, mut long, mut longer) = (Filter::default(), Filter::default(), Filter::default());
        for draft in &drafts {
            let bytes = draft.text.as_bytes();
            match *bytes {
                [] | [_] => {}
                [a, b] => {
                    let follow = (0..=u8::MAX).filter(|c| draft.kind.may_precede(*c));
                    follow.for_each(|c| short.insert([a, b, c]));
                }
                [a, b, c] => short.insert([a, b, c]),
                [_, _, _, _, ..] => fours.insert(head(bytes) & QUAD),
            }
            match bytes.len() {
                0..4 => {}
                4..6 => long.insert(head(bytes) & QUAD),
                _ => longer.insert(head(bytes) & SIX),
            }
        }
        let (pairs, more): (Vec<_>, Vec<_>) = drafts.into_iter().partition(|one| one.text.len() < 4);
        let (quads, sixes) = more.into_iter().partition(|one| one.text.len() < 6);
        let (pairs, quads, sixes) =
            (Buckets::new(pairs, PAIR), Buckets::new(quads, QUAD), Buckets::new(sixes, SIX));
        Self { short, fours, long, longer, pairs, quads, sixes }
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
        let among = |base: usize| self.among(text.get(base..).unwrap_or_default(), of(base));
        let rest = |at: usize| text.get(at..).unwrap_or_default();
        lanes::each_place(range.start, range.end, among, |at| self.compare(rest(at), at, report))
    }

    /// Which of some places of a text's first block a literal may begin at: without a branch for each, as most are refused.
    #[inline]
    fn among(&self, block: &[u8], places: u64) -> u64 {
        let (mut left, mut found) = (places, 0);
        while left != 0 {
            let at = left.trailing_zeros();
            // The last bytes of a text are compared, however they begin.
            let Some(four) = block.get(at as usize..).and_then(<[u8]>::first_chunk) else {
                return found | left;
            };
            found |= u64::from(self.may_begin(u32::from_le_bytes(*four))) << at;
            left &= left - 1;
        }
        found
    }

    /// Reports the literals that begin at `at`. By the first bytes most places of a text are refused.
    #[inline]
    pub(crate) fn at(
        &self,
        text: &[u8],
        at: usize,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match text.get(at..at + 4).and_then(<[u8]>::first_chunk) {
            Some(four) if !self.may_begin(u32::from_le_bytes(*four)) => ControlFlow::Continue(()),
            _ => self.compare(text.get(at..).unwrap_or_default(), at, report),
        }
    }

    #[inline]
    fn may_begin(&self, four: u32) -> bool {
        self.short.has(Triple::of(four)) | self.fours.has(u64::from(four))
    }

    /// Compares what the first bytes let pass.
    #[inline(never)]
    fn compare(
        &self,
        rest: &[u8],
        at: usize,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let head = head(rest);
        if Triple::at(rest).is_none_or(|triple| self.short.has(triple)) {
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
}

/// A hash of three bytes in any case, of 16 bits.
#[derive(Debug, Clone, Copy)]
struct Triple(usize);

impl Triple {
    /// Of the three bytes that a text begins with, if it has so many.
    #[inline]
    fn at(text: &[u8]) -> Option<Self> {
        match (text.first_chunk(), text) {
            (Some(four), _) => Some(Self::of(u32::from_le_bytes(*four))),
            (None, [a, b, c]) => Some(Self::of(u32::from_le_bytes([*a, *b, *c, 0]))),
            (None, _) => None,
        }
    }

    /// Of the lower three bytes of four.
    #[inline]
    fn of(four: u32) -> Self {
        let three = (four | 0x20_2020) << 8;
        Self((three.wrapping_mul((GOLDEN >> 32) as u32) >> 16) as usize)
    }
}

/// A set of hashes of three bytes.
#[derive(Default)]
struct Triples(Bits);

impl Triples {
    fn insert(&mut self, [a, b, c]: [u8; 3]) {
        let Triple(triple) = Triple::of(u32::from_le_bytes([a, b, c, 0]));
        self.0.insert(triple);
    }

    #[inline]
    fn has(&self, Triple(triple): Triple) -> bool {
        self.0.has(triple)
    }
}

/// A set of numbers of 16 bits.
struct Bits(Box<[u64; 1024]>);

impl Default for Bits {
    fn default() -> Self {
        Self(Box::new([0; 1024]))
    }
}

impl Bits {
    fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number >> 6) {
            *word |= 1 << (number & 63);
        }
    }

    #[inline]
    fn has(&self, number: usize) -> bool {
        self.0.get(number >> 6 & 1023).is_some_and(|word| word >> (number & 63) & 1 == 1)
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
    let mut spellings = vec![phrase.to_owned()];
    if phrase.contains(' ') {
        spellings.extend(["_", "-", ""].map(|joint| phrase.replace(' ', joint)));
    }
    spellings
}

/// Bytes of a head.
const HEAD: usize = size_of::<u64>();

/// The first eight bytes, zeros for those that are missing: no literal has a byte of zero.
fn head(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(head) => u64::from_le_bytes(*head),
        None => bytes.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

/// The bit of each byte by which letters of both cases differ.
const CASE: u64 = 0x2020_2020_2020_2020;

/// Letters of both cases are one.
const fn fold(bytes: u64) -> u64 {
    bytes | CASE
}

/// The upper bits of the product are the well mixed ones.
const fn hash(bytes: u64, bits: u32) -> usize {
    (fold(bytes).wrapping_mul(GOLDEN) >> (64 - bits)) as usize
}

impl Filter {
    fn insert(&mut self, bytes: u64) {
        self.0.insert(hash(bytes, FILTER_BITS));
    }

    #[inline]
    fn has(&self, bytes: u64) -> bool {
        self.0.has(hash(bytes, FILTER_BITS))
    }
}

/// Whether a token may go on with this byte.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

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
            [(3, "dateOfBirth"), (3, "DATE_OF_BIRTH"), (3, "date-of-birth"), (3, "né")]
        );
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
