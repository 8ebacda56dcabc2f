use crate::canonical::ServedTier;
use crate::error::Envelope;
use crate::json::{Edited, Limits, Part, glance, parse, write_string};
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
    let answer = Answer::read(body)?;
    Ok(Reply {
        body: answer.write(identity, ShowUsage::Always, "message"),
        usage: answer.usage.unwrap_or_default(),
        finish_reason: answer.finish_reason(),
        model: answer.get("model").and_then(Part::string),
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
    let answer = Answer::read(data)?;
    let show = if show_usage { ShowUsage::Always } else { ShowUsage::Never };
    // A chunk without choices is the one that brings the usage.
    let for_client = show_usage || !answer.choices().is_empty();
    let data = for_client.then(|| on_one_line(answer.write(identity, show, "delta")));
    Ok(Chunk {
        data: data.transpose()?,
        has_content: answer.has_content(),
        usage: answer.usage,
        finish_reason: answer.finish_reason(),
        model: answer.get("model").and_then(Part::string),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ShowUsage {
    Always,
    Never,
}

/// An answer, read as far as Weir looks into it, whose text is passed on but for the members that say who answered.
struct Answer<'b> {
    text: &'b str,
    whole: Part<'b>,
    usage: Option<Usage>,
}

/// How deep an answer is looked into: its members, its choices, theirs, and those of a message.
const LEVELS: usize = 4;

impl<'b> Answer<'b> {
    fn read(body: &'b [u8]) -> Result<Self, BadReply> {
        let text = std::str::from_utf8(body).map_err(|_| BadReply::Malformed)?;
        let whole = glance(text, Limits::default(), LEVELS).ok_or(BadReply::Malformed)?;
        if whole.get("error").is_some_and(|error| error.text != "null") {
            return Err(Envelope::read(body).map_or(BadReply::Malformed, BadReply::Error));
        }
        whole.get("choices").and_then(Part::items).ok_or(BadReply::Malformed)?;
        let tier = whole.get("service_tier").and_then(Part::string);
        let tier = tier.and_then(|tier| ServedTier::of_word(&tier));
        let usage = whole.get("usage").filter(|usage| usage.members().is_some());
        let usage = usage.map(|usage| Usage { tier, ..read_usage(usage) });
        Ok(Self { text, whole, usage })
    }

    fn get(&self, name: &str) -> Option<&Part<'b>> {
        self.whole.get(name)
    }

    fn choices(&self) -> &[Part<'b>] {
        self.get("choices").and_then(Part::items).unwrap_or_default()
    }

    fn finish_reason(&self) -> Option<Cow<'b, str>> {
        self.choices().iter().find_map(finish_reason)
    }

    fn has_content(&self) -> bool {
        self.choices().iter().any(|choice| {
            let delta = choice.get("delta").and_then(Part::members).unwrap_or_default();
            let mut said = delta.iter().filter(|member| member.name != "role");
            finish_reason(choice).is_some() || said.any(|member| is_something(member.value.text))
        })
    }

    /// The answer for the client; `holder` names what of a choice has its text.
    fn write(&self, identity: &ReplyIdentity, usage: ShowUsage, holder: &str) -> Vec<u8> {
        let mut edited = Edited::new(self.text);
        for member in self.whole.members().unwrap_or_default() {
            let value = member.value.text;
            match &*member.name {
                "id" => write_string(&identity.id, edited.replace(value)),
                "model" => write_string(&identity.alias, edited.replace(value)),
                // Names the build that answered, and with it the backend.
                "system_fingerprint" => edited.cut(value),
                "usage" if usage == ShowUsage::Never => edited.cut(value),
                "choices" => {
                    for choice in self.choices() {
                        name_reasoning_twice(choice.get(holder), &mut edited);
                    }
                    edited.keep(value);
                }
                _ => edited.keep(value),
            }
        }
        for (name, value) in [("id", &identity.id), ("model", &identity.alias)] {
            if self.get(name).is_none() {
                write_string(value, edited.add(name));
            }
        }
        edited.end()
    }
}

fn finish_reason<'b>(choice: &Part<'b>) -> Option<Cow<'b, str>> {
    choice.get("finish_reason").and_then(Part::string)
}

fn is_something(value: &str) -> bool {
    let is_empty_list = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|items| items.trim().is_empty());
    !is_empty_list && !["null", "\"\""].contains(&value)
}

fn read_usage(usage: &Part<'_>) -> Usage {
    let number = |part: &Part<'_>| part.text.parse().ok();
    let of = |name: &str| usage.get(name).and_then(number);
    let detail = |name: &str| usage.get("prompt_tokens_details")?.get(name).and_then(number);
    Usage {
        prompt_tokens: of("prompt_tokens"),
        cached_tokens: detail("cached_tokens").or_else(|| of("prompt_cache_hit_tokens")),
        written_tokens: detail("cache_write_tokens"),
        completion_tokens: of("completion_tokens"),
        tier: None,
    }
}

/// Some servers say `reasoning`, some `reasoning_content`, and clients read one or the other: both names get the text.
fn name_reasoning_twice(holder: Option<&Part<'_>>, edited: &mut Edited<'_>) {
    const NAMES: [(&str, &str); 2] = [("reasoning", "reasoning_content"), ("reasoning_content", "reasoning")];
    let Some(holder) = holder else { return };
    for (has, lacks) in NAMES {
        if let (Some(said), None) = (holder.get(has), holder.get(lacks))
            && said.text.starts_with('"')
        {
            edited.add_to(holder.text, lacks).extend_from_slice(said.text.as_bytes());
        }
    }
}

/// An event of a stream has no room for line breaks.
fn on_one_line(data: Vec<u8>) -> Result<Vec<u8>, BadReply> {
    if memchr2(b'\n', b'\r', &data).is_none() {
        return Ok(data);
    }
    parse(&data, Limits::default()).map(|value| value.to_bytes()).map_err(|_| BadReply::Malformed)
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

    #[test]
    fn who_answered_is_left_out_wherever_it_stands_and_however_it_is_written() {
        for (body, expected) in [
            (
                r#"{"system_fingerprint":"fp","model":"secret","choices":[],"id":"x"}"#,
                r#"{"model":"auto","choices":[],"id":"chatcmpl-1"}"#,
            ),
            (
                r#"{"choices":[],"\u006dodel":"secret","\u0073ystem_fingerprint":"fp"}"#,
                r#"{"choices":[],"\u006dodel":"auto","id":"chatcmpl-1"}"#,
            ),
            (
                "{ \"model\" : {\"name\":\"secret\"} ,\n \"choices\" : [ ] ,\n \"system_fingerprint\" : null }",
                "{ \"model\" : \"auto\" ,\n \"choices\" : [ ],\"id\":\"chatcmpl-1\" }",
            ),
        ] {
            assert_eq!(text(&map_reply(body.as_bytes(), &identity()).unwrap().body), expected, "{body}");
        }
    }

    #[test]
    fn an_answer_has_one_reading() {
        let message = |said: &str| format!(r#"{{"choices":[{{"message":{said}}}]}}"#);
        for body in [
            r#"{"choices":[],"model":"a","model":"b"}"#.to_owned(),
            r#"{"choices":[],"model":"a","\u006dodel":"b"}"#.to_owned(),
            r#"{"choices":[{"finish_reason":"stop","finish_reason":"length"}]}"#.to_owned(),
            r#"{"choices":[],"usage":{"prompt_tokens":1,"prompt_tokens":2}}"#.to_owned(),
            message(r#"{"content":"a","content":"b"}"#),
            message(r#"{"vendor":[{"x":1,"x":2}]}"#),
            message(&format!("{}{}", "[".repeat(64), "]".repeat(64))),
            message(r#"{"content":"\ud800"}"#),
            message(r#"{"content":01}"#),
            message(r#"{"content":["a",]}"#),
            message(r#"{"content":"a"}} "#),
        ] {
            assert!(map_reply(body.as_bytes(), &identity()).is_err(), "{body}");
        }
        assert!(map_reply(b"{\"choices\":[\"\xff\"]}", &identity()).is_err());
    }

    #[test]
    fn reasoning_is_named_twice_at_the_end_of_its_message() {
        let body = r#"{"choices":[{"message":{"reasoning":"a\n","content":"b"}},{"message":{"content":"c"}},{"message":{"\u0072easoning_content":"d","x":1}}],"id":"x","model":"y"}"#;
        let expected = r#"{"choices":[{"message":{"reasoning":"a\n","content":"b","reasoning_content":"a\n"}},{"message":{"content":"c"}},{"message":{"\u0072easoning_content":"d","x":1,"reasoning":"d"}}],"id":"chatcmpl-1","model":"auto"}"#;
        assert_eq!(text(&map_reply(body.as_bytes(), &identity()).unwrap().body), expected);
        for neither in [r#"{"reasoning":null}"#, r#"{"reasoning":"a","reasoning_content":"b"}"#, "null", "7"]
        {
            let body = format!(r#"{{"choices":[{{"message":{neither}}}],"id":"chatcmpl-1","model":"auto"}}"#);
            assert_eq!(text(&map_reply(body.as_bytes(), &identity()).unwrap().body), body);
        }
    }

    #[test]
    fn an_event_has_no_line_breaks() {
        let data = b"{\"choices\":[\n{\"delta\":{\"content\":\"a\"}\r}],\"id\":\"x\",\n\"model\":\"y\"}";
        let chunk = read_chunk(data, &identity(), false).unwrap();
        let expected = r#"{"choices":[{"delta":{"content":"a"}}],"id":"chatcmpl-1","model":"auto"}"#;
        assert_eq!(text(&chunk.data.unwrap()), expected);
        assert!(chunk.has_content);
    }
}
