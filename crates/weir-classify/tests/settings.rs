//! What the operator decides: levels, terms, patterns, limits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;

use common::{engine, inspect};
use std::collections::BTreeMap;
use weir_classify::{
    DataRules, Engine, EntityRule, EntityType, Inspection, Limits, Pattern, Segment, Settings, SettingsError,
    TermList,
};
use weir_label::{Category, Label, Level};

fn with(change: impl FnOnce(&mut Settings)) -> Engine {
    let mut settings = Settings::default();
    change(&mut settings);
    Engine::new(settings).unwrap()
}

fn look(engine: &Engine, text: &str) -> Inspection {
    engine.inspect(&[Segment::text(text)])
}

fn terms(terms: &[&str]) -> TermList {
    TermList::new("codenames", terms)
}

fn pattern(regex: &str) -> Pattern {
    Pattern {
        category: Category::Legal,
        level: Some(Level::Restricted),
        ..Pattern::new("case number", regex)
    }
}

#[test]
fn clean_text_has_the_default_level() {
    assert_eq!(inspect("what is a weir?").label, Label::at(Level::Internal));
    let public = with(|s| s.data.default = Level::Public);
    assert_eq!(look(&public, "what is a weir?").label, Label::default());
}

#[test]
fn the_label_joins_levels_categories_and_jurisdictions() {
    let label = inspect("Steuer-ID 86095742719, IBAN GB29NWBK60161331926819").label;
    let expected = ["DE", "EU", "GB"]
        .into_iter()
        .fold(Label::at(Level::Confidential), |label, name| label.with_jurisdiction(name.parse().unwrap()))
        .with_category(Category::Personal)
        .with_category(Category::Financial);
    assert_eq!(label, expected);
    assert_eq!(
        inspect("SSN 536904399").label.jurisdictions().iter().map(|j| j.as_str()).collect::<Vec<_>>(),
        ["US"]
    );
}

#[test]
fn only_an_identifier_that_names_its_country_binds_to_it() {
    for text in ["jo@example.de", "+49 30 901820", "4111111111111111", "seen: 943 476 5919"] {
        let label = inspect(text).label;
        assert!(label.level() >= Level::Confidential, "{text}");
        assert!(label.jurisdictions().is_empty(), "{text}");
    }
    assert_eq!(inspect("NHS 943 476 5919").label.jurisdictions().len(), 1);
}

#[test]
fn an_entitys_rule_wins_over_its_categorys_level() {
    let text = "jo@example.com at 203.0.113.7";
    let level = |rule| {
        let engine = with(|s| s.data.entities = BTreeMap::from([(EntityType::EMAIL_ADDRESS, rule)]));
        let inspection = look(&engine, text);
        (inspection.label.level(), inspection.findings.len())
    };
    assert_eq!(level(EntityRule::Level(Level::Restricted)), (Level::Restricted, 2));
    assert_eq!(level(EntityRule::Level(Level::Public)), (Level::Confidential, 2));
    assert_eq!(level(EntityRule::Off), (Level::Confidential, 1));
    let spelled_out = "EMAIL_ADDRESS".parse::<EntityType>().unwrap();
    assert_eq!(spelled_out, EntityType::EMAIL_ADDRESS);
}

#[test]
fn a_category_without_a_level_is_confidential() {
    let engine = with(|s| s.data = DataRules { categories: BTreeMap::new(), ..DataRules::default() });
    assert_eq!(look(&engine, "jo@example.com").label.level(), Level::Confidential);
}

#[test]
fn terms_are_found_whatever_their_case_spaces_and_disguise() {
    let engine = with(|s| s.terms = vec![terms(&["Project Falcon", "Größenwahn", "C++", "隼计划"])]);
    for text in [
        "about project falcon.",
        "PROJECT FALCON",
        "project\n  falcon",
        "project-falcon",
        "Project\u{A0}Falcon",
        "pro\u{200B}ject fal\u{AD}con",
        "Ｐｒｏｊｅｃｔ Ｆａｌｃｏｎ",
        r"project\nfalcon",
        "GRÖSSENWAHN",
        "gro\u{308}ßenwahn",
        "we use c++ here",
        "这是隼计划的内容",
    ] {
        let inspection = look(&engine, text);
        assert_eq!(inspection.entities.get("TERM"), Some(&1), "in `{text}`");
        assert_eq!(inspection.label.level(), Level::Confidential, "in `{text}`");
        assert!(inspection.label.categories().contains(&Category::Business), "in `{text}`");
        assert!(inspection.findings.iter().any(|found| &*found.recogniser == "codenames"));
    }
    for text in
        ["projection falcon", "project falconry", "subproject falcon", "project, falcon", "größenwahnsinnig"]
    {
        assert_eq!(look(&engine, text).findings, [], "in `{text}`");
    }
}

#[test]
fn a_term_cut_over_segments_is_found() {
    let engine = with(|s| s.terms = vec![terms(&["Größenwahn"])]);
    let inspection = engine.inspect(&[Segment::text("der GRÖ"), Segment::text("SSENWAHN!")]);
    assert_eq!(inspection.entities.get("TERM"), Some(&1));
}

#[test]
fn a_case_sensitive_list_tells_cases_apart() {
    let engine = with(|s| s.terms = vec![TermList { case_sensitive: true, ..terms(&["Big Apple"]) }]);
    assert_eq!(look(&engine, "the Big Apple").findings.len(), 1);
    assert_eq!(look(&engine, "a big apple").findings, []);
    assert_eq!(look(&engine, "a Big apple").findings, []);
}

#[test]
fn patterns_do_not_hide_each_others_matches() {
    let wide = Pattern { entity: Some("CASE_FILE".parse().unwrap()), ..pattern(r"case.*closed") };
    let engine = with(|s| s.patterns = vec![wide, pattern(r"\bKX-\d{4}\b")]);
    let inspection = look(&engine, "case KX-1234 closed, KX-12345");
    let found: Vec<_> = inspection.findings.iter().map(|f| (f.entity.as_str(), f.start, f.end)).collect();
    assert_eq!(found, [("CASE_FILE", 0, 19), ("PATTERN", 5, 12)]);
    assert_eq!(inspection.label, Label::at(Level::Restricted).with_category(Category::Legal));
    let narrow = Pattern { entity: Some("ONE_FILE".parse().unwrap()), ..pattern("KX-[0-9]+") };
    let engine = with(|s| s.patterns = vec![pattern("KX-[0-9]"), narrow]);
    assert_eq!(look(&engine, "KX-1234").findings.len(), 2);
}

#[test]
fn patterns_see_the_views_too() {
    let engine = with(|s| s.patterns = vec![pattern(r"KX-\d{4}")]);
    let text = "file ＫＸ\u{2011}１２３４";
    let finding = &look(&engine, text).findings[0];
    assert_eq!(&text[finding.start..finding.end], "ＫＸ\u{2011}１２３４");
    let cut = engine.inspect(&[Segment::text("KX-1"), Segment::text("234")]);
    assert_eq!(cut.findings.len(), 1);
}

#[test]
fn unusable_settings_say_what_is_wrong() {
    let error = |change: &dyn Fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        Engine::new(settings).unwrap_err()
    };
    assert!(matches!(error(&|s| s.patterns = vec![pattern("(")]), SettingsError::Pattern { .. }));
    assert!(matches!(error(&|s| s.patterns = vec![pattern("a(?=b)")]), SettingsError::Pattern { .. }));
    assert!(matches!(
        error(&|s| s.patterns = vec![pattern(r"(\w{1000}){1000}")]),
        SettingsError::Pattern { .. }
    ));
    assert!(matches!(error(&|s| s.patterns = vec![pattern("a*")]), SettingsError::EmptyMatch { .. }));
    let empty = error(&|s| s.terms = vec![terms(&["fine", " - "])]);
    assert_eq!(empty.to_string(), "term 2 of list `codenames` holds no letter or digit; remove it");
}

#[test]
fn opaque_segments_make_the_label_opaque() {
    let inspection = engine().inspect(&[Segment::text("look at this"), Segment::opaque("image")]);
    assert_eq!(inspection.label, Label::at(Level::Internal).with_opaque());
    assert_eq!((inspection.opaque[0].segment, inspection.opaque[0].reason.as_str()), (1, "image"));
    assert!(inspection.complete);
}

#[test]
fn what_exceeds_a_limit_is_unknown_and_never_clean() {
    let small = |limits: Limits| with(|s| s.limits = limits);
    let bytes = small(Limits { text_bytes_max: 10, ..Limits::default() });
    assert!(look(&bytes, "ten bytes.").complete);
    let inspection = look(&bytes, "eleven byte");
    assert!(!inspection.complete);
    assert!(Label::unknown().is_at_most(&inspection.label));
    let findings = small(Limits { findings_max: 2, ..Limits::default() });
    let two = "a@example.com b@example.com";
    assert!(look(&findings, two).complete);
    let inspection = look(&findings, &format!("{two} c@example.com"));
    assert!(!inspection.complete);
    assert!(Label::unknown().is_at_most(&inspection.label));
    assert_eq!(inspection.findings.len(), 2);
}

#[test]
fn the_last_byte_of_a_long_text_is_looked_at() {
    let text = format!("{}jo@example.com", "lorem ipsum ".repeat(100_000));
    assert_eq!(inspect(&text).findings[0].end, text.len());
}

#[test]
fn the_digest_tells_settings_apart() {
    let engines = [
        engine(),
        with(|s| s.data.default = Level::Public),
        with(|s| s.data.entities = BTreeMap::from([(EntityType::SECRET, EntityRule::Off)])),
        with(|s| s.terms = vec![terms(&["a b"])]),
        with(|s| s.terms = vec![terms(&["a", "b"])]),
        with(|s| s.patterns = vec![pattern("ab")]),
        with(|s| s.limits.findings_max = 1),
    ];
    let mut digests: Vec<&str> = engines.iter().map(Engine::digest).collect();
    assert_eq!(engine().digest(), digests[0]);
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), engines.len());
}

#[test]
fn debug_output_holds_no_text() {
    let text = "jo@example.com";
    let segment = Segment::text(text);
    let settings = Settings {
        terms: vec![terms(&["falcon"])],
        patterns: vec![pattern("falcon")],
        ..Settings::default()
    };
    let debug = format!("{segment:?} {:?} {settings:?}", inspect(text));
    assert!(!debug.contains("example") && !debug.contains("falcon"), "{debug}");
    let engine = format!("{:?}", Engine::new(settings).unwrap());
    assert!(!engine.contains("falcon"));
}
