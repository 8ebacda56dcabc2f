use super::label::is_labelled;
use super::survey::{Survey, kind};
use super::{Derived, Editor, Step};
use crate::View;
use std::ops::Range;

/// Bytes of one value that is read backwards or by another alphabet, at most.
const VALUE_MAX: usize = 128;
/// Digits that a value without an at sign has, at least.
const DIGITS_MIN: usize = 4;
/// What is as long as a key may have fewer.
const KEY_MIN: usize = 15;

/// The text with its values read in other ways: the case of their letters swapped, written from the end,
/// and each letter thirteen places further in the alphabet.
pub(crate) fn flips(survey: &Survey<'_>) -> impl Iterator<Item = Derived> {
    let values = values(survey);
    let text = survey.text;
    [
        letter_by_letter(text, &values, View::CaseSwapped, swapped),
        reversed(text, &values),
        letter_by_letter(text, &values, View::Rot13, rotated),
    ]
    .into_iter()
    .flatten()
}

fn reversed(text: &str, values: &[Range<usize>]) -> Option<Derived> {
    let mut editor = Editor::new(text);
    for value in values {
        let backwards: String = text.get(value.clone()).unwrap_or_default().chars().rev().collect();
        editor.replace(value.clone(), &backwards, View::Reversed);
    }
    editor.finish()
}

fn swapped(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

fn rotated(c: char) -> char {
    let shift = |from: char, by: i32| char::from_u32(u32::from(from).wrapping_add_signed(by)).unwrap_or(from);
    match c {
        'a'..='m' | 'A'..='M' => shift(c, 13),
        'n'..='z' | 'N'..='Z' => shift(c, -13),
        _ => c,
    }
}

fn letter_by_letter(
    text: &str,
    values: &[Range<usize>],
    kind: View,
    map: fn(char) -> char,
) -> Option<Derived> {
    let mut editor = Editor::new(text);
    for value in values {
        let source = text.get(value.clone()).unwrap_or_default();
        // E-mail addresses are the same in any case, and addresses too with most other letters.
        let is_same = source.contains('@') && (kind == View::CaseSwapped || !has_country(source));
        if !is_same && source.bytes().any(|b| b.is_ascii_alphabetic()) {
            let mapped: String = source.chars().map(map).collect();
            editor.step(value.clone(), &mapped, Step::VERBATIM, kind);
        }
    }
    editor.finish()
}

/// Whether the last part of an address is of two letters: of those not all are assigned. The shortest are
/// assigned by chance.
fn has_country(address: &str) -> bool {
    address.len() >= KEY_MIN && address.rsplit('.').next().is_some_and(|top| top.len() == 2)
}

/// What could be a value: words with a digit in each, of which there are some together, or an at sign in one.
fn values(survey: &Survey<'_>) -> Vec<Range<usize>> {
    let (text, bytes) = (survey.text, survey.bytes());
    let mut values: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(found) = survey.seek(at, kind::DIGIT | kind::AT_SIGN) {
        let word = word_around(bytes, found);
        at = word.end;
        match values.last_mut() {
            Some(last) if last.end + 1 == word.start && bytes.get(last.end) == Some(&b' ') => {
                last.end = word.end
            }
            _ => values.push(word),
        }
    }
    values.retain(|value| is_value(text, value));
    values
}

/// The word in which a byte stands, without the signs of the sentence.
fn word_around(bytes: &[u8], at: usize) -> Range<usize> {
    let is_part = |b: &&u8| {
        b.is_ascii_graphic()
            && !matches!(
                b,
                b'"' | b','
                    | b'('
                    | b')'
                    | b'<'
                    | b'>'
                    | b';'
                    | b'='
                    | b'`'
                    | b'['
                    | b']'
                    | b'{'
                    | b'}'
                    | b'|'
            )
    };
    let floor = at.saturating_sub(VALUE_MAX);
    let head = bytes.get(floor..at).unwrap_or_default();
    let start = at - head.iter().rev().take_while(is_part).count();
    let end = at + bytes.iter().skip(at).take(VALUE_MAX).take_while(is_part).count();
    let is_sign =
        |at: usize| bytes.get(at).is_some_and(|b| matches!(b, b'.' | b':' | b'!' | b'?' | b'\'' | b'*'));
    let start = (start..at).find(|at| !is_sign(*at)).unwrap_or(at);
    let end = (at + 1..=end).rev().find(|end| !is_sign(*end - 1)).unwrap_or(end);
    start..end
}

/// Whether there is a reason to read it in another way: a label, an at sign, or the looks of a key.
fn is_value(text: &str, range: &Range<usize>) -> bool {
    let value = text.as_bytes().get(range.clone()).unwrap_or_default();
    if value.len() > VALUE_MAX || value.len() <= DIGITS_MIN {
        return false;
    }
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let is_hex = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'-' | b'x');
    let is_code = |b: &u8| matches!(b, b'$' | b'\\' | b'%' | b'#');
    let is_key =
        value.len() >= KEY_MIN && digits > 0 && !value.iter().all(is_hex) && !value.iter().any(is_code);
    let is_address = value.contains(&b'@') && !value.iter().any(|b| matches!(b, b':' | b'/'));
    is_address || is_key || (digits >= DIGITS_MIN && !is_sequence(value) && is_labelled(text, range.start))
}

/// `12345678`, `000000`, `1.2.30000`: a placeholder or a version is one from the other end too.
fn is_sequence(value: &[u8]) -> bool {
    let is_version = value.contains(&b'.') && value.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    is_version
        || value.windows(2).all(|pair| matches!(pair, [a, b] if b.wrapping_sub(*a) == 1))
        || value.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_sub(*b) <= 1))
}
