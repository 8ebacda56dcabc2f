//! Ids of tool calls that fit where they go.

use std::borrow::Cow;

/// The longest id that Anthropic and OpenAI take.
const ID_LENGTH_MAX: usize = 64;

/// An id of `[A-Za-z0-9_-]`, of at most 64 characters.
///
/// What fits stays as it is. Anything else is changed the same way wherever it occurs, so that a call and
/// its result keep belonging together, and so that two ids stay two: a hash of the whole stands at the end.
pub(crate) fn fitted(id: &str) -> Cow<'_, str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.len() <= ID_LENGTH_MAX && id.bytes().all(fits) {
        return Cow::Borrowed(id);
    }
    let head: String =
        id.bytes().filter(|byte| fits(*byte)).take(ID_LENGTH_MAX - 17).map(char::from).collect();
    Cow::Owned(format!("{head}_{:016x}", hash(id.as_bytes())))
}

/// FNV-1a, 64 bits. Nothing secret or hostile hangs on it: a caller who makes two of its ids collide
/// confuses its own conversation.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_and_stay_distinct() {
        assert_eq!(fitted("call_Ab-9"), "call_Ab-9");
        let long = |end: &str| format!("{}{end}", "x".repeat(80));
        for id in ["", "a b", "ä", &long("1")] {
            let fitted = fitted(id);
            assert!(
                fitted.len() <= 64 && fitted.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
                "{id}"
            );
        }
        assert_ne!(fitted(&long("1")), fitted(&long("2")));
    }
}
