//! What holds of every policy, catalogue and request.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::random::{all_facts, label, network, request, rules, rules_over};
use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_label::{Label, ZoneKind};
use weir_policy::{
    Action, Catalogue, DataFacts, Decision, Exclusion, Fact, OwnedFacts, Plan, Policy, RouteWish, Rule,
    TargetId, Verdict, decide,
};

/// Rules that look at everything but the data.
fn blind_rules() -> impl Strategy<Value = Vec<Rule>> {
    let facts: Vec<Fact> = all_facts().into_iter().filter(|fact| !fact.name().starts_with("data.")).collect();
    rules_over(&facts)
}

/// What is decided about a request if this is the label of its data.
fn run(policy: &Policy, catalogue: &Catalogue, request: &OwnedFacts, label: &Label) -> Decision {
    let facts = request.borrow();
    let facts = weir_policy::Facts { data: DataFacts { label, ..facts.data }, ..facts };
    decide(policy, catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts)
}

fn everything(plan: &Plan) -> BTreeSet<TargetId> {
    plan.targets().chain(plan.degrade.iter().copied()).collect()
}

fn planned(decision: &Decision) -> BTreeSet<TargetId> {
    match &decision.action {
        Action::Route(plan) => everything(plan),
        Action::Deny(_) => BTreeSet::new(),
    }
}

fn clouds(catalogue: &Catalogue, ids: BTreeSet<TargetId>) -> BTreeSet<TargetId> {
    ids.into_iter().filter(|id| catalogue.target(*id).unwrap().zone() == ZoneKind::Cloud).collect()
}

fn past_the_guard(decision: &Decision) -> BTreeSet<TargetId> {
    let refused = |verdict: &Verdict| matches!(verdict, Verdict::Excluded(Exclusion::Boundary(_)));
    decision.considered.iter().filter(|(_, verdict)| !refused(verdict)).map(|(id, _)| *id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// No fallback, burst or degrade target is one that the boundary refuses.
    #[test]
    fn a_plan_holds_only_what_the_boundary_permits(
        (boundary, catalogue) in network(), rules in rules(), label in label(), request in request(),
    ) {
        let classified = boundary.is_classified(&label);
        let policy = Policy::new(boundary, rules);
        let plan = planned(&run(&policy, &catalogue, &request, &label));
        for id in &plan {
            let recipient = &catalogue.target(*id).unwrap().recipient;
            prop_assert_eq!(recipient.check(&policy.boundary, &label), Ok(()));
        }
        prop_assert!(!classified || clouds(&catalogue, plan).is_empty());
    }

    /// Raising the label never opens a way out that was shut.
    #[test]
    fn raising_the_label_permits_no_further_cloud_target(
        (boundary, catalogue) in network(), rules in rules(), low in label(), more in label(), request in request(),
    ) {
        let policy = Policy::new(boundary, rules);
        let high = low.clone().join(&more);
        let before = past_the_guard(&run(&policy, &catalogue, &request, &low));
        let after = past_the_guard(&run(&policy, &catalogue, &request, &high));
        prop_assert!(clouds(&catalogue, after).is_subset(&clouds(&catalogue, before)));
    }

    /// Nor does it add one to the plan, unless a rule asks for it by looking at the data.
    #[test]
    fn raising_the_label_plans_no_further_cloud_target_where_rules_ignore_the_data(
        (boundary, catalogue) in network(), rules in blind_rules(), low in label(), more in label(), request in request(),
    ) {
        let policy = Policy::new(boundary, rules);
        let high = low.clone().join(&more);
        let before = planned(&run(&policy, &catalogue, &request, &low));
        let after = planned(&run(&policy, &catalogue, &request, &high));
        prop_assert!(clouds(&catalogue, after).is_subset(&clouds(&catalogue, before)));
    }

    /// Every request gets a decision that accounts for every target of the alias.
    #[test]
    fn a_decision_accounts_for_every_target(
        (boundary, catalogue) in network(), rules in rules(), label in label(), request in request(),
    ) {
        let decision = run(&Policy::new(boundary, rules), &catalogue, &request, &label);
        let alias = catalogue.alias(request.borrow().request.alias).unwrap();
        let listed: Vec<TargetId> = alias.targets().iter().chain(alias.degrade()).copied().collect();
        let considered: Vec<TargetId> = decision.considered.iter().map(|(id, _)| *id).collect();
        prop_assert_eq!(listed, considered);
        if let Action::Route(plan) = &decision.action {
            prop_assert!(!plan.first.is_empty());
            let candidates = decision.considered.iter().filter(|(_, verdict)| *verdict == Verdict::Candidate);
            prop_assert_eq!(candidates.map(|(id, _)| *id).collect::<BTreeSet<_>>(), everything(plan));
            prop_assert_eq!(plan.targets().count() + plan.degrade.len(), everything(plan).len());
        }
    }

    /// The caller's wish to stay inside is kept.
    #[test]
    fn a_wish_for_local_plans_no_cloud_target(
        (boundary, catalogue) in network(), rules in rules(), label in label(), request in request(),
    ) {
        let mut request = request;
        request.wish = Some(RouteWish::LocalOnly);
        let decision = run(&Policy::new(boundary, rules), &catalogue, &request, &label);
        prop_assert!(clouds(&catalogue, planned(&decision)).is_empty());
    }
}
