//! A small network to decide about: two local backends and three cloud ones.

pub mod random;

use std::collections::BTreeMap;
use std::time::Duration;
use weir_label::{Boundary, Jurisdiction, Label, Level, Recipient, Residency, Revision, ZoneKind};
use weir_policy::{
    ALL_FIT, AnyRecipient, CallerFacts, CapacityFacts, Catalogue, Condition, CostFacts, DataFacts, Facts,
    LatencyFacts, Modality, NOTHING_MEASURED, Policy, Preference, Price, Prices, RequestFacts,
    ResponseFormat, Routing, Rule, RuleAction, Selection, Step, Target, TargetId, TaskFacts, Test, TimeFacts,
    Words,
};

pub static NO_ENTITIES: BTreeMap<String, u32> = BTreeMap::new();

pub fn jurisdiction(name: &str) -> Jurisdiction {
    name.parse().unwrap()
}

pub fn boundary(level: Level) -> Boundary {
    let eu = [jurisdiction("EU"), jurisdiction("DE")];
    let residency = Residency::new([(jurisdiction("EU"), eu.into())].into());
    Boundary::new(level, residency, Revision::new("0123456789abcdef"))
}

pub fn local(boundary: &Boundary, name: &str, level: Level) -> Target {
    target(AnyRecipient::Local(Recipient::new(name, boundary.local_clearance(level, None))))
}

pub fn cloud(boundary: &Boundary, name: &str, level: Level, place: Option<&str>) -> Target {
    let clearance = boundary.cloud_clearance(level, place.map(jurisdiction)).unwrap();
    target(AnyRecipient::Cloud(Recipient::new(name, clearance)))
}

pub fn target(recipient: AnyRecipient) -> Target {
    Target::new(recipient, "m".into())
}

pub fn priced(target: Target, input: u64, output: u64) -> Target {
    Target { prices: Prices::always(Price::new(input, output)), ..target }
}

/// A catalogue of these targets with one alias, `auto`, to the first of them and smaller models.
pub fn catalogue(targets: Vec<Target>, smaller: Vec<Target>) -> Catalogue {
    let mut catalogue = Catalogue::default();
    let mut add = |targets: Vec<Target>| -> Vec<TargetId> {
        targets.into_iter().map(|target| catalogue.add_target(target).unwrap()).collect()
    };
    let (main, degrade) = (add(targets), add(smaller));
    catalogue.add_alias("auto", main, degrade).unwrap();
    catalogue
}

pub fn facts(label: &Label) -> Facts<'_> {
    Facts {
        caller: CallerFacts::default(),
        request: RequestFacts {
            endpoint: "chat.completions",
            alias: "auto",
            stream: false,
            tools: false,
            modalities: [Modality::Text].into(),
            response_format: ResponseFormat::Text,
            language: None,
            reasoning_effort: None,
            prompt_tokens: 1_000,
            max_output_tokens: None,
        },
        data: DataFacts { label, entities: &NO_ENTITIES },
        task: TaskFacts::default(),
        latency: LatencyFacts::default(),
        cost: CostFacts::default(),
        capacity: CapacityFacts::unknown(),
        time: TimeFacts::default(),
        wish: None,
        unfit: &ALL_FIT,
        quality: &NOTHING_MEASURED,
    }
}

pub fn route(targets: Selection, prefer: Preference, when_full: &[Step]) -> RuleAction {
    RuleAction::Route(Routing::new(targets, prefer, when_full.to_vec()))
}

pub fn rule(name: &str, when: Condition, action: RuleAction) -> Rule {
    Rule::new(name.parse().unwrap(), when, action)
}

pub fn at_least(level: Level) -> Condition {
    Condition::Test(Test::Level(Words::at_least(level)))
}

/// The policy to start with.
pub fn two_rules(boundary: Boundary) -> Policy {
    let queue = |seconds| Step::Queue(Duration::from_secs(seconds));
    let stay =
        route(Selection::Zone(ZoneKind::Local), Preference::Order, &[queue(30), Step::Degrade, Step::Reject]);
    let leave = route(Selection::Any, Preference::Cheapest, &[Step::Burst, queue(10), Step::Reject]);
    let rules = vec![
        rule("sensitive data stays local", at_least(Level::Confidential), stay),
        rule("everything else may use the cloud", Condition::always(), leave),
    ];
    Policy::new(boundary, rules)
}
