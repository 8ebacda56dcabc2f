use super::*;
use crate::audit::tests::{decision, open, outcome};

/// Nine requests; request 8 has two attempts, request 7 no outcome.
fn log() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    for id in 0..9 {
        log.append(decision(id)).unwrap();
        if id == 8 {
            log.append(Decision { attempt: 2, ..decision(id) }).unwrap();
        }
        if id != 7 {
            log.append(outcome(id)).unwrap();
        }
    }
    log.close().unwrap();
    dir
}

fn rows(dir: &Path, since: Option<WallTime>, until: Option<WallTime>) -> Vec<Row> {
    let mut rows = Vec::new();
    for_each_row(dir, (since, until), |row| rows.push(row)).unwrap();
    rows
}

#[test]
fn a_time_range_takes_its_begin_and_not_its_end() {
    let dir = log();
    let times: Vec<_> = rows(dir.path(), None, None).iter().map(|row| row.ts_wall).collect();
    let between = |since, until| rows(dir.path(), Some(since), Some(until)).len();
    let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
    let after = WallTime::from_unix_ms(last.unix_ms() + 1);
    assert_eq!(between(first, after), 10);
    assert_eq!(between(first, first), 0);
    assert_eq!(between(after, after), 0);
}

#[test]
fn a_row_has_the_outcome_of_its_request_or_none_and_then_comes_last() {
    let dir = log();
    let rows = rows(dir.path(), None, None);
    let ids: Vec<_> = rows.iter().map(|row| row.decision.decision_id.as_str()).collect();
    let expected = ["dec-0", "dec-1", "dec-2", "dec-3", "dec-4", "dec-5", "dec-6", "dec-8", "dec-8", "dec-7"];
    assert_eq!(ids, expected);
    for row in rows {
        let outcome = row.outcome.map(|outcome| outcome.request_id);
        let is_open = row.decision.decision_id.as_str() == "dec-7";
        assert_eq!(outcome, (!is_open).then_some(row.decision.request_id));
    }
}
