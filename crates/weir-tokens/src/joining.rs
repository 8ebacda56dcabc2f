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
/// Joining takes several times as long as finding a token, so that a text may have only so much of it. Few texts of people come
/// to that: most pieces are tokens, or have several bytes a character.
pub(crate) struct Joining {
    window: Window,
    /// Characters that were joined.
    spent: usize,
    tokens: u64,
}

impl Joining {
    pub fn new() -> Self {
        Self { window: Window::new(), spent: 0, tokens: 0 }
    }

    /// Takes a piece. Of one of more than [`LONGEST`] bytes the rest counts in proportion to the beginning.
    pub fn add(&mut self, vocabulary: &Vocabulary, piece: &[u8]) {
        let sample = piece.get(..LONGEST).unwrap_or(piece);
        let tokens = merge::count(vocabulary, &mut self.window, sample);
        self.spent += characters(sample);
        self.tokens += in_proportion(tokens, piece.len(), sample.len());
    }

    /// Whether more was joined than the first so many bytes of the text may have.
    pub fn is_beyond(&self, bytes: usize) -> bool {
        self.spent > CHARACTERS + (SHARE * bytes as f32) as usize
    }

    /// The tokens of the pieces that were taken.
    pub fn tokens(&self) -> u64 {
        self.tokens
    }
}

/// The tokens of so many bytes, of which `of` are `tokens`.
pub(crate) fn in_proportion(tokens: u64, bytes: usize, of: usize) -> u64 {
    (tokens * bytes as u64).div_ceil(of.max(1) as u64)
}

/// How many characters begin in some bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..0xc0)).count()
}
