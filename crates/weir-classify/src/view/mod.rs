//! Views: ways of reading a text in which an identifier shows that does not show in another.
//!
//! Each view is a list of edits ([`Editor`]) that a cheap look at the bytes calls for. What is read again
//! of a view are its windows ([`each_window`]): the places that changed, with what is near them.

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
pub(crate) use seam::{Joined, Place, each_joined, together};
pub(crate) use survey::Survey;
use survey::kind;
pub(crate) use window::{Window, each_window};

/// A view that takes a text otherwise than it is written.
pub(crate) struct Guess {
    make: fn(&Survey<'_>) -> Option<Derived>,
    /// Kinds of bytes of which a text has one, or the view changes nothing; none if any text may be read so.
    of: u16,
    /// Whether what shows in it counts only beside a context, a label, or an own structure.
    pub(crate) is_doubtful: bool,
}

impl Guess {
    const fn new(make: fn(&Survey<'_>) -> Option<Derived>, of: u16) -> Self {
        Self { make, of, is_doubtful: false }
    }

    const fn doubtful(make: fn(&Survey<'_>) -> Option<Derived>, of: u16) -> Self {
        Self { make, of, is_doubtful: true }
    }

    pub(crate) fn make(&self, survey: &Survey<'_>) -> Option<Derived> {
        // Most texts are short and have nothing of what most guesses begin with.
        if self.of == 0 || survey.has(self.of) { (self.make)(survey) } else { None }
    }
}

/// The views that are tried on a text after everything that it says by itself was undone.
pub(crate) const GUESSES: [Guess; 11] = [
    Guess::new(spelled::spelled, 0),
    Guess::new(spelled_in_words::addresses, kind::LETTER),
    Guess::new(quoted::lines, kind::LINE_BREAK),
    Guess::new(loose::addresses, kind::AT_SIGN),
    Guess::new(figures::figures, kind::DIGIT),
    Guess::new(pieces, kind::DIGIT),
    Guess::new(number_words::digits, 0),
    Guess::new(regroup::apart, kind::WORD),
    Guess::doubtful(regroup::groups, kind::DIGIT),
    Guess::doubtful(regroup::lines, kind::LINE_BREAK),
    Guess::doubtful(look_alike::digits, kind::DIGIT),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_of_a_guess_without_what_it_begins_with() {
        let pieces = [
            "jo", " (at) ", "_at_", "example", "_dot_", ".com", "\n> ", "\n", " @", "4111", " 1", "two ",
            "é", ".0",
        ];
        let (mut state, mut made) = (7_usize, [0; GUESSES.len()]);
        for _ in 0..20_000 {
            let text = (0..7).fold(String::new(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + pieces[(state >> 33) % pieces.len()]
            });
            let survey = Survey::of(&text);
            for (guess, made) in GUESSES.iter().zip(&mut made) {
                let wanted = (guess.make)(&survey).map(|derived| derived.text);
                *made += usize::from(wanted.is_some());
                assert_eq!(guess.make(&survey).map(|derived| derived.text), wanted, "{text:?}");
            }
        }
        assert!(made.iter().filter(|made| **made > 0).count() > 8, "{made:?}");
    }
}
