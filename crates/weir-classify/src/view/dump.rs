use super::bytes::{Binary, judge};
use super::decode::as_text;
use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use std::ops::{Range, RangeInclusive};

/// Digits of the place at which a line begins.
const PLACE: RangeInclusive<usize> = 4..=16;
/// Bytes in a line, as `xxd` and `hexdump` write them.
const LINE_BYTES: usize = 16;
/// So many digits are about each one of a dump of two lines.
const DIGITS_MIN: u32 = 24;

/// Dumps of bytes, as `xxd`, `hexdump` and `od` write them: what they say lies across their lines.
///
/// INVARIANT (linear time): what was read as a dump is not read again, whether it says something or not.
pub(crate) fn undone(survey: &Survey<'_>) -> Option<Derived> {
    let mut editor = Editor::new(survey.text);
    let mut at = 0;
    while let Some(digit) = survey.seek_row(at, DIGITS_MIN, 1) {
        let is_start = digit.checked_sub(1).and_then(|at| survey.bytes().get(at)).is_none_or(|b| *b == b'\n');
        at = match is_start.then(|| dump_at(survey.text, digit)).flatten() {
            Some((range, said)) => {
                let end = range.end;
                if let Some(said) = said {
                    // What follows stands on a line of its own.
                    let has_break = survey.bytes().get(end - 1) == Some(&b'\n');
                    editor.replace(range.start..end - usize::from(has_break), &said, View::Hex);
                }
                end
            }
            None => match survey.seek(digit, kind::LINE_BREAK) {
                Some(line_break) => line_break + 1,
                None => break,
            },
        };
    }
    editor.finish()
}

/// The lines from `start` on each of which begins where the one before has ended, and what all of them say, if that is text.
fn dump_at(text: &str, start: usize) -> Option<(Range<usize>, Option<String>)> {
    // `od` counts its lines in octal.
    lines_at(text, start, 16).or_else(|| lines_at(text, start, 8))
}

fn lines_at(text: &str, start: usize, radix: u32) -> Option<(Range<usize>, Option<String>)> {
    let bytes = text.as_bytes();
    let (mut said, mut lines, mut end) = (Vec::new(), 0, start);
    let mut first = None;
    loop {
        let before = said.len();
        let place = bytes.get(end..).and_then(|rest| line(rest, radix, &mut said));
        if place.is_none_or(|place| place != *first.get_or_insert(place) + before) {
            said.truncate(before);
            break;
        }
        lines += 1;
        end += bytes.iter().skip(end).position(|b| *b == b'\n').map_or(text.len() - end, |len| len + 1);
    }
    (lines > 1).then(|| (start..end, read(&said)))
}

/// The text that bytes are, or what can be read in them.
fn read(bytes: &[u8]) -> Option<String> {
    // Of a last pair there may be one half.
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    as_text(bytes).or_else(|| match judge(bytes, || false) {
        Binary::Readable(text) => Some(text),
        Binary::Opaque | Binary::Nothing => None,
    })
}

/// The place of a line, whose bytes are put to those of the lines before: `00000010: 6a6f 2e64  jo.d`,
/// `00000010  6a 6f 2e 64  |jo.d|`, `0000020 6f6a 642e`.
fn line(rest: &[u8], radix: u32, said: &mut Vec<u8>) -> Option<usize> {
    let digits = rest.iter().take(*PLACE.end() + 1).take_while(|b| b.is_ascii_hexdigit()).count();
    let (place, rest) = rest.split_at_checked(digits).filter(|_| PLACE.contains(&digits))?;
    let after_colon = rest.strip_prefix(b":").filter(|_| radix == 16);
    let mut rest = after_colon.unwrap_or(rest);
    let before = said.len();
    while said.len() - before < LINE_BYTES {
        let spaces = rest.iter().take(2).take_while(|b| **b == b' ').count();
        let word = rest.get(spaces..).unwrap_or_default();
        let len = word.iter().take(LINE_BYTES).take_while(|b| b.is_ascii_hexdigit()).count();
        if spaces == 0 || !matches!(len, 2..=4 | 8) {
            break;
        }
        let (word, after) = word.split_at_checked(len)?;
        if len == 3 {
            said.push(u8::try_from(number(word, 8)?).ok()?);
        } else {
            let start = said.len();
            for byte in word.chunks(2) {
                said.push(u8::try_from(number(byte, 16)?).ok()?);
            }
            // Two bytes as one number, the lower first, where nothing says otherwise.
            if after_colon.is_none() && len == 4 {
                said.get_mut(start..)?.reverse();
            }
        }
        rest = after;
    }
    let is_over = rest.first().is_none_or(u8::is_ascii_whitespace);
    (is_over && said.len() > before).then(|| number(place, radix))?
}

/// The number that digits are.
fn number(digits: &[u8], radix: u32) -> Option<usize> {
    digits.iter().try_fold(0_usize, |number, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        number.checked_mul(radix as usize)?.checked_add(digit as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        undone(&Survey::of(text)).map(|derived| derived.text)
    }

    #[test]
    fn what_lies_across_the_lines_of_a_dump_is_read() {
        let xxd = "see\n00000000: 4375 7374 6f6d 6572 206a 6f2e 646f 6540  Customer jo.doe@\n\
                   00000010: 6578 616d 706c 652e 636f 6d              example.com\nend";
        assert_eq!(read(xxd).as_deref(), Some("see\nCustomer jo.doe@example.com\nend"));
        let hexdump = "00000000  43 75 73 74 6f 6d 65 72  20 6a 6f 2e 64 6f 65 40  |Customer jo.doe@|\n\
                       00000010  65 78 61 6d 70 6c 65 2e  63 6f 6d 0a              |example.com.|\n0000001c\n";
        assert_eq!(read(hexdump).as_deref(), Some("Customer jo.doe@example.com\n\n0000001c\n"));
    }

    #[test]
    fn what_od_writes_is_read_too() {
        for text in [
            "0000000 6f6a 642e 656f 6540 6178 706d 656c 632e\n0000020 6d6f\n0000022\n",
            "0000000 152 157 056 144 157 145 100 145 170 141 155 160 154 145 056 143\n0000020 157 155\n0000022\n",
            "0000000 6a 6f 2e 64 6f 65 40 65 78 61 6d 70 6c 65 2e 63\n0000020 6f 6d\n0000022\n",
        ] {
            assert_eq!(read(text).as_deref(), Some("jo.doe@example.com\n0000022\n"), "{text}");
        }
    }

    #[test]
    fn a_dump_that_says_nothing_is_passed_over_whole() {
        let line = |place| format!("{place:08x}  93 91 71 60 b5 5e 72 fb  2a be 92 1a 3f eb f7 24\n");
        let dump: String = (0..64).map(|number| line(16 * number)).collect();
        assert_eq!(dump_at(&format!("{dump}end"), 0), Some((0..dump.len(), None)));
    }

    #[test]
    fn other_columns_are_none() {
        for text in [
            "00000000: 4375 7374 6f6d 6572\n",
            "00000000: 4375 7374 6f6d 6572\n00000010: 4375 7374 6f6d 6572\n",
            "2024 11 24 12 30 59\n2025 11 24 12 30 59\n",
            "0001 12 13 14 15\n0002 12 13 14 15\n0003 12 13 14 15\n",
            "cafe12345678901234567890",
            "00000000  93 91 71 60 b5 5e 72 fb  2a be 92 1a 3f eb f7 24\n00000010  3d 5a 3c 8c",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
