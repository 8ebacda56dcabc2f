//! The only door out of the network: sends nothing without a permit.
//!
//! [`CloudBackend`] is the way to one API account outside the network. It takes a
//! [`Permit`] for the [`Cloud`] zone, which exists only for content below the
//! boundary, names one backend, and is consumed by sending. What goes out is written behind this door
//! from the permit's own content, under headers of this crate's own, to a public address.

use std::time::Duration;
use weir_connect::Door;
pub use weir_connect::{
    Accept, AddressRefusal, Anthropic, AwsKeys, AwsKeysError, AwsRole, Call, ConnectError, Credential,
    Endpoint, EndpointError, KeyHeader, Put, Resolve, Resolving, Response, ResponseBody, SendError,
    TokenError, TokenRequest, TokenSource, TokenSourceError, nothing,
};
use weir_label::{Cloud, Permit};
use weir_wire::{Encode, Nothing};

/// One backend outside the network.
#[derive(Debug)]
pub struct CloudBackend(Door<Cloud>);

impl CloudBackend {
    /// The backend at this endpoint. Connects to nothing yet.
    ///
    /// # Errors
    /// [`EndpointError`] when the endpoint cannot be one outside the network.
    pub fn new(endpoint: Endpoint) -> Result<Self, EndpointError> {
        Door::cloud(endpoint).map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.backend()
    }

    /// Sends the permit's content and waits for the head of the response.
    ///
    /// Dropping the future, or the response before its end, closes the connection.
    ///
    /// # Errors
    /// [`SendError`]; any response, whatever its status, is none.
    pub async fn send<C: Encode>(
        &self,
        permit: Permit<C, Cloud>,
        call: &Call<'_>,
    ) -> Result<Response, SendError> {
        self.0.send(permit, call).await
    }

    /// The same, to a backend that speaks Anthropic's dialect, with the version and the features that the
    /// client named.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_as<C: Encode>(
        &self,
        permit: Permit<C, Cloud>,
        call: &Call<'_>,
        anthropic: &Anthropic,
    ) -> Result<Response, SendError> {
        self.0.send_as(permit, call, anthropic).await
    }

    /// Puts the permit's content into a store that speaks S3.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn put<C: Encode>(
        &self,
        permit: Permit<C, Cloud>,
        put: &Put<'_>,
    ) -> Result<Response, SendError> {
        self.0.put(permit, put).await
    }

    /// Asks for the list of models. Takes a permit too, for [`nothing`], so that not a byte leaves
    /// without one.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn models(
        &self,
        permit: Permit<Nothing, Cloud>,
        first_byte_timeout: Duration,
    ) -> Result<Response, SendError> {
        self.0.get(permit, "/models", first_byte_timeout).await
    }
}
