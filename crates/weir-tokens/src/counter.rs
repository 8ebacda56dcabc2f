use crate::{Embedded, InvalidTiktoken, Pattern, Tokenizer, Unsupported};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A tokenizer by the name that a configuration has for it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Counter {
    name: Arc<str>,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Embedded(Embedded),
    File(Arc<Tokenizer>),
}

/// Why a file is no tokenizer that can be counted with.
#[derive(Debug, thiserror::Error)]
pub enum InvalidFile {
    /// A `tokenizer.json`.
    #[error(transparent)]
    HuggingFace(#[from] Unsupported),
    /// A `.tiktoken` file.
    #[error(transparent)]
    Tiktoken(#[from] InvalidTiktoken),
}

/// In which format a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `tokenizer.json`.
    HuggingFace,
    /// `.tiktoken`, which does not name its pattern.
    Tiktoken(Pattern),
}

impl Counter {
    /// With an embedded vocabulary.
    #[must_use]
    pub fn embedded(embedded: Embedded) -> Self {
        Self { name: embedded.as_str().into(), origin: Origin::Embedded(embedded) }
    }

    /// With the vocabulary of a file. A text that is in use already is not read again.
    ///
    /// # Errors
    /// [`InvalidFile`].
    pub fn from_file(name: &str, text: &str, format: Format) -> Result<Self, InvalidFile> {
        let key = key_of(text, format);
        let mut known = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, tokenizer)| tokenizer.strong_count() > 0);
        let same = known.iter().find(|(other, _)| *other == key).and_then(|(_, known)| known.upgrade());
        let tokenizer = match (same, format) {
            (Some(tokenizer), _) => tokenizer,
            (None, Format::HuggingFace) => Arc::new(Tokenizer::from_huggingface(text)?),
            (None, Format::Tiktoken(pattern)) => Arc::new(Tokenizer::from_tiktoken(text, pattern)?),
        };
        known.push((key, Arc::downgrade(&tokenizer)));
        Ok(Self { name: name.into(), origin: Origin::File(tokenizer) })
    }

    /// How many tokens a text is; see [`Tokenizer::count`].
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        self.tokenizer().count(text)
    }

    /// Has an embedded vocabulary make its tables, which is done when it is first counted with otherwise.
    pub fn warm(&self) {
        let _ = self.tokenizer();
    }

    fn tokenizer(&self) -> &Tokenizer {
        match &self.origin {
            Origin::Embedded(embedded) => embedded.tokenizer(),
            Origin::File(tokenizer) => tokenizer,
        }
    }

    /// The name: of an embedded vocabulary, or the file as the configuration has it.
    #[must_use]
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }
}

/// Length, and hash of the text and its format.
type Key = (usize, u64);

/// The tokenizers of files for as long as a configuration has them: a reload of both files makes none again.
static IN_USE: Mutex<Vec<(Key, Weak<Tokenizer>)>> = Mutex::new(Vec::new());

fn key_of(text: &str, format: Format) -> Key {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    if let Format::Tiktoken(pattern) = format {
        pattern.hash(&mut hasher);
    }
    (text.len(), hasher.finish())
}
