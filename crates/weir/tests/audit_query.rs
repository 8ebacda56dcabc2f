//! `weir audit query`: every filter, every form of output, with an index that comes and goes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field as Cell, Row};
use parquet::schema::printer::print_schema;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use support::command::{printed, stderr};
use support::stage::Stage;
use support::{Gateway, Home, PATIENCE, PERSONAL, TWO_RULES, ask, two_zones, weir};
use weir_audit::WallTime;

fn priced(local: &str, cloud: &str) -> String {
    two_zones(local, cloud)
        .replace("{ name: cloud-model }", "{ name: cloud-model, price: { input: 1, output: 2 } }")
}

/// The log of a gateway that has ended, and its decisions: one that may go to the cloud, one that stays, one that is
/// refused, and one more for the cloud.
struct Log {
    home: Home,
    ids: Vec<String>,
}

impl Log {
    fn new() -> Self {
        let stage = Stage::with(priced, TWO_RULES);
        let send = |model: &str, content: &str| stage.chat(&ask(model, content)).decision();
        let ids = vec![
            send("auto", "hello"),
            send("auto", PERSONAL),
            send("cloud-only", PERSONAL),
            send("cloud-only", "hello again"),
        ];
        let (home, ended) = stage.gateway.stop();
        assert!(ended);
        Self { home, ids }
    }

    fn query(&self, arguments: &[&str]) -> Output {
        self.home.weir(&[&["audit", "query"], arguments].concat())
    }

    #[track_caller]
    fn check(&self, arguments: &[&str], expected: &[usize]) {
        let rows = self.home.audit(arguments);
        let found: Vec<&str> =
            rows.iter().map(|row| row["decision"]["decision_id"].as_str().unwrap()).collect();
        let expected: Vec<&str> = expected.iter().map(|at| self.ids[*at].as_str()).collect();
        assert_eq!(found, expected, "{arguments:?}");
    }
}

#[test]
fn each_filter_takes_what_it_says() {
    let log = Log::new();
    log.check(&[], &[0, 1, 2, 3]);
    log.check(&["--zone", "cloud"], &[0, 3]);
    log.check(&["--zone", "cloud", "--zone", "local"], &[0, 1, 3]);
    log.check(&["--where", "!zone"], &[2]);
    log.check(&["--where", "zone != cloud"], &[1, 2]);
    log.check(&["--alias", "cloud-only"], &[2, 3]);
    log.check(&["--model", "cloud-model", "--alias", "auto"], &[0]);
    log.check(&["--target", "here/local-model"], &[1]);
    log.check(&["--entity", "EMAIL_ADDRESS"], &[1, 2]);
    log.check(&["--category", "personal", "--action", "deny"], &[2]);
    log.check(&["--stage", "all"], &[0, 1, 2, 3]);
    log.check(&["--error", "none"], &[]);
    log.check(&["--where", "error"], &[2]);
    log.check(&["--tenant", "acme"], &[]);
    log.check(&["--tokens-out", "1.."], &[0, 1, 3]);
    log.check(&["--tokens-in", "..0"], &[]);
    log.check(&["--cost", "0.000001.."], &[0, 3]);
    log.check(&["--where", "cost=0"], &[1]);
    log.check(&["--where", "status=200", "--where", "total < 5m"], &[0, 1, 3]);
    log.check(&["--where", "level>=confidential", "--where", "attempts=0"], &[2]);
    log.check(&["--where", "facts.request.alias=auto"], &[0, 1]);
    log.check(&["--since", "2020-01-01", "--until", "2100-01-01"], &[0, 1, 2, 3]);
    log.check(&["--since", "2100-01-01"], &[]);
}

#[test]
fn an_outcome_has_the_cost_at_the_price_of_its_target() {
    let log = Log::new();
    let rows = log.home.audit(&["--zone", "cloud"]);
    let outcome = &rows[0]["outcome"];
    let tokens = |name: &str| outcome[name].as_u64().unwrap();
    // A dollar for a million tokens is a millionth for one.
    assert_eq!(tokens("cost_micro_usd"), tokens("tokens_in") + 2 * tokens("tokens_out"));
}

#[test]
fn other_events_are_asked_for_by_their_type() {
    let log = Log::new();
    let rows = log.home.audit(&["--event", "policy.loaded", "--event", "log.closed"]);
    let types: Vec<&str> = rows.iter().map(|row| row["event"]["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["policy.loaded", "log.closed"]);
    let outcomes = log.home.audit(&["--event", "outcome", "--decision", &log.ids[2]]);
    assert_eq!((outcomes.len(), &outcomes[0]["event"]["outcome"]), (1, &"rejected".into()));
    let all = log.home.audit(&["--event", "all"]);
    assert!(all.windows(2).all(|pair| pair[0]["seq"].as_u64() < pair[1]["seq"].as_u64()));
    assert_eq!(all[0]["event"]["type"], "log.started");
}

#[test]
fn a_table_of_events_tells_them_apart_and_says_what_each_says() {
    let log = Log::new();
    let key = log.home.create_key(&["app", "--tenant", "law"]);
    let (home, ended) = Gateway::start_in(log.home).stop();
    assert!(ended);
    let table = |arguments: &[&str]| {
        let output = home.weir(&[&["audit", "query"], arguments].concat());
        let text = printed(&output);
        text.lines()
            .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let made = table(&["--event", "key.created"]);
    assert_eq!(made[0], ["TIME", "SEQ", "EVENT", "DECISION", "DETAILS"]);
    let (id, tenant) = (format!("key_id={}", key.id), "tenant=law".to_owned());
    assert!(
        made[1][2..4] == ["key.created", "-"] && made[1].contains(&id) && made[1].contains(&tenant),
        "{made:?}"
    );
    let of_one = table(&["--event", "decision,outcome", "--decision", &log.ids[2]]);
    assert_eq!(of_one.len(), 3);
    assert!(of_one[1][3] == log.ids[2] && of_one[1].contains(&"action=deny".to_owned()), "{of_one:?}");
    assert_eq!(of_one[2][2..].join(" "), format!("outcome {} outcome=rejected", log.ids[2]));
    let found = table(&["--columns", "decision,findings", "--decision", &log.ids[1]]);
    assert_eq!(found[1], [log.ids[1].as_str(), "EMAIL_ADDRESS×1"]);
}

#[test]
fn what_asks_only_the_state_is_answered_while_both_files_are_wrong_elsewhere() {
    let Log { home, ids } = Log::new();
    let key = home.create_key(&["app"]);
    std::fs::write(home.policy(), "rules: [nonsense").unwrap();
    let config = std::fs::read_to_string(home.config()).unwrap().replace("backends:", "backend:");
    std::fs::write(home.config(), &config).unwrap();
    for arguments in [
        &["audit", "query"][..],
        &["audit", "verify"],
        &["audit", "prove", &ids[0]],
        &["keys", "list"],
        &["keys", "update", &key.id, "--requests-per-minute", "5"],
        &["keys", "revoke", &key.id],
        &["admin", "keys", "list"],
    ] {
        let output = home.weir(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    }
    assert_eq!(home.weir(&["check"]).status.code(), Some(3), "the files are wrong");
    for (wrong, why) in [
        ("state: [a]", "one value belongs here"),
        ("state: {", "weir.yaml:"),
        ("state: a\nstate: b", "twice"),
    ] {
        std::fs::write(home.config(), format!("weir: 1\n{wrong}\n")).unwrap();
        let output = home.weir(&["audit", "query"]);
        assert_eq!(output.status.code(), Some(3), "{wrong}: {}", printed(&output));
        assert!(stderr(&output).contains(why), "{wrong}: {}", stderr(&output));
    }
    std::fs::remove_file(home.config()).unwrap();
    let output = home.weir(&["audit", "query"]);
    assert!(
        output.status.code() == Some(3) && stderr(&output).contains("cannot read"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_wrong_filter_says_what_was_meant() {
    let log = Log::new();
    for (arguments, said) in [
        (&["--where", "zoen=cloud"][..], "did you mean `zone`?"),
        (&["--where", "alais=x"], "did you mean `alias`?"),
        (&["--where", "facts.request.alais=x"], "did you mean `facts.request.alias`?"),
        (&["--where", "nothing_of_the_kind=x"], "--fields"),
        (&["--where", "zone>cloud"], "has no order"),
        (&["--outcome", "fine"], "`ok`, `client_cancelled`"),
        (&["--tokens-in", "many"], "a whole number"),
        (&["--cost", "cheap"], "US dollars"),
        (&["--event", "policy.loadd"], "did you mean `policy.loaded`?"),
        (&["--event", "xyzzy"], "`decision`"),
        (&["--count-by", "zne"], "did you mean `zone`?"),
        (&["--sum", "zone"], "is no number"),
        (&["--columns", "tims"], "did you mean `time`?"),
        (&["--count-by", "mnth"], "did you mean `month`?"),
        (&["--format", "jsn"], "json"),
        (&["--since", "yesterday"], "2026-11-24"),
    ] {
        let output = log.query(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    let output = log.query(&["--count-by", "request"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("nothing can be counted by it"), "{text}");
    assert!(printed(&log.query(&["--fields"])).contains("facts.request.alias"));
}

#[test]
fn rows_are_csv_with_the_columns_that_are_asked_for() {
    let log = Log::new();
    let text =
        printed(&log.query(&["--format", "csv", "--columns", "time,decision,zone,cost", "--zone", "cloud"]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("time,decision_id,zone,cost_micro_usd", 3));
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!(cells[1..3], [log.ids[0].as_str(), "cloud"]);
    assert!(cells[3].parse::<u64>().unwrap() > 0);
    let usual = printed(&log.query(&["--format", "csv"]));
    assert!(usual.starts_with("time,seq,type,request_id,") && usual.lines().count() == 5, "{usual}");
    let table = printed(&log.query(&["--columns", "decision,cost", "--cost", "0.000001.."]));
    assert!(table.starts_with("DECISION") && table.contains("$0.0000"), "{table}");
}

fn parquet(output: &Output) -> SerializedFileReader<bytes::Bytes> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    SerializedFileReader::new(bytes::Bytes::from(output.stdout.clone())).unwrap()
}

fn column(row: &Row, name: &str) -> Cell {
    row.get_column_iter().find(|(column, _)| *column == name).unwrap().1.clone()
}

#[test]
fn rows_are_parquet_whose_columns_have_types() {
    let log = Log::new();
    let file = parquet(&log.query(&["--format", "parquet"]));
    let rows: Vec<Row> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    let json = log.home.audit(&[]);
    assert_eq!(rows.len(), 4);
    for (row, json) in rows.iter().zip(&json) {
        let (decision, outcome) = (&json["decision"], &json["outcome"]);
        let Cell::TimestampMillis(at) = column(row, "time") else { panic!("{row}") };
        assert_eq!(WallTime::from_unix_ms(at.cast_unsigned()).to_string(), json["ts_wall"].as_str().unwrap());
        assert_eq!(column(row, "seq"), Cell::ULong(json["seq"].as_u64().unwrap()));
        assert_eq!(
            column(row, "decision_id"),
            Cell::Str(decision["decision_id"].as_str().unwrap().to_owned())
        );
        assert_eq!(column(row, "stream"), Cell::Bool(false));
        let tokens = outcome["tokens_in"].as_u64().map_or(Cell::Null, Cell::ULong);
        assert_eq!(column(row, "tokens_in"), tokens);
        let zone = decision["zone"].as_str().map_or(Cell::Null, |zone| Cell::Str(zone.to_owned()));
        assert_eq!(column(row, "zone"), zone);
        let cell = column(row, "candidates.target");
        let targets: Vec<String> = if let Cell::ListInternal(list) = &cell {
            list.elements().iter().map(ToString::to_string).collect()
        } else {
            assert_eq!(cell, Cell::Null);
            Vec::new()
        };
        let empty = Vec::new();
        let candidates = decision["candidates"].as_array().unwrap_or(&empty);
        assert_eq!(targets, candidates.iter().map(|one| one["target"].to_string()).collect::<Vec<_>>());
    }
    assert!(
        rows.iter().any(
            |row| matches!(column(row, "candidates.target"), Cell::ListInternal(list) if list.len() > 1)
        )
    );
    let none = parquet(&log.query(&["--format", "parquet", "--tenant", "acme"]));
    assert_eq!(none.metadata().file_metadata().num_rows(), 0);
    assert_eq!(
        none.metadata().file_metadata().schema().get_fields().len(),
        file.metadata().file_metadata().schema().get_fields().len()
    );
}

#[test]
fn parquet_has_the_columns_that_are_asked_for_and_counts_and_sums() {
    let log = Log::new();
    let schema = |arguments: &[&str]| {
        let file = parquet(&log.query(&[&["--format", "parquet"], arguments].concat()));
        let mut text = Vec::new();
        print_schema(&mut text, file.metadata().file_metadata().schema());
        (
            String::from_utf8(text).unwrap(),
            file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect::<Vec<_>>(),
        )
    };
    let (text, rows) = schema(&["--columns", "zone,cost", "--alias", "cloud-only"]);
    assert!(
        text.contains("BYTE_ARRAY zone (STRING)")
            && text.contains("INT64 cost_micro_usd (INTEGER(64,false))"),
        "{text}"
    );
    assert_eq!((rows.len(), &*rows[0]), (2, "{zone: null, cost_micro_usd: null}"));
    // What no decision has gets its type from what there is.
    let (text, rows) = schema(&["--event", "log.closed", "--columns", "time,events"]);
    assert!(
        text.contains("INT64 time (TIMESTAMP(MILLIS,true))") && text.contains("INT64 events (INTEGER"),
        "{text}"
    );
    assert_eq!(rows.len(), 1);
    let (text, rows) = schema(&["--count-by", "day,level", "--sum", "tokens_in"]);
    assert!(
        text.contains("INT64 count")
            && text.contains("INT64 sum.tokens_in")
            && text.contains("BYTE_ARRAY day"),
        "{text}"
    );
    // The day may have ended between two requests.
    let count = |row: &String| row.split("count: ").nth(1).unwrap().split(',').next().unwrap().parse::<u64>();
    let of = |level: &str| {
        rows.iter().filter(|row| row.contains(level)).map(|row| count(row).unwrap()).sum::<u64>()
    };
    let counts: [u64; 2] = ["level: \"confidential\"", "level: \"internal\""].map(of);
    assert_eq!(counts, [2, 2], "{rows:?}");
    let followed = log.query(&["--format", "parquet", "--follow"]);
    let said = String::from_utf8(followed.stderr).unwrap();
    assert!(followed.status.code() == Some(2) && said.contains("use `--json`"), "{said}");
}

/// More rows than one group of a file has.
#[test]
fn parquet_is_written_in_groups_of_rows() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), 20_010);
    let log = dir.path().display().to_string();
    let mut query = weir();
    query.args(["audit", "query", "--log", &log, "--format", "parquet", "--limit", "0"]);
    let file = parquet(&query.args(["--columns", "decision,tokens_in,tag"]).output().unwrap());
    assert_eq!(file.metadata().num_row_groups(), 2);
    let rows = file.get_row_iter(None).unwrap().map(Result::unwrap);
    let tokens = rows.map(|row| column(&row, "tokens_in"));
    assert!(tokens.eq((0..20_010).map(Cell::ULong)));
}

#[test]
fn what_the_data_is_for_and_where_it_was_processed_is_on_record() {
    let config = |local: &str, cloud: &str| {
        let purposes = "audit: { purposes: [\
            { app: advisory, purpose: advice to clients, legal_basis: contract, data_subjects: [clients, staff] },\
            { key: other, purpose: other }] }";
        let config = two_zones(local, cloud).replace("zone: local\n", "zone: local\n    jurisdiction: DE\n");
        format!("{config}{purposes}\n")
    };
    let stage = Stage::with(config, TWO_RULES);
    let home = &stage.gateway.home;
    let [advisory, none] = ["--app=advisory", "--app=none"].map(|app| stage.gateway.key(&["key", app]));
    let other = stage.gateway.key(&["other"]);
    let row = |key: &support::backends::Key| {
        let reply = stage.gateway.chat_with(&[("authorization", &key.bearer())], &ask("auto", PERSONAL));
        home.decision(&reply.decision())["decision"].clone()
    };
    let advised = row(&advisory);
    assert_eq!(
        (&advised["purpose"], &advised["legal_basis"]),
        (&"advice to clients".into(), &"contract".into())
    );
    assert_eq!((&advised["data_subjects"][1], &advised["region"]), (&"staff".into(), &"DE".into()));
    assert!(row(&none).get("purpose").is_none());
    assert_eq!(row(&other)["purpose"], "other");
    let found = home.audit(&[
        "--where",
        "purpose=advice to clients",
        "--where",
        "region=DE",
        "--where",
        "data_subject=clients",
    ]);
    assert_eq!(found.len(), 1);
}

#[test]
fn counts_and_sums_are_those_of_the_rows() {
    let log = Log::new();
    let json = |arguments: &[&str]| -> Vec<Value> {
        let text = printed(&log.query(&[arguments, &["--json"]].concat()));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let groups = json(&["--count-by", "zone", "--sum", "cost,tokens_in"]);
    let of = |zone: Value| groups.iter().find(|group| group["zone"] == zone).unwrap();
    assert_eq!((groups.len(), &of("cloud".into())["count"]), (3, &2.into()));
    assert_eq!((&of("local".into())["count"], &of(Value::Null)["count"]), (&1.into(), &1.into()));
    let rows = log.home.audit(&["--zone", "cloud"]);
    let sum = |name: &str| rows.iter().map(|row| row["outcome"][name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(of("cloud".into())["sum"]["cost_micro_usd"], sum("cost_micro_usd"));
    assert_eq!(of("cloud".into())["sum"]["tokens_in"], sum("tokens_in"));
    assert_eq!(json(&["--sum", "cost", "--zone", "local"])[0]["count"], 1);
    assert_eq!(json(&["--sum", "cost", "--tenant", "acme"])[0]["count"], 0);
    let table = printed(&log.query(&["--count-by", "day,level", "--sum", "cost"]));
    assert!(table.starts_with("DAY") && table.contains("DECISIONS") && table.contains('$'), "{table}");
    let csv = printed(&log.query(&["--count-by", "outcome", "--format", "csv"]));
    assert_eq!(csv.lines().collect::<Vec<_>>(), ["outcome,count", "ok,3", "rejected,1"]);
    assert_eq!(printed(&log.query(&["--count-by", "outcome", "--limit", "1"])).lines().count(), 2);
}

#[test]
fn a_killed_indexing_loses_nothing_and_takes_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    write_log(dir.path(), 6000);
    let log = dir.path().display().to_string();
    let ask = |arguments: &[&str]| {
        let mut command = weir();
        command.args(["audit", "query", "--log", &log, "--json"]).args(arguments).stdin(Stdio::null());
        command
    };
    for round in 0..40_u64 {
        if round.is_multiple_of(8) {
            for name in ["index.db", "index.db-wal", "index.db-shm"] {
                let _ = std::fs::remove_file(dir.path().join(name));
            }
        }
        let mut child =
            ask(&["--sum", "tokens_in"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round * 7 % 200));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let output = ask(&["--sum", "tokens_in"]).output().unwrap();
    let sums: Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(
        (&sums["count"], &sums["sum"]["tokens_in"]),
        (&6000.into(), &(0..6000_u64).sum::<u64>().into())
    );
    for id in [0, 2999, 5999] {
        let output = ask(&["--decision", &format!("dec_{id}")]).output().unwrap();
        assert_eq!(printed(&output).lines().count(), 1, "{id}");
    }
}

/// A log of so many requests, each of which used as many tokens as its number.
fn write_log(dir: &std::path::Path, requests: u64) {
    use weir_audit::event::{Decision, Outcome};
    use weir_store::audit::{AuditLog, Options};
    let made = Log::new();
    let found = made.home.audit(&["--decision", &made.ids[0]]);
    let decision: Decision = serde_json::from_value(found[0]["decision"].clone()).unwrap();
    let outcome: Outcome = serde_json::from_value(found[0]["outcome"].clone()).unwrap();
    let options = Options { segment_bytes: 256 * 1024, ..Options::new("node".into(), "0.1.0".into()) };
    let (log, _) = AuditLog::open(dir, options).unwrap();
    for id in 0..requests {
        let (request_id, decision_id) =
            (format!("req_{id}").as_str().into(), format!("dec_{id}").as_str().into());
        let decision = Decision { request_id, decision_id, ..decision.clone() };
        let (request_id, decision_id) = (decision.request_id.clone(), decision.decision_id.clone());
        log.append(decision).unwrap();
        let outcome = Outcome { request_id, decision_id, tokens_in: Some(id), ..outcome.clone() };
        log.append(outcome).unwrap().wait_written().unwrap();
    }
    log.close().unwrap();
}

#[test]
fn following_shows_requests_as_they_end_and_stops_in_order() {
    let stage = Stage::new();
    let before = stage.chat(&ask("auto", "before")).decision();
    let config = stage.gateway.home.config();
    for (options, signal, expects_before) in
        [(&["--json"][..], "INT", false), (&["--format", "csv", "--since", "1h"], "TERM", true)]
    {
        let mut child = weir()
            .args(["audit", "query", "--follow", "--config"])
            .arg(&config)
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        if expects_before {
            assert!(lines.recv_timeout(PATIENCE).unwrap().starts_with("time,"));
            let first = lines.recv_timeout(PATIENCE).unwrap();
            assert!(first.contains(&before), "{first}");
        }
        // When it has opened the log it misses none any more.
        let mut sent = Vec::new();
        let seen = (0..100).find_map(|_| {
            sent.push(stage.chat(&ask("auto", PERSONAL)).decision());
            let line = lines.recv_timeout(Duration::from_millis(600)).ok()?;
            sent.iter().any(|id| line.contains(id)).then_some(line)
        });
        let seen = seen.expect("a new request is shown");
        assert!(seen.contains("ok") && !seen.contains("running"), "{seen}");
        let pid = child.id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args([&format!("-{signal}"), &pid])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

fn lines_of(stdout: std::process::ChildStdout) -> Receiver<String> {
    let (to, lines) = mpsc::channel();
    std::thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| to.send(line))
    });
    lines
}

#[test]
fn the_gateway_keeps_the_index_up_and_tells_how_far_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let index = stage.gateway.home.path().join("state/audit/index.db");
    stage.gateway.until("there is an index", |_| index.exists());
    assert_eq!(std::fs::metadata(&index).unwrap().permissions().mode() & 0o777, 0o600);
    // One that cannot be made lacks all that is in the log.
    let (home, _) = stage.gateway.stop();
    for name in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(index.with_file_name(name));
    }
    std::fs::create_dir(&index).unwrap();
    let gateway = Gateway::start_in(home);
    gateway.until("the lag is told", |g| g.metric("weir_audit_index_lag", &[]) > 0.0);
}
