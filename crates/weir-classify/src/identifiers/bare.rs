//! Texts that hold nothing but an identifier, which no word around names.

use super::alone::is_spelt;
use crate::code::Window;
use crate::haystack::Haystack;
use crate::recognise::Identifier;

/// A text is nothing but an identifier when so few bytes hold all of it.
const BARE_MAX: usize = 64;
/// Any number of fewer digits has the right check digit for some register.
const BARE_NUMBER_MIN: usize = 9;

/// Whether the text holds nothing but it and words that say nothing.
pub(super) fn is_bare(identifier: &Identifier, haystack: &Haystack<'_>, window: &Window) -> bool {
    may_be_bare(haystack, window) && (window.is_in_few_groups() || is_spelt_as(identifier, haystack, window))
}

/// The same, whatever identifier it may be.
pub(super) fn may_be_bare(haystack: &Haystack<'_>, window: &Window) -> bool {
    may_hold_bare(haystack)
        && window.is_apart()
        && !(window.code.is_number() && window.code.len() < BARE_NUMBER_MIN)
        && window.code.bytes() != b"0123456789"
        && !window.is_attached()
        && says_nothing(haystack.slice(0..window.span.start))
        && says_nothing(haystack.slice(window.span.end..haystack.len()))
}

/// Whether a text is short and a message, or under no key, so that nothing but an identifier may be in it.
pub(super) fn may_hold_bare(haystack: &Haystack<'_>) -> bool {
    haystack.len() <= BARE_MAX && haystack.keys().last().is_none_or(|key| CARRIERS.contains(key))
}

fn says_nothing(text: &[u8]) -> bool {
    text.is_ascii()
        && text.split(|b| !b.is_ascii_alphabetic()).all(|word| {
            word.is_empty() || FILLERS.iter().any(|filler| word.eq_ignore_ascii_case(filler.as_bytes()))
        })
}

/// Keys whose values are whole messages.
const CARRIERS: &[&str] =
    &["content", "text", "input", "prompt", "message", "query", "value", "answer", "body", "output"];

/// Words that say nothing of the number beside them.
const FILLERS: &[&str] = &[
    "a", "an", "and", "das", "de", "die", "el", "est", "et", "here", "here's", "is", "ist", "it", "la", "le",
    "m", "mein", "meine", "mi", "mine", "mon", "my", "no", "nr", "o", "or", "oder", "s", "the", "this",
    "und", "y", "yes",
];

/// Whether it is spelt as nothing else is, but for capitals.
fn is_spelt_as(identifier: &Identifier, haystack: &Haystack<'_>, window: &Window) -> bool {
    let text = haystack.slice(window.span.clone()).to_ascii_uppercase();
    identifier.alone.iter().any(|spelling| is_spelt(&text, spelling))
}
