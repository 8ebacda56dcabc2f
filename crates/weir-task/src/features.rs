//! Text → what the model weighs.

use crate::hash::{Rolling, mix};
use crate::lexicon::{GROUPS, Lexicon};
use crate::scan::{Class, HEAD_BYTES, Scan, TAIL_BYTES, Token, scan};
use crate::shape::{SHAPE, shape};

/// Logarithm to base 2 of the number of rows of weights.
pub const ROW_BITS: u32 = 15;
/// How many sets of hashed features there are; each counts as much however many are in it.
pub const SETS: usize = 6;
/// How many numbers the lexicon gives: for each group, how often it occurs in the first words, at the beginning, at the
/// end, and at all.
const WORDS: usize = GROUPS * 4;
/// How many numbers there are beside the hashed features.
pub const NUMBERS: usize = SHAPE + WORDS;

/// The beginning of a text that is looked at most closely, in bytes.
const FIRST_BYTES: usize = 150;
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
            each_row(&scan, set, |row| rows.push(row));
            rows
        });
        Self { rows, numbers: numbers(text, &scan, lexicon) }
    }

    /// The numbers of its shape.
    #[must_use]
    pub fn shape(&self) -> &[f32] {
        self.numbers.get(..SHAPE).unwrap_or_default()
    }
}

/// What the shape and the lexicon say of a text.
pub(crate) fn numbers(text: &str, scan: &Scan, lexicon: &Lexicon<'_>) -> [f32; NUMBERS] {
    let mut numbers = [0.0; NUMBERS];
    let (of_shape, of_words) = numbers.split_at_mut(SHAPE);
    of_shape.copy_from_slice(&shape(text, scan));
    for (to, count) in of_words.iter_mut().zip(words(scan, lexicon).as_flattened()) {
        // Most groups do not occur.
        if *count > 0 {
            *to = (*count as f32).ln_1p();
        }
    }
    numbers
}

/// How often each group of the lexicon occurs in the first words, at the beginning, at the end, and at all.
fn words(scan: &Scan, lexicon: &Lexicon<'_>) -> [[u32; GROUPS]; 4] {
    let mut counts = [[0; GROUPS]; 4];
    for (index, token) in scan.tokens.iter().enumerate() {
        let (is_head, is_tail) = (is_head(token), is_tail(scan, token));
        let mut groups = token.groups;
        if token.class != Class::Mark && (is_head || is_tail) {
            groups = groups.and(lexicon.sequences(scan.tokens.get(..=index).unwrap_or_default()));
        }
        let places = [token.start < FIRST_BYTES, is_head, is_tail, true];
        groups.each(|group| {
            for (counts, is_there) in counts.iter_mut().zip(places) {
                if let Some(count) = counts.get_mut(group) {
                    *count += u32::from(is_there);
                }
            }
        });
    }
    counts
}

fn is_head(token: &Token) -> bool {
    token.start < HEAD_BYTES
}

fn is_tail(scan: &Scan, token: &Token) -> bool {
    token.end + TAIL_BYTES > scan.bytes
}

/// What a hash is of, so that the same word in another role is another feature.
mod role {
    pub const WORD: u64 = 0x11;
    pub const PAIR: u64 = 0x12;
    pub const BEGINNING: u64 = 0x13;
    pub const ENDING: u64 = 0x14;
    pub const SENTENCE: u64 = 0x15;
    pub const TRIPLE: u64 = 0x16;
    pub const HEAD: u64 = 0x100;
    pub const TAIL: u64 = 0x200;
    pub const FIRST_LINE: u64 = 0x300;
    pub const LAST_LINE: u64 = 0x400;
    pub const FROM_START: u64 = 0x1000;
    pub const FROM_END: u64 = 0x2000;
}

/// Calls `each` with the row of each feature of a set.
///
/// A text that is all beginning has no end of its own, and one of a single line no first and last.
#[inline]
pub(crate) fn each_row(scan: &Scan, set: Set, mut each: impl FnMut(u16)) {
    let tokens = scan.tokens.as_slice();
    let all = 0..tokens.len();
    match set {
        Set::Whole => {
            let mut before = None;
            for token in tokens {
                each(row(role::WORD, token.hash));
                if let Some(before) = before {
                    each(row(role::PAIR, mix(before, token.hash)));
                }
                before = Some(token.hash);
            }
        }
        Set::Head => near(tokens, 0..tokens.partition_point(is_head), role::HEAD, each),
        Set::Tail if scan.bytes > HEAD_BYTES => {
            let start = tokens.partition_point(|token| !is_tail(scan, token));
            near(tokens, start..all.end, role::TAIL, each);
        }
        Set::Tail => {}
        Set::Edge => edges(tokens, each),
        Set::FirstLine | Set::LastLine => {
            let Some(lines) = Lines::of(scan) else { return };
            if set == Set::FirstLine {
                near(tokens, 0..lines.first_end, role::FIRST_LINE, each);
            } else {
                near(tokens, lines.last_start..all.end, role::LAST_LINE, each);
            }
        }
    }
}

/// Features of tokens near the beginning or the end.
#[inline]
fn near(tokens: &[Token], range: std::ops::Range<usize>, place: u64, mut each: impl FnMut(u16)) {
    let mut before =
        range.start.checked_sub(1).and_then(|before| tokens.get(before)).map(|before| before.hash);
    for token in tokens.get(range).unwrap_or_default() {
        each(row(place | role::WORD, token.hash));
        if let Some(before) = before {
            each(row(place | role::PAIR, mix(before, token.hash)));
        }
        if token.class == Class::Word && token.chars > 4 {
            each(row(place | role::BEGINNING, token.beginning));
            each(row(place | role::ENDING, u64::from(token.ending)));
        }
        if token.starts_sentence && token.class != Class::Mark {
            each(row(place | role::SENTENCE, token.hash));
        }
        before = Some(token.hash);
    }
}

/// The first and last tokens, with their places.
fn edges(tokens: &[Token], mut each: impl FnMut(u16)) {
    for (place, token) in tokens.iter().take(EDGE_TOKENS).enumerate() {
        each(row(role::FROM_START | rough(place) << 16, token.hash));
    }
    for (place, token) in tokens.iter().rev().take(EDGE_TOKENS).enumerate() {
        each(row(role::FROM_END | rough(place) << 16, token.hash));
    }
    for (place, three) in tokens.windows(3).take(4).enumerate() {
        let hash = three.iter().fold(Rolling::START.word(), |hash, token| mix(hash, token.hash));
        each(row(role::TRIPLE | rough(place) << 16, hash));
    }
}

#[inline]
fn row(role: u64, hash: u64) -> u16 {
    (mix(hash, role) >> (u64::BITS - ROW_BITS)) as u16
}

/// Where the first line of several ends and the last begins, in tokens: instructions mostly have a line of their own.
struct Lines {
    first_end: usize,
    last_start: usize,
}

impl Lines {
    fn of(scan: &Scan) -> Option<Self> {
        let is_end = |token: &Token| token.class == Class::Mark && token.ending == u32::from('\n');
        let tokens = &scan.tokens;
        let first = tokens.iter().position(is_end)?;
        let last = tokens.iter().rposition(is_end)?;
        Some(Self {
            first_end: first.min(LINE_TOKENS),
            last_start: (last + 1).max(tokens.len().saturating_sub(LINE_TOKENS)),
        })
    }
}

/// Places that are told apart: the first one by one, later ones together.
fn rough(place: usize) -> u64 {
    match place {
        0..=2 => place as u64,
        3..=5 => 3,
        _ => 4,
    }
}
