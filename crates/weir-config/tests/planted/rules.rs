//! Rules that do nothing, or not what they seem to.

use crate::examples::{Example, all, at_least, both, deny, environment, key, route, rule};
use weir_analyse::{Finding, Kind, Proof, Severity, prove};
use weir_label::{Level, ZoneKind};
use weir_policy::{Action, Condition, OwnedFacts, Policy, Rule, RuleAction, Selection, decide};

fn proof(example: &Example, policy: &Policy) -> Proof {
    prove(policy, &example.loaded.catalogue).unwrap()
}

fn grave(proof: &Proof) -> Vec<&Finding> {
    proof.findings.iter().filter(|finding| finding.severity() != Severity::Note).collect()
}

/// The one finding of this kind about the rule, with the request that shows it.
fn found<'p>(example: &Example, proof: &'p Proof, kind: Kind, rule: &str) -> (&'p Finding, &'p OwnedFacts) {
    let about = |finding: &&Finding| {
        finding.kind == kind && finding.rule.as_ref().is_some_and(|name| name.as_str() == rule)
    };
    let all: Vec<&Finding> = proof.findings.iter().filter(about).collect();
    assert_eq!(all.len(), 1, "{}: {kind} of `{rule}` in {:#?}", example.name, proof.findings);
    assert!(!all[0].message.is_empty() && !all[0].help.is_empty(), "{:?}", all[0]);
    (all[0], all[0].example.as_ref().unwrap())
}

fn names(finding: &Finding) -> Vec<&str> {
    finding.others.iter().map(|name| name.as_str()).collect()
}

fn deciding<'p>(policy: &'p Policy, request: &OwnedFacts) -> &'p Rule {
    policy.rule_for(&request.borrow())
}

#[test]
fn nothing_is_wrong_with_the_examples() {
    for example in all() {
        let proof = proof(example, &example.loaded.policy);
        assert!(grave(&proof).is_empty(), "{}: {:#?}", example.name, grave(&proof));
        assert!(example.loaded.warnings.is_empty(), "{}", example.name);
    }
}

#[test]
fn a_rule_behind_its_twin_is_shadowed() {
    for example in all() {
        for (place, copied) in example.rules().iter().enumerate() {
            let twin = Rule { name: "planted".parse().unwrap(), ..copied.clone() };
            let policy = example.with_rule(place + 1, twin);
            let proof = proof(example, &policy);
            let (finding, request) = found(example, &proof, Kind::Shadowed, "planted");
            assert!(names(finding).contains(&copied.name.as_str()), "{}: {finding:?}", example.name);
            let twin = &policy.rules()[place + 1];
            assert!(twin.matches(&request.borrow()) && deciding(&policy, request).name != twin.name);
            assert_eq!(grave(&proof).len(), 1, "{}: {:#?}", example.name, grave(&proof));
        }
    }
}

#[test]
fn a_rule_for_everything_at_the_beginning_shadows_every_other() {
    for example in all() {
        let greedy = rule("planted", Condition::always(), route(Selection::Zone(ZoneKind::Local)));
        let policy = example.with_rule(0, greedy);
        let proof = proof(example, &policy);
        for rule in example.rules() {
            let (finding, request) = found(example, &proof, Kind::Shadowed, rule.name.as_str());
            assert_eq!(names(finding), ["planted"], "{}", example.name);
            assert_eq!(deciding(&policy, request).name.as_str(), "planted");
        }
    }
}

#[test]
fn a_rule_that_nothing_can_match_is_unreachable_wherever_it_stands() {
    let below = Condition::Not(Box::new(at_least(Level::Confidential)));
    let never = both(environment("live"), both(at_least(Level::Restricted), below));
    for example in all() {
        for place in 0..=example.rules().len() {
            let policy = example.with_rule(place, rule("planted", never.clone(), deny()));
            let proof = proof(example, &policy);
            let about = |finding: &&Finding| finding.kind == Kind::Unreachable;
            let unreachable: Vec<&Finding> = proof.findings.iter().filter(about).collect();
            assert_eq!(unreachable.len(), 1, "{}: {:#?}", example.name, proof.findings);
            assert_eq!(unreachable[0].rule.as_ref().unwrap().as_str(), "planted");
            assert_eq!(grave(&proof).len(), 1, "{}: {:#?}", example.name, grave(&proof));
        }
    }
}

#[test]
fn a_special_case_that_is_treated_like_the_general_one_is_redundant() {
    for example in all() {
        for (place, general) in example.rules().iter().enumerate() {
            let when = both(general.when.clone(), environment("live"));
            let special = Rule { name: "planted".parse().unwrap(), when, ..general.clone() };
            let proof = proof(example, &example.with_rule(place, special));
            let (finding, _) = found(example, &proof, Kind::Redundant, "planted");
            assert_eq!(names(finding), [general.name.as_str()], "{}", example.name);
            assert_eq!(grave(&proof).len(), 1, "{}: {:#?}", example.name, grave(&proof));
        }
    }
}

#[test]
fn rules_that_overlap_and_differ_are_told_with_a_request_of_both() {
    for example in all() {
        let mut rules = vec![
            rule("planted first", environment("live"), route(Selection::Zone(ZoneKind::Local))),
            rule("planted second", key("wk_1"), deny()),
        ];
        rules.extend_from_slice(example.rules());
        let policy = example.with_rules(rules);
        let proof = proof(example, &policy);
        let about = |finding: &&Finding| {
            finding.kind == Kind::Overlap
                && finding.rule.iter().chain(&finding.others).all(|name| name.as_str().starts_with("planted"))
        };
        let overlap = proof.findings.iter().find(about);
        let overlap = overlap.unwrap_or_else(|| panic!("{}: {:#?}", example.name, proof.findings));
        let facts = overlap.example.as_ref().unwrap().borrow();
        assert!(policy.rules()[..2].iter().all(|rule| rule.matches(&facts)), "{}", example.name);
        assert!(grave(&proof).is_empty(), "{}: {:#?}", example.name, grave(&proof));
    }
}

#[test]
fn a_strict_rule_behind_a_lenient_one_is_overtaken() {
    let mut with_cloud = 0;
    for example in all() {
        let has_cloud =
            example.loaded.catalogue.targets().any(|(_, target)| target.zone() == ZoneKind::Cloud);
        with_cloud += usize::from(has_cloud);
        let mut rules = vec![
            rule("lenient", environment("live"), route(Selection::Any)),
            rule("planted", key("wk_1"), route(Selection::Zone(ZoneKind::Local))),
        ];
        rules.extend_from_slice(example.rules());
        let policy = example.with_rules(rules);
        let proof = proof(example, &policy);
        if has_cloud {
            let (finding, request) = found(example, &proof, Kind::Overtaken, "planted");
            assert_eq!(names(finding), ["lenient"]);
            assert!(policy.rules()[1].matches(&request.borrow()));
            assert_eq!(deciding(&policy, request).name.as_str(), "lenient");
        } else {
            assert!(proof.findings.iter().all(|finding| finding.kind != Kind::Overtaken));
        }
    }
    assert_eq!(with_cloud, 9);
}

#[test]
fn a_rule_that_wants_classified_data_outside_leads_nowhere() {
    for example in all() {
        let level = example.loaded.policy.boundary.level();
        let planted = rule("planted", at_least(level), route(Selection::Zone(ZoneKind::Cloud)));
        let policy = example.with_rule(0, planted);
        let proof = proof(example, &policy);
        let (_, request) = found(example, &proof, Kind::DeadEnd, "planted");
        let facts = request.borrow();
        let catalogue = &example.loaded.catalogue;
        let decision = decide(&policy, catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts);
        assert!(matches!(decision.action, Action::Deny(_)), "{}", example.name);
    }
}

#[test]
fn requests_that_no_rule_is_left_for_are_told() {
    for example in all() {
        let (last, others) = example.rules().split_last().unwrap();
        assert_eq!(last.when, Condition::always(), "{}", example.name);
        let policy = example.with_rules(others.to_vec());
        let proof = proof(example, &policy);
        let unmatched = proof.findings.iter().find(|finding| finding.kind == Kind::Unmatched);
        let request = unmatched.unwrap_or_else(|| panic!("{}", example.name)).example.as_ref().unwrap();
        assert!(deciding(&policy, request).name.is_unmatched(), "{}", example.name);
        assert!(matches!(policy.unmatched().action, RuleAction::Route(_)));
    }
}
