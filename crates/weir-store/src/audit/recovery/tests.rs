#![expect(clippy::wildcard_enum_match_arm, reason = "tests look for one type of event")]

use crate::audit::tests::{assert_clean, decision, open, options, outcome, records, types};
use crate::audit::{AuditError, AuditLog, Options, verify};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use weir_audit::Event;
use weir_audit::event::{LogRecovered, OutcomeKind};
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES};

/// What a crash leaves: the files of a log that is being written.
fn image(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_dir(dir, copy.path());
    copy
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else if fs::copy(entry.path(), target).is_err() {
            // Files of the keeper come and go.
            assert!(!entry.path().exists());
        }
    }
}

/// A crashed log of `log.started` and `events` decisions, of which a checkpoint covers the first event.
fn crashed(events: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { checkpoint_interval: Duration::from_secs(3600), ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    while !dir.path().join("open").exists() {
        std::thread::yield_now();
    }
    for id in 0..events {
        log.append(decision(id)).unwrap().wait_durable().unwrap();
    }
    image(dir.path())
}

fn frame_ends(segment: &[u8]) -> Vec<usize> {
    let mut ends = vec![SEGMENT_HEADER_BYTES];
    while let Ok(Some(frame)) = frame::read(segment, *ends.last().unwrap()) {
        ends.push(frame.end());
    }
    ends
}

fn first_segment(dir: &Path) -> std::path::PathBuf {
    dir.join("segments/00000000.log")
}

fn recovered(dir: &Path) -> LogRecovered {
    let (log, recovery) = open(dir);
    log.close().unwrap();
    assert_clean(dir);
    let recovered = recovery.recovered.unwrap();
    let written = records(dir).into_iter().find_map(|record| match record.event {
        Event::LogRecovered(recovered) => Some(*recovered),
        _ => None,
    });
    assert_eq!(written.as_ref(), Some(&recovered));
    recovered
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_and_the_events_before_it_kept() {
    let image_dir = crashed(4);
    let segment = fs::read(first_segment(image_dir.path())).unwrap();
    let ends = frame_ends(&segment);
    assert_eq!(ends.len(), 6);
    for at in (ends[2]..ends[5]).step_by(7).chain(ends[2..6].iter().copied()) {
        let dir = image(image_dir.path());
        let mut torn = segment.clone();
        torn[at..].fill(0);
        fs::write(first_segment(dir.path()), torn).unwrap();
        let kept = ends.iter().filter(|&&end| end <= at).count() - 1;
        let whole = ends.contains(&at);
        let recovered = recovered(dir.path());
        assert_eq!(recovered.events_kept, kept as u64, "byte {at}");
        assert_eq!(recovered.cut_reason.is_some(), !whole, "byte {at}");
        assert_eq!(recovered.cut_offset, (!whole).then_some(ends[kept] as u64), "byte {at}");
    }
}

#[test]
fn a_tail_with_any_byte_changed_is_cut_before_that_event() {
    let image_dir = crashed(3);
    let segment = fs::read(first_segment(image_dir.path())).unwrap();
    let ends = frame_ends(&segment);
    for at in (ends[2]..ends[4] + 12).step_by(5) {
        let dir = image(image_dir.path());
        let mut changed = segment.clone();
        changed[at] ^= 0x40;
        fs::write(first_segment(dir.path()), changed).unwrap();
        let kept = ends.iter().filter(|&&end| end <= at).count() - 1;
        assert_eq!(recovered(dir.path()).events_kept, kept as u64, "byte {at}");
    }
}

#[test]
fn a_changed_event_that_was_signed_keeps_the_log_shut() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    for id in 0..5 {
        log.append(decision(id)).unwrap();
    }
    log.close().unwrap();
    let mut segment = fs::read(first_segment(dir.path())).unwrap();
    let ends = frame_ends(&segment);
    segment[ends[3] + 20] ^= 1;
    fs::write(first_segment(dir.path()), &segment).unwrap();
    match AuditLog::open(dir.path(), options()) {
        Err(AuditError::Damaged { index: 3, .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(verify(dir.path()).unwrap().faults[0].index, Some(3));
}

#[test]
fn a_request_that_a_crash_left_open_gets_an_outcome() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    for id in 0..3 {
        log.append(decision(id)).unwrap();
    }
    log.append(outcome(1)).unwrap().wait_durable().unwrap();
    let image = image(dir.path());
    let (log, recovery) = open(image.path());
    assert_eq!(recovery.recovered.unwrap().open_requests, 2);
    log.close().unwrap();
    let crashed: Vec<_> = records(image.path())
        .into_iter()
        .filter_map(|record| match record.event {
            Event::Outcome(outcome) if outcome.error_code == Some("crashed".into()) => Some(*outcome),
            _ => None,
        })
        .collect();
    let ids: Vec<_> = crashed.iter().map(|outcome| outcome.decision_id.as_str()).collect();
    assert_eq!(ids, ["dec-0", "dec-2"]);
    assert!(crashed.iter().all(|outcome| outcome.outcome == OutcomeKind::Failed && outcome.attempts == 1));
    // Once is enough.
    let (_, recovery) = open(image.path());
    assert_eq!(recovery.recovered, None);
}

#[test]
fn lost_tiles_are_built_again_and_a_lost_segment_is_not_forgiven() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    for id in 0..700 {
        log.append(decision(id)).unwrap();
    }
    log.close().unwrap();
    fs::remove_dir_all(dir.path().join("tile")).unwrap();
    let (log, _) = open(dir.path());
    log.close().unwrap();
    assert_clean(dir.path());

    fs::remove_file(dir.path().join("segments/00000001.log")).unwrap();
    fs::remove_dir_all(dir.path().join("tile")).unwrap();
    assert!(matches!(AuditLog::open(dir.path(), options()), Err(AuditError::Damaged { .. })));
}

#[test]
fn a_segment_that_was_lost_unsigned_takes_the_later_ones_out_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let slow = Options { checkpoint_interval: Duration::from_secs(3600), ..options() };
    let (log, _) = AuditLog::open(dir.path(), slow).unwrap();
    while !dir.path().join("open").exists() {
        std::thread::yield_now();
    }
    for id in 0..300 {
        // One by one: a large batch would get a segment of its own.
        log.append(decision(id)).unwrap().wait_written().unwrap();
    }
    log.append(outcome(0)).unwrap().wait_durable().unwrap();
    let image = image(dir.path());
    let mut segment = fs::read(first_segment(image.path())).unwrap();
    let ends = frame_ends(&segment);
    segment[ends[9]..].fill(0);
    fs::write(first_segment(image.path()), segment).unwrap();
    let recovered = recovered(image.path());
    assert_eq!(recovered.events_kept, 9);
    assert!(image.path().join("segments/00000001.log.cut").exists());
    assert!(recovered.cut_bytes > 10_000);
}

const CHILD_DIR: &str = "WEIR_AUDIT_TEST_DIR";

/// The process that the next test kills; nothing by itself.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let options = Options { checkpoint_interval: Duration::from_millis(10), ..options() };
    let (log, _) = AuditLog::open(Path::new(&dir), options).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let log = &log;
            scope.spawn(move || {
                for i in 0_u64.. {
                    let id = thread * 1_000_000 + i;
                    let ticket = log.append(decision(id)).unwrap();
                    // Half of them wait for the kernel only: that is what a kill must not take.
                    if i % 2 == 0 { ticket.wait_written() } else { ticket.wait_durable() }.unwrap();
                    println!("acknowledged {} req-{id}", ticket.seq());
                    if i % 3 > 0 {
                        let _ = log.append(outcome(id)).unwrap();
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_acknowledged_is_missing_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["audit::recovery::tests::child_that_appends_until_it_is_killed", "--exact", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged: Vec<_> = lines.by_ref().take(40 + round * 61).collect();
        child.kill().unwrap();
        acknowledged.extend(lines);
        child.wait().unwrap();

        let (log, recovery) = open(dir.path());
        assert!(recovery.recovered.is_some());
        log.close().unwrap();
        assert_clean(dir.path());
        let records = records(dir.path());
        let mut checked = 0;
        for line in acknowledged {
            let line = line.unwrap();
            let Some((seq, request)) =
                line.split_once("acknowledged ").and_then(|(_, rest)| rest.split_once(' '))
            else {
                continue;
            };
            let record = &records[seq.parse::<usize>().unwrap()];
            let Event::Decision(decision) = &record.event else { panic!("{record:?}") };
            assert_eq!(decision.request_id.as_str(), request);
            checked += 1;
        }
        assert!(checked >= 40 + round * 61 - 5, "{checked}");
    }
    let types = types(dir.path());
    let count = |name| types.iter().filter(|found| *found == name).count();
    assert_eq!((count("log.started"), count("log.recovered"), count("log.closed")), (24, 12, 12));
    assert_eq!(count("decision"), count("outcome"));
}
