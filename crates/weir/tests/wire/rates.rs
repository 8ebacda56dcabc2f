//! How much a key may ask for in a minute, and what its callers are told of it.

use crate::support::backends::{Key, open_stream};
use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{TWO_RULES, ask, two_zones};
use crate::{assert_error, streamed};
use serde_json::{Value, json};
use std::fs;

const MESSAGES: &str = "/v1/messages";

fn chat(stage: &Stage, key: &Key, body: &Value) -> Reply {
    stage.gateway.chat_with(&[("authorization", &key.bearer())], body)
}

fn number(reply: &Reply, header: &str) -> u64 {
    reply.header(header).unwrap_or_else(|| panic!("no {header}: {:?}", reply.headers)).parse().unwrap()
}

/// The headers that tell of limits.
fn of_limits(reply: &Reply) -> Vec<&str> {
    let names = reply.headers.iter().map(|(name, _)| name.as_str());
    names.filter(|name| name.contains("ratelimit")).collect()
}

fn limits(stage: &Stage, key: &Key, arguments: &[&str]) {
    let mut all = vec!["keys", "update", &key.id];
    all.extend(arguments);
    let output = stage.gateway.home.weir(&all);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_key_has_so_many_requests_a_minute_and_its_callers_are_told() {
    let stage = Stage::new();
    let slow = stage.gateway.key(&["slow", "--requests-per-minute", "2"]);
    let free = stage.gateway.key(&["free"]);
    let hello = ask("local-only", "hello");
    for left in [1, 0] {
        let reply = chat(&stage, &slow, &hello);
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(number(&reply, "x-ratelimit-limit-requests"), 2);
        assert_eq!(number(&reply, "x-ratelimit-remaining-requests"), left);
        assert!(reply.header("x-ratelimit-reset-requests").unwrap().ends_with('s'));
        assert_eq!(of_limits(&reply).len(), 3, "no limit of tokens, and none is told");
    }
    let refused = chat(&stage, &slow, &hello);
    assert_error(&refused, 429, "rate_limit_exceeded", "the third");
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    assert!(refused.text().contains("try again in "), "{}", refused.text());
    let wait = number(&refused, "retry-after");
    assert!((1..=30).contains(&wait), "one of two a minute comes back in half a minute: {wait}");
    assert_eq!(refused.header("x-should-retry"), None, "trying again will do");
    assert_eq!(number(&refused, "x-ratelimit-remaining-requests"), 0);
    assert_eq!(stage.here.requests(), 2, "what is refused goes nowhere");

    let bearer = slow.bearer();
    let headers = [("authorization", bearer.as_str())];
    let body =
        json!({ "model": "local-only", "max_tokens": 9, "messages": [{ "role": "user", "content": "hi" }] });
    let refused = stage.gateway.client().post(MESSAGES, &headers, body.to_string().as_bytes());
    assert_eq!((refused.status, &refused.json()["type"]), (429, &json!("error")));
    assert_eq!(refused.json()["error"]["type"], "rate_limit_error");
    assert_eq!(number(&refused, "anthropic-ratelimit-requests-limit"), 2);
    assert_eq!(number(&refused, "anthropic-ratelimit-requests-remaining"), 0);
    let reset = refused.header("anthropic-ratelimit-requests-reset").unwrap();
    assert!(reset.parse::<jiff::Timestamp>().is_ok(), "{reset}");
    assert_eq!(of_limits(&refused).len(), 3, "in the words of one API: {:?}", refused.headers);

    let other = chat(&stage, &free, &hello);
    assert_eq!((other.status, of_limits(&other)), (200, Vec::new()), "others are neither limited nor told");
    let rows = stage.gateway.home.audit(&["--error", "over_request_rate"]);
    assert_eq!(rows.len(), 2, "{rows:?}");
    for row in rows {
        assert_eq!(
            (&row["decision"]["action"], &row["outcome"]["outcome"]),
            (&json!("deny"), &json!("rejected"))
        );
        assert_eq!(
            (&row["decision"]["key_id"], &row["outcome"]["http_status"]),
            (&json!(slow.id), &json!(429))
        );
    }
    assert_eq!(stage.gateway.metric("weir_rate_limited_requests_total", &["requests"]), 2.0);
}

#[test]
fn tokens_are_set_aside_before_and_settled_after() {
    let stage = Stage::new();
    let key = stage.gateway.key(&["counted", "--tokens-per-minute", "1000"]);
    let mut body = ask("local-only", "hello");
    body["max_tokens"] = json!(600);
    let stream =
        open_stream(stage.gateway.data, &[("authorization", &key.bearer())], &streamed(body.clone()));
    let during: u64 = stream.header("x-ratelimit-remaining-tokens").parse().unwrap();
    assert!(during < 800, "what an answer may need is set aside while it comes: {during}");
    assert!(!stream.rest().is_empty());
    let small = || chat(&stage, &key, &ask("local-only", "hello"));
    stage
        .gateway
        .until("what was not used is given back", |_| number(&small(), "x-ratelimit-remaining-tokens") > 900);
    let reply = small();
    let usage = reply.json()["usage"]["total_tokens"].as_u64().unwrap();
    let left = number(&reply, "x-ratelimit-remaining-tokens");
    assert_eq!(number(&reply, "x-ratelimit-limit-tokens"), 1000);
    // Some of it may have come back by now.
    assert!(usage > 0 && left > 900 && left < 1000, "{usage} were used and {left} are left");

    let served = stage.here.requests();
    let long = chat(&stage, &key, &ask("local-only", &"word ".repeat(3000)));
    assert_error(&long, 429, "rate_limit_exceeded", "more than there is in a minute");
    assert_eq!((long.header("retry-after"), long.header("x-should-retry")), (None, Some("false")));
    assert!(long.text().contains("1000 tokens a minute"), "{}", long.text());
    let mut greedy = ask("local-only", &"word ".repeat(700));
    greedy["max_tokens"] = json!(5000);
    assert_eq!(chat(&stage, &key, &greedy).status, 200, "an answer may turn out shorter than it might be");
    let again = chat(&stage, &key, &greedy);
    assert_error(&again, 429, "rate_limit_exceeded", "the second in a minute");
    assert_eq!(again.header("x-should-retry"), None);
    assert_eq!(stage.here.requests(), served + 1);
    let rows = stage.gateway.home.audit(&["--error", "over_token_rate"]);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(stage.gateway.metric("weir_rate_limited_requests_total", &["tokens"]), 2.0);
}

#[test]
fn what_gets_no_answer_uses_no_tokens() {
    let stage = Stage::new();
    let key = stage.gateway.key(&["unlucky", "--tokens-per-minute", "1000"]);
    let mut body = ask("no-such-alias", "hello");
    body["max_tokens"] = json!(900);
    for _ in 0..3 {
        let reply = chat(&stage, &key, &body);
        assert_error(&reply, 404, "model_not_found", "an alias that is none");
        assert_eq!(number(&reply, "x-ratelimit-remaining-tokens"), 1000);
    }
}

#[test]
fn limits_of_the_file_hold_where_the_key_says_nothing_and_changes_act_while_it_runs() {
    let config = |limit: &str| {
        let default = format!("{{ requests_per_minute: {limit}, tokens_per_minute: 60000 }}");
        let keys = format!("keys: {{ default: {default}, rich: {{}} }}\nbackends:");
        move |local: &str, cloud: &str| two_zones(local, cloud).replace("backends:", &keys)
    };
    let stage = Stage::with(config("7"), TWO_RULES);
    let usual = stage.gateway.key(&["usual"]);
    let own = stage.gateway.key(&["own", "--requests-per-minute", "100"]);
    let rich = stage.gateway.key(&["rich"]);
    let hello = ask("local-only", "hello");
    let limit = |key: &Key| {
        let reply = chat(&stage, key, &hello);
        reply.header("x-ratelimit-limit-requests").map(|limit| limit.parse::<u64>().unwrap())
    };
    assert_eq!((limit(&usual), limit(&own), limit(&rich)), (Some(7), Some(100), None));
    for key in [&usual, &own] {
        assert_eq!(number(&chat(&stage, key, &hello), "x-ratelimit-limit-tokens"), 60_000);
    }
    assert_eq!(of_limits(&chat(&stage, &rich, &hello)), [""; 0]);

    limits(&stage, &own, &["--requests-per-minute", "1"]);
    stage.gateway.until("the key's new limit holds", |_| chat(&stage, &own, &hello).status == 429);
    limits(&stage, &own, &["--requests-per-minute", "none", "--tokens-per-minute", "50000"]);
    stage.gateway.until("the file's limit holds", |_| limit(&own) == Some(7));
    assert_eq!(number(&chat(&stage, &own, &hello), "x-ratelimit-limit-tokens"), 50_000);

    let text = fs::read_to_string(stage.gateway.home.config()).unwrap();
    fs::write(
        stage.gateway.home.config(),
        text.replace("requests_per_minute: 7", "requests_per_minute: 9000"),
    )
    .unwrap();
    stage.gateway.until("the file's new limit holds", |_| limit(&usual) == Some(9000));
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let stage = Stage::new();
    let home = &stage.gateway.home;
    for arguments in [
        &["keys", "create", "a", "--requests-per-minute", "0"][..],
        &["keys", "create", "a", "--tokens-per-minute", "-1"],
        &["keys", "update", "00000000"],
        &["keys", "update", "00000000", "--requests-per-minute", "some"],
        &["keys", "update", "00000000", "--requests-per-minute", "5"],
    ] {
        let output = home.weir(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
