use super::*;
use crate::audit::tests::{decision, open, outcome};
use weir_audit::event::Action;

/// Nine requests; every third goes to the cloud, request 8 has two attempts, request 7 no outcome.
fn log() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = open(dir.path());
    for id in 0..9 {
        let is_cloud = id % 3 == 0;
        let mut decision = Decision { level: Level::ALL[usize::try_from(id % 4).unwrap()], ..decision(id) };
        if is_cloud {
            decision.zone = Some(ZoneKind::Cloud);
            decision.backend = Some("cloud-1".into());
        }
        log.append(decision.clone()).unwrap();
        if id == 8 {
            log.append(Decision { attempt: 2, action: Action::Burst, ..decision }).unwrap();
        }
        if id != 7 {
            let kind = if id == 4 { OutcomeKind::Timeout } else { OutcomeKind::Ok };
            log.append(Outcome { outcome: kind, ..outcome(id) }).unwrap();
        }
    }
    log.close().unwrap();
    dir
}

#[track_caller]
fn check(filter: Filter, expected: &[&str]) {
    let dir = log();
    let rows = query(dir.path(), &filter).unwrap();
    let found: Vec<_> = rows.iter().map(|row| row.decision.decision_id.as_str()).collect();
    assert_eq!(found, expected, "{filter:?}");
}

#[test]
fn every_filter_takes_what_fits() {
    let all = ["dec-0", "dec-1", "dec-2", "dec-3", "dec-4", "dec-5", "dec-6", "dec-7", "dec-8", "dec-8"];
    let none = Filter::default;
    check(none(), &all);
    check(Filter { zone: Some(ZoneKind::Cloud), ..none() }, &["dec-0", "dec-3", "dec-6"]);
    check(Filter { backend: Some("cloud-1".into()), ..none() }, &["dec-0", "dec-3", "dec-6"]);
    check(Filter { level_min: Some(Level::Confidential), ..none() }, &["dec-2", "dec-3", "dec-6", "dec-7"]);
    check(Filter { rule: Some("no such rule".into()), ..none() }, &[]);
    check(Filter { rule: Some("everything else may use the cloud".into()), ..none() }, &all);
    check(Filter { key_id: Some("key-2".into()), ..none() }, &[]);
    check(Filter { decision_id: Some("dec-5".into()), ..none() }, &["dec-5"]);
    check(Filter { request_id: Some("req-8".into()), ..none() }, &["dec-8", "dec-8"]);
    check(Filter { outcome: Some(OutcomeKind::Timeout), ..none() }, &["dec-4"]);
    check(Filter { limit: Some(2), ..none() }, &["dec-8", "dec-8"]);
    check(Filter { limit: Some(3), zone: Some(ZoneKind::Local), ..none() }, &["dec-7", "dec-8", "dec-8"]);
}

#[test]
fn a_time_range_takes_its_begin_and_not_its_end() {
    let dir = log();
    let times: Vec<_> =
        query(dir.path(), &Filter::default()).unwrap().iter().map(|row| row.ts_wall).collect();
    let between = |since, until| {
        let filter = Filter { since: Some(since), until: Some(until), ..Filter::default() };
        query(dir.path(), &filter).unwrap().len()
    };
    let after = WallTime::from_unix_ms(times[9].unix_ms() + 1);
    assert_eq!(between(times[0], after), 10);
    assert_eq!(between(times[0], times[0]), 0);
    assert_eq!(between(after, after), 0);
}

#[test]
fn a_row_has_the_outcome_of_its_request_or_none() {
    let dir = log();
    for row in query(dir.path(), &Filter::default()).unwrap() {
        let outcome = row.outcome.map(|outcome| outcome.request_id);
        let is_open = row.decision.decision_id.as_str() == "dec-7";
        assert_eq!(outcome, (!is_open).then_some(row.decision.request_id));
    }
}
