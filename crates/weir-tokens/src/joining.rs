//! Counts the pieces of a text that are no token, within what a text may take: by their longest tokens, but for what is dense, or
//! longer than words are, by joining.

use crate::longest::{LONGEST, Longest};
use crate::merge::{self, Window};
use crate::vocabulary::{NONE, Vocabulary, is_beyond_ascii};

/// Work that a text may take beside one for each of its bytes.
const WORK: usize = 2048;

/// Work on dense pieces that counts once, as all other does…
const DENSE: usize = 2048;

/// …and how often more than that does.
const DENSE_COUNTS: usize = 6;

/// What a dense piece takes beside its own work, for the short pieces around it that are tokens.
const DENSE_PIECE: usize = 3;

/// Work on dense pieces beside half of all, from which on the longest tokens of ASCII are not looked for.
const MISLED: usize = 32;

/// The most bytes of a piece of ASCII in which the longest tokens are looked for; words have fewer.
const LONGEST_WORD: usize = 256;

/// Work on a word of ASCII that counts once: few that people write take more…
const WORD: usize = 8;

/// …and how often more than that does. The longer a word is put together, the less of it can be foreseen.
const WORD_COUNTS: usize = 7;

/// Bytes of every text that are counted, whatever they take.
const BEGINNING: usize = 1024;

/// Bytes that are passed over at least, where a text has taken more than it may.
const STRETCH: usize = 512;

/// A token for so many bytes counts at least where they are not looked at, so that nobody hides a long text behind a row of spaces.
const BYTES_OF_TOKEN: u64 = 8;

/// Counts the pieces of one text that are no token themselves.
///
/// That takes several times as long as finding a token, so that a text may have only so much of it. Few texts of people come
/// to that: most pieces are tokens, or have several bytes a character.
///
/// A piece is dense if its tokens are shorter than those of words. What is dense (random letters, base64) takes the longest, because the
/// processor can foresee nothing in it.
pub(crate) struct Joining {
    window: Window,
    longest: Longest,
    /// Work that was done.
    work: usize,
    /// So much of it on dense pieces.
    dense: usize,
}

impl Joining {
    pub fn new() -> Self {
        Self { window: Window::new(), longest: Longest::new(), work: 0, dense: 0 }
    }

    /// How many tokens a piece is. Of one of more than [`LONGEST`] bytes the rest counts in proportion to the beginning.
    pub fn count(&mut self, vocabulary: &Vocabulary, piece: &[u8]) -> u64 {
        let sample = piece.get(..LONGEST).unwrap_or(piece);
        let tokens = self
            .count_short(vocabulary, sample)
            .or_else(|| self.count_longest(vocabulary, sample))
            .unwrap_or_else(|| self.join(vocabulary, sample));
        match piece.len() - sample.len() {
            0 => tokens as u64,
            rest => tokens as u64 + uncounted(rest, (tokens as u64, sample.len())),
        }
    }

    /// Of two bytes that are no token nothing is made, and of three at most one pair.
    #[inline]
    fn count_short(&mut self, vocabulary: &Vocabulary, piece: &[u8]) -> Option<usize> {
        let makes = |one, other| vocabulary.start(one, other).pair() != NONE;
        let tokens = match *piece {
            [_, _] => 2,
            [first, second, third] => 3 - usize::from(makes(first, second) | makes(second, third)),
            _ => return None,
        };
        self.work += 1;
        self.dense += usize::from(!is_beyond_ascii(piece));
        Some(tokens)
    }

    /// The longest token is mostly the right one where letters have several bytes, and in words of ASCII. Where most of a text is dense it is so
    /// often not that joining takes half as long.
    fn count_longest(&mut self, vocabulary: &Vocabulary, piece: &[u8]) -> Option<usize> {
        let is_ascii = !is_beyond_ascii(piece);
        if is_ascii && (piece.len() > LONGEST_WORD || self.is_misled()) {
            return None;
        }
        let (tokens, work) = self.longest.count(vocabulary, piece)?;
        match is_ascii {
            false => self.work += work,
            true if is_dense(piece, tokens) => self.add_dense(work),
            true => self.work += work + (WORD_COUNTS - 1) * work.saturating_sub(WORD),
        }
        Some(tokens)
    }

    fn join(&mut self, vocabulary: &Vocabulary, piece: &[u8]) -> usize {
        let (tokens, work) = merge::count(vocabulary, &mut self.window, piece);
        match is_dense(piece, tokens) {
            true => self.add_dense(work),
            false => self.work += work,
        }
        tokens
    }

    fn add_dense(&mut self, work: usize) {
        self.work += work;
        self.dense += work + DENSE_PIECE;
    }

    /// Whether most of the text was dense by now.
    fn is_misled(&self) -> bool {
        self.dense > self.work / 2 + MISLED
    }

    /// How many bytes are passed over, if more was done than the first so many bytes of the text may take.
    pub fn beyond(&self, bytes: usize) -> Option<usize> {
        let counts = self.work + (DENSE_COUNTS - 1) * self.dense.saturating_sub(DENSE);
        let reached = counts.saturating_sub(WORK);
        (bytes >= BEGINNING && reached > bytes).then(|| (reached - bytes).max(STRETCH))
    }
}

/// Whether the tokens of a piece are shorter than those of words: below two and a half bytes in ASCII, and below two otherwise.
fn is_dense(piece: &[u8], tokens: usize) -> bool {
    let half_bytes = if piece.is_ascii() { 5 } else { 4 };
    half_bytes * tokens > 2 * piece.len()
}

/// The tokens of so many bytes that are not counted, beside `of` that are `tokens`: in proportion, but no fewer than
/// there may be at least.
#[cold]
pub(crate) fn uncounted(bytes: usize, (tokens, of): (u64, usize)) -> u64 {
    let bytes = bytes as u64;
    (tokens * bytes).div_ceil(of.max(1) as u64).max(bytes / BYTES_OF_TOKEN)
}
