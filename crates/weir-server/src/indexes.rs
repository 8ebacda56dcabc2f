//! Indexes of the organisation's data, read when they change and not with every reload.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use weir_index::Index;

/// Time of the last change, length, and which file it is: a link may have been turned to another.
pub(crate) type Stamp = (SystemTime, u64, u64);

/// What the file system says of a file.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// The indexes of a snapshot, with the stamps of their files.
#[derive(Debug, Default)]
pub(crate) struct Indexes(BTreeMap<PathBuf, (Stamp, Arc<Index>)>);

impl Indexes {
    /// The index of a file: that of `known` if the file looks the same, for a large one takes a second to
    /// read and check.
    pub(crate) fn read(&mut self, path: &Path, known: &Indexes) -> Result<Arc<Index>, String> {
        // Before the bytes, so that a change while they are read is one to read again.
        let stamp = stamp(path);
        let same = known.0.get(path).filter(|(seen, _)| Some(*seen) == stamp);
        let index = match same {
            Some((_, index)) => index.clone(),
            None => read_index(path)?,
        };
        if let Some(stamp) = stamp {
            self.0.insert(path.to_owned(), (stamp, index.clone()));
        }
        Ok(index)
    }

    /// Whether one of them is of this file.
    pub(crate) fn are_of(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    /// Whether no file has changed, by what the file system says.
    pub(crate) fn look_the_same(&self) -> bool {
        self.0.iter().all(|(path, (seen, _))| stamp(path) == Some(*seen))
    }
}

/// Reads an index from its file.
///
/// # Errors
/// What is wrong with it, in words for whoever wrote the policy.
pub fn read_index(path: &Path) -> Result<Arc<Index>, String> {
    index_of(std::fs::read(path).map_err(|error| error.to_string())?)
}

/// An index of its bytes.
pub(crate) fn index_of(bytes: Vec<u8>) -> Result<Arc<Index>, String> {
    Index::from_bytes(bytes).map(Arc::new).map_err(|error| error.to_string())
}
