//! Whatever became of the index, a search says what the log says.

use super::*;

#[test]
fn an_index_that_was_deleted_cut_or_overwritten_is_made_anew() {
    let dir = log(0..200);
    index(dir.path()).unwrap();
    let whole = fs::read(index_file(dir.path())).unwrap();
    fs::remove_file(index_file(dir.path())).unwrap();
    assert_right(dir.path());
    assert!(index_file(dir.path()).exists());
    for length in [0, 1, 100, 4096, 5000, whole.len() / 2, whole.len() - 4096] {
        fs::write(index_file(dir.path()), &whole[..length]).unwrap();
        assert_right(dir.path());
    }
    fs::write(index_file(dir.path()), b"no database at all, but longer than a hundred bytes. ".repeat(100))
        .unwrap();
    assert_right(dir.path());
    assert!(index(dir.path()).unwrap().events > 300, "it was made anew");
}

#[test]
fn columns_that_were_changed_are_noticed_and_made_anew() {
    let dir = log(0..200);
    index(dir.path()).unwrap();
    let expected = everything(dir.path()).len();
    let file = rusqlite::Connection::open(index_file(dir.path())).unwrap();
    // Two columns change places: each has the right length and belongs elsewhere.
    let places: Vec<i64> = file
        .prepare("SELECT id FROM columns WHERE id / 4294967296 = (SELECT id FROM fields WHERE path = 'level') LIMIT 2")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let changed = "UPDATE columns SET data = (SELECT data FROM columns WHERE id = ?1) WHERE id = ?2";
    assert_eq!(file.execute(changed, [places[0], places[1]]).unwrap(), 1);
    drop(file);
    let query = query_of(&["level>=public"]);
    let search = Search::open(dir.path()).unwrap();
    assert!(matches!(search.find(&query, None, |_| {}), Err(SearchError::Disagree)));
    drop(search);
    assert_right(dir.path());
    assert_eq!(everything(dir.path()).len(), expected);
}

/// What is gone finds nothing; that must not be taken for an answer.
#[test]
fn rows_that_were_lost_or_changed_are_noticed() {
    let dir = log(0..200);
    index(dir.path()).unwrap();
    let whole = fs::read(index_file(dir.path())).unwrap();
    for change in [
        "DELETE FROM pages",
        "DELETE FROM runs",
        "DELETE FROM columns WHERE id % 4294967296 = 1",
        "DELETE FROM columns WHERE id / 4294967296 = (SELECT id FROM fields WHERE path = 'zone')",
        "DELETE FROM blocks WHERE id = 3",
        "DELETE FROM blocks WHERE id = 1",
        "DELETE FROM blocks WHERE id = (SELECT max(id) FROM blocks)",
        "DELETE FROM fields WHERE path = 'zone'",
        "UPDATE fields SET path = 'enoz' WHERE path = 'zone'",
        "UPDATE blocks SET offset = offset + 1 WHERE id = 2",
        "UPDATE blocks SET fields = x'00' WHERE id = 2",
        "UPDATE blocks SET until_ms = 0, since_ms = 0",
        "UPDATE state SET next = next - 1",
        "INSERT INTO open VALUES ('req_1', 1)",
        "UPDATE runs SET first = first + 1",
    ] {
        fs::write(index_file(dir.path()), &whole).unwrap();
        let file = rusqlite::Connection::open(index_file(dir.path())).unwrap();
        assert!(file.execute(change, []).unwrap() > 0, "{change}");
        drop(file);
        for texts in [&["request=req_7"][..], &["zone=cloud"], &["!zone", "outcome=ok"]] {
            let found = Search::open(dir.path()).and_then(|search| {
                let mut found = Vec::new();
                search.find(&query_of(texts), None, |record| found.push(record)).map(|()| found)
            });
            match found {
                Ok(found) => {
                    let rows = everything(dir.path());
                    assert_eq!(found, expected(&rows, &query_of(texts), None), "{change}: {texts:?}");
                }
                Err(error) => assert!(matches!(error, SearchError::Disagree), "{change}: {error}"),
            }
        }
        assert_right(dir.path());
    }
}

#[test]
fn the_index_of_another_log_is_not_believed() {
    let (dir, other) = (log(0..200), log(100..260));
    index(other.path()).unwrap();
    fs::copy(index_file(other.path()), index_file(dir.path())).unwrap();
    assert_right(dir.path());
    // Nor one of a log that was cloned and went on elsewhere.
    let (one, two) = (log(0..100), tempfile::tempdir().unwrap());
    copy(one.path(), two.path());
    extend(one.path(), 100..200);
    extend(two.path(), 200..300);
    index(one.path()).unwrap();
    fs::copy(index_file(one.path()), index_file(two.path())).unwrap();
    assert_right(two.path());
}

#[test]
fn an_index_that_is_newer_than_a_log_that_was_put_back_is_made_anew() {
    let (dir, backup) = (log(0..100), tempfile::tempdir().unwrap());
    copy(dir.path(), backup.path());
    extend(dir.path(), 100..200);
    index(dir.path()).unwrap();
    fs::copy(index_file(dir.path()), index_file(backup.path())).unwrap();
    assert_right(backup.path());
    // What comes then takes the places of what was there before.
    extend(backup.path(), 300..400);
    fs::copy(index_file(dir.path()), index_file(backup.path())).unwrap();
    assert_right(backup.path());
}

#[test]
fn what_was_deleted_from_the_log_is_not_in_the_index_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let log = write(dir.path(), &(0..100).map(|id| Act::Decide(id, 8)).collect::<Vec<_>>());
    for id in 0..100 {
        log.append(some_outcome(id, 0)).unwrap().wait_written().unwrap();
    }
    // A request that runs keeps what comes behind it.
    for id in 200..240 {
        log.append(some_decision(id, 8)).unwrap().wait_written().unwrap();
    }
    log.append(KeyRevoked { key_id: "key-1".into() }).unwrap().wait_durable().unwrap();
    while index(dir.path()).unwrap().events < 220 {}
    let file = rusqlite::Connection::open(index_file(dir.path())).unwrap();
    let bytes = |of: &str| {
        let sum = format!("SELECT sum(length(data)) FROM {of}");
        file.query_row(&sum, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let before = (bytes("columns"), bytes("pages"));
    log.prune(&Expiry::all(WallTime::from_unix_ms(4_000_000_000_000)), u64::MAX).unwrap().unwrap();
    index(dir.path()).unwrap();
    let after = (bytes("columns"), bytes("pages"));
    assert!(after.0 > 0 && after.0 < before.0 / 3 && after.1 < before.1 / 2, "{before:?} {after:?}");
    let kept = Search::open(dir.path()).unwrap().stored.first().map(|(_, place)| place.first);
    assert_eq!(kept, Some(everything(dir.path())[0].0.seq));
    assert_right(dir.path());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => _ = fs::copy(entry.path(), target).unwrap(),
        }
    }
}
