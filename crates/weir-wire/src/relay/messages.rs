//! Anthropic messages to a client that speaks them: passed on as they were written, but for the names of who
//! answered.

use super::{Lane, Seen, Whole};
use crate::canonical::ServedTier;
use crate::chat::{BadReply, ReplyIdentity};
use crate::dialect::backend::messages::read_error;
use crate::json::{Json, Limits, Object, parse};
use crate::sse::write_event;
use std::borrow::Cow;

/// The status with which an error comes that was sent under a good one.
const UNKNOWN_STATUS: u16 = 500;

pub(super) fn whole(lane: &Lane, body: &[u8]) -> Result<Whole, BadReply> {
    let Ok(Json::Object(mut message)) = parse(body, Limits::default()) else {
        return Err(BadReply::Malformed);
    };
    if message.get("type").and_then(Json::as_str) == Some("error") || message.get("error").is_some() {
        return Err(read_error(UNKNOWN_STATUS, body).map_or(BadReply::Malformed, BadReply::Error));
    }
    if message.get("content").and_then(Json::as_array).is_none() {
        return Err(BadReply::Malformed);
    }
    let mut seen = Seen { has_content: true, is_complete: true, ..Seen::default() };
    note_message(&message, &mut seen);
    seen.note_sealed(message.get("content").unwrap_or(&Json::Null));
    rename(&mut message, &lane.identity);
    let mut body = Vec::with_capacity(body.len() + 64);
    message.write(&mut body);
    Ok(Whole { body, seen })
}

/// One event of a stream.
pub(super) fn event(lane: &Lane, data: &[u8], seen: &mut Seen, out: &mut Vec<u8>) -> Result<(), BadReply> {
    let Ok(Json::Object(mut event)) = parse(data, Limits::default()) else { return Err(BadReply::Malformed) };
    let Some(kind) = event.get("type").and_then(Json::as_str).map(str::to_owned) else {
        return Err(BadReply::Malformed);
    };
    match kind.as_str() {
        "error" => return Err(read_error(UNKNOWN_STATUS, data).map_or(BadReply::Malformed, BadReply::Error)),
        "message_start" => {
            if let Some(Json::Object(message)) = event.get_mut("message") {
                note_message(message, seen);
                rename(message, &lane.identity);
            }
        }
        "content_block_start" => {
            seen.note_sealed(event.get("content_block").unwrap_or(&Json::Null));
            seen.content();
        }
        "content_block_delta" => note_delta(&event, seen),
        "message_delta" => {
            if let Some(Json::Object(delta)) = event.get("delta") {
                note_end(delta, seen);
            }
            note_usage(&event, seen);
            seen.content();
        }
        "message_stop" => seen.is_complete = true,
        _ => {}
    }
    write_event(&kind, out, |out| event.write(out));
    Ok(())
}

fn note_delta(event: &Object<'_>, seen: &mut Seen) {
    let delta = event.get("delta").and_then(Json::as_object);
    if let Some(Json::String(signature)) = delta.and_then(|delta| delta.get("signature")) {
        seen.seal(signature);
    }
    seen.content();
}

fn note_message(message: &Object<'_>, seen: &mut Seen) {
    seen.model = message.get("model").and_then(Json::as_str).map(str::to_owned);
    note_end(message, seen);
    note_usage(message, seen);
}

fn note_end(object: &Object<'_>, seen: &mut Seen) {
    if let Some(Json::String(reason)) = object.get("stop_reason") {
        seen.finish_reason = Some(reason.clone().into_owned());
    }
}

/// The prompt's tokens are those that were read, those from a cache, and those that went into one.
fn note_usage(object: &Object<'_>, seen: &mut Seen) {
    let Some(Json::Object(usage)) = object.get("usage") else { return };
    let count = |name: &str| usage.get(name).and_then(Json::as_u64);
    if let Some(read) = count("input_tokens") {
        let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"].into_iter().filter_map(count);
        seen.usage.cached_tokens = count("cache_read_input_tokens").or(seen.usage.cached_tokens);
        seen.usage.written_tokens = count("cache_creation_input_tokens").or(seen.usage.written_tokens);
        seen.usage.prompt_tokens = Some(cached.fold(read, u64::saturating_add));
    }
    let tier = usage.get("service_tier").and_then(Json::as_str).and_then(ServedTier::of_word);
    seen.usage.tier = tier.or(seen.usage.tier);
    seen.usage.completion_tokens = count("output_tokens").or(seen.usage.completion_tokens);
}

fn rename(message: &mut Object<'_>, identity: &ReplyIdentity) {
    for (name, value) in [("id", &identity.id), ("model", &identity.alias)] {
        message.set(name, Json::String(Cow::Owned(value.clone())));
    }
}
