use super::{calling_codes, context, is_north_american, is_one_digit};
use crate::haystack::Haystack;
use crate::numbers::{Gap, Numbers, Window};
use crate::recognise::Match;

/// A number that begins with a plus sign or an exit code; `start` is its first digit.
pub(super) fn find(haystack: &Haystack<'_>, numbers: &Numbers, start: usize) -> Option<Match> {
    if plus_before(haystack, start).is_some() {
        return numbers.windows(7..=17).find_map(|window| with_plus(haystack, &window));
    }
    if !haystack.starts_with(start, "0") {
        return None;
    }
    numbers.windows(9..=18).find_map(|window| with_exit_code(haystack, &window))
}

/// Where the plus sign stands that belongs to the digits at `start`: `+49`, `(+49)`, `+(49)`, `+ 49`.
fn plus_before(haystack: &Haystack<'_>, start: usize) -> Option<usize> {
    let is_between = haystack.before(start).is_some_and(|b| matches!(b, b'(' | b' '));
    let sign = start.checked_sub(if is_between { 2 } else { 1 })?;
    (haystack.byte(sign)? == b'+' && haystack.opens(sign)).then_some(sign)
}

fn with_plus(haystack: &Haystack<'_>, window: &Window<'_>) -> Option<Match> {
    let sign = plus_before(haystack, window.span.start)?;
    let closes =
        haystack.closes(window.span.end) || super::extension_end(haystack, window.span.end).is_some();
    // `a + 49 301 234` is a sum.
    let is_sum = haystack.byte(sign + 1) == Some(b' ') && haystack.before(sign) == Some(b' ');
    let plausible = closes && !is_sum && (is_international(haystack, window, 0) || is_of_zone_1(window));
    plausible.then(|| Match::new(sign..window.span.end, 0.9))
}

/// `+1-125-012-3372`: no area code begins so, but nothing else is written so either.
fn is_of_zone_1(window: &Window<'_>) -> bool {
    window.shape() == [1, 3, 3, 4] && window.gaps == Gap::DASH && window.digits().first() == Some(&1)
}

fn with_exit_code(haystack: &Haystack<'_>, window: &Window<'_>) -> Option<Match> {
    let exit = match window.digits() {
        [0, 0, ..] => 2,
        [0, 1, 1, ..] => 3,
        _ => return None,
    };
    let closes = window.is_free(haystack) || super::extension_end(haystack, window.span.end).is_some();
    let plausible = is_international(haystack, window, exit) || window.shape() == [3, 3, 3, 4];
    if window.left.is_some() || !closes || !plausible {
        return None;
    }
    let found = Match::new(window.span.clone(), 0.8);
    // Numbers padded with zeros look the same when they stand in one piece.
    if window.shape().len() > 1 && window.gaps != Gap::DOT {
        return Some(found);
    }
    let context = context::near(haystack, window.span.clone(), window)?;
    Some(found.with_evidence(&context))
}

fn is_international(haystack: &Haystack<'_>, window: &Window<'_>, exit: usize) -> bool {
    let digits = window.digits().get(exit..).unwrap_or_default();
    let Some((code, lengths)) = calling_codes::split(digits) else { return false };
    let national = digits.get(code..).unwrap_or_default();
    // The `(0)` in `+49 (0)30` is dialled inside the country only.
    let trunk = usize::from(haystack.slice(window.span.clone()).windows(3).any(|three| three == b"(0)"));
    let starts_well = match digits {
        [1, ..] => is_north_american(national),
        [7, ..] => matches!(national, [3..=9, ..]),
        _ => true,
    };
    starts_well && !is_one_digit(national) && lengths.contains(&(national.len() - trunk.min(national.len())))
}
