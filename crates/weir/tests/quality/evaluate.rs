use super::{events, heard};
use crate::support::backends::{Backends, ask_stream};
use crate::support::{Gateway, ask};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use weir_rig::fake::{Fake, Fault, Script};

/// A local model, a judge and an API.
struct Bench {
    gateway: Gateway,
    here: Fake,
    judge: Fake,
    there: Fake,
    _backends: Backends,
}

const BOTH: &str = "\
policy: 1
data: { default: internal, personal: confidential }
evaluate: { share: 100 %, judge: judge/m, per_hour: 3 }
rules:
  - { name: kept, when: { request.alias: kept }, use: local }
  - { name: free, use: any, prefer: local, when_full: [burst, reject] }
";

impl Bench {
    fn new(policy: &str) -> Self {
        Self::with(policy, str::to_owned)
    }

    /// With a configuration that is changed before it is used.
    fn with(policy: &str, change: impl Fn(&str) -> String) -> Self {
        let backends = Backends::new();
        let [here, judge, there] = [(); 3].map(|()| backends.start(Script::default()));
        let entry = |(name, zone, fake): (&str, &str, &Fake)| {
            format!("  - {{ name: {name}, zone: {zone}, url: {}, models: [{{ name: m }}] }}\n", fake.url())
        };
        let all = [("here", "local", &here), ("judge", "local", &judge), ("there", "cloud", &there)];
        let entries: String = all.map(entry).concat();
        let config = format!(
            "weir: 1\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate: ./state\nbackends:\n{entries}aliases:\n  \
             auto: {{ targets: [here/m, there/m] }}\n  kept: {{ targets: [here/m, there/m] }}\n"
        );
        judge.set(Script::default().text("The first is better.\nA"));
        Self { gateway: Gateway::start(&change(&config), policy), here, judge, there, _backends: backends }
    }

    /// What is heard is counted when it is on record.
    fn until_heard(&self, here: (f64, f64), there: (f64, f64)) {
        self.gateway.until("it is heard", |gateway| {
            (heard(gateway, "here/m"), heard(gateway, "there/m")) == (here, there)
        });
    }

    /// For what must not come.
    fn settle(&self) {
        std::thread::sleep(Duration::from_millis(400));
    }
}

#[test]
fn a_share_is_answered_by_both_zones_with_records_of_their_own_and_judged_inside() {
    let bench = Bench::new(BOTH);
    let reply = bench.gateway.chat(&ask("auto", "What is a weir?"));
    assert_eq!(reply.zone(), Some("local"));
    let compared = &events(&bench.gateway, "answers.compared", 1)[0];
    assert_eq!(compared["decision_id"], reply.decision().as_str());
    assert_eq!(
        (&compared["local"], &compared["cloud"], &compared["judge"]),
        (&json!("here/m"), &json!("there/m"), &json!("judge/m"))
    );
    // A judge that goes by the place says nothing of the answers.
    assert_eq!(compared["verdict"], "equal");
    assert_eq!((bench.here.requests(), bench.there.requests(), bench.judge.requests()), (2, 1, 2));
    let rows = bench.gateway.home.audit(&[]);
    let way: Vec<_> = rows
        .iter()
        .map(|row| (row["decision"]["zone"].as_str().unwrap(), row["decision"]["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(way, [("local", "policy"), ("local", "evaluation"), ("cloud", "evaluation")]);
    assert_eq!(compared["other_request_id"], rows[2]["decision"]["request_id"]);
    assert!(rows.iter().all(|row| row["outcome"]["outcome"] == "ok"), "{rows:?}");
    bench.until_heard((1.0, 0.0), (1.0, 0.0));
}

#[test]
fn the_better_answer_is_found_in_either_place() {
    let bench = Bench::new(BOTH);
    bench.there.set(Script::default().text("NONSENSE"));
    bench.here.set(Script::default().text("A weir is a low dam."));
    // It prefers the local answer in either place: first the first, then the second.
    bench.judge.set(Script::default().text("A").fault(Fault::HangBeforeHead));
    bench.gateway.chat(&ask("auto", "What is a weir?"));
    bench.gateway.until("the judge is asked", |_| bench.judge.requests() == 1);
    bench.judge.set(Script::default().text("It is the second.\n**B**"));
    bench.judge.release();
    let compared = &events(&bench.gateway, "answers.compared", 1)[0];
    assert_eq!(compared["verdict"], "local", "{compared}");
    let asked = bench.judge.seen();
    let body = |index: usize| String::from_utf8_lossy(&asked[index].body).into_owned();
    let places = |text: &str| {
        (text.find("low dam").unwrap() < text.find("NONSENSE").unwrap(), text.contains("What is a weir?"))
    };
    assert_eq!([places(&body(0)), places(&body(1))], [(true, true), (false, true)]);
    bench.until_heard((1.0, 0.0), (0.0, 1.0));
}

#[test]
fn a_judge_that_says_nothing_of_use_is_not_heard() {
    let bench = Bench::new(BOTH);
    bench.judge.set(Script::default().text("A fine question. I like both."));
    bench.gateway.chat(&ask("auto", "What is a weir?"));
    let compared = &events(&bench.gateway, "answers.compared", 1)[0];
    assert_eq!(compared["verdict"], "unclear", "{compared}");
    assert_eq!(bench.gateway.admin_json("/quality")["targets"], json!([]));
}

#[test]
fn classified_data_and_what_stays_inside_take_no_part() {
    let bench = Bench::new(BOTH);
    for body in [
        ask("auto", "Write to jo.doe@example.com."),
        ask_stream("auto", "Write to jo.doe@example.com."),
        ask("kept", "What is a weir?"),
    ] {
        assert_eq!(bench.gateway.chat(&body).status, 200);
    }
    let mut hinted = ask("auto", "What is a weir?");
    hinted["route_hint"] = json!("local-only");
    assert_eq!(bench.gateway.chat(&hinted).status, 200);
    let wish = [("x-weir-route", "local-only")];
    bench.gateway.chat_with(&wish, &ask("auto", "What is a weir?"));
    let level = [("x-weir-level", "confidential")];
    bench.gateway.chat_with(&level, &ask("auto", "What is a weir?"));
    bench.settle();
    assert_eq!((bench.there.accepted(), bench.judge.requests()), (0, 0));
    assert_eq!(
        bench.gateway.home.audit(&[]).len(),
        6,
        "nothing is asked a second time that may not be compared"
    );
    events(&bench.gateway, "answers.compared", 0);
}

#[test]
fn the_end_user_is_a_pseudonym_outside_there_too() {
    let bench = Bench::new(BOTH);
    let mut body = ask("auto", "What is a weir?");
    body["user"] = json!("u-4711-of-ours");
    bench.gateway.chat(&body);
    events(&bench.gateway, "answers.compared", 1);
    let sent = bench.there.seen();
    let text = String::from_utf8_lossy(&sent[0].body);
    assert!(text.contains("\"user\"") && !text.contains("4711"), "{text}");
}

#[test]
fn comparisons_are_paid_from_a_budget_of_their_own_and_from_that_of_all_and_no_others() {
    // Prices at which a comparison costs a few cents, and a cap that one of them reaches.
    let policy = BOTH.replace("per_hour: 3", "per_hour: 30, budget: { month: 0.05 }");
    let priced = "models: [{ name: m, price: { input: 1000, output: 2000 } }]";
    let prices = |config: &str| {
        let (before, there) = config.split_once("- { name: there").unwrap();
        let budgets = "budget: { month: 100 }\nkeys: { default: { budget: { month: 100 } } }\nbackends:";
        format!("{}- {{ name: there{}", before, there.replace("models: [{ name: m }]", priced))
            .replace("backends:", budgets)
    };
    let bench = Bench::with(&policy, prices);
    let bearer = bench.gateway.key(&["app"]).bearer();
    for number in 0..4 {
        let mut question = ask("auto", &format!("What is a weir, number {number}?"));
        question["max_tokens"] = 10.into();
        let reply = bench.gateway.chat_with(&[("authorization", &bearer)], &question);
        assert_eq!((reply.status, reply.zone()), (200, Some("local")));
        bench.settle();
    }
    let spent = |of: &str| {
        let page = bench.gateway.admin_json("/spending");
        let row = page["purses"].as_array().unwrap().iter().find(|row| row["of"] == of).cloned();
        row.map_or(0.0, |row| row["month"]["spent_usd"].as_f64().unwrap())
    };
    bench.gateway.until("what is on record was paid from both", |gateway| {
        let rows = gateway.home.audit(&[]);
        let cost = |row: &Value| row["outcome"]["cost_micro_usd"].as_f64().unwrap_or(0.0) / 1e6;
        let paid: f64 = rows.iter().filter(|row| row["decision"]["zone"] == "cloud").map(cost).sum();
        paid > 0.0 && ["evaluations", "all"].into_iter().all(|purse| (spent(purse) - paid).abs() < 1e-9)
    });
    assert_eq!(spent("key"), 0.0);
    // More than the cap is never set aside: what is asked for when it is reached is not asked.
    assert!(bench.there.requests() < 4, "{} of 4 were asked outside", bench.there.requests());
}

#[test]
fn an_hour_has_so_many_and_streams_count_too() {
    let bench = Bench::new(BOTH);
    let hour = || Timestamp::now().as_second() / 3600;
    let begun = hour();
    for number in 1..=5 {
        bench.gateway.chat(&ask_stream("auto", &format!("What is a weir, {number}?")));
        if number <= 3 {
            events(&bench.gateway, "answers.compared", number);
        }
    }
    bench.settle();
    // Another hour may have begun meanwhile, which has as many.
    assert!(bench.there.requests() == 3 || hour() != begun, "{}", bench.there.requests());
}

#[test]
fn nothing_is_compared_unless_the_policy_says_so() {
    let bench = Bench::new(&BOTH.replace("evaluate: { share: 100 %, judge: judge/m, per_hour: 3 }\n", ""));
    bench.gateway.chat(&ask("auto", "What is a weir?"));
    bench.settle();
    assert_eq!((bench.there.accepted(), bench.judge.requests()), (0, 0));
}
