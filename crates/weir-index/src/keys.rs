use siphasher::sip::SipHasher24;
use std::fmt;

/// What makes the hashes of one file differ from those of every other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

// Who has the salt can test guesses.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

/// The keyed hashes of one file.
#[derive(Clone)]
pub(crate) struct Keys {
    sip: SipHasher24,
    word: u64,
    roll: u64,
    filter: u64,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    pub(crate) fn new(salt: Salt) -> Self {
        let sip = SipHasher24::new_with_key(&salt.0);
        let odd = |name: &[u8]| sip.hash(name) | 1;
        let (word, roll, filter) = (odd(b"word"), odd(b"roll"), odd(b"filter"));
        Self { sip, word, roll, filter }
    }

    /// The hash of a value.
    pub(crate) fn hash(&self, bytes: &[u8]) -> u64 {
        self.sip.hash(bytes)
    }

    /// Spreads a filter key over 64 bits, the first ones best.
    pub(crate) fn spread(&self, key: u64) -> u64 {
        key.wrapping_mul(self.filter)
    }

    /// The multiplier of a rolling sum.
    pub(crate) fn roll(&self) -> u64 {
        self.roll
    }

    /// The hash of one word, quick and weak: a hit of the filter is confirmed by [`hash`](Self::hash).
    pub(crate) fn word(&self, word: &[u8]) -> u64 {
        let step = |hash: u64, group: &[u8]| {
            let hash = (hash ^ crate::bytes::number(group)).wrapping_mul(self.word);
            hash ^ hash >> 32
        };
        word.chunks(8).fold(0, step)
    }
}
