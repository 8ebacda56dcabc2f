//! Sprawl is named, and what is tidy is left alone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{
    all, anywhere, at_least, boundary, catalogue, category, deny, healthy, id, local, policy, queue, route,
    rule, team,
};
use weir_analyse::{Advice, AdviceKind, lint, never_decided};
use weir_label::{Category, Level};
use weir_policy::{Condition, Preference, Rule, Selection, Step};

fn advice(rules: Vec<Rule>) -> Vec<Advice> {
    let (policy, catalogue) = policy(rules);
    lint(&policy, &catalogue).unwrap().advice
}

fn score(rules: Vec<Rule>) -> u32 {
    let (policy, catalogue) = policy(rules);
    lint(&policy, &catalogue).unwrap().score.total()
}

fn rest() -> Rule {
    rule("rest", Condition::always(), anywhere())
}

#[test]
fn tidy_policies_are_left_alone() {
    for (name, rules) in healthy() {
        // Two of its rules keep inside for different reasons, which is worth two names.
        if name != "hospital" {
            let advice = advice(rules);
            assert!(advice.iter().all(|advice| advice.kind == AdviceKind::Merge), "{name}: {advice:#?}");
        }
    }
}

#[test]
fn rules_that_do_the_same_could_be_one() {
    let found = advice(vec![
        rule("hr", team(&["hr"]), local()),
        rule("no credentials", category(Category::Credentials), deny()),
        rule("law", team(&["legal"]), local()),
        rest(),
    ]);
    // Credentials of the law team are denied, so that its rule cannot move up.
    assert!(found.is_empty(), "{found:#?}");
    let found = advice(vec![
        rule("no credentials", category(Category::Credentials), deny()),
        rule("hr", team(&["hr"]), local()),
        rule("law", team(&["legal"]), local()),
        rest(),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].rules.len()), (AdviceKind::Merge, 2));
    assert_eq!(found[0].help, "write one rule and list the values of `caller.team` in it");
}

#[test]
fn rules_that_differ_in_order_only_are_named() {
    let catalogue = catalogue(&boundary());
    let (eu, us) = (id(&catalogue, "eu/frontier"), id(&catalogue, "us/frontier"));
    let to =
        |ids: &[_]| route(Selection::Targets(ids.to_vec()), Preference::Order, &[queue(5), Step::Reject]);
    let found =
        advice(vec![rule("a", team(&["a"]), to(&[eu, us])), rule("b", team(&["b"]), to(&[us, eu])), rest()]);
    assert_eq!(found.iter().map(|advice| advice.kind).collect::<Vec<_>>(), [AdviceKind::OrderOnly]);
}

#[test]
fn parts_that_change_nothing_are_named() {
    let found = advice(vec![
        rule("twice", all(&[at_least(Level::Confidential), at_least(Level::Internal)]), local()),
        rule("either", Condition::Any(vec![team(&["hr"]), team(&["hr-*", "hr"])]), deny()),
        rest(),
    ]);
    let messages: Vec<&str> = found.iter().map(|advice| advice.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].starts_with("part 2 under `all`"), "{messages:?}");
    assert!(messages[1].starts_with("part 1 under `any`"), "{messages:?}");
}

#[test]
fn rules_that_never_decided_are_named() {
    let (policy, _) = policy(vec![rule("hr", team(&["hr"]), local()), rest()]);
    let found = never_decided(&policy, |rule| rule == "rest");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rules[0].as_str(), "hr");
}

#[test]
fn the_score_counts_rules_tests_depth_and_pairs_whose_order_matters() {
    assert_eq!(score(vec![rest()]), 1);
    assert_eq!(score(vec![rule("hr", team(&["hr"]), local()), rest()]), 3);
    let nested = Condition::Any(vec![team(&["hr"]), all(&[team(&["a"]), category(Category::Legal)])]);
    assert_eq!(score(vec![rule("nested", nested, local()), rest()]), 1 + 1 + 3 + 1);
    let overlapping = vec![
        rule("hr", team(&["hr"]), local()),
        rule("code", category(Category::SourceCode), deny()),
        rest(),
    ];
    assert_eq!(score(overlapping), 2 + 2 + 1 + 1);
}
