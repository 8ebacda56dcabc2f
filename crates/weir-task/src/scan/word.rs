//! A word that is being read.

use crate::eights::{SMALL, eight, first};
use crate::hash::Hash;
use crate::lexicon::STEM_MAX;

/// How many characters the beginning of a word has.
pub(super) const BEGINNING: u32 = 4;

/// The first bytes of a word, as many as the longest stem has.
pub(super) type Eights = [u64; STEM_MAX as usize / 8];

/// A word without case and accents.
#[derive(Debug)]
pub(super) struct Word {
    pub hash: Hash,
    pub eights: Eights,
    pub bytes: u32,
    /// How many bytes its first letters have, or 8.
    pub beginning: u32,
    /// Its last four bytes.
    pub ending: u32,
    pub chars: u32,
    pub is_number: bool,
    pub is_capital: bool,
}

impl Word {
    pub const NEW: Word = Word {
        hash: Hash::WORD,
        eights: [0; STEM_MAX as usize / 8],
        bytes: 0,
        beginning: BEGINNING,
        ending: 0,
        chars: 0,
        is_number: false,
        is_capital: false,
    };

    /// The letters and digits of ASCII that eight bytes begin with: so many, from one to eight.
    #[inline(always)]
    pub fn short(eight: u64, bytes: u32) -> Self {
        let others = u64::BITS - 8 * bytes;
        let own = (eight | SMALL) << others;
        let mut word = Self::NEW;
        word.eights[0] = own >> others;
        word.hash = Hash::WORD.push(own >> others);
        word.ending = (own >> 32) as u32;
        (word.bytes, word.chars) = (bytes, bytes);
        // Small letters have both bits, digits the lower one.
        word.is_capital = eight & 0x60 == 0x40;
        word
    }

    /// One or more letters and digits of ASCII.
    pub fn ascii(text: &[u8]) -> Self {
        let Some((own, rest)) = text.split_first_chunk() else {
            return Self::short(eight(text), text.len().max(1) as u32);
        };
        let mut word = Self::short(u64::from_le_bytes(*own), 8);
        let (eights, end) = rest.as_chunks();
        eights.iter().for_each(|own| word.push(u64::from_le_bytes(*own) | SMALL, 8));
        if let (Some(last), false) = (text.last_chunk(), end.is_empty()) {
            // The end is at the end of the last eight.
            let bytes = end.len() as u32;
            word.push((u64::from_le_bytes(*last) | SMALL) >> (u64::BITS - 8 * bytes), bytes);
        }
        word
    }

    /// The next bytes: eight, or fewer at the end.
    #[inline(always)]
    pub fn push(&mut self, eight: u64, bytes: u32) {
        if let Some(place) = self.eights.get_mut(self.bytes as usize / 8) {
            *place = eight;
        }
        self.hash = self.hash.push(eight);
        // The last four bytes of those so far and these.
        let own = (eight << (u64::BITS - 8 * bytes) >> 32) as u32;
        self.ending = own | self.ending.checked_shr(8 * bytes).unwrap_or_default();
        self.bytes += bytes;
        self.chars += bytes;
    }

    /// Its first letters.
    #[inline(always)]
    pub fn start(&self) -> u64 {
        first(self.eights[0], self.beginning)
    }
}

/// The hash of the first `length` bytes of a word, at least one and at most [`STEM_MAX`].
pub(crate) fn stem(eights: &Eights, length: u32) -> Hash {
    let starts = eights.iter().zip((0..).step_by(8)).take_while(|(_, start)| *start < length);
    starts.fold(Hash::STEM, |hash, (eight, start)| hash.push(first(*eight, (length - start).min(8))))
}

/// The first bytes of what the lexicon has as a beginning of words.
pub(crate) fn eights(stem: &str) -> Eights {
    let mut eights = Eights::default();
    eights.iter_mut().zip(stem.as_bytes().chunks(8)).for_each(|(to, bytes)| *to = eight(bytes));
    eights
}
