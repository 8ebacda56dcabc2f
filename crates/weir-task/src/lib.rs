//! What a request asks for and how hard it is, by a small statistical model.
//!
//! [`Model::embedded`] is the model that comes with the crate; [`Model::read`] says of one text which task types are
//! how likely, how complex it is and which language it is written in, and [`judge`] makes one [`Judgement`] of what is
//! known of a request. All are pure functions: no files, clocks or randomness. What the model was trained on, how well
//! it does and where it fails is in `docs/models/task.md`.
//!
//! 1. **Words** (`scan`, `block`, `eights`, `fold`, `hash`, `words`): words, numbers and marks with their places, as hashes.
//! 2. **Lexicon** (`lexicon`, `groups`): groups of words of many languages that say what is asked for.
//! 3. **Shape** (`shape`, `logarithm`): lengths, marks, numerals, options to choose from.
//! 4. **Features** (`features`): hashed words and pairs, at the beginning, at the end and at all.
//! 5. **Scores** (`model`, `quadratic`): linear in the features; complexity from the shape alone.
//! 6. **Judgement** (`judgement`): the turns of a conversation, and what tools and schemas say.
//! 7. **Head** (`head`): what an encoder of the operator's adds, if there is one.
//!
//! Of a long text the first and the last 4 KiB are read, so the work is bounded.

mod block;
mod eights;
mod features;
mod fold;
mod groups;
mod hash;
mod head;
mod judgement;
mod kind;
mod language;
mod lexicon;
mod logarithm;
mod model;
mod quadratic;
mod scan;
mod shape;
mod words;

pub use features::{Features, NUMBERS, ROW_BITS, SETS};
pub use head::{BadHead, DIMENSIONS_MAX, Example, Figures, Fitted, Head, TooFew, fit};
pub use judgement::{Judgement, Structure, Turns, judge};
pub use kind::{KINDS, Kind};
pub use lexicon::encode as encode_lexicon;
pub use model::{BadModel, Model, Reading, Weights, best, encode_model, probabilities, value_in};
pub use quadratic::{Quadratic, Spread, TERMS, terms};
pub use shape::SHAPE;

/// The features of a text under a lexicon that [`encode_lexicon`] wrote, for training.
#[must_use]
pub fn features(text: &str, lexicon: &[u8]) -> Option<Features> {
    Some(Features::of(text, &lexicon::Lexicon::decode(lexicon)?))
}
