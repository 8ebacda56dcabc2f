//! What is known of single words: a compact hashed set of words with sixteen yes-or-no properties.

use crate::hash::Hash;

/// Properties of a word, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known(pub u16);

impl Known {
    /// A given name that many bear.
    pub const GIVEN_FREQUENT: Known = Known(1);
    /// A given name.
    pub const GIVEN: Known = Known(1 << 1);
    /// A surname that many bear.
    pub const SURNAME_FREQUENT: Known = Known(1 << 2);
    /// A surname.
    pub const SURNAME: Known = Known(1 << 3);
    /// A common English word.
    pub const COMMON: Known = Known(1 << 4);
    /// A rarer English word.
    pub const UNCOMMON: Known = Known(1 << 5);
    /// A common word of another language.
    pub const FOREIGN: Known = Known(1 << 6);
    /// A function word of some language.
    pub const FUNCTION: Known = Known(1 << 7);
    /// Part of a town's name.
    pub const PLACE: Known = Known(1 << 8);
    /// Part of the name of a country, state, people or language.
    pub const COUNTRY: Known = Known(1 << 9);
    /// A form of address: `Mr`, `Frau`, `Dr`.
    pub const TITLE: Known = Known(1 << 10);
    /// Part of a company's name: `Ltd`, `GmbH`, `Bank`.
    pub const LEGAL: Known = Known(1 << 11);
    /// A month or a day of the week.
    pub const DATE: Known = Known(1 << 12);
    /// A role that a document gives to a person: `Borrower`, `Tenant`, `Witness`.
    pub const ROLE: Known = Known(1 << 13);
    /// What stands inside names: `van`, `de`, `bin`.
    pub const PARTICLE: Known = Known(1 << 14);
    /// A word of technical texts: a product, format or method, some of them named after people.
    pub const TECHNICAL: Known = Known(1 << 15);

    /// Whether any of `properties` holds.
    #[must_use]
    pub fn any(self, properties: Known) -> bool {
        self.0 & properties.0 != 0
    }

    /// Both sets of properties.
    #[must_use]
    pub const fn with(self, more: Known) -> Known {
        Known(self.0 | more.0)
    }

    /// These properties without those of `fewer`.
    #[must_use]
    pub const fn without(self, fewer: Known) -> Known {
        Known(self.0 & !fewer.0)
    }
}

/// Buckets are chosen by so many bits of a word's hash.
const BUCKET_BITS: u32 = 15;
const BUCKETS: usize = 1 << BUCKET_BITS;
/// How many words a bucket holds.
const SLOTS: usize = 15;
/// Bytes of a bucket: a line of the processor's cache.
const BUCKET: usize = 64;

/// Words by hash. A word that is not in it seems to be with a chance of about one in ten thousand.
///
/// A bucket: tags of fifteen words, sixteen more bits of their hashes; the number of the bucket that goes on
/// where this one is full, or 0; properties of fifteen words; 0. Where there is no word, tag and properties
/// are 0. Numbers have two bytes, little endian. The buckets that go on come after those that hashes choose.
#[derive(Debug)]
pub struct Lexicon<'m> {
    buckets: &'m [[u8; BUCKET]],
}

impl<'m> Lexicon<'m> {
    /// Reads the bytes that [`encode`] wrote.
    #[must_use]
    pub fn decode(bytes: &'m [u8]) -> Option<Self> {
        let (buckets, rest) = bytes.as_chunks();
        (rest.is_empty() && buckets.len() >= BUCKETS).then_some(Self { buckets })
    }

    pub(crate) fn find(&self, hash: u64) -> Known {
        let (bucket, tag) = place(hash);
        let Some(bucket) = self.buckets.get(bucket) else { return Known::default() };
        let (known, more) = look(bucket, tag);
        // A bucket that does not go on is looked at again instead: whether it goes on is guessed wrong too often, and the word is
        // in one of the two at most.
        let next = if more == 0 {
            bucket
        } else {
            self.buckets.get(BUCKETS - 1 + usize::from(more)).unwrap_or(bucket)
        };
        known.with(look(next, tag).0)
    }
}

/// The properties of a word of a bucket, and the number of the bucket that goes on.
///
/// All tags are compared, as that is a few instructions: none is there twice, and zeros add nothing.
fn look(bucket: &[u8; BUCKET], tag: u16) -> (Known, u16) {
    let (numbers, _) = bucket.as_chunks();
    let (tags, properties) = numbers.split_at(SLOTS + 1);
    let known = tags.iter().zip(properties).fold(0, |known, (other, properties)| {
        let is_it = u16::from(u16::from_le_bytes(*other) == tag);
        known | u16::from_le_bytes(*properties) & is_it.wrapping_neg()
    });
    (Known(known), tags.last().map_or(0, |more| u16::from_le_bytes(*more)))
}

fn place(hash: u64) -> (usize, u16) {
    let bucket = hash >> (u64::BITS - BUCKET_BITS);
    (usize::try_from(bucket).unwrap_or_default(), hash as u16)
}

/// Writes plain words with their properties. Of words with the same tag in the same bucket the first counts.
#[must_use]
pub fn encode(words: impl Iterator<Item = (String, Known)>) -> Vec<u8> {
    let mut buckets: Vec<Vec<(u16, Known)>> = vec![Vec::new(); BUCKETS];
    for (word, known) in words {
        let (bucket, tag) = place(Hash::of(&word));
        if let Some(bucket) = buckets.get_mut(bucket) {
            bucket.push((tag, known));
        }
    }
    let mut bytes = Vec::with_capacity(BUCKETS * BUCKET);
    let mut more = Vec::new();
    for bucket in &mut buckets {
        bucket.sort_by_key(|(tag, _)| *tag);
        bucket.dedup_by_key(|(tag, _)| *tag);
        let (words, rest) = bucket.split_at(bucket.len().min(SLOTS));
        // What finds no place in two buckets is left out: of a million words none, most likely.
        let rest = rest.get(..SLOTS).unwrap_or(rest);
        if !rest.is_empty() {
            write(rest, 0, &mut more);
        }
        let next = if rest.is_empty() { 0 } else { more.len() / BUCKET };
        write(words, u16::try_from(next).unwrap_or_default(), &mut bytes);
    }
    bytes.extend(more);
    bytes
}

fn write(words: &[(u16, Known)], more: u16, out: &mut Vec<u8>) {
    let slots = |number: fn(&(u16, Known)) -> u16| {
        words.iter().map(number).chain(std::iter::repeat(0)).take(SLOTS).collect::<Vec<u16>>()
    };
    let numbers = [slots(|(tag, _)| *tag), vec![more], slots(|(_, known)| known.0), vec![0]];
    out.extend(numbers.iter().flatten().flat_map(|number| number.to_le_bytes()));
}

#[cfg(test)]
mod tests {
    use super::{BUCKET, BUCKETS, Known, Lexicon, encode};
    use crate::hash::Hash;

    #[test]
    fn a_full_bucket_goes_on_in_another() {
        let words: Vec<String> = (0..400_000).map(|number| format!("word{number}")).collect();
        let known = |number: usize| Known(1 + (number % 1000) as u16);
        let bytes = encode(words.iter().cloned().enumerate().map(|(number, word)| (word, known(number))));
        assert!(bytes.len() > (BUCKETS + 1000) * BUCKET);
        let Some(lexicon) = Lexicon::decode(&bytes) else { panic!("not decoded") };
        let lost = words.iter().enumerate().filter(|(n, word)| lexicon.find(Hash::of(word)) != known(*n));
        // Those that share bucket and tag with another.
        assert!(lost.count() < 100);
        let strangers =
            (0..100_000).filter(|n| lexicon.find(Hash::of(&format!("no{n}"))) != Known::default());
        assert!(strangers.count() < 100);
    }
}
