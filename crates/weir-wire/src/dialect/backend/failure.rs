//! What backends say when they cannot serve, in the form that clients get.

use crate::error::Envelope;
use crate::json::{Json, Limits, parse};
use std::borrow::Cow;

/// What went wrong, whatever words a dialect has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Request,
    Key,
    Permission,
    NotFound,
    Rate,
    Overloaded,
    Timeout,
    Server,
}

impl Fault {
    /// What an HTTP status says.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Key,
            403 => Self::Permission,
            404 => Self::NotFound,
            408 | 504 => Self::Timeout,
            429 => Self::Rate,
            503 | 529 => Self::Overloaded,
            500.. => Self::Server,
            _ => Self::Request,
        }
    }

    /// Type and code in OpenAI's words.
    const fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Request => ("invalid_request_error", None),
            Self::Key => ("invalid_request_error", Some("invalid_api_key")),
            Self::Permission => ("invalid_request_error", Some("permission_denied")),
            Self::NotFound => ("invalid_request_error", Some("model_not_found")),
            Self::Rate => ("rate_limit_error", Some("rate_limit_exceeded")),
            Self::Overloaded => ("server_error", Some("overloaded")),
            Self::Timeout => ("server_error", Some("timeout")),
            Self::Server => ("server_error", Some("internal_error")),
        }
    }

    /// The envelope of this fault. An overflow of the context is named as such.
    pub(super) fn envelope(self, message: &str) -> Envelope {
        let (kind, code) = self.words();
        let envelope = Envelope {
            message: message.to_owned(),
            kind: kind.to_owned(),
            code: code.map(str::to_owned),
            param: None,
        };
        match self {
            Self::Request | Self::NotFound => envelope.with_context_overflow_named(),
            Self::Key | Self::Permission | Self::Rate | Self::Overloaded | Self::Timeout | Self::Server => {
                envelope
            }
        }
    }
}

/// The error in a body, by its status. Backends say `{"error":{"message"}}`, `{"error":"…"}` or
/// `{"message":"…"}`, some in an array or with a capital `M`. `None` when it is none of these.
pub(super) fn read(status: u16, body: &[u8]) -> Option<Envelope> {
    let value = parse(body, Limits::default()).ok()?;
    let message = message(&value)?;
    Some(Fault::of_status(status).envelope(&message))
}

/// The message in an error object.
pub(super) fn message<'v>(value: &'v Json<'_>) -> Option<Cow<'v, str>> {
    match value {
        Json::Array(items) => message(items.first()?),
        Json::String(text) => Some(Cow::Borrowed(text)),
        Json::Object(object) => {
            let inner = ["error", "message", "Message", "detail"].iter().find_map(|name| object.get(name))?;
            message(inner)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_in_the_forms_backends_use() {
        let code = |status, body: &str| read(status, body.as_bytes()).map(|e| (e.message, e.kind, e.code));
        let some = |message: &str, kind: &str, code: Option<&str>| {
            Some((message.to_owned(), kind.to_owned(), code.map(str::to_owned)))
        };
        let rate = some("m", "rate_limit_error", Some("rate_limit_exceeded"));
        assert_eq!(code(429, r#"[{"error":{"code":429,"message":"m","status":"X"}}]"#), rate);
        assert_eq!(code(400, r#"{"Message":"m"}"#), some("m", "invalid_request_error", None));
        assert_eq!(code(503, r#"{"error":"m"}"#), some("m", "server_error", Some("overloaded")));
        assert_eq!(code(500, "<html>"), None);
        assert_eq!(code(500, "{}"), None);
        let overflow = code(400, r#"{"message":"Input is too long for requested model."}"#);
        assert_eq!(overflow.unwrap().2.as_deref(), Some("context_length_exceeded"));
    }
}
