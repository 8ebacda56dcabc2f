//! Answers to requests that are no conversation: embeddings, judgements, rankings, images.

mod embed;

use crate::chat::{BadReply, Usage};
use crate::error::Envelope;
use crate::json::{Json, Limits, Object, parse};
use crate::request::{Api, ClientRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// An answer as the client gets it, with what Weir keeps of it.
#[derive(Debug, Clone)]
pub struct FamilyReply {
    /// The body for the client.
    pub body: Vec<u8>,
    /// Tokens used.
    pub usage: Usage,
    /// The model the backend says it ran.
    pub model: Option<String>,
}

/// The media types that an answer may have which is no JSON; those that end in `/` with anything after it.
/// `None` where the answer is JSON.
#[must_use]
pub fn no_json(request: &ClientRequest) -> Option<&'static [&'static str]> {
    match request.api() {
        Api::Speech => Some(&["audio/", "application/octet-stream"]),
        Api::Transcription | Api::Translation => match request.text("response_format") {
            Some("text" | "srt" | "vtt") => {
                Some(&["text/plain", "text/vtt", "text/srt", "application/x-subrip"])
            }
            Some(_) | None => None,
        },
        Api::Conversation(_)
        | Api::CountTokens
        | Api::CountInput
        | Api::Embeddings
        | Api::OllamaEmbed
        | Api::Moderations
        | Api::Rerank
        | Api::Tokenize
        | Api::Detokenize
        | Api::Images
        | Api::Files => None,
    }
}

/// Values of an answer: embeddings are long.
const LIMITS: Limits = Limits { depth: 64, values: 20_000_000 };

/// Maps an answer: the model has the name that the client asked for, and embeddings the encoding.
///
/// # Errors
/// [`BadReply`] when it is an error object or no object.
pub fn map_reply(request: &ClientRequest, body: &[u8]) -> Result<FamilyReply, BadReply> {
    let Ok(Json::Object(mut reply)) = parse(body, LIMITS) else { return Err(BadReply::Malformed) };
    if reply.get("error").is_some_and(|error| *error != Json::Null) {
        return Err(Envelope::read(body).map_or(BadReply::Malformed, BadReply::Error));
    }
    let model = reply.get("model").and_then(Json::as_str).map(str::to_owned);
    let usage = usage(&reply);
    if reply.get("model").is_some() {
        reply.set("model", Json::String(Cow::Borrowed(request.alias())));
    }
    if request.api().embeds() {
        embed::refit(request.api(), &mut reply)?;
    }
    if request.api() == Api::Embeddings {
        let wants_text = request.text("encoding_format") == Some("base64");
        encode_all(&mut reply, wants_text)?;
    }
    let mut body = Vec::with_capacity(body.len() + 64);
    reply.write(&mut body);
    Ok(FamilyReply { body, usage, model })
}

fn usage(reply: &Object<'_>) -> Usage {
    let usage = reply.get("usage").and_then(Json::as_object);
    let count = |name: &str| usage.and_then(|usage| usage.get(name)).and_then(Json::as_u64);
    Usage {
        prompt_tokens: count("prompt_tokens")
            .or_else(|| count("input_tokens"))
            .or_else(|| count("total_tokens"))
            .or_else(|| reply.get("prompt_eval_count")?.as_u64()),
        cached_tokens: None,
        written_tokens: None,
        completion_tokens: count("completion_tokens").or_else(|| count("output_tokens")),
        tier: None,
    }
}

/// Gives every embedding the encoding that was asked for. Some servers know numbers only.
fn encode_all(reply: &mut Object<'_>, as_text: bool) -> Result<(), BadReply> {
    let Some(Json::Array(data)) = reply.get_mut("data") else { return Err(BadReply::Malformed) };
    for item in data {
        let Json::Object(item) = item else { return Err(BadReply::Malformed) };
        let embedding = item.get_mut("embedding").ok_or(BadReply::Malformed)?;
        let other = match (&*embedding, as_text) {
            (Json::Array(numbers), true) => Some(to_text(numbers).ok_or(BadReply::Malformed)?),
            (Json::String(text), false) => Some(to_numbers(text).ok_or(BadReply::Malformed)?),
            _ => None,
        };
        if let Some(other) = other {
            *embedding = other;
        }
    }
    Ok(())
}

/// Numbers of 32 bits, the low byte first, in base64: what OpenAI's SDKs read.
fn to_text<'t>(numbers: &[Json<'_>]) -> Option<Json<'t>> {
    let mut bytes = Vec::with_capacity(numbers.len() * 4);
    for number in numbers {
        let Json::Number(text) = number else { return None };
        bytes.extend_from_slice(&text.parse::<f32>().ok()?.to_le_bytes());
    }
    Some(Json::String(Cow::Owned(STANDARD.encode(bytes))))
}

fn to_numbers<'t>(text: &str) -> Option<Json<'t>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    let number = |bytes: &[u8; 4]| {
        let number = f32::from_le_bytes(*bytes);
        number.is_finite().then(|| Json::Number(Cow::Owned(number.to_string())))
    };
    let numbers: Option<Vec<_>> = numbers.iter().map(number).collect();
    numbers.filter(|_| rest.is_empty()).map(Json::Array)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(format: &str) -> ClientRequest {
        let body = format!(r#"{{"model":"auto","input":"x"{format}}}"#);
        ClientRequest::read_as(Api::Embeddings, body.as_bytes(), Limits::default()).unwrap()
    }

    fn mapped(format: &str, embedding: &str) -> String {
        let body = format!(
            r#"{{"data":[{{"index":0,"embedding":{embedding}}}],"model":"m","usage":{{"prompt_tokens":3}}}}"#
        );
        let reply = map_reply(&asked(format), body.as_bytes()).unwrap();
        assert_eq!((reply.usage.prompt_tokens, reply.model.as_deref()), (Some(3), Some("m")));
        String::from_utf8(reply.body).unwrap()
    }

    #[test]
    fn embeddings_come_in_the_encoding_that_was_asked_for() {
        let base64 = r#","encoding_format":"base64""#;
        let text = mapped(base64, "[1.5,-2]");
        assert!(text.contains(r#""embedding":"AADAPwAAAMA=""#), "{text}");
        assert!(text.contains(r#""model":"auto""#));
        assert_eq!(mapped("", r#""AADAPwAAAMA=""#), mapped("", "[1.5,-2]"));
        assert_eq!(mapped(base64, r#""AADAPwAAAMA=""#), text);
    }

    #[test]
    fn what_is_no_embedding_is_an_error() {
        for body in [r#"{"data":[{"embedding":"%%%"}]}"#, r#"{"data":{}}"#, "[]", r#"{"data":[{}]}"#] {
            assert!(map_reply(&asked(""), body.as_bytes()).is_err(), "{body}");
        }
        let error = map_reply(&asked(""), br#"{"error":{"message":"boom"}}"#).unwrap_err();
        assert!(matches!(error, BadReply::Error(envelope) if envelope.message == "boom"));
    }
}
