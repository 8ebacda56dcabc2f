//! What is written wrongly: `weir check` finds each, says what is wrong, and how to mend it.

use crate::examples::{Example, all};
use weir_config::{Problem, Problems, Severity};

/// Rules, each on a line of its own, and a part of what is said of it.
const RULES: [(&str, &str, &str); 33] = [
    // Unknown fields.
    ("{ name: planted, whne: { data.opaque: true }, use: local }", "`whne` is not known", "`when`"),
    ("{ name: planted, use: local, whenfull: [reject] }", "`whenfull` is not known", "`when_full`"),
    ("{ name: planted, use: { zone: local, tag: [x] } }", "`tag` is not known", "`tags`"),
    ("{ name: planted, when: { data.levl: internal }, use: local }", "no fact `data.levl`", "`data.level`"),
    ("{ name: planted, when: { capacity.local.load: 1 }, use: local }", "local.load", "capacity.local"),
    ("{ use: local }", "`name` is missing", "`name:`"),
    // Names that nothing has.
    ("{ name: planted, use: lcoal }", "`lcoal` is no backend, target or tag", "`local`"),
    ("{ name: planted, use: [nowhere] }", "`nowhere` is no backend", "known"),
    ("{ name: planted, use: [\"tag:nothing-has-it\"] }", "`tag:nothing-has-it` is no backend", ""),
    ("{ name: planted, use: any, prefer: cheepest }", "`cheepest` is no order", "`cheapest`"),
    ("{ name: planted, when: { group: nobody }, use: local }", "no group `nobody`", ""),
    ("{ name: planted, when: { request.alias: atuo }, use: local }", "no alias `atuo`", ""),
    ("{ name: planted, when: { data.categories: persnal }, use: local }", "`persnal`", "`personal`"),
    ("{ name: planted, when: { data.entities: CREDIT_KARD }, use: local }", "`CREDIT_KARD`", "`CREDIT_CARD`"),
    ("{ name: planted, when: { task.type: code_genrate }, use: local }", "`code_genrate`", "`code_generate`"),
    ("{ name: planted, when: { capacity.nowhere: idle }, use: local }", "`nowhere`", ""),
    ("{ name: planted, use: local, require: [audit.durabel] }", "`audit.durabel`", "`audit.durable`"),
    // Conditions that contradict themselves.
    (
        "{ name: planted, when: { data.level: internal, all: [{ data.level: \">= confidential\" }] }, use: local }",
        "no request can match",
        "`any`",
    ),
    (
        "{ name: planted, when: { caller.app: x, not: { caller.app: [x, y] } }, deny: no }",
        "no request can match",
        "",
    ),
    (
        "{ name: planted, when: { all: [{ cost.cloud: \"> 2\" }, { cost.cloud: \"< 1\" }] }, deny: no }",
        "no request can match",
        "`any`",
    ),
    (
        "{ name: planted, when: { data.level: confidential..internal }, use: local }",
        "ends before it begins",
        "`",
    ),
    ("{ name: planted, when: { request.prompt_tokens: \"< 0\" }, use: local }", "is never", "0 or more"),
    // Wrong units.
    ("{ name: planted, use: local, when_full: [queue 30] }", "the unit is missing", "`30s`"),
    ("{ name: planted, use: local, when_full: [queue 30 USD] }", "`30 USD`", ""),
    ("{ name: planted, when: { latency.target: \"<= 2\" }, use: local }", "the unit is missing", "`500ms`"),
    ("{ name: planted, when: { latency.deadline: \"< 5 tokens\" }, use: local }", "`5 tokens`", ""),
    ("{ name: planted, when: { cost.cloud: \"> 5s\" }, use: local }", "is in USD", "`0.05`"),
    ("{ name: planted, when: { cost.local: \"> 0.05 EUR\" }, use: local }", "is in USD", ""),
    ("{ name: planted, when: { task.complexity: \"> 70\" }, use: local }", "more than the whole", "`70 %`"),
    ("{ name: planted, when: { request.prompt_tokens: \"> 5 %\" }, use: local }", "takes no unit", "`5`"),
    ("{ name: planted, when: { request.prompt_tokens: \"> 4k\" }, use: local }", "by the thousand", "`4000`"),
    ("{ name: planted, when: { time.hour: 25 }, use: local }", "hour", ""),
    ("{ name: planted, when: { capacity.cloud.ttft: \"> 2\" }, use: local }", "the unit is missing", ""),
];

/// The text with a rule before all others, and the line in which it stands, counted from 1.
fn with_rule(example: &Example, rule: &str) -> (String, usize) {
    with_line_after(&example.text, "rules:", &format!("  - {rule}"))
}

fn with_line_after(text: &str, line: &str, more: &str) -> (String, usize) {
    let at = text.lines().position(|each| each == line).unwrap() + 1;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(at, more);
    (lines.join("\n") + "\n", at + 1)
}

fn problems(example: &Example, text: &str) -> Vec<Problem> {
    match example.with_text(text) {
        Ok(loaded) => panic!("{}: loads:\n{}{text}", example.name, Problems(loaded.warnings)),
        Err(problems) => problems.0,
    }
}

/// What is said of one line, and nothing of another.
fn only(example: &Example, text: &str, line: usize) -> Problem {
    let mut found = problems(example, text);
    assert_eq!(found.len(), 1, "{}: {found:#?}", example.name);
    let problem = found.remove(0);
    assert_eq!((problem.line, problem.severity), (line, Severity::Error), "{}: {problem:?}", example.name);
    assert_eq!(problem.excerpt(), text.lines().nth(line - 1).unwrap());
    assert!(problem.file.ends_with("policy.yaml") && problem.column > 1);
    problem
}

#[test]
fn every_fault_of_a_rule_is_told_at_its_line_with_a_mend() {
    for example in all() {
        for (rule, message, help) in RULES {
            let (text, line) = with_rule(example, rule);
            let problem = only(example, &text, line);
            assert!(problem.message.contains(message), "{}: {rule}: {problem:?}", example.name);
            let mend = problem.help.as_deref().unwrap_or_default();
            assert!(!mend.is_empty() && mend.contains(help), "{}: {rule}: {problem:?}", example.name);
        }
    }
}

#[test]
fn the_faults_of_all_rules_are_told_at_once() {
    for example in all() {
        let planted: Vec<String> = RULES
            .iter()
            .enumerate()
            .map(|(number, (rule, _, _))| {
                format!("  - {}", rule.replace("planted", &format!("planted {number}")))
            })
            .collect();
        let (text, first) = with_line_after(&example.text, "rules:", &planted.join("\n"));
        let found = problems(example, &text);
        for (number, (rule, message, _)) in RULES.iter().enumerate() {
            let is_told =
                |problem: &Problem| problem.line == first + number && problem.message.contains(message);
            assert!(found.iter().any(is_told), "{}: {rule} is not told: {found:#?}", example.name);
        }
    }
}

#[test]
fn faults_outside_of_rules_are_told_likewise() {
    for example in all() {
        for (after, line, message, help) in [
            ("policy: 1", "boundry: internal", "`boundry` is not known", "`boundary`"),
            ("policy: 1", "time_zoen: Europe/Berlin", "`time_zoen` is not known", "`time_zone`"),
            ("data:", "  persnal: confidential", "`persnal`", "`personal`"),
            ("data:", "  entities: { IP_ADRESS: off }", "`IP_ADRESS`", "`IP_ADDRESS`"),
            ("data:", "  health: highest", "`highest`", "`restricted`"),
        ] {
            let (text, line) = with_line_after(&example.text, after, line);
            let found = problems(example, &text);
            let told = found.iter().find(|problem| problem.line == line && problem.message.contains(message));
            let told = told.unwrap_or_else(|| panic!("{}: {message}: {found:#?}", example.name));
            assert!(told.help.as_ref().is_some_and(|mend| mend.contains(help)), "{told:?}");
        }
        // No target may have it below the boundary, and at the boundary nothing may leave.
        let (text, line) = with_line_after(&example.text, "policy: 1", "residency: { EU: [EU, europe] }");
        let found = problems(example, &text);
        assert!(found.iter().any(|problem| problem.line == line), "{}: {found:#?}", example.name);
    }
}

#[test]
fn anchors_that_grow_into_millions_of_values_are_refused_at_once() {
    for example in all() {
        // Ten times ten times ten… conditions, each of the right shape.
        let mut bomb = String::from("  bomb0: &b0 { caller.app: [a, b, c, d, e, f, g, h, i, j] }\n");
        for depth in 1..9 {
            let parts = vec![format!("*b{}", depth - 1); 10].join(", ");
            bomb.push_str(&format!("  bomb{depth}: &b{depth} {{ any: [{parts}] }}\n"));
        }
        let text = match example.text.split_once("groups:\n") {
            Some((before, after)) => format!("{before}groups:\n{bomb}{after}"),
            None => example.text.replacen("rules:\n", &format!("groups:\n{bomb}rules:\n"), 1),
        };
        // Written out they would be more than any memory holds.
        let found = problems(example, &text);
        let said = |problem: &Problem| problem.message.contains("alias") && problem.help.is_some();
        assert!(found.iter().any(said), "{}: {found:#?}", example.name);
    }
}
