//! Policies, networks and requests at random, for the tests of this crate and of those that analyse policies.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeSet;
use std::time::Duration;
use weir_label::{Boundary, Category, Jurisdiction, Label, Level, Recipient, Residency, Revision, ZoneKind};
use weir_policy::{
    AnyRecipient, Catalogue, Condition, EntityCount, Fact, FactValue, LatencyClass, Measure, Modality,
    NamePattern, Names, NumberFact, Obligations, OwnedFacts, Policy, Pool, Preference, Price, Prices,
    Quality, Ranges, Requirement, ResponseFormat, RouteWish, Routing, Rule, RuleAction, Selection, Step,
    Target, TargetId, TaskType, Test, Weekday, Word, Words,
};

const NAMES: [&str; 5] = ["hr", "hr-payroll", "hr-x", "legal", "de"];
const ENTITIES: [&str; 4] = ["US_SSN", "US_PASSPORT", "CREDIT_CARD", "PERSON"];
const PLACES: [&str; 4] = ["EU", "DE", "US", "AE"];
pub const ALIASES: [&str; 2] = ["auto", "code"];

pub fn place(name: &str) -> Jurisdiction {
    name.parse().unwrap()
}

fn places(most: usize) -> impl Strategy<Value = BTreeSet<Jurisdiction>> {
    btree_set(select(&PLACES[..]).prop_map(place), 0..=most)
}

/// Every fact that random conditions look at.
pub fn all_facts() -> Vec<Fact> {
    let gpu = |measure| Fact::Number(NumberFact::Load(Pool::named("gpu"), measure));
    Fact::all().chain(Measure::ALL.map(gpu)).collect()
}

fn words<T: Word>() -> impl Strategy<Value = Words<T>> {
    subsequence(T::ALL.to_vec(), 0..=T::ALL.len()).prop_map(|words| words.into_iter().collect())
}

fn value(fact: &Fact) -> BoxedStrategy<FactValue> {
    let name = || select(&NAMES[..]).prop_map(str::to_owned);
    match fact {
        Fact::Level => select(&Level::ALL[..]).prop_map(FactValue::Level).boxed(),
        Fact::Categories => {
            btree_set(select(&Category::BUILT_IN[..]), 0..3).prop_map(FactValue::Categories).boxed()
        }
        Fact::Jurisdictions => places(2).prop_map(FactValue::Jurisdictions).boxed(),
        Fact::Entities => btree_map(select(&ENTITIES[..]).prop_map(str::to_owned), 1..5_u32, 0..4)
            .prop_map(FactValue::Entities)
            .boxed(),
        Fact::LatencyClass => select(LatencyClass::ALL).prop_map(FactValue::LatencyClass).boxed(),
        Fact::Task => select(TaskType::ALL).prop_map(FactValue::Task).boxed(),
        Fact::ResponseFormat => select(ResponseFormat::ALL).prop_map(FactValue::ResponseFormat).boxed(),
        Fact::Modalities => words::<Modality>().prop_map(FactValue::Modalities).boxed(),
        Fact::Weekday => select(Weekday::ALL).prop_map(FactValue::Weekday).boxed(),
        Fact::Scopes => btree_set(name(), 0..3).prop_map(FactValue::Names).boxed(),
        Fact::Flag(_) => any::<bool>().prop_map(FactValue::Flag).boxed(),
        Fact::Name(weir_policy::NameFact::RequestAlias) => {
            select(&ALIASES[..]).prop_map(|name| FactValue::Name(name.into())).boxed()
        }
        Fact::Name(_) => name().prop_map(|name| FactValue::Name(name.as_str().into())).boxed(),
        Fact::Number(number) => (0..=number.most().min(30)).prop_map(FactValue::Number).boxed(),
    }
}

/// A request of which every fact is known.
pub fn known() -> impl Strategy<Value = OwnedFacts> {
    let values: Vec<BoxedStrategy<FactValue>> = all_facts().iter().map(value).collect();
    let wish = option::of(select(&[RouteWish::LocalOnly, RouteWish::CloudOk][..]));
    (values, wish).prop_map(|(values, wish)| {
        let mut request = OwnedFacts::default();
        for (fact, value) in all_facts().iter().zip(values) {
            request.set(fact, value).unwrap();
        }
        request.wish = wish;
        request
    })
}

/// Some facts.
pub fn some_facts() -> impl Strategy<Value = Vec<Fact>> {
    let facts = all_facts();
    let count = facts.len();
    subsequence(facts, 0..=count)
}

/// A request of which these facts are unknown, as far as they can be.
pub fn forgetting(mut request: OwnedFacts, facts: &[Fact]) -> OwnedFacts {
    for fact in facts {
        let _ = request.set(fact, FactValue::Unknown);
    }
    request
}

/// A request, with some facts unknown.
pub fn request() -> impl Strategy<Value = OwnedFacts> {
    (known(), some_facts()).prop_map(|(known, unknown)| forgetting(known, &unknown))
}

/// What inspection may say.
pub fn label() -> impl Strategy<Value = Label> {
    let categories = vec(select(&Category::BUILT_IN[..]), 0..3);
    (select(&Level::ALL[..]), categories, places(2), any::<bool>()).prop_map(
        |(level, categories, places, opaque)| {
            let label = categories.into_iter().fold(Label::at(level), Label::with_category);
            let label = places.into_iter().fold(label, Label::with_jurisdiction);
            if opaque { label.with_opaque() } else { label }
        },
    )
}

fn names() -> impl Strategy<Value = Names> {
    vec(pattern(&NAMES), 1..3).prop_map(Names)
}

fn pattern(names: &'static [&str]) -> impl Strategy<Value = NamePattern> {
    (select(names), 0..3_usize).prop_map(|(name, prefix)| match prefix {
        0 => NamePattern::Exact(name.into()),
        1 => NamePattern::Prefix(name[..2].into()),
        _ => NamePattern::Prefix("".into()),
    })
}

fn ranges() -> impl Strategy<Value = Ranges> {
    let range = (0..30_u64, option::of(0..30_u64))
        .prop_map(|(least, most)| Ranges::between(least, most.unwrap_or(u64::MAX)));
    vec(range, 1..3).prop_map(|parts| parts.into_iter().collect())
}

/// A test of a fact.
pub fn test(fact: &Fact) -> BoxedStrategy<Test> {
    match fact.clone() {
        Fact::Level => words().prop_map(Test::Level).boxed(),
        Fact::Categories => {
            btree_set(select(&Category::BUILT_IN[..]), 1..3).prop_map(Test::Categories).boxed()
        }
        Fact::Jurisdictions => places(2).prop_map(Test::Jurisdictions).boxed(),
        Fact::Entities => {
            let count =
                (pattern(&ENTITIES), ranges()).prop_map(|(types, counts)| EntityCount { types, counts });
            vec(count, 1..3).prop_map(Test::Entities).boxed()
        }
        Fact::LatencyClass => words().prop_map(Test::LatencyClass).boxed(),
        Fact::Task => words().prop_map(Test::Task).boxed(),
        Fact::ResponseFormat => words().prop_map(Test::ResponseFormat).boxed(),
        Fact::Modalities => words().prop_map(Test::Modalities).boxed(),
        Fact::Weekday => words().prop_map(Test::Weekday).boxed(),
        Fact::Scopes => names().prop_map(Test::Scopes).boxed(),
        Fact::Flag(flag) => any::<bool>().prop_map(move |value| Test::Flag(flag, value)).boxed(),
        Fact::Name(weir_policy::NameFact::RequestAlias) => pattern(&ALIASES)
            .prop_map(|pattern| Test::Name(weir_policy::NameFact::RequestAlias, Names(vec![pattern])))
            .boxed(),
        Fact::Name(fact) => names().prop_map(move |names| Test::Name(fact, names)).boxed(),
        Fact::Number(number) => {
            ranges().prop_map(move |numbers| Test::Number(number.clone(), numbers)).boxed()
        }
    }
}

pub fn condition() -> impl Strategy<Value = Condition> {
    condition_over(&all_facts())
}

/// A condition that looks at no other facts than these.
pub fn condition_over(facts: &[Fact]) -> impl Strategy<Value = Condition> + use<> {
    let tests: Vec<BoxedStrategy<Test>> = facts.iter().map(test).collect();
    let test = proptest::strategy::Union::new(tests);
    test.prop_map(Condition::Test).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Condition::All),
            vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

fn ids() -> Vec<TargetId> {
    let mut catalogue = Catalogue::default();
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
    let target = |number: usize| {
        let clearance = boundary.local_clearance(Level::Public, None);
        target(&format!("t{number}"), AnyRecipient::Local(Recipient::new("b", clearance)))
    };
    (0..8).map(|number| catalogue.add_target(target(number)).unwrap()).collect()
}

fn action() -> impl Strategy<Value = RuleAction> {
    let zone = || select(&[ZoneKind::Local, ZoneKind::Cloud][..]);
    let some_ids = || vec(select(ids()), 0..4);
    let selection = prop_oneof![
        Just(Selection::Any),
        zone().prop_map(Selection::Zone),
        some_ids().prop_map(Selection::Targets),
        // Among local targets only local ones may be listed, which random ones may not be: no zone then.
        some_ids().prop_map(|ids| Selection::Among { zone: None, targets: ids.into_iter().collect() }),
    ];
    let prefer = prop_oneof![
        select(vec![
            Preference::Order,
            Preference::Local,
            Preference::Cheapest,
            Preference::Fastest,
            Preference::Best
        ]),
        some_ids().prop_map(|ids| Preference::Listed(ids.into())),
    ];
    let steps = select(vec![Step::Queue(Duration::from_secs(1)), Step::Degrade, Step::Burst, Step::Reject]);
    prop_oneof![
        1 => Just(RuleAction::Deny("no".into())),
        5 => (selection, prefer, vec(steps, 1..4))
            .prop_map(|(targets, prefer, when_full)| RuleAction::Route(Routing::new(targets, prefer, when_full))),
    ]
}

fn obligations() -> impl Strategy<Value = Obligations> {
    any::<bool>().prop_map(|durable| Obligations {
        require: durable.then_some(Requirement::DurableRecord).into_iter().collect(),
        tags: BTreeSet::new(),
    })
}

pub fn rules() -> impl Strategy<Value = Vec<Rule>> {
    rules_over(&all_facts())
}

/// Rules that look at no other facts than these.
pub fn rules_over(facts: &[Fact]) -> impl Strategy<Value = Vec<Rule>> + use<> {
    vec((condition_over(facts), action(), obligations()), 0..6).prop_map(|rules| {
        let numbered = rules.into_iter().enumerate();
        numbered
            .map(|(number, (when, action, obligations))| {
                Rule::new(format!("r{number}").parse().unwrap(), when, action).with_obligations(obligations)
            })
            .collect()
    })
}

pub fn target(name: &str, recipient: AnyRecipient) -> Target {
    Target { name: format!("{name}/m").into(), ..Target::new(recipient, "m".into()) }
}

#[derive(Debug, Clone)]
struct Plan {
    zone: ZoneKind,
    level: Level,
    place: Option<Jurisdiction>,
    price: Option<u64>,
    quality: Option<u64>,
    context: Option<u32>,
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        select(&[ZoneKind::Local, ZoneKind::Cloud][..]),
        select(&Level::ALL[..]),
        option::of(select(&PLACES[..3]).prop_map(place)),
        option::of(0..10_u64),
        option::of(0..3_u64),
        option::of(select(&[10_u32, 40][..])),
    )
        .prop_map(|(zone, level, place, price, quality, context)| Plan {
            zone,
            level,
            place,
            price,
            quality,
            context,
        })
}

fn build(plan: Plan, name: &str, boundary: &Boundary) -> Option<Target> {
    let recipient = match plan.zone {
        ZoneKind::Local => {
            AnyRecipient::Local(Recipient::new(name, boundary.local_clearance(plan.level, plan.place)))
        }
        ZoneKind::Cloud => {
            AnyRecipient::Cloud(Recipient::new(name, boundary.cloud_clearance(plan.level, plan.place).ok()?))
        }
    };
    let quality = Quality {
        otherwise_millionths: plan.quality,
        by_task_millionths: plan.quality.map(|quality| (TaskType::Math, 2 - quality)).into_iter().collect(),
    };
    let prices = plan.price.map(|price| Prices::always(Price::new(price, 10 - price))).unwrap_or_default();
    Some(Target { prices, quality, context_tokens: plan.context, ..target(name, recipient) })
}

fn residency() -> impl Strategy<Value = Residency> {
    vec((select(&PLACES[..3]).prop_map(place), places(2)), 0..3)
        .prop_map(|rows| Residency::new(rows.into_iter().collect()))
}

/// A boundary and a catalogue with two aliases.
pub fn network() -> impl Strategy<Value = (Boundary, Catalogue)> {
    let lists = (vec(plan(), 1..5), vec(plan(), 1..4), vec(plan(), 0..2));
    (select(&Level::ALL[1..]), residency(), lists).prop_map(|(level, residency, (main, code, smaller))| {
        let boundary = Boundary::new(level, residency, Revision::new("r"));
        let mut catalogue = Catalogue::default();
        let mut add = |plans: Vec<Plan>, word: &str, zone: Option<ZoneKind>| -> Vec<TargetId> {
            let plans = plans.into_iter().enumerate().map(|(number, plan)| {
                let zone = zone.unwrap_or(plan.zone);
                build(Plan { zone, ..plan }, &format!("{word}{number}"), &boundary)
            });
            let home = || build_home(word, &boundary);
            let mut targets: Vec<Target> = plans.flatten().collect();
            if targets.is_empty() && zone.is_none() {
                targets.push(home());
            }
            targets.into_iter().map(|target| catalogue.add_target(target).unwrap()).collect()
        };
        let (main, code, smaller) =
            (add(main, "main", None), add(code, "code", None), add(smaller, "small", Some(ZoneKind::Local)));
        catalogue.add_alias(ALIASES[0], main, smaller).unwrap();
        catalogue.add_alias(ALIASES[1], code, Vec::new()).unwrap();
        (boundary, catalogue)
    })
}

fn build_home(word: &str, boundary: &Boundary) -> Target {
    let clearance = boundary.local_clearance(Level::Restricted, None);
    target(&format!("{word}-home"), AnyRecipient::Local(Recipient::new("home", clearance)))
}

pub fn policy() -> impl Strategy<Value = (Policy, Catalogue)> {
    (network(), rules()).prop_map(|((boundary, catalogue), rules)| (Policy::new(boundary, rules), catalogue))
}
