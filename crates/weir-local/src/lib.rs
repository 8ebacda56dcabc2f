//! The only door to a local backend: checks and pins the resolved address.
//!
//! [`LocalBackend`] is the way to one server inside the network. Whatever its host's name resolves to,
//! it connects to addresses inside only, and to the very address that was checked. It takes a
//! [`Permit`] for the [`Local`] zone: a backend inside has a clearance too.

use ipnet::IpNet;
use std::time::Duration;
use weir_connect::Door;
pub use weir_connect::{
    Accept, AddressRefusal, Anthropic, AwsKeys, AwsKeysError, Call, ConnectError, Credential, DeliveryError,
    Endpoint, EndpointError, Framing, KeyHeader, Lines, Login, Put, Resolve, Resolving, Response,
    ResponseBody, SendError, Subject, Table, nothing,
};
use weir_label::{Local, Permit};
use weir_wire::{Encode, Nothing};

/// One backend inside the network.
#[derive(Debug)]
pub struct LocalBackend(Door<Local>);

impl LocalBackend {
    /// The backend at this endpoint, which may have an address in one of the networks of `inside` as
    /// well as loopback and private ones. Connects to nothing yet.
    ///
    /// # Errors
    /// [`EndpointError`] when the endpoint cannot be one inside the network.
    pub fn new(endpoint: Endpoint, inside: &[IpNet]) -> Result<Self, EndpointError> {
        Door::local(endpoint, inside).map(Self)
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
        permit: Permit<C, Local>,
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
        permit: Permit<C, Local>,
        call: &Call<'_>,
        anthropic: &Anthropic,
    ) -> Result<Response, SendError> {
        self.0.send_as(permit, call, anthropic).await
    }

    /// Asks for the list of models.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn models(
        &self,
        permit: Permit<Nothing, Local>,
        first_byte_timeout: Duration,
    ) -> Result<Response, SendError> {
        self.get(permit, "/models", first_byte_timeout).await
    }

    /// Puts the permit's content into a store that speaks S3.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn put<C: Encode>(
        &self,
        permit: Permit<C, Local>,
        put: &Put<'_>,
    ) -> Result<Response, SendError> {
        self.0.put(permit, put).await
    }

    /// Gets what is at `path` below the base URL.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn get(
        &self,
        permit: Permit<Nothing, Local>,
        path: &str,
        first_byte_timeout: Duration,
    ) -> Result<Response, SendError> {
        self.0.get(permit, path, first_byte_timeout).await
    }
}
