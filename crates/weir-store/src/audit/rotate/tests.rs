use super::super::evidence::tests::receipt_of;
use super::super::tests::{assert_clean, decision, open, options, records, types};
use super::super::{Continuity, Evidence, RealDisk, Wanted, verify};
use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir_audit::event::Event;

fn key(dir: &Path) -> Verifier {
    read_verifier(&Layout::new(dir)).unwrap()
}

#[test]
fn what_the_old_key_signed_stays_valid_and_either_key_leads_to_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    log.append(decision(1)).unwrap().wait_durable().unwrap();
    let first = key(dir.path());
    let rotated = log.rotate_key().unwrap();
    let second = key(dir.path());
    assert_eq!(
        (rotated.previous_vkey.as_str(), rotated.vkey.as_str()),
        (&*first.to_string(), &*second.to_string())
    );
    // Signed by both while it is the newest.
    let between = fs::read_to_string(dir.path().join("checkpoint")).unwrap();
    assert!(first.verify(&between).is_ok() && second.verify(&between).is_ok());
    log.append(decision(2)).unwrap().wait_durable().unwrap();
    log.rotate_key().unwrap();
    let third = key(dir.path());
    log.append(decision(3)).unwrap();
    log.close().unwrap();
    let report = assert_clean(dir.path());
    assert_eq!(report.key_changes.iter().map(|(_, key)| key).collect::<Vec<_>>(), [&second, &third]);
    assert!(!dir.path().join("key.next").exists());
    for trusted in [&first, &second, &third] {
        let evidence = Evidence::open(dir.path(), Some(trusted)).unwrap();
        assert_eq!(evidence.verifier(), &third);
        let older = evidence.lineage().verify(&between).unwrap();
        assert_eq!(evidence.continues(&older), Ok(Continuity::Extends));
        let receipt = receipt_of(&evidence, Wanted::Decision, "req-1");
        evidence.lineage().verify_receipt(&receipt).unwrap();
    }
    let (log, recovery) = open(dir.path());
    assert!(recovery.recovered.is_none(), "{recovery:?}");
    log.close().unwrap();
}

#[test]
fn every_changed_byte_and_every_missing_line_of_the_changes_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    for id in 0..2 {
        log.append(decision(id)).unwrap().wait_durable().unwrap();
        log.rotate_key().unwrap();
    }
    log.close().unwrap();
    assert_clean(dir.path());
    let path = dir.path().join("key.rotations");
    let good = fs::read_to_string(&path).unwrap();
    let faults = |text: &[u8]| -> Vec<String> {
        fs::write(&path, text).unwrap();
        verify(dir.path()).unwrap().faults.iter().map(ToString::to_string).collect()
    };
    for at in 0..good.len() {
        let mut bad = good.clone().into_bytes();
        bad[at] ^= 0x01;
        let told = faults(&bad);
        assert!(told.len() == 1 && told[0].starts_with("key.rotations: "), "byte {at}: {told:?}");
    }
    let lines: Vec<&str> = good.lines().collect();
    for gone in [0, 1] {
        let told = faults(format!("{}\n", lines[1 - gone]).as_bytes());
        assert!(told.len() == 1 && told[0].contains("the change that this event tells of"), "{told:?}");
    }
    assert_eq!(faults(b"").len(), 2);
    assert_eq!(faults(good.as_bytes()), Vec::<String>::new());
}

#[test]
fn a_replaced_key_does_not_pass_for_the_one_that_followed_it() {
    let dir = tempfile::tempdir().unwrap();
    let stolen = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    log.append(decision(1)).unwrap().wait_durable().unwrap();
    let old = fs::read(dir.path().join("key")).unwrap();
    log.rotate_key().unwrap();
    let now = key(dir.path());
    log.close().unwrap();
    fs::write(stolen.path().join("key"), old).unwrap();
    let (forged, _) = open(stolen.path());
    forged.append(decision(9)).unwrap();
    forged.close().unwrap();
    fs::copy(dir.path().join("key.rotations"), stolen.path().join("key.rotations")).unwrap();
    assert!(matches!(Evidence::open(stolen.path(), Some(&now)), Err(AuditError::Checkpoint { .. })));
}

/// Fails the n-th operation on a file of keys or the checkpoint, and every one after it.
struct Failing {
    left: AtomicUsize,
    /// How many have failed.
    failed: AtomicUsize,
}

impl Failing {
    fn strike(&self, path: &Path) -> std::io::Result<()> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_counted = name.starts_with("key") || name.starts_with("checkpoint");
        if !is_counted || self.left.load(Ordering::SeqCst) == usize::MAX {
            return Ok(());
        }
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            self.failed.fetch_add(1, Ordering::SeqCst);
            return Err(std::io::Error::other("expected by this test"));
        }
        self.left.store(left - 1, Ordering::SeqCst);
        Ok(())
    }
}

impl Disk for Failing {
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        self.strike(to)?;
        RealDisk.rename(from, to)
    }
}

#[test]
fn a_change_that_is_interrupted_anywhere_is_completed_or_has_not_happened() {
    // Renames of: key.next, checkpoint over the event, key.rotations, checkpoint by both, key.pub, key.
    let mut seen = Vec::new();
    for step in 0..=6 {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Failing { left: AtomicUsize::new(usize::MAX), failed: AtomicUsize::new(0) });
        let failing = super::super::Options { disk: disk.clone(), ..options() };
        let (log, _) = AuditLog::open(dir.path(), failing).unwrap();
        log.append(decision(1)).unwrap().wait_durable().unwrap();
        super::super::retention::wait_for_checkpoint(&Layout::new(dir.path()), log.size()).unwrap();
        let before = key(dir.path());
        disk.left.store(step, Ordering::SeqCst);
        let rotated = thread::scope(|scope| {
            let rotating = scope.spawn(|| log.rotate_key());
            while disk.failed.load(Ordering::SeqCst) == 0 && !rotating.is_finished() {
                thread::sleep(Duration::from_millis(10));
            }
            // What follows a failure is done by then, or it is not: the process may end at any moment.
            thread::sleep(Duration::from_millis(300));
            // The process ends here, with whatever was done.
            let copy = tempfile::tempdir().unwrap();
            super::super::evidence::tests::copy_tree(dir.path(), copy.path());
            disk.left.store(usize::MAX, Ordering::SeqCst);
            let _ = rotating.join();
            copy
        });
        let (log, _) = open(rotated.path());
        let after = key(rotated.path());
        log.append(decision(2)).unwrap().wait_durable().unwrap();
        log.close().unwrap();
        assert_clean(rotated.path());
        let evidence = Evidence::open(rotated.path(), Some(&before)).unwrap();
        assert_eq!(evidence.verifier(), &after, "step {step}");
        assert!(!rotated.path().join("key.next").exists(), "step {step}");
        seen.push(after != before);
    }
    assert_eq!(seen, [false, false, false, true, true, true, true]);
}

#[test]
fn the_change_is_an_event_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    let rotated = log.rotate_key().unwrap();
    log.close().unwrap();
    assert!(types(dir.path()).contains(&"log.key_rotated".to_owned()));
    assert!(records(dir.path()).iter().any(|record| record.event == Event::from(rotated.clone())));
}
