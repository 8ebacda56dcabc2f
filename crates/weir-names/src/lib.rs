//! Names of people, places and organisations in text, by a small statistical model.
//!
//! [`Model::embedded`] is the model that comes with the crate; [`Model::find`] reports what it sees. It is
//! a pure function of text and model: no files, clocks or randomness. What the model was trained on, how
//! well it does and where it fails is in `docs/models/names.md`.
//!
//! 1. **Words** (`block`, `token`, `signs`, `gap`, `words`): runs of letters and digits with their places, how
//!    they are written, what stands between them, and what the lexicon knows of them.
//! 2. **Gate** (`gate`): the few words that may belong to a name, with their neighbours.
//! 3. **Features** (`features`): hashes of what a word and its surroundings look like.
//! 4. **Chain** (`chain`): the probability of each label, given those of the neighbours.
//! 5. **Names** (`find`): runs of words that are probable enough.
//!
//! The work grows with the text and no faster: each word is looked at a bounded number of times.

mod block;
mod chain;
mod features;
mod find;
mod fold;
mod gap;
mod gate;
mod hash;
mod lexicon;
mod model;
mod signs;
mod token;
mod words;

pub use chain::{Chain, LABELS, LINKS, Scores, Steps};
pub use find::{KINDS, Kind, Name, Sample, Thresholds, samples};
pub use lexicon::{Known, Lexicon, encode as encode_lexicon};
pub use model::{BadModel, Model, encode_model};

/// The words of an entry in plain lower-case letters, as the lexicon keeps them.
#[must_use]
pub fn plain_words(entry: &str) -> Vec<String> {
    let mut words = Vec::new();
    token::tokens(entry, 0, entry.len(), &mut |token| words.push(token));
    let text = |token: &token::Token| entry.get(token.start..token.end).unwrap_or_default();
    words
        .iter()
        .map(|token| text(token).chars().filter(|c| !fold::is_mark(*c)).map(fold::plain).collect())
        .collect()
}
