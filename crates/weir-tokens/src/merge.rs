//! Joins the bytes of a piece to tokens.
//!
//! Short pieces are joined in a [`Line`], in which the next step is the least of 64 numbers. Longer ones are cut into
//! windows that overlap: where a window's token begins, the next window begins, and if its first token is the same one,
//! the tokens on both sides are those of the whole. For tokens are right if each is right beside the next: what was
//! joined over the end of one would have been joined between those two alone.

use crate::class::decode;
use crate::vocabulary::{Token, Vocabulary};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many tokens a piece is.
#[inline]
pub fn count(vocabulary: &Vocabulary, piece: &[u8]) -> u64 {
    if piece.len() == 1 || vocabulary.find(piece).is_some() {
        return 1;
    }
    let mut line = Line::new(vocabulary, piece);
    if line.taken < piece.len() {
        return count_long(vocabulary, piece);
    }
    while line.join(vocabulary).is_some() {}
    line.left as u64
}

/// The tokens that some bytes are joined to, without looking for all of them together.
pub fn all(vocabulary: &Vocabulary, bytes: &[u8]) -> Vec<Token> {
    let joined = joined(vocabulary, bytes, usize::MAX);
    joined.parts.into_iter().map(|(_, token)| token).collect()
}

/// Windows of so many symbols; where two disagree, a larger one takes the place of the first, and the largest are taken
/// at their word: no piece that is counted has more bytes than those have symbols.
const WINDOWS: [usize; 3] = [SYMBOLS, 1 << 9, 1 << 12];

fn count_long(vocabulary: &Vocabulary, piece: &[u8]) -> u64 {
    let agreed = (0..WINDOWS.len()).find_map(|least| in_windows(vocabulary, piece, least));
    agreed.unwrap_or(piece.len() as u64)
}

/// The tokens of a piece in windows of the size `least` or a larger one; `None` if a larger window begins with another
/// token than the one in whose place it is.
fn in_windows(vocabulary: &Vocabulary, piece: &[u8], least: usize) -> Option<u64> {
    let mut count = 0;
    let window = |begin, size: usize| Some(joined(vocabulary, begin, *WINDOWS.get(size)?));
    let (mut begin, mut size, mut here) = (piece, least, window(piece, least)?);
    loop {
        if here.taken == begin.len() {
            return Some(count + here.parts.len() as u64);
        }
        if let Some((sure, symbol, token)) = here.seam() {
            let rest = begin.get(length(vocabulary, begin, symbol)..)?;
            let next = window(rest, least)?;
            if next.first() == Some(token) || size + 1 == WINDOWS.len() {
                count += sure as u64;
                (begin, size, here) = (rest, least, next);
                continue;
            }
        }
        size += 1;
        let larger = window(begin, size)?;
        let is_first = begin.len() == piece.len();
        if !is_first && larger.first() != here.first() {
            return None;
        }
        here = larger;
    }
}

/// What a stretch of bytes is joined to.
struct Joined {
    /// At which symbol each token begins.
    parts: Vec<(usize, Token)>,
    /// So many symbols there were…
    symbols: usize,
    /// …of so many bytes.
    taken: usize,
}

impl Joined {
    fn first(&self) -> Option<Token> {
        self.parts.first().map(|(_, token)| *token)
    }

    /// How many tokens of a window are those of the whole, about, and at which symbol the next begins, and which that is: the
    /// end of a window may look other than it does in the whole, so that its last quarter is left to the next.
    fn seam(&self) -> Option<(usize, usize, Token)> {
        let sure = self.parts.partition_point(|(symbol, _)| *symbol < self.symbols / 4 * 3);
        self.parts.get(sure).map(|(symbol, token)| (sure, *symbol, *token))
    }
}

/// Joins the first symbols of some bytes.
fn joined(vocabulary: &Vocabulary, bytes: &[u8], symbols: usize) -> Joined {
    let mut line = Line::new(vocabulary, bytes);
    if line.taken < bytes.len() && symbols > SYMBOLS {
        return Chain::new(vocabulary, bytes, symbols).joined(vocabulary);
    }
    let symbols = line.left;
    while line.join(vocabulary).is_some() {}
    Joined { parts: line.parts().collect(), symbols, taken: line.taken }
}

/// The symbol that begins at `at`, from which joining starts, and its length: a character if it is one whatever stands
/// beside it, or else a byte.
#[inline]
fn symbol(vocabulary: &Vocabulary, bytes: &[u8], at: usize) -> Option<(Token, usize)> {
    let first = *bytes.get(at)?;
    if first >= 0xc0 {
        let (code, length) = decode(bytes, at, first);
        if at + length <= bytes.len()
            && let Some(token) = vocabulary.of_character(code)
        {
            return Some((token, length));
        }
    }
    Some((vocabulary.of_byte(first), 1))
}

/// The length in bytes of so many symbols.
fn length(vocabulary: &Vocabulary, bytes: &[u8], symbols: usize) -> usize {
    (0..symbols).fold(0, |at, _| at + symbol(vocabulary, bytes, at).map_or(0, |(_, length)| length))
}

/// The most symbols of a [`Line`].
const SYMBOLS: usize = 64;
const PLACE: usize = SYMBOLS - 1;
const PLACE_BITS: u32 = SYMBOLS.trailing_zeros();
/// No step, later than all that are one.
const NO_STEP: i32 = i32::MAX;
/// No neighbour.
const END: u8 = SYMBOLS as u8;

/// Some symbols that are joined step by step.
///
/// A step is a token and the place of the first of the two that make it, in one number, so that the least is what comes
/// next: the earliest token, and of several the one on the left.
pub struct Line {
    tokens: [Token; SYMBOLS],
    steps: [i32; SYMBOLS],
    next: [u8; SYMBOLS],
    before: [u8; SYMBOLS],
    /// So many tokens are left.
    left: usize,
    /// Eights of places that were filled.
    eights: usize,
    /// So many bytes have become symbols.
    taken: usize,
}

#[expect(clippy::indexing_slicing, reason = "what indexes the arrays is masked to their length")]
impl Line {
    /// The first symbols of some bytes, as many as fit.
    #[inline]
    pub fn new(vocabulary: &Vocabulary, bytes: &[u8]) -> Self {
        let mut line = Self {
            tokens: [0; SYMBOLS],
            steps: [NO_STEP; SYMBOLS],
            next: [END; SYMBOLS],
            before: [END; SYMBOLS],
            left: 0,
            eights: 0,
            taken: 0,
        };
        while line.left < SYMBOLS
            && let Some((token, length)) = symbol(vocabulary, bytes, line.taken)
        {
            let place = line.left & PLACE;
            line.tokens[place] = token;
            if place > 0 {
                line.next[place - 1] = place as u8;
                line.before[place] = (place - 1) as u8;
                line.find_step(vocabulary, place - 1);
            }
            line.left += 1;
            line.taken += length;
        }
        line.eights = line.left.div_ceil(8);
        line
    }

    /// The token that is made next.
    pub fn next_token(&self) -> Option<Token> {
        let step = self.next_step();
        (step != NO_STEP).then_some((step >> PLACE_BITS) as Token)
    }

    /// The least of the steps, eight at a time.
    #[inline]
    fn next_step(&self) -> i32 {
        let mut least = [NO_STEP; 8];
        for steps in self.steps.as_chunks::<8>().0.iter().take(self.eights) {
            least = std::array::from_fn(|at| least[at].min(steps[at]));
        }
        least.into_iter().fold(NO_STEP, i32::min)
    }

    /// Makes the next token; `None` when there is none.
    #[inline]
    pub fn join(&mut self, vocabulary: &Vocabulary) -> Option<()> {
        let step = self.next_step();
        if step == NO_STEP {
            return None;
        }
        let place = step as usize & PLACE;
        let gone = usize::from(self.next[place]) & PLACE;
        self.tokens[place] = (step >> PLACE_BITS) as Token;
        self.steps[gone] = NO_STEP;
        let (before, after) = (self.before[place], self.next[gone]);
        self.next[place] = after;
        if after != END {
            self.before[usize::from(after) & PLACE] = place as u8;
        }
        self.find_step(vocabulary, place);
        if before != END {
            self.find_step(vocabulary, usize::from(before) & PLACE);
        }
        self.left -= 1;
        Some(())
    }

    #[inline]
    fn find_step(&mut self, vocabulary: &Vocabulary, place: usize) {
        let next = self.next[place];
        let second = self.tokens[usize::from(next) & PLACE];
        let token = if next == END { None } else { vocabulary.pair(self.tokens[place], second) };
        self.steps[place] = token.map_or(NO_STEP, |token| (token << PLACE_BITS) as i32 | place as i32);
    }

    /// The token on the left.
    pub fn first(&self) -> Token {
        self.tokens[0]
    }

    /// The token on the right.
    pub fn last(&self) -> Token {
        self.parts().last().map_or(0, |(_, token)| token)
    }

    /// The tokens that are left, and the symbol at which each begins.
    pub fn parts(&self) -> impl Iterator<Item = (usize, Token)> {
        let after =
            |place: &usize| Some(self.next[*place & PLACE]).filter(|next| *next != END).map(usize::from);
        let first = (self.left > 0).then_some(0);
        std::iter::successors(first, after).map(|place| (place, self.tokens[place & PLACE]))
    }
}

/// The same for any number of symbols, with the steps in a heap.
struct Chain {
    tokens: Vec<Token>,
    next: Vec<u32>,
    before: Vec<u32>,
    /// Tokens, and in the low half places; those that are out of date are passed over.
    steps: BinaryHeap<Reverse<u64>>,
    taken: usize,
}

/// No neighbour in a [`Chain`].
const NOWHERE: u32 = u32::MAX;
/// What a place holds whose token has become part of the one before it.
const GONE: Token = Token::MAX;

impl Chain {
    fn new(vocabulary: &Vocabulary, bytes: &[u8], symbols: usize) -> Self {
        let (mut tokens, mut taken) = (Vec::new(), 0);
        while tokens.len() < symbols
            && let Some((token, length)) = symbol(vocabulary, bytes, taken)
        {
            tokens.push(token);
            taken += length;
        }
        let most = u32::try_from(tokens.len()).unwrap_or(NOWHERE);
        let next = (1..most).chain([NOWHERE]).collect();
        let before = [NOWHERE].into_iter().chain(0..most.saturating_sub(1)).collect();
        let mut chain = Self { tokens, next, before, steps: BinaryHeap::new(), taken };
        let first = |place| Some(Reverse(step_of(chain.step(vocabulary, place)?, place)));
        chain.steps = (0..most).filter_map(first).collect();
        chain
    }

    fn joined(mut self, vocabulary: &Vocabulary) -> Joined {
        while let Some(Reverse(step)) = self.steps.pop() {
            let (token, place) = ((step >> 32) as Token, step as u32);
            if self.step(vocabulary, place) == Some(token) {
                self.join(vocabulary, token, place);
            }
        }
        let symbols = self.tokens.len();
        let left = self.tokens.into_iter().enumerate().filter(|(_, token)| *token != GONE);
        Joined { parts: left.collect(), symbols, taken: self.taken }
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
