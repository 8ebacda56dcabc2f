use super::decode::as_text;
use super::{Editor, View};
use std::ops::Range;

/// Fewer numbers are a date, a version, a vector, unless a function makes characters of them.
const NUMBERS_MIN: usize = 12;
const CHARACTERS_MIN: usize = 4;

/// Undoes `72 101 108`, `72, 101, 108`, `chr(72)+chr(101)+chr(108)`: bytes as decimal numbers from the one at `first` on, if they are text. Where
/// none has three digits they may be hexadecimal: letters and digits they are then, or not this. Returns where to go
/// on.
pub(super) fn undo(editor: &mut Editor<'_>, text: &str, first: Range<usize>) -> Option<usize> {
    let separator = separator_at(text, first.end)?;
    let (mut bytes, mut at, mut end, mut has_three) = (Vec::new(), first.start, first.end, false);
    while let Some((byte, len)) = number_at(text, at) {
        bytes.push(byte);
        has_three |= len == 3;
        end = at + len;
        if !text.get(end..)?.starts_with(separator) {
            break;
        }
        at = end + separator.len();
    }
    let plain = bytes.iter().filter(|b| b.is_ascii_alphanumeric() || **b == b' ').count();
    let is_sure = has_three || plain * 5 >= bytes.len() * 4;
    let least = if separator.ends_with('(') { CHARACTERS_MIN } else { NUMBERS_MIN };
    let decoded = if is_sure && bytes.len() >= least { as_text(&bytes) } else { None };
    match decoded {
        Some(decoded) => editor.replace(first.start..end, &decoded, View::Escapes),
        // INVARIANT (linear time): numbers of three digits are no hexadecimal bytes, and not read again.
        None if !has_three => return None,
        None => {}
    }
    Some(end)
}

fn separator_at(text: &str, at: usize) -> Option<&str> {
    [
        ", ", " ", ",", ";", "\n", "-", ".", "|", ")+chr(", ") + chr(", ").chr(", ") . chr(", ")&Chr(",
        ") & Chr(",
    ]
    .into_iter()
    .find(|separator| text.get(at..).is_some_and(|t| t.starts_with(separator)))
}

/// The byte that two or three digits are, and how many.
fn number_at(text: &str, at: usize) -> Option<(u8, usize)> {
    let rest = text.as_bytes().get(at..)?;
    let len = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let byte = text.get(at..at + len)?.parse().ok()?;
    (2..=3).contains(&len).then_some((byte, len))
}
