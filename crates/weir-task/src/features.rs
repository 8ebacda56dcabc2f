//! Text → what the model weighs.

use crate::hash::{Rolling, mix};
use crate::lexicon::{GROUPS, Groups, Lexicon};
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
#[derive(Debug, Clone, Copy)]
enum Set {
    Whole,
    Head,
    Tail,
    Edge,
    FirstLine,
    LastLine,
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
    pub(crate) fn of(text: &str, lexicon: &Lexicon<'_>) -> (Self, Scan) {
        let scan = scan(text, lexicon);
        let mut maker = Maker::of(&scan);
        maker.tokens(&scan, lexicon);
        maker.edges(&scan);
        let mut numbers = [0.0; NUMBERS];
        let log = |count: &u32| if *count == 0 { 0.0 } else { (*count as f32).ln_1p() };
        let words = maker.counts.iter().flatten().map(log);
        numbers.iter_mut().zip(shape(text, &scan).into_iter().chain(words)).for_each(|(to, from)| *to = from);
        (Self { rows: maker.rows, numbers }, scan)
    }

    /// The numbers of its shape.
    #[must_use]
    pub fn shape(&self) -> &[f32] {
        self.numbers.get(..SHAPE).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Maker {
    rows: [Vec<u16>; SETS],
    counts: [[u32; GROUPS]; 4],
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

impl Maker {
    /// With room for what a text of so many tokens mostly gives.
    fn of(scan: &Scan) -> Self {
        let tokens = scan.tokens.len();
        let near = 3 * tokens.min(HEAD_BYTES / 5);
        let room = [2 * tokens, near, near, 2 * EDGE_TOKENS + 4, near, near];
        Self { rows: room.map(Vec::with_capacity), counts: Default::default() }
    }

    fn tokens(&mut self, scan: &Scan, lexicon: &Lexicon<'_>) {
        let lines = Lines::of(scan);
        let mut before = None::<&Token>;
        for (index, token) in scan.tokens.iter().enumerate() {
            let pair = before.map(|before| mix(before.hash, token.hash));
            self.push(Set::Whole, role::WORD, token.hash);
            if let Some(pair) = pair {
                self.push(Set::Whole, role::PAIR, pair);
            }
            let seen = scan.tokens.get(..=index).unwrap_or_default();
            let is_head = token.start < HEAD_BYTES;
            let is_tail = token.end + TAIL_BYTES > scan.bytes;
            let mut groups = token.groups;
            if token.class != Class::Mark && (is_head || is_tail) {
                groups = groups.and(lexicon.sequences(seen));
            }
            self.count(groups, [token.start < FIRST_BYTES, is_head, is_tail, true]);
            if is_head {
                self.near(Set::Head, role::HEAD, token, pair);
            }
            if is_tail {
                self.near(Set::Tail, role::TAIL, token, pair);
            }
            if index < lines.first_end {
                self.near(Set::FirstLine, role::FIRST_LINE, token, pair);
            }
            if index >= lines.last_start {
                self.near(Set::LastLine, role::LAST_LINE, token, pair);
            }
            before = Some(token);
        }
    }

    fn count(&mut self, groups: Groups, places: [bool; 4]) {
        groups.each(|group| {
            for (counts, is_there) in self.counts.iter_mut().zip(places) {
                if let Some(count) = counts.get_mut(group) {
                    *count += u32::from(is_there);
                }
            }
        });
    }

    /// Features of a token near the beginning or the end.
    fn near(&mut self, set: Set, place: u64, token: &Token, pair: Option<u64>) {
        self.push(set, place | role::WORD, token.hash);
        if let Some(pair) = pair {
            self.push(set, place | role::PAIR, pair);
        }
        if token.class == Class::Word && token.chars > 4 {
            self.push(set, place | role::BEGINNING, token.beginning);
            self.push(set, place | role::ENDING, u64::from(token.ending));
        }
        if token.starts_sentence && token.class != Class::Mark {
            self.push(set, place | role::SENTENCE, token.hash);
        }
    }

    /// The first and last tokens, with their places.
    fn edges(&mut self, scan: &Scan) {
        let tokens = &scan.tokens;
        for (place, token) in tokens.iter().take(EDGE_TOKENS).enumerate() {
            self.push(Set::Edge, role::FROM_START | rough(place) << 16, token.hash);
        }
        for (place, token) in tokens.iter().rev().take(EDGE_TOKENS).enumerate() {
            self.push(Set::Edge, role::FROM_END | rough(place) << 16, token.hash);
        }
        for (place, three) in tokens.windows(3).take(4).enumerate() {
            let hash = three.iter().fold(Rolling::START.word(), |hash, token| mix(hash, token.hash));
            self.push(Set::Edge, role::TRIPLE | rough(place) << 16, hash);
        }
    }

    #[inline]
    fn push(&mut self, set: Set, role: u64, hash: u64) {
        let row = mix(hash, role) >> (u64::BITS - ROW_BITS);
        if let Some(rows) = self.rows.get_mut(set as usize) {
            rows.push(row as u16);
        }
    }
}

/// Where the first line ends and the last begins, in tokens: instructions mostly have a line of their own.
struct Lines {
    first_end: usize,
    last_start: usize,
}

impl Lines {
    fn of(scan: &Scan) -> Self {
        let is_end = |token: &Token| token.class == Class::Mark && token.ending == u32::from('\n');
        let tokens = &scan.tokens;
        let first = tokens.iter().position(is_end).unwrap_or(tokens.len());
        let last = tokens.iter().rposition(is_end).map_or(0, |at| at + 1);
        Self {
            first_end: first.min(LINE_TOKENS),
            last_start: last.max(tokens.len().saturating_sub(LINE_TOKENS)),
        }
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
