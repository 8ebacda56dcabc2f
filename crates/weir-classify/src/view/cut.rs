use super::blob;
use super::decode::as_text;
use super::survey::{Survey, is_base64};
use super::{Derived, Editor};
use crate::View;
use std::ops::{Range, RangeInclusive};

/// Characters of one piece: longer ones are looked at by themselves.
const PIECE: RangeInclusive<usize> = 4..=15;
/// Characters of all pieces, and bytes of what they say.
const CHARACTERS_MIN: usize = 16;
const BYTES_MIN: usize = 12;

/// Base64 that is cut into pieces of one length, as `am8u ZG9l QGV4 YW1w bGUu Y29t`.
///
/// INVARIANT (linear time): what was taken for a row of pieces is not looked at again.
pub(crate) fn pieces(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut done = 0;
    // In base64 every third word has a small letter before a capital, in few languages any.
    while let Some(found) = survey.seek_mixed(done) {
        let row = row_around(bytes, done, found);
        done = row.last().map_or(found, |piece| piece.end).max(found + 1);
        // What follows may be a word of the text around.
        let fewer = [row.len(), row.len() - 1].into_iter().filter_map(|count| row.get(..count));
        if let Some((range, said)) = fewer.into_iter().find_map(|pieces| said(bytes, pieces)) {
            editor.replace(range, &said, View::Base64);
        }
    }
    editor.finish()
}

/// What pieces say together, and where they stand.
fn said(bytes: &[u8], pieces: &[Range<usize>]) -> Option<(Range<usize>, String)> {
    let [first, .., last] = pieces else { return None };
    let characters: usize = pieces.iter().map(Range::len).sum();
    if characters < CHARACTERS_MIN || characters % 4 == 1 {
        return None;
    }
    let all = pieces.iter().flat_map(|piece| bytes.get(piece.clone()).unwrap_or_default().iter().copied());
    let said = as_text(&blob::decode(characters, all)).filter(|said| said.len() >= BYTES_MIN)?;
    let padding = bytes.iter().skip(last.end).take(2).take_while(|b| **b == b'=').count();
    Some((first.start..last.end + padding, said))
}

/// The pieces around a place, from `floor` on: all of one length but for the last, with the same sign between.
fn row_around(bytes: &[u8], floor: usize, at: usize) -> Vec<Range<usize>> {
    let piece = piece_around(bytes, floor, at);
    let len = piece.len();
    if !PIECE.contains(&len) {
        return vec![piece];
    }
    let is_sign = |at: usize| matches!(bytes.get(at), Some(b' ' | b'\n'));
    let mut row = vec![piece];
    while let Some(first) = row.last().map(|piece| piece.start)
        && let Some(end) = first.checked_sub(1).filter(|end| *end > floor && is_sign(*end))
        && let before = piece_around(bytes, floor, end - 1)
        && before.len() == len
        && before.end == end
    {
        row.push(before);
    }
    row.reverse();
    while let Some(end) = row.last().filter(|last| last.len() == len).map(|last| last.end)
        && is_sign(end)
        && bytes.get(end + 1).is_some_and(|b| is_base64(*b))
        && let after = piece_around(bytes, end + 1, end + 1)
        && after.len() <= len
    {
        row.push(after);
    }
    row
}

/// The characters of base64 around a place, as far as a piece that is too long.
fn piece_around(bytes: &[u8], floor: usize, at: usize) -> Range<usize> {
    let most = *PIECE.end() + 1;
    let head = bytes.get(floor..at).unwrap_or_default();
    let start = at - head.iter().rev().take(most).take_while(|b| is_base64(**b)).count();
    let tail = bytes.get(at..).unwrap_or_default();
    start..at + tail.iter().take(most).take_while(|b| is_base64(**b)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_length_are_put_together() {
        let read = |text: &str| pieces(&Survey::of(text)).map(|derived| derived.text);
        for (text, expected) in [
            ("am8u ZG9l QGV4 YW1w bGUu Y29t", "jo.doe@example.com"),
            ("See: am8uZG9l QGV4YW1w bGUuY29t now", "See: jo.doe@example.com now"),
            ("am8uZG9lQG\nV4YW1wbGUu\nY29tIQ==.", "jo.doe@example.com!."),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "someCase otherOne lastWord",
            "getItem setItem addItem hasItem",
            "aB cD eF gH iJ kL mN oP qR",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
