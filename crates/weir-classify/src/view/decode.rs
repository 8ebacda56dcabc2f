use super::survey::{RUN_MIN, Survey, is_base64, kind};
use super::{
    Derived, Editor, armour, base85, binary, blob, cut, decimal, dump, entity, escape, form, hex, morse,
    rotated, rtf,
};
use crate::lanes::{BLOCK, SIDE, hexadecimal_after};
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
    undo_all(survey, [seek_mark, seek_run, seek_pair])
}

/// Looks for the next place from one on at which something encoded may begin.
type Seek = fn(&Survey<'_>, usize) -> Option<usize>;

/// Undoes what is encoded at the places that are found: signs, runs, and the first of some bytes apart.
fn undo_all(survey: &Survey<'_>, seekers: [Seek; 3]) -> Decoded {
    let mut pass = Pass::new(survey);
    let mut next = seekers.map(|seek| seek(survey, 0));
    while let Some(at) = next.iter().flatten().min().copied() {
        let after = pass.undo(at);
        for (next, seek) in next.iter_mut().zip(seekers) {
            if next.is_some_and(|next| next < after) {
                *next = seek(survey, after);
            }
        }
        // Of a run that was passed over as a word the rest may be none.
        let rest = survey.run_from(after, kind::BASE64);
        if is_encoded(survey, after, rest) && survey.run_before(after, kind::BASE64) > 0 {
            next[1] = Some(after);
        }
    }
    Decoded { derived: pass.editor.finish(), is_opaque: pass.is_opaque }
}

/// The next sign with which an encoded character begins, by the byte behind it.
fn seek_mark(survey: &Survey<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = survey.seek(at, kind::ENCODING)?;
        if is_mark(survey.bytes(), at) {
            return Some(at);
        }
        at += 1;
    }
}

/// Whether a sign may begin an encoded character: most are of programs.
fn is_mark(bytes: &[u8], at: usize) -> bool {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'%'), Some(next)) => next.is_ascii_hexdigit() || *next == b'u',
        (Some(b'&'), Some(next)) => next.is_ascii_alphanumeric() || *next == b'#',
        (Some(b'='), Some(next)) => form::is_of_value(*next) || matches!(next, b'\r' | b'\n'),
        _ => true,
    }
}

/// Where the next run begins that is long enough and no word.
fn seek_run(survey: &Survey<'_>, mut from: usize) -> Option<usize> {
    loop {
        let at = survey.seek_stretch(from, kind::BASE64, RUN_MIN)?;
        let len = survey.run_from(at, kind::BASE64);
        if is_encoded(survey, at, len) {
            return Some(at);
        }
        from = at + len;
    }
}

/// Whether a run of so many characters is long enough and no word.
fn is_encoded(survey: &Survey<'_>, at: usize, len: usize) -> bool {
    len >= BLOCK || len >= RUN_MIN && !is_word(survey, at, len)
}

/// Whether a run has no capital and is no hexadecimal, with `0x` before it or not: every encoding of text has a capital
/// otherwise, and most runs are words and names.
fn is_word(survey: &Survey<'_>, at: usize, len: usize) -> bool {
    !survey.has_both_within(at, len, kind::LETTER, kind::CODED)
        && !is_hexadecimal(survey.bytes(), at..at + len)
}

/// Whether a run is of hexadecimal digits alone, but for `0x` before it. The first characters of most are not.
pub(super) fn is_hexadecimal(text: &[u8], run: Range<usize>) -> bool {
    let begins_so =
        (hexadecimal_after(text, run.start) | 0b10).trailing_ones() as usize >= run.len().min(SIDE);
    let digits = || text.get(run).map(|run| run.strip_prefix(b"0x").unwrap_or(run)).unwrap_or_default();
    begins_so && digits().iter().all(u8::is_ascii_hexdigit)
}

/// The next digit that begins the first of some bytes apart: those of ASCII have a digit first.
fn seek_pair(survey: &Survey<'_>, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = survey.seek(at, kind::DIGIT)?;
        let word = survey.run_from(at, kind::BASE64);
        at += if is_byte(survey, at, word) {
            match few_numbers(survey, at + word) {
                Some(end) => end - at,
                None => return Some(at),
            }
        } else {
            word.max(1)
        };
    }
}

/// Whether a byte or two may be written as the word of `len` characters that begins at a digit: in two to four, or in eight.
fn is_byte(survey: &Survey<'_>, at: usize, len: usize) -> bool {
    matches!(len, 2..=4 | 8) && survey.run_before(at, kind::BASE64) == 0
}

/// So many numbers beside a first one are text at least, if none is of four bytes and no function makes a character of each.
const FEW: usize = 5;

/// Where the numbers after a short one that ends at `end` are over, if they are few: then none of them is one of several
/// bytes.
fn few_numbers(survey: &Survey<'_>, mut end: usize) -> Option<usize> {
    for _ in 0..FEW {
        let start = match next_number(survey.bytes(), end) {
            Next::Number(start) => start,
            Next::Call => return None,
            Next::Other => return Some(end),
        };
        let len = survey.run_from(start, kind::BASE64);
        end = start + len;
        match len {
            2..=4 => {}
            // A word that only begins as a number does.
            5..=7 | 9 if survey.run_from(start, kind::WORD) == len => return Some(end),
            _ => return None,
        }
    }
    None
}

/// What follows a number.
enum Next {
    /// What may be another one, and where it begins.
    Number(usize),
    /// The call of a function that makes a character ends, and another may begin.
    Call,
    Other,
}

fn next_number(text: &[u8], end: usize) -> Next {
    const GAP_MAX: usize = 3;
    let rest = text.get(end..).unwrap_or_default();
    if let [b')', b'+' | b' ' | b'.' | b'&' | b'|', ..] = rest {
        return Next::Call;
    }
    if rest.starts_with(b"[") && text.get(end.wrapping_sub(1)) == Some(&b'+') {
        return Next::Call;
    }
    let is_gap = |b: &&u8| matches!(b, b' ' | b',' | b';' | b':' | b'\n' | b'-' | b'.' | b'|' | b'_');
    let gap = rest.iter().take(GAP_MAX).take_while(is_gap).count();
    match rest.get(gap..) {
        Some([first, second, ..])
            if gap > 0 && first.is_ascii_hexdigit() && (second.is_ascii_hexdigit() || *second == b'x') =>
        {
            Next::Number(end + gap)
        }
        _ => Next::Other,
    }
}

struct Pass<'a> {
    survey: &'a Survey<'a>,
    text: &'a str,
    editor: Editor<'a>,
    is_opaque: bool,
    tries: blob::Tries,
}

impl<'a> Pass<'a> {
    fn new(survey: &'a Survey<'a>) -> Self {
        let (text, tries) = (survey.text, blob::Tries::default());
        Self { survey, text, editor: Editor::new(text), is_opaque: false, tries }
    }

    /// Undoes what is encoded at `at`, if it is. Returns where to go on.
    fn undo(&mut self, at: usize) -> usize {
        match self.text.as_bytes().get(at) {
            Some(b'\\') => escape::undo(&mut self.editor, self.text, at),
            Some(b'%') => hex::undo_percent(&mut self.editor, self.text, at),
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
        if let Some(after) = hex::undo_dashed(&mut self.editor, self.text, at..end) {
            return after;
        }
        if end - at < RUN_MIN {
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
        let has_capital = self.survey.has_both_within(at, end - at, kind::LETTER, kind::CODED)
            || end - at > BLOCK && rest.iter().take(end - at).any(u8::is_ascii_uppercase);
        if !has_capital {
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
    fn numbers_that_are_passed_over_are_no_bytes() {
        fn seek_any(survey: &Survey<'_>, from: usize) -> Option<usize> {
            let is_first = |at: &usize| is_byte(survey, *at, survey.run_from(*at, kind::BASE64));
            (from..survey.text.len()).filter(|at| survey.bytes()[*at].is_ascii_digit()).find(is_first)
        }
        let numbers = "72 7a 6f 0x4a 104 4a6b 01101001 6a6f2e64 de 5 deadbeefdead decade 48656c-6c6f cab-";
        let numbers: Vec<&str> = numbers.split(' ').collect();
        let signs = [
            " ", " ", ", ", ";", ":", "\n", "-", ".", "|", "_", ")+chr(", ") & Chr(", "\r\n", "", "x", "é",
            " -",
        ];
        let (mut state, mut found) = (1_usize, 0);
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..30_000 {
            // Most often the same as before, so that rows are long enough.
            let (mut text, mut number, mut sign) = (String::new(), numbers[0], signs[0]);
            let change = 2 + next(12);
            for _ in 0..16 {
                if next(change) == 0 {
                    number = numbers[next(numbers.len())];
                }
                if next(change) == 0 {
                    sign = signs[next(signs.len())];
                }
                text = text + number + sign;
            }
            let survey = Survey::of(&text);
            let [fast, wanted] = [seek_pair, seek_any].map(|seek| {
                let decoded = undo_all(&survey, [seek_mark, seek_run, seek]);
                (decoded.derived.map(|derived| derived.text), decoded.is_opaque)
            });
            assert_eq!(fast, wanted, "{text:?}");
            found += usize::from(wanted.0.is_some());
        }
        assert!(found > 1000, "{found}");
    }

    #[test]
    fn signs_that_are_passed_over_begin_nothing() {
        let signs = ["%", "&", "=", "\\", "\r", "\n", "+", "#", ";", "~", "4", "a", "lt", "z", "é", " "];
        let mut passed = 0;
        for seed in 0..signs.len().pow(4) {
            let sign = |place: u32| signs[seed / signs.len().pow(place) % signs.len()];
            let text = "k".to_owned() + &(0..4).map(sign).collect::<String>();
            let survey = Survey::of(&text);
            for at in (1..text.len()).filter(|at| survey.seek(*at, kind::ENCODING) == Some(*at)) {
                if !is_mark(text.as_bytes(), at) {
                    let mut pass = Pass::new(&survey);
                    assert_eq!(pass.undo(at), at + 1, "at {at} in {text:?}");
                    assert!(pass.editor.finish().is_none(), "at {at} in {text:?}");
                    passed += 1;
                }
            }
        }
        assert!(passed > 1000);
    }

    #[test]
    fn words_say_nothing() {
        let parts = ["see", "0x", "6a6f", "0", "12", "101010", "-", "+", "n4y", "mfrgg43f", "am8uZG9l"];
        let mut words = 0;
        for seed in 0..parts.len().pow(4) {
            let part = |place: u32| parts[seed / parts.len().pow(place) % parts.len()];
            let text = (0..4).map(part).collect::<String>();
            let survey = Survey::of(&text);
            if text.len() >= RUN_MIN && is_word(&survey, 0, text.len()) {
                let mut pass = Pass::new(&survey);
                assert_eq!(pass.undo_run(0), text.len(), "{text}");
                assert!(!pass.is_opaque && pass.editor.finish().is_none(), "{text}");
                words += 1;
            }
        }
        assert!(words > 1000);
    }

    #[test]
    fn long_runs_are_found_but_for_words() {
        let words = ["see the longish_words, ", "pass/ages-of9", "deadbeefdeed", "Encoded8bytes ", "0x"];
        let texts = (0..625_usize).map(|seed| {
            let word = |place: u32| words[seed / 5_usize.pow(place) % 5];
            (0..4).map(word).chain(["x".repeat(seed % 80).as_str()]).collect::<String>()
        });
        for text in texts.chain(["lowercase".repeat(9), "a".repeat(200)]) {
            let (survey, bytes) = (Survey::of(&text), text.as_bytes());
            let run = |at: usize| bytes[at..].iter().take_while(|b| is_base64(**b)).count();
            let is_word = |run: &[u8]| {
                let digits = run.strip_prefix(b"0x").unwrap_or(run);
                let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
                run.len() < BLOCK && !run.iter().any(u8::is_ascii_uppercase) && !is_hex
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
