//! Who said what, for whoever wants to know what a request asks for.

use super::ClientRequest;
use crate::json::Json;
use std::borrow::Cow;

/// Texts of a conversation.
#[derive(Default)]
pub struct Spoken<'r> {
    /// What the user wrote, the last turn first.
    pub user: Vec<Cow<'r, str>>,
    /// The first instructions of the application.
    pub system: Option<Cow<'r, str>>,
}

/// Texts are the user's: only how many there are is shown.
impl std::fmt::Debug for Spoken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spoken({} turns)", self.user.len())
    }
}

impl ClientRequest {
    /// The user's last turns, at most `turns` of them, and what the application said first. Nothing of a request that is
    /// no conversation.
    #[must_use]
    pub fn spoken(&self, turns: usize) -> Spoken<'_> {
        if self.api.dialect().is_none() {
            return Spoken::default();
        }
        let messages =
            ["messages", "input"].iter().find_map(|name| self.member(name).and_then(Json::as_array));
        let messages = messages.unwrap_or_default();
        let of_user = messages.iter().rev().filter(|message| is_by(message, &["user"])).filter_map(text_of);
        // Responses and completions may be asked with a text alone.
        let alone = ["input", "prompt"].iter().find_map(|name| text(self.member(name)?));
        let instructions = ["system", "instructions"].iter().find_map(|name| text(self.member(name)?));
        let first =
            || messages.iter().find(|message| is_by(message, &["system", "developer"])).and_then(text_of);
        Spoken { user: of_user.chain(alone).take(turns).collect(), system: instructions.or_else(first) }
    }
}

pub(super) fn is_by(message: &Json<'static>, roles: &[&str]) -> bool {
    let role = message.as_object().and_then(|message| message.get("role")?.as_str());
    role.is_some_and(|role| roles.contains(&role))
}

/// The text of a message, if it has any.
fn text_of<'m>(message: &'m Json<'static>) -> Option<Cow<'m, str>> {
    text(message.as_object()?.get("content")?)
}

/// A text, or all the texts of several parts.
fn text<'m>(content: &'m Json<'static>) -> Option<Cow<'m, str>> {
    if let Some(text) = content.as_str() {
        return (!text.is_empty()).then_some(Cow::Borrowed(text));
    }
    let part =
        |part: &'m Json<'static>| part.as_object()?.get("text")?.as_str().filter(|text| !text.is_empty());
    let mut texts = content.as_array()?.iter().filter_map(part);
    let first = texts.next()?;
    Some(texts.fold(Cow::Borrowed(first), |all, text| Cow::Owned(format!("{all}\n{text}"))))
}

#[cfg(test)]
mod tests {
    use crate::dialect::ClientDialect;
    use crate::json::Limits;
    use crate::request::{Api, ClientRequest};

    fn check(api: Api, members: &str, user: &[&str], system: Option<&str>) {
        let body = format!(r#"{{"model": "m", {members}}}"#);
        let request = ClientRequest::read_as(api, body.as_bytes(), Limits::default()).unwrap();
        let spoken = request.spoken(2);
        assert_eq!(spoken.user, user);
        assert_eq!(spoken.system.as_deref(), system);
    }

    #[test]
    fn the_last_turns_of_the_user_come_last_first() {
        let messages = r#""messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "one"},
            {"role": "assistant", "content": "yes"}, {"role": "user", "content": "two"},
            {"role": "user", "content": "three"}]"#;
        check(Api::CHAT, messages, &["three", "two"], Some("Be kind."));
    }

    #[test]
    fn the_text_parts_of_a_message_are_one_text() {
        let messages = r#""messages": [{"role": "user", "content": [{"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "text", "text": "again"}]}]"#;
        check(Api::CHAT, messages, &["look\nagain"], None);
    }

    #[test]
    fn messages_without_text_are_no_turns() {
        check(Api::CHAT, r#""messages": [{"role": "user", "content": ""}]"#, &[], None);
    }

    #[test]
    fn other_dialects_say_the_same_elsewhere() {
        let of = |dialect| Api::Conversation(dialect);
        let messages = r#""max_tokens": 9, "system": [{"type": "text", "text": "Be kind."}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]"#;
        check(of(ClientDialect::Messages), messages, &["hello"], Some("Be kind."));
        check(
            of(ClientDialect::Responses),
            r#""instructions": "Be kind.", "input": "hello""#,
            &["hello"],
            Some("Be kind."),
        );
        let items = r#""input": [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "hello"}]"#;
        check(of(ClientDialect::Responses), items, &["hello"], Some("Be kind."));
        check(
            of(ClientDialect::OllamaGenerate),
            r#""system": "Be kind.", "prompt": "hello""#,
            &["hello"],
            Some("Be kind."),
        );
        check(of(ClientDialect::Completions), r#""prompt": "hello""#, &["hello"], None);
    }
}
