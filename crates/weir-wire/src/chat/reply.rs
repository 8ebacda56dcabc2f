use crate::error::Envelope;
use crate::json::{Json, Limits, Object, parse};

/// What the client is told about who answered: Weir's own id and the alias it asked for, so that it
/// cannot tell which backend it was.
#[derive(Debug, Clone)]
pub struct ReplyIdentity {
    /// The reply's id, such as `chatcmpl-…`.
    pub id: String,
    /// The model's name as the client gave it.
    pub alias: String,
}

/// Tokens, as the backend counted them. What it did not say is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
}

/// A reply as the client gets it, with what Weir keeps of it.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The body for the client.
    pub body: Vec<u8>,
    /// Tokens used.
    pub usage: Usage,
    /// Why the first choice ended.
    pub finish_reason: Option<String>,
    /// The model the backend says it ran.
    pub model: Option<String>,
}

/// One event of a stream as the client gets it, with what Weir keeps of it.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The event's data for the client; `None` when there is nothing in it for the client.
    pub data: Option<Vec<u8>>,
    /// Whether it carries content: text, reasoning, a tool call, or the end of a choice.
    pub has_content: bool,
    /// Tokens used, if this chunk tells.
    pub usage: Option<Usage>,
    /// Why a choice ended, if one did.
    pub finish_reason: Option<String>,
    /// The model the backend says it runs.
    pub model: Option<String>,
}

/// A reply that is not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadReply {
    /// An error object under a successful status.
    Error(Envelope),
    /// Not a chat completion.
    Malformed,
}

/// Maps a whole reply.
///
/// # Errors
/// [`BadReply`] when it is an error object or no chat completion.
pub fn map_reply(body: &[u8], identity: &ReplyIdentity) -> Result<Reply, BadReply> {
    let mut object = read_object(body)?;
    let model = object.get("model").and_then(Json::as_str).map(str::to_owned);
    let usage = object.get("usage").and_then(read_usage).unwrap_or_default();
    restamp(&mut object, identity);
    let finish_reason = choices(&object)?.find_map(finish_reason);
    name_reasoning_twice(&mut object, "message");
    let mut mapped = Vec::with_capacity(body.len() + 64);
    object.write(&mut mapped);
    Ok(Reply { body: mapped, usage, finish_reason, model })
}

/// Maps the data of one stream event. Usage is left out unless `show_usage`.
///
/// # Errors
/// [`BadReply`] when it is an error object or no chunk.
pub fn read_chunk(data: &[u8], identity: &ReplyIdentity, show_usage: bool) -> Result<Chunk, BadReply> {
    let mut object = read_object(data)?;
    let model = object.get("model").and_then(Json::as_str).map(str::to_owned);
    let usage = object.get("usage").and_then(read_usage);
    if !show_usage {
        object.remove("usage");
    }
    restamp(&mut object, identity);
    let has_content = choices(&object)?.any(carries_content);
    let finish_reason = choices(&object)?.find_map(finish_reason);
    // A chunk without choices is the one that brings the usage.
    let for_client = show_usage || choices(&object)?.next().is_some();
    name_reasoning_twice(&mut object, "delta");
    let data = for_client.then(|| {
        let mut mapped = Vec::with_capacity(data.len() + 64);
        object.write(&mut mapped);
        mapped
    });
    Ok(Chunk { data, has_content, usage, finish_reason, model })
}

fn read_object(body: &[u8]) -> Result<Object, BadReply> {
    let Ok(value @ Json::Object(_)) = parse(body, Limits::default()) else {
        return Err(BadReply::Malformed);
    };
    let failed = value.as_object().and_then(|o| o.get("error")).is_some_and(|error| *error != Json::Null);
    if failed {
        return Err(Envelope::from_json(&value).map_or(BadReply::Malformed, BadReply::Error));
    }
    let Json::Object(object) = value else { return Err(BadReply::Malformed) };
    Ok(object)
}

fn restamp(object: &mut Object, identity: &ReplyIdentity) {
    object.set("id", Json::String(identity.id.clone()));
    object.set("model", Json::String(identity.alias.clone()));
    // Names the build that answered, and with it the backend.
    object.remove("system_fingerprint");
}

fn choices(object: &Object) -> Result<impl Iterator<Item = &Object>, BadReply> {
    let choices = object.get("choices").and_then(Json::as_array).ok_or(BadReply::Malformed)?;
    Ok(choices.iter().filter_map(Json::as_object))
}

fn finish_reason(choice: &Object) -> Option<String> {
    choice.get("finish_reason")?.as_str().map(str::to_owned)
}

fn carries_content(choice: &Object) -> bool {
    let delta = choice.get("delta").and_then(Json::as_object);
    let mut members = delta.into_iter().flat_map(Object::iter);
    finish_reason(choice).is_some() || members.any(|(name, value)| name != "role" && is_something(value))
}

fn is_something(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => true,
    }
}

fn read_usage(usage: &Json) -> Option<Usage> {
    let usage = usage.as_object()?;
    let count = |name: &str| usage.get(name).and_then(Json::as_u64);
    Some(Usage { prompt_tokens: count("prompt_tokens"), completion_tokens: count("completion_tokens") })
}

/// Some servers say `reasoning`, some `reasoning_content`, and clients read one or the other: both
/// names get the text.
fn name_reasoning_twice(object: &mut Object, holder: &str) {
    const NAMES: [(&str, &str); 2] = [("reasoning", "reasoning_content"), ("reasoning_content", "reasoning")];
    let Some(Json::Array(choices)) = object.get_mut("choices") else { return };
    for choice in choices {
        let Json::Object(choice) = choice else { continue };
        let Some(Json::Object(message)) = choice.get_mut(holder) else { continue };
        for (has, lacks) in NAMES {
            if let Some(Json::String(text)) = message.get(has)
                && message.get(lacks).is_none()
            {
                let text = Json::String(text.clone());
                message.set(lacks, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> ReplyIdentity {
        ReplyIdentity { id: "chatcmpl-1".to_owned(), alias: "auto".to_owned() }
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_reply_keeps_everything_but_who_answered() {
        let body = br#"{"id":"x","object":"chat.completion","created":7,"model":"gpt-x","system_fingerprint":"fp","choices":[{"index":0,"message":{"role":"assistant","content":"hi","vendor":1.50},"finish_reason":"stop","logprobs":null}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"timings":{"t":0.10}}"#;
        let reply = map_reply(body, &identity()).unwrap();
        assert_eq!(
            text(&reply.body),
            r#"{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"auto","choices":[{"index":0,"message":{"role":"assistant","content":"hi","vendor":1.50},"finish_reason":"stop","logprobs":null}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"timings":{"t":0.10}}"#
        );
        assert_eq!(reply.usage, Usage { prompt_tokens: Some(3), completion_tokens: Some(2) });
        assert_eq!(reply.finish_reason.as_deref(), Some("stop"));
        assert_eq!(reply.model.as_deref(), Some("gpt-x"));
    }

    #[test]
    fn an_error_under_a_good_status_is_an_error() {
        let error = map_reply(br#"{"error":{"message":"boom"}}"#, &identity()).unwrap_err();
        assert!(matches!(error, BadReply::Error(envelope) if envelope.message == "boom"));
        for nonsense in ["<html>", "[]", "{}", r#"{"choices":{}}"#] {
            assert_eq!(map_reply(nonsense.as_bytes(), &identity()).unwrap_err(), BadReply::Malformed);
        }
    }

    #[test]
    fn usage_is_read_and_shown_only_to_those_who_asked() {
        let usage = br#"{"id":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
        let hidden = read_chunk(usage, &identity(), false).unwrap();
        assert!(hidden.data.is_none());
        assert_eq!(hidden.usage.unwrap().completion_tokens, Some(2));
        assert!(read_chunk(usage, &identity(), true).unwrap().data.is_some());
        let delta = br#"{"id":"x","choices":[{"index":0,"delta":{"content":"a"}}],"usage":null}"#;
        let chunk = read_chunk(delta, &identity(), false).unwrap();
        assert_eq!(
            text(&chunk.data.unwrap()),
            r#"{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"a"}}],"model":"auto"}"#
        );
    }

    #[test]
    fn a_role_or_an_empty_delta_is_no_content_yet() {
        let content = |delta: &str, finish: &str| {
            let data = format!(r#"{{"choices":[{{"delta":{delta},"finish_reason":{finish}}}]}}"#);
            read_chunk(data.as_bytes(), &identity(), false).unwrap().has_content
        };
        assert!(!content(r#"{"role":"assistant","content":""}"#, "null"));
        assert!(!content(r#"{"role":"assistant","content":null,"tool_calls":[]}"#, "null"));
        assert!(content(r#"{"content":"a"}"#, "null"));
        assert!(content(r#"{"reasoning":"a"}"#, "null"));
        assert!(content(r#"{"tool_calls":[{"index":0}]}"#, "null"));
        assert!(content("{}", r#""stop""#));
    }

    #[test]
    fn reasoning_gets_both_names() {
        for (has, lacks) in [("reasoning", "reasoning_content"), ("reasoning_content", "reasoning")] {
            let data = format!(r#"{{"choices":[{{"delta":{{"{has}":"why"}}}}]}}"#);
            let chunk = read_chunk(data.as_bytes(), &identity(), false).unwrap();
            assert!(text(&chunk.data.unwrap()).contains(&format!(r#""{lacks}":"why""#)));
        }
    }
}
