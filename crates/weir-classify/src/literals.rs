mod anywhere;

pub(crate) use anywhere::Anywhere;
use std::ops::{ControlFlow, Range};

/// Literals, found in one pass, and whose each is.
///
/// A bit says for three bytes, in 32 classes each, whether a literal may begin with them, and others for
/// four and six bytes, folded and hashed: some tens of KiB that stay near the processor and that no byte waits
/// for, where an automaton of two thousand literals takes megabytes and each byte waits for the one before.
/// What passes is compared with the literals that begin the same, so the work for a byte is bounded.
pub(crate) struct Literals<T> {
    triples: Triples,
    /// Of those the ones that begin a literal of two or three bytes.
    short: Triples,
    /// Those of four bytes and more, by the first four.
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
}

struct Literal<T> {
    /// The first eight bytes, folded in any case, and which of their bits the literal has.
    head: u64,
    mask: u64,
    kind: Kind,
    owner: T,
    bytes: Box<[u8]>,
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

    /// Whether a literal of two bytes counts before this byte.
    fn may_precede(self, byte: u8) -> bool {
        self == Kind::Word || is_token(byte)
    }
}

/// A set of hashes of [`FILTER_BITS`] bits.
struct Filter(Vec<u64>);

const FILTER_BITS: u32 = 18;
/// Of the hashes by which literals are kept: a few times as many as there are literals.
const BUCKET_BITS: u32 = 13;
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
    /// nothing for a space: `date of birth` is in `dateOfBirth` and `DATE_OF_BIRTH` too. `words` are found in any case,
    /// spelt as they are.
    pub(crate) fn new(exact: &[(T, &str)], phrases: &[(T, &str)], words: &[(T, &str)]) -> Self {
        let exact = exact.iter().map(|(owner, one)| literal(one, Kind::Exact, *owner));
        let phrases = phrases.iter().flat_map(|(owner, one)| {
            spellings(one).into_iter().map(|one| literal(&one, Kind::Phrase, *owner))
        });
        let words = words.iter().map(|(owner, one)| literal(one, Kind::Word, *owner));
        Self::of(exact.chain(phrases).chain(words).collect())
    }

    fn of(literals: Vec<Literal<T>>) -> Self {
        let (mut triples, mut short) = (Triples::default(), Triples::default());
        let (mut long, mut longer) = (Filter::new(), Filter::new());
        for literal in &literals {
            match *literal.bytes {
                [] | [_] => {}
                [a, b] => (0..=u8::MAX).filter(|c| literal.kind.may_precede(*c)).for_each(|c| {
                    triples.insert([a, b, c]);
                    short.insert([a, b, c]);
                }),
                [a, b, c] => {
                    triples.insert([a, b, c]);
                    short.insert([a, b, c]);
                }
                [a, b, c, ..] => triples.insert([a, b, c]),
            }
            if literal.bytes.len() >= 4 {
                long.insert(head(&literal.bytes) & QUAD);
            }
            if literal.bytes.len() >= 6 {
                longer.insert(head(&literal.bytes) & SIX);
            }
        }
        let (pairs, more): (Vec<_>, Vec<_>) = literals.into_iter().partition(|one| one.bytes.len() < 4);
        let (quads, sixes) = more.into_iter().partition(|one| one.bytes.len() < 6);
        let (pairs, quads, sixes) =
            (Buckets::new(pairs, PAIR), Buckets::new(quads, QUAD), Buckets::new(sixes, SIX));
        Self { triples, short, long, longer, pairs, quads, sixes }
    }

    /// Literals that are found in any case of ASCII letters.
    pub(crate) fn in_any_case<'w>(words: impl Iterator<Item = (T, &'w str)>) -> Self {
        Self::of(words.map(|(owner, word)| literal(word, Kind::Word, owner)).collect())
    }

    /// Reports the literals that begin at `at`.
    pub(crate) fn at(
        &self,
        text: &[u8],
        at: usize,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let rest = text.get(at..).unwrap_or_default();
        match rest.first_chunk() {
            Some(three) if !self.triples.has(Triple::of(three)) => ControlFlow::Continue(()),
            three => self.compare(rest, at, three.map(Triple::of), report),
        }
    }

    /// Compares what the first three bytes let pass.
    fn compare(
        &self,
        rest: &[u8],
        at: usize,
        triple: Option<Triple>,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let head = head(rest);
        if triple.is_none_or(|triple| self.short.has(triple)) {
            self.pairs.compare(rest, at, head, report)?;
        }
        if self.long.has(head & QUAD) {
            self.quads.compare(rest, at, head, report)?;
            if self.longer.has(head & SIX) {
                self.sixes.compare(rest, at, head, report)?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// The classes of three bytes.
#[derive(Debug, Clone, Copy)]
struct Triple(usize);

impl Triple {
    fn of(bytes: &[u8; 3]) -> Self {
        let [a, b, c] = bytes;
        let class = |byte: &u8| CLASSES.get(usize::from(*byte)).copied().map_or(0, usize::from);
        Self(class(c) << 10 | class(b) << 5 | class(a))
    }
}

/// A set of three bytes, each in one of 32 classes.
struct Triples([u64; 512]);

impl Default for Triples {
    fn default() -> Self {
        Self([0; 512])
    }
}

impl Triples {
    fn insert(&mut self, bytes: [u8; 3]) {
        let Triple(triple) = Triple::of(&bytes);
        if let Some(word) = self.0.get_mut(triple >> 6 & 511) {
            *word |= 1 << (triple & 63);
        }
    }

    fn has(&self, Triple(triple): Triple) -> bool {
        self.0.get(triple >> 6 & 511).is_some_and(|word| word >> (triple & 63) & 1 == 1)
    }
}

/// A class of bytes for each letter in either case, and for the signs that literals begin with.
const CLASSES: [u8; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte: u8 = 0;
    loop {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => byte - b'a' + 1,
            b'A'..=b'Z' => byte - b'A' + 1,
            b'0'..=b'9' => 27,
            b' ' | b'\n' | b'\r' | b'\t' => 28,
            b'-' | b'_' => 29,
            b':' | b'/' | b'=' | b'"' => 30,
            128.. => 31,
            _ => 0,
        };
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

impl<T: Copy> Buckets<T> {
    /// `mask` says which bytes of the heads count.
    fn new(mut literals: Vec<Literal<T>>, mask: u64) -> Self {
        let of = |literal: &Literal<T>| hash(head(&literal.bytes) & mask, BUCKET_BITS);
        literals.sort_by_cached_key(of);
        let mut before = 0;
        let mut in_order = literals.iter().map(of).peekable();
        let bounds = (0..=1 << BUCKET_BITS).map(|bucket| {
            while in_order.next_if(|of| *of < bucket).is_some() {
                before += 1;
            }
            before
        });
        let bounds = bounds.collect();
        Self { mask, bounds, literals }
    }

    fn compare(
        &self,
        rest: &[u8],
        at: usize,
        head: u64,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bucket = hash(head & self.mask, BUCKET_BITS);
        let bound = |at: usize| self.bounds.get(at).map_or(0, |at| *at as usize);
        let alike = self.literals.get(bound(bucket)..bound(bucket + 1)).unwrap_or_default();
        for literal in alike.iter().filter(|literal| literal.may_begin(head) && literal.begins(rest)) {
            report(literal.owner, at..at + literal.bytes.len())?;
        }
        ControlFlow::Continue(())
    }
}

impl<T> Literal<T> {
    /// Most that begin alike differ in the next bytes.
    fn may_begin(&self, head: u64) -> bool {
        (if self.kind.is_any_case() { fold(head) } else { head }) & self.mask == self.head
    }

    fn begins(&self, text: &[u8]) -> bool {
        text.get(..self.bytes.len()).is_some_and(|found| {
            if self.kind.is_any_case() {
                found.eq_ignore_ascii_case(&self.bytes)
            } else {
                *found == *self.bytes
            }
        })
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

fn literal<T>(text: &str, kind: Kind, owner: T) -> Literal<T> {
    let bytes = text.as_bytes();
    let mask = bytes.iter().take(8).fold(0, |mask, _| mask << 8 | 0xFF);
    let head = if kind.is_any_case() { fold(head(bytes)) } else { head(bytes) } & mask;
    Literal { head, mask, kind, owner, bytes: bytes.into() }
}

fn spellings(phrase: &str) -> Vec<String> {
    let mut spellings = vec![phrase.to_owned()];
    if phrase.contains(' ') {
        spellings.extend(["_", "-", ""].map(|joint| phrase.replace(' ', joint)));
    }
    spellings
}

/// The first eight bytes, zeros for those that are missing.
fn head(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(head) => u64::from_le_bytes(*head),
        None => bytes.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

/// Letters of both cases are one.
const fn fold(bytes: u64) -> u64 {
    bytes | 0x2020_2020_2020_2020
}

/// The upper bits of the product are the well mixed ones.
const fn hash(bytes: u64, bits: u32) -> usize {
    (fold(bytes).wrapping_mul(GOLDEN) >> (64 - bits)) as usize
}

impl Filter {
    fn new() -> Self {
        Self(vec![0; 1 << (FILTER_BITS - 6)])
    }

    fn insert(&mut self, bytes: u64) {
        let hash = hash(bytes, FILTER_BITS);
        if let Some(word) = self.0.get_mut(hash >> 6) {
            *word |= 1 << (hash & 63);
        }
    }

    fn has(&self, bytes: u64) -> bool {
        let hash = hash(bytes, FILTER_BITS);
        self.0.get(hash >> 6).is_some_and(|word| word >> (hash & 63) & 1 == 1)
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
        let literals = Literals::new(exact, phrases, &[]);
        for at in 0..text.len() {
            let _all = literals.at(text.as_bytes(), at, &mut |owner, span| {
                hits.push((owner, text.get(span).unwrap()));
                ControlFlow::Continue(())
            });
        }
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
}
