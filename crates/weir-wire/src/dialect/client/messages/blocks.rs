//! Messages and content blocks of a request.

use crate::canonical::{CacheHint, Media, MediaSource, Message, Part, Role, ToolKind};
use crate::dialect::answer::json_text;
use crate::dialect::fields::{At, Fields, Others, Read};
use crate::dialect::words::cache_hint;
use crate::json::Json;
use std::borrow::Cow;

/// What an earlier answer had beside its content.
const OF_ANSWER: [&str; 6] = ["id", "type", "model", "stop_reason", "stop_sequence", "usage"];
/// What a block of an earlier answer had beside it.
const OF_BLOCK: [&str; 2] = ["citations", "caller"];

pub(super) fn read_message<'r>(mut fields: Fields<'r, '_>, others: &mut Others<'r>) -> Read<Message<'r>> {
    let at = fields.at();
    let role = match &*fields.required_text("role")? {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(At::Key(&at, "role").value("use `user` or `assistant`")),
    };
    let at = At::Key(&at, "content");
    let parts = read_content(&at, fields.required("content")?, others)?;
    fields.leave(&OF_ANSWER, others);
    Ok(Message { role, parts, name: None })
}

/// A text, or an array of text blocks.
pub(super) fn read_texts<'r>(
    at: &At<'_>,
    value: &'r Json<'static>,
    others: &mut Others<'r>,
) -> Read<Vec<Part<'r>>> {
    read_content(at, value, others)
}

fn read_content<'r>(at: &At<'_>, value: &'r Json<'static>, others: &mut Others<'r>) -> Read<Vec<Part<'r>>> {
    match value.as_str() {
        Some(text) => Ok(vec![Part::Text { text: Cow::Borrowed(text), cache: None }]),
        None => read_blocks(at, value, others),
    }
}

fn read_blocks<'r>(at: &At<'_>, value: &'r Json<'static>, others: &mut Others<'r>) -> Read<Vec<Part<'r>>> {
    let Json::Array(items) = value else { return Err(at.shape("a string or an array of blocks", value)) };
    let mut parts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let at = At::Index(at, index);
        parts.push(read_block(at.fields(item)?, item, others)?);
    }
    Ok(parts)
}

fn read_block<'r>(
    mut fields: Fields<'r, '_>,
    value: &'r Json<'static>,
    others: &mut Others<'r>,
) -> Read<Part<'r>> {
    let cache = cache_hint(fields.get("cache_control"));
    let kind = fields.required_text("type")?;
    let part = match &*kind {
        "text" => Some(Part::Text { text: fields.required_text("text")?, cache }),
        "image" => source(&mut fields)?.map(|media| Part::Image { media, detail: None, cache }),
        "document" => document(&mut fields, cache, others)?,
        "thinking" => Some(Part::Thinking {
            text: fields.required_text("thinking")?,
            signature: fields.cow("signature")?.filter(|text| !text.is_empty()),
        }),
        "redacted_thinking" => Some(Part::HiddenThinking { data: fields.required_text("data")?, id: None }),
        "tool_use" => Some(call(&mut fields, cache)?),
        "tool_result" => Some(result(&mut fields, cache, others)?),
        _ => None,
    };
    if part.is_some() {
        fields.leave(&OF_BLOCK, others);
    }
    Ok(part.unwrap_or(Part::Other { kind, value }))
}

/// Bytes that stand in the body; `None` for a reference to somewhere else.
fn source<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Media<'r>>> {
    let at = fields.at();
    let at = At::Key(&at, "source");
    let mut source = at.fields(fields.required("source")?)?;
    let media_type = source.cow("media_type")?;
    let data = match &*source.required_text("type")? {
        "base64" => MediaSource::Base64(source.required_text("data")?),
        "text" => MediaSource::Text(source.required_text("data")?),
        _ => return Ok(None),
    };
    Ok(Some(Media { media_type, source: data }))
}

fn document<'r>(
    fields: &mut Fields<'r, '_>,
    cache: Option<CacheHint<'r>>,
    others: &mut Others<'r>,
) -> Read<Option<Part<'r>>> {
    let name = fields.cow("title")?;
    for member in ["context", "citations"] {
        others.extend(fields.get(member).map(|value| (member, value)));
    }
    Ok(source(fields)?.map(|media| Part::Document { media, name, cache }))
}

fn call<'r>(fields: &mut Fields<'r, '_>, cache: Option<CacheHint<'r>>) -> Read<Part<'r>> {
    Ok(Part::ToolCall {
        id: fields.required_text("id")?,
        name: fields.required_text("name")?,
        kind: ToolKind::Function,
        arguments: fields.get("input").map(json_text).map_or(Cow::Borrowed(""), Cow::Owned),
        signature: None,
        cache,
    })
}

fn result<'r>(
    fields: &mut Fields<'r, '_>,
    cache: Option<CacheHint<'r>>,
    others: &mut Others<'r>,
) -> Read<Part<'r>> {
    let at = fields.at();
    let parts = match fields.get("content") {
        None => Vec::new(),
        Some(value) => read_content(&At::Key(&at, "content"), value, others)?,
    };
    Ok(Part::ToolResult {
        id: fields.required_text("tool_use_id")?,
        name: None,
        kind: ToolKind::Function,
        parts,
        is_error: fields.truth("is_error")?.unwrap_or(false),
        cache,
    })
}
