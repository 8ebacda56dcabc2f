use super::blob::{self, After};
use super::bytes::{Binary, judge};
use super::decode::{as_text, bytes_apart, is_hexadecimal};
use super::{Editor, Step};
use crate::View;
use std::ops::Range;

/// Bytes apart by signs, of which fewer are likely to be something else.
const PAIRS_MIN: usize = 7;

/// The same of bytes in words, which dates and numbers are too.
const WORDS_BYTES_MIN: usize = 12;

/// Undoes `%41%42`, a run of marked bytes at `at`, if it is text. Returns where to go on.
pub(super) fn undo_marked(editor: &mut Editor<'_>, text: &str, at: usize, kind: View) -> usize {
    let mark = text.as_bytes().get(at).copied();
    let mut bytes = Vec::new();
    let mut end = at;
    while text.as_bytes().get(end).copied() == mark
        && let Some(byte) = byte_at(text, end + 1)
    {
        bytes.push(byte);
        end += 3;
    }
    match std::str::from_utf8(&bytes) {
        Ok(decoded) if !bytes.is_empty() => {
            editor.step(at..end, decoded, Step::of(1, 3), kind);
            end
        }
        _ => end.max(at + 1),
    }
}

/// Undoes `%41%42`, or the characters `%u0041%u0042` of JavaScript's `escape`. Returns where to go on.
pub(super) fn undo_percent(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    const LEN: usize = "%u0041".len();
    let unit = |at: usize| {
        let digits = text.get(at..at + LEN)?.strip_prefix("%u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units: Vec<u16> = (at..).step_by(LEN).map_while(unit).collect();
    let end = at + units.len() * LEN;
    match String::from_utf16(&units) {
        Ok(decoded) if !decoded.is_empty() => {
            editor.replace(at..end, &decoded, View::Percent);
            end
        }
        _ if end > at => end,
        _ => undo_marked(editor, text, at, View::Percent),
    }
}

/// Undoes `6A-6F-2E`, a run of bytes apart by dashes or underscores, if it is text. Returns where to go on.
pub(super) fn undo_dashed(editor: &mut Editor<'_>, text: &str, run: Range<usize>) -> Option<usize> {
    if !is_dashed(text.as_bytes(), run.clone()) {
        return None;
    }
    let bytes: Option<Vec<u8>> = run.clone().step_by(3).map(|at| byte_at(text, at)).collect();
    if let Some(decoded) = as_text(&bytes?) {
        editor.replace(run.clone(), &decoded, View::Hex);
    }
    Some(run.end)
}

/// Whether a run is of hexadecimal bytes apart by dashes or underscores, of seven at least.
fn is_dashed(text: &[u8], run: Range<usize>) -> bool {
    let run = text.get(run).unwrap_or_default();
    let is_byte = |byte: &[u8]| match byte {
        [high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    };
    let sign = run.get(2);
    matches!(sign, Some(b'-' | b'_'))
        && run.len() >= 3 * PAIRS_MIN - 1
        && run.len() % 3 == 2
        && run.chunks(3).all(|byte| is_byte(byte) && byte.get(2).is_none_or(|b| Some(b) == sign))
}

/// Undoes quoted-printable at an equals sign: a soft line break, two or more bytes, or a sign of an e-mail
/// address. A single `=10` is an assignment.
///
/// Source: RFC 2045, section 6.7.
pub(super) fn undo_quoted(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    let rest = text.get(at + 1..).unwrap_or_default();
    let goes_on = |byte: Option<&u8>| byte.is_some_and(|b| !b.is_ascii_whitespace() && *b != b'=');
    let line_break = if rest.starts_with('\n') { 1 } else { 2 * usize::from(rest.starts_with("\r\n")) };
    if line_break > 0 {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        if goes_on(before) && goes_on(text.as_bytes().get(at + 1 + line_break)) {
            editor.remove(at..at + 1 + line_break, View::QuotedPrintable);
        }
        return at + 1 + line_break;
    }
    let is_more = text.as_bytes().get(at + 3) == Some(&b'=') && byte_at(text, at + 4).is_some();
    let is_sign = matches!(byte_at(text, at + 1), Some(b'@' | b'.' | b'-' | b'_'))
        && text.as_bytes().get(at + 3).is_some_and(u8::is_ascii_alphanumeric);
    if is_more || is_sign { undo_marked(editor, text, at, View::QuotedPrintable) } else { at + 1 }
}

/// Undoes a run of hexadecimal digits, with or without `0x` before it, if it is text. Of what is none it undoes what can
/// be read.
pub(super) fn undo_run(editor: &mut Editor<'_>, text: &str, run: Range<usize>) -> Option<After> {
    if !is_hexadecimal(text.as_bytes(), run.clone()) || run.len() % 2 == 1 {
        return None;
    }
    let prefix = if text.get(run.clone())?.starts_with("0x") { 2 } else { 0 };
    let digits = run.start + prefix..run.end;
    let bytes: Option<Vec<u8>> = digits.clone().step_by(2).map(|at| byte_at(text, at)).collect();
    let bytes = bytes?;
    if let Some(decoded) = as_text(&bytes) {
        let step = if decoded.len() * 2 == run.len() { Step::of(1, 2) } else { Step::NONE };
        editor.step(run.clone(), &decoded, step, View::Hex);
        return Some(After { end: run.end, is_opaque: false });
    }
    undo_binary(editor, run, &bytes)
}

/// Undoes what can be read in bytes that are no text; `None` if there is nothing.
fn undo_binary(editor: &mut Editor<'_>, range: Range<usize>, bytes: &[u8]) -> Option<After> {
    let after = |is_opaque| Some(After { end: range.end, is_opaque });
    if let Some(inflated) = blob::decompress(bytes) {
        editor.replace(range.clone(), &inflated, View::Compressed);
        return after(false);
    }
    match judge(bytes, || false) {
        Binary::Opaque => after(true),
        Binary::Readable(read) => {
            editor.replace(range.clone(), &read, View::Hex);
            after(false)
        }
        Binary::Nothing => None,
    }
}

/// Undoes `41 42`, `41:42`, `0x41, 0x42` from its first byte on, if it is text. Of what is none it undoes what can be read.
pub(super) fn undo_pairs(editor: &mut Editor<'_>, text: &str, first: Range<usize>) -> Option<After> {
    let prefix = match first.len() {
        4 | 8 if !text.get(first.clone())?.starts_with("0x") => return undo_words(editor, text, first),
        2 => "",
        4 => "0x",
        _ => return None,
    };
    byte_at(text, first.end - 2)
        .filter(|_| text.get(first.clone()).is_some_and(|t| t.starts_with(prefix)))?;
    let separator = separator_at(text, first.end)?;
    let pair_at = |at| Some((pair_at(text, at, prefix)?, prefix.len() + 2));
    let pairs = || bytes_apart(text, first.start, separator, pair_at);
    let (mut count, mut end) = (0, first.end);
    for (_, pair) in pairs() {
        (count, end) = (count + 1, pair.end);
    }
    let clear = After { end, is_opaque: false };
    if count < PAIRS_MIN {
        // The last of numbers with points may begin a run of its own.
        return (separator != ".").then_some(clear);
    }
    let bytes: Vec<u8> = pairs().map(|(byte, _)| byte).collect();
    let Some(decoded) = as_text(&bytes) else {
        return undo_binary(editor, first.start..end, &bytes).or(Some(clear));
    };
    let step = u8::try_from(prefix.len() + 2 + separator.len()).map_or(Step::NONE, |len| Step::of(1, len));
    let step = if decoded.len() == bytes.len() { step } else { Step::NONE };
    editor.step(first.start..end, &decoded, step, View::Hex);
    Some(clear)
}

/// Undoes `6a6f 2e64 6f65`, words of two or four bytes each, from the first on, if they are text.
fn undo_words(editor: &mut Editor<'_>, text: &str, first: Range<usize>) -> Option<After> {
    let (len, bytes) = (first.len(), text.as_bytes());
    let is_word = |range: Range<usize>| bytes.get(range).is_some_and(|w| w.iter().all(u8::is_ascii_hexdigit));
    let Range { start, mut end } = Some(first).filter(|first| is_word(first.clone()))?;
    let (mut last, mut digits) = (len, len);
    while last == len && matches!(bytes.get(end), Some(b' ' | b'\n' | b':' | b'-')) {
        let next = bytes.iter().skip(end + 1).take(len + 1).take_while(|b| b.is_ascii_alphanumeric()).count();
        if next == 0 || next > len || next % 2 == 1 || !is_word(end + 1..end + 1 + next) {
            break;
        }
        (last, digits, end) = (next, digits + next, end + 1 + next);
    }
    if digits < 2 * WORDS_BYTES_MIN {
        return None;
    }
    let words = (start..end).step_by(len + 1).map(|at| at..end.min(at + len));
    let said: Option<Vec<u8>> = words.flat_map(|word| word.step_by(2)).map(|at| byte_at(text, at)).collect();
    let said = said?;
    if let Some(said) = as_text(&said) {
        editor.replace(start..end, &said, View::Hex);
    }
    Some(After { end, is_opaque: false })
}

fn separator_at(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..text.len().min(at + 3))?;
    let len =
        rest.bytes().take_while(|b| matches!(b, b' ' | b',' | b';' | b':' | b'\n' | b'-' | b'.')).count();
    rest.get(..len).filter(|separator| !separator.is_empty())
}

fn pair_at(text: &str, at: usize, prefix: &str) -> Option<u8> {
    text.as_bytes().get(at..)?.starts_with(prefix.as_bytes()).then(|| byte_at(text, at + prefix.len()))?
}

/// The byte that two hexadecimal digits at `at` are.
pub(super) fn byte_at(text: &str, at: usize) -> Option<u8> {
    let [high, low] = text.as_bytes().get(at..)?.first_chunk()?;
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(*high)? * 16 + value(*low)?).ok()
}
