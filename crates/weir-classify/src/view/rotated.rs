use super::survey::{Survey, kind};
use super::{Derived, Editor, Step};
use crate::View;
use crate::lanes::{BLOCK, Lanes, is_in};
use std::ops::Range;

/// Bytes of one line that are read so, at most.
const LINE_MAX: usize = 1024;

/// Lines whose signs are moved by 47 places (ROT47), if that makes an address or a long number of them.
///
/// INVARIANT (linear time): a line is read so once.
pub(crate) fn rotated(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let seekers: [fn(&Survey<'_>, usize) -> Option<usize>; 2] = [next_dot, next_number];
    let number = may_have_number(survey).then(|| next_number(survey, 0)).flatten();
    let mut next = [next_dot(survey, 0), number];
    let mut at = 0;
    while let Some(found) = next.iter().flatten().min().copied() {
        let line = line_around(bytes, at, found);
        at = line.end.max(found + 1);
        let rotated: Vec<u8> =
            bytes.get(line.clone()).unwrap_or_default().iter().map(|b| rotate(*b)).collect();
        if let Some(said) = std::str::from_utf8(&rotated).ok().filter(|said| has_value(said)) {
            editor.step(line, said, Step::VERBATIM, View::Rot13);
        }
        for (next, seek) in next.iter_mut().zip(seekers) {
            if next.is_some_and(|next| next < at) {
                *next = seek(survey, at);
            }
        }
    }
    editor.finish()
}

/// The next `]` as a dot within an address becomes: in few texts it stands between capitals and digits.
fn next_dot(survey: &Survey<'_>, from: usize) -> Option<usize> {
    let bytes = survey.bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(|b| (b'2'..=b'K').contains(b));
    let is_dot =
        |at: &usize| at.checked_sub(1).is_some_and(is_letter) && is_letter(at + 1) && is_letter(at + 2);
    memchr::memchr_iter(b']', bytes.get(from..)?).map(|at| from + at).find(is_dot)
}

/// The next `_` or grave accent among digits that were moved: `0` and `1` are among those of most numbers.
fn next_number(survey: &Survey<'_>, from: usize) -> Option<usize> {
    let bytes = survey.bytes();
    memchr::memchr2_iter(b'_', b'`', bytes.get(from..)?).map(|at| from + at).find(|at| is_number(bytes, *at))
}

/// Digits of the shortest number of a card.
const DIGITS_MIN: usize = 13;

/// Whether a block has more than half of such a number in a row.
fn may_have_number(survey: &Survey<'_>) -> bool {
    let bytes = survey.bytes();
    let has_row = |at: usize| {
        let digits = Lanes::at(bytes, at).mask(|lane| is_in(lane, b'_', b'h'));
        let two = digits & digits >> 1;
        let four = two & two >> 2;
        four & four >> 3 != 0
    };
    survey.seek(0, kind::MARKUP).is_some() && (0..bytes.len()).step_by(BLOCK).any(has_row)
}

/// Whether a mark is in a row of digits that were moved, with another one.
fn is_number(bytes: &[u8], at: usize) -> bool {
    let is_digit = |b: &&u8| matches!(b, b'_'..=b'h');
    let head = bytes.get(at.saturating_sub(DIGITS_MIN)..at).unwrap_or_default();
    let before = head.iter().rev().take_while(is_digit).count();
    let tail = bytes.get(at..).unwrap_or_default();
    let after = tail.iter().take(2 * DIGITS_MIN).take_while(is_digit).count();
    let digits = bytes.get(at - before..at + after).unwrap_or_default();
    digits.len() >= DIGITS_MIN && digits.iter().filter(|b| matches!(b, b'_' | b'`')).count() > 1
}

fn line_around(bytes: &[u8], floor: usize, at: usize) -> Range<usize> {
    let is_within = |b: &&u8| b.is_ascii_graphic() || **b == b' ';
    let head = bytes.get(floor.max(at.saturating_sub(LINE_MAX))..at).unwrap_or_default();
    let start = at - head.iter().rev().take_while(is_within).count();
    let tail = bytes.get(at..).unwrap_or_default();
    start..at + tail.iter().take(LINE_MAX).take_while(is_within).count()
}

fn rotate(byte: u8) -> u8 {
    if byte.is_ascii_graphic() { (byte - b'!' + 47) % 94 + b'!' } else { byte }
}

/// Whether a line has an address, or digits in a row that are as long as the number of a card.
fn has_value(line: &str) -> bool {
    line.split(' ').any(|word| {
        let is_address = word.split_once('@').is_some_and(|(name, domain)| {
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
            !name.is_empty() && domain.contains('.') && name.chars().chain(domain.chars()).all(is_part)
        });
        is_address
            || word.bytes().filter(u8::is_ascii_digit).count() >= 13
                && word.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_wherever_they_are() {
        for before in 0..140 {
            let text = format!("{}`_bcdefghbcde", "-".repeat(before));
            let survey = Survey::of(&text);
            assert!(next_number(&survey, 0).is_some() && may_have_number(&survey), "{text}");
        }
        assert!(!may_have_number(&Survey::of("`bed` and the_end of it")));
    }

    #[test]
    fn lines_with_a_value_are_read_and_others_are_not() {
        let read = |text: &str| rotated(&Survey::of(text)).map(|derived| derived.text);
        for (text, expected) in [
            ("Decode:\n;@]5@6o6I2>A=6]4@>\nThanks", "Decode:\njo.doe@example.com\nThanks"),
            ("|J 42C5 :D cdbh`cgg_bcbecef", "My card is 4539148803436467"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["let x = a[0]:DEF", "abc_def_xyz_abc", "see [1]2AB", "x[i]=BCD"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
