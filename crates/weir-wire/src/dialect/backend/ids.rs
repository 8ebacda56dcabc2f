//! Ids of tool calls, made where a dialect has none, and names of models in paths.

use crate::dialect::ids::hash;

/// What the ids that are made here begin with.
const MADE: &str = "call_weir_";

/// The id of the call at this place of the reply that `seed` stands for.
pub(super) fn made(seed: &str, place: usize) -> String {
    format!("{MADE}{:016x}_{place}", hash(seed.as_bytes()))
}

/// Whether the id was made here, and so means nothing to any backend.
pub(super) fn is_made(id: &str) -> bool {
    id.starts_with(MADE)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::ids::fitted;

    #[test]
    fn ids_are_made_of_reply_and_place_and_known_again() {
        assert_ne!(made("reply", 0), made("reply", 1));
        assert_ne!(made("reply", 0), made("other", 0));
        assert!(is_made(&made("reply", 0)));
        assert!(!is_made("call_1"));
        assert_eq!(fitted(&made("reply", 0)), made("reply", 0));
    }

    #[test]
    fn a_models_name_stays_within_its_segment() {
        assert_eq!(in_path("gemini-2.5-pro"), "gemini-2.5-pro");
        assert_eq!(in_path("us.anthropic.claude:0"), "us.anthropic.claude%3A0");
        assert_eq!(in_path("a/../b?c#d e"), "a%2F..%2Fb%3Fc%23d%20e");
    }
}
