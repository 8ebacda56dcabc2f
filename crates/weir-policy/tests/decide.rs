//! What decisions mean, one sentence each.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;
#[path = "decide/details.rs"]
mod details;

use common::{at_least, boundary, catalogue, cloud, facts, local, priced, route, rule, two_rules};
use std::collections::BTreeMap;
use weir_label::{Boundary, Category, Label, Level, ZoneKind};
use weir_policy::{
    Action, CallerFacts, Catalogue, Condition, DataFacts, Decision, Denial, DenialCode, EntityCount,
    Exclusion, Facts, Flag, InvalidCatalogue, Modality, NameFact, NamePattern, Names, NumberFact, Plan,
    Policy, Preference, Ranges, RequestFacts, RouteWish, Routing, Rule, RuleAction, Selection, Step, Target,
    TargetId, Test, Unfit, Verdict, decide,
};

const ANY: Selection = Selection::Any;
const LOCAL: Selection = Selection::Zone(ZoneKind::Local);

fn network() -> Boundary {
    boundary(Level::Confidential)
}

/// `gpu` and `gpu2` inside, `openai` and `other` outside, `small` to degrade to; listed cloud first.
fn four() -> Catalogue {
    let boundary = network();
    let main = vec![
        priced(cloud(&boundary, "openai", Level::Internal, None), 5, 20),
        local(&boundary, "gpu", Level::Restricted),
        cloud(&boundary, "other", Level::Internal, None),
        priced(local(&boundary, "gpu2", Level::Restricted), 1, 1),
    ];
    catalogue(main, vec![local(&boundary, "small", Level::Restricted)])
}

fn ask(rules: Vec<Rule>, catalogue: &Catalogue, facts: &Facts<'_>) -> Decision {
    decide(&Policy::new(network(), rules), catalogue, catalogue.alias("auto").unwrap(), facts)
}

fn always(action: RuleAction) -> Vec<Rule> {
    vec![rule("r", Condition::always(), action)]
}

fn plan(decision: &Decision) -> &Plan {
    let Action::Route(plan) = &decision.action else { panic!("{decision:?}") };
    plan
}

fn denial(decision: &Decision) -> &Denial {
    let Action::Deny(denial) = &decision.action else { panic!("{decision:?}") };
    denial
}

fn names<'c>(catalogue: &'c Catalogue, ids: &[weir_policy::TargetId]) -> Vec<&'c str> {
    ids.iter().map(|id| &*catalogue.target(*id).unwrap().backend).collect()
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = vec![
        rule("not this", at_least(Level::Restricted), RuleAction::Deny("no".into())),
        rule("this", at_least(Level::Internal), route(LOCAL, Preference::Order, &[])),
        rule("too late", Condition::always(), RuleAction::Deny("no".into())),
    ];
    assert_eq!(ask(rules, &four(), &facts(&Label::at(Level::Internal))).rule.as_str(), "this");
}

#[test]
fn without_a_matching_rule_a_request_stays_local_and_may_wait() {
    let catalogue = four();
    let decision = ask(vec![], &catalogue, &facts(&Label::at(Level::Public)));
    assert!(decision.rule.is_unmatched());
    let plan = plan(&decision);
    assert_eq!(names(&catalogue, &plan.first), ["gpu", "gpu2"]);
    assert!(plan.overflow.is_empty() && plan.degrade.is_empty());
    assert_eq!(plan.ladder, Routing::DEFAULT_LADDER);
}

#[test]
fn behind_a_local_head_cloud_targets_overflow() {
    let catalogue = four();
    let rules = always(route(ANY, Preference::Local, &[Step::Burst, Step::Degrade, Step::Reject]));
    let decision = ask(rules, &catalogue, &facts(&Label::default()));
    let plan = plan(&decision);
    assert_eq!(names(&catalogue, &plan.first), ["gpu", "gpu2"]);
    assert_eq!(names(&catalogue, &plan.overflow), ["openai", "other"]);
    assert_eq!(names(&catalogue, &plan.degrade), ["small"]);
    assert_eq!(plan.targets().count(), 4);
}

#[test]
fn behind_a_cloud_head_every_target_is_tried_at_once() {
    let catalogue = four();
    let decision = ask(always(route(ANY, Preference::Order, &[])), &catalogue, &facts(&Label::default()));
    assert_eq!(names(&catalogue, &plan(&decision).first), ["openai", "gpu", "other", "gpu2"]);
    assert!(plan(&decision).overflow.is_empty());
}

#[test]
fn cheapest_counts_an_unpriced_local_target_as_free_and_an_unpriced_cloud_one_as_dearest() {
    let catalogue = four();
    let decision = ask(always(route(ANY, Preference::Cheapest, &[])), &catalogue, &facts(&Label::default()));
    let order: Vec<_> = plan(&decision).targets().collect();
    assert_eq!(names(&catalogue, &order), ["gpu", "gpu2", "openai", "other"]);
}

#[test]
fn cheapest_goes_by_the_expected_tokens() {
    let boundary = network();
    let reader = priced(cloud(&boundary, "reader", Level::Internal, None), 1, 10);
    let writer = priced(cloud(&boundary, "writer", Level::Internal, None), 2, 2);
    let catalogue = catalogue(vec![writer, reader], vec![]);
    let first = |prompt_tokens, max_output_tokens| {
        let label = Label::default();
        let facts = facts(&label);
        let request = RequestFacts { prompt_tokens, max_output_tokens, ..facts.request };
        let facts = Facts { request, ..facts };
        let decision = ask(always(route(ANY, Preference::Cheapest, &[])), &catalogue, &facts);
        names(&catalogue, &plan(&decision).first)[0].to_owned()
    };
    assert_eq!(first(100, None), "writer");
    assert_eq!(first(100, Some(10)), "reader");
    assert_eq!(first(100_000, None), "reader");
    assert_eq!(first(100, Some(1_000_000)), "writer");
}

#[test]
fn a_list_chooses_and_orders() {
    let catalogue = four();
    let named = |name: &str| catalogue.target_named(name).unwrap();
    let listed = Selection::Targets(vec![named("gpu2/m"), named("openai/m")]);
    let decision = ask(always(route(listed, Preference::Order, &[])), &catalogue, &facts(&Label::default()));
    assert_eq!(names(&catalogue, &plan(&decision).first), ["gpu2"]);
    assert_eq!(names(&catalogue, &plan(&decision).overflow), ["openai"]);
    assert_eq!(decision.considered[1], (named("gpu/m"), Verdict::Excluded(Exclusion::RuleTargets)));
}

#[test]
fn a_wish_for_local_leaves_cloud_targets_out() {
    let catalogue = four();
    let label = Label::default();
    let wishful = Facts { wish: Some(RouteWish::LocalOnly), ..facts(&label) };
    let decision = ask(always(route(ANY, Preference::Order, &[Step::Burst])), &catalogue, &wishful);
    assert_eq!(names(&catalogue, &plan(&decision).first), ["gpu", "gpu2"]);
    let denied =
        ask(always(route(Selection::Zone(ZoneKind::Cloud), Preference::Order, &[])), &catalogue, &wishful);
    assert_eq!(denial(&denied).code, DenialCode::NoTargetLeft);
}

#[test]
fn a_wish_for_the_cloud_orders_what_is_permitted_unless_the_rule_prefers_local() {
    let catalogue = four();
    let ask_with = |label: Label, prefer| {
        let wishful = Facts { wish: Some(RouteWish::CloudOk), ..facts(&label) };
        let decision = ask(always(route(ANY, prefer, &[])), &catalogue, &wishful);
        names(&catalogue, &plan(&decision).first).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let public = || Label::at(Level::Public);
    assert_eq!(ask_with(public(), Preference::Cheapest), ["openai", "other", "gpu", "gpu2"]);
    assert_eq!(ask_with(public(), Preference::Local), ["gpu", "gpu2"]);
    assert_eq!(ask_with(Label::at(Level::Confidential), Preference::Cheapest), ["gpu", "gpu2"]);
}

#[test]
fn a_rule_that_names_cloud_targets_does_not_send_classified_data_there() {
    let catalogue = four();
    let openai = Selection::Targets(vec![catalogue.target_named("openai/m").unwrap()]);
    for selection in [openai, Selection::Zone(ZoneKind::Cloud)] {
        let rules = always(route(selection, Preference::Order, &[Step::Burst]));
        let decision = ask(rules, &catalogue, &facts(&Label::at(Level::Restricted)));
        assert_eq!(denial(&decision).code, DenialCode::NoTargetLeft);
    }
}

#[test]
fn degrade_targets_are_in_the_plan_only_if_the_rule_degrades() {
    let catalogue = four();
    let decision =
        ask(always(route(LOCAL, Preference::Order, &[Step::Reject])), &catalogue, &facts(&Label::default()));
    assert!(plan(&decision).degrade.is_empty());
    assert_eq!(decision.considered[4].1, Verdict::Excluded(Exclusion::RuleLadder));
}

#[test]
fn a_request_that_is_too_long_for_a_target_goes_elsewhere_or_is_denied() {
    let boundary = network();
    let short = Target { context_tokens: Some(1_500), ..local(&boundary, "short", Level::Restricted) };
    let long = Target { context_tokens: Some(8_000), ..local(&boundary, "long", Level::Restricted) };
    let catalogue = catalogue(vec![short, long], vec![]);
    let label = Label::default();
    let with_max = |max_output_tokens| {
        let facts = facts(&label);
        let request = RequestFacts { max_output_tokens, ..facts.request };
        ask(always(route(LOCAL, Preference::Order, &[])), &catalogue, &Facts { request, ..facts })
    };
    assert_eq!(names(&catalogue, &plan(&with_max(Some(500))).first), ["short", "long"]);
    assert_eq!(names(&catalogue, &plan(&with_max(Some(501))).first), ["long"]);
    let denied = with_max(Some(u64::MAX));
    assert_eq!(denial(&denied).code, DenialCode::ContextTooLong);
}

#[test]
fn a_denial_by_rule_carries_its_message_and_one_for_want_of_a_local_target_says_why() {
    let catalogue = four();
    let public = Label::at(Level::Public);
    let decision = ask(always(RuleAction::Deny("ask the desk".into())), &catalogue, &facts(&public));
    assert_eq!(
        denial(&decision),
        &Denial { code: DenialCode::PolicyDenied, message: "ask the desk".into(), param: None }
    );
    assert!(decision.considered.iter().all(|(_, v)| *v == Verdict::Excluded(Exclusion::RuleDenies)));

    let boundary = network();
    let outside = common::catalogue(vec![cloud(&boundary, "openai", Level::Internal, None)], vec![]);
    let label = Label::at(Level::Restricted).with_category(Category::Credentials);
    let decision = decide(&two_rules(boundary), &outside, outside.alias("auto").unwrap(), &facts(&label));
    assert_eq!(denial(&decision).code, DenialCode::NoLocalTarget);
    insta::assert_snapshot!(denial(&decision).message, @"no target of `auto` may take this request: data is restricted, and from confidential up it never leaves the network (level restricted); use a model name with a local target that is cleared for this data");
}

#[test]
fn thousands_of_rules_are_found_as_few_are() {
    const RULES: u64 = 6_000;
    let of_tokens = |number: u64| {
        let tokens = Ranges::between(number * 10, number * 10 + 4);
        let when = Condition::Test(Test::Number(NumberFact::PromptTokens, tokens));
        rule(&format!("rule {number}"), when, route(ANY, Preference::Order, &[]))
    };
    let policy = Policy::new(network(), (0..RULES).map(of_tokens).collect());
    let label = Label::default();
    for prompt_tokens in [0, 4, 5, 9, 10, 14, 29_994, 29_995, 30_000, 59_994, 59_995, 60_000, u64::MAX] {
        let request = RequestFacts { prompt_tokens, ..facts(&label).request };
        let found = policy.rule_for(&Facts { request, ..facts(&label) }).name.to_string();
        let is_matched = prompt_tokens % 10 <= 4 && prompt_tokens / 10 < RULES;
        let expected =
            if is_matched { format!("rule {}", prompt_tokens / 10) } else { "no rule matched".to_owned() };
        assert_eq!(found, expected, "{prompt_tokens}");
    }
}

#[test]
fn what_is_not_known_of_the_caller_lets_only_restricting_rules_match() {
    let catalogue = four();
    let label = Label::default();
    let hr =
        Condition::Test(Test::Name(NameFact::CallerTeam, Names(vec![NamePattern::Prefix("hr-".into())])));
    let rule_for = |when: &Condition, action: RuleAction, team| {
        let caller = CallerFacts { team, ..CallerFacts::default() };
        let facts = Facts { caller, ..facts(&label) };
        !ask(vec![rule("r", when.clone(), action)], &catalogue, &facts).rule.is_unmatched()
    };
    let widen = || route(ANY, Preference::Order, &[]);
    let restrict = || route(LOCAL, Preference::Order, &[]);
    let deny = || RuleAction::Deny("no".into());
    assert!(!rule_for(&hr, widen(), None));
    assert!(rule_for(&hr, restrict(), None));
    assert!(rule_for(&hr, deny(), None));
    assert!(rule_for(&hr, widen(), Some("hr-payroll")));
    assert!(!rule_for(&hr, restrict(), Some("legal")));
    let not_hr = Condition::Not(Box::new(hr));
    assert!(!rule_for(&not_hr, widen(), None));
    assert!(rule_for(&not_hr, widen(), Some("legal")));
}

#[test]
fn opaque_data_counts_as_restricted_and_may_hold_anything() {
    let catalogue = four();
    let label = Label::at(Level::Public).with_opaque();
    let decision = ask(two_rules(network()).rules().to_vec(), &catalogue, &facts(&label));
    assert_eq!(decision.rule.as_str(), "sensitive data stays local");
    let personal = Condition::Test(Test::Categories([Category::Personal].into()));
    let without =
        vec![rule("free of it", Condition::Not(Box::new(personal)), route(ANY, Preference::Order, &[]))];
    assert!(ask(without, &catalogue, &facts(&label)).rule.is_unmatched());
}

#[test]
fn entities_and_flags_are_facts() {
    let catalogue = four();
    let label = Label::at(Level::Confidential);
    let entities = BTreeMap::from([("US_SSN".to_owned(), 2)]);
    let facts = Facts { data: DataFacts { label: &label, entities: &entities }, ..facts(&label) };
    let numbers =
        Condition::Test(Test::Entities(vec![EntityCount::found(NamePattern::Prefix("US_".into()))]));
    let both = Condition::All(vec![numbers, Condition::Test(Test::Flag(Flag::Stream, false))]);
    let decision = ask(vec![rule("r", both, RuleAction::Deny("no".into()))], &catalogue, &facts);
    assert_eq!(decision.rule.as_str(), "r");
}

#[test]
fn a_catalogue_refuses_what_would_be_ambiguous_or_degrade_to_the_cloud() {
    let boundary = network();
    let mut catalogue = Catalogue::default();
    let gpu = catalogue.add_target(local(&boundary, "gpu", Level::Restricted)).unwrap();
    let openai = catalogue.add_target(cloud(&boundary, "openai", Level::Internal, None)).unwrap();
    let again = catalogue.add_target(local(&boundary, "gpu", Level::Internal));
    assert_eq!(again, Err(InvalidCatalogue::DuplicateTarget("gpu/m".into())));
    assert_eq!(catalogue.add_alias("a", vec![], vec![gpu]), Err(InvalidCatalogue::NoTargets("a".into())));
    let outside = InvalidCatalogue::DegradeNotLocal { alias: "a".into(), target: "openai/m".into() };
    assert_eq!(catalogue.add_alias("a", vec![gpu], vec![openai]), Err(outside));
    catalogue.add_alias("a", vec![gpu], vec![]).unwrap();
    assert_eq!(
        catalogue.add_alias("a", vec![gpu], vec![]),
        Err(InvalidCatalogue::DuplicateAlias("a".into()))
    );
    assert_eq!(
        Catalogue::default().add_alias("a", vec![gpu], vec![]),
        Err(InvalidCatalogue::UnknownTarget("a".into()))
    );
}

#[test]
fn a_target_that_cannot_serve_a_request_is_left_out_and_what_is_left_unsaid_is_named() {
    let catalogue = four();
    let label = Label::default();
    let of = |unfit: &BTreeMap<TargetId, Unfit>| {
        let facts = Facts { unfit, ..facts(&label) };
        ask(always(route(ANY, Preference::Order, &[])), &catalogue, &facts)
    };
    let all: Vec<TargetId> = catalogue.targets().map(|(id, _)| id).collect();
    let first = plan(&of(&BTreeMap::new())).first[0];
    let decision = of(&[(first, Unfit::Tools)].into());
    assert!(plan(&decision).targets().all(|target| target != first));
    let verdict = decision.considered.iter().find(|(id, _)| *id == first).map(|(_, verdict)| verdict);
    assert_eq!(verdict, Some(&Verdict::Excluded(Exclusion::Unfit(Unfit::Tools))));
    let none = of(&all.iter().map(|id| (*id, Unfit::Field("n".into()))).collect());
    let denial = denial(&none);
    assert_eq!((denial.code, denial.param.as_deref()), (DenialCode::NoFitTarget, Some("n")));
    assert!(denial.message.contains("nothing for `n`"), "{}", denial.message);
}

#[test]
fn a_record_of_what_a_target_could_not_do_leaves_it_out_again() {
    let field: Unfit = Unfit::Field("n".into());
    for unfit in [Unfit::Endpoint, Unfit::Modality(Modality::Image), Unfit::Tools, Unfit::OtherModel, field] {
        assert_eq!(Unfit::of_code(unfit.code()).map(|again| again.code()), Some(unfit.code()));
    }
    assert_eq!(Unfit::of_code("rule_zone"), None);
}
