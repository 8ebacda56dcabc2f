use super::{Api, ClientRequest, sealed};
use crate::dialect::ClientDialect;
use crate::json::{Json, Object, ObjectWriter, write_string};
use crate::{Destination, Encode};
use std::borrow::Cow;

/// Where Anthropic's API has the client's word for its end user.
pub(super) const METADATA_USER: &str = "metadata.user_id";

impl Encode for ClientRequest {
    fn encode(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        self.write_as_read(to, out);
    }
}

impl ClientRequest {
    /// The body as it was read, for a backend that speaks the client's dialect.
    fn write_as_read(&self, to: &Destination<'_>, out: &mut Vec<u8>) {
        let begin = out.len();
        let mut writer = ObjectWriter::new(out);
        write_string(to.model, writer.member("model"));
        let body = self.body_for(to);
        let members = body.as_object().into_iter().flat_map(Object::iter);
        let sets_usage = self.stream && self.api == Api::CHAT;
        for (name, value) in members.filter(|(name, _)| !(sets_usage && *name == "stream_options")) {
            let pseudonym = self.identifiers.iter().find(|(field, _)| to.outside && field == name);
            match pseudonym {
                Some((_, pseudonym)) => write_string(pseudonym, writer.member(name)),
                None if name == "metadata" && to.outside => {
                    self.metadata_outside(value).write(writer.member(name));
                }
                None => value.write(writer.member(name)),
            }
        }
        if sets_usage {
            self.stream_options().write(writer.member("stream_options"));
        }
        writer.end();
        // What the product does not take was found before the decision.
        let _known = to.quirks.refit(out, begin);
    }

    /// The body without what another backend made: that goes back to its maker alone.
    fn body_for(&self, to: &Destination<'_>) -> Cow<'_, Json<'static>> {
        let foreign = self.sealed_of(|maker| maker.is_some_and(|maker| maker != to.backend));
        if foreign.is_empty() {
            return Cow::Borrowed(&self.body);
        }
        // The body itself is no part, so that something of it is always left.
        Cow::Owned(sealed::without(&self.body, &foreign).unwrap_or(Json::Object(Object::default())))
    }

    fn metadata_outside<'v>(&self, metadata: &'v Json<'static>) -> Cow<'v, Json<'static>> {
        let pseudonym = self.identifiers.iter().find(|(field, _)| field == METADATA_USER);
        match (pseudonym, metadata) {
            (Some((_, pseudonym)), Json::Object(object)) => {
                let mut object = object.clone();
                object.set("user_id", Json::String(Cow::Owned(pseudonym.clone())));
                Cow::Owned(Json::Object(object))
            }
            _ => Cow::Borrowed(metadata),
        }
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
    pub fn goes_as_read_to(&self, backend: crate::dialect::BackendDialect) -> bool {
        self.api.goes_as_read_to(backend)
    }

    /// Whether the client's dialect is this one.
    #[must_use]
    pub fn is_in(&self, dialect: ClientDialect) -> bool {
        self.api.dialect() == Some(dialect)
    }
}
