//! The way to a receiver of single messages inside the network: syslog over TCP, TLS or UDP.

use crate::connector::Connector;
use crate::delivery::content_for;
use crate::{ConnectError, Endpoint, EndpointError, SendError};
use ipnet::IpNet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use weir_label::{Local, Permit};
use weir_wire::Encode;

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

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Sent,
    Read,
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
        let connector = Connector::of_stream(endpoint, inside)?;
        Ok(Self { backend: endpoint.backend.clone(), connector, framing })
    }

    /// Sends the permit's content as one message.
    ///
    /// # Errors
    /// [`SendError`]. That there is none means that the operating system has taken it: neither protocol has answers.
    pub async fn send<C: Encode>(&self, permit: Permit<C, Local>) -> Result<(), SendError> {
        let message = content_for(&self.backend, permit)?;
        self.within(async {
            match self.framing {
                Framing::Stream => self.stream(&[&message], Until::Sent).await,
                Framing::Datagram => self.datagrams(&[&message]).await,
            }
        })
        .await
    }

    /// Sends each line of the permit's content as a message, all over one connection.
    ///
    /// # Errors
    /// [`SendError`]. Of datagrams that there is none means that the operating system has taken them. A stream is closed
    /// behind the messages, and there is none when the receiver has closed it too, which it does when it has read all of
    /// them; whoever sends again after an error may send what has come.
    pub async fn send_all<C: Encode>(&self, permit: Permit<C, Local>) -> Result<(), SendError> {
        let content = content_for(&self.backend, permit)?;
        let messages: Vec<&[u8]> =
            content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        self.within(async {
            match self.framing {
                Framing::Stream => self.stream(&messages, Until::Read).await,
                Framing::Datagram => self.datagrams(&messages).await,
            }
        })
        .await
    }

    async fn within(&self, sending: impl Future<Output = Result<(), ConnectError>>) -> Result<(), SendError> {
        let limit = self.connector.timeout();
        let host = || self.connector.host().to_owned();
        let sent = timeout(limit, sending).await;
        Ok(sent.map_err(|_| ConnectError::ConnectTimeout { host: host(), after: limit })??)
    }

    async fn stream(&self, messages: &[&[u8]], until: Until) -> Result<(), ConnectError> {
        let mut stream = self.connector.open_stream().await?;
        let mut framed = Vec::new();
        for message in messages {
            framed.extend_from_slice(format!("{} ", message.len()).as_bytes());
            framed.extend_from_slice(message);
        }
        let written = async {
            stream.write_all(&framed).await?;
            stream.shutdown().await?;
            if until == Until::Read {
                // Nothing is said by a receiver of syslog but that it has read to the end.
                let mut buffer = [0; 64];
                while stream.read(&mut buffer).await? > 0 {}
            }
            Ok(())
        };
        written.await.map_err(|source| self.refused(source))
    }

    async fn datagrams(&self, messages: &[&[u8]]) -> Result<(), ConnectError> {
        let addresses = self.connector.checked_addresses().await?;
        let nowhere = || ConnectError::NoAddress { host: self.connector.host().to_owned() };
        let address = *addresses.first().ok_or_else(nowhere)?;
        udp(address, messages).await.map_err(|source| self.refused(source))
    }

    fn refused(&self, source: std::io::Error) -> ConnectError {
        ConnectError::Connect { host: self.connector.host().to_owned(), source }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of the workspace that sends datagrams")]
async fn udp(address: SocketAddr, messages: &[&[u8]]) -> std::io::Result<()> {
    let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(address).await?;
    for message in messages {
        socket.send(message).await?;
    }
    Ok(())
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("backend", &self.backend).finish_non_exhaustive()
    }
}
