use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;

/// The text without the markup that stands inside words and values: emphasis, code marks, inline tags, and
/// the seams of strings that a program puts together.
pub(crate) fn strip(survey: &Survey<'_>) -> Option<Derived> {
    let (text, bytes) = (survey.text, survey.bytes());
    let mut editor = Editor::new(text);
    let mut at = 0;
    while let Some(mark) = survey.seek(at, kind::MARKUP) {
        at = match bytes.get(mark) {
            Some(b'<') => strip_tags(&mut editor, text, mark),
            Some(b'"' | b'\'') => strip_seam(&mut editor, text, mark),
            _ => strip_marks(&mut editor, text, mark),
        };
    }
    editor.finish()
}

/// `12**34**56`, `12``34`. A single `_` belongs to a name.
fn strip_marks(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mark = bytes.get(at).copied();
    let end = at + bytes.iter().skip(at).take_while(|b| Some(**b) == mark).count();
    let is_emphasis = end - at <= 3 && (mark != Some(b'_') || end - at == 2);
    let end = if mark == Some(b'`') { code_seam(bytes, end) } else { end };
    if is_emphasis && is_inside(editor, text, at, end) {
        editor.remove(at..end, View::Markup);
    }
    end
}

/// Where the next code begins of two that stand side by side: `12` `34`.
fn code_seam(bytes: &[u8], end: usize) -> usize {
    match bytes.get(end..) {
        Some([b' ', b'`', next, ..]) if *next != b'`' => end + 2,
        _ => end,
    }
}

/// `12<b>34</b>56`: one or several inline tags or comments. Tags that set blocks or cells apart stay.
fn strip_tags(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    let mut end = at;
    while let Some(len) = tag_len(text, end) {
        end += len;
    }
    if end > at && is_inside(editor, text, at, end) {
        editor.remove(at..end, View::Markup);
    }
    end.max(at + 1)
}

fn tag_len(text: &str, at: usize) -> Option<usize> {
    const TAG_MAX: usize = 120;
    let bytes = text.as_bytes().get(at..text.len().min(at + TAG_MAX))?;
    let inside = bytes.strip_prefix(b"<")?;
    let end = inside.iter().position(|b| *b == b'>')?;
    let name = inside.strip_prefix(b"/").unwrap_or(inside);
    let name = name.get(..name.iter().position(|b| !b.is_ascii_alphanumeric())?)?;
    let is_inline = INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline.as_bytes()));
    (is_inline || inside.starts_with(b"!--")).then_some(end + 2)
}

/// Source: WHATWG HTML, section 4.5 "Text-level semantics", and what it made obsolete.
const INLINE: [&str; 32] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
];

/// `"41" + "11"`, `'41' . '11'`, `"41" & "11"`, `"41" || "11"`, also over a line break.
fn strip_seam(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    const SEAM_MAX: usize = 48;
    let bytes = text.as_bytes().get(at + 1..text.len().min(at + SEAM_MAX)).unwrap_or_default();
    if bytes
        .first()
        .is_none_or(|b| b.is_ascii_alphanumeric() || matches!(b, b',' | b':' | b'}' | b']' | b')'))
    {
        return at + 1;
    }
    let space =
        |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_whitespace() || **b == b'\\').count();
    let sign = space(0);
    let after =
        sign + bytes.iter().skip(sign).take(2).take_while(|b| matches!(b, b'+' | b'.' | b'&' | b'|')).count();
    let quote = after + space(after);
    let is_quote = matches!(bytes.get(quote), Some(b'"' | b'\''));
    let end = at + quote + 2;
    let is_same = bytes.get(quote) == text.as_bytes().get(at);
    let is_side = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"-_.@ ".contains(b));
    // Strings side by side are one in C and Python.
    let is_beside = after == sign
        && sign > 0
        && is_same
        && is_side(at.checked_sub(1).and_then(|at| text.as_bytes().get(at)))
        && is_side(bytes.get(quote + 1));
    if (after > sign || is_beside) && is_quote && at > editor.done() {
        editor.remove(at..end, View::Markup);
        return end;
    }
    at + 1
}

/// Whether a value goes on over what stands between, or its next group begins or ends there.
fn is_inside(editor: &Editor<'_>, text: &str, start: usize, end: usize) -> bool {
    let is_value = |b: &u8| {
        b.is_ascii_alphanumeric()
            || !b.is_ascii()
            || matches!(b, b'@' | b'.' | b'-' | b'_' | b'+' | b'/' | b':')
    };
    let before = start.checked_sub(1).and_then(|before| text.as_bytes().get(before));
    let after = text.as_bytes().get(end);
    let is_more = start > 0 && editor.done() == start;
    let is_digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    let is_group = before == Some(&b' ') && is_digit(after) || is_digit(before) && after == Some(&b' ');
    (before.is_some_and(is_value) || is_more) && after.is_some_and(is_value) || is_group
}
