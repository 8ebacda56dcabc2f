//! What is the organisation's own: indexes, inflected terms, patterns with conditions, exceptions.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::sync::Arc;
use weir_classify::{
    Checksum, Engine, EntityRule, EntityType, IndexUse, Inspection, Pattern, Segment, Settings, TermList,
};
use weir_index::{DocumentBuilder, Index, RecordBuilder, Salt};
use weir_label::{Category, Jurisdiction, Level};

fn with(change: impl FnOnce(&mut Settings)) -> Engine {
    let mut settings = Settings::default();
    change(&mut settings);
    Engine::new(settings).unwrap()
}

fn look(engine: &Engine, text: &str) -> Inspection {
    engine.inspect(&[Segment::text(text)])
}

/// The texts that findings of a type cover.
fn found<'t>(engine: &Engine, entity: &str, text: &'t str) -> Vec<&'t str> {
    let inspection = look(engine, text);
    inspection
        .findings
        .iter()
        .filter(|finding| finding.entity.as_str() == entity)
        .map(|finding| &text[finding.start..finding.end])
        .collect()
}

fn jurisdictions(inspection: &Inspection) -> Vec<&str> {
    inspection.label.jurisdictions().iter().map(Jurisdiction::as_str).collect()
}

const DOCUMENT: &str = "The board resolved on Tuesday that the northern plant will be sold to its managers before \
    the end of the second quarter, at a price which the auditors have yet to confirm.";

fn indexes() -> Vec<IndexUse> {
    let mut records = RecordBuilder::new(Salt([1; 16]));
    for value in ["Zoë Müller-Okafor", "K-48213", "GB29NWBK60161331926819"] {
        records.add(value).unwrap();
    }
    let mut documents = DocumentBuilder::new(Salt([2; 16]));
    documents.add("some other document that nobody here quotes, of a few words").unwrap();
    documents.add(DOCUMENT).unwrap();
    let used = |name: &str, bytes, category, jurisdiction: Option<&str>| IndexUse {
        name: name.to_owned(),
        index: Arc::new(Index::from_bytes(bytes).unwrap()),
        category,
        level: Some(Level::Restricted),
        jurisdiction: jurisdiction.map(|name| name.parse().unwrap()),
    };
    vec![
        used("customers", records.finish().unwrap(), Category::Personal, Some("DE")),
        used("board", documents.finish().unwrap(), Category::Business, None),
    ]
}

#[test]
fn a_record_is_found_in_every_view() {
    let engine = with(|s| s.indexes = indexes());
    for text in [
        "for ZOE MUELLER-OKAFOR",
        "{\"name\": \"Zo\\u00eb M\\u00fcller-Okafor\"}",
        "Ｚｏｅ　Ｍuller Okafor",
        "customer no. k 48 213",
    ] {
        let inspection = look(&engine, text);
        assert_eq!(inspection.label.level(), Level::Restricted, "{text}");
        assert_eq!(inspection.entities.get(&EntityType::EXACT_MATCH), Some(&1), "{text}");
        assert_eq!(jurisdictions(&inspection), ["DE", "EU"], "{text}");
        assert!(inspection.label.categories().contains(&Category::Personal));
    }
    let parts = [Segment::text("our customer K-48"), Segment::text("213 wants")];
    assert_eq!(engine.inspect(&parts).label.level(), Level::Restricted);
    assert_eq!(look(&engine, "for the stall, customer K-48214").label.level(), Level::Internal);
}

#[test]
fn a_quote_of_a_document_takes_its_level_and_names_index_and_number() {
    let engine = with(|s| s.indexes = indexes());
    let text =
        "Summarise: \"THE NORTHERN PLANT will be sold to its managers before the end of the second quarter\"";
    let inspection = look(&engine, text);
    let finding = &inspection.findings[0];
    assert_eq!(finding.entity, EntityType::CONFIDENTIAL_DOCUMENT);
    assert_eq!(&*finding.recogniser, "board#1");
    assert_eq!(
        &text[finding.start..finding.end],
        "THE NORTHERN PLANT will be sold to its managers before the end of the second quarter"
    );
    assert_eq!(inspection.label.level(), Level::Restricted);
    assert!(jurisdictions(&inspection).is_empty());
    assert_eq!(look(&engine, "the northern plant will be sold to somebody").findings.len(), 0);
}

#[test]
fn terms_are_found_inflected_and_in_compounds() {
    let engine = with(|s| {
        s.terms = vec![TermList::new("codenames", &["Projekt Falke", "Aquila", "Mühlberg", "Ares"])]
    });
    for (text, covered) in [
        ("Das Projekt Falke.", "Projekt Falke"),
        ("Projektor Falke", ""),
        ("des Projekts Falke", "Projekts Falke"),
        ("das Falkenprojekt läuft", "Falkenprojekt"),
        ("Stand des Falkenprojekts", "Falkenprojekts"),
        ("die Projekt-Falken", "Projekt-Falken"),
        ("die Projektfalken", "Projektfalken"),
        ("le aquile sono partite", "aquile"),
        ("Aquila's budget", "Aquila"),
        ("the Aquilas", "Aquilas"),
        ("ein Aquilaprojekt", "Aquilaprojekt"),
        ("im Projektaquila", "Projektaquila"),
        ("in Muehlberg", "Muehlberg"),
        ("in MUHLBERG", "MUHLBERG"),
        ("des Mühlbergs", "Mühlbergs"),
        ("der Mühlberger", "Mühlberger"),
        ("die Mühlbergstrategie", "Mühlbergstrategie"),
        ("Ares and Arese", "Ares"),
        ("Aquilation, Preaquila, Wildfalke, Aquilaprojektor", ""),
    ] {
        let expected: Vec<&str> = Some(covered).filter(|covered| !covered.is_empty()).into_iter().collect();
        let expected = if text == "Ares and Arese" { vec!["Ares", "Arese"] } else { expected };
        assert_eq!(found(&engine, "TERM", text), expected, "in `{text}`");
    }
    let exact =
        with(|s| s.terms = vec![TermList { inflect: false, ..TermList::new("codenames", &["Aquila"]) }]);
    assert_eq!(found(&exact, "TERM", "Aquila, Aquilas, Aquilaprojekt"), ["Aquila"]);
}

#[test]
fn a_term_within_an_allowed_phrase_is_none() {
    let allow = vec!["Orion constellation".to_owned(), "the Orion Nebula".to_owned()];
    let list = TermList {
        allow,
        jurisdiction: Some("CH".parse().unwrap()),
        ..TermList::new("codenames", &["Orion"])
    };
    let engine = with(|s| s.terms = vec![list]);
    let text = "The orion nebula lies in the ORION CONSTELLATION.";
    assert_eq!(found(&engine, "TERM", text), [""; 0]);
    let text = "Orion will ship before the Orion nebula is gone";
    assert_eq!(found(&engine, "TERM", text), ["Orion"]);
    assert_eq!(jurisdictions(&look(&engine, text)), ["CH"]);
}

#[test]
fn a_pattern_may_ask_for_context_a_checksum_and_exceptions() {
    let pattern = Pattern {
        context: vec!["Policy".to_owned(), "Vertrag".to_owned()],
        checksum: Some(Checksum::Luhn),
        allow: vec!["7992739871-?3".to_owned()],
        jurisdiction: Some("US".parse().unwrap()),
        ..Pattern::new("policy number", r"[0-9]{10}-?[0-9]")
    };
    let engine = with(|s| s.patterns = vec![pattern]);
    for (text, expected) in [
        ("policy 12345678903", vec!["12345678903"]),
        ("VERTRAG: 1234567890-3", vec!["1234567890-3"]),
        ("policy 12345678904", vec![]),
        ("number 12345678903", vec![]),
        ("policy 79927398713", vec![]),
        ("policy 7992739871-3", vec![]),
    ] {
        assert_eq!(found(&engine, "PATTERN", text), expected, "in `{text}`");
    }
    assert_eq!(jurisdictions(&look(&engine, "policy 12345678903")), ["US"]);
    let keyed = engine.inspect(&[Segment::key("policyNumber"), Segment::text("12345678903")]);
    assert_eq!(keyed.findings.len(), 1);
    let wrong = Pattern { allow: vec!["(".to_owned()], ..Pattern::new("a", "b") };
    assert!(Engine::new(Settings { patterns: vec![wrong], ..Settings::default() }).is_err());
}

#[test]
fn matches_behind_those_that_are_examined_count() {
    let pattern = Pattern { context: vec!["case".to_owned()], ..Pattern::new("a", "[0-9]{4}") };
    let engine = with(|s| s.patterns = vec![pattern]);
    let text = "1234 ".repeat(900);
    assert_eq!(found(&engine, "PATTERN", &text), [""; 0]);
    let text = "1234 ".repeat(1_100);
    assert!(!found(&engine, "PATTERN", &text).is_empty());
}

#[test]
fn checksums_agree_with_their_standards() {
    for (checksum, right) in [
        ("luhn", "7992739871 3"),
        ("verhoeff", "2363"),
        ("mod11", "0-306-40615-2"),
        ("mod11", "0-8044-2957-X"),
        ("mod97", "5493001KJTIIGC8Y1R12"),
        ("iban", "GB29 NWBK 6016 1331 9268 19"),
        ("iso7064-mod11-2", "0000-0002-1825-0097"),
        ("iso7064-mod11-2", "0000-0002-1694-233X"),
        ("iso7064-mod11-10", "86095742719"),
        ("iso7064-mod37-36", "A1-2425G-ABC1234002-M"),
    ] {
        let pattern =
            Pattern { checksum: Some(checksum.parse().unwrap()), ..Pattern::new("a", "^[0-9A-Z -]+$") };
        let engine = with(|s| s.patterns = vec![pattern]);
        assert_eq!(found(&engine, "PATTERN", right), [right], "{checksum}");
        let other = |c: char| if c == '2' { '3' } else { '2' };
        for at in (0..right.len()).filter(|at| right.as_bytes()[*at].is_ascii_digit()) {
            let c = other(char::from(right.as_bytes()[at]));
            let wrong = format!("{}{c}{}", &right[..at], &right[at + 1..]);
            assert_eq!(found(&engine, "PATTERN", &wrong), [""; 0], "{checksum}");
        }
    }
    assert!("crc".parse::<Checksum>().is_err());
}

#[test]
fn an_allowed_value_is_no_finding() {
    let engine = with(|s| {
        let allow = [
            ("EMAIL_ADDRESS", vec!["support@example.com", "*@press.example.com"]),
            ("IP_ADDRESS", vec!["203.0.113.0/28"]),
            ("CREDIT_CARD", vec!["4111111111111111"]),
        ];
        s.allow = allow
            .into_iter()
            .map(|(entity, values)| {
                (entity.parse().unwrap(), values.into_iter().map(str::to_owned).collect::<Vec<String>>())
            })
            .collect();
    });
    for (entity, text, expected) in [
        ("EMAIL_ADDRESS", "Support@Example.com, a@press.example.com, b@example.com", vec!["b@example.com"]),
        ("IP_ADDRESS", "from 203.0.113.7 to 203.0.113.17", vec!["203.0.113.17"]),
        ("CREDIT_CARD", "card 4111 1111 1111 1111 or 5555 5555 5555 4444", vec!["5555 5555 5555 4444"]),
    ] {
        assert_eq!(found(&engine, entity, text), expected, "in `{text}`");
    }
}

#[test]
fn a_recogniser_can_be_switched_and_levelled_by_its_name() {
    let name = Engine::recognisers().iter().find(|row| row.entity == EntityType::EMAIL_ADDRESS).unwrap().name;
    let text = "write to jo@example.com";
    for (rule, level) in
        [(EntityRule::Off, Level::Internal), (EntityRule::Level(Level::Restricted), Level::Restricted)]
    {
        let engine = with(|s| {
            s.data.recognisers.insert(name.to_owned(), rule);
            s.data.entities.insert(EntityType::EMAIL_ADDRESS, EntityRule::Level(Level::Confidential));
        });
        assert_eq!(look(&engine, text).label.level(), level);
    }
}

#[test]
fn everything_of_ones_own_is_in_the_digest() {
    let digests: Vec<String> = [
        with(|_| {}),
        with(|s| s.indexes = indexes()),
        with(|s| s.indexes = indexes()[..1].to_vec()),
        with(|s| s.terms = vec![TermList::new("a", &["bcde"])]),
        with(|s| s.terms = vec![TermList { inflect: false, ..TermList::new("a", &["bcde"]) }]),
        with(|s| s.patterns = vec![Pattern::new("a", "b")]),
        with(|s| s.patterns = vec![Pattern { checksum: Some(Checksum::Luhn), ..Pattern::new("a", "b") }]),
        with(|s| s.allow = [(EntityType::SECRET, vec!["x".to_owned()])].into()),
        with(|s| s.data.recognisers = [("x".to_owned(), EntityRule::Off)].into()),
    ]
    .iter()
    .map(|engine| engine.digest().to_owned())
    .collect();
    let distinct: std::collections::BTreeSet<&String> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
}
