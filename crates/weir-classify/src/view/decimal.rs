use super::decode::{as_text, bytes_apart};
use super::{Editor, View};
use std::ops::Range;

/// Fewer numbers are a date, a version, a vector, unless a function makes characters of them.
const NUMBERS_MIN: usize = 12;
const CHARACTERS_MIN: usize = 4;

/// Undoes `72 101 108`, `72, 101, 108`, `chr(72)+chr(101)+chr(108)`, `[char]72+[char]101`: bytes as decimal numbers from the one at `first` on, if they are text. Where
/// none has three digits they may be hexadecimal: letters and digits they are then, or not this. Returns where to go
/// on.
pub(super) fn undo(editor: &mut Editor<'_>, text: &str, first: Range<usize>) -> Option<usize> {
    // The sign of a sum is a character of base64 too.
    let is_sum = text.as_bytes().get(first.end.wrapping_sub(1)) == Some(&b'+');
    let separator = separator_at(text, first.end - usize::from(is_sum))?;
    let numbers = || bytes_apart(text, first.start, separator, |at| number_at(text, at));
    let (mut count, mut plain, mut end, mut has_three) = (0, 0, first.end, false);
    for (byte, number) in numbers() {
        count += 1;
        plain += usize::from(byte.is_ascii_alphanumeric() || byte == b' ');
        has_three |= number.len() == 3;
        end = number.end;
    }
    let is_sure = has_three || plain * 5 >= count * 4;
    let least = if separator.ends_with(['(', ']']) { CHARACTERS_MIN } else { NUMBERS_MIN };
    let decoded = if is_sure && count >= least {
        as_text(&numbers().map(|(byte, _)| byte).collect::<Vec<u8>>())
    } else {
        None
    };
    match decoded {
        Some(decoded) => editor.replace(first.start..end, &decoded, View::Escapes),
        // INVARIANT (linear time): numbers of three digits are no hexadecimal bytes, and not read again.
        None if !has_three => return None,
        None => {}
    }
    Some(end)
}

fn separator_at(text: &str, at: usize) -> Option<&str> {
    const CALLS: [&str; 10] = [
        ")+chr(",
        ") + chr(",
        ").chr(",
        ") . chr(",
        ")&Chr(",
        ") & Chr(",
        ")||CHR(",
        ") || CHR(",
        ")||chr(",
        ") || chr(",
    ];
    const CAST: &str = "+[char]";
    let rest = text.get(at..)?;
    let len = match rest.as_bytes() {
        [b',', b' ', ..] => 2,
        [b' ' | b',' | b';' | b'\n' | b'-' | b'.' | b'|', ..] => 1,
        [b')', ..] => CALLS.iter().find(|call| rest.starts_with(**call))?.len(),
        [b'+', ..] => rest.starts_with(CAST).then_some(CAST.len())?,
        _ => return None,
    };
    rest.get(..len)
}

/// The byte that two or three digits are, and how many.
fn number_at(text: &str, at: usize) -> Option<(u8, usize)> {
    let rest = text.as_bytes().get(at..)?;
    let len = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let is_byte = (2..=3).contains(&len);
    Some((text.get(at..at + len).filter(|_| is_byte)?.parse().ok()?, len))
}
