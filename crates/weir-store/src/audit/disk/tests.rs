//! The log on a disk that fails.

#![expect(clippy::wildcard_enum_match_arm, reason = "tests look for one type of event")]

use super::*;
use crate::audit::tests::{assert_clean, decision, open, options, outcome, records, types};
use crate::audit::writer::DISTRUST;
use crate::audit::{AuditError, AuditLog, Health, Options};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use weir_audit::Event;
use weir_audit::event::LogSealed;

/// A disk of which each operation fails as long as its counter is above zero.
#[derive(Default)]
struct Failing {
    syncs: AtomicU64,
    writes: AtomicU64,
    creations: AtomicU64,
    renames: AtomicU64,
    /// Whether a sync lasts until this is over, or somebody waits for it in vain; and how many began to last.
    holds: AtomicBool,
    held: AtomicU64,
    slow_writes: AtomicBool,
    /// The thread of the last write, and of the last time that a file got its name.
    writer: Mutex<String>,
    namer: Mutex<String>,
    panics: AtomicBool,
    /// Files whose sync or write failed: nobody may touch them again.
    bad: Mutex<BTreeSet<u64>>,
}

impl Failing {
    fn strikes(&self, counter: &AtomicU64) -> io::Result<()> {
        let left = counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() { Err(io::Error::other("simulated failure")) } else { Ok(()) }
    }

    fn on_file(&self, file: &File, counter: &AtomicU64) -> io::Result<()> {
        let data = file.metadata()?;
        // Small files are written anew each time, and may get the number of one that was removed.
        let is_segment = data.len() >= options().segment_bytes;
        let is_bad = self.bad.lock().unwrap().contains(&data.ino());
        assert!(!is_segment || !is_bad, "a file that failed is used again");
        let struck = self.strikes(counter);
        if struck.is_err() && is_segment {
            self.bad.lock().unwrap().insert(data.ino());
        }
        struck
    }
}

impl Disk for Failing {
    fn create_zeroed(&self, path: &Path, len: u64) -> io::Result<File> {
        self.strikes(&self.creations)?;
        let file = RealDisk.create_zeroed(path, len)?;
        // A file that was removed may have had this number.
        self.bad.lock().unwrap().remove(&file.metadata()?.ino());
        Ok(file)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Err(error) = self.on_file(file, &self.writes) {
            // Half of it gets there.
            RealDisk.write_at(file, &bytes[..bytes.len() / 2], offset)?;
            return Err(error);
        }
        *self.writer.lock().unwrap() = thread_name();
        if self.slow_writes.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(50));
        }
        RealDisk.write_at(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        assert!(!self.panics.load(Ordering::SeqCst), "simulated bug");
        self.on_file(file, &self.syncs)?;
        if self.holds.load(Ordering::SeqCst) {
            self.held.fetch_add(1, Ordering::SeqCst);
            let begun = Instant::now();
            while self.holds.load(Ordering::SeqCst) && begun.elapsed() < HELD_MAX {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        RealDisk.sync(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.strikes(&self.renames)?;
        *self.namer.lock().unwrap() = thread_name();
        RealDisk.rename(from, to)
    }
}

fn thread_name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

/// A log on a failing disk, whose keeper stays out of the way.
fn log_on(disk: &Arc<Failing>) -> (tempfile::TempDir, AuditLog) {
    let dir = tempfile::tempdir().unwrap();
    let interval = Duration::from_secs(3600);
    let options = Options { disk: disk.clone(), checkpoint_interval: interval, ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    wait_until(|| dir.path().join("open").exists());
    // The next chores come after an hour.
    wait_until(|| is_prepared(dir.path()));
    (dir, log)
}

fn is_prepared(dir: &Path) -> bool {
    fs::metadata(dir.join("segments/00000001.log.new"))
        .is_ok_and(|file| file.len() == options().segment_bytes)
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain");
        std::thread::yield_now();
    }
}

/// The longest that a sync lasts.
const HELD_MAX: Duration = Duration::from_secs(10);
/// The longest that anything may take before it counts as hanging, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn an_event_whose_sync_failed_once_is_written_to_a_new_file() {
    let disk = Arc::new(Failing::default());
    let (dir, log) = log_on(&disk);
    for round in 1..=3 {
        log.append(decision(round)).unwrap().wait_durable().unwrap();
        disk.syncs.store(1, Ordering::SeqCst);
        log.append(decision(10 + round)).unwrap().wait_durable().unwrap();
        assert_eq!(disk.bad.lock().unwrap().len() as u64, round);
    }
    assert_eq!(log.health(), Health::Healthy);
    log.close().unwrap();
    assert_clean(dir.path());
    let count = |wanted| types(dir.path()).iter().filter(|name| *name == wanted).count();
    assert_eq!((count("decision"), count("log.sealed")), (6, 3));
    let sealed = records(dir.path()).into_iter().find_map(|record| match record.event {
        Event::LogSealed(sealed) => Some(*sealed),
        _ => None,
    });
    assert_eq!(sealed, Some(LogSealed { segment: 0, first: 2 }));
    let (_, recovery) = open(dir.path());
    assert_eq!((recovery.events, recovery.recovered), (11, None));
}

#[test]
fn an_event_whose_write_failed_halfway_is_written_to_a_new_file() {
    let disk = Arc::new(Failing::default());
    let (dir, log) = log_on(&disk);
    log.append(decision(1)).unwrap().wait_written().unwrap();
    disk.writes.store(1, Ordering::SeqCst);
    log.append(decision(2)).unwrap().wait_written().unwrap();
    log.append(decision(3)).unwrap().wait_durable().unwrap();
    log.close().unwrap();
    assert_clean(dir.path());
    assert_eq!(types(dir.path()).len(), 6);
    open(dir.path());
}

#[test]
fn a_disk_that_keeps_failing_refuses_instead_of_acknowledging() {
    let disk = Arc::new(Failing::default());
    let (dir, log) = log_on(&disk);
    log.append(decision(1)).unwrap().wait_durable().unwrap();
    disk.syncs.store(u64::MAX, Ordering::SeqCst);
    let ticket = log.append(decision(2)).unwrap();
    ticket.wait_durable().unwrap_err();
    assert!(matches!(log.append(decision(3)), Err(AuditError::Failed(_))));
    assert!(matches!(log.health(), Health::Failed(reason) if reason.contains("simulated failure")));
    log.close().unwrap_err();

    // With the disk mended, the log goes on behind what was acknowledged.
    let (log, recovery) = open(dir.path());
    assert!(recovery.events >= 2 && recovery.recovered.is_some());
    log.close().unwrap();
    assert_clean(dir.path());
}

#[test]
fn a_full_disk_shows_before_it_hurts_and_then_refuses() {
    let disk = Arc::new(Failing::default());
    let dir = tempfile::tempdir().unwrap();
    let interval = Duration::from_millis(5);
    let options = Options { disk: disk.clone(), checkpoint_interval: interval, ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    wait_until(|| is_prepared(dir.path()));
    disk.creations.store(u64::MAX, Ordering::SeqCst);
    let mut id = 0;
    let mut acknowledged = 0;
    // The first segment and the prepared one take about 130 KiB.
    while log.append(decision(id)).is_ok_and(|ticket| ticket.wait_durable().is_ok()) {
        id += 1;
        // Whoever prepares the next one is not to be late.
        if dir.path().join("segments/00000001.log").exists() {
            wait_until(|| log.health() != Health::Healthy);
        }
        acknowledged += u64::from(matches!(log.health(), Health::Degraded(_)));
        assert!(id < 10_000);
    }
    assert!(acknowledged > 10, "{acknowledged} events between the first sign and the end");
    assert!(matches!(log.health(), Health::Failed(_)));
    drop(log);
    disk.creations.store(0, Ordering::SeqCst);
    let (log, recovery) = open(dir.path());
    assert!(recovery.events > acknowledged);
    log.close().unwrap();
    assert_clean(dir.path());
}

#[test]
fn a_checkpoint_that_cannot_be_written_degrades_and_is_made_up_for() {
    let disk = Arc::new(Failing::default());
    let dir = tempfile::tempdir().unwrap();
    let interval = Duration::from_millis(5);
    let options = Options { disk: disk.clone(), checkpoint_interval: interval, ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    disk.renames.store(u64::MAX, Ordering::SeqCst);
    log.append(decision(1)).unwrap().wait_durable().unwrap();
    wait_until(|| matches!(log.health(), Health::Degraded(_)));
    log.append(decision(2)).unwrap().wait_durable().unwrap();
    disk.renames.store(0, Ordering::SeqCst);
    wait_until(|| log.health() == Health::Healthy);
    log.close().unwrap();
    assert_eq!(assert_clean(dir.path()).checkpoint.unwrap().size, 4);
}

#[test]
fn a_thread_that_panics_breaks_the_log_instead_of_hanging_it() {
    let disk = Arc::new(Failing::default());
    let (_dir, log) = log_on(&disk);
    disk.panics.store(true, Ordering::SeqCst);
    log.append(decision(1)).unwrap().wait_durable().unwrap_err();
    assert!(matches!(log.append(decision(2)), Err(AuditError::Failed(_))));
    log.close().unwrap_err();
}

#[test]
fn who_waits_writes_until_a_write_was_slow() {
    let disk = Arc::new(Failing::default());
    let (_dir, log) = log_on(&disk);
    let write = |id| {
        log.append(decision(id)).unwrap().wait_written().unwrap();
        disk.writer.lock().unwrap().clone()
    };
    // Now and then the writer thread comes first, and on a busy machine any write may be slow.
    wait_until(|| write(0) == thread_name());
    // What took longer than a slow write is remembered says nothing.
    wait_until(|| {
        disk.slow_writes.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        write(1);
        disk.slow_writes.store(false, Ordering::SeqCst);
        let writers: Vec<String> = (2..20).map(write).collect();
        let is_shown = begun.elapsed() < DISTRUST;
        assert!(!is_shown || writers.iter().all(|writer| writer == "audit-write"), "{writers:?}");
        is_shown
    });
}

#[test]
fn the_next_segment_is_begun_by_the_writer_thread() {
    let disk = Arc::new(Failing::default());
    let (dir, log) = log_on(&disk);
    let mut id = 0;
    while fs::read_dir(dir.path().join("segments")).unwrap().count() < 3 {
        log.append(decision(id)).unwrap().wait_written().unwrap();
        id += 1;
    }
    assert_eq!(*disk.namer.lock().unwrap(), "audit-write");
    log.close().unwrap();
    assert_clean(dir.path());
}

#[test]
fn a_slow_disk_delays_durability_and_not_writing() {
    let disk = Arc::new(Failing::default());
    let (_dir, log) = log_on(&disk);
    disk.holds.store(true, Ordering::SeqCst);
    let waiting: Vec<_> = (0..50).map(|id| log.append(decision(id)).unwrap()).collect();
    std::thread::scope(|scope| {
        let durable = scope.spawn(|| waiting.iter().for_each(|ticket| ticket.wait_durable().unwrap()));
        wait_until(|| disk.held.load(Ordering::SeqCst) > 0);
        let is_held = || disk.held.load(Ordering::SeqCst) == 1 && !durable.is_finished();
        let is_written_meanwhile = (0..100).all(|_| {
            log.append(decision(99)).unwrap().wait_written().unwrap();
            is_held()
        });
        disk.holds.store(false, Ordering::SeqCst);
        assert!(is_written_meanwhile, "writing waited for the disk");
    });
}

/// What can be said of a log that broke and was opened again.
#[track_caller]
fn reopen(log: &AuditLog) -> crate::audit::Recovery {
    assert!(matches!(log.health(), Health::Failed(_)));
    let recovery = log.reopen().unwrap().unwrap();
    assert_eq!(log.health(), Health::Healthy);
    assert_eq!(log.reopen().unwrap(), None, "it is not broken any more");
    recovery
}

#[test]
fn a_log_that_broke_goes_on_in_a_new_file_when_the_disk_is_well_again() {
    let disk = Arc::new(Failing::default());
    let (dir, log) = log_on(&disk);
    for round in 0..3 {
        log.append(decision(10 * round)).unwrap().wait_durable().unwrap();
        // Handed to the kernel, and in a file whose sync fails.
        let written = log.append(decision(10 * round + 1)).unwrap();
        written.wait_written().unwrap();
        disk.syncs.store(u64::MAX, Ordering::SeqCst);
        written.wait_durable().unwrap_err();
        assert!(matches!(log.append(outcome(10 * round)), Err(AuditError::Failed(_))));
        log.reopen().unwrap_err();
        assert!(
            matches!(log.append(outcome(10 * round)), Err(AuditError::Failed(_))),
            "it is broken as before"
        );
        disk.syncs.store(0, Ordering::SeqCst);
        // The disk asserts that no file that has failed is written or synced again.
        let recovery = reopen(&log);
        assert!(recovery.recovered.is_some());
        log.append(outcome(10 * round + 1)).unwrap().wait_durable().unwrap();
    }
    log.close().unwrap();
    assert_clean(dir.path());
    let found = types(dir.path());
    assert_eq!(
        found.iter().filter(|name| *name == "decision").count(),
        6,
        "nothing that was written is lost"
    );
    // The outcomes of three requests were refused; the others have one.
    assert_eq!(found.iter().filter(|name| *name == "outcome").count(), 3);
    let (log, recovery) = open(dir.path());
    assert_eq!(recovery.recovered, None);
    log.close().unwrap();
}

#[test]
fn a_log_on_a_full_disk_goes_on_when_there_is_room() {
    let disk = Arc::new(Failing::default());
    let (dir, log) = log_on(&disk);
    disk.creations.store(u64::MAX, Ordering::SeqCst);
    let mut last = 0;
    while log.append(decision(last)).is_ok_and(|ticket| ticket.wait_written().is_ok()) {
        last += 1;
    }
    assert!(last > 50);
    log.reopen().unwrap_err();
    disk.creations.store(0, Ordering::SeqCst);
    reopen(&log);
    log.append(outcome(0)).unwrap().wait_durable().unwrap();
    log.close().unwrap();
    assert_clean(dir.path());
    let decisions = types(dir.path()).iter().filter(|name| *name == "decision").count() as u64;
    assert!((last..=last + 1).contains(&decisions), "{decisions} of {last}");
}

#[test]
fn a_log_that_is_closed_or_well_is_not_opened_again() {
    let (_dir, log) = log_on(&Arc::new(Failing::default()));
    assert_eq!(log.reopen().unwrap(), None);
    log.close().unwrap();
    assert!(matches!(log.reopen(), Err(AuditError::Closed)));
}
