//! Who gets the checkpoints of the audit log.

use crate::{BaseUrl, Secret, Server};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::cosign::CosignerKey;
use weir_label::ZoneKind;

/// A place that the operator of this gateway should not be able to rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name.
    pub name: Arc<str>,
    /// How often it gets the newest checkpoint, if there is a newer one.
    pub every: Duration,
    /// How long sending may take.
    pub timeout: Duration,
    /// What it is.
    pub receiver: Receiver,
}

/// What gets checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receiver {
    /// A witness that signs what continues what it has seen: C2SP tlog-witness over HTTP.
    Cosigner {
        /// Where it is.
        at: Remote,
        /// Its key.
        key: Box<CosignerKey>,
    },
    /// A syslog server inside the network.
    Syslog {
        /// Host, port, and whether TLS is spoken.
        server: Server,
        /// Datagrams instead of a stream.
        datagrams: bool,
    },
    /// A bucket of a store that speaks S3.
    Store {
        /// The bucket, and what names begin with in it.
        at: Remote,
        /// The region that requests are signed for.
        region: Option<String>,
        /// How long nobody may remove an object.
        lock: Option<Duration>,
    },
    /// A working tree of git on this machine.
    Git {
        /// The repository.
        repository: PathBuf,
        /// What is run in it, one after the other: program and arguments.
        commands: Vec<Vec<String>>,
    },
}

/// A server that is spoken to over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Where.
    pub url: BaseUrl,
    /// Inside the network or outside.
    pub zone: ZoneKind,
    /// What authorises Weir there.
    pub api_key: Option<Secret>,
    /// The certificate authorities to trust.
    pub ca_pem: Option<String>,
}
