//! A search says what going through the log says.

mod damage;
mod live;

use super::super::tests::{decision, options, outcome};
use super::super::{AuditLog, AuditReader, Expiry, Options};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;
use weir_audit::event::{Decision, Fact, FindingCount, KeyRevoked, Outcome, OutcomeKind};
use weir_audit::search::{Members, Value};
use weir_audit::{Ident, WallTime};
use weir_label::{Level, ZoneKind};

/// What happens to a log.
#[derive(Debug, Clone)]
enum Act {
    Decide(u64, u8),
    End(u64, u8),
    Revoke,
    Index,
    Reopen,
    Prune,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (0..8_u64, any::<u8>()).prop_map(|(id, dice)| Act::Decide(id, dice)),
        10 => (0..8_u64, any::<u8>()).prop_map(|(id, dice)| Act::End(id, dice)),
        1 => Just(Act::Revoke),
        1 => Just(Act::Index),
        1 => Just(Act::Reopen),
        1 => Just(Act::Prune),
    ]
}

fn some_decision(id: u64, dice: u8) -> Decision {
    let bit = |at: u8| dice >> at & 1 == 1;
    let mut decision = decision(id);
    decision.request_id = Ident::new(&format!("req_{id}"));
    decision.decision_id = Ident::new(&format!("dec_{id}"));
    decision.attempt = 1 + u32::from(dice % 3);
    decision.level = Level::ALL[usize::from(dice % 4)];
    decision.zone = bit(2).then_some(if bit(3) { ZoneKind::Cloud } else { ZoneKind::Local });
    decision.tenant = bit(4).then(|| "acme, & sons".into());
    decision.tags = if bit(5) { vec!["a".into(), "b".into()] } else { Vec::new() };
    decision.trace_id = bit(6).then(|| Ident::new(&format!("trace-{}", dice % 5)));
    if bit(7) {
        decision.findings = vec![FindingCount { entity: "EMAIL".into(), count: u64::from(dice) }];
        decision.facts = BTreeMap::from([("request.alias".into(), Fact::Word("fast".into()))]);
    }
    decision
}

fn some_outcome(id: u64, dice: u8) -> Outcome {
    Outcome {
        request_id: Ident::new(&format!("req_{id}")),
        decision_id: Ident::new(&format!("dec_{id}")),
        outcome: OutcomeKind::ALL[usize::from(dice % 6)],
        http_status: (!dice.is_multiple_of(3)).then_some(200 + u16::from(dice)),
        tokens_in: dice.is_multiple_of(2).then_some(u64::from(dice)),
        error_code: dice.is_multiple_of(5).then(|| "upstream".into()),
        ..outcome(id)
    }
}

/// Segments with a handful of events, and a checkpoint soon.
fn small() -> Options {
    Options { segment_bytes: 4096, checkpoint_interval: Duration::from_millis(2), ..options() }
}

fn write(dir: &Path, acts: &[Act]) -> AuditLog {
    let open = || AuditLog::open(dir, small()).unwrap().0;
    let mut log = open();
    for act in acts {
        match act {
            Act::Decide(id, dice) => {
                log.append(some_decision(*id, *dice)).unwrap().wait_written().unwrap();
            }
            Act::End(id, dice) => log.append(some_outcome(*id, *dice)).unwrap().wait_written().unwrap(),
            Act::Revoke => {
                log.append(KeyRevoked { key_id: "key-1".into() }).unwrap();
            }
            Act::Index => _ = index(dir).unwrap(),
            Act::Reopen => {
                log.close().unwrap();
                log = open();
            }
            Act::Prune => {
                _ = log.prune(&Expiry::all(WallTime::from_unix_ms(4_000_000_000_000)), u64::MAX).unwrap()
            }
        }
    }
    log
}

const CONDITIONS: [&str; 26] = [
    "zone=cloud",
    "zone!=cloud",
    "!zone",
    "level>=confidential",
    "tokens_in>=50",
    "tokens_in!=4",
    "error",
    "!error",
    "outcome=failed,ok",
    "tag=b",
    "tag!=a",
    "entity!=EMAIL",
    "findings>=200",
    "alias=fast",
    "status!=200",
    "attempt>=2",
    "seq=3..20",
    "trace",
    "trace!=trace-1",
    "trace=trace-1,trace-3",
    "request=req_3",
    "request!=req_3",
    "decision=dec_1,dec_2",
    "tenant",
    "egress=false",
    "binary_version=0.1.0",
];

fn conditions(texts: &[&str]) -> Vec<Condition> {
    texts.iter().map(|text| Condition::parse(text, &|_| true).unwrap()).collect()
}

fn query_of(texts: &[&str]) -> Query {
    Query { conditions: conditions(texts), ..Query::default() }
}

fn query() -> impl Strategy<Value = Query> {
    let types = prop::sample::select(vec![
        vec![],
        vec!["decision"],
        vec!["outcome"],
        vec!["key.revoked", "decision"],
        vec!["outcome", "decision", "log.started"],
        vec!["no.such"],
    ]);
    let texts = prop::collection::vec(prop::sample::select(CONDITIONS.to_vec()), 0..3);
    // Fractions of the log's time.
    let bound = prop::option::weighted(0.3, 0..=100_u64);
    (types, texts, bound.clone(), bound).prop_map(|(types, texts, since, until)| Query {
        types: types.into_iter().map(str::to_owned).collect(),
        since: since.map(WallTime::from_unix_ms),
        until: until.map(WallTime::from_unix_ms),
        conditions: conditions(&texts),
    })
}

/// The time that a fraction stands for, between those of the first and the last event.
fn in_time_of(query: &Query, rows: &[(Found, bool)]) -> Query {
    let times: Vec<u64> =
        rows.iter().map(|(found, _)| found.members().unwrap().time().unwrap().unix_ms()).collect();
    let (first, last) = (times.iter().min().copied().unwrap_or(0), times.iter().max().copied().unwrap_or(0));
    let at =
        |fraction: WallTime| WallTime::from_unix_ms(first + (last + 1 - first) * fraction.unix_ms() / 100);
    Query { since: query.since.map(at), until: query.until.map(at), ..query.clone() }
}

/// Every record of a log with its outcome, and whether it is the last with that outcome, by going through it.
fn everything(dir: &Path) -> Vec<(Found, bool)> {
    let mut reader = AuditReader::open(dir).unwrap();
    let mut rows: Vec<(Found, bool)> = Vec::new();
    let mut open = BTreeMap::<String, Vec<usize>>::new();
    while let Some((envelope, bytes)) = reader.next_event().unwrap() {
        let found = Found { seq: envelope.seq, event: bytes.to_vec(), outcome: None };
        let request = found.members().unwrap().word("request_id").to_owned();
        match envelope.type_name.as_str() {
            "decision" => open.entry(request).or_default().push(rows.len()),
            "outcome" => {
                let decisions = open.remove(&request).unwrap_or_default();
                for at in &decisions {
                    rows[*at].0.outcome = Some(bytes.to_vec());
                }
                if let Some(last) = decisions.last() {
                    rows[*last].1 = true;
                }
            }
            _ => {}
        }
        rows.push((found, false));
    }
    rows
}

fn expected(rows: &[(Found, bool)], query: &Query, limit: Option<usize>) -> Vec<Found> {
    let fits: Vec<_> =
        rows.iter().map(|(found, _)| found).filter(|found| query.takes(&found.members().unwrap())).collect();
    fits[limit.map_or(0, |limit| fits.len().saturating_sub(limit))..]
        .iter()
        .map(|found| (*found).clone())
        .collect()
}

fn found(search: &Search, query: &Query, limit: Option<usize>) -> Vec<Found> {
    let mut rows = Vec::new();
    search.find(query, limit, |found| rows.push(found)).unwrap();
    rows
}

/// Counts and sums by text, so that they can be compared.
type Tally = BTreeMap<Vec<Option<String>>, (u64, Vec<u64>)>;

fn tallied(groups: Vec<Group>) -> Tally {
    let text = |value: Option<Value<'static>>| value.map(|value| value.text().into_owned());
    groups.into_iter().map(|g| (g.values.into_iter().map(text).collect(), (g.count, g.sums))).collect()
}

fn expected_tally(rows: &[(Found, bool)], query: &Query, by: &[Key], sums: &[String]) -> Tally {
    let mut tally = Tally::new();
    for (found, is_last) in rows {
        let members = found.members().unwrap();
        if !query.takes(&members) {
            continue;
        }
        let own = Found { outcome: None, ..found.clone() }.members().unwrap();
        let key = |key: &Key| match key {
            Key::Path(path) => members.get(path).map(|value| value.text().into_owned()),
            time @ (Key::Hour | Key::Day | Key::Month) => time.of_time(members.time().unwrap()),
        };
        let number = |members: &Members, path: &str| match members.get(path) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        };
        let group = tally.entry(by.iter().map(key).collect()).or_insert((0, vec![0; sums.len()]));
        group.0 += 1;
        for (sum, path) in group.1.iter_mut().zip(sums) {
            *sum += number(if *is_last { &members } else { &own }, path);
        }
    }
    tally
}

fn compare(dir: &Path, query: &Query, limit: Option<usize>) {
    let search = Search::open(dir).unwrap();
    let rows = everything(dir);
    let query = in_time_of(query, &rows);
    assert_eq!(found(&search, &query, limit), expected(&rows, &query, limit), "{query:?} {limit:?}");
    let path = |path: &str| Key::Path(path.to_owned());
    let sums = ["tokens_in", "est_tokens_in", "findings.count"].map(str::to_owned);
    for by in [
        vec![],
        vec![path("zone")],
        vec![path("outcome"), path("level"), path("http_status")],
        vec![Key::Hour, path("tags"), path("key_id")],
        vec![path("type"), path("binary_version"), path("tags")],
    ] {
        let tally = tallied(search.tally(&query, &by, &sums).unwrap());
        assert_eq!(tally, expected_tally(&rows, &query, &by, &sums), "{query:?} by {by:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_and_counts_what_going_through_the_log_does(
        acts in prop::collection::vec(act(), 0..120),
        queries in prop::collection::vec((query(), prop::option::of(0..9_usize)), 12),
        closes in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let log = write(dir.path(), &acts);
        if closes {
            log.close().unwrap();
        }
        for (query, limit) in &queries {
            compare(dir.path(), query, *limit);
        }
    }
}

/// A log with many small segments, all of it signed.
fn log(requests: std::ops::Range<u64>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    extend(dir.path(), requests);
    dir
}

fn extend(dir: &Path, requests: std::ops::Range<u64>) {
    let acts: Vec<Act> =
        requests.flat_map(|id| [Act::Decide(id, id as u8), Act::End(id, id as u8)]).collect();
    write(dir, &acts).close().unwrap();
}

fn index_file(dir: &Path) -> std::path::PathBuf {
    dir.join("index.db")
}

#[track_caller]
fn assert_right(dir: &Path) {
    for texts in [&["zone=cloud"][..], &["outcome=ok", "level>=internal"], &["request=req_7"], &[]] {
        compare(dir, &query_of(texts), None);
    }
}

#[test]
fn most_of_a_log_is_in_the_index_and_the_rest_is_found_too() {
    let dir = log(0..200);
    let indexed = index(dir.path()).unwrap();
    assert!(!indexed.is_behind && (300..400).contains(&indexed.events), "{indexed:?}");
    assert_right(dir.path());
    assert_eq!(index(dir.path()).unwrap(), indexed, "nothing is left to do");
}

#[test]
fn a_directory_that_cannot_be_written_is_searched_with_an_index_of_its_own() {
    let dir = log(0..50);
    // Whoever may do everything may write too: a directory of that name stops them as well.
    fs::create_dir(index_file(dir.path())).unwrap();
    assert_right(dir.path());
}

#[test]
fn no_index_is_begun_where_there_is_no_log() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Search::open(dir.path()), Err(SearchError::Log(_))));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_counted_by_what_is_always_another() {
    let dir = log(0..10);
    let search = Search::open(dir.path()).unwrap();
    let by = [Key::Path("request_id".to_owned())];
    assert!(matches!(search.tally(&Query::default(), &by, &[]), Err(SearchError::Unique(_))));
}
