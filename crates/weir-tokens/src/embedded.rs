//! The vocabularies that are part of the program.

use crate::{Form, InvalidTiktoken, Pattern, Tokenizer, tiktoken, vocabulary::Vocabulary};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A vocabulary that is part of the program: OpenAI's, as `tiktoken` has them (MIT licence).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Embedded {
    /// `o200k_base`: GPT-4o and what came after it, `gpt-oss`.
    O200k,
    /// `cl100k_base`: GPT-4, GPT-3.5, the third generation of embeddings.
    Cl100k,
}

impl Embedded {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::O200k, Self::Cl100k];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Embedded::O200k => "o200k_base",
            Embedded::Cl100k => "cl100k_base",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The tokenizer, whose tables are made when it is first asked for, in some 50 to 100 ms.
    #[must_use]
    pub fn tokenizer(self) -> &'static Tokenizer {
        static O200K: LazyLock<Tokenizer> =
            LazyLock::new(|| read(include_bytes!("../data/o200k_base.bin"), Pattern::O200K));
        static CL100K: LazyLock<Tokenizer> =
            LazyLock::new(|| read(include_bytes!("../data/cl100k_base.bin"), Pattern::CL100K));
        match self {
            Embedded::O200k => &O200K,
            Embedded::Cl100k => &CL100K,
        }
    }
}

/// The embedded form of a `.tiktoken` file: how many tokens there are (32 bits, the lowest byte first), the length of
/// each (a byte), and then all of them, one behind the other.
///
/// # Errors
/// [`InvalidTiktoken`], also when a token is longer than 255 bytes.
pub fn pack(file: &str) -> Result<Vec<u8>, InvalidTiktoken> {
    let (bytes, lengths) = tiktoken::parse(file)?;
    let count = u32::try_from(lengths.len()).unwrap_or(u32::MAX).to_le_bytes();
    let lengths: Result<Vec<u8>, _> = lengths.into_iter().map(u8::try_from).collect();
    let lengths = lengths.map_err(|_| crate::InvalidVocabulary::TooLarge)?;
    Ok([&count, &*lengths, &*bytes].concat())
}

#[expect(clippy::expect_used, reason = "INVARIANT (embedded vocabularies are whole): a test reads both")]
fn read(packed: &'static [u8], pattern: Pattern) -> Tokenizer {
    let (count, rest) = packed.split_first_chunk().expect("a count");
    let (lengths, bytes) = rest.split_at_checked(u32::from_le_bytes(*count) as usize).expect("lengths");
    let lengths: Vec<u16> = lengths.iter().map(|length| u16::from(*length)).collect();
    let vocabulary = Vocabulary::new(Cow::Borrowed(bytes), &lengths).expect("a vocabulary");
    Tokenizer::new(pattern, vocabulary, Form::AsWritten)
}
