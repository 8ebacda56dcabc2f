use super::{Api, BadRequest, ClientRequest, sealed};
use crate::canonical::{Losses, Message, Part};
use crate::dialect::backend::ollama::context_tokens;
use crate::dialect::{BackendDialect, ClientDialect};
use crate::json::{Json, Object, ObjectWriter, write_string};
use crate::{Destination, Encode};
use std::borrow::Cow;

/// Where Anthropic's API has the client's word for its end user.
pub(super) const METADATA_USER: &str = "metadata.user_id";

impl Encode for ClientRequest {
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        // What cannot be written was found before the decision, which left the target out.
        let _ = self.write_for(to, out);
    }

    fn media_type(&self) -> Option<String> {
        self.written_media_type()
    }
}

impl ClientRequest {
    fn write_for(&self, to: &Destination<'_>, out: &mut Vec<u8>) -> Result<Losses, BadRequest> {
        if self.upload.is_some() {
            self.write_form(to.model, |name, text| self.identifier(to, name).unwrap_or(text), out);
            return Ok(Losses::default());
        }
        let begin = out.len();
        let losses = match self.goes_as_read_to(to.dialect) {
            true => {
                self.write_as_read(to, out);
                Losses::default()
            }
            false if self.api.is_refitted_for(to.dialect) => self.write_embed(to, out),
            false => self.write_across(to, out)?,
        };
        let quirks = to.card.quirks.filter(|_| matches!(self.api, Api::Conversation(_)));
        let Some(quirks) = quirks else { return Ok(losses) };
        let mut all = losses;
        all.extend(quirks.refit(out, begin));
        Ok(all)
    }

    /// The request as it was asked, for its own record: with the client's names for the model and for its end user, and
    /// without the fields that are for Weir. A form is written as one.
    pub fn write_as_asked(&self, out: &mut Vec<u8>) {
        if self.upload.is_some() {
            return self.write_form(&self.alias, |_, text| text, out);
        }
        let mut writer = ObjectWriter::new(out);
        write_string(&self.alias, writer.member("model"));
        for (name, value) in self.body.as_object().into_iter().flat_map(Object::iter) {
            value.write(writer.member(name));
        }
        writer.end();
    }

    /// The body as it was read, for a backend that speaks the client's dialect.
    fn write_as_read(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        let mut writer = ObjectWriter::new(out);
        write_string(to.model, writer.member("model"));
        let body = self.body_for(to);
        let members = body.as_object().into_iter().flat_map(Object::iter);
        let sets_usage = self.stream && self.api == Api::CHAT;
        let is_ollama = self.api == Api::Conversation(ClientDialect::OllamaChat);
        let is_ours =
            |name: &str| (sets_usage && name == "stream_options") || (is_ollama && name == "options");
        for (name, value) in members.filter(|(name, _)| !is_ours(name)) {
            match self.identifier(to, name) {
                Some(pseudonym) => write_string(pseudonym, writer.member(name)),
                None if name == "metadata" && to.outside => {
                    self.metadata_outside(value).write(writer.member(name));
                }
                None => value.write(writer.member(name)),
            }
        }
        if sets_usage {
            self.stream_options().write(writer.member("stream_options"));
        }
        if is_ollama {
            self.options_with_context(&body).write(writer.member("options"));
        }
        writer.end();
    }

    /// What stands for the client's word for its end user in this field, outside the network.
    fn identifier(&self, to: &Destination<'_>, name: &str) -> Option<&str> {
        let known = self.identifiers.iter().find(|(field, _)| to.outside && *field == name);
        known.map(|(_, pseudonym)| pseudonym.as_str())
    }

    /// The body in another dialect.
    fn write_across(&self, to: &Destination<'_>, out: &mut Vec<u8>) -> Result<Losses, BadRequest> {
        let begin = out.len();
        let losses = self.write_conversation(&self.body, to, out)?;
        // What another backend made is left out with its part; where it is in no such part, it goes with what holds it.
        let foreign = self.sealed_of(|maker| maker.is_some_and(|maker| maker != to.backend));
        if !foreign.iter().any(|text| is_written(text, out.get(begin..).unwrap_or_default())) {
            return Ok(losses);
        }
        out.truncate(begin);
        let body = sealed::without(&self.body, &foreign).unwrap_or(Json::Object(Object::default()));
        self.write_conversation(&body, to, out)
    }

    fn write_conversation(
        &self,
        body: &Json<'static>,
        to: &Destination<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Losses, BadRequest> {
        let read = self.api.dialect().zip(body.as_object()).map(|(dialect, body)| dialect.read(body));
        let Some(conversation) = read else { return Ok(Losses::default()) };
        let mut conversation = conversation?;
        let ours = self.sealed_of(|maker| maker == Some(to.backend));
        conversation.messages.iter_mut().for_each(|message| keep_sealed(message, &ours));
        // A message of which nothing is left would be refused.
        conversation.messages.retain(|message| !message.parts.is_empty());
        if to.outside {
            conversation.end_user = conversation.end_user.map(|text| self.pseudonym(text));
            conversation.cache_key = conversation.cache_key.map(|text| self.pseudonym(text));
        }
        Ok(to.dialect.write(&conversation, to, out))
    }

    /// What a backend of another dialect cannot be told of this request.
    ///
    /// # Errors
    /// [`BadRequest`] when it cannot be read as a conversation.
    pub fn losses(&self, to: &Destination<'_>) -> Result<Losses, BadRequest> {
        // A form goes as it is, and may be long.
        if self.upload.is_some() {
            return Ok(Losses::default());
        }
        self.write_for(to, &mut Vec::new())
    }

    /// Whether a request for this API can be written for a backend of this dialect at all.
    #[must_use]
    pub fn can_be_written_for(&self, backend: BackendDialect) -> bool {
        self.goes_as_read_to(backend)
            || self.api.is_refitted_for(backend)
            || matches!(self.api, Api::Conversation(_))
    }

    /// The client's own word for a field that losses name.
    #[must_use]
    pub fn field_name<'f>(&self, field: &'f str) -> &'f str {
        self.api.dialect().map_or(field, |dialect| dialect.field_name(field))
    }

    fn pseudonym<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        let of = |field: &str| match field {
            METADATA_USER => self.member("metadata")?.as_object()?.get("user_id")?.as_str(),
            name => self.member(name)?.as_str(),
        };
        let known = self.identifiers.iter().find(|(field, _)| of(field) == Some(&text));
        known.map_or(text, |(_, pseudonym)| Cow::Owned(pseudonym.clone()))
    }

    /// The body without what another backend made: that goes back to its maker alone. Nor with thoughts that nobody has
    /// signed, to a backend that wants them signed.
    fn body_for(&self, to: &Destination<'_>) -> Cow<'_, Json<'static>> {
        let mut foreign = self.sealed_of(|maker| maker.is_some_and(|maker| maker != to.backend));
        if to.dialect == BackendDialect::Messages && sealed::has_empty(self.api, &self.body) {
            foreign.push("");
        }
        if foreign.is_empty() {
            return Cow::Borrowed(&self.body);
        }
        // The body itself is no part, so that something of it is always left.
        Cow::Owned(sealed::without(&self.body, &foreign).unwrap_or(Json::Object(Object::default())))
    }

    fn metadata_outside<'v>(&self, metadata: &'v Json<'static>) -> Cow<'v, Json<'static>> {
        let pseudonym = self.identifiers.iter().find(|(field, _)| *field == METADATA_USER);
        match (pseudonym, metadata) {
            (Some((_, pseudonym)), Json::Object(object)) => {
                let mut object = object.clone();
                object.set("user_id", Json::String(Cow::Owned(pseudonym.clone())));
                Cow::Owned(Json::Object(object))
            }
            _ => Cow::Borrowed(metadata),
        }
    }

    /// The client's options, with a context that holds the prompt: Ollama's own default cuts a longer one
    /// without a word.
    fn options_with_context(&self, body: &Json<'static>) -> Object<'static> {
        let mut options = self.member("options").and_then(Json::as_object).cloned().unwrap_or_default();
        if options.get("num_ctx").is_none() {
            let context = context_tokens(body.to_bytes().len(), self.max_output_tokens());
            options.set("num_ctx", Json::Number(Cow::Owned(context.to_string())));
        }
        options
    }

    /// The client's stream options, with usage asked for: Weir accounts for every request, and leaves
    /// the usage out of the reply when the client did not ask.
    fn stream_options(&self) -> Object<'static> {
        let mut options =
            self.member("stream_options").and_then(Json::as_object).cloned().unwrap_or_default();
        options.set("include_usage", Json::Bool(true));
        options
    }

    /// Whether the body goes to a backend of this dialect as it was read.
    #[must_use]
    pub fn goes_as_read_to(&self, backend: BackendDialect) -> bool {
        self.api.goes_as_read_to(backend)
    }
}

/// Whether a text stands in JSON.
fn is_written(text: &str, json: &[u8]) -> bool {
    let mut written = Vec::new();
    write_string(text, &mut written);
    memchr::memmem::find(json, &written).is_some()
}

/// Leaves of what only providers can make that which the backend made itself. A thought goes as a whole; of a
/// call only the proof does.
fn keep_sealed(message: &mut Message<'_>, ours: &[&str]) {
    let is_ours = |text: &str| ours.contains(&text);
    message.parts.retain_mut(|part| match part {
        Part::Thinking { signature: Some(signature), .. } => is_ours(signature),
        Part::HiddenThinking { data, .. } => is_ours(data),
        Part::ToolCall { signature, .. } => {
            if signature.as_deref().is_some_and(|text| !is_ours(text)) {
                *signature = None;
            }
            true
        }
        Part::Text { .. }
        | Part::Image { .. }
        | Part::Audio(_)
        | Part::Document { .. }
        | Part::Thinking { .. }
        | Part::ToolResult { .. }
        | Part::Refusal(_)
        | Part::Other { .. } => true,
    });
}
