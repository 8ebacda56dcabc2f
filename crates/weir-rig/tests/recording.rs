//! A backend remembers what it was sent, and who went away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod wire;

use std::time::{Duration, Instant};
use weir_rig::fake::{Cut, Fake, Fault, Form, Script};
use wire::{ask, ask_streamed, post, post_text, read_until, send, talk, within};

async fn fake(script: Script) -> Fake {
    Fake::start(script).await.unwrap()
}

#[tokio::test]
async fn requests_are_remembered_with_headers_and_body() {
    let fake = fake(Script::default()).await;
    post(fake.address(), &ask("hello")).await;
    let seen = fake.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].id, seen[0].method.as_str(), seen[0].path.as_str()),
        (1, "POST", "/v1/chat/completions")
    );
    assert_eq!(seen[0].header("host"), Some("h"));
    assert_eq!(seen[0].json(), ask("hello"));
    assert_eq!(fake.accepted(), 1);
    fake.forget();
    assert!(fake.seen().is_empty() && !fake.contains(b"hello"));
}

#[tokio::test]
async fn a_canary_is_found_wherever_it_came_in() {
    for request in [
        "GET /v1/canary-7f3a HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\nx-a: canary-7f3a\r\nconnection: close\r\n\r\n",
        "not HTTP at all: canary-7f3a\r\n\r\n",
        // Split over chunks, and in a chunk's extension.
        "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         7\r\ncanary-\r\n4\r\n7f3a\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         1;canary-7f3a\r\nx\r\n0\r\n\r\n",
    ] {
        let fake = fake(Script::default()).await;
        talk(fake.address(), request).await;
        assert!(fake.contains(b"canary-7f3a"), "{request}");
        assert!(!fake.contains(b"canary-7f3b"));
    }
}

#[tokio::test]
async fn an_encoded_canary_is_found_too() {
    let fake = fake(Script::default()).await;
    post(fake.address(), &ask("Y2FuYXJ5LTdmM2E=")).await;
    assert_eq!(fake.leaked("canary-7f3a"), Some(Form::Base64));
    assert_eq!(fake.leaked("canary-8f3a"), None);
}

#[tokio::test]
async fn nothing_is_remembered_when_the_script_says_so() {
    let fake = fake(Script::default().record(false)).await;
    post(fake.address(), &ask("hello")).await;
    assert!(fake.seen().is_empty() && !fake.contains(b"hello"));
    assert_eq!(fake.requests(), 1);
}

#[tokio::test]
async fn a_client_that_goes_while_waiting_is_seen_as_cancelled() {
    for script in [Script::default().latency(Duration::from_secs(60)), Script::failing(Fault::HangBeforeHead)]
    {
        let fake = fake(script).await;
        let client = send(fake.address(), &post_text(&ask("hello"))).await;
        within(fake.until(|fake| fake.requests() == 1)).await;
        assert!(fake.cancelled().is_empty());
        let gone = Instant::now();
        drop(client);
        within(fake.until(|fake| fake.cancelled().len() == 1)).await;
        let cancelled = fake.cancelled()[0];
        assert_eq!((cancelled.request, cancelled.events), (1, 0));
        assert!(cancelled.at >= gone);
        assert_eq!(fake.in_flight(), 0);
    }
}

#[tokio::test]
async fn a_client_that_goes_in_mid_stream_is_seen_as_cancelled() {
    for script in [Script::failing(Fault::HangAfter(2)), Script::default().chunks(1_000_000)] {
        let fake = fake(script).await;
        let mut client = send(fake.address(), &post_text(&ask_streamed("hello"))).await;
        read_until(&mut client, "data: ").await;
        drop(client);
        within(fake.until(|fake| fake.cancelled().len() == 1)).await;
        assert!(fake.cancelled()[0].events >= 1);
    }
}

#[tokio::test]
async fn neither_whole_nor_broken_answers_count_as_cancelled() {
    let fake = fake(Script::default()).await;
    post(fake.address(), &ask("hello")).await;
    post(fake.address(), &ask_streamed("hello")).await;
    fake.set(Script::failing(Fault::Cut { after: 2, how: Cut::Reset }));
    post(fake.address(), &ask_streamed("hello")).await;
    within(fake.until(|fake| fake.in_flight() == 0)).await;
    assert_eq!(fake.cancelled(), []);
}

#[tokio::test]
async fn a_stopped_backend_refuses_connections_and_its_port_can_be_taken_again() {
    let mut stopped = fake(Script::failing(Fault::HangBeforeHead)).await;
    let mut held = send(stopped.address(), &post_text(&ask("hello"))).await;
    within(stopped.until(|fake| fake.requests() == 1)).await;
    stopped.stop().await;
    let mut rest = Vec::new();
    let _closed = within(tokio::io::AsyncReadExt::read_to_end(&mut held, &mut rest)).await;
    assert_eq!(stopped.cancelled(), []);
    let again = Fake::start_on(stopped.address().port(), Script::default()).await.unwrap();
    assert_eq!(post(again.address(), &ask("hello")).await.status(), 200);
}

#[tokio::test]
async fn what_has_come_is_answered_by_the_script_that_was_set_then() {
    let fake = fake(Script::default().text("the first")).await;
    let text = post_text(&ask("hello"));
    let (most, rest) = text.split_at(text.len() - 1);
    let mut client = send(fake.address(), most).await;
    within(async {
        while fake.requests() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    fake.set(Script::default().text("the second"));
    tokio::io::AsyncWriteExt::write_all(&mut client, rest.as_bytes()).await.unwrap();
    read_until(&mut client, "the first").await;
}

#[tokio::test]
async fn what_hangs_goes_on_when_it_is_released_and_what_comes_later_hangs_again() {
    for script in [Script::failing(Fault::HangBeforeHead), Script::failing(Fault::HangAfter(2))] {
        let fake = fake(script).await;
        let address = fake.address();
        let hanging = tokio::spawn(async move { post(address, &ask_streamed("hello")).await });
        within(fake.until(|fake| fake.requests() == 1)).await;
        fake.release();
        let answer = within(hanging).await.unwrap();
        assert_eq!((answer.status(), answer.text(0).as_str()), (200, "simulated answer of m"));
        let later = send(address, &post_text(&ask("hello"))).await;
        within(fake.until(|fake| fake.requests() == 2)).await;
        drop(later);
        within(fake.until(|fake| fake.cancelled().len() == 1)).await;
    }
}
