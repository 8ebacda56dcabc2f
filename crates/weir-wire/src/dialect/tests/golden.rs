//! Golden files: what documented examples of one dialect come to in the others.
//!
//! `tests/golden/README.md` says what lies where. `WEIR_GOLDEN=write cargo test -p weir-wire golden` writes the
//! files that are derived; what changed is then reviewed as a diff.

use super::{addressed, object};
use crate::canonical::{Conversation, Event, Losses, Reply, Severity};
use crate::chat::{BadReply, ReplyIdentity};
use crate::dialect::ClientDialect;
use crate::dialect::backend::{Item, chat, messages};
use crate::dialect::client::EventWriter;
use crate::sse::{SseItem, SseParser};
use crate::{Card, Destination};
use std::fs;
use std::path::{Path, PathBuf};

type Write = fn(&Conversation<'_>, &Destination<'_>, &mut Vec<u8>) -> Losses;
type ReadReply = for<'b> fn(&'b [u8]) -> Result<Reply<'b>, BadReply>;

const CLIENTS: [(&str, ClientDialect); 6] = [
    ("chat", ClientDialect::ChatCompletions),
    ("completions", ClientDialect::Completions),
    ("responses", ClientDialect::Responses),
    ("messages", ClientDialect::Messages),
    ("ollama-chat", ClientDialect::OllamaChat),
    ("ollama-generate", ClientDialect::OllamaGenerate),
];

const BACKENDS: [(&str, Write, ReadReply); 2] =
    [("chat", chat::write, chat::read_reply), ("messages", messages::write, messages::read_reply)];

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
            for (backend, write, _) in BACKENDS {
                let card = Card { max_output_tokens: Some(8_192), ..Card::default() };
                let to = Destination { card, ..Destination::new("upstream-1", true) };
                let mut out = Vec::new();
                let losses = write(&conversation, &to, &mut out);
                check(&example, &format!("to-{backend}.json"), &(pretty(&out) + &lost(client, &losses)));
                checked += 1;
            }
        }
    }
    assert!(checked > 10);
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
    for (name, _, read) in BACKENDS {
        for example in examples(&format!("{name}/reply")) {
            let body = fs::read(&example).unwrap();
            let reply = read(&body).unwrap();
            for (client_name, client) in CLIENTS {
                let written = client.write_reply(&reply, &addressed(&identity, &asked));
                check(&example, &format!("as-{client_name}.json"), &pretty(&written));
                checked += 1;
            }
        }
    }
    assert!(checked > 10);
}

#[test]
fn golden_streams() {
    let mut checked = 0;
    for (name, _, _) in BACKENDS {
        for example in examples(&format!("{name}/stream")) {
            let events = read_stream(name, &fs::read(&example).unwrap());
            for (client_name, client) in CLIENTS {
                check(&example, &format!("as-{client_name}.txt"), &write_stream(client, &events));
                checked += 1;
            }
        }
    }
    assert!(checked > 10);
}

fn read_stream(name: &str, bytes: &[u8]) -> Vec<Event<'static>> {
    let mut parser = SseParser::new(1 << 20);
    parser.push(bytes).unwrap();
    let (mut of_chat, mut of_messages) = (chat::EventReader::new(), messages::EventReader::new());
    let mut events = Vec::new();
    while let Some(item) = parser.next_item() {
        let SseItem::Event { event, data } = item else { continue };
        let item = Item { event: &event, data: &data };
        let sink = &mut |event: Event<'_>| events.push(super::pairs::owned(event));
        match name {
            "chat" => of_chat.item(&item, sink).unwrap(),
            _ => of_messages.item(&item, sink).unwrap(),
        }
    }
    assert_eq!(events.last(), Some(&Event::End), "{name}");
    events
}

fn write_stream(client: ClientDialect, events: &[Event<'_>]) -> String {
    let (identity, asked) = (identity(), object(ASKED));
    let mut writer = EventWriter::new(client, &addressed(&identity, &asked));
    let mut out = Vec::new();
    events.iter().for_each(|event| writer.event(event, &mut out));
    String::from_utf8(out).unwrap()
}
