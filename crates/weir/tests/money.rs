//! What requests cost, and what becomes of them when there is no money left.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::{Value, json};
use support::backends::{Backends, ask_stream, holding, open_stream};
use support::http::Reply;
use support::{BASICS, Gateway, Home, PERSONAL, ask};
use weir_rig::fake::{Fake, Fault, Script};

/// A local backend whose hardware is described, and two cloud ones: `dear`, as its price says, and `listed`, as the
/// operator's table of list prices says.
struct Shop {
    gateway: Gateway,
    here: Fake,
    dear: Fake,
    listed: Fake,
    _backends: Backends,
}

impl Shop {
    /// With more said in weir.yaml, and keys made before it starts.
    fn new(more: &str, rule: &str, keys: &[&[&str]]) -> (Self, Vec<String>) {
        let backends = Backends::new();
        let [here, dear, listed] = [(); 3].map(|()| backends.start(Script::default()));
        let config = format!(
            "\
{BASICS}prices: prices.txt
{more}
backends:
  - name: here
    zone: local
    url: {}
    hardware: {{ purchase: 35040, years: 4, watts: 1000, kwh: 0.2, pue: 1.5, utilisation: 50 %, input_tokens_per_s: 20000, output_tokens_per_s: 1000 }}
    models: [{{ name: own }}]
  - {{ name: dear, zone: cloud, url: {}, models: [{{ name: m, price: {{ input: 1000, output: 2000 }} }}] }}
  - {{ name: listed, zone: cloud, url: {}, models: [{{ name: list-model }}] }}
aliases:
  auto: {{ targets: [dear/m, listed/list-model, here/own] }}
  away: {{ targets: [dear/m] }}
  list: {{ targets: [listed/list-model] }}
",
            here.url(),
            dear.url(),
            listed.url()
        );
        let policy = format!("policy: 1\ndata: {{ personal: confidential }}\nrules: [{rule}]\n");
        let home = Home::new(&config, &policy);
        let table = "list-model | standard | 2020-01-01 | 9000 | - | 9000 | old\nlist-model | standard | 2021-01-01 | 500 | - | 500 | new\n\
                     list-model | priority | 2021-01-01 | 5000 | - | 5000 | new\n\
                     list-model | standard above 2000 | 2021-01-01 | 700 | - | 700 | new\n";
        std::fs::write(home.path().join("prices.txt"), table).unwrap();
        let bearers = keys.iter().map(|arguments| home.create_key(arguments).bearer()).collect();
        (Self { gateway: Gateway::start_in(home), here, dear, listed, _backends: backends }, bearers)
    }

    fn outcome(&self, reply: &Reply) -> Value {
        self.gateway.home.decision(&reply.decision())["outcome"].clone()
    }
}

const CHEAPEST: &str = "{ name: all, use: any, prefer: cheapest, when_full: [reject] }";
const IN_ORDER: &str = "{ name: all, use: any, prefer: order, when_full: [burst, reject] }";

/// The cost of an answer by USD per million tokens, in micro-USD, rounded up.
fn cost(outcome: &Value, input: u64, output: u64) -> u64 {
    let tokens = |name: &str| outcome[name].as_u64().unwrap();
    tokens("tokens_in") * input + tokens("tokens_out") * output
}

#[test]
fn the_cheapest_is_taken_and_its_cost_is_in_the_record_and_in_the_metrics() {
    let (shop, _) = Shop::new("", CHEAPEST, &[]);
    let reply = shop.gateway.chat(&ask("auto", "hello"));
    assert_eq!(reply.header("x-weir-backend"), Some("here"), "power costs less than any cloud");
    let outcome = shop.outcome(&reply);
    // 1 USD an hour at half the time, and 0.30 for power: 2.30 USD for 72 million tokens in or 3.6 million out.
    let (tokens_in, tokens_out) =
        (outcome["tokens_in"].as_f64().unwrap(), outcome["tokens_out"].as_f64().unwrap());
    let full = tokens_in * 0.031_944 + tokens_out * 0.638_889;
    assert_eq!(outcome["cost_micro_usd"], json!(full.ceil() as u64), "{outcome}");
    assert!(shop.gateway.metric("weir_cost_usd_total", &["local"]) > 0.0);

    let reply = shop.gateway.chat_with(&[("x-weir-route", "cloud-ok")], &ask("auto", "hello"));
    assert_eq!(reply.header("x-weir-backend"), Some("listed"), "the newest list price is below the other's");
    let outcome = shop.outcome(&reply);
    assert_eq!(outcome["cost_micro_usd"], json!(cost(&outcome, 500, 500)));
    let counted = shop.gateway.metric("weir_cost_usd_total", &["cloud"]);
    assert!((counted - cost(&outcome, 500, 500) as f64 / 1e6).abs() < 1e-9, "{counted}");
    assert_eq!((shop.here.requests(), shop.listed.requests(), shop.dear.requests()), (1, 1, 0));
}

#[test]
fn a_tier_that_is_asked_for_and_a_long_prompt_have_their_own_price() {
    let (shop, _) = Shop::new("", CHEAPEST, &[]);
    let out = [("x-weir-route", "cloud-ok")];
    let mut body = ask("auto", "hello");
    body["service_tier"] = "priority".into();
    let reply = shop.gateway.chat_with(&out, &body);
    assert_eq!(reply.header("x-weir-backend"), Some("dear"), "five times as dear, the other costs less");
    let mut listed_only = ask("list", "hello");
    for (tier, price) in [(None, 500), (Some("priority"), 5000), (Some("flex"), 500)] {
        listed_only["service_tier"] = tier.map_or(Value::Null, Value::from);
        let outcome = shop.outcome(&shop.gateway.chat_with(&out, &listed_only));
        assert_eq!(outcome["cost_micro_usd"], json!(cost(&outcome, price, price)), "{tier:?}: {outcome}");
    }
    let long = shop.outcome(&shop.gateway.chat_with(&out, &ask("list", &"word ".repeat(6000))));
    assert!(long["tokens_in"].as_u64().unwrap() > 2000, "{long}");
    assert_eq!(long["cost_micro_usd"], json!(cost(&long, 700, 700)));
}

#[test]
fn what_is_paid_is_the_tier_that_the_provider_says_it_served_at() {
    let (shop, _) = Shop::new("budget: { month: 100 }\n", IN_ORDER, &[]);
    let mut paid = 0;
    for (asked, served, price) in [
        ("priority", Some("default"), 500),
        ("priority", Some("priority"), 5000),
        ("auto", Some("priority"), 5000),
        ("auto", Some("scale"), 500),
        ("priority", None, 5000),
    ] {
        let script = Script::default();
        shop.listed.set(served.map_or(script.clone(), |tier| script.serving_at(tier)));
        for mut body in [ask("list", "hello"), ask_stream("list", "hello")] {
            body["service_tier"] = asked.into();
            let outcome = shop.outcome(&shop.gateway.chat(&body));
            let cost = cost(&outcome, price, price);
            assert_eq!(outcome["cost_micro_usd"], json!(cost), "{asked} {served:?}: {outcome}");
            paid += cost;
        }
    }
    let page = shop.gateway.admin_json("/spending");
    let spent = page["purses"][0]["month"]["spent_usd"].as_f64().unwrap();
    assert_eq!((spent * 1e6).round() as u64, paid, "{page}");
}

#[test]
fn the_estimates_are_facts_of_rules() {
    let rules = "{ name: small, when: { cost.cloud: '< 0.01' }, use: [listed], when_full: [reject] }, \
                 { name: large, use: local, when_full: [reject] }";
    let (shop, _) = Shop::new("", rules, &[]);
    let backend = |limit: u64| {
        let mut body = ask("auto", "hello");
        body["max_tokens"] = limit.into();
        shop.gateway.chat(&body).header("x-weir-backend").unwrap().to_owned()
    };
    assert_eq!(backend(400), "here", "as many tokens as are allowed, at 500 USD a million");
    assert_eq!(backend(2), "listed", "a few tokens");
    assert_eq!(backend(400), "listed", "by now it is known that answers are short");
}

#[test]
fn what_is_left_of_a_budget_is_a_fact_of_rules() {
    let budgets = "keys: { poor: { budget: { month: 0.25 } }, rich: { budget: { month: 100 } } }";
    let rules = "{ name: thrifty, when: { cost.budget_left: '< 0.1' }, use: local, when_full: [reject] }, \
                 { name: all, use: any, prefer: order, when_full: [burst, reject] }";
    let (shop, keys) = Shop::new(budgets, rules, &[&["poor"], &["rich"]]);
    let send = |key: &str| {
        let mut body = ask("auto", "hello");
        body["max_tokens"] = 4.into();
        let reply = shop.gateway.chat_with(&[("authorization", key)], &body);
        let decision = shop.gateway.home.decision(&reply.decision())["decision"].clone();
        let left = decision["facts"]["cost.budget_left"].as_u64().unwrap();
        (
            left,
            decision["rule"].as_str().unwrap().to_owned(),
            reply.header("x-weir-backend").unwrap().to_owned(),
        )
    };
    let mut seen = Vec::new();
    let (left, rule, backend) = loop {
        let next = send(&keys[0]);
        if next.2 == "here" {
            break next;
        }
        assert!(next.0 >= 100_000 && next.1 == "all", "{next:?}");
        seen.push(next.0);
        assert!(seen.len() < 200, "no end of money");
    };
    assert!(left < 100_000 && left > 0, "{left}");
    assert_eq!((rule.as_str(), backend.as_str()), ("thrifty", "here"));
    assert_eq!(seen[0], 250_000);
    assert!(seen.windows(2).all(|pair| pair[1] < pair[0]), "{seen:?}");
    assert_eq!(send(&keys[1]), (100_000_000, "all".to_owned(), "dear".to_owned()));
}

#[test]
fn a_key_whose_budget_is_spent_is_told_so_and_others_and_classified_work_go_on() {
    let budgets = "keys: { default: { budget: { month: 100 } }, poor: { budget: { month: 0.25 } } }";
    let (shop, keys) = Shop::new(budgets, IN_ORDER, &[&["poor"], &["rich"]]);
    let send = |key: &str, model: &str, text: &str| {
        let mut body = ask(model, text);
        body["max_tokens"] = 100.into();
        shop.gateway.chat_with(&[("authorization", key)], &body)
    };
    let (mut spent, mut paid, mut last) = (0, 0, 0);
    let refused = loop {
        let reply = send(&keys[0], "away", "hello");
        if reply.status != 200 {
            break reply;
        }
        let outcome = shop.outcome(&reply);
        last = cost(&outcome, 1000, 2000);
        spent += last;
        paid += 1;
        assert!(paid < 200, "no end of money");
    };
    // What one request costs more than was expected is all that may be overspent.
    assert!(paid > 0 && spent <= 250_000 + last, "{spent}");
    assert_eq!((refused.status, refused.code().as_str()), (429, "insufficient_quota"), "{}", refused.text());
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    assert!(refused.text().contains("the budget is that of this API key"), "{}", refused.text());

    let elsewhere = send(&keys[0], "auto", "hello");
    assert_eq!(elsewhere.header("x-weir-backend"), Some("here"), "what runs inside costs no budget");
    let classified = send(&keys[0], "auto", PERSONAL);
    assert_eq!((classified.status, classified.header("x-weir-zone")), (200, Some("local")));
    let other = send(&keys[1], "away", "hello");
    assert_eq!((other.status, other.header("x-weir-backend")), (200, Some("dear")));

    let spending = shop.gateway.admin_json("/spending");
    let row = spending["purses"].as_array().unwrap().iter().find(|row| row["name"] == "poor").unwrap();
    assert_eq!(row["month"]["spent_usd"], json!(spent as f64 / 1e6), "{spending}");
    assert_eq!(row["month"]["cap_usd"], json!(0.25), "{spending}");
}

#[test]
fn what_was_spent_outlives_the_process_however_it_ends() {
    let (shop, keys) = Shop::new(
        "tenants: { acme: { budget: { month: 0.03 } } }\nbudget: { day: 100 }",
        IN_ORDER,
        &[&["a", "--tenant", "acme"], &["b", "--tenant", "acme"]],
    );
    let send = |gateway: &Gateway, key: &str| {
        let mut body = ask("away", "hello");
        body["max_tokens"] = 4.into();
        gateway.chat_with(&[("authorization", key)], &body)
    };
    while send(&shop.gateway, &keys[0]).status == 200 {}
    let other = send(&shop.gateway, &keys[1]);
    assert_eq!(other.status, 429, "the tenant's keys have one budget");
    assert!(other.text().contains("tenant `acme`"), "{}", other.text());
    let Shop { gateway, here, dear, listed, _backends } = shop;
    let page = gateway.admin_json("/spending");
    let acme = page["purses"].as_array().unwrap().iter().find(|row| row["of"] == "tenant").unwrap();
    let spent = (acme["month"]["spent_usd"].as_f64().unwrap() * 1e6).round();
    let written = |gateway: &Gateway| -> Option<f64> {
        let text = std::fs::read_to_string(gateway.home.path().join("state/spending.json")).ok()?;
        serde_json::from_str::<Value>(&text).ok()?["month"]["micro_usd"]["tenant:acme"].as_f64()
    };
    gateway.until("all that was spent is on the disk", |gateway| written(gateway) == Some(spent));
    let again = Gateway::start_in(gateway.kill());
    assert_eq!(send(&again, &keys[0]).status, 429);
    let (home, is_orderly) = again.stop();
    assert!(is_orderly);
    let third = Gateway::start_in(home);
    assert_eq!(send(&third, &keys[1]).status, 429);
    assert!(third.admin_json("/spending")["purses"].as_array().unwrap().iter().any(|row| row["of"] == "all"));
    drop((third, here, dear, listed));
}

#[test]
fn a_budget_for_a_key_that_does_not_exist_is_not_passed_over_in_silence() {
    let budgets = "keys: { chat-ap: { budget: { day: 1 } }, chat-app: { budget: { day: 1 } } }\n\
                   tenants: { acme: { weight: 2 } }";
    let (mut shop, _) = Shop::new(budgets, IN_ORDER, &[&["chat-app"]]);
    let line = shop.gateway.wait_for_log("names a key that does not exist");
    assert!(line.contains("chat-ap\""), "{line}");
    shop.gateway.wait_for_log("names a tenant that no key has");
    assert!(!shop.gateway.log().contains("\"chat-app\""));
}

#[test]
fn an_answer_that_nobody_waits_for_is_paid_for() {
    let (shop, _) = Shop::new("budget: { month: 5 }", IN_ORDER, &[]);
    shop.dear.set(holding());
    let mut stream = open_stream(shop.gateway.data, &[], &ask_stream("away", "hello"));
    let decision = stream.header("x-weir-decision-id").to_owned();
    let _ = stream.text.len();
    while !stream.text.contains("content") && stream.more() {}
    stream.abandon();
    shop.gateway.until("the outcome is recorded", |gateway| {
        gateway.home.audit(&["--decision", &decision]).first().is_some_and(|row| row["outcome"].is_object())
    });
    let outcome = shop.gateway.home.decision(&decision)["outcome"].clone();
    assert_eq!(outcome["outcome"], "client_cancelled");
    let cost = outcome["cost_micro_usd"].as_u64().unwrap();
    assert!(cost > 0, "{outcome}");
    let spending = shop.gateway.admin_json("/spending");
    assert_eq!(spending["purses"][0]["month"]["spent_usd"], json!(cost as f64 / 1e6), "{spending}");
}

#[test]
fn many_requests_at_once_do_not_overshoot_a_budget_together() {
    let (shop, _) = Shop::new("budget: { month: 0.5 }", IN_ORDER, &[]);
    // Each is expected to cost some 0.2 USD, and costs much less: what is set aside is what bounds them.
    shop.dear.set(Script::failing(Fault::HangBeforeHead));
    let mut body = ask("away", "hello");
    body["max_tokens"] = 100.into();
    let requests: Vec<_> =
        (0..8).map(|_| support::backends::in_background(shop.gateway.data, &[], &body)).collect();
    shop.gateway.until("two wait for the backend and all others are refused", |_| {
        shop.dear.requests() == 2 && requests.iter().filter(|request| request.is_finished()).count() == 6
    });
    shop.dear.release();
    let statuses: Vec<u16> = requests.into_iter().map(|request| request.join().unwrap().status).collect();
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(served, 2, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 429].contains(status)));
    assert_eq!(shop.dear.requests(), 2);
}
