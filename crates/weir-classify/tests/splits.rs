//! Values that are told in several places of a body, which a model reads one after the other.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::engine;
use weir_classify::{Engine, Segment, Settings};

fn keyed<'a>(key: &'a str, text: &'a str) -> [Segment<'a>; 2] {
    [Segment::key(key), Segment::text(text)]
}

/// The keys and strings of a body, flat: `("role", "user")`; an empty string stands for no string under a key.
fn body<'a>(members: &[(&'a str, &'a str)]) -> Vec<Segment<'a>> {
    let member = |(key, text): &(&'a str, &'a str)| match *text {
        "" => vec![Segment::key(key)],
        text => keyed(key, text).to_vec(),
    };
    members.iter().flat_map(member).collect()
}

#[track_caller]
fn assert_found(entity: &str, members: &[(&str, &str)]) {
    let found = engine().inspect(&body(members)).entities;
    assert!(found.contains_key(entity), "no {entity} in {members:?}: {found:?}");
}

#[track_caller]
fn assert_in_text(entity: &str, text: &str) {
    let found = engine().inspect(&[Segment::text(text)]).entities;
    assert!(found.contains_key(entity), "no {entity} in {text}: {found:?}");
}

#[test]
fn what_directly_follows_in_another_string_hides_no_address() {
    for behind in ["7 times", "t1", "(see there)", "_x"] {
        assert_found("EMAIL_ADDRESS", &[("a", "jo.doe"), ("b", "@example.com"), ("c", behind)]);
    }
}

#[test]
fn arguments_of_calls_and_what_follows_them_are_read_together() {
    let called = |arguments, result| {
        vec![
            ("role", "assistant"),
            ("id", "call_PSQJxfZxEkHuEZb1"),
            ("name", "look_up"),
            ("arguments", arguments),
            ("role", "tool"),
            ("tool_call_id", "call_PSQJxfZxEkHuEZb1"),
            ("content", result),
        ]
    };
    for (arguments, result) in [
        ("{\"q\": \"write to jo.doe@exam\"}", "ple.com today"),
        ("{\"n\": 7, \"to\": [\"jo.doe@exam\"]}", "{\"q\": \"ple.com\"}"),
    ] {
        assert_found("EMAIL_ADDRESS", &called(arguments, result));
    }
    let split = [
        ("role", "user"),
        ("content", "write to jo.doe@exam"),
        ("name", "f"),
        ("arguments", "{}"),
        ("role", "tool"),
        ("content", "ple.com now"),
    ];
    assert_found("EMAIL_ADDRESS", &split);
    // Brackets alone make no JSON.
    assert_found(
        "CREDIT_CARD",
        &[("role", "user"), ("content", "[my card is 4539 1488]"), ("content", "{0343 6467}")],
    );
    // Numbers beside each other are no text.
    let harmless = called("{\"since\": \"2020-03-18\"}", "{\"id\": 9553, \"total\": 12}");
    assert!(engine().inspect(&body(&harmless)).findings.is_empty());
}

#[test]
fn escapes_in_arguments_of_calls_are_no_part_of_what_is_cut() {
    for before in ["\\n", "\\t", "x\\\\ \\u00e9\\n", "a \\\"quote\\\"\\r\\n", &"\\nabc \\u20ac".repeat(40)] {
        let arguments = format!("{{\"n\": 7, \"q\": \"write to\\u003a {before}jo.doe@exam\"}}");
        let segments = body(&[("arguments", &arguments), ("role", "tool"), ("content", "ple.com today")]);
        let findings = engine().inspect(&segments).findings;
        let places: Vec<_> = findings.iter().map(|found| (found.segment, found.start, found.end)).collect();
        let from = arguments.find("jo.doe").unwrap();
        assert_eq!(places, [(1, from, from + "jo.doe@exam".len())], "{arguments}");
    }
}

#[test]
fn what_tells_a_model_its_task_stands_before_what_developers_say() {
    assert_found(
        "EMAIL_ADDRESS",
        &[
            ("input", ""),
            ("role", "developer"),
            ("content", "ple.com today"),
            ("role", "user"),
            ("content", "x"),
            ("instructions", "write to jo.doe@exam"),
        ],
    );
}

#[test]
fn the_type_of_a_document_is_no_part_of_a_value() {
    let document = [
        ("type", "document"),
        ("title", "of jo.doe@exam"),
        ("media_type", "text/plain"),
        ("data", "ple.com today"),
    ];
    assert_found("EMAIL_ADDRESS", &document);
}

#[test]
fn a_card_that_is_told_in_turns_that_end_with_digits_is_found() {
    assert_found(
        "CREDIT_CARD",
        &[
            ("role", "user"),
            ("content", "my card is 4539 1488"),
            ("role", "assistant"),
            ("content", "Go on."),
            ("role", "user"),
            ("content", "wait a moment"),
            ("role", "assistant"),
            ("content", "Yes?"),
            ("role", "user"),
            ("content", "0343 6467"),
        ],
    );
}

#[test]
fn members_of_a_record_hide_no_value_between_them() {
    for (entity, record) in [
        ("EMAIL_ADDRESS", r#"{"user": "jo.doe", "domain": "example.com", "id": 7}"#),
        ("EMAIL_ADDRESS", r#"{"email": {"name": "jo.doe", "host": "example.com"}}"#),
        ("EMAIL_ADDRESS", r#"{"email": ["jo.doe", "example.com"], "x": "y"}"#),
        ("US_SSN", r#"{"ssn_area": 536, "ssn_group": 90, "ssn_serial": 4399, "n": 3}"#),
        ("CREDIT_CARD", r#"{"card1": "4539", "card2": "1488", "card3": "0343", "card4": "6467", "n": "3"}"#),
        ("DATE_OF_BIRTH", r#"{"dob": {"day": 14, "month": 3, "year": 1985}, "n": 3}"#),
    ] {
        assert_in_text(entity, record);
        assert_in_text(entity, &format!("Here is the record:\n```json\n{record}\n```\nSummarise it."));
    }
    for harmless in [
        r#"{"user": "postgres", "host": "db.example.com", "port": 5432}"#,
        r#"{"dates": {"day": 14, "month": 3, "year": 1985}}"#,
        "fn main() { let x = {\"a\": [1, 2, {\"b\": {\"c\": ",
    ] {
        assert!(engine().inspect(&[Segment::text(harmless)]).findings.is_empty(), "{harmless}");
    }
}

#[test]
fn names_of_people_in_health_records_are_found() {
    let engine = Engine::new(Settings::default()).unwrap();
    let record = r#"{"resourceType": "Patient", "name": [{"use": "official", "family": "Mustermann", "given": ["Erika"]}]}"#;
    let found = engine.inspect(&[Segment::text(record)]).entities;
    assert!(found.contains_key("PERSON"), "{found:?}");
    let font = engine.inspect(&[Segment::text(r#"{"fontFamily": "Georgia", "family": "inet6"}"#)]);
    assert!(font.findings.is_empty(), "{:?}", font.findings);
}
