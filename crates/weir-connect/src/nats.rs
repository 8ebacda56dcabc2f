//! The way to a stream of NATS JetStream inside the network.
//!
//! A publisher and no more: it knows no cluster, and follows no other address that the server names.

use crate::connector::{ByteStream, Connector};
use crate::delivery::{DeliveryError, Login};
use crate::sigv4::hex;
use crate::{ConnectError, Endpoint, EndpointError, SendError};
use ipnet::IpNet;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use weir_label::{Local, Permit};
use weir_wire::{Destination, Encode};

/// Messages whose acknowledgements are waited for together.
const TOGETHER: usize = 128;
/// The longest line and the longest message of the server.
const LINE_BYTES_MAX: usize = 64 * 1024;
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The longest message that is sent where the server does not say.
const PAYLOAD_BYTES: u64 = 1024 * 1024;
/// JetStream's number for a message that is longer than the stream takes.
const MESSAGE_TOO_LONG: u64 = 10054;

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
        let Place { backend, connector, .. } = &self.place;
        if permit.backend() != &**backend {
            let permitted = permit.backend().to_owned();
            return Err(SendError::WrongBackend { permitted, backend: backend.to_string() }.into());
        }
        let mut content = Vec::new();
        permit.content().encode(&Destination::new("", false), &mut content);
        let limit = connector.timeout();
        let session = self.session.take();
        let done = timeout(limit, self.place.publish(session, &content)).await;
        let late = ConnectError::FirstByteTimeout { host: connector.host().to_owned(), after: limit };
        // A session that failed, or was left in the middle, is not used again.
        self.session = Some(done.map_err(|_| SendError::from(late))??);
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
        let greeting = session.line().await?;
        let info: Value = greeting
            .strip_prefix("INFO ")
            .and_then(|info| serde_json::from_str(info).ok())
            .ok_or(DeliveryError::Protocol)?;
        let says = |name| info.get(name).and_then(Value::as_bool) == Some(true);
        if !says("headers") || !says("jetstream") {
            let what = "the server has no JetStream; without it nobody can tell whether a message was kept";
            return Err(DeliveryError::Failed(what.to_owned()));
        }
        session.payload_max = info.get("max_payload").and_then(Value::as_u64).unwrap_or(PAYLOAD_BYTES);
        if let Some(tls) = self.connector.tls() {
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
///
/// Source: NATS documentation, "Client Protocol"; ADR-4 (headers), ADR-22 (acknowledgements of JetStream).
struct Session {
    stream: ByteStream,
    received: Vec<u8>,
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
        Ok(Self { stream, received: Vec::new(), inbox, sent: 0, payload_max: PAYLOAD_BYTES })
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
            let line = self.line().await?;
            if line == "PONG" {
                return Ok(());
            }
            self.take_notice(&line).await?;
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
            let line = self.line().await?;
            match Answer::read(&line, &self.inbox) {
                None => self.take_notice(&line).await?,
                Some(answer) => {
                    let message = self.message(answer.length).await?;
                    kept(message.get(answer.head_length..).unwrap_or_default())?;
                    waiting.remove(&answer.number);
                }
            }
        }
        Ok(())
    }

    /// What the server says by itself.
    async fn take_notice(&mut self, line: &str) -> Result<(), DeliveryError> {
        match line.split(' ').next() {
            Some("PING") => self.write(b"PONG\r\n").await,
            Some("INFO" | "+OK" | "PONG") => Ok(()),
            Some("-ERR") => Err(DeliveryError::Failed(said(line))),
            Some(_) | None => Err(DeliveryError::Protocol),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), DeliveryError> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        written.await.map_err(broken)
    }

    /// The next line, without its end.
    async fn line(&mut self) -> Result<String, DeliveryError> {
        loop {
            if let Some(end) = self.received.windows(2).position(|two| two == b"\r\n") {
                let line = self.received.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).map_err(|_| DeliveryError::Protocol);
            }
            if self.received.len() > LINE_BYTES_MAX {
                return Err(DeliveryError::Protocol);
            }
            self.read().await?;
        }
    }

    /// A message of so many bytes and the end of line behind it.
    async fn message(&mut self, length: usize) -> Result<Vec<u8>, DeliveryError> {
        if length > MESSAGE_BYTES_MAX {
            return Err(DeliveryError::Protocol);
        }
        while self.received.len() < length + 2 {
            self.read().await?;
        }
        let mut message: Vec<u8> = self.received.drain(..length + 2).collect();
        message.truncate(length);
        Ok(message)
    }

    async fn read(&mut self) -> Result<(), DeliveryError> {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).await.map_err(broken)?;
        if read == 0 {
            return Err(DeliveryError::Closed);
        }
        self.received.extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(())
    }
}

/// The head of an answer to a message that was published.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    number: u64,
    head_length: usize,
    length: usize,
}

impl Answer {
    /// `MSG SUBJECT SID [REPLY] LENGTH` or `HMSG SUBJECT SID [REPLY] HEAD LENGTH`.
    fn read(line: &str, inbox: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (kind, subject) = (words.first()?, words.get(1)?);
        let number = subject.strip_prefix(inbox)?.strip_prefix('.')?.parse().ok()?;
        let length = words.last()?.parse().ok()?;
        match *kind {
            "MSG" => Some(Self { number, head_length: 0, length }),
            "HMSG" => {
                let head_length = words.get(words.len().checked_sub(2)?)?.parse().ok()?;
                Some(Self { number, head_length, length })
            }
            _ => None,
        }
    }
}

/// Whether the stream has kept a message. An answer without content is the server's own: nobody takes the subject.
fn kept(answer: &[u8]) -> Result<(), DeliveryError> {
    if answer.is_empty() {
        let what = "no stream takes the subject: make one, or correct `subject`";
        return Err(DeliveryError::Failed(what.to_owned()));
    }
    let answer: Value = serde_json::from_slice(answer).map_err(|_| DeliveryError::Protocol)?;
    let code = answer.pointer("/error/err_code").and_then(Value::as_u64);
    match (code, answer.get("stream").and_then(Value::as_str)) {
        (Some(MESSAGE_TOO_LONG), _) => Err(DeliveryError::Refused("longer than the stream takes".to_owned())),
        (Some(code), _) => {
            Err(DeliveryError::Failed(format!("the stream does not take it (JetStream error {code})")))
        }
        (None, Some(_)) => Ok(()),
        (None, None) => Err(DeliveryError::Protocol),
    }
}

/// An error of the server's own words, which are short and hold nothing that was sent.
fn said(line: &str) -> String {
    let words: String = line.chars().filter(|char| !char.is_control()).take(120).collect();
    format!("the server says {words}")
}

fn broken(_: io::Error) -> DeliveryError {
    DeliveryError::Closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_what_the_server_says_by_itself() {
        let plain = Answer::read("MSG _INBOX.a.7 1 30", "_INBOX.a");
        assert_eq!(plain, Some(Answer { number: 7, head_length: 0, length: 30 }));
        let headed = Answer::read("HMSG _INBOX.a.8 1 16 16", "_INBOX.a");
        assert_eq!(headed, Some(Answer { number: 8, head_length: 16, length: 16 }));
        for line in ["PING", "MSG _INBOX.b.7 1 30", "MSG _INBOX.a.x 1 30", "MSG _INBOX.a.7 1 x", "INFO {}"] {
            assert_eq!(Answer::read(line, "_INBOX.a"), None, "{line}");
        }
    }

    #[test]
    fn only_a_stream_that_says_so_has_kept_a_message() {
        assert!(kept(br#"{"stream":"AUDIT","seq":1}"#).is_ok());
        assert!(kept(br#"{"stream":"AUDIT","seq":1,"duplicate":true}"#).is_ok());
        assert!(matches!(kept(b""), Err(DeliveryError::Failed(_))));
        assert!(matches!(
            kept(br#"{"error":{"code":400,"err_code":10054}}"#),
            Err(DeliveryError::Refused(_))
        ));
        assert!(matches!(kept(br#"{"error":{"code":503,"err_code":10077}}"#), Err(DeliveryError::Failed(_))));
        assert!(matches!(kept(b"{}"), Err(DeliveryError::Protocol)));
        assert!(matches!(kept(b"yes"), Err(DeliveryError::Protocol)));
    }
}
