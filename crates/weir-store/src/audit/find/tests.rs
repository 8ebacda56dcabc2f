use super::super::index;
use super::super::tests::{decision, open, outcome};
use super::super::{AuditLog, Evidence};
use super::*;
use std::fs;
use std::path::PathBuf;
use weir_audit::event::Decision;

const INDEXED: u64 = 1500;

/// A log with these requests, of which the second attempt is the one to be found.
fn extend(log: &AuditLog, requests: std::ops::Range<u64>) {
    for id in requests {
        log.append(decision(id)).unwrap();
        log.append(Decision { attempt: 2, ..decision(id) }).unwrap();
        log.append(outcome(id)).unwrap().wait_written().unwrap();
    }
}

/// A log whose index is behind.
fn log() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).0;
    extend(&log, 0..INDEXED);
    log.close().unwrap();
    assert!(index(dir.path()).unwrap().events > INDEXED);
    extend(&open(dir.path()).0, INDEXED..INDEXED + 500);
    dir
}

fn index_file(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("index.db")
}

/// Looks for events of all ages, and gives why the index was of no use.
#[track_caller]
fn assert_found(dir: &tempfile::TempDir) -> Option<String> {
    let mut why = None;
    for id in [0, 1, 700, INDEXED - 1, INDEXED, INDEXED + 499] {
        for name in [format!("req-{id}"), format!("dec-{id}")] {
            let Lookup { found, without_index } =
                find(dir.path(), Wanted::Decision, &Ident::new(&name)).unwrap();
            let found = found.unwrap_or_else(|| panic!("{name}"));
            assert_eq!(found.event, Event::from(Decision { attempt: 2, ..decision(id) }), "{name}");
            let ended = find(dir.path(), Wanted::Outcome, &Ident::new(&name)).unwrap().found.unwrap();
            assert_eq!((ended.event, ended.seq), (Event::from(outcome(id)), found.seq + 1), "{name}");
            let receipt = Evidence::open(dir.path(), None).unwrap().receipt(found).unwrap();
            assert!(receipt.event.windows(name.len()).any(|part| part == name.as_bytes()));
            why = why.or(without_index);
        }
    }
    for unknown in ["req-999999", "dec", ""] {
        let Lookup { found, without_index } =
            find(dir.path(), Wanted::Decision, &Ident::new(unknown)).unwrap();
        assert_eq!(found, None, "{unknown}");
        why = why.or(without_index);
    }
    why
}

#[test]
fn an_event_of_any_age_is_found_with_and_without_an_index() {
    let dir = log();
    assert_eq!(assert_found(&dir), None);
    fs::remove_file(index_file(&dir)).unwrap();
    let why = assert_found(&dir).unwrap();
    assert!(why.contains("index"), "{why}");
    assert!(!index_file(&dir).exists(), "whoever looks something up makes no index");
    // A log that is short needs none.
    let short = tempfile::tempdir().unwrap();
    extend(&open(short.path()).0, 0..10);
    assert!(find(short.path(), Wanted::Decision, &Ident::new("req-99")).unwrap().without_index.is_none());
}

#[test]
fn an_event_is_found_by_its_index_alone() {
    let dir = log();
    let search = Search::of_what_is_indexed(&Layout::new(dir.path())).unwrap();
    let (seq, bytes) = search.last_of("decision", "req-1").unwrap().unwrap();
    assert_eq!(seq, 1 + 3 + 1);
    assert!(bytes.windows(5).any(|part| part == b"req-1"));
}

/// Bytes all over the file: of what says where ids are, where events are, and of what nobody looks at.
#[test]
fn an_index_that_was_changed_gives_no_wrong_answer() {
    let dir = log();
    let whole = fs::read(index_file(&dir)).unwrap();
    let mut was_noticed = 0;
    for step in 0..400 {
        let at = 100 + (step * 7919) % (whole.len() - 100);
        let mut changed = whole.clone();
        for byte in &mut changed[at..(at + 40).min(whole.len())] {
            *byte ^= 0x55;
        }
        fs::write(index_file(&dir), changed).unwrap();
        let id = step as u64 * 31 % INDEXED;
        let name = Ident::new(&format!("req-{id}"));
        let Lookup { found, without_index } = find(dir.path(), Wanted::Decision, &name).unwrap();
        assert_eq!(found.map(|found| found.seq), Some(id * 3 + 2), "byte {at}: {without_index:?}");
        was_noticed += u32::from(without_index.is_some());
    }
    assert!(was_noticed > 5, "{was_noticed}");
}

#[test]
fn the_index_of_another_log_is_of_no_use() {
    let (dir, other) = (log(), tempfile::tempdir().unwrap());
    let log = open(other.path()).0;
    extend(&log, 5000..5000 + INDEXED);
    log.close().unwrap();
    index(other.path()).unwrap();
    fs::copy(index_file(&other), index_file(&dir)).unwrap();
    assert!(assert_found(&dir).unwrap().contains("disagree"));
}
