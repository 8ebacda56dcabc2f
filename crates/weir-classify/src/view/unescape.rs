use super::Derived;

/// The text with backslash escapes undone (JSON, Python, JavaScript), or `None` when there are none.
///
/// A run of backslashes counts as one: how often a string was wrapped in JSON makes no difference, and
/// a text drawn with backslashes needs no more layers than any other.
pub(crate) fn unescape(text: &str) -> Option<Derived> {
    let mut view = Derived::default();
    let mut copied = 0;
    let mut from = 0;
    while let Some(backslash) = find_backslash(text, from) {
        let run = text.bytes().skip(backslash).take_while(|b| *b == b'\\').count();
        let after = backslash + run;
        match escape_at(text, after) {
            Some((c, len)) => {
                view.copy(text, copied, backslash);
                view.map.replaced(view.text.len(), backslash..after + len);
                view.text.push(c);
                copied = after + len;
                from = copied;
            }
            None => from = after,
        }
    }
    if copied == 0 {
        return None;
    }
    view.copy(text, copied, text.len());
    Some(view)
}

fn find_backslash(text: &str, from: usize) -> Option<usize> {
    text.get(from..)?.find('\\').map(|at| from + at)
}

/// The character that the escape whose letter is at `at` stands for, and the bytes it takes from there.
fn escape_at(text: &str, at: usize) -> Option<(char, usize)> {
    let c = match text.as_bytes().get(at)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'"' => '"',
        b'\'' => '\'',
        b'/' => '/',
        b'x' => return Some((char::from_u32(hex(text, at + 1, 2)?)?, 3)),
        b'u' if text.as_bytes().get(at + 1) == Some(&b'{') => return braced(text, at),
        b'u' => return utf16(text, at),
        b'U' => return Some((char::from_u32(hex(text, at + 1, 8)?)?, 9)),
        _ => return None,
    };
    Some((c, 1))
}

fn braced(text: &str, at: usize) -> Option<(char, usize)> {
    let digits = text.bytes().skip(at + 2).take(7).take_while(u8::is_ascii_hexdigit).count();
    let closed = text.as_bytes().get(at + 2 + digits) == Some(&b'}');
    let c = char::from_u32(hex(text, at + 2, digits)?)?;
    closed.then_some((c, digits + 3))
}

fn utf16(text: &str, at: usize) -> Option<(char, usize)> {
    let first = hex(text, at + 1, 4)?;
    if let Some(c) = char::from_u32(first) {
        return Some((c, 5));
    }
    let backslashes = text.bytes().skip(at + 5).take_while(|b| *b == b'\\').count();
    let second_at = at + 5 + backslashes;
    if backslashes == 0 || text.as_bytes().get(second_at) != Some(&b'u') {
        return None;
    }
    let second = hex(text, second_at + 1, 4)?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let c = char::decode_utf16(pair).next()?.ok()?;
    Some((c, second_at + 5 - at))
}

fn hex(text: &str, at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    // `from_str_radix` would take a sign.
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}
