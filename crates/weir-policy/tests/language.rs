//! What each test of a condition means, and what holds of all of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::random::{all_facts, condition, forgetting, known, request, some_facts, test};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;
use weir_label::{Level, ZoneKind};
use weir_policy::{
    Condition, EntityCount, Fact, FactValue, Flag, NameFact, NamePattern, NumberFact, OwnedFacts, Policy,
    Preference, Ranges, Selection, Test, Truth,
};

/// Mostly joined with tests of one fact by which a rule can be passed over, as in large policies.
fn ruling_condition() -> impl Strategy<Value = Condition> {
    let never = Condition::Any(Vec::new());
    prop_oneof![
        4 => (of_one_fact(), condition()).prop_map(|(one, other)| Condition::All(vec![other, one])),
        1 => condition(),
        4 => Just(never),
    ]
}

/// All that is said of one fact.
fn of_one_fact() -> impl Strategy<Value = Condition> {
    select(all_facts()).prop_flat_map(|fact| {
        test(&fact).prop_map(Condition::Test).prop_recursive(2, 4, 2, |inner| {
            prop_oneof![
                vec(inner.clone(), 1..3).prop_map(Condition::All),
                vec(inner.clone(), 1..3).prop_map(Condition::Any),
                inner.prop_map(|part| Condition::Not(Box::new(part))),
            ]
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What a condition says of unknown facts, it says whatever they turn out to be.
    #[test]
    fn a_known_truth_does_not_change_when_unknown_facts_become_known(
        condition in condition(), known in known(), forgotten in some_facts(),
    ) {
        let unknown = forgetting(known.clone(), &forgotten);
        match condition.evaluate(&unknown.borrow()) {
            Truth::Unknown => {}
            truth @ (Truth::True | Truth::False) => prop_assert_eq!(condition.evaluate(&known.borrow()), truth),
        }
    }

    /// What is said of data that could not be inspected holds whatever else is in it.
    #[test]
    fn a_known_truth_about_opaque_data_does_not_change_when_more_is_found(
        condition in condition(), opaque in known(), more in known(),
    ) {
        let opaque = opaque.with(&Fact::Flag(Flag::Opaque), FactValue::Flag(true)).unwrap();
        let mut seen = opaque.clone();
        for fact in [Fact::Categories, Fact::Jurisdictions, Fact::Entities] {
            seen.set(&fact, joined(opaque.get(&fact), more.get(&fact))).unwrap();
        }
        match condition.evaluate(&opaque.borrow()) {
            Truth::Unknown => {}
            truth @ (Truth::True | Truth::False) => prop_assert_eq!(condition.evaluate(&seen.borrow()), truth),
        }
    }

    /// A test looks at no other fact than the one it names.
    #[test]
    fn a_test_depends_on_its_own_fact_only(
        (fact, test) in select(all_facts()).prop_flat_map(|fact| (Just(fact.clone()), test(&fact))),
        one in known(), other in known(),
    ) {
        let mut other = other;
        // These two are the only facts that lean on another one.
        for leans_on in [Fact::Flag(Flag::Opaque), Fact::Modalities] {
            other.set(&leans_on, one.get(&leans_on)).unwrap();
        }
        other.set(&fact, one.get(&fact)).unwrap();
        prop_assert_eq!(test.fact(), fact);
        prop_assert_eq!(test.evaluate(&one.borrow()), test.evaluate(&other.borrow()));
    }

    /// The rule that is found in the index is the first that matches.
    #[test]
    fn the_rule_that_decides_is_the_first_that_matches(
        conditions in vec((ruling_condition(), any::<bool>()), 0..80), request in request(),
    ) {
        let rules = conditions.into_iter().enumerate().map(|(number, (when, inside))| {
            let zone = if inside { ZoneKind::Local } else { ZoneKind::Cloud };
            common::rule(&format!("rule {number}"), when, common::route(Selection::Zone(zone), Preference::Order, &[]))
        });
        let policy = Policy::new(common::boundary(Level::Confidential), rules.collect());
        let facts = request.borrow();
        let plain = policy.rules().iter().find(|rule| rule.matches(&facts)).unwrap_or(policy.unmatched());
        prop_assert_eq!(&policy.rule_for(&facts).name, &plain.name);
    }

    /// Facts that hold their own values are the facts that they were made from.
    #[test]
    fn facts_survive_being_owned(known in known()) {
        let facts = known.borrow();
        let again = OwnedFacts::from(&facts);
        for fact in all_facts() {
            prop_assert_eq!(again.get(&fact), known.get(&fact));
        }
    }
}

fn joined(one: FactValue, other: FactValue) -> FactValue {
    match (one, other) {
        (FactValue::Categories(a), FactValue::Categories(b)) => FactValue::Categories(&a | &b),
        (FactValue::Jurisdictions(a), FactValue::Jurisdictions(b)) => FactValue::Jurisdictions(&a | &b),
        (FactValue::Entities(mut a), FactValue::Entities(b)) => {
            for (entity, count) in b {
                *a.entry(entity).or_default() += count;
            }
            FactValue::Entities(a)
        }
        (one, _) => one,
    }
}

#[test]
fn every_fact_has_one_name_and_is_found_by_it() {
    let mut names = BTreeSet::new();
    for fact in all_facts() {
        assert_eq!(Fact::named(&fact.name()).as_ref(), Some(&fact));
        assert!(names.insert(fact.name().into_owned()), "{fact:?}");
    }
    assert_eq!(Fact::named("capacity.tag:large.queue").unwrap().name(), "capacity.tag:large.queue");
    assert_eq!(Fact::named("capacity..queue"), None);
    assert_eq!(Fact::named("data.mood"), None);
}

fn number(fact: NumberFact, numbers: Ranges) -> Condition {
    Condition::Test(Test::Number(fact, numbers))
}

#[test]
fn an_unknown_fact_makes_a_test_and_its_negation_unknown() {
    let hard = number(NumberFact::Complexity, Ranges::above(700_000));
    let facts = OwnedFacts::default();
    assert_eq!(hard.evaluate(&facts.borrow()), Truth::Unknown);
    assert_eq!(Condition::Not(Box::new(hard.clone())).evaluate(&facts.borrow()), Truth::Unknown);
    let facts = facts.with(&Fact::Number(NumberFact::Complexity), FactValue::Number(700_001)).unwrap();
    assert_eq!(hard.evaluate(&facts.borrow()), Truth::True);
}

#[test]
fn entities_are_counted_by_the_type_found_most_often() {
    let count = |types: &str, counts| {
        let types = types
            .strip_suffix('*')
            .map_or(NamePattern::Exact(types.into()), |prefix| NamePattern::Prefix(prefix.into()));
        Condition::Test(Test::Entities(vec![EntityCount { types, counts }]))
    };
    let found = |entities: &[(&str, u32)]| {
        let entities = entities.iter().map(|(entity, count)| ((*entity).to_owned(), *count)).collect();
        OwnedFacts::default().with(&Fact::Entities, FactValue::Entities(entities)).unwrap()
    };
    let three = found(&[("US_SSN", 3), ("US_PASSPORT", 2)]);
    assert_eq!(count("US_SSN", Ranges::at_least(3)).evaluate(&three.borrow()), Truth::True);
    assert_eq!(count("US_*", Ranges::at_least(4)).evaluate(&three.borrow()), Truth::False);
    assert_eq!(count("CREDIT_CARD", Ranges::below(1)).evaluate(&three.borrow()), Truth::True);
    let opaque = three.with(&Fact::Flag(Flag::Opaque), FactValue::Flag(true)).unwrap();
    assert_eq!(count("US_SSN", Ranges::at_least(3)).evaluate(&opaque.borrow()), Truth::True);
    assert_eq!(count("US_SSN", Ranges::at_least(4)).evaluate(&opaque.borrow()), Truth::Unknown);
    assert_eq!(count("US_SSN", Ranges::below(3)).evaluate(&opaque.borrow()), Truth::False);
}

#[test]
fn opaque_data_is_restricted_whatever_its_level_is_set_to() {
    let opaque = OwnedFacts::default().with(&Fact::Flag(Flag::Opaque), FactValue::Flag(true)).unwrap();
    let opaque = opaque.with(&Fact::Level, FactValue::Level(Level::Public)).unwrap();
    assert_eq!(opaque.get(&Fact::Level), FactValue::Level(Level::Restricted));
    let clear = opaque.with(&Fact::Flag(Flag::Opaque), FactValue::Flag(false)).unwrap();
    assert_eq!(clear.get(&Fact::Level), FactValue::Level(Level::Public));
}

#[test]
fn a_fact_takes_no_value_that_it_cannot_have() {
    let set = |fact: Fact, value| OwnedFacts::default().with(&fact, value).map(drop);
    let error = set(Fact::Number(NumberFact::Complexity), FactValue::Number(1_000_001)).unwrap_err();
    assert_eq!(error.to_string(), "`task.complexity` cannot be `1.000001`");
    assert!(set(Fact::Name(NameFact::RequestAlias), FactValue::Unknown).is_err());
    assert!(set(Fact::Level, FactValue::Unknown).is_err());
    assert!(set(Fact::Level, FactValue::Number(1)).is_err());
    assert!(set(Fact::Number(NumberFact::Hour), FactValue::Number(24)).is_err());
}

#[test]
fn values_are_shown_as_policies_write_them() {
    let show = |name: &str, value| Fact::named(name).unwrap().show(&value);
    assert_eq!(show("task.complexity", FactValue::Number(700_000)), "0.7");
    assert_eq!(show("latency.target", FactValue::Number(2_000)), "2s");
    assert_eq!(show("latency.target", FactValue::Number(1_500)), "1500ms");
    assert_eq!(show("cost.cloud", FactValue::Number(12_345)), "0.012345");
    assert_eq!(show("time.hour", FactValue::Number(8)), "8");
    assert_eq!(show("caller.scopes", FactValue::Names(BTreeSet::new())), "none");
    assert_eq!(show("task.type", FactValue::Unknown), "unknown");
}
