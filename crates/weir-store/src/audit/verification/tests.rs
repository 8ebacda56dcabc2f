use super::*;
use crate::audit::AuditLog;
use crate::audit::tests::{assert_clean, decision, options, outcome};
use crate::audit::{Expiry, Options};
use weir_audit::WallTime;
use weir_audit::verify::Place;

fn closed_log(segment_bytes: u64, requests: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes, ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    for id in 0..requests {
        log.append(decision(id)).unwrap().wait_durable().unwrap();
        log.append(outcome(id)).unwrap();
    }
    log.close().unwrap();
    dir
}

#[test]
fn every_changed_byte_of_every_file_is_found_in_that_file() {
    let dir = closed_log(2560, 2);
    let tile = fs::read_dir(dir.path().join("tile/0/000.p")).unwrap().next().unwrap().unwrap().path();
    let files = ["segments/00000000.log", "checkpoint", "key.pub"].map(|name| dir.path().join(name));
    for path in files.iter().chain([&tile]) {
        let good = fs::read(path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x01;
            fs::write(path, &bad).unwrap();
            let report = verify(dir.path()).unwrap();
            let fault = report.faults.first().unwrap_or_else(|| panic!("{} byte {at}", path.display()));
            let name = path.strip_prefix(dir.path()).unwrap().to_str().unwrap();
            assert!(fault.place.to_string().starts_with(name), "{name} byte {at}: {fault}");
        }
        fs::write(path, good).unwrap();
    }
    assert_clean(dir.path());
}

#[test]
fn every_changed_byte_is_found_in_a_log_whose_beginning_was_deleted() {
    let dir = closed_log(4096, 300);
    let options = Options { segment_bytes: 4096, ..options() };
    let (log, _) = AuditLog::open(dir.path(), options).unwrap();
    let pruned = log.prune(&Expiry::all(WallTime::from_unix_ms(4_000_000_000_000)), u64::MAX).unwrap();
    assert!(pruned.as_ref().is_some_and(|pruned| pruned.hashes_from == 512), "{pruned:?}");
    log.close().unwrap();
    assert_clean(dir.path());
    let size = crate::audit::Evidence::open(dir.path(), None).unwrap().checkpoint().size;
    let tiles = [format!("tile/0/002.p/{}", size - 512), "tile/1/000.p/2".to_owned()];
    let segments = Layout::new(dir.path()).segment_numbers().unwrap();
    let segments = segments.iter().map(|number| format!("segments/{number:08}.log"));
    for name in segments.chain(tiles) {
        let path = dir.path().join(&name);
        let good = fs::read(&path).unwrap();
        // What stands behind the end is read again for a while: somebody may be writing there.
        let used = good.iter().rposition(|byte| *byte != 0).unwrap() + 2;
        for at in 0..used.min(good.len()) {
            let mut bad = good.clone();
            bad[at] ^= 0x01;
            fs::write(&path, &bad).unwrap();
            let report = verify(dir.path()).unwrap();
            let is_named = report.faults.iter().any(|fault| fault.place.to_string().starts_with(&name));
            assert!(is_named, "{name} byte {at}: {:?}", report.faults);
        }
        fs::write(path, good).unwrap();
    }
    assert_clean(dir.path());
}

#[test]
fn a_missing_segment_tile_checkpoint_and_key_are_named() {
    let dir = closed_log(4096, 200);
    for (name, place) in [
        ("segments/00000002.log", "segments/00000003.log"),
        ("tile/0/000", "tile/0/000"),
        ("checkpoint", "checkpoint"),
        ("key.pub", "key.pub"),
    ] {
        let path = dir.path().join(name);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let report = verify(dir.path()).unwrap();
        assert!(report.faults[0].place.to_string().starts_with(place), "{}", report.faults[0]);
        assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
        fs::write(path, good).unwrap();
    }
    assert_clean(dir.path());
}

#[test]
fn a_last_segment_that_was_removed_is_told_against_the_checkpoint() {
    let dir = closed_log(4096, 20);
    let last = *Layout::new(dir.path()).segment_numbers().unwrap().last().unwrap();
    fs::remove_file(Layout::new(dir.path()).segment(last)).unwrap();
    let report = verify(dir.path()).unwrap();
    assert_eq!(report.faults.len(), 1);
    assert_eq!(report.faults[0].place, Place::Checkpoint);
}
