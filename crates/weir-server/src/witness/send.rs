//! One checkpoint to one witness.

use super::git::commit;
use crate::gateway::Gateway;
use crate::outlet::{ANSWER_BYTES_MAX, Http, Outlet, TEXT, Unsent, file_name, server};
use http::StatusCode;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::checkpoint::note_to_line;
use weir_audit::cosign::CosignerKey;
use weir_audit::witness::AddCheckpoint;
use weir_config::{Receiver, Remote, Server, Witness};
use weir_label::Level;
use weir_local::{Framing, Lines, Response, SendError};
use weir_store::audit::Evidence;

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

impl From<Unsent> for SendFailure {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::NoPermit => SendFailure::NoPermit,
            Unsent::Setting(what) => SendFailure::Setting(what),
            Unsent::Unreachable(code) => SendFailure::Unreachable(code),
        }
    }
}

impl From<SendError> for SendFailure {
    fn from(error: SendError) -> Self {
        Unsent::from(error).into()
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
    // A checkpoint is made to be published: the name of a log, its size, its root, and signatures.
    let outlet = Outlet { name: &witness.name, level: Level::Public, snapshot: &snapshot };
    let way = Way { outlet, witness, inside: &snapshot.loaded.config.network_inside };
    let name = file_name(evidence.checkpoint().origin.as_str());
    let note = evidence.note().to_owned();
    let note = match &witness.receiver {
        Receiver::Cosigner { at, key } => way.cosigned(at, key, &evidence, known.unwrap_or(0)).await?,
        Receiver::Syslog { server, datagrams } => {
            way.syslog(server, *datagrams, &evidence).await?;
            note
        }
        Receiver::Store { at, region, lock } => {
            let path = format!("/{name}/{size:020}");
            way.put((at, region.as_deref()), *lock, &path, note.clone()).await?;
            note
        }
        Receiver::Git { repository, commands } => {
            commit(gateway, repository, commands, (name, note.clone()), witness.timeout).await?;
            note
        }
    };
    Ok(Sent { size, note: Some(note) })
}

struct Way<'a> {
    outlet: Outlet<'a>,
    witness: &'a Witness,
    inside: &'a [IpNet],
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
        let http = Http::new(&self.witness.name, at, self.witness.timeout, self.inside)?;
        for _ in 0..3 {
            let proof = evidence.consistency(old).map_err(|_| SendFailure::Log)?;
            let request = AddCheckpoint { old, proof, note: evidence.note().to_owned() };
            let message = (request.to_string(), TEXT);
            let response = http.post("/add-checkpoint", message, &self.outlet).await?;
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
                    self.tell_of_keys(&http, evidence).await?;
                    has_told = true;
                }
                other => return Err(SendFailure::Status(other.as_u16())),
            }
        }
        Err(SendFailure::Answer)
    }

    /// Tells a witness which keys the log has had. One that is not Weir's may not know what that is.
    async fn tell_of_keys(&self, http: &Http, evidence: &Evidence) -> Result<(), SendFailure> {
        let refused = SendFailure::Status(StatusCode::FORBIDDEN.as_u16());
        let rotations = evidence.rotations().map_err(|_| SendFailure::Log)?;
        if rotations.is_empty() {
            return Err(refused);
        }
        let response = http.post("/rotations", (rotations, TEXT), &self.outlet).await?;
        if response.status() == StatusCode::OK { Ok(()) } else { Err(refused) }
    }

    async fn put(
        &self,
        (at, region): (&Remote, Option<&str>),
        lock: Option<Duration>,
        path: &str,
        note: String,
    ) -> Result<(), SendFailure> {
        let http = Http::store(&self.witness.name, (at, region), self.witness.timeout, self.inside)?;
        let until = lock.map(|lock| until(Timestamp::now(), lock));
        let response = http.put(path, until.as_deref(), (note, TEXT), &self.outlet).await?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(SendFailure::Status(status.as_u16())) }
    }

    async fn syslog(&self, at: &Server, datagrams: bool, evidence: &Evidence) -> Result<(), SendFailure> {
        let framing = if datagrams { Framing::Datagram } else { Framing::Stream };
        let endpoint = server(&self.witness.name, at, self.witness.timeout)?;
        let lines = Lines::local(&endpoint, self.inside, framing).map_err(Unsent::setting)?;
        let origin = evidence.checkpoint().origin.as_str();
        let line = syslog_line(origin, evidence.note(), Timestamp::now());
        Ok(lines.send(self.outlet.local(line, TEXT)?).await?)
    }
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
