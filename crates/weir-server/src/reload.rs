//! Reload of both files: parse, check, test, put in force; a bad file changes nothing and is visible.

use crate::fetch;
use crate::gateway::Gateway;
use crate::indexes::{Indexes, Stamp, stamp};
use crate::snapshot::{Snapshot, SnapshotError};
use crate::source::{FindError, Sources};
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
    /// They are, or they are on their way.
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
    /// They are the ones in force, or on their way, or were rolled back.
    Unchanged,
    /// They are in force from now on.
    Applied,
    /// The policy is on its way into force: in the shadow, or for a share of requests.
    Staged,
    /// They cannot be used; the last good ones stay in force.
    Refused,
}

/// An editor writes a file in several steps; it is read when this much time has passed without one.
const SETTLE: Duration = Duration::from_millis(60);
/// File systems that give no notice are looked at this often, and so is a rollout.
const POLL: Duration = Duration::from_secs(1);
/// Somebody who never stops writing is not waited for longer than this.
const SETTLE_MAX: Duration = Duration::from_millis(500);
/// Files that look the same are read all the same from time to time.
const READ_ANYWAY: Duration = Duration::from_secs(30);
/// What could not be used is tried again this often: a file that it names may be there by now.
const READ_REFUSED: Duration = Duration::from_secs(2);

impl Snapshot {
    /// Reads both files and does everything that comes before a policy is put in force: check, test.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn prepare(sources: &Sources) -> Result<Self, SnapshotError> {
        Self::prepare_after(sources, &Indexes::default())
    }

    pub(crate) fn prepare_after(sources: &Sources, known: &Indexes) -> Result<Self, SnapshotError> {
        let snapshot = Self::load_after(sources, known)?;
        snapshot.pass_gate()?;
        Ok(snapshot)
    }
}

impl Gateway {
    /// Reads both files and puts them in force, or on their way there, if they differ from those that are
    /// and can be used.
    pub fn reload(&self, sources: &Sources) -> ReloadOutcome {
        let _one = self.one_change_at_a_time();
        self.look(sources, None)
    }

    pub(crate) fn settle(&self) -> ReloadOutcome {
        *self.reload_state() = ReloadState::InForce;
        self.metrics.policies.reload_settled();
        ReloadOutcome::Unchanged
    }

    pub(crate) fn refuse(&self, error: &SnapshotError, sources: &Sources) -> ReloadOutcome {
        let problems = problems(error);
        let known = self.reload_state().clone();
        if matches!(known, ReloadState::Refused { problems: known, .. } if known == problems) {
            return ReloadOutcome::Refused;
        }
        self.metrics.policies.reloaded(false);
        for problem in &problems {
            tracing::error!(problem, "reload refused; the last good files stay in force");
        }
        let (file, path) = at_fault(error, sources);
        let event = PolicyRejected {
            file,
            digest: Ident::new(&digest(&path)),
            policy_revision: Some(Ident::new(self.snapshot().loaded.policy_revision.as_str())),
            problems: problems.iter().map(|problem| Ident::new(problem)).collect(),
        };
        if let Err(error) = self.audit.append(event) {
            tracing::error!(%error, "the audit log did not take the refused reload");
        }
        // Last, so that whoever sees it finds the rest.
        *self.reload_state() = ReloadState::Refused { at: Timestamp::now(), problems };
        ReloadOutcome::Refused
    }
}

/// What is wrong, one line for each problem.
pub(crate) fn problems(error: &SnapshotError) -> Vec<String> {
    match error {
        SnapshotError::Problems(problems) => problems.0.iter().map(located).collect(),
        SnapshotError::Cases(failed) | SnapshotError::Unproved(failed) => failed.clone(),
        SnapshotError::Read { .. }
        | SnapshotError::Policy(_)
        | SnapshotError::Older { .. }
        | SnapshotError::Kept { .. }
        | SnapshotError::Settings(_)
        | SnapshotError::Endpoint { .. }
        | SnapshotError::Tokens { .. } => vec![error.to_string()],
    }
}

/// The file to mend first.
fn at_fault(error: &SnapshotError, sources: &Sources) -> (ConfigFile, PathBuf) {
    let is_config = match error {
        SnapshotError::Problems(problems) => {
            let config = sources.config.display().to_string();
            problems.0.iter().any(|problem| problem.severity == Severity::Error && problem.file == config)
        }
        SnapshotError::Read { .. } | SnapshotError::Endpoint { .. } | SnapshotError::Tokens { .. } => true,
        SnapshotError::Policy(_)
        | SnapshotError::Cases(_)
        | SnapshotError::Unproved(_)
        | SnapshotError::Older { .. }
        | SnapshotError::Kept { .. }
        | SnapshotError::Settings(_) => false,
    };
    match (is_config, error) {
        (true, _) => (ConfigFile::Config, sources.config.clone()),
        (false, SnapshotError::Policy(FindError::Read { path, .. })) => (ConfigFile::Policy, path.clone()),
        (false, _) => (ConfigFile::Policy, sources.signs().pop().unwrap_or_default()),
    }
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

/// Follows changes of both files, and takes rollouts further, in a thread that ends with the gateway; in another
/// one runs the command that brings new commits, if there is one.
///
/// The directories are watched, not the files: editors and Kubernetes replace files and links. Notices
/// are only a hint to look; whether something changed is decided by what the files say.
///
/// # Errors
/// When the thread cannot be started.
pub fn watch(gateway: &Arc<Gateway>, sources: Sources) -> std::io::Result<()> {
    fetch::follow(gateway, sources.clone())?;
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
                tracing::warn!(%error, "no notices of file changes; looking every second");
                None
            }
        };
        for directory in directories(&sources) {
            if let Some(Err(error)) =
                watcher.as_mut().map(|w| w.watch(&directory, RecursiveMode::NonRecursive))
            {
                tracing::warn!(%error, "no notices of file changes; looking every second");
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
            gateway.take_rollout_further();
        }
    };
    std::thread::Builder::new().name("weir-reload".to_owned()).spawn(work).map(drop)
}

fn directories(sources: &Sources) -> BTreeSet<PathBuf> {
    let directory = |path: &Path| match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let signs = sources.signs();
    let watched = [&sources.config].into_iter().chain(&signs).map(|path| directory(path));
    watched.filter(|directory| directory.is_dir()).collect()
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
        let snapshot = gateway.newest();
        let signs = sources.signs();
        let files = [&sources.config].into_iter().chain(&signs).chain(&snapshot.files);
        let stamps: Vec<Option<Stamp>> = files.map(|path| stamp(path)).collect();
        let is_refused = *gateway.reload_state() != ReloadState::InForce;
        let patience = if is_refused { READ_REFUSED } else { READ_ANYWAY };
        let is_old = self.at.is_none_or(|at| at.elapsed() > patience);
        let differs = is_old || stamps != self.stamps;
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
