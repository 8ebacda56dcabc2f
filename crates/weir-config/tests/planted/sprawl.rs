//! Rules that could be fewer.

use crate::examples::{Example, all, at_least, both, deny, environment, key, route, rule};
use weir_analyse::{Advice, AdviceKind, lint, never_decided};
use weir_label::{Level, ZoneKind};
use weir_policy::{Condition, Policy, Rule, Selection, TargetId};

fn advice(example: &Example, policy: &Policy) -> Vec<Advice> {
    lint(policy, &example.loaded.catalogue).unwrap().advice
}

/// What is said of an example into which these rules are planted before the others.
fn planted(example: &Example, rules: Vec<Rule>) -> Vec<(AdviceKind, Vec<String>)> {
    let policy = example.with_rules(rules.into_iter().chain(example.rules().iter().cloned()).collect());
    let names = |advice: Advice| {
        assert!(!advice.message.is_empty() && !advice.help.is_empty(), "{advice:?}");
        (advice.kind, advice.rules.iter().map(ToString::to_string).collect())
    };
    advice(example, &policy).into_iter().map(names).collect()
}

fn local() -> weir_policy::RuleAction {
    route(Selection::Zone(ZoneKind::Local))
}

#[test]
fn the_examples_are_tidy() {
    for example in all() {
        let advice = advice(example, &example.loaded.policy);
        assert!(advice.is_empty(), "{}: {advice:#?}", example.name);
    }
}

#[test]
fn rules_that_could_be_one_are_named() {
    for example in all() {
        let rules = vec![rule("a", environment("a"), local()), rule("b", environment("b"), local())];
        let expected = (AdviceKind::Merge, vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(planted(example, rules), [expected], "{}", example.name);
    }
}

#[test]
fn rules_that_differ_in_order_only_are_named() {
    for example in all() {
        let mut ids: Vec<TargetId> = example.loaded.catalogue.targets().map(|(id, _)| id).collect();
        let forth = route(Selection::Targets(ids.clone()));
        ids.reverse();
        let back = route(Selection::Targets(ids));
        let rules = vec![rule("a", environment("a"), forth), rule("b", key("b"), back)];
        let expected = (AdviceKind::OrderOnly, vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(planted(example, rules), [expected], "{}", example.name);
    }
}

#[test]
fn a_part_that_changes_nothing_is_named() {
    for example in all() {
        let twice = both(at_least(Level::Restricted), at_least(Level::Confidential));
        let idle = rule("a", both(environment("a"), twice), deny());
        let expected = (AdviceKind::IdlePart, vec!["a".to_owned()]);
        assert_eq!(planted(example, vec![idle]), [expected], "{}", example.name);
    }
}

#[test]
fn a_rule_that_asks_for_a_lot_is_named() {
    for example in all() {
        let pairs = (0..6).map(|n| both(environment(&format!("e{n}")), key(&format!("k{n}"))));
        let expected = (AdviceKind::Complex, vec!["a".to_owned()]);
        let complex = rule("a", Condition::Any(pairs.collect()), deny());
        assert_eq!(planted(example, vec![complex]), [expected], "{}", example.name);
    }
}

#[test]
fn a_rule_that_never_decides_is_named_and_the_score_rises() {
    for example in all() {
        let policy = example.with_rule(0, rule("planted", environment("a"), deny()));
        let advice = never_decided(&policy, |rule| rule != "planted");
        assert_eq!(advice.len(), 1, "{}", example.name);
        assert_eq!((advice[0].kind, advice[0].rules[0].as_str()), (AdviceKind::NeverDecided, "planted"));
        let score = |policy: &Policy| lint(policy, &example.loaded.catalogue).unwrap().score.total();
        assert!(score(&policy) > score(&example.loaded.policy), "{}", example.name);
    }
}
