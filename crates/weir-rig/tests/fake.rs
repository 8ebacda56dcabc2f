//! What a healthy script says shows on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod wire;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use weir_rig::fake::{BACKEND_HEADERS, Cut, Failure, Fake, Fault, Framing, Script, Usage, WhenFull};
use wire::{End, Reply, ask, ask_streamed, get, post, post_text, post_to, read_until, send, within};

async fn fake(script: Script) -> Fake {
    Fake::start(script).await.unwrap()
}

async fn answer(script: Script) -> Reply {
    post(fake(script).await.address(), &ask("hello")).await
}

async fn stream(script: Script) -> Reply {
    post(fake(script).await.address(), &ask_streamed("hello")).await
}

async fn stream_asking_usage(script: Script) -> Reply {
    let mut body = ask_streamed("hello");
    body["stream_options"] = json!({ "include_usage": true });
    post(fake(script).await.address(), &body).await
}

#[tokio::test]
async fn a_whole_answer_has_the_fields_of_a_completion() {
    let reply = answer(Script::default().text("answer of {model}")).await;
    assert_eq!(reply.status(), 200);
    let body = reply.json();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "m");
    assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!(
        body["choices"][0]["message"],
        json!({ "role": "assistant", "content": "answer of m", "refusal": null })
    );
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    let usage = &body["usage"];
    let sum = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
}

#[tokio::test]
async fn the_same_script_gives_the_same_bytes() {
    let (one, other) = (stream(Script::default()).await, stream(Script::default()).await);
    assert_eq!(one.body, other.body);
}

#[tokio::test]
async fn a_stream_has_role_text_finish_and_done() {
    let reply = stream(Script::default().text("zwölf Boxkämpfer jagen Viktor").chunks(7)).await;
    assert!(reply.head.contains("content-type: text/event-stream"));
    assert_eq!(reply.end, End::Whole);
    let chunks = reply.chunks();
    assert_eq!(chunks.len(), 1 + 7 + 1);
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
    assert_eq!(reply.text(0), "zwölf Boxkämpfer jagen Viktor");
    assert_eq!(chunks[8]["choices"][0]["finish_reason"], "stop");
    assert!(chunks[..8].iter().all(|chunk| chunk["choices"][0]["finish_reason"].is_null()));
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"] && chunk.get("usage").is_none()));
}

#[tokio::test]
async fn the_role_can_come_with_the_first_text() {
    let chunks = stream(Script::default().text("ab").chunks(2).role_with_text()).await.chunks();
    assert_eq!(chunks.len(), 3);
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "a" }));
}

#[tokio::test]
async fn more_pieces_than_text_gives_empty_ones() {
    let reply = stream(Script::default().text("ab").chunks(50)).await;
    assert_eq!(reply.chunks().len(), 52);
    assert_eq!(reply.text(0), "ab");
}

#[tokio::test]
async fn usage_comes_when_asked_always_or_never() {
    let last = |reply: &Reply| reply.chunks().pop().unwrap();
    let asked = last(&stream_asking_usage(Script::default()).await);
    assert_eq!(asked["choices"], json!([]));
    assert!(asked["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert_eq!(last(&stream(Script::default().usage(Usage::Always)).await)["choices"], json!([]));
    let never = stream_asking_usage(Script::default().usage(Usage::Never)).await;
    assert!(never.chunks().iter().all(|chunk| chunk.get("usage").is_none()));
    assert_eq!(answer(Script::default().usage(Usage::Never)).await.json().get("usage"), None);
}

#[tokio::test]
async fn the_last_user_message_is_echoed_whatever_form_it_has() {
    let fake = fake(Script::default().echo()).await;
    let body = json!({ "model": "m", "messages": [
        { "role": "user", "content": "first" },
        { "role": "user", "content": [{ "type": "text", "text": "se" }, { "type": "text", "text": "cond" }] },
        { "role": "assistant", "content": "third" },
    ]});
    assert_eq!(post(fake.address(), &body).await.json()["choices"][0]["message"]["content"], "second");
}

#[tokio::test]
async fn tool_calls_come_whole_or_in_fragments() {
    let script = Script::default().tool_call("weather", r#"{"city":"Ghent"}"#).tool_call("time", "{}");
    let whole = answer(script.clone()).await.json();
    let message = &whole["choices"][0]["message"];
    assert_eq!(message["content"], Value::Null);
    assert_eq!(
        message["tool_calls"][0]["function"],
        json!({ "name": "weather", "arguments": r#"{"city":"Ghent"}"# })
    );
    assert_eq!(message["tool_calls"][1]["type"], "function");
    assert_eq!(whole["choices"][0]["finish_reason"], "tool_calls");

    let chunks = stream(script.chunks(3)).await.chunks();
    let calls: Vec<&Value> =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].get(0)).collect();
    assert_eq!(calls.len(), 2 * (1 + 3));
    assert_eq!(calls[0]["function"], json!({ "name": "weather", "arguments": "" }));
    assert_eq!(calls[0]["id"], message["tool_calls"][0]["id"]);
    assert_eq!(calls[1].get("id"), None);
    let arguments = |index: u64| -> String {
        let own = calls.iter().filter(|call| call["index"] == index);
        own.map(|call| call["function"]["arguments"].as_str().unwrap()).collect()
    };
    assert_eq!((arguments(0).as_str(), arguments(1).as_str()), (r#"{"city":"Ghent"}"#, "{}"));
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[tokio::test]
async fn several_choices_interleave() {
    let fake = fake(Script::default().text("abcd")).await;
    let mut body = ask_streamed("hello");
    body["n"] = 2.into();
    let reply = post(fake.address(), &body).await;
    assert_eq!((reply.text(0), reply.text(1)), ("abcd".to_owned(), "abcd".to_owned()));
    assert_eq!(reply.chunks()[1]["choices"][0]["index"], 1);
    body["stream"] = false.into();
    assert_eq!(post(fake.address(), &body).await.json()["choices"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn finish_reason_and_claimed_model_are_the_scripts() {
    let script =
        Script { claimed_model: Some("other".to_owned()), ..Script::default().finish_reason("length") };
    let body = answer(script).await.json();
    assert_eq!(body["choices"][0]["finish_reason"], "length");
    assert_eq!(body["model"], "other");
}

#[tokio::test]
async fn latency_and_gaps_take_their_time() {
    let start = Instant::now();
    stream(Script::default().latency(Duration::from_millis(40)).gap(Duration::from_millis(10)).chunks(4))
        .await;
    // Role, four pieces, finish, [DONE]: six gaps.
    assert!(start.elapsed() >= Duration::from_millis(40 + 6 * 10));
}

#[tokio::test]
async fn every_framing_says_the_same() {
    let plain = stream(Script::default()).await.body;
    for framing in [Framing::Crlf, Framing::Cr, Framing::MultiLine, Framing::Comments] {
        let body = stream(Script::default().framing(framing)).await.body;
        assert_ne!(body, plain, "{framing:?}");
        assert_eq!(data(&body), data(&plain), "{framing:?}");
    }
}

/// The data of a stream in any framing, read line by line, JSON normalised.
fn data(stream: &str) -> Vec<String> {
    let lines = stream.replace("\r\n", "\n").replace('\r', "\n");
    let event = |event: &str| -> String {
        event
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .map(|line| line.trim_start_matches(' '))
            .collect()
    };
    lines.split("\n\n").map(event).filter(|data| !data.is_empty()).collect()
}

#[tokio::test]
async fn done_can_be_left_out() {
    let reply = stream(Script::default().without_done()).await;
    assert_eq!(reply.end, End::Whole);
    assert!(!reply.body.contains("[DONE]"));
    assert!(reply.events().last().unwrap().contains("\"finish_reason\":\"stop\""));
}

#[tokio::test]
async fn a_full_backend_refuses() {
    let full = WhenFull::Refuse(Failure::overloaded(503, 2));
    let fake = fake(Script::default().capacity(1, full).latency(Duration::from_secs(60))).await;
    let _held = send(fake.address(), &post_text(&ask("hello"))).await;
    within(fake.until(|fake| fake.in_flight() == 1 && fake.requests() == 1)).await;
    let reply = post(fake.address(), &ask("hello")).await;
    assert_eq!(reply.status(), 503);
    assert!(reply.head.contains("retry-after: 2"));
}

#[tokio::test]
async fn a_full_backend_lets_requests_wait_and_its_gauges_say_so() {
    let script = Script::default().capacity(1, WhenFull::Queue).fault(Fault::HangAfter(1)).for_next(1);
    let fake = fake(script).await;
    let mut first = send(fake.address(), &post_text(&ask_streamed("hello"))).await;
    read_until(&mut first, "data: ").await;
    let waiting = tokio::spawn({
        let address = fake.address();
        async move { post(address, &ask("hello")).await.status() }
    });
    within(fake.until(|fake| fake.requests() == 2)).await;
    let gauges = ["running", "waiting"]
        .map(|what| format!("vllm:num_requests_{what}{{engine=\"0\",model_name=\"fake-model\"}} 1.0"));
    // It has come, and may not wait yet.
    within(async {
        loop {
            let metrics = get(fake.address(), "/metrics").await.body;
            if gauges.iter().all(|gauge| metrics.contains(gauge)) {
                break;
            }
        }
    })
    .await;
    drop(first);
    assert_eq!(within(waiting).await.unwrap(), 200);
}

#[tokio::test]
async fn models_are_listed_and_looked_up() {
    let fake = fake(Script::serving(["org/large", "small"]).strict_models()).await;
    let list = get(fake.address(), "/v1/models").await.json();
    assert_eq!(list["object"], "list");
    let ids: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(ids, ["org/large", "small"]);
    for path in ["/v1/models/org/large", "/v1/models/org%2Flarge"] {
        assert_eq!(get(fake.address(), path).await.json()["id"], "org/large");
    }
    assert_eq!(get(fake.address(), "/v1/models/none").await.status(), 404);
    assert_eq!(post(fake.address(), &ask("hello")).await.json()["error"]["code"], "model_not_found");
    assert_eq!(get(fake.address(), "/nowhere").await.status(), 404);
    assert_eq!(get(fake.address(), "/v1/chat/completions").await.status(), 404);
}

#[tokio::test]
async fn texts_with_words_in_common_have_vectors_that_are_near_each_other() {
    let fake = fake(Script::serving(["m"]).strict_models().capacity(1, WhenFull::Queue)).await;
    let address = fake.address();
    let ask = |model: &str, input: Value| {
        let body = json!({ "model": model, "input": input });
        async move { post_to(address, "/v1/embeddings", &body).await }
    };
    let input = json!(["the river is high", "how high the river is", "seven green bottles", ""]);
    let reply = ask("m", input).await.json();
    let vectors: Vec<Vec<f64>> = reply["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let numbers = item["embedding"].as_array().unwrap();
            numbers.iter().map(|number| number.as_f64().unwrap()).collect()
        })
        .collect();
    let product =
        |a: usize, b: usize| -> f64 { vectors[a].iter().zip(&vectors[b]).map(|(a, b)| a * b).sum() };
    assert!((product(0, 0) - 1.0).abs() < 1e-6 && product(3, 3) == 0.0);
    assert!(product(0, 1) > product(0, 2), "{} {}", product(0, 1), product(0, 2));
    assert_eq!((&reply["data"][2]["index"], &reply["model"]), (&json!(2), &json!("m")));
    assert_eq!(reply["usage"]["prompt_tokens"], 5 + 6 + 5);
    for (one, same) in [(json!("a b"), json!(["a b"])), (json!([1, 2]), json!([[1, 2]]))] {
        assert_eq!(ask("m", one).await.json()["data"], ask("m", same).await.json()["data"]);
    }
    assert_eq!(ask("other", json!("a")).await.status(), 404);
    assert_eq!(ask("m", json!(null)).await.status(), 400);
}

#[tokio::test]
async fn a_body_that_is_no_request_is_400() {
    assert_eq!(post(fake(Script::default()).await.address(), &json!({ "model": 1 })).await.status(), 400);
}

#[tokio::test]
async fn the_backends_own_headers_are_on_every_answer() {
    for script in [Script::default(), Script::failing(Fault::Status(Failure::html(500)))] {
        let reply = answer(script).await;
        for (name, value) in BACKEND_HEADERS {
            assert!(reply.head.contains(&format!("{name}: {value}")), "{name} in {}", reply.head);
        }
    }
}

#[tokio::test]
async fn connections_are_kept_alive() {
    let fake = fake(Script::default()).await;
    let request = post_text(&ask("hello")).replace("connection: close\r\n", "");
    let mut client = send(fake.address(), &request).await;
    read_until(&mut client, "total_tokens").await;
    tokio::io::AsyncWriteExt::write_all(&mut client, request.as_bytes()).await.unwrap();
    read_until(&mut client, "total_tokens").await;
    assert_eq!((fake.accepted(), fake.requests()), (1, 2));
}

#[test]
fn a_script_is_read_from_json() {
    let script: Script = serde_json::from_value(json!({
        "models": ["m"],
        "reply": { "text": "hi" },
        "fault": { "cut": { "after": 2, "how": "truncate" } },
    }))
    .unwrap();
    let expected = Script::serving(["m"]).text("hi").fault(Fault::Cut { after: 2, how: Cut::Truncate });
    assert_eq!(script, expected);
    assert!(serde_json::from_value::<Script>(json!({ "no_such_field": 1 })).is_err());
}
