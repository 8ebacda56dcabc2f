//! Orders, costs, denials and counts, where a slip would show in no other sentence.

use super::common::{boundary, catalogue, cloud, facts, local, priced, route, rule};
use super::{ANY, always, ask, denial, four, names, network, plan};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_label::{Label, Level};
use weir_policy::{
    CallerFacts, CapacityFacts, Condition, CostFacts, DataFacts, DenialCode, EntityCount, Expected, Facts,
    Load, NameFact, NamePattern, Names, Policy, Preference, Ranges, RuleAction, Selection, Step, TargetId,
    Test, Tier,
};

/// The backends of a plan, as they would be tried.
fn order(prefer: Preference, facts: &Facts<'_>) -> Vec<String> {
    let catalogue = four();
    let decision = ask(always(route(ANY, prefer, &[Step::Burst])), &catalogue, facts);
    let ids: Vec<TargetId> = plan(&decision).targets().collect();
    names(&catalogue, &ids).into_iter().map(str::to_owned).collect()
}

#[test]
fn the_fastest_is_the_fastest_of_those_that_were_measured() {
    let label = Label::default();
    let measured = |ms| Load { ttft_ms: Some(ms), ..Load::default() };
    let named = BTreeMap::from([(Arc::from("other/m"), measured(300)), (Arc::from("gpu2/m"), measured(200))]);
    let capacity = CapacityFacts { named: &named, ..CapacityFacts::unknown() };
    let measured = Facts { capacity, ..facts(&label) };
    assert_eq!(order(Preference::Fastest, &measured), ["gpu2", "gpu", "other", "openai"]);
    let all = named
        .clone()
        .into_iter()
        .chain([(Arc::from("openai/m"), Load { ttft_ms: Some(100), ..Load::default() })]);
    let named: BTreeMap<Arc<str>, Load> = all.collect();
    let capacity = CapacityFacts { named: &named, ..CapacityFacts::unknown() };
    let measured = Facts { capacity, ..facts(&label) };
    assert_eq!(order(Preference::Fastest, &measured), ["openai", "gpu2", "other", "gpu"]);
}

#[test]
fn what_an_order_does_not_list_comes_last() {
    let catalogue = four();
    let id = |name: &str| catalogue.target_named(name).unwrap();
    let label = Label::default();
    let listed = Preference::Listed([id("other/m"), id("openai/m")].into());
    assert_eq!(order(listed, &facts(&label)), ["other", "openai", "gpu", "gpu2"]);
}

#[test]
fn a_rule_of_some_targets_uses_no_other() {
    let catalogue = four();
    let targets: BTreeSet<TargetId> = [catalogue.target_named("gpu2/m").unwrap()].into();
    let action = route(Selection::Among { zone: None, targets }, Preference::Order, &[Step::Burst]);
    let label = Label::default();
    let decision = ask(always(action), &catalogue, &facts(&label));
    let ids: Vec<TargetId> = plan(&decision).targets().collect();
    assert_eq!(names(&catalogue, &ids), ["gpu2"]);
}

#[test]
fn a_denial_says_why_of_the_targets_that_were_meant_each_reason_once() {
    let boundary = network();
    let clouds = vec![
        cloud(&boundary, "openai", Level::Internal, None),
        cloud(&boundary, "other", Level::Internal, None),
    ];
    let catalogue = catalogue(clouds, vec![local(&boundary, "small", Level::Restricted)]);
    let label = Label::at(Level::Confidential);
    // The smaller model is left out by the ladder, which is no reason of the targets that were asked for.
    let decision = ask(always(route(ANY, Preference::Order, &[Step::Reject])), &catalogue, &facts(&label));
    let denial = denial(&decision);
    assert_eq!(denial.code, DenialCode::NoLocalTarget);
    let reasons = denial.message.split(" (level").next().unwrap().split(": ").nth(1).unwrap();
    let distinct: BTreeSet<&str> = reasons.split("; ").collect();
    assert_eq!(distinct.len(), reasons.split("; ").count(), "{}", denial.message);
}

#[test]
fn of_several_types_the_one_found_most_often_counts() {
    let types = NamePattern::Prefix("US_".into());
    let many = Condition::Test(Test::Entities(vec![EntityCount { types, counts: Ranges::at_least(10) }]));
    let entities = BTreeMap::from([("US_SSN".to_owned(), 2), ("US_PASSPORT".to_owned(), 12)]);
    let label = Label::default();
    let facts = Facts { data: DataFacts { label: &label, entities: &entities }, ..facts(&label) };
    let decision = ask(vec![rule("many", many, RuleAction::Deny("no".into()))], &four(), &facts);
    assert_eq!(decision.rule.as_str(), "many");
}

#[test]
fn one_of_two_names_is_enough_where_either_is() {
    let name =
        |fact, name: &str| Condition::Test(Test::Name(fact, Names(vec![NamePattern::Exact(name.into())])));
    let either = Condition::Any(vec![name(NameFact::CallerTeam, "hr"), name(NameFact::CallerApp, "payroll")]);
    let label = Label::default();
    for (team, app, expected) in [
        ("hr", "wiki", "either"),
        ("web", "payroll", "either"),
        ("web", "wiki", "rest"),
        ("payroll", "hr", "rest"),
    ] {
        let caller = CallerFacts { team: Some(team), app: Some(app), ..CallerFacts::default() };
        let rules = vec![
            rule("either", either.clone(), RuleAction::Deny("no".into())),
            rule("rest", Condition::always(), RuleAction::Deny("no".into())),
        ];
        let policy = Policy::new(network(), rules);
        assert_eq!(
            policy.rule_for(&Facts { caller, ..facts(&label) }).name.as_str(),
            expected,
            "{team} {app}"
        );
    }
}

#[test]
fn nothing_is_unknown_where_a_condition_holds_all_the_same() {
    let team =
        Condition::Test(Test::Name(NameFact::CallerTeam, Names(vec![NamePattern::Exact("hr".into())])));
    let label = Label::default();
    let holds =
        rule("r", Condition::Any(vec![Condition::always(), team.clone()]), RuleAction::Deny("no".into()));
    assert!(holds.unknown_facts(&facts(&label)).is_empty());
    let open = rule("r", team, RuleAction::Deny("no".into()));
    assert_eq!(open.unknown_facts(&facts(&label)).len(), 1);
}

#[test]
fn costs_are_those_of_the_cheapest_target_of_a_zone_rounded_up() {
    let boundary = boundary(Level::Confidential);
    let main = vec![
        priced(local(&boundary, "gpu", Level::Restricted), 1, 1),
        priced(cloud(&boundary, "dear", Level::Internal, None), 9_000_000, 9_000_000),
        priced(cloud(&boundary, "cheap", Level::Internal, None), 1_000_000, 2_000_000),
    ];
    let catalogue = catalogue(main, vec![]);
    let alias = catalogue.alias("auto").unwrap();
    let expected = |limit| Expected {
        prompt_tokens: 100,
        max_output_tokens: limit,
        output_tokens: None,
        day: None,
        tier: Tier::Usual,
    };
    let estimate = |limit| CostFacts::estimate(&catalogue, alias, expected(limit));
    // 100 tokens at 1 and 10 at 2 micro-USD each; inside a ten-thousandth of one, which is one.
    let small = estimate(Some(10));
    assert_eq!((small.local_micro_usd, small.cloud_micro_usd), (Some(1), Some(120)));
    // Nobody expects an answer of a million tokens because it is allowed.
    assert_eq!(estimate(Some(1_000_000)), estimate(None));
    assert_eq!(estimate(None).cloud_micro_usd, Some(100 + 2 * 512));
    assert_eq!(small.budget_left_micro_usd, None);
    let known = Expected { output_tokens: Some(40), ..expected(None) };
    assert_eq!(CostFacts::estimate(&catalogue, alias, known).cloud_micro_usd, Some(100 + 2 * 40));
}

#[test]
fn what_a_budget_does_not_pay_for_is_left_out_and_what_runs_inside_is_not() {
    let boundary = network();
    let cloud = |name, price| priced(cloud(&boundary, name, Level::Internal, None), price, price);
    let inside = priced(local(&boundary, "gpu", Level::Restricted), 9_000_000, 9_000_000);
    let catalogue = catalogue(vec![inside, cloud("dear", 2_000_000), cloud("cheap", 1_000_000)], vec![]);
    let label = Label::default();
    let planned = |left: Option<u64>, output: Option<u64>| {
        let mut facts = facts(&label);
        facts.request.prompt_tokens = 100;
        facts.cost.budget_left_micro_usd = left;
        facts.cost.expected_output_tokens = output;
        let decision = ask(always(route(ANY, Preference::Order, &[Step::Burst])), &catalogue, &facts);
        let ids: Vec<TargetId> = plan(&decision).targets().collect();
        names(&catalogue, &ids).join(" ")
    };
    assert_eq!(planned(None, None), "gpu dear cheap", "without a budget there is no bound");
    assert_eq!(planned(Some(1_224), None), "gpu dear cheap");
    assert_eq!(planned(Some(1_223), None), "gpu cheap");
    assert_eq!(planned(Some(611), None), "gpu");
    assert_eq!(planned(Some(611), Some(10)), "gpu dear cheap", "short answers cost less");
    assert_eq!(planned(Some(0), Some(0)), "gpu");
}

#[test]
fn without_money_and_without_a_local_target_a_request_is_denied_and_told_why() {
    let only = priced(cloud(&network(), "c", Level::Internal, None), 1_000_000, 1_000_000);
    let catalogue = catalogue(vec![only], vec![]);
    let label = Label::default();
    let mut facts = facts(&label);
    facts.cost.budget_left_micro_usd = Some(500);
    let decision = ask(always(route(ANY, Preference::Order, &[])), &catalogue, &facts);
    assert_eq!(denial(&decision).code, DenialCode::OverBudget);
    assert!(denial(&decision).message.contains("0.000500 USD"), "{}", denial(&decision).message);
}
