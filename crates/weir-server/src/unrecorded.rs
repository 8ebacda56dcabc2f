//! What the audit log knows nothing of because it could not be written: counted, and told when it can.

use crate::gateway::Gateway;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weir_audit::WallTime;
use weir_audit::event::LogFailed;

/// What a record lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The decision about a request that was served inside.
    Served,
    /// The decision about a request that was refused.
    Refused,
    /// The outcome of a request.
    Outcome,
}

impl Lost {
    /// The word in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Lost::Served => "served",
            Lost::Refused => "refused",
            Lost::Outcome => "outcome",
        }
    }
}

/// What was lost and is not on record yet.
#[derive(Debug, Default)]
pub(crate) struct Unrecorded(Mutex<Option<LogFailed>>);

impl Unrecorded {
    fn lock(&self) -> MutexGuard<'_, Option<LogFailed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the log cannot be written now, and what that has cost, if anything.
    fn note(&self, now: WallTime, lost: Option<Lost>) {
        let mut noted = self.lock();
        let noted =
            noted.get_or_insert(LogFailed { since: now, until: now, served: 0, refused: 0, outcomes: 0 });
        noted.until = noted.until.max(now);
        match lost {
            Some(Lost::Served) => noted.served += 1,
            Some(Lost::Refused) => noted.refused += 1,
            Some(Lost::Outcome) => noted.outcomes += 1,
            None => {}
        }
    }

    /// What is noted, which is not noted any more.
    fn take(&self) -> Option<LogFailed> {
        self.lock().take()
    }

    /// Notes again what could not be told, with what came since.
    fn put_back(&self, told: LogFailed) {
        let mut noted = self.lock();
        *noted = Some(match noted.take() {
            None => told,
            Some(later) => LogFailed {
                since: told.since.min(later.since),
                until: told.until.max(later.until),
                served: told.served + later.served,
                refused: told.refused + later.refused,
                outcomes: told.outcomes + later.outcomes,
            },
        });
    }
}

impl Gateway {
    /// Counts what the log does not get.
    pub(crate) fn lost(&self, lost: Lost) {
        self.metrics.records.unrecorded(lost);
        self.unrecorded.note(self.wall.time(), Some(lost));
    }

    /// Notes that the log cannot be written.
    pub(crate) fn note_audit_failure(&self) {
        self.unrecorded.note(self.wall.time(), None);
    }

    /// Writes down what the log did not get, if there is something. To be asked when it can be written.
    pub(crate) fn tell_of_lost(&self) {
        let Some(failed) = self.unrecorded.take() else { return };
        if let Err(error) = self.audit.append(&failed) {
            tracing::debug!(%error, "what the audit log did not get cannot be recorded yet");
            self.unrecorded.put_back(failed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_counted_until_it_is_told() {
        let (unrecorded, at) = (Unrecorded::default(), WallTime::from_unix_ms);
        assert_eq!(unrecorded.take(), None);
        unrecorded.note(at(5), None);
        for (time, lost) in [(7, Lost::Served), (8, Lost::Served), (6, Lost::Refused), (9, Lost::Outcome)] {
            unrecorded.note(at(time), Some(lost));
        }
        let told = unrecorded.take().unwrap();
        let expected = LogFailed { since: at(5), until: at(9), served: 2, refused: 1, outcomes: 1 };
        assert_eq!((&told, unrecorded.take()), (&expected, None));
        unrecorded.note(at(20), Some(Lost::Refused));
        unrecorded.put_back(told);
        let expected = LogFailed { until: at(20), refused: 2, ..expected };
        assert_eq!(unrecorded.take(), Some(expected));
    }
}
