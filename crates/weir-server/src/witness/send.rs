//! One checkpoint to one witness.

use super::git::commit;
use crate::gateway::Gateway;
use crate::snapshot::{Snapshot, endpoint};
use crate::way::aws_keys;
use bytes::Bytes;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::checkpoint::note_to_line;
use weir_audit::cosign::CosignerKey;
use weir_audit::witness::AddCheckpoint;
use weir_config::{BaseUrl, Receiver, Remote, Witness};
use weir_egress::CloudBackend;
use weir_label::{Classified, Inspect, Label, Level, Recipient, ZoneKind};
use weir_local::{
    Accept, Call, Credential, Endpoint, Framing, Lines, LocalBackend, Put, Response, SendError,
};
use weir_store::audit::Evidence;
use weir_wire::{Destination, Encode};

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// AWS's name of the service, and of the region that stores of others take for their own.
const S3: &str = "s3";
const REGION: &str = "us-east-1";
/// Log audit, informational: 13 · 8 + 6. Source: RFC 5424, section 6.2.1.
const PRIORITY: u8 = 110;

/// A witness has the newest checkpoint.
#[derive(Debug)]
pub(super) struct Sent {
    pub size: u64,
    /// The checkpoint, with the witness's signature if it gives one; nothing if it had it already.
    pub note: Option<String>,
}

/// Why a witness does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SendFailure {
    Timeout,
    NoPermit,
    Setting(String),
    Unreachable(&'static str),
    Status(u16),
    /// It answers something else than was asked.
    Answer,
    /// It has signed what this log does not continue.
    Inconsistent,
    /// It has signed more events than this log has.
    Ahead(u64),
    Command(String),
    Log,
}

impl SendFailure {
    /// The word in events and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            SendFailure::Timeout => "timeout",
            SendFailure::NoPermit => "no_permit",
            SendFailure::Setting(_) => "setting",
            SendFailure::Unreachable(code) => code,
            SendFailure::Status(_) => "status",
            SendFailure::Answer => "answer",
            SendFailure::Inconsistent => "inconsistent",
            SendFailure::Ahead(_) => "ahead",
            SendFailure::Command(_) => "command",
            SendFailure::Log => "log",
        }
    }

    /// Whether waiting does not help.
    pub fn is_final(&self) -> bool {
        matches!(self, SendFailure::Inconsistent | SendFailure::Ahead(_))
    }
}

impl fmt::Display for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendFailure::Timeout => f.write_str("it did not answer in time"),
            SendFailure::NoPermit => f.write_str("the boundary lets nothing out"),
            SendFailure::Setting(what) | SendFailure::Command(what) => f.write_str(what),
            SendFailure::Unreachable(code) => write!(f, "it cannot be reached ({code})"),
            SendFailure::Status(status) => write!(f, "it answered with status {status}"),
            SendFailure::Answer => f.write_str("its answer is not its signature over the checkpoint"),
            SendFailure::Inconsistent => f.write_str(
                "it has signed a checkpoint that this log does not continue: the log was forked, or is written on \
                 two machines",
            ),
            SendFailure::Ahead(size) => write!(
                f,
                "it has signed {size} events, more than this log has: the log was put back, or is written on two \
                 machines"
            ),
            SendFailure::Log => f.write_str("the log cannot be read"),
        }
    }
}

impl From<SendError> for SendFailure {
    fn from(error: SendError) -> Self {
        SendFailure::Unreachable(error.code())
    }
}

/// A checkpoint on its way: the name, the size and the root of a log, and signatures.
struct Message(Bytes);

impl Encode for Message {
    fn encode(&self, _to: &Destination<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn media_type(&self) -> Option<String> {
        Some("text/plain; charset=utf-8".to_owned())
    }
}

/// It is made to be published.
struct Public;

impl Inspect<Message> for Public {
    fn inspect(&self, _message: &Message) -> Label {
        Label::at(Level::Public)
    }
}

/// Sends the newest checkpoint if it is newer than that of `known` events.
pub(super) async fn send(
    gateway: &Arc<Gateway>,
    witness: &Witness,
    known: Option<u64>,
) -> Result<Sent, SendFailure> {
    let log = gateway.clone();
    let evidence = tokio::task::spawn_blocking(move || Evidence::open(log.audit.directory(), None)).await;
    let Ok(Ok(evidence)) = evidence else { return Err(SendFailure::Log) };
    let size = evidence.checkpoint().size;
    if known == Some(size) {
        return Ok(Sent { size, note: None });
    }
    let snapshot = gateway.snapshot();
    let way = Way { snapshot: &snapshot, witness };
    let name = file_name(evidence.checkpoint().origin.as_str());
    let note = evidence.note().to_owned();
    let note = match &witness.receiver {
        Receiver::Cosigner { at, key } => way.cosigned(at, key, &evidence, known.unwrap_or(0)).await?,
        Receiver::Syslog { url, datagrams, ca_pem } => {
            way.syslog((url, *datagrams, ca_pem.as_deref()), &evidence).await?;
            note
        }
        Receiver::Store { at, region, lock } => {
            let region = region.as_deref().unwrap_or(REGION);
            way.put(at, region, *lock, &format!("/{name}/{size:020}"), &note).await?;
            note
        }
        Receiver::Git { repository, commands } => {
            commit(gateway, repository, commands, (name, note.clone()), witness.timeout).await?;
            note
        }
    };
    Ok(Sent { size, note: Some(note) })
}

/// The name of a log as that of a file.
fn file_name(origin: &str) -> String {
    origin.replace(['/', ':', '@'], "-")
}

struct Way<'a> {
    snapshot: &'a Snapshot,
    witness: &'a Witness,
}

impl Way<'_> {
    /// The checkpoint with the witness's signature. A witness that has signed another size than is believed says so.
    async fn cosigned(
        &self,
        at: &Remote,
        key: &CosignerKey,
        evidence: &Evidence,
        known: u64,
    ) -> Result<String, SendFailure> {
        let size = evidence.checkpoint().size;
        let mut old = known.min(size);
        let mut has_told = false;
        for _ in 0..3 {
            let proof = evidence.consistency(old).map_err(|_| SendFailure::Log)?;
            let request = AddCheckpoint { old, proof, note: evidence.note().to_owned() };
            let response = self.post(at, "/add-checkpoint", request.to_string()).await?;
            let (status, answer) = (response.status(), text(response).await?);
            match status {
                StatusCode::OK => {
                    let note = format!("{}{answer}", evidence.note());
                    return key.verify(&note).map(|_| note).map_err(|_| SendFailure::Answer);
                }
                StatusCode::CONFLICT => match answer.trim().parse::<u64>() {
                    Ok(signed) if signed > size => return Err(SendFailure::Ahead(signed)),
                    Ok(signed) if signed != old => old = signed,
                    Ok(_) | Err(_) => return Err(SendFailure::Inconsistent),
                },
                StatusCode::UNPROCESSABLE_ENTITY => return Err(SendFailure::Inconsistent),
                // The key may have been changed since the witness was told it.
                StatusCode::FORBIDDEN if !has_told => {
                    self.tell_of_keys(at, evidence).await?;
                    has_told = true;
                }
                other => return Err(SendFailure::Status(other.as_u16())),
            }
        }
        Err(SendFailure::Answer)
    }

    /// Tells a witness which keys the log has had. One that is not Weir's may not know what that is.
    async fn tell_of_keys(&self, at: &Remote, evidence: &Evidence) -> Result<(), SendFailure> {
        let refused = SendFailure::Status(StatusCode::FORBIDDEN.as_u16());
        let rotations = evidence.rotations().map_err(|_| SendFailure::Log)?;
        if rotations.is_empty() {
            return Err(refused);
        }
        let response = self.post(at, "/rotations", rotations).await?;
        if response.status() == StatusCode::OK { Ok(()) } else { Err(refused) }
    }

    async fn post(&self, at: &Remote, path: &str, body: String) -> Result<Response, SendFailure> {
        let endpoint = self.endpoint(&at.url, at.ca_pem.as_deref())?;
        let endpoint = match &at.api_key {
            Some(key) => endpoint.with_credential(bearer(key.expose())?),
            None => endpoint,
        };
        let call = Call::new(path, "", Accept::Json, self.witness.timeout);
        let message = message(body);
        Ok(match at.zone {
            ZoneKind::Local => {
                let door = self.local(endpoint)?;
                door.send(self.local_permit(&message)?, &call).await?
            }
            ZoneKind::Cloud => {
                let door = CloudBackend::new(endpoint).map_err(|error| setting(&error))?;
                door.send(self.cloud_permit(&message)?, &call).await?
            }
        })
    }

    async fn put(
        &self,
        at: &Remote,
        region: &str,
        lock: Option<Duration>,
        path: &str,
        note: &str,
    ) -> Result<(), SendFailure> {
        let endpoint = self.endpoint(&at.url, at.ca_pem.as_deref())?;
        let keys = at.api_key.as_ref().map_or("", |key| key.expose());
        let credential = aws_keys(keys, region, S3).map(Credential::aws).map_err(|error| setting(&error))?;
        let endpoint = endpoint.with_credential(credential);
        let until = lock.map(|lock| until(Timestamp::now(), lock));
        let put = Put { path, locked_until: until.as_deref(), first_byte_timeout: self.witness.timeout };
        let message = message(note.to_owned());
        let response = match at.zone {
            ZoneKind::Local => self.local(endpoint)?.put(self.local_permit(&message)?, &put).await?,
            ZoneKind::Cloud => {
                let door = CloudBackend::new(endpoint).map_err(|error| setting(&error))?;
                door.put(self.cloud_permit(&message)?, &put).await?
            }
        };
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(SendFailure::Status(status.as_u16())) }
    }

    async fn syslog(
        &self,
        (url, datagrams, ca_pem): (&BaseUrl, bool, Option<&str>),
        evidence: &Evidence,
    ) -> Result<(), SendFailure> {
        let framing = if datagrams { Framing::Datagram } else { Framing::Stream };
        let inside = &self.snapshot.loaded.config.network_inside;
        let lines = Lines::local(&self.endpoint(url, ca_pem)?, inside, framing);
        let lines = lines.map_err(|error| setting(&error))?;
        let origin = evidence.checkpoint().origin.as_str();
        let message = message(syslog_line(origin, evidence.note(), Timestamp::now()));
        Ok(lines.send(self.local_permit(&message)?).await?)
    }

    fn endpoint(&self, url: &BaseUrl, ca_pem: Option<&str>) -> Result<Endpoint, SendFailure> {
        let endpoint = endpoint(&self.witness.name, url, None, ca_pem).map_err(|error| setting(&error))?;
        Ok(endpoint.with_connect_timeout(self.witness.timeout))
    }

    fn local(&self, endpoint: Endpoint) -> Result<LocalBackend, SendFailure> {
        let inside = &self.snapshot.loaded.config.network_inside;
        LocalBackend::new(endpoint, inside).map_err(|error| setting(&error))
    }

    fn local_permit(
        &self,
        message: &Classified<Message>,
    ) -> Result<weir_label::Permit<Message, weir_label::Local>, SendFailure> {
        let boundary = &self.snapshot.loaded.policy.boundary;
        let recipient = Recipient::new(&self.witness.name, boundary.local_clearance(Level::Public, None));
        boundary.permit(message, &recipient).map_err(|_| SendFailure::NoPermit)
    }

    fn cloud_permit(
        &self,
        message: &Classified<Message>,
    ) -> Result<weir_label::Permit<Message, weir_label::Cloud>, SendFailure> {
        let boundary = &self.snapshot.loaded.policy.boundary;
        let clearance = boundary.cloud_clearance(Level::Public, None).map_err(|_| SendFailure::NoPermit)?;
        let recipient = Recipient::new(&self.witness.name, clearance);
        boundary.permit(message, &recipient).map_err(|_| SendFailure::NoPermit)
    }
}

fn message(text: String) -> Classified<Message> {
    Classified::new(Message(text.into()), &Public)
}

fn setting(error: &dyn std::error::Error) -> SendFailure {
    SendFailure::Setting(error.to_string())
}

fn bearer(key: &str) -> Result<Credential, SendFailure> {
    Credential::bearer(&zeroize::Zeroizing::new(key.to_owned())).map_err(|error| setting(&error))
}

async fn text(response: Response) -> Result<String, SendFailure> {
    let bytes = response.bytes(ANSWER_BYTES_MAX).await;
    let bytes = bytes.map_err(|error| SendFailure::Unreachable(error.code()))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| SendFailure::Answer)
}

/// A time in whole seconds.
fn until(now: Timestamp, lock: Duration) -> String {
    let lock = SignedDuration::try_from(lock).unwrap_or(SignedDuration::MAX);
    let until = now.checked_add(lock).unwrap_or(Timestamp::MAX);
    let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
    until.to_string()
}

/// Source: RFC 5424, section 6.
fn syslog_line(origin: &str, note: &str, now: Timestamp) -> String {
    let host = origin.rsplit('/').next().filter(|host| !host.is_empty()).unwrap_or("-");
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let id = std::process::id();
    format!("<{PRIORITY}>1 {now} {host} weir {id} checkpoint - {}", note_to_line(note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_audit::checkpoint::note_of_line;

    #[test]
    fn a_line_of_syslog_has_the_fields_of_the_standard_and_the_whole_note() {
        let now = "2026-03-01T09:30:00.125999Z".parse().unwrap();
        let line = syslog_line("weir/audit/node-1", "weir/audit/node-1\n2\nx\n\n— s\n", now);
        let head =
            format!("<110>1 2026-03-01T09:30:00.125Z node-1 weir {} checkpoint - weir-", std::process::id());
        assert!(line.starts_with(&head), "{line}");
        assert_eq!(note_of_line(&line).unwrap(), "weir/audit/node-1\n2\nx\n\n— s\n");
    }

    #[test]
    fn a_lock_ends_at_a_whole_second() {
        let now = "2026-03-01T09:30:00.9Z".parse().unwrap();
        assert_eq!(until(now, Duration::from_secs(86_400)), "2026-03-02T09:30:00Z");
    }
}
