//! A network and policies that are as they should be.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use weir_label::{Boundary, Category, Jurisdiction, Level, Recipient, Residency, Revision, ZoneKind};
use weir_policy::{
    AnyRecipient, Catalogue, Condition, EntityCount, NameFact, NamePattern, Names, NumberFact, Obligations,
    Policy, Preference, Ranges, Requirement, Routing, Rule, RuleAction, Selection, Step, Target, TargetId,
    TaskType, Test, Weekday, Words,
};

pub fn place(name: &str) -> Jurisdiction {
    name.parse().unwrap()
}

pub fn boundary() -> Boundary {
    let eu: BTreeSet<Jurisdiction> = [place("EU"), place("DE")].into();
    let rows = [(place("EU"), eu), (place("DE"), [place("DE")].into())];
    Boundary::new(Level::Confidential, Residency::new(rows.into()), Revision::new("0123456789abcdef"))
}

/// `gpu/large` and `gpu/small` inside, `eu/frontier` and `us/frontier` outside. Aliases: `auto` has all, `house`
/// the local ones, `frontier` those outside.
pub fn catalogue(boundary: &Boundary) -> Catalogue {
    let local = |context| {
        let clearance = boundary.local_clearance(Level::Restricted, None);
        (AnyRecipient::Local(Recipient::new("gpu", clearance)), Some(context))
    };
    let cloud = |name: &str, level, home: &str| {
        let clearance = boundary.cloud_clearance(level, Some(place(home))).unwrap();
        (AnyRecipient::Cloud(Recipient::new(name, clearance)), None)
    };
    let mut catalogue = Catalogue::default();
    let mut add = |model: &str, (recipient, context_tokens): (AnyRecipient, Option<u32>)| {
        let target = Target { context_tokens, ..Target::new(recipient, model.into()) };
        catalogue.add_target(target).unwrap()
    };
    let large = add("large", local(32_000));
    let small = add("small", local(8_000));
    let eu = add("frontier", cloud("eu", Level::Internal, "EU"));
    let us = add("frontier", cloud("us", Level::Public, "US"));
    catalogue.add_alias("auto", vec![large, eu, us], vec![small]).unwrap();
    catalogue.add_alias("frontier", vec![eu, us], vec![]).unwrap();
    catalogue.add_alias("house", vec![large], vec![small]).unwrap();
    catalogue
}

pub fn id(catalogue: &Catalogue, name: &str) -> TargetId {
    catalogue.target_named(name).unwrap()
}

pub fn at_least(level: Level) -> Condition {
    Condition::Test(Test::Level(Level::ALL.into_iter().filter(|each| *each >= level).collect()))
}

pub fn name(fact: NameFact, patterns: &[&str]) -> Condition {
    let pattern = |text: &&str| match text.strip_suffix('*') {
        Some(prefix) => NamePattern::Prefix(prefix.into()),
        None => NamePattern::Exact((*text).into()),
    };
    Condition::Test(Test::Name(fact, Names(patterns.iter().map(pattern).collect())))
}

pub fn team(patterns: &[&str]) -> Condition {
    name(NameFact::CallerTeam, patterns)
}

pub fn number(fact: NumberFact, numbers: Ranges) -> Condition {
    Condition::Test(Test::Number(fact, numbers))
}

pub fn category(category: Category) -> Condition {
    Condition::Test(Test::Categories([category].into()))
}

pub fn all(parts: &[Condition]) -> Condition {
    Condition::All(parts.to_vec())
}

pub fn not(part: Condition) -> Condition {
    Condition::Not(Box::new(part))
}

pub fn route(targets: Selection, prefer: Preference, when_full: &[Step]) -> RuleAction {
    RuleAction::Route(Routing::new(targets, prefer, when_full.to_vec()))
}

pub fn queue(seconds: u64) -> Step {
    Step::Queue(Duration::from_secs(seconds))
}

pub fn local() -> RuleAction {
    route(Selection::Zone(ZoneKind::Local), Preference::Order, &[queue(30), Step::Degrade, Step::Reject])
}

pub fn anywhere() -> RuleAction {
    route(Selection::Any, Preference::Cheapest, &[Step::Burst, queue(10), Step::Reject])
}

pub fn cloud() -> RuleAction {
    route(Selection::Zone(ZoneKind::Cloud), Preference::Best, &[queue(5), Step::Reject])
}

pub fn deny() -> RuleAction {
    RuleAction::Deny("ask the platform team".into())
}

pub fn rule(name: &str, when: Condition, action: RuleAction) -> Rule {
    Rule::new(name.parse().unwrap(), when, action)
}

fn words<T: weir_policy::Word>(words: &[T]) -> Words<T> {
    words.iter().copied().collect()
}

/// Policies of which nothing is to be said, by name.
pub fn healthy() -> Vec<(&'static str, Vec<Rule>)> {
    let stays = || rule("sensitive data stays local", at_least(Level::Confidential), local());
    let rest = || rule("everything else may use the cloud", Condition::always(), anywhere());
    vec![
        ("two rules", vec![stays(), rest()]),
        (
            "hospital",
            vec![
                rule("no credentials", category(Category::Credentials), deny()),
                rule("health data", category(Category::SpecialCategory), local()),
                stays(),
                rule(
                    "many people",
                    Condition::Test(Test::Entities(vec![EntityCount {
                        types: NamePattern::Exact("PERSON".into()),
                        counts: Ranges::at_least(5),
                    }])),
                    local(),
                )
                .with_obligations(Obligations {
                    require: [Requirement::DurableRecord].into(),
                    tags: ["people".into()].into(),
                }),
                rest(),
            ],
        ),
        (
            "hard code questions go to the frontier",
            vec![
                rule("HR never leaves", team(&["hr", "hr-*"]), local()),
                stays(),
                rule(
                    "hard code",
                    all(&[
                        Condition::Test(Test::Task(words(&[TaskType::CodeGenerate, TaskType::CodeExplain]))),
                        number(NumberFact::Complexity, Ranges::above(700_000)),
                        not(number(
                            NumberFact::Load(
                                weir_policy::Pool::named("local"),
                                weir_policy::Measure::Utilisation,
                            ),
                            Ranges::below(200_000),
                        )),
                    ]),
                    route(Selection::Any, Preference::Best, &[Step::Burst, queue(10), Step::Reject]),
                ),
                rest(),
            ],
        ),
        (
            "batch at night",
            vec![
                stays(),
                rule(
                    "night",
                    all(&[
                        Condition::Test(Test::LatencyClass(words(&[weir_policy::LatencyClass::Batch]))),
                        Condition::Any(vec![
                            number(NumberFact::Hour, Ranges::at_least(20).or(Ranges::below(6))),
                            Condition::Test(Test::Weekday(words(&[Weekday::Saturday, Weekday::Sunday]))),
                        ]),
                    ]),
                    anywhere(),
                ),
                rule(
                    "day",
                    Condition::Test(Test::LatencyClass(words(&[weir_policy::LatencyClass::Batch]))),
                    local(),
                ),
                rule(
                    "long prompts",
                    number(NumberFact::PromptTokens, Ranges::above(20_000)),
                    anywhere_fast(),
                ),
                rule("the rest", Condition::always(), local()),
            ],
        ),
        ("offline", vec![rule("inside", Condition::always(), local())]),
        ("nothing said", vec![]),
    ]
}

fn anywhere_fast() -> RuleAction {
    route(Selection::Any, Preference::Fastest, &[Step::Burst, Step::Reject])
}

pub fn policy(rules: Vec<Rule>) -> (Policy, Catalogue) {
    let boundary = boundary();
    let catalogue = catalogue(&boundary);
    (Policy::new(boundary, rules), catalogue)
}

pub fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| (*name).into()).collect()
}
