//! What is recorded, and for how long.

use crate::common::{EXAMPLE_POLICY, EXAMPLE_WEIR, load};
use std::time::Duration;
use weir_config::Retention;
use weir_label::Level;
use weir_policy::Requirement;

#[test]
fn content_is_captured_for_the_key_of_the_configuration_and_kept_for_its_own_time() {
    let key = format!("weir-content-key+{}=", "A".repeat(42) + "E");
    let with = |audit: &str| {
        let weir = format!("{EXAMPLE_WEIR}\naudit: {{ keep: 400d, {audit} }}\n");
        let policy = "policy: 1\nrules:\n  - { name: kept, use: local, require: [audit.content] }\n";
        load(&weir, policy, &[])
    };
    let keep = |audit: &str| with(audit).unwrap().config.audit.content.unwrap().keep;
    let days = |days: u64| Some(Duration::from_secs(days * 86_400));
    assert_eq!(keep(&format!("content: {{ key: {key} }}")), days(30));
    assert_eq!(keep(&format!("content: {{ key: {key}, keep: 7d }}")), days(7));
    assert_eq!(keep(&format!("content: {{ key: {key}, keep: 7d }}, hold: true")), None);
    let loaded = with(&format!("content: {{ key: {key} }}")).unwrap();
    assert_eq!(loaded.policy.rules()[0].obligations.require, [Requirement::CapturedContent].into());
    assert_eq!(loaded.config.audit.content.unwrap().key.to_string(), key);
    assert!(with("hold: false").unwrap_err().to_string().contains("weir audit content-key new"));
    assert!(with("content: { key: nobody }").unwrap_err().to_string().contains("weir audit content-key new"));
    assert!(with("content: { keep: 7d }").is_err());
}

#[test]
fn of_what_a_rule_denies_nothing_can_be_captured() {
    let policy = "policy: 1\nrules:\n  - { name: no, deny: no, require: [audit.content] }\n";
    let error = load(EXAMPLE_WEIR, policy, &[]).unwrap_err().to_string();
    assert!(error.contains("a rule that denies has no use for `audit.content`"), "{error}");
}

#[test]
fn records_are_kept_for_one_time_or_by_the_level_of_the_data() {
    let with = |audit: &str| load(&format!("{EXAMPLE_WEIR}\naudit: {{ {audit} }}\n"), EXAMPLE_POLICY, &[]);
    let keep = |audit: &str| with(audit).unwrap().config.audit.keep;
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let retention = |by_level: &[(Level, u64)], otherwise| {
        let by_level = by_level.iter().map(|(level, time)| (*level, days(*time))).collect();
        Some(Retention { by_level, otherwise: days(otherwise) })
    };
    assert_eq!(keep("hold: false"), None);
    assert_eq!(keep("keep: 400d"), retention(&[], 400));
    assert_eq!(keep("keep: 400d, hold: true"), None);
    assert_eq!(
        keep("keep: { restricted: 2190d, public: 30d, default: 400d }"),
        retention(&[(Level::Public, 30), (Level::Restricted, 2190)], 400)
    );
    for (audit, said) in [
        ("keep: 400", "write a whole number and `d`"),
        ("keep: { restricted: 2190d }", "add `default: 400d`"),
        ("keep: { restricted: soon, default: 1d }", "`soon` is no number of days"),
        ("keep: { secret: 2190d, default: 1d }", "`secret` is no level"),
        ("keep: { restrictd: 2190d, default: 1d }", "did you mean `restricted`?"),
    ] {
        let error = with(audit).unwrap_err().to_string();
        assert!(error.contains(said), "{audit}: {error}");
    }
}

#[test]
fn purposes_are_words_that_records_can_hold() {
    let with = |purpose: &str| {
        load(&format!("{EXAMPLE_WEIR}\naudit: {{ purposes: [{purpose}] }}\n"), EXAMPLE_POLICY, &[])
    };
    let loaded =
        with("{ app: hr, purpose: \"hiring & firing\", legal_basis: contract, data_subjects: [applicants] }");
    let purposes = loaded.unwrap().config.audit.purposes;
    let [purpose] = &*purposes else { panic!("{purposes:?}") };
    assert_eq!((purpose.purpose.as_str(), purpose.app.as_deref()), ("hiring & firing", Some("hr")));
    assert_eq!((&purpose.legal_basis, purpose.data_subjects.len()), (&Some("contract".into()), 1));
    for (purpose, said) in [
        ("{ app: hr }", "purpose"),
        ("{ purpose: \"\" }", "records cannot hold this purpose"),
        ("{ purpose: \"a\\nb\" }", "records cannot hold this purpose"),
        ("{ purpose: a, legal_basis: \"a b\" }", "a b"),
        ("{ purpose: a, data_subjects: [\"x y\"] }", "x y"),
    ] {
        let error = with(purpose).unwrap_err().to_string();
        assert!(error.contains(said), "{purpose}: {error}");
    }
}
