//! Reload of both files: parse, check, swap; a bad file changes nothing and is visible.

use crate::gateway::Gateway;
use crate::indexes::{Stamp, stamp};
use crate::snapshot::{Snapshot, SnapshotError, Sources};
use jiff::Timestamp;
use notify::{Event, RecursiveMode, Watcher};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use weir_audit::Ident;
use weir_audit::event::{ConfigFile, PolicyRejected};
use weir_config::{Problem, Severity};

/// Whether the files on the disk are those in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ReloadState {
    /// They are.
    #[default]
    InForce,
    /// They are not: they cannot be used.
    Refused {
        /// When they were refused.
        at: Timestamp,
        /// What is wrong with them.
        problems: Vec<String>,
    },
}

/// What a look at the files led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReloadOutcome {
    /// They are the ones in force.
    Unchanged,
    /// They are in force from now on.
    Applied,
    /// They cannot be used; the last good ones stay in force.
    Refused,
}

/// An editor writes a file in several steps; it is read when this much time has passed without one.
const SETTLE: Duration = Duration::from_millis(60);
/// File systems that give no notice are looked at this often.
const POLL: Duration = Duration::from_secs(2);
/// Somebody who never stops writing is not waited for longer than this.
const SETTLE_MAX: Duration = Duration::from_millis(500);
/// Files that look the same are read all the same from time to time.
const READ_ANYWAY: Duration = Duration::from_secs(30);

impl Gateway {
    /// Reads both files and puts them in force if they differ from those that are, and can be used.
    pub fn reload(&self, sources: &Sources) -> ReloadOutcome {
        let current = self.snapshot();
        if current.is_of(sources) {
            return self.settle();
        }
        match Snapshot::load_after(sources, &current.indexes) {
            Ok(snapshot) if snapshot.is_same_as(&current) => self.settle(),
            Ok(snapshot) => self.apply(snapshot),
            Err(error) => self.refuse(&error, sources),
        }
    }

    fn settle(&self) -> ReloadOutcome {
        *self.reload_state() = ReloadState::InForce;
        self.metrics.reload_settled();
        ReloadOutcome::Unchanged
    }

    fn apply(&self, snapshot: Snapshot) -> ReloadOutcome {
        let (policy, config) =
            (snapshot.loaded.policy_revision.clone(), snapshot.loaded.config_digest.clone());
        self.replace(snapshot);
        *self.reload_state() = ReloadState::InForce;
        self.metrics.reloaded(true);
        tracing::info!(%policy, config, "reloaded");
        ReloadOutcome::Applied
    }

    fn refuse(&self, error: &SnapshotError, sources: &Sources) -> ReloadOutcome {
        let problems = problems(error);
        let refused = ReloadState::Refused { at: Timestamp::now(), problems: problems.clone() };
        let mut state = self.reload_state();
        let is_known = matches!(&*state, ReloadState::Refused { problems: known, .. } if *known == problems);
        if is_known {
            return ReloadOutcome::Refused;
        }
        *state = refused;
        drop(state);
        self.metrics.reloaded(false);
        for problem in &problems {
            tracing::error!(problem, "reload refused; the last good files stay in force");
        }
        let (file, path) = at_fault(error, sources);
        let event = PolicyRejected {
            file,
            digest: Ident::new(&digest(path)),
            policy_revision: Some(Ident::new(self.snapshot().loaded.policy_revision.as_str())),
            problems: problems.iter().map(|problem| Ident::new(problem)).collect(),
        };
        if let Err(error) = self.audit.append(event) {
            tracing::error!(%error, "the audit log did not take the refused reload");
        }
        ReloadOutcome::Refused
    }
}

fn problems(error: &SnapshotError) -> Vec<String> {
    match error {
        SnapshotError::Problems(problems) => problems.0.iter().map(located).collect(),
        SnapshotError::Read { .. } | SnapshotError::Settings(_) | SnapshotError::Endpoint { .. } => {
            vec![error.to_string()]
        }
    }
}

/// The file to mend first.
fn at_fault<'s>(error: &SnapshotError, sources: &'s Sources) -> (ConfigFile, &'s Path) {
    let is_config = match error {
        SnapshotError::Problems(problems) => {
            let config = sources.config.display().to_string();
            problems.0.iter().any(|problem| problem.severity == Severity::Error && problem.file == config)
        }
        SnapshotError::Read { path, .. } => *path == sources.config,
        SnapshotError::Settings(_) => false,
        SnapshotError::Endpoint { .. } => true,
    };
    if is_config { (ConfigFile::Config, &sources.config) } else { (ConfigFile::Policy, &sources.policy) }
}

/// The first 16 hex digits of the SHA-256 of a file; empty when there is nothing to read.
fn digest(path: &Path) -> String {
    let Ok(bytes) = std::fs::read(path) else { return String::new() };
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn located(problem: &Problem) -> String {
    let Problem { file, line, column, message, .. } = problem;
    format!("{file}:{line}:{column}: {message}")
}

/// Follows changes of both files, in a thread that ends with the gateway.
///
/// The directories are watched, not the files: editors and Kubernetes replace files and links. Notices
/// are only a hint to look; whether something changed is decided by what the files say.
///
/// # Errors
/// When the thread cannot be started.
pub fn watch(gateway: &Arc<Gateway>, sources: Sources) -> std::io::Result<()> {
    let weak = Arc::downgrade(gateway);
    let work = move || {
        let (sender, notices) = channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Reading the files is an access too; answering it would be a loop.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = sender.send(());
            }
        });
        let mut watcher = match watcher {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!(%error, "no notices of file changes; looking every two seconds");
                None
            }
        };
        for directory in directories(&sources) {
            if let Some(Err(error)) =
                watcher.as_mut().map(|w| w.watch(&directory, RecursiveMode::NonRecursive))
            {
                tracing::warn!(%error, "no notices of file changes; looking every two seconds");
            }
        }
        let mut seen = Seen::default();
        // The first look reads the files in any case: they may have changed since what is in force was read.
        loop {
            wait(&notices);
            let Some(gateway) = weak.upgrade() else { return };
            if seen.differs(&gateway, &sources) {
                gateway.reload(&sources);
            }
        }
    };
    std::thread::Builder::new().name("weir-reload".to_owned()).spawn(work).map(drop)
}

fn directories(sources: &Sources) -> BTreeSet<PathBuf> {
    let directory = |path: &PathBuf| match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    [directory(&sources.config), directory(&sources.policy)].into()
}

/// The files as they were when they were last read, by what the file system says of them.
#[derive(Default)]
struct Seen {
    stamps: Vec<Option<Stamp>>,
    at: Option<Instant>,
}

impl Seen {
    /// Whether there is reason to read the files: something about one of them has changed, they could not
    /// be used the last time, or it is long ago.
    fn differs(&mut self, gateway: &Gateway, sources: &Sources) -> bool {
        let snapshot = gateway.snapshot();
        let files = [&sources.config, &sources.policy].into_iter().chain(&snapshot.files);
        let stamps: Vec<Option<Stamp>> = files.map(|path| stamp(path)).collect();
        let is_refused = *gateway.reload_state() != ReloadState::InForce;
        let is_old = self.at.is_none_or(|at| at.elapsed() > READ_ANYWAY);
        let differs = is_refused || is_old || stamps != self.stamps;
        if differs {
            (self.stamps, self.at) = (stamps, Some(Instant::now()));
        }
        differs
    }
}

/// Returns some time after a notice, or when it is time to look anyway.
fn wait(notices: &Receiver<()>) {
    match notices.recv_timeout(POLL) {
        Ok(()) => settle(notices),
        Err(RecvTimeoutError::Timeout) => {}
        // There is no watcher; the time itself is the notice.
        Err(RecvTimeoutError::Disconnected) => std::thread::sleep(POLL),
    }
}

fn settle(notices: &Receiver<()>) {
    let begun = Instant::now();
    while notices.recv_timeout(SETTLE).is_ok() && begun.elapsed() < SETTLE_MAX {}
}
