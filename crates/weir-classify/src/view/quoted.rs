use super::survey::{Block, Survey, ahead, kind};
use super::{Derived, Editor};
use crate::View;

/// Marks before a quoted line, at most: who answers an answer quotes what was quoted.
const MARKS_MAX: usize = 8;

/// Lines that go on in the next, where that is quoted (`> `) or a backslash says so, put together: a value may be cut there.
pub(crate) fn lines(survey: &Survey<'_>) -> Option<Derived> {
    lines_at(survey, survey.places(goes_on))
}

/// The same of some line breaks.
fn lines_at(survey: &Survey<'_>, breaks: impl Iterator<Item = usize>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    for line_break in breaks {
        let at = line_break + 1;
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

/// The line breaks before a quoted line or behind a backslash, or what may be one: most are neither.
fn goes_on(block: &Block) -> u64 {
    let (graphic, backslashes) = (block.of(kind::GRAPHIC), block.of(kind::ENCODING));
    let others = block.of(kind::BASE64) | block.of(kind::MARKUP) | block.of(kind::BRACKET) | backslashes;
    let (mut quoted, mut blanks) = (graphic & !others, !graphic);
    for by in [1, 2, 4] {
        quoted |= ahead(quoted, by) & blanks;
        blanks &= ahead(blanks, by);
    }
    // A carriage return may stand between.
    let behind = |by: usize| !(!backslashes << by);
    block.of(kind::LINE_BREAK) & (ahead(quoted, 1) | behind(1) | behind(2))
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

    #[test]
    fn no_line_that_goes_on_is_passed_over() {
        let pieces = [
            "jo", "4", ".", "@x", "-", " ", "  ", "> ", ">", ">> ", "\n", "\n", "\r\n", "\\", "%", "é", "<a",
        ];
        let (mut state, mut made) = (5_usize, 0);
        for _ in 0..5000 {
            let text = (0..60).fold(String::new(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + pieces[(state >> 33) % pieces.len()]
            });
            let survey = Survey::of(&text);
            let all = (0..text.len()).filter(|at| text.as_bytes()[*at] == b'\n');
            let wanted = lines_at(&survey, all).map(|derived| derived.text);
            made += usize::from(wanted.is_some());
            assert_eq!(lines(&survey).map(|derived| derived.text), wanted, "{text:?}");
        }
        assert!((500..4990).contains(&made), "{made}");
    }
}
