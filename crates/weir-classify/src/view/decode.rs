use super::survey::{RUN_MIN, Survey, is_base64, kind};
use super::{
    Derived, Editor, armour, base85, binary, blob, cut, decimal, dump, entity, escape, form, hex, morse,
    rotated, rtf,
};
use crate::View;
use crate::lanes::BLOCK;
use std::ops::Range;

/// What came of a text whose encodings were undone by one layer.
pub(crate) struct Decoded {
    /// The text, if it differs.
    pub(crate) derived: Option<Derived>,
    /// Whether there is something in it that looks encoded and cannot be read.
    pub(crate) is_opaque: bool,
}

/// Undoes one layer of encodings: backslash escapes, percent, character references, quoted-printable,
/// hexadecimal, base64 and what was compressed before, or else ASCII85 and the lines of `uuencode`, wherever in the text they stand.
///
/// INVARIANT (linear time): each byte belongs to one run, and a run is decoded at most once.
pub(crate) fn decode(survey: &Survey<'_>) -> Decoded {
    // Its letters and signs look like encodings themselves.
    let first =
        [armour::opened, dump::undone, rtf::read, morse::read, base85::read, rotated::rotated, cut::pieces];
    if let Some(derived) = first.iter().find_map(|undo| undo(survey)) {
        return Decoded { derived: Some(derived), is_opaque: false };
    }
    let mut pass = Pass {
        survey,
        text: survey.text,
        editor: Editor::new(survey.text),
        is_opaque: false,
        tries: blob::Tries::default(),
    };
    let seekers: [fn(&Survey<'_>, usize) -> Option<usize>; 3] = [seek_mark, seek_run, seek_pair];
    let mut next = seekers.map(|seek| seek(survey, 0));
    while let Some(at) = next.iter().flatten().min().copied() {
        let after = pass.undo(at);
        for (next, seek) in next.iter_mut().zip(seekers) {
            if next.is_some_and(|next| next < after) {
                *next = seek(survey, after);
            }
        }
        // Of a run that was passed over as a word the rest may be none.
        if survey.run_before(after, kind::BASE64) > 0 && is_encoded(survey, after) {
            next[1] = Some(after);
        }
    }
    Decoded { derived: pass.editor.finish(), is_opaque: pass.is_opaque }
}

/// The next sign with which an encoded character begins.
fn seek_mark(survey: &Survey<'_>, from: usize) -> Option<usize> {
    survey.seek(from, kind::ENCODING)
}

/// Where the next run begins that is long enough and no word.
fn seek_run(survey: &Survey<'_>, mut from: usize) -> Option<usize> {
    loop {
        let at = survey.seek_stretch(from, kind::BASE64, RUN_MIN)?;
        if is_encoded(survey, at) {
            return Some(at);
        }
        from = at + survey.run_from(at, kind::BASE64);
    }
}

/// Whether the run that begins there is long enough and no word.
fn is_encoded(survey: &Survey<'_>, at: usize) -> bool {
    let len = survey.run_from(at, kind::BASE64);
    len >= BLOCK || len >= RUN_MIN && !is_word(survey, at, len)
}

/// Whether a run is of small letters and signs alone and no hexadecimal: every encoding of text has a digit or a
/// capital otherwise, and most runs are words and names.
fn is_word(survey: &Survey<'_>, at: usize, len: usize) -> bool {
    let run = survey.bytes().get(at..at + len).unwrap_or_default();
    !survey.has_within(at, len, kind::CODED) && !run.iter().all(u8::is_ascii_hexdigit)
}

/// The next digit that begins a word of two to four characters, or of eight, as the first of some bytes apart does: those
/// of ASCII have a digit first.
fn seek_pair(survey: &Survey<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = survey.seek(at, kind::DIGIT)?;
        let word = survey.run_from(at, kind::BASE64);
        if matches!(word, 2..=4 | 8) && survey.run_before(at, kind::BASE64) == 0 {
            return Some(at);
        }
        at += word.max(1);
    }
}

struct Pass<'a> {
    survey: &'a Survey<'a>,
    text: &'a str,
    editor: Editor<'a>,
    is_opaque: bool,
    tries: blob::Tries,
}

impl Pass<'_> {
    /// Undoes what is encoded at `at`, if it is. Returns where to go on.
    fn undo(&mut self, at: usize) -> usize {
        match self.text.as_bytes().get(at) {
            Some(b'\\') => escape::undo(&mut self.editor, self.text, at),
            Some(b'%') => hex::undo_marked(&mut self.editor, self.text, at, View::Percent),
            Some(b'=') => form::undo(&mut self.editor, self.text, at)
                .unwrap_or_else(|| hex::undo_quoted(&mut self.editor, self.text, at)),
            Some(b'&') => entity::undo(&mut self.editor, self.text, at),
            _ => self.undo_run(at),
        }
    }

    /// Judges the run of base64 characters from `at`.
    fn undo_run(&mut self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        let seen = self.survey.run_from(at, kind::BASE64);
        let more = || rest.iter().skip(seen).take_while(|b| is_run(**b)).count();
        // Of the block after the next one nothing is seen.
        let end = at + if seen < BLOCK { seen } else { seen + more() };
        let Range { start: at, end } = within_marks(rest, at..end);
        if let Some(after) = binary::undo(&mut self.editor, self.text, at..end) {
            return after;
        }
        if end - at < RUN_MIN {
            if is_single(self.text.as_bytes(), end) {
                return end;
            }
            if let Some(after) = decimal::undo(&mut self.editor, self.text, at..end) {
                return after;
            }
            let Some(after) = hex::undo_pairs(&mut self.editor, self.text, at..end) else { return end };
            self.is_opaque |= after.is_opaque;
            return after.end;
        }
        if let Some(after) = hex::undo_run(&mut self.editor, self.text, at..end) {
            self.is_opaque |= after.is_opaque;
            return after.end;
        }
        if let Some(after) = blob::undo_base32(&mut self.editor, self.text, at..end) {
            return after;
        }
        // Of text, base64 has capitals: one for every third byte that is a digit, a space, a sign or one of the
        // letters up to `g`. Compressed data begins with one.
        if !rest.iter().take(end - at).any(u8::is_ascii_uppercase) {
            return end;
        }
        let after = blob::undo(&mut self.editor, self.text, at..end, &mut self.tries);
        self.is_opaque |= after.is_opaque;
        after.end
    }
}

/// Without the signs that UTF-7 has about its base64: `+AGoAbw-`.
///
/// Source: RFC 2152.
fn within_marks(rest: &[u8], run: Range<usize>) -> Range<usize> {
    if !rest.starts_with(b"+A") || run.len() <= RUN_MIN {
        return run;
    }
    let ends = rest.get(run.len() - 1) == Some(&b'-');
    run.start + 1..run.end - usize::from(ends)
}

/// Whether no other number follows a short one that ends at `end`: it is none of several bytes then.
fn is_single(text: &[u8], end: usize) -> bool {
    const GAP_MAX: usize = 3;
    let rest = text.get(end..).unwrap_or_default();
    let is_gap = |b: &&u8| matches!(b, b' ' | b',' | b';' | b':' | b'\n' | b'-' | b'.' | b'|');
    let gap = rest.iter().take(GAP_MAX).take_while(is_gap).count();
    // A bracket closes the call of a function that makes a character.
    !rest.get(gap).is_some_and(|b| b.is_ascii_hexdigit() || *b == b')')
}

/// The bytes that are written apart by `separator` from the place `first` on, and where each stands: `read` gives the one at a
/// place and how long it is there. They are counted before they are kept, as most are few.
pub(super) fn bytes_apart<'t>(
    text: &'t str,
    first: usize,
    separator: &'t str,
    read: impl Fn(usize) -> Option<(u8, usize)> + 't,
) -> impl Iterator<Item = (u8, Range<usize>)> + 't {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let at = next?;
        let (byte, len) = read(at)?;
        let end = at + len;
        let goes_on = text.get(end..)?.bytes().take(separator.len()).eq(separator.bytes());
        next = goes_on.then_some(end + separator.len());
        Some((byte, at..end))
    })
}

/// The characters of base64 and base64url.
pub(super) fn is_run(b: u8) -> bool {
    is_base64(b)
}

/// The text that bytes are, if they are one: ASCII or UTF-8 without control characters, or UTF-16 of
/// ASCII in either order. Few bytes are text by chance, so of those only ASCII counts. A PDF is none, whatever bytes it is written in.
pub(super) fn as_text(bytes: &[u8]) -> Option<String> {
    const CHANCE_MAX: usize = 12;
    if bytes.starts_with(b"%PDF-") {
        return None;
    }
    // The mark of UTF-16 is not a part of its text.
    let bytes = [b"\xff\xfe", b"\xfe\xff"].iter().find_map(|mark| bytes.strip_prefix(*mark)).unwrap_or(bytes);
    if let [_, 0, ..] = bytes
        && let (pairs, []) = bytes.as_chunks::<2>()
    {
        let low: Option<Vec<u8>> = pairs.iter().map(|[low, high]| (*high == 0).then_some(*low)).collect();
        return as_text(&low?);
    }
    if let [0, first, ..] = bytes
        && *first != 0
        && let (pairs, []) = bytes.as_chunks::<2>()
    {
        let low: Option<Vec<u8>> = pairs.iter().map(|[high, low]| (*high == 0).then_some(*low)).collect();
        return as_text(&low?);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let is_read = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let plausible = bytes.is_ascii() || bytes.len() >= CHANCE_MAX;
    (plausible && text.chars().all(is_read)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_word_behind_an_escape_may_be_an_encoding() {
        let decoded = |text: &str| decode(&Survey::of(text)).derived.map(|derived| derived.text);
        assert_eq!(decoded("ncabbcabbcabbcabbcabbcabb"), None);
        assert_eq!(decoded("\\ncabbcabbcabbcabbcabbcabb").as_deref(), Some("\nʻʻʻʻʻʻ"));
    }

    #[test]
    fn long_runs_are_found_but_for_words() {
        let words = ["see the longish_words, ", "pass/ages-of ", "deadbeefdeed", "Encoded8bytes ", ";"];
        let texts = (0..625_usize).map(|seed| {
            let word = |place: u32| words[seed / 5_usize.pow(place) % 5];
            (0..4).map(word).chain(["x".repeat(seed % 80).as_str()]).collect::<String>()
        });
        for text in texts.chain(["lowercase".repeat(9), "a".repeat(200)]) {
            let (survey, bytes) = (Survey::of(&text), text.as_bytes());
            let run = |at: usize| bytes[at..].iter().take_while(|b| is_base64(**b)).count();
            let is_word = |run: &[u8]| {
                let is_coded = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
                run.len() < BLOCK && !run.iter().any(is_coded) && !run.iter().all(u8::is_ascii_hexdigit)
            };
            for from in 0..=bytes.len() {
                let mut at = from;
                while at < bytes.len() && (run(at) < RUN_MIN || is_word(&bytes[at..at + run(at)])) {
                    at += run(at).max(1);
                }
                let wanted = (at < bytes.len()).then_some(at);
                assert_eq!(seek_run(&survey, from), wanted, "from {from} in {text:?}");
            }
        }
    }
}
