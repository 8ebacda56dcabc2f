//! What is around rows of digits, by masks of 64 bytes: most that is looked for there is refused by that.

use super::{ahead, behind};
use crate::lanes::{Lanes, is, is_in};
use crate::site::Around;
use wide::u8x16;

/// What is around the rows of digits of a block, a bit for each place.
///
/// INVARIANT (no less): what is beyond the block may be anything, so that a bit is unset only where it is in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sights {
    /// Digits after two letters that begin a word or two.
    coded: u64,
    /// The first digits of their words.
    first: u64,
    /// What follows on the first of four numbers with dots between them.
    dotted: u64,
    /// Groups of the address of a device.
    groups: u64,
    /// What follows on digits before a city, and digits after the abbreviation of a state.
    before_city: u64,
    after_state: u64,
    /// The beginnings of so many digits and separators that they may be a number.
    long: u64,
}

impl Sights {
    pub(super) fn of(lanes: &Lanes, digits: u64, letters: u64, lowers: u64) -> Self {
        let of = |byte: u8| lanes.mask(|lane| is(lane, byte));
        let (dots, dashes, spaces) = (of(b'.'), of(b'-'), of(b' '));
        let uppers = letters & !lowers;
        let beyond_ascii = lanes.mask(|lane| lane);
        let hex = digits | lanes.mask(|lane| is_in(lane | u8x16::splat(0x20), b'a', b'f'));
        let gaps = spaces | lanes.mask(is_gap);
        Self {
            coded: coded(digits, letters),
            first: first_of_words(digits, letters),
            dotted: dotted(digits, dots),
            groups: groups(hex, of(b':') | dashes, dots),
            before_city: dashes | spaces & ahead(uppers | beyond_ascii, 1),
            after_state: behind(spaces, 1) & behind(uppers, 2) & behind(uppers, 3) & behind(spaces, 4),
            long: seven(digits | gaps),
        }
    }

    /// What is around the digits from `start` to before `end` in the word that begins at `word`.
    #[inline]
    pub(super) fn around(&self, word: usize, start: usize, end: usize) -> Around {
        let bit = |mask: u64, at: usize| mask >> at & 1 == 1;
        Around::NOTHING
            .or(Around::CODED.when(bit(self.coded, start)))
            .or(Around::FIRST.when(bit(self.first, start)))
            .or(Around::DOTTED.when(bit(self.dotted, end)))
            .or(Around::GROUPED.when(bit(self.groups, word)))
            .or(Around::PLACED.when(bit(self.before_city, end) | bit(self.after_state, start)))
            .or(Around::LONG.when(bit(self.long, start)))
    }
}

/// What may stand between the groups of a number, but for a space.
fn is_gap(lane: u8x16) -> u8x16 {
    is_in(lane, b'-', b'/') | is_in(lane, b'(', b')') | is_in(lane, b'\t', b'\r')
}

/// From where on seven bytes are all of a kind.
fn seven(mask: u64) -> u64 {
    let two = mask & ahead(mask, 1);
    let four = two & ahead(two, 2);
    four & ahead(four, 3)
}

/// Digits after two letters that begin a word or two, separators between or not.
fn coded(digits: u64, letters: u64) -> u64 {
    let others = !(letters | digits);
    let past_gap = |mask: u64| {
        let next = behind(mask, 1);
        (0..3).fold(next, |next, _| next | behind(next & others, 1))
    };
    let firsts = letters & behind(others, 1);
    digits & past_gap(letters & past_gap(firsts))
}

/// Digits before which their words have nothing but letters.
fn first_of_words(digits: u64, letters: u64) -> u64 {
    let words = digits | letters;
    let starts = words & !(words << 1);
    // What a carry through the letters comes out at.
    let after_letters = letters.wrapping_add(starts & letters) & !letters;
    digits & (starts | after_letters)
}

/// Dots between digits, of which two more follow, each within four bytes.
fn dotted(digits: u64, dots: u64) -> u64 {
    let between = dots & behind(digits, 1) & ahead(digits, 1);
    let follows = |mask: u64| ahead(mask, 2) | ahead(mask, 3) | ahead(mask, 4);
    between & follows(between & follows(between))
}

/// Where a group of an address of a device may begin: of six pairs, three fours, or one of twelve.
fn groups(hex: u64, signs: u64, dots: u64) -> u64 {
    let two = hex & ahead(hex, 1);
    let four = two & ahead(two, 2);
    // Of six groups, three follow on each or precede it; of three, two or one of each.
    let pairs = two & ahead(signs, 2) & ahead(two, 3);
    let pairs = pairs & ahead(pairs, 3) & ahead(pairs, 6);
    let fours = four & ahead(dots, 4) & ahead(four, 5);
    let twelve = four & ahead(four, 4) & ahead(four, 8);
    pairs | behind(pairs, 9) | fours | behind(fours, 5) | twelve
}
