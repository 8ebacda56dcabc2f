use crate::canonical::{
    Conversation, Effort, Format, LogProbs, Media, MediaSource, Message, Part, Reasoning, Role, Tool,
    ToolKind,
};
use crate::dialect::answer::json_text;
use crate::dialect::client::chat::read_sampling;
use crate::dialect::fields::{At, Fields, Others, Read, one_or_many};
use crate::dialect::words::{effort, image_type_of_base64};
use crate::json::{Json, Object};
use std::borrow::Cow;

/// Reads a request for a chat.
///
/// # Errors
/// [`BadRequest`](crate::chat::BadRequest) for a shape that is none.
pub fn read_chat<'r>(body: &'r Object<'static>) -> Read<Conversation<'r>> {
    let mut fields = Fields::new(At::Body, body);
    let mut conversation = Conversation { tools: read_tools(&mut fields)?, ..Conversation::default() };
    let at = At::Key(&At::Body, "messages");
    let mut calls = Calls::default();
    for (index, value) in fields.items("messages")?.iter().enumerate() {
        let at = At::Index(&at, index);
        let left = &mut conversation.others;
        conversation.messages.push(read_message(at.fields(value)?, &mut calls, left)?);
    }
    read_rest(fields, conversation)
}

/// Reads a request for a completion.
///
/// # Errors
/// As [`read_chat`].
pub fn read_generate<'r>(body: &'r Object<'static>) -> Read<Conversation<'r>> {
    let mut fields = Fields::new(At::Body, body);
    let mut conversation = Conversation::default();
    if let Some(text) = fields.cow("system")?.filter(|text| !text.is_empty()) {
        let parts = vec![Part::Text { text, cache: None }];
        conversation.messages.push(Message { role: Role::System, parts, name: None });
    }
    let mut parts = vec![Part::Text { text: fields.cow("prompt")?.unwrap_or_default(), cache: None }];
    parts.extend(read_images(&mut fields)?);
    conversation.messages.push(Message { role: Role::User, parts, name: None });
    read_rest(fields, conversation)
}

/// What both have: options, the form of the answer, thinking. A stream is what comes unless told otherwise.
fn read_rest<'r>(mut fields: Fields<'r, '_>, conversation: Conversation<'r>) -> Read<Conversation<'r>> {
    fields.skip(&["model"]);
    let log_probs = fields.truth("logprobs")?.filter(|wanted| *wanted);
    let top = fields.whole("top_logprobs")?;
    let mut conversation = Conversation {
        format: read_format(&mut fields)?,
        reasoning: read_think(&mut fields)?,
        log_probs: log_probs.map(|_| LogProbs { top }),
        stream: fields.truth("stream")?.unwrap_or(true),
        ..conversation
    };
    let mut others = std::mem::take(&mut conversation.others);
    if let Some(options) = fields.object("options")? {
        let mut options = Fields::new(At::Key(&At::Body, "options"), options);
        read_options(&mut options, &mut conversation)?;
        options.leave(&[], &mut others);
    }
    conversation.others = fields.others();
    conversation.others.extend(others);
    Ok(conversation)
}

fn read_options<'r>(options: &mut Fields<'r, '_>, conversation: &mut Conversation<'r>) -> Read<()> {
    let at = options.at();
    conversation.max_output_tokens = match options.get("num_predict") {
        // -1 and -2 stand for as many as there are.
        Some(Json::Number(text)) if text.starts_with('-') => None,
        Some(_) => options.whole("num_predict")?,
        None => None,
    };
    conversation.sampling = read_sampling(options)?;
    if let Some(stop) = options.get("stop") {
        conversation.stop = one_or_many(&At::Key(&at, "stop"), stop)?;
    }
    Ok(())
}

/// `"json"`, or a schema. An empty text is none.
fn read_format<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Format<'r>>> {
    match fields.get("format") {
        None => Ok(None),
        Some(Json::String(text)) if text.is_empty() => Ok(None),
        Some(Json::String(text)) if text == "json" => Ok(Some(Format::JsonObject)),
        Some(schema @ Json::Object(_)) => {
            Ok(Some(Format::JsonSchema { name: None, description: None, schema, strict: None }))
        }
        Some(_) => Err(At::Key(&At::Body, "format").value("use `json` or a JSON Schema")),
    }
}

/// Whether to think, or how hard.
fn read_think<'r>(fields: &mut Fields<'r, '_>) -> Read<Option<Reasoning<'r>>> {
    let at = At::Key(&At::Body, "think");
    let effort = match fields.get("think") {
        None => return Ok(None),
        Some(Json::Bool(true)) => None,
        Some(Json::Bool(false)) => Some(Effort::None),
        Some(Json::String(word)) => {
            Some(effort(word).ok_or_else(|| at.value("use `true`, `false`, `low`, `medium` or `high`"))?)
        }
        Some(other) => return Err(at.shape("a boolean or a string", other)),
    };
    Ok(Some(Reasoning { effort, ..Reasoning::default() }))
}

fn read_tools<'r>(fields: &mut Fields<'r, '_>) -> Read<Vec<Tool<'r>>> {
    let at = At::Key(&At::Body, "tools");
    let tool = |(index, value): (usize, &'r Json<'static>)| {
        let at = At::Index(&at, index);
        let mut tool = at.fields(value)?;
        let at = At::Key(&at, "function");
        let mut function = at.fields(tool.required("function")?)?;
        Ok(Tool {
            name: function.required_text("name")?,
            kind: ToolKind::Function,
            description: function.cow("description")?,
            parameters: function.get("parameters"),
            strict: None,
            cache: None,
            others: function.others(),
        })
    };
    fields.items("tools")?.iter().enumerate().map(tool).collect()
}

/// The calls so far. They have no ids of their own in older clients: a result belongs to the first call of
/// its tool that has none yet.
#[derive(Default)]
struct Calls<'r> {
    made: usize,
    open: Vec<(Cow<'r, str>, Cow<'r, str>)>,
}

impl<'r> Calls<'r> {
    fn make(&mut self, id: Option<Cow<'r, str>>, name: &Cow<'r, str>) -> Cow<'r, str> {
        let id = id.unwrap_or_else(|| Cow::Owned(format!("call_{}", self.made)));
        self.made += 1;
        self.open.push((id.clone(), name.clone()));
        id
    }

    fn answer(&mut self, name: Option<&str>) -> Option<Cow<'r, str>> {
        let named = self.open.iter().position(|(_, tool)| name.is_none_or(|name| name == tool));
        let at = named.or((!self.open.is_empty()).then_some(0))?;
        Some(self.open.remove(at).0)
    }
}

fn read_message<'r>(
    mut fields: Fields<'r, '_>,
    calls: &mut Calls<'r>,
    others: &mut Others<'r>,
) -> Read<Message<'r>> {
    let at = fields.at();
    let role = match &*fields.required_text("role")? {
        "system" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => {
            let message = read_result(&mut fields, calls)?;
            fields.leave(&[], others);
            return Ok(message);
        }
        _ => return Err(At::Key(&at, "role").value("use `system`, `user`, `assistant` or `tool`")),
    };
    let mut parts = Vec::new();
    if let Some(text) = fields.cow("thinking")?.filter(|text| !text.is_empty()) {
        parts.push(Part::Thinking { text, signature: None });
    }
    let calls_at = At::Key(&at, "tool_calls");
    let made = fields.items("tool_calls")?;
    match fields.cow("content")? {
        Some(text) if !(text.is_empty() && role == Role::Assistant) => {
            parts.push(Part::Text { text, cache: None })
        }
        Some(_) | None => {}
    }
    parts.extend(read_images(&mut fields)?);
    for (index, call) in made.iter().enumerate() {
        let at = At::Index(&calls_at, index);
        parts.push(read_call(at.fields(call)?, calls)?);
    }
    fields.leave(&[], others);
    Ok(Message { role, parts, name: None })
}

fn read_call<'r>(mut fields: Fields<'r, '_>, calls: &mut Calls<'r>) -> Read<Part<'r>> {
    let at = fields.at();
    let id = fields.cow("id")?;
    let at = At::Key(&at, "function");
    let mut function = at.fields(fields.required("function")?)?;
    let name = function.required_text("name")?;
    let arguments = function.get("arguments").map_or_else(|| "{}".to_owned(), json_text);
    let (id, kind) = (calls.make(id, &name), ToolKind::Function);
    Ok(Part::ToolCall { id, name, kind, arguments: Cow::Owned(arguments), signature: None, cache: None })
}

fn read_result<'r>(fields: &mut Fields<'r, '_>, calls: &mut Calls<'r>) -> Read<Message<'r>> {
    let (name, id) = (fields.cow("tool_name")?, fields.cow("tool_call_id")?);
    let answered = calls.answer(name.as_deref());
    let id = id.or(answered).unwrap_or(Cow::Borrowed("call_0"));
    let parts = vec![Part::Text { text: fields.cow("content")?.unwrap_or_default(), cache: None }];
    let result = Part::ToolResult { id, name, kind: ToolKind::Function, parts, is_error: false, cache: None };
    Ok(Message { role: Role::User, parts: vec![result], name: None })
}

/// Images are base64 and do not say of which type they are.
fn read_images<'r>(fields: &mut Fields<'r, '_>) -> Read<Vec<Part<'r>>> {
    let at = fields.at();
    let at = At::Key(&at, "images");
    let image = |(index, value): (usize, &'r Json<'static>)| {
        let data = At::Index(&at, index).text(value)?;
        let media_type = image_type_of_base64(data).map(Cow::Borrowed);
        let media = Media { media_type, source: MediaSource::Base64(Cow::Borrowed(data)) };
        Ok(Part::Image { media, detail: None, cache: None })
    };
    fields.items("images")?.iter().enumerate().map(image).collect()
}
