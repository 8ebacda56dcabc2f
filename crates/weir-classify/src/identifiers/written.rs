//! What the signs around digits, and the way a code is written, say of whether it is an identifier.

use super::alone::is_spelt;
use crate::code::{Window, is_gap, is_sign};
use crate::haystack::{Digits, Haystack};
use crate::recognise::Identifier;

/// So many digits in a row are always looked at.
const DIGITS_ENOUGH: usize = 4;

/// Whether digits may be a part of a code: not `3` in `3 apples`, cheap to say and most often no.
pub(super) fn may_begin(haystack: &Haystack<'_>, digits: &Digits) -> bool {
    let (at, end) = (digits.start, digits.end);
    if digits.len() >= DIGITS_ENOUGH {
        return true;
    }
    let upper_or_digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    match (haystack.before(at), haystack.byte(end)) {
        (Some(before), _) if before.is_ascii_uppercase() => true,
        (_, Some(after)) if after.is_ascii_alphabetic() => true,
        (Some(before), _) if before.is_ascii_lowercase() => {
            end - at > 2 || haystack.byte(end).is_some_and(is_sign)
        }
        (before, after) => {
            let linked = |b: Option<u8>| b.is_some_and(is_gap);
            let left =
                linked(before) && at.checked_sub(1).is_some_and(|at| upper_or_digit(haystack.before(at)));
            let right =
                haystack.byte(end + 1).is_some_and(|b| b.is_ascii_alphanumeric() || b.is_ascii_whitespace());
            left || linked(after)
                && right
                && (after.is_some_and(is_sign)
                    || !haystack.byte(end + 1).is_some_and(|b| b.is_ascii_lowercase()))
                || haystack.is_seam(at)
                || haystack.is_seam(end)
        }
    }
}

/// Whether a sign beside it says that it is an amount, an address, an escape, or an international telephone number.
pub(super) fn is_part_of_something(haystack: &Haystack<'_>, window: &Window) -> bool {
    let span = &window.span;
    let left = haystack.before(span.start).is_some_and(|b| matches!(b, b'@' | b'+' | b'$' | b'%' | b'\\'));
    let right = haystack.byte(span.end).is_some_and(|b| matches!(b, b'@' | b'%'));
    (left || right) && !haystack.is_seam(span.start) && !haystack.is_seam(span.end)
        || is_in_amount(haystack, window)
}

/// `1,234,567`, `12.345,60`: a comma beside groups of three digits, unless it parts the cells of a row.
fn is_in_amount(haystack: &Haystack<'_>, window: &Window) -> bool {
    let digit = |at: usize| haystack.byte(at).is_some_and(|b| b.is_ascii_digit());
    let (start, end) = (window.span.start, window.span.end);
    let left = haystack.before(start) == Some(b',') && is_thousands(haystack, start) && {
        let number = digits_start(haystack, start - 1);
        number < start - 1 && !begins_cell(haystack, number)
    };
    let right = haystack.byte(end) == Some(b',') && digit(end + 1);
    left || right && !begins_cell(haystack, start) && is_in_thousands(haystack.slice(window.span.clone()))
}

/// Whether three digits stand at `at`, and no sign ties them to more but a stop.
fn is_thousands(haystack: &Haystack<'_>, at: usize) -> bool {
    let end = haystack.digits_end(at, 4);
    end == at + 3 && !haystack.byte(end).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'/'))
}

/// Where the digits before `end` begin.
fn digits_start(haystack: &Haystack<'_>, end: usize) -> usize {
    const MAX: usize = 20;
    let head = haystack.slice(end.saturating_sub(MAX)..end);
    end - head.iter().rev().take_while(|b| b.is_ascii_digit()).count()
}

/// Whether a line or a cell of a row begins at `at`.
fn begins_cell(haystack: &Haystack<'_>, at: usize) -> bool {
    matches!(haystack.before(at), Some(b',' | b'\n' | b'(' | b'['))
}

/// Whether digits stand in groups of three, but for the first, which may be shorter.
fn is_in_thousands(text: &[u8]) -> bool {
    let mut groups = text.split(|b| matches!(b, b' ' | b'.' | b'\''));
    let is_number = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
    groups.next().is_some_and(|first| first.len() <= 3 && is_number(first))
        && groups.all(|group| group.len() == 3 && is_number(group))
}

/// Whether it may be one code, of which nothing but words can tell.
pub(super) fn is_plausible(window: &Window) -> bool {
    let in_one_spelling = window.groups == 1
        || (window.uniform || window.is_like_plate()) && window.is_apart() && !window.is_like_prose();
    in_one_spelling && !window.is_date() && !window.code.is_monotone(0..window.code.len())
}

/// Whether it is written in a way that nothing else is.
pub(super) fn is_alone(identifier: &Identifier, haystack: &Haystack<'_>, window: &Window) -> bool {
    let text = haystack.slice(window.span.clone());
    !window.is_attached()
        && (window.groups == 1 || window.is_apart())
        && !is_time(window)
        && identifier.alone.iter().any(|spelling| is_spelt(text, spelling))
}

/// Whether it may be milliseconds since 1970, of 2017 to 2033.
fn is_time(window: &Window) -> bool {
    let code = &window.code;
    window.groups == 1 && code.len() == 13 && code.is_number() && (1_500..2_000).contains(&code.value(0..4))
}
