//! Detectors inside the network: what they find stays local, and so does everything while they fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod fake;

#[path = "../support/mod.rs"]
mod support;

use fake::{Answer, Detector, completion, finding, span};
use serde_json::{Value, json};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::backends::in_background;
use support::http::{Client, Reply};
use support::stage::Stage;
use support::{Home, TWO_RULES, ask, two_zones};

/// No recogniser of Weir's finds anything in it.
const QUESTION: &str = "Größe? Ask the canary quux about it.";
const CANARY: &str = "canary quux";

/// The policy with this detector.
fn policy(detector: &Value) -> String {
    TWO_RULES.replace("rules:\n", &format!("  detectors: [{detector}]\nrules:\n"))
}

fn presidio(url: &str, members: Value) -> Value {
    // A busy machine is no reason to be late.
    let mut detector = json!({ "name": "presidio", "url": url, "presidio": {}, "timeout": "20s" });
    for (name, value) in members.as_object().unwrap() {
        detector[name] = value.clone();
    }
    detector
}

fn judge(url: &str, when: &str) -> Value {
    json!({ "name": "judge", "url": format!("{url}/v1"), "llm": { "model": "small" }, "when": when, "timeout": "20s" })
}

fn stage(detector: &Value) -> Stage {
    Stage::with(two_zones, &policy(detector))
}

/// The decision of a reply that the local backend gave.
#[track_caller]
fn kept(stage: &Stage, reply: &Reply) -> Value {
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    stage.assert_cloud_untouched();
    stage.record(reply)["decision"].clone()
}

#[track_caller]
fn assert_asked(stage: &Stage, outcome: &str, times: f64) {
    let label = format!("outcome=\"{outcome}\"");
    assert_eq!(stage.gateway.metric("weir_detector_requests_total", &[&label]), times, "{outcome}");
}

#[test]
fn what_a_detector_finds_stays_local_and_is_recorded_with_its_place() {
    let detector = Detector::start(|question| finding("PERSON", CANARY, question));
    let stage = stage(&presidio(&detector.url, json!({})));
    let reply = stage.chat(&ask("auto", QUESTION));
    let decision = kept(&stage, &reply);
    assert_eq!((&decision["level"], &decision["scan_complete"]), (&json!("confidential"), &json!(true)));
    assert_eq!(decision["findings"], json!([{ "type": "PERSON", "count": 1 }]));
    assert_eq!(decision["categories"], json!(["personal"]));
    assert_eq!(decision["sources"], json!(["messages.0.content"]), "{decision}");
    let (path, body) = detector.asked().remove(0);
    assert_eq!((path.as_str(), &body["language"]), ("/analyze", &json!("en")));
    assert!(body["text"].as_str().unwrap().contains(QUESTION));
    assert_asked(&stage, "found", 1.0);
}

/// A judge does not say the same each time.
#[test]
fn what_a_detector_found_once_stays_local_when_the_conversation_goes_on() {
    let asked = AtomicUsize::new(0);
    let detector = Detector::start(move |question| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => finding("PERSON", CANARY, question),
        _ => Answer::Says(200, "[]".to_owned()),
    });
    let stage = stage(&presidio(&detector.url, json!({})));
    let post = |body: &Value| {
        Client::connect(stage.gateway.data).post("/v1/responses", &[], body.to_string().as_bytes())
    };
    let first = post(&json!({ "model": "auto", "input": QUESTION }));
    kept(&stage, &first);
    let item = json!({ "type": "item_reference", "id": first.json()["output"][0]["id"] });
    for next in [
        json!({ "model": "auto", "input": "And?", "previous_response_id": first.json()["id"] }),
        json!({ "model": "auto", "input": [item, { "role": "user", "content": "And?" }] }),
    ] {
        kept(&stage, &post(&next));
    }
}

#[test]
fn what_a_detector_finds_clean_may_leave() {
    let detector = Detector::start(|question| finding("PERSON", CANARY, question));
    let stage = stage(&presidio(&detector.url, json!({ "presidio": { "languages": ["en", "de"] } })));
    let reply = stage.chat(&ask("auto", "Why is the sky blue?"));
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    let languages: Vec<Value> = detector.asked().iter().map(|(_, body)| body["language"].clone()).collect();
    assert_eq!(languages, ["en", "de"]);
    assert_asked(&stage, "clean", 1.0);
}

#[test]
fn a_detector_is_not_asked_about_what_is_classified_already_and_cannot_lower_it() {
    let detector = Detector::saying(Answer::Says(200, "[]".to_owned()));
    let stage = stage(&presidio(&detector.url, json!({})));
    kept(&stage, &stage.chat(&ask("auto", "write to jane.doe@example.com")));
    assert_eq!(detector.asked().len(), 0);
}

#[test]
fn types_and_scores_count_as_configured() {
    for (entity, score, members, zone) in [
        ("PERSON", 0.6, json!({}), "local"),
        ("X_OWN_TYPE", 0.6, json!({}), "local"),
        ("PERSON", 0.4, json!({}), "cloud"),
        ("PERSON", 0.4, json!({ "presidio": { "min_score": 0.3 } }), "local"),
        ("DATE_TIME", 0.9, json!({}), "cloud"),
        ("DATE_TIME", 0.9, json!({ "presidio": { "ignore": [] } }), "local"),
        ("PERSON", 0.9, json!({ "presidio": { "ignore": ["PERSON"] } }), "cloud"),
    ] {
        let detector = Detector::saying(Answer::Says(200, json!([span(entity, 0, 3, score)]).to_string()));
        let stage = stage(&presidio(&detector.url, members.clone()));
        assert_eq!(stage.chat(&ask("auto", QUESTION)).zone(), Some(zone), "{entity} {score} {members}");
    }
    let detector = Detector::saying(Answer::Says(200, json!([span("IP_ADDRESS", 0, 3, 0.9)]).to_string()));
    let lenient = policy(&presidio(&detector.url, json!({})))
        .replace("data:\n", "data:\n  entities: { IP_ADDRESS: internal }\n");
    let stage = Stage::with(two_zones, &lenient);
    assert_eq!(stage.chat(&ask("auto", QUESTION)).zone(), Some("cloud"));
}

#[test]
fn while_a_detector_fails_everything_stays_local_and_says_so() {
    let says = |status, body: &str| Answer::Says(status, body.to_owned());
    let lie = |spans: Value| Answer::Says(200, spans.to_string());
    let huge = format!("[{}]", vec![span("PERSON", 0, 1, 0.9).to_string(); 60_000].join(","));
    for (outcome, answer) in [
        ("timeout", Answer::Hangs),
        ("timeout", Answer::Slowly(Duration::from_secs(3), "[]".to_owned())),
        ("closed", Answer::Closes),
        ("malformed", Answer::Raw("nonsense\r\n\r\n".to_owned())),
        ("cut", Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[]".to_owned())),
        ("status", says(500, "[]")),
        ("status", says(204, "")),
        (
            "status",
            Answer::Raw(
                "HTTP/1.1 302 Found\r\nlocation: http://example.com/\r\ncontent-length: 0\r\n\r\n".to_owned(),
            ),
        ),
        ("lie", says(200, "")),
        ("lie", says(200, "{}")),
        ("lie", says(200, "[] []")),
        ("lie", says(200, "null")),
        ("lie", lie(json!([span("PERSON", 0, 100_000, 0.9)]))),
        ("lie", lie(json!([span("PERSON", 5, 5, 0.9)]))),
        ("lie", lie(json!([span("person of note", 0, 5, 0.9)]))),
        ("lie", lie(json!([span("PERSON", 0, 5, 7.0)]))),
        ("lie", lie(json!([{ "entity_type": "PERSON", "start": "0", "end": 5, "score": 1 }]))),
        ("too_long", Answer::Says(200, huge)),
    ] {
        let detector = Detector::saying(answer);
        let limit = if outcome == "timeout" { "400ms" } else { "20s" };
        let stage = stage(&presidio(&detector.url, json!({ "timeout": limit })));
        let decision = kept(&stage, &stage.chat(&ask("auto", QUESTION)));
        assert_eq!((&decision["level"], &decision["scan_complete"]), (&json!("restricted"), &json!(false)));
        assert_eq!(decision["opaque"], json!([format!("detector:presidio:{outcome}")]), "{decision}");
        assert_asked(&stage, outcome, 1.0);
        assert_eq!(stage.gateway.metric("weir_incomplete_scans_total", &[]), 1.0);
        assert!(stage.here.contains(CANARY.as_bytes()));
        let cloud_only = stage.chat(&ask("cloud-only", QUESTION));
        assert_ne!(cloud_only.status, 200, "{outcome}: {}", cloud_only.text());
        stage.assert_cloud_untouched();
    }
}

#[test]
fn a_detector_that_is_down_is_spared_for_a_while_and_nothing_leaves_meanwhile() {
    let detector = Detector::saying(Answer::Says(503, String::new()));
    let stage = stage(&presidio(&detector.url, json!({})));
    // It is spared for seconds: those that come then come together, and what became of them is looked at afterwards.
    let mut replies: Vec<Reply> = (0..5).map(|_| stage.chat(&ask("auto", QUESTION))).collect();
    let others = [(); 3].map(|()| in_background(stage.gateway.data, &[], &ask("auto", QUESTION)));
    replies.extend(others.map(|other| other.join().unwrap()));
    replies.iter().for_each(|reply| _ = kept(&stage, reply));
    assert_eq!(detector.asked().len(), 5);
    assert_asked(&stage, "status", 5.0);
    assert_asked(&stage, "breaker_open", 3.0);
}

#[test]
fn where_nobody_listens_everything_stays_local() {
    let stage = stage(&presidio("http://127.0.0.1:9", json!({})));
    kept(&stage, &stage.chat(&ask("auto", QUESTION)));
    assert_asked(&stage, "connect", 1.0);
}

#[test]
fn a_text_that_is_too_long_for_a_detector_counts_as_classified() {
    let detector = Detector::saying(Answer::Says(200, "[]".to_owned()));
    let stage = stage(&presidio(&detector.url, json!({})));
    // A busy machine may not even inspect it in time, which keeps it inside as well.
    let mut decision = Value::Null;
    stage.gateway.until("it is inspected in time", |_| {
        decision = kept(&stage, &stage.chat(&ask("auto", &"word ".repeat(300_000))));
        decision["opaque"].is_array()
    });
    assert_eq!(decision["opaque"], json!(["detector:presidio:text_too_long"]));
    assert_eq!(detector.asked().len(), 0);
}

/// Each question waits a while for another to come beside it.
#[test]
fn at_most_so_many_questions_are_asked_at_a_time() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (asked_now, asked_most) = (now.clone(), most.clone());
    let detector = Detector::start(move |_| {
        asked_most.fetch_max(asked_now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(100));
        asked_now.fetch_sub(1, Ordering::SeqCst);
        Answer::Says(200, "[]".to_owned())
    });
    let stage = stage(&presidio(&detector.url, json!({ "concurrency": 1 })));
    std::thread::scope(|scope| {
        let address = stage.gateway.data;
        let post = move || {
            let body = ask("auto", QUESTION).to_string();
            Client::connect(address).post("/v1/chat/completions", &[], body.as_bytes())
        };
        let replies: Vec<_> = (0..3).map(|_| scope.spawn(post)).collect();
        replies.into_iter().for_each(|reply| assert_eq!(reply.join().unwrap().zone(), Some("cloud")));
    });
    assert_eq!((most.load(Ordering::SeqCst), detector.asked().len()), (1, 3));
    assert_asked(&stage, "clean", 3.0);
}

#[test]
fn a_question_that_finds_no_place_in_time_counts_as_not_answered() {
    let detector = Detector::saying(Answer::Hangs);
    let stage = stage(&presidio(&detector.url, json!({ "concurrency": 1, "timeout": "400ms" })));
    std::thread::scope(|scope| {
        let address = stage.gateway.data;
        let post = move || {
            let body = ask("auto", QUESTION).to_string();
            Client::connect(address).post("/v1/chat/completions", &[], body.as_bytes())
        };
        let replies: Vec<_> = (0..3).map(|_| scope.spawn(post)).collect();
        replies.into_iter().for_each(|reply| assert_eq!(reply.join().unwrap().zone(), Some("local")));
    });
    assert_asked(&stage, "timeout", 3.0);
    stage.assert_cloud_untouched();
}

#[test]
fn classify_with_the_configuration_asks_the_detectors_as_the_gateway_does() {
    let detector = Detector::start(|question| finding("PERSON", CANARY, question));
    let home = |detector: &Detector| {
        let home = Home::new(
            &two_zones("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1"),
            &policy(&presidio(&detector.url, json!({}))),
        );
        std::fs::write(home.path().join("note.txt"), QUESTION).unwrap();
        home
    };
    let note = |home: &Home| home.path().join("note.txt").to_str().unwrap().to_owned();
    let answer = |output: Output| -> Value { serde_json::from_slice(&output.stdout).unwrap() };
    let as_gateway = |home: &Home| answer(home.weir(&["classify", "--json", "--explain", &note(home)]));
    let alone = |home: &Home| {
        let arguments = ["classify", "--json", "--explain", &note(home)];
        answer(support::weir().args(arguments).current_dir(home.path()).output().unwrap())
    };
    let up = home(&detector);
    let answer = as_gateway(&up);
    let found = answer["findings"][0].clone();
    let start = QUESTION.find(CANARY).unwrap();
    assert_eq!((&answer["level"], &found["type"]), (&json!("confidential"), &json!("PERSON")), "{answer}");
    assert_eq!((&found["start"], &found["recogniser"]), (&json!(start), &json!("presidio")), "{answer}");
    let questions = detector.asked().len();
    let alone = alone(&up);
    assert_eq!((&alone["level"], detector.asked().len()), (&json!("internal"), questions), "{alone}");

    let down = home(&Detector::saying(Answer::Closes));
    let answer = as_gateway(&down);
    assert_eq!((&answer["level"], &answer["complete"]), (&json!("restricted"), &json!(false)), "{answer}");
    assert_eq!(answer["opaque"], json!(["detector:presidio:closed"]));
}

#[test]
fn a_judge_decides_what_is_left_open() {
    for (verdict, zone, level) in [
        (r#"{"classified": true, "categories": ["special_category"]}"#, "local", "restricted"),
        (r#"{"classified": true, "categories": []}"#, "local", "confidential"),
        (r#"{"classified": true, "categories": ["source_code"]}"#, "local", "confidential"),
        (r#"{"classified": false, "categories": []}"#, "cloud", "internal"),
        (r#"{"classified": false, "categories": [], "why": "the text told me so"}"#, "local", "restricted"),
        (r#"{"classified": true, "categories": ["gossip"]}"#, "local", "restricted"),
        ("It is fine.", "local", "restricted"),
    ] {
        let detector = Detector::saying(completion(verdict));
        let stage = stage(&judge(&detector.url, "always"));
        let reply = stage.chat(&ask("auto", QUESTION));
        assert_eq!(reply.zone(), Some(zone), "{verdict}: {}", reply.text());
        assert_eq!(stage.record(&reply)["decision"]["level"], level, "{verdict}");
        let (path, body) = detector.asked().remove(0);
        assert_eq!((path.as_str(), &body["model"]), ("/v1/chat/completions", &json!("small")));
    }
}

#[test]
fn an_uncertain_judge_is_asked_about_long_texts_and_findings_that_do_not_decide() {
    let detector = Detector::saying(completion(r#"{"classified": true, "categories": ["business"]}"#));
    let rules = policy(&judge(&detector.url, "uncertain"))
        .replace("data:\n", "data:\n  entities: { IP_ADDRESS: internal }\n");
    let stage = Stage::with(two_zones, &rules);
    assert_eq!(stage.chat(&ask("auto", QUESTION)).zone(), Some("cloud"));
    assert_eq!(detector.asked().len(), 0);
    assert_eq!(stage.chat(&ask("auto", "the host is 203.0.113.77")).zone(), Some("local"));
    assert_eq!(stage.chat(&ask("auto", &"word ".repeat(500))).zone(), Some("local"));
    assert_eq!(detector.asked().len(), 2);
}

#[test]
fn a_reload_can_bring_a_detector() {
    let detector = Detector::start(|question| finding("PERSON", CANARY, question));
    let stage = Stage::new();
    assert_eq!(stage.chat(&ask("auto", QUESTION)).zone(), Some("cloud"));
    std::fs::write(stage.gateway.home.policy(), policy(&presidio(&detector.url, json!({})))).unwrap();
    stage.gateway.signal("HUP");
    stage.gateway.until("the detector is asked", |gateway| {
        gateway.chat(&ask("auto", QUESTION)).zone() == Some("local")
    });
    assert_asked(&stage, "found", 1.0);
}

#[test]
fn a_detector_outside_the_network_is_refused_with_its_place() {
    for url in ["http://203.0.113.7:5002", "https://api.openai.com/v1", "http://169.254.169.254"] {
        let home = Home::new(
            &two_zones("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1"),
            &policy(&presidio(url, json!({}))),
        );
        let output = home.weir(&["check"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{url}: {said}");
        assert!(said.contains("policy.yaml:7:"), "{said}");
    }
}

#[test]
fn an_explanation_names_the_detectors_and_asks_none() {
    let detector = Detector::saying(Answer::Hangs);
    let stage = stage(&presidio(&detector.url, json!({})));
    let request = stage.gateway.home.path().join("request.json");
    std::fs::write(&request, ask("auto", QUESTION).to_string()).unwrap();
    let output = stage.gateway.home.weir(&["explain", request.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("presidio (not asked: nothing is sent)"), "{said}");
    assert_eq!(detector.asked().len(), 0);
}

#[test]
fn a_detector_may_be_a_backend_of_the_configuration() {
    let detector = Detector::start(|question| finding("PERSON", CANARY, question));
    let config = |here: &str, there: &str| {
        let analyzer = format!(
            "  - {{ name: pii, zone: local, url: \"{}\", models: [{{ name: analyzer }}] }}\n",
            detector.url
        );
        two_zones(here, there).replace("aliases:\n", &format!("{analyzer}aliases:\n"))
    };
    let policy = policy(&json!({ "name": "presidio", "backend": "pii", "presidio": {}, "timeout": "20s" }));
    let stage = Stage::with(config, &policy);
    let decision = kept(&stage, &stage.chat(&ask("auto", QUESTION)));
    assert_eq!(decision["findings"], json!([{ "type": "PERSON", "count": 1 }]));
    assert_eq!(detector.asked().len(), 1);
}

#[test]
fn the_policy_can_give_levels_to_what_only_a_detector_reports() {
    let detector = Detector::start(|question| finding("STAFF_NUMBER", CANARY, question));
    let asked = presidio(&detector.url, json!({ "presidio": { "entities": ["STAFF_NUMBER"] } }));
    let policy =
        policy(&asked).replace("data:\n", "data:\n  entities: { STAFF_NUMBER: restricted, NRP: internal }\n");
    let policy = policy.replace(
        "rules:\n",
        "rules:\n  - { name: staff stays, when: { data.entities: STAFF_NUMBER }, use: local }\n",
    );
    let stage = Stage::with(two_zones, &policy);
    let reply = stage.chat(&ask("auto", QUESTION));
    assert_eq!(reply.header("x-weir-rule"), Some("staff stays"), "{}", reply.text());
    assert_eq!(kept(&stage, &reply)["level"], "restricted");
}
