//! Planted differences in a running deployment: its users find them, and what may move moves.

use super::{priced, say};
use crate::support::ask;
use crate::support::stage::Stage;
use serde_json::{Value, json};

const CHEAPEST_GOOD_ENOUGH: &str = "\
policy: 1
data: { default: internal, personal: confidential }
rules:
  - name: good enough
    use: any
    prefer: cheapest
    quality: \">= 0.9\"
    when_full: [burst, reject]
";

/// What the model inside is bad at, and what it is good at.
const PROMPTS: [(&str, bool); 2] = [
    ("Write a Python function that parses a date and returns a tuple.", false),
    ("Translate into German: the cat is black", true),
];

#[test]
fn feedback_moves_what_is_answered_badly_and_never_what_is_classified() {
    let stage = Stage::with(priced, CHEAPEST_GOOD_ENOUGH);
    let mut moved_after = None;
    let mut requests = 0;
    let mut zone_of = |prompt: &str| {
        let reply = stage.chat(&ask("auto", prompt));
        requests += 1;
        (reply.zone().unwrap().to_owned(), reply.decision())
    };
    for round in 0..120 {
        for (prompt, is_good_inside) in PROMPTS {
            let (zone, decision) = zone_of(prompt);
            let is_good = zone == "cloud" || is_good_inside;
            let verdict = if is_good { "good" } else { "bad" };
            assert_eq!(say(&stage.gateway, &[], &json!({ "id": decision, "verdict": verdict })).status, 200);
            if zone == "cloud" {
                assert!(!is_good_inside, "what is answered well inside stays");
                moved_after.get_or_insert(round);
            } else if moved_after.is_some() {
                assert!(is_good_inside, "what has moved does not come back while nothing new is heard");
            }
        }
        // Classified, of the kind that is answered badly inside.
        let (zone, decision) = zone_of("Write a Python function that sends a mail to jo.doe@example.com.");
        assert_eq!(zone, "local");
        say(&stage.gateway, &[], &json!({ "id": decision, "verdict": "bad" }));
    }
    let moved_after = moved_after.expect("nothing has moved");
    assert!(moved_after < 60, "moved after {moved_after} rounds");
    assert!(!stage.there.contains(b"jo.doe"));
    explained(&stage);
    reported(&stage);
}

/// The record says why the target inside was passed over.
fn explained(stage: &Stage) {
    let reply = stage.chat(&ask("auto", PROMPTS[0].0));
    let decision = &stage.record(&reply)["decision"];
    let verdict =
        decision["candidates"].as_array().unwrap().iter().find(|c| c["target"] == "here/local-model");
    assert_eq!(verdict.unwrap()["verdict"], "quality", "{decision}");
    assert!(decision["facts"]["quality.here/local-model"].as_u64().unwrap() < 800_000, "{decision}");
}

fn reported(stage: &Stage) {
    let output = stage.gateway.home.weir(&["report", "quality", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let task = |name: &str| {
        report["tasks"].as_array().unwrap().iter().find(|task| task["task"] == name).cloned().unwrap()
    };
    assert_eq!(task("code_generate")["local_suffices"], "no", "{report}");
    assert!(task("code_generate")["difference"]["high"].as_f64().unwrap() < -0.5, "{report}");
    assert_eq!(task("translate")["local_suffices"], "undecided", "nothing was heard of it outside: {report}");
    let thresholds = report["thresholds"].as_array().unwrap();
    let at = |percent: u64| thresholds.iter().find(|t| t["cloud_percent"] == percent).unwrap();
    assert!(at(100)["usd_per_1000_change"].as_f64().unwrap() > 0.0, "{report}");
    assert!(at(0)["usd_per_1000_change"].as_f64().unwrap() < 0.0, "{report}");
    assert!(at(0)["good_change"].as_f64().unwrap() < 0.0, "{report}");
    let table = stage.gateway.home.weir(&["report", "quality"]);
    let table = String::from_utf8(table.stdout).unwrap();
    for word in ["INSIDE SUFFICES", "code_generate", "here/local-model", "TO THE CLOUD", "100 %"] {
        assert!(table.contains(word), "{word}:\n{table}");
    }
}

#[test]
fn a_report_over_an_empty_log_says_so() {
    let stage = Stage::with(priced, CHEAPEST_GOOD_ENOUGH);
    let output = stage.gateway.home.weir(&["report", "quality"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no answer"), "{output:?}");
}
