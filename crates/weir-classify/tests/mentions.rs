//! Places and organisations: listed, and of no consequence until the policy says so.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use common::{found, inspect};
use weir_classify::{Engine, EntityRule, EntityType, Segment, Settings};
use weir_label::{Category, Level};

#[track_caller]
fn names(entity: &str, covered: &str, text: &str) {
    assert!(found(text).contains(&(entity.to_owned(), covered.to_owned())), "in `{text}`: {:?}", found(text));
}

#[test]
fn companies_are_named_by_their_legal_form() {
    for (covered, text) in [
        ("Muster & Söhne GmbH", "Die Muster & Söhne GmbH liefert morgen."),
        ("Acme Widgets Ltd", "The Acme Widgets Ltd invoice is late"),
        ("Acme, Inc", "made by Acme, Inc. in 2020"),
        ("Nordwind AG", "Bei Nordwind AG, Zürich"),
        ("Banco del Sur S.A.", "el Banco del Sur S.A. firmó"),
        ("Rossi Costruzioni S.r.l.", "la Rossi Costruzioni S.r.l. di Bari"),
        ("De Vries B.V.", "wij zijn De Vries B.V."),
    ] {
        names("ORGANIZATION", covered, text);
    }
    for text in ["a GmbH must register", "Limited time offer", "see plc and inc", "in Incheon we met", " Ltd"]
    {
        assert_eq!(found(text), [], "in `{text}`");
    }
}

#[test]
fn a_city_with_its_postcode_is_a_place() {
    for (covered, text) in [
        ("10115 Berlin", "Acme, 10115 Berlin"),
        ("75002 Paris", "75002 Paris"),
        ("SW1A 2AA", "London SW1A 2AA"),
        ("IL 62704", "Springfield, IL 62704"),
    ] {
        names("LOCATION", covered, text);
    }
    assert_eq!(found("10 Downing Street, London SW1A 2AA").len(), 1, "an address says more");
    assert_eq!(found("wir zahlen 25000 Euro"), []);
}

#[test]
fn what_is_mentioned_changes_nothing_until_it_is_given_a_level() {
    let text = "Nordwind AG, 10115 Berlin";
    let inspection = inspect(text);
    assert_eq!(inspection.findings.len(), 2, "{:?}", inspection.findings);
    assert!(inspection.findings.iter().all(|finding| finding.level == Level::Public));
    assert_eq!(inspection.label, inspect("nothing at all").label);

    let mut settings = Settings::default();
    settings.data.entities.insert(EntityType::PERSON, EntityRule::Off);
    settings.data.entities.insert(EntityType::ORGANIZATION, EntityRule::Level(Level::Confidential));
    let label = Engine::new(settings).unwrap().inspect(&[Segment::text(text)]).label;
    assert_eq!(label.level(), Level::Confidential);
    assert!(label.categories().contains(&Category::Business));
}
