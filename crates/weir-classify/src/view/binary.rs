use super::decode::as_text;
use super::{Editor, View};
use std::ops::Range;

const BITS: usize = 8;
/// Fewer bytes are likely to be something else.
const BYTES_MIN: usize = 7;

/// Undoes `01001000 01101001` or the same without spaces: bytes as binary numbers from the run at `first` on, if they
/// are text. Returns where to go on; `None` if this is no binary number of whole bytes.
pub(super) fn undo(editor: &mut Editor<'_>, text: &str, first: Range<usize>) -> Option<usize> {
    let is_bit = |b: &u8| matches!(b, b'0' | b'1');
    if !text.as_bytes().get(first.start).is_some_and(is_bit) || !first.len().is_multiple_of(BITS) {
        return None;
    }
    let (mut bytes, mut next) = (Vec::new(), first.clone());
    let mut end = first.end;
    while push_bits(&mut bytes, text.as_bytes().get(next.clone())?) {
        end = next.end;
        let separators = after(text, end, |b| matches!(b, b' ' | b',' | b'\n' | b'_' | b'-'));
        // So many at most, as `, ` and `\r\n`.
        let start = if separators <= 2 { end + separators } else { end };
        next = start..start + after(text, start, |b| matches!(b, b'0' | b'1'));
    }
    if bytes.is_empty() {
        return None;
    }
    if let Some(decoded) = as_text(&bytes).filter(|_| bytes.len() >= BYTES_MIN) {
        editor.replace(first.start..end, &decoded, View::Escapes);
    }
    Some(end)
}

/// Takes the bytes that a run of digits is; `false` if it is none.
fn push_bits(bytes: &mut Vec<u8>, digits: &[u8]) -> bool {
    let is_whole = !digits.is_empty()
        && digits.len().is_multiple_of(BITS)
        && digits.iter().all(|b| matches!(b, b'0' | b'1'));
    if is_whole {
        let byte = |bits: &[u8; BITS]| bits.iter().fold(0, |byte, bit| byte << 1 | (bit & 1));
        bytes.extend(digits.as_chunks::<BITS>().0.iter().map(byte));
    }
    is_whole
}

fn after(text: &str, at: usize, is_one: impl Fn(&u8) -> bool) -> usize {
    text.as_bytes().get(at..).unwrap_or_default().iter().take_while(|b| is_one(b)).count()
}
