//! Markings of documents, and prose that only speaks of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{engine, inspect};
use weir_classify::{DataRules, Engine, EntityRule, EntityType, Segment, Settings};
use weir_label::{Category, Level};

fn markings(text: &str) -> Vec<(&str, Level)> {
    let is_marking = |finding: &&weir_classify::Finding| finding.entity == EntityType::DOCUMENT_MARKING;
    let found = inspect(text).findings;
    found
        .iter()
        .filter(is_marking)
        .map(|finding| (&text[finding.start..finding.end], finding.level))
        .collect()
}

#[test]
fn what_stands_like_a_marking_is_one_and_has_its_own_level() {
    for (text, covered, level) in [
        ("STRICTLY CONFIDENTIAL\n\nBudget of the northern plant", "STRICTLY CONFIDENTIAL", Level::Restricted),
        ("Strictly confidential\nBudget", "Strictly confidential", Level::Restricted),
        ("Budget\nCONFIDENTIAL — Page 3 of 9\nmore", "CONFIDENTIAL", Level::Confidential),
        ("Seite 2 von 4 | VERTRAULICH\nText", "VERTRAULICH", Level::Confidential),
        ("*** CONFIDENTIAL ***\nText", "CONFIDENTIAL", Level::Confidential),
        ("[Company Confidential] the new plant", "Company Confidential", Level::Confidential),
        ("Classification: Confidential\nText", "Confidential", Level::Confidential),
        ("Einstufung: geheim\nText", "geheim", Level::Restricted),
        ("{'classification': 'secret', 'x': 1}", "secret", Level::Restricted),
        ("For internal use only\nThe canteen", "For internal use only", Level::Internal),
        ("Nur für den internen Gebrauch\nText", "Nur für den internen Gebrauch", Level::Internal),
        ("Subject: [TLP:AMBER] phishing wave", "TLP:AMBER", Level::Confidential),
        ("TLP:RED\nindicators", "TLP:RED", Level::Restricted),
        ("TLP: GREEN | weekly report\nText", "TLP: GREEN", Level::Internal),
        ("VS-NfD\nLagebericht", "VS-NfD", Level::Confidential),
        ("VS – NUR FÜR DEN DIENSTGEBRAUCH\nLage", "VS – NUR FÜR DEN DIENSTGEBRAUCH", Level::Confidential),
        ("VS-Vertraulich\nLage", "VS-Vertraulich", Level::Restricted),
        ("STRENG GEHEIM\nLage", "STRENG GEHEIM", Level::Restricted),
        ("OFFICIAL-SENSITIVE\nMinute", "OFFICIAL-SENSITIVE", Level::Confidential),
        ("NATO RESTRICTED\nMinute", "NATO RESTRICTED", Level::Confidential),
        ("SECRET//NOFORN\nMinute", "SECRET", Level::Restricted),
        ("DIFFUSION RESTREINTE\nNote", "DIFFUSION RESTREINTE", Level::Confidential),
        ("Document confidentiel\nNote", "Document confidentiel", Level::Confidential),
        ("RISERVATO\nNota", "RISERVATO", Level::Confidential),
        ("CONFIDENCIAL - página 2\nNota", "CONFIDENCIAL", Level::Confidential),
        ("POUFNE\nNotatka", "POUFNE", Level::Confidential),
        ("СОВЕРШЕННО СЕКРЕТНО\nСправка", "СОВЕРШЕННО СЕКРЕТНО", Level::Restricted),
        ("社外秘\n新製品の計画", "社外秘", Level::Confidential),
        ("سري للغاية\nتقرير", "سري للغاية", Level::Restricted),
        (
            "This document is strictly confidential.",
            "This document is strictly confidential",
            Level::Restricted,
        ),
        ("Dieses Dokument ist vertraulich.", "Dieses Dokument ist vertraulich", Level::Confidential),
        ("Attorney-Client Privileged\nDear Ms Roe", "Attorney-Client Privileged", Level::Confidential),
        ("PRIVILEGED & CONFIDENTIAL | draft of the claim", "PRIVILEGED & CONFIDENTIAL", Level::Confidential),
    ] {
        assert_eq!(markings(text), [(covered, level)], "in `{text}`");
    }
    assert!(inspect("Attorney-Client Privileged\nx").label.categories().contains(&Category::Legal));
}

#[test]
fn prose_about_secrets_is_no_marking() {
    for text in [
        "Is this confidential information?",
        "Please keep this confidential.",
        "The secret ingredient is salt.",
        "How do I mount a Kubernetes Secret?",
        "Levels: public, internal, confidential, restricted.",
        "- Confidential\n- Restricted\n",
        "| Level | Who |\n| CONFIDENTIAL | managers |\n",
        "CONFIDENTIAL",
        "SECRET = os.environ['SECRET']",
        "export enum Level { PUBLIC, INTERNAL, CONFIDENTIAL, SECRET }",
        "SECRET_KEY\nAPI_SECRET\n",
        "What does TLP:RED mean in threat sharing?",
        "- TLP:RED: not for disclosure",
        "we marked it for internal use only because it is a draft",
        "das ist streng geheim, sagte er",
        "top secret recipes of my grandmother",
        "client_secret: abc",
        "an attorney-client privileged conversation in the film",
        "这是机密信息吗？",
    ] {
        assert_eq!(markings(text), [], "in `{text}`");
    }
}

#[test]
fn a_key_may_be_the_label() {
    let body = [Segment::key("classification"), Segment::text("confidential")];
    assert_eq!(engine().inspect(&body).label.level(), Level::Confidential);
    let body = [Segment::key("visibility"), Segment::text("confidential")];
    assert_eq!(engine().inspect(&body).label.level(), Level::Internal);
}

#[test]
fn the_operators_level_wins_over_the_markings_own() {
    for (rule, level) in [
        (EntityRule::Level(Level::Public), Level::Internal),
        (EntityRule::Level(Level::Restricted), Level::Restricted),
    ] {
        let data =
            DataRules { entities: [(EntityType::DOCUMENT_MARKING, rule)].into(), ..DataRules::default() };
        let engine = Engine::new(Settings { data, ..Settings::default() }).unwrap();
        assert_eq!(engine.inspect(&[Segment::text("TLP:AMBER\nx")]).label.level(), level);
    }
}
