//! Objects of a request, read member by member; what was not asked for is left over.

use crate::chat::BadRequest;
use crate::json::{Json, Object, push_index, push_key};
use std::borrow::Cow;

/// A result of reading a request.
pub(crate) type Read<T> = Result<T, BadRequest>;

/// Members that no word of the canonical model stands for.
pub(crate) type Others<'r> = Vec<(&'r str, &'r Json<'static>)>;

/// A place in a request. It becomes a path when something is wrong there, which is rare.
#[derive(Clone, Copy)]
pub(crate) enum At<'p> {
    /// The body itself.
    Body,
    /// A member.
    Key(&'p At<'p>, &'p str),
    /// An item.
    Index(&'p At<'p>, usize),
}

impl At<'_> {
    /// The place as a JSON path without `$.`.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        self.push(&mut path);
        path.trim_start_matches('.').to_owned()
    }

    fn push(&self, path: &mut String) {
        match self {
            At::Body => {}
            At::Key(above, key) => {
                above.push(path);
                push_key(path, key);
            }
            At::Index(above, index) => {
                above.push(path);
                push_index(path, *index);
            }
        }
    }

    /// Something of another type than it must be.
    pub(crate) fn shape(&self, expected: &str, found: &Json) -> BadRequest {
        let path = self.path();
        let message = format!("`{path}` must be {expected}, not {}", found.kind());
        BadRequest { code: "invalid_type", message, param: Some(path) }
    }

    /// Something missing.
    pub(crate) fn missing(&self) -> BadRequest {
        let path = self.path();
        let message = format!("`{path}` is missing; it is required");
        BadRequest { code: "missing_required_parameter", message, param: Some(path) }
    }

    /// A value that means nothing here.
    pub(crate) fn value(&self, message: impl Into<String>) -> BadRequest {
        BadRequest { code: "invalid_value", message: message.into(), param: Some(self.path()) }
    }

    /// Something that Weir does not do.
    pub(crate) fn unsupported(&self, message: impl Into<String>) -> BadRequest {
        BadRequest { code: "unsupported_parameter", message: message.into(), param: Some(self.path()) }
    }

    /// The value as an object, to be read member by member.
    pub(crate) fn fields<'r>(&self, value: &'r Json<'static>) -> Read<Fields<'r, '_>> {
        let Json::Object(object) = value else { return Err(self.shape("an object", value)) };
        Ok(Fields::new(*self, object))
    }

    /// The value as an array.
    pub(crate) fn items<'r>(&self, value: &'r Json<'static>) -> Read<&'r [Json<'static>]> {
        let Json::Array(items) = value else { return Err(self.shape("an array", value)) };
        Ok(items)
    }

    /// The value as a string.
    pub(crate) fn text<'r>(&self, value: &'r Json<'static>) -> Read<&'r str> {
        value.as_str().ok_or_else(|| self.shape("a string", value))
    }
}

/// The members of an object. One that is `null` counts as absent, as in all these APIs.
pub(crate) struct Fields<'r, 'p> {
    at: At<'p>,
    object: &'r Object<'static>,
    taken: Vec<&'static str>,
}

impl<'r, 'p> Fields<'r, 'p> {
    pub(crate) fn new(at: At<'p>, object: &'r Object<'static>) -> Self {
        Self { at, object, taken: Vec::new() }
    }

    /// The place of the object.
    pub(crate) fn at(&self) -> At<'p> {
        self.at
    }

    /// A member, as it stands.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'r Json<'static>> {
        self.taken.push(name);
        self.object.get(name).filter(|value| !matches!(value, Json::Null))
    }

    /// A member that must be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Read<&'r Json<'static>> {
        self.get(name).ok_or_else(|| At::Key(&self.at, name).missing())
    }

    /// Takes members as known that mean nothing to the model or are spoken for elsewhere.
    pub(crate) fn skip(&mut self, names: &[&'static str]) {
        self.taken.extend(names);
    }

    /// A member that is a string.
    pub(crate) fn text(&mut self, name: &'static str) -> Read<Option<&'r str>> {
        self.get(name).map(|value| At::Key(&self.at, name).text(value)).transpose()
    }

    /// The same, as the canonical model holds texts.
    pub(crate) fn cow(&mut self, name: &'static str) -> Read<Option<Cow<'r, str>>> {
        Ok(self.text(name)?.map(Cow::Borrowed))
    }

    /// A member that must be there and be a string.
    pub(crate) fn required_text(&mut self, name: &'static str) -> Read<Cow<'r, str>> {
        let value = self.required(name)?;
        At::Key(&self.at, name).text(value).map(Cow::Borrowed)
    }

    /// A member that is a number, as it was written.
    pub(crate) fn number(&mut self, name: &'static str) -> Read<Option<Cow<'r, str>>> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Number(text)) => Ok(Some(Cow::Borrowed(text))),
            Some(other) => Err(At::Key(&self.at, name).shape("a number", other)),
        }
    }

    /// A member that is a whole number.
    pub(crate) fn whole(&mut self, name: &'static str) -> Read<Option<u64>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(At::Key(&self.at, name).shape("a whole number from 0", value)),
        }
    }

    /// A member that is a truth value.
    pub(crate) fn truth(&mut self, name: &'static str) -> Read<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(At::Key(&self.at, name).shape("a boolean", other)),
        }
    }

    /// A member that is an array; empty if it is not there.
    pub(crate) fn items(&mut self, name: &'static str) -> Read<&'r [Json<'static>]> {
        match self.get(name) {
            None => Ok(&[]),
            Some(value) => At::Key(&self.at, name).items(value),
        }
    }

    /// A member that is an object.
    pub(crate) fn object(&mut self, name: &'static str) -> Read<Option<&'r Object<'static>>> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(other) => Err(At::Key(&self.at, name).shape("an object", other)),
        }
    }

    /// What nobody asked for.
    pub(crate) fn others(self) -> Others<'r> {
        let Self { object, taken, .. } = self;
        let is_left = |(name, value): &(&str, &Json)| !taken.contains(name) && !matches!(value, Json::Null);
        object.iter().filter(is_left).collect()
    }
}

impl<'r> Fields<'r, '_> {
    /// Adds what nobody asked for to what is left of others, but for members of these names, which say nothing to a
    /// model.
    pub(crate) fn leave(mut self, silent: &[&'static str], others: &mut Others<'r>) {
        self.skip(silent);
        others.extend(self.others());
    }
}

/// One text, or an array of texts.
pub(crate) fn one_or_many<'r>(at: &At<'_>, value: &'r Json<'static>) -> Read<Vec<Cow<'r, str>>> {
    if let Json::String(text) = value {
        return Ok(vec![Cow::Borrowed(text)]);
    }
    let Json::Array(items) = value else { return Err(at.shape("a string or an array of strings", value)) };
    let text = |(index, item)| At::Index(at, index).text(item).map(Cow::Borrowed);
    items.iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    #[test]
    fn what_is_not_asked_for_is_left_over_and_faults_name_their_place() {
        let value = parse(br#"{"a":1,"b":null,"c d":"x","stop":["y",2]}"#, Limits::default()).unwrap();
        let value = value.into_owned();
        let mut fields = At::Body.fields(&value).unwrap();
        assert_eq!(fields.whole("a").unwrap(), Some(1));
        assert_eq!(fields.text("b").unwrap(), None);
        assert_eq!(fields.text("a").unwrap_err().param.as_deref(), Some("a"));
        assert_eq!(fields.required("z").unwrap_err().code, "missing_required_parameter");
        let body = At::Body;
        let at = At::Key(&body, "stop");
        let fault = one_or_many(&at, fields.get("stop").unwrap()).unwrap_err();
        assert_eq!(fault.param.as_deref(), Some("stop[1]"));
        let left: Vec<&str> = fields.others().into_iter().map(|(name, _)| name).collect();
        assert_eq!(left, ["c d"]);
    }
}
