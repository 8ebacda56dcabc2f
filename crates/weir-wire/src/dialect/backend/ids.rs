//! Ids of tool calls: made where a dialect has none, and changed where a dialect does not take them.

use std::borrow::Cow;

/// What the ids that are made here begin with.
const MADE: &str = "call_weir_";

/// The id of the call at this place of the reply that `seed` stands for.
pub(super) fn made(seed: &str, place: usize) -> String {
    format!("{MADE}{:016x}_{place}", hash(seed))
}

/// Whether the id was made here, and so means nothing to any backend.
pub(super) fn is_made(id: &str) -> bool {
    id.starts_with(MADE)
}

/// The id in up to `max` letters, digits, `_` and `-`. Different ids stay different: one that has to be
/// changed ends in a hash of what it was.
pub(super) fn plain(id: &str, max: usize) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !id.is_empty() && id.len() <= max && id.chars().all(is_plain) {
        return Cow::Borrowed(id);
    }
    let hash = format!("_{:016x}", hash(id));
    let kept = id.chars().map(|c| if is_plain(c) { c } else { '_' });
    Cow::Owned(kept.take(max.saturating_sub(hash.len())).chain(hash.chars()).collect())
}

/// A model's name as one segment of a path: nothing in it can change the path or add a query.
pub(super) fn in_path(model: &str) -> String {
    let mut out = String::with_capacity(model.len());
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// FNV-1a: what it has to tell apart are the calls of one conversation.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_reply_and_place_and_known_again() {
        assert_ne!(made("reply", 0), made("reply", 1));
        assert_ne!(made("reply", 0), made("other", 0));
        assert!(is_made(&made("reply", 0)));
        assert!(!is_made("call_1"));
        assert_eq!(plain(&made("reply", 0), 64), made("reply", 0));
    }

    #[test]
    fn a_models_name_stays_within_its_segment() {
        assert_eq!(in_path("gemini-2.5-pro"), "gemini-2.5-pro");
        assert_eq!(in_path("us.anthropic.claude:0"), "us.anthropic.claude%3A0");
        assert_eq!(in_path("a/../b?c#d e"), "a%2F..%2Fb%3Fc%23d%20e");
    }

    #[test]
    fn an_id_that_does_not_fit_is_changed_and_stays_itself() {
        assert_eq!(plain("toolu_01A-b", 64), "toolu_01A-b");
        for id in ["functions.get:0", "functions.get:1", "", &"x".repeat(70), &"x".repeat(71), "ä"] {
            let fitting = plain(id, 64);
            assert!(fitting.len() <= 64 && fitting.is_ascii(), "{fitting}");
            assert_eq!(plain(&fitting, 64), fitting);
        }
        assert_ne!(plain("functions.get:0", 64), plain("functions.get.0", 64));
        assert_ne!(plain(&"x".repeat(70), 64), plain(&"x".repeat(71), 64));
    }
}
