//! `weir demo`, run as people run it.
#![cfg(test)]

mod run;

use run::{Ended, Running, weir};
use std::io::{BufRead, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;
use weir_rig::fake::{Fake, Script};

/// One run, looked at by several tests.
static ONCE: LazyLock<Ended> = LazyLock::new(|| weir(&["demo", "--once", "--simulated"]));

/// The row of the table whose first words are these.
fn row<'a>(text: &'a str, about: &str) -> &'a str {
    text.lines()
        .find(|line| line.starts_with(about))
        .unwrap_or_else(|| panic!("no row `{about}` in:\n{text}"))
}

fn column<'a>(row: &'a str, text: &str, name: &str) -> &'a str {
    let head = text.lines().find(|line| line.starts_with("REQUEST")).unwrap();
    let start = head.find(name).unwrap();
    // `×` makes bytes and columns differ.
    let (at, _) = row.char_indices().nth(start).unwrap();
    row[at..].split("  ").next().unwrap().trim()
}

#[test]
fn once_shows_where_everything_ran_and_ends_well() {
    let (text, errors) = (ONCE.text(), ONCE.errors());
    assert_eq!(ONCE.code(), Some(0), "{text}{errors}");
    for (about, level, finding) in [
        ("e-mail address ", "confidential", "EMAIL_ADDRESS×1"),
        ("payment card, streamed", "confidential", "CREDIT_CARD×1"),
        ("bank account (IBAN)", "confidential", "IBAN_CODE×1"),
        ("API key in a log", "restricted", "SECRET×1"),
        ("private key", "restricted", "SECRET×1"),
        ("personal data in a tool result", "confidential", "EMAIL_ADDRESS×1 PERSON×1 PHONE_NUMBER×1"),
        ("evasion: fullwidth, zero-width", "confidential", "EMAIL_ADDRESS×1"),
    ] {
        let row = row(&text, about);
        assert_eq!(column(row, &text, "LEVEL"), level, "{row}");
        assert_eq!(column(row, &text, "FINDINGS"), finding, "{row}");
        assert_eq!(column(row, &text, "ZONE"), "local", "{row}");
        assert_eq!(column(row, &text, "RULE"), "sensitive data stays local", "{row}");
    }
    let image = row(&text, "image");
    assert_eq!((column(image, &text, "FINDINGS"), column(image, &text, "ZONE")), ("image (opaque)", "local"));
    assert_eq!(column(row(&text, "not classified, wish: local-only"), &text, "ZONE"), "local");
    for about in ["plain question", "code question, streamed", "translation"] {
        let row = row(&text, about);
        assert_eq!(column(row, &text, "BACKEND"), "simulated-cloud", "{row}");
        assert_eq!(column(row, &text, "FINDINGS"), "-", "{row}");
    }
    assert!(text.contains("stayed local") && text.contains("the cloud model saw 0 bytes of classified data"));
    assert!(!text.contains('\u{1b}'), "no colours in a pipe");
    assert!(!directory(&text).exists(), "the temporary directory is left");
}

#[test]
fn a_full_local_model_makes_classified_requests_wait_or_degrade_and_others_burst() {
    let reasons = |text: &str, about: &str| {
        let rows = text.lines().filter(|line| line.starts_with(about) && line.contains("of 3"));
        let mut reasons: Vec<String> = rows.map(|row| column(row, text, "REASON").to_owned()).collect();
        reasons.sort_unstable();
        reasons
    };
    let is_full = |text: &str| {
        reasons(text, "e-mail address") == ["degrade", "policy", "queue"]
            && reasons(text, "riddle") == ["burst", "policy", "policy"]
    };
    // A model is full while it answers, for less than a second: a busy machine may take longer to ask it three times.
    let again = || weir(&["demo", "--once", "--simulated"]).text();
    let text = ONCE.text();
    assert!(is_full(&text) || is_full(&again()) || is_full(&again()), "{text}");
}

#[test]
fn a_reader_that_goes_early_is_no_error_and_leaves_nothing_behind() {
    let mut demo = Running::start(&["demo", "--once", "--simulated"], Stdio::piped());
    let mut head = String::new();
    while !head.contains("REQUEST") {
        assert!(demo.stdout().read_line(&mut head).unwrap() > 0, "{head}");
    }
    demo.close_stdout();
    assert_eq!(demo.wait().code(), Some(0));
    assert!(!directory(&head).exists());
}

#[test]
fn it_stays_up_with_things_to_try_until_it_is_told_to_end() {
    let mut demo = Running::start(&["demo", "--simulated"], Stdio::piped());
    let mut text = String::new();
    while !text.contains("Ctrl-C") {
        assert!(demo.stdout().read_line(&mut text).unwrap() > 0, "{text}");
    }
    assert_eq!(text.matches("  curl ").count(), 3);
    assert!(text.contains("/metrics") && text.contains("/readyz") && text.contains("audit query --config"));
    let directory = directory(&text);
    let config = directory.join("weir.yaml");
    let query = |options: &[&str]| {
        let args = [&["audit", "query", "--json", "--config", config.to_str().unwrap()], options].concat();
        weir(&args).text().lines().count()
    };
    assert!(query(&["--zone", "local"]) >= 9 && query(&["--zone", "cloud"]) >= 3);
    assert_eq!(query(&["--zone", "cloud", "--level", "confidential"]), 0);
    let address = text.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let embedded =
        post(address, "/v1/embeddings", r#"{"model":"auto","input":["a weir","jane.doe@example.com"]}"#);
    assert!(embedded.starts_with("HTTP/1.1 200") && embedded.contains("x-weir-zone: local"), "{embedded}");
    assert_eq!(embedded.matches(r#""object":"embedding""#).count(), 2, "{embedded}");
    demo.terminate();
    let mut rest = String::new();
    demo.stdout().read_to_string(&mut rest).unwrap();
    assert_eq!(demo.wait().code(), Some(0), "{rest}");
    assert!(!directory.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_local_server_takes_the_local_part_and_the_cloud_stays_simulated() {
    let server = Fake::start(Script::serving(["nomic-embed-text", "house:7b", "other:3b"])).await.unwrap();
    let (probe, port) = (server.address().to_string(), run::free_port().to_string());
    let out = weir(&["demo", "--once", "--probe", &probe, "--port", &port]);
    let text = out.text();
    assert_eq!(out.code(), Some(0), "{text}{}", out.errors());
    assert!(
        text.contains(&format!("local-server at {}, model house:7b, which is real", server.url())),
        "{text}"
    );
    assert_eq!(column(row(&text, "bank account"), &text, "BACKEND"), "local-server");
    assert_eq!(column(row(&text, "plain question"), &text, "BACKEND"), "simulated-cloud");
    assert!(server.contains(b"DE89 3704 0044 0532 0130 00") && server.contains(b"house:7b"));
}

/// The answer with its head.
fn post(address: &str, path: &str, body: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test's client")]
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json");
    write!(stream, "{head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn directory(text: &str) -> std::path::PathBuf {
    let policy = text.lines().find_map(|line| line.strip_prefix("Policy: ")).unwrap();
    Path::new(policy).parent().unwrap().to_owned()
}
