use crate::canonical::ServedTier;
use crate::error::Envelope;
use crate::json::{Json, Limits, Member, Object, ObjectWriter, parse_members, write_string};
use memchr::memchr2;
use std::borrow::Cow;

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
    /// Those of the prompt that came from the backend's cache.
    pub cached_tokens: Option<u64>,
    /// Those of the prompt that the backend put into its cache.
    pub written_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// How soon they were worked on.
    pub tier: Option<ServedTier>,
}

/// A reply as the client gets it, with what Weir keeps of it.
#[derive(Debug, Clone)]
pub struct Reply<'b> {
    /// The body for the client.
    pub body: Vec<u8>,
    /// Tokens used.
    pub usage: Usage,
    /// Why the first choice ended.
    pub finish_reason: Option<Cow<'b, str>>,
    /// The model the backend says it ran.
    pub model: Option<Cow<'b, str>>,
}

/// One event of a stream as the client gets it, with what Weir keeps of it.
#[derive(Debug, Clone)]
pub struct Chunk<'b> {
    /// The event's data for the client; `None` when there is nothing in it for the client.
    pub data: Option<Vec<u8>>,
    /// Whether it carries content: text, reasoning, a tool call, or the end of a choice.
    pub has_content: bool,
    /// Tokens used, if this chunk tells.
    pub usage: Option<Usage>,
    /// Why a choice ended, if one did.
    pub finish_reason: Option<Cow<'b, str>>,
    /// The model the backend says it runs.
    pub model: Option<Cow<'b, str>>,
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
pub fn map_reply<'b>(body: &'b [u8], identity: &ReplyIdentity) -> Result<Reply<'b>, BadReply> {
    let mut answer = Answer::read(body)?;
    answer.name_reasoning_twice("message");
    let mut mapped = Vec::with_capacity(body.len() + ROOM);
    answer.write(identity, ShowUsage::Always, &mut mapped);
    Ok(Reply {
        body: mapped,
        usage: answer.usage().unwrap_or_default(),
        finish_reason: answer.finish_reason(),
        model: answer.model(),
    })
}

/// Maps the data of one stream event. Usage is left out unless `show_usage`.
///
/// # Errors
/// [`BadReply`] when it is an error object or no chunk.
pub fn read_chunk<'b>(
    data: &'b [u8],
    identity: &ReplyIdentity,
    show_usage: bool,
) -> Result<Chunk<'b>, BadReply> {
    let mut answer = Answer::read(data)?;
    let has_content = answer.choices().any(carries_content);
    // A chunk without choices is the one that brings the usage.
    let for_client = show_usage || answer.choices().next().is_some();
    answer.name_reasoning_twice("delta");
    let data = for_client.then(|| {
        let mut mapped = Vec::with_capacity(data.len() + ROOM);
        let show = if show_usage { ShowUsage::Always } else { ShowUsage::Never };
        answer.write(identity, show, &mut mapped);
        mapped
    });
    Ok(Chunk {
        data,
        has_content,
        usage: answer.usage(),
        finish_reason: answer.finish_reason(),
        model: answer.model(),
    })
}

/// What the client's id and model may be longer than the backend's.
const ROOM: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum ShowUsage {
    Always,
    Never,
}

/// An answer's members, strictly read, of which those that say who answered are replaced and all others
/// passed on as they were written.
struct Answer<'b> {
    members: Vec<Member<'b>>,
    /// The value of `choices` is not any more as it was written.
    has_other_choices: bool,
}

impl<'b> Answer<'b> {
    fn read(body: &'b [u8]) -> Result<Self, BadReply> {
        let Ok(Some(members)) = parse_members(body, Limits::default()) else {
            return Err(BadReply::Malformed);
        };
        let answer = Self { members, has_other_choices: false };
        if answer.get("error").is_some_and(|error| *error != Json::Null) {
            return Err(Envelope::read(body).map_or(BadReply::Malformed, BadReply::Error));
        }
        match answer.get("choices") {
            Some(Json::Array(_)) => Ok(answer),
            _ => Err(BadReply::Malformed),
        }
    }

    fn get(&self, name: &str) -> Option<&Json<'b>> {
        self.members.iter().find(|member| member.name == name).map(|member| &member.value)
    }

    fn choices(&self) -> impl Iterator<Item = &Object<'b>> {
        let choices = self.get("choices").and_then(Json::as_array).unwrap_or_default();
        choices.iter().filter_map(Json::as_object)
    }

    fn model(&self) -> Option<Cow<'b, str>> {
        self.get("model").and_then(text)
    }

    fn finish_reason(&self) -> Option<Cow<'b, str>> {
        self.choices().find_map(finish_reason)
    }

    fn usage(&self) -> Option<Usage> {
        let tier = self.get("service_tier").and_then(Json::as_str).and_then(ServedTier::of_word);
        Some(Usage { tier, ..self.get("usage").and_then(read_usage)? })
    }

    /// Some servers say `reasoning`, some `reasoning_content`, and clients read one or the other: both
    /// names get the text.
    fn name_reasoning_twice(&mut self, holder: &str) {
        let choices = self.members.iter_mut().find(|member| member.name == "choices");
        let Some(Json::Array(choices)) = choices.map(|member| &mut member.value) else { return };
        for choice in choices {
            let Json::Object(choice) = choice else { continue };
            let Some(Json::Object(message)) = choice.get_mut(holder) else { continue };
            self.has_other_choices |= name_reasoning_twice(message);
        }
    }

    fn write(&self, identity: &ReplyIdentity, usage: ShowUsage, out: &mut Vec<u8>) {
        let mut writer = ObjectWriter::new(out);
        let (mut has_id, mut has_model) = (false, false);
        for member in &self.members {
            match &*member.name {
                "id" => {
                    has_id = true;
                    write_string(&identity.id, writer.member("id"));
                }
                "model" => {
                    has_model = true;
                    write_string(&identity.alias, writer.member("model"));
                }
                // Names the build that answered, and with it the backend.
                "system_fingerprint" => {}
                "usage" if usage == ShowUsage::Never => {}
                "choices" if self.has_other_choices => member.value.write(writer.member("choices")),
                name => write_as_written(member, writer.member(name)),
            }
        }
        if !has_id {
            write_string(&identity.id, writer.member("id"));
        }
        if !has_model {
            write_string(&identity.alias, writer.member("model"));
        }
        writer.end();
    }
}

/// An event of a stream has no room for line breaks.
fn write_as_written(member: &Member<'_>, out: &mut Vec<u8>) {
    match memchr2(b'\n', b'\r', member.text.as_bytes()) {
        None => out.extend_from_slice(member.text.as_bytes()),
        Some(_) => member.value.write(out),
    }
}

fn text<'b>(value: &Json<'b>) -> Option<Cow<'b, str>> {
    if let Json::String(text) = value { Some(text.clone()) } else { None }
}

fn finish_reason<'b>(choice: &Object<'b>) -> Option<Cow<'b, str>> {
    choice.get("finish_reason").and_then(text)
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
    let details = usage.get("prompt_tokens_details").and_then(Json::as_object);
    let of_prompt = |name: &str| details.and_then(|details| details.get(name)).and_then(Json::as_u64);
    Some(Usage {
        prompt_tokens: count("prompt_tokens"),
        cached_tokens: of_prompt("cached_tokens").or_else(|| count("prompt_cache_hit_tokens")),
        written_tokens: of_prompt("cache_write_tokens"),
        completion_tokens: count("completion_tokens"),
        tier: None,
    })
}

fn name_reasoning_twice(message: &mut Object<'_>) -> bool {
    const NAMES: [(&str, &str); 2] = [("reasoning", "reasoning_content"), ("reasoning_content", "reasoning")];
    let mut named = false;
    for (has, lacks) in NAMES {
        if let Some(Json::String(text)) = message.get(has)
            && message.get(lacks).is_none()
        {
            let text = Json::String(text.clone());
            message.set(lacks, text);
            named = true;
        }
    }
    named
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
        assert_eq!(
            reply.usage,
            Usage { prompt_tokens: Some(3), completion_tokens: Some(2), ..Usage::default() }
        );
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
        let usage = br#"{"id":"x","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1,"cache_write_tokens":2}}}"#;
        let hidden = read_chunk(usage, &identity(), false).unwrap();
        assert!(hidden.data.is_none());
        let expected = Usage {
            prompt_tokens: Some(3),
            cached_tokens: Some(1),
            written_tokens: Some(2),
            completion_tokens: Some(2),
            tier: None,
        };
        assert_eq!(hidden.usage.unwrap(), expected);
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
