use crate::endpoint::{Origin, Scheme};
use crate::link::Link;
use crate::tls::Tls;
use crate::transport::Transport;
use crate::{AddressRule, ConnectError, Endpoint, EndpointError, Resolve};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

/// Addresses of one answer that are tried at most.
const ATTEMPTS_MAX: usize = 8;

/// A byte stream of both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

pub(crate) type ByteStream = Box<dyn Duplex>;

/// Opens connections to one backend.
pub(crate) struct Connector {
    host: String,
    literal: Option<SocketAddr>,
    port: u16,
    rule: AddressRule,
    tls: Option<Tls>,
    timeout: Duration,
    resolver: Arc<dyn Resolve>,
}

impl Connector {
    /// For HTTP.
    pub(crate) fn new(endpoint: &Endpoint, rule: AddressRule) -> Result<Self, EndpointError> {
        Self::offering(&[b"http/1.1"], endpoint, rule)
    }

    /// For a server inside the network that speaks something else.
    pub(crate) fn of_stream(endpoint: &Endpoint, inside: &[IpNet]) -> Result<Self, EndpointError> {
        let rule = AddressRule::Inside { extra: inside.to_vec() };
        if let Some(address) = endpoint.origin.host.literal() {
            rule.check(address).map_err(|reason| EndpointError::Refused { address, reason })?;
        }
        Self::offering(&[], endpoint, rule)
    }

    fn offering(protocols: &[&[u8]], endpoint: &Endpoint, rule: AddressRule) -> Result<Self, EndpointError> {
        let Origin { scheme, host, port, .. } = &endpoint.origin;
        let tls = match scheme {
            Scheme::Http => None,
            Scheme::Https => Some(Tls::new(host, endpoint.ca_pem.as_deref(), protocols)?),
        };
        Ok(Self {
            host: host.to_string(),
            literal: host.literal().map(|address| SocketAddr::new(address, *port)),
            port: *port,
            rule,
            tls,
            timeout: endpoint.connect_timeout,
            resolver: endpoint.resolver.clone(),
        })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// How long opening a connection may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A new connection to an address that was checked just now.
    pub(crate) async fn connect(&self) -> Result<Link, ConnectError> {
        timeout(self.timeout, self.open())
            .await
            .map_err(|_| ConnectError::ConnectTimeout { host: self.host.clone(), after: self.timeout })?
    }

    async fn open(&self) -> Result<Link, ConnectError> {
        let deadline = Instant::now() + self.timeout;
        let addresses = self.checked_addresses().await?;
        let stream = self.dial(&addresses, deadline).await?;
        let refused = |source| ConnectError::Connect { host: self.host.clone(), source };
        let peer = stream.peer_addr().map_err(refused)?;
        let transport = self.secure(stream).await?;
        Link::new(transport, peer)
            .await
            .map_err(|source| ConnectError::Closed { host: self.host.clone(), source: Some(source) })
    }

    /// A new byte stream to an address that was checked just now, for what is not HTTP.
    pub(crate) async fn open_stream(&self) -> Result<ByteStream, ConnectError> {
        let stream = self.open_plain().await?;
        match &self.tls {
            None => Ok(stream),
            Some(tls) => self.agree(tls, stream).await,
        }
    }

    /// The same without TLS, for protocols that agree on it later.
    pub(crate) async fn open_plain(&self) -> Result<ByteStream, ConnectError> {
        let addresses = self.checked_addresses().await?;
        Ok(Box::new(self.dial(&addresses, Instant::now() + self.timeout).await?))
    }

    /// TLS over a stream, if this endpoint wants it.
    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub(crate) async fn agree(&self, tls: &Tls, stream: ByteStream) -> Result<ByteStream, ConnectError> {
        let agreed = tls.connector.connect(tls.name.clone(), stream).await;
        let agreed = agreed.map_err(|source| ConnectError::Tls { host: self.host.clone(), source })?;
        Ok(Box::new(agreed))
    }

    /// INVARIANT (checked address): every address of the answer passed the rule, or there is none.
    pub(crate) async fn checked_addresses(&self) -> Result<Vec<SocketAddr>, ConnectError> {
        let addresses = self.addresses().await?;
        if addresses.is_empty() {
            return Err(ConnectError::NoAddress { host: self.host.clone() });
        }
        for address in addresses.iter().map(SocketAddr::ip) {
            self.rule.check(address).map_err(|reason| ConnectError::Refused {
                host: self.host.clone(),
                address,
                reason,
            })?;
        }
        Ok(addresses)
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, ConnectError> {
        if let Some(literal) = self.literal {
            return Ok(vec![literal]);
        }
        self.resolver
            .resolve(&self.host, self.port)
            .await
            .map_err(|source| ConnectError::Resolve { host: self.host.clone(), source })
    }

    /// Tries the addresses in turn; each gets an equal share of the time left, so that one that
    /// swallows packets does not use up the others' time.
    async fn dial(&self, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, ConnectError> {
        let tried = addresses.get(..ATTEMPTS_MAX).unwrap_or(addresses);
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for (left, address) in (1..=tried.len() as u32).rev().zip(tried) {
            let share = deadline.saturating_duration_since(Instant::now()) / left;
            match timeout_at(Instant::now() + share, tcp(*address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(ConnectError::Connect { host: self.host.clone(), source: last })
    }

    async fn secure(&self, stream: TcpStream) -> Result<Transport, ConnectError> {
        let Some(tls) = &self.tls else {
            return Ok(Transport::Plain(TokioIo::new(stream)));
        };
        let stream = tls
            .connector
            .connect(tls.name.clone(), stream)
            .await
            .map_err(|source| ConnectError::Tls { host: self.host.clone(), source })?;
        Ok(Transport::Tls(Box::new(TokioIo::new(stream))))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of the workspace that opens a connection")]
async fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // Requests are written whole and answers are wanted at once; waiting to fill a segment helps no one.
    stream.set_nodelay(true)?;
    Ok(stream)
}
