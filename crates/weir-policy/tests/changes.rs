//! What another value of one fact would change.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{at_least, boundary, catalogue, cloud, local, route, rule, two_rules};
use weir_label::{Label, Level, ZoneKind};
use weir_policy::{
    Action, Catalogue, Change, Condition, Fact, FactValue, Measure, NameFact, NamePattern, Names, NumberFact,
    OwnedFacts, Policy, Pool, Preference, Ranges, Regions, RuleAction, Selection, Step, Target, Test,
    changes, decide, ways_to,
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
