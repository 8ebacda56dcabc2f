//! The load generator counts what is whole and what is not; the proxy relays as it goes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod wire;

use http::Uri;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use weir_rig::bareproxy;
use weir_rig::fake::{Cut, Failure, Fake, Fault, Script};
use weir_rig::load::{self, Load, Pace, Report, Until};
use wire::{ask, ask_streamed, post, post_text, read_until, send, within};

fn load(fake: &Fake) -> Load {
    Load {
        url: fake.url().parse().unwrap(),
        model: "m".to_owned(),
        bearer: Some("test-key".to_owned()),
        prompt_bytes: 200,
        stream: false,
        pace: Pace::Closed { connections: 4 },
        until: Until::Requests(40),
        pid: Some(std::process::id()),
    }
}

async fn report(load: &Load) -> Report {
    within(load::run(load)).await.unwrap()
}

#[tokio::test]
async fn a_closed_loop_sends_what_was_asked_on_as_many_connections() {
    let fake = Fake::start(Script::default()).await.unwrap();
    let report = report(&load(&fake)).await;
    assert_eq!((report.whole, report.flawed.len()), (40, 0));
    assert_eq!((fake.requests(), fake.accepted()), (40, 4));
    assert!(report.latency_us.p50 > 0.0 && report.latency_us.p50 <= report.latency_us.p99);
    assert!(report.process.unwrap().rss_kb > 0);
    let seen = fake.seen();
    assert_eq!(seen[0].header("authorization"), Some("Bearer test-key"));
    let prompts: std::collections::BTreeSet<String> =
        seen.iter().map(|seen| seen.json()["messages"][0]["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(prompts.len(), 40);
    assert!(prompts.iter().all(|prompt| prompt.len() == 200));
}

#[tokio::test]
async fn an_open_loop_keeps_its_rate_and_counts_waiting() {
    let fake = Fake::start(Script::default().latency(Duration::from_millis(20))).await.unwrap();
    let load = Load { pace: Pace::Open { rate: 200.0 }, until: Until::Requests(40), ..load(&fake) };
    let report = report(&load).await;
    assert_eq!((report.whole, report.flawed.len()), (40, 0));
    assert!(report.seconds >= 39.0 / 200.0);
    assert!(report.latency_us.p50 >= 20_000.0);
}

#[tokio::test]
async fn streams_are_checked_to_their_end() {
    let fake = Fake::start(Script::default().gap(Duration::from_millis(2))).await.unwrap();
    let load = Load { stream: true, ..load(&fake) };
    let report = report(&load).await;
    assert_eq!((report.whole, report.flawed.len()), (40, 0));
    assert!(report.first_byte_us.p50 < report.latency_us.p50);
    assert_eq!(fake.seen()[0].json()["stream"], true);
}

#[tokio::test]
async fn answers_that_are_cut_are_counted_as_flawed() {
    let cut = |how| Fault::Cut { after: 3, how };
    for (fault, flaw) in [
        (cut(Cut::End), "no finish reason"),
        (cut(Cut::Fin), "connection broken"),
        (cut(Cut::Truncate), "connection broken"),
        (cut(Cut::Reset), "connection broken"),
        (Fault::ErrorFirst("e".to_owned()), "error object"),
        (Fault::Status(Failure::html(502)), "status 502"),
        (Fault::BadEvent { at: 1, data: "{".to_owned() }, "not a completion"),
    ] {
        let fake = Fake::start(Script::failing(fault.clone()).for_next(10)).await.unwrap();
        let report = report(&Load { stream: true, ..load(&fake) }).await;
        assert_eq!(report.whole, 30, "{fault:?}");
        assert_eq!(report.flawed, [(flaw.to_owned(), 10)].into(), "{fault:?}");
    }
    let fake = Fake::start(Script::default().without_done()).await.unwrap();
    let report = report(&Load { stream: true, ..load(&fake) }).await;
    assert_eq!(report.flawed, [("no [DONE]".to_owned(), 40)].into());
}

#[tokio::test]
async fn nobody_there_is_counted_as_no_connection() {
    let mut fake = Fake::start(Script::default()).await.unwrap();
    fake.stop().await;
    assert_eq!(report(&load(&fake)).await.flawed, [("no connection".to_owned(), 40)].into());
}

#[tokio::test]
async fn a_url_without_a_host_is_refused() {
    let fake = Fake::start(Script::default()).await.unwrap();
    let load = Load { url: Uri::from_static("/v1"), ..load(&fake) };
    assert_eq!(load::run(&load).await.unwrap_err().to_string(), "the URL has no host");
}

async fn proxy(upstream: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { bareproxy::serve(listener, &upstream.to_string()).await });
    address
}

#[tokio::test]
async fn the_proxy_changes_nothing_and_keeps_connections() {
    let fake = Fake::start(Script::default()).await.unwrap();
    let proxy = proxy(fake.address()).await;
    for body in [ask("hello"), ask_streamed("hello"), ask("again")] {
        let (direct, relayed) = (post(fake.address(), &body).await, post(proxy, &body).await);
        assert_eq!(relayed.status(), 200);
        let without_id =
            |text: &str| text.lines().map(|line| line.get(60..).unwrap_or(line).to_owned()).collect();
        let (direct, relayed): (Vec<String>, Vec<String>) =
            (without_id(&direct.body), without_id(&relayed.body));
        assert_eq!(direct, relayed);
    }
    let seen: Vec<Value> = fake.seen().iter().map(|seen| seen.json()).collect();
    assert_eq!(seen[0], seen[1]);
    // Three direct connections, and one of the proxy's.
    assert_eq!(fake.accepted(), 4);
}

#[tokio::test]
async fn the_proxy_relays_each_event_as_it_comes_and_each_cancellation() {
    let fake = Fake::start(Script::failing(Fault::HangAfter(2))).await.unwrap();
    let mut client = send(proxy(fake.address()).await, &post_text(&ask_streamed("hello"))).await;
    read_until(&mut client, "\"content\":\"simu").await;
    drop(client);
    within(fake.until(|fake| fake.cancelled().len() == 1)).await;
    assert_eq!(fake.cancelled()[0].events, 2);
}

#[tokio::test]
async fn the_proxy_answers_502_when_its_upstream_is_gone() {
    let mut fake = Fake::start(Script::default()).await.unwrap();
    let proxy = proxy(fake.address()).await;
    assert_eq!(post(proxy, &ask("hello")).await.status(), 200);
    fake.stop().await;
    assert_eq!(post(proxy, &ask("hello")).await.status(), 502);
}
