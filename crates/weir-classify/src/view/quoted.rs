use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;

/// Marks before a quoted line, at most: who answers an answer quotes what was quoted.
const MARKS_MAX: usize = 8;

/// Lines that go on in the next, where that is quoted (`> `) or a backslash says so, put together: a value may be cut there.
pub(crate) fn lines(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut at = 0;
    while let Some(line_break) = survey.seek(at, kind::LINE_BREAK) {
        at = line_break + 1;
        let before = line_break.checked_sub(1).and_then(|before| bytes.get(before));
        let may_go_on = matches!(bytes.get(at), Some(b'>' | b' ')) || matches!(before, Some(b'\\' | b'\r'));
        if !may_go_on {
            continue;
        }
        let is_carriage = |at: usize| bytes.get(at) == Some(&b'\r');
        let end = line_break - usize::from(line_break.checked_sub(1).is_some_and(is_carriage));
        let head = bytes.get(..end).unwrap_or_default();
        let rest = bytes.get(at..).unwrap_or_default();
        let marks = rest.iter().take(MARKS_MAX).take_while(|b| matches!(b, b'>' | b' ')).count();
        let is_quoted = rest.get(..marks).is_some_and(|marks| marks.contains(&b'>'));
        let (start, next) = match head.last() {
            Some(b'\\') => (end - 1, at),
            _ if is_quoted => (end, at + marks),
            _ => continue,
        };
        let is_cut = |at: Option<usize>| {
            let byte = at.and_then(|at| bytes.get(at));
            byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'.' | b'-' | b'_'))
        };
        if is_cut(start.checked_sub(1)) && is_cut(Some(next)) {
            editor.remove(start..next, View::Regrouped);
        }
    }
    editor.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_where_they_go_on() {
        let read = |text: &str| lines(&Survey::of(text)).map(|derived| derived.text);
        for (text, expected) in [
            ("> write to jo.doe@exam\n> ple.com", "> write to jo.doe@example.com"),
            (">> jo.doe\r\n>> @example.com", ">> jo.doe@example.com"),
            ("DE8937040044\\\n0532013000", "DE89370400440532013000"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["a\nb", "a:\n> b", "a \\\n b", "> a.\n>\n> b", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
