use super::words;
use crate::{Ident, Name, WallTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_label::Level;

/// A policy came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyLoaded {
    /// Digest of the policy.
    pub policy_revision: Ident,
    /// The policy it replaces; absent at start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_revision: Option<Ident>,
    /// Digest of the configuration beside it.
    pub config_digest: Ident,
    /// The boundary that the policy sets.
    #[serde(with = "words::one")]
    pub boundary: Level,
    /// Number of rules.
    pub rules: u64,
    /// Version of Weir.
    pub binary_version: Ident,
}

/// A policy came further on its way into force, or was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStaged {
    /// Digest of the policy.
    pub policy_revision: Ident,
    /// The policy that decides all other requests.
    pub in_force: Ident,
    /// What happened: `applied`, `staged`, `stopped`, `rolled_back`.
    pub what: Ident,
    /// How far it has come: `shadow`, `share-10`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Ident>,
    /// The measure that stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Ident>,
    /// The git commit that it was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Ident>,
    /// The version of its signed bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A policy or configuration was refused; the one before stays in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRejected {
    /// The file at fault.
    pub file: ConfigFile,
    /// Digest of the refused file.
    pub digest: Ident,
    /// The policy that stays in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_revision: Option<Ident>,
    /// Codes of what is wrong with it, never its text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Ident>,
}

/// One of the two files that the operator writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigFile {
    /// `policy.yaml`.
    Policy,
    /// `weir.yaml`.
    Config,
}

/// An API key was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCreated {
    /// Public id of the key, never the key.
    pub key_id: Ident,
    /// The tenant it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Name>,
    /// Its environment: `live`, `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Ident>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<WallTime>,
}

/// It was said how much an API key may ask for: of a key that is in use, it is all that can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLimited {
    /// Public id of the key.
    pub key_id: Ident,
    /// The most requests a minute; `None` where the key itself says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// The most tokens a minute, of prompts and answers together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u32>,
}

/// An API key was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// Public id of the key.
    pub key_id: Ident,
}

/// Somebody used the admin API for something that takes a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminAction {
    /// The id of the admin key, or `admin.key` for the token of the installation.
    pub actor: Ident,
    /// What it entitles to: `auditor`, `admin`.
    pub role: Ident,
    /// What was asked for, such as `policy.apply`.
    pub action: Ident,
}

/// A tenant got a key that content is captured for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentKeyCreated {
    /// The id of the key, which files of content name.
    pub key_id: Ident,
    /// The tenant; absent for callers without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Name>,
}

/// All keys of a tenant are destroyed, and with them the content that was captured for them. Durable before they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentKeyDestroyed {
    /// The ids of the keys: 32 at most.
    pub key_ids: Vec<Ident>,
    /// The tenant; absent for callers without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Name>,
}

/// Captured content was deleted because its time was over. Durable before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentDeleted {
    /// How many files, each of which holds a prompt or an answer.
    pub files: u64,
    /// All of them are older than this.
    pub before: WallTime,
}

/// Something that is kept for callers was asked for by one of them, or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectUse {
    /// The request by which it was.
    pub request_id: Ident,
    /// The caller's tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Name>,
    /// Public id of the caller's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Ident>,
    /// Keyed hash of the caller's address.
    pub client_addr_pseudonym: Ident,
    /// What it is: `response`, `file`.
    pub kind: Ident,
    /// Its id.
    pub object: Ident,
    /// The level of its data.
    #[serde(with = "words::one")]
    pub level: Level,
}

/// What is kept of a file or an answer is given to a caller. On record before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectRead(pub ObjectUse);

/// A file or an answer that was kept is removed because a caller says so. On record before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectRemoved(pub ObjectUse);

/// A target went out of rotation, or came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendHealth {
    /// Backend and model.
    pub target: Ident,
    /// How it is: `well`, `out`, `wrong_model`.
    pub condition: Ident,
    /// How it was before.
    pub previous: Ident,
    /// Requests that failed one after the other.
    pub failures: u64,
}

/// The clock on the wall was set, or the machine slept: times before and after do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockJump {
    /// Whether it went forward.
    pub forward: bool,
    /// By so many milliseconds, more than passed.
    pub by_ms: u64,
}

/// A process began to write this log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStarted {
    /// Version of Weir.
    pub binary_version: Ident,
    /// The origin that checkpoints name.
    pub origin: Ident,
    /// The key that checkpoints are signed with, in its C2SP notation.
    pub vkey: Ident,
}

/// From the next checkpoint on the log is signed with another key, and each of the two has signed the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogKeyRotated {
    /// The key until then, in its C2SP notation.
    pub previous_vkey: Ident,
    /// The key from then on.
    pub vkey: Ident,
    /// Signature over the change by the key until then, in base64.
    pub signed_by_previous: Ident,
    /// Signature over the change by the key from then on.
    pub signed_by_new: Ident,
}

/// A witness has got no checkpoint for a while, or refuses them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessGap {
    /// Its name in the configuration.
    pub witness: Ident,
    /// Events under the newest checkpoint that it has, as far as this process knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witnessed: Option<u64>,
    /// Since when.
    pub since: WallTime,
    /// Why, as a word: `timeout`, `status`, `inconsistent`, `ahead`.
    pub reason: Ident,
}

/// A witness has got a checkpoint again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessResumed {
    /// Its name in the configuration.
    pub witness: Ident,
    /// Events under the checkpoint that it has now.
    pub witnessed: u64,
    /// Since when it had got none.
    pub since: WallTime,
}

/// Events did not get to an export, and will not: they were deleted before, or it refuses them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportGap {
    /// Its name in the configuration.
    pub export: Ident,
    /// Index of the first of the events.
    pub first: u64,
    /// Index of the last of them.
    pub last: u64,
    /// How many they are; those between that got there, or that the export does not want, are not counted.
    pub events: u64,
    /// Why, as a word: `deleted`, `refused`.
    pub reason: Ident,
}

/// A process found this log unfinished and repaired it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRecovered {
    /// Events that were found whole.
    pub events_kept: u64,
    /// Size of the last checkpoint: every event before it was checked against the signed root.
    pub checkpoint_size: u64,
    /// Segment that was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_segment: Option<u64>,
    /// Where it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_offset: Option<u64>,
    /// Bytes that were not zero behind the cut, here and in later segments.
    pub cut_bytes: u64,
    /// Why, as a word: `checksum`, `length`, `truncated`, `sequence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_reason: Option<Ident>,
    /// Whether the tree was computed anew from the events because its stored tiles did not fit.
    pub tree_rebuilt: bool,
    /// Requests without an outcome, each of which gets one that says `crashed`.
    pub open_requests: u64,
}

/// A segment could not be written or synced any more. What of it was not durable is in another one, and it is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSealed {
    /// Number of the segment.
    pub segment: u64,
    /// Index of the first event that was written again.
    pub first: u64,
}

/// The log could not be written for a while, and requests have no record, or only half of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFailed {
    /// The first of them, or when it was noticed.
    pub since: WallTime,
    /// The last of them, or when it was noticed.
    pub until: WallTime,
    /// Requests that were served inside the network without a decision on record, because the configuration says so.
    pub served: u64,
    /// Requests that were refused without a decision on record.
    pub refused: u64,
    /// Requests whose decision is on record and whose outcome may not be.
    pub outcomes: u64,
}

/// A process ended in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogClosed {
    /// Events before this one.
    pub events: u64,
}

/// Events at the beginning of the log were deleted because their time was over. Durable before they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPruned {
    /// Index of the first event that is kept. The hashes of those before it stay, and with them every proof.
    pub first_kept: u64,
    /// Events that this deletes.
    pub events: u64,
    /// All of them are older than this.
    pub before: WallTime,
    /// How many of them are decisions, by the level of the data.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<Ident, u64>,
    /// The hashes of events below this index are deleted too; those of whole tiles stay, in the rows above.
    #[serde(default)]
    pub hashes_from: u64,
}
