//! What is remembered of policies: which is in force, which are on their way, and what was before.
//!
//! `policy/book.json` in the state directory, and beside it one file for each policy that was in force, so
//! that it can be again.

use crate::snapshot::PolicyText;
use crate::source::Origin;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weir_rollout::{Alarm, Stage};
use weir_store::whole;

/// The most entries of the history.
const ENTRIES_MAX: usize = 500;
/// The most policies that are kept.
const KEPT_MAX: usize = 20;

/// One thing that happened to the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When, in RFC 3339.
    pub at: String,
    /// What.
    pub what: What,
    /// Which policy.
    pub revision: String,
    /// How far it has come, where that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The git commit it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The version of its signed bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
}

/// What happened to a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It decides every request from now on.
    Applied,
    /// It decides no request or some, beside the one in force.
    Staged,
    /// A measure left its bound; it decides no request any more.
    Stopped,
    /// It was taken back before it was in force for all, or in favour of the one before.
    RolledBack,
}

impl What {
    /// The word in histories and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            What::Applied => "applied",
            What::Staged => "staged",
            What::Stopped => "stopped",
            What::RolledBack => "rolled_back",
        }
    }
}

/// What outlives the process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The policy in force.
    pub applied: Option<String>,
    /// A policy that was taken back: it is not taken up again by itself.
    pub held: Option<String>,
    /// The policy on its way.
    pub candidate: Option<RememberedCandidate>,
    /// Version and digest of the newest signed bundle that was taken up.
    pub newest: Option<(u64, String)>,
    /// Newest last.
    pub history: Vec<HistoryEntry>,
}

/// A policy on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RememberedCandidate {
    pub revision: String,
    pub stage: Stage,
    pub alarm: Option<Alarm>,
}

/// A policy that is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    path: PathBuf,
    text: String,
    cases: Vec<(PathBuf, String)>,
    files: BTreeMap<PathBuf, String>,
    commit: Option<String>,
    signed: Option<(u64, String)>,
}

/// The book.
#[derive(Debug)]
pub(crate) struct Book {
    directory: PathBuf,
    remembered: Mutex<Remembered>,
}

impl Book {
    /// Opens the book of a state directory; empty if there is none.
    pub fn open(state: &std::path::Path) -> io::Result<Self> {
        let directory = state.join("policy");
        let remembered = match std::fs::read(directory.join(BOOK)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Remembered::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { directory, remembered: Mutex::new(remembered) })
    }

    /// What is remembered now.
    pub fn remembered(&self) -> Remembered {
        self.lock().clone()
    }

    /// Changes what is remembered, on the disk too. What cannot be written is remembered all the same, as
    /// long as the process lives.
    pub fn change(&self, change: impl FnOnce(&mut Remembered)) {
        let mut remembered = self.lock();
        change(&mut remembered);
        let excess = remembered.history.len().saturating_sub(ENTRIES_MAX);
        remembered.history.drain(..excess);
        let written = serde_json::to_vec_pretty(&*remembered)
            .map_err(io::Error::from)
            .and_then(|bytes| whole::replace(&self.directory.join(BOOK), &bytes));
        if let Err(error) = written {
            tracing::error!(%error, "the state of the policy cannot be written; a restart may not know of it");
        }
    }

    /// Keeps a policy, so that it can be put in force again.
    pub fn keep(&self, revision: &str, policy: &PolicyText) -> io::Result<()> {
        let PolicyText { path, text, cases, files, origin } = policy.clone();
        let Origin { commit, signed } = origin;
        let kept = Kept { path, text, cases, files, commit, signed };
        let bytes = serde_json::to_vec(&kept).map_err(io::Error::from)?;
        whole::replace(&self.file(revision)?, &bytes)?;
        self.forget_oldest();
        Ok(())
    }

    /// A policy that was kept.
    pub fn kept(&self, revision: &str) -> io::Result<PolicyText> {
        let bytes = std::fs::read(self.file(revision)?)?;
        let Kept { path, text, cases, files, commit, signed } =
            serde_json::from_slice(&bytes).map_err(io::Error::from)?;
        Ok(PolicyText { path, text, cases, files, origin: Origin { commit, signed } })
    }

    fn forget_oldest(&self) {
        let remembered = self.remembered();
        let candidate = remembered.candidate.iter().map(|candidate| &candidate.revision);
        let in_use: Vec<&String> = remembered.applied.iter().chain(candidate).collect();
        let mut seen = BTreeSet::new();
        let newest_first = remembered.history.iter().rev().map(|entry| &entry.revision);
        for revision in newest_first.filter(|revision| seen.insert(*revision)).skip(KEPT_MAX) {
            if let (Ok(path), false) = (self.file(revision), in_use.contains(&revision)) {
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// Revisions come from the command line too, and must lead nowhere else.
    fn file(&self, revision: &str) -> io::Result<PathBuf> {
        let is_revision =
            (1..=64).contains(&revision.len()) && revision.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_revision {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is no revision of a policy"));
        }
        Ok(self.directory.join(format!("{revision}.json")))
    }

    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const BOOK: &str = "book.json";

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> PolicyText {
        PolicyText {
            path: "policy.yaml".into(),
            text: text.to_owned(),
            cases: vec![("policy.test.yaml".into(), "cases".to_owned())],
            files: [("terms.txt".into(), "a".to_owned())].into(),
            origin: Origin { commit: None, signed: Some((4, "d".to_owned())) },
        }
    }

    #[test]
    fn a_book_is_opened_as_it_was_left() {
        let dir = tempfile::tempdir().unwrap();
        let book = Book::open(dir.path()).unwrap();
        book.keep("00ff", &policy("one")).unwrap();
        book.change(|remembered| {
            remembered.applied = Some("00ff".to_owned());
            remembered.newest = Some((4, "d".to_owned()));
        });
        let again = Book::open(dir.path()).unwrap();
        assert_eq!(again.remembered(), book.remembered());
        let kept = again.kept("00ff").unwrap();
        assert_eq!((kept.text.as_str(), kept.cases.len(), kept.files.len()), ("one", 1, 1));
        assert_eq!(kept.origin.signed, Some((4, "d".to_owned())));
        for stranger in ["../../etc/passwd", "", "00fg", "book"] {
            assert!(again.kept(stranger).is_err(), "{stranger}");
        }
    }

    #[test]
    fn a_broken_book_is_no_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("policy")).unwrap();
        std::fs::write(dir.path().join("policy/book.json"), "{\"applied\": ").unwrap();
        assert!(Book::open(dir.path()).is_err());
    }
}
