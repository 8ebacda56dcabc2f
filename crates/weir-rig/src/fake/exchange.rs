use super::answer::{Answer, Pieces};
use super::listen::{LastAct, Over};
use super::script::{Failure, Fault};
use super::state::{Setup, Visit};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use http::{Response, StatusCode};
use serde_json::Value;
use std::future::pending;
use std::sync::{Arc, LazyLock};

/// Headers that the backend adds to every answer and that no client of a gateway may see.
pub const BACKEND_HEADERS: [(&str, &str); 7] = [
    ("server", "fake-backend"),
    ("x-request-id", "req_of_the_backend"),
    ("set-cookie", "session=of-the-backend"),
    ("via", "1.1 proxy-of-the-backend"),
    ("openai-organization", "organization-of-the-backend"),
    ("cf-ray", "ray-of-the-backend"),
    ("alt-svc", "h3=\":9\""),
];

/// One request being answered.
pub(super) struct Exchange {
    pub(super) setup: Arc<Setup>,
    pub(super) visit: Visit,
    pub(super) last_act: LastAct,
}

impl Exchange {
    /// Answers in one piece.
    pub(super) fn plain(mut self, plain: Plain) -> Response<Answer> {
        self.visit.finish();
        let Plain { status, content_type, body } = plain;
        respond(status, HeaderValue::from_static(content_type), Answer::Whole(Some(body)))
    }

    /// Answers in pieces.
    pub(super) fn pieces(content_type: &'static str, pieces: Pieces) -> Response<Answer> {
        let body = Answer::Pieces(Box::new(pieces));
        respond(StatusCode::OK, HeaderValue::from_static(content_type), body)
    }

    /// Answers with this failure.
    pub(super) fn failure(mut self, failure: &Failure, prompt: &str) -> Response<Answer> {
        self.visit.finish();
        let Failure { status, headers, content_type, body } = failure;
        let body = body.replace("{prompt}", &quoted_for(content_type, prompt));
        let mut response =
            respond(status_code(*status), value(content_type), Answer::Whole(Some(body.into())));
        for (name, text) in headers {
            if let Ok(name) = HeaderName::try_from(name) {
                response.headers_mut().append(name, value(text));
            }
        }
        response
    }

    /// Lets a fault strike before any of the answer was sent. Faults within an answer close the connection.
    pub(super) async fn fail(mut self, fault: &Fault, prompt: &str) -> Result<Response<Answer>, Over> {
        match fault {
            Fault::Status(failure) => Ok(self.failure(failure, prompt)),
            Fault::Redirect { status, location } => Ok(self.redirect(*status, location)),
            Fault::HangBeforeHead => pending().await,
            Fault::Raw(bytes) => {
                self.visit.finish();
                Err(self.last_act.write(Bytes::copy_from_slice(bytes)))
            }
            Fault::HangAfter(_)
            | Fault::Cut { .. }
            | Fault::ErrorFirst(_)
            | Fault::ErrorAfter { .. }
            | Fault::BadEvent { .. }
            | Fault::GiantLine(_) => {
                self.visit.finish();
                Err(Over)
            }
        }
    }

    fn redirect(self, status: u16, location: &str) -> Response<Answer> {
        let mut response = self.plain(Plain { body: Bytes::new(), ..Plain::error(status_code(status), "") });
        response.headers_mut().insert(LOCATION, value(location));
        response
    }
}

/// A whole answer.
pub(super) struct Plain {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl Plain {
    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self { status, content_type: JSON, body: body.to_string().into() }
    }

    pub(super) fn error(status: StatusCode, message: &str) -> Self {
        let Failure { body, .. } =
            Failure::openai(status.as_u16(), "invalid_request_error", "invalid", message);
        Self { status, content_type: JSON, body: body.into() }
    }

    pub(super) fn unknown_model(id: &str) -> Self {
        let message = format!("The model `{id}` does not exist.");
        let Failure { body, .. } = Failure::openai(404, "invalid_request_error", "model_not_found", &message);
        Self { status: StatusCode::NOT_FOUND, content_type: JSON, body: body.into() }
    }
}

pub(super) const JSON: &str = "application/json";

fn respond(status: StatusCode, content_type: HeaderValue, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = OWN_HEADERS.clone();
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

static OWN_HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let named =
        BACKEND_HEADERS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    named.into_iter().collect()
});

/// A script's status; one that HTTP does not have is a 500.
fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A script's header value; one that HTTP does not allow is left empty.
fn value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

fn quoted_for(content_type: &str, prompt: &str) -> String {
    if content_type != JSON {
        return prompt.to_owned();
    }
    let quoted = Value::from(prompt).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}
