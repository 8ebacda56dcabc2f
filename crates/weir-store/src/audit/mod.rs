//! The audit log on disk.
//!
//! One process writes a log: [`AuditLog`]. Anyone may read it meanwhile: [`AuditReader`], [`Search`],
//! [`verify`]. Files and bytes are described in `docs/formats/audit.md`.
//!
//! Whoever waits for an event hands it to the kernel, with all that came before; the *writer* thread does
//! so for events nobody waits for, and whenever it could take long. The *syncer* makes events durable, and
//! the *keeper* grows the tree over durable events, signs checkpoints and prepares the next segment. So a
//! request that waits for the kernel never waits for the disk, and one that waits for the disk never waits
//! for the tree.
//!
//! - INVARIANT (acknowledged is kept): `written` is published after the kernel has the bytes, `durable`
//!   after a sync of the file that has them returned without error.
//! - INVARIANT (checkpoint after data): a checkpoint covers durable events only.
//! - INVARIANT (one sync per file after an error): a segment whose write or sync failed is never written
//!   or synced again; what was not durable goes to a new one.

mod answer;
mod attest;
mod disk;
mod evidence;
mod feed;
mod files;
mod find;
mod health;
mod index;
mod keeper;
mod log;
mod progress;
mod query;
mod queue;
mod reader;
mod recovery;
mod retention;
mod rotate;
mod search;
mod signer;
mod syncer;
mod tail;
mod verification;
mod writer;

pub use answer::{AnswerRecord, find_answer};
pub use attest::{Attestation, CannotAttest, Example};
pub use disk::{Disk, RealDisk};
pub use evidence::{Continuity, Evidence, NoProof};
pub use feed::{Feed, Most, Portion};
pub use find::{Found, Lookup, Wanted, find};
pub use health::Health;
pub use log::AuditLog;
pub use progress::Ticket;
pub use query::{Row, for_each_row};
pub use reader::AuditReader;
pub use retention::Expiry;
pub use rotate::lineage;
pub use search::{Follower, Group, Indexed, Key, MAX_GROUPS, Search, SearchError, index};
pub use signer::sign_as_log;
pub use verification::verify;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::checkpoint::{CheckpointError, Origin};
use weir_audit::event::LogRecovered;
use weir_audit::rotation::RotationError;
use weir_audit::{Ident, Name};

/// How a log is written.
#[derive(Clone)]
pub struct Options {
    /// The node's name, in every event.
    pub node: Name,
    /// The name of the log, in every checkpoint. Fixed when the log is made.
    pub origin: Origin,
    /// Version of Weir, for the `log.started` event.
    pub binary_version: Ident,
    /// Size of a segment file. Default 8 MiB.
    pub segment_bytes: u64,
    /// The most events that may wait for the writer. Default 16,384.
    pub queue_events: usize,
    /// The most bytes that may wait for the writer. Default 8 MiB.
    pub queue_bytes: usize,
    /// The most bytes that the kernel has and the disk has not; they are kept in memory until it has.
    /// Default 512 KiB.
    pub unsynced_bytes: usize,
    /// Time between checkpoints while events come, and the longest time that an event for whose
    /// durability nobody waits stays unsynced. Default one second.
    pub checkpoint_interval: Duration,
    /// The disk. Default the real one.
    pub disk: Arc<dyn Disk>,
}

impl Options {
    /// Defaults for a node; the origin is made of its name by [`Origin::of_node`].
    #[must_use]
    pub fn new(node: Name, binary_version: Ident) -> Self {
        Self {
            origin: Origin::of_node(&node),
            node,
            binary_version,
            segment_bytes: 8 * 1024 * 1024,
            queue_events: 16 * 1024,
            queue_bytes: 8 * 1024 * 1024,
            unsynced_bytes: 512 * 1024,
            checkpoint_interval: Duration::from_secs(1),
            disk: Arc::new(RealDisk),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("node", &self.node)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// What was found when a log was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovery {
    /// Events in the log before this opening.
    pub events: u64,
    /// What was repaired, if the process before did not end in order; also an event of the log.
    pub recovered: Option<LogRecovered>,
}

/// The log broke before the event was safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written: {reason}")]
pub struct AuditFailed {
    /// What the operating system said, at which file.
    pub reason: String,
}

/// Why a log cannot be opened, read or appended to.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Another process writes this log.
    #[error("`{0}` is being written by another process; one directory belongs to one process")]
    Locked(PathBuf),
    /// The operating system refused.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// A key or checkpoint file cannot be used.
    #[error("`{path}`: {source}")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// What lies on the disk is not what was written.
    #[error(
        "`{path}`, event {index}: {what}; run `weir audit verify`, and move the directory away to begin a new log"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first event that is wrong or missing.
        index: u64,
        /// What is wrong.
        what: String,
    },
    /// The log has no secret key any more.
    #[error("`{0}` is missing, and the log was signed with it; bring it back, or move the directory away")]
    KeyMissing(PathBuf),
    /// A key file that holds no key or not the one that belongs to the other.
    #[error("`{0}` is not the key of this log; bring the right one back, or move the directory away")]
    KeyUnusable(PathBuf),
    /// A change of keys is under way.
    #[error(
        "the key of the log is being changed; wait a few seconds, and see `audit` in `/readyz` if that does not end"
    )]
    Rotating,
    /// What is said of earlier keys is wrong.
    #[error("`{path}`: {source}; bring the right file back")]
    Rotation {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RotationError,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
    /// A thread could not be started.
    #[error("a thread of the audit log could not be started: {0}")]
    Thread(#[source] std::io::Error),
    /// Written by a newer Weir.
    #[error("`{0}` was written by a newer weir; use that version or a newer one")]
    Newer(PathBuf),
    /// The origin of the log is another one.
    #[error("the log is named `{found}`, not `{expected}`; a log keeps its name")]
    Origin {
        /// In the log.
        found: String,
        /// In the options.
        expected: String,
    },
    /// The queue is full: the disk is slower than the events come.
    #[error("the audit queue is full")]
    Full,
    /// The event is longer than a frame can be.
    #[error("the event has {0} bytes; at most {max} can be written", max = weir_audit::frame::MAX_EVENT_BYTES)]
    TooLong(usize),
    /// The log was closed.
    #[error("the audit log is closed")]
    Closed,
    /// The log broke.
    #[error(transparent)]
    Failed(#[from] AuditFailed),
}

impl AuditError {
    fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

#[cfg(test)]
mod tests;
