//! Ollama's own answers to a client that speaks them: passed on as they were written, but for the model's name.

use super::{Lane, Seen, Whole};
use crate::chat::BadReply;
use crate::dialect::backend::ollama::remote;
use crate::error::Envelope;
use crate::json::{Json, Limits, Object, parse};
use std::borrow::Cow;

pub(super) fn whole(lane: &Lane, body: &[u8]) -> Result<Whole, BadReply> {
    let mut seen = Seen::default();
    let mut mapped = Vec::with_capacity(body.len() + 64);
    piece(lane, body, &mut seen, &mut mapped)?;
    if seen.is_complete { Ok(Whole { body: mapped, seen }) } else { Err(BadReply::Malformed) }
}

/// One line of a stream, which the line break ends.
pub(super) fn line(lane: &Lane, data: &[u8], seen: &mut Seen, out: &mut Vec<u8>) -> Result<(), BadReply> {
    piece(lane, data, seen, out)?;
    out.push(b'\n');
    Ok(())
}

fn piece(lane: &Lane, data: &[u8], seen: &mut Seen, out: &mut Vec<u8>) -> Result<(), BadReply> {
    let Ok(Json::Object(mut piece)) = parse(data, Limits::default()) else { return Err(BadReply::Malformed) };
    if piece.get("error").is_some() {
        return Err(Envelope::read(data).map_or(BadReply::Malformed, BadReply::Error));
    }
    // A server inside the network that has the model run elsewhere has let the request out of it.
    if lane.inside
        && let Some(envelope) = remote(&piece)
    {
        return Err(BadReply::Error(envelope));
    }
    seen.model = piece.get("model").and_then(Json::as_str).map(str::to_owned).or_else(|| seen.model.take());
    if says_something(&piece) {
        seen.content();
    }
    if piece.get("done").and_then(Json::as_bool) == Some(true) {
        note_end(&piece, seen);
    }
    piece.set("model", Json::String(Cow::Owned(lane.identity.alias.clone())));
    piece.write(out);
    Ok(())
}

fn says_something(piece: &Object<'_>) -> bool {
    let Some(message) = piece.get("message").and_then(Json::as_object) else { return false };
    let text = |name: &str| message.get(name).and_then(Json::as_str).is_some_and(|text| !text.is_empty());
    text("content") || text("thinking") || message.get("tool_calls").is_some()
}

fn note_end(piece: &Object<'_>, seen: &mut Seen) {
    let count = |name: &str| piece.get(name).and_then(Json::as_u64);
    seen.usage.prompt_tokens = count("prompt_eval_count");
    seen.usage.completion_tokens = count("eval_count");
    seen.finish_reason = piece.get("done_reason").and_then(Json::as_str).map(str::to_owned);
    seen.is_complete = true;
    seen.content();
}
