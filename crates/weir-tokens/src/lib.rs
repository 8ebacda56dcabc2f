//! Counts the tokens of texts as models do, without a server.
//!
//! A [`Tokenizer`] cuts a text into pieces by a [`Pattern`] and looks each piece up in a vocabulary of byte-level BPE;
//! most pieces are a token, and what is none is joined of its bytes. Two vocabularies are embedded ([`Embedded`]); others
//! are read from files, in the formats of `tiktoken` and of Hugging Face's `tokenizers` ([`Counter`]). Counts are exact for the texts
//! as ordinary text: what stands in them for a special token is counted as it is written.

mod class;
mod counter;
mod embedded;
mod huggingface;
mod merge;
mod models;
mod slots;
mod split;
mod tiktoken;
mod vocabulary;

pub use counter::{Counter, Format, InvalidFile};
pub use embedded::{Embedded, pack};
pub use huggingface::Unsupported;
pub use models::of_model;
pub use split::{Pattern, Pieces};
pub use tiktoken::InvalidTiktoken;
pub use vocabulary::InvalidVocabulary;

use merge::Window;
use std::borrow::Cow;
use std::fmt;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};
use vocabulary::Vocabulary;

/// Counts the tokens of texts.
pub struct Tokenizer {
    pattern: Pattern,
    vocabulary: Vocabulary,
    form: Form,
}

/// Bytes of a piece that are counted, at most.
const LONGEST: usize = 4096;

/// The tokens of a piece of `length` bytes of which the first [`LONGEST`] are `sample` tokens.
fn in_proportion(sample: u64, length: usize) -> u64 {
    (sample * length as u64).div_ceil(LONGEST as u64)
}

/// What a text is brought to before it is cut into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// It stays as it is.
    AsWritten,
    /// Unicode's composed form.
    Nfc,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pattern, vocabulary: _, form } = self;
        f.debug_struct("Tokenizer").field("pattern", pattern).field("form", form).finish_non_exhaustive()
    }
}

impl Tokenizer {
    pub(crate) const fn new(pattern: Pattern, vocabulary: Vocabulary, form: Form) -> Self {
        Self { pattern, vocabulary, form }
    }

    /// How many tokens a text is.
    ///
    /// Exact, but for a single piece (a row of letters, say) of more than 4,096 bytes, which no language has: its first
    /// 4,096 bytes are counted and the rest in proportion, so that no text takes the time of a gateway.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        let text = self.form.of(text);
        let (mut window, mut at) = (Window::new(), 0);
        let of_next = |piece: &[u8]| {
            let begin = at;
            at += piece.len();
            self.count_piece(text.as_bytes(), begin, piece, &mut window)
        };
        self.pattern.pieces(&text).map(of_next).sum()
    }

    /// The tokens of the piece that begins there in the text.
    #[inline]
    fn count_piece(&self, text: &[u8], begin: usize, piece: &[u8], window: &mut Window) -> u64 {
        if piece.len() == 1 || self.vocabulary.contains_at(text, begin, piece) {
            return 1;
        }
        match piece.get(..LONGEST) {
            None => merge::count(&self.vocabulary, window, piece),
            Some(sample) => in_proportion(merge::count(&self.vocabulary, window, sample), piece.len()),
        }
    }
}

impl Form {
    fn of(self, text: &str) -> Cow<'_, str> {
        /// No character before it changes.
        const FIRST: char = '\u{300}';
        let is_formed = || match text.chars().position(|character| character >= FIRST) {
            None => true,
            Some(_) => is_nfc_quick(text.chars()) == IsNormalized::Yes,
        };
        match self {
            Form::Nfc if !is_formed() => Cow::Owned(text.nfc().collect()),
            Form::AsWritten | Form::Nfc => Cow::Borrowed(text),
        }
    }
}
