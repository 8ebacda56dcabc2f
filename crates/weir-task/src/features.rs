//! Text → what the model weighs.

use crate::groups::COUNTS;
use crate::hash::{Hash, mix};
use crate::lexicon::{GROUPS, Lexicon};
use crate::logarithm::Logarithms;
use crate::scan::{Class, HEAD_BYTES, Scan, Token, scan};
use crate::shape::{SHAPE, shape};

/// Logarithm to base 2 of the number of rows of weights.
pub const ROW_BITS: u32 = 15;
/// How many sets of hashed features there are; each counts as much however many are in it.
pub const SETS: usize = 6;
/// How many numbers there are beside the hashed features.
pub const NUMBERS: usize = SHAPE + COUNTS;

/// Of a line so many tokens are looked at.
const LINE_TOKENS: usize = 40;
/// So many tokens from either end of the text their place counts.
const EDGE_TOKENS: usize = 12;

/// Sets of hashed features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Whole,
    Head,
    Tail,
    Edge,
    FirstLine,
    LastLine,
}

impl Set {
    /// All of them, in the order of [`Features::rows`].
    pub const ALL: [Set; SETS] = [Set::Whole, Set::Head, Set::Tail, Set::Edge, Set::FirstLine, Set::LastLine];
}

/// What the model weighs of a text.
#[derive(Debug, Clone)]
pub struct Features {
    /// Numbers of rows, for each set.
    pub rows: [Vec<u16>; SETS],
    /// What the shape and the lexicon say.
    pub numbers: [f32; NUMBERS],
}

impl Features {
    /// The features of a text.
    pub(crate) fn of(text: &str, lexicon: &Lexicon<'_>) -> Self {
        let scan = scan(text, lexicon);
        let rows = Set::ALL.map(|set| {
            let mut rows = Vec::new();
            each_row(&scan, set, &mut rows);
            rows
        });
        Self { rows, numbers: numbers(text, &scan) }
    }

    /// The numbers of its shape.
    #[must_use]
    pub fn shape(&self) -> &[f32] {
        self.numbers.get(..SHAPE).unwrap_or_default()
    }
}

/// What the shape and the lexicon say of a text.
pub(crate) fn numbers(text: &str, scan: &Scan) -> [f32; NUMBERS] {
    let mut numbers = [0.0; NUMBERS];
    let (of_shape, of_words) = numbers.split_at_mut(SHAPE);
    of_shape.copy_from_slice(&shape(text, scan));
    let logarithms = Logarithms::kept();
    for (to, counts) in of_words.as_chunks_mut::<GROUPS>().0.iter_mut().zip(scan.groups.counts()) {
        scan.groups.present().each(|group| {
            if let (Some(to), Some(count)) = (to.get_mut(group), counts.get(group)) {
                *to = logarithms.of(*count);
            }
        });
    }
    numbers
}

/// What a hash is of, so that the same word in another role is another feature: of each role other bits of the hash
/// count, and two words whose rows are the same in one role mostly differ in the others. As the lowest of these bits.
mod role {
    pub const WHOLE: u32 = 49;
    pub const HEAD: u32 = 43;
    pub const TAIL: u32 = 37;
    pub const FIRST_LINE: u32 = 31;
    pub const LAST_LINE: u32 = 25;
    /// The first word of a sentence: beside its own role.
    pub const SENTENCE: u32 = 3;
    pub const FROM_START: u32 = 19;
    pub const FROM_END: u32 = 13;
    pub const TRIPLE: u32 = 7;
}

/// What hashes of beginnings and endings are mixed with.
const BEGINNING: u64 = 0x13;
const ENDING: u64 = 0x14;

/// What rows are given to, one by one.
pub(crate) trait Rows {
    fn add(&mut self, row: u16);
    /// Called after at most [`AT_ONCE`] rows.
    fn pause(&mut self) {}
}

impl Rows for Vec<u16> {
    fn add(&mut self, row: u16) {
        self.push(row);
    }
}

/// So many rows are given before a pause at most.
pub(crate) const AT_ONCE: usize = 256;
/// So many rows a token has in the set of all, and at most in another.
const OF_ANY_TOKEN: usize = 2;
const OF_NEAR_TOKEN: usize = 5;

/// Gives the row of each feature of a set.
///
/// A text that is all beginning has no end of its own, and one of a single line no first and last.
#[inline(always)]
pub(crate) fn each_row(scan: &Scan, set: Set, to: &mut impl Rows) {
    let tokens = scan.tokens.as_slice();
    match set {
        Set::Whole => each_token::<OF_ANY_TOKEN, _>(tokens, to, |token, to| {
            to.add(row(token.hash, role::WHOLE));
            to.add(row(token.pair, role::WHOLE));
        }),
        Set::Head => {
            let end = tokens.partition_point(Token::is_head);
            each_near(tokens.get(..end).unwrap_or_default(), role::HEAD, to);
        }
        Set::Tail => {
            let is_apart = scan.bytes > HEAD_BYTES;
            let start = if is_apart {
                tokens.partition_point(|token| !token.is_tail(scan.bytes))
            } else {
                tokens.len()
            };
            each_near(tokens.get(start..).unwrap_or_default(), role::TAIL, to);
        }
        Set::Edge => edges(tokens, to),
        Set::FirstLine => {
            let end = scan.line_ends.map_or(0, |(first, _)| first.min(LINE_TOKENS));
            each_near(tokens.get(..end).unwrap_or_default(), role::FIRST_LINE, to);
        }
        Set::LastLine => {
            let at_least = tokens.len().saturating_sub(LINE_TOKENS);
            let start = scan.line_ends.map_or(tokens.len(), |(_, last)| at_least.max(last + 1));
            each_near(tokens.get(start..).unwrap_or_default(), role::LAST_LINE, to);
        }
    }
}

#[inline(always)]
fn each_near<R: Rows>(tokens: &[Token], place: u32, to: &mut R) {
    each_token::<OF_NEAR_TOKEN, _>(tokens, to, |token, to| near(token, place, to));
}

#[inline(always)]
fn each_token<const ROWS: usize, R: Rows>(tokens: &[Token], to: &mut R, each: impl Fn(&Token, &mut R)) {
    for some in tokens.chunks(AT_ONCE / ROWS) {
        some.iter().for_each(|token| each(token, to));
        to.pause();
    }
}

/// Features of a token near the beginning or the end.
#[inline(always)]
fn near(token: &Token, place: u32, to: &mut impl Rows) {
    to.add(row(token.hash, place));
    to.add(row(token.pair, place));
    if token.class == Class::Word && token.chars > 4 {
        to.add(row(mix(token.beginning, BEGINNING), place));
        to.add(row(mix(u64::from(token.ending), ENDING), place));
    }
    if token.starts_sentence {
        to.add(row(token.hash, place - role::SENTENCE));
    }
}

/// The first and last tokens, with their places.
fn edges(tokens: &[Token], to: &mut impl Rows) {
    for (place, token) in tokens.iter().take(EDGE_TOKENS).enumerate() {
        to.add(row(token.hash, role::FROM_START) ^ rough(place));
    }
    for (place, token) in tokens.iter().rev().take(EDGE_TOKENS).enumerate() {
        to.add(row(token.hash, role::FROM_END) ^ rough(place));
    }
    for (place, three) in tokens.windows(3).take(4).enumerate() {
        let hash = three.iter().fold(Hash::WORD.value(), |hash, token| mix(hash, token.hash));
        to.add(row(hash, role::TRIPLE) ^ rough(place));
    }
    to.pause();
}

#[inline]
fn row(hash: u64, role: u32) -> u16 {
    (hash >> role) as u16 & ((1 << ROW_BITS) - 1)
}

/// Places that are told apart: the first one by one, later ones together.
#[inline]
fn rough(place: usize) -> u16 {
    match place {
        0..=2 => place as u16,
        3..=5 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::{Features, SHAPE};
    use crate::lexicon::{GROUPS, Lexicon, encode};

    #[test]
    fn groups_are_counted_by_where_they_stand() {
        let (_, table) = encode("[a]\nsummar* key_points\n[b]\nresume\n").unwrap();
        let lexicon = Lexicon::decode(&table).unwrap();
        let counts = |text: &str| {
            let numbers = Features::of(text, &lexicon).numbers;
            let count =
                |place: usize, group: usize| (numbers[SHAPE + place * GROUPS + group].exp() - 1.0).round();
            [0, 1].map(|group| [0, 1, 2, 3].map(|place| count(place, group)))
        };
        let long = "filling words ".repeat(100);
        assert_eq!(counts("Summarise the key points."), [[2.0; 4], [0.0; 4]]);
        assert_eq!(counts("Points? The key, the resume."), [[0.0; 4], [1.0; 4]]);
        assert_eq!(counts(&format!("resume {long} resume {long}")), [[0.0; 4], [1.0, 1.0, 0.0, 2.0]]);
        assert_eq!(counts(&format!("{long} key points")), [[0.0, 0.0, 1.0, 1.0], [0.0; 4]]);
    }
}
