//! The way to a stream of NATS JetStream inside the network.
//!
//! A publisher and no more: it knows no cluster, and follows no other address that the server names.

use crate::connector::{ByteStream, Connector};
use crate::delivery::{DeliveryError, Login, content_for, in_time};
use crate::sigv4::hex;
use crate::{Endpoint, EndpointError, SendError};
use ipnet::IpNet;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use weir_label::{Local, Permit};
use weir_wire::Encode;
use weir_wire::nats::{Fate, Incoming, Malformed, Said};

/// Messages whose acknowledgements are waited for together.
const TOGETHER: usize = 128;
/// The longest message that is sent where the server does not say.
const PAYLOAD_BYTES: u64 = 1024 * 1024;

/// The way to the stream that takes one subject.
///
/// INVARIANT (one door): what is published is the content of a permit for this subject.
pub struct Subject {
    place: Place,
    session: Option<Session>,
}

/// Which subject it is.
struct Place {
    backend: Arc<str>,
    connector: Connector,
    subject: String,
    login: Option<Login>,
}

impl Subject {
    /// The subject of this name at an endpoint of which host, port and TLS count.
    ///
    /// # Errors
    /// [`EndpointError`] when the endpoint cannot be one inside the network.
    pub fn local(
        endpoint: &Endpoint,
        inside: &[IpNet],
        subject: &str,
        login: Option<Login>,
    ) -> Result<Self, EndpointError> {
        let connector = Connector::of_stream(endpoint, inside)?;
        let (backend, subject) = (endpoint.backend.clone(), subject.to_owned());
        Ok(Self { place: Place { backend, connector, subject, login }, session: None })
    }

    /// Publishes each line of the permit's content, which is an id, a tab and the message, and waits until the stream
    /// has them. A message whose id the stream has had lately it keeps once.
    ///
    /// # Errors
    /// [`DeliveryError`]; some of the messages may have come.
    pub async fn publish<C: Encode>(&mut self, permit: Permit<C, Local>) -> Result<(), DeliveryError> {
        let content = content_for(&self.place.backend, permit)?;
        let session = self.session.take();
        let done = in_time(&self.place.connector, self.place.publish(session, &content));
        self.session = Some(done.await?);
        Ok(())
    }
}

impl Place {
    async fn publish(&self, session: Option<Session>, content: &[u8]) -> Result<Session, DeliveryError> {
        let mut session = match session {
            Some(session) => session,
            None => self.open().await?,
        };
        let lines: Vec<&[u8]> =
            content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        for lines in lines.chunks(TOGETHER) {
            session.publish(&self.subject, lines).await?;
        }
        Ok(session)
    }

    async fn open(&self) -> Result<Session, DeliveryError> {
        let stream = self.connector.open_plain().await.map_err(SendError::from)?;
        let mut session = Session::new(stream)?;
        let Said::Info(info) = session.said().await? else { return Err(DeliveryError::Protocol) };
        let says = |name| info.get(name).and_then(Value::as_bool) == Some(true);
        if !says("headers") || !says("jetstream") {
            let what = "the server has no JetStream; without it nobody can tell whether a message was kept";
            return Err(DeliveryError::Failed(what.to_owned()));
        }
        session.payload_max = info.get("max_payload").and_then(Value::as_u64).unwrap_or(PAYLOAD_BYTES);
        if let Some(tls) = self.connector.tls() {
            // What somebody on the way says before it is encrypted must not pass for what is said behind.
            if session.incoming.held() > 0 {
                return Err(DeliveryError::Protocol);
            }
            session.stream = self.connector.agree(tls, session.stream).await.map_err(SendError::from)?;
        } else if says("tls_required") {
            return Err(DeliveryError::Failed("the server wants TLS: write `tls://`".to_owned()));
        }
        session.greet(self.login.as_ref(), self.connector.tls().is_some()).await?;
        Ok(session)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("backend", &self.place.backend).finish_non_exhaustive()
    }
}

/// One connection.
struct Session {
    stream: ByteStream,
    incoming: Incoming,
    /// What answers come under; nobody else can guess it.
    inbox: String,
    sent: u64,
    payload_max: u64,
}

impl Session {
    fn new(stream: ByteStream) -> Result<Self, DeliveryError> {
        let mut random = [0; 16];
        let filled = SystemRandom::new().fill(&mut random);
        filled.map_err(|_| DeliveryError::Failed("the operating system gave no random bytes".to_owned()))?;
        let inbox = format!("_INBOX.{}", hex(&random));
        Ok(Self { stream, incoming: Incoming::new(&inbox), inbox, sent: 0, payload_max: PAYLOAD_BYTES })
    }

    async fn greet(&mut self, login: Option<&Login>, is_tls: bool) -> Result<(), DeliveryError> {
        let mut connect = json!({
            "verbose": false, "pedantic": false, "tls_required": is_tls, "name": "weir", "lang": "rust",
            "version": env!("CARGO_PKG_VERSION"), "headers": true, "no_responders": true,
        });
        if let (Some(login), Some(connect)) = (login, connect.as_object_mut()) {
            let secret = json!(login.secret.as_str());
            match &login.user {
                Some(user) => {
                    connect.insert("user".to_owned(), json!(user));
                    connect.insert("pass".to_owned(), secret);
                }
                None => drop(connect.insert("auth_token".to_owned(), secret)),
            }
        }
        let text = format!("CONNECT {connect}\r\nSUB {}.* 1\r\nPING\r\n", self.inbox);
        self.write(text.as_bytes()).await?;
        loop {
            let said = self.said().await?;
            if matches!(said, Said::Pong) {
                return Ok(());
            }
            self.take_notice(said).await?;
        }
    }

    /// Publishes messages and waits for the acknowledgement of each.
    async fn publish(&mut self, subject: &str, lines: &[&[u8]]) -> Result<(), DeliveryError> {
        let (mut frames, mut waiting) = (Vec::new(), BTreeSet::new());
        for line in lines {
            let tab = line.iter().position(|byte| *byte == b'\t').ok_or(DeliveryError::Protocol)?;
            let (id, message) = line.split_at(tab);
            let message = message.get(1..).unwrap_or_default();
            let id = String::from_utf8_lossy(id);
            let head = format!("NATS/1.0\r\nNats-Msg-Id: {id}\r\n\r\n");
            let length = head.len() + message.len();
            if length as u64 > self.payload_max {
                return Err(DeliveryError::Refused("longer than the server takes".to_owned()));
            }
            self.sent += 1;
            waiting.insert(self.sent);
            let (inbox, sent) = (&self.inbox, self.sent);
            frames.extend(
                format!("HPUB {subject} {inbox}.{sent} {} {length}\r\n{head}", head.len()).into_bytes(),
            );
            frames.extend_from_slice(message);
            frames.extend_from_slice(b"\r\n");
        }
        self.write(&frames).await?;
        while !waiting.is_empty() {
            let said = self.said().await?;
            if let Said::Answer(number, fate) = said {
                kept(fate)?;
                waiting.remove(&number);
            } else {
                self.take_notice(said).await?;
            }
        }
        Ok(())
    }

    /// What the server says by itself.
    async fn take_notice(&mut self, said: Said) -> Result<(), DeliveryError> {
        match said {
            Said::Ping => self.write(b"PONG\r\n").await,
            Said::Info(_) | Said::Ok | Said::Pong => Ok(()),
            Said::Error(words) => Err(DeliveryError::Failed(format!("the server says {words}"))),
            Said::Answer(..) => Err(DeliveryError::Protocol),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), DeliveryError> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written.await.map_err(broken)
    }

    async fn said(&mut self) -> Result<Said, DeliveryError> {
        loop {
            match self.incoming.next_said() {
                Ok(Some(said)) => return Ok(said),
                Ok(None) => self.read().await?,
                Err(Malformed) => return Err(DeliveryError::Protocol),
            }
        }
    }

    async fn read(&mut self) -> Result<(), DeliveryError> {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).await.map_err(broken)?;
        if read == 0 {
            return Err(DeliveryError::Closed);
        }
        self.incoming.push(buffer.get(..read).unwrap_or_default());
        Ok(())
    }
}

/// Whether the stream has kept a message.
fn kept(fate: Fate) -> Result<(), DeliveryError> {
    match fate {
        Fate::Kept => Ok(()),
        Fate::Unheard => {
            let what = "no stream takes the subject: make one, or correct `subject`";
            Err(DeliveryError::Failed(what.to_owned()))
        }
        Fate::TooLong => Err(DeliveryError::Refused("longer than the stream takes".to_owned())),
        Fate::Failed(code) => {
            Err(DeliveryError::Failed(format!("the stream does not take it (JetStream error {code})")))
        }
    }
}

fn broken(_: io::Error) -> DeliveryError {
    DeliveryError::Closed
}
