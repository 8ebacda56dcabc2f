use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use std::ops::Range;

/// A shorter token is no identifier.
const TOKEN_MIN: usize = 6;
const TOKEN_MAX: usize = 40;

/// Numbers with letters in them that look like digits: `4OOl 2345`.
///
/// Where all would be digits then, any such letter counts; in a token with other letters only the two
/// that are hardest to tell apart do, and only when most of it is digits.
pub(crate) fn digits(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut at = 0;
    while let Some(digit) = survey.seek(at, kind::DIGIT) {
        let head = bytes.get(at.max(digit.saturating_sub(TOKEN_MAX))..digit).unwrap_or_default();
        let start = digit - head.iter().rev().take_while(|b| is_token(b)).count();
        let tail = bytes.get(digit..).unwrap_or_default();
        at = digit + tail.iter().take_while(|b| is_token(b)).count();
        let token = bytes.get(start..at).unwrap_or_default();
        if is_time(token) {
            continue;
        }
        // Most are of digits alone, or with signs between.
        let is_number = token.iter().all(|b| class_of(*b) == class::FIGURE);
        if let Some(read) = (!is_number).then(|| read_as_digits(token)).flatten() {
            editor.step(start..at, &read, super::Step::of(1, 1), View::LookAlike);
        } else if let Some((range, read)) = read_groups(bytes, start..at) {
            at = range.end;
            editor.step(range, &read, super::Step::of(1, 1), View::LookAlike);
        }
    }
    editor.finish()
}

/// `2026-11-24T15` and `17.123Z` of `2026-11-24T15:16:17.123Z`: the letters of a time are none else.
fn is_time(token: &[u8]) -> bool {
    let is_number = |token: &[u8]| token.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    match token {
        [b'1' | b'2', b'0' | b'9', _, _, b'-', _, _, b'-', _, _, b'T', hour @ ..] => is_number(hour),
        [_, _, b'.', fraction @ .., b'Z'] => is_number(fraction),
        _ => false,
    }
}

/// Groups of digits, and letters that are hardest to tell from them, around the token at `token`: `OO5 499 98l`.
fn read_groups(bytes: &[u8], token: Range<usize>) -> Option<(Range<usize>, String)> {
    const GROUPS_MAX: usize = 4;
    let (mut start, mut end) = (token.start, token.end);
    if !bytes.get(token)?.iter().all(|b| is_figure(b) || *b == b'-') {
        return None;
    }
    let (mut before, mut after) = (0, 0);
    while before < GROUPS_MAX
        && let Some(group) = group_before(bytes, start)
    {
        (start, before) = (group, before + 1);
    }
    while after < GROUPS_MAX
        && let Some(group) = group_after(bytes, end)
    {
        (end, after) = (group, after + 1);
    }
    if before + after == 0 {
        return None;
    }
    let groups = bytes.get(start..end)?;
    let count = |is: fn(&u8) -> bool| groups.iter().filter(|b| is(b)).count();
    let (real, plain) = (count(u8::is_ascii_digit), count(|b| plainly(*b).is_some()));
    let read = || groups.iter().map(|b| char::from(plainly(*b).unwrap_or(*b))).collect();
    (plain > 0 && real >= 2 && real + plain >= TOKEN_MIN && real + 2 >= plain).then(|| (start..end, read()))
}

/// Letters and digits of one group at most.
const GROUP_MAX: usize = 6;

fn group_after(bytes: &[u8], end: usize) -> Option<usize> {
    let rest = bytes.get(end..)?;
    let gap = rest.iter().take(2).take_while(|b| is_gap(**b)).count();
    if gap == 0 {
        return None;
    }
    let group = rest.iter().skip(gap).take(GROUP_MAX + 1).take_while(|b| is_figure(b)).count();
    let closes = rest.get(gap + group).is_none_or(|b| !b.is_ascii_alphanumeric());
    ((1..=GROUP_MAX).contains(&group) && closes).then_some(end + gap + group)
}

fn group_before(bytes: &[u8], start: usize) -> Option<usize> {
    let head = bytes.get(..start)?;
    let gap = head.iter().rev().take(2).take_while(|b| is_gap(**b)).count();
    if gap == 0 {
        return None;
    }
    let group = head.iter().rev().skip(gap).take(GROUP_MAX + 1).take_while(|b| is_figure(b)).count();
    let opens = head.iter().rev().nth(gap + group).is_none_or(|b| !b.is_ascii_alphanumeric());
    ((1..=GROUP_MAX).contains(&group) && opens).then_some(start - gap - group)
}

fn is_gap(b: u8) -> bool {
    matches!(b, b' ' | b'(' | b')' | b'-' | b'.' | b'/')
}

fn is_figure(b: &u8) -> bool {
    b.is_ascii_digit() || plainly(*b).is_some()
}

fn is_token(b: &u8) -> bool {
    class_of(*b) != class::OTHER
}

/// What a byte is in a token.
mod class {
    pub(super) const OTHER: u8 = 0;
    /// A digit, or a sign between digits.
    pub(super) const FIGURE: u8 = 1;
    /// A letter, or a sign that looks like a digit.
    pub(super) const LETTER: u8 = 2;
}

fn class_of(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

static CLASSES: [u8; 256] = classes();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a wrong index is a compile error"
)]
const fn classes() -> [u8; 256] {
    let mut classes = [class::OTHER; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'0'..=b'9' | b'-' | b'.' | b'/' => class::FIGURE,
            b'a'..=b'z' | b'A'..=b'Z' | b'|' | b'!' | b'$' => class::LETTER,
            _ => class::OTHER,
        };
        byte += 1;
    }
    classes
}

fn read_as_digits(token: &[u8]) -> Option<String> {
    if !(TOKEN_MIN..=TOKEN_MAX).contains(&token.len()) || !token.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let is_sign = |b: &u8| matches!(b, b'-' | b'.' | b'/');
    let (mut real, mut plain, mut any, mut other) = (0, 0, 0, 0);
    for byte in token {
        match byte {
            b'0'..=b'9' => real += 1,
            _ if plainly(*byte).is_some() => plain += 1,
            // Letters at the beginning are mostly meant as such: a country, a series.
            _ if loosely(*byte).is_some() && real + plain > 0 => any += 1,
            _ if is_sign(byte) => {}
            _ => other += 1,
        }
    }
    let is_number = other == 0 && plain + any > 0 && real + plain > any;
    let is_mostly = plain > 0 && real + plain > any + other;
    let read = |byte: &u8| match is_number {
        true => plainly(*byte).or(loosely(*byte)).unwrap_or(*byte),
        false => plainly(*byte).unwrap_or(*byte),
    };
    (is_number || is_mostly).then(|| token.iter().map(|byte| char::from(read(byte))).collect())
}

fn plainly(byte: u8) -> Option<u8> {
    match byte {
        b'O' | b'o' => Some(b'0'),
        b'l' | b'I' | b'|' => Some(b'1'),
        _ => None,
    }
}

fn loosely(byte: u8) -> Option<u8> {
    Some(match byte {
        b'Q' | b'D' => b'0',
        b'i' | b'!' | b'L' => b'1',
        b'Z' | b'z' => b'2',
        b'E' => b'3',
        b'A' | b'h' => b'4',
        b'S' | b's' | b'$' => b'5',
        b'b' | b'G' => b'6',
        b'T' => b'7',
        b'B' => b'8',
        b'g' | b'q' => b'9',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_a_time_are_no_digits() {
        let is_read = |text: &str| digits(&Survey::of(text)).is_some();
        for text in ["2026-11-24T15:16:17.123Z", "at 1999-12-31T23:59"] {
            assert!(!is_read(text), "{text}");
        }
        for text in ["4OOl 2345", "2026-11-24Z15", "2026-11-24T1O", "12.345Z1", "12.34OZ"] {
            assert!(is_read(text), "{text}");
        }
    }
}
