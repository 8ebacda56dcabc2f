//! `weir classify`: what it answers, to whom, and with which exit code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod run;

use run::command;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Output, Stdio};

const EMAIL: &str = "jane.doe@example.com";

/// Runs `weir classify` in a directory of its own, with `input` on stdin.
fn classify_in(directory: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let all: Vec<&str> = ["classify"].into_iter().chain(arguments.iter().copied()).collect();
    let mut command = command(&all);
    command.current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    output
}

fn classify(arguments: &[&str], input: &str) -> Output {
    classify_in(tempfile::tempdir().unwrap().path(), arguments, input.as_bytes())
}

fn answers(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn lines_are_answered_in_order_with_their_ids_as_written() {
    let input = "\u{feff}{\"id\": 7, \"text\": \"hello\"}\n\
        {\"text\": \"write to jane.doe@example.com\", \"id\": \"seven\", \"more\": [1, {\"x\": 2}]}\n\n\
        {\"id\": -1.50e3, \"text\": \"a \\\"quoted\\\" r\\u00e9sum\\u00e9: jane.doe@example.com\"}\r\n\
        {\"id\": \"\\u0041\", \"text\": \"\"}";
    let output = classify(&[], input);
    assert_eq!((output.status.code(), errors(&output).as_str()), (Some(0), ""));
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = "{\"id\":7,\"level\":\"internal\",\"findings\":[]}\n\
        {\"id\":\"seven\",\"level\":\"confidential\",\"findings\":[{\"type\":\"EMAIL_ADDRESS\",\"start\":9,\"end\":29,\"score\":1.0}]}\n\
        {\"id\":-1.50e3,\"level\":\"confidential\",\"findings\":[{\"type\":\"EMAIL_ADDRESS\",\"start\":21,\"end\":41,\"score\":1.0}]}\n\
        {\"id\":\"\\u0041\",\"level\":\"internal\",\"findings\":[]}\n";
    assert_eq!(text, expected);
}

#[test]
fn a_bad_line_is_told_by_number_and_the_others_are_answered() {
    for bad in [
        "nonsense",
        "[]",
        "{\"id\": 1}",
        "{\"text\": \"x\"}",
        "{\"id\": null, \"text\": \"x\"}",
        "{\"id\": [1], \"text\": \"x\"}",
        "{\"id\": 1, \"text\": 5}",
        "{\"id\": 1, \"id\": 2, \"text\": \"x\"}",
        "{\"id\": 1, \"text\": \"x\"} {}",
        "{\"id\": 1, \"text\": \"\\ud800\"}",
        "{\"id\": 1, \"text\": \"cut",
        "{\"id\": 1, \"text\": [\"jane.doe@example.com\"]}",
        "{\"id\": 1, \"text\": {\"jane.doe@example.com\": 1}}",
    ] {
        let output = classify(
            &[],
            &format!("{{\"id\":\"a\",\"text\":\"\"}}\n{bad}\n{{\"id\":\"b\",\"text\":\"\"}}\n"),
        );
        let ids: Vec<Value> = answers(&output).iter().map(|answer| answer["id"].clone()).collect();
        assert_eq!(ids, ["a", "b"], "{bad}");
        assert_eq!(output.status.code(), Some(1), "{bad}");
        assert!(errors(&output).contains("line 2: "), "{bad}: {}", errors(&output));
        assert!(!errors(&output).contains("jane"), "{bad}: the error quotes the line: {}", errors(&output));
    }
    let not_utf8 = b"{\"id\":\"a\",\"text\":\"\xff\"}\n{\"id\":\"b\",\"text\":\"\"}\n";
    let output = classify_in(tempfile::tempdir().unwrap().path(), &[], not_utf8);
    assert_eq!((output.status.code(), answers(&output).len()), (Some(1), 1));
}

#[test]
fn a_program_may_ask_and_wait_for_the_answer() {
    let mut child = command(&["classify"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = BufReader::new(stdout).lines();
    for id in 0..3 {
        writeln!(stdin, "{}", json!({ "id": id, "text": "hello" })).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_line_of_fifty_megabytes_is_answered() {
    let mut text = "word ".repeat(10 << 20);
    text.push_str(EMAIL);
    let output =
        classify(&[], &format!("{}\n{{\"id\":2,\"text\":\"\"}}\n", json!({ "id": 1, "text": text })));
    let answers = answers(&output);
    assert_eq!(answers[0]["findings"][0]["start"], text.len() - EMAIL.len());
    assert_eq!((answers.len(), output.status.code()), (2, Some(0)));
}

#[test]
fn a_text_that_is_not_inspected_to_its_end_is_restricted_and_says_so() {
    let text = "x".repeat((64 << 20) + 1);
    let output = classify(&[], &format!("{}\n", json!({ "id": 1, "text": text })));
    assert_eq!(
        answers(&output)[0],
        json!({ "id": 1, "level": "restricted", "findings": [], "complete": false })
    );
}

#[test]
fn files_and_directories_make_a_table_in_order_of_path() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/.hidden"), format!("{EMAIL}, {EMAIL} \u{1b}[31m")).unwrap();
    fs::write(dir.path().join("a.txt"), "nothing").unwrap();
    fs::write(dir.path().join("image.png"), b"\x89PNG\xff\x00").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
    let output = classify_in(dir.path(), &["."], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["LEVEL", "FINDINGS", "PATH"]);
    assert_eq!(rows[1], ["internal", "-", "./a.txt"]);
    assert_eq!(rows[2], ["restricted", "not_text", "./image.png"]);
    assert_eq!(rows[3], ["confidential", "EMAIL_ADDRESS", "2", "./sub/.hidden"]);
    assert!(text.ends_with("3 documents: restricted, confidential, internal; findings: EMAIL_ADDRESS 2\n"));
    assert_eq!((rows.len(), output.status.code()), (5, Some(0)));
    assert!(!text.contains('\u{1b}') && !text.contains(EMAIL));
}

#[test]
fn json_of_files_is_a_line_each() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), EMAIL).unwrap();
    let output = classify_in(dir.path(), &["--json", "a", "-"], EMAIL.as_bytes());
    let finding = json!({ "type": "EMAIL_ADDRESS", "start": 0, "end": 20, "score": 1.0 });
    for (answer, path) in answers(&output).iter().zip(["a", "-"]) {
        assert_eq!(*answer, json!({ "path": path, "level": "confidential", "findings": [finding] }));
    }
    assert_eq!(answers(&output).len(), 2);
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_others_are() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), EMAIL).unwrap();
    let output = classify_in(dir.path(), &["--json", "missing", "a"], b"");
    assert_eq!((answers(&output).len(), output.status.code()), (1, Some(1)));
    assert!(errors(&output).contains("cannot read `missing`"), "{}", errors(&output));
}

#[test]
fn explanations_say_why_and_values_are_shown_only_when_asked_for() {
    let text = "phone: 030 901820-12, jane.doe@example.com, host 203.0.113.77";
    let policy = "policy: 1\ndata: { entities: { IP_ADDRESS: internal } }\n";
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("policy.yaml"), policy).unwrap();
    let input = json!({ "id": 1, "text": text }).to_string();
    let output = classify_in(dir.path(), &["--explain"], input.as_bytes());
    let answer = &answers(&output)[0];
    assert_eq!((&answer["classified"], &answer["categories"]), (&json!(true), &json!(["personal"])));
    let findings = answer["findings"].as_array().unwrap();
    let of = |entity: &str| findings.iter().find(|finding| finding["type"] == entity).unwrap();
    let email = of("EMAIL_ADDRESS");
    assert_eq!((&email["view"], &email["recogniser"]), (&json!("raw"), &json!("email")));
    assert_eq!(email["decides"], true);
    assert_eq!(email["reason"], "data.personal is confidential, the boundary is confidential: classified");
    assert_eq!(email["evidence"], json!({ "start": 22, "end": 42 }));
    let ip = of("IP_ADDRESS");
    assert_eq!(ip["decides"], false);
    assert_eq!(ip["reason"], "data.entities.IP_ADDRESS is internal, the boundary is confidential: below it");
    let output = classify_in(dir.path(), &["--explain", "-"], text.as_bytes());
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("! EMAIL_ADDRESS") && table.contains("22..42"), "{table}");
    for arguments in [&["--explain"][..], &["--explain", "-"], &["--explain", "--json", "-"]] {
        let quiet = classify_in(
            dir.path(),
            arguments,
            if arguments.contains(&"-") { text } else { &input }.as_bytes(),
        );
        assert!(!String::from_utf8(quiet.stdout).unwrap().contains("jane"), "{arguments:?}");
        let all: Vec<&str> = arguments.iter().copied().chain(["--show-text"]).collect();
        let told =
            classify_in(dir.path(), &all, if arguments.contains(&"-") { text } else { &input }.as_bytes());
        assert!(String::from_utf8(told.stdout).unwrap().contains("jane"), "{arguments:?}");
    }
    assert_eq!(classify(&["--show-text"], "").status.code(), Some(2));
}

#[test]
fn context_is_evidence() {
    let output =
        classify(&["--explain"], &json!({ "id": 1, "text": "SSN of the holder: 536-90-4399" }).to_string());
    let finding = &answers(&output)[0]["findings"][0];
    assert_eq!((&finding["type"], &finding["start"]), (&json!("US_SSN"), &json!(19)));
    assert!(finding["evidence"]["start"].as_u64() <= Some(19) && finding["evidence"]["end"] == 30);
}

#[test]
fn the_policy_decides_as_in_the_gateway() {
    let dir = tempfile::tempdir().unwrap();
    let lines = json!({ "id": 1, "text": format!("Project Nachtigall, {EMAIL}") }).to_string();
    let level = |arguments: &[&str]| {
        let output = classify_in(dir.path(), arguments, lines.as_bytes());
        let answer = answers(&output).into_iter().next();
        answer.map(|answer| answer["level"].as_str().unwrap().to_owned()).ok_or(output.status.code())
    };
    assert_eq!(level(&[]).as_deref(), Ok("confidential"));
    fs::write(dir.path().join("words.txt"), "project nachtigall\n").unwrap();
    let own = "policy: 1\ndata:\n  terms: [{ name: codenames, file: words.txt, level: restricted }]\n";
    fs::write(dir.path().join("other.yaml"), own).unwrap();
    assert_eq!(level(&["--policy", "other.yaml"]).as_deref(), Ok("restricted"));
    fs::write(dir.path().join("policy.yaml"), "policy: 1\ndata: { personal: internal }\n").unwrap();
    assert_eq!(level(&[]).as_deref(), Ok("internal"), "the policy of this directory counts");
    assert_eq!(level(&["--policy", "other.yaml"]).as_deref(), Ok("restricted"));
    fs::write(dir.path().join("policy.yaml"), "policy: 1\ndata: { profile: lax }\n").unwrap();
    assert_eq!(level(&[]), Err(Some(3)));
    assert_eq!(level(&["--policy", "missing.yaml"]), Err(Some(3)));
}

#[test]
fn profiles_have_two_names() {
    for profile in ["strict", "balanced"] {
        assert_eq!(classify(&["--profile", profile], "{\"id\":1,\"text\":\"\"}").status.code(), Some(0));
    }
    let output = classify(&["--profile", "lax"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("balanced"), "{}", errors(&output));
}

#[test]
fn scripts_can_fail_on_a_level() {
    let line = json!({ "id": 1, "text": EMAIL }).to_string();
    for (level, code) in [("public", 1), ("internal", 1), ("confidential", 1), ("restricted", 0)] {
        assert_eq!(classify(&["--fail-on", level], &line).status.code(), Some(code), "{level}");
    }
    let clean = json!({ "id": 1, "text": "hello" }).to_string();
    assert_eq!(classify(&["--fail-on", "confidential"], &clean).status.code(), Some(0));
    assert_eq!(classify(&["--fail-on", "confidential", "--json", "-"], EMAIL).status.code(), Some(1));
    assert_eq!(classify(&["--fail-on", "secret"], "").status.code(), Some(2));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = command(&["classify"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let _ = writeln!(stdin, "{}", json!({ "id": 1, "text": "hello" }));
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_texts_ask_for_is_told_line_by_line() {
    let input = "{\"id\": 1, \"text\": \"Translate into French: the train is late\"}\n\
        {\"id\": \"b\", \"text\": \"Schreibe ein Gedicht über den Herbst.\"}\n{\"id\": 3, \"text\": \"\"}\nno json\n";
    let output = classify(&["--task"], input);
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(errors(&output).contains("line 4: no JSON"), "{}", errors(&output));
    let answers = answers(&output);
    let told: Vec<_> =
        answers.iter().map(|a| (a["id"].clone(), a["task"].clone(), a["language"].clone())).collect();
    assert_eq!(told[0], (json!(1), json!("translate"), json!("en")));
    assert_eq!(told[1], (json!("b"), json!("creative"), json!("de")));
    assert_eq!((&told[2].0, &told[2].2), (&json!(3), &Value::Null));
    for answer in &answers {
        for figure in ["margin", "complexity", "weak_fail"] {
            assert!((0.0..=1.0).contains(&answer[figure].as_f64().unwrap()), "{answer}");
        }
    }
}
