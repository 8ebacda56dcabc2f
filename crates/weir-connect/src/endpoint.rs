use crate::credential::Credential;
use crate::{Resolve, SystemResolver};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long opening a connection may take unless the endpoint says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a backend is and how to speak to it. A door is made of it.
#[derive(Debug)]
pub struct Endpoint {
    pub(crate) backend: Arc<str>,
    pub(crate) origin: Origin,
    pub(crate) credential: Option<Credential>,
    pub(crate) ca_pem: Option<Vec<u8>>,
    pub(crate) connect_timeout: Duration,
    pub(crate) resolver: Arc<dyn Resolve>,
    /// Encoded, without `?`.
    pub(crate) query: String,
    /// The same, where a stream is asked for.
    pub(crate) stream_query: String,
    pub(crate) is_anthropic: bool,
}

impl Endpoint {
    /// The backend of this name at `base_url`, such as `http://gpu-1:8000/v1`.
    ///
    /// # Errors
    /// [`EndpointError`] when the URL is none, or none that a backend can have.
    pub fn new(backend: &str, base_url: &str) -> Result<Self, EndpointError> {
        Ok(Self {
            backend: backend.into(),
            origin: Origin::parse(base_url)?,
            credential: None,
            ca_pem: None,
            connect_timeout: CONNECT_TIMEOUT,
            resolver: Arc::new(SystemResolver),
            query: String::new(),
            stream_query: String::new(),
            is_anthropic: false,
        })
    }

    /// The same, with a query that every request has, such as Azure's `api-version`. Name and value may hold
    /// anything.
    ///
    /// INVARIANT (configured query): a request's query is of its endpoint alone. There is no place in a
    /// [`Call`](crate::Call) for one.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        push_pair(name, value, &mut self.query);
        push_pair(name, value, &mut self.stream_query);
        self
    }

    /// The same, with a query that requests for a stream have, such as Gemini's `alt=sse`.
    #[must_use]
    pub fn with_stream_query(mut self, name: &str, value: &str) -> Self {
        push_pair(name, value, &mut self.stream_query);
        self
    }

    /// The same, for a backend that speaks Anthropic's dialect: every request names the version of it.
    #[must_use]
    pub fn for_anthropic(self) -> Self {
        Self { is_anthropic: true, ..self }
    }

    /// The same, with a key to authenticate with.
    #[must_use]
    pub fn with_credential(self, credential: Credential) -> Self {
        Self { credential: Some(credential), ..self }
    }

    /// The same, trusting these certificate authorities as well: the text of a PEM file.
    #[must_use]
    pub fn with_ca_pem(self, pem: Vec<u8>) -> Self {
        Self { ca_pem: Some(pem), ..self }
    }

    /// The same, with a time limit for opening a connection: name, TCP and TLS together.
    #[must_use]
    pub fn with_connect_timeout(self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ..self }
    }

    /// The same, with another resolver.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }
}

fn push_pair(name: &str, value: &str, query: &mut String) {
    if !query.is_empty() {
        query.push('&');
    }
    push_encoded(name, query);
    query.push('=');
    push_encoded(value, query);
}

/// Appends a text percent-encoded: letters, digits, `-`, `.`, `_` and `~` as they are, nothing else.
pub(crate) fn push_encoded(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// Scheme, host, port and path prefix.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// As in the `Host` header: without the scheme's own port.
    pub(crate) authority: String,
    /// Without a trailing slash.
    pub(crate) prefix: String,
}

impl Origin {
    fn parse(text: &str) -> Result<Self, EndpointError> {
        // The text is not quoted in any error: it may hold a password.
        let url = Url::parse(text).map_err(EndpointError::Url)?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(EndpointError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::Query);
        }
        let host = url.host().ok_or(EndpointError::NoHost)?;
        Ok(Self {
            scheme,
            port: url.port_or_known_default().ok_or(EndpointError::NoHost)?,
            authority: url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}")),
            prefix: url.path().trim_end_matches('/').to_owned(),
            host: host.into(),
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// A host as the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    Name(String),
    Address(IpAddr),
}

impl Host {
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::Address(address) => Some(*address),
        }
    }
}

impl From<url::Host<&str>> for Host {
    fn from(host: url::Host<&str>) -> Self {
        match host {
            url::Host::Domain(name) => Host::Name(name.to_owned()),
            url::Host::Ipv4(address) => Host::Address(address.into()),
            url::Host::Ipv6(address) => Host::Address(address.into()),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(address) => address.fmt(f),
        }
    }
}

/// Why an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is no URL.
    #[error("the base URL is not a URL; write it like `http://host:8000/v1`")]
    Url(#[source] url::ParseError),
    /// Another scheme than HTTP.
    #[error("the base URL's scheme is `{0}`; use `http` or `https`")]
    Scheme(String),
    /// No host or no port.
    #[error("the base URL names no host")]
    NoHost,
    /// A user name or a password in the URL.
    #[error("the base URL holds a user name or a password; configure the key apart from it")]
    UserInfo,
    /// A query or a fragment in the URL.
    #[error("the base URL holds a `?` or a `#`; leave both out")]
    Query,
    /// Data would leave the network unencrypted.
    #[error("a cloud backend is reached over `https`; `http` is for loopback and private literal addresses")]
    Plaintext,
    /// The host is a literal address that the zone does not allow.
    #[error("the base URL's host is {address}, {reason}")]
    Refused {
        /// The address.
        address: IpAddr,
        /// Why.
        reason: crate::AddressRefusal,
    },
    /// The key cannot be sent.
    #[error("the key is empty or holds characters that a header cannot carry")]
    Credential,
    /// The CA file has no certificate in it.
    #[error("the CA file holds no certificate; it must be PEM with at least one `BEGIN CERTIFICATE`")]
    NoCertificate,
    /// The CA file cannot be read as PEM.
    #[error("the CA file is not valid PEM")]
    Pem(#[source] rustls_pki_types::pem::Error),
    /// TLS cannot be set up with what was given.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The host cannot be a name in a certificate.
    #[error("the base URL's host cannot be the name in a certificate")]
    TlsName,
}
