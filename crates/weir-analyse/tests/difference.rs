//! What another policy changes, and what it does not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{
    all, anywhere, at_least, category, cloud, deny, healthy, local, not, policy, queue, route, rule, team,
};
use weir_analyse::{ChangeKind, Difference, Subject, diff};
use weir_label::{Category, Level, ZoneKind};
use weir_policy::{
    Condition, NumberFact, Obligations, Preference, Ranges, Requirement, Rule, RuleAction, Selection, Step,
};

fn compare(before: Vec<Rule>, after: Vec<Rule>) -> Difference {
    let ((before, old), (after, new)) = (policy(before), policy(after));
    let (before, after) =
        (Subject { policy: &before, catalogue: &old }, Subject { policy: &after, catalogue: &new });
    diff(before, after).unwrap()
}

fn kinds(difference: &Difference) -> Vec<ChangeKind> {
    difference.changes.iter().flat_map(|change| change.effects.iter().map(|effect| effect.kind)).collect()
}

fn rest() -> Rule {
    rule("rest", Condition::always(), anywhere())
}

#[test]
fn a_policy_means_what_it_means() {
    for (name, rules) in healthy() {
        assert!(compare(rules.clone(), rules).changes.is_empty(), "{name}");
    }
}

#[test]
fn other_names_and_words_for_the_same_are_no_change() {
    let before = vec![
        rule("a", team(&["hr"]), local()),
        rule("b", team(&["legal"]), local()),
        rule("c", at_least(Level::Confidential), local()),
        rest(),
    ];
    let after = vec![
        rule("people and law", not(not(team(&["legal", "hr"]))), local()),
        rule("sensitive", not(not(at_least(Level::Confidential))), local()),
        rule("never", all(&[team(&["hr"]), at_least(Level::Restricted)]), deny()),
        rule("the rest", Condition::always(), anywhere()),
    ];
    let difference = compare(before, after);
    assert!(difference.changes.is_empty(), "{:#?}", difference.changes);
}

#[test]
fn rules_that_have_nothing_to_do_with_each_other_may_change_places() {
    let one = rule("code", all(&[category(Category::SourceCode), team(&["dev"])]), cloud());
    let known = rule("law", all(&[team(&["legal"]), not(team(&["dev"]))]), cloud());
    let swapped = compare(vec![one.clone(), known.clone(), rest()], vec![known, one.clone(), rest()]);
    assert!(swapped.changes.is_empty(), "{:#?}", swapped.changes);
    // A request of an unknown team may be either's, and both rules keep inside: there the order matters.
    let (one, other) = (Rule { action: deny(), ..one }, rule("law", team(&["legal"]), local()));
    assert!(!compare(vec![one.clone(), other.clone(), rest()], vec![other, one, rest()]).changes.is_empty());
}

#[test]
fn what_opens_and_closes_comes_first_and_in_words() {
    let before = vec![rule("hr stays", team(&["hr", "hr-*"]), local()), rest()];
    let opened = compare(before.clone(), vec![rest()]);
    let change = &opened.changes[0];
    assert_eq!(change.kind(), Some(ChangeKind::Opened));
    assert_eq!((change.before.as_str(), change.after.as_str()), ("hr stays", "rest"));
    assert!(change.when[0].contains("caller.team is hr, hr-* or unknown"), "{:?}", change.when);
    assert!(change.effects[0].before.contains("gpu/large [local]"), "{:?}", change.effects);
    assert!(change.effects[0].after.contains("us/frontier [cloud]"), "{:?}", change.effects);
    let closed = compare(vec![rest()], before);
    assert_eq!(closed.changes.len(), 1);
    assert!(kinds(&closed).contains(&ChangeKind::Closed));
}

#[test]
fn each_part_of_a_decision_is_compared() {
    let with = |change: &dyn Fn(Rule) -> Rule| compare(vec![rest()], vec![change(rest())]);
    let action = |action: RuleAction| with(&|rule| Rule { action: action.clone(), ..rule });
    let steps = [Step::Burst, queue(10), Step::Reject];
    assert!(kinds(&action(deny())).contains(&ChangeKind::Denied));
    let cloud_first = route(Selection::Zone(ZoneKind::Cloud), Preference::Cheapest, &steps);
    assert!(kinds(&action(cloud_first)).contains(&ChangeKind::Targets));
    let local_first = route(Selection::Any, Preference::Local, &steps);
    assert_eq!(kinds(&action(local_first)), [ChangeKind::Order]);
    let longer = route(Selection::Any, Preference::Cheapest, &[Step::Burst, queue(11), Step::Reject]);
    assert_eq!(kinds(&action(longer)), [ChangeKind::WhenFull]);
    // What comes after `reject` is never done.
    let more =
        route(Selection::Any, Preference::Cheapest, &[Step::Burst, queue(10), Step::Reject, Step::Burst]);
    assert!(action(more).changes.is_empty());
    let durable = Obligations { require: [Requirement::DurableRecord].into(), ..Obligations::default() };
    let demanding = with(&|rule| rule.with_obligations(durable.clone()));
    assert_eq!(kinds(&demanding), [ChangeKind::Obligations]);
    let message = compare(
        vec![rule("no", Condition::always(), deny())],
        vec![rule("no", Condition::always(), RuleAction::Deny("never".into()))],
    );
    assert_eq!(kinds(&message), [ChangeKind::Denial]);
}

#[test]
fn a_moved_threshold_changes_what_lies_between() {
    let long =
        |tokens| rule("long", common::number(NumberFact::PromptTokens, Ranges::above(tokens)), local());
    let difference = compare(vec![long(1_000), rest()], vec![long(2_000), rest()]);
    assert_eq!(difference.changes.len(), 1);
    let when = &difference.changes[0].when;
    assert!(when.iter().all(|when| when.contains("request.prompt_tokens from 1001 to 2000")), "{when:?}");
    let tokens = difference.changes[0].effects[0].example.borrow().request.prompt_tokens;
    assert!((1_001..=2_000).contains(&tokens));
}

#[test]
fn a_moved_boundary_is_a_change_of_every_rule() {
    let (before, old) = policy(vec![rest()]);
    let boundary = weir_label::Boundary::new(
        Level::Internal,
        before.boundary.residency().clone(),
        weir_label::Revision::new("other"),
    );
    let after = weir_policy::Policy::new(boundary, vec![rest()]);
    let (before, after) =
        (Subject { policy: &before, catalogue: &old }, Subject { policy: &after, catalogue: &old });
    let difference = diff(before, after).unwrap();
    assert!(
        kinds(&difference).contains(&ChangeKind::Closed) || kinds(&difference).contains(&ChangeKind::Denied)
    );
    let back = diff(after, before).unwrap();
    assert!(kinds(&back).contains(&ChangeKind::Opened) || kinds(&back).contains(&ChangeKind::Allowed));
}
