//! The end of the process, in order and not, and what the audit log says afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::backends::{Backends, ask_stream, holding, in_background, open_stream};
use support::http::{Client, Reply};
use support::stage::Stage;
use support::{Gateway, Home, PERSONAL, TWO_RULES, ask, two_zones};
use weir_rig::fake::Script;

/// How many times the process is killed, unless `WEIR_KILLS` says otherwise (`cargo xtask kill`).
const KILLS: usize = 15;

fn kills() -> usize {
    std::env::var("WEIR_KILLS").map_or(KILLS, |kills| kills.parse().unwrap())
}

/// Until `stop`, one request after the other, classified and not, whole and streamed. Gives the decisions
/// of the answers that came in whole.
fn keep_asking(address: SocketAddr, first: usize, stop: &AtomicBool, whole: &AtomicUsize) -> Vec<String> {
    let bodies = [
        ask("auto", "a public question"),
        ask_stream("auto", PERSONAL),
        ask("auto", PERSONAL),
        ask_stream("auto", "a public question"),
    ];
    let mut answered = Vec::new();
    let Some(mut client) = Client::try_connect(address) else { return answered };
    for body in bodies.iter().cycle().skip(first) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let Some(reply) = client.try_post("/v1/chat/completions", &[], body.to_string().as_bytes()) else {
            break;
        };
        if is_whole(&reply) {
            answered.push(reply.decision());
            whole.fetch_add(1, Ordering::Relaxed);
        }
    }
    answered
}

/// Whether the client has all of a good answer.
fn is_whole(reply: &Reply) -> bool {
    let is_stream = reply.header("content-type").is_some_and(|value| value.starts_with("text/event-stream"));
    let ended = if is_stream { reply.events().last().is_some_and(|e| e == "[DONE]") } else { reply.complete };
    reply.status == 200 && ended
}

/// Loads a gateway until so many have been answered, and kills it; gives the home back, and which decisions were
/// answered.
fn load_and_kill(gateway: Gateway, after: usize) -> (Home, Vec<String>) {
    let (address, stop, whole) = (gateway.data, AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let (stop, whole) = (&stop, &whole);
        let clients: Vec<_> =
            (0..8).map(|first| scope.spawn(move || keep_asking(address, first, stop, whole))).collect();
        gateway.until("there is load", |_| whole.load(Ordering::Relaxed) >= after);
        let home = gateway.kill();
        stop.store(true, Ordering::Relaxed);
        (home, clients.into_iter().flat_map(|client| client.join().unwrap()).collect())
    })
}

/// Every decision of a log by its id; there is one record of each.
fn decisions(home: &Home) -> BTreeMap<String, Value> {
    let rows = home.audit(&[]);
    let count = rows.len();
    let id = |row: &Value| row["decision"]["decision_id"].as_str().unwrap().to_owned();
    let decisions: BTreeMap<String, Value> = rows.into_iter().map(|row| (id(&row), row)).collect();
    assert_eq!(decisions.len(), count, "two records of one decision");
    decisions
}

#[test]
fn after_each_kill_under_load_the_log_verifies_and_nothing_answered_is_missing() {
    let backends = Backends::new();
    let quick = Script::default().latency(Duration::from_millis(3)).gap(Duration::from_millis(4));
    let (here, there) = (backends.start(quick.clone()), backends.start(quick));
    let mut gateway = Gateway::start(&two_zones(&here.url(), &there.url()), TWO_RULES);
    let mut answered = Vec::new();
    for kill in 0..kills() {
        let (home, more) = load_and_kill(gateway, 10 + kill * 37 % 60);
        answered.extend(more);
        gateway = Gateway::start_in(home);
        let (clean, report) = gateway.home.verify();
        assert!(clean, "after kill {kill}: {report}");
    }
    gateway.wait_for_log("the audit log was recovered");
    let decisions = decisions(&gateway.home);
    for id in &answered {
        let row = decisions.get(id).unwrap_or_else(|| panic!("{id} was answered and is not in the log"));
        assert_eq!(row["outcome"]["outcome"], "ok", "{row}");
    }
    let crashed: Vec<&Value> =
        decisions.values().filter(|row| row["outcome"]["error_code"] == "crashed").collect();
    assert!(!crashed.is_empty(), "no request was in flight at any kill");
    assert!(crashed.iter().all(|row| row["outcome"]["outcome"] == "failed"));
    let open: Vec<&Value> = decisions.values().filter(|row| row["outcome"].is_null()).collect();
    assert!(open.is_empty(), "without an outcome: {open:?}");
    for row in decisions.values().filter(|row| row["decision"]["zone"] == "cloud") {
        assert_eq!(row["decision"]["level"], "internal");
    }
}

#[test]
fn a_second_process_on_the_same_state_is_refused() {
    let stage = Stage::new();
    let second = stage.gateway.home.weir(&["serve"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("another process"), "{said}");
    assert_eq!(stage.chat(&ask("auto", "hello")).status, 200);
    let (home, in_order) = stage.gateway.stop();
    assert!(in_order && home.verify().0);
}

#[test]
fn at_sigterm_streams_in_flight_finish_and_nothing_new_is_taken() {
    let mut stage = Stage::new();
    for backend in [&stage.here, &stage.there] {
        backend.set(holding());
    }
    let (data, admin) = (stage.gateway.data, stage.gateway.admin);
    let mut idle = stage.gateway.client();
    let streams: Vec<_> = [PERSONAL, "hello", "hello again"]
        .iter()
        .map(|text| open_stream(data, &[], &ask_stream("auto", text)))
        .collect();
    let ids: Vec<String> = streams.iter().map(|s| s.header("x-weir-decision-id").to_owned()).collect();
    stage.gateway.signal("TERM");
    stage.gateway.wait_for_log("draining");
    let mut operator = Client::connect(admin);
    // Who connects and says a little later what it wants is answered too.
    thread::sleep(Duration::from_millis(100));
    let ready = operator.get("/readyz", &[]);
    assert_eq!((ready.status, &ready.json()["draining"]), (503, &Value::Bool(true)));
    assert!(Client::try_connect(data).is_none(), "still listening");
    assert!(idle.is_closed(), "an idle connection stays open");
    for backend in [&stage.here, &stage.there] {
        backend.set(Script::default());
        backend.release();
    }
    for stream in streams {
        let events = stream.rest();
        assert_eq!(events.last().unwrap(), "[DONE]", "{events:?}");
    }
    let (home, code) = stage.gateway.wait();
    assert_eq!(code, Some(0));
    assert!(home.state_holds("\"type\":\"log.closed\""));
    let (clean, report) = home.verify();
    assert!(clean, "{report}");
    for id in &ids {
        assert_eq!(home.decision(id)["outcome"]["outcome"], "ok");
    }
    let mut again = Gateway::start_in(home);
    assert!(!again.log().contains("recovered"), "an orderly end needs no repair");
    assert_eq!(again.chat(&ask("auto", PERSONAL)).status, 200);
}

#[test]
fn a_second_sigterm_ends_the_process_at_once() {
    let mut stage = Stage::new();
    stage.there.set(holding());
    let _stream = open_stream(stage.gateway.data, &[], &ask_stream("auto", "hello"));
    stage.gateway.signal("TERM");
    stage.gateway.wait_for_log("draining");
    stage.gateway.signal("TERM");
    stage.gateway.wait_for_log("second signal");
    // The time to drain is longer than it is waited for here.
    let (home, code) = stage.gateway.wait();
    assert_eq!(code, Some(1));
    let gateway = Gateway::start_in(home);
    assert!(gateway.home.verify().0);
    let rows = gateway.home.audit(&[]);
    assert_eq!((rows.len(), &rows[0]["outcome"]["error_code"]), (1, &Value::from("crashed")));
}

#[test]
fn what_does_not_finish_within_the_drain_time_ends_with_an_error() {
    let config = |here: &str, there: &str| {
        two_zones(here, there)
            .replace("state:", "limits: { drain: 1s }\nstate:")
            .replace("name: local-model", "name: local-model, concurrency: 1")
    };
    let stage = Stage::with(config, &TWO_RULES.replace("queue 5s", "queue 60s"));
    stage.there.set(Script::default().latency(Duration::from_secs(60)));
    let whole = in_background(stage.gateway.data, &[], &ask("cloud-only", "a whole answer"));
    stage.until("the whole one is there", &stage.there, |there| there.requests() == 1);
    stage.here.set(holding());
    let stream = open_stream(stage.gateway.data, &[], &ask_stream("local-only", "a stream"));
    let stream_id = stream.header("x-weir-decision-id").to_owned();
    let queued = in_background(stage.gateway.data, &[], &ask("local-only", "waits"));
    stage.gateway.until_queued(1);
    let told = Instant::now();
    stage.gateway.signal("TERM");
    let events = stream.rest();
    let last: Value = serde_json::from_str(events.last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "overloaded", "{last}");
    for request in [whole, queued] {
        let reply = request.join().unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (503, "overloaded"), "{}", reply.text());
    }
    let (home, code) = stage.gateway.wait();
    assert_eq!(code, Some(0));
    assert!(told.elapsed() > Duration::from_millis(900), "it did not wait for the drain time");
    assert!(home.verify().0);
    assert_eq!(home.decision(&stream_id)["outcome"]["outcome"], "failed");
    let rows = home.audit(&[]);
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["outcome"].is_object()), "{rows:?}");
}

/// A log of an orderly end with some requests in it.
fn closed_log() -> Home {
    let stage = Stage::new();
    for _ in 0..4 {
        assert_eq!(stage.chat(&ask("auto", PERSONAL)).status, 200);
        assert_eq!(stage.chat(&ask("auto", "hello")).status, 200);
    }
    let (home, in_order) = stage.gateway.stop();
    assert!(in_order);
    home
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn one_changed_byte_anywhere_in_the_events_is_found_and_named() {
    let home = closed_log();
    let (clean, report) = home.verify();
    assert!(clean && report.contains("every byte is as it was written"), "{report}");
    let segment = home.path().join("state/audit/segments/00000000.log");
    let bytes = fs::read(&segment).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for step in 1..12 {
        let at = used * step / 12;
        flip(&segment, at);
        let (clean, report) = home.verify();
        assert!(!clean, "byte {at} was changed and nobody noticed");
        assert!(report.contains("segments/00000000.log, byte "), "{report}");
        assert!(report.contains(", event "), "{report}");
        flip(&segment, at);
    }
    assert!(home.verify().0);
}

#[test]
fn a_changed_byte_beside_the_events_is_found_and_its_file_named() {
    let home = closed_log();
    let audit = home.path().join("state/audit");
    let tile = first_file(&audit.join("tile"));
    for (path, name) in
        [(audit.join("checkpoint"), "checkpoint"), (audit.join("key.pub"), "key.pub"), (tile, "tile/0/")]
    {
        let middle = fs::read(&path).unwrap().len() / 2;
        flip(&path, middle);
        let output = home.weir(&["audit", "verify", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["ok"], false);
        assert!(report["faults"].to_string().contains(name), "{name}: {report}");
        flip(&path, middle);
    }
    let output = home.weir(&["audit", "verify", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &report["ok"], &report["faults"]),
        (Some(0), &Value::Bool(true), &Value::Array(vec![]))
    );
}

fn first_file(directory: &Path) -> PathBuf {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let first = entries.remove(0);
    if first.is_dir() { first_file(&first) } else { first }
}
