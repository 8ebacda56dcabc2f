//! Bytes in: bounded in size and time, of the media type that the API has, not compressed.

mod form;

use crate::failure::Failure;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use weir_wire::request::{Api, FormPart};

/// Between two pieces of a body.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// For a whole body.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
/// For a body that nobody wants any more.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(10);

/// A body, taken in.
pub(crate) enum Content {
    Json(Bytes),
    Form { length: usize, parts: Vec<FormPart> },
}

impl Content {
    /// Its length as it came, in bytes.
    pub fn len(&self) -> usize {
        match self {
            Content::Json(bytes) => bytes.len(),
            Content::Form { length, .. } => *length,
        }
    }
}

/// Takes in the body of a request for `api`.
///
/// # Errors
/// [`Failure`] for a body that by its head is not what the API takes, that is too large, too slow, broken off, or
/// no form where one must be.
pub(crate) async fn receive(
    head: &Parts,
    body: Incoming,
    api: Api,
    limit: usize,
) -> Result<Content, Failure> {
    if let Err(failure) = check_head(head, api, limit) {
        return Err(Box::pin(discard(body, failure)).await);
    }
    let bytes = collect(body, limit).await?;
    if api.takes_form() {
        return Box::pin(form::read(head, bytes)).await;
    }
    Ok(Content::Json(bytes))
}

/// Reads on and throws away, for a while: a client that is still writing its body does not see an
/// answer that comes with a closed connection.
pub(crate) async fn discard(mut body: Incoming, failure: Failure) -> Failure {
    let drain = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = timeout(DISCARD_TIMEOUT, drain).await;
    failure
}

fn check_head(head: &Parts, api: Api, limit: usize) -> Result<(), Failure> {
    let header = |name| head.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if api.takes_form() {
        form::boundary(head)?;
    } else if !api.is_json_whatever_its_type() && !header(CONTENT_TYPE).is_some_and(is_json) {
        return Err(Failure::UnsupportedMediaType(
            "send the body as `content-type: application/json`, in UTF-8",
        ));
    }
    if header(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Failure::UnsupportedMediaType(
            "compressed request bodies are not taken; send the body as it is",
        ));
    }
    let length = header(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(Failure::TooLarge { limit });
    }
    Ok(())
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    media.eq_ignore_ascii_case("application/json") && charset.is_none_or(|c| c.eq_ignore_ascii_case("utf-8"))
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Failure> {
    let deadline = Instant::now() + TOTAL_TIMEOUT;
    let mut whole = Whole::default();
    loop {
        let idle = Instant::now() + IDLE_TIMEOUT;
        let frame = match timeout_at(idle.min(deadline), body.frame()).await {
            Err(_) => return Err(Failure::BodyTimeout),
            Ok(None) => return Ok(whole.finish()),
            Ok(Some(Err(_))) => return Err(Failure::BodyBroken),
            Ok(Some(Ok(frame))) => frame,
        };
        // Trailers are no part of a request that Weir knows.
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > limit {
            drop(whole);
            return Err(Box::pin(discard(body, Failure::TooLarge { limit })).await);
        }
        whole.push(data);
        // A body whose length is known has its end with its last byte.
        if body.is_end_stream() {
            return Ok(whole.finish());
        }
    }
}

/// Most bodies come in one piece, which is not copied.
#[derive(Default)]
struct Whole {
    first: Bytes,
    all: BytesMut,
}

impl Whole {
    fn len(&self) -> usize {
        self.first.len().max(self.all.len())
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.all.is_empty() {
            self.first = data;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&data);
    }

    fn finish(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognised_however_it_is_spelt_and_nothing_else_is() {
        for json in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(is_json(json), "{json}");
        }
        for other in ["", "text/plain", "application/json; charset=utf-16", "multipart/form-data; boundary=x"]
        {
            assert!(!is_json(other), "{other}");
        }
    }

    #[test]
    fn pieces_become_one_body() {
        let mut whole = Whole::default();
        for piece in ["a", "bc", "", "d"] {
            whole.push(Bytes::from(piece));
        }
        assert_eq!(whole.len(), 4);
        assert_eq!(whole.finish(), "abcd");
    }
}
