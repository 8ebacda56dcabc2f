//! Golden files: what documented examples of one dialect come to in the others.
//!
//! `tests/golden/README.md` says what lies where. `WEIR_GOLDEN=write cargo test -p weir-wire golden` writes the
//! files that are derived; what changed is then reviewed as a diff.

use super::{addressed, object, providers};
use crate::canonical::{Event, Losses, Severity};
use crate::chat::ReplyIdentity;
use crate::dialect::backend::Item;
use crate::dialect::client::EventWriter;
use crate::dialect::{BackendDialect, ClientDialect};
use crate::relay::frames;
use crate::sse::SseItem;
use crate::{Card, Destination};
use std::fs;
use std::path::{Path, PathBuf};

const CLIENTS: [(&str, ClientDialect); 6] = [
    ("chat", ClientDialect::ChatCompletions),
    ("completions", ClientDialect::Completions),
    ("responses", ClientDialect::Responses),
    ("messages", ClientDialect::Messages),
    ("ollama-chat", ClientDialect::OllamaChat),
    ("ollama-generate", ClientDialect::OllamaGenerate),
];

const BACKENDS: [(&str, BackendDialect); 6] = [
    ("chat", BackendDialect::ChatCompletions),
    ("messages", BackendDialect::Messages),
    ("gemini", BackendDialect::Gemini),
    ("converse", BackendDialect::Converse),
    ("ollama", BackendDialect::Ollama),
    ("cohere", BackendDialect::Cohere),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A file below the directory.
pub(super) fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Files of documented examples: those whose name has one dot.
fn examples(directory: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root().join(directory)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_example = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().matches('.').count() == 1;
    let mut examples: Vec<PathBuf> = paths.filter(is_example).collect();
    examples.sort();
    examples
}

/// Compares with the file, or writes it.
fn check(example: &Path, suffix: &str, found: &str) {
    let stem = example.file_stem().unwrap().to_str().unwrap();
    let path = example.with_file_name(format!("{stem}.{suffix}"));
    if std::env::var_os("WEIR_GOLDEN").is_some_and(|value| value == "write") {
        return fs::write(path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} differs; see golden.rs on how to write it anew", path.display());
}

/// JSON with a line for each value, so that a diff shows what changed.
fn pretty(json: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(json).unwrap();
    serde_json::to_string_pretty(&value).unwrap() + "\n"
}

#[test]
fn golden_requests() {
    let mut checked = 0;
    for (name, client) in CLIENTS {
        for example in examples(&format!("{name}/request")) {
            let body = object(&fs::read(&example).unwrap());
            let conversation = client.read(&body).unwrap();
            for (backend, dialect) in BACKENDS {
                let card = Card { max_output_tokens: Some(8_192), ..Card::default() };
                let to = Destination { card, ..Destination::new("upstream-1", true) };
                let mut out = Vec::new();
                let losses = dialect.write(&conversation, &to, &mut out);
                check(&example, &format!("to-{backend}.json"), &(pretty(&out) + &lost(client, &losses)));
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
}

fn lost(client: ClientDialect, losses: &Losses) -> String {
    let line = |(field, severity): (&str, Severity)| match severity {
        Severity::Reported => format!("reported: {field}\n"),
        Severity::Refused => format!("refused: {field}\n"),
    };
    losses.iter().map(|loss| line((client.field_name(&loss.field), loss.severity))).collect()
}

fn identity() -> ReplyIdentity {
    ReplyIdentity { id: "id_1a2b3c".to_owned(), alias: "auto".to_owned() }
}

/// What a client asked that gets the answers: usage, and tools of free text.
const ASKED: &[u8] = br#"{"model":"auto","stream_options":{"include_usage":true},"instructions":"Be brief.","temperature":0.20}"#;

#[test]
fn golden_replies() {
    let (identity, asked) = (identity(), object(ASKED));
    let mut checked = 0;
    for (name, dialect) in BACKENDS {
        let examples = examples(&format!("{name}/reply"));
        assert!(examples.len() > 1, "{name}");
        for example in examples {
            let body = fs::read(&example).unwrap();
            let reply = dialect.read_reply(&body).unwrap();
            for (client_name, client) in CLIENTS {
                let written = client.write_reply(&reply, &addressed(&identity, &asked));
                check(&example, &format!("as-{client_name}.json"), &pretty(&written));
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn golden_streams() {
    let mut checked = 0;
    for (name, dialect) in BACKENDS {
        let examples = examples(&format!("{name}/stream"));
        assert!(examples.len() > 1, "{name}");
        for example in examples {
            let events = read_stream(dialect, &fs::read(&example).unwrap());
            for (client_name, client) in CLIENTS {
                check(&example, &format!("as-{client_name}.txt"), &write_stream(client, &events));
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
}

fn read_stream(dialect: BackendDialect, file: &[u8]) -> Vec<Event<'static>> {
    let framed = if dialect == BackendDialect::Converse { framed(file) } else { file.to_vec() };
    let (mut frames, mut reader) = (frames(dialect.framing(), 1 << 20), dialect.events());
    frames.push(&framed).unwrap();
    let mut events = Vec::new();
    let sink = &mut |event: Event<'_>| events.push(super::pairs::owned(event));
    while let Some(item) = frames.next_item() {
        let SseItem::Event { event, data } = item else { continue };
        reader.item(&Item { event: &event, data: &data }, sink).unwrap();
    }
    reader.end(sink).unwrap();
    assert_eq!(events.last(), Some(&Event::End), "{dialect:?}");
    events
}

/// Lines of `{"TYPE":PAYLOAD}` in Amazon's framing.
fn framed(lines: &[u8]) -> Vec<u8> {
    let line = |line: &[u8]| {
        let line = object(line);
        let (kind, payload) = line.iter().next().unwrap();
        providers::aws(kind, &payload.to_bytes())
    };
    lines.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()).flat_map(line).collect()
}

fn write_stream(client: ClientDialect, events: &[Event<'_>]) -> String {
    let (identity, asked) = (identity(), object(ASKED));
    let mut writer = EventWriter::new(client, &addressed(&identity, &asked));
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    String::from_utf8(out).unwrap()
}
