//! What another value of one fact would change.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{at_least, boundary, catalogue, cloud, local, route, rule, two_rules};
use weir_label::{Label, Level, ZoneKind};
use weir_policy::{
    Action, Catalogue, Change, Condition, Fact, FactValue, Measure, NameFact, NamePattern, Names, NumberFact,
    OwnedFacts, Policy, Pool, Preference, Price, Prices, Ranges, Regions, Routing, RuleAction, Selection,
    Step, Target, Test, changes, decide, ways_to,
};

const ANY: Selection = Selection::Any;

fn network() -> Catalogue {
    let boundary = boundary(Level::Confidential);
    let short = Target { context_tokens: Some(4_000), ..cloud(&boundary, "de", Level::Internal, Some("DE")) };
    let main = vec![local(&boundary, "gpu", Level::Restricted), short];
    catalogue(main, vec![])
}

fn facts(label: &Label) -> OwnedFacts {
    OwnedFacts::from(&common::facts(label))
}

fn shown(policy: &Policy, catalogue: &Catalogue, facts: &OwnedFacts) -> Vec<String> {
    let alias = catalogue.alias("auto").unwrap();
    changes(policy, catalogue, alias, facts).iter().map(|change| show(catalogue, change)).collect()
}

fn show(catalogue: &Catalogue, Change { fact, from, to, steps, decision }: &Change) -> String {
    let then = match &decision.action {
        Action::Route(plan) => {
            let names: Vec<&str> = plan.targets().map(|id| &*catalogue.target(id).unwrap().backend).collect();
            names.join(" ")
        }
        Action::Deny(denial) => denial.code.to_string(),
    };
    format!("{}: {} -> {} ({steps}): {then}", fact.name(), fact.show(from), fact.show(to))
}

#[test]
fn the_nearest_level_that_alters_the_decision_is_found() {
    let policy = two_rules(boundary(Level::Confidential));
    let found = shown(&policy, &network(), &facts(&Label::at(Level::Restricted)));
    assert_eq!(found[0], "data.level: restricted -> internal (2): gpu de");
    let found = shown(&policy, &network(), &facts(&Label::at(Level::Public)));
    assert!(found.contains(&"data.level: public -> confidential (2): gpu".to_owned()), "{found:?}");
    assert!(found.contains(&"data.opaque: false -> true (1): gpu".to_owned()), "{found:?}");
    // EU data may be processed in DE, by the table of the boundary; data of US may not.
    assert!(found.contains(&"request.prompt_tokens: 1000 -> 4001 (1): gpu".to_owned()), "{found:?}");
}

#[test]
fn a_way_to_a_target_is_a_change_after_which_its_plan_has_it() {
    let catalogue = network();
    let policy = two_rules(boundary(Level::Confidential));
    let all = changes(
        &policy,
        &catalogue,
        catalogue.alias("auto").unwrap(),
        &facts(&Label::at(Level::Confidential)),
    );
    let de = catalogue.target_named("de/m").unwrap();
    let ways: Vec<String> = ways_to(&all, de).into_iter().map(|way| show(&catalogue, way)).collect();
    assert_eq!(ways, ["data.level: confidential -> internal (1): gpu de"]);
}

#[test]
fn names_numbers_and_pools_are_looked_at_where_a_rule_does() {
    let team = Names(vec![NamePattern::Exact("legal".into()), NamePattern::Prefix("hr-".into())]);
    let idle = NumberFact::Load(Pool::Zone(ZoneKind::Local), Measure::Utilisation);
    let when = Condition::All(vec![
        Condition::Test(Test::Name(NameFact::CallerTeam, team)),
        Condition::Test(Test::Number(NumberFact::Complexity, Ranges::above(700_000))),
        Condition::Not(Box::new(Condition::Test(Test::Number(idle.clone(), Ranges::at_most(500_000))))),
    ]);
    let rules = vec![
        rule("hard", when, route(Selection::Zone(ZoneKind::Cloud), Preference::Order, &[Step::Reject])),
        rule("rest", Condition::always(), RuleAction::Deny("no".into())),
    ];
    let policy = Policy::new(boundary(Level::Confidential), rules);
    let facts = facts(&Label::default())
        .with(&Fact::Name(NameFact::CallerTeam), FactValue::Name("legal".into()))
        .unwrap()
        .with(&Fact::Number(NumberFact::Complexity), FactValue::Number(650_000))
        .unwrap()
        .with(&Fact::Number(idle), FactValue::Number(1_000_000))
        .unwrap();
    assert_eq!(shown(&policy, &network(), &facts), ["task.complexity: 0.65 -> 0.700001 (1): de"]);
    let hard = facts.with(&Fact::Number(NumberFact::Complexity), FactValue::Number(900_000)).unwrap();
    let found = shown(&policy, &network(), &hard);
    for expected in [
        "caller.team: legal -> (any other) (1): policy_denied",
        "task.complexity: 0.9 -> 0.7 (1): policy_denied",
        "capacity.local.utilisation: 1 -> 0.5 (1): policy_denied",
        "data.level: public -> confidential (2): no_target_left",
    ] {
        assert!(found.iter().any(|change| change == expected), "{expected} in {found:#?}");
    }
}

#[test]
fn nothing_is_said_of_a_change_without_effect() {
    let rules = vec![
        rule("one", at_least(Level::Internal), route(ANY, Preference::Local, &[Step::Reject])),
        rule("other", Condition::always(), route(ANY, Preference::Local, &[Step::Reject])),
    ];
    let policy = Policy::new(boundary(Level::Restricted), rules);
    let boundary = boundary(Level::Restricted);
    let catalogue = catalogue(vec![local(&boundary, "gpu", Level::Restricted)], vec![]);
    assert_eq!(shown(&policy, &catalogue, &facts(&Label::default())), [""; 0]);
}

#[test]
fn an_unknown_name_could_be_one_that_no_rule_knows() {
    let hr = Condition::Test(Test::Name(NameFact::CallerTeam, Names(vec![NamePattern::Exact("hr".into())])));
    let rules = vec![
        rule("hr", hr, route(Selection::Zone(ZoneKind::Local), Preference::Order, &[Step::Reject])),
        rule("rest", Condition::always(), route(ANY, Preference::Local, &[Step::Reject])),
    ];
    let policy = Policy::new(boundary(Level::Confidential), rules);
    let facts = facts(&Label::default());
    let found = shown(&policy, &network(), &facts);
    assert!(found.contains(&"caller.team: unknown -> (any other) (1): gpu de".to_owned()), "{found:?}");
    let decides = policy.rule_for(&facts.borrow());
    assert_eq!(decides.unknown_facts(&facts.borrow()), [Fact::Name(NameFact::CallerTeam)].into());
}

/// Every change says what is decided then.
#[test]
fn a_change_holds_what_it_says() {
    let catalogue = network();
    let policy = two_rules(boundary(Level::Confidential));
    let alias = catalogue.alias("auto").unwrap();
    let facts = facts(&Label::at(Level::Internal));
    for Change { fact, to, decision, .. } in changes(&policy, &catalogue, alias, &facts) {
        let changed = facts.clone().with(&fact, to).unwrap();
        assert_eq!(decide(&policy, &catalogue, alias, &changed.borrow()), decision);
    }
    let regions = Regions::of(&policy, &catalogue);
    assert!(regions.facts().any(|fact| *fact == Fact::Level));
}

fn with(facts: OwnedFacts, fact: Fact, value: FactValue) -> OwnedFacts {
    facts.with(&fact, value).unwrap()
}

#[test]
fn a_number_at_the_edge_of_its_region_has_the_one_below_beside_it() {
    let short = Condition::Test(Test::Number(NumberFact::PromptTokens, Ranges::below(500)));
    let rules = vec![rule("short", short, RuleAction::Deny("too short".into()))];
    let policy = Policy::new(boundary(Level::Confidential), rules);
    let edge = with(facts(&Label::default()), Fact::Number(NumberFact::PromptTokens), FactValue::Number(500));
    let found = shown(&policy, &network(), &edge);
    assert!(found.contains(&"request.prompt_tokens: 500 -> 499 (1): policy_denied".to_owned()), "{found:?}");
}

#[test]
fn one_finding_fewer_may_be_what_matters() {
    let many = weir_policy::EntityCount {
        types: NamePattern::Exact("CREDIT_CARD".into()),
        counts: Ranges::at_least(10),
    };
    let rules =
        vec![rule("many", Condition::Test(Test::Entities(vec![many])), RuleAction::Deny("many".into()))];
    let policy = Policy::new(boundary(Level::Confidential), rules);
    let entities = FactValue::Entities([("CREDIT_CARD".to_owned(), 12)].into());
    let found = shown(&policy, &network(), &with(facts(&Label::default()), Fact::Entities, entities));
    assert!(found.iter().any(|change| change.contains("CREDIT_CARD") && change.contains('9')), "{found:?}");
}

#[test]
fn a_jurisdiction_that_nobody_names_can_be_taken_away() {
    let policy = two_rules(boundary(Level::Confidential));
    let bound = Label::default().with_jurisdiction(common::jurisdiction("AE"));
    let found = shown(&policy, &network(), &facts(&bound));
    assert!(
        found.iter().any(|change| change.starts_with("data.jurisdictions:") && change.ends_with("gpu de")),
        "{found:?}"
    );
}

#[test]
fn the_task_matters_where_targets_are_ordered_by_what_they_are_good_at() {
    let boundary = boundary(Level::Confidential);
    let good_at_math = weir_policy::Quality {
        otherwise_millionths: Some(100_000),
        by_task_millionths: [(weir_policy::TaskType::Math, 900_000)].into(),
    };
    let even =
        weir_policy::Quality { otherwise_millionths: Some(500_000), ..weir_policy::Quality::default() };
    let main = vec![
        Target { quality: good_at_math, ..local(&boundary, "gpu", Level::Restricted) },
        Target { quality: even, ..local(&boundary, "edge", Level::Restricted) },
    ];
    let rules = vec![rule("best", Condition::always(), route(ANY, Preference::Best, &[Step::Reject]))];
    let catalogue = catalogue(main, vec![]);
    let found = shown(&Policy::new(boundary.clone(), rules), &catalogue, &facts(&Label::default()));
    assert!(found.contains(&"task.type: unknown -> math (1): gpu edge".to_owned()), "{found:?}");
    // So it does where only what is good enough is left.
    let routing = Routing::new(ANY, Preference::Order, vec![Step::Reject]);
    let good_enough = RuleAction::Route(Routing { quality: Some(900_000), ..routing });
    let policy = Policy::new(boundary, vec![rule("good enough", Condition::always(), good_enough)]);
    let found = shown(&policy, &catalogue, &facts(&Label::default()));
    assert!(found.contains(&"task.type: unknown -> math (1): gpu".to_owned()), "{found:?}");
}

#[test]
fn the_budget_that_would_pay_is_told_where_there_is_one() {
    let boundary = boundary(Level::Confidential);
    // A thousand tokens in and, as nothing is known of answers, 512 out.
    let prices = Prices::always(Price::new(1_000_000, 2_000_000));
    let priced = Target { prices, ..cloud(&boundary, "us", Level::Internal, Some("US")) };
    let catalogue = catalogue(vec![local(&boundary, "gpu", Level::Restricted), priced], vec![]);
    let policy = two_rules(boundary);
    let public = facts(&Label::default());
    let budget = Fact::Number(NumberFact::BudgetLeft);
    let with = |left| public.clone().with(&budget, FactValue::Number(left)).unwrap();
    let told = |facts: &OwnedFacts| {
        let all = shown(&policy, &catalogue, facts);
        all.into_iter().filter(|change| change.starts_with("cost.budget_left")).collect::<Vec<_>>()
    };
    assert_eq!(told(&with(0)), ["cost.budget_left: 0 -> 0.002024 (1): gpu us"]);
    assert_eq!(told(&with(5_000)), ["cost.budget_left: 0.005 -> 0.002023 (1): gpu"]);
    assert!(told(&public).is_empty());
}

#[test]
fn other_obligations_and_other_reasons_are_other_effects_and_a_smaller_model_is_a_way() {
    let boundary = boundary(Level::Confidential);
    let stays = || route(Selection::Zone(ZoneKind::Local), Preference::Order, &[Step::Degrade, Step::Reject]);
    let durable = weir_policy::Obligations {
        require: [weir_policy::Requirement::DurableRecord].into(),
        ..weir_policy::Obligations::default()
    };
    let streams = Condition::Test(Test::Flag(weir_policy::Flag::Stream, true));
    let tools = Condition::Test(Test::Flag(weir_policy::Flag::Tools, true));
    let rules = vec![
        rule("no tools", tools, RuleAction::Deny("no".into())),
        rule("streams", streams, stays()).with_obligations(durable),
        rule("rest", Condition::always(), stays()),
    ];
    let policy = Policy::new(boundary.clone(), rules);
    let main = vec![local(&boundary, "gpu", Level::Confidential)];
    let catalogue = catalogue(main, vec![local(&boundary, "small", Level::Confidential)]);
    let found = shown(&policy, &catalogue, &facts(&Label::default()));
    assert!(found.contains(&"request.stream: false -> true (1): gpu".to_owned()), "{found:?}");
    // Of restricted data it is denied for want of a target; with tools because a rule says so.
    let restricted = facts(&Label::at(Level::Restricted));
    let found = shown(&policy, &catalogue, &restricted);
    assert!(found.contains(&"request.tools: false -> true (1): policy_denied".to_owned()), "{found:?}");
    let all = changes(&policy, &catalogue, catalogue.alias("auto").unwrap(), &restricted);
    let ways = ways_to(&all, catalogue.target_named("small/m").unwrap());
    assert!(!ways.is_empty(), "{all:?}");
}
