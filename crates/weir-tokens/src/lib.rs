//! Counts the tokens of texts as models do, without a server.
//!
//! A [`Tokenizer`] cuts a text into pieces by a [`Pattern`] and looks each piece up in a vocabulary of byte-level BPE;
//! most pieces are a token, and what is none is joined of its bytes, or taken apart into the longest tokens that stand side by side.
//! Two vocabularies are embedded ([`Embedded`]); others are read from files, in the formats of `tiktoken` and of Hugging Face's `tokenizers` ([`Counter`]). Counts are exact for the texts
//! as ordinary text: what stands in them for a special token is counted as it is written.

mod class;
mod counter;
mod embedded;
mod huggingface;
mod joining;
mod longest;
mod merge;
mod models;
mod neighbours;
mod slots;
mod split;
mod tiktoken;
mod trie;
mod vocabulary;

pub use counter::{Counter, Format, InvalidFile};
pub use embedded::{Embedded, pack};
pub use huggingface::Unsupported;
pub use models::of_model;
pub use split::{Pattern, Pieces};
pub use tiktoken::InvalidTiktoken;
pub use vocabulary::InvalidVocabulary;

use joining::{Joining, uncounted};
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
    /// Exact for a text of up to 1,024 bytes, and for a longer one but for what would take too long. Of a single piece (a row of
    /// letters, say) of more than 4,096 bytes, which no language has, the beginning is counted. Pieces that are no token are joined
    /// of their bytes, and a text may have so much work of that: where it has had more (for base64, random letters, words that the
    /// vocabulary hardly knows) what follows is passed over, the longer the more it was.
    ///
    /// What is not looked at counts in proportion to what was counted before it, and as a token for eight bytes at least. As no byte
    /// is more than one token, a text that is made for it has at most eight times as many as are counted.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        let text = self.form.of(text);
        let mut joining = Joining::new();
        let (mut at, mut counted) = (0, 0);
        // Where what was passed over last ended, and the tokens found from there on.
        let (mut since, mut found) = (0, 0);
        let mut pieces = self.pattern.pieces(&text);
        while let Some(piece) = pieces.next() {
            let begin = at;
            at += piece.len();
            if piece.len() == 1 || self.vocabulary.contains_at(text.as_bytes(), begin, piece) {
                found += 1;
                continue;
            }
            found += joining.count(&self.vocabulary, piece);
            if let Some(beyond) = joining.beyond(at) {
                let next = text.ceil_char_boundary(at + beyond);
                counted += found + uncounted(next - at, (found, at - since));
                (at, since, found) = (next, next, 0);
                pieces = self.pattern.pieces(text.get(next..).unwrap_or_default());
            }
        }
        counted + found
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
