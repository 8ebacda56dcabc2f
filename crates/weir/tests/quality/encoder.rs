//! An encoder inside that is asked where the embedded model is unsure: what it changes, and that nothing depends on it.

use super::detector::{Answer, Detector, finding};
use crate::support::http::Reply;
use crate::support::stage::Stage;
use crate::support::{Home, TWO_RULES, ask, weir};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use std::time::Duration;
use tempfile::TempDir;

const BY_TASK: &str = "\
policy: 1
data: { default: internal, personal: confidential }
rules:
  - { name: sums, when: { task.type: math }, use: local }
  - { name: rest, use: any, prefer: order }
";

/// What the prompts of a shop ask for; no model of task types knows its words.
const WORDS: [(&str, &str); 3] = [("Wrumple", "rag"), ("Frobnicate", "math"), ("Glim", "chat")];

/// A vector that tells the words apart, with something of the rest of the text.
fn vector(text: &str) -> Value {
    let noise = text.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let noise = |n: u32| f64::from((noise >> n) & 0xff) / 1000.0;
    let told = WORDS
        .iter()
        .enumerate()
        .map(|(n, (word, _))| f64::from(u8::from(text.contains(word))) + noise(n as u32));
    told.chain([1.0 + noise(9)]).collect()
}

fn vectors(embedding: &Value) -> Answer {
    let data = json!([{ "object": "embedding", "index": 0, "embedding": embedding }]);
    Answer::Says(200, json!({ "object": "list", "data": data, "model": "e5" }).to_string())
}

/// One that answers every question with the vector of its text.
fn encoder() -> Detector {
    Detector::start(|(_, body)| vectors(&vector(body["input"][0].as_str().unwrap())))
}

/// The configuration with the encoder's backend, and what is said of the encoder.
fn config(encoder: &str, section: &str) -> impl Fn(&str, &str) -> String {
    let backend =
        format!("  - {{ name: enc, zone: local, url: {encoder}/v1, models: [{{ name: e5 }}] }}\naliases:\n");
    let section = section.to_owned();
    move |local, cloud| {
        let zones = crate::support::two_zones(local, cloud);
        format!("{}{section}", zones.replace("aliases:\n", &backend))
    }
}

fn labelled(path: &Path) {
    let lines: String = (0..90)
        .map(|n| {
            let (word, task) = WORDS[n % 3];
            let text = format!("{word} the {} of number {n}.", ["door", "lamp", "cat", "road", "pot"][n % 5]);
            format!("{}\n", json!({ "text": text, "task": task }))
        })
        .collect();
    std::fs::write(path, lines).unwrap();
}

fn fit(home: &Path, arguments: &[&str]) -> Output {
    let always = ["encoder", "fit", "--labelled", "prompts.jsonl", "--below", "1"];
    weir().current_dir(home).args(always).args(arguments).output().unwrap()
}

/// The head of the encoder, fitted by the command.
fn head(encoder: &Detector) -> (TempDir, String) {
    let home = TempDir::new().unwrap();
    let files = [
        ("weir.yaml", config(&encoder.url, "")("http://127.0.0.1:9", "https://api.example.com")),
        ("policy.yaml", BY_TASK.to_owned()),
    ];
    files.iter().for_each(|(name, text)| std::fs::write(home.path().join(name), text).unwrap());
    labelled(&home.path().join("prompts.jsonl"));
    let output = fit(home.path(), &["--target", "enc/e5", "--prefix", "query: "]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("90 prompts") && told.contains("with it"), "{told}");
    let section = String::from_utf8(output.stdout).unwrap();
    assert_eq!(section, "encoder: { target: enc/e5, head: task-head.json, below: 1 }\n");
    let path = home.path().join("task-head.json").display().to_string();
    // A busy machine is no reason to be late.
    (home, section.replace("task-head.json", &path).replace("below: 1", "below: 1, timeout: 20s"))
}

fn task(stage: &Stage, reply: &Reply) -> (String, Value) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let facts = stage.record(reply)["decision"]["facts"].clone();
    (facts["task.type"].as_str().unwrap().to_owned(), facts["task.encoder"].clone())
}

fn counted(stage: &Stage, outcome: &str) -> f64 {
    stage.gateway.metric("weir_encoder_requests_total", &[&format!("outcome=\"{outcome}\"")])
}

#[test]
fn what_the_encoder_says_is_the_task_type_in_rules_and_records() {
    let encoder = encoder();
    let (_home, section) = head(&encoder);
    let fitted = encoder.asked().len();
    let stage = Stage::with(config(&encoder.url, &section), BY_TASK);
    for (word, kind) in WORDS {
        let reply = stage.chat(&ask("auto", &format!("{word} the lamp of the fifth house.")));
        assert_eq!(task(&stage, &reply).0, kind);
        assert_eq!(reply.zone(), Some(if kind == "math" { "local" } else { "cloud" }));
    }
    assert_eq!(counted(&stage, "changed") + counted(&stage, "agreed"), 3.0);
    assert!(counted(&stage, "changed") >= 1.0);
    let (path, body) = encoder.asked()[fitted].clone();
    assert_eq!(path, "/v1/embeddings");
    assert_eq!(
        (&body["model"], &body["input"]),
        (&json!("e5"), &json!(["query: Wrumple the lamp of the fifth house."]))
    );
    let asked = stage.gateway.home.path().join("asked.jsonl");
    std::fs::write(&asked, "{\"id\":1,\"text\":\"Frobnicate the pot.\"}\n").unwrap();
    let mut classify = weir();
    classify.args(["classify", "--task", "--config"]).arg(stage.gateway.home.config());
    let output = classify.stdin(std::fs::File::open(asked).unwrap()).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["task"], "math", "{said} {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn it_is_asked_only_where_the_embedded_model_is_unsure_and_nobody_has_said_it() {
    let encoder = encoder();
    let (_home, section) = head(&encoder);
    let fitted = encoder.asked().len();
    let stage = Stage::with(config(&encoder.url, &section.replace("below: 1,", "below: 0.2,")), BY_TASK);
    let sure = stage.chat(&ask("auto", "Translate into German: the cat is black"));
    assert_eq!(task(&stage, &sure), ("translate".to_owned(), Value::Null));
    assert_eq!(encoder.asked().len(), fitted);
    let stage = Stage::with(config(&encoder.url, &section), BY_TASK);
    let declared = stage.gateway.chat_with(&[("x-weir-task", "creative")], &ask("auto", "Frobnicate."));
    assert_eq!(task(&stage, &declared), ("creative".to_owned(), Value::Null));
    let mut tools = ask("auto", "Frobnicate.");
    tools["tools"] = json!([{ "type": "function", "function": { "name": "weather", "parameters": {} } }]);
    assert_eq!(task(&stage, &stage.chat(&tools)), ("agent".to_owned(), Value::Null));
    assert_eq!(encoder.asked().len(), fitted);
}

#[test]
fn whatever_is_wrong_with_it_the_embedded_model_is_heard_and_it_is_left_alone_after_a_while() {
    let (_home, section) = head(&encoder());
    let alone = Stage::with(crate::support::two_zones, BY_TASK);
    let question = || ask("auto", "Frobnicate the lamp of the fifth house.");
    let embedded = task(&alone, &alone.chat(&question())).0;
    let cases = [
        ("status", Answer::Says(500, "{}".to_owned())),
        ("no_vector", Answer::Says(200, "{\"data\": []}".to_owned())),
        ("no_vector", vectors(&json!([1.0, 2.0]))),
        ("timeout", Answer::Slowly(Duration::from_millis(900), "{}".to_owned())),
        ("timeout", Answer::Hangs),
    ];
    for (outcome, answer) in cases {
        let broken = Detector::saying(answer);
        let section = if outcome == "timeout" { section.replace("20s", "300ms") } else { section.clone() };
        let stage = Stage::with(config(&broken.url, &section), BY_TASK);
        // It is left alone for seconds: what became of them is looked at afterwards.
        let replies: Vec<Reply> = (0..6).map(|_| stage.chat(&question())).collect();
        for (reply, said) in replies.iter().zip([outcome; 5].into_iter().chain(["breaker_open"])) {
            assert_eq!(task(&stage, reply), (embedded.clone(), json!(said)));
        }
        if outcome == "timeout" {
            // One whose time was up before it was sent never comes.
            assert!(broken.asked().len() <= 5, "it was asked while it is left alone");
        } else {
            assert_eq!(broken.asked().len(), 5);
        }
        assert_eq!((counted(&stage, outcome), counted(&stage, "breaker_open")), (5.0, 1.0));
    }
}

#[test]
fn it_gets_no_text_that_its_clearance_does_not_admit() {
    let encoder = encoder();
    let (_home, section) = head(&encoder);
    let fitted = encoder.asked().len();
    let clear = |local: &str, cloud: &str| {
        config(&encoder.url, &section)(local, cloud)
            .replace("name: enc, zone: local", "name: enc, zone: local, clearance: internal")
    };
    let stage = Stage::with(clear, BY_TASK);
    let classified = stage.chat(&ask("auto", "Frobnicate the lamp of jo.doe@example.com."));
    assert_eq!(task(&stage, &classified).1, "no_permit");
    assert_eq!(encoder.asked().len(), fitted);
    let open = stage.chat(&ask("auto", "Frobnicate the lamp of the fifth house."));
    assert_eq!(task(&stage, &open), ("math".to_owned(), json!("changed")));
}

#[test]
fn it_gets_no_text_before_the_detectors_have_said_what_they_make_of_it() {
    let encoder = encoder();
    let (_home, section) = head(&encoder);
    let fitted = encoder.asked().len();
    let detector = Detector::start(|question| finding("PERSON", "canary quux", question));
    let clear = |local: &str, cloud: &str| {
        config(&encoder.url, &section)(local, cloud)
            .replace("name: enc, zone: local", "name: enc, zone: local, clearance: internal")
    };
    let entry = json!({ "name": "presidio", "url": detector.url, "presidio": {}, "when": "always", "timeout": "20s" });
    let policy = BY_TASK
        .replace("personal: confidential }", &format!("personal: confidential, detectors: [{entry}] }}"));
    let stage = Stage::with(clear, &policy);
    let classified = stage.chat(&ask("auto", "Frobnicate the lamp of canary quux."));
    assert_eq!(task(&stage, &classified).1, "no_permit");
    assert_eq!((detector.asked().len(), encoder.asked().len()), (1, fitted));
    stage.assert_cloud_untouched();
    let open = stage.chat(&ask("auto", "Frobnicate the lamp of the fifth house."));
    assert_eq!(task(&stage, &open), ("math".to_owned(), json!("changed")));
    assert_eq!((detector.asked().len(), encoder.asked().len()), (2, fitted + 1));
    // A command asks no detector, so that it does not know what a text is.
    let mut classify = weir();
    classify.args(["classify", "--task", "--config"]).arg(stage.gateway.home.config());
    let asked = stage.gateway.home.path().join("asked.jsonl");
    std::fs::write(&asked, "{\"id\":1,\"text\":\"Frobnicate the lamp of the fifth house.\"}\n").unwrap();
    let output = classify.stdin(std::fs::File::open(asked).unwrap()).output().unwrap();
    assert!(output.status.success() && !output.stdout.is_empty(), "{output:?}");
    assert_eq!(encoder.asked().len(), fitted + 1);
}

#[test]
fn nothing_is_written_where_the_encoder_does_not_help_or_cannot_be_used() {
    let blind = Detector::start(|(_, body)| {
        let text = body["input"][0].as_str().unwrap();
        let hash = text.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte));
        vectors(&(0..24).map(|n| f64::from(hash.wrapping_mul(2 * n + 1) >> 8) / 1e7 - 0.8).collect())
    });
    let home = Home::new(&config(&blind.url, "")("http://127.0.0.1:9", "https://api.example.com"), TWO_RULES);
    // Prompts that the embedded model judges rightly as it is.
    let known = [
        ("Translate into German: the {} is black", "translate"),
        ("Write a Python function that sorts a list of {}s.", "code_generate"),
        ("Write a poem about a {}.", "creative"),
    ];
    let lines: String = (0..60)
        .map(|n| {
            let (text, task) = known[n % 3];
            let thing = ["door", "lamp", "cat", "road", "pot", "bird", "ship"][n % 7];
            format!("{}\n", json!({ "text": text.replace("{}", &format!("{thing} {n}")), "task": task }))
        })
        .collect();
    std::fs::write(home.path().join("prompts.jsonl"), lines).unwrap();
    let refused = |arguments: &[&str]| {
        let output = fit(home.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(!home.path().join("task-head.json").exists());
        String::from_utf8(output.stderr).unwrap()
    };
    let cloud = refused(&["--target", "there/cloud-model"]);
    assert!(cloud.contains("outside the network"), "{cloud}");
    let unknown = refused(&["--target", "enc/e6"]);
    assert!(
        unknown.contains("there is no target `enc/e6`; local ones: here/local-model, enc/e5"),
        "{unknown}"
    );
    let away = refused(&["--target", "here/local-model"]);
    assert!(away.contains("`here/local-model`: it cannot be reached"), "{away}");
    let told = refused(&["--target", "enc/e5"]);
    assert!(told.contains("the encoder does not help"), "{told}");
}
