use crate::collector::Seen;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;
use std::sync::{Arc, Mutex};

/// Parts that threads rarely meet in.
const SHARDS: usize = 16;
/// What an entry takes besides its findings, about; and one of a text that shows nothing, as most do.
const ENTRY_BYTES: usize = 160;
const NOTHING_BYTES: usize = 48;
const FINDING_BYTES: usize = 240;

/// What texts of earlier bodies showed, so that turn n of a conversation costs one message.
///
/// A text is remembered under a keyed hash of it and of everything else that its reading depends on, never
/// as text. The hash is a pseudo-random function of 128 bits whose key callers do not know, so nobody can
/// make two texts that are taken for one. Source: Aumasson and Bernstein, "SipHash" (2012).
///
/// Belongs to one engine and so to one policy revision. Bounded: what was not asked for while one half
/// filled is forgotten when the next does.
pub(crate) struct Memory {
    key: [u8; 16],
    half_bytes_max: usize,
    shards: [Mutex<Halves>; SHARDS],
}

/// What is remembered of a text.
#[derive(Clone)]
pub(crate) enum Remembered {
    /// That it showed nothing, with so many bytes of views.
    Nothing(u32),
    Seen(Arc<Seen>),
}

impl Remembered {
    fn of(seen: Seen) -> Self {
        match u32::try_from(seen.view_bytes()) {
            Ok(view_bytes) if seen.is_nothing() => Self::Nothing(view_bytes),
            _ => Self::Seen(Arc::new(seen)),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Nothing(_) => NOTHING_BYTES,
            Self::Seen(seen) => ENTRY_BYTES + FINDING_BYTES * seen.findings(),
        }
    }
}

#[derive(Default)]
struct Halves {
    young: BTreeMap<u128, Remembered>,
    old: BTreeMap<u128, Remembered>,
    young_bytes: usize,
}

impl Memory {
    /// Room for about `bytes_max` bytes.
    pub(crate) fn new(key: [u8; 16], bytes_max: usize) -> Self {
        Self { key, half_bytes_max: bytes_max / SHARDS / 2, shards: Default::default() }
    }

    /// The name of what `feed` feeds.
    pub(crate) fn name(&self, feed: impl FnOnce(&mut SipHasher24)) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        feed(&mut hasher);
        hasher.finish128().as_u128()
    }

    pub(crate) fn recall(&self, name: u128) -> Option<Remembered> {
        let mut halves = self.shard(name)?.lock().ok()?;
        if let Some(seen) = halves.young.get(&name) {
            return Some(seen.clone());
        }
        let seen = halves.old.remove(&name)?;
        halves.insert(name, seen.clone(), self.half_bytes_max);
        Some(seen)
    }

    pub(crate) fn keep(&self, name: u128, seen: Seen) {
        if let Some(Ok(mut halves)) = self.shard(name).map(Mutex::lock) {
            halves.insert(name, Remembered::of(seen), self.half_bytes_max);
        }
    }

    fn shard(&self, name: u128) -> Option<&Mutex<Halves>> {
        self.shards.get(usize::try_from(name >> 64 & (SHARDS as u128 - 1)).ok()?)
    }
}

impl Halves {
    fn insert(&mut self, name: u128, seen: Remembered, bytes_max: usize) {
        let bytes = seen.bytes();
        if bytes > bytes_max {
            return;
        }
        if self.young_bytes + bytes > bytes_max {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        self.young.insert(name, seen);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes a half and shard)", self.half_bytes_max)
    }
}

/// Feeds a text so that no two sequences of texts feed the same bytes.
pub(crate) fn feed(hasher: &mut SipHasher24, text: &str) {
    hasher.write_usize(text.len());
    hasher.write(text.as_bytes());
}
