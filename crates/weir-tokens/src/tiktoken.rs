//! The format of `tiktoken`: a token a line, in base64, and its rank.

use crate::vocabulary::{InvalidVocabulary, Vocabulary};
use crate::{Form, Pattern, Tokenizer};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use std::borrow::Cow;

/// Why a text is no vocabulary in the format of `tiktoken`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTiktoken {
    /// A line that is none of it.
    #[error("line {0} is not a token in base64, a space and its rank")]
    Line(usize),
    /// A rank that is left out, or taken twice.
    #[error("line {line} has rank {rank}, and the ranks must count from 0 on")]
    Rank {
        /// The line, counted from 1.
        line: usize,
        /// Its rank.
        rank: u32,
    },
    /// What it says cannot be used.
    #[error(transparent)]
    Vocabulary(#[from] InvalidVocabulary),
}

impl Tokenizer {
    /// Of the text of a `.tiktoken` file, which does not say by which pattern texts are cut.
    ///
    /// # Errors
    /// [`InvalidTiktoken`].
    pub fn from_tiktoken(file: &str, pattern: Pattern) -> Result<Self, InvalidTiktoken> {
        let (bytes, lengths) = parse(file)?;
        let vocabulary = Vocabulary::new(Cow::Owned(bytes), &lengths)?;
        Ok(Self::new(pattern, vocabulary, Form::AsWritten))
    }
}

/// All tokens one behind the other, and their lengths.
pub fn parse(file: &str) -> Result<(Vec<u8>, Vec<u16>), InvalidTiktoken> {
    let (mut bytes, mut lengths) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(file.lines()) {
        let invalid = || InvalidTiktoken::Line(number);
        let (token, rank) = line.split_once(' ').ok_or_else(invalid)?;
        let token = BASE64_STANDARD.decode(token).map_err(|_| invalid())?;
        let rank: u32 = rank.parse().map_err(|_| invalid())?;
        if token.is_empty() {
            return Err(invalid());
        }
        if rank as usize != lengths.len() {
            return Err(InvalidTiktoken::Rank { line: number, rank });
        }
        lengths.push(u16::try_from(token.len()).map_err(|_| InvalidVocabulary::TooLarge)?);
        bytes.extend(token);
    }
    Ok((bytes, lengths))
}
