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
mod joining;
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

use joining::{Joining, in_proportion};
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

/// Bytes that are left out where more was joined than a text may have.
const STRETCH: usize = 1024;

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
    /// Exact, but for what would take too long. Of a single piece (a row of letters, say) of more than 4,096 bytes, which no
    /// language has, the beginning is counted and the rest in proportion. Of a text in which more than 2,048 characters, and two
    /// fifths of its bytes, are in pieces that are no token (base64, say, or words that the vocabulary hardly knows) so many
    /// are counted, all over the text, and what lies between in proportion.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        let text = self.form.of(text);
        let (mut joining, mut found) = (Joining::new(), 0);
        let (mut at, mut left) = (0, 0);
        let mut pieces = self.pattern.pieces(&text);
        while let Some(piece) = pieces.next() {
            let begin = at;
            at += piece.len();
            if piece.len() == 1 || self.vocabulary.contains_at(text.as_bytes(), begin, piece) {
                found += 1;
                continue;
            }
            joining.add(&self.vocabulary, piece);
            if joining.is_beyond(at) {
                let next = text.ceil_char_boundary(at + STRETCH);
                left += next - at;
                at = next;
                pieces = self.pattern.pieces(text.get(next..).unwrap_or_default());
            }
        }
        let counted = found + joining.tokens();
        in_proportion(counted, text.len(), text.len() - left)
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
