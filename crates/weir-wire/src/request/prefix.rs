//! What a conversation begins with, by which requests that begin alike are told.

use super::ClientRequest;
use super::turns::is_by;
use crate::json::Json;

/// The beginning of a conversation, as far as another of its turns, or another conversation of the same application,
/// begins likewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Bytes of texts in it that a server which has served another request of the kind has read before.
    pub shared_bytes: usize,
    /// Bytes of all texts of the request.
    pub all_bytes: usize,
}

/// So many bytes of a beginning tell it from others.
const TOLD_BYTES: usize = 4096;

impl ClientRequest {
    /// Gives the texts that a conversation begins with to `tell`, at most some four kilobytes: the instructions, the
    /// tools, and the first turn of the user, which all its turns have in common. Nothing of a request that is no
    /// conversation.
    pub fn opening(&self, tell: &mut dyn FnMut(&str)) -> Option<Opening> {
        self.api().dialect()?;
        let mut left = TOLD_BYTES;
        let mut tell_some = |text: &str| {
            let head = text.get(..text.floor_char_boundary(left.min(text.len()))).unwrap_or_default();
            left -= head.len();
            tell(head);
        };
        let (mut shared, mut all) = (0, 0);
        for name in ["system", "instructions", "tools", "functions"] {
            shared += self.member(name).map_or(0, |member| texts(member, &mut tell_some));
        }
        all += shared;
        let messages =
            ["messages", "input"].iter().find_map(|name| self.member(name).and_then(Json::as_array));
        let messages = messages.unwrap_or_default();
        let first = messages.iter().position(|message| is_by(message, &["user"])).unwrap_or(messages.len());
        let last = messages.len().saturating_sub(1);
        for (at, message) in messages.iter().enumerate() {
            let bytes =
                if at <= first { texts(message, &mut tell_some) } else { texts(message, &mut |_| {}) };
            all += bytes;
            // Of a first turn only what stands before it can have been read; of later ones all but the last.
            shared += if at < first || (last > first && at < last) { bytes } else { 0 };
        }
        (all > 0).then_some(Opening { shared_bytes: shared, all_bytes: all })
    }
}

/// Gives every text in a value to `tell`, names too; returns how many bytes they are.
fn texts(value: &Json<'_>, tell: &mut dyn FnMut(&str)) -> usize {
    match value {
        Json::String(text) => {
            tell(text);
            text.len()
        }
        Json::Array(items) => items.iter().map(|item| texts(item, tell)).sum(),
        Json::Object(object) => {
            let mut bytes = 0;
            for (name, member) in object.iter() {
                tell(name);
                bytes += name.len() + texts(member, tell);
            }
            bytes
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;
    use crate::request::Api;

    fn opening(members: &str) -> (String, Opening) {
        let body = format!(r#"{{"model": "m", {members}}}"#);
        let request = ClientRequest::read_as(Api::CHAT, body.as_bytes(), Limits::default()).unwrap();
        let mut told = String::new();
        let opening = request.opening(&mut |text| told.push_str(text)).unwrap();
        (told, opening)
    }

    const SYSTEM: &str = r#"{"role": "system", "content": "You answer questions about law."}"#;

    #[test]
    fn the_turns_of_a_conversation_open_alike_and_other_conversations_do_not() {
        let turn = |more: &str| {
            opening(&format!(
                r#""messages": [{SYSTEM}, {{"role": "user", "content": "What is a weir?"}}{more}]"#
            ))
        };
        let (first, alone) = turn("");
        let more = r#", {"role": "assistant", "content": "A low dam."}, {"role": "user", "content": "Why?"}"#;
        let (second, continued) = turn(more);
        assert_eq!(first, second);
        assert!(alone.shared_bytes < alone.all_bytes && alone.shared_bytes > 30, "{alone:?}");
        assert!(continued.shared_bytes > alone.all_bytes, "all turns but the last: {continued:?}");
        let (other, _) =
            opening(&format!(r#""messages": [{SYSTEM}, {{"role": "user", "content": "What is a dam?"}}]"#));
        assert_ne!(first, other);
    }

    #[test]
    fn a_question_without_instructions_shares_nothing() {
        let (_, alone) = opening(r#""messages": [{"role": "user", "content": "hello"}]"#);
        assert_eq!(alone.shared_bytes, 0);
        let (told, _) = opening(
            r#""tools": [{"type": "function", "function": {"name": "f"}}], "messages": [{"role": "user", "content": "hello"}]"#,
        );
        assert!(told.contains("function") && told.contains("hello"), "{told}");
    }

    #[test]
    fn a_long_beginning_is_told_as_far_as_it_tells_something() {
        let long = "ü".repeat(9000);
        let (told, opening) = opening(&format!(r#""messages": [{{"role": "user", "content": "{long}"}}]"#));
        assert!((TOLD_BYTES - 1..=TOLD_BYTES).contains(&told.len()), "{}", told.len());
        assert!(opening.all_bytes > 18_000);
    }
}
