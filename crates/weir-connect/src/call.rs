//! What is asked of a backend besides the content of a permit.

use crate::{ConnectError, sigv4};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use weir_wire::Card;
use weir_wire::dialect::BackendDialect;

/// What a call needs beside its content. There is no place in it for anything of the caller's headers.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Path below the backend's base URL, such as `/chat/completions`.
    pub path: &'a str,
    /// The model's name at the backend, from the configuration.
    pub model: &'a str,
    /// The dialect in which the content is written.
    pub dialect: BackendDialect,
    /// What is known of the model.
    pub card: Card,
    /// What kind of response is wanted.
    pub accept: Accept,
    /// How long the backend may take until the head of its response is there.
    pub first_byte_timeout: Duration,
}

impl<'a> Call<'a> {
    /// A call of a chat completion's dialect, of a model of which nothing else is known.
    #[must_use]
    pub const fn new(path: &'a str, model: &'a str, accept: Accept, first_byte_timeout: Duration) -> Self {
        let (dialect, card) = (BackendDialect::ChatCompletions, Card::UNKNOWN);
        Self { path, model, dialect, card, accept, first_byte_timeout }
    }
}

/// An object that is to be put into a store that speaks S3.
#[derive(Debug, Clone, Copy)]
pub struct Put<'a> {
    /// Path below the endpoint's URL: `/` and the name, of letters, digits, `-`, `.`, `_`, `~` and `/`.
    pub path: &'a str,
    /// Until when nobody, not even the owner of the store, may remove or replace it: a time in RFC 3339.
    pub locked_until: Option<&'a str>,
    /// How long the store may take until the head of its response is there.
    pub first_byte_timeout: Duration,
}

impl Put<'_> {
    /// Source: Amazon S3 API reference, `PutObject`. A lock wants a checksum beside it.
    pub(crate) fn write(&self, headers: &mut HeaderMap, body: &[u8]) -> Result<(), ConnectError> {
        let digest = Sha256::digest(body);
        let mut insert = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).map_err(|_| ConnectError::Path)?;
            headers.insert(HeaderName::from_static(name), value);
            Ok(())
        };
        insert("x-amz-content-sha256", &sigv4::hex(&digest))?;
        insert("x-amz-checksum-sha256", &STANDARD.encode(digest))?;
        if let Some(until) = self.locked_until {
            insert("x-amz-object-lock-mode", "COMPLIANCE")?;
            insert("x-amz-object-lock-retain-until-date", until)?;
        }
        Ok(())
    }
}

/// A kind of response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// One JSON document.
    Json,
    /// Server-sent events.
    EventStream,
    /// One JSON text a line.
    Lines,
    /// AWS's binary messages.
    AwsEventStream,
}

impl Accept {
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Accept::Json => "application/json",
            Accept::EventStream => "text/event-stream",
            Accept::Lines => "application/x-ndjson",
            Accept::AwsEventStream => "application/vnd.amazon.eventstream",
        })
    }
}
