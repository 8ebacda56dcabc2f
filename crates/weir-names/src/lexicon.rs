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
/// Bytes of an entry: sixteen more bits of the hash, sixteen properties, little endian.
const ENTRY: usize = 4;

/// Words by hash. A word that is not in it seems to be with a chance of about one in ten thousand.
#[derive(Debug)]
pub struct Lexicon<'m> {
    starts: Vec<u32>,
    entries: &'m [u8],
}

impl<'m> Lexicon<'m> {
    /// Reads the bytes that [`encode`] wrote; gives the rest too.
    #[must_use]
    pub fn decode(bytes: &'m [u8]) -> Option<(Self, &'m [u8])> {
        let (counts, rest) = bytes.split_at_checked(1 << BUCKET_BITS)?;
        let mut starts = Vec::with_capacity(counts.len() + 1);
        starts.push(0);
        let mut total = 0_u32;
        for count in counts {
            total += u32::from(*count);
            starts.push(total);
        }
        let (entries, rest) = rest.split_at_checked(total as usize * ENTRY)?;
        Some((Self { starts, entries }, rest))
    }

    pub(crate) fn find(&self, word: Hash) -> Known {
        let (bucket, tag) = place(word.finish());
        let (Some(&start), Some(&end)) = (self.starts.get(bucket), self.starts.get(bucket + 1)) else {
            return Known::default();
        };
        let entries = self.entries.get(start as usize * ENTRY..end as usize * ENTRY).unwrap_or_default();
        let (entries, _) = entries.as_chunks::<ENTRY>();
        let found = entries.iter().find(|[a, b, _, _]| u16::from_le_bytes([*a, *b]) == tag);
        found.map_or(Known::default(), |[_, _, a, b]| Known(u16::from_le_bytes([*a, *b])))
    }
}

fn place(hash: u64) -> (usize, u16) {
    let bucket = hash >> (u64::BITS - BUCKET_BITS);
    (usize::try_from(bucket).unwrap_or_default(), hash as u16)
}

/// Writes plain words with their properties.
#[must_use]
pub fn encode(words: impl Iterator<Item = (String, Known)>) -> Vec<u8> {
    let mut buckets: Vec<Vec<(u16, Known)>> = vec![Vec::new(); 1 << BUCKET_BITS];
    for (word, known) in words {
        let (bucket, tag) = place(Hash::of(&word).finish());
        if let Some(bucket) = buckets.get_mut(bucket)
            && bucket.len() < usize::from(u8::MAX)
        {
            bucket.push((tag, known));
        }
    }
    let mut bytes: Vec<u8> =
        buckets.iter().map(|bucket| u8::try_from(bucket.len()).unwrap_or(u8::MAX)).collect();
    for (tag, known) in buckets.iter_mut().flat_map(|bucket| {
        bucket.sort_unstable_by_key(|(tag, _)| *tag);
        bucket.iter()
    }) {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(known.0.to_le_bytes());
    }
    bytes
}
