//! Hash tables of numbers of 64 bits, which are filled once.

/// Slots in which numbers lie that belong to a hash, each in the first free one from the hash's own on.
pub struct Slots {
    slots: Vec<u64>,
    /// So many are some hash's own; more follow only if the last of them are taken.
    own: u64,
}

/// A slot without a number.
const FREE: u64 = u64::MAX;

impl Slots {
    /// With room for so many numbers: three slots for two.
    pub fn for_entries(entries: usize) -> Self {
        let own = entries + entries / 2 + 8;
        Self { slots: vec![FREE; own], own: own as u64 }
    }

    /// Puts a number into the table. There are no more than it was made for, and none is [`FREE`].
    pub fn insert(&mut self, hash: u64, number: u64) {
        let first = self.first(hash);
        let free = self.slots.iter_mut().skip(first).find(|slot| **slot == FREE);
        match free {
            Some(slot) => *slot = number,
            None => self.slots.push(number),
        }
    }

    /// What `is_it` says of the numbers that may belong to the hash, if it says something of one.
    #[inline]
    pub fn find<T>(&self, hash: u64, is_it: impl Fn(u64) -> Option<T>) -> Option<T> {
        for number in self.slots.get(self.first(hash)..)? {
            if *number == FREE {
                return None;
            }
            if let Some(found) = is_it(*number) {
                return Some(found);
            }
        }
        None
    }

    /// The high bits of the hash, as a share of all slots.
    #[inline]
    fn first(&self, hash: u64) -> usize {
        (((hash >> 32) * self.own) >> 32) as usize
    }
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a number.
#[inline]
pub const fn hash_of(number: u64) -> u64 {
    let wide = (number ^ MIX) as u128 * 0xd6e8_feb8_6659_fd93_u128;
    (wide as u64) ^ (wide >> 64) as u64
}

/// The hash of two numbers of 20 bits in one, good enough for those that are vocabularies' pairs.
#[inline]
pub const fn hash_of_pair(pair: u64) -> u64 {
    pair.wrapping_mul(MIX)
}

/// The hash of some bytes, eight at least. Not made against those who look for collisions: what is looked up in is made of
/// vocabularies alone.
#[inline]
pub fn hash_of_bytes(bytes: &[u8]) -> u64 {
    let length = bytes.len() as u64;
    let (chunks, _) = bytes.as_chunks::<8>();
    let whole = chunks.iter().fold(length, |hash, eight| hash_of(hash ^ u64::from_le_bytes(*eight)));
    hash_of(whole ^ bytes.last_chunk().map_or(0, |eight| u64::from_le_bytes(*eight)))
}
