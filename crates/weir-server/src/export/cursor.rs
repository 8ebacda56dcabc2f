//! How far an export has come.

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use weir_store::whole;

/// What is remembered over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Index of the first event that has not been delivered.
    pub next: u64,
    /// The id of the event before it: a log that has another one in its place is another log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Where the cursor of an export is.
pub(super) fn path(state: &Path, name: &str) -> PathBuf {
    state.join("exports").join(format!("{name}.json"))
}

impl Cursor {
    /// What was remembered; `None` if nothing was.
    pub fn load(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn save(&self, path: &Path) -> io::Result<()> {
        whole::replace(path, &serde_json::to_vec(self)?)
    }
}
