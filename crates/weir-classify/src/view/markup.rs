use super::survey::{Block, Survey, ahead, kind};
use super::{Derived, Editor};
use crate::View;

/// The text without the markup that stands inside words and values: emphasis, code marks, inline tags, and
/// the seams of strings that a program puts together.
pub(crate) fn strip(survey: &Survey<'_>) -> Option<Derived> {
    strip_at(survey, survey.places(marks))
}

/// The bytes of markup, but for a single `_`, which is of a name, as most are.
fn marks(block: &Block) -> u64 {
    let (all, names) = (block.of(kind::MARKUP), block.of(kind::MARKUP) & block.of(kind::BASE64));
    all & !names | names & ahead(names, 1)
}

/// The same at some marks.
fn strip_at(survey: &Survey<'_>, marks: impl Iterator<Item = usize>) -> Option<Derived> {
    let (text, bytes) = (survey.text, survey.bytes());
    let mut editor = Editor::new(text);
    let mut done = 0;
    for mark in marks {
        if mark < done {
            continue;
        }
        done = match bytes.get(mark) {
            Some(b'_') if bytes.get(mark + 1) != Some(&b'_') => mark + 1,
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
    if is_emphasis && !is_of_program(bytes, at) && is_inside(editor, text, at, end) {
        editor.remove(at..end, View::Markup);
    }
    end
}

/// The marks of `:class:`Queue`` and `self.__init__`, which stand at the beginning of a name and cut no value.
fn is_of_program(bytes: &[u8], at: usize) -> bool {
    const ROLE_MAX: usize = 12;
    let head = bytes.get(at.saturating_sub(ROLE_MAX + 2)..at).unwrap_or_default();
    match (bytes.get(at), head.split_last()) {
        (Some(b'_'), Some((b'.', _))) => true,
        (Some(b'`'), Some((b':', role))) => {
            let letters = role.iter().rev().take_while(|b| b.is_ascii_lowercase()).count();
            letters > 1 && role.iter().rev().nth(letters) == Some(&b':')
        }
        _ => false,
    }
}

/// Where the next code begins of two that stand side by side: `12` `34`.
fn code_seam(bytes: &[u8], end: usize) -> usize {
    match bytes.get(end..) {
        Some([b' ', b'`', next, ..]) if *next != b'`' => end + 2,
        _ => end,
    }
}

/// `12<b>34</b>56`: one or several inline tags or comments, and line breaks as what they are. Tags that set blocks or
/// cells apart stay.
fn strip_tags(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    let (mut end, mut is_broken) = (at, false);
    while let Some((len, is_break)) = tag_len(text, end) {
        end += len;
        is_broken |= is_break;
    }
    if end > at && is_inside(editor, text, at, end) {
        editor.replace(at..end, if is_broken { "\n" } else { "" }, View::Markup);
    }
    end.max(at + 1)
}

/// How long the inline tag, the line break or the comment at `at` is, and whether it is a line break.
fn tag_len(text: &str, at: usize) -> Option<(usize, bool)> {
    const TAG_MAX: usize = 120;
    let bytes = text.as_bytes().get(at..text.len().min(at + TAG_MAX))?;
    let inside = bytes.strip_prefix(b"<")?;
    let name = inside.strip_prefix(b"/").unwrap_or(inside);
    let name = name.get(..name.iter().position(|b| !b.is_ascii_alphanumeric())?)?;
    let is_inline = INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline.as_bytes()));
    let is_break = name.eq_ignore_ascii_case(b"br");
    if !(is_inline || is_break || inside.starts_with(b"!--")) {
        return None;
    }
    Some((inside.iter().position(|b| *b == b'>')? + 2, is_break))
}

/// Source: WHATWG HTML, section 4.5 "Text-level semantics", and what it made obsolete.
const INLINE: [&str; 32] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
];

/// The quotes between two strings of a list that are numbers or single characters: `"4111", "1111"`, `"D", "E"`.
fn list_seam(bytes: &[u8], at: usize) -> Option<usize> {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_quote = |place: Option<usize>| place.is_some_and(|place| bytes.get(place) == bytes.get(at));
    let space = usize::from(bytes.get(at + 2).is_some_and(u8::is_ascii_whitespace));
    let next = at + 2 + space;
    let is_seam = bytes.get(at + 1) == Some(&b',') && bytes.get(next) == bytes.get(at);
    let of_digits = || is_digit(at.wrapping_sub(1)) && is_digit(next + 1);
    let of_characters = || is_quote(at.checked_sub(2)) && is_quote(next.checked_add(2));
    (is_seam && (of_digits() || of_characters())).then_some(next + 1)
}

/// `"41" + "11"`, `'41' . '11'`, `"41" & "11"`, `"41" || "11"`, also over a line break.
fn strip_seam(editor: &mut Editor<'_>, text: &str, at: usize) -> usize {
    const SEAM_MAX: usize = 48;
    if let Some(end) = list_seam(text.as_bytes(), at) {
        editor.replace(at..end, ",", View::Markup);
        return end;
    }
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
    let beyond = text.as_bytes().get(end + 1);
    if after.is_some_and(u8::is_ascii_punctuation) && beyond.is_none_or(u8::is_ascii_whitespace) {
        // The sign of a sentence, not of a value.
        return false;
    }
    let is_more = start > 0 && editor.done() == start;
    let is_digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    let is_group = before == Some(&b' ') && is_digit(after) || is_digit(before) && after == Some(&b' ');
    (before.is_some_and(is_value) || is_more) && after.is_some_and(is_value) || is_group
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> Option<String> {
        strip(&Survey::of(text)).map(|derived| derived.text)
    }

    #[test]
    fn marks_inside_a_value_are_removed() {
        for (text, read) in [
            ("12**34**56", "123456"),
            ("jo`.`doe", "jo.doe"),
            ("12` `34", "1234"),
            ("00:`1a`:2b", "00:1a:2b"),
            ("00:c:`1a`:2b", "00:c:1a:2b"),
        ] {
            assert_eq!(stripped(text).as_deref(), Some(read));
        }
    }

    #[test]
    fn marks_of_programs_and_at_the_end_of_sentences_cut_no_value() {
        for text in ["a :class:`Queue` is", "self.__init__(x)", "in ``sys.stdout``. Thus", "the *name*: one"]
        {
            assert_eq!(stripped(text), None, "{text}");
        }
    }

    #[test]
    fn no_mark_that_cuts_a_value_is_passed_over() {
        let pieces = [
            "_",
            "__",
            "___",
            "_",
            "\"",
            "'",
            "*",
            "**",
            "`",
            "~~",
            "<b>",
            "</b>",
            "<br>",
            "<!-- x -->",
            "a",
            "12",
            "jo.d",
            " ",
            ", ",
            " + ",
            ": ",
            "é",
            "name",
        ];
        let (mut state, mut made) = (5_usize, 0);
        for _ in 0..5000 {
            let text = (0..60).fold(String::new(), |text, _| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text + pieces[(state >> 33) % pieces.len()]
            });
            let survey = Survey::of(&text);
            let all = (0..text.len()).filter(|at| b"\"'*`~<_".contains(&text.as_bytes()[*at]));
            let wanted = strip_at(&survey, all).map(|derived| derived.text);
            made += usize::from(wanted.is_some());
            assert_eq!(stripped(&text), wanted, "{text:?}");
        }
        assert!(made > 500, "{made}");
    }
}
