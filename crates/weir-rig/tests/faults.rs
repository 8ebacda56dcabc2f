//! Every fault of a script shows on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod wire;

use serde_json::json;
use weir_rig::fake::{Cut, Failure, Fake, Fault, Script};
use wire::{End, Reply, ask, ask_streamed, get, post, post_text, talk};

async fn fake(script: Script) -> Fake {
    Fake::start(script).await.unwrap()
}

async fn answer(script: Script) -> Reply {
    post(fake(script).await.address(), &ask("hello")).await
}

async fn stream(script: Script) -> Reply {
    post(fake(script).await.address(), &ask_streamed("hello")).await
}

#[tokio::test]
async fn an_error_status_has_its_headers_and_body() {
    let failure = Failure::overloaded(429, 7).with_header("x-extra", "1");
    let reply = answer(Script::failing(Fault::Status(failure))).await;
    assert_eq!(reply.status(), 429);
    assert!(reply.head.contains("retry-after: 7") && reply.head.contains("x-extra: 1"));
    assert_eq!(reply.json()["error"]["code"], "overloaded");
    let html = answer(Script::failing(Fault::Status(Failure::html(502)))).await;
    assert!(html.head.contains("content-type: text/html") && html.body.starts_with("<html>"));
}

#[tokio::test]
async fn an_error_can_quote_the_prompt() {
    let fake = fake(Script::failing(Fault::Status(Failure::quoting_the_prompt(400)))).await;
    let reply = post(fake.address(), &ask("with \"quotes\"")).await;
    assert_eq!(reply.json()["error"]["message"], "cannot answer: with \"quotes\"");
}

#[tokio::test]
async fn a_fault_lasts_for_the_next_n_requests() {
    let fake = fake(Script::failing(Fault::Status(Failure::html(500))).for_next(2)).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(post(fake.address(), &ask("hello")).await.status());
    }
    assert_eq!(statuses, [500, 500, 200]);
}

#[tokio::test]
async fn faults_spare_probes_unless_told_otherwise() {
    let script = Script::failing(Fault::Status(Failure::html(500)));
    let fake = fake(script.clone()).await;
    assert_eq!(get(fake.address(), "/health").await.status(), 200);
    fake.set(script.probes_fail());
    assert_eq!(get(fake.address(), "/health").await.status(), 500);
    assert_eq!(get(fake.address(), "/v1/models").await.status(), 500);
}

#[tokio::test]
async fn a_redirect_names_its_place() {
    let location = "http://127.0.0.1:9/elsewhere".to_owned();
    let reply = answer(Script::failing(Fault::Redirect { status: 307, location })).await;
    assert_eq!(reply.status(), 307);
    assert!(reply.head.contains("location: http://127.0.0.1:9/elsewhere"));
}

#[tokio::test]
async fn a_stream_breaks_off_in_every_way_after_every_event() {
    let whole = stream(Script::default()).await.body;
    for after in 0..=6 {
        let begin: String = whole.split_inclusive("\n\n").take(after).collect();
        for (how, end) in [
            (Cut::End, End::Whole),
            (Cut::Fin, End::BetweenChunks),
            (Cut::Truncate, End::InsideChunk),
            (Cut::Reset, End::Reset),
        ] {
            let cut = Fault::Cut { after: after as u64, how };
            let reply = stream(Script::failing(cut)).await;
            assert_eq!(reply.end, end, "{how:?} after {after}");
            assert!(reply.body.starts_with(&begin), "{how:?} after {after}: {}", reply.body);
            assert!(reply.body.len() < whole.len() && !reply.body.contains("[DONE]"));
        }
    }
}

#[tokio::test]
async fn a_whole_answer_breaks_off_in_its_middle() {
    let whole = answer(Script::default()).await.body;
    let reply = answer(Script::failing(Fault::Cut { after: 1, how: Cut::Fin })).await;
    assert_eq!(reply.end, End::BetweenChunks);
    assert_eq!(reply.body, whole[..whole.len() / 2]);
}

#[tokio::test]
async fn an_error_object_can_come_with_status_200() {
    let script = Script::failing(Fault::ErrorFirst("out of memory".to_owned()));
    let reply = answer(script.clone()).await;
    assert_eq!((reply.status(), &reply.json()["error"]["message"]), (200, &json!("out of memory")));
    let reply = stream(script).await;
    assert_eq!(reply.status(), 200);
    let events = reply.events();
    assert_eq!(events.len(), 1);
    assert!(events[0].contains("out of memory"));
}

#[tokio::test]
async fn one_event_can_be_garbage() {
    let bad = Fault::BadEvent { at: 2, data: "{\"choices\":".to_owned() };
    let reply = stream(Script::failing(bad)).await;
    assert_eq!(reply.events()[2], "{\"choices\":");
    assert_eq!(reply.events().last(), Some(&"[DONE]"));
}

#[tokio::test]
async fn a_line_can_be_giant() {
    let reply = stream(Script::failing(Fault::GiantLine(3_000_000))).await;
    assert!(reply.events()[0].len() > 3_000_000);
    assert_eq!(reply.end, End::Whole);
}

#[tokio::test]
async fn the_response_can_be_any_bytes() {
    let fake = fake(Script::failing(Fault::Raw(b"SSH-2.0-surprise\r\n".to_vec()))).await;
    assert_eq!(
        talk(fake.address(), &post_text(&ask("hello"))).await,
        (b"SSH-2.0-surprise\r\n".to_vec(), false)
    );
}
