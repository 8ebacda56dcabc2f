//! Events to one receiver.

use super::file::Lines as FileLines;
use crate::outlet::{ANSWER_BYTES_MAX, Http, Outlet, TEXT, Unsent, file_name, server};
use crate::snapshot::Snapshot;
use http::StatusCode;
use ipnet::IpNet;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::export::{Exported, Format, Source, otlp_request, syslog_message};
use weir_config::{Export, Sink};
use weir_label::Level;
use weir_local::{DeliveryError, Framing, Lines, Login, Response, SendError, Subject, Table};

const JSON: &str = "application/json";
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

impl From<Unsent> for Failure {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::NoPermit => Failure::NoPermit,
            Unsent::Setting(what) => Failure::Setting(what),
            Unsent::Unreachable(code) => Failure::Unreachable(code),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Unsent::from(error).into()
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

impl Receiver {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`Failure::Setting`] when its parts do not fit together.
    pub fn new(export: &Export, inside: &[IpNet], source: Source) -> Result<Self, Failure> {
        let Export { name, timeout, .. } = export;
        let way = match &export.sink {
            Sink::File { path, format, rotate, keep } => {
                Way::File(Some(FileLines::new(path, *rotate, *keep)), *format)
            }
            Sink::Otlp(at) => Way::Otlp(Http::new(name, at, *timeout, inside)?),
            Sink::Store { at, region, format } => {
                Way::Store(Http::store(name, (at, region.as_deref()), *timeout, inside)?, *format)
            }
            Sink::Syslog { server: at, datagrams, format } => {
                let framing = if *datagrams { Framing::Datagram } else { Framing::Stream };
                let lines = Lines::local(&server(name, at, *timeout)?, inside, framing);
                Way::Syslog(lines.map_err(Unsent::setting)?, *format, framing)
            }
            Sink::Postgres { server: at, credential, database, table } => {
                let login = Login::parse(credential.expose());
                let table = Table::local(&server(name, at, *timeout)?, inside, (database, table), login);
                Way::Postgres(table.map_err(Unsent::setting)?)
            }
            Sink::Nats { server: at, credential, subject, format } => {
                let login = credential.as_ref().map(|key| Login::parse(key.expose()));
                let subject = Subject::local(&server(name, at, *timeout)?, inside, subject, login);
                Way::Nats(subject.map_err(Unsent::setting)?, *format)
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
        // Who asked for what, and of which kind of data, is the organisation's own business.
        let outlet = Outlet { name, level: Level::Internal, snapshot };
        match way {
            Way::File(lines, format) => append(lines, events, *format, source).await.map(|()| 0),
            Way::Otlp(http) => {
                let response = http.post(LOGS, (otlp_request(events, source), JSON), &outlet).await?;
                taken(response, *timeout).await
            }
            Way::Store(http, format) => {
                let (path, media_type) = object(events, *format, source);
                let lines = (lines(events, *format, source), media_type);
                let status = http.put(&path, None, lines, &outlet).await?.status();
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
                lines.send_all(outlet.local(messages.join("\n"), TEXT)?).await?;
                Ok(0)
            }
            Way::Postgres(table) => {
                let events: Vec<&str> = events.iter().map(Exported::json).collect();
                let log = serde_json::Value::from(source.log.as_str());
                let text = format!("{{\"log\":{log},\"events\":[{}]}}", events.join(","));
                table.insert(outlet.local(text, JSON)?).await?;
                Ok(0)
            }
            Way::Nats(subject, format) => {
                let line =
                    |event: &Exported| format!("{}\t{}", event.event_id(), event.line(*format, source));
                let lines: Vec<String> = events.iter().map(line).collect();
                subject.publish(outlet.local(lines.join("\n"), TEXT)?).await?;
                Ok(0)
            }
        }
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
    let log = file_name(&source.log);
    let (extension, media_type) = match format {
        Format::Jsonl => ("jsonl", "application/x-ndjson"),
        Format::Ocsf => ("ocsf.jsonl", "application/x-ndjson"),
        Format::Cef => ("cef", TEXT),
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
