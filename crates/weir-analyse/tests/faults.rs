//! Planted faults are found, and nothing is found where there is none.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{
    all, anywhere, at_least, boundary, catalogue, category, cloud, deny, healthy, id, local, not, policy,
    route, rule, team,
};
use weir_analyse::{Decide, Finding, Kind, Proof, Severity, prove, prove_by};
use weir_label::{Boundary, Category, Label, Level, Residency, Revision, ZoneKind};
use weir_policy::{
    Action, Alias, Catalogue, Condition, DataFacts, Decision, Facts, NameFact, OwnedFacts, Policy,
    Preference, Rule, Selection, Step, decide,
};

fn proof(rules: Vec<Rule>) -> Proof {
    let (policy, catalogue) = policy(rules);
    prove(&policy, &catalogue).unwrap()
}

fn grave(proof: &Proof) -> Vec<&Finding> {
    proof.findings.iter().filter(|finding| finding.severity() != Severity::Note).collect()
}

/// The one finding of this kind about this rule.
fn only<'p>(proof: &'p Proof, kind: Kind, rule: &str) -> &'p Finding {
    let about = |finding: &&Finding| {
        finding.kind == kind && finding.rule.as_ref().is_some_and(|name| name.as_str() == rule)
    };
    let found: Vec<&Finding> = proof.findings.iter().filter(about).collect();
    assert_eq!(found.len(), 1, "{kind} of `{rule}` in {:#?}", proof.findings);
    found[0]
}

fn decided(rules: Vec<Rule>, request: &OwnedFacts) -> Decision {
    let (policy, catalogue) = policy(rules);
    let facts = request.borrow();
    decide(&policy, &catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts)
}

#[test]
fn nothing_is_found_in_policies_that_are_as_they_should_be() {
    for (name, rules) in healthy() {
        let proof = proof(rules);
        assert!(grave(&proof).is_empty(), "{name}: {:#?}", grave(&proof));
        assert!(proof.regions > 0 && proof.decisions > 0);
    }
}

#[test]
fn a_rule_said_twice_is_found_in_every_policy() {
    for (policy, rules) in healthy() {
        for (place, copied) in rules.iter().enumerate() {
            let mut rules = rules.clone();
            let twin = Rule { name: "twin".parse().unwrap(), ..copied.clone() };
            rules.insert(place + 1, twin);
            let proof = proof(rules.clone());
            let finding = only(&proof, Kind::Shadowed, "twin");
            assert_eq!(finding.others, std::slice::from_ref(&copied.name), "{policy}");
            let example = finding.example.as_ref().unwrap();
            assert_eq!(decided(rules, example).rule, copied.name);
            assert_eq!(grave(&proof).len(), 1, "{policy}: {:#?}", grave(&proof));
        }
    }
}

#[test]
fn a_general_rule_before_the_others_leaves_them_nothing() {
    for (policy, rules) in healthy() {
        let mut all = vec![rule("greedy", Condition::always(), anywhere())];
        all.extend(rules.iter().cloned());
        let proof = proof(all);
        for rule in &rules {
            let finding = only(&proof, Kind::Shadowed, rule.name.as_str());
            assert_eq!(finding.others[0].as_str(), "greedy", "{policy}");
        }
    }
}

#[test]
fn several_rules_that_shadow_together_are_all_named() {
    let proof = proof(vec![
        rule("hr", team(&["hr"]), anywhere()),
        rule("other teams", not(team(&["hr"])), anywhere()),
        // Of an unknown team neither is true, and only what keeps inside matches.
        rule("unknown teams", not(Condition::Any(vec![team(&["hr"]), not(team(&["hr"]))])), local()),
        rule("hr again", all(&[team(&["hr", "hr-*"]), at_least(Level::Internal)]), deny()),
    ]);
    let finding = only(&proof, Kind::Shadowed, "hr again");
    let names: Vec<&str> = finding.others.iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["hr", "other teams", "unknown teams"]);
    assert!(finding.example.is_some());
}

#[test]
fn a_condition_that_contradicts_itself_is_found_in_every_rule() {
    for (policy, rules) in healthy() {
        for place in 0..rules.len() {
            let mut rules = rules.clone();
            let impossible =
                all(&[team(&["hr"]), at_least(Level::Confidential), not(at_least(Level::Internal))]);
            rules[place].when = impossible;
            let name = rules[place].name.as_str().to_owned();
            let proof = proof(rules);
            let finding = only(&proof, Kind::Unreachable, &name);
            assert!(finding.message.contains("parts 2 and 3"), "{policy}: {}", finding.message);
        }
    }
}

#[test]
fn an_alias_that_a_rule_names_and_nobody_can_ask_for_makes_it_unreachable() {
    let proof = proof(vec![
        rule("gone", common::name(NameFact::RequestAlias, &["gpt-*"]), local()),
        rule("rest", Condition::always(), local()),
    ]);
    only(&proof, Kind::Unreachable, "gone");
}

#[test]
fn a_rule_with_the_wrong_zone_is_found() {
    let rules = vec![
        rule("sensitive data", at_least(Level::Confidential), cloud()),
        rule("rest", Condition::always(), anywhere()),
    ];
    let proof = proof(rules.clone());
    let finding = only(&proof, Kind::DeadEnd, "sensitive data");
    assert!(finding.message.contains("never leaves the network"), "{}", finding.message);
    assert!(matches!(decided(rules, finding.example.as_ref().unwrap()).action, Action::Deny(_)));
}

#[test]
fn a_rule_that_lists_targets_its_alias_has_not_is_found() {
    let us = id(&catalogue(&boundary()), "us/frontier");
    let house = all(&[common::name(NameFact::RequestAlias, &["house"]), not(at_least(Level::Internal))]);
    let to_us = route(Selection::Targets(vec![us]), Preference::Order, &[Step::Reject]);
    let proof = proof(vec![rule("house abroad", house, to_us), rule("rest", Condition::always(), local())]);
    only(&proof, Kind::DeadEnd, "house abroad");
}

#[test]
fn a_rule_that_makes_no_difference_is_found() {
    let proof = proof(vec![
        rule("hr", team(&["hr"]), local()),
        rule("legal", team(&["legal"]), anywhere()),
        rule("rest", Condition::always(), local()),
    ]);
    let finding = only(&proof, Kind::Redundant, "hr");
    assert_eq!(finding.others[0].as_str(), "rest");
    assert_eq!(grave(&proof).len(), 1);
}

#[test]
fn a_rule_is_needless_too_if_one_after_it_does_the_same_for_more() {
    let proof = proof(vec![
        rule("hr", team(&["hr"]), anywhere()),
        rule("hr and legal", team(&["hr", "legal"]), anywhere()),
        rule("rest", Condition::always(), local()),
    ]);
    assert_eq!(only(&proof, Kind::Redundant, "hr").others[0].as_str(), "hr and legal");
    assert_eq!(grave(&proof).len(), 1);
}

#[test]
fn a_rule_is_not_needless_if_one_that_it_shadows_would_decide_otherwise() {
    let proof = proof(vec![
        rule("hr and legal", team(&["hr", "legal"]), anywhere()),
        rule("hr", team(&["hr"]), cloud()),
        rule("rest", Condition::always(), anywhere()),
    ]);
    only(&proof, Kind::Shadowed, "hr");
    assert_eq!(grave(&proof).len(), 1, "{:#?}", proof.findings);
}

#[test]
fn no_rule_overtakes_another_with_what_may_not_leave() {
    let classified = || at_least(Level::Confidential);
    let proof = proof(vec![
        rule("code", all(&[classified(), category(Category::SourceCode)]), anywhere()),
        rule("HR", all(&[classified(), team(&["hr"])]), local()),
        rule("rest", Condition::always(), anywhere()),
    ]);
    assert!(proof.findings.iter().all(|finding| finding.kind != Kind::Overtaken), "{:#?}", proof.findings);
}

#[test]
fn a_strict_rule_that_a_lenient_one_overtakes_is_found() {
    let rules = vec![
        rule("code may leave", category(Category::SourceCode), anywhere()),
        rule("HR never leaves", team(&["hr"]), local()),
        rule("rest", Condition::always(), anywhere()),
    ];
    let proof = proof(rules.clone());
    let finding = only(&proof, Kind::Overtaken, "HR never leaves");
    let example = finding.example.as_ref().unwrap();
    assert_eq!(example.borrow().caller.team, Some("hr"));
    assert!(example.borrow().data.label.level() < Level::Confidential);
    assert_eq!(decided(rules, example).rule.as_str(), "code may leave");
}

#[test]
fn rules_that_overlap_and_differ_are_told_with_a_request_that_both_match() {
    let rules = vec![
        rule("HR", team(&["hr"]), local()),
        rule("code", category(Category::SourceCode), cloud()),
        rule("rest", Condition::always(), anywhere()),
    ];
    let (policy, catalogue) = policy(rules.clone());
    let proof = prove(&policy, &catalogue).unwrap();
    let finding = only(&proof, Kind::Overlap, "HR");
    let facts = finding.example.as_ref().unwrap().borrow();
    assert!(policy.rules()[0].matches(&facts) && policy.rules()[1].matches(&facts));
    assert!(grave(&proof).is_empty());
}

#[test]
fn requests_that_no_rule_matches_are_told() {
    let rules = vec![rule("hr", team(&["hr"]), local())];
    let (policy, catalogue) = policy(rules);
    let proof = prove(&policy, &catalogue).unwrap();
    let unmatched = proof.findings.iter().find(|finding| finding.kind == Kind::Unmatched).unwrap();
    let facts = unmatched.example.as_ref().unwrap().borrow();
    assert!(policy.rule_for(&facts).name.is_unmatched());
}

#[test]
fn aliases_without_a_target_for_classified_data_are_told() {
    let rules = vec![rule("rest", Condition::always(), anywhere())];
    let proof = proof(rules.clone());
    let denied = proof.findings.iter().find(|finding| finding.kind == Kind::NoTarget).unwrap();
    assert!(denied.message.contains("`frontier`"), "{}", denied.message);
    assert!(matches!(decided(rules, denied.example.as_ref().unwrap()).action, Action::Deny(_)));
}

/// Ways in which a guard could be broken, each with what it does wrong.
fn broken_guards() -> Vec<(&'static str, Box<Decide<'static>>)> {
    type Broken = fn(&Policy, &Catalogue, &Alias, &Facts<'_>) -> bool;
    let kinds: Vec<(&'static str, Broken)> = vec![
        ("never asked", |_, _, _, _| true),
        ("forgotten for opaque data", |_, _, _, facts| facts.data.label.is_opaque()),
        ("forgotten at the boundary itself", |policy, _, _, facts| {
            !facts.data.label.is_opaque() && facts.data.label.level() == policy.boundary.level()
        }),
        ("forgotten at the top", |_, _, _, facts| {
            !facts.data.label.is_opaque() && facts.data.label.level() == Level::Restricted
        }),
        ("forgotten for one alias", |_, _, alias, facts| {
            &**alias.name() == "frontier" && facts.data.label.level() >= Level::Confidential
        }),
        ("forgotten when the caller wishes for the cloud", |_, _, _, facts| {
            facts.wish == Some(weir_policy::RouteWish::CloudOk)
        }),
        ("forgotten by one rule", |policy, _, _, facts| {
            policy.rule_for(facts).name.as_str() == "sensitive data stays local"
        }),
        ("clearances forgotten", |_, _, _, facts| {
            facts.data.label.level() == Level::Internal && facts.data.label.jurisdictions().is_empty()
        }),
        ("residency forgotten", |_, _, _, facts| {
            facts.data.label.level() == Level::Public && !facts.data.label.jurisdictions().is_empty()
        }),
        ("residency of a place that nobody named forgotten", |_, _, _, facts| {
            let known = [common::place("EU"), common::place("DE"), common::place("US")];
            facts.data.label.level() == Level::Public
                && facts.data.label.jurisdictions().iter().any(|place| !known.contains(place))
        }),
    ];
    kinds
        .into_iter()
        .map(|(name, applies)| {
            let broken = move |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
                let decision = decide(policy, catalogue, alias, facts);
                if applies(policy, catalogue, alias, facts) {
                    with_every_target(decision, catalogue, alias)
                } else {
                    decision
                }
            };
            (name, Box::new(broken) as Box<Decide<'static>>)
        })
        .collect()
}

/// The decision of a guard that lets everything pass to the overflow.
fn with_every_target(mut decision: Decision, catalogue: &Catalogue, alias: &Alias) -> Decision {
    if let Action::Route(plan) = &mut decision.action {
        let clouds =
            alias.targets().iter().filter(|id| catalogue.target(**id).unwrap().zone() == ZoneKind::Cloud);
        plan.overflow.extend(clouds);
    } else {
        decision.action = Action::Route(weir_policy::Plan {
            first: alias.targets().to_vec(),
            overflow: vec![],
            degrade: vec![],
            ladder: vec![Step::Reject],
            escalation: None,
        });
    }
    decision
}

#[test]
fn every_broken_guard_is_found_with_a_request_that_leaks() {
    let (_, rules) = healthy().swap_remove(0);
    let (policy, catalogue) = policy(rules);
    for (name, broken) in broken_guards() {
        let proof = prove_by(&policy, &catalogue, &*broken).unwrap();
        let leak = proof.findings.iter().find(|finding| finding.kind == Kind::Leak);
        let leak = leak.unwrap_or_else(|| panic!("{name} was not found"));
        assert_eq!(proof.findings[0].severity(), Severity::Error);
        let facts = leak.example.as_ref().unwrap().borrow();
        let decision = broken(&policy, &catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts);
        let Action::Route(plan) = decision.action else { panic!("{name}: the example is denied") };
        let refused =
            |id| catalogue.target(id).unwrap().recipient.check(&policy.boundary, facts.data.label).is_err();
        assert!(plan.targets().any(refused), "{name}");
    }
}

#[test]
fn a_clearance_of_an_older_boundary_is_no_way_out() {
    // Clearances made when the boundary was higher; the guard asks the boundary in force.
    let old = Boundary::new(Level::Restricted, Residency::default(), Revision::new("old"));
    let catalogue = catalogue(&old);
    let (_, rules) = healthy().swap_remove(0);
    let proof = prove(&Policy::new(boundary(), rules), &catalogue).unwrap();
    assert!(
        proof.findings.iter().all(|finding| finding.severity() != Severity::Error),
        "{:#?}",
        proof.findings
    );
}

#[test]
fn a_decision_by_another_rule_than_the_rules_say_is_found() {
    let (policy, catalogue) = policy(vec![
        rule("hr", team(&["hr"]), cloud()),
        rule("legal inside", all(&[team(&["legal"]), at_least(Level::Internal)]), local()),
        rule("rest", Condition::always(), anywhere()),
    ]);
    let of_hr = |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
        let mut facts = *facts;
        facts.caller.team = facts.caller.team.or(Some("hr"));
        decide(policy, catalogue, alias, &facts)
    };
    let of_public = |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
        let label = Label::at(Level::Public);
        let facts = Facts { data: DataFacts { label: &label, ..facts.data }, ..*facts };
        decide(policy, catalogue, alias, &facts)
    };
    let broken: [(&str, &Decide<'_>); 2] =
        [("an unknown team counts as HR", &of_hr), ("the label is not looked at", &of_public)];
    for (name, broken) in broken {
        let proof = prove_by(&policy, &catalogue, broken).unwrap();
        assert!(proof.findings.iter().any(|finding| finding.kind == Kind::Disagreement), "{name}");
    }
}

#[test]
fn a_decision_without_target_or_word_is_found() {
    let (_, rules) = healthy().swap_remove(0);
    let (policy, catalogue) = policy(rules);
    let mute = |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
        let mut decision = decide(policy, catalogue, alias, facts);
        if let Action::Deny(denial) = &mut decision.action {
            denial.message = "".into();
        }
        decision
    };
    let empty = |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
        let mut decision = decide(policy, catalogue, alias, facts);
        if let Action::Route(plan) = &mut decision.action
            && facts.wish.is_some()
        {
            plan.first.clear();
        }
        decision
    };
    let broken: [(&str, &Decide<'_>); 2] = [("mute", &mute), ("empty", &empty)];
    for (name, broken) in broken {
        let proof = prove_by(&policy, &catalogue, broken).unwrap();
        assert!(proof.findings.iter().any(|finding| finding.kind == Kind::Undecided), "{name}");
    }
}
