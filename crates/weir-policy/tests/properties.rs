//! What holds of every policy, catalogue and request.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test binary uses every function of this module")]
mod common;

use common::{NO_ENTITIES, jurisdiction, target};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;
use std::time::Duration;
use weir_label::{Boundary, Category, Jurisdiction, Label, Level, Recipient, Residency, Revision, ZoneKind};
use weir_policy::{
    ALL_FIT, Action, AnyRecipient, CallerFacts, Cascade, Catalogue, Condition, DataFacts, Decision,
    EntityCount, Exclusion, Facts, Flag, LatencyClass, LatencyFacts, NOTHING_MEASURED, NameFact, NamePattern,
    Names, NumberFact, Plan, Policy, Preference, Price, Ranges, RequestFacts, RouteWish, Routing, Rule,
    RuleAction, RuleName, Selection, Step, Target, TargetId, Test, Truth, Verdict, Words, decide,
};

const PLACES: [&str; 3] = ["EU", "DE", "US"];
const TEAMS: [&str; 3] = ["hr-payroll", "hr", "legal"];

fn level() -> impl Strategy<Value = Level> {
    select(&Level::ALL[..])
}

fn place() -> impl Strategy<Value = Jurisdiction> {
    select(&PLACES[..]).prop_map(jurisdiction)
}

fn label() -> impl Strategy<Value = Label> {
    let categories = vec(select(&Category::BUILT_IN[..]), 0..3);
    (level(), categories, vec(place(), 0..3), any::<bool>()).prop_map(
        |(level, categories, places, opaque)| {
            let label = categories.into_iter().fold(Label::at(level), Label::with_category);
            let label = places.into_iter().fold(label, Label::with_jurisdiction);
            if opaque { label.with_opaque() } else { label }
        },
    )
}

fn residency() -> impl Strategy<Value = Residency> {
    vec((place(), vec(place(), 0..3)), 0..3).prop_map(|rows| {
        Residency::new(
            rows.into_iter().map(|(data, allowed)| (data, allowed.into_iter().collect())).collect(),
        )
    })
}

#[derive(Debug, Clone)]
struct TargetPlan {
    zone: ZoneKind,
    level: Level,
    place: Option<Jurisdiction>,
    price: Option<u64>,
    context: Option<u32>,
}

fn target_plan() -> impl Strategy<Value = TargetPlan> {
    let zone = select(&[ZoneKind::Local, ZoneKind::Cloud][..]);
    let price = proptest::option::of(0..10_u64);
    let context = proptest::option::of(select(&[500_u32, 5_000][..]));
    (zone, level(), proptest::option::of(place()), price, context)
        .prop_map(|(zone, level, place, price, context)| TargetPlan { zone, level, place, price, context })
}

fn build(plan: TargetPlan, name: &str, boundary: &Boundary) -> Option<Target> {
    let recipient = match plan.zone {
        ZoneKind::Local => {
            AnyRecipient::Local(Recipient::new(name, boundary.local_clearance(plan.level, plan.place)))
        }
        ZoneKind::Cloud => {
            AnyRecipient::Cloud(Recipient::new(name, boundary.cloud_clearance(plan.level, plan.place).ok()?))
        }
    };
    let price = plan.price.map(|price| Price { input: price, output: price });
    Some(Target { price, context_tokens: plan.context, ..target(recipient) })
}

/// A boundary and a catalogue with the alias `auto`; targets that cannot be are left out.
fn network() -> impl Strategy<Value = (Boundary, Catalogue)> {
    (level(), residency(), vec(target_plan(), 1..6), vec(target_plan(), 0..3)).prop_map(
        |(level, residency, main, smaller)| {
            let boundary = Boundary::new(level, residency, Revision::new("r"));
            let mut catalogue = Catalogue::default();
            let mut add = |plans: Vec<TargetPlan>, word: &str, zone: Option<ZoneKind>| -> Vec<TargetId> {
                let plans = plans.into_iter().enumerate().map(|(n, plan)| {
                    let zone = zone.unwrap_or(plan.zone);
                    build(TargetPlan { zone, ..plan }, &format!("{word}{n}"), &boundary)
                });
                plans.flatten().map(|target| catalogue.add_target(target).unwrap()).collect()
            };
            let mut main = add(main, "main", None);
            let smaller = add(smaller, "small", Some(ZoneKind::Local));
            if main.is_empty() {
                let home = TargetPlan {
                    zone: ZoneKind::Local,
                    level: Level::Restricted,
                    place: None,
                    price: None,
                    context: None,
                };
                main = add(vec![home], "home", None);
            }
            catalogue.add_alias("auto", main, smaller).unwrap();
            (boundary, catalogue)
        },
    )
}

fn levels() -> impl Strategy<Value = Words<Level>> {
    (level(), level()).prop_map(|(a, b)| Words::at_least(a.min(b)).and(Words::at_most(a.max(b))))
}

fn blind_test() -> BoxedStrategy<Test> {
    let names = vec(select(&TEAMS[..]), 1..3).prop_map(|names| {
        Names(
            names
                .into_iter()
                .map(|name| {
                    name.strip_suffix("payroll")
                        .map_or(NamePattern::Exact(name.into()), |p| NamePattern::Prefix(p.into()))
                })
                .collect(),
        )
    });
    let tokens = (0..2_000_u64, 0..2_000_u64).prop_map(|(a, b)| Ranges::between(a.min(b), a.max(b)));
    prop_oneof![
        (select(&NameFact::ALL[..]), names).prop_map(|(fact, names)| Test::Name(fact, names)),
        tokens.prop_map(|tokens| Test::Number(NumberFact::PromptTokens, tokens)),
        (select(&[Flag::Stream, Flag::Tools, Flag::Images][..]), any::<bool>())
            .prop_map(|(f, v)| Test::Flag(f, v)),
        select(LatencyClass::ALL).prop_map(|class| Test::LatencyClass([class].into())),
    ]
    .boxed()
}

fn data_test() -> BoxedStrategy<Test> {
    prop_oneof![
        levels().prop_map(Test::Level),
        select(&Category::BUILT_IN[..]).prop_map(|category| Test::Categories([category].into())),
        place().prop_map(|place| Test::Jurisdictions([place].into())),
        any::<bool>().prop_map(|opaque| Test::Flag(Flag::Opaque, opaque)),
        Just(Test::Entities(vec![EntityCount::found(NamePattern::Exact("US_SSN".into()))])),
    ]
    .boxed()
}

fn condition(test: BoxedStrategy<Test>) -> impl Strategy<Value = Condition> {
    test.prop_map(Condition::Test).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Condition::All),
            vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

fn action() -> impl Strategy<Value = RuleAction> {
    // Ids beyond the catalogue are of another one, and have to be harmless too.
    let ids: Vec<TargetId> = {
        let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
        let targets = (0..10).map(|n| common::local(&boundary, &format!("t{n}"), Level::Public)).collect();
        common::catalogue(targets, vec![]).targets().map(|(id, _)| id).collect()
    };
    let selection = prop_oneof![
        Just(Selection::Any),
        Just(Selection::Zone(ZoneKind::Local)),
        Just(Selection::Zone(ZoneKind::Cloud)),
        vec(select(ids), 0..4).prop_map(Selection::Targets),
    ];
    let prefer = select(&[Preference::Order, Preference::Local, Preference::Cheapest][..]);
    let steps = select(vec![Step::Queue(Duration::from_secs(1)), Step::Degrade, Step::Burst, Step::Reject]);
    prop_oneof![
        1 => Just(RuleAction::Deny("no".into())),
        5 => (selection, prefer, vec(steps, 1..4))
            .prop_map(|(targets, prefer, when_full)| RuleAction::Route(Routing::new(targets, prefer, when_full))),
    ]
}

fn rules(test: BoxedStrategy<Test>) -> impl Strategy<Value = Vec<Rule>> {
    let name: RuleName = "r".parse().unwrap();
    vec((condition(test), action()), 0..5).prop_map(move |rules| {
        rules.into_iter().map(|(when, action)| Rule::new(name.clone(), when, action)).collect()
    })
}

fn all_rules() -> impl Strategy<Value = Vec<Rule>> {
    rules(prop_oneof![blind_test(), data_test()].boxed())
}

/// The facts besides the label.
#[derive(Debug, Clone)]
struct Circumstances {
    team: Option<&'static str>,
    prompt_tokens: u64,
    stream: bool,
    batch: bool,
    wish: Option<RouteWish>,
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let wish = proptest::option::of(select(&[RouteWish::LocalOnly, RouteWish::CloudOk][..]));
    let team = proptest::option::of(select(&TEAMS[..]));
    (team, 0..2_000_u64, any::<bool>(), any::<bool>(), wish).prop_map(
        |(team, prompt_tokens, stream, batch, wish)| Circumstances {
            team,
            prompt_tokens,
            stream,
            batch,
            wish,
        },
    )
}

fn facts<'a>(around: &Circumstances, label: &'a Label) -> Facts<'a> {
    let base = common::facts(label);
    Facts {
        caller: CallerFacts { team: around.team, ..CallerFacts::default() },
        request: RequestFacts { prompt_tokens: around.prompt_tokens, stream: around.stream, ..base.request },
        data: DataFacts { label, entities: &NO_ENTITIES },
        latency: LatencyFacts {
            class: if around.batch { LatencyClass::Batch } else { LatencyClass::Interactive },
            ..base.latency
        },
        wish: around.wish,
        unfit: &ALL_FIT,
        quality: &NOTHING_MEASURED,
        ..base
    }
}

fn run(policy: &Policy, catalogue: &Catalogue, facts: &Facts<'_>) -> Decision {
    decide(policy, catalogue, catalogue.alias("auto").unwrap(), facts)
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
        (boundary, catalogue) in network(), rules in all_rules(), label in label(), around in circumstances(),
    ) {
        let classified = boundary.is_classified(&label);
        let policy = Policy::new(boundary, rules);
        let plan = planned(&run(&policy, &catalogue, &facts(&around, &label)));
        for id in &plan {
            let recipient = &catalogue.target(*id).unwrap().recipient;
            prop_assert_eq!(recipient.check(&policy.boundary, &label), Ok(()));
        }
        prop_assert!(!classified || clouds(&catalogue, plan).is_empty());
    }

    /// Raising the label never opens a way out that was shut.
    #[test]
    fn raising_the_label_permits_no_further_cloud_target(
        (boundary, catalogue) in network(), rules in all_rules(), low in label(), more in label(), around in circumstances(),
    ) {
        let policy = Policy::new(boundary, rules);
        let high = low.clone().join(&more);
        let before = past_the_guard(&run(&policy, &catalogue, &facts(&around, &low)));
        let after = past_the_guard(&run(&policy, &catalogue, &facts(&around, &high)));
        prop_assert!(clouds(&catalogue, after).is_subset(&clouds(&catalogue, before)));
    }

    /// Nor does it add one to the plan, unless a rule asks for it by looking at the data.
    #[test]
    fn raising_the_label_plans_no_further_cloud_target_where_rules_ignore_the_data(
        (boundary, catalogue) in network(), rules in rules(blind_test()), low in label(), more in label(), around in circumstances(),
    ) {
        let policy = Policy::new(boundary, rules);
        let high = low.clone().join(&more);
        let before = planned(&run(&policy, &catalogue, &facts(&around, &low)));
        let after = planned(&run(&policy, &catalogue, &facts(&around, &high)));
        prop_assert!(clouds(&catalogue, after).is_subset(&clouds(&catalogue, before)));
    }

    /// Every request gets a decision that accounts for every target of the alias.
    #[test]
    fn a_decision_accounts_for_every_target(
        (boundary, catalogue) in network(), rules in all_rules(), label in label(), around in circumstances(),
    ) {
        let decision = run(&Policy::new(boundary, rules), &catalogue, &facts(&around, &label));
        let alias = catalogue.alias("auto").unwrap();
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
        (boundary, catalogue) in network(), rules in all_rules(), label in label(), around in circumstances(),
    ) {
        let around = Circumstances { wish: Some(RouteWish::LocalOnly), ..around };
        let decision = run(&Policy::new(boundary, rules), &catalogue, &facts(&around, &label));
        prop_assert!(clouds(&catalogue, planned(&decision)).is_empty());
    }

    /// What a condition says of unknown facts, it says whatever they turn out to be.
    #[test]
    fn a_known_truth_does_not_change_when_unknown_facts_become_known(
        condition in condition(prop_oneof![blind_test(), data_test()].boxed()),
        label in label(), around in circumstances(), team in select(&TEAMS[..]), key in select(&TEAMS[..]),
    ) {
        let unknown = facts(&Circumstances { team: None, ..around }, &label);
        let scopes = [team.to_owned()].into();
        let caller = CallerFacts { team: Some(team), key: Some(key), name: Some(key), tenant: Some(team), app: Some(key), environment: Some(team), scopes: Some(&scopes) };
        let known = Facts { caller, ..unknown };
        match condition.evaluate(&unknown) {
            Truth::Unknown => {}
            truth @ (Truth::True | Truth::False) => prop_assert_eq!(condition.evaluate(&known), truth),
        }
    }
}

/// The same policies, that now ask for a quality and check answers, and how good each target is.
fn demanding(rules: Vec<Rule>, share: u64) -> Vec<Rule> {
    let demand = |rule: Rule| {
        let action = match &rule.action {
            RuleAction::Route(routing) => RuleAction::Route(Routing {
                quality: Some(share),
                cascade: Some(Cascade::default()),
                prefer: Preference::Best,
                ..routing.clone()
            }),
            RuleAction::Deny(message) => RuleAction::Deny(message.clone()),
        };
        Rule::new(rule.name.clone(), rule.when.clone(), action)
    };
    rules.into_iter().map(demand).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// What is classified is answered by no two zones, and what is compared was permitted in both.
    #[test]
    fn classified_data_is_never_compared(
        (boundary, catalogue) in network(),
        rules in all_rules(),
        label in label(),
        around in circumstances(),
    ) {
        let decision = run(&Policy::new(boundary.clone(), rules), &catalogue, &facts(&around, &label));
        if let Action::Route(plan) = &decision.action
            && let Some((local, cloud)) = plan.comparable(&catalogue)
        {
            prop_assert!(!boundary.is_classified(&label));
            let permitted = past_the_guard(&decision);
            prop_assert!(permitted.contains(&local) && permitted.contains(&cloud));
            prop_assert_eq!(catalogue.target(cloud).unwrap().zone(), ZoneKind::Cloud);
        }
    }

    /// However good targets are, a demand for quality and a cascade open no way out, and leave one open.
    #[test]
    fn quality_chooses_among_what_is_left(
        (boundary, catalogue) in network(),
        rules in all_rules(),
        label in label(),
        around in circumstances(),
        share in 0..1_000_000_u64,
        measured in vec(0..1_000_000_u64, 8),
    ) {
        let quality = catalogue.targets().map(|(id, _)| id).zip(measured).collect();
        let facts = Facts { quality: &quality, ..facts(&around, &label) };
        let plain = run(&Policy::new(boundary.clone(), rules.clone()), &catalogue, &facts);
        let strict = run(&Policy::new(boundary, demanding(rules, share)), &catalogue, &facts);
        let (before, after) = (planned(&plain), planned(&strict));
        prop_assert!(after.is_subset(&before));
        prop_assert_eq!(before.is_empty(), after.is_empty());
        prop_assert!(after.is_subset(&past_the_guard(&strict)));
        if let Action::Route(plan) = &strict.action {
            // What an answer can escalate to is in the plan; an unmatched request has no cascade.
            let stronger: BTreeSet<TargetId> =
                plan.escalation.iter().flat_map(|escalation| escalation.strength.keys().copied()).collect();
            prop_assert!(stronger.is_subset(&plan.targets().collect()));
        }
    }
}
