//! Deletes the oldest segments of a log, on record, so that all that is left can still be verified.

use super::files::{Layout, ignore_missing, promised_size};
use super::index::{Entry, Index};
use super::{AuditError, AuditLog};
use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};
use weir_audit::event::{Event, LogPruned};
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES};
use weir_audit::tree::TileId;
use weir_audit::{Ident, Record, WallTime};
use weir_label::Level;

/// How long the checkpoint over the event that says what is deleted is waited for.
const CHECKPOINT_WAIT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Which events may be deleted, by what they are about: those that are older than this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Decisions about data of these levels.
    pub by_level: BTreeMap<Level, WallTime>,
    /// Decisions about data of the other levels, and what is about no request.
    pub otherwise: WallTime,
}

impl Expiry {
    /// All that is older than this, whatever it is about.
    #[must_use]
    pub fn all(otherwise: WallTime) -> Self {
        Self { by_level: BTreeMap::new(), otherwise }
    }

    fn of(&self, level: Level) -> WallTime {
        self.by_level.get(&level).copied().unwrap_or(self.otherwise)
    }

    /// The latest of them: what is about a request goes with its decision, which stands before it in the log, and not
    /// before this.
    fn latest(&self) -> WallTime {
        Level::ALL.into_iter().map(|level| self.of(level)).fold(self.otherwise, WallTime::max)
    }

    fn of_event(&self, event: &Event) -> WallTime {
        #[expect(clippy::wildcard_enum_match_arm, reason = "all other types are about no request")]
        match event {
            Event::Decision(decision) => self.of(decision.level),
            Event::Outcome(_)
            | Event::AnswerRated(_)
            | Event::AnswerChecked(_)
            | Event::AnswersCompared(_) => self.latest(),
            _ => self.otherwise,
        }
    }
}

impl AuditLog {
    /// Deletes the oldest segments whose events have all expired, but for what recovery still needs, and the hashes of
    /// events before the first that is kept: not those of a tile with events that are kept, or with any from
    /// `witnessed` on, which are needed to show whoever has a checkpoint of that size that the log continues it.
    ///
    /// Before that, an event that says so is durable and under a signed checkpoint. All rows of the tree above the
    /// leaves stay, and with them the proof of every event that is kept. Returns the event, or `None` if there is
    /// nothing to delete. Blocks for about a second.
    ///
    /// # Errors
    /// [`AuditError`] if the log cannot be written or read, or the checkpoint did not come; nothing was deleted
    /// then, except that the deletion may have been announced.
    pub fn prune(&self, expiry: &Expiry, witnessed: u64) -> Result<Option<LogPruned>, AuditError> {
        let layout = self.layout();
        let entries = Index::read(layout)?.entries;
        let Some(Prunable { old, first_kept, decisions }) = prunable(layout, &entries, expiry)? else {
            return Ok(None);
        };
        let events = first_kept - entries.first().map_or(first_kept, |entry| entry.first);
        let tiles = first_kept.min(witnessed) / TILE;
        let before = expiry.latest();
        let pruned = LogPruned { first_kept, events, before, decisions, hashes_from: tiles * TILE };
        let ticket = self.append(pruned.clone())?;
        ticket.wait_durable()?;
        wait_for_checkpoint(layout, ticket.seq() + 1)?;
        // From the beginning on: whatever stops this, what is left has no gap.
        for entry in old {
            let path = layout.segment(entry.number);
            ignore_missing(fs::remove_file(&path)).map_err(AuditError::io(path))?;
        }
        remove_leaves(layout, tiles)?;
        Ok(Some(pruned))
    }
}

/// Hashes in a tile.
const TILE: u64 = 256;

/// What may go.
struct Prunable<'e> {
    old: &'e [Entry],
    /// The first event that stays.
    first_kept: u64,
    /// Decisions in what goes, by level.
    decisions: BTreeMap<Ident, u64>,
}

fn prunable<'e>(
    layout: &Layout,
    entries: &'e [Entry],
    expiry: &Expiry,
) -> Result<Option<Prunable<'e>>, AuditError> {
    let needed = needed_by_recovery(layout)?;
    let (mut kept, mut decisions) = (0, BTreeMap::new());
    for (place, pair) in entries.windows(2).enumerate() {
        let [entry, next] = pair else { break };
        if next.first > needed {
            break;
        }
        let Some(expired) = expired(layout, entry, expiry)? else { break };
        expired.into_iter().for_each(|(level, count)| *decisions.entry(level).or_default() += count);
        kept = place + 1;
    }
    let first_kept = entries.get(kept).map(|entry| entry.first);
    let old = entries.get(..kept).filter(|old| !old.is_empty());
    Ok(old.zip(first_kept).map(|(old, first_kept)| Prunable { old, first_kept, decisions }))
}

/// The decisions in a segment by level, if all its events have expired. What cannot be read has not.
fn expired(
    layout: &Layout,
    entry: &Entry,
    expiry: &Expiry,
) -> Result<Option<BTreeMap<Ident, u64>>, AuditError> {
    let (bytes, mut offset, mut decisions) = (entry.read(layout)?, SEGMENT_HEADER_BYTES, BTreeMap::new());
    while let Ok(Some(frame)) = frame::read(&bytes, offset) {
        offset = frame.end();
        let Ok(Record { envelope, event }) = Record::parse(frame.event) else { return Ok(None) };
        if entry.limit.is_some_and(|limit| envelope.seq >= limit) {
            break;
        }
        if envelope.ts_wall >= expiry.of_event(&event) {
            return Ok(None);
        }
        if let Event::Decision(decision) = event {
            *decisions.entry(Ident::fixed(decision.level.as_str())).or_default() += 1;
        }
    }
    Ok(Some(decisions))
}

/// Deletes the first tiles of leaves, from the beginning on: whatever stops this, those that are left follow each other.
fn remove_leaves(layout: &Layout, tiles: u64) -> Result<(), AuditError> {
    let path = |index: u64| layout.tile(TileId { level: 0, index, width: 256 });
    let left = (0..tiles).rev().take_while(|index| path(*index).exists()).count() as u64;
    for index in tiles - left..tiles {
        ignore_missing(fs::remove_file(path(index))).map_err(AuditError::io(path(index)))?;
    }
    Ok(())
}

/// The first event that is read when the log is opened: nothing from there on is deleted.
fn needed_by_recovery(layout: &Layout) -> Result<u64, AuditError> {
    let open = super::files::read_optional(&layout.open_from())?;
    let open = open.and_then(|bytes| String::from_utf8(bytes).ok()?.trim_end().parse().ok());
    Ok(promised_size(layout)?.saturating_sub(1).min(open.unwrap_or(0)))
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
    use super::super::{Continuity, Evidence, Wanted, verify};
    use super::*;
    use weir_audit::checkpoint::Checkpoint;
    use weir_audit::event::Decision;

    const LATER: fn() -> WallTime = || WallTime::from_unix_ms(4_000_000_000_000);
    const NEVER: fn() -> WallTime = || WallTime::from_unix_ms(1);

    fn later() -> Expiry {
        Expiry::all(LATER())
    }

    /// Whether there is a tile of events before this one alone.
    fn has_tile_below(dir: &std::path::Path, event: u64) -> bool {
        let path = |index| TileId { level: 0, index, width: 256 }.path();
        (0..event / 256).any(|index| dir.join(path(index)).exists())
    }

    fn fill(log: &AuditLog, requests: std::ops::Range<u64>) {
        for id in requests {
            log.append(decision(id)).unwrap();
            log.append(outcome(id)).unwrap().wait_written().unwrap();
        }
    }

    /// Waits for the checkpoint over all events, and for what is written behind it: where recovery begins.
    fn wait_until_signed(log: &AuditLog) {
        wait_for_checkpoint(log.layout(), log.size()).unwrap();
        let until = Instant::now() + CHECKPOINT_WAIT;
        let last = log.size() - 1;
        while needed_by_recovery(log.layout()).unwrap() < last && Instant::now() < until {
            thread::sleep(LOOK_AGAIN / 10);
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
        wait_until_signed(&log);
        assert_eq!(log.prune(&Expiry::all(NEVER()), u64::MAX).unwrap(), None);
        let pruned = log.prune(&later(), u64::MAX).unwrap().unwrap();
        assert!(pruned.first_kept > 512 && pruned.events == pruned.first_kept, "{pruned:?}");
        assert_eq!(pruned.decisions, BTreeMap::from([(Ident::new("internal"), pruned.first_kept / 2)]));
        assert_eq!(pruned.hashes_from, pruned.first_kept / 256 * 256);
        assert!(!has_tile_below(dir.path(), pruned.first_kept), "{pruned:?}");
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
        assert!(
            log.prune(&later(), u64::MAX).unwrap().is_none_or(|again| again.first_kept > pruned.first_kept)
        );
        log.close().unwrap();
        assert!(is_clean(dir.path()));
    }

    /// What a witness has signed is to be continued before its eyes.
    #[test]
    fn hashes_that_a_witness_needs_stay_until_it_has_come_further() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        fill(&log, 0..400);
        wait_until_signed(&log);
        let old = Evidence::open(dir.path(), None).unwrap();
        let pruned = log.prune(&later(), 300).unwrap().unwrap();
        assert!(pruned.first_kept > 512 && pruned.hashes_from == 256, "{pruned:?}");
        assert!(has_tile_below(dir.path(), 512) && !has_tile_below(dir.path(), 256));
        let evidence = Evidence::open(dir.path(), None).unwrap();
        for size in [256, 257, 300, 511, old.checkpoint().size] {
            assert!(evidence.consistency(size).is_ok(), "{size}");
        }
        assert!(evidence.consistency(255).is_err());
        assert_eq!(evidence.continues(old.checkpoint()).unwrap(), Continuity::Extends);
        let older = Checkpoint { size: 255, ..old.checkpoint().clone() };
        assert_eq!(evidence.continues(&older).unwrap(), Continuity::Deleted(pruned.first_kept));
        fill(&log, 400..800);
        wait_until_signed(&log);
        let again = log.prune(&later(), u64::MAX).unwrap().unwrap();
        assert!(!has_tile_below(dir.path(), again.first_kept), "{again:?}");
        log.close().unwrap();
        assert!(is_clean(dir.path()));
    }

    #[test]
    fn a_segment_goes_when_the_time_of_each_level_in_it_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = open(dir.path());
        fill(&log, 0..200);
        let restricted = Decision { level: Level::Restricted, ..decision(200) };
        log.append(restricted).unwrap();
        log.append(outcome(200)).unwrap().wait_written().unwrap();
        let its = log.size() - 2;
        fill(&log, 201..600);
        wait_until_signed(&log);
        let keeps = |level| Expiry { by_level: BTreeMap::from([(level, NEVER())]), otherwise: LATER() };
        assert_eq!(log.prune(&keeps(Level::Internal), u64::MAX).unwrap(), None);
        let others = Expiry { by_level: Level::ALL.map(|level| (level, LATER())).into(), otherwise: NEVER() };
        assert_eq!(log.prune(&others, u64::MAX).unwrap(), None, "`log.started` is about no request");
        let pruned = log.prune(&keeps(Level::Restricted), u64::MAX).unwrap().unwrap();
        assert!(pruned.first_kept > 0 && pruned.first_kept <= its, "{pruned:?}");
        assert_eq!(log.prune(&keeps(Level::Restricted), u64::MAX).unwrap(), None);
        let rest = log.prune(&later(), u64::MAX).unwrap().unwrap();
        assert!(
            rest.first_kept > its && rest.decisions.get(&Ident::new("restricted")) == Some(&1),
            "{rest:?}"
        );
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
        assert_eq!(log.prune(&later(), u64::MAX).unwrap(), None);
        log.close().unwrap();
    }
}
