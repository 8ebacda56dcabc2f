//! The input of a request, item by item.

use crate::canonical::{Media, MediaSource, Message, Part, Role, ToolKind};
use crate::dialect::fields::{At, Fields, Others, Read};
use crate::dialect::words::media_of_data_url;
use crate::json::Json;
use std::borrow::Cow;

/// What an item of an earlier answer had that says nothing to a model.
const OF_ITEM: [&str; 3] = ["id", "status", "phase"];
/// What a part of one had.
const OF_PART: [&str; 2] = ["annotations", "logprobs"];

/// Reads a text, or a list of items.
///
/// What a model did in one turn are several items here and one message everywhere else; so are the results
/// of its calls.
pub(super) fn read_input<'r>(
    at: &At<'_>,
    value: &'r Json<'static>,
    (out, others): (&mut Vec<Message<'r>>, &mut Others<'r>),
) -> Read<()> {
    if let Json::String(text) = value {
        let parts = vec![Part::Text { text: Cow::Borrowed(text), cache: None }];
        out.push(Message { role: Role::User, parts, name: None });
        return Ok(());
    }
    let Json::Array(items) = value else { return Err(at.shape("a string or an array of items", value)) };
    for (index, item) in items.iter().enumerate() {
        let at = At::Index(at, index);
        let message = read_item(at.fields(item)?, item, others)?;
        add(message, out);
    }
    Ok(())
}

fn add<'r>(mut message: Message<'r>, out: &mut Vec<Message<'r>>) {
    match out.last_mut() {
        Some(last) if belongs_to(last, &message) => last.parts.append(&mut message.parts),
        Some(_) | None => out.push(message),
    }
}

fn belongs_to(last: &Message<'_>, next: &Message<'_>) -> bool {
    let all_results =
        |message: &Message<'_>| message.parts.iter().all(|part| matches!(part, Part::ToolResult { .. }));
    match (last.role, next.role) {
        (Role::Assistant, Role::Assistant) => true,
        (Role::User, Role::User) => all_results(last) && all_results(next),
        _ => false,
    }
}

fn read_item<'r>(
    mut fields: Fields<'r, '_>,
    value: &'r Json<'static>,
    others: &mut Others<'r>,
) -> Read<Message<'r>> {
    let at = fields.at();
    let of_model = |part| Message { role: Role::Assistant, parts: vec![part], name: None };
    let of_user = |part| Message { role: Role::User, parts: vec![part], name: None };
    let message = match fields.text("type")?.unwrap_or("message") {
        "message" => read_message(&mut fields, others)?,
        "function_call" => of_model(read_call(&mut fields, ToolKind::Function, "arguments")?),
        "custom_tool_call" => of_model(read_call(&mut fields, ToolKind::Custom, "input")?),
        "function_call_output" => of_user(read_output(&mut fields, ToolKind::Function, others)?),
        "custom_tool_call_output" => of_user(read_output(&mut fields, ToolKind::Custom, others)?),
        "reasoning" => {
            let parts = read_reasoning(&mut fields)?.into_iter().collect();
            Message { role: Role::Assistant, parts, name: None }
        }
        "item_reference" => {
            return Err(at.unsupported("send the item itself; the one referred to is not stored here"));
        }
        // As it is: all of it is there.
        kind => return Ok(of_model(Part::Other { kind: Cow::Borrowed(kind), value })),
    };
    fields.leave(&OF_ITEM, others);
    Ok(message)
}

fn read_message<'r>(fields: &mut Fields<'r, '_>, others: &mut Others<'r>) -> Read<Message<'r>> {
    let at = fields.at();
    let role = match &*fields.required_text("role")? {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        "developer" => Role::Developer,
        _ => return Err(At::Key(&at, "role").value("use `user`, `assistant`, `system` or `developer`")),
    };
    let parts = read_content(&At::Key(&at, "content"), fields.required("content")?, others)?;
    Ok(Message { role, parts, name: None })
}

/// A text, or an array of parts.
fn read_content<'r>(at: &At<'_>, value: &'r Json<'static>, others: &mut Others<'r>) -> Read<Vec<Part<'r>>> {
    if let Json::String(text) = value {
        return Ok(vec![Part::Text { text: Cow::Borrowed(text), cache: None }]);
    }
    let Json::Array(items) = value else { return Err(at.shape("a string or an array of parts", value)) };
    let part = |(index, item)| read_part(At::Index(at, index).fields(item)?, item, others);
    items.iter().enumerate().map(part).collect()
}

fn read_part<'r>(
    mut fields: Fields<'r, '_>,
    value: &'r Json<'static>,
    others: &mut Others<'r>,
) -> Read<Part<'r>> {
    let kind = fields.required_text("type")?;
    let part = match &*kind {
        "input_text" | "output_text" | "text" => {
            Some(Part::Text { text: fields.required_text("text")?, cache: None })
        }
        "refusal" => Some(Part::Refusal(fields.required_text("refusal")?)),
        "input_image" => {
            let detail = fields.cow("detail")?;
            let media = fields.text("image_url")?.and_then(media_of_data_url);
            media.map(|media| Part::Image { media, detail, cache: None })
        }
        "input_file" => {
            let name = fields.cow("filename")?;
            let media = fields.text("file_data")?.map(file_media);
            media.map(|media| Part::Document { media, name, cache: None })
        }
        "input_audio" => read_audio(&mut fields)?,
        _ => None,
    };
    if part.is_some() {
        fields.leave(&OF_PART, others);
    }
    Ok(part.unwrap_or(Part::Other { kind, value }))
}

/// A `data:` URL, or base64 alone.
fn file_media(data: &str) -> Media<'_> {
    let bare = || Media { media_type: None, source: MediaSource::Base64(Cow::Borrowed(data)) };
    media_of_data_url(data).unwrap_or_else(bare)
}

fn read_audio<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Part<'r>>> {
    let at = fields.at();
    let Some(object) = fields.object("input_audio")? else { return Ok(None) };
    let mut audio = Fields::new(At::Key(&at, "input_audio"), object);
    let media_type = match &*audio.required_text("format")? {
        "mp3" => Cow::Borrowed("audio/mpeg"),
        other => Cow::Owned(format!("audio/{other}")),
    };
    let source = MediaSource::Base64(audio.required_text("data")?);
    Ok(Some(Part::Audio(Media { media_type: Some(media_type), source })))
}

fn read_call<'r>(fields: &mut Fields<'r, '_>, kind: ToolKind, arguments: &'static str) -> Read<Part<'r>> {
    Ok(Part::ToolCall {
        id: fields.required_text("call_id")?,
        name: fields.required_text("name")?,
        kind,
        arguments: fields.cow(arguments)?.unwrap_or_default(),
        signature: None,
        cache: None,
    })
}

fn read_output<'r>(fields: &mut Fields<'r, '_>, kind: ToolKind, others: &mut Others<'r>) -> Read<Part<'r>> {
    let at = fields.at();
    let id = fields.required_text("call_id")?;
    let parts = read_content(&At::Key(&at, "output"), fields.required("output")?, others)?;
    Ok(Part::ToolResult { id, name: None, kind, parts, is_error: false, cache: None })
}

/// Thoughts. A summary, be it empty, says that they are ones that are shown, and the encrypted content is
/// what signs them; without one they are encrypted altogether. So `item::write_item` writes them.
fn read_reasoning<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Part<'r>>> {
    let (summary, content) = (read_texts(fields, "summary")?, read_texts(fields, "content")?);
    let sealed = fields.cow("encrypted_content")?.filter(|text| !text.is_empty());
    let text = content.or(summary);
    Ok(match (text, sealed) {
        (None, None) => None,
        (None, Some(data)) => Some(Part::HiddenThinking { data, id: fields.cow("id")? }),
        (Some(text), signature) => Some(Part::Thinking { text, signature }),
    })
}

fn read_texts<'r>(fields: &mut Fields<'r, '_>, name: &'static str) -> Read<Option<Cow<'r, str>>> {
    let at = fields.at();
    let at = At::Key(&at, name);
    let mut texts = Vec::new();
    for (index, item) in fields.items(name)?.iter().enumerate() {
        let at = At::Index(&at, index);
        texts.push(at.fields(item)?.cow("text")?.unwrap_or_default());
    }
    Ok(match texts.len() {
        0 => None,
        1 => texts.pop(),
        _ => Some(Cow::Owned(texts.join("\n\n"))),
    })
}
