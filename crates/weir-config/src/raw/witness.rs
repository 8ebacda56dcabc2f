//! Who gets the checkpoints of the audit log, as written.

use crate::scalar::{Days, Name};
use crate::yaml::{At, Field, Scalar, Wrong};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use std::time::Duration;
use weir_audit::cosign::CosignerKey;
use weir_label::ZoneKind;

/// Program and arguments.
pub type Words = At<Vec<At<String>>>;

/// A place that gets the signed checkpoints of the audit log, and that whoever runs this gateway cannot rewrite: one of
/// `url`, `syslog`, `s3` and `git`. It gets the name of the log, its size and its root, and nothing of any request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Witness")]
pub struct RawWitness {
    /// Its name, in metrics, events and `/readyz`.
    pub name: Field<Name>,
    /// `local`: inside the network. `cloud`: outside. Default: `local`.
    pub zone: Option<Field<ZoneKind>>,
    /// A witness that signs what it has seen (C2SP tlog-witness), such as another gateway's
    /// `http://weir-2:8080/witness`. Wants `key`.
    pub url: Option<At<String>>,
    /// The public key of the witness of `url`; `weir audit witness-key` prints a gateway's.
    pub key: Option<Field<CosignerKey>>,
    /// A syslog server inside the network (RFC 5424): `udp://`, `tcp://` or `tls://`, host and port. Default port: 514,
    /// for `tls://` 6514.
    pub syslog: Option<At<String>>,
    /// A bucket of a store that speaks S3, and what names begin with: `https://HOST/BUCKET/PREFIX`.
    pub s3: Option<At<String>>,
    /// A working tree of git on this machine, relative to this file: the checkpoint is written into it, and `commands`
    /// are run.
    pub git: Option<At<String>>,
    /// What authorises Weir there: `${NAME}` or `file:PATH`. For `s3` the key's id and the secret, with a colon between
    /// them.
    pub api_key: Option<At<String>>,
    /// The region that requests to `s3` are signed for. Default: `us-east-1`.
    pub region: Option<At<String>>,
    /// How long objects of `s3` are locked, so that nobody can remove them: the bucket must have object lock. Default:
    /// not at all.
    pub lock: Option<Field<Days>>,
    /// PEM file with the certificate authorities to trust instead of the usual ones.
    pub ca_file: Option<At<String>>,
    /// What is run in the working tree of `git`, each program and arguments, no shell; it gets `PATH` and `HOME`.
    /// Default: `[[git, add, --all], [git, commit, --quiet, --allow-empty, --message, checkpoint], [git, push, --quiet]]`.
    pub commands: Option<At<Vec<Words>>>,
    /// How often it gets the newest checkpoint. Default: `10s` for `url`, `1m` for `syslog`, `1h` for `s3` and `git`.
    pub every: Option<Field<Duration>>,
    /// How long sending may take. Default: `10s`.
    pub timeout: Option<Field<Duration>>,
}

impl Scalar for CosignerKey {
    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| {
            Wrong::new(
                format!("`{}` is no key of a witness", text.escape_debug()),
                "write the line that `weir audit witness-key` prints there: NAME+8 hex digits+base64",
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._:/@-]{1,64}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]+$" })
    }
}
