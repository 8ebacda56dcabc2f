//! Counts the pieces of a text that are no token, within what a text may take.

use crate::merge::{self, Window};
use crate::vocabulary::Vocabulary;

/// Bytes of a piece that are joined, at most.
const LONGEST: usize = 4096;

/// Characters that are joined of every text…
const CHARACTERS: usize = 2048;

/// …and one for each of this share of its bytes.
const SHARE: f32 = 0.4;

/// The tokens of the pieces of one text that are no token themselves.
///
/// Joining takes several times as long as finding a token, so that a text may have only so much of it; what is over that
/// counts in proportion to what was joined of the same text. Few texts of people come to it: most pieces are tokens, or have
/// several bytes a character.
pub(crate) struct Joining {
    window: Window,
    /// Characters that were joined.
    spent: usize,
    /// Bytes of the pieces that were counted, and their tokens.
    bytes: u64,
    tokens: u64,
    /// Bytes of the pieces that were not.
    left: u64,
}

impl Joining {
    pub fn new() -> Self {
        Self { window: Window::new(), spent: 0, bytes: 0, tokens: 0, left: 0 }
    }

    /// Takes a piece that ends there in the text.
    pub fn add(&mut self, vocabulary: &Vocabulary, piece: &[u8], end: usize) {
        if self.spent > CHARACTERS + (SHARE * end as f32) as usize {
            self.left += piece.len() as u64;
            return;
        }
        let sample = piece.get(..LONGEST).unwrap_or(piece);
        let tokens = merge::count(vocabulary, &mut self.window, sample);
        self.spent += characters(sample);
        self.bytes += piece.len() as u64;
        self.tokens += in_proportion(tokens, piece.len() as u64, sample.len() as u64);
    }

    /// The tokens of all pieces.
    pub fn tokens(&self) -> u64 {
        self.tokens + in_proportion(self.tokens, self.left, self.bytes)
    }
}

/// The tokens of so many bytes, of which `of` are `tokens`.
fn in_proportion(tokens: u64, bytes: u64, of: u64) -> u64 {
    (tokens * bytes).div_ceil(of.max(1))
}

/// How many characters begin in some bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..0xc0)).count()
}
