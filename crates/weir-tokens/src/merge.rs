//! Joins the bytes of a piece to tokens.
//!
//! A [`Window`] goes over the symbols of a piece. It joins what is surely joined: its least step, if before that nothing can
//! be joined over its end. Most of the time that is the step at its end, so that a window stays short, nothing is searched for,
//! and a piece takes a time in proportion to its length. Where a window would become too long, all steps lie in a heap.

use crate::vocabulary::{NONE, Symbol, Token, Vocabulary};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many tokens a piece is that is no token itself, and how much work that was, in symbols and steps.
#[inline]
pub fn count(vocabulary: &Vocabulary, window: &mut Window, piece: &[u8]) -> (usize, usize) {
    let mut count = 0;
    window.work = 0;
    match window.join_all(vocabulary, piece, |tokens| count += tokens.len()) {
        Some(()) => (count, window.work),
        None => (Chain::new(vocabulary, piece).joined(vocabulary).count(), CHAIN_WORK * piece.len()),
    }
}

/// The tokens that some bytes are joined to, without looking for all of them together.
pub fn all(vocabulary: &Vocabulary, window: &mut Window, bytes: &[u8]) -> Vec<Token> {
    let mut all = Vec::new();
    match window.join_all(vocabulary, bytes, |tokens| all.extend_from_slice(tokens)) {
        Some(()) => all,
        None => Chain::new(vocabulary, bytes).joined(vocabulary).collect(),
    }
}

/// The most tokens of a [`Window`].
const SIZE: usize = 128;
const PLACE: usize = SIZE - 1;
const PLACE_BITS: u32 = SIZE.trailing_zeros();
/// What a token takes that is moved, in steps of a window.
const MOVE_WORK: usize = 2;
/// What a byte takes in a [`Chain`], in steps of a window.
const CHAIN_WORK: usize = 8;
/// No step, later than all that are one.
const NO_STEP: u32 = u32::MAX;

/// Tokens of a stretch of text, as far as they are joined, and the steps that may come next.
///
/// A step is the token that is made and the place of the second of the two that make it, in one number, so that the least is what
/// comes next: the first token, and of several the one on the left. What has been joined is joined in the whole text too.
/// For take the first step in the order of the whole text that touches the window and has not been made: it is one between
/// two tokens of the window, or over its end with what begins there.
pub struct Window {
    tokens: [Token; SIZE],
    /// The mark of the symbol with which each token begins.
    marks: [u8; SIZE],
    /// The step that joins each token to the one before it.
    steps: [u32; SIZE],
    /// The least of the steps up to each token.
    least: [u32; SIZE],
    length: usize,
    /// Symbols that were taken in, steps that were made, and what moving tokens took.
    work: usize,
}

#[expect(clippy::indexing_slicing, reason = "what indexes the arrays is masked to their length")]
impl Window {
    pub const fn new() -> Self {
        Self {
            tokens: [0; SIZE],
            marks: [0; SIZE],
            steps: [NO_STEP; SIZE],
            least: [NO_STEP; SIZE],
            length: 0,
            work: 0,
        }
    }

    /// Joins all of some bytes, and gives the tokens that are settled in their order; `None` if there is no room for those
    /// that are not.
    #[inline]
    fn join_all(
        &mut self,
        vocabulary: &Vocabulary,
        bytes: &[u8],
        mut settled: impl FnMut(&[Token]),
    ) -> Option<()> {
        let (mut last, rest) = bytes.split_first()?;
        self.start(vocabulary.symbol(*last));
        for byte in rest {
            let next = vocabulary.symbol(*byte);
            self.work += 1;
            let start = vocabulary.start(*last, *byte);
            let (mut reach, mut step) = (start.reach(), Some(start.pair()));
            while self.least() <= latest(reach) {
                if self.join(vocabulary) {
                    step = None;
                    reach = vocabulary.reach(self.last(), next.mark);
                }
            }
            last = byte;
            if reach == NONE {
                settled(&self.tokens[..self.length]);
                self.start(next);
                continue;
            }
            let step = step.unwrap_or_else(|| vocabulary.pair_ahead(self.last(), next.token, next.mark));
            self.push(next, step)?;
        }
        while self.least() != NO_STEP {
            self.join(vocabulary);
        }
        settled(&self.tokens[..self.length]);
        Some(())
    }

    /// Begins anew with a symbol.
    #[inline]
    fn start(&mut self, symbol: Symbol) {
        self.tokens[0] = symbol.token;
        self.marks[0] = symbol.mark;
        self.length = 1;
    }

    /// Takes in a symbol behind the others, and the token that it makes with the last one.
    #[inline]
    fn push(&mut self, symbol: Symbol, token: Token) -> Option<()> {
        let place = self.length;
        if place == SIZE {
            return None;
        }
        self.tokens[place & PLACE] = symbol.token;
        self.marks[place & PLACE] = symbol.mark;
        self.length += 1;
        self.set_step(place & PLACE, token);
        Some(())
    }

    #[inline]
    fn last(&self) -> Token {
        self.tokens[(self.length - 1) & PLACE]
    }

    #[inline]
    fn least(&self) -> u32 {
        self.least[(self.length - 1) & PLACE]
    }

    /// Makes the least step, which there is; whether it has changed the last token. A call of its own takes a twentieth of the time.
    #[inline(always)]
    fn join(&mut self, vocabulary: &Vocabulary) -> bool {
        let step = self.least();
        let place = step as usize & PLACE;
        let before = (place - 1) & PLACE;
        self.tokens[before] = step >> PLACE_BITS;
        self.length -= 1;
        self.work += 1 + MOVE_WORK * (self.length - place);
        if place < self.length {
            self.close(vocabulary, place);
            return false;
        }
        self.find_step(vocabulary, before);
        true
    }

    /// Closes the gap at a place, where there was the second of two tokens that were joined.
    fn close(&mut self, vocabulary: &Vocabulary, gap: usize) {
        for place in gap..self.length {
            let (place, next) = (place & PLACE, (place + 1) & PLACE);
            self.tokens[place] = self.tokens[next];
            self.marks[place] = self.marks[next];
            let step = self.steps[next];
            self.steps[place] = if step == NO_STEP { NO_STEP } else { step - 1 };
        }
        self.find_step(vocabulary, (gap - 1) & PLACE);
        self.find_step(vocabulary, gap);
        for place in gap + 1..self.length {
            self.find_least(place & PLACE);
        }
    }

    /// Finds the step that joins the token at a place to the one before it.
    #[inline]
    fn find_step(&mut self, vocabulary: &Vocabulary, place: usize) {
        if place > 0 {
            let first = self.tokens[(place - 1) & PLACE];
            let token = vocabulary.pair_ahead(first, self.tokens[place & PLACE], self.marks[place & PLACE]);
            self.set_step(place & PLACE, token);
        }
    }

    #[inline]
    fn set_step(&mut self, place: usize, token: Token) {
        let step = token << PLACE_BITS | place as u32;
        self.steps[place & PLACE] = if token == NONE { NO_STEP } else { step };
        self.find_least(place);
    }

    #[inline]
    fn find_least(&mut self, place: usize) {
        self.least[place & PLACE] = self.steps[place & PLACE].min(self.least[(place - 1) & PLACE]);
    }
}

/// The last step that makes this token.
#[inline]
const fn latest(token: Token) -> u32 {
    token << PLACE_BITS | PLACE as u32
}

/// The same with any number of symbols, and the steps in a heap.
struct Chain {
    tokens: Vec<Token>,
    next: Vec<u32>,
    before: Vec<u32>,
    /// Tokens, and in the low half places; those that are out of date are passed over.
    steps: BinaryHeap<Reverse<u64>>,
}

/// No neighbour in a [`Chain`].
const NOWHERE: u32 = u32::MAX;
/// What a place holds whose token has become part of the one before it.
const GONE: Token = Token::MAX;

impl Chain {
    fn new(vocabulary: &Vocabulary, bytes: &[u8]) -> Self {
        let tokens: Vec<Token> = bytes.iter().map(|byte| vocabulary.symbol(*byte).token).collect();
        let most = u32::try_from(tokens.len()).unwrap_or(NOWHERE);
        let next = (1..most).chain([NOWHERE]).collect();
        let before = [NOWHERE].into_iter().chain(0..most.saturating_sub(1)).collect();
        let mut chain = Self { tokens, next, before, steps: BinaryHeap::new() };
        let first = |place| Some(Reverse(step_of(chain.step(vocabulary, place)?, place)));
        chain.steps = (0..most).filter_map(first).collect();
        chain
    }

    fn joined(mut self, vocabulary: &Vocabulary) -> impl Iterator<Item = Token> {
        while let Some(Reverse(step)) = self.steps.pop() {
            let (token, place) = ((step >> 32) as Token, step as u32);
            if self.step(vocabulary, place) == Some(token) {
                self.join(vocabulary, token, place);
            }
        }
        self.tokens.into_iter().filter(|token| *token != GONE)
    }

    fn join(&mut self, vocabulary: &Vocabulary, token: Token, place: u32) {
        let gone = at(&self.next, place);
        let (before, after) = (at(&self.before, place), at(&self.next, gone));
        set(&mut self.tokens, place, token);
        set(&mut self.tokens, gone, GONE);
        set(&mut self.next, place, after);
        set(&mut self.before, after, place);
        self.find_step(vocabulary, place);
        self.find_step(vocabulary, before);
    }

    fn find_step(&mut self, vocabulary: &Vocabulary, place: u32) {
        if let Some(token) = self.step(vocabulary, place) {
            self.steps.push(Reverse(step_of(token, place)));
        }
    }

    fn step(&self, vocabulary: &Vocabulary, place: u32) -> Option<Token> {
        let (first, second) = (at(&self.tokens, place), at(&self.tokens, at(&self.next, place)));
        if first == GONE || second == GONE { None } else { vocabulary.pair(first, second) }
    }
}

fn step_of(token: Token, place: u32) -> u64 {
    u64::from(token) << 32 | u64::from(place)
}

fn at(of: &[u32], place: u32) -> u32 {
    of.get(place as usize).copied().unwrap_or(NOWHERE)
}

fn set(of: &mut [u32], place: u32, value: u32) {
    if let Some(slot) = of.get_mut(place as usize) {
        *slot = value;
    }
}
