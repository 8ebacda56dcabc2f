//! Finds the tokens of a piece by the longest that it begins with.
//!
//! A row of tokens is what joining makes if of every two neighbours joining makes just these two: what is joined over the end of a
//! token is joined with its neighbours alone. So the longest token is taken that may stand behind the last one, and where there is none
//! the last one gives way to the next shorter. Of what is before a place there is one such row alone, so that a place to which no
//! token behind it was found is never come to again.

use crate::neighbours::mark_at;
use crate::trie::Found;
use crate::vocabulary::{NONE, TOKEN_BITS, Token, Vocabulary};
use std::sync::atomic::{AtomicU64, Ordering};

/// The most bytes of a piece.
pub const LONGEST: usize = 4096;
const WORDS: usize = LONGEST / 64 + 1;

/// The tokens of a piece, as far as they are found.
pub struct Longest {
    tokens: Vec<Token>,
    /// A bit for each place behind which there is no token, if there is such a place.
    ends: [u64; WORDS],
    has_ends: bool,
}

impl Longest {
    pub const fn new() -> Self {
        Self { tokens: Vec::new(), ends: [0; WORDS], has_ends: false }
    }

    /// How many tokens a piece is, which has [`LONGEST`] bytes at most and no part of a character; and how much work that was: the
    /// tokens that were looked at, and once more those behind which the last one might not have stayed what it is. `None` if
    /// there is no such row, which no vocabulary comes to.
    pub fn count(&mut self, vocabulary: &Vocabulary, piece: &[u8]) -> Option<(usize, usize)> {
        let mut next = vocabulary.longest(piece);
        if next.length == piece.len() {
            return Some((1, 1));
        }
        if self.has_ends {
            self.ends.fill(0);
            self.has_ends = false;
        }
        self.tokens.clear();
        let (mut at, mut last, mut work) = (0, NONE, 0);
        loop {
            work += 1;
            if vocabulary.may_change(last, mark_at(piece.get(at..)?)) {
                work += 1;
                next = Self::behind(vocabulary, last, next);
            }
            while self.has_ends && next.token != NONE && self.is_end(at + next.length) {
                next = Self::behind(vocabulary, last, vocabulary.shorter(next.token));
            }
            if next.token == NONE {
                self.set_end(at);
                let gone = self.tokens.pop()?;
                at -= vocabulary.length(gone);
                last = self.tokens.last().copied().unwrap_or(NONE);
                next = vocabulary.shorter(gone);
                continue;
            }
            self.tokens.push(next.token);
            last = next.token;
            at += next.length;
            match piece.get(at..)? {
                [] => return Some((self.tokens.len(), work)),
                rest => next = vocabulary.longest(rest),
            }
        }
    }

    /// What stands behind the last token, if that begins with this one.
    #[inline]
    fn behind(vocabulary: &Vocabulary, last: Token, longest: Found) -> Found {
        match vocabulary.behind(last, longest.token) {
            token if token == longest.token => longest,
            token => Found { token, length: vocabulary.length(token) },
        }
    }

    #[inline]
    fn is_end(&self, at: usize) -> bool {
        self.ends.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 != 0)
    }

    #[inline]
    fn set_end(&mut self, at: usize) {
        self.has_ends = true;
        if let Some(word) = self.ends.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }
}

/// Which token stands behind another where a certain one is the longest: what was found out last, for all threads. An entry is the two
/// tokens, and the one that was found, so that each is true or of another pair whoever has written it.
pub struct Known(Vec<AtomicU64>);

const KNOWN_BITS: u32 = 14;
const MASK: u64 = NONE as u64;

impl Known {
    pub fn new() -> Self {
        Self((0..1 << KNOWN_BITS).map(|_| AtomicU64::new(u64::MAX)).collect())
    }

    /// What is known of these two, or what `find` finds out.
    #[inline]
    pub fn get(&self, last: Token, longest: Token, find: impl FnOnce() -> Token) -> Token {
        let key = u64::from(last) << TOKEN_BITS | u64::from(longest);
        let slot = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - KNOWN_BITS);
        let Some(slot) = self.0.get(slot as usize) else { return find() };
        let known = slot.load(Ordering::Relaxed);
        if known >> TOKEN_BITS == key {
            return (known & MASK) as Token;
        }
        let found = find();
        slot.store(key << TOKEN_BITS | u64::from(found), Ordering::Relaxed);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embedded;
    use crate::merge::{self, Window};
    use proptest::prelude::*;
    use std::sync::LazyLock;

    /// The tokens of both embedded vocabularies.
    static TOKENS: LazyLock<[Vec<Vec<u8>>; 2]> = LazyLock::new(|| {
        [include_bytes!("../data/o200k_base.bin").as_slice(), include_bytes!("../data/cl100k_base.bin")].map(
            |packed| {
                let (count, rest) = packed.split_first_chunk().expect("a count");
                let (lengths, mut bytes) = rest.split_at(u32::from_le_bytes(*count) as usize);
                let token = |length: &u8| bytes.split_off(..usize::from(*length)).expect("a token").to_vec();
                lengths.iter().map(token).collect()
            },
        )
    });

    fn piece(vocabulary: usize, places: &[(u32, u8)]) -> Vec<u8> {
        let tokens = &TOKENS[vocabulary];
        let part = |(place, end): &(u32, u8)| {
            // Frequent tokens come first, and a part of a token misleads more often than a whole one.
            let token = &tokens[(*place >> (place % 13)) as usize % tokens.len()];
            token[..token.len().min(1 + usize::from(*end))].to_vec()
        };
        let bytes: Vec<u8> = places.iter().flat_map(part).collect();
        let valid: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
        valid.into_bytes()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn the_longest_tokens_that_stand_are_those_that_joining_makes(
            places in prop::collection::vec((any::<u32>(), 0..12_u8), 1..40),
        ) {
            let (mut longest, mut window) = (Longest::new(), Window::new());
            for (number, embedded) in Embedded::ALL.into_iter().enumerate() {
                let vocabulary = &embedded.tokenizer().vocabulary;
                let piece = piece(number, &places);
                prop_assume!(!piece.is_empty());
                let joined = merge::all(vocabulary, &mut window, &piece);
                let found = longest.count(vocabulary, &piece).map(|(tokens, _)| tokens);
                prop_assert_eq!(found, Some(joined.len()), "{:?}", piece);
            }
        }
    }
}
