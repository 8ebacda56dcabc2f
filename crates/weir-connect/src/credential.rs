use crate::EndpointError;
use crate::sigv4::AwsKeys;
use crate::token::Slot;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a backend knows Weir by.
///
/// `Debug` does not show it, and its memory is overwritten when the last copy is dropped.
#[derive(Clone)]
pub struct Credential(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    /// One header, always the same.
    Header(HeaderName, HeaderValue),
    /// Every request is signed.
    Aws(Arc<AwsKeys>),
    /// A token, or keys, that are fetched and renewed.
    Token(Arc<Slot>),
}

/// The header that a key is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// `authorization: Bearer …`
    Bearer,
    /// `x-api-key: …`, Anthropic's.
    XApiKey,
    /// `api-key: …`, Azure's.
    ApiKey,
    /// `x-goog-api-key: …`, Google's.
    XGoogApiKey,
}

impl Credential {
    /// A key that is sent as `authorization: Bearer …`.
    ///
    /// # Errors
    /// As [`key`](Self::key).
    pub fn bearer(key: &Zeroizing<String>) -> Result<Self, EndpointError> {
        Self::key(KeyHeader::Bearer, key)
    }

    /// A key that is sent in this header.
    ///
    /// # Errors
    /// [`EndpointError::Credential`] when it is empty or cannot be in a header.
    pub fn key(header: KeyHeader, key: &Zeroizing<String>) -> Result<Self, EndpointError> {
        let (name, before) = match header {
            KeyHeader::Bearer => (AUTHORIZATION, "Bearer "),
            KeyHeader::XApiKey => (HeaderName::from_static("x-api-key"), ""),
            KeyHeader::ApiKey => (HeaderName::from_static("api-key"), ""),
            KeyHeader::XGoogApiKey => (HeaderName::from_static("x-goog-api-key"), ""),
        };
        Ok(Self(Kind::Header(name, secret_value(before, key)?)))
    }

    /// Keys of an AWS account: every request is signed with them.
    #[must_use]
    pub fn aws(keys: AwsKeys) -> Self {
        Self(Kind::Aws(Arc::new(keys)))
    }
}

/// A header's value that shows itself nowhere and is overwritten when it is dropped.
pub(crate) fn secret_value(before: &str, secret: &str) -> Result<HeaderValue, EndpointError> {
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(EndpointError::Credential);
    }
    let bytes = Bytes::from_owner(Zeroizing::new([before, secret].concat().into_bytes()));
    let mut value = HeaderValue::from_maybe_shared(bytes).map_err(|_| EndpointError::Credential)?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(***)")
    }
}
