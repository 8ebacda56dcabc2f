//! Searching and following while a process writes.

use super::*;

#[test]
fn the_index_and_searches_keep_up_with_a_writer() {
    let dir = log(0..1);
    let log = AuditLog::open(dir.path(), small()).unwrap().0;
    let is_written = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in 0..1500 {
                log.append(some_decision(id, id as u8)).unwrap();
                log.append(some_outcome(id, id as u8)).unwrap().wait_written().unwrap();
            }
            is_written.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        let indexing = scope.spawn(|| {
            while !is_written.load(std::sync::atomic::Ordering::SeqCst) {
                index(dir.path()).unwrap();
            }
        });
        let mut last = 0;
        while !indexing.is_finished() {
            let search = Search::open(dir.path()).unwrap();
            let rows = found(&search, &query_of(&["outcome"]), None).len();
            assert!(rows >= last, "{rows} after {last}");
            last = rows;
        }
    });
    assert_right(dir.path());
}

#[test]
fn a_follower_sees_every_record_once_while_segments_change() {
    let dir = log(0..3);
    let log = AuditLog::open(dir.path(), small()).unwrap().0;
    // A request that runs when the follower begins.
    log.append(some_decision(9_999, 0)).unwrap().wait_written().unwrap();
    let before = Search::open(dir.path()).unwrap().next();
    let query = Query { types: vec!["decision".into(), "key.revoked".into()], ..query_of(&["attempt<=2"]) };
    let mut follower = Follower::open(dir.path(), query.clone()).unwrap();
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for id in 0..2000 {
                log.append(some_decision(id, id as u8)).unwrap();
                if id % 100 == 0 {
                    log.append(KeyRevoked { key_id: "key-1".into() }).unwrap();
                }
                log.append(some_outcome(id, id as u8)).unwrap().wait_written().unwrap();
            }
            log.append(some_outcome(9_999, 1)).unwrap().wait_written().unwrap();
        });
        while !writing.is_finished() {
            follower.next(|found| seen.push(found)).unwrap();
        }
        follower.next(|found| seen.push(found)).unwrap();
    });
    log.close().unwrap();
    let rows = everything(dir.path());
    let running = rows.iter().position(|(found, _)| found.seq == before - 1).unwrap();
    let mut wanted = expected(&rows[running..], &query, None);
    assert!(wanted.len() > 1000 && fs::read_dir(dir.path().join("segments")).unwrap().count() > 100);
    seen.sort_by_key(|found| found.seq);
    wanted.sort_by_key(|found| found.seq);
    assert_eq!(seen, wanted);
}
