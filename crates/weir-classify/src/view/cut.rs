use super::blob;
use super::decode::as_text;
use super::survey::{Survey, kind};
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
        let row = Row::around(survey, done, found);
        done = row.range.end;
        // What follows may be a word of the text around.
        let mut fewer = [Some(row.range.clone()), row.without_last()].into_iter().flatten();
        if let Some((range, said)) = fewer.find_map(|range| row.said(bytes, range)) {
            editor.replace(range, &said, View::Base64);
        }
    }
    editor.finish()
}

/// Pieces side by side with the same sign between: all have `len` characters, but for the last.
struct Row {
    range: Range<usize>,
    len: usize,
}

impl Row {
    /// The pieces around a place, from `floor` on. A piece of another length is a row by itself.
    fn around(survey: &Survey<'_>, floor: usize, at: usize) -> Self {
        let bytes = survey.bytes();
        let Range { mut start, mut end } = piece_around(survey, floor, at);
        let len = end - start;
        if !PIECE.contains(&len) {
            return Self { range: start..end, len };
        }
        let is_sign = |at: usize| matches!(bytes.get(at), Some(b' ' | b'\n'));
        while let Some(sign) = start.checked_sub(1).filter(|sign| *sign > floor && is_sign(*sign))
            && let before = piece_around(survey, floor, sign - 1)
            && before.len() == len
            && before.end == sign
        {
            start = before.start;
        }
        let mut last = len;
        while last == len && is_sign(end) {
            let next = survey.run_from(end + 1, kind::BASE64);
            if !(1..=len).contains(&next) {
                break;
            }
            (last, end) = (next, end + 1 + next);
        }
        Self { range: start..end, len }
    }

    /// Where the pieces stand without the last one, if there is another.
    fn without_last(&self) -> Option<Range<usize>> {
        let Range { start, end } = self.range;
        let before = (end - start - 1) / (self.len + 1) * (self.len + 1);
        before.checked_sub(1).map(|before| start..start + before)
    }

    /// What the pieces in a range say together, and where they stand.
    fn said(&self, bytes: &[u8], range: Range<usize>) -> Option<(Range<usize>, String)> {
        let signs = range.len() / (self.len + 1);
        let characters = range.len() - signs;
        if signs == 0 || characters < CHARACTERS_MIN || characters % 4 == 1 {
            return None;
        }
        let pieces = bytes.get(range.clone())?.chunks(self.len + 1);
        let all = pieces.flat_map(|piece| piece.iter().take(self.len).copied());
        let said = as_text(&blob::decode(characters, all)).filter(|said| said.len() >= BYTES_MIN)?;
        let padding = bytes.iter().skip(range.end).take(2).take_while(|b| **b == b'=').count();
        Some((range.start..range.end + padding, said))
    }
}

/// The characters of base64 around a place, as far as a piece that is too long.
fn piece_around(survey: &Survey<'_>, floor: usize, at: usize) -> Range<usize> {
    let most = *PIECE.end() + 1;
    let before = survey.run_before(at, kind::BASE64).min(most).min(at - floor);
    at - before..at + survey.run_from(at, kind::BASE64).min(most)
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
            ("so am8uZG9l QGV4YW1w bGUuY29t now", "so jo.doe@example.com now"),
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
