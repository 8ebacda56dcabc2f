//! The tokens of a byte-level vocabulary, and which two make which third.

use crate::longest::Known;
use crate::merge::{self, Window};
use crate::neighbours::{Neighbours, mark_at};
use crate::slots::{Slots, hash_of, hash_of_bytes, hash_of_pair};
use crate::trie::{Found, Trie};
use std::borrow::Cow;
use std::iter;

/// A token: its place in the order in which tokens are made of others.
pub type Token = u32;

/// A vocabulary of byte-level BPE: each byte is a token, and of two that stand side by side and make up a third the two
/// are joined whose third comes first, until there are none.
///
/// Of each token one pair alone can ever make it: what stands in a stretch of text is joined as if it stood alone until
/// something is joined over its ends. So two tables are enough to join: the bytes of tokens, and from pairs to tokens. Most
/// pieces have their tokens found by the longest, for which there are the trie of all that can be made, and what is known of neighbours.
pub struct Vocabulary {
    /// All tokens, one behind the other.
    bytes: Cow<'static, [u8]>,
    by_bytes: Slots,
    by_pair: Slots,
    /// What each token makes with what is behind it.
    ahead: Vec<Ahead>,
    /// What each byte makes with what begins with each other byte behind it.
    starts: Vec<Start>,
    of_byte: [Token; 256],
    trie: Trie,
    neighbours: Neighbours,
    known: Known,
    /// Whether there are tokens that no pair makes.
    has_unmade: bool,
}

/// What joining starts from.
#[derive(Clone, Copy)]
pub struct Symbol {
    pub token: Token,
    /// One of [`MARKS`], by which symbols are told apart, mostly.
    pub mark: u8,
}

/// What a token makes with others behind it: the first that it makes in the low bits, and above them a bit for the mark of each
/// symbol with which something begins that it makes one with.
#[derive(Clone, Copy)]
struct Ahead(u64);

/// The token that two bytes make, and the first that the one makes with something that begins with the other.
#[derive(Clone, Copy)]
pub struct Start {
    pair: Token,
    reach: Token,
}

/// Why a vocabulary cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVocabulary {
    /// A byte that would be no token.
    #[error("the byte {0:#04x} is no token of it, and only byte-level vocabularies are supported")]
    MissingByte(u8),
    /// Two tokens of the same bytes.
    #[error("two of its tokens have the same bytes")]
    Twice,
    /// More tokens, or longer ones, than there is room for.
    #[error("it has more than a million tokens, more than 16 MB of them, or one of more than 1,000 bytes")]
    TooLarge,
    /// A token that is made of one that comes after it.
    #[error("its tokens are not in the order in which they are made of each other")]
    Order,
}

/// No token, which comes after all.
pub const NONE: Token = TOKEN_MASK as Token;
// An entry of the table of bytes has 64 bits. Of a short token: its bytes, its length, and the highest bit. Of another: its place among
// all bytes, its length, some bits of its hash, and a highest bit of zero. One of the table of pairs has the pair and the token.
pub const TOKEN_BITS: u32 = 20;
const PLACE_BITS: u32 = 24;
pub const LENGTH_BITS: u32 = 10;
const TOKEN_MASK: u64 = (1 << TOKEN_BITS) - 1;
const CHECK_SHIFT: u32 = PLACE_BITS + LENGTH_BITS;
const CHECK_MASK: u64 = u64::MAX >> 1 >> CHECK_SHIFT;
pub const BASIC_PLANE: u32 = 0x1_0000;
/// The most bytes that lie in an entry themselves.
const SHORT: usize = 7;
const MARKS: u32 = u64::BITS - TOKEN_BITS;

impl Vocabulary {
    /// Of all tokens, one behind the other, and the length of each, in the order in which they are made.
    ///
    /// # Errors
    /// [`InvalidVocabulary`].
    pub fn new(bytes: Cow<'static, [u8]>, lengths: &[u16]) -> Result<Self, InvalidVocabulary> {
        let fits = lengths.iter().all(|length| u32::from(*length) < 1 << LENGTH_BITS);
        if lengths.len() >= TOKEN_MASK as usize || bytes.len() >> PLACE_BITS != 0 || !fits {
            return Err(InvalidVocabulary::TooLarge);
        }
        let trie = Trie::new(tokens(&bytes, lengths).map(|(token, _, bytes)| (bytes, token)))?;
        let mut vocabulary = Self {
            bytes,
            by_bytes: Slots::for_entries(0),
            by_pair: Slots::for_entries(lengths.len()),
            ahead: vec![Ahead::NOTHING; lengths.len()],
            starts: vec![Start::NONE; 1 << 16],
            of_byte: [NONE; 256],
            trie,
            neighbours: Neighbours::new(lengths.len()),
            known: Known::new(),
            has_unmade: false,
        };
        vocabulary.find_bytes(lengths)?;
        vocabulary.has_unmade = vocabulary.find_pairs(lengths) + 256 < lengths.len();
        if vocabulary.has_unmade {
            vocabulary.trie = vocabulary.trie_of_made(lengths)?;
        }
        vocabulary.add_all(lengths);
        vocabulary.check_order(lengths)?;
        Ok(vocabulary)
    }

    /// What no pair made when it was its turn is not made with later tokens either.
    fn check_order(&self, lengths: &[u16]) -> Result<(), InvalidVocabulary> {
        let mut unmade =
            tokens(&self.bytes, lengths).filter(|(token, _, bytes)| !self.is_made(*token, bytes.len()));
        let mut window = Window::new();
        match unmade.any(|(.., bytes)| merge::all(self, &mut window, bytes).len() < 3) {
            true => Err(InvalidVocabulary::Order),
            false => Ok(()),
        }
    }

    fn find_bytes(&mut self, lengths: &[u16]) -> Result<(), InvalidVocabulary> {
        for (token, _, bytes) in tokens(&self.bytes, lengths) {
            if let [byte] = bytes
                && let Some(slot) = self.of_byte.get_mut(usize::from(*byte))
            {
                *slot = token;
            }
        }
        match (0..=u8::MAX).zip(self.of_byte).find(|(_, token)| *token == NONE) {
            Some((byte, _)) => Err(InvalidVocabulary::MissingByte(byte)),
            None => Ok(()),
        }
    }

    /// Of the tokens that are found within a piece.
    fn trie_of_made(&self, lengths: &[u16]) -> Result<Trie, InvalidVocabulary> {
        let made = tokens(&self.bytes, lengths).filter(|(token, _, bytes)| self.is_made(*token, bytes.len()));
        Trie::new(made.map(|(token, _, bytes)| (bytes, token)))
    }

    /// Puts tokens into the table of bytes, but for long ones beyond ASCII, which the trie has if they can be made.
    fn add_all(&mut self, lengths: &[u16]) {
        let is_added = |bytes: &[u8]| self.has_unmade || bytes.len() <= SHORT || !is_beyond_ascii(bytes);
        let added = tokens(&self.bytes, lengths).filter(|(.., bytes)| is_added(bytes));
        let mut by_bytes = Slots::for_entries(added.clone().count());
        for (_, place, bytes) in added {
            if let Some(short) = short(bytes) {
                by_bytes.insert(hash_of(short), short);
                continue;
            }
            let (hash, length) = (hash_of_bytes(bytes), bytes.len() as u64);
            let where_it_is = place as u64 | length << PLACE_BITS;
            by_bytes.insert(hash, where_it_is | (hash & CHECK_MASK) << CHECK_SHIFT);
        }
        self.by_bytes = by_bytes;
    }

    /// Finds the pairs that make tokens, and how many they are. A token that no pair makes is found as a whole piece only.
    fn find_pairs(&mut self, lengths: &[u16]) -> usize {
        let mut made = 0;
        let bytes = std::mem::take(&mut self.bytes);
        for (token, _, bytes) in tokens(&bytes, lengths).filter(|(.., bytes)| bytes.len() > 1) {
            let Some((first, second)) = self.parts_of(token, bytes) else { continue };
            self.add_pair(Made { first, second, token }, bytes);
            made += 1;
        }
        self.bytes = bytes;
        made
    }

    /// The two tokens that the bytes of a token are joined to, if there are two in the end.
    fn parts_of(&self, token: Token, bytes: &[u8]) -> Option<(Token, Token)> {
        let shorter = |token| Some(self.shorter(token)).filter(|first| first.token != NONE);
        iter::successors(shorter(token), |first| shorter(first.token)).find_map(
            |Found { token: first, length }| {
                let behind = bytes.get(length..)?;
                let second = self.trie.find(behind)?;
                let are_made = self.is_made(first, length) && self.is_made(second, behind.len());
                let stand = || !self.may_change(first, mark_at(behind)) || self.parts_stand(first, second);
                (are_made && stand()).then_some((first, second))
            },
        )
    }

    fn is_made(&self, token: Token, length: usize) -> bool {
        length == 1 || self.neighbours.is_made(token)
    }

    /// The longest token that bytes begin with.
    #[inline]
    pub fn longest(&self, bytes: &[u8]) -> Found {
        self.trie.longest(bytes)
    }

    /// The longest token that a token begins with.
    #[inline]
    pub fn shorter(&self, token: Token) -> Found {
        self.trie.shorter(token)
    }

    /// How long a token is, in bytes.
    #[inline]
    pub fn length(&self, token: Token) -> usize {
        self.trie.length(token)
    }

    /// Whether a token may not stay what it is before a character of this mark.
    #[inline]
    pub fn may_change(&self, token: Token, mark: u32) -> bool {
        self.neighbours.may_change(token, mark)
    }

    /// The longest token that stands behind another, of those with which `longest` begins; or [`NONE`].
    #[inline]
    pub fn behind(&self, last: Token, longest: Token) -> Token {
        self.known.get(last, longest, || {
            let mut next = longest;
            while next != NONE && !self.stand(last, next) {
                next = self.shorter(next).token;
            }
            next
        })
    }

    /// Whether two tokens stay what they are where they stand side by side.
    fn stand(&self, first: Token, second: Token) -> bool {
        self.pair(first, second).is_none() && self.parts_stand(first, second)
    }

    fn parts_stand(&self, first: Token, second: Token) -> bool {
        self.neighbours.stand(first, second, |first, second| self.pair(first, second))
    }

    fn add_pair(&mut self, made: Made, bytes: &[u8]) {
        let Made { first, second, token } = made;
        let pair = key(first, second);
        self.by_pair.insert(hash_of_pair(pair), pair << TOKEN_BITS | u64::from(token));
        let (before, behind) = bytes.split_at_checked(self.length(first)).unwrap_or_default();
        self.neighbours.add(made, behind);
        let Some(next) = behind.first() else { return };
        let ahead = at(&self.ahead, first, Ahead::NOTHING).with(token, self.symbol(*next).mark);
        set(&mut self.ahead, first, ahead);
        if let [byte] = *before
            && let Some(start) = self.starts.get_mut(place_of(byte, *next))
        {
            start.reach = start.reach.min(token);
            start.pair = if behind.len() == 1 { token } else { start.pair };
        }
    }

    /// The token with these bytes, if bytes that stand alone become it.
    pub fn find(&self, bytes: &[u8]) -> Option<Token> {
        self.trie.find(bytes)
    }

    /// Whether these bytes are a token.
    #[inline]
    pub fn contains(&self, bytes: &[u8]) -> bool {
        match short(bytes) {
            Some(short) => self.contains_short(short),
            None if is_beyond_ascii(bytes) && !self.has_unmade => self.trie.find(bytes).is_some(),
            None => self.contains_long(bytes),
        }
    }

    /// Whether a stretch of a text is a token, but for long ones beyond ASCII, which are found when their tokens are looked for.
    /// Where the text goes on behind it, eight bytes are read at once.
    #[inline]
    pub fn contains_at(&self, text: &[u8], begin: usize, piece: &[u8]) -> bool {
        match text.get(begin..).and_then(<[u8]>::first_chunk) {
            Some(eight) if piece.len() <= SHORT => {
                let bytes = u64::from_le_bytes(*eight) & ((1 << (8 * piece.len())) - 1);
                self.contains_short(entry_of(bytes, piece.len()))
            }
            _ if piece.len() > SHORT && is_beyond_ascii(piece) && !self.has_unmade => false,
            _ => self.contains(piece),
        }
    }

    #[inline]
    fn contains_short(&self, short: u64) -> bool {
        self.by_bytes.find(hash_of(short), |entry| (entry == short).then_some(())).is_some()
    }

    #[inline]
    fn contains_long(&self, bytes: &[u8]) -> bool {
        if bytes.len() >> LENGTH_BITS != 0 {
            return false;
        }
        let hash = hash_of_bytes(bytes);
        let is_it = |entry: u64| {
            if entry >> CHECK_SHIFT != hash & CHECK_MASK {
                return None;
            }
            let place = entry as usize & ((1 << PLACE_BITS) - 1);
            let length = (entry >> PLACE_BITS) as usize & ((1 << LENGTH_BITS) - 1);
            (self.bytes.get(place..place + length) == Some(bytes)).then_some(())
        };
        self.by_bytes.find(hash, is_it).is_some()
    }

    /// The token that two make that stand side by side.
    #[inline]
    pub fn pair(&self, first: Token, second: Token) -> Option<Token> {
        let pair = key(first, second);
        let is_it = |entry: u64| (entry >> TOKEN_BITS == pair).then_some((entry & TOKEN_MASK) as Token);
        self.by_pair.find(hash_of_pair(pair), is_it)
    }

    /// The same, or [`NONE`], where the second begins with a symbol of this mark.
    #[inline]
    pub fn pair_ahead(&self, first: Token, second: Token, mark: u8) -> Token {
        match self.reach(first, mark) {
            NONE => NONE,
            _ => self.pair(first, second).unwrap_or(NONE),
        }
    }

    /// A token before which this one makes none with anything behind it that begins with a symbol of this mark; [`NONE`] if
    /// it makes none at all.
    #[inline]
    pub fn reach(&self, token: Token, mark: u8) -> Token {
        let ahead = at(&self.ahead, token, Ahead::NOTHING);
        if ahead.has(mark) { ahead.first() } else { NONE }
    }

    /// What two bytes make that stand side by side.
    #[inline]
    pub fn start(&self, first: u8, second: u8) -> Start {
        self.starts.get(place_of(first, second)).copied().unwrap_or(Start::NONE)
    }

    /// What joining starts from at a byte.
    #[inline]
    pub fn symbol(&self, byte: u8) -> Symbol {
        let token = self.of_byte(byte);
        Symbol { token, mark: mark_of(token) }
    }

    /// The token of a byte.
    #[inline]
    fn of_byte(&self, byte: u8) -> Token {
        self.of_byte.get(usize::from(byte)).copied().unwrap_or(NONE)
    }
}

impl Ahead {
    const NOTHING: Self = Self(TOKEN_MASK);

    fn with(self, token: Token, mark: u8) -> Self {
        let first = self.first().min(token);
        Self((self.0 & !TOKEN_MASK) | u64::from(first) | 1 << (TOKEN_BITS + u32::from(mark)))
    }

    #[inline]
    const fn first(self) -> Token {
        (self.0 & TOKEN_MASK) as Token
    }

    #[inline]
    const fn has(self, mark: u8) -> bool {
        self.0 >> TOKEN_BITS >> mark & 1 != 0
    }
}

impl Start {
    const NONE: Self = Self { pair: NONE, reach: NONE };

    /// The token that both make, or [`NONE`].
    #[inline]
    pub const fn pair(self) -> Token {
        self.pair
    }

    /// A token before which the first makes none with what begins with the second, or [`NONE`].
    #[inline]
    pub const fn reach(self) -> Token {
        self.reach
    }
}

/// The bytes of a short token as an entry has them.
#[inline]
fn short(bytes: &[u8]) -> Option<u64> {
    let packed = || bytes.iter().rev().fold(0, |packed, byte| packed << 8 | u64::from(*byte));
    (bytes.len() <= SHORT).then(|| entry_of(packed(), bytes.len()))
}

#[inline]
const fn entry_of(bytes: u64, length: usize) -> u64 {
    bytes | (0x80 | length as u64) << (8 * SHORT)
}

/// A token and the two that make it.
#[derive(Clone, Copy)]
pub struct Made {
    pub first: Token,
    pub second: Token,
    pub token: Token,
}

#[inline]
fn at<T: Copy>(of: &[T], token: Token, otherwise: T) -> T {
    of.get(token as usize).copied().unwrap_or(otherwise)
}

fn set<T>(of: &mut [T], token: Token, value: T) {
    if let Some(slot) = of.get_mut(token as usize) {
        *slot = value;
    }
}

#[inline]
const fn mark_of(token: Token) -> u8 {
    ((token.wrapping_mul(0x9e37_79b1) as u64 * MARKS as u64) >> u32::BITS) as u8
}

/// Where two bytes have their place in a table of all.
#[inline]
fn place_of(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

#[inline]
fn key(first: Token, second: Token) -> u64 {
    u64::from(first) << TOKEN_BITS | u64::from(second)
}

/// Whether a piece is taken for one of letters of several bytes: its first or second character is one, or its last.
#[inline]
pub fn is_beyond_ascii(piece: &[u8]) -> bool {
    matches!(piece, [.., last] if !last.is_ascii()) || matches!(piece, [_, second, ..] if !second.is_ascii())
}

/// Every token with its place and its bytes.
fn tokens<'a>(bytes: &'a [u8], lengths: &'a [u16]) -> impl Iterator<Item = (Token, usize, &'a [u8])> + Clone {
    let places = lengths.iter().scan(0, |end, length| {
        let place = *end;
        *end += usize::from(*length);
        Some(place..*end)
    });
    (0..).zip(places).filter_map(|(token, place)| Some((token, place.start, bytes.get(place)?)))
}
