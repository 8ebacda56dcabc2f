use std::ops::{ControlFlow, Range};

/// Literals, found in one pass, and whose each is.
///
/// A bit says for four bytes, folded and hashed, whether a literal may begin with them, and another for
/// three bytes and the shorter literals: 40 KiB that stay near the processor and that no byte waits for,
/// where an automaton of two thousand literals takes megabytes and each byte waits for the one before.
/// What passes is compared with the literals that begin with the same two bytes, so the work for a byte
/// is bounded.
pub(crate) struct Literals<T> {
    long: Filter<LONG_BITS>,
    short: Filter<SHORT_BITS>,
    /// For each pair of bytes, hashed, where its literals begin in `literals`; one more than there are pairs.
    pairs: Vec<u32>,
    literals: Vec<Literal<T>>,
}

struct Literal<T> {
    /// The first four bytes, folded in any case, and which of their bits the literal has.
    head: u32,
    mask: u32,
    any_case: bool,
    owner: T,
    bytes: Box<[u8]>,
}

/// A set of hashes of `BITS` bits.
struct Filter<const BITS: u32>(Vec<u64>);

const LONG_BITS: u32 = 18;
const SHORT_BITS: u32 = 16;
const PAIR_BITS: u32 = 11;
/// Multiplicative hashing: 2^32 over the golden ratio. Source: Knuth, "The Art of Computer Programming",
/// vol. 3, section 6.4.
const GOLDEN: u32 = 0x9E37_79B1;

impl<T: Copy> Literals<T> {
    /// Literals of two bytes are found before a character of a token, longer ones anywhere.
    ///
    /// `exact` are found as they are written; `phrases` in any case of ASCII letters, and with `_`, `-` or
    /// nothing for a space: `date of birth` is in `dateOfBirth` and `DATE_OF_BIRTH` too.
    pub(crate) fn new(exact: &[(T, &[&str])], phrases: &[(T, &[&str])]) -> Self {
        let exact = exact.iter().flat_map(|(owner, all)| all.iter().map(|one| literal(one, false, *owner)));
        let phrases = phrases.iter().flat_map(|(owner, all)| {
            all.iter().flat_map(|one| spellings(one)).map(|one| literal(&one, true, *owner))
        });
        let mut literals: Vec<Literal<T>> = exact.chain(phrases).collect();
        literals.sort_by_key(|literal| pair(head(&literal.bytes)));
        let (mut long, mut short) = (Filter::new(), Filter::new());
        for literal in &literals {
            match *literal.bytes {
                [] | [_] => {}
                [a, b] => token_bytes().for_each(|c| short.insert(u32::from_le_bytes([a, b, c, 0]))),
                [a, b, c] => short.insert(u32::from_le_bytes([a, b, c, 0])),
                _ => long.insert(head(&literal.bytes)),
            }
        }
        let before =
            |pair_at: usize| literals.partition_point(|literal| pair(head(&literal.bytes)) < pair_at);
        let pairs = (0..=1 << PAIR_BITS).map(|at| u32::try_from(before(at)).unwrap_or(u32::MAX)).collect();
        Self { long, short, pairs, literals }
    }

    /// Reports where literals stand, in order of place, and whose they are.
    pub(crate) fn scan(
        &self,
        text: &[u8],
        mut report: impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for (at, bytes) in text.array_windows::<4>().enumerate() {
            if self.may_begin(u32::from_le_bytes(*bytes)) {
                self.compare(text, at, &mut report)?;
            }
        }
        (text.len().saturating_sub(3)..text.len()).try_for_each(|at| self.compare(text, at, &mut report))
    }

    fn may_begin(&self, bytes: u32) -> bool {
        self.long.has(bytes) || self.short.has(bytes & 0xFF_FFFF)
    }

    fn compare(
        &self,
        text: &[u8],
        at: usize,
        report: &mut impl FnMut(T, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let rest = text.get(at..).unwrap_or_default();
        let head = head(rest);
        let bucket = pair(head);
        let bound = |at: usize| self.pairs.get(at).map_or(0, |at| *at as usize);
        let same_pair = self.literals.get(bound(bucket)..bound(bucket + 1)).unwrap_or_default();
        for literal in same_pair.iter().filter(|literal| literal.may_begin(head) && literal.begins(rest)) {
            report(literal.owner, at..at + literal.bytes.len())?;
        }
        ControlFlow::Continue(())
    }
}

impl<T> Literal<T> {
    /// Most of one pair differ in the next two bytes.
    fn may_begin(&self, head: u32) -> bool {
        (if self.any_case { fold(head) } else { head }) & self.mask == self.head
    }

    fn begins(&self, text: &[u8]) -> bool {
        text.get(..self.bytes.len()).is_some_and(|found| {
            if self.any_case { found.eq_ignore_ascii_case(&self.bytes) } else { *found == *self.bytes }
        })
    }
}

impl<T> std::fmt::Debug for Literals<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Literals({})", self.literals.len())
    }
}

fn literal<T>(text: &str, any_case: bool, owner: T) -> Literal<T> {
    let bytes = text.as_bytes();
    let mask = bytes.iter().take(4).fold(0, |mask, _| mask << 8 | 0xFF);
    let head = if any_case { fold(head(bytes)) } else { head(bytes) } & mask;
    Literal { head, mask, any_case, owner, bytes: bytes.into() }
}

fn spellings(phrase: &str) -> Vec<String> {
    let mut spellings = vec![phrase.to_owned()];
    if phrase.contains(' ') {
        spellings.extend(["_", "-", ""].map(|joint| phrase.replace(' ', joint)));
    }
    spellings
}

/// The first four bytes, zeros for those that are missing.
fn head(bytes: &[u8]) -> u32 {
    let mut head = [0; 4];
    head.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u32::from_le_bytes(head)
}

/// Letters of both cases are one.
const fn fold(bytes: u32) -> u32 {
    bytes | 0x2020_2020
}

/// The upper bits of the product are the well mixed ones.
const fn hash(bytes: u32, bits: u32) -> usize {
    (fold(bytes).wrapping_mul(GOLDEN) >> (32 - bits)) as usize
}

fn pair(bytes: u32) -> usize {
    hash(bytes & 0xFFFF, PAIR_BITS)
}

impl<const BITS: u32> Filter<BITS> {
    fn new() -> Self {
        Self(vec![0; 1 << (BITS - 6)])
    }

    fn insert(&mut self, bytes: u32) {
        let hash = hash(bytes, BITS);
        if let Some(word) = self.0.get_mut(hash >> 6) {
            *word |= 1 << (hash & 63);
        }
    }

    fn has(&self, bytes: u32) -> bool {
        let hash = hash(bytes, BITS);
        self.0.get(hash >> 6).is_some_and(|word| word >> (hash & 63) & 1 == 1)
    }
}

fn token_bytes() -> impl Iterator<Item = u8> {
    (b'0'..=b'9').chain(b'a'..=b'z').chain(*b"_-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(text: &str) -> Vec<(u8, &str)> {
        let exact: &[(u8, &[&str])] = &[(1, &["key", "keyring", "SK"]), (2, &["://"])];
        let phrases: &[(u8, &[&str])] = &[(3, &["date of birth", "né"])];
        let mut hits = Vec::new();
        let _all = Literals::new(exact, phrases).scan(text.as_bytes(), |owner, span| {
            hits.push((owner, text.get(span).unwrap()));
            ControlFlow::Continue(())
        });
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
