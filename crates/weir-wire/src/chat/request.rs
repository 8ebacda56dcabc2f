use super::{Attachment, tokens};
use crate::json::{Json, Limits, Object, ObjectWriter, parse, push_index, push_key, write_string};
use crate::segment::{self, Segment, SegmentKind};
use crate::{Destination, Encode};
use std::fmt;

/// A chat completion request that was read strictly and whose shape was checked.
///
/// The model's name and Weir's own fields are taken out of the body; everything else is kept as it was
/// written, whether Weir knows it or not, and is what [`segments`](Self::segments) shows to inspection
/// and [`Encode`] writes for a backend.
pub struct ChatRequest {
    body: Json<'static>,
    alias: String,
    stream: bool,
    include_usage: bool,
    wish: Option<RouteWish>,
    opaque: Vec<Opaque>,
    identifiers: Vec<(String, String)>,
}

/// Requests are user text: only the size is shown.
impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChatRequest({:?})", self.body)
    }
}

/// Where the caller would like the request to run; a wish among permitted targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteWish {
    /// Not outside the network.
    LocalOnly,
    /// Outside, where that is permitted.
    CloudOk,
}

impl RouteWish {
    /// Reads the value of `route_hint` or of the `x-weir-route` header.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "local-only" => Some(RouteWish::LocalOnly),
            "cloud-ok" => Some(RouteWish::CloudOk),
            _ => None,
        }
    }
}

/// A request that cannot be served as it stands, and what to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRequest {
    /// The stable word for programs.
    pub code: &'static str,
    /// What is wrong and how to mend it.
    pub message: String,
    /// The field, as a JSON path without `$.`, or `None` when the text as a whole is at fault.
    pub param: Option<String>,
}

impl BadRequest {
    fn field(code: &'static str, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), param: Some(param.into()) }
    }

    fn shape(param: &str, expected: &str, found: &Json) -> Self {
        Self::field("invalid_type", param, format!("`{param}` must be {expected}, not {}", found.kind()))
    }
}

/// Something in the body that cannot be inspected.
struct Opaque {
    reason: &'static str,
    path: String,
    /// The bytes, where they are all there is to it and stand in the body.
    attachment: Option<Attachment>,
    /// All that the bytes say, once that is known: then it is inspected like any other text.
    text: Option<String>,
}

impl Opaque {
    fn new(reason: &'static str, path: String) -> Self {
        Self { reason, path, attachment: None, text: None }
    }

    fn of_part(reason: &'static str, path: String, part: &Object) -> Self {
        let attachment = Attachment::of(part);
        let text = attachment.as_ref().and_then(Attachment::text);
        Self { reason, path, attachment: attachment.filter(|_| text.is_none()), text }
    }
}

/// Who the end user is, in the client's words: outside the network only as a pseudonym.
const IDENTIFIERS: [&str; 3] = ["user", "safety_identifier", "prompt_cache_key"];

impl ChatRequest {
    /// Reads and checks a request body.
    ///
    /// # Errors
    /// [`BadRequest`] for text that is not strict JSON, for a shape that is no chat completion, and for
    /// what Weir will pass on to no backend: remote files and tools that a backend would run itself.
    pub fn read(bytes: &[u8], limits: Limits) -> Result<Self, BadRequest> {
        let value = parse(bytes, limits).map_err(|error| BadRequest {
            code: error.fault.code(),
            message: error.to_string(),
            param: error.path.strip_prefix("$.").map(str::to_owned),
        })?;
        let Json::Object(mut body) = value else {
            let message = format!("the body must be a JSON object, not {}", value.kind());
            return Err(BadRequest { code: "invalid_type", message, param: None });
        };
        let alias = take_model(&mut body)?;
        let wish = take_wish(&mut body)?;
        let stream = boolean(&body, "stream")?;
        let include_usage = include_usage(&body)?;
        let opaque = check_body(&body)?;
        let body = Json::Object(body.into_owned());
        Ok(Self { body, alias, stream, include_usage, wish, opaque, identifiers: Vec::new() })
    }

    /// Replaces the client's identifiers of its end user by `pseudonym` of them, in what is written for
    /// backends outside the network.
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonym: impl Fn(&str) -> String) -> Self {
        let text = |name: &&str| Some(((*name).to_owned(), pseudonym(self.member(name)?.as_str()?)));
        self.identifiers = IDENTIFIERS.iter().filter_map(text).collect();
        self
    }

    /// The model's name as the client gave it.
    #[must_use]
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// Whether the client wants a stream.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.stream
    }

    /// Whether the client wants the usage chunk at the end of the stream.
    #[must_use]
    pub fn wants_usage(&self) -> bool {
        self.include_usage
    }

    /// Where the client would like it to run.
    #[must_use]
    pub fn wish(&self) -> Option<RouteWish> {
        self.wish
    }

    /// Whether tools are offered to the model.
    #[must_use]
    pub fn has_tools(&self) -> bool {
        let some = |name: &str| self.member(name).and_then(Json::as_array).is_some_and(|t| !t.is_empty());
        some("tools") || some("functions")
    }

    /// Whether a message holds an image.
    #[must_use]
    pub fn has_images(&self) -> bool {
        self.opaque.iter().any(|opaque| opaque.reason == "image")
    }

    /// Why each attachment is no text, such as `image`.
    pub fn attached_kinds(&self) -> impl Iterator<Item = &'static str> {
        self.opaque.iter().map(|opaque| opaque.reason)
    }

    /// The form that the answer must have, if the client says: `text`, `json_object`, `json_schema`.
    #[must_use]
    pub fn response_format(&self) -> Option<&str> {
        self.member("response_format")?.as_object()?.get("type")?.as_str()
    }

    /// The most tokens the client wants back.
    #[must_use]
    pub fn max_output_tokens(&self) -> Option<u64> {
        let limit = |name: &str| self.member(name).and_then(Json::as_u64);
        limit("max_completion_tokens").or_else(|| limit("max_tokens"))
    }

    /// The value of `service_tier`.
    #[must_use]
    pub fn service_tier(&self) -> Option<&str> {
        self.member("service_tier").and_then(Json::as_str)
    }

    /// What is attached inline and could not be read so far, each with a number.
    pub fn attachments(&self) -> impl Iterator<Item = (usize, &Attachment)> {
        self.opaque
            .iter()
            .enumerate()
            .filter_map(|(index, opaque)| Some((index, opaque.attachment.as_ref()?)))
    }

    /// Takes note of all that an attachment says.
    #[must_use]
    pub fn with_text_of(mut self, attachment: usize, text: String) -> Self {
        if let Some(opaque) = self.opaque.get_mut(attachment).filter(|opaque| opaque.attachment.is_some()) {
            opaque.text = Some(text);
            opaque.attachment = None;
        }
        self
    }

    /// Every key, string and number of the body, then for each thing that is no text what it says where that
    /// is known, and otherwise a [`SegmentKind::Opaque`].
    #[must_use]
    pub fn segments(&self) -> Vec<Segment<'_>> {
        let mut segments = Vec::new();
        segment::collect(&self.body, &mut segments);
        segments.extend(self.opaque.iter().map(|opaque| match &opaque.text {
            Some(text) => Segment { text, kind: SegmentKind::Text },
            None => Segment { text: opaque.reason, kind: SegmentKind::Opaque },
        }));
        segments
    }

    /// Where in the body the `index`th of [`segments`](Self::segments) stands, as a JSON path.
    #[must_use]
    pub fn path_of(&self, index: usize) -> String {
        let mut readable = Vec::new();
        segment::collect(&self.body, &mut readable);
        match index.checked_sub(readable.len()) {
            None => segment::path_of(&self.body, index),
            Some(opaque) => {
                self.opaque.get(opaque).map_or_else(|| "$".to_owned(), |o| format!("$.{}", o.path))
            }
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Json<'static>> {
        self.body.as_object()?.get(name)
    }
}

impl Encode for ChatRequest {
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        let mut writer = ObjectWriter::new(out);
        write_string(to.model, writer.member("model"));
        let members = self.body.as_object().into_iter().flat_map(Object::iter);
        for (name, value) in members.filter(|(name, _)| !(self.stream && *name == "stream_options")) {
            let pseudonym = self.identifiers.iter().find(|(field, _)| to.outside && field == name);
            match pseudonym {
                Some((_, pseudonym)) => write_string(pseudonym, writer.member(name)),
                None => value.write(writer.member(name)),
            }
        }
        if self.stream {
            self.stream_options().write(writer.member("stream_options"));
        }
        writer.end();
    }
}

impl ChatRequest {
    /// The client's stream options, with usage asked for: Weir accounts for every request, and leaves
    /// the usage out of the reply when the client did not ask.
    fn stream_options(&self) -> Object<'static> {
        let mut options =
            self.member("stream_options").and_then(Json::as_object).cloned().unwrap_or_default();
        options.set("include_usage", Json::Bool(true));
        options
    }
}

fn take_model(body: &mut Object) -> Result<String, BadRequest> {
    match body.remove("model") {
        Some(Json::String(model)) => Ok(model.into_owned()),
        Some(other) => Err(BadRequest::shape("model", "a string", &other)),
        None => Err(BadRequest::field(
            "missing_required_parameter",
            "model",
            "`model` is missing; name one of the models that `GET /v1/models` lists",
        )),
    }
}

fn take_wish(body: &mut Object) -> Result<Option<RouteWish>, BadRequest> {
    match body.remove("route_hint") {
        None | Some(Json::Null) => Ok(None),
        Some(value) => match value.as_str().and_then(RouteWish::read) {
            Some(wish) => Ok(Some(wish)),
            None => Err(BadRequest::field(
                "invalid_value",
                "route_hint",
                "`route_hint` must be `local-only` or `cloud-ok`",
            )),
        },
    }
}

fn boolean(body: &Object, name: &str) -> Result<bool, BadRequest> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(value)) => Ok(*value),
        Some(other) => Err(BadRequest::shape(name, "a boolean", other)),
    }
}

fn include_usage(body: &Object) -> Result<bool, BadRequest> {
    match body.get("stream_options") {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Object(options)) => Ok(options.get("include_usage").and_then(Json::as_bool) == Some(true)),
        Some(other) => Err(BadRequest::shape("stream_options", "an object", other)),
    }
}

/// Checks the shape and finds what cannot be inspected.
fn check_body(body: &Object) -> Result<Vec<Opaque>, BadRequest> {
    let mut opaque = Vec::new();
    check_messages(body, &mut opaque)?;
    check_tools(body)?;
    check_identifiers(body)?;
    for name in ["previous_response_id", "conversation", "web_search_options"] {
        if body.get(name).is_some_and(|value| *value != Json::Null) {
            return Err(BadRequest::field(
                "unsupported_parameter",
                name,
                format!("`{name}` makes a backend fetch or remember data that Weir cannot see; leave it out"),
            ));
        }
    }
    opaque.extend(tokens::found(body).into_iter().map(|path| Opaque::new("tokens", path)));
    if boolean(body, "store")? {
        opaque.push(Opaque::new("store", "store".to_owned()));
    }
    Ok(opaque)
}

/// Only a string has a pseudonym; anything else would leave as it is.
fn check_identifiers(body: &Object) -> Result<(), BadRequest> {
    for name in IDENTIFIERS {
        match body.get(name) {
            None | Some(Json::Null | Json::String(_)) => {}
            Some(other) => return Err(BadRequest::shape(name, "a string", other)),
        }
    }
    Ok(())
}

fn check_messages(body: &Object, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    let messages = match body.get("messages") {
        Some(Json::Array(messages)) => messages,
        Some(other) => return Err(BadRequest::shape("messages", "an array of messages", other)),
        None => {
            return Err(BadRequest::field("missing_required_parameter", "messages", "`messages` is missing"));
        }
    };
    if messages.is_empty() {
        return Err(BadRequest::field(
            "invalid_value",
            "messages",
            "`messages` must hold at least one message",
        ));
    }
    for (index, message) in messages.iter().enumerate() {
        let mut path = "messages".to_owned();
        push_index(&mut path, index);
        check_message(message, &path, opaque)?;
    }
    Ok(())
}

fn check_message(message: &Json, path: &str, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    let Json::Object(message) = message else {
        return Err(BadRequest::shape(path, "an object", message));
    };
    match message.get("role") {
        Some(Json::String(_)) => {}
        Some(other) => return Err(BadRequest::shape(&format!("{path}.role"), "a string", other)),
        None => {
            let param = format!("{path}.role");
            return Err(BadRequest::field("missing_required_parameter", param, "a message needs a `role`"));
        }
    }
    if message.get("audio").is_some_and(|audio| *audio != Json::Null) {
        opaque.push(Opaque::new("audio", format!("{path}.audio")));
    }
    let at = format!("{path}.content");
    match message.get("content") {
        None | Some(Json::Null | Json::String(_)) => Ok(()),
        Some(Json::Array(parts)) => check_parts(parts, &at, opaque),
        Some(other) => Err(BadRequest::shape(&at, "a string, null or an array of content parts", other)),
    }
}

fn check_parts(parts: &[Json], path: &str, opaque: &mut Vec<Opaque>) -> Result<(), BadRequest> {
    for (index, part) in parts.iter().enumerate() {
        let mut path = path.to_owned();
        push_index(&mut path, index);
        let Json::Object(part) = part else {
            return Err(BadRequest::shape(&path, "a content part (an object with a `type`)", part));
        };
        let Some(Json::String(kind)) = part.get("type") else {
            let param = format!("{path}.type");
            return Err(BadRequest::field("invalid_type", param, "a content part needs a `type` string"));
        };
        let unreadable = opaque_part(kind);
        refuse_remote(part, unreadable.is_some(), &path)?;
        if let Some(reason) = unreadable {
            opaque.push(Opaque::of_part(reason, path, part));
        }
    }
    Ok(())
}

/// Why a part of this type cannot be read as text; a type that Weir does not know counts as such.
fn opaque_part(kind: &str) -> Option<&'static str> {
    match kind {
        "text" | "refusal" | "thinking" | "reasoning" => None,
        "image_url" | "input_image" | "image" => Some("image"),
        "input_audio" | "audio_url" | "audio" => Some("audio"),
        "video_url" | "video" => Some("video"),
        "file" | "input_file" | "document" => Some("file"),
        _ => Some("unknown content part"),
    }
}

/// A server that follows a URL sends it, and whatever is in it, out of the network; a stored file of
/// another API is not Weir's to read.
fn refuse_remote(part: &Object, is_unreadable: bool, path: &str) -> Result<(), BadRequest> {
    let mut search = RemoteSearch { is_unreadable, found: None };
    search.object(part, path);
    match search.found {
        None => Ok(()),
        Some(param) => Err(BadRequest::field(
            "unsupported_parameter",
            param,
            "remote URLs and stored file ids are not passed on to backends; send the content itself as a `data:` URL",
        )),
    }
}

/// Looks through a content part for what a server would fetch.
struct RemoteSearch {
    /// Servers differ in the name under which such a part has its URL, so that any URL counts there.
    is_unreadable: bool,
    found: Option<String>,
}

impl RemoteSearch {
    fn object(&mut self, object: &Object, path: &str) {
        for (name, value) in object.iter() {
            let mut at = path.to_owned();
            push_key(&mut at, name);
            self.value(name, value, at);
        }
    }

    /// Items of an array count as named by the array's key.
    fn value(&mut self, name: &str, value: &Json, at: String) {
        match value {
            Json::Object(object) => self.object(object, &at),
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let mut at = at.clone();
                    push_index(&mut at, index);
                    self.value(name, item, at);
                }
            }
            Json::String(text) if self.is_remote(name, text) => self.found = Some(at),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }

    fn is_remote(&self, name: &str, text: &str) -> bool {
        let names_a_place = matches!(name, "url" | "file_url") || name.ends_with("_url");
        let inline = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        name == "file_id" || (names_a_place && !inline) || (self.is_unreadable && has_authority(text))
    }
}

/// Whether a text begins as a URL with a host or a path does: `https://`, `file://`, `s3://`.
fn has_authority(text: &str) -> bool {
    let scheme = text.trim_start().split_once("://").map(|(scheme, _)| scheme);
    scheme
        .is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)))
}

/// Tools that a backend would run itself reach out from where it stands; only the client's own pass.
fn check_tools(body: &Object) -> Result<(), BadRequest> {
    let tools = match body.get("tools") {
        None | Some(Json::Null) => return Ok(()),
        Some(Json::Array(tools)) => tools,
        Some(other) => return Err(BadRequest::shape("tools", "an array", other)),
    };
    for (index, tool) in tools.iter().enumerate() {
        let mut path = "tools".to_owned();
        push_index(&mut path, index);
        let Json::Object(tool) = tool else {
            return Err(BadRequest::shape(&path, "an object", tool));
        };
        if !matches!(tool.get("type").and_then(Json::as_str), Some("function" | "custom")) {
            return Err(BadRequest::field(
                "unsupported_parameter",
                format!("{path}.type"),
                "only tools of type `function` or `custom` are passed on; a hosted tool would act outside Weir's sight",
            ));
        }
    }
    Ok(())
}
