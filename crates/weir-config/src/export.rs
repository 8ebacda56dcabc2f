//! Who gets the events of the audit log.

use crate::{BaseUrl, Remote, Secret};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::export::Format;
use weir_audit::search::Condition;

/// A receiver of the events of the audit log, which gets every one that it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: Arc<str>,
    /// Types of events that it wants; empty is all.
    pub events: Vec<String>,
    /// What must hold of an event that it wants.
    pub conditions: Vec<Condition>,
    /// Members that it does not get.
    pub leave_out: Vec<String>,
    /// Where it begins when it is new.
    pub from: Begin,
    /// How often it is looked whether there is something to export.
    pub every: Duration,
    /// How long a delivery may take.
    pub timeout: Duration,
    /// What it is.
    pub sink: Sink,
}

/// Where a new export begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// With the first event that is in the log.
    Start,
    /// With the next event.
    Now,
}

/// What gets events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// Lines in a file, which is set aside when it is full.
    File {
        /// The file that is written.
        path: PathBuf,
        /// How each line is written.
        format: Format,
        /// How large it becomes before it is set aside, in bytes.
        rotate: u64,
        /// How many that were set aside stay; all if absent.
        keep: Option<NonZeroU32>,
    },
    /// A collector of OpenTelemetry, over HTTP.
    Otlp(Remote),
    /// A bucket of a store that speaks S3.
    Store {
        /// The bucket, and what names begin with in it.
        at: Remote,
        /// The region that requests are signed for.
        region: Option<String>,
        /// How each line of an object is written.
        format: Format,
    },
    /// A syslog server inside the network.
    Syslog {
        /// Host, port, and whether TLS is spoken.
        server: Server,
        /// Datagrams instead of a stream.
        datagrams: bool,
        /// How each message is written.
        format: Format,
    },
    /// A table of PostgreSQL inside the network.
    Postgres {
        /// Host, port, and whether TLS is spoken.
        server: Server,
        /// User and password, with a colon between them.
        credential: Secret,
        /// The database.
        database: String,
        /// The table.
        table: String,
    },
    /// A stream of NATS JetStream inside the network.
    Nats {
        /// Host, port, and whether TLS is spoken.
        server: Server,
        /// A token, or user and password with a colon between them.
        credential: Option<Secret>,
        /// The subject that events are published under.
        subject: String,
        /// How each message is written.
        format: Format,
    },
}

/// A server inside the network that is not spoken to over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Host and port, as those of a URL; `https` means TLS.
    pub url: BaseUrl,
    /// The certificate authorities to trust.
    pub ca_pem: Option<String>,
}
