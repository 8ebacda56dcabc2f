//! Content blocks of a request.

use crate::canonical::{CacheHint, Losses, Media, MediaSource, Part, Severity, ToolKind};
use crate::dialect::client::messages::write_input;
use crate::dialect::{custom, ids, words};
use crate::json::{ArrayWriter, ObjectWriter};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Writes a part as a block.
pub(super) fn write_block(part: &Part<'_>, out: &mut ArrayWriter<'_>, losses: &mut Losses) {
    match part {
        Part::Text { text, cache } => write_text(text, cache.as_ref(), out),
        Part::Refusal(text) => write_text(text, None, out),
        Part::Image { media, cache, .. } => out.object(|block| {
            block.text("type", "image");
            block.object("source", |source| write_image(media, source));
            write_cache(cache.as_ref(), block);
        }),
        Part::Document { media, name, cache } => out.object(|block| {
            block.text("type", "document");
            block.object("source", |source| write_document(media, source));
            block.text_if("title", name.as_deref());
            write_cache(cache.as_ref(), block);
        }),
        Part::Thinking { text, signature } => out.object(|block| {
            block.text("type", "thinking");
            block.text("thinking", text);
            block.text_if("signature", signature.as_deref());
        }),
        Part::HiddenThinking { data, .. } => out.object(|block| {
            block.text("type", "redacted_thinking");
            block.text("data", data);
        }),
        Part::ToolCall { .. } => out.object(|block| write_call(part, block, losses)),
        Part::ToolResult { .. } => out.object(|block| write_result(part, block, losses)),
        // Left out before, with a loss.
        Part::Audio(_) | Part::Other { .. } => {}
    }
}

fn write_text(text: &str, cache: Option<&CacheHint<'_>>, out: &mut ArrayWriter<'_>) {
    out.object(|block| {
        block.text("type", "text");
        block.text("text", text);
        write_cache(cache, block);
    });
}

/// A mark that the prompt is to be cached up to here.
pub(super) fn write_cache(cache: Option<&CacheHint<'_>>, block: &mut ObjectWriter<'_>) {
    let Some(cache) = cache else { return };
    block.object("cache_control", |control| {
        control.text("type", "ephemeral");
        control.text_if("ttl", cache.lifetime.as_deref());
    });
}

fn write_image(media: &Media<'_>, source: &mut ObjectWriter<'_>) {
    let data = match &media.source {
        MediaSource::Base64(data) => data.clone(),
        MediaSource::Text(text) => STANDARD.encode(text.as_bytes()).into(),
    };
    let known = media.media_type.as_deref().or_else(|| words::image_type_of_base64(&data));
    source.text("type", "base64");
    source.text("media_type", known.unwrap_or("image/png"));
    source.text("data", &data);
}

/// Documents are PDF, or plain text, which is not in base64.
fn write_document(media: &Media<'_>, source: &mut ObjectWriter<'_>) {
    match &media.source {
        MediaSource::Text(text) => write_plain(text, source),
        MediaSource::Base64(data) => match text_of(media, data) {
            Some(text) => write_plain(&text, source),
            None => {
                source.text("type", "base64");
                source.text("media_type", media.media_type.as_deref().unwrap_or("application/pdf"));
                source.text("data", data);
            }
        },
    }
}

fn write_plain(text: &str, source: &mut ObjectWriter<'_>) {
    source.text("type", "text");
    source.text("media_type", "text/plain");
    source.text("data", text);
}

/// What a document of text says.
fn text_of(media: &Media<'_>, data: &str) -> Option<String> {
    let is_text = media.media_type.as_deref().is_some_and(|name| name.starts_with("text/"));
    let bytes = is_text.then(|| STANDARD.decode(data.as_bytes()).ok())??;
    String::from_utf8(bytes).ok()
}

fn write_call(call: &Part<'_>, block: &mut ObjectWriter<'_>, losses: &mut Losses) {
    let Part::ToolCall { id, name, kind, arguments, cache, .. } = call else { return };
    block.text("type", "tool_use");
    block.text("id", &ids::fitted(id));
    block.text("name", name);
    let is_whole = match kind {
        ToolKind::Function => write_input(arguments, "input", block),
        ToolKind::Custom => {
            block.raw("input", &custom::wrap(arguments));
            true
        }
    };
    if !is_whole {
        losses.add(Severity::Reported, "messages.tool_calls.function.arguments");
    }
    write_cache(cache.as_ref(), block);
}

fn write_result(result: &Part<'_>, block: &mut ObjectWriter<'_>, losses: &mut Losses) {
    let Part::ToolResult { id, parts, is_error, cache, .. } = result else { return };
    block.text("type", "tool_result");
    block.text("tool_use_id", &ids::fitted(id));
    match parts.as_slice() {
        [Part::Text { text, cache: None }] => block.text("content", text),
        parts => {
            let said: Vec<&Part> = parts.iter().filter(|part| has_block_in_result(part, losses)).collect();
            if !said.is_empty() {
                block.array("content", |array| said.iter().for_each(|part| write_block(part, array, losses)));
            }
        }
    }
    if *is_error {
        block.truth("is_error", true);
    }
    write_cache(cache.as_ref(), block);
}

fn has_block_in_result(part: &Part<'_>, losses: &mut Losses) -> bool {
    match part {
        Part::Text { text, .. } => !text.is_empty(),
        Part::Image { .. } | Part::Document { .. } => true,
        Part::Other { kind, .. } => {
            losses.add(Severity::Refused, format!("messages.content.{kind}"));
            false
        }
        Part::Audio(_)
        | Part::Thinking { .. }
        | Part::HiddenThinking { .. }
        | Part::ToolCall { .. }
        | Part::ToolResult { .. }
        | Part::Refusal(_) => {
            losses.add(Severity::Refused, "messages.content");
            false
        }
    }
}
