//! Keeps the search index of the audit log up.

use crate::gateway::Gateway;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_store::audit::{Indexed, index};

/// How often it is looked whether there is something to take in.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// So many events and no more in that time are a quiet time, in which they are taken in as they come.
const QUIET_EVENTS: u64 = 2_000;

/// While more come, the index waits until it is so far behind: requests come first, and many events together cost
/// less. Whoever searches takes in what is missing, in less than a second.
const BEHIND_MAX: u64 = 128 * 1024;

/// While there is much to take in, so many times as long as that took is waited.
const REST: u32 = 3;

/// How often it is looked at in any case: what was deleted from the log is to leave the index too.
const LOOK_ANYHOW: Duration = Duration::from_secs(60);

impl Gateway {
    /// Keeps the search index up with the audit log in a thread that ends with this gateway. It reads what the writer has
    /// finished, and shares nothing with it: whatever becomes of the index, requests and records do not notice.
    ///
    /// # Errors
    /// The operating system's, when there is no thread.
    pub fn keep_index(self: &Arc<Self>) -> std::io::Result<()> {
        let weak = Arc::downgrade(self);
        let work = move || {
            let mut pace = Pace::default();
            let mut has_failed = false;
            while let Some(gateway) = weak.upgrade() {
                let now = Instant::now();
                if pace.is_due(gateway.audit.size(), now) {
                    let indexed = index(gateway.audit.directory());
                    pace.note(indexed.as_ref().ok(), now.elapsed(), Instant::now());
                    match indexed {
                        Ok(_) => has_failed = false,
                        Err(error) if !std::mem::replace(&mut has_failed, true) => {
                            tracing::warn!(%error, "the search index of the audit log is not kept up");
                        }
                        Err(_) => {}
                    }
                }
                gateway.metrics.records.index_lag(gateway.audit.size().saturating_sub(pace.indexed));
                drop(gateway);
                std::thread::sleep(pace.pause);
            }
        };
        std::thread::Builder::new().name("weir-index".to_owned()).spawn(work).map(drop)
    }
}

/// When the index takes something in.
#[derive(Debug, Default)]
struct Pace {
    /// Events that are in the index.
    indexed: u64,
    /// Events of the log, when it was last looked.
    size: u64,
    /// When it is to be looked at in any case; at first, at once.
    due: Option<Instant>,
    /// How long to wait before the next look.
    pause: Duration,
    /// Whether there was more to take in than was.
    is_behind: bool,
}

impl Pace {
    fn is_due(&mut self, size: u64, now: Instant) -> bool {
        let grown = size.saturating_sub(std::mem::replace(&mut self.size, size));
        let behind = size.saturating_sub(self.indexed);
        self.pause = LOOK_EVERY;
        let is_quiet = grown <= QUIET_EVENTS && behind > 0;
        // What cannot be written is left alone until it is due again.
        match self.due {
            None => true,
            Some(due) => now >= due || self.is_behind || behind >= BEHIND_MAX || is_quiet,
        }
    }

    fn note(&mut self, indexed: Option<&Indexed>, took: Duration, now: Instant) {
        self.due = Some(now + LOOK_ANYHOW);
        self.is_behind = indexed.is_some_and(|indexed| indexed.is_behind);
        match indexed {
            Some(Indexed { events, is_behind }) => {
                self.indexed = *events;
                self.pause = if *is_behind { (took * REST).min(LOOK_EVERY) } else { LOOK_EVERY };
            }
            None => self.pause = LOOK_ANYHOW,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_TIME: Duration = Duration::from_millis(10);

    fn indexed(events: u64, is_behind: bool) -> Option<Indexed> {
        Some(Indexed { events, is_behind })
    }

    #[test]
    fn the_index_waits_while_requests_come_and_catches_up_when_they_do_not() {
        let mut pace = Pace::default();
        let now = Instant::now();
        assert!(pace.is_due(100, now), "at first");
        pace.note(indexed(100, false).as_ref(), IN_TIME, now);
        assert!(!pace.is_due(100, now), "nothing is new");
        assert!(pace.is_due(100 + QUIET_EVENTS, now), "it is quiet");
        pace.note(indexed(2_000, false).as_ref(), IN_TIME, now);
        for size in [20_000, 50_000, 100_000, 130_000] {
            assert!(!pace.is_due(size, now), "{size}: many come");
        }
        assert!(pace.is_due(2_000 + BEHIND_MAX, now), "it is far behind");
        pace.note(indexed(70_000, true).as_ref(), IN_TIME, now);
        assert_eq!(pace.pause, IN_TIME * REST);
        assert!(pace.is_due(200_000, now), "there was more to take in");
        pace.note(indexed(200_000, false).as_ref(), IN_TIME, now);
        assert!(!pace.is_due(200_000, now));
        assert!(pace.is_due(200_000, now + LOOK_ANYHOW), "what was deleted leaves the index");
    }

    #[test]
    fn an_index_that_cannot_be_written_is_left_alone_for_a_while() {
        let mut pace = Pace::default();
        let now = Instant::now();
        assert!(pace.is_due(0, now));
        pace.note(None, IN_TIME, now);
        assert_eq!(pace.pause, LOOK_ANYHOW);
    }
}
