use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a fake backend reads of a chat completion request.
#[derive(Debug, Deserialize)]
pub(super) struct Ask<'a> {
    #[serde(borrow)]
    pub(super) model: Cow<'a, str>,
    #[serde(borrow)]
    messages: &'a RawValue,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    n: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

impl<'a> Ask<'a> {
    pub(super) fn parse(body: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(body)
    }

    pub(super) fn streams(&self) -> bool {
        self.stream == Some(true)
    }

    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().and_then(|options| options.include_usage) == Some(true)
    }

    pub(super) fn choices(&self) -> u64 {
        self.n.unwrap_or(1).max(1)
    }

    /// A rough count: a token for four bytes of messages.
    pub(super) fn prompt_tokens(&self) -> u64 {
        tokens(self.messages.get())
    }

    /// Whether the last message is what a tool answered.
    pub(super) fn ends_with_result(&self) -> bool {
        self.messages().last().is_some_and(|message| message.role == "tool")
    }

    fn messages(&self) -> Vec<Message> {
        serde_json::from_str(self.messages.get()).unwrap_or_default()
    }

    /// The text of the last user message; its text parts joined.
    pub(super) fn prompt(&self) -> String {
        let messages = self.messages();
        let last = messages.iter().rfind(|message| message.role == "user");
        last.map(|message| text(&message.content)).unwrap_or_default()
    }
}

/// A rough count of a text's tokens.
pub(super) fn tokens(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX).div_ceil(4)
}

fn text(content: &Value) -> String {
    if let Some(parts) = content.as_array() {
        return parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
    }
    content.as_str().unwrap_or_default().to_owned()
}
