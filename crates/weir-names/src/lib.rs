//! Names of people, places and organisations in text, by a small statistical model.
//!
//! [`Model::embedded`] is the model that comes with the crate; [`Model::find`] reports what it sees. It is
//! a pure function of text and model: no files, clocks or randomness. What the model was trained on, how
//! well it does and where it fails is in `docs/models/names.md`.
//!
//! 1. **Words** (`lanes`, `token`, `signs`, `gap`, `form`, `words`): runs of letters and digits with their places, how
//!    they are written, what stands between them, and what the lexicon knows of them.
//! 2. **Gate** (`gate`): the few words that may belong to a name, with their neighbours.
//! 3. **Features** (`features`): hashes of what a word and its surroundings look like.
//! 4. **Bound** (`bound`): whether any label can come out as probable as a name needs, whatever the words around are.
//! 5. **Chain** (`chain`): the probability of each label, given those of the neighbours.
//! 6. **Names** (`find`): runs of words that are probable enough.
//!
//! The work grows with the text and no faster: each word is looked at a bounded number of times. What is the same wherever a
//! word stands, its hash, its properties and the weights of its own features, is remembered of short words (`recent`); that
//! saves time and changes nothing.

mod block;
mod bound;
mod chain;
mod features;
mod find;
mod fold;
mod form;
mod gap;
mod gate;
mod hash;
mod lanes;
mod lexicon;
mod model;
mod recent;
mod signs;
mod token;
mod words;

pub use chain::{Chain, LABELS, LINKS, Scores, Steps};
pub use find::{KINDS, Kind, Name, Sample, Thresholds, samples};
pub use lexicon::{Known, Lexicon, encode as encode_lexicon};
pub use model::{BITS, BadModel, Model, encode_model};

use std::ops::Range;

/// The words of an entry in plain lower-case letters, as the lexicon keeps them.
#[must_use]
pub fn plain_words(entry: &str) -> Vec<String> {
    let text = |word: Range<usize>| entry.get(word).unwrap_or_default();
    token::words(entry)
        .into_iter()
        .map(|word| text(word).chars().filter(|c| !fold::is_mark(*c)).map(fold::plain).collect())
        .collect()
}
