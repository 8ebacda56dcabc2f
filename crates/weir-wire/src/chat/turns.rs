//! Who said what, for whoever wants to know what a request asks for.

use super::ChatRequest;
use crate::json::Json;
use std::borrow::Cow;

/// Texts of a conversation.
#[derive(Default)]
pub struct Conversation<'r> {
    /// What the user wrote, the last turn first.
    pub user: Vec<Cow<'r, str>>,
    /// The first instructions of the system or the developer.
    pub system: Option<Cow<'r, str>>,
}

/// Texts are the user's: only how many there are is shown.
impl std::fmt::Debug for Conversation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conversation({} turns)", self.user.len())
    }
}

impl ChatRequest {
    /// The user's last turns, at most `turns` of them, and what the system said.
    #[must_use]
    pub fn conversation(&self, turns: usize) -> Conversation<'_> {
        let messages = self.member("messages").and_then(Json::as_array).unwrap_or_default();
        let said_by = |roles: &'static [&'static str]| {
            move |message: &&Json<'static>| {
                let role = message.as_object().and_then(|message| message.get("role")?.as_str());
                role.is_some_and(|role| roles.contains(&role))
            }
        };
        Conversation {
            user: messages.iter().rev().filter(said_by(&["user"])).filter_map(text_of).take(turns).collect(),
            system: messages.iter().find(said_by(&["system", "developer"])).and_then(text_of),
        }
    }
}

/// The text of a message, if it has any: of several parts, all that are text.
fn text_of<'m>(message: &'m Json<'static>) -> Option<Cow<'m, str>> {
    let content = message.as_object()?.get("content")?;
    if let Some(text) = content.as_str() {
        return (!text.is_empty()).then_some(Cow::Borrowed(text));
    }
    let mut texts = content.as_array()?.iter().filter_map(|part| part.as_object()?.get("text")?.as_str());
    let first = texts.next()?;
    Some(texts.fold(Cow::Borrowed(first), |all, text| Cow::Owned(format!("{all}\n{text}"))))
}

#[cfg(test)]
mod tests {
    use super::ChatRequest;
    use crate::json::Limits;

    fn check(messages: &str, user: &[&str], system: Option<&str>) {
        let body = format!(r#"{{"model": "m", "messages": {messages}}}"#);
        let request = ChatRequest::read(body.as_bytes(), Limits::default()).unwrap();
        let conversation = request.conversation(2);
        assert_eq!(conversation.user, user);
        assert_eq!(conversation.system.as_deref(), system);
    }

    #[test]
    fn the_last_turns_of_the_user_come_last_first() {
        let messages = r#"[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "one"},
            {"role": "assistant", "content": "yes"}, {"role": "user", "content": "two"},
            {"role": "user", "content": "three"}]"#;
        check(messages, &["three", "two"], Some("Be kind."));
    }

    #[test]
    fn the_text_parts_of_a_message_are_one_text() {
        let messages = r#"[{"role": "user", "content": [{"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "text", "text": "again"}]}]"#;
        check(messages, &["look\nagain"], None);
    }

    #[test]
    fn messages_without_text_are_no_turns() {
        check(r#"[{"role": "user", "content": ""}]"#, &[], None);
    }
}
