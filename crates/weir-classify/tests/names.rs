//! Names of people: in which settings they count, and for what.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use weir_classify::{Engine, EntityRule, EntityType, Inspection, Profile, Segment, Settings};
use weir_label::Level;

fn inspect(settings: Settings, segments: &[Segment<'_>]) -> Inspection {
    Engine::new(settings).unwrap().inspect(segments)
}

fn level(profile: Profile, text: &str) -> Level {
    inspect(Settings { profile, ..Settings::default() }, &[Segment::text(text)]).label.level()
}

#[test]
fn in_the_strict_profile_a_name_is_personal_data() {
    for text in ["What do you know about Margaret Thornbury?", "Thorsten Ackermann kommt aus Kiel."] {
        assert_eq!(level(Profile::Strict, text), Level::Confidential, "{text}");
    }
}

#[test]
fn a_common_word_is_no_name_for_its_capital() {
    for (text, expected) in [
        ("You are Claude Code", Level::Internal),
        ("Please call Claude Baker.", Level::Confidential),
        ("Rain.", Level::Internal),
        ("Rose Thornbury.", Level::Confidential),
    ] {
        assert_eq!(level(Profile::Strict, text), expected, "{text}");
    }
}

#[test]
fn in_the_balanced_profile_a_name_needs_company() {
    for (text, expected) in [
        ("What do you know about Margaret Thornbury?", Level::Internal),
        ("Margaret has 12 apples and gives 5 to Kevin. How many are left?", Level::Internal),
        ("Margaret Thornbury, card 4111 1111 1111 1111", Level::Confidential),
        ("Our patient Margaret Thornbury complains of headaches.", Level::Confidential),
        ("Sehr geehrte Frau Lindemann, anbei der Vertrag.", Level::Confidential),
        ("Mi chiamo Alessandro Ferrante e vorrei disdire.", Level::Confidential),
    ] {
        assert_eq!(level(Profile::Balanced, text), expected, "{text}");
    }
}

#[test]
fn a_name_that_does_not_count_is_still_a_finding() {
    let settings = Settings { profile: Profile::Balanced, ..Settings::default() };
    let inspection = inspect(settings, &[Segment::text("What do you know about Margaret Thornbury?")]);
    let findings: Vec<(&str, Level)> =
        inspection.findings.iter().map(|f| (f.entity.as_str(), f.level)).collect();
    assert_eq!(findings, [("PERSON", Level::Internal)]);
    assert!(inspection.label.categories().is_empty());
}

#[test]
fn names_are_switched_off_and_levelled_like_any_other_type() {
    let text = [Segment::text("Please call Margaret Thornbury.")];
    for (rule, expected, count) in
        [(EntityRule::Off, Level::Internal, 0), (EntityRule::Level(Level::Restricted), Level::Restricted, 1)]
    {
        let mut settings = Settings::default();
        settings.data.entities.insert(EntityType::PERSON, rule);
        let inspection = inspect(settings, &text);
        assert_eq!((inspection.label.level(), inspection.findings.len()), (expected, count));
    }
}

#[test]
fn the_key_of_a_value_says_whether_it_is_a_name() {
    let body = [Segment::key("customer_name"), Segment::text("Margaret Thornbury")];
    assert_eq!(inspect(Settings::default(), &body).label.level(), Level::Confidential);
}

#[test]
fn names_hidden_behind_unusual_characters_are_found() {
    for text in [
        "Please call Ｍａｒｇａｒｅｔ Ｔｈｏｒｎｂｕｒｙ today.",
        "Please call Marga\u{200b}ret Thorn\u{200b}bury today.",
    ] {
        assert_eq!(level(Profile::Strict, text), Level::Confidential, "{text}");
    }
}
