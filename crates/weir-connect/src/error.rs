use crate::AddressRefusal;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// Why a call to a backend failed. Hosts are the configured ones; no message holds a credential, a
/// path, or anything of a request or a response.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The host has an address that the backend's zone does not allow.
    #[error("`{host}` resolves to {address}, {reason}")]
    Refused {
        /// The configured host.
        host: String,
        /// The first address that is not allowed.
        address: IpAddr,
        /// Why.
        reason: AddressRefusal,
    },
    /// The host's name could not be resolved.
    #[error("`{host}` cannot be resolved; check the name and the resolver")]
    Resolve {
        /// The configured host.
        host: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// The host's name has no address.
    #[error("`{host}` has no address")]
    NoAddress {
        /// The configured host.
        host: String,
    },
    /// No connection could be opened.
    #[error("cannot connect to `{host}`")]
    Connect {
        /// The configured host.
        host: String,
        /// What the operating system said of the last address tried.
        #[source]
        source: io::Error,
    },
    /// The TLS handshake failed: an unknown authority, a wrong name, an expired certificate.
    #[error("cannot agree on TLS with `{host}`")]
    Tls {
        /// The configured host.
        host: String,
        /// What TLS said.
        #[source]
        source: io::Error,
    },
    /// No connection within the time limit.
    #[error("no connection to `{host}` within {after:?}")]
    ConnectTimeout {
        /// The configured host.
        host: String,
        /// The limit.
        after: Duration,
    },
    /// Connected, and no response within the time limit.
    #[error("no response from `{host}` within {after:?}")]
    FirstByteTimeout {
        /// The configured host.
        host: String,
        /// The limit.
        after: Duration,
    },
    /// The backend closed the connection before it answered.
    #[error("`{host}` closed the connection before it answered")]
    Closed {
        /// The configured host.
        host: String,
        /// What happened, where known.
        #[source]
        source: Option<hyper::Error>,
    },
    /// What the backend answered is not HTTP, or over the limits on headers.
    #[error("the answer of `{host}` is not valid HTTP within the limits")]
    Malformed {
        /// The configured host.
        host: String,
        /// What is wrong with it.
        #[source]
        source: hyper::Error,
    },
    /// The response broke off.
    #[error("the response broke off")]
    Cut {
        /// What happened, where known.
        #[source]
        source: Option<hyper::Error>,
    },
    /// The response is longer than the caller takes.
    #[error("the response is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The backend's credential is a token, and none is in force.
    #[error("there is no valid token for the backend; see what the token endpoint says")]
    NoToken,
    /// The call's path cannot be one.
    #[error("a path begins with `/` and holds no `?`, no `#` and no spaces")]
    Path,
}

impl ConnectError {
    /// Whether another attempt is safe: no byte of a response had arrived.
    ///
    /// The body of a response is not this crate's to judge: whether content has reached the client,
    /// and so whether an attempt after [`Cut`](Self::Cut) is safe, is known where it is relayed.
    #[must_use]
    pub fn safe_to_retry(&self) -> bool {
        match self {
            ConnectError::Refused { .. }
            | ConnectError::Resolve { .. }
            | ConnectError::NoAddress { .. }
            | ConnectError::Connect { .. }
            | ConnectError::Tls { .. }
            | ConnectError::ConnectTimeout { .. }
            | ConnectError::FirstByteTimeout { .. }
            | ConnectError::Closed { .. } => true,
            ConnectError::Malformed { .. }
            | ConnectError::Cut { .. }
            | ConnectError::TooLong { .. }
            | ConnectError::NoToken
            | ConnectError::Path => false,
        }
    }

    /// A short stable word for metrics and records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            ConnectError::Refused { .. } => "address_refused",
            ConnectError::Resolve { .. } => "resolve",
            ConnectError::NoAddress { .. } => "no_address",
            ConnectError::Connect { .. } => "connect",
            ConnectError::Tls { .. } => "tls",
            ConnectError::ConnectTimeout { .. } => "connect_timeout",
            ConnectError::FirstByteTimeout { .. } => "first_byte_timeout",
            ConnectError::Closed { .. } => "closed",
            ConnectError::Malformed { .. } => "malformed",
            ConnectError::Cut { .. } => "cut",
            ConnectError::TooLong { .. } => "too_long",
            ConnectError::NoToken => "no_token",
            ConnectError::Path => "path",
        }
    }
}

/// Why a door sent nothing, or got no response.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The permit is for another backend. Nothing was sent.
    #[error("the permit is for backend `{permitted}`, this is backend `{backend}`")]
    WrongBackend {
        /// The backend that the permit names.
        permitted: String,
        /// The backend behind this door.
        backend: String,
    },
    /// The call failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

impl SendError {
    /// Whether another attempt is safe; see [`ConnectError::safe_to_retry`].
    #[must_use]
    pub fn safe_to_retry(&self) -> bool {
        match self {
            // A fault of Weir's own: another attempt would meet it again.
            SendError::WrongBackend { .. } => false,
            SendError::Connect(error) => error.safe_to_retry(),
        }
    }

    /// A short stable word for metrics and records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            SendError::WrongBackend { .. } => "wrong_backend",
            SendError::Connect(error) => error.code(),
        }
    }
}
