use super::survey::Survey;
use super::{Derived, Editor};
use crate::View;
use memchr::memmem::Finder;
use std::ops::Range;
use std::sync::LazyLock;

/// No part of an address is longer.
const REACH: usize = 80;

/// E-mail addresses whose signs are words between the same marks, or in capitals without any: `jo_at_example_dot_com`,
/// `joATexampleDOTcom`.
pub(crate) fn addresses(survey: &Survey<'_>) -> Option<Derived> {
    let text = survey.text;
    let mut editor = Editor::new(text);
    let mut dots: Vec<usize> =
        [(&SMALL), (&CAPITAL)].iter().flat_map(|finder| finder.find_iter(survey.bytes())).collect();
    dots.sort_unstable();
    for dot in dots {
        let Some((mark, dot)) = word_at(text.as_bytes(), dot, 3) else { continue };
        let Some(at) = at_before(text, editor.done(), dot.start, mark) else {
            // More dots may follow the first.
            if is_within_address(text, editor.done(), dot.start) {
                editor.replace(dot, ".", View::Spelled);
            }
            continue;
        };
        editor.replace(at, "@", View::Spelled);
        editor.replace(dot, ".", View::Spelled);
    }
    editor.finish()
}

static SMALL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("dot"));
static CAPITAL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("DOT"));

/// What is about a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Sign(u8),
    /// It is in capitals, and what is about it is not.
    Case,
}

/// The word of `len` letters at `at` with its marks, if it has such and other words about it.
fn word_at(bytes: &[u8], at: usize, len: usize) -> Option<(Mark, Range<usize>)> {
    let (before, after) = (*bytes.get(at.checked_sub(1)?)?, *bytes.get(at + len)?);
    let is_part = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let is_small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if is_small(before) && is_small(after) && bytes.get(at)?.is_ascii_uppercase() {
        return Some((Mark::Case, at..at + len));
    }
    let is_mark = before == after && b"_-*|'\"~/+:;,".contains(&before);
    // A space may be beside the marks.
    let outside = |at: Option<usize>, step: fn(usize) -> Option<usize>| {
        let at = at?;
        if bytes.get(at) == Some(&b' ') { step(at) } else { Some(at) }
    };
    let start = outside(at.checked_sub(2), |at| at.checked_sub(1));
    let end = outside(Some(at + len + 1), |at| at.checked_add(1));
    let range = start? + 1..end?;
    (is_mark && is_part(start) && is_part(end)).then_some((Mark::Sign(before), range))
}

/// The `at` before a dot, between the same marks and with nothing but the name of a host between.
fn at_before(text: &str, floor: usize, dot: usize, mark: Mark) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let from = floor.max(dot.saturating_sub(REACH));
    (from..dot.saturating_sub(2)).rev().find_map(|at| {
        let word = bytes.get(at..at + 2)?;
        let (found, range) = word_at(bytes, at, 2).filter(|_| matches!(word, b"at" | b"AT"))?;
        let host = bytes.get(range.end..dot)?;
        let is_host = host.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        (found == mark && is_host && !host.is_empty()).then_some(range)
    })
}

/// Whether a dot directly follows a label behind one that was read.
fn is_within_address(text: &str, done: usize, dot: usize) -> bool {
    let between = text.as_bytes().get(done..dot).unwrap_or_default();
    done > 0
        && (1..=REACH).contains(&between.len())
        && between.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_between_marks_are_signs() {
        let read = |text: &str| addresses(&Survey::of(text)).map(|derived| derived.text);
        for (text, expected) in [
            ("to jo.doeATexampleDOTcom now", "to jo.doe@example.com now"),
            ("nameATmailDOTcoDOTuk", "name@mail.co.uk"),
            ("jo.doe_at_example_dot_com", "jo.doe@example.com"),
            ("jo -at- example -dot- com", "jo@example.com"),
            ("jo|at|example|dot|com", "jo@example.com"),
            ("jo 'at' example 'dot' com", "jo@example.com"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["a dot product", "DOTALL", "load_dotenv", "look_at_me", "x_at_y_of_dot_z", "np.dot(a, b)", "dot"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
