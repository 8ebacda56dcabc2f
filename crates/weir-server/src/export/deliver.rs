//! Events to one receiver.

use super::file::Lines as FileLines;
use crate::snapshot::{Snapshot, endpoint};
use crate::way::aws_keys;
use bytes::Bytes;
use http::StatusCode;
use ipnet::IpNet;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::export::{Exported, Format, Source, otlp_request, syslog_message};
use weir_config::{Export, Remote, Server, Sink};
use weir_egress::CloudBackend;
use weir_label::{Classified, Cloud, Inspect, Label, Level, Local, Permit, Recipient, ZoneKind};
use weir_local::{
    Accept, Call, Credential, DeliveryError, Endpoint, Framing, Lines, LocalBackend, Login, Put, Response,
    SendError, Subject, Table,
};
use weir_wire::{Destination, Encode};

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// AWS's name of the service, and of the region that stores of others take for their own.
const S3: &str = "s3";
const REGION: &str = "us-east-1";
const LOGS: &str = "/v1/logs";
/// The longest datagram. Source: RFC 768 and RFC 791: 65,535 bytes with both headers.
const DATAGRAM_BYTES_MAX: usize = 65_507;

/// Why a receiver has not got the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    Timeout,
    NoPermit,
    Setting(String),
    Unreachable(&'static str),
    Status(u16),
    /// It answers something else than was asked.
    Answer,
    /// It says why.
    Server(String),
    Disk(String),
    Log(String),
    /// It will not take these events, however often it is asked.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Timeout => f.write_str("it did not answer in time"),
            Failure::NoPermit => f.write_str(
                "the boundary does not let `internal` data out, and records are that: export to a receiver inside",
            ),
            Failure::Setting(what) | Failure::Server(what) => f.write_str(what),
            Failure::Unreachable(code) => write!(f, "it cannot be reached ({code})"),
            Failure::Status(status) => write!(f, "it answered with status {status}"),
            Failure::Answer => f.write_str("its answer is not one of its protocol"),
            Failure::Disk(what) => write!(f, "it cannot be written: {what}"),
            Failure::Log(what) => write!(f, "the log cannot be read: {what}"),
            Failure::Refused(what) => write!(f, "it refuses events: {what}"),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Failure::Unreachable(error.code())
    }
}

impl From<DeliveryError> for Failure {
    fn from(error: DeliveryError) -> Self {
        match error {
            DeliveryError::Send(error) => error.into(),
            DeliveryError::Refused(what) => Failure::Refused(what),
            DeliveryError::Failed(what) => Failure::Server(what),
            DeliveryError::Protocol => Failure::Answer,
            DeliveryError::Closed => Failure::Unreachable("closed"),
        }
    }
}

/// Events on their way: what the log holds of them, which is no text of any request.
struct Message {
    content: Bytes,
    media_type: &'static str,
}

impl Encode for Message {
    fn encode(&self, _to: &Destination<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.content);
    }

    fn media_type(&self) -> Option<String> {
        Some(self.media_type.to_owned())
    }
}

/// Who asked for what, and of which kind of data, is the organisation's own business.
struct Records;

impl Inspect<Message> for Records {
    fn inspect(&self, _message: &Message) -> Label {
        Label::at(Level::Internal)
    }
}

fn message(text: String, media_type: &'static str) -> Classified<Message> {
    Classified::new(Message { content: text.into(), media_type }, &Records)
}

/// The way to a receiver, kept open between deliveries.
pub(super) struct Receiver {
    name: Arc<str>,
    timeout: Duration,
    source: Source,
    way: Way,
}

enum Way {
    File(Option<FileLines>, Format),
    Otlp(Http),
    Store(Http, Format),
    Syslog(Lines, Format, Framing),
    Postgres(Table),
    Nats(Subject, Format),
}

/// One of the two doors.
enum Http {
    Local(LocalBackend),
    Cloud(CloudBackend),
}

impl Receiver {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`Failure::Setting`] when its parts do not fit together.
    pub fn new(export: &Export, inside: &[IpNet], source: Source) -> Result<Self, Failure> {
        let to = |server: &Server| {
            let endpoint =
                endpoint(&export.name, &server.url, None, server.ca_pem.as_deref()).map_err(setting)?;
            Ok::<_, Failure>(endpoint.with_connect_timeout(export.timeout))
        };
        let way = match &export.sink {
            Sink::File { path, format, rotate, keep } => {
                Way::File(Some(FileLines::new(path, *rotate, *keep)), *format)
            }
            Sink::Otlp(at) => {
                let endpoint = remote(export, at)?;
                let endpoint = match &at.api_key {
                    Some(key) => endpoint.with_credential(bearer(key.expose())?),
                    None => endpoint,
                };
                Way::Otlp(Http::new(at.zone, endpoint, inside)?)
            }
            Sink::Store { at, region, format } => {
                let keys = at.api_key.as_ref().map_or("", |key| key.expose());
                let keys = aws_keys(keys, region.as_deref().unwrap_or(REGION), S3).map_err(setting)?;
                let endpoint = remote(export, at)?.with_credential(Credential::aws(keys));
                Way::Store(Http::new(at.zone, endpoint, inside)?, *format)
            }
            Sink::Syslog { server, datagrams, format } => {
                let framing = if *datagrams { Framing::Datagram } else { Framing::Stream };
                Way::Syslog(Lines::local(&to(server)?, inside, framing).map_err(setting)?, *format, framing)
            }
            Sink::Postgres { server, credential, database, table } => {
                let login = Login::parse(credential.expose());
                Way::Postgres(Table::local(&to(server)?, inside, (database, table), login).map_err(setting)?)
            }
            Sink::Nats { server, credential, subject, format } => {
                let login = credential.as_ref().map(|key| Login::parse(key.expose()));
                Way::Nats(Subject::local(&to(server)?, inside, subject, login).map_err(setting)?, *format)
            }
        };
        Ok(Self { name: export.name.clone(), timeout: export.timeout, source, way })
    }

    /// Delivers events, of which there is one at least, and waits until the receiver has them, as far as it says so.
    /// How many of them it has not taken and will not take.
    ///
    /// # Errors
    /// [`Failure`]; the receiver may have some of them.
    pub async fn deliver(&mut self, events: &[Exported], snapshot: &Snapshot) -> Result<u64, Failure> {
        let Self { name, timeout, source, way } = self;
        let permits = Permits { name, snapshot };
        match way {
            Way::File(lines, format) => append(lines, events, *format, source).await.map(|()| 0),
            Way::Otlp(http) => {
                let message = message(otlp_request(events, source), "application/json");
                let response = http.post(&message, &permits, *timeout).await?;
                taken(response, *timeout).await
            }
            Way::Store(http, format) => {
                let (path, media_type) = object(events, *format, source);
                let message = message(lines(events, *format, source), media_type);
                let status = http.put(&path, &message, &permits, *timeout).await?.status();
                if status.is_success() { Ok(0) } else { Err(Failure::Status(status.as_u16())) }
            }
            Way::Syslog(lines, format, framing) => {
                let messages: Vec<String> =
                    events.iter().map(|event| syslog_message(event, *format, source)).collect();
                if *framing == Framing::Datagram
                    && messages.iter().any(|message| message.len() > DATAGRAM_BYTES_MAX)
                {
                    return Err(Failure::Refused("longer than a datagram".to_owned()));
                }
                let message = message(messages.join("\n"), "text/plain; charset=utf-8");
                lines.send_all(permits.local(&message)?).await?;
                Ok(0)
            }
            Way::Postgres(table) => {
                let events: Vec<&str> = events.iter().map(Exported::json).collect();
                let log = serde_json::Value::from(source.log.as_str());
                let text = format!("{{\"log\":{log},\"events\":[{}]}}", events.join(","));
                table.insert(permits.local(&message(text, "application/json"))?).await?;
                Ok(0)
            }
            Way::Nats(subject, format) => {
                let line =
                    |event: &Exported| format!("{}\t{}", event.event_id(), event.line(*format, source));
                let lines: Vec<String> = events.iter().map(line).collect();
                subject.publish(permits.local(&message(lines.join("\n"), "text/plain"))?).await?;
                Ok(0)
            }
        }
    }
}

impl Http {
    fn new(zone: ZoneKind, endpoint: Endpoint, inside: &[IpNet]) -> Result<Self, Failure> {
        match zone {
            ZoneKind::Local => LocalBackend::new(endpoint, inside).map(Self::Local).map_err(setting),
            ZoneKind::Cloud => CloudBackend::new(endpoint).map(Self::Cloud).map_err(setting),
        }
    }

    async fn post(
        &self,
        message: &Classified<Message>,
        permits: &Permits<'_>,
        timeout: Duration,
    ) -> Result<Response, Failure> {
        let call = Call::new(LOGS, "", Accept::Json, timeout);
        Ok(match self {
            Self::Local(door) => door.send(permits.local(message)?, &call).await?,
            Self::Cloud(door) => door.send(permits.cloud(message)?, &call).await?,
        })
    }

    async fn put(
        &self,
        path: &str,
        message: &Classified<Message>,
        permits: &Permits<'_>,
        timeout: Duration,
    ) -> Result<Response, Failure> {
        let put = Put { path, locked_until: None, first_byte_timeout: timeout };
        Ok(match self {
            Self::Local(door) => door.put(permits.local(message)?, &put).await?,
            Self::Cloud(door) => door.put(permits.cloud(message)?, &put).await?,
        })
    }
}

/// Asks the boundary in force.
struct Permits<'a> {
    name: &'a str,
    snapshot: &'a Snapshot,
}

impl Permits<'_> {
    fn local(&self, message: &Classified<Message>) -> Result<Permit<Message, Local>, Failure> {
        let boundary = &self.snapshot.loaded.policy.boundary;
        let recipient = Recipient::new(self.name, boundary.local_clearance(Level::Internal, None));
        boundary.permit(message, &recipient).map_err(|_| Failure::NoPermit)
    }

    fn cloud(&self, message: &Classified<Message>) -> Result<Permit<Message, Cloud>, Failure> {
        let boundary = &self.snapshot.loaded.policy.boundary;
        let clearance = boundary.cloud_clearance(Level::Internal, None).map_err(|_| Failure::NoPermit)?;
        boundary.permit(message, &Recipient::new(self.name, clearance)).map_err(|_| Failure::NoPermit)
    }
}

/// Appends, away from the threads that serve requests.
async fn append(
    kept: &mut Option<FileLines>,
    events: &[Exported],
    format: Format,
    source: &Source,
) -> Result<(), Failure> {
    let Some(mut file) = kept.take() else {
        return Err(Failure::Disk("a write was broken off".to_owned()));
    };
    let (first, text) = (events.first().map_or(0, |event| event.seq), lines(events, format, source));
    let append = move || {
        let appended = file.append(first, &text);
        (file, appended)
    };
    let Ok((file, appended)) = tokio::task::spawn_blocking(append).await else {
        return Err(Failure::Disk("the thread that writes ended".to_owned()));
    };
    *kept = Some(file);
    appended.map_err(|error| Failure::Disk(error.to_string()))
}

fn lines(events: &[Exported], format: Format, source: &Source) -> String {
    let mut text = String::new();
    for event in events {
        text.push_str(&event.line(format, source));
        text.push('\n');
    }
    text
}

/// The path and the media type of an object. The same events have the same name, so that what is put again after a
/// failure replaces what came the first time.
fn object(events: &[Exported], format: Format, source: &Source) -> (String, &'static str) {
    let log = source.log.replace(['/', ':', '@'], "-");
    let (extension, media_type) = match format {
        Format::Jsonl => ("jsonl", "application/x-ndjson"),
        Format::Ocsf => ("ocsf.jsonl", "application/x-ndjson"),
        Format::Cef => ("cef", "text/plain; charset=utf-8"),
    };
    let path = events.first().map_or_else(String::new, |first| {
        let day = first.day().replace('-', "/");
        format!("/{log}/{day}/{:020}-{}.{extension}", first.seq, first.event_id())
    });
    (path, media_type)
}

/// What a collector says of a request.
///
/// Source: OpenTelemetry Protocol 1.9, "OTLP/HTTP Response". What it has rejected of a request is not sent again.
async fn taken(response: Response, timeout: Duration) -> Result<u64, Failure> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Partial {
        /// A number of 64 bits, which this JSON writes as text; some write it as a number.
        rejected_log_records: serde_json::Value,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Answer {
        partial_success: Option<Partial>,
    }
    match response.status() {
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Err(Failure::Refused(format!("status {}", response.status().as_u16())))
        }
        status if !status.is_success() => Err(Failure::Status(status.as_u16())),
        _ => {
            let body = tokio::time::timeout(timeout, response.bytes(ANSWER_BYTES_MAX)).await;
            let body =
                body.map_err(|_| Failure::Timeout)?.map_err(|error| Failure::Unreachable(error.code()))?;
            // A collector may answer with nothing, or in another encoding.
            let answer: Answer = serde_json::from_slice(&body).unwrap_or_default();
            let rejected = answer.partial_success.map(|partial| partial.rejected_log_records);
            let number = rejected.and_then(|rejected| {
                rejected.as_u64().or_else(|| rejected.as_str().and_then(|text| text.parse().ok()))
            });
            Ok(number.unwrap_or(0))
        }
    }
}

fn remote(export: &Export, at: &Remote) -> Result<Endpoint, Failure> {
    let endpoint = endpoint(&export.name, &at.url, None, at.ca_pem.as_deref()).map_err(setting)?;
    Ok(endpoint.with_connect_timeout(export.timeout))
}

fn bearer(key: &str) -> Result<Credential, Failure> {
    Credential::bearer(&zeroize::Zeroizing::new(key.to_owned())).map_err(setting)
}

fn setting(error: impl std::error::Error) -> Failure {
    Failure::Setting(error.to_string())
}
