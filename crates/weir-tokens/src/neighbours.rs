//! Which tokens stay what they are side by side.
//!
//! Two do not if, before both are made, joining makes something of parts of them that touch. On the left these are the token itself, the
//! second of the two that make it, the second of the two that make that, and so on; on the right the first ones.

use crate::vocabulary::{Made, NONE, TOKEN_BITS, Token};

/// Of what tokens are made, and before what they change.
pub struct Neighbours {
    parts: Vec<Parts>,
    /// Of each token a bit for every mark of a character before which it may not stay what it is: most pairs are told by that.
    changes: Vec<Marks>,
}

/// A bit for each mark of a character.
type Marks = u32;
const MARKS: u32 = Marks::BITS;
const MARK_BITS: u32 = MARKS.trailing_zeros();

/// The two tokens that make a token, and the first that it makes with something behind it, or [`NONE`]. Of a byte the two are [`NONE`].
#[derive(Clone, Copy)]
struct Parts(u64);

impl Neighbours {
    /// Of so many tokens, of which nothing is known.
    pub fn new(tokens: usize) -> Self {
        Self { parts: vec![Parts::NONE; tokens], changes: vec![0; tokens] }
    }

    /// Notes a token, which comes after all that were noted, and the bytes of its second part. What its own parts make by now is made
    /// before it, and nothing that they make later is.
    pub fn add(&mut self, made: Made, behind: &[u8]) {
        let Made { first, second, token } = made;
        let makes = self.parts(first).makes().min(token);
        let inner = self.changes(second);
        let parts = self.parts.get_mut(token as usize).zip(self.changes.get_mut(token as usize));
        if let Some((parts, changes)) = parts {
            (*parts, *changes) = (Parts::new(first, second, NONE), inner);
        }
        if let Some((parts, changes)) =
            self.parts.get_mut(first as usize).zip(self.changes.get_mut(first as usize))
        {
            *parts = Parts::new(parts.first(), parts.second(), makes);
            *changes |= marks_of(behind);
        }
    }

    /// Whether a token was added.
    pub fn is_made(&self, token: Token) -> bool {
        !self.parts(token).is_byte()
    }

    /// Whether a token may not stay what it is before a character of this mark.
    #[inline]
    pub fn may_change(&self, token: Token, mark: u32) -> bool {
        self.changes(token) >> mark & 1 != 0
    }

    /// Whether parts of two tokens make nothing first, where these themselves make nothing. From both, what was made last is taken
    /// apart, until they are bytes.
    pub fn stand(
        &self,
        mut first: Token,
        mut second: Token,
        pair: impl Fn(Token, Token) -> Option<Token>,
    ) -> bool {
        // What each is made a part of, which comes first of two like ones if it is on the left.
        let (mut until, mut until_second) = (NONE, NONE);
        loop {
            let (left, right) = (self.parts(first), self.parts(second));
            if left.is_byte() && right.is_byte() {
                return true;
            }
            if right.is_byte() || (first > second && !left.is_byte()) {
                (until, first) = (first, left.second());
            } else {
                (until_second, second) = (second, right.first());
            }
            let before = until.min(until_second.saturating_add(1));
            if self.parts(first).makes() < before && pair(first, second).is_some_and(|token| token < before) {
                return false;
            }
        }
    }

    #[inline]
    fn changes(&self, token: Token) -> Marks {
        self.changes.get(token as usize).copied().unwrap_or(0)
    }

    #[inline]
    fn parts(&self, token: Token) -> Parts {
        self.parts.get(token as usize).copied().unwrap_or(Parts::NONE)
    }
}

impl Parts {
    const NONE: Self = Self::new(NONE, NONE, NONE);

    const fn new(first: Token, second: Token, makes: Token) -> Self {
        Self(first as u64 | (second as u64) << TOKEN_BITS | (makes as u64) << (2 * TOKEN_BITS))
    }

    #[inline]
    const fn is_byte(self) -> bool {
        self.first() == NONE
    }

    #[inline]
    const fn first(self) -> Token {
        self.0 as Token & NONE
    }

    #[inline]
    const fn second(self) -> Token {
        (self.0 >> TOKEN_BITS) as Token & NONE
    }

    #[inline]
    const fn makes(self) -> Token {
        (self.0 >> (2 * TOKEN_BITS)) as Token & NONE
    }
}

/// A mark of the character with which bytes begin, or of their first byte if that begins none.
#[inline]
pub fn mark_at(bytes: &[u8]) -> u32 {
    let byte = |place: usize| u32::from(bytes.get(place).copied().unwrap_or(0));
    let first = byte(0);
    let character = match first {
        // Letters of one case have marks of their own.
        ..0x80 => return first % MARKS,
        0x80..0xc0 => first,
        0xc0..0xe0 => first << 8 | byte(1),
        _ => first << 16 | byte(1) << 8 | byte(2),
    };
    character.wrapping_mul(0x9e37_79b1) >> (u32::BITS - MARK_BITS)
}

/// The bits of the marks that what begins with these bytes may have.
fn marks_of(bytes: &[u8]) -> Marks {
    let whole = match bytes.first() {
        None | Some(..0xc0) => 1,
        Some(0xc0..0xe0) => 2,
        Some(_) => 3,
    };
    if bytes.len() < whole { Marks::MAX } else { 1 << mark_at(bytes) }
}
