//! `weir policy prove`, `diff` and `lint` as scripts and people use them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::{Value, json};
use std::process::Output;
use support::command::stdout;
use support::stage::Stage;
use support::{Home, TWO_RULES, ask, two_zones};

/// Nobody listens there: these commands connect to nothing.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

/// The two rules, and between them one that never decides.
const SHADOWED: &str = "\
policy: 1
boundary: confidential
rules:
  - name: sensitive data stays local
    when: { data.level: \">= confidential\" }
    use: local
  - name: secrets of HR
    when: { data.level: restricted, caller.team: hr }
    deny: not here
  - name: everything else may use the cloud
    use: any
";

fn home(policy: &str) -> Home {
    Home::new(&two_zones(NOWHERE, NOWHERE), policy)
}

fn parsed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

/// Another policy beside that of the home.
fn beside(home: &Home, name: &str, policy: &str) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, policy).unwrap();
    path.display().to_string()
}

#[test]
fn a_sound_policy_is_proved_with_the_number_of_regions() {
    let home = home(TWO_RULES);
    let output = home.weir(&["policy", "prove"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("proved: no request can go where it may not"), "{text}");
    let proof = parsed(&home.weir(&["policy", "prove", "--json"]));
    assert_eq!(proof["proved"], true);
    // Three aliases, five levels with opaque, one other jurisdiction or none, three wishes.
    assert_eq!(proof["regions"], "90");
}

#[test]
fn a_rule_that_never_decides_fails_the_proof_with_a_request_that_shows_it() {
    let home = home(SHADOWED);
    let output = home.weir(&["policy", "prove", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let proof = parsed(&output);
    let shadowed =
        proof["findings"].as_array().unwrap().iter().find(|found| found["kind"] == "shadowed").unwrap();
    assert_eq!(shadowed["rule"], "secrets of HR");
    assert_eq!((&shadowed["place"]["line"], &shadowed["place"]["column"]), (&json!(7), &json!(11)));
    assert_eq!(shadowed["others"], json!(["sensitive data stays local"]));
    assert_eq!(shadowed["facts"]["data.level"], "restricted");
    assert_eq!(shadowed["facts"]["caller.team"], "hr");
    // It is untidy, not unsafe.
    assert_eq!(proof["proved"], true);
    assert_eq!(home.weir(&["policy", "prove", "--allow-warnings"]).status.code(), Some(0));
    let text = stdout(&home.weir(&["policy", "prove"]));
    assert!(text.contains("warning[shadowed]: rule `secrets of HR` never decides"), "{text}");
    assert!(
        text.contains("policy.yaml:7:11\n7 |   - name: secrets of HR\n  |           ^^^^^^^^^^^^^\n"),
        "{text}"
    );
    assert!(
        text.contains("= `sensitive data stays local` is at ") && text.contains("policy.yaml:4:11"),
        "{text}"
    );
    assert!(text.contains("help: move it above `sensitive data stays local`"), "{text}");
}

#[test]
fn findings_are_told_to_code_scanning_with_their_places() {
    let log = parsed(&home(SHADOWED).weir(&["policy", "prove", "--format", "sarif"]));
    let run = &log["runs"][0];
    assert_eq!(
        (&log["version"], &run["tool"]["driver"]["name"]),
        (&json!("2.1.0"), &json!("weir policy prove"))
    );
    let results = run["results"].as_array().unwrap();
    let shadowed = results.iter().find(|result| result["ruleId"] == "shadowed").unwrap();
    assert_eq!(shadowed["level"], "warning");
    let place = &shadowed["locations"][0]["physicalLocation"];
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&json!(7), &json!(11)));
    assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("policy.yaml"));
    let known: Vec<&Value> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    assert!(results.iter().all(|result| known.contains(&&result["ruleId"])));
}

#[test]
fn a_difference_is_told_by_rule_with_conditions_and_examples() {
    let home = home(TWO_RULES);
    let wider = TWO_RULES.replace(">= confidential", "restricted");
    let after = beside(&home, "after.yaml", &wider);
    let output = home.weir(&["policy", "diff", home.policy().to_str().unwrap(), &after]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("rule `everything else may use the cloud` instead of `sensitive data stays local`"),
        "{text}"
    );
    // The boundary holds all the same: only what is done when targets are full changes.
    assert!(text.contains("data.level is confidential"), "{text}");
    assert!(text.contains("when_full: another ladder") && !text.contains("opened:"), "{text}");
}

#[test]
fn a_policy_in_other_words_is_no_difference() {
    let home = home(TWO_RULES);
    let other = TWO_RULES
        .replace("sensitive data stays local", "inside")
        .replace("\">= confidential\"", "[confidential, restricted]");
    let after = beside(&home, "after.yaml", &other);
    let output = home.weir(&["policy", "diff", home.policy().to_str().unwrap(), &after]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("same: no change in meaning"));
    let json = parsed(&home.weir(&["policy", "diff", "--json", home.policy().to_str().unwrap(), &after]));
    assert_eq!((&json["same"], &json["changes"]), (&json!(true), &json!([])));
}

#[test]
fn sprawl_is_told_with_what_to_do_and_the_trend() {
    let sprawling = TWO_RULES.replace(
        "rules:\n",
        "rules:\n  - name: hr\n    when: { caller.team: hr }\n    use: local\n  - name: law\n    when: { caller.team: legal }\n    use: local\n",
    );
    let home = home(&sprawling);
    let earlier = beside(&home, "earlier.yaml", TWO_RULES);
    let output = home.weir(&["policy", "lint", "--earlier", &earlier]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("advice[merge]: rules `hr`, `law` do the same and could be one"), "{text}");
    assert!(text.contains("list the values of `caller.team`"), "{text}");
    assert!(text.contains("+6 since the first"), "{text}");
    let tidy = home.weir(&["policy", "lint", "--policy", &earlier, "--json"]);
    assert_eq!((tidy.status.code(), &parsed(&tidy)["score"]), (Some(0), &json!(3)));
    let too_high = home.weir(&["policy", "lint", "--policy", &earlier, "--max-score", "2"]);
    assert_eq!(too_high.status.code(), Some(1));
}

#[test]
fn the_trend_is_that_of_the_policies_that_were_in_force() {
    let stage = Stage::new();
    let gateway = &stage.gateway;
    let first = gateway.ready().1["policy_revision"].as_str().unwrap().to_owned();
    let more = TWO_RULES
        .replace("rules:\n", "rules:\n  - name: hr\n    when: { caller.team: hr }\n    deny: not yet\n");
    std::fs::write(gateway.home.policy(), &more).unwrap();
    gateway.until("it is in force", |gateway| gateway.ready().1["policy_revision"] != first);
    let text = stdout(&gateway.home.weir(&["policy", "lint"]));
    assert!(text.contains(&format!("3  {first}, in force from 2")), "{text}");
    assert!(text.contains("now (+"), "{text}");
    let lint = parsed(&gateway.home.weir(&["policy", "lint", "--json"]));
    let earlier = lint["earlier"].as_array().unwrap();
    assert_eq!((earlier.len(), &earlier[0]["revision"], &earlier[0]["score"]), (1, &json!(first), &json!(3)));
}

#[test]
fn policies_are_looked_at_where_the_secrets_of_backends_are_not() {
    let keyed = two_zones(NOWHERE, NOWHERE)
        .replace("zone: cloud", "zone: cloud\n    api_key: \"${NOBODY_HAS_SET_THIS}\"")
        .replace("zone: local", "zone: local\n    api_key: \"file:/nowhere/key\"");
    let home = Home::new(&keyed, TWO_RULES);
    let other = beside(&home, "other.yaml", TWO_RULES);
    let policy = home.policy().display().to_string();
    for arguments in [&["policy", "test"][..], &["policy", "prove"], &["policy", "lint"], &["keys", "list"]] {
        let output = home.weir(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(home.weir(&["policy", "diff", &policy, &other]).status.code(), Some(0));
    // The gateway needs them.
    let output = home.weir(&["check"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(said.contains("NOBODY_HAS_SET_THIS") && said.contains("/nowhere/key"), "{said}");
    assert_eq!(home.weir(&["serve"]).status.code(), Some(3));
}

#[test]
fn rules_that_decided_nothing_in_the_log_are_named() {
    let stage = Stage::new();
    assert_eq!(stage.chat(&ask("auto", "hello")).status, 200);
    let home = &stage.gateway.home;
    let output = home.weir(&["policy", "lint", "--since", "1h"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("rule `sensitive data stays local` decided nothing in this time"), "{text}");
    assert!(!text.contains("rule `everything else may use the cloud` decided nothing"), "{text}");
    let later = home.weir(&["policy", "lint", "--since", "2999-01-01T00:00:00Z"]);
    assert!(stdout(&later).contains("the log says nothing of rules"), "{}", stdout(&later));
    assert_eq!(later.status.code(), Some(0));
}
