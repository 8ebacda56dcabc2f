//! Guards with a hole in them, and decisions that are none.

use crate::examples::{Example, all};
use std::collections::BTreeSet;
use weir_analyse::{Decide, Kind, prove_by};
use weir_label::{Jurisdiction, Level, ZoneKind};
use weir_policy::{
    Action, Alias, Catalogue, Decision, Fact, FactValue, Facts, Flag, NameFact, OwnedFacts, Plan, Policy,
    RouteWish, Step, decide,
};

/// Whether a request falls through the hole.
type Hole = fn(&Policy, &Alias, &Facts<'_>) -> bool;

const HOLES: [(&str, Hole); 9] = [
    ("never asked", |_, _, _| true),
    ("forgotten for opaque data", |_, _, facts| facts.data.label.is_opaque()),
    ("forgotten at the boundary", |policy, _, facts| {
        !facts.data.label.is_opaque() && facts.data.label.level() == policy.boundary.level()
    }),
    ("forgotten at the top", |_, _, facts| {
        !facts.data.label.is_opaque() && facts.data.label.level() == Level::Restricted
    }),
    ("forgotten for one alias", |_, alias, _| &**alias.name() == "auto"),
    ("forgotten when the caller wishes for the cloud", |_, _, facts| facts.wish == Some(RouteWish::CloudOk)),
    ("clearances forgotten", |policy, _, facts| {
        facts.data.label.level() < policy.boundary.level() && facts.data.label.jurisdictions().is_empty()
    }),
    ("residency forgotten", |_, _, facts| {
        facts.data.label.level() == Level::Public && !facts.data.label.jurisdictions().is_empty()
    }),
    ("residency of a place that nobody named forgotten", |_, _, facts| {
        facts.data.label.level() == Level::Public
            && facts.data.label.jurisdictions().iter().any(|place| place.as_str() == "ZZ")
    }),
];

/// The decision of a guard that lets everything pass that falls through the hole.
fn with_hole(
    hole: Hole,
    policy: &Policy,
    catalogue: &Catalogue,
    alias: &Alias,
    facts: &Facts<'_>,
) -> Decision {
    let mut decision = decide(policy, catalogue, alias, facts);
    if hole(policy, alias, facts) {
        let plan = Plan {
            first: alias.targets().to_vec(),
            overflow: Vec::new(),
            degrade: Vec::new(),
            ladder: vec![Step::Reject],
        };
        decision.action = Action::Route(plan);
    }
    decision
}

/// Every request that differs in what guards look at.
fn requests(example: &Example) -> Vec<OwnedFacts> {
    let mut requests = Vec::new();
    let places = [None, Some("EU"), Some("US"), Some("ZZ")];
    for alias in example.loaded.catalogue.aliases() {
        for (level, place) in Level::ALL.into_iter().flat_map(|level| places.map(|place| (level, place))) {
            for (opaque, wish) in [false, true]
                .into_iter()
                .flat_map(|opaque| [None, Some(RouteWish::CloudOk)].map(|w| (opaque, w)))
            {
                let mut request = OwnedFacts::default();
                let alias = FactValue::Name(alias.name().clone());
                request.set(&Fact::Name(NameFact::RequestAlias), alias).unwrap();
                request.set(&Fact::Level, FactValue::Level(level)).unwrap();
                let bound: BTreeSet<Jurisdiction> =
                    place.iter().map(|place| place.parse().unwrap()).collect();
                request.set(&Fact::Jurisdictions, FactValue::Jurisdictions(bound)).unwrap();
                request.set(&Fact::Flag(Flag::Opaque), FactValue::Flag(opaque)).unwrap();
                request.wish = wish;
                requests.push(request);
            }
        }
    }
    requests
}

fn leaks(example: &Example, decision: &Decision, request: &OwnedFacts) -> bool {
    let (policy, catalogue) = (&example.loaded.policy, &example.loaded.catalogue);
    let Action::Route(plan) = &decision.action else { return false };
    let label = request.borrow().data.label;
    let refused = |id| catalogue.target(id).unwrap().recipient.check(&policy.boundary, label).is_err();
    plan.targets().chain(plan.degrade.iter().copied()).any(refused)
}

fn decided(example: &Example, decide: &Decide<'_>, request: &OwnedFacts) -> Decision {
    let catalogue = &example.loaded.catalogue;
    let facts = request.borrow();
    decide(&example.loaded.policy, catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts)
}

#[test]
fn every_hole_through_which_something_could_leak_is_found() {
    for example in all() {
        let mut found = BTreeSet::new();
        for (name, hole) in HOLES {
            let broken = move |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
                with_hole(hole, policy, catalogue, alias, facts)
            };
            let is_hole = requests(example)
                .iter()
                .any(|request| leaks(example, &decided(example, &broken, request), request));
            let proof = prove_by(&example.loaded.policy, &example.loaded.catalogue, &broken).unwrap();
            let leak = proof.findings.iter().find(|finding| finding.kind == Kind::Leak);
            assert_eq!(leak.is_some(), is_hole, "{}: {name}: {:#?}", example.name, proof.findings);
            if let Some(leak) = leak {
                let request = leak.example.as_ref().unwrap();
                assert!(
                    leaks(example, &decided(example, &broken, request), request),
                    "{}: {name}",
                    example.name
                );
                found.insert(name);
            }
        }
        let has_cloud =
            example.loaded.catalogue.targets().any(|(_, target)| target.zone() == ZoneKind::Cloud);
        let least = if has_cloud { 6 } else { 0 };
        assert!(found.len() >= least, "{}: only {found:?} leak: the test has no teeth", example.name);
    }
}

#[test]
fn a_plan_of_nothing_and_a_denial_without_a_word_are_no_decisions() {
    let mut mutes = 0;
    for example in all() {
        let (policy, catalogue) = (&example.loaded.policy, &example.loaded.catalogue);
        let empty = |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
            let mut decision = decide(policy, catalogue, alias, facts);
            if let Action::Route(plan) = &mut decision.action
                && facts.data.label.level() == Level::Restricted
            {
                plan.first.clear();
            }
            decision
        };
        let mute = |policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>| {
            let mut decision = decide(policy, catalogue, alias, facts);
            if let Action::Deny(denial) = &mut decision.action {
                denial.message = "".into();
            }
            decision
        };
        let is_undecided = |decide: &Decide<'_>| {
            let proof = prove_by(policy, catalogue, decide).unwrap();
            proof.findings.iter().any(|finding| finding.kind == Kind::Undecided)
        };
        assert!(is_undecided(&empty), "{}", example.name);
        let denies =
            |request: &OwnedFacts| matches!(decided(example, &decide, request).action, Action::Deny(_));
        if requests(example).iter().any(denies) {
            mutes += 1;
            assert!(is_undecided(&mute), "{}", example.name);
        }
        assert!(!is_undecided(&decide), "{}", example.name);
    }
    assert!(mutes > 1, "{mutes} examples deny: the test has no teeth");
}
