//! `weir policy test` and `weir policy replay`, and the cases at a reload.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use support::http::Client;
use support::stage::Stage;
use support::{Home, TWO_RULES, ask, two_zones, weir};

const CASES: &str = "\
facts: { request.alias: auto }
cases:
  - name: an address stays
    text: write to jane.doe@example.com
    expect: { level: confidential, zone: local, may_leave: false }
  - name: a question may leave
    text: what is the capital of France
    expect: { zone: cloud, rule: everything else may use the cloud }
";

fn home(cases: &str) -> Home {
    let home = Home::new(&two_zones("http://127.0.0.1:1", "http://127.0.0.1:2"), TWO_RULES);
    fs::write(home.path().join("policy.test.yaml"), cases).unwrap();
    home
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn cases_pass_and_what_they_do_not_see_is_said() {
    let home = home(CASES);
    let output = home.weir(&["policy", "test"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("2 of 2 cases passed; 2 of 2 rules and 2 of 2 branches seen"));
    let one = CASES.split("  - name: a question").next().unwrap();
    fs::write(home.path().join("policy.test.yaml"), one).unwrap();
    let output = home.weir(&["policy", "test", "--min-coverage", "80"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("no case is decided by rule `everything else may use the cloud`"));
    assert!(text(&output).contains("no case in which its test of `data.level` does not hold"));
}

#[test]
fn a_failed_case_says_what_came_instead_and_where_it_is() {
    let wrong = CASES
        .replace("zone: cloud, rule", "zone: local, rule")
        .replace("level: confidential", "level: public");
    let home = home(&wrong);
    let report = home.path().join("report.xml");
    let output = home.weir(&["policy", "test", "--junit", report.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output);
    assert!(
        shown.contains("policy.test.yaml:3") && shown.contains("level is `confidential`, not `public`"),
        "{shown}"
    );
    assert!(shown.contains("it goes to `there/cloud-model`, which is not in zone `local`"), "{shown}");
    let xml = fs::read_to_string(report).unwrap();
    assert!(xml.contains("tests=\"2\" failures=\"2\"") && xml.contains("<failure message="), "{xml}");
}

#[test]
fn what_is_wrong_with_cases_is_said_like_what_is_wrong_with_a_policy() {
    let wrong = "\
facts: { request.alias: auto }
cases:
  - { name: a, facts: { data.levle: public }, expect: { zone: local } }
  - { name: b, facts: { data.level: secret }, expect: { zone: local } }
  - { name: c, expect: { rule: everything else may use the clod } }
  - { name: d, expect: { target: there/cloud-modle } }
  - { name: d, expect: {} }
  - { name: f, facts: { data.level: unknown }, expect: { zone: local } }
  - { name: e, facts: { request.alias: autoo }, expect: { denied: maybe } }
";
    let output = home(wrong).weir(&["policy", "test"]);
    assert_eq!(output.status.code(), Some(3));
    let shown = text(&output);
    for said in [
        "did you mean `data.level`?",
        "`secret`",
        "did you mean `everything else may use the cloud`?",
        "did you mean `there/cloud-model`?",
        "there are two cases `d`",
        "this case expects nothing",
        "there is no alias `autoo`",
        "`data.level` cannot be `unknown`",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
}

#[test]
fn a_policy_whose_cases_fail_is_not_applied_and_shows_why() {
    let stage = Stage::with(two_zones, TWO_RULES);
    let gateway = &stage.gateway;
    let cases = gateway.home.path().join("policy.test.yaml");
    fs::write(&cases, CASES).unwrap();
    let before = gateway.ready().1["policy_revision"].clone();
    let leaky = TWO_RULES.replace("personal: confidential", "personal: internal");
    fs::write(gateway.home.policy(), &leaky).unwrap();
    gateway.until("it is refused", |gateway| {
        let problems = gateway.ready().1["reload"]["problems"].to_string();
        problems.contains("case `an address stays`") && problems.contains("level is `internal`")
    });
    assert_eq!(gateway.ready().1["policy_revision"], before);
    assert_eq!(gateway.metric("weir_reload_last_ok", &[]), 0.0);
    assert_eq!(stage.chat(&ask("auto", "write to jane.doe@example.com")).zone(), Some("local"));
    let fit = CASES.replace("level: confidential, zone: local, may_leave: false", "level: internal");
    fs::write(&cases, fit).unwrap();
    gateway.until("it is applied with its cases", |gateway| gateway.ready().1["policy_revision"] != before);
    let (home, _) = stage.gateway.stop();
    fs::write(home.path().join("policy.test.yaml"), CASES).unwrap();
    let output = home.weir(&["serve"]);
    assert_eq!(output.status.code(), Some(3), "nor is it served: {}", text(&output));
}

#[test]
fn a_policy_that_is_sent_along_is_tested_and_replayed_and_not_put_in_force() {
    let stage = Stage::with(two_zones, TWO_RULES);
    stage.chat(&ask("auto", "a question"));
    let gateway = &stage.gateway;
    let token = fs::read(gateway.home.path().join("state/admin.key")).unwrap();
    let token: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
    let order = |path: &str, bearer: &str, body: &Value| {
        let headers = [("authorization", bearer)];
        Client::connect(gateway.admin).post(path, &headers, body.to_string().as_bytes())
    };
    let bearer = format!("Bearer {token}");
    let before = gateway.ready().1["policy_revision"].clone();
    let local = TWO_RULES.replace("prefer: order", "prefer: local");
    let test = json!({ "policy": local, "cases": CASES });
    let tested = order("/policy/test", &bearer, &test).json();
    assert_eq!(
        (&tested["passed"], tested["cases"].as_array().unwrap().len()),
        (&json!(false), 2),
        "{tested}"
    );
    assert!(tested.to_string().contains("not in zone `cloud`"), "{tested}");
    let replayed = order("/policy/replay", &bearer, &json!({ "policy": local })).json();
    assert_eq!((&replayed["requests"], &replayed["to_local"]), (&json!(1), &json!(1)), "{replayed}");
    let wrong = order("/policy/test", &bearer, &json!({ "policy": "policy: 1\nrulez: []\n" }));
    assert!(
        wrong.status == 409 && wrong.text().contains("policy.yaml:2:1: `rulez` is not known here"),
        "{}",
        wrong.text()
    );
    assert_eq!(order("/policy/test", "Bearer 00", &test).status, 401);
    assert_eq!(gateway.ready().1["policy_revision"], before);
    assert_eq!(stage.chat(&ask("auto", "a question")).zone(), Some("cloud"));
}

#[test]
fn recorded_requests_are_decided_again_and_a_condition_fails_the_run() {
    let stage = Stage::with(two_zones, TWO_RULES);
    for n in 0..6 {
        stage.chat(&ask("auto", &format!("question {n}")));
        stage.chat(&ask("auto", "write to jane.doe@example.com"));
    }
    stage.chat(&ask("nothing", "an alias that is none"));
    let home = &stage.gateway.home;
    let replay = |policy: &str, more: &[&str]| {
        let path = home.path().join("new.yaml");
        fs::write(&path, policy).unwrap();
        let mut all = vec!["policy", "replay", "--policy", path.to_str().unwrap()];
        all.extend(more);
        home.weir(&all)
    };
    let json = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    let same = replay(TWO_RULES, &["--json", "--fail-if", "moved>0"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
    assert_eq!((&json(&same)["requests"], &json(&same)["moved"]), (&12.into(), &0.into()));
    assert_eq!(json(&same)["skipped"]["undecided"], 1);
    let stays = TWO_RULES.replace("prefer: order", "prefer: local");
    let moved = replay(&stays, &["--json", "--fail-if", "to_cloud>0", "--fail-if", "moved>40%"]);
    assert_eq!(moved.status.code(), Some(1), "{}", text(&moved));
    assert!(text(&moved).contains("moved is 50.00 %"), "{}", text(&moved));
    let figures = json(&moved);
    assert_eq!(
        (&figures["moved"], &figures["to_local"], &figures["to_cloud"]),
        (&6.into(), &6.into(), &0.into())
    );
    assert_eq!(figures["zones"]["after"]["local_share"], 1.0);
    let shown = text(&replay(&stays, &["--since", "1h"]));
    assert!(shown.contains("there/cloud-model → here/local-model"), "{shown}");
    assert!(shown.contains("Most affected") && shown.contains("6 of 12"), "{shown}");
    assert_eq!(replay(TWO_RULES, &["--fail-if", "luck>1"]).status.code(), Some(2));
}

fn examples() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut all: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn every_example_loads_without_a_warning_is_proved_and_its_cases_pass_and_see_all_of_it() {
    let examples = examples();
    assert_eq!(examples.len(), 10);
    for example in examples {
        let run = |arguments: &[&str]| {
            let mut command = weir();
            command.args(arguments).arg("--config").arg(example.join("weir.yaml"));
            command.env("OPENAI_API_KEY", "sk-none").env("EU_CLOUD_KEY", "none").output().unwrap()
        };
        let checked = run(&["check"]);
        assert!(
            checked.status.success() && checked.stderr.is_empty(),
            "{}: {}",
            example.display(),
            text(&checked)
        );
        for check in [&["policy", "test", "--min-coverage", "100"][..], &["policy", "prove"]] {
            let output = run(check);
            assert!(output.status.success(), "{}: {}", example.display(), text(&output));
        }
    }
}

#[test]
fn the_five_minutes_of_the_documentation_pass_their_cases_and_are_proved() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let documentation = fs::read_to_string(repository.join("docs/policy.md")).unwrap();
    let mut blocks = documentation.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (policy, cases) = (blocks.next().unwrap(), blocks.next().unwrap());
    let config = fs::read_to_string(repository.join("examples/two-rules/weir.yaml")).unwrap();
    let tagged = config.replace("- name: gpt-6-sol\n", "- name: gpt-6-sol\n        tags: [frontier]\n");
    assert_ne!(tagged, config);
    let home = Home::new(&tagged, policy);
    fs::write(home.path().join("policy.test.yaml"), cases).unwrap();
    for arguments in [&["policy", "test", "--min-coverage", "100"][..], &["policy", "prove"]] {
        let output = home.weir(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    }
    let tested: Value = serde_json::from_slice(&home.weir(&["policy", "test", "--json"]).stdout).unwrap();
    assert!(tested["cases"].as_array().is_some_and(|cases| cases.len() == 8), "{tested}");
}
