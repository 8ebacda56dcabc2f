//! Error envelopes: what clients get and what backends send.

use crate::json::{Json, Limits, ObjectWriter, parse, write_string};

/// An error in the OpenAI form: `{"error":{"message","type","param","code"}}`, all four keys present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What happened and what to do, for people.
    pub message: String,
    /// The class: `invalid_request_error`, `rate_limit_error`, `server_error`.
    pub kind: String,
    /// The stable word for programs.
    pub code: Option<String>,
    /// The field at fault.
    pub param: Option<String>,
}

impl Envelope {
    /// The envelope as JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut inner = Vec::new();
        let mut error = ObjectWriter::new(&mut inner);
        write_string(&self.message, error.member("message"));
        write_string(&self.kind, error.member("type"));
        write_optional(self.param.as_deref(), error.member("param"));
        write_optional(self.code.as_deref(), error.member("code"));
        error.end();
        let mut out = Vec::new();
        let mut outer = ObjectWriter::new(&mut out);
        outer.member("error").extend_from_slice(&inner);
        outer.end();
        out
    }

    /// Reads the error a backend sent: the OpenAI form, or the looser forms of local servers
    /// (`{"error":"text"}`, `{"message":…}`, `{"detail":…}`). `None` when it is none of these, such as
    /// an HTML page.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let value = parse(body, Limits::default()).ok()?;
        Self::from_json(&value)
    }

    /// As [`read`](Self::read), from a value.
    #[must_use]
    pub fn from_json(value: &Json) -> Option<Self> {
        let object = value.as_object()?;
        let error = object.get("error").unwrap_or(value);
        let message = match error {
            Json::String(text) => Some(&**text),
            Json::Object(error) => {
                error.get("message").or_else(|| error.get("detail")).and_then(Json::as_str)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => None,
        }?;
        let field = |name: &str| {
            let value = error.as_object()?.get(name)?;
            value.as_str().map(str::to_owned)
        };
        let envelope = Self {
            message: message.to_owned(),
            kind: field("type").unwrap_or_else(|| "invalid_request_error".to_owned()),
            code: field("code"),
            param: field("param"),
        };
        Some(envelope.with_context_overflow_named())
    }

    /// Local servers word the overflow of the context window in their own ways; agents go by the code
    /// and by OpenAI's sentence.
    pub(crate) fn with_context_overflow_named(mut self) -> Self {
        const WORDINGS: [&str; 7] = [
            "maximum context length",
            "prompt is too long",
            "exceeds the available context size",
            "exceeds the maximum number of tokens",
            "context length exceeded",
            "input is too long for requested model",
            "number of tokens in the prompt cannot exceed",
        ];
        let lower = self.message.to_ascii_lowercase();
        if !WORDINGS.iter().any(|wording| lower.contains(wording)) {
            return self;
        }
        if !lower.contains("maximum context length is")
            && let Some(limit) = largest_number_but_one(&self.message)
        {
            self.message = format!("This model's maximum context length is {limit} tokens. {}", self.message);
        }
        self.code = Some("context_length_exceeded".to_owned());
        "invalid_request_error".clone_into(&mut self.kind);
        self
    }
}

fn write_optional(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => write_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Of "the request (9000 tokens) exceeds … (8192 tokens)" the limit: the prompt is the larger number.
fn largest_number_but_one(text: &str) -> Option<u64> {
    let mut numbers: Vec<u64> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    numbers.sort_unstable();
    match numbers.as_slice() {
        [.., limit, _] | [limit] => Some(*limit),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_always_has_its_four_keys() {
        let envelope = Envelope {
            message: "no \"such\" model".to_owned(),
            kind: "invalid_request_error".to_owned(),
            code: None,
            param: Some("model".to_owned()),
        };
        assert_eq!(
            String::from_utf8(envelope.to_bytes()).unwrap(),
            r#"{"error":{"message":"no \"such\" model","type":"invalid_request_error","param":"model","code":null}}"#
        );
    }

    #[test]
    fn backends_errors_are_read_in_the_forms_servers_use() {
        let read = |text: &str| Envelope::read(text.as_bytes()).map(|e| (e.message, e.code));
        assert_eq!(
            read(r#"{"error":{"message":"bad","type":"x","param":null,"code":"c"}}"#),
            Some(("bad".to_owned(), Some("c".to_owned())))
        );
        assert_eq!(read(r#"{"error":"model not found"}"#), Some(("model not found".to_owned(), None)));
        assert_eq!(read(r#"{"object":"error","message":"bad","code":400}"#), Some(("bad".to_owned(), None)));
        assert_eq!(read(r#"{"detail":"Unauthorized"}"#), Some(("Unauthorized".to_owned(), None)));
        assert_eq!(read("<html>502</html>"), None);
        assert_eq!(read(r#"{"choices":[]}"#), None);
    }

    #[test]
    fn an_overflow_of_the_context_is_named_as_openai_names_it() {
        let llama = r#"{"error":{"code":400,"message":"request (9001 tokens) exceeds the available context size (8192 tokens)","type":"exceed_context_size_error"}}"#;
        let envelope = Envelope::read(llama.as_bytes()).unwrap();
        assert_eq!(envelope.code.as_deref(), Some("context_length_exceeded"));
        assert!(envelope.message.contains("This model's maximum context length is 8192 tokens"));
    }
}
