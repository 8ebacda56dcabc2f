use super::hex::byte_at;
use super::{Editor, View};

/// A longer value is no field of a form that someone filled in.
const VALUE_MAX: usize = 200;
/// A longer stretch between plus signs is of another encoding, which has them too.
const WORD_MAX: usize = 24;

/// Undoes the value of a form or query at its equals sign, if it has words with plus signs for spaces:
/// `?card=5555+5555+5555+4444`. Returns where to go on.
///
/// Source: WHATWG URL, section 5.1 "application/x-www-form-urlencoded parsing".
pub(super) fn undo(editor: &mut Editor<'_>, text: &str, equals: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let start = equals + 1;
    bytes.get(start).filter(|b| is_of_value(**b))?;
    let head = bytes.get(..equals)?;
    let len = bytes.get(start..)?.iter().take(VALUE_MAX).take_while(|b| is_of_value(**b)).count();
    let value = text.get(start..start + len)?;
    let is_filled_in = value.contains('+') && value.split('+').all(|word| word.len() <= WORD_MAX);
    if !is_filled_in {
        return None;
    }
    let key = head.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"_-.%+".contains(b)).count();
    let opens = equals.checked_sub(key + 1).and_then(|at| bytes.get(at));
    let is_field = key > 0 && opens.is_none_or(|b| matches!(b, b'?' | b'&'));
    if !is_field {
        return None;
    }
    editor.replace(start..start + len, &plain(value)?, View::Percent);
    Some(start + len)
}

/// Whether a value of a form may have a byte.
pub(super) fn is_of_value(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'%' | b'-' | b'.' | b'_' | b'~' | b'*')
}

fn plain(value: &str) -> Option<String> {
    let (mut plain, mut at) = (Vec::new(), 0);
    while let Some(byte) = value.as_bytes().get(at) {
        let escaped = if *byte == b'%' { byte_at(value, at + 1) } else { None };
        plain.push(escaped.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(plain).ok()
}
