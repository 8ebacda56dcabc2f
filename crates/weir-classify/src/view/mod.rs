//! Views: ways of reading a text in which an identifier shows that does not show in another.
//!
//! Each view is a list of edits ([`Editor`]) that a cheap look at the bytes calls for. What is read again
//! of a view are its [`windows`]: the places that changed, with what is near them.

mod armour;
mod base85;
mod binary;
mod blob;
mod bytes;
mod confusable;
mod cut;
mod decimal;
mod decode;
mod dump;
mod edit;
mod entity;
mod escape;
mod figures;
mod flip;
mod form;
mod hex;
mod hidden;
mod json;
mod label;
mod look_alike;
mod loose;
mod map;
mod markup;
mod members;
mod morse;
mod normalise;
mod number_words;
mod order;
mod pieces;
mod quoted;
mod regroup;
mod rotated;
mod rtf;
mod seam;
mod spelled;
mod spelled_in_words;
mod survey;
mod window;

use crate::View;
pub(crate) use confusable::latinise;
pub(crate) use decode::decode;
pub(crate) use edit::Derived;
use edit::Editor;
pub(crate) use flip::flips;
pub(crate) use json::{Item as JsonItem, Json};
pub(crate) use label::is_labelled;
pub(crate) use map::{Chain, Link};
use map::{SourceMap, Step};
pub(crate) use markup::strip;
pub(crate) use normalise::{fold_case, normalise};
pub(crate) use pieces::{pieces, pieces_over};
pub(crate) use seam::{Joined, Place, joins, together};
pub(crate) use survey::Survey;
pub(crate) use window::{Window, windows};

/// A view that takes a text otherwise than it is written.
pub(crate) struct Guess {
    pub(crate) make: fn(&Survey<'_>) -> Option<Derived>,
    /// Whether what shows in it counts only beside a context, a label, or an own structure.
    pub(crate) is_doubtful: bool,
}

const fn sure(make: fn(&Survey<'_>) -> Option<Derived>) -> Guess {
    Guess { make, is_doubtful: false }
}

const fn doubtful(make: fn(&Survey<'_>) -> Option<Derived>) -> Guess {
    Guess { make, is_doubtful: true }
}

/// The views that are tried on a text after everything that it says by itself was undone.
pub(crate) const GUESSES: [Guess; 11] = [
    sure(spelled::spelled),
    sure(spelled_in_words::addresses),
    sure(quoted::lines),
    sure(loose::addresses),
    sure(figures::figures),
    sure(pieces),
    sure(number_words::digits),
    sure(regroup::apart),
    doubtful(regroup::groups),
    doubtful(regroup::lines),
    doubtful(look_alike::digits),
];
