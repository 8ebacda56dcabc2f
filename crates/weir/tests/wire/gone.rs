//! Clients that go away, or take their answer slowly.

use crate::streamed;
use crate::support::http::Client;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use serde_json::{Value, json};
use std::time::Duration;
use weir_rig::fake::{Fault, Script};

fn begin(stage: &Stage, body: &Value) -> Client {
    let mut client = stage.gateway.client();
    client.begin_post("/v1/chat/completions", &[], body.to_string().as_bytes());
    client
}

/// The record of the only request of a stage, once it has its outcome; there is one and not two.
fn only_record(stage: &Stage) -> Value {
    let mut row = Value::Null;
    stage.gateway.until("the outcome", |gateway| {
        let rows = gateway.home.audit(&[]);
        assert!(rows.len() <= 1, "{rows:?}");
        row = rows.into_iter().next().unwrap_or_default();
        row["outcome"].is_object()
    });
    row
}

/// A long stream, a piece every 10 ms.
fn slow_stream() -> Script {
    Script::default().text(&"word ".repeat(2_000)).chunks(2_000).gap(Duration::from_millis(10))
}

#[test]
fn a_client_that_goes_before_the_first_token_cancels_its_request() {
    for body in [ask("cloud-only", "hi"), streamed(ask("cloud-only", "hi"))] {
        for fault in [Fault::HangBeforeHead, Fault::HangAfter(0), Fault::HangAfter(1)] {
            let stage = Stage::new();
            stage.there.set(Script::failing(fault));
            let client = begin(&stage, &body);
            stage.until("the request has arrived", &stage.there, |there| there.seen().len() == 1);
            client.abandon();
            stage.until("the backend is let go", &stage.there, |there| there.cancelled().len() == 1);
            let record = only_record(&stage);
            assert_eq!(record["outcome"]["outcome"], "client_cancelled", "{record}");
            assert_eq!(stage.here.accepted(), 0, "nobody else is asked");
        }
    }
}

#[test]
fn a_client_that_goes_amid_a_stream_cancels_it_and_pays_for_what_came() {
    let stage = Stage::new();
    stage.there.set(slow_stream());
    let mut client = begin(&stage, &streamed(ask("cloud-only", "hi")));
    assert_eq!(client.head().0, 200);
    (0..5).for_each(|_| assert!(client.chunk().is_some()));
    client.abandon();
    stage.until("the backend is let go", &stage.there, |there| there.cancelled().len() == 1);
    assert!(stage.there.cancelled()[0].events < 1_000);
    let outcome = &only_record(&stage)["outcome"];
    assert_eq!(outcome["outcome"], "client_cancelled", "{outcome}");
    assert!(outcome["tokens_out"].as_u64().unwrap() >= 4, "{outcome}");
    assert_eq!(outcome["tokens_estimated"], true);
}

#[test]
fn a_client_that_goes_while_it_waits_leaves_the_line_and_nothing_is_sent_for_it() {
    let one_place = |local: &str, cloud: &str| {
        two_zones(local, cloud).replace("{ name: local-model }", "{ name: local-model, concurrency: 1 }")
    };
    let stage = Stage::with(one_place, TWO_RULES);
    stage.here.set(slow_stream());
    let mut holder = begin(&stage, &streamed(ask("local-only", "first")));
    assert_eq!(holder.head().0, 200);
    let waiting = begin(&stage, &ask("local-only", "second"));
    stage.gateway.until("it waits", |gateway| gateway.metric("weir_queue_length", &[]) == 1.0);
    waiting.abandon();
    stage.gateway.until("it has left", |gateway| gateway.metric("weir_queue_length", &[]) == 0.0);
    stage.here.set(Script::default());
    holder.abandon();
    assert_eq!(stage.chat(&ask("local-only", "third")).status, 200);
    assert!(!stage.here.contains(b"second"));
    let mut outcomes = Vec::new();
    stage.gateway.until("the outcomes", |gateway| {
        let rows = gateway.home.audit(&[]);
        outcomes = rows.iter().map(|row| row["outcome"]["outcome"].clone()).collect();
        outcomes.len() == 3 && outcomes.iter().all(Value::is_string)
    });
    outcomes.sort_by_key(Value::to_string);
    assert_eq!(outcomes, [json!("client_cancelled"), json!("client_cancelled"), json!("ok")]);
}

#[test]
fn a_client_that_hangs_up_at_once_leaves_a_record_and_no_request() {
    let stage = Stage::new();
    let client = {
        let mut client = stage.gateway.client();
        client.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"model\":");
        client
    };
    client.abandon();
    let record = only_record(&stage);
    assert_eq!(record["outcome"]["outcome"], "client_cancelled", "{record}");
    assert_eq!((stage.here.accepted(), stage.there.accepted()), (0, 0));
}

/// What a client does not take is not read from the backend.
#[cfg(target_os = "linux")]
#[test]
fn clients_that_do_not_read_hold_back_their_backend_and_not_memory() {
    use crate::http1::resident_bytes;
    let stage = Stage::new();
    let megabytes: usize = 64;
    stage.there.set(Script::default().text(&"x".repeat(megabytes << 20)).chunks(4_096).record(false));
    let before = resident_bytes(stage.gateway.pid());
    let mut clients: Vec<Client> =
        (0..6).map(|_| begin(&stage, &streamed(ask("cloud-only", "hi")))).collect();
    clients.iter_mut().for_each(|client| assert_eq!(client.head().0, 200));
    std::thread::sleep(Duration::from_millis(500));
    let grown = resident_bytes(stage.gateway.pid()).saturating_sub(before);
    assert!(grown < megabytes << 20, "{grown} bytes for {} streams of {megabytes} MB", clients.len());
    let mut received = 0;
    while let Some(chunk) = clients[0].chunk() {
        received += chunk.len();
    }
    assert!(received > megabytes << 20, "a client that reads on gets all: {received}");
}
