//! Who gets the events of the audit log, as written.

use crate::Begin;
use crate::scalar::{ByteSize, Name};
use crate::yaml::{At, Field};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;
use weir_audit::export::Format;
use weir_label::ZoneKind;

/// A receiver of the events of the audit log, behind the writer and from its own place in it: one of `file`, `otlp`,
/// `s3`, `syslog`, `postgres` and `nats`. What it gets holds no prompt and no answer: there is none in the log.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Export")]
pub struct RawExport {
    /// Its name, in metrics, events, `/readyz`, and of the file that remembers how far it has come.
    pub name: Field<Name>,
    /// Types of events that it gets, such as `[decision, outcome]`. Default: all.
    #[serde(default)]
    pub events: Vec<At<String>>,
    /// What must hold of an event that it gets, as in `weir audit query --where`: `zone=cloud`,
    /// `level >= confidential`. Looks at the event alone: an outcome has no level.
    #[serde(default, rename = "where")]
    pub conditions: Vec<At<String>>,
    /// Members of events that it does not get, such as `client_addr_pseudonym` or `facts.caller.app`.
    #[serde(default)]
    pub leave_out: Vec<At<String>>,
    /// How events are written: `jsonl` (as in the log), `ocsf` or `cef`. Default: `cef` for `syslog`, else `jsonl`. Not for
    /// `otlp` and `postgres`.
    pub format: Option<Field<Format>>,
    /// Where it begins when it is new: `start` of the log, or `now`. Default: `start`.
    pub from: Option<Field<Begin>>,
    /// `local`: inside the network. `cloud`: outside, for `otlp` and `s3`; records are `internal` data, and leave only
    /// where the boundary lets such data out. Default: `local`.
    pub zone: Option<Field<ZoneKind>>,
    /// A file, relative to this one, that gets a line for each event.
    pub file: Option<At<String>>,
    /// How large `file` becomes before it is set aside under its name and the index of the next event. Default: `64MiB`.
    pub rotate: Option<Field<ByteSize>>,
    /// How many files that were set aside stay. Default: all.
    pub keep: Option<Field<NonZeroU32>>,
    /// A collector of OpenTelemetry: `http://HOST:4318`. Logs are posted to `/v1/logs` below it, as JSON.
    pub otlp: Option<At<String>>,
    /// A bucket of a store that speaks S3, and what names begin with: `https://HOST/BUCKET/PREFIX`.
    pub s3: Option<At<String>>,
    /// The region that requests to `s3` are signed for. Default: `us-east-1`.
    pub region: Option<At<String>>,
    /// A syslog server inside the network (RFC 5424): `udp://`, `tcp://` or `tls://`, host and port. Default port: 514,
    /// for `tls://` 6514.
    pub syslog: Option<At<String>>,
    /// A database of PostgreSQL inside the network: `postgres://HOST:5432/DATABASE`, over TLS `postgres+tls://`.
    pub postgres: Option<At<String>>,
    /// The table of `postgres`, with its schema if it has another than the user's. It is made if it is not there. Default:
    /// `weir_audit`.
    pub table: Option<At<String>>,
    /// A server of NATS with JetStream inside the network: `nats://HOST:4222`, over TLS `tls://`. A stream there must
    /// take the subject.
    pub nats: Option<At<String>>,
    /// The subject of `nats`. Default: `weir.audit`.
    pub subject: Option<At<String>>,
    /// What authorises Weir there: `${NAME}` or `file:PATH`. For `s3` the key's id and the secret, for `postgres` the user
    /// and the password, each with a colon between them; for `nats` such a pair or a token; for `otlp` a bearer token.
    pub api_key: Option<At<String>>,
    /// PEM file with the certificate authorities to trust instead of the usual ones.
    pub ca_file: Option<At<String>>,
    /// How often it is looked whether there is something to export. Default: `1s`, for `s3` `1m`.
    pub every: Option<Field<Duration>>,
    /// How long a delivery may take. Default: `10s`.
    pub timeout: Option<Field<Duration>>,
}
