use super::survey::{Block, Survey, ahead, kind};
use super::{Derived, Editor};
use crate::View;
use std::ops::Range;

/// A line with a name, and one of an encoding, are no longer.
const LINE_MAX: usize = 256;

/// Text in ASCII85 between its marks, `<~87cURD]~>`, in the lines that `uuencode` writes, and addresses in UTF-7.
///
/// INVARIANT (linear time): neither has the beginning of another in it.
pub(crate) fn opened(survey: &Survey<'_>) -> Option<Derived> {
    let bytes = survey.bytes();
    let mut editor = Editor::new(survey.text);
    let mut open = |opened: Option<Opened>| {
        if let Some((range, text)) = opened {
            editor.replace(range, &text, View::Base64);
        }
    };
    // What is left out for the order of edits is opened when this is read again.
    ascii85(survey).for_each(|at| open(ascii85_at(bytes, at)));
    uuencoded(survey).for_each(|at| open(uuencoded_at(bytes, at)));
    signs(survey).for_each(|at| open(Some((at..at + SIGN.len(), "@".to_owned()))));
    editor.finish()
}

/// Where `<~` stands: `<` alone is a mark and a bracket.
fn ascii85(survey: &Survey<'_>) -> impl Iterator<Item = usize> {
    let less = |block: &Block| block.of(kind::MARKUP) & block.of(kind::BRACKET);
    survey.places_of(b"<~", move |block| less(block) & ahead(block.of(kind::MARKUP), 1))
}

/// Where a line begins as those of `uuencode` do.
fn uuencoded(survey: &Survey<'_>) -> impl Iterator<Item = usize> {
    let first = survey.bytes().starts_with(b"begin ").then_some(0);
    let lines = survey.places_of(b"\nbegin ", |block| {
        let (letters, graphic) = (block.of(kind::LETTER), block.of(kind::GRAPHIC));
        block.of(kind::LINE_BREAK) & ahead(letters, 1) & ahead(letters, 5) & ahead(!graphic, 6)
    });
    first.into_iter().chain(lines.map(|at| at + 1))
}

/// The at sign of an address in UTF-7, which leaves its letters as they are.
///
/// Source: RFC 2152.
const SIGN: &[u8; 5] = b"+AEA-";

fn signs(survey: &Survey<'_>) -> impl Iterator<Item = usize> {
    let plus = |block: &Block| block.of(kind::BASE64) & !block.of(kind::WORD);
    survey
        .places_of(SIGN, move |block| plus(block) & ahead(block.of(kind::LETTER) & block.of(kind::CODED), 1))
}

/// Where it begins and ends, and what it says.
type Opened = (Range<usize>, String);

/// Source: Adobe, "PostScript Language Reference", third edition, "ASCII85Encode Filter".
fn ascii85_at(bytes: &[u8], at: usize) -> Option<Opened> {
    let inside = bytes.get(at..)?.strip_prefix(b"<~")?;
    let (inside, end) = inside.split_at(inside.iter().position(|b| *b == b'~')?);
    let text = String::from_utf8(from_ascii85(inside).filter(|_| end.starts_with(b"~>"))?).ok()?;
    Some((at..at + inside.len() + 4, text))
}

fn from_ascii85(inside: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(inside.len());
    let mut group: Vec<u8> = Vec::with_capacity(5);
    for byte in inside.iter().filter(|b| !b.is_ascii_whitespace()) {
        match byte {
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            _ => return None,
        }
        if group.len() == 5 {
            out.extend(four_bytes(&group)?);
            group.clear();
        }
    }
    if let Some(rest) = group.len().checked_sub(1) {
        group.resize(5, b'u' - b'!');
        out.extend(four_bytes(&group)?.into_iter().take(Some(rest).filter(|rest| *rest > 0)?));
    }
    Some(out)
}

fn four_bytes(group: &[u8]) -> Option<[u8; 4]> {
    let value =
        group.iter().try_fold(0_u32, |value, digit| value.checked_mul(85)?.checked_add((*digit).into()));
    value.map(u32::to_be_bytes)
}

/// The lines after `begin 644 name`.
///
/// Source: POSIX.1-2024, `uuencode`.
fn uuencoded_at(bytes: &[u8], start: usize) -> Option<Opened> {
    let head = line_at(bytes, start)?;
    let (mut out, mut from) = (Vec::new(), start + head.len() + 1);
    while let Some(line) = line_at(bytes, from).filter(|line| matches!(line.first(), Some(b'!'..=b'M'))) {
        out.extend(from_line(line.trim_ascii_end())?);
        from += line.len() + 1;
    }
    let text = String::from_utf8(out).ok().filter(|text| !text.is_empty())?;
    Some((start..from.min(bytes.len()), text))
}

fn line_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let len = rest.iter().take(LINE_MAX).position(|b| *b == b'\n');
    rest.get(..len.or((rest.len() < LINE_MAX).then_some(rest.len()))?)
}

/// One line: how many bytes it has, and four characters for every three of them. Blanks at the end may be lost.
fn from_line(line: &[u8]) -> Option<Vec<u8>> {
    let sextet = |byte: &u8| byte.checked_sub(b' ').filter(|value| *value <= 64).map(|value| value & 63);
    let (len, characters) = line.split_first()?;
    let len = usize::from(sextet(len)?);
    let mut out = Vec::with_capacity(len);
    for four in characters.chunks(4) {
        let sextets: Option<Vec<u8>> = four.iter().map(sextet).collect();
        let bits = sextets?.iter().chain(&[0; 4]).take(4).fold(0_u32, |bits, s| bits << 6 | u32::from(*s));
        out.extend(bits.to_be_bytes().into_iter().skip(1));
    }
    out.resize(len, 0);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        opened(&Survey::of(text)).map(|derived| derived.text)
    }

    #[test]
    fn marks_are_found_wherever_they_stand() {
        for before in 0..140 {
            for (between, mark) in
                [("ab, ", "<~"), ("x-Y_", "+AEA-"), ("+<\n", "begin "), ("a\nb", "\nbegin ")]
            {
                let text = between.chars().cycle().take(before).collect::<String>() + mark + mark;
                let (survey, bytes) = (Survey::of(&text), text.as_bytes());
                let wanted = |mark: &[u8]| -> Vec<usize> {
                    (0..bytes.len()).filter(|at| bytes[*at..].starts_with(mark)).collect()
                };
                let begins = |at: &usize| *at == 0 || bytes[at - 1] == b'\n';
                assert_eq!(ascii85(&survey).collect::<Vec<_>>(), wanted(b"<~"), "{text:?}");
                assert_eq!(signs(&survey).collect::<Vec<_>>(), wanted(SIGN), "{text:?}");
                let lines: Vec<usize> = wanted(b"begin ").into_iter().filter(begins).collect();
                assert_eq!(uuencoded(&survey).collect::<Vec<_>>(), lines, "{text:?}");
            }
        }
    }

    #[test]
    fn both_are_undone() {
        for (text, expected) in [
            ("say <~87cURD]i,\"Ebo7~> now", "say Hello World now"),
            ("<~87cUR\nD]~>", "Hello"),
            ("jo+AEA-example.com", "jo@example.com"),
            ("begin 644 a.txt\n+2&5L;&\\@5V]R;&0\n`\nend", "Hello World`\nend"),
            ("open:\nbegin 644 a.txt\n+2&5L;&\\@5V]R;&0\n`\nend", "open:\nHello World`\nend"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_only_begins_so_stays() {
        for text in [
            "a <~ b and ~> c",
            "<~é~>",
            "<~!~>",
            "a\nbegin 1 and\nthe rest\n",
            "a\nbegin 644 a",
            "\nbegin 2\n\n",
            "<~<~<~",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
