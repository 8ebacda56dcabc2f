//! What happens when places are taken: queue, degrade, burst, reject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::backends::{Backends, Stream, ask_stream, holding, in_background, open_stream};
use support::http::{Client, Reply};
use support::{BASICS, Gateway, PERSONAL, ask};
use weir_rig::fake::{Fake, Fault, Provider, Script};

/// A large and a small local backend with one place each, and a cloud backend without a limit.
struct Pool {
    gateway: Gateway,
    big: Fake,
    small: Fake,
    cloud: Fake,
    _backends: Backends,
}

impl Pool {
    /// With this ladder for everybody, whatever the level.
    fn new(ladder: &str) -> Self {
        Self::with(ladder, "")
    }

    /// The same, with `limits`.
    fn with(ladder: &str, limits: &str) -> Self {
        Self::built(ladder, limits, "")
    }

    /// The same, with more said of the large backend.
    fn built(ladder: &str, limits: &str, of_big: &str) -> Self {
        let backends = Backends::new();
        let [big, small, cloud] = [(); 3].map(|()| backends.start(Script::default()));
        let config = format!(
            "\
{BASICS}limits: {{ {limits} }}
backends:
  - {{ name: big, zone: local, url: {}, {of_big} models: [{{ name: m, concurrency: 1 }}] }}
  - {{ name: small, zone: local, url: {}, models: [{{ name: m, concurrency: 1 }}] }}
  - {{ name: away, zone: cloud, url: {}, models: [{{ name: m }}] }}
aliases:
  auto: {{ targets: [big/m, away/m], degrade: [small/m] }}
",
            big.url(),
            small.url(),
            cloud.url()
        );
        let policy =
            format!("policy: 1\nrules:\n  - {{ name: all, use: any, prefer: local, when_full: {ladder} }}\n");
        Self { gateway: Gateway::start(&config, &policy), big, small, cloud, _backends: backends }
    }

    /// Takes the one place on the large backend until the stream is abandoned; later requests there are
    /// answered at once.
    fn fill_big(&self) -> Stream {
        self.fill(&self.big, "big")
    }

    /// The same on the small backend, when the large one is full already.
    fn fill_small(&self) -> Stream {
        self.fill(&self.small, "small")
    }

    fn fill(&self, backend: &Fake, name: &str) -> Stream {
        backend.set(holding());
        let holder =
            open_stream(self.gateway.data, &[], &ask_stream("auto", &format!("{PERSONAL} and hold")));
        assert_eq!(holder.header("x-weir-backend"), name);
        backend.set(Script::default());
        holder
    }

    fn send(&self, text: &str) -> std::thread::JoinHandle<Reply> {
        in_background(self.gateway.data, &[], &ask("auto", text))
    }

    fn record(&self, reply: &Reply) -> Value {
        self.gateway.home.decision(&reply.decision())
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

fn assert_overloaded(reply: &Reply) {
    assert_eq!((reply.status, reply.code().as_str()), (503, "overloaded"), "{}", reply.text());
    let wait: u64 = reply.header("retry-after").expect("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(reply.json()["error"]["type"], "server_error");
}

#[test]
fn classified_requests_wait_in_order_of_arrival_and_none_leaves() {
    let pool = Pool::new("[queue 60s, reject]");
    let holder = pool.fill_big();
    pool.big.forget();
    let mut waiting = Vec::new();
    for number in 0..6 {
        waiting.push(pool.send(&format!("{PERSONAL}, letter {number}")));
        pool.gateway.until_queued(number + 1);
    }
    assert_eq!(pool.gateway.metric("weir_in_flight", &["big/m"]), 1.0);
    assert!(pool.gateway.metric("weir_queue_size_bytes", &[]) > 6.0 * 50.0);
    holder.abandon();
    for request in waiting {
        let reply = request.join().unwrap();
        assert_eq!(way(&reply), (200, "big", "queue"));
        let record = pool.record(&reply);
        assert_eq!(
            (&record["decision"]["action"], &record["decision"]["reason"]),
            (&json!("queue"), &json!("queue"))
        );
        assert!(record["outcome"]["queue_us"].as_u64().unwrap() > 0);
    }
    let order: Vec<String> =
        pool.big.seen().iter().map(|seen| seen.json()["messages"][0]["content"].to_string()).collect();
    for (number, text) in order.iter().enumerate() {
        assert!(text.contains(&format!("letter {number}")), "{order:?}");
    }
    assert_eq!((order.len(), pool.cloud.requests(), pool.small.requests()), (6, 0, 0));
    pool.gateway.until_queued(0);
    assert_eq!(pool.gateway.metric("weir_in_flight", &["big/m"]), 0.0);
    assert!(pool.gateway.metric("weir_queue_time_seconds_count", &[]) >= 6.0);
}

#[test]
fn a_full_queue_refuses_at_once_and_says_when_to_come_again() {
    let pool = Pool::with("[queue 60s, reject]", "queue: 2");
    let _holder = pool.fill_big();
    let _waiting = [pool.send("one"), pool.send("two")];
    pool.gateway.until_queued(2);
    // Nobody who asks is so patient as to see the end of the queue's minute.
    let reply = pool.gateway.chat(&ask("auto", "three"));
    assert_overloaded(&reply);
    let record = pool.record(&reply);
    assert_eq!(record["decision"]["action"], "deny");
    assert_eq!(
        (&record["outcome"]["outcome"], &record["outcome"]["error_code"]),
        (&json!("rejected"), &json!("overloaded"))
    );
    assert_eq!(pool.cloud.requests(), 0);
}

#[test]
fn a_queue_is_bounded_in_bytes_too() {
    let pool = Pool::with("[queue 60s, reject]", "queue_bytes: 2KiB");
    let _holder = pool.fill_big();
    let _waiting = pool.send(&"a word ".repeat(200));
    pool.gateway.until_queued(1);
    assert_overloaded(&pool.gateway.chat(&ask("auto", &"a word ".repeat(200))));
    let _small = pool.send("a short one still fits");
    pool.gateway.until_queued(2);
}

#[test]
fn who_has_waited_as_long_as_the_ladder_says_is_refused() {
    let pool = Pool::new("[queue 300ms, reject]");
    let _holder = pool.fill_big();
    let asked = Instant::now();
    let reply = pool.gateway.chat(&ask("auto", "hello"));
    assert!(asked.elapsed() >= Duration::from_millis(300), "{:?}", asked.elapsed());
    assert_overloaded(&reply);
    let streamed = pool.gateway.chat(&ask_stream("auto", "hello"));
    assert_overloaded(&streamed);
    assert!(pool.record(&reply)["outcome"]["queue_us"].as_u64().unwrap() >= 300_000);
    // Permitted to leave, but no step of the ladder says so.
    assert_eq!(pool.cloud.requests(), 0);
    pool.gateway.until_queued(0);
}

#[test]
fn what_is_not_answered_by_its_deadline_gets_504_whether_it_waits_or_runs() {
    let pool = Pool::new("[queue 60s, reject]");
    let soon = [("x-weir-deadline", "300ms")];
    let late = |reply: &Reply, outcome: &str| {
        assert_eq!((reply.status, reply.code().as_str()), (504, "deadline"), "{}", reply.text());
        assert!(reply.header("retry-after").is_some());
        let record = pool.record(reply);
        assert_eq!(
            (&record["outcome"]["outcome"], &record["outcome"]["error_code"]),
            (&json!(outcome), &json!("deadline")),
            "{record}"
        );
    };
    let holder = pool.fill_big();
    late(&pool.gateway.chat_with(&soon, &ask("auto", PERSONAL)), "rejected");
    late(&pool.gateway.chat_with(&soon, &ask_stream("auto", PERSONAL)), "rejected");
    pool.gateway.until_queued(0);
    holder.abandon();
    pool.gateway.until("the place is free", |gateway| gateway.metric("weir_in_flight", &["big/m"]) == 0.0);
    // The backend may see it later than the gateway.
    pool.gateway.until("the holder is cancelled", |_| pool.big.cancelled().len() == 1);
    pool.big.forget();
    // Short enough that it may be expected to be answered in time.
    for mut body in [ask("auto", PERSONAL), ask_stream("auto", PERSONAL)] {
        body["max_tokens"] = 1.into();
        pool.big.set(Script::failing(Fault::HangBeforeHead));
        late(&pool.gateway.chat_with(&[("x-weir-deadline", "2s")], &body), "timeout");
    }
    pool.gateway.until("both are cancelled", |_| pool.big.cancelled().len() == 2);
    assert_eq!(pool.gateway.metric("weir_in_flight", &["big/m"]), 0.0);
    pool.big.set(Script::default());
    assert_eq!(pool.gateway.chat(&ask("auto", PERSONAL)).status, 200, "and say nothing of the backend");
    assert_eq!(pool.cloud.requests(), 0);
}

#[test]
fn degrade_before_queue_takes_the_small_model_at_once_and_then_whichever_comes_free() {
    let pool = Pool::new("[degrade, queue 60s, reject]");
    let _big = pool.fill_big();
    let small = pool.fill_small();
    assert_eq!(small.header("x-weir-reason"), "degrade");
    let record = pool.gateway.home.decision(small.header("x-weir-decision-id"));
    assert_eq!(
        (&record["decision"]["action"], &record["decision"]["target"]),
        (&json!("degrade"), &json!("small/m"))
    );
    let waiting = pool.send(PERSONAL);
    pool.gateway.until_queued(1);
    small.abandon();
    assert_eq!(way(&waiting.join().unwrap()), (200, "small", "queue"));
}

#[test]
fn queue_before_degrade_waits_first() {
    let pool = Pool::new("[queue 300ms, degrade, reject]");
    let _holder = pool.fill_big();
    let asked = Instant::now();
    let reply = pool.gateway.chat(&ask("auto", PERSONAL));
    assert!(asked.elapsed() >= Duration::from_millis(300), "{:?}", asked.elapsed());
    assert_eq!(way(&reply), (200, "small", "degrade"));
    assert!(pool.record(&reply)["outcome"]["queue_us"].as_u64().unwrap() >= 300_000);
}

#[test]
fn a_place_that_comes_free_in_time_is_not_degraded_from() {
    let pool = Pool::new("[queue 60s, degrade, reject]");
    let holder = pool.fill_big();
    let waiting = pool.send(PERSONAL);
    pool.gateway.until_queued(1);
    holder.abandon();
    assert_eq!(way(&waiting.join().unwrap()), (200, "big", "queue"));
    assert_eq!(pool.small.requests(), 0);
}

#[test]
fn what_is_public_bursts_to_the_cloud_and_what_is_classified_never_does() {
    let pool = Pool::new("[burst, queue 300ms, reject]");
    let holder = pool.fill_big();
    let public = pool.gateway.chat(&ask("auto", "a public question"));
    assert_eq!(way(&public), (200, "away", "burst"));
    let record = pool.record(&public);
    assert_eq!(
        (&record["decision"]["action"], &record["decision"]["egress_permitted"]),
        (&json!("burst"), &json!(true))
    );
    let classified = pool.gateway.chat(&ask("auto", PERSONAL));
    assert_overloaded(&classified);
    assert_eq!((pool.cloud.requests(), pool.cloud.leaked("jane.doe@example.com")), (1, None));
    holder.abandon();
    pool.gateway.until("the place is free", |gateway| gateway.metric("weir_in_flight", &["big/m"]) == 0.0);
    assert_eq!(way(&pool.gateway.chat(&ask("auto", "a public question"))), (200, "big", "policy"));
}

#[test]
fn queue_before_burst_waits_first() {
    let pool = Pool::new("[queue 300ms, burst, reject]");
    let _holder = pool.fill_big();
    let asked = Instant::now();
    assert_eq!(way(&pool.gateway.chat(&ask("auto", "a public question"))), (200, "away", "burst"));
    assert!(asked.elapsed() >= Duration::from_millis(300), "{:?}", asked.elapsed());
    let pool = Pool::new("[queue 60s, burst, reject]");
    let holder = pool.fill_big();
    let waiting = pool.send("a public question");
    pool.gateway.until_queued(1);
    holder.abandon();
    assert_eq!(waiting.join().unwrap().header("x-weir-backend"), Some("big"));
}

#[test]
fn a_client_that_goes_while_it_waits_leaves_the_queue_and_is_never_sent() {
    let pool = Pool::new("[queue 60s, reject]");
    let holder = pool.fill_big();
    let accepted = pool.big.accepted();
    let body = ask("auto", &format!("{PERSONAL}, in vain")).to_string();
    let mut client = Client::connect(pool.gateway.data);
    client.begin_post("/v1/chat/completions", &[], body.as_bytes());
    pool.gateway.until_queued(1);
    client.abandon();
    pool.gateway.until_queued(0);
    let mut cancelled = Vec::new();
    pool.gateway.until("that is on record", |gateway| {
        cancelled = gateway.home.audit(&["--outcome", "client_cancelled"]);
        cancelled.len() == 1
    });
    assert_eq!(cancelled[0]["decision"]["action"], "deny", "it was never routed");
    holder.abandon();
    assert_eq!(pool.send(PERSONAL).join().unwrap().status, 200);
    assert!(!pool.big.contains(b"in vain"));
    assert!(pool.big.accepted() <= accepted + 1, "a connection was opened for who had gone");
}

/// What the admin page says of a target.
fn on_the_page(pool: &Pool, name: &str) -> Value {
    let page = Client::connect(pool.gateway.admin).get("/admin/backends", &[]).json();
    page["targets"].as_array().unwrap().iter().find(|target| target["target"] == name).unwrap().clone()
}

#[test]
fn the_admin_page_tells_of_each_target_and_of_who_waits() {
    let pool = Pool::new("[queue 60s, reject]");
    let holder = pool.fill_big();
    let waiting = pool.send(PERSONAL);
    pool.gateway.until_queued(1);
    let page = Client::connect(pool.gateway.admin).get("/backends", &[]).json();
    assert_eq!((&page["queue"]["requests"], page["targets"].as_array().unwrap().len()), (&json!(1), 3));
    assert_eq!(page["queue"]["waiting"], json!([{ "band": "interactive", "tenant": "", "requests": 1 }]));
    let big = on_the_page(&pool, "big/m");
    assert_eq!(
        (&big["condition"], &big["why"], &big["in_flight"], &big["places"]),
        (&json!("well"), &Value::Null, &json!(1), &json!(1))
    );
    assert_eq!(pool.gateway.metric("weir_queue_length_by_band", &["interactive"]), 1.0);
    assert_eq!(pool.gateway.metric("weir_target_condition", &["big/m", "well"]), 1.0);
    holder.abandon();
    waiting.join().unwrap();
}

#[test]
fn what_would_come_later_than_promised_bursts_though_there_is_a_place_and_what_is_classified_stays() {
    // Of the cloud it is not known either how soon it answers; usual is less than a second.
    let pool = Pool::with("[burst, queue 60s, reject]", "first_token: 1s");
    pool.big.set(Script { latency_ms: 1500, ..Script::default() });
    let chat = |text: &str| {
        let reply = pool.gateway.chat(&ask_stream("auto", text));
        (
            reply.header("x-weir-backend").unwrap().to_owned(),
            reply.header("x-weir-reason").unwrap().to_owned(),
        )
    };
    assert_eq!(chat("a public question"), ("big".to_owned(), "policy".to_owned()), "nothing is known yet");
    assert_eq!(chat("a public question"), ("away".to_owned(), "burst".to_owned()));
    assert_eq!(chat(PERSONAL).0, "big");
    assert_eq!(pool.cloud.leaked("jane.doe@example.com"), None);
}

#[test]
fn an_ollama_server_that_has_to_load_the_model_is_passed_over_until_it_has() {
    let backends = Backends::new();
    let playing = |model: &str| Script::serving([model]).playing(Provider::Ollama);
    let [one, two] = ["other", "m:latest"].map(|model| backends.start(playing(model)));
    let entry = |name: &str, fake: &Fake| {
        let url = fake.base_url();
        format!(
            "  - {{ name: {name}, zone: local, api: ollama, url: {url}, metrics: true, models: [{{ name: m }}] }}\n"
        )
    };
    let config = format!(
        "weir: 1\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate: ./state\nbackends:\n{}{}aliases: {{ auto: {{ targets: [one/m, two/m] }} }}\n",
        entry("one", &one),
        entry("two", &two)
    );
    let policy = "policy: 1\nrules: [{ name: all, use: local, when_full: [reject] }]\n";
    let gateway = Gateway::start(&config, policy);
    let loaded = |gateway: &Gateway| -> Vec<Value> {
        let page = gateway.admin_json("/backends");
        let targets = page["targets"].as_array().unwrap().iter();
        targets.map(|target| target["reported"]["model_loaded"].clone()).collect()
    };
    gateway.until("both were asked", |gateway| loaded(gateway) == [json!(false), json!(true)]);
    let backend = || gateway.chat(&ask("auto", "hello")).header("x-weir-backend").unwrap().to_owned();
    assert_eq!(backend(), "two", "though the first is the first");
    one.set(playing("m"));
    gateway.until("the first has loaded it", |gateway| loaded(gateway) == [json!(true), json!(true)]);
    assert_eq!(backend(), "one");
}

#[test]
fn the_turns_of_a_conversation_go_to_one_replica_and_conversations_to_several() {
    let backends = Backends::new();
    let replicas = [(); 4].map(|()| backends.start(Script::default()));
    let entry = |(number, fake): (usize, &Fake)| {
        format!("  - {{ name: r{number}, zone: local, url: {}, models: [{{ name: m }}] }}\n", fake.url())
    };
    let entries: String = replicas.iter().enumerate().map(entry).collect();
    let config = format!(
        "weir: 1\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate: ./state\nbackends:\n{entries}aliases: {{ auto: {{ targets: [r0/m, r1/m, r2/m, r3/m] }} }}\n"
    );
    let policy = "policy: 1\nrules: [{ name: all, use: local, when_full: [reject] }]\n";
    let gateway = Gateway::start(&config, policy);
    let instructions = "You answer questions about the law of waters. ".repeat(40);
    let mut used = std::collections::BTreeSet::new();
    for conversation in 0..12 {
        let mut messages = vec![json!({ "role": "system", "content": instructions })];
        let mut replica = None;
        for turn in 0..3 {
            let text = format!("question {turn} of conversation {conversation}");
            messages.push(json!({ "role": "user", "content": text }));
            let reply = gateway.chat(&json!({ "model": "auto", "messages": messages }));
            let backend = reply.header("x-weir-backend").unwrap().to_owned();
            assert_eq!(replica.get_or_insert(backend.clone()), &backend, "turn {turn} of {conversation}");
            messages.push(json!({ "role": "assistant", "content": "an answer" }));
        }
        used.extend(replica);
    }
    assert!(used.len() > 1, "{used:?}");
}

#[test]
fn a_server_is_asked_how_busy_it_is_if_the_configuration_says_so() {
    let pool = Pool::built("[queue 60s, reject]", "", "metrics: true,");
    pool.gateway.until("the server was asked", |_| !on_the_page(&pool, "big/m")["reported"].is_null());
    assert_eq!(on_the_page(&pool, "big/m")["reported"]["waiting"], json!(0));
    assert_eq!(on_the_page(&pool, "small/m")["reported"], Value::Null);
}

/// A stream for which nothing is there yet after a quarter of a minute.
fn begun_early(pool: &Pool, path: &str, body: &Value) -> Client {
    let started = Instant::now();
    let mut client = pool.gateway.client();
    client.begin_post(path, &[], body.to_string().as_bytes());
    let (status, headers) = client.head();
    assert_eq!(status, 200, "{headers:?}");
    assert!(started.elapsed() > Duration::from_secs(14), "{:?}", started.elapsed());
    assert!(headers.contains(&("content-type".to_owned(), "text/event-stream; charset=utf-8".to_owned())));
    client
}

fn rest(mut client: Client) -> String {
    let mut all = String::new();
    while let Some(chunk) = client.chunk() {
        all.push_str(&String::from_utf8_lossy(&chunk));
    }
    all
}

#[test]
fn a_stream_that_waits_long_is_kept_open_and_answered_like_any_other() {
    let pool = Pool::new("[queue 60s, reject]");
    let holder = pool.fill_big();
    let mut client = begun_early(&pool, "/v1/chat/completions", &ask_stream("auto", PERSONAL));
    assert_eq!(client.chunk().as_deref(), Some(&b": keep-alive\n\n"[..]));
    holder.abandon();
    let answer = rest(client);
    assert!(answer.contains("\"content\":\"") && answer.ends_with("data: [DONE]\n\n"), "{answer}");
    assert_eq!(pool.gateway.home.audit(&[]).last().unwrap()["outcome"]["outcome"], "ok");
}

#[test]
fn a_stream_that_waited_long_in_vain_ends_with_an_error_in_its_own_words() {
    // Some seconds longer than until its client is told that it waits.
    let pool = Pool::new("[queue 20s, reject]");
    let holder = pool.fill_big();
    let mut message = ask_stream("auto", PERSONAL);
    message["max_tokens"] = json!(9);
    let mut client = begun_early(&pool, "/v1/messages", &message);
    let ping = client.chunk().unwrap();
    assert!(ping.starts_with(b"event: ping\n"), "{}", String::from_utf8_lossy(&ping));
    let end = rest(client);
    assert!(end.starts_with("event: error\n") && end.contains("overloaded_error"), "{end}");
    assert!(!end.contains("message_stop"), "{end}");
    holder.abandon();
}
