//! The way to a receiver of single messages inside the network: syslog over TCP, TLS or UDP.

use crate::connector::Connector;
use crate::{AddressRule, ConnectError, Endpoint, EndpointError, SendError};
use ipnet::IpNet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use weir_label::{Local, Permit};
use weir_wire::{Destination, Encode};

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One connection a message, its length before it. Over TLS if the endpoint's URL is `https`.
    ///
    /// Source: RFC 6587, section 3.4.1, and RFC 5425.
    Stream,
    /// One datagram a message. Nobody says whether it has come.
    ///
    /// Source: RFC 5426.
    Datagram,
}

/// The way to one receiver.
///
/// INVARIANT (one door): a message is written here, from the content of a permit for this receiver.
pub struct Lines {
    backend: Arc<str>,
    connector: Connector,
    framing: Framing,
}

impl Lines {
    /// The receiver at this endpoint, of which host and port count.
    ///
    /// # Errors
    /// [`EndpointError`] when the endpoint cannot be one inside the network.
    pub fn local(endpoint: &Endpoint, inside: &[IpNet], framing: Framing) -> Result<Self, EndpointError> {
        let rule = AddressRule::Inside { extra: inside.to_vec() };
        if let Some(address) = endpoint.origin.host.literal() {
            rule.check(address).map_err(|reason| EndpointError::Refused { address, reason })?;
        }
        let connector = Connector::new(endpoint, rule)?;
        Ok(Self { backend: endpoint.backend.clone(), connector, framing })
    }

    /// Sends the permit's content as one message.
    ///
    /// # Errors
    /// [`SendError`]. That there is none means that the operating system has taken it: neither protocol has answers.
    pub async fn send<C: Encode>(&self, permit: Permit<C, Local>) -> Result<(), SendError> {
        if permit.backend() != &*self.backend {
            let permitted = permit.backend().to_owned();
            return Err(SendError::WrongBackend { permitted, backend: self.backend.to_string() });
        }
        let mut message = Vec::new();
        permit.content().encode(&Destination::new("", false), &mut message);
        let limit = self.connector.timeout();
        let sent = match self.framing {
            Framing::Stream => timeout(limit, self.stream(message)).await,
            Framing::Datagram => timeout(limit, self.datagram(&message)).await,
        };
        let host = self.connector.host().to_owned();
        Ok(sent.map_err(|_| ConnectError::ConnectTimeout { host, after: limit })??)
    }

    async fn stream(&self, message: Vec<u8>) -> Result<(), ConnectError> {
        let mut stream = self.connector.open_stream().await?;
        let framed = [format!("{} ", message.len()).into_bytes(), message].concat();
        let written = async {
            stream.write_all(&framed).await?;
            stream.shutdown().await
        };
        written.await.map_err(|source| self.refused(source))
    }

    async fn datagram(&self, message: &[u8]) -> Result<(), ConnectError> {
        let addresses = self.connector.checked_addresses().await?;
        let nowhere = || ConnectError::NoAddress { host: self.connector.host().to_owned() };
        let address = *addresses.first().ok_or_else(nowhere)?;
        udp(address, message).await.map_err(|source| self.refused(source))
    }

    fn refused(&self, source: std::io::Error) -> ConnectError {
        ConnectError::Connect { host: self.connector.host().to_owned(), source }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of the workspace that sends datagrams")]
async fn udp(address: SocketAddr, message: &[u8]) -> std::io::Result<()> {
    let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(address).await?;
    socket.send(message).await.map(drop)
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("backend", &self.backend).finish_non_exhaustive()
    }
}
