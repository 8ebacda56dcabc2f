//! Which words are looked at closely: those that may belong to a name, a few in a hundred in most texts.

use crate::gap::Gap;
use crate::lexicon::Known;
use crate::token::Shape;
use crate::words::{Word, Words};
use std::ops::Range;

const NAME: Known = Known::GIVEN.with(Known::SURNAME);
const COMMON: Known = Known::COMMON.with(Known::UNCOMMON).with(Known::FOREIGN).with(Known::FUNCTION);
const PLAIN: Known = COMMON.with(Known::DATE).with(Known::TECHNICAL);
/// How many words beside a candidate are looked at with it.
const REACH: usize = 2;

/// The stretches of words that are looked at, in order, apart from each other.
pub(crate) fn stretches(words: &Words, out: &mut Vec<Range<usize>>) {
    out.clear();
    words.each_possible(|index, word| {
        if !word.form.is_candidate() && !is_candidate_here(words, index, word) {
            return;
        }
        let stretch = widen(words, index);
        match out.last_mut() {
            Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
            _ => out.push(stretch),
        }
    });
}

/// Whether a word may be a candidate somewhere: most words of most texts may not.
pub(crate) fn is_possible(shape: Shape, known: Known) -> bool {
    let is_name = known.any(NAME) & !known.any(Known::FUNCTION);
    shape.is_capital() | (shape == Shape::Lower) & ((known == Known::default()) | is_name)
}

/// Whether a word is a candidate wherever it stands.
pub(crate) fn is_candidate(shape: Shape, known: Known) -> bool {
    let is_name = known.any(NAME) & (!known.any(COMMON) | known.any(Known::GIVEN_FREQUENT));
    shape.is_capital() & (shape != Shape::Initial) & (is_name | !known.any(NAME.with(PLAIN)))
}

fn widen(words: &Words, index: usize) -> Range<usize> {
    let mut start = index;
    while start > 0 && index - start < REACH && joins(words.gap(start)) && may_join(words.at(start - 1)) {
        start -= 1;
    }
    let mut end = index + 1;
    while end - index <= REACH && joins(words.gap(end)) && may_join(words.at(end)) {
        end += 1;
    }
    start..end
}

/// Whether words on both sides of a gap may be one name.
pub(crate) fn joins(gap: Gap) -> bool {
    matches!(gap, Gap::Space | Gap::Hyphen | Gap::Apostrophe | Gap::Stop | Gap::Dot | Gap::Column)
}

fn may_join(word: Option<&Word>) -> bool {
    word.is_some_and(|word| {
        word.shape().is_capital()
            || word.known().any(NAME.with(Known::PARTICLE)) && !word.known().any(Known::FUNCTION)
            || word.known().any(Known::PARTICLE)
    })
}

/// Whether a word that is no candidate everywhere is one where it stands.
fn is_candidate_here(words: &Words, index: usize, word: &Word) -> bool {
    let known = word.known();
    match word.shape() {
        Shape::Title | Shape::Inner | Shape::Caps if known.any(NAME) => stands_out(words, index),
        Shape::Title | Shape::Inner | Shape::Caps => {
            follows_title(words, index) || known.any(Known::ROLE) && !opens_sentence(words.gap(index))
        }
        Shape::Lower => may_be_small_name(words, index, known),
        Shape::Initial => is_initial_of_person(words, index),
        Shape::Camel | Shape::Number | Shape::Mixed | Shape::Uncased => false,
    }
}

/// A capital that the place in the sentence does not explain, or beside another capital.
fn stands_out(words: &Words, index: usize) -> bool {
    let capital = |offset| words.near(index, offset).is_some_and(|word| word.shape().is_capital());
    let next = words.gap(index + 1);
    !opens_sentence(words.gap(index))
        || matches!(next, Gap::Line | Gap::Paragraph | Gap::Item)
        || joins(words.gap(index + 1)) && capital(1)
        || follows_title(words, index)
}

pub(crate) fn opens_sentence(gap: Gap) -> bool {
    matches!(gap, Gap::Start | Gap::Line | Gap::Paragraph | Gap::Item | Gap::Stop | Gap::Mark | Gap::Quote)
}

fn follows_title(words: &Words, index: usize) -> bool {
    words.near(index, -1).is_some_and(|word| word.known().any(Known::TITLE))
        && matches!(words.gap(index), Gap::Space | Gap::Stop | Gap::Dot)
}

/// `Captain J`, `F. A.`
fn is_initial_of_person(words: &Words, index: usize) -> bool {
    let initial = |offset| words.near(index, offset).is_some_and(|word| word.shape() == Shape::Initial);
    let stops = |gap| matches!(gap, Gap::Stop | Gap::Dot);
    follows_title(words, index)
        || stops(words.gap(index)) && initial(-1)
        || stops(words.gap(index + 1)) && initial(1)
}

fn may_be_small_name(words: &Words, index: usize, known: Known) -> bool {
    if known.any(PLAIN) && !(known.any(Known::GIVEN_FREQUENT) && words.levels(index).code == 0) {
        return known.any(NAME) && !known.any(Known::FUNCTION) && follows_title(words, index);
    }
    if known.any(Known::FUNCTION) {
        return false;
    }
    let attached = |gap| {
        matches!(gap, Gap::Underscore | Gap::Dot | Gap::Code | Gap::Call | Gap::Slash | Gap::TightColon)
    };
    if attached(words.gap(index)) || attached(words.gap(index + 1)) {
        return false;
    }
    let long = words.at(index).is_some_and(|word| word.length > 2);
    long && (known.any(NAME)
        || known == Known::default() && words.levels(index).is_small && words.levels(index).code < 2)
}
