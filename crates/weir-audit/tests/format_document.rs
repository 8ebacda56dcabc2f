//! `docs/formats/audit.md` says what the code does: its test vector is computed here.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use weir_audit::checkpoint::{Origin, Signer};
use weir_audit::event::{AsEvent as _, Author, LogClosed};
use weir_audit::tree::{Frontier, Hash};
use weir_audit::{Name, WallTime, event::hex, frame};

const DOCUMENT: &str = include_str!("../../../docs/formats/audit.md");

/// The text of the code block that follows the line `<!-- vector: NAME -->`.
fn vector(name: &str) -> String {
    let mark = format!("<!-- vector: {name} -->\n");
    let (_, rest) = DOCUMENT.split_once(&mark).unwrap_or_else(|| panic!("no vector `{name}`"));
    let (_, rest) = rest.split_once("```text\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn lines_of(hex: &str) -> String {
    hex.as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap() + "\n").collect()
}

fn event(seq: u64) -> Vec<u8> {
    let author = Author::new(*b"weir test vector", Name::new("node-1"));
    let mut bytes = Vec::new();
    let event = LogClosed { events: seq };
    author.write(&mut bytes, seq, WallTime::from_unix_ms(1_772_357_400_125), 1_000_000, event.as_event());
    bytes
}

fn check(name: &str, computed: &str) {
    assert_eq!(vector(name), computed, "vector `{name}` of docs/formats/audit.md");
}

#[test]
fn the_test_vector_of_the_document_is_what_the_code_writes() {
    check("event", &(String::from_utf8(event(0)).unwrap() + "\n"));

    let mut written = Vec::new();
    frame::write(&mut written, &event(0)).unwrap();
    check("header", &lines_of(&hex(&frame::segment_header(0))));
    check("frame", &lines_of(&hex(written.first_chunk::<{ frame::FRAME_HEADER_BYTES }>().unwrap())));

    let mut tree = Frontier::new();
    let leaves = [Hash::leaf(&event(0)), Hash::leaf(&event(1))];
    leaves.into_iter().for_each(|leaf| tree.append(leaf, |_, _| {}));
    check("leaves", &leaves.map(|leaf| hex(&leaf.0) + "\n").concat());
    check("root", &(hex(&tree.root().0) + "\n"));

    let signer = Signer::new(Origin::of_node(&Name::new("node-1")), &[0x42; 32]);
    check("key", &format!("{}\n", signer.verifier()));
    check("checkpoint", &signer.sign(2, tree.root()));
}

#[test]
fn every_field_of_every_event_is_in_the_document() {
    let source = concat!(
        include_str!("../src/event/mod.rs"),
        include_str!("../src/event/decision.rs"),
        include_str!("../src/event/outcome.rs"),
        include_str!("../src/event/lifecycle.rs")
    );
    let fields = source.lines().filter_map(|line| line.strip_prefix("    pub ")?.split_once(": "));
    let fields: Vec<_> = fields.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    assert!(fields.len() > 80, "{fields:?}");
    for field in fields {
        let written = match field {
            "type_name" | "entity" => "type",
            "envelope" | "event" => continue,
            field => field,
        };
        assert!(DOCUMENT.contains(&format!("`{written}`")), "`{written}` is not in docs/formats/audit.md");
    }
}
