//! The tokens of a byte-level vocabulary, and which two make which third.

use crate::merge::{self, Line};
use crate::slots::{Slots, hash_of, hash_of_bytes};
use std::borrow::Cow;

/// A token: its place in the order in which tokens are made of others.
pub type Token = u32;

/// A vocabulary of byte-level BPE: each byte is a token, and of two that stand side by side and make up a third the two
/// are joined whose third comes first, until there are none.
///
/// Of each token one pair alone can ever make it: what stands in a stretch of text is joined as if it stood alone until
/// something is joined over its ends. So two tables are enough: from bytes to tokens, and from pairs to tokens.
pub struct Vocabulary {
    /// All tokens, one behind the other.
    bytes: Cow<'static, [u8]>,
    by_bytes: Slots,
    by_pair: Slots,
    /// For each token, of those that make another with it on the left, a bit by their hash: most that is asked for is no
    /// pair, and this is where the processor has it at hand.
    follows: Vec<u32>,
    of_byte: [Token; 256],
    /// For the characters of the basic plane the token that each becomes whatever stands beside it, or [`NONE`].
    of_character: Vec<Token>,
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

/// No token.
const NONE: Token = Token::MAX;
// An entry of the table of bytes has 64 bits. Of a short token: the token, its bytes, its length, and the highest bit. Of another:
// the token, its place among all bytes, its length, some bits of its hash, and a highest bit of zero.
const TOKEN_BITS: u32 = 20;
const PLACE_BITS: u32 = 24;
const LENGTH_BITS: u32 = 10;
const TOKEN_MASK: u64 = (1 << TOKEN_BITS) - 1;
const CHECK_SHIFT: u32 = TOKEN_BITS + PLACE_BITS + LENGTH_BITS;
const CHECK_MASK: u64 = u64::MAX >> 1 >> CHECK_SHIFT;
/// The first character that is not one byte.
const MANY_BYTES: u32 = 0x80;
const BASIC_PLANE: u32 = 0x1_0000;

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
            by_pair: Slots::for_entries(lengths.len()),
            follows: vec![0; lengths.len()],
            of_byte: [NONE; 256],
            of_character: Vec::new(),
        };
        vocabulary.add_all(lengths)?;
        let made = vocabulary.find_pairs(lengths)?;
        vocabulary.find_characters(&made);
        Ok(vocabulary)
    }

    fn add_all(&mut self, lengths: &[u16]) -> Result<(), InvalidVocabulary> {
        for (token, place, bytes) in tokens(&self.bytes, lengths) {
            if self.find(bytes).is_some() {
                return Err(InvalidVocabulary::Twice);
            }
            if let [byte] = bytes
                && let Some(slot) = self.of_byte.get_mut(usize::from(*byte))
            {
                *slot = token;
            }
            let token = u64::from(token);
            if let Some(short) = short(bytes) {
                self.by_bytes.insert(hash_of(short), short << TOKEN_BITS | token);
                continue;
            }
            let (hash, length) = (hash_of_bytes(bytes), bytes.len() as u64);
            let where_it_is = (place as u64) << TOKEN_BITS | length << (TOKEN_BITS + PLACE_BITS);
            self.by_bytes.insert(hash, token | where_it_is | (hash & CHECK_MASK) << CHECK_SHIFT);
        }
        match (0..=u8::MAX).zip(self.of_byte).find(|(_, token)| *token == NONE) {
            Some((byte, _)) => Err(InvalidVocabulary::MissingByte(byte)),
            None => Ok(()),
        }
    }

    /// The pairs that make tokens, with the token. A token that no pair makes is found as a whole piece only.
    fn find_pairs(&mut self, lengths: &[u16]) -> Result<Vec<Made>, InvalidVocabulary> {
        let (mut made, mut left) = (Vec::with_capacity(lengths.len()), Vec::new());
        let bytes = std::mem::take(&mut self.bytes);
        for (token, _, bytes) in tokens(&bytes, lengths).filter(|(.., bytes)| bytes.len() > 1) {
            match *merge::all(self, bytes) {
                [first, second] => {
                    let pair = key(first, second);
                    self.by_pair.insert(hash_of(pair), pair << TOKEN_BITS | u64::from(token));
                    let known = at(&self.follows, first);
                    set(&mut self.follows, first, known | follower(second));
                    made.push(Made { first, second, token });
                }
                _ => left.push(bytes),
            }
        }
        // With later tokens it may be made after all.
        if left.iter().any(|bytes| merge::all(self, bytes).len() < 3) {
            return Err(InvalidVocabulary::Order);
        }
        self.bytes = bytes;
        Ok(made)
    }

    /// Which characters become a token whatever stands beside them: at no step on the way there anything is joined
    /// first that goes over the character's ends, and nothing that is made of the character comes before it.
    fn find_characters(&mut self, made: &[Made]) {
        let bounds = Bounds::of(made, self.of_byte);
        let mut of_character = vec![NONE; BASIC_PLANE as usize];
        for (slot, code) in of_character.iter_mut().zip(0..BASIC_PLANE).skip(MANY_BYTES as usize) {
            let Some(character) = char::from_u32(code) else { continue };
            let mut buffer = [0; 4];
            let mut line = Line::new(self, character.encode_utf8(&mut buffer).as_bytes());
            let mut holds = true;
            while let Some(next) = line.next_token() {
                holds &= bounds.hold(line.first(), line.last(), next);
                let _ = line.join(self);
            }
            let token = line.first();
            let is_one = line.parts().nth(1).is_none();
            if holds && is_one && bounds.hold(token, token, token) {
                *slot = token;
            }
        }
        self.of_character = of_character;
    }

    /// The token with these bytes.
    #[inline]
    pub fn find(&self, bytes: &[u8]) -> Option<Token> {
        if let Some(short) = short(bytes) {
            let is_it = |entry: u64| (entry >> TOKEN_BITS == short).then_some((entry & TOKEN_MASK) as Token);
            return self.by_bytes.find(hash_of(short), is_it);
        }
        let hash = hash_of_bytes(bytes);
        self.by_bytes.find(hash, |entry| {
            if entry >> CHECK_SHIFT != hash & CHECK_MASK {
                return None;
            }
            let place = (entry >> TOKEN_BITS) as usize & ((1 << PLACE_BITS) - 1);
            let length = (entry >> (TOKEN_BITS + PLACE_BITS)) as usize & ((1 << LENGTH_BITS) - 1);
            let is_it = self.bytes.get(place..place + length) == Some(bytes);
            is_it.then_some((entry & TOKEN_MASK) as Token)
        })
    }

    /// The token that two make that stand side by side.
    #[inline]
    pub fn pair(&self, first: Token, second: Token) -> Option<Token> {
        if at(&self.follows, first) & follower(second) == 0 {
            return None;
        }
        let pair = key(first, second);
        let is_it = |entry: u64| (entry >> TOKEN_BITS == pair).then_some((entry & TOKEN_MASK) as Token);
        self.by_pair.find(hash_of(pair), is_it)
    }

    /// The token of a byte.
    #[inline]
    pub fn of_byte(&self, byte: u8) -> Token {
        self.of_byte.get(usize::from(byte)).copied().unwrap_or(NONE)
    }

    /// The token that a character becomes whatever stands beside it.
    #[inline]
    pub fn of_character(&self, code: u32) -> Option<Token> {
        self.of_character.get(code as usize).copied().filter(|token| *token != NONE)
    }
}

/// A short token's bytes, its length and the highest bit, as an entry has them.
#[inline]
fn short(bytes: &[u8]) -> Option<u64> {
    let of = |bytes: [u8; 5], length: u8| {
        let [a, b, c, d, e] = bytes;
        Some(u64::from_le_bytes([a, b, c, d, e, 8 | length, 0, 0]))
    };
    match *bytes {
        [a] => of([a, 0, 0, 0, 0], 1),
        [a, b] => of([a, b, 0, 0, 0], 2),
        [a, b, c] => of([a, b, c, 0, 0], 3),
        [a, b, c, d] => of([a, b, c, d, 0], 4),
        [a, b, c, d, e] => of([a, b, c, d, e], 5),
        _ => None,
    }
}

/// A token and the two that make it.
struct Made {
    first: Token,
    second: Token,
    token: Token,
}

/// The first token that can be made with each at an end of a character.
struct Bounds {
    /// With something before it that does not end within a character.
    before: Vec<Token>,
    /// With something behind it that does not begin within a character.
    behind: Vec<Token>,
}

impl Bounds {
    fn of(made: &[Made], of_byte: [Token; 256]) -> Self {
        let most = made.iter().map(|made| made.token).chain(of_byte).max().unwrap_or(0) as usize + 1;
        // The first and the last byte of every token that can be made.
        let mut ends = vec![(0_u8, 0_u8); most];
        for (byte, token) in (0..=u8::MAX).zip(of_byte) {
            set(&mut ends, token, (byte, byte));
        }
        let (mut before, mut behind) = (vec![NONE; most], vec![NONE; most]);
        for Made { first, second, token } in made {
            let (of_first, of_second) = (at(&ends, *first), at(&ends, *second));
            set(&mut ends, *token, (of_first.0, of_second.1));
            if !is_lead(of_first.1) {
                let known = at(&before, *second);
                set(&mut before, *second, known.min(*token));
            }
            if !is_continuation(of_second.0) {
                let known = at(&behind, *first);
                set(&mut behind, *first, known.min(*token));
            }
        }
        Self { before, behind }
    }

    /// Whether nothing that is made over the ends of `first … last` comes before `token`.
    fn hold(&self, first: Token, last: Token, token: Token) -> bool {
        at(&self.before, first) >= token && at(&self.behind, last) >= token
    }
}

#[inline]
fn at<T: Copy + Default>(of: &[T], token: Token) -> T {
    of.get(token as usize).copied().unwrap_or_default()
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

/// One of 32 bits, by a token.
#[inline]
const fn follower(token: Token) -> u32 {
    1 << (token.wrapping_mul(0x9e37_79b1) >> 27)
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
