//! Messages of a request.

use crate::canonical::{Media, MediaSource, Message, Part, Role, ToolKind};
use crate::dialect::fields::{At, Fields, Others, Read};
use crate::dialect::words::{cache_hint, image_type_of_base64, media_of_data_url};
use crate::json::Json;
use std::borrow::Cow;

/// All messages, and what is in them that the canonical model has no word for.
pub(super) struct Messages<'r> {
    pub(super) messages: Vec<Message<'r>>,
    pub(super) others: Others<'r>,
}

pub(super) fn read_messages<'r>(at: &At<'_>, value: &'r Json<'static>) -> Read<Messages<'r>> {
    let mut all = Messages { messages: Vec::new(), others: Vec::new() };
    for (index, message) in at.items(value)?.iter().enumerate() {
        let at = At::Index(at, index);
        all.read(at.fields(message)?, index)?;
    }
    Ok(all)
}

impl<'r> Messages<'r> {
    fn read(&mut self, mut fields: Fields<'r, '_>, index: usize) -> Read<()> {
        let at = fields.at();
        let message = match &*fields.required_text("role")? {
            "system" => said(&mut fields, Role::System, &mut self.others)?,
            "developer" => said(&mut fields, Role::Developer, &mut self.others)?,
            "user" => said(&mut fields, Role::User, &mut self.others)?,
            "assistant" => answered(&mut fields, index, &mut self.others)?,
            "tool" => {
                let id = fields.required_text("tool_call_id")?;
                result(&mut fields, id, &mut self.others)?
            }
            "function" => {
                let id = self.last_call().unwrap_or(Cow::Borrowed("function"));
                result(&mut fields, id, &mut self.others)?
            }
            _ => {
                let words = "`system`, `developer`, `user`, `assistant` or `tool`";
                return Err(At::Key(&at, "role").value(format!("use {words}")));
            }
        };
        self.messages.push(message);
        // What an answer had that says nothing to a model.
        fields.leave(&["annotations", "function_call"], &mut self.others);
        Ok(())
    }

    /// The old `function` messages name no call: theirs is the one before.
    fn last_call(&self) -> Option<Cow<'r, str>> {
        let parts = self.messages.iter().rev().flat_map(|message| message.parts.iter().rev());
        parts.into_iter().find_map(|part| match part {
            Part::ToolCall { id, .. } => Some(id.clone()),
            Part::Text { .. }
            | Part::Image { .. }
            | Part::Audio(_)
            | Part::Document { .. }
            | Part::Thinking { .. }
            | Part::HiddenThinking { .. }
            | Part::ToolResult { .. }
            | Part::Refusal(_)
            | Part::Other { .. } => None,
        })
    }
}

fn said<'r>(fields: &mut Fields<'r, '_>, role: Role, others: &mut Others<'r>) -> Read<Message<'r>> {
    Ok(Message { role, parts: content(fields, others)?, name: fields.cow("name")? })
}

/// A message of the model: its thoughts first, then its words, then its calls.
fn answered<'r>(fields: &mut Fields<'r, '_>, index: usize, others: &mut Others<'r>) -> Read<Message<'r>> {
    let mut parts = thoughts(fields)?;
    parts.extend(content(fields, others)?);
    parts.extend(fields.cow("refusal")?.map(Part::Refusal));
    let at = fields.at();
    let calls_at = At::Key(&at, "tool_calls");
    for (call, value) in fields.items("tool_calls")?.iter().enumerate() {
        parts.push(read_call(At::Index(&calls_at, call).fields(value)?, others)?);
    }
    if let Some(call) = fields.object("function_call")? {
        let mut call = Fields::new(At::Key(&at, "function_call"), call);
        parts.push(function_call(&mut call, Cow::Owned(format!("call_{index}")), None)?);
    }
    if let Some(value) = fields.get("audio") {
        parts.push(Part::Other { kind: Cow::Borrowed("audio"), value });
    }
    Ok(Message { role: Role::Assistant, parts, name: fields.cow("name")? })
}

/// `reasoning_details` says all there is to say; without them the text alone, in either of its names.
fn thoughts<'r>(fields: &mut Fields<'r, '_>) -> Read<Vec<Part<'r>>> {
    let (content, reasoning) = (fields.cow("reasoning_content")?, fields.cow("reasoning")?);
    let at = fields.at();
    let details_at = At::Key(&at, "reasoning_details");
    let details = fields.items("reasoning_details")?;
    let detail = |(index, value)| read_detail(At::Index(&details_at, index).fields(value)?);
    let details: Vec<Option<Part>> = details.iter().enumerate().map(detail).collect::<Read<_>>()?;
    let details: Vec<Part> = details.into_iter().flatten().collect();
    let text = content.or(reasoning).filter(|text| !text.is_empty());
    if !details.is_empty() {
        return Ok(with_text(details, text));
    }
    Ok(text.map(|text| Part::Thinking { text, signature: None }).into_iter().collect())
}

/// In streams the text comes under its plain names and the detail has the signature alone.
fn with_text<'r>(mut details: Vec<Part<'r>>, plain: Option<Cow<'r, str>>) -> Vec<Part<'r>> {
    let is_thinking = |part: &&mut Part<'r>| matches!(part, Part::Thinking { .. });
    if let (Some(Part::Thinking { text, .. }), Some(plain)) = (details.iter_mut().find(is_thinking), plain)
        && text.is_empty()
    {
        *text = plain;
    }
    details
}

fn read_detail<'r>(mut fields: Fields<'r, '_>) -> Read<Option<Part<'r>>> {
    let or_empty = |text: Option<Cow<'r, str>>| text.unwrap_or(Cow::Borrowed(""));
    Ok(match fields.text("type")?.unwrap_or_default() {
        "reasoning.text" => Some(Part::Thinking {
            text: or_empty(fields.cow("text")?),
            signature: fields.cow("signature")?.filter(|text| !text.is_empty()),
        }),
        "reasoning.summary" => {
            Some(Part::Thinking { text: or_empty(fields.cow("summary")?), signature: None })
        }
        "reasoning.encrypted" => {
            Some(Part::HiddenThinking { data: fields.required_text("data")?, id: fields.cow("id")? })
        }
        _ => None,
    })
}

fn read_call<'r>(mut fields: Fields<'r, '_>, others: &mut Others<'r>) -> Read<Part<'r>> {
    let at = fields.at();
    let id = fields.required_text("id")?;
    let signature = signature_of(&mut fields)?;
    if fields.text("type")? == Some("custom") {
        let mut custom = Fields::new(At::Key(&at, "custom"), as_object(&at, "custom", &mut fields)?);
        let (name, arguments) = (custom.required_text("name")?, custom.required_text("input")?);
        fields.leave(&["index"], others);
        return Ok(Part::ToolCall { id, name, kind: ToolKind::Custom, arguments, signature, cache: None });
    }
    let mut function = Fields::new(At::Key(&at, "function"), as_object(&at, "function", &mut fields)?);
    let call = function_call(&mut function, id, signature)?;
    function.leave(&["parsed_arguments"], others);
    fields.leave(&["index"], others);
    Ok(call)
}

fn as_object<'r>(
    at: &At<'_>,
    name: &'static str,
    fields: &mut Fields<'r, '_>,
) -> Read<&'r crate::json::Object<'static>> {
    fields.object(name)?.ok_or_else(|| At::Key(at, name).missing())
}

fn function_call<'r>(
    fields: &mut Fields<'r, '_>,
    id: Cow<'r, str>,
    signature: Option<Cow<'r, str>>,
) -> Read<Part<'r>> {
    let at = fields.at();
    let name = fields.required_text("name")?;
    let arguments = match fields.get("arguments") {
        None => Cow::Borrowed(""),
        Some(Json::String(text)) => Cow::Borrowed(&**text),
        // Not what the documentation says, yet some clients send the object itself.
        Some(value @ Json::Object(_)) => Cow::Owned(String::from_utf8(value.to_bytes()).unwrap_or_default()),
        Some(other) => return Err(At::Key(&at, "arguments").shape("a string", other)),
    };
    Ok(Part::ToolCall { id, name, kind: ToolKind::Function, arguments, signature, cache: None })
}

/// Google's place for its thought signature: `extra_content.google.thought_signature`.
fn signature_of<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Cow<'r, str>>> {
    let at = fields.at();
    let Some(extra) = fields.object("extra_content")? else { return Ok(None) };
    let at = At::Key(&at, "extra_content");
    let Some(google) = Fields::new(at, extra).object("google")? else { return Ok(None) };
    Fields::new(At::Key(&at, "google"), google).cow("thought_signature")
}

fn result<'r>(fields: &mut Fields<'r, '_>, id: Cow<'r, str>, others: &mut Others<'r>) -> Read<Message<'r>> {
    let name = fields.cow("name")?;
    let (parts, cache) = (content(fields, others)?, cache_hint(fields.get("cache_control")));
    let kind = ToolKind::Function;
    let result = Part::ToolResult { id, name, kind, parts, is_error: false, cache };
    Ok(Message { role: Role::User, parts: vec![result], name: None })
}

/// Content: a text, or an array of parts. An empty text of an answer that only calls tools is none.
fn content<'r>(fields: &mut Fields<'r, '_>, others: &mut Others<'r>) -> Read<Vec<Part<'r>>> {
    let at = fields.at();
    let at = At::Key(&at, "content");
    match fields.get("content") {
        None => Ok(Vec::new()),
        Some(Json::String(text)) => Ok(vec![Part::Text { text: Cow::Borrowed(text), cache: None }]),
        Some(Json::Array(items)) => {
            let part = |(index, item)| read_part(At::Index(&at, index).fields(item)?, item, others);
            items.iter().enumerate().map(part).collect()
        }
        Some(other) => Err(at.shape("a string or an array of parts", other)),
    }
}

fn read_part<'r>(
    mut fields: Fields<'r, '_>,
    value: &'r Json<'static>,
    others: &mut Others<'r>,
) -> Read<Part<'r>> {
    let cache = cache_hint(fields.get("cache_control"));
    let kind = fields.required_text("type")?;
    let part = match &*kind {
        "text" => Some(Part::Text { text: fields.required_text("text")?, cache }),
        "image_url" => image(&mut fields, cache)?,
        "input_audio" => audio(&mut fields)?,
        "file" => file(&mut fields, cache)?,
        "refusal" => Some(Part::Refusal(fields.required_text("refusal")?)),
        _ => None,
    };
    if part.is_some() {
        fields.leave(&["annotations"], others);
    }
    Ok(part.unwrap_or(Part::Other { kind, value }))
}

/// `{url, detail}`, or as some clients write it, the URL alone.
fn image<'r>(
    fields: &mut Fields<'r, '_>,
    cache: Option<crate::canonical::CacheHint<'r>>,
) -> Read<Option<Part<'r>>> {
    let at = fields.at();
    let value = fields.required("image_url")?;
    let (url, detail) = if let Json::String(url) = value {
        (Cow::Borrowed(&**url), fields.cow("detail")?)
    } else {
        let at = At::Key(&at, "image_url");
        let mut image = at.fields(value)?;
        (image.required_text("url")?, image.cow("detail")?)
    };
    let Cow::Borrowed(url) = url else { return Ok(None) };
    Ok(media_of_data_url(url).map(|media| Part::Image { media: with_real_type(media), detail, cache }))
}

/// Clients that do not know the type of an image write a wrong one, or none.
fn with_real_type(mut media: Media<'_>) -> Media<'_> {
    let is_vague = media.media_type.as_deref().is_none_or(|name| !name.starts_with("image/"));
    if let MediaSource::Base64(data) = &media.source
        && is_vague
        && let Some(name) = image_type_of_base64(data)
    {
        media.media_type = Some(Cow::Borrowed(name));
    }
    media
}

fn audio<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Part<'r>>> {
    let at = fields.at();
    let at_audio = At::Key(&at, "input_audio");
    let mut audio = at_audio.fields(fields.required("input_audio")?)?;
    let media_type = match &*audio.required_text("format")? {
        "mp3" => Cow::Borrowed("audio/mpeg"),
        other => Cow::Owned(format!("audio/{other}")),
    };
    let source = MediaSource::Base64(audio.required_text("data")?);
    Ok(Some(Part::Audio(Media { media_type: Some(media_type), source })))
}

fn file<'r>(
    fields: &mut Fields<'r, '_>,
    cache: Option<crate::canonical::CacheHint<'r>>,
) -> Read<Option<Part<'r>>> {
    let at = fields.at();
    let at_file = At::Key(&at, "file");
    let mut file = at_file.fields(fields.required("file")?)?;
    let name = file.cow("filename")?;
    let Some(data) = file.text("file_data")? else { return Ok(None) };
    Ok(media_of_data_url(data).map(|media| Part::Document { media, name, cache }))
}
