use super::{Editor, Step};
use crate::View;

/// Undoes the backslash escape at `at` (JSON, Python, JavaScript), if there is one. Returns where to go on.
///
/// A run of backslashes counts as one: how often a string was wrapped in JSON makes no difference, and
/// a text drawn with backslashes needs no more layers than any other.
pub(super) fn undo(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    let run = text.bytes().skip(at).take_while(|b| *b == b'\\').count();
    let after = at + run;
    if begins_bytes(text, after) {
        return after + 1;
    }
    let escaped = escape_at(text, after).or_else(|| sign_of_value(text, at, after));
    let Some((c, len)) = escaped else { return after };
    let mut buffer = [0; 4];
    let c = c.encode_utf8(&mut buffer);
    let end = after + len;
    let step = match (u8::try_from(c.len()), u8::try_from(end - at)) {
        (Ok(view), Ok(source)) => Step::of(view, source),
        _ => Step::NONE,
    };
    editor.step(at..end, c, step, View::Escapes);
    end
}

/// Whether bytes follow as PostgreSQL writes them, all behind one `x`; those are undone together.
fn begins_bytes(text: &str, at: usize) -> bool {
    const DIGITS_MIN: usize = 96;
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    rest.first() == Some(&b'x')
        && rest.iter().skip(1).take(DIGITS_MIN).take_while(|b| b.is_ascii_hexdigit()).count() == DIGITS_MIN
}

/// The character that the escape whose letter is at `at` stands for, and the bytes it takes from there.
fn escape_at(text: &str, at: usize) -> Option<(char, usize)> {
    let c = match text.as_bytes().get(at)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'"' => '"',
        b'\'' => '\'',
        b'/' => '/',
        b'0'..=b'3' => return numbered(text, at),
        b'x' => return Some((char::from_u32(hex(text, at + 1, 2)?)?, 3)),
        b'u' if text.as_bytes().get(at + 1) == Some(&b'{') => return braced(text, at),
        b'u' => return utf16(text, at),
        b'U' => return Some((char::from_u32(hex(text, at + 1, 8)?)?, 9)),
        _ => return None,
    };
    Some((c, 1))
}

/// The sign at `after` that a regular expression, Markdown or LaTeX has behind the backslashes from `at` on, within an address or
/// a number: `jo\.doe@example\.com`, `203\.0\.113\.7`.
fn sign_of_value(text: &str, at: usize, after: usize) -> Option<(char, usize)> {
    const NEAR: usize = 40;
    let bytes = text.as_bytes();
    let sign = *bytes.get(after).filter(|b| b".@_-+".contains(b))?;
    let (before, next) = (*bytes.get(at.checked_sub(1)?)?, *bytes.get(after + 1)?);
    let is_word = |b: &&u8| !b.is_ascii_whitespace();
    let head = || bytes.get(..at).unwrap_or_default().iter().rev().take(NEAR).take_while(is_word);
    let tail = || bytes.iter().skip(after).take(NEAR).take_while(is_word);
    let is_of_number = before.is_ascii_digit() && next.is_ascii_digit();
    let is_of_address = || before.is_ascii_alphanumeric() && next.is_ascii_alphanumeric();
    let has_at = || head().chain(tail()).any(|b| *b == b'@');
    (is_of_number || is_of_address() && has_at()).then_some((char::from(sign), 1))
}

/// Three octal digits, or the six hexadecimal ones of a style sheet, of a character that can be seen.
fn numbered(text: &str, at: usize) -> Option<(char, usize)> {
    let is_seen = |code: &u8| code.is_ascii_graphic() || *code == b' ';
    let octal = text.get(at..at + 3).and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(is_seen);
    let styled = || hex(text, at, 6).and_then(|code| u8::try_from(code).ok()).filter(is_seen);
    octal.map(|code| (char::from(code), 3)).or_else(|| Some((char::from(styled()?), 6)))
}

fn braced(text: &str, at: usize) -> Option<(char, usize)> {
    let digits = text.bytes().skip(at + 2).take(7).take_while(u8::is_ascii_hexdigit).count();
    let closed = text.as_bytes().get(at + 2 + digits) == Some(&b'}');
    let c = char::from_u32(hex(text, at + 2, digits)?)?;
    closed.then_some((c, digits + 3))
}

fn utf16(text: &str, at: usize) -> Option<(char, usize)> {
    let first = hex(text, at + 1, 4)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, 5));
    }
    let backslashes = text.bytes().skip(at + 5).take_while(|b| *b == b'\\').count();
    let second_at = at + 5 + backslashes;
    if backslashes == 0 || text.as_bytes().get(second_at) != Some(&b'u') {
        return None;
    }
    let second = hex(text, second_at + 1, 4)?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let c = char::decode_utf16(pair).next()?.ok()?;
    Some((c, second_at + 5 - at))
}

fn hex(text: &str, at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    // `from_str_radix` would take a sign.
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}
