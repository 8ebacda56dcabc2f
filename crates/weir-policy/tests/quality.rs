//! What `prefer: best`, `quality` and `cascade` mean, one sentence each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{boundary, catalogue, cloud, facts, local, priced, rule};
use std::collections::BTreeMap;
use weir_label::{Label, Level, ZoneKind};
use weir_policy::{
    Action, Cascade, Catalogue, Condition, Decision, Exclusion, Facts, Plan, Policy, Preference, Quality,
    Routing, RuleAction, Selection, Step, Target, TargetId, TaskFacts, TaskType, Verdict, decide,
};

/// A large and a small server inside, an API outside; only the API has a price.
fn three(qualities: [Option<u64>; 3]) -> Catalogue {
    let boundary = boundary(Level::Confidential);
    let [large, small, api] =
        qualities.map(|figure| Quality { otherwise_millionths: figure, ..Quality::default() });
    let targets = vec![
        Target { quality: large, ..local(&boundary, "large", Level::Restricted) },
        Target { quality: small, ..local(&boundary, "small", Level::Restricted) },
        Target { quality: api, ..priced(cloud(&boundary, "api", Level::Internal, None), 5, 20) },
    ];
    catalogue(targets, vec![])
}

fn decided(routing: Routing, catalogue: &Catalogue, facts: &Facts<'_>) -> Decision {
    let rules = vec![rule("r", Condition::always(), RuleAction::Route(routing))];
    decide(
        &Policy::new(boundary(Level::Confidential), rules),
        catalogue,
        catalogue.alias("auto").unwrap(),
        facts,
    )
}

fn plan(decision: &Decision) -> &Plan {
    let Action::Route(plan) = &decision.action else { panic!("{decision:?}") };
    plan
}

fn names(catalogue: &Catalogue, plan: &Plan) -> Vec<String> {
    plan.targets().map(|id| catalogue.target(id).unwrap().backend.to_string()).collect()
}

fn any(prefer: Preference) -> Routing {
    Routing::new(Selection::Any, prefer, vec![Step::Reject])
}

fn measured(catalogue: &Catalogue, figures: &[(&str, u64)]) -> BTreeMap<TargetId, u64> {
    let id = |name: &str| catalogue.target_named(&format!("{name}/m")).unwrap();
    figures.iter().map(|(name, figure)| (id(name), *figure)).collect()
}

#[test]
fn what_was_measured_wins_over_what_was_declared() {
    let (catalogue, label) = (three([Some(900_000), Some(500_000), Some(800_000)]), Label::default());
    let facts = facts(&label);
    assert_eq!(
        names(&catalogue, plan(&decided(any(Preference::Best), &catalogue, &facts))),
        ["large", "small", "api"]
    );
    let quality = measured(&catalogue, &[("large", 300_000)]);
    let facts = Facts { quality: &quality, ..facts };
    assert_eq!(
        names(&catalogue, plan(&decided(any(Preference::Best), &catalogue, &facts))),
        ["api", "small", "large"]
    );
}

#[test]
fn the_cheapest_is_the_cheapest_of_those_that_are_good_enough() {
    let (catalogue, label) = (three([Some(900_000), Some(700_000), Some(1_000_000)]), Label::default());
    let with = |share| Routing { quality: Some(share), ..any(Preference::Cheapest) };
    let of = |share| names(&catalogue, plan(&decided(with(share), &catalogue, &facts(&label))));
    assert_eq!(of(700_000), ["large", "small", "api"]);
    assert_eq!(of(900_000), ["large", "api"]);
    assert_eq!(of(900_001), ["api"]);
    assert_eq!(of(1_000_000), ["api"]);
}

#[test]
fn what_is_not_good_enough_is_left_out_with_the_figures() {
    let (catalogue, label) = (three([Some(900_000), Some(450_000), None]), Label::default());
    let routing = Routing { quality: Some(900_000), ..any(Preference::Order) };
    let decision = decided(routing, &catalogue, &facts(&label));
    let said: Vec<String> = decision
        .considered
        .iter()
        .filter_map(|(_, verdict)| match verdict {
            Verdict::Excluded(exclusion @ Exclusion::Quality { .. }) => Some(exclusion.to_string()),
            Verdict::Excluded(_) | Verdict::Candidate => None,
        })
        .collect();
    // Of the API nothing is known, so that 0.8 is presumed.
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    assert_eq!(
        said,
        [
            "its quality of 0.45 is too far below the best, 0.90",
            "its quality of 0.80 is too far below the best, 0.90"
        ]
    );
}

#[test]
fn classified_data_has_the_best_of_what_it_may_have() {
    let catalogue = three([Some(300_000), Some(200_000), Some(1_000_000)]);
    let label = Label::at(Level::Confidential);
    let routing = Routing { quality: Some(900_000), ..any(Preference::Best) };
    assert_eq!(names(&catalogue, plan(&decided(routing, &catalogue, &facts(&label)))), ["large"]);
}

#[test]
fn quality_is_that_of_the_task() {
    let boundary = boundary(Level::Confidential);
    let quality = Quality {
        otherwise_millionths: Some(900_000),
        by_task_millionths: [(TaskType::Translate, 100_000)].into(),
    };
    let targets = vec![
        Target { quality, ..local(&boundary, "gpu", Level::Restricted) },
        Target {
            quality: Quality { otherwise_millionths: Some(800_000), ..Quality::default() },
            ..cloud(&boundary, "api", Level::Internal, None)
        },
    ];
    let (catalogue, label) = (catalogue(targets, vec![]), Label::default());
    let of = |kind| {
        let facts = Facts { task: TaskFacts { kind: Some(kind), ..TaskFacts::default() }, ..facts(&label) };
        names(&catalogue, plan(&decided(any(Preference::Best), &catalogue, &facts)))
    };
    assert_eq!(of(TaskType::Translate), ["api", "gpu"]);
    assert_eq!(of(TaskType::Summarise), ["gpu", "api"]);
}

#[test]
fn a_cascade_begins_inside_and_escalates_to_what_is_stronger() {
    let (catalogue, label) = (three([Some(700_000), Some(500_000), Some(900_000)]), Label::default());
    let routing = Routing { cascade: Some(Cascade::default()), ..any(Preference::Best) };
    let decision = decided(routing, &catalogue, &facts(&label));
    let plan = plan(&decision);
    assert_eq!(names(&catalogue, plan), ["large", "small", "api"]);
    let escalation = plan.escalation.as_ref().unwrap();
    let [large, small, api] =
        ["large", "small", "api"].map(|n| catalogue.target_named(&format!("{n}/m")).unwrap());
    assert!(escalation.is_stronger(api, large) && escalation.is_stronger(large, small));
    assert!(!escalation.is_stronger(small, large) && !escalation.is_stronger(large, large));
}

#[test]
fn of_targets_that_nothing_is_known_of_the_one_outside_is_the_stronger() {
    let (catalogue, label) = (three([None; 3]), Label::default());
    let routing = Routing { cascade: Some(Cascade::default()), ..any(Preference::Order) };
    let decision = decided(routing, &catalogue, &facts(&label));
    let escalation = plan(&decision).escalation.as_ref().unwrap();
    let id = |name: &str| catalogue.target_named(&format!("{name}/m")).unwrap();
    assert!(escalation.is_stronger(id("api"), id("large")));
    assert!(!escalation.is_stronger(id("small"), id("large")), "they are equals");
}

#[test]
fn what_was_heard_of_other_answers_makes_none_stronger_and_one_that_is_bad_weaker() {
    let (catalogue, label) = (three([None; 3]), Label::default());
    let routing = Routing { cascade: Some(Cascade::default()), ..any(Preference::Order) };
    let [large, api] = ["large", "api"].map(|name| catalogue.target_named(&format!("{name}/m")).unwrap());
    let is_stronger = |heard: &[(TargetId, u64)]| {
        let heard = heard.iter().copied().collect();
        let facts = Facts { quality: &heard, ..facts(&label) };
        let decision = decided(routing.clone(), &catalogue, &facts);
        plan(&decision).escalation.as_ref().unwrap().is_stronger(api, large)
    };
    assert!(is_stronger(&[(large, 990_000)]), "it is one of its bad answers that is to be made anew");
    assert!(is_stronger(&[(large, 990_000), (api, 780_000)]));
    assert!(!is_stronger(&[(api, 600_000)]));
    assert!(is_stronger(&[(api, 600_000), (large, 400_000)]));
}

#[test]
fn classified_data_escalates_to_nothing_outside() {
    let (catalogue, label) =
        (three([Some(700_000), Some(500_000), Some(900_000)]), Label::at(Level::Restricted));
    let routing = Routing { cascade: Some(Cascade::default()), ..any(Preference::Best) };
    let decision = decided(routing, &catalogue, &facts(&label));
    let strength = &plan(&decision).escalation.as_ref().unwrap().strength;
    assert!(strength.keys().all(|id| catalogue.target(*id).unwrap().zone() == ZoneKind::Local));
}
