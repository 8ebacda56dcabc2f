//! Deletes the oldest segments of a log, on record, so that all that is left can still be verified.

use super::files::{Layout, ignore_missing, promised_size};
use super::index::{Entry, Index};
use super::{AuditError, AuditLog};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use weir_audit::event::LogPruned;
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES};
use weir_audit::{Envelope, WallTime};

/// How long the checkpoint over the event that says what is deleted is waited for.
const CHECKPOINT_WAIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl AuditLog {
    /// Deletes the segments whose events are all older than `before`, but for what recovery still needs.
    ///
    /// Before that, an event that says so is durable and under a signed checkpoint; tiles stay, and with them
    /// every proof. Returns the event, or `None` if there is nothing to delete. Blocks for about a second.
    ///
    /// # Errors
    /// [`AuditError`] if the log cannot be written or read, or the checkpoint did not come; nothing was deleted
    /// then, except that the deletion may have been announced.
    pub fn prune(&self, before: WallTime) -> Result<Option<LogPruned>, AuditError> {
        let layout = self.layout();
        let entries = Index::read(layout)?.entries;
        let Some((old, first_kept)) = prunable(layout, &entries, before)? else { return Ok(None) };
        let events = first_kept - entries.first().map_or(first_kept, |entry| entry.first);
        let pruned = LogPruned { first_kept, events, before };
        let ticket = self.append(pruned.clone())?;
        ticket.wait_durable()?;
        wait_for_checkpoint(layout, ticket.seq() + 1)?;
        // From the beginning on: whatever stops this, what is left has no gap.
        for entry in old {
            let path = layout.segment(entry.number);
            ignore_missing(fs::remove_file(&path)).map_err(AuditError::io(path))?;
        }
        Ok(Some(pruned))
    }
}

/// The segments that may go, and the first event that stays.
fn prunable<'e>(
    layout: &Layout,
    entries: &'e [Entry],
    before: WallTime,
) -> Result<Option<(&'e [Entry], u64)>, AuditError> {
    let needed = needed_by_recovery(layout)?;
    let mut kept = 0;
    for (place, entry) in entries.iter().enumerate().skip(1) {
        // What an event begins with is older than it, as far as the clock did not jump back; then it stays longer.
        if entry.first > needed || first_time(layout, entry)?.is_none_or(|time| time > before) {
            break;
        }
        kept = place;
    }
    let first_kept = entries.get(kept).map(|entry| entry.first);
    let old = entries.get(..kept).filter(|old| !old.is_empty());
    Ok(old.zip(first_kept))
}

/// The first event that is read when the log is opened: nothing from there on is deleted.
fn needed_by_recovery(layout: &Layout) -> Result<u64, AuditError> {
    let open = super::files::read_optional(&layout.open_from())?;
    let open = open.and_then(|bytes| String::from_utf8(bytes).ok()?.trim_end().parse().ok());
    Ok(promised_size(layout)?.saturating_sub(1).min(open.unwrap_or(0)))
}

/// The time of the first event of a segment.
fn first_time(layout: &Layout, entry: &Entry) -> Result<Option<WallTime>, AuditError> {
    let bytes = entry.read(layout)?;
    let frame = frame::read(&bytes, SEGMENT_HEADER_BYTES).ok().flatten();
    Ok(frame.and_then(|frame| Envelope::parse(frame.event).ok()).map(|envelope| envelope.ts_wall))
}

pub(super) fn wait_for_checkpoint(layout: &Layout, size: u64) -> Result<(), AuditError> {
    let until = Instant::now() + CHECKPOINT_WAIT;
    while promised_size(layout)? < size {
        if Instant::now() > until {
            let what = "no checkpoint came over the event that says what is deleted".to_owned();
            return Err(AuditError::Damaged { path: layout.checkpoint(), index: size, what });
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::evidence::tests::receipt_of;
    use super::super::tests::{decision, open, outcome, records};
    use super::super::{Evidence, Wanted, verify};
    use super::*;
    use weir_audit::event::Event;

    fn later() -> WallTime {
        WallTime::from_unix_ms(4_000_000_000_000)
    }

    fn fill(log: &AuditLog, requests: std::ops::Range<u64>) {
        for id in requests {
            log.append(decision(id)).unwrap();
            log.append(outcome(id)).unwrap().wait_written().unwrap();
        }
    }

    fn is_clean(dir: &std::path::Path) -> bool {
        let report = verify(dir).unwrap();
        assert_eq!(report.faults, [], "{:?}", report.faults);
        report.is_clean()
    }

    #[test]
    fn what_is_deleted_is_on_record_and_the_rest_is_still_proved() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        fill(&log, 0..400);
        log.append(decision(400)).unwrap().wait_durable().unwrap();
        wait_for_checkpoint(log.layout(), log.size()).unwrap();
        assert_eq!(log.prune(WallTime::from_unix_ms(1)).unwrap(), None);
        let pruned = log.prune(later()).unwrap().unwrap();
        assert!(pruned.first_kept > 200 && pruned.events == pruned.first_kept, "{pruned:?}");
        fill(&log, 401..500);
        log.close().unwrap();
        assert!(is_clean(dir.path()));
        let kept = records(dir.path());
        assert_eq!(kept[0].envelope.seq, pruned.first_kept);
        assert!(kept.iter().any(|record| record.event == Event::from(pruned.clone())));
        let evidence = Evidence::open(dir.path(), None).unwrap();
        let receipt = receipt_of(&evidence, Wanted::Decision, "req-400");
        receipt.verify(evidence.verifier()).unwrap();
        let (log, recovery) = open(dir.path());
        assert!(recovery.recovered.is_none(), "{recovery:?}");
        assert!(log.prune(later()).unwrap().is_none_or(|again| again.first_kept > pruned.first_kept));
        log.close().unwrap();
        assert!(is_clean(dir.path()));
    }

    #[test]
    fn a_request_that_is_not_over_keeps_its_decision() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        log.append(decision(10_000)).unwrap();
        fill(&log, 0..400);
        wait_for_checkpoint(log.layout(), log.size()).unwrap();
        assert_eq!(log.prune(later()).unwrap(), None);
        log.close().unwrap();
    }
}
