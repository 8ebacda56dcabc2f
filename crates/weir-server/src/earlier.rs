//! The policies that were in force before, as the state directory remembers them.

use crate::book::{Book, What};
use crate::indexes::Indexes;
use crate::snapshot::Snapshot;
use crate::source::Sources;
use std::collections::BTreeSet;
use std::io;

/// A policy that was in force.
#[derive(Debug)]
pub struct Earlier {
    /// When it came into force the last time, in RFC 3339.
    pub at: String,
    /// Its revision.
    pub revision: String,
    /// The policy, under the configuration of today and without secrets.
    pub snapshot: Snapshot,
}

impl Snapshot {
    /// The policies that were in force before this one and can still be read, oldest first.
    ///
    /// # Errors
    /// When the state directory cannot be read.
    pub fn earlier(&self, sources: &Sources) -> io::Result<Vec<Earlier>> {
        let book = Book::open(&self.loaded.config.state)?;
        let mut seen = BTreeSet::from([self.loaded.policy_revision.as_str().to_owned()]);
        let history = book.remembered().history;
        let newest_first = history.into_iter().rev().filter(|entry| entry.what == What::Applied);
        let distinct = newest_first.filter(|entry| seen.insert(entry.revision.clone()));
        let mut earlier: Vec<Earlier> = distinct
            .filter_map(|entry| {
                // Only the newest are kept, and a configuration that has changed may not fit the oldest.
                let kept = book.kept(&entry.revision).ok()?;
                let snapshot = Self::load_kept(sources, &kept, &Indexes::default()).ok()?;
                Some(Earlier { at: entry.at, revision: entry.revision, snapshot })
            })
            .collect();
        earlier.reverse();
        Ok(earlier)
    }
}
