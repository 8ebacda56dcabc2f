use crate::bytes::{number, u32_at};
use crate::work;

/// Bytes of a hash that an entry begins with.
pub(crate) const HASH_BYTES: usize = 5;
/// A bucket has this many entries, or half as many, on average.
const LOAD: usize = 8;
/// More buckets than this have no use: there are at most 2^32 entries.
pub(crate) const LOG2_BUCKETS_MAX: u8 = 29;

/// Entries by the first bits of their hash.
pub(crate) struct Table<'a> {
    pub(crate) log2_buckets: u8,
    pub(crate) entry_bytes: usize,
    pub(crate) offsets: &'a [u8],
    pub(crate) entries: &'a [u8],
}

impl<'a> Table<'a> {
    /// The entries of a hash, without the bytes that all of them share.
    pub(crate) fn entries_of(&self, hash: u64) -> impl Iterator<Item = &'a [u8]> {
        work::count();
        let (bucket, rest) = split(hash, self.log2_buckets);
        self.bucket(bucket)
            .unwrap_or_default()
            .chunks_exact(self.entry_bytes)
            .filter_map(|entry| entry.split_at_checked(HASH_BYTES))
            .filter(move |(found, _)| number(found) == rest)
            .map(|(_, payload)| payload)
    }

    fn bucket(&self, bucket: usize) -> Option<&'a [u8]> {
        let offset = |bucket: usize| usize::try_from(u32_at(self.offsets, bucket * 4)?).ok();
        let (from, to) = (offset(bucket)?, offset(bucket + 1)?);
        self.entries.get(from * self.entry_bytes..to * self.entry_bytes)
    }
}

/// The bucket of a hash, and the bits that an entry keeps.
fn split(hash: u64, log2_buckets: u8) -> (usize, u64) {
    let bits = u32::from(log2_buckets);
    let bucket = hash.checked_shr(64 - bits).unwrap_or(0);
    let rest = (hash << bits) >> (64 - 8 * HASH_BYTES);
    (usize::try_from(bucket).unwrap_or(usize::MAX), rest)
}

/// The logarithm of the number of buckets for so many entries.
pub(crate) fn log2_buckets(entries: usize) -> u8 {
    let buckets = (entries / LOAD).max(1).next_power_of_two();
    u8::try_from(buckets.trailing_zeros()).unwrap_or(u8::MAX).min(LOG2_BUCKETS_MAX)
}

/// The offsets and entries of a table; `sorted` is in order of hash, each hash once.
pub(crate) fn build<T>(
    sorted: &[T],
    hash: impl Fn(&T) -> u64,
    payload: impl Fn(&T, &mut Vec<u8>),
) -> Vec<u8> {
    let log2 = log2_buckets(sorted.len());
    let mut bytes = Vec::with_capacity((4 << log2) + sorted.len() * HASH_BYTES);
    let mut next = 0;
    for bucket in 0..=1_usize << log2 {
        while sorted.get(next).is_some_and(|entry| split(hash(entry), log2).0 < bucket) {
            next += 1;
        }
        bytes.extend(u32::try_from(next).unwrap_or(u32::MAX).to_le_bytes());
    }
    for entry in sorted {
        let rest = split(hash(entry), log2).1.to_le_bytes();
        bytes.extend(rest.iter().take(HASH_BYTES));
        payload(entry, &mut bytes);
    }
    bytes
}
