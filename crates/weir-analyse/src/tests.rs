//! The analysis says what `decide` does.

use crate::environment::Environment;
use crate::random::{condition, policy, request};
use crate::rules::Rules;
use crate::space::{Draft, Space};
use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_policy::{Action, Catalogue, Decision, OwnedFacts, Policy, TargetId, Truth, decide};

fn space(policy: &Policy, catalogue: &Catalogue) -> Space {
    let mut draft = Draft::default();
    draft.add(policy, catalogue);
    draft.space()
}

fn decided(policy: &Policy, catalogue: &Catalogue, request: &OwnedFacts) -> Decision {
    let facts = request.borrow();
    decide(policy, catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts)
}

/// What a decision says besides the order of targets, which may hang on figures that no rule looks at.
fn essence(decision: &Decision) -> (String, Result<(BTreeSet<TargetId>, String), String>) {
    let says = match &decision.action {
        Action::Route(plan) => {
            let all = plan.targets().chain(plan.degrade.iter().copied()).collect();
            Ok((all, format!("{:?}", plan.ladder)))
        }
        Action::Deny(denial) => Err(denial.code.to_string()),
    };
    (decision.rule.to_string(), says)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Wherever a request is, its region says of a condition what the condition says of the request.
    #[test]
    fn a_region_says_of_a_condition_what_the_condition_says(
        condition in condition(), (policy, catalogue) in policy(), request in request(),
    ) {
        let mut draft = Draft::default();
        draft.add(&policy, &catalogue);
        draft.add_condition(&condition);
        let mut space = draft.space();
        let truth = space.condition(&condition);
        let cells = space.locate(&request.borrow()).unwrap();
        let expected = match condition.evaluate(&request.borrow()) {
            Truth::False => 0,
            Truth::Unknown => 1,
            Truth::True => 2,
        };
        prop_assert_eq!(space.value(truth, &cells), Some(expected));
    }

    /// A request that stands for a region is in it, and every request is in a region that there can be.
    #[test]
    fn a_request_made_for_a_region_is_in_it((policy, catalogue) in policy(), request in request()) {
        let space = space(&policy, &catalogue);
        let cells = space.locate(&request.borrow()).unwrap();
        prop_assert_eq!(space.value(space.possible, &cells), Some(1));
        let chosen: Vec<Option<usize>> = cells.iter().copied().map(Some).collect();
        let made = space.request(&chosen);
        prop_assert_eq!(space.locate(&made.borrow()).unwrap(), cells);
    }

    /// All requests of a region are decided alike, by the rule that the analysis names.
    #[test]
    fn requests_of_one_region_are_decided_alike((policy, catalogue) in policy(), request in request()) {
        let mut space = space(&policy, &catalogue);
        let rules = Rules::of(&policy, &mut space);
        let cells = space.locate(&request.borrow()).unwrap();
        let decision = decided(&policy, &catalogue, &request);
        let number = space.value(rules.first, &cells).unwrap() as usize;
        let rule = policy.rules().get(number).unwrap_or(policy.unmatched());
        prop_assert_eq!(&rule.name, &decision.rule);
        let made = space.request(&cells.iter().copied().map(Some).collect::<Vec<_>>());
        prop_assert_eq!(essence(&decided(&policy, &catalogue, &made)), essence(&decision));
    }

    /// So are those of different regions in the same circumstances, if the same rule decides.
    #[test]
    fn requests_in_the_same_circumstances_are_decided_alike(
        (policy, catalogue) in policy(), requests in proptest::collection::vec(request(), 2..12),
    ) {
        let mut space = space(&policy, &catalogue);
        let environment = Environment::of(&policy, &catalogue, &mut space);
        let mut seen = std::collections::BTreeMap::new();
        for request in requests {
            let cells = space.locate(&request.borrow()).unwrap();
            let circumstances = space.value(environment.which, &cells).unwrap();
            let (rule, essence) = essence(&decided(&policy, &catalogue, &request));
            let known = seen.entry((circumstances, rule)).or_insert_with(|| essence.clone());
            prop_assert_eq!(&*known, &essence);
        }
    }
}
