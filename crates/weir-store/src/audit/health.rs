use super::progress::Progress;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Whether the log can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// All is well.
    Healthy,
    /// Events are safe, but something beside them fails and needs care: a checkpoint could not be
    /// written, or there is no room for the next segment.
    Degraded(String),
    /// Nothing can be written. Appending is refused; open the log anew.
    Failed(String),
}

/// Something that can fail without endangering events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chore {
    Checkpoint,
    NextSegment,
    NextKey,
}

/// The chores that last failed, and why.
#[derive(Debug, Default)]
pub(super) struct Chores(Mutex<BTreeMap<Chore, String>>);

impl Chores {
    /// Notes how a chore went.
    pub(super) fn note<E: ToString>(&self, chore: Chore, result: Result<(), E>) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(()) => _ = failing.remove(&chore),
            Err(error) => _ = failing.insert(chore, error.to_string()),
        }
    }

    pub(super) fn health(&self, progress: &Progress) -> Health {
        if let Some(reason) = progress.failed() {
            return Health::Failed(reason.to_owned());
        }
        let failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failing.values().next() {
            Some(reason) => Health::Degraded(reason.clone()),
            None => Health::Healthy,
        }
    }
}
