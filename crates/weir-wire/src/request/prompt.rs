//! What a model reads of a request.

use super::ClientRequest;
use crate::json::Json;
use crate::segment;
use crate::tokens::Estimator;

/// Members of a body that a model reads, in one API or another; the others are settings.
const READ: [&str; 13] = [
    "system",
    "instructions",
    "messages",
    "input",
    "prompt",
    "suffix",
    "query",
    "documents",
    "tools",
    "functions",
    "response_format",
    "text",
    "format",
];

/// What a message has besides its content: its two ends and its role.
///
/// Source: OpenAI Cookbook, "How to count tokens with tiktoken". Others write more or less around a message, which what
/// they report tells.
const MESSAGE_TOKENS: u64 = 4;
/// What the answer begins with.
const ANSWER_TOKENS: u64 = 3;

impl ClientRequest {
    /// The tokens that a model reads of the request, where `count` gives those of a text: each text as if it stood for
    /// itself, and what is written around messages. Of what is no text (pictures, files) it is an estimate.
    #[must_use]
    pub fn count_prompt(&self, count: &dyn Fn(&str) -> u64) -> u64 {
        let read = || READ.iter().filter_map(|name| self.member(name));
        let mut texts = Vec::new();
        read().for_each(|member| segment::collect(member, &mut texts));
        self.leave_out_known(&mut texts);
        let mut tokens = Estimator::default();
        let written = texts.iter().filter(|text| !text.is_of_protocol());
        written.for_each(|text| tokens.push_counted(text.text, count));
        tokens.tokens() + self.template_tokens()
    }

    /// What a conversation has around its texts.
    fn template_tokens(&self) -> u64 {
        let is_conversation = self.api().dialect().is_some() || self.api().counts_tokens();
        let messages = match (self.member("messages"), self.member("input")) {
            (Some(Json::Array(messages)), _) | (None, Some(Json::Array(messages))) => messages.len(),
            (None, Some(Json::String(_))) => 1,
            _ => return 0,
        };
        let instructions =
            ["system", "instructions"].iter().filter(|name| self.member(name).is_some()).count();
        let around = (messages + instructions) as u64 * MESSAGE_TOKENS + ANSWER_TOKENS;
        if is_conversation { around } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use crate::json::Limits;
    use crate::request::{Api, ClientRequest};

    /// The texts that are counted, and what the count is besides.
    fn counted(api: Api, members: &str) -> (String, u64) {
        let body = format!(r#"{{"model": "m", {members}}}"#);
        let request = ClientRequest::read_as(api, body.as_bytes(), Limits::default()).unwrap();
        let texts = std::cell::RefCell::new(Vec::new());
        let tokens = request.count_prompt(&|text| {
            texts.borrow_mut().push(text.to_owned());
            0
        });
        (texts.into_inner().join("|"), tokens)
    }

    #[test]
    fn settings_are_not_counted_and_everything_that_is_read_is() {
        let body = r#""temperature": 0.7, "metadata": {"a": "b"}, "user": "u-1", "tools": [{"type": "function",
            "function": {"name": "look_up", "parameters": {"type": "object", "properties": {"town": {"type": "string"}}}}}],
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where?"}]"#;
        let (texts, around) = counted(Api::CHAT, body);
        assert_eq!(texts, "Be brief.|Where?|look_up|town");
        assert_eq!(around, 11);
    }

    #[test]
    fn what_is_no_conversation_has_nothing_around_it() {
        assert_eq!(counted(Api::Embeddings, r#""input": ["one", "two"]"#), ("one|two".to_owned(), 0));
    }

    #[test]
    fn a_picture_is_estimated() {
        let data = "iVBORw0KGgo".repeat(1_000);
        let body = format!(
            r#""messages": [{{"role": "user", "content": [{{"type": "image_url", "image_url": {{"url": "data:image/png;base64,{data}"}}}}]}}]"#
        );
        let (texts, tokens) = counted(Api::CHAT, &body);
        assert!(!texts.contains("iVBOR"), "{texts}");
        assert_eq!(tokens, 1_007);
    }
}
