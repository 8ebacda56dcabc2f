//! Backends that fail or are full: which target is tried next, and what the records say of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::Value;
use std::time::Duration;
use support::backends::{Backends, ask_stream, in_background, with_the_first_late};
use support::http::Reply;
use support::{BASICS, Gateway, PERSONAL, ask};
use weir_rig::fake::{Cut, Failure, Fake, Fault, Script};

#[test]
fn what_is_late_outside_is_asked_of_a_replica_outside_and_never_of_one_inside() {
    let backends = Backends::new();
    let [one, two, inside] = [(); 3].map(|()| backends.start(Script::default()));
    let entry = |name: &str, zone: &str, fake: &Fake| {
        format!("  - {{ name: {name}, zone: {zone}, url: {}, models: [{{ name: m }}] }}\n", fake.url())
    };
    let config = format!(
        "{BASICS}limits: {{ hedge: true }}\nbackends:\n{}{}{}aliases:\n  auto: {{ targets: [one/m, two/m, here/m] }}\n",
        entry("one", "cloud", &one),
        entry("two", "cloud", &two),
        entry("here", "local", &inside),
    );
    let policy = "policy: 1\nrules: [{ name: all, use: any, prefer: order, when_full: [reject] }]\n";
    let gateway = Gateway::start(&config, policy);
    let text = "a word or two";
    let mut usual = 0;
    while one.requests().max(two.requests()) < 40 {
        assert_eq!(gateway.chat(&ask("auto", text)).status, 200);
        usual += 1;
        assert!(usual < 200, "neither gets enough");
    }
    let ask = || gateway.chat(&ask("auto", text));
    let (late, reply) = with_the_first_late([&one, &two], &Script::default(), &Fault::HangBeforeHead, ask);
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    assert_eq!(reply.header("x-weir-backend"), Some(["two", "one"][late]));
    assert_eq!(inside.requests(), 0);
    let rows = gateway.home.audit(&["--decision", &reply.decision()]);
    let said: Vec<_> = rows.iter().map(|row| &row["decision"]).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!((&said[1]["reason"], &said[1]["attempt"]), (&"hedge".into(), &2.into()));
    assert!(said.iter().all(|decision| decision["egress_permitted"] == true), "each by a permit of its own");
}

#[test]
fn what_is_late_outside_is_not_asked_of_a_replica_that_a_newer_policy_forbids() {
    const ANSWER: Duration = Duration::from_secs(2);
    let backends = Backends::new();
    let [one, two, inside] = [(); 3].map(|()| backends.start(Script::default().latency(ANSWER)));
    let entry = |name: &str, zone: &str, fake: &Fake| {
        let url = fake.url();
        format!(
            "  - {{ name: {name}, zone: {zone}, url: {url}, timeouts: {{ total: 8s }}, models: [{{ name: m }}] }}\n"
        )
    };
    let config = format!(
        "{BASICS}limits: {{ hedge: true }}\nbackends:\n{}{}{}aliases:\n  auto: {{ targets: [one/m, two/m, here/m] }}\n",
        entry("one", "cloud", &one),
        entry("two", "cloud", &two),
        entry("here", "local", &inside),
    );
    let policy = |zone| {
        format!("policy: 1\nrules: [{{ name: all, use: {zone}, prefer: order, when_full: [reject] }}]\n")
    };
    let gateway = Gateway::start(&config, &policy("any"));
    let chat = || in_background(gateway.data, &[], &ask("auto", "a word or two"));
    for _ in 0..8 {
        let asked = [(); 16].map(|()| chat());
        asked.into_iter().for_each(|asked| assert_eq!(asked.join().unwrap().status, 200));
    }
    for fake in [&one, &two] {
        fake.set(Script::default().fault(Fault::HangBeforeHead));
    }
    let sent = || one.requests() + two.requests();
    let before = sent();
    let late = chat();
    gateway.until("it was sent", |_| sent() > before);
    let revision = |gateway: &Gateway| gateway.ready().1["policy_revision"].clone();
    let old = revision(&gateway);
    std::fs::write(gateway.home.policy(), policy("local")).unwrap();
    gateway.until("the policy is in force", |gateway| revision(gateway) != old);
    assert_eq!(sent(), before + 1, "it was in force too late for this to say anything");
    let reply = late.join().unwrap();
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    assert_eq!(sent(), before + 1, "a second was sent outside");
}

/// Four local replicas `a` to `d` in this order, and a cloud backend behind them.
struct Replicas {
    gateway: Gateway,
    local: [Fake; 4],
    cloud: Fake,
    _backends: Backends,
}

impl Replicas {
    fn new(ladder: &str) -> Self {
        Self::waiting_for_the_first(ladder, "")
    }

    /// With a limit to how long `a` may take.
    fn waiting_for_the_first(ladder: &str, wait: &str) -> Self {
        let backends = Backends::new();
        let local = [(); 4].map(|()| backends.start(Script::default()));
        let cloud = backends.start(Script::default());
        let entry = |(name, fake): (&str, &Fake)| {
            let wait = if name == "a" { wait } else { "" };
            format!(
                "  - {{ name: {name}, zone: local, url: {}, {wait} models: [{{ name: m }}] }}\n",
                fake.url()
            )
        };
        let entries: String = ["a", "b", "c", "d"].into_iter().zip(&local).map(entry).collect();
        let config = format!(
            "\
{BASICS}backends:
{entries}  - {{ name: away, zone: cloud, url: {}, models: [{{ name: m }}] }}
aliases:
  auto: {{ targets: [a/m, b/m, c/m, d/m, away/m] }}
  pair: {{ targets: [a/m, b/m] }}
  one: {{ targets: [a/m, away/m] }}
",
            cloud.url()
        );
        let policy =
            format!("policy: 1\nrules:\n  - {{ name: all, use: any, prefer: local, when_full: {ladder} }}\n");
        Self { gateway: Gateway::start(&config, &policy), local, cloud, _backends: backends }
    }

    /// The records of a reply's request, by attempt, all with the one outcome of the request.
    fn attempts(&self, reply: &Reply) -> Vec<Value> {
        let rows = self.gateway.home.audit(&["--decision", &reply.decision()]);
        assert!(rows.iter().all(|row| row["outcome"] == rows[0]["outcome"]), "{rows:?}");
        assert_eq!(rows[0]["outcome"]["attempts"], rows.len());
        let numbers: Vec<u64> = rows.iter().map(|row| row["decision"]["attempt"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=rows.len() as u64).collect::<Vec<_>>());
        rows
    }
}

/// Status, backend and reason of a reply.
fn way(reply: &Reply) -> (u16, &str, &str) {
    (
        reply.status,
        reply.header("x-weir-backend").unwrap_or("-"),
        reply.header("x-weir-reason").unwrap_or("-"),
    )
}

fn backends_of(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["decision"]["backend"].as_str().unwrap()).collect()
}

fn failure(status: u16) -> Fault {
    Fault::Status(Failure::openai(status, "server_error", "x", "broken"))
}

#[test]
fn a_target_that_fails_before_content_is_followed_by_the_next_with_a_record_of_each() {
    let faults = [
        failure(500),
        Fault::Status(Failure::html(502)),
        Fault::Cut { after: 0, how: Cut::Reset },
        Fault::Cut { after: 1, how: Cut::Fin },
        Fault::ErrorFirst("no".to_owned()),
        Fault::Raw(b"nonsense".to_vec()),
        Fault::Redirect { status: 307, location: "http://127.0.0.1:1/".to_owned() },
    ];
    for fault in faults {
        let replicas = Replicas::new("[reject]");
        replicas.local[0].set(Script::failing(fault.clone()));
        let reply = replicas.gateway.chat(&ask_stream("auto", PERSONAL));
        if matches!(fault, Fault::Redirect { .. }) {
            assert_eq!(
                (reply.status, replicas.local[1].requests()),
                (502, 0),
                "a redirect is no reason to try another"
            );
            continue;
        }
        assert_eq!(way(&reply), (200, "b", "failover"), "{fault:?}");
        assert_eq!(reply.events().last().unwrap(), "[DONE]", "{fault:?}");
        let rows = replicas.attempts(&reply);
        assert_eq!(backends_of(&rows), ["a", "b"], "{fault:?}");
        assert_eq!(rows[0]["outcome"]["outcome"], "ok");
        assert_eq!((replicas.local[0].requests(), replicas.local[1].requests()), (1, 1));
    }
}

#[test]
fn a_target_that_is_silent_is_followed_by_the_next_in_time() {
    for silence in [Fault::HangBeforeHead, Fault::HangAfter(0), Fault::HangAfter(1)] {
        let wait = "timeouts: { first_token: 300ms },";
        let replicas = Replicas::waiting_for_the_first("[reject]", wait);
        replicas.local[0].set(Script::failing(silence.clone()));
        let reply = replicas.gateway.chat(&ask_stream("auto", PERSONAL));
        assert_eq!(way(&reply), (200, "b", "failover"), "{silence:?}");
        assert_eq!(backends_of(&replicas.attempts(&reply)), ["a", "b"]);
        // The one that was given up is told so.
        replicas.gateway.until("the silent one is cancelled", |_| replicas.local[0].in_flight() == 0);
        let alone = replicas.gateway.chat(&ask_stream("one", PERSONAL));
        assert_eq!((alone.status, alone.code().as_str()), (504, "timeout"), "{silence:?}");
        assert_eq!(replicas.attempts(&alone)[0]["outcome"]["outcome"], "timeout");
        assert_eq!(replicas.cloud.requests(), 0);
    }
}

#[test]
fn three_attempts_are_the_most() {
    let replicas = Replicas::new("[reject]");
    for broken in &replicas.local[..3] {
        broken.set(Script::failing(failure(500)));
    }
    let reply = replicas.gateway.chat(&ask("auto", PERSONAL));
    assert_eq!((reply.status, reply.code().as_str()), (502, "bad_gateway"));
    let rows = replicas.attempts(&reply);
    assert_eq!(backends_of(&rows), ["a", "b", "c"]);
    assert_eq!(rows[0]["outcome"]["outcome"], "failed");
    assert_eq!(replicas.local[3].requests(), 0);
}

#[test]
fn classified_data_does_not_leave_when_every_local_target_fails() {
    let replicas = Replicas::new("[burst, reject]");
    replicas.local[0].set(Script::failing(failure(500)));
    let classified = replicas.gateway.chat(&ask("one", PERSONAL));
    assert_eq!((classified.status, classified.code().as_str()), (502, "bad_gateway"));
    assert_eq!(replicas.cloud.accepted(), 0);
    let public = replicas.gateway.chat(&ask("one", "a public question"));
    assert_eq!(way(&public), (200, "away", "failover"));
    assert_eq!(backends_of(&replicas.attempts(&public)), ["a", "away"]);
}

#[test]
fn what_is_the_clients_fault_is_tried_once() {
    for status in [400, 422] {
        let replicas = Replicas::new("[burst, reject]");
        replicas.local[0].set(Script::failing(failure(status)));
        let reply = replicas.gateway.chat(&ask("auto", "hello"));
        assert_eq!(reply.status, status);
        assert_eq!(replicas.attempts(&reply).len(), 1);
        assert_eq!(replicas.local[1].requests() + replicas.cloud.requests(), 0);
    }
}

#[test]
fn a_stream_that_breaks_after_content_is_not_tried_again() {
    let replicas = Replicas::new("[burst, reject]");
    replicas.local[0].set(Script::failing(Fault::Cut { after: 3, how: Cut::Reset }));
    let reply = replicas.gateway.chat(&ask_stream("auto", "hello"));
    let last: Value = serde_json::from_str(reply.events().last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "bad_gateway", "{}", reply.text());
    assert!(!reply.text().contains("[DONE]") && !reply.streamed_text().is_empty());
    assert_eq!(replicas.attempts(&reply)[0]["outcome"]["outcome"], "upstream_aborted");
    assert_eq!(replicas.local[1].requests(), 0);
}

#[test]
fn a_replica_that_is_full_is_followed_by_the_other_and_then_left_alone() {
    for status in [429, 503] {
        let replicas = Replicas::new("[reject]");
        replicas.local[0].set(Script::failing(Fault::Status(Failure::overloaded(status, 30))));
        let reply = replicas.gateway.chat(&ask("pair", "hello"));
        assert_eq!(way(&reply), (200, "b", "failover"), "{status}");
        assert_eq!(backends_of(&replicas.attempts(&reply)), ["a", "b"]);
        for _ in 0..3 {
            assert_eq!(way(&replicas.gateway.chat(&ask("pair", "hello"))), (200, "b", "policy"), "{status}");
        }
        assert_eq!(replicas.local[0].requests(), 1, "{status}: asked again although it asked for 30 s");
    }
}

#[test]
fn when_both_replicas_say_429_the_client_is_told_so() {
    let replicas = Replicas::new("[reject]");
    for full in &replicas.local[..2] {
        full.set(Script::failing(Fault::Status(Failure::overloaded(429, 7))));
    }
    let reply = replicas.gateway.chat(&ask("pair", "hello"));
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("7")));
    assert_eq!(reply.json()["error"]["type"], "rate_limit_error");
    assert!(reply.text().contains("try again in 7s"), "{}", reply.text());
    assert_eq!(replicas.attempts(&reply).len(), 2);
}

#[test]
fn a_local_server_that_says_it_is_full_sends_nobody_to_the_cloud_without_a_burst() {
    for status in [429, 503] {
        let replicas = Replicas::new("[queue 100ms, reject]");
        replicas.local[0].set(Script::failing(Fault::Status(Failure::overloaded(status, 1))));
        let reply = replicas.gateway.chat(&ask("one", "a public question"));
        assert_eq!(reply.status, status, "{}", reply.text());
        assert!(reply.header("retry-after").is_some());
        assert_eq!(replicas.cloud.requests(), 0);
        let replicas = Replicas::new("[burst, reject]");
        replicas.local[0].set(Script::failing(Fault::Status(Failure::overloaded(status, 1))));
        let reply = replicas.gateway.chat(&ask("one", "a public question"));
        assert_eq!((reply.status, reply.header("x-weir-backend")), (200, Some("away")));
    }
}
