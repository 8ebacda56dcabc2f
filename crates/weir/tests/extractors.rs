//! The text of attachments: where it is known whole it is inspected, otherwise the attachment is opaque.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

mod support;

use serde_json::{Value, json};
use std::path::Path;
use support::http::Reply;
use support::stage::Stage;
use support::{TWO_RULES, two_zones, until};

const EMAIL: &str = "jane.doe@example.com";
/// Gives back what comes after `%PDF-`.
const STRIP: &str = "tail -c +6";

/// RFC 4648, for what stands in data URLs.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0_u32, |word, i| word << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn file(media_type: &str, bytes: &[u8]) -> Value {
    let url = format!("data:{media_type};base64,{}", base64(bytes));
    json!({ "type": "file", "file": { "filename": "a", "file_data": url } })
}

fn pdf(text: &str) -> Value {
    file("application/pdf", format!("%PDF-{text}").as_bytes())
}

fn ask(parts: &[Value]) -> Value {
    json!({ "model": "auto", "messages": [{ "role": "user", "content": parts }] })
}

/// With an extractor of PDFs that is this shell script. A busy machine is no reason to give it up.
fn stage(script: &str) -> Stage {
    limited(script, "20s")
}

/// With one that has so much time.
fn limited(script: &str, timeout: &str) -> Stage {
    let extractor = json!({ "types": ["application/pdf"], "command": ["sh", "-c", script], "timeout": timeout, "max_bytes": "1KiB" });
    Stage::with(two_zones, &TWO_RULES.replace("rules:\n", &format!("  extractors: [{extractor}]\nrules:\n")))
}

/// What a script that is given up has written before. On a busy machine the first may not come so far.
fn written_in_time(stage: &Stage, path: &Path) -> String {
    for number in 0..40 {
        assert_opaque(stage, &stage.chat(&ask(&[pdf(&format!("text {number}"))])));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.ends_with('\n') {
            return text.trim().to_owned();
        }
    }
    panic!("no script gets so far as to write");
}

#[track_caller]
fn assert_opaque(stage: &Stage, reply: &Reply) {
    assert_eq!((reply.status, reply.zone()), (200, Some("local")), "{}", reply.text());
    stage.assert_cloud_untouched();
    let decision = &stage.record(reply)["decision"];
    assert_eq!(
        (&decision["opaque"][0], &decision["level"]),
        (&json!("file"), &json!("restricted")),
        "{decision}"
    );
}

#[test]
fn attached_plain_text_is_inspected_without_a_program() {
    let stage = Stage::new();
    for media_type in ["text/plain", "text/plain;charset=UTF-8", "text/csv", "text/html", "application/json"]
    {
        let clean = ask(&[file(media_type, "nothing to see; größer".as_bytes())]);
        let reply = stage.chat(&clean);
        assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{media_type}: {}", reply.text());
        assert_eq!(stage.there.seen()[0].json()["messages"], clean["messages"], "as it was");
        stage.there.forget();
        let reply = stage.chat(&ask(&[file(media_type, format!("name;{EMAIL}").as_bytes())]));
        assert_eq!(reply.zone(), Some("local"), "{media_type}");
        let decision = &stage.record(&reply)["decision"];
        assert_eq!(decision["level"], "confidential", "{decision}");
        assert!(decision["findings"].to_string().contains("EMAIL_ADDRESS"), "{decision}");
        assert!(!stage.there.contains(EMAIL.as_bytes()));
    }
}

#[test]
fn what_is_called_text_and_is_not_stays_opaque() {
    for bytes in [b"\xff\xfea\0".as_slice(), b"a\0b", b"%PDF-1.7 ...", b"\x89PNG\r\n"] {
        let stage = Stage::new();
        assert_opaque(&stage, &stage.chat(&ask(&[file("text/plain", bytes)])));
    }
}

#[test]
fn what_a_program_reads_whole_is_inspected() {
    let stage = stage(STRIP);
    let reply = stage.chat(&ask(&[pdf("nothing to see")]));
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    let reply = stage.chat(&ask(&[pdf(&format!("write to {EMAIL}"))]));
    assert_eq!(reply.zone(), Some("local"));
    let decision = &stage.record(&reply)["decision"];
    assert_eq!(
        (&decision["level"], &decision["opaque"]),
        (&json!("confidential"), &Value::Null),
        "{decision}"
    );
    // The bytes of a file that was read are not opaque besides, long as they are.
    let reply = stage.chat(&ask(&[pdf(&"nothing to see ".repeat(40))]));
    assert_eq!((reply.status, reply.zone()), (200, Some("cloud")), "{}", reply.text());
    assert_eq!(stage.gateway.metric("weir_extractions_total", &["outcome=\"read\"", "application/pdf"]), 3.0);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_program_started_ends_with_it_when_time_is_up() {
    let directory = tempfile::tempdir().unwrap();
    let number = directory.path().join("number");
    let stage = limited(&format!("sleep 60 & echo $! > '{}'; wait", number.display()), "700ms");
    let number: u32 = written_in_time(&stage, &number).parse().unwrap();
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    stage.gateway.until("what it started has ended", |_| !runs());
}

#[test]
fn what_a_program_fails_at_stays_opaque() {
    for (outcome, script) in [
        ("failed", "cat; exit 1"),
        ("failed", "kill -9 $$"),
        ("timeout", "exec sleep 60"),
        ("timeout", "cat; exec sleep 60"),
        ("output_too_long", "yes"),
        ("output_too_long", "cat; head -c 2000 /dev/zero"),
        ("no_text", "cat > /dev/null"),
        ("no_text", "printf ' \\n\\f'"),
        ("not_text", "printf '\\377'"),
    ] {
        let stage = limited(script, if outcome == "timeout" { "700ms" } else { "20s" });
        assert_opaque(&stage, &stage.chat(&ask(&[pdf("nothing to see")])));
        let label = format!("outcome=\"{outcome}\"");
        assert_eq!(stage.gateway.metric("weir_extractions_total", &[&label]), 1.0, "{script}");
    }
}

#[test]
fn what_no_program_covers_stays_opaque() {
    let stage = stage(STRIP);
    let uncovered = file("application/msword", b"nothing to see");
    let disguised = file("application/pdf", b"nothing to see");
    let more = json!({ "type": "file", "file": { "file_data": pdf("x")["file"]["file_data"], "pages": 3 } });
    let large = pdf(&"x".repeat(2000));
    for part in [uncovered, disguised, more, large] {
        assert_opaque(&stage, &stage.chat(&ask(std::slice::from_ref(&part))));
        assert_opaque(&stage, &stage.chat(&ask(&[pdf("nothing to see"), part])));
    }
}

#[test]
fn a_program_that_is_missing_covers_nothing() {
    let extractor = json!({ "types": ["application/pdf"], "command": ["/no/such/program"] });
    let policy = TWO_RULES.replace("rules:\n", &format!("  extractors: [{extractor}]\nrules:\n"));
    let stage = Stage::with(two_zones, &policy);
    assert_opaque(&stage, &stage.chat(&ask(&[pdf("nothing to see")])));
}

#[test]
fn a_program_sees_nothing_of_the_environment_but_the_path() {
    let stage = stage(
        "cat > /dev/null; env | grep -v -E '^(PATH|PWD|OLDPWD|SHLVL|_)=' && exit 1; echo nothing to see",
    );
    assert_eq!(stage.chat(&ask(&[pdf("x")])).zone(), Some("cloud"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_takes_too_long_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    let stage = limited(&format!("echo $$ > {}; exec sleep 60", pid.display()), "700ms");
    let status = format!("/proc/{}/cmdline", written_in_time(&stage, &pid));
    stage.gateway.until("the program is gone", |_| {
        !Path::new(&status).exists() || std::fs::read(&status).unwrap_or_default().is_empty()
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_does_not_outlive_the_gateway() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 60", pid.display());
    let extractor =
        json!({ "types": ["application/pdf"], "command": ["sh", "-c", script], "timeout": "60s" });
    let policy = TWO_RULES.replace("rules:\n", &format!("  extractors: [{extractor}]\nrules:\n"));
    let config = |here: &str, there: &str| two_zones(here, there) + "limits: { drain: 200ms }\n";
    let stage = Stage::with(config, &policy);
    let mut client = stage.gateway.client();
    let asking = std::thread::spawn(move || {
        let body = ask(&[pdf("nothing to see")]).to_string();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            client.post("/v1/chat/completions", &[], body.as_bytes())
        }))
    });
    stage
        .gateway
        .until("the program runs", |_| std::fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n')));
    let Stage { gateway, .. } = stage;
    gateway.stop();
    let pid = std::fs::read_to_string(pid).unwrap();
    let command = format!("/proc/{}/cmdline", pid.trim());
    until("the program has ended too", || std::fs::read(&command).unwrap_or_default().is_empty());
    let _ = asking.join();
}
