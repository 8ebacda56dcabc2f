//! The command line: what each command prints, and its exit codes.
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
use std::io::Write;
use std::process::{Command, Output, Stdio};
use support::command::{assert_plain, run, stderr, stdout};
use support::stage::Stage;
use support::{Home, PERSONAL, TWO_RULES, ask, two_zones, weir};

/// Nobody listens there: these commands connect to nothing.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

fn home() -> Home {
    Home::new(&two_zones(NOWHERE, NOWHERE), TWO_RULES)
}

/// Runs a command with `input` on its stdin.
fn run_with_input(mut command: Command, input: &[u8]) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// Every command, with its subcommands, as its own `--help` lists them.
fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut at = 0;
    while at < found.len() {
        let path: Vec<String> = found[at].clone();
        let help = stdout(&run(&words(&path, &["--help"])));
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in listed.take_while(|line| line.starts_with("  ")) {
            let name = line.split_whitespace().next().unwrap();
            if name != "help" && !line.starts_with("   ") {
                found.push([path.clone(), vec![name.to_owned()]].concat());
            }
        }
        at += 1;
    }
    found
}

fn words<'a>(path: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    path.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

#[test]
fn every_command_explains_itself() {
    let commands = commands();
    let names: Vec<String> = commands.iter().map(|path| path.join(" ")).collect();
    for name in [
        "",
        "serve",
        "demo",
        "init",
        "check",
        "explain",
        "index",
        "index records",
        "index documents",
        "encoder",
        "encoder fit",
        "classify",
        "keys",
        "keys create",
        "keys list",
        "keys revoke",
        "audit",
        "audit query",
        "audit verify",
        "audit prove",
        "audit attest",
        "policy",
        "policy prove",
        "policy diff",
        "policy lint",
        "schema",
        "recognisers",
        "man",
        "completions",
    ] {
        assert!(names.iter().any(|found| found == name), "`{name}` is not among {names:?}");
    }
    for path in &commands {
        let help = run(&words(path, &["--help"]));
        let text = stdout(&help);
        assert_eq!(help.status.code(), Some(0), "{path:?}");
        assert!(text.contains("Usage:") && text.contains("--help"), "{path:?}: {text}");
        assert!(text.lines().next().unwrap().len() > 10, "{path:?} does not say what it does: {text}");
        assert_plain(&text);
        let short = run(&words(path, &["-h"]));
        assert!(short.status.success() && !short.stdout.is_empty(), "{path:?}");
    }
    for (command, said) in [
        ("", "Exit codes: 0 done, 1 a check failed, 2 wrong usage, 3 the configuration"),
        ("serve", "SIGHUP: reload both files"),
        ("check", "Exit code 3 when the files cannot be used"),
        ("explain", "types and places, never values"),
        ("classify", "Findings are types and places, never values"),
        ("keys", "Only a keyed hash of a key is stored"),
        ("audit", "There is no prompt text in it"),
        ("policy prove", "Holds for all requests that there can be, not for a sample"),
        ("policy diff", "Exit codes: 0 no change in meaning, 1 there is one"),
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let text = stdout(&run(&arguments)).replace('\n', " ");
        assert!(text.contains(said), "`{said}` is not in the help of `{command}`: {text}");
    }
}

#[test]
fn the_version_is_told() {
    for flag in ["--version", "-V"] {
        let output = run(&[flag]);
        assert_eq!(
            (output.status.code(), stdout(&output).as_str()),
            (Some(0), concat!("weir ", env!("CARGO_PKG_VERSION"), "\n"))
        );
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    let cases: [(&[&str], &str); 11] = [
        (&[], "Usage:"),
        (&["sevre"], "serve"),
        (&["check", "--jsno"], "--json"),
        (&["audit", "query", "--zone", "moon"], "`local` or `cloud`"),
        (&["audit", "query", "--level", "secret"], "confidential"),
        (&["audit", "query", "--since", "yesterday"], "7d"),
        (&["keys", "create", "x", "--expires", "2001-01-01T00:00:00Z"], "that time is over"),
        (&["keys", "create", ""], "1 to 128 bytes"),
        (&["keys", "create", "x", "--tenant", "two\nlines"], "1 to 128 bytes"),
        (&["man", "no-such-command"], "there is no command `no-such-command`"),
        (&["serve", "--admin", "0.0.0.0:9090"], "must be a loopback address"),
    ];
    for (arguments, said) in cases {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
        assert_plain(&stderr(&output));
    }
}

#[test]
fn a_log_that_is_not_there_yet_is_told_with_what_begins_it() {
    let home = home();
    let claim = "no record with zone cloud has level restricted";
    let commands: [&[&str]; 6] = [
        &["audit", "query"],
        &["audit", "verify"],
        &["audit", "prove", "dec_1"],
        &["audit", "attest", "--claim", claim],
        &["report", "quality"],
        &["policy", "replay"],
    ];
    for command in commands {
        let output = home.weir(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(
            said.contains("there is no audit log at") && said.contains("`weir serve` begins it"),
            "{said}"
        );
    }
}

#[test]
fn an_import_overwrites_nothing_and_says_where_else_it_could_write() {
    let home = home();
    let theirs = home.path().join("litellm.yaml");
    std::fs::write(
        &theirs,
        "model_list: [{ model_name: gpt, litellm_params: { model: openai/gpt-5, api_key: os.environ/KEY } }]\n",
    )
    .unwrap();
    let before = std::fs::read(home.config()).unwrap();
    let (theirs, ours) = (theirs.to_str().unwrap().to_owned(), home.config().to_str().unwrap().to_owned());
    let output = run(&["import", "litellm", &theirs, "--output", &ours]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("exists and is not overwritten"), "{}", stderr(&output));
    assert_eq!(std::fs::read(home.config()).unwrap(), before);
}

#[test]
fn what_is_no_yaml_is_shown_where_it_stands_with_what_to_do() {
    for (from, to, place, shown, help) in [
        ("\">= confidential\"", ">= confidential", "policy.yaml:9:25", ">= confidential }", "in quotes"),
        ("    use: local", "\tuse: local", "policy.yaml:10:2", "use: local", "indent with spaces"),
    ] {
        let policy = TWO_RULES.replacen(from, to, 1);
        assert_ne!(policy, TWO_RULES, "{from}");
        let output = Home::new(&two_zones(NOWHERE, NOWHERE), &policy).weir(&["check"]);
        assert_eq!(output.status.code(), Some(3));
        let said = stderr(&output);
        assert!([place, shown, help].iter().all(|text| said.contains(text)), "{said}");
    }
    let home = Home::new(&two_zones(NOWHERE, NOWHERE), TWO_RULES);
    std::fs::write(home.policy(), b"policy: 1 # \xff").unwrap();
    std::fs::write(home.config(), b"weir: 1 # \xff").unwrap();
    assert!(!stderr(&home.weir(&["check"])).contains("weir init"), "there is one");
}

#[test]
fn good_files_are_checked_with_a_summary() {
    let output = home().weir(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains(
            "1 local and 1 cloud backends, 3 aliases, 2 rules, boundary `confidential`, strict profile"
        ),
        "{text}"
    );
    // What is allowed but probably not meant.
    assert!(stderr(&output).contains("no local target of alias `cloud-only`"), "{}", stderr(&output));
    assert_plain(&[text, stderr(&output)].concat());
    let json: Value = serde_json::from_slice(&home().weir(&["check", "--json"]).stdout).unwrap();
    assert_eq!((&json["ok"], &json["error"]), (&json!(true), &Value::Null));
    assert!(json["policy_revision"].as_str().unwrap().len() >= 16, "{json}");
    assert!(json["problems"].as_array().unwrap().iter().all(|problem| problem["severity"] == "warning"));
}

#[test]
fn all_problems_of_both_files_are_told_at_once_with_their_places() {
    let config = two_zones(NOWHERE, NOWHERE).replace("zone: local", "zone: lokal");
    let home = Home::new(&config, &TWO_RULES.replace("use: local", "use: locla"));
    let output = home.weir(&["check"]);
    assert_eq!(output.status.code(), Some(3));
    let text = stderr(&output);
    for said in ["weir.yaml:7:11", "`lokal`", "policy.yaml:10:10", "`locla`", "help:", "nothing was changed"]
    {
        assert!(text.contains(said), "{said} is not in: {text}");
    }
    assert!(output.stdout.is_empty());
    assert_plain(&text);
    let output = home.weir(&["check", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["ok"], &json["policy_revision"]), (&json!(false), &Value::Null));
    let errors: Vec<&Value> = json["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["severity"] == "error")
        .collect();
    assert_eq!(errors.len(), 2, "{json}");
    assert_eq!((&errors[0]["line"], &errors[0]["column"]), (&json!(7), &json!(11)));
    assert!(errors.iter().all(|error| error["help"].is_string() && error["message"].is_string()));
}

#[test]
fn files_that_cannot_be_read_end_with_3() {
    let missing = run(&["check", "--config", "/nonexistent/weir.yaml"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(stderr(&missing).contains("cannot read `/nonexistent/weir.yaml`"));
    assert!(stderr(&missing).contains("`weir init` writes a first configuration"));
    let json = run(&["check", "--json", "--config", "/nonexistent/weir.yaml"]);
    assert_eq!(json.status.code(), Some(3));
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(json["error"].as_str().unwrap().contains("cannot read"), "{json}");
}

#[test]
fn a_policy_elsewhere_is_taken_by_option_and_by_environment() {
    let home = home();
    let elsewhere = home.path().join("other.yaml");
    fs::rename(home.policy(), &elsewhere).unwrap();
    assert_eq!(home.weir(&["check"]).status.code(), Some(3));
    assert!(home.weir(&["check", "--policy", elsewhere.to_str().unwrap()]).status.success());
    let mut command = weir();
    command.arg("check").env("WEIR_CONFIG", home.config()).env("WEIR_POLICY", &elsewhere);
    assert!(command.output().unwrap().status.success());
}

/// Explains a request from stdin.
fn explain(home: &Home, body: &Value, json: bool) -> Output {
    let mut command = weir();
    command.arg("explain").arg("-").arg("--config").arg(home.config());
    if json {
        command.arg("--json");
    }
    run_with_input(command, body.to_string().as_bytes())
}

#[test]
fn a_check_for_code_scanning_has_a_place_for_each_problem() {
    let home = home();
    let policy = fs::read_to_string(home.policy()).unwrap();
    fs::write(home.policy(), format!("{policy}boundry: internal\ntime_zone: Europe/Berln\n")).unwrap();
    let output = home.weir(&["check", "--format", "sarif"]);
    assert_eq!(output.status.code(), Some(3));
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let messages: Vec<&str> = results.iter().map(|r| r["message"]["text"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        [
            "`boundry` is not known here; did you mean `boundary`?",
            "`Europe/Berln` is no time zone; did you mean `Europe/Berlin`?"
        ]
    );
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&json!(1), &json!(8)), "{region}");
    assert_eq!(region["snippet"]["text"], "boundry: internal");
    let fine = self::home().weir(&["check", "--format", "sarif"]);
    let log: Value = serde_json::from_slice(&fine.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(fine.status.code(), Some(0));
    assert!(results.iter().all(|result| result["level"] == "warning"), "{log}");
}

#[test]
fn an_explanation_names_findings_and_left_out_targets_and_no_value() {
    let home = home();
    let body = ask("auto", PERSONAL);
    let file = home.path().join("request.json");
    fs::write(&file, body.to_string()).unwrap();
    let from_file = home.weir(&["explain", file.to_str().unwrap()]);
    assert_eq!(from_file.status.code(), Some(0), "{}", stderr(&from_file));
    let text = stdout(&from_file);
    assert_eq!(text, stdout(&explain(&home, &body, false)), "file and stdin differ");
    for said in [
        "classified: from confidential up it never leaves the network",
        "EMAIL",
        "messages[0].content bytes 9..29",
        "sensitive data stays local",
        "here/local-model",
        "there/cloud-model",
        "when full: queue 5s → degrade → reject",
    ] {
        assert!(text.contains(said), "{said} is not in: {text}");
    }
    let left_out = text.split("Left out").nth(1).expect("targets that were left out");
    assert!(left_out.contains("there/cloud-model") && left_out.contains("cloud"), "{text}");
    assert!(!text.contains("jane.doe") && !text.contains("example.com"), "the value is shown: {text}");
    assert_plain(&text);
}

#[test]
fn an_explanation_says_whether_tokens_are_counted_or_estimated() {
    let home = home();
    let said = |home: &Home| stdout(&explain(home, &ask("auto", "How much water?"), false));
    assert!(said(&home).lines().any(|l| l.contains("request.prompt_tokens") && l.ends_with("estimated")));
    let config = fs::read_to_string(home.config()).unwrap();
    let counted = config.replace("name: local-model", "name: local-model, tokenizer: cl100k_base");
    assert_ne!(config, counted);
    fs::write(home.config(), counted).unwrap();
    let text = said(&home);
    let line = text.lines().find(|line| line.contains("request.prompt_tokens")).unwrap();
    assert!(line.contains(" 11 ") && line.ends_with("counted with cl100k_base"), "{line}");
    let json: Value =
        serde_json::from_slice(&explain(&home, &ask("auto", "How much water?"), true).stdout).unwrap();
    assert_eq!(json["tokens_counted_with"], "cl100k_base");
}

#[test]
fn an_explanation_as_json_has_the_same() {
    let output = explain(&home(), &ask("auto", PERSONAL), true);
    assert!(!stdout(&output).contains("jane.doe"));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&json["classified"], &json["label"]["level"], &json["denied"]),
        (&json!(true), &json!("confidential"), &Value::Null)
    );
    let [finding] = json["findings"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!(finding["path"], "$.messages[0].content");
    assert_eq!((&finding["start"], &finding["end"]), (&json!(9), &json!(29)));
    assert!(finding["type"].as_str().unwrap().contains("EMAIL"), "{finding}");
    let target = |name: &str| {
        json["targets"].as_array().unwrap().iter().find(|t| t["target"] == name).unwrap().clone()
    };
    assert_eq!(target("here/local-model")["role"], "first");
    assert_eq!(target("there/cloud-model")["role"], Value::Null);
    assert!(target("there/cloud-model")["reason"].as_str().unwrap().contains("confidential"), "{json}");
    assert_eq!(json["facts"]["data.level"], "confidential");
    let public: Value =
        serde_json::from_slice(&explain(&home(), &ask("auto", "hello"), true).stdout).unwrap();
    assert_eq!(
        (&public["classified"], &public["rule"]),
        (&json!(false), &json!("everything else may use the cloud"))
    );
    assert_eq!(public["findings"], json!([]));
}

#[test]
fn an_explanation_of_a_denied_request_says_why() {
    let output = explain(&home(), &ask("cloud-only", PERSONAL), false);
    assert!(output.status.success());
    let text = stdout(&output);
    assert!(text.contains("denied: no target of `cloud-only` may take this request"), "{text}");
    assert!(text.split("Left out").nth(1).unwrap().contains("there/cloud-model"), "{text}");
    let json: Value =
        serde_json::from_slice(&explain(&home(), &ask("cloud-only", PERSONAL), true).stdout).unwrap();
    assert!(json["denied"].as_str().unwrap().contains("cloud-only"));
    assert_eq!(json["when_full"], json!([]));
}

#[test]
fn what_cannot_be_explained_is_an_error_without_its_text() {
    let home = home();
    for (body, said) in [
        ("{\"model\":\"auto\",\"model\":\"auto\"}", "occurs twice"),
        ("secret-canary", "JSON"),
        ("{\"model\":\"nope\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", "`nope`"),
    ] {
        let mut command = weir();
        command.args(["explain", "-", "--config"]).arg(home.config());
        let output = run_with_input(command, body.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{body}");
        assert!(stderr(&output).contains(said), "{body}: {}", stderr(&output));
        assert!(!stderr(&output).contains("secret-canary"));
    }
    let missing = home.weir(&["explain", "/nonexistent/request.json"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn schemas_are_json_schemas_and_those_that_are_committed() {
    for (name, file) in
        [("weir", "weir.yaml"), ("policy", "policy.yaml"), ("policy-test", "policy.test.yaml")]
    {
        let output = run(&["schema", name]);
        let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"));
        assert_eq!(schema["title"], file);
        let known = if name == "policy-test" { "cases" } else { name };
        assert!(schema["properties"].as_object().unwrap().contains_key(known));
        let committed =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schemas/").to_owned() + name + ".schema.json";
        assert_eq!(stdout(&output), fs::read_to_string(committed).unwrap());
    }
}

#[test]
fn completions_and_manual_pages_are_written() {
    for (shell, said) in [("bash", "complete -F"), ("zsh", "#compdef weir"), ("fish", "complete -c weir")] {
        let output = run(&["completions", shell]);
        assert!(output.status.success() && stdout(&output).contains(said), "{shell}");
        assert!(stdout(&output).contains("recognisers"), "{shell}");
    }
    for path in commands() {
        let output = run(&words(&["man".to_owned()], &words(&path, &[])));
        let page = stdout(&output);
        assert!(output.status.success() && page.contains(".TH"), "{path:?}: {page}");
        assert!(page.contains(".SH SYNOPSIS") && page.contains(".SH DESCRIPTION"), "{path:?}: {page}");
    }
    assert!(stdout(&run(&["man", "keys", "create"])).contains("default\\-level"));
}

#[test]
fn recognisers_are_listed() {
    let text = stdout(&run(&["recognisers"]));
    let json = stdout(&run(&["recognisers", "--json"]));
    let rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 28, "{} recognisers", rows.len());
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    for row in &rows {
        let name = row["name"].as_str().unwrap();
        assert!(text.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}");
        // However it is broken into lines.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&text).contains(&words(row["validation"].as_str().unwrap())), "{name}");
    }
    for entity in [
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "CREDIT_CARD",
        "IBAN_CODE",
        "IP_ADDRESS",
        "US_SSN",
        "UK_NHS",
        "DE_TAX_ID",
        "SECRET",
    ] {
        assert!(rows.iter().any(|row| row["entity"] == entity), "{entity}: {text}");
        assert!(text.contains(entity), "{entity}");
    }
    for row in &rows {
        assert!(
            row["finds"].as_str().unwrap().len() > 3 && row["validation"].as_str().unwrap().len() > 3,
            "{row}"
        );
    }
    assert_plain(&text);
}

#[test]
fn a_port_in_use_is_told_and_changes_nothing() {
    let stage = Stage::new();
    let home = Home::new(&two_zones(NOWHERE, NOWHERE), TWO_RULES);
    let output = home.weir(&["serve", "--listen", &stage.gateway.data.to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains(&format!("cannot listen on {}", stage.gateway.data)),
        "{}",
        stderr(&output)
    );
    assert!(!home.path().join("state").exists());
}

#[test]
fn records_are_indexed_and_the_policy_finds_them() {
    let home = home();
    let csv = home.path().join("customers.csv");
    fs::write(&csv, "first,last,no,city\nZoë,Okafor,K-48213,Bonn\nAnna,Schmidt,K-48214,Berlin\n").unwrap();
    let out = home.path().join("customers.widx");
    let (csv, out) = (csv.to_str().unwrap(), out.to_str().unwrap());
    let made = run(&[
        "index",
        "records",
        csv,
        "--columns",
        "first+last,no,city",
        "--out",
        out,
        "--jurisdiction",
        "DE",
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    assert_eq!(stdout(&made), format!("indexes: [{{ file: {out}, jurisdiction: DE }}]\n"));
    assert!(stderr(&made).contains("2 rows, 6 values"), "{}", stderr(&made));
    assert!(stderr(&made).contains("`city`: 2 left out that are too short or common"));
    let bytes = fs::read(out).unwrap();
    assert!(!bytes.windows(6).any(|window| window.eq_ignore_ascii_case(b"okafor")));
    let policy = TWO_RULES.replace("data:\n", &format!("data:\n  {}", stdout(&made)));
    fs::write(home.policy(), policy).unwrap();
    let explained = explain(&home, &ask("auto", "our customer ZOE OKAFOR, k 48213"), true);
    let explained = stdout(&explained);
    for said in ["EXACT_MATCH", "customers (raw)", "\"DE\"", "\"EU\"", "personal"] {
        assert!(explained.contains(said), "`{said}` is not in {explained}");
    }
    let missing = run(&["index", "records", csv, "--columns", "name"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("there is no column `name`; there are `first`, `last`, `no`, `city`"));
    let weak = run(&["index", "records", csv, "--columns", "city", "--out", out]);
    assert_eq!(weak.status.code(), Some(1));
    assert!(stderr(&weak).contains("no value is left to index"));
}

#[test]
fn documents_are_indexed_and_listed() {
    let home = home();
    let directory = home.path().join("documents");
    fs::create_dir_all(directory.join("below")).unwrap();
    let text = "The northern plant will be sold to its managers before the end of the second quarter.";
    fs::write(directory.join("below/plan.md"), text).unwrap();
    fs::write(directory.join("picture.png"), "x").unwrap();
    let out = home.path().join("plans.widx");
    let (directory, out) = (directory.to_str().unwrap(), out.to_str().unwrap());
    let made = run(&["index", "documents", directory, "--out", out, "--list", "--level", "restricted"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let expected = format!("0\t{directory}/below/plan.md\nindexes: [{{ file: {out}, level: restricted }}]\n");
    assert_eq!(stdout(&made), expected);
    assert!(stderr(&made).contains("picture.png` is left out: it is no text, Markdown, HTML, PDF or DOCX"));
    let all_public = run(&["index", "documents", directory, "--public", directory, "--out", out]);
    assert_eq!(all_public.status.code(), Some(1));
}

/// A trace of so many requests, ten a second.
fn trace(home: &Home, requests: u32) -> std::path::PathBuf {
    let path = home.path().join("trace.csv");
    let rows =
        (0..requests).map(|number| format!("{},1200,{}\n", f64::from(number) / 10.0, 50 + number % 400));
    fs::write(&path, format!("t_s,input_tokens,output_tokens\n{}", rows.collect::<String>())).unwrap();
    path
}

#[test]
fn simulate_shows_what_each_policy_makes_of_a_trace_and_nothing_classified_leaves() {
    let home = home();
    let trace = trace(&home, 2000);
    let trace = trace.to_str().unwrap();
    let output = run(&["simulate", "--trace", trace, "--small", "4090-1b", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 8);
    let of = |policy: &str| rows.iter().find(|row| row["policy"] == policy).unwrap();
    let figure = |policy: &str, name: &str| of(policy)[name].as_f64().unwrap();
    for row in &rows {
        assert_eq!((&row["lost"], &row["leaked"], &row["requests"]), (&json!(0), &json!(0), &json!(2000)));
    }
    assert_eq!(of("local")["burst_share"], json!(0.0));
    assert!(figure("local", "in_target") < 0.5, "the servers bear that much");
    assert!(figure("weir", "in_target") > 0.95);
    assert!(figure("weir", "burst_share") < figure("cloud", "burst_share"));
    let table = run(&["simulate", "--trace", trace, "--policy", "weir,queue:4"]);
    let text = stdout(&table);
    assert!(text.contains("POLICY") && text.contains("queue:4") && !text.contains("reserve"), "{text}");
}

#[test]
fn simulate_says_what_is_wrong_with_its_input() {
    let home = home();
    let bad = home.path().join("bad.csv");
    fs::write(&bad, "t_s,input_tokens,output_tokens\n1,many,3\n").unwrap();
    let output = run(&["simulate", "--trace", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("bad.csv: line 2: `input_tokens` is not a number"),
        "{}",
        stderr(&output)
    );
    let output = run(&["simulate"]);
    assert_eq!(output.status.code(), Some(2));
    let output = run(&["simulate", "--trace", "x.csv", "--policy", "best"]);
    assert!(stderr(&output).contains("`in-flight:N`"), "{}", stderr(&output));
}
