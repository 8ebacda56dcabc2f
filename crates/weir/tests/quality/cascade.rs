use super::{events, priced};
use crate::support::backends::{Backends, ask_stream, in_background, open_stream};
use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{BASICS, Gateway, ask};
use serde_json::{Value, json};
use weir_rig::fake::{Failure, Fake, Fault, Script};

const CHECKED: &str = "\
policy: 1
data: { default: internal, personal: confidential }
rules:
  - name: inside first
    use: any
    cascade: true
    when_full: [burst, reject]
";

const REFUSAL: &str = "I'm sorry, but I can't assist with that.";
const GOOD: &str = "A weir is a low dam.";

fn stage(policy: &str, here: &str) -> Stage {
    let stage = Stage::with(priced, policy);
    stage.here.set(Script::default().text(here));
    stage.there.set(Script::default().text(GOOD));
    stage
}

fn text_of(reply: &Reply) -> String {
    reply.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

/// The attempts of a reply's request, with their one outcome.
fn attempts(stage: &Stage, reply: &Reply) -> Vec<Value> {
    stage.gateway.home.audit(&["--decision", &reply.decision()])
}

fn way(rows: &[Value]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|row| {
            (row["decision"]["backend"].as_str().unwrap(), row["decision"]["reason"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn an_answer_that_does_is_given_out_as_it_is() {
    let stage = stage(CHECKED, "It is a dam.");
    let reply = stage.chat(&ask("auto", "What is a weir?"));
    assert_eq!((reply.zone(), text_of(&reply).as_str()), (Some("local"), "It is a dam."));
    stage.assert_cloud_untouched();
    let checked = &events(&stage.gateway, "answer.checked", 1)[0];
    assert_eq!((&checked["check"], &checked["escalates"]), (&json!("passed"), &json!(false)));
}

#[test]
fn a_refusal_escalates_with_a_record_and_a_cost_for_each_attempt() {
    let stage = stage(CHECKED, REFUSAL);
    let held = [("x-weir-cascade", "on")];
    for (number, body) in
        [ask("auto", "What is a weir?"), ask_stream("auto", "What is a weir?")].iter().enumerate()
    {
        let reply = stage.gateway.chat_with(&held, body);
        assert_eq!(reply.zone(), Some("cloud"));
        let rows = attempts(&stage, &reply);
        assert_eq!(way(&rows), [("here", "policy"), ("there", "escalation")]);
        assert_eq!(rows[1]["outcome"]["attempts"], 2);
        assert_eq!(
            (&rows[1]["decision"]["egress_permitted"], &rows[0]["decision"]["egress_permitted"]),
            (&json!(true), &json!(false))
        );
        let checked = &events(&stage.gateway, "answer.checked", 2 * (number + 1))[2 * number..];
        let first = &checked[0];
        assert_eq!(
            (&first["check"], &first["escalates"], &first["attempt"]),
            (&json!("refusal"), &json!(true), &json!(1))
        );
        assert_eq!((&checked[1]["check"], &checked[1]["attempt"]), (&json!("passed"), &json!(2)));
        for (event, price) in checked.iter().zip([[0.1, 0.2], [3.0, 15.0]]) {
            let tokens = |name: &str| event[name].as_f64().unwrap_or_else(|| panic!("no {name} in {event}"));
            let cost = (tokens("tokens_in") * price[0] + tokens("tokens_out") * price[1]).ceil();
            assert_eq!(event["cost_micro_usd"].as_f64().unwrap(), cost, "{event}");
        }
        // The outcome is that of the answer that was given out.
        let outcome = &rows[1]["outcome"];
        for (ours, theirs) in [("tokens_out", "tokens_out"), ("cost_micro_usd", "cost_micro_usd")] {
            assert_eq!(outcome[ours], checked[1][theirs], "{outcome}");
        }
    }
    assert!(stage.here.requests() == 2 && stage.there.requests() == 2);
}

/// What is served is one answer, of one attempt, and only it: no word of the other, no event of it, one role, one end.
#[test]
fn of_two_answers_the_client_gets_the_events_of_one() {
    let stage = stage(CHECKED, REFUSAL);
    let alone = stage
        .gateway
        .chat_with(&[("x-weir-route", "cloud-ok")], &ask_stream("cloud-only", "What is a weir?"));
    assert_eq!((alone.zone(), alone.streamed_text().as_str()), (Some("cloud"), GOOD));
    let escalated =
        stage.gateway.chat_with(&[("x-weir-cascade", "on")], &ask_stream("auto", "What is a weir?"));
    let deltas = |reply: &Reply| -> Vec<Value> {
        let events = reply.events();
        let parsed = events.iter().filter_map(|event| serde_json::from_str::<Value>(event).ok());
        parsed.map(|event| event["choices"].clone()).collect()
    };
    assert_eq!(deltas(&escalated), deltas(&alone));
    let ids: std::collections::BTreeSet<String> = escalated
        .events()
        .iter()
        .filter_map(|event| Some(serde_json::from_str::<Value>(event).ok()?["id"].as_str()?.to_owned()))
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[test]
fn an_answer_that_waits_to_be_given_out_takes_no_place() {
    // One place inside: while the stronger target thinks, somebody else is served there.
    let config = |here: &str, there: &str| {
        priced(here, there).replace("name: local-model", "name: local-model, concurrency: 1")
    };
    let stage = Stage::with(config, CHECKED);
    stage.here.set(Script::default().text(REFUSAL));
    stage.there.set(Script::failing(Fault::HangAfter(0)));
    for body in [ask("auto", "What is a weir?"), ask_stream("auto", "What is a weir?")] {
        let before = stage.there.requests();
        let _waiting = in_background(stage.gateway.data, &[("x-weir-cascade", "on")], &body);
        stage.until("the stronger target is asked", &stage.there, move |fake| fake.requests() > before);
        let local = stage.gateway.chat_with(&[("x-weir-route", "local-only")], &ask("auto", "hello"));
        assert_eq!((local.status, local.zone()), (200, Some("local")), "{}", local.text());
    }
}

#[test]
fn weaker_targets_are_not_asked_for_a_better_answer() {
    let policy = CHECKED.replace("use: any", "use: any\n    prefer: order");
    let better_first = |worse: &str, better: &str| {
        bounded(worse, better).replace("[worse/m, better/m]", "[better/m, worse/m]")
    };
    let stage = Stage::with(better_first, &policy);
    stage.here.set(Script::default().text(GOOD));
    stage.there.set(Script::default().text(REFUSAL));
    assert_eq!(text_of(&stage.chat(&ask("auto", "What is a weir?"))), REFUSAL);
    assert_eq!((stage.here.requests(), stage.there.requests()), (0, 1));
    let checked = &events(&stage.gateway, "answer.checked", 1)[0];
    assert_eq!((&checked["check"], &checked["escalates"]), (&json!("refusal"), &json!(false)));
    // What fails is another matter, and costs nothing.
    stage.there.set(Script::failing(Fault::Status(Failure::openai(500, "server_error", "x", "broken"))));
    assert_eq!(text_of(&stage.chat(&ask("auto", "What is a weir?"))), GOOD);
    let paid: u64 = events(&stage.gateway, "answer.checked", 2).iter().map(cost).sum();
    assert_eq!(spent(&stage), (paid, paid));
}

/// Three APIs, of which the second in order is the weakest.
#[test]
fn when_the_stronger_one_fails_no_weaker_one_is_asked_and_the_first_answer_stands() {
    let backends = Backends::new();
    let [first, weakest, strongest] =
        [REFUSAL, GOOD, GOOD].map(|text| backends.start(Script::default().text(text)));
    let entry = |(name, quality, fake): (&str, f64, &Fake)| {
        format!(
            "  - {{ name: {name}, zone: cloud, url: {}, models: [{{ name: m, quality: {quality} }}] }}\n",
            fake.url()
        )
    };
    let all = [("first", 0.5, &first), ("weakest", 0.3, &weakest), ("strongest", 0.9, &strongest)];
    let config = format!(
        "{BASICS}backends:\n{}aliases:\n  auto: {{ targets: [first/m, weakest/m, strongest/m] }}\n",
        all.map(entry).concat()
    );
    let policy = CHECKED.replace("use: any", "use: any\n    prefer: order");
    let gateway = Gateway::start(&config, &policy);
    let reply = gateway.chat(&ask("auto", "What is a weir?"));
    assert_eq!((text_of(&reply).as_str(), weakest.requests()), (GOOD, 0));
    assert_eq!(reply.header("x-weir-backend"), Some("strongest"));
    strongest.set(Script::failing(Fault::Status(Failure::openai(500, "server_error", "x", "broken"))));
    let reply = gateway.chat(&ask("auto", "What is a weir?"));
    assert_eq!((text_of(&reply).as_str(), weakest.requests()), (REFUSAL, 0));
    assert_eq!(reply.header("x-weir-backend"), Some("first"));
}

#[test]
fn of_a_client_that_goes_before_the_second_answer_the_first_one_is_paid_and_not_told_as_its_own() {
    let policy = CHECKED.replace("use: any", "use: any\n    prefer: order");
    let stage = Stage::with(bounded, &policy);
    stage.here.set(Script::default().text(REFUSAL));
    stage.there.set(Script::failing(Fault::HangBeforeHead));
    let mut client = stage.gateway.client();
    client.begin_post("/v1/chat/completions", &[], ask("auto", "What is a weir?").to_string().as_bytes());
    stage.until("the stronger target is asked", &stage.there, |fake| fake.requests() == 1);
    client.abandon();
    let gone = |gateway: &Gateway| gateway.home.audit(&["--outcome", "client_cancelled"]);
    stage.gateway.until("the client has gone", |gateway| !gone(gateway).is_empty());
    let rows = gone(&stage.gateway);
    let outcome = &rows.last().unwrap()["outcome"];
    assert_eq!((&outcome["tokens_out"], &outcome["attempts"]), (&Value::Null, &json!(2)), "{rows:?}");
    let first = cost(&events(&stage.gateway, "answer.checked", 1)[0]);
    // Nobody knows what the other will be charged for: it is taken to cost what was expected.
    let (paid, _) = spent(&stage);
    assert!(paid > first, "{paid} {first}");
}

#[test]
fn every_fault_escalates_and_what_the_rule_does_not_name_does_not() {
    let schema = json!({ "type": "json_schema", "json_schema": { "name": "p", "schema":
        { "type": "object", "properties": { "age": { "type": "integer" } }, "required": ["age"] } } });
    let tools = json!([{ "type": "function", "function": { "name": "weather", "parameters":
        { "type": "object", "required": ["city"] } } }]);
    let with = |name: &str, value: &Value| {
        let mut body = ask("auto", "What is a weir?");
        body[name] = value.clone();
        body
    };
    let cases = [
        ("empty", Script::default().text(" "), ask("auto", "hello")),
        (
            "json",
            Script::default().text("age: 3"),
            with("response_format", &json!({ "type": "json_object" })),
        ),
        ("schema", Script::default().text("{\"age\":\"three\"}"), with("response_format", &schema)),
        ("tool_call", Script::default().tool_call("weather", "{}"), with("tools", &tools)),
        ("cut_off", Script::default().text("It is").finish_reason("length"), ask("auto", "hello")),
    ];
    let all = stage(CHECKED, "");
    let none = stage(&CHECKED.replace("cascade: true", "cascade: { checks: [refusal] }"), "");
    for (number, (check, script, body)) in cases.into_iter().enumerate() {
        all.here.set(script.clone());
        let reply = all.chat(&body);
        assert_eq!(reply.zone(), Some("cloud"), "{check}: {}", reply.text());
        let checked = events(&all.gateway, "answer.checked", 2 * (number + 1));
        assert_eq!(checked[2 * number]["check"], check, "{checked:?}");
        none.here.set(script);
        assert_eq!(none.chat(&body).zone(), Some("local"), "{check}");
    }
    none.assert_cloud_untouched();
}

#[test]
fn classified_data_is_checked_and_escalates_to_nothing_outside() {
    let stage = stage(CHECKED, REFUSAL);
    for body in
        [ask("auto", "Write to jo.doe@example.com."), ask_stream("auto", "Write to jo.doe@example.com.")]
    {
        let headers = [("x-weir-cascade", "on")];
        let reply = stage.gateway.chat_with(&headers, &body);
        assert_eq!((reply.status, reply.zone()), (200, Some("local")));
        assert!(reply.text().contains("sorry"), "{}", reply.text());
    }
    stage.assert_cloud_untouched();
    let checked = events(&stage.gateway, "answer.checked", 2);
    assert!(
        checked.iter().all(|event| event["check"] == "refusal" && event["escalates"] == false),
        "{checked:?}"
    );
}

#[test]
fn what_cannot_be_had_better_is_given_out_as_it_was() {
    let stage = stage(CHECKED, REFUSAL);
    stage.there.set(Script::failing(Fault::Status(Failure::openai(500, "server_error", "x", "broken"))));
    let reply = stage.chat(&ask("auto", "What is a weir?"));
    assert_eq!((reply.status, reply.zone(), text_of(&reply).as_str()), (200, Some("local"), REFUSAL));
    let rows = attempts(&stage, &reply);
    assert_eq!(way(&rows), [("here", "policy"), ("there", "escalation")]);
    let outcome = &rows[1]["outcome"];
    let tokens = |name: &str| outcome[name].as_f64().unwrap();
    let cost = (tokens("tokens_in") * 0.1 + tokens("tokens_out") * 0.2).ceil();
    assert_eq!(outcome["cost_micro_usd"].as_f64(), Some(cost), "{outcome}");
    assert_eq!((&outcome["outcome"], &outcome["answered_attempt"]), (&json!("ok"), &json!(1)), "{outcome}");
    let streamed =
        stage.gateway.chat_with(&[("x-weir-cascade", "on")], &ask_stream("auto", "What is a weir?"));
    assert_eq!((streamed.streamed_text().as_str(), streamed.zone()), (REFUSAL, Some("local")));
    assert_eq!(streamed.events().iter().filter(|event| *event == "[DONE]").count(), 1);
}

#[test]
fn a_stream_is_held_back_only_where_that_was_asked_for_and_nothing_is_doubled() {
    let stage = stage(CHECKED, REFUSAL);
    let plain = stage.chat(&ask_stream("auto", "What is a weir?"));
    assert_eq!((plain.zone(), plain.streamed_text().as_str()), (Some("local"), REFUSAL));
    let held = stage.gateway.chat_with(&[("x-weir-cascade", "on")], &ask_stream("auto", "What is a weir?"));
    assert_eq!((held.zone(), held.streamed_text().as_str()), (Some("cloud"), GOOD));
    let done = held.events().iter().filter(|event| *event == "[DONE]").count();
    assert_eq!(done, 1, "{}", held.text());
    assert!(!held.text().contains("sorry"), "{}", held.text());
    assert_eq!(way(&attempts(&stage, &held)), [("here", "policy"), ("there", "escalation")]);
    let of_rule = stage_with_streams();
    let held = of_rule.chat(&ask_stream("auto", "What is a weir?"));
    assert_eq!((held.zone(), held.streamed_text().as_str()), (Some("cloud"), GOOD));
}

fn stage_with_streams() -> Stage {
    stage(&CHECKED.replace("cascade: true", "cascade: { streams: true }"), REFUSAL)
}

#[test]
fn an_answer_above_the_limit_is_given_out_unchecked() {
    let stage = stage(&CHECKED.replace("cascade: true", "cascade: { streams: true, buffer: 64 }"), REFUSAL);
    assert_eq!(stage.chat(&ask("auto", "What is a weir?")).zone(), Some("local"));
    let streamed = stage.chat(&ask_stream("auto", "What is a weir?"));
    assert_eq!((streamed.zone(), streamed.streamed_text().as_str()), (Some("local"), REFUSAL));
    stage.assert_cloud_untouched();
}

#[test]
fn a_stream_above_the_limit_goes_on_as_any_other() {
    let stage = stage(&CHECKED.replace("cascade: true", "cascade: { streams: true, buffer: 64 }"), REFUSAL);
    // It says a little, which is more than the limit, and then nothing: who waited for its end would wait in vain.
    stage.here.set(Script::default().text(REFUSAL).fault(Fault::HangAfter(3)));
    let stream = open_stream(stage.gateway.data, &[], &ask_stream("auto", "What is a weir?"));
    assert_eq!(stream.header("x-weir-zone"), "local");
    assert!(stream.text.contains("I'm"), "{}", stream.text);
    stream.abandon();
}

#[test]
fn a_local_stream_that_breaks_while_it_is_held_back_is_made_anew() {
    let stage = stage_with_streams();
    stage
        .here
        .set(Script::default().text(GOOD).fault(Fault::Cut { after: 2, how: weir_rig::fake::Cut::Reset }));
    let reply = stage.chat(&ask_stream("auto", "What is a weir?"));
    assert_eq!((reply.zone(), reply.streamed_text().as_str()), (Some("cloud"), GOOD));
    assert_eq!(way(&attempts(&stage, &reply)), [("here", "policy"), ("there", "failover")]);
}

/// Two APIs, of which the second is the better one, and a budget for both.
fn bounded(worse: &str, better: &str) -> String {
    let model =
        |quality: f64| format!("[{{ name: m, quality: {quality}, price: {{ input: 300, output: 1500 }} }}]");
    format!(
        "weir: 1\nlisten: 127.0.0.1:0\nadmin: 127.0.0.1:0\nstate: ./state\nbudget: {{ month: 100 }}\nbackends:\n  \
         - {{ name: worse, zone: cloud, url: {worse}, models: {} }}\n  \
         - {{ name: better, zone: cloud, url: {better}, models: {} }}\n\
         aliases:\n  auto: {{ targets: [worse/m, better/m] }}\n",
        model(0.5),
        model(0.9)
    )
}

/// What is spent of the budget of all, and what is counted as spent in the cloud, in micro-USD.
fn spent(stage: &Stage) -> (u64, u64) {
    let page = stage.gateway.admin_json("/spending");
    let month = page["purses"][0]["month"]["spent_usd"].as_f64().unwrap_or(0.0);
    let counted = stage.gateway.metric("weir_cost_usd_total", &["cloud"]);
    ((month * 1e6).round() as u64, (counted * 1e6).round() as u64)
}

fn cost(event: &Value) -> u64 {
    event["tokens_in"].as_u64().unwrap() * 300 + event["tokens_out"].as_u64().unwrap() * 1500
}

#[test]
fn an_answer_that_nobody_gets_is_paid_for_and_one_that_is_given_out_after_all_is_paid_once() {
    let policy = CHECKED.replace("use: any", "use: any\n    prefer: order");
    let stage = Stage::with(bounded, &policy);
    stage.here.set(Script::default().text(REFUSAL));
    stage.there.set(Script::default().text(GOOD));
    let held = [("x-weir-cascade", "on")];
    let mut paid = 0;
    for (number, body) in
        [ask("auto", "What is a weir?"), ask_stream("auto", "What is a weir?")].iter().enumerate()
    {
        stage.there.set(Script::default().text(GOOD));
        assert!(stage.gateway.chat_with(&held, body).text().contains("dam"));
        let checked = &events(&stage.gateway, "answer.checked", 3 * number + 2)[3 * number..];
        let [first, second] = [cost(&checked[0]), cost(&checked[1])];
        assert!(first > 0 && second > 0 && first != second);
        paid += first + second;
        assert_eq!(spent(&stage), (paid, paid));
        // The better one fails: the answer of the first is given out, and is all that there is to pay.
        stage.there.set(Script::failing(Fault::Status(Failure::openai(500, "server_error", "x", "broken"))));
        assert!(stage.gateway.chat_with(&held, body).text().contains("sorry"));
        events(&stage.gateway, "answer.checked", 3 * number + 3);
        paid += first;
        assert_eq!(spent(&stage), (paid, paid));
    }
}

#[test]
fn a_local_answer_that_is_given_out_after_all_is_paid_from_no_budget() {
    let config = |local: &str, cloud: &str| {
        priced(local, cloud).replace("backends:\n", "budget: { month: 100 }\nbackends:\n")
    };
    let stage = Stage::with(config, CHECKED);
    stage.here.set(Script::default().text(REFUSAL));
    stage.there.set(Script::failing(Fault::Status(Failure::openai(500, "server_error", "x", "broken"))));
    assert_eq!(text_of(&stage.chat(&ask("auto", "What is a weir?"))), REFUSAL);
    assert_eq!(attempts(&stage, &stage.chat(&ask("auto", "What is a weir?"))).len(), 2);
    assert_eq!(spent(&stage), (0, 0));
}
