//! Replies to clients: bodies and headers.

use crate::failure::{ErrorReply, Failure};
use crate::pipeline::relay::StreamRelay;
use crate::waiting::Waiting;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{Either, Full};
use weir_wire::dialect::ClientDialect;

/// A body for a client: whole, relayed as it comes, or begun before there is an answer. What is large is boxed:
/// replies are moved often.
pub(crate) type Body = Either<Full<Bytes>, Either<Box<StreamRelay>, Box<Waiting>>>;

/// Room for their values.
const USUAL_VALUES_BYTES: usize = 256;

/// Room for the headers of an answer with those that say what was decided.
const USUAL_HEADERS: usize = 10;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(body.into())));
    *response.status_mut() = status;
    response.headers_mut().reserve(USUAL_HEADERS);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer that is no JSON, such as sound.
pub(crate) fn bytes(content_type: HeaderValue, body: Bytes) -> Response<Body> {
    let mut response = json(StatusCode::OK, body);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

pub(crate) fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = json(status, body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A stream under these headers and those of every stream.
pub(crate) fn stream(head: HeaderMap, relay: Box<StreamRelay>) -> Response<Body> {
    events(head, Either::Left(relay))
}

/// A stream that begins before there is an answer.
pub(crate) fn waiting(head: HeaderMap, waiting: Waiting) -> Response<Body> {
    events(head, Either::Right(Box::new(waiting)))
}

fn events(head: HeaderMap, body: Either<Box<StreamRelay>, Box<Waiting>>) -> Response<Body> {
    let mut response = Response::new(Either::Right(body));
    *response.headers_mut() = head;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

/// Why there is no answer, in the form of the client's dialect.
pub(crate) fn failure(failure: &Failure, form: ClientDialect, request_id: &str) -> Response<Body> {
    let ErrorReply { status, envelope, retry_after, should_retry } = failure.reply();
    let status = if form == ClientDialect::Messages { failure.status_for_messages(status) } else { status };
    let mut response = json(status, form.write_error(&envelope, status.as_u16(), request_id));
    // A stream that has begun tells it in its own words.
    response.extensions_mut().insert(envelope);
    let headers = response.headers_mut();
    if let Some(wait) = retry_after {
        let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
        headers.insert(RETRY_AFTER, HeaderValue::from(whole));
        if wait.as_secs() == 0 {
            headers.insert(RETRY_AFTER_MS, HeaderValue::from(u64::from(wait.subsec_millis())));
        }
    }
    if let Some(retry) = should_retry {
        headers.insert(SHOULD_RETRY, HeaderValue::from_static(if retry { "true" } else { "false" }));
    }
    response
}

pub(crate) fn with_request_id(mut response: Response<Body>, id: &str) -> Response<Body> {
    set(response.headers_mut(), REQUEST_ID, id);
    response
}

/// Anthropic's SDKs read the id of a request under a name of their own.
pub(crate) fn with_anthropic_request_id(mut response: Response<Body>) -> Response<Body> {
    if let Some(id) = response.headers().get(REQUEST_ID).cloned() {
        response.headers_mut().insert(ANTHROPIC_REQUEST_ID, id);
    }
    response
}

/// Sets a header whose value comes from configuration or from Weir itself.
pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    set_all(headers, [(name, value)]);
}

/// Sets headers whose values come from configuration or from Weir itself. Names may hold letters that headers
/// cannot: those become `?`. All values share one piece of memory.
pub(crate) fn set_all<'v>(headers: &mut HeaderMap, all: impl IntoIterator<Item = (HeaderName, &'v str)>) {
    let mut text = String::with_capacity(USUAL_VALUES_BYTES);
    let mut ends = Vec::with_capacity(USUAL_HEADERS);
    for (name, value) in all {
        // Without an early end the loop looks at many bytes at once.
        if value.bytes().fold(true, |plain, b| plain & matches!(b, b' '..=b'~')) {
            text.push_str(value);
        } else {
            text.extend(value.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }));
        }
        ends.push((name, text.len()));
    }
    let (text, mut start) = (Bytes::from(text), 0);
    for (name, end) in ends {
        if let Ok(value) = HeaderValue::from_maybe_shared(text.slice(start..end)) {
            headers.insert(name, value);
        }
        start = end;
    }
}
