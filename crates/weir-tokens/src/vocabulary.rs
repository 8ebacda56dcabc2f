//! The tokens of a byte-level vocabulary, and which two make which third.

use crate::class::decode;
use crate::merge::{self, Window};
use crate::slots::{Slots, hash_of, hash_of_bytes, hash_of_pair};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A token: its place in the order in which tokens are made of others.
pub type Token = u32;

/// A vocabulary of byte-level BPE: each byte is a token, and of two that stand side by side and make up a third the two
/// are joined whose third comes first, until there are none.
///
/// Of each token one pair alone can ever make it: what stands in a stretch of text is joined as if it stood alone until
/// something is joined over its ends. So two tables are enough: the bytes of tokens, and from pairs to tokens.
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
    /// Those of the basic plane.
    of_character: Vec<Character>,
}

/// The token that a character becomes, or [`NONE`], and above it a bit for what must not stand beside it: a space before it, and
/// characters of each of [`GROUPS`] behind it. Many characters are a token but behind a space, which is joined to their first byte.
#[derive(Clone, Copy)]
struct Character(u32);

/// What joining starts from: a character if it becomes a token beside what stands there, or else a byte.
#[derive(Clone, Copy)]
pub struct Symbol {
    pub token: Token,
    /// In bytes.
    pub length: usize,
    /// If it is a byte.
    pub byte: Option<u8>,
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
const TOKEN_BITS: u32 = 20;
const PLACE_BITS: u32 = 24;
const LENGTH_BITS: u32 = 10;
const TOKEN_MASK: u64 = (1 << TOKEN_BITS) - 1;
const CHECK_SHIFT: u32 = PLACE_BITS + LENGTH_BITS;
const CHECK_MASK: u64 = u64::MAX >> 1 >> CHECK_SHIFT;
/// Groups of characters by their first byte.
const GROUPS: usize = 11;
/// The first character that is not one byte.
const MANY_BYTES: u32 = 0x80;
const BASIC_PLANE: u32 = 0x1_0000;
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
        let mut vocabulary = Self {
            bytes,
            by_bytes: Slots::for_entries(lengths.len()),
            by_pair: Slots::sparse(lengths.len()),
            ahead: vec![Ahead::NOTHING; lengths.len()],
            starts: vec![Start { pair: NONE, reach: NONE }; 1 << 16],
            of_byte: [NONE; 256],
            of_character: Vec::new(),
        };
        vocabulary.add_all(lengths)?;
        let made = vocabulary.find_pairs(lengths)?;
        vocabulary.find_characters(&made, lengths);
        vocabulary.mark_symbols(&made, lengths);
        Ok(vocabulary)
    }

    fn add_all(&mut self, lengths: &[u16]) -> Result<(), InvalidVocabulary> {
        for (token, place, bytes) in tokens(&self.bytes, lengths) {
            if self.contains(bytes) {
                return Err(InvalidVocabulary::Twice);
            }
            if let [byte] = bytes
                && let Some(slot) = self.of_byte.get_mut(usize::from(*byte))
            {
                *slot = token;
            }
            if let Some(short) = short(bytes) {
                self.by_bytes.insert(hash_of(short), short);
                continue;
            }
            let (hash, length) = (hash_of_bytes(bytes), bytes.len() as u64);
            let where_it_is = place as u64 | length << PLACE_BITS;
            self.by_bytes.insert(hash, where_it_is | (hash & CHECK_MASK) << CHECK_SHIFT);
        }
        match (0..=u8::MAX).zip(self.of_byte).find(|(_, token)| *token == NONE) {
            Some((byte, _)) => Err(InvalidVocabulary::MissingByte(byte)),
            None => Ok(()),
        }
    }

    /// The pairs that make tokens, with the token. A token that no pair makes is found as a whole piece only.
    fn find_pairs(&mut self, lengths: &[u16]) -> Result<Vec<Made>, InvalidVocabulary> {
        let (mut made, mut left) = (Vec::with_capacity(lengths.len()), Vec::new());
        let mut window = Window::new();
        let bytes = std::mem::take(&mut self.bytes);
        for (token, _, bytes) in tokens(&bytes, lengths).filter(|(.., bytes)| bytes.len() > 1) {
            match *merge::all(self, &mut window, bytes) {
                [first, second] => {
                    let token = Made { first, second, token };
                    self.add_pair(token, lengths, bytes);
                    made.push(token);
                }
                _ => left.push(bytes),
            }
        }
        // With later tokens it may be made after all.
        if left.iter().any(|bytes| merge::all(self, &mut window, bytes).len() < 3) {
            return Err(InvalidVocabulary::Order);
        }
        self.bytes = bytes;
        Ok(made)
    }

    fn add_pair(&mut self, made: Made, lengths: &[u16], bytes: &[u8]) {
        let Made { first, second, token } = made;
        let pair = key(first, second);
        self.by_pair.insert(hash_of_pair(pair), pair << TOKEN_BITS | u64::from(token));
        self.mark_symbol(made, lengths, bytes);
        let starts = match *bytes {
            [one, two, ref rest @ ..] if at(lengths, first, 0) == 1 => {
                Some((place_of(one, two), rest.is_empty()))
            }
            _ => None,
        };
        if let Some((place, is_pair)) = starts
            && let Some(start) = self.starts.get_mut(place)
        {
            start.reach = start.reach.min(token);
            start.pair = if is_pair { token } else { start.pair };
        }
    }

    /// Notes of a token that is made of two with which symbol the second begins.
    fn mark_symbol(&mut self, made: Made, lengths: &[u16], bytes: &[u8]) {
        let begin = usize::from(at(lengths, made.first, 0));
        let Some(symbol) = self.symbol(bytes, begin) else { return };
        let mut ahead = at(&self.ahead, made.first, Ahead::NOTHING).with(made.token, symbol.mark);
        if let (None, Some(first)) = (symbol.byte, bytes.get(begin)) {
            // It is no symbol where something else stands behind it.
            ahead = ahead.with(made.token, mark_of(self.of_byte(*first)));
        }
        set(&mut self.ahead, made.first, ahead);
    }

    /// The same for all, when it is known which characters are symbols.
    fn mark_symbols(&mut self, made: &[Made], lengths: &[u16]) {
        self.ahead.fill(Ahead::NOTHING);
        let bytes = std::mem::take(&mut self.bytes);
        let mut left = made.iter().peekable();
        for (token, _, bytes) in tokens(&bytes, lengths) {
            if let Some(made) = left.next_if(|made| made.token == token) {
                self.mark_symbol(*made, lengths, bytes);
            }
        }
        self.bytes = bytes;
    }

    /// Which characters become a token, and beside what: at no step on the way there anything is joined first that goes over
    /// the character's ends, and nothing that is made of the character comes before it.
    fn find_characters(&mut self, made: &[Made], lengths: &[u16]) {
        let bounds = Bounds::of(made, self.of_byte, lengths);
        let mut of_character = vec![Character(NONE); BASIC_PLANE as usize];
        for (slot, code) in of_character.iter_mut().zip(0..BASIC_PLANE).skip(MANY_BYTES as usize) {
            let Some(character) = char::from_u32(code) else { continue };
            let mut buffer = [0; 4];
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            *slot = self.character(bytes, &bounds).unwrap_or(Character(NONE));
        }
        self.of_character = of_character;
    }

    fn character(&self, bytes: &[u8], bounds: &Bounds) -> Option<Character> {
        let mut tokens: Vec<Token> = bytes.iter().map(|byte| self.of_byte(*byte)).collect();
        let (mut token, mut beside) = (NONE, 0);
        while let [first, .., last] = *tokens {
            let pairs = tokens.windows(2).zip(0_usize..).filter_map(|(pair, place)| match *pair {
                [first, second] => Some((self.pair(first, second)?, place)),
                _ => None,
            });
            let (next, place) = pairs.min()?;
            beside |= bounds.beside(first, last, next)?;
            tokens.splice(place..place + 2, [next]);
            token = next;
        }
        beside |= bounds.beside(token, token, token)?;
        Some(Character(beside << TOKEN_BITS | token))
    }

    /// The token with these bytes, if bytes that stand alone become it.
    pub fn find(&self, bytes: &[u8]) -> Option<Token> {
        match *merge::all(self, &mut Window::new(), bytes) {
            [token] => Some(token),
            _ => None,
        }
    }

    /// Whether these bytes are a token.
    #[inline]
    pub fn contains(&self, bytes: &[u8]) -> bool {
        match short(bytes) {
            Some(short) => self.contains_short(short),
            None => self.contains_long(bytes),
        }
    }

    /// Whether a stretch of a text is a token. Where the text goes on behind it, eight bytes are read at once.
    #[inline]
    pub fn contains_at(&self, text: &[u8], begin: usize, piece: &[u8]) -> bool {
        match text.get(begin..).and_then(<[u8]>::first_chunk) {
            Some(eight) if piece.len() <= SHORT => {
                let bytes = u64::from_le_bytes(*eight) & ((1 << (8 * piece.len())) - 1);
                self.contains_short(entry_of(bytes, piece.len()))
            }
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

    /// What two bytes make that stand side by side, if both are bytes.
    #[inline]
    pub fn start(&self, first: Option<u8>, second: Option<u8>) -> Option<Start> {
        self.starts.get(place_of(first?, second?)).copied()
    }

    /// The symbol that begins at `at`.
    #[inline]
    pub fn symbol(&self, bytes: &[u8], at: usize) -> Option<Symbol> {
        let first = *bytes.get(at)?;
        if first >= 0xc0 {
            let (code, length) = decode(bytes, at, first);
            if at + length <= bytes.len()
                && let Some(character) = self.of_character.get(code as usize)
                && let Some(token) = character.beside(bytes, at, length)
            {
                return Some(Symbol { token, length, byte: None, mark: mark_of(token) });
            }
        }
        let token = self.of_byte(first);
        Some(Symbol { token, length: 1, byte: Some(first), mark: mark_of(token) })
    }

    /// The token of a byte.
    #[inline]
    fn of_byte(&self, byte: u8) -> Token {
        self.of_byte.get(usize::from(byte)).copied().unwrap_or(NONE)
    }
}

impl Character {
    /// The token that it becomes where it stands.
    #[inline]
    fn beside(self, bytes: &[u8], at: usize, length: usize) -> Option<Token> {
        let (token, not_beside) = (self.0 & TOKEN_MASK as u32, self.0 >> TOKEN_BITS);
        if token == NONE {
            return None;
        }
        let is_beside = || {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let behind = bytes.get(at + length).map_or(0, |behind| 2 << group_of(*behind));
            behind | u32::from(before == Some(&b' '))
        };
        (not_beside == 0 || not_beside & is_beside() == 0).then_some(token)
    }
}

/// The group of a character, by its first byte.
#[inline]
const fn group_of(first: u8) -> usize {
    match first {
        // Scripts of India, Thai, Georgian, kana and others.
        0xe0..=0xe3 => first as usize - 0xe0,
        // Chinese.
        0xe4..=0xe9 => 4,
        // Korean.
        0xea..=0xed => first as usize - 0xea + 5,
        0xee..=0xef => 9,
        _ => 10,
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
struct Made {
    first: Token,
    second: Token,
    token: Token,
}

/// The first token that can be made with each part of a character at an end of it.
struct Bounds {
    /// With something before it that does not end within a character: with a space, and with something else.
    before: BTreeMap<Token, [Token; 2]>,
    /// With something behind it that does not begin within a character, by the group of that.
    behind: BTreeMap<Token, [Token; GROUPS]>,
}

impl Bounds {
    fn of(made: &[Made], of_byte: [Token; 256], lengths: &[u16]) -> Self {
        // The first and the last byte of every token that can be made.
        let mut ends = vec![(0_u8, 0_u8); lengths.len()];
        for (byte, token) in (0..=u8::MAX).zip(of_byte) {
            set(&mut ends, token, (byte, byte));
        }
        let mut bounds = Self { before: BTreeMap::new(), behind: BTreeMap::new() };
        let is_part = |token, byte: u8| !byte.is_ascii() && at(lengths, token, 0) < 4;
        for Made { first, second, token } in made {
            let (of_first, of_second) = (at(&ends, *first, (0, 0)), at(&ends, *second, (0, 0)));
            set(&mut ends, *token, (of_first.0, of_second.1));
            if !is_lead(of_first.1) && is_part(*second, of_second.0) {
                let known = bounds.before.entry(*second).or_insert([NONE; 2]);
                lower(known, usize::from(of_first.1 != b' '), *token);
            }
            if !is_continuation(of_second.0) && is_part(*first, of_first.1) {
                let known = bounds.behind.entry(*first).or_insert([NONE; GROUPS]);
                lower(known, group_of(of_second.0), *token);
            }
        }
        bounds
    }

    /// Beside what something that is made over the ends of `first … last` comes before `token`, as bits of a
    /// [`Character`]; `None` if that may be beside anything but a space.
    fn beside(&self, first: Token, last: Token, token: Token) -> Option<u32> {
        let [space, other] = self.before.get(&first).copied().unwrap_or([NONE; 2]);
        let behind = self.behind.get(&last).copied().unwrap_or([NONE; GROUPS]);
        let groups = behind.iter().zip(1..).filter(|(known, _)| **known < token);
        let groups = groups.fold(0, |bits, (_, bit)| bits | 1 << bit);
        (other >= token).then_some(groups | u32::from(space < token))
    }
}

fn lower(known: &mut [Token], at: usize, token: Token) {
    if let Some(known) = known.get_mut(at) {
        *known = token.min(*known);
    }
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

const fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

const fn is_lead(byte: u8) -> bool {
    byte >= 0xc0
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

/// Every token with its place and its bytes.
fn tokens<'a>(bytes: &'a [u8], lengths: &[u16]) -> impl Iterator<Item = (Token, usize, &'a [u8])> {
    let places = lengths.iter().scan(0, |end, length| {
        let place = *end;
        *end += usize::from(*length);
        Some(place..*end)
    });
    (0..).zip(places).filter_map(|(token, place)| Some((token, place.start, bytes.get(place)?)))
}
