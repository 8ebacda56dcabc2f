//! Changes of rules, which are differences, and of words, which are none.

use crate::examples::{Example, all, deny, environment, route, rule};
use weir_analyse::{ChangeKind, Difference, Subject, diff};
use weir_config::Loaded;
use weir_label::ZoneKind;
use weir_policy::{Action, Decision, OwnedFacts, Policy, Rule, Selection, decide};

fn difference(example: &Example, after: &Policy) -> Difference {
    let catalogue = &example.loaded.catalogue;
    let difference =
        diff(Subject { policy: &example.loaded.policy, catalogue }, Subject { policy: after, catalogue })
            .unwrap();
    for effect in difference.changes.iter().flat_map(|change| &change.effects) {
        let [before, after] =
            [&example.loaded.policy, after].map(|policy| decided(example, policy, &effect.example));
        let same = (&before.action, &before.obligations) == (&after.action, &after.obligations);
        assert!(!same, "{}: {effect:?} shows no difference", example.name);
    }
    difference
}

fn decided(example: &Example, policy: &Policy, request: &OwnedFacts) -> Decision {
    let catalogue = &example.loaded.catalogue;
    let facts = request.borrow();
    decide(policy, catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts)
}

fn kinds(difference: &Difference) -> Vec<ChangeKind> {
    difference.changes.iter().flat_map(|change| &change.effects).map(|effect| effect.kind).collect()
}

#[test]
fn a_rule_that_now_denies_is_a_difference_wherever_it_stands() {
    for example in all() {
        for place in 0..example.rules().len() {
            let mut rules = example.rules().to_vec();
            let denied_before = matches!(rules[place].action, weir_policy::RuleAction::Deny(_));
            rules[place].action = deny();
            let found = kinds(&difference(example, &example.with_rules(rules)));
            let expected = if denied_before { ChangeKind::Denial } else { ChangeKind::Denied };
            assert!(found.contains(&expected), "{} rule {place}: {found:?}", example.name);
        }
    }
}

#[test]
fn a_rule_that_is_taken_out_is_a_difference_wherever_it_stood() {
    for example in all() {
        for place in 0..example.rules().len() {
            let mut rules = example.rules().to_vec();
            rules.remove(place);
            let found = difference(example, &example.with_rules(rules));
            assert!(!found.changes.is_empty(), "{} rule {place}", example.name);
        }
    }
}

#[test]
fn a_way_out_that_is_opened_comes_first() {
    let mut opened = 0;
    for example in all() {
        let lenient = rule("planted", environment("live"), route(Selection::Any));
        let found = difference(example, &example.with_rule(0, lenient));
        let was_closed = example.rules().iter().any(|rule| stays_though_unclassified(example, rule));
        if was_closed {
            opened += 1;
            assert_eq!(found.changes[0].kind(), Some(ChangeKind::Opened), "{}", example.name);
        }
    }
    assert!(opened > 5, "{opened} examples: the test has no teeth");
}

/// Whether a rule of an example with a way out keeps data inside that could leave.
fn stays_though_unclassified(example: &Example, rule: &Rule) -> bool {
    let has_cloud = example.loaded.catalogue.targets().any(|(_, target)| target.zone() == ZoneKind::Cloud);
    let request = OwnedFacts::default();
    let looks_at_more = rule.when.evaluate(&request.borrow()) != weir_policy::Truth::False;
    let is_local = match &rule.action {
        weir_policy::RuleAction::Route(routing) => routing.targets == Selection::Zone(ZoneKind::Local),
        weir_policy::RuleAction::Deny(_) => false,
    };
    has_cloud && looks_at_more && is_local
}

#[test]
fn other_words_are_no_difference() {
    for example in all() {
        let reworded: String = example
            .text
            .lines()
            .map(|line| match line.split_once("- name: ") {
                Some((indent, name)) if line.starts_with("  - ") => {
                    format!("{indent}- name: {name} as before # was it\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        let after = reworded.replace("\">= confidential\"", "[restricted, confidential]") + "\n# the end\n";
        let Loaded { policy, catalogue, .. } = example.with_text(&after).unwrap();
        assert_ne!(policy.boundary.revision(), example.loaded.policy.boundary.revision());
        let before = Subject { policy: &example.loaded.policy, catalogue: &example.loaded.catalogue };
        let found = diff(before, Subject { policy: &policy, catalogue: &catalogue }).unwrap();
        assert!(found.changes.is_empty(), "{}: {:#?}", example.name, found.changes);
        assert!(matches!(
            decided(example, &policy, &some_request(example)).action,
            Action::Route(_) | Action::Deny(_)
        ));
    }
}

fn some_request(example: &Example) -> OwnedFacts {
    let alias = example.loaded.catalogue.aliases().next().unwrap().name().clone();
    let fact = weir_policy::Fact::Name(weir_policy::NameFact::RequestAlias);
    OwnedFacts::default().with(&fact, weir_policy::FactValue::Name(alias)).unwrap()
}
