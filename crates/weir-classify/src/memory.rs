use crate::collector::Seen;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex};

/// Parts that threads rarely meet in.
const SHARDS: usize = 16;
/// What an entry takes besides its findings, about; and one of a text that shows nothing, as most do: at most,
/// with the places of its table that are free.
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
    young: Half,
    old: Half,
    young_bytes: usize,
}

/// Texts that show nothing, side by side, and the others.
#[derive(Default)]
struct Half {
    nothing: HashMap<Name, u32, BuildHasherDefault<AsItIs>>,
    seen: BTreeMap<u128, Arc<Seen>>,
}

/// The keyed hash of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name([u8; 16]);

impl Hash for Name {
    /// A part of a keyed hash is as good a place in a table as any hash of it would be; not the part that chooses the
    /// shard.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
    }
}

#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Asked for nothing but parts of names.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
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
        if let Some(remembered) = halves.young.recall(name) {
            return Some(remembered);
        }
        let remembered = halves.old.recall(name)?;
        halves.insert(name, remembered.clone(), self.half_bytes_max);
        Some(remembered)
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
    fn insert(&mut self, name: u128, remembered: Remembered, bytes_max: usize) {
        let bytes = remembered.bytes();
        if bytes > bytes_max {
            return;
        }
        if self.young_bytes + bytes > bytes_max {
            // The table of the one is that of the next.
            std::mem::swap(&mut self.old, &mut self.young);
            self.young.clear();
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        self.young.insert(name, remembered);
    }
}

impl Half {
    fn recall(&self, name: u128) -> Option<Remembered> {
        let nothing = self.nothing.get(&Name(name.to_le_bytes())).copied().map(Remembered::Nothing);
        nothing.or_else(|| self.seen.get(&name).cloned().map(Remembered::Seen))
    }

    fn insert(&mut self, name: u128, remembered: Remembered) {
        match remembered {
            Remembered::Nothing(view_bytes) => {
                self.nothing.insert(Name(name.to_le_bytes()), view_bytes);
            }
            Remembered::Seen(seen) => {
                self.seen.insert(name, seen);
            }
        }
    }

    fn clear(&mut self) {
        self.nothing.clear();
        self.seen.clear();
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
