//! What the files' readers are told when something is wrong.
//!
//! Each `problems/*.yaml` is a `weir.yaml` or a `policy.yaml` (its version line says which); the other
//! file is the example's. The snapshot beside it holds what is reported. `INSTA_UPDATE=always cargo test
//! -p weir-config --test problems` writes the snapshots anew.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{EXAMPLE_POLICY, EXAMPLE_WEIR, load};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use std::path::Path;
use weir_config::{Problem, Severity};

#[test]
fn every_broken_file_is_explained() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    cases.sort();
    assert!(cases.len() > 10, "the cases are there");
    for case in cases {
        check(case.file_stem().unwrap().to_str().unwrap(), &std::fs::read_to_string(&case).unwrap());
    }
}

fn check(name: &str, text: &str) {
    let is_policy = text.lines().any(|line| line.starts_with("policy:"));
    let (weir, policy) = if is_policy { (EXAMPLE_WEIR, text) } else { (text, EXAMPLE_POLICY) };
    let reported = match load(weir, policy, &[("/etc/weir/empty.txt", "# nothing\n")]) {
        Ok(loaded) => format!("loads, with warnings\n{}", weir_config::Problems(loaded.warnings)),
        Err(problems) => problems.to_string(),
    };
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("problems");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, reported));
}

fn problems(weir: &str, policy: &str) -> Vec<Problem> {
    load(weir, policy, &[]).unwrap_err().0
}

#[test]
fn problems_of_both_files_are_reported_together() {
    let weir = EXAMPLE_WEIR.replace("8000/v1", "8000/v1?x=1");
    let policy = EXAMPLE_POLICY.replace("use: local", "use: lcoal");
    let files: Vec<String> = problems(&weir, &policy).into_iter().map(|problem| problem.file).collect();
    assert_eq!(files, ["/etc/weir/weir.yaml", "/etc/weir/policy.yaml"]);
}

#[test]
fn a_policy_that_cannot_be_parsed_does_not_hide_what_is_wrong_with_the_configuration() {
    let weir =
        EXAMPLE_WEIR.replace("auto:\n    targets: [gpu/qwen3-32b", "auto:\n    targets: [gpu/qwen3-33b");
    let found = problems(&weir, "policy: [");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].message.contains("`gpu/qwen3-33b`"));
}

#[test]
fn a_place_points_at_the_value() {
    let weir = EXAMPLE_WEIR.replace("zone: cloud", "zone: clod");
    let problem = problems(&weir, EXAMPLE_POLICY).remove(0);
    assert_eq!(&weir[problem.span()], "clod");
    let line = weir.lines().nth(problem.line - 1).unwrap();
    assert_eq!(line.chars().skip(problem.column - 1).take(4).collect::<String>(), "clod");
    assert_eq!(problem.excerpt(), line);
    assert_eq!(problem.severity, Severity::Error);
}

#[test]
fn a_problem_is_a_diagnostic_with_help_and_source() {
    let weir = EXAMPLE_WEIR.replace("zone: cloud", "zone: clod");
    let problem = problems(&weir, EXAMPLE_POLICY).remove(0);
    assert_eq!(problem.help().unwrap().to_string(), "did you mean `cloud`?");
    let mut drawn = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut drawn, &problem).unwrap();
    assert!(drawn.contains("/etc/weir/weir.yaml:29:11"), "{drawn}");
    assert!(drawn.contains("zone: clod"), "{drawn}");
}

#[test]
fn a_key_that_is_written_out_is_in_no_excerpt() {
    let literal = EXAMPLE_WEIR.replace("${OPENAI_API_KEY}", "sk-planted-0123");
    let loads = load(&literal, EXAMPLE_POLICY, &[]).unwrap();
    let unusable = EXAMPLE_WEIR.replace("${OPENAI_API_KEY}", "\"sk-planted-0123 x\"");
    let misspelt = literal.replace("jurisdiction: US", "jurisdicton: US");
    let anchored = EXAMPLE_WEIR
        .replace("admin: 127.0.0.1:9090\nstate: ./weir-state", "admin: nowhere\nstate: &key sk-planted-0123")
        .replace("${OPENAI_API_KEY}", "*key");
    let in_url = EXAMPLE_WEIR.replace("http://127.0.0.1:8000", "http://me:planted@127.0.0.1:8000");
    // Of what is no YAML it is not known what is a secret.
    let no_yaml = "weir: 1\npolicy:\n  git: { webhook_secret: planted }\n  path: @x\nbackends:\n  - auth: { entra: { client_secret: planted } }\n";
    let near_url = "weir: 1\nbackends:\n  - url: http://me:planted@127.0.0.1/v1\n    name: @x\n    client_secret: planted\n";
    let [no_yaml, near_url] = [no_yaml, near_url].map(str::to_owned);
    let broken =
        [unusable, misspelt, anchored, in_url, no_yaml, near_url].map(|weir| problems(&weir, EXAMPLE_POLICY));
    let all = broken.into_iter().chain([loads.warnings]);
    for found in all {
        let mut drawn = format!("{found:?}");
        assert!(!found.is_empty());
        for problem in &found {
            GraphicalReportHandler::new().render_report(&mut drawn, problem).unwrap();
        }
        assert!(!drawn.contains("planted"), "{drawn}");
    }
}
