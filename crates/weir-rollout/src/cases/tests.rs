//! What a case expects, and what cases see of a policy.

use super::*;
use weir_label::{Boundary, Label, Level, Recipient, Residency, Revision};
use weir_policy::{
    AnyRecipient, Flag, Names, Preference, RequestFacts, Routing, RuleAction, Selection, Step, Target, Words,
    decide,
};

fn boundary() -> Boundary {
    Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"))
}

/// `auto` leads to the cloud first, and degrades to a smaller local model.
fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    let mut add = |recipient: AnyRecipient| catalogue.add_target(Target::new(recipient, "m".into())).unwrap();
    let local =
        |name| AnyRecipient::Local(Recipient::new(name, boundary().local_clearance(Level::Restricted, None)));
    let cloud = boundary().cloud_clearance(Level::Internal, None).unwrap();
    let far = add(AnyRecipient::Cloud(Recipient::new("far", cloud)));
    let (gpu, small) = (add(local("gpu")), add(local("small")));
    catalogue.add_alias("auto", vec![far, gpu], vec![small]).unwrap();
    catalogue
}

fn route(targets: Selection, prefer: Preference) -> RuleAction {
    RuleAction::Route(Routing::new(targets, prefer, vec![Step::Burst, Step::Degrade, Step::Reject]))
}

fn rule(name: &str, when: Condition, action: RuleAction) -> Rule {
    Rule::new(name.parse().unwrap(), when, action)
}

fn streams(yes: bool) -> Condition {
    Condition::Test(Test::Flag(Flag::Stream, yes))
}

fn team(name: &str) -> Condition {
    let names = Names(vec![weir_policy::NamePattern::Exact(name.into())]);
    Condition::Test(Test::Name(weir_policy::NameFact::CallerTeam, names))
}

/// What one rule makes of internal business data.
fn decided(action: RuleAction) -> (Catalogue, Decision) {
    let catalogue = catalogue();
    let policy = Policy::new(boundary(), vec![rule("the rule", Condition::always(), action)]);
    let decision = decide(&policy, &catalogue, catalogue.alias("auto").unwrap(), &request().borrow());
    (catalogue, decision)
}

fn request() -> OwnedFacts {
    let label = Label::at(Level::Internal).with_category(Category::Business);
    let mut facts = OwnedFacts::default();
    facts.set(&Fact::Level, FactValue::Level(label.level())).unwrap();
    facts.set(&Fact::Categories, FactValue::Categories(label.categories().clone())).unwrap();
    facts.set(&Fact::Name(weir_policy::NameFact::RequestAlias), FactValue::Name("auto".into())).unwrap();
    facts
}

fn case(expect: Expectation) -> Case {
    Case {
        name: "c".to_owned(),
        file: "policy.test.yaml".to_owned(),
        line: 3,
        request: None,
        facts: Vec::new(),
        wish: None,
        expect,
    }
}

/// What is wrong with what an action makes of the request.
fn wrong(expect: Expectation, action: RuleAction) -> String {
    let (catalogue, decision) = decided(action);
    case(expect).judge(&catalogue, &request().borrow(), &decision).wrong.join("; ")
}

fn anywhere() -> RuleAction {
    route(Selection::Any, Preference::Order)
}

fn local_first() -> RuleAction {
    route(Selection::Any, Preference::Local)
}

fn inside() -> RuleAction {
    route(Selection::Zone(ZoneKind::Local), Preference::Order)
}

fn denied() -> RuleAction {
    RuleAction::Deny("no".into())
}

#[test]
fn a_case_that_expects_nothing_passes_whatever_happens() {
    for action in [anywhere(), local_first(), inside(), denied()] {
        assert_eq!(wrong(Expectation::default(), action), "");
    }
}

#[test]
fn what_is_expected_of_the_data_is_held_against_its_label() {
    let expect = |level, category| Expectation {
        level: Some(level),
        categories: BTreeSet::from([category]),
        ..Expectation::default()
    };
    assert_eq!(wrong(expect(Level::Internal, Category::Business), inside()), "");
    assert_eq!(
        wrong(expect(Level::Public, Category::Legal), inside()),
        "level is `internal`, not `public`; category `legal` was not found"
    );
}

#[test]
fn what_is_expected_of_the_decision_is_held_against_it() {
    let zone = |zone| Expectation { zone: Some(zone), ..Expectation::default() };
    let target = |name: &str| Expectation { target: Some(name.to_owned()), ..Expectation::default() };
    let rule = |name: &str| Expectation { rule: Some(name.to_owned()), ..Expectation::default() };
    let may_leave = |may| Expectation { may_leave: Some(may), ..Expectation::default() };
    for (expect, action, said) in [
        (zone(ZoneKind::Cloud), anywhere(), ""),
        (zone(ZoneKind::Local), anywhere(), "it goes to `far/m`, which is not in zone `local`"),
        (zone(ZoneKind::Local), local_first(), ""),
        (zone(ZoneKind::Local), denied(), "it is denied (`policy_denied`): no"),
        (target("gpu/m"), inside(), ""),
        (target("gpu/m"), anywhere(), "it goes to `far/m`, not to `gpu/m`"),
        (target("gpu/m"), denied(), "it is denied (`policy_denied`): no"),
        (rule("the rule"), inside(), ""),
        (rule("another"), inside(), "rule `the rule` decided, not `another`"),
        (may_leave(false), inside(), ""),
        (may_leave(false), denied(), ""),
        (may_leave(false), local_first(), "it may leave, to `far/m`"),
        (may_leave(true), local_first(), ""),
        (may_leave(true), inside(), "no target in the cloud is tried"),
        (may_leave(true), denied(), "it is denied (`policy_denied`): no"),
    ] {
        assert_eq!(wrong(expect.clone(), action), said, "{expect:?}");
    }
}

#[test]
fn a_denial_is_expected_by_code_or_at_all_or_not() {
    let expect = |denied| Expectation { denied: Some(denied), ..Expectation::default() };
    let with = |code: &str| expect(Denied::With(code.to_owned()));
    assert_eq!(wrong(expect(Denied::Yes), denied()), "");
    assert_eq!(wrong(with("policy_denied"), denied()), "");
    assert_eq!(
        wrong(with("no_local_target"), denied()),
        "it is denied with `policy_denied`, not `no_local_target`"
    );
    assert_eq!(wrong(expect(Denied::No), denied()), "it is denied (`policy_denied`): no");
    assert_eq!(wrong(expect(Denied::No), inside()), "");
    assert_eq!(wrong(expect(Denied::Yes), inside()), "it is not denied, but goes to `gpu/m`");
    assert_eq!(wrong(with("policy_denied"), inside()), "it is not denied, but goes to `gpu/m`");
}

#[test]
fn what_a_case_says_goes_over_what_was_found_in_its_request() {
    let stream = (Fact::Flag(Flag::Stream), FactValue::Flag(true));
    let case = Case { facts: vec![stream], wish: Some(RouteWish::LocalOnly), ..case(Expectation::default()) };
    let mut inspected = request();
    inspected.wish = Some(RouteWish::CloudOk);
    let facts = case.facts(Some(inspected.clone())).unwrap();
    assert_eq!(facts.wish, Some(RouteWish::LocalOnly));
    assert!(facts.borrow().request.stream);
    let RequestFacts { alias, modalities, .. } = facts.borrow().request;
    assert_eq!((alias, modalities), ("auto", Words::from([weir_policy::Modality::Text])));
    let silent = Case { wish: None, ..case };
    assert_eq!(silent.facts(Some(inspected)).unwrap().wish, Some(RouteWish::CloudOk));
}

#[test]
fn coverage_ends_at_the_rule_that_decides_and_counts_both_ways_of_a_test() {
    let rules = vec![
        rule("streams", Condition::All(vec![streams(true), team("hr")]), anywhere()),
        rule("others", streams(false), inside()),
        rule("rest", Condition::always(), denied()),
    ];
    let policy = Policy::new(boundary(), rules);
    let mut coverage = Coverage::of(&policy);
    assert_eq!((coverage.rules_seen(), coverage.branches_seen()), ((0, 3), (0, 6)));
    assert_eq!(coverage.gaps().len(), 3);
    // It does not stream, and nobody knows whose it is: the second rule decides.
    coverage.see(&policy, &request().borrow());
    assert_eq!((coverage.rules_seen(), coverage.branches_seen()), ((1, 3), (2, 6)));
    assert_eq!(
        coverage.gaps(),
        [
            "no case is decided by rule `streams`",
            "rule `others`: no case in which its test of `request.stream` does not hold",
            "no case is decided by rule `rest`",
        ]
    );
    let mut streaming = request();
    streaming.set(&Fact::Flag(Flag::Stream), FactValue::Flag(true)).unwrap();
    coverage.see(&policy, &streaming.borrow());
    assert_eq!((coverage.rules_seen(), coverage.branches_seen()), ((2, 3), (4, 6)));
    let of_hr = (Fact::Name(weir_policy::NameFact::CallerTeam), FactValue::Name("hr".into()));
    streaming.set(&of_hr.0, of_hr.1).unwrap();
    coverage.see(&policy, &streaming.borrow());
    assert_eq!((coverage.rules_seen(), coverage.branches_seen()), ((3, 3), (5, 6)));
    assert_eq!(coverage.gaps(), ["rule `streams`: no case in which its test of `caller.team` does not hold"]);
}
