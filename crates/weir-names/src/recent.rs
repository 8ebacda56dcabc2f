//! What was found out of words that came lately, so that it need not be found out again.

use crate::hash::PRIME;
use crate::lanes::Lanes;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// How a word of at most fifteen letters and digits of ASCII is written: its bytes, filled up with zeros.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct Spelling([u64; 2]);

/// What is left of both halves of a word of so many bytes.
const MASKS: [[u64; 2]; Lanes::COUNT] = masks();

impl Spelling {
    /// Of the word that the first so many bytes are, letters and digits of ASCII.
    pub(crate) fn of(lanes: Lanes, length: usize) -> Self {
        let ([first, last], mask) = (lanes.halves(), MASKS.get(length % MASKS.len()));
        let [first_mask, last_mask] = mask.copied().unwrap_or_default();
        Self([first & first_mask, last & last_mask])
    }

    /// Of the word of so many bytes at `start`; none if it is longer or has bytes beyond ASCII.
    pub(crate) fn of_word(bytes: &[u8], start: usize, length: usize) -> Option<Self> {
        let spelling = (length < MASKS.len()).then(|| Self::of(Lanes::at(bytes, start), length))?;
        (!spelling.has(NOT_ASCII)).then_some(spelling)
    }

    /// The same, but one for all numbers: that of no word.
    pub(crate) fn of_any_number(self) -> Self {
        let mask = u64::from(self.has(LETTER)).wrapping_sub(1);
        Self(self.0.map(|bytes| bytes | mask))
    }

    /// Whether a byte has one of these bits.
    fn has(self, bits: u64) -> bool {
        let Self([first, last]) = self;
        (first | last) & bits != 0
    }

    fn hash(self) -> u64 {
        let Self([first, last]) = self;
        (first ^ last.rotate_left(23)).wrapping_mul(PRIME)
    }
}

const NOT_ASCII: u64 = 0x8080_8080_8080_8080;
/// What letters of ASCII have and digits have not.
const LETTER: u64 = 0x4040_4040_4040_4040;

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn masks() -> [[u64; 2]; Lanes::COUNT] {
    let mut masks = [[0; 2]; Lanes::COUNT];
    let mut length = 1;
    while length < masks.len() {
        let bits = u128::MAX >> (u128::BITS - 8 * length as u32);
        masks[length] = [bits as u64, (bits >> u64::BITS) as u64];
        length += 1;
    }
    masks
}

/// What is remembered of a word.
pub(crate) type Values = [u64; 2];

/// In each pair of slots the newest two words of those that share it. Threads use it together and wait for none.
///
/// A slot is read and written number by number. So that none mistakes for one word what two threads wrote at the same time,
/// the spelling is kept combined with the values, and is right only together with them.
///
/// The words are those of users' texts: they are in memory alone, and nothing prints them.
///
/// Source: Hyatt, Mann, "A lock-less transposition-table implementation for parallel search" (ICGA Journal 25, 2002).
pub(crate) struct Recent<const PAIRS: usize> {
    pairs: Box<[Pair; PAIRS]>,
}

impl<const PAIRS: usize> fmt::Debug for Recent<PAIRS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recent({} words at most)", 2 * PAIRS)
    }
}

/// A cache line: the word that came last and the one before.
#[derive(Default)]
#[repr(align(64))]
struct Pair([Slot; 2]);

#[derive(Default)]
struct Slot([AtomicU64; 4]);

impl<const PAIRS: usize> Recent<PAIRS> {
    /// With room for two words in each pair of slots, 32 bytes each.
    pub(crate) fn new() -> Option<Self> {
        let pairs: Box<[Pair]> = (0..PAIRS).map(|_| Pair::default()).collect();
        Some(Self { pairs: pairs.try_into().ok()? })
    }

    /// What was kept of a word, if not two others have come into its slots since.
    #[inline]
    pub(crate) fn find(&self, word: Spelling) -> Option<Values> {
        let Pair([newest, other]) = self.pair(word)?;
        newest.find(word).or_else(|| other.find(word))
    }

    pub(crate) fn keep(&self, word: Spelling, values: Values) {
        let Some(Pair([newest, other])) = self.pair(word) else { return };
        if newest.find(word).is_none() {
            other.write(newest.read());
        }
        let Spelling([first, last]) = combined(word, values);
        let [one, two] = values;
        newest.write([first, last, one, two]);
    }

    fn pair(&self, word: Spelling) -> Option<&Pair> {
        let hash = word.hash() >> 32;
        self.pairs.get(usize::try_from(hash).unwrap_or_default() % PAIRS)
    }
}

impl Slot {
    #[inline]
    fn find(&self, word: Spelling) -> Option<Values> {
        let [first, last, one, two] = self.read();
        (combined(Spelling([first, last]), [one, two]) == word).then_some([one, two])
    }

    fn read(&self) -> [u64; 4] {
        self.0.each_ref().map(|number| number.load(Relaxed))
    }

    fn write(&self, numbers: [u64; 4]) {
        self.0.iter().zip(numbers).for_each(|(number, value)| number.store(value, Relaxed));
    }
}

/// A spelling combined with values; combined once more it is itself again.
fn combined(Spelling([first, last]): Spelling, [one, two]: Values) -> Spelling {
    let mix = (one ^ two.rotate_left(32)).wrapping_mul(PRIME);
    Spelling([first ^ mix, last ^ mix])
}

#[cfg(test)]
mod tests {
    use super::{Recent, Spelling};

    fn spelling(word: &str) -> Spelling {
        Spelling::of_word(word.as_bytes(), 0, word.len()).unwrap()
    }

    #[test]
    fn a_spelling_is_all_letters_of_a_short_word() {
        let words =
            ["a", "A", "ab", "a1", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghijklmno", "abcdefghijklmnO"];
        for (index, word) in words.iter().enumerate() {
            for end in ["", " ", "-x", "\u{0}x", "é and so on, and so on"] {
                let found = Spelling::of_word(["é", word, end].concat().as_bytes(), 2, word.len()).unwrap();
                let same = words.iter().position(|other| spelling(other) == found);
                assert_eq!(same, Some(index), "{word}");
            }
        }
        for word in ["é", "abcé", "abcdefghé", "abcdefghijklmnop", "ab\u{301}"] {
            assert_eq!(Spelling::of_word(word.as_bytes(), 0, word.len()), None, "{word}");
        }
    }

    #[test]
    fn what_is_found_is_what_was_kept_of_the_same_word() {
        let recent = Recent::<32>::new().unwrap();
        let words: Vec<String> =
            (0..676_u16).map(|n| format!("samestem{}{}", letter(n / 26), letter(n % 26))).collect();
        let mut found = 0;
        for (n, word) in words.iter().enumerate() {
            assert_eq!(recent.find(spelling(word)), None);
            recent.keep(spelling(word), [n as u64, 7]);
            assert_eq!(recent.find(spelling(word)), Some([n as u64, 7]));
            let all =
                words.iter().enumerate().filter_map(|(n, word)| Some((n, recent.find(spelling(word))?)));
            found = all.inspect(|(n, values)| assert_eq!(values[0], *n as u64)).count();
        }
        assert!((32..=64).contains(&found), "{found} words in 64 slots");
    }

    fn letter(number: u16) -> char {
        char::from(b'a' + number as u8)
    }

    #[test]
    fn what_more_is_known_of_a_word_takes_no_other_words_place() {
        let (recent, one, other) = (Recent::<1>::new().unwrap(), spelling("one"), spelling("other"));
        recent.keep(other, [3, 4]);
        recent.keep(one, [1, 2]);
        recent.keep(one, [1, 5]);
        assert_eq!((recent.find(one), recent.find(other)), (Some([1, 5]), Some([3, 4])));
    }

    #[test]
    fn of_a_word_in_both_slots_the_newest_values_are_found() {
        let (recent, one) = (Recent::<1>::new().unwrap(), spelling("one"));
        recent.keep(one, [1, 2]);
        let [newest, older] = &recent.pairs[0].0;
        older.write(newest.read());
        recent.keep(one, [1, 5]);
        assert_eq!(recent.find(one), Some([1, 5]));
    }

    #[test]
    fn all_numbers_are_one_and_no_word() {
        let number = spelling("4711").of_any_number();
        assert_eq!(spelling("123456789012345").of_any_number(), number);
        assert_eq!(Recent::<1>::new().unwrap().find(number), None);
        for word in ["a", "Z", "1a", "12345678901234Z", "2b34567890"] {
            assert_eq!(spelling(word).of_any_number(), spelling(word), "{word}");
        }
    }

    #[test]
    fn no_word_is_printed() {
        let recent = Recent::<32>::new().unwrap();
        recent.keep(spelling("Margaret"), [1, 2]);
        assert_eq!(format!("{recent:?}"), "Recent(64 words at most)");
    }

    #[test]
    fn of_what_two_threads_wrote_at_once_nothing_is_found() {
        let (recent, one, other) = (Recent::<1>::new().unwrap(), spelling("one"), spelling("other"));
        recent.keep(other, [3, 4]);
        recent.keep(one, [1, 2]);
        assert_eq!((recent.find(one), recent.find(other)), (Some([1, 2]), Some([3, 4])));
        let [newest, older] = &recent.pairs[0].0;
        let [.., last] = older.read();
        newest.0[3].store(last, super::Relaxed);
        older.0[2].store(1, super::Relaxed);
        assert_eq!((recent.find(one), recent.find(other)), (None, None));
    }
}
