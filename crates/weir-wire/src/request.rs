//! Requests of applications, whatever they ask for.

mod api;
mod attachment;
mod bad;
mod check;
mod embed;
mod encode;
mod form;
mod known;
mod opaque;
mod parts;
mod prefix;
mod prompt;
mod sealed;
mod tokens;
mod turns;

pub use api::Api;
pub use attachment::Attachment;
pub use bad::BadRequest;
pub use form::FormPart;
pub use prefix::Opening;
pub(crate) use sealed::is_sealed;
pub use turns::Spoken;

use crate::canonical::Conversation;
use crate::dialect::ClientDialect;
use crate::dialect::client::messages;
use crate::json::{Json, Limits, Object, parse};
use crate::segment::{self, Segment, SegmentKind};
use opaque::Opaque;
use sealed::Sealed;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A request that was read strictly and whose shape was checked.
///
/// The model's name and Weir's own fields are taken out of the body; everything else is kept as it was
/// written, whether Weir knows it or not, and is what [`segments`](Self::segments) shows to inspection
/// and [`Encode`](crate::Encode) writes for a backend.
pub struct ClientRequest {
    api: Api,
    body: Json<'static>,
    alias: String,
    stream: bool,
    include_usage: bool,
    wish: Option<RouteWish>,
    opaque: Vec<Opaque>,
    sealed: Vec<Sealed>,
    /// Fields that name the end user, each with the pseudonym that stands for what it says.
    identifiers: Vec<(&'static str, String)>,
    /// What no backend gets to see.
    left_out: Option<&'static str>,
    /// The file that came with it, if it came as a form.
    upload: Option<Box<form::Upload>>,
    /// What of its head a backend may get to see.
    head: Vec<String>,
}

/// Requests are user text: only the size is shown.
impl fmt::Debug for ClientRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientRequest({}, {:?})", self.api.name(), self.body)
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

/// Who the end user is, in the client's words: outside the network only as a pseudonym.
const IDENTIFIERS: [&str; 3] = ["user", "safety_identifier", "prompt_cache_key"];

impl ClientRequest {
    /// Reads and checks the body of a chat completion.
    ///
    /// # Errors
    /// As [`read_as`](Self::read_as).
    pub fn read(bytes: &[u8], limits: Limits) -> Result<Self, BadRequest> {
        Self::read_as(Api::CHAT, bytes, limits)
    }

    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`BadRequest`] for text that is not strict JSON, for a shape that is not the API's, and for what
    /// Weir will pass on to no backend: remote files and tools that a backend would run itself.
    pub fn read_as(api: Api, bytes: &[u8], limits: Limits) -> Result<Self, BadRequest> {
        let value = parse(bytes, limits).map_err(|error| BadRequest {
            code: error.fault.code(),
            message: error.to_string(),
            param: error.path.strip_prefix("$.").map(str::to_owned),
        })?;
        let Json::Object(body) = value else {
            let message = format!("the body must be a JSON object, not {}", value.kind());
            return Err(BadRequest { code: "invalid_type", message, param: None });
        };
        Self::of(api, body)
    }

    fn of(api: Api, mut body: Object<'_>) -> Result<Self, BadRequest> {
        let alias = if api.names_model() { take_model(&mut body)? } else { String::new() };
        let wish = take_wish(&mut body)?;
        let stream = check::stream(api, &body)?;
        let include_usage = check::include_usage(&body)?;
        let left_out = check::leave_out(api, &mut body);
        let opaque = check::body(api, &body)?;
        let body = Json::Object(body.into_owned());
        let sealed = sealed::all(api, &body);
        let request = Self {
            api,
            body,
            alias,
            stream,
            include_usage,
            wish,
            opaque,
            sealed,
            identifiers: Vec::new(),
            left_out,
            upload: None,
            head: Vec::new(),
        };
        // Chat completions go to most backends as they are, so that they are not read twice.
        if api != Api::CHAT {
            request.conversation().transpose()?;
        }
        Ok(request)
    }

    /// Replaces the client's identifiers of its end user by `pseudonym` of them, in what is written for
    /// backends outside the network.
    #[must_use]
    pub fn with_pseudonyms(mut self, pseudonym: impl Fn(&str) -> String) -> Self {
        let text = |name: &'static str| Some((name, pseudonym(self.member(name)?.as_str()?)));
        self.identifiers = IDENTIFIERS.into_iter().filter_map(text).collect();
        if let Some(user) = self.member("metadata").and_then(Json::as_object).and_then(|m| m.get("user_id"))
            && let Some(text) = user.as_str()
        {
            self.identifiers.push((encode::METADATA_USER, pseudonym(text)));
        }
        self
    }

    /// Takes note of what of the request's head goes on with it, which is inspected like all the rest.
    #[must_use]
    pub fn with_head<'h>(mut self, words: impl IntoIterator<Item = &'h str>) -> Self {
        self.head = words.into_iter().map(str::to_owned).collect();
        self
    }

    /// Takes note of who made the values that only providers can make: the backend's name, or `None` for a
    /// value that is not known. What is known is not shown to inspection and goes back to its maker alone.
    #[must_use]
    pub fn with_makers(mut self, maker: impl Fn(&str) -> Option<Arc<str>>) -> Self {
        let found: Vec<Option<Arc<str>>> = sealed::texts(self.api, &self.body).map(maker).collect();
        for (sealed, maker) in self.sealed.iter_mut().zip(found) {
            sealed.maker = maker;
        }
        self
    }

    /// Whether it holds values that only providers can make.
    #[must_use]
    pub fn has_sealed(&self) -> bool {
        !self.sealed.is_empty()
    }

    /// What is asked for.
    #[must_use]
    pub fn api(&self) -> Api {
        self.api
    }

    /// What of the request no backend gets, whichever it is.
    #[must_use]
    pub fn left_out(&self) -> Option<&'static str> {
        self.left_out
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
        let inside = |name: &str| self.member(name)?.as_object()?.get("format");
        let format = match self.api.dialect()? {
            ClientDialect::ChatCompletions => self.member("response_format"),
            ClientDialect::Responses => inside("text"),
            ClientDialect::Messages => inside("output_config").or_else(|| self.member("output_format")),
            ClientDialect::OllamaChat | ClientDialect::OllamaGenerate => self.member("format"),
            ClientDialect::Completions => None,
        }?;
        match format {
            // Ollama's: `"json"`, or the schema itself.
            Json::String(_) => Some("json_object"),
            Json::Object(format) if self.is_ollama() => format.iter().next().map(|_| "json_schema"),
            Json::Object(format) => format.get("type")?.as_str(),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => None,
        }
    }

    fn is_ollama(&self) -> bool {
        matches!(self.api.dialect(), Some(ClientDialect::OllamaChat | ClientDialect::OllamaGenerate))
    }

    /// The most tokens the client wants back.
    #[must_use]
    pub fn max_output_tokens(&self) -> Option<u64> {
        let limit = |name: &str| self.member(name).and_then(Json::as_u64);
        let option = |name: &str| self.member("options")?.as_object()?.get(name)?.as_u64();
        limit("max_completion_tokens")
            .or_else(|| limit("max_output_tokens"))
            .or_else(|| limit("max_tokens"))
            .or_else(|| option("num_predict").filter(|_| self.is_ollama()))
    }

    /// How hard the model is to think, as each dialect says it: a word of [`Effort`](crate::canonical::Effort)'s.
    #[must_use]
    pub fn reasoning_effort(&self) -> Option<&'static str> {
        const WORDS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
        let within = |name: &str| self.member(name)?.as_object()?.get("effort")?.as_str();
        let said =
            self.text("reasoning_effort").or_else(|| within("reasoning")).or_else(|| within("output_config"));
        WORDS.into_iter().find(|word| Some(*word) == said)
    }

    /// The value of `service_tier`.
    #[must_use]
    pub fn service_tier(&self) -> Option<&str> {
        self.member("service_tier").and_then(Json::as_str)
    }

    /// The value of a member of the body that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Json::as_str)
    }

    /// The body, without the model's name and Weir's own fields.
    #[must_use]
    pub fn body(&self) -> &Json<'static> {
        &self.body
    }

    /// The request in no dialect, if it is a conversation.
    ///
    /// # Errors
    /// [`BadRequest`] for a chat completion that no dialect but its own can be read as; one of any other
    /// dialect was read before.
    pub fn conversation(&self) -> Option<Result<Conversation<'_>, BadRequest>> {
        let body = self.body.as_object()?;
        if self.api == Api::CountTokens {
            return Some(messages::read_count(body));
        }
        Some(self.api.dialect()?.read(body))
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
        if let Some(opaque) = self.opaque.get_mut(attachment) {
            opaque.says(text);
        }
        self
    }

    /// Every key, string and number of the body, then for each thing that is no text what it says where that
    /// is known, and otherwise a [`SegmentKind::Opaque`], then what goes on of the head.
    ///
    /// What a known backend made and only it can read is left out: it goes to no other.
    #[must_use]
    pub fn segments(&self) -> Vec<Segment<'_>> {
        let mut segments = Vec::new();
        self.collect(&mut segments);
        segments.extend(self.opaque.iter().map(|opaque| match &opaque.text {
            Some(text) => Segment { text, kind: SegmentKind::Text },
            None => Segment { text: opaque.reason, kind: SegmentKind::Opaque },
        }));
        let unknown = self.sealed.iter().filter(|sealed| sealed.maker.is_none());
        segments.extend(unknown.map(|_| Segment { text: sealed::UNKNOWN, kind: SegmentKind::Opaque }));
        segments.extend(self.head.iter().map(|text| Segment { text, kind: SegmentKind::Text }));
        segments
    }

    fn collect<'a>(&'a self, segments: &mut Vec<Segment<'a>>) {
        segment::collect(&self.body, segments);
        self.leave_out_spoken_for(segments);
        if self.sealed.iter().any(|sealed| sealed.maker.is_some()) {
            self.leave_out_known(segments);
        }
    }

    /// Takes out the strings of attachments for which something else is there: those very strings, and not others that
    /// say the same.
    fn leave_out_spoken_for(&self, segments: &mut Vec<Segment<'_>>) {
        let string_of = |opaque: &Opaque| {
            let attachment = opaque.stands_for()?;
            let mut part = Vec::new();
            segment::collect(at_path(&self.body, &opaque.path)?, &mut part);
            part.into_iter()
                .map(|segment| segment.text)
                .find(|text| attachment.is_all_of(text))
                .map(str::as_ptr)
        };
        let strings: BTreeSet<*const u8> = self.opaque.iter().filter_map(string_of).collect();
        if !strings.is_empty() {
            segments.retain(|segment| !strings.contains(&segment.text.as_ptr()));
        }
    }

    /// Takes out what a known backend made and only it can read: those very strings, and not others that say the same.
    fn leave_out_known(&self, segments: &mut Vec<Segment<'_>>) {
        let known: Vec<&str> = self.sealed_of(|maker| maker.is_some());
        segments.retain(|segment| !known.iter().any(|known| std::ptr::eq(*known, segment.text)));
    }

    fn sealed_of(&self, wanted: impl Fn(Option<&str>) -> bool) -> Vec<&str> {
        if self.sealed.is_empty() {
            return Vec::new();
        }
        let all = sealed::texts(self.api, &self.body).zip(&self.sealed);
        all.filter(|(_, sealed)| wanted(sealed.maker.as_deref())).map(|(text, _)| text).collect()
    }

    /// Where in the body the `index`th of [`segments`](Self::segments) stands, as a JSON path.
    #[must_use]
    pub fn path_of(&self, index: usize) -> String {
        if self.opaque.is_empty() && self.sealed.is_empty() {
            return segment::path_of(&self.body, index).unwrap_or_else(|| "$".to_owned());
        }
        let mut readable = Vec::new();
        self.collect(&mut readable);
        let Some(after) = index.checked_sub(readable.len()) else {
            let mut whole = Vec::new();
            segment::collect(&self.body, &mut whole);
            let here = readable.get(index).map(|segment| segment.text);
            let place = whole.iter().position(|s| here.is_some_and(|here| std::ptr::eq(here, s.text)));
            return segment::path_of(&self.body, place.unwrap_or(index)).unwrap_or_else(|| "$".to_owned());
        };
        let unknown = || self.sealed.iter().filter(|sealed| sealed.maker.is_none());
        let paths = self.opaque.iter().map(|o| &o.path).chain(unknown().map(|sealed| &sealed.path));
        paths.skip(after).map(|path| format!("$.{path}")).next().unwrap_or_else(|| "$".to_owned())
    }

    fn member(&self, name: &str) -> Option<&Json<'static>> {
        self.body.as_object()?.get(name)
    }
}

/// What stands at a path of members and indices: `messages[0].content[1]`.
fn at_path<'j>(body: &'j Json<'static>, path: &str) -> Option<&'j Json<'static>> {
    path.split('.').try_fold(body, |value, step| {
        let (key, indices) = step.split_once('[').unwrap_or((step, ""));
        let member = value.as_object()?.get(key)?;
        let mut indices = indices.split_terminator(']').map(|index| index.trim_start_matches('['));
        indices.try_fold(member, |value, index| value.as_array()?.get(index.parse::<usize>().ok()?))
    })
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

#[cfg(test)]
mod shown;
#[cfg(test)]
mod tests;
