//! A deployment with planted differences: what its users say finds them, and moves what may be moved.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use weir_label::{Boundary, Label, Level, Recipient, Residency, Revision, ZoneKind};
use weir_policy::{
    ALL_FIT, Action, AnyRecipient, CallerFacts, CapacityFacts, Catalogue, Condition, CostFacts, DataFacts,
    Facts, LatencyFacts, Modality, Policy, Preference, Price, Prices, Quality, RequestFacts, ResponseFormat,
    Routing, Rule, RuleAction, Selection, Step, Target, TargetId, TaskFacts, TaskType, TimeFacts, decide,
};
use weir_quality::{Book, Signal};

/// A linear congruential generator (Knuth, MMIX): the same deployment each time.
struct Chance(u64);

impl Chance {
    /// A number from 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() * bound as f64) as usize
    }
}

/// The tasks that the server inside is bad at; the API answers nine of ten well.
const WEAK: [TaskType; 3] = [TaskType::CodeGenerate, TaskType::CodeExplain, TaskType::Math];

fn satisfies(zone: ZoneKind, task: TaskType) -> f64 {
    match zone {
        ZoneKind::Local if WEAK.contains(&task) => 0.45,
        ZoneKind::Local | ZoneKind::Cloud => 0.9,
    }
}

struct Deployment {
    policy: Policy,
    catalogue: Catalogue,
    book: Book,
    chance: Chance,
    is_classified: Vec<bool>,
}

/// Where a request went.
struct Sent {
    task: TaskType,
    zone: ZoneKind,
    classified: bool,
}

fn target(name: &str, recipient: AnyRecipient, price: Option<Price>) -> Target {
    Target {
        name: name.into(),
        prices: price.map(Prices::always).unwrap_or_default(),
        ..Target::new(recipient, "m".into())
    }
}

impl Deployment {
    fn new(routing: Routing) -> Self {
        let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
        let gpu =
            AnyRecipient::Local(Recipient::new("gpu", boundary.local_clearance(Level::Restricted, None)));
        let api = boundary.cloud_clearance(Level::Internal, None).unwrap();
        let api = AnyRecipient::Cloud(Recipient::new("api", api));
        let mut catalogue = Catalogue::default();
        let price = Price::new(2_000_000, 10_000_000);
        let targets: Vec<TargetId> = [target("gpu/m", gpu, None), target("api/m", api, Some(price))]
            .map(|target| catalogue.add_target(target).unwrap())
            .into();
        catalogue.add_alias("auto", targets, vec![]).unwrap();
        let rule = Rule::new("all".parse().unwrap(), Condition::always(), RuleAction::Route(routing));
        let policy = Policy::new(boundary, vec![rule]);
        Self { policy, catalogue, book: Book::default(), chance: Chance(42), is_classified: Vec::new() }
    }

    fn request(&mut self, now: i64) -> Sent {
        let task = TaskType::ALL[self.chance.below(TaskType::ALL.len())];
        let classified = self.chance.next() < 0.3;
        let label = Label::at(if classified { Level::Confidential } else { Level::Internal });
        let quality: BTreeMap<TargetId, u64> = self
            .catalogue
            .targets()
            .filter_map(|(id, target)| {
                Some((id, self.book.expected_millionths(&target.name, Some(task), &target.quality)?))
            })
            .collect();
        let alias = self.catalogue.alias("auto").unwrap();
        let decision = decide(&self.policy, &self.catalogue, alias, &facts(&label, task, &quality));
        let Action::Route(plan) = decision.action else { panic!("{:?}", decision.action) };
        let taken = self.catalogue.target(*plan.first.first().unwrap()).unwrap();
        let (name, zone) = (taken.name.clone(), taken.zone());
        // One of three says what it thinks.
        if self.chance.next() < 0.33 {
            let is_good = self.chance.next() < satisfies(zone, task);
            self.book.learn(now, &name, Some(task), Signal::Feedback, f64::from(u8::from(is_good)));
        }
        self.is_classified.push(classified);
        Sent { task, zone, classified }
    }
}

fn facts<'a>(label: &'a Label, task: TaskType, quality: &'a BTreeMap<TargetId, u64>) -> Facts<'a> {
    static NO_ENTITIES: BTreeMap<String, u32> = BTreeMap::new();
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
            prompt_tokens: 500,
            max_output_tokens: None,
        },
        data: DataFacts { label, entities: &NO_ENTITIES },
        task: TaskFacts { kind: Some(task), ..TaskFacts::default() },
        latency: LatencyFacts::default(),
        cost: CostFacts::default(),
        capacity: CapacityFacts::unknown(),
        time: TimeFacts::default(),
        wish: None,
        unfit: &ALL_FIT,
        quality,
    }
}

fn cheapest_good_enough() -> Routing {
    Routing {
        quality: Some(900_000),
        ..Routing::new(Selection::Any, Preference::Cheapest, vec![Step::Reject])
    }
}

/// The share of what may leave that left, of requests of these tasks.
fn left(sent: &[Sent], of: impl Fn(TaskType) -> bool) -> f64 {
    let free: Vec<&Sent> = sent.iter().filter(|sent| !sent.classified && of(sent.task)).collect();
    free.iter().filter(|sent| sent.zone == ZoneKind::Cloud).count() as f64 / free.len() as f64
}

#[test]
fn what_users_say_moves_the_weak_tasks_within_2000_requests_and_nothing_else() {
    let mut deployment = Deployment::new(cheapest_good_enough());
    let sent: Vec<Sent> = (0..4000).map(|now| deployment.request(now)).collect();
    let (learning, after) = sent.split_at(2000);
    assert!(left(learning, |_| true) > 0.0);
    let (weak, other) = (left(after, |task| WEAK.contains(&task)), left(after, |task| !WEAK.contains(&task)));
    assert!(weak > 0.95, "{weak}");
    assert!(other < 0.05, "{other}");
    assert!(sent.iter().all(|sent| !sent.classified || sent.zone == ZoneKind::Local));
    assert!(sent.iter().filter(|sent| sent.classified).count() > 1000);
}

#[test]
fn a_rule_that_uses_local_targets_alone_is_moved_by_nothing() {
    let routing = Routing { targets: Selection::Zone(ZoneKind::Local), ..cheapest_good_enough() };
    let mut deployment = Deployment::new(routing);
    assert!((0..2000).all(|now| deployment.request(now).zone == ZoneKind::Local));
}

#[test]
fn the_planted_differences_are_what_is_expected_in_the_end() {
    let mut deployment = Deployment::new(cheapest_good_enough());
    (0..4000).for_each(|now| _ = deployment.request(now));
    let expected = |task| {
        deployment.book.expected_millionths("gpu/m", Some(task), &Quality::default()).unwrap() as f64 / 1e6
    };
    for task in TaskType::ALL {
        let (found, planted) = (expected(*task), satisfies(ZoneKind::Local, *task));
        assert!((found < 0.75) == (planted < 0.75), "{task:?}: {found} for {planted}");
    }
}
