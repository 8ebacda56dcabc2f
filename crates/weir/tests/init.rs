//! `weir init`, run as people run it.
#![cfg(test)]

mod run;

use run::{Ended, command, weir};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use weir_rig::fake::{Fake, Script};

const PLANTED: &str = "sk-planted-0nly-for-this-test-7f3a9c";

/// A port on which nobody listens.
fn nobody() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, run::free_port()))
}

/// Runs it in `directory`, which has a key of OpenAI in its environment, with stdin closed.
fn init(directory: &TempDir, probe: SocketAddr, options: &[&str]) -> Ended {
    let probe = probe.to_string();
    let path = directory.path().to_str().unwrap();
    let args = [&["init", "--offline", "--probe", &probe, "--dir", path], options].concat();
    Ended(command(&args).env("OPENAI_API_KEY", PLANTED).stdin(Stdio::null()).output().unwrap())
}

fn read(directory: &TempDir, name: &str) -> String {
    std::fs::read_to_string(directory.path().join(name)).unwrap()
}

fn check(directory: &TempDir, key: bool) -> Ended {
    let config = directory.path().join("weir.yaml");
    let mut check = command(&["check", "--config", config.to_str().unwrap()]);
    if key {
        check.env("OPENAI_API_KEY", PLANTED);
    }
    Ended(check.output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_becomes_a_configuration_that_check_accepts() {
    let models = ["qwen3:32b", "qwen3:8b", "nomic-embed-text", "gpt-oss:120b-cloud", "1.0"];
    let server = Fake::start(Script::serving(models)).await.unwrap();
    let directory = TempDir::new().unwrap();
    let out = init(&directory, server.address(), &["--yes"]);
    assert_eq!(out.code(), Some(0), "{}", out.errors());
    assert!(out.errors().contains("gpt-oss:120b-cloud"), "what is left out is named: {}", out.errors());
    let config = read(&directory, "weir.yaml");
    assert!(config.contains(&server.url()));
    assert!(config.contains("- \"local-server/qwen3:32b\"\n      - openai/"), "{config}");
    assert!(config.contains("degrade: #") && config.contains("- \"local-server/qwen3:8b\""), "{config}");
    assert!(!config.contains("-cloud") && !config.contains("embed"), "{config}");
    let checked = check(&directory, true);
    assert_eq!(checked.code(), Some(0), "{}", checked.errors());
    assert_eq!(checked.errors(), "", "there is nothing to warn of");
    assert!(
        checked.text().contains("1 local and 1 cloud backends, 4 aliases, 2 rules, boundary `confidential`")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_or_shown_only_the_name_of_its_variable() {
    let directory = TempDir::new().unwrap();
    let out = init(&directory, nobody(), &["--yes"]);
    let (config, policy) = (read(&directory, "weir.yaml"), read(&directory, "policy.yaml"));
    for text in [&config, &policy, &out.text(), &out.errors()] {
        assert!(!text.contains(PLANTED), "{text}");
    }
    assert!(config.contains("api_key: ${OPENAI_API_KEY}"));
    assert!(config.contains("FILL IN: its list of models could not be read"), "{config}");
}

#[test]
fn nothing_is_ever_overwritten() {
    for name in ["weir.yaml", "policy.yaml"] {
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join(name), "mine\n").unwrap();
        let out = init(&directory, nobody(), &["--yes"]);
        assert_eq!(out.code(), Some(1));
        assert!(out.errors().contains(name) && out.errors().contains("--dir"), "{}", out.errors());
        assert!(!out.errors().contains("Found"), "refused before anything is looked for");
        assert_eq!(read(&directory, name), "mine\n");
        assert_eq!(
            std::fs::read_dir(directory.path()).unwrap().count(),
            1,
            "the other file is not written either"
        );
    }
}

#[test]
fn a_link_that_leads_nowhere_is_not_followed() {
    let directory = TempDir::new().unwrap();
    let elsewhere = directory.path().join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, directory.path().join("weir.yaml")).unwrap();
    assert_eq!(init(&directory, nobody(), &["--yes"]).code(), Some(1));
    assert!(!elsewhere.exists());
}

#[test]
fn without_a_terminal_it_says_that_it_takes_the_defaults() {
    let directory = TempDir::new().unwrap();
    let out = init(&directory, nobody(), &[]);
    assert_eq!(out.code(), Some(0), "{}", out.errors());
    assert!(out.errors().contains("the defaults are taken"));
}

#[test]
fn with_nothing_found_the_files_are_valid_and_say_what_to_fill_in() {
    let directory = TempDir::new().unwrap();
    let below = directory.path().join("new/place");
    let probe = nobody().to_string();
    let out = weir(&["init", "--yes", "--probe", &probe, "--dir", below.to_str().unwrap()]);
    assert_eq!(out.code(), Some(0), "{}", out.errors());
    assert!(out.text().contains("FILL IN"));
    assert_valid(&below);
    let config = std::fs::read_to_string(below.join("weir.yaml")).unwrap();
    assert!(config.contains("FILL IN: the model's name"), "{config}");
}

#[test]
fn with_a_cloud_alone_it_says_that_classified_requests_are_denied() {
    let directory = TempDir::new().unwrap();
    let out = init(&directory, nobody(), &["--yes"]);
    assert!(out.text().contains("requests with classified data are denied"), "{}", out.text());
    assert_eq!(check(&directory, true).code(), Some(0));
    assert_eq!(check(&directory, false).code(), Some(3), "the key must be where Weir is started");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_weir_is_not_taken_for_a_model_server() {
    let list = r#"{"object":"list","data":[{"id":"auto","object":"model","created":1,"owned_by":"weir"}]}"#;
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{list}",
        list.len()
    );
    let script = Script::failing(weir_rig::fake::Fault::Raw(answer.into_bytes())).probes_fail();
    let gateway = Fake::start(script).await.unwrap();
    let directory = TempDir::new().unwrap();
    let out = init(&directory, gateway.address(), &["--yes"]);
    assert!(out.errors().contains("no local server"), "{}", out.errors());
}

fn assert_valid(directory: &Path) {
    let config = directory.join("weir.yaml");
    let checked = weir(&["check", "--config", config.to_str().unwrap()]);
    assert_eq!((checked.code(), checked.errors().as_str()), (Some(0), ""), "{}", checked.text());
}
