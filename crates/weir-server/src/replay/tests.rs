//! Replay against a recomputation by brute force: from whole events, with facts that never were in a log.

use super::*;
use crate::pipeline::record::{candidates, record_facts};
use crate::source::Sources;
use std::collections::BTreeMap;
use std::path::PathBuf;
use weir_audit::event::{self, Action as Recorded, AuthMethod, Decision, FindingCount, Outcome, OutcomeKind};
use weir_audit::{Ident, Name};
use weir_policy::{
    Expected, Fact, FactValue, Flag, NameFact, NumberFact, OwnedFacts, RouteWish, TaskType, TokenCount,
};
use weir_store::audit::{AuditLog, Options};

const CONFIG: &str = "\
weir: 1
listen: 127.0.0.1:0
admin: 127.0.0.1:0
state: ./state
backends:
  - { name: gpu, zone: local, url: 'http://127.0.0.1:1', models: [{ name: a, concurrency: 2, tags: [large] }, { name: b, concurrency: 1, price: { input: 0.1, output: 0.2 } }] }
  - { name: small, zone: local, url: 'http://127.0.0.1:2', models: [{ name: s, concurrency: 4 }] }
  - { name: c, zone: cloud, url: 'https://c.example', models: [{ name: x, price: { input: 1, output: 2 } }, { name: y, price: { input: 3, output: 9 } }] }
aliases:
  auto: { targets: [gpu/a, gpu/b, c/x, c/y], degrade: [small/s] }
  cloud: { targets: [c/y, c/x] }
";

const OLD: &str = "\
policy: 1
data: { default: internal, personal: confidential }
rules:
  - { name: secret, when: { data.level: '>= confidential' }, use: local, when_full: [queue 10s, degrade, reject] }
  - { name: hard, when: { task.type: code_generate, task.complexity: '> 0.7' }, use: any, prefer: [cloud], when_full: [burst, reject] }
  - { name: idle, when: { capacity.local.utilisation: '< 0.5' }, use: any, prefer: local, when_full: [queue 2s, burst, reject] }
  - { name: rest, use: any, prefer: order, when_full: [burst, queue 5s, reject] }
";

const NEW: &str = "\
policy: 1
data: { default: internal, personal: confidential }
rules:
  - { name: secret, when: { data.level: '>= confidential' }, use: local, when_full: [degrade, queue 1s, reject] }
  - { name: no Süd, when: { caller.team: 'Vertrieb \"Süd\"' }, deny: not you }
  - { name: found, when: { data.entities: 'EMAIL_ADDRESS >= 2' }, use: local, when_full: [reject] }
  - { name: budget, when: { cost.budget_left: '< 1' }, use: ['tag:large'], when_full: [queue 4s, reject] }
  - { name: quiet, when: { capacity.local.queue: 0, latency.class: interactive, request.stream: true }, use: any, prefer: cheapest, when_full: [burst, reject] }
  - { name: rest, use: any, prefer: [c/y], when_full: [burst, queue 5s, reject] }
";

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_of<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.roll(of.len() as u64) as usize]
    }
}

fn snapshot(dir: &Path, name: &str, policy: &str) -> Snapshot {
    let (config, file) = (dir.join("weir.yaml"), dir.join(name));
    std::fs::write(&config, CONFIG).unwrap();
    std::fs::write(&file, policy).unwrap();
    Snapshot::load(&Sources { config, policy: Some(file) }).unwrap()
}

fn some_facts(dice: &mut Dice) -> OwnedFacts {
    let mut facts = OwnedFacts::default();
    let mut set = |fact: Fact, value: FactValue| facts.set(&fact, value).unwrap();
    let name = |text: &str| FactValue::Name(text.into());
    set(Fact::Name(NameFact::RequestAlias), name(dice.one_of::<&str>(&["auto", "auto", "cloud"])));
    set(Fact::Name(NameFact::CallerKey), name("wk_1"));
    if dice.roll(4) > 0 {
        set(Fact::Name(NameFact::CallerTeam), name(dice.one_of::<&str>(&["hr", "Vertrieb \"Süd\"", "web"])));
        set(
            Fact::Name(NameFact::CallerApp),
            name(dice.one_of::<&str>(&["chat", "wiki", "my app", "ide", "crm"])),
        );
    }
    set(Fact::Level, FactValue::Level(*dice.one_of(&weir_label::Level::ALL)));
    if dice.roll(8) == 0 {
        set(Fact::Flag(Flag::Opaque), FactValue::Flag(true));
    }
    let found = dice.roll(4) as u32;
    if found > 0 {
        set(Fact::Entities, FactValue::Entities([("EMAIL_ADDRESS".to_owned(), found)].into()));
    }
    set(Fact::Flag(Flag::Stream), FactValue::Flag(dice.roll(2) == 0));
    set(Fact::Number(NumberFact::PromptTokens), FactValue::Number(dice.roll(5_000)));
    if dice.roll(2) == 0 {
        set(Fact::Number(NumberFact::MaxOutputTokens), FactValue::Number(dice.roll(2_000)));
        set(Fact::Task, FactValue::Task(*dice.one_of(TaskType::ALL)));
        set(Fact::Number(NumberFact::Complexity), FactValue::Number(dice.roll(1_000_001)));
    }
    if dice.roll(2) == 0 {
        for name in ["capacity.local.utilisation", "capacity.local.queue"] {
            set(Fact::named(name).unwrap(), FactValue::Number(dice.roll(3)));
        }
        set(Fact::Number(NumberFact::BudgetLeft), FactValue::Number(dice.roll(2_000_000)));
    }
    facts.wish = *dice.one_of(&[None, None, Some(RouteWish::LocalOnly), Some(RouteWish::CloudOk)]);
    facts
}

/// How it went when the request came: what was full, and how long it waited.
#[derive(Debug, Clone, Default)]
struct Went {
    target: Option<String>,
    action: Option<Recorded>,
    reason: String,
    waited: Duration,
}

/// What a plan comes to when these targets are full: written apart from what is tested.
fn walk(plan: &Plan, name: &dyn Fn(TargetId) -> String, full: &[String], patience: Duration) -> Went {
    let free = |ids: &[TargetId]| ids.iter().map(|id| name(*id)).find(|name| !full.contains(name));
    let mut went = Went::default();
    if let Some(target) = free(&plan.first) {
        return Went { target: Some(target), action: Some(Recorded::Route), reason: "policy".into(), ..went };
    }
    for step in &plan.ladder {
        match step {
            Step::Degrade => {
                if let Some(target) = free(&plan.degrade) {
                    return Went {
                        target: Some(target),
                        action: Some(Recorded::Degrade),
                        reason: "degrade".into(),
                        ..went
                    };
                }
            }
            Step::Burst => {
                if let Some(target) = free(&plan.overflow) {
                    return Went {
                        target: Some(target),
                        action: Some(Recorded::Burst),
                        reason: "burst".into(),
                        ..went
                    };
                }
            }
            Step::Queue(time) => {
                let left = patience.saturating_sub(went.waited);
                if left < *time {
                    went.waited += left;
                    let target = plan.first.first().map(|id| name(*id));
                    return Went { target, action: Some(Recorded::Queue), reason: "queue".into(), ..went };
                }
                went.waited += *time;
            }
            Step::Reject => break,
        }
    }
    Went { action: Some(Recorded::Deny), reason: OVERLOADED.to_owned(), ..went }
}

struct Request {
    facts: OwnedFacts,
    went: Went,
    rule: String,
    tokens: (u64, u64),
}

fn decide(snapshot: &Snapshot, facts: &OwnedFacts) -> weir_policy::Decision {
    let (loaded, facts) = (&snapshot.loaded, facts.borrow());
    let alias = loaded.catalogue.alias(facts.request.alias).unwrap();
    weir_policy::decide(&loaded.policy, &loaded.catalogue, alias, &facts)
}

fn named(snapshot: &Snapshot) -> impl Fn(TargetId) -> String {
    |id| snapshot.loaded.catalogue.target(id).unwrap().name.to_string()
}

/// Cost follows from the rest, as live traffic has it.
fn with_cost(snapshot: &Snapshot, mut facts: OwnedFacts) -> OwnedFacts {
    let loaded = &snapshot.loaded;
    let (expected, alias) = {
        let facts = facts.borrow();
        (Expected::of(&facts), facts.request.alias.to_owned())
    };
    let alias = loaded.catalogue.alias(&alias).unwrap();
    let cost = weir_policy::CostFacts::estimate(&loaded.catalogue, alias, expected);
    for (number, value) in
        [(NumberFact::CostLocal, cost.local_micro_usd), (NumberFact::CostCloud, cost.cloud_micro_usd)]
    {
        facts.set(&Fact::Number(number), value.map_or(FactValue::Unknown, FactValue::Number)).unwrap();
    }
    facts
}

fn live(snapshot: &Snapshot, dice: &mut Dice) -> Request {
    let facts = with_cost(snapshot, some_facts(dice));
    let decision = decide(snapshot, &facts);
    let went = match &decision.action {
        Action::Deny(denial) => {
            Went { action: Some(Recorded::Deny), reason: denial.code.as_str().to_owned(), ..Went::default() }
        }
        Action::Route(plan) => {
            let locals = ["gpu/a", "gpu/b", "small/s"];
            let full: Vec<String> =
                locals.iter().filter(|_| dice.roll(2) == 0).map(|name| (*name).to_owned()).collect();
            walk(plan, &named(snapshot), &full, Duration::from_millis(dice.roll(12_000)))
        }
    };
    let rule = decision.rule.as_str().to_owned();
    Request { facts, went, rule, tokens: (dice.roll(9_000), dice.roll(900)) }
}

/// The events that such a request leaves, by the types that the gateway writes.
fn events(snapshot: &Snapshot, number: usize, request: &Request) -> (Decision, Outcome) {
    let facts = request.facts.borrow();
    let id = format!("req_{number}");
    let catalogue = &snapshot.loaded.catalogue;
    let target = request
        .went
        .target
        .as_ref()
        .map(|name| catalogue.target(catalogue.target_named(name).unwrap()).unwrap());
    let count = |(entity, count): (&String, &u32)| FindingCount {
        entity: Ident::new(entity),
        count: u64::from(*count),
    };
    let decision = Decision {
        request_id: Ident::new(&id),
        decision_id: Ident::new(&id),
        attempt: u32::from(target.is_some()),
        trace_id: None,
        tenant: Some(Name::new(if number.is_multiple_of(3) { "one" } else { "two" })),
        key_id: facts.caller.key.map(Ident::new),
        client_addr_pseudonym: None,
        auth_method: AuthMethod::Key,
        api: Ident::new(facts.request.endpoint),
        stream: facts.request.stream,
        purpose: None,
        legal_basis: None,
        data_subjects: Vec::new(),
        level: facts.data.label.level(),
        categories: facts.data.label.categories().iter().cloned().collect(),
        jurisdictions: facts.data.label.jurisdictions().iter().cloned().collect(),
        opaque: Vec::new(),
        findings: facts.data.entities.iter().map(count).collect(),
        sources: Vec::new(),
        scanner_digest: None,
        scan_us: 1,
        scan_complete: true,
        est_tokens_in: Some(facts.request.prompt_tokens),
        facts: record_facts(&facts, &snapshot.loaded.catalogue),
        policy_revision: Ident::new("0"),
        stage: None,
        config_digest: Ident::new("0"),
        binary_version: Ident::new("0"),
        rule: Some(Name::new(&request.rule)),
        tags: Vec::new(),
        requires: Vec::new(),
        action: request.went.action.unwrap(),
        reason: Ident::new(&request.went.reason),
        candidates: candidates(snapshot, &decide(snapshot, &request.facts)),
        target: target.map(|target| Ident::of(&target.name)),
        backend: target.map(|target| Ident::of(&target.backend)),
        zone: target.map(Target::zone),
        region: None,
        model: target.map(|target| Ident::of(&target.model)),
        egress_permitted: false,
        content_digest: None,
        overrides_denied: Vec::new(),
        shadow: None,
        cut: BTreeMap::new(),
    };
    let outcome = Outcome {
        tokens_in: Some(request.tokens.0),
        tokens_out: Some(request.tokens.1),
        total_us: Some(2_000_000),
        queue_us: Some(u64::try_from(request.went.waited.as_micros()).unwrap()),
        ..Outcome::new(Ident::new(&id), Ident::new(&id), OutcomeKind::Ok)
    };
    (decision, outcome)
}

struct Lab {
    dir: tempfile::TempDir,
    old: Snapshot,
    new: Snapshot,
    requests: Vec<Request>,
}

impl Lab {
    fn with(count: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (snapshot(dir.path(), "old.yaml", OLD), snapshot(dir.path(), "new.yaml", NEW));
        let mut dice = Dice(7);
        let requests: Vec<Request> = (0..count).map(|_| live(&old, &mut dice)).collect();
        let lab = Self { dir, old, new, requests };
        // Small segments, so that there is something to read side by side.
        let options = Options { segment_bytes: 64 << 10, ..Options::new(Name::new("n"), Ident::new("0")) };
        let (log, _) = AuditLog::open(&lab.log(), options).unwrap();
        let numbered: Vec<(usize, &Request)> = lab.requests.iter().enumerate().collect();
        for at_a_time in numbered.chunks(20) {
            let events: Vec<_> =
                at_a_time.iter().map(|(number, request)| events(&lab.old, *number, request)).collect();
            for (decision, _) in &events {
                log.append(event::Event::from(decision.clone())).unwrap();
            }
            for (_, outcome) in events {
                log.append(outcome).unwrap();
            }
        }
        log.close().unwrap();
        lab
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("audit")
    }
}

#[test]
fn under_the_policy_that_was_in_force_nothing_changes() {
    let lab = Lab::with(3_000);
    let replayed = replay(&lab.log(), &lab.old, &ReplayFilter::default()).unwrap();
    let moves: Vec<_> = replayed.by_target.iter().filter(|((from, to), _)| from != to).collect();
    assert_eq!((replayed.requests, replayed.moved, replayed.rules_changed), (3_000, 0, 0), "{moves:?}");
    assert_eq!(replayed.cost.0, replayed.cost.1);
    assert!(replayed.most_affected().is_empty());
    assert!(replayed.load.iter().all(|load| load.before == load.after), "{:?}", replayed.load);
}

#[test]
fn figures_are_those_of_a_recomputation_by_brute_force() {
    let lab = Lab::with(3_000);
    let replayed = replay(&lab.log(), &lab.new, &ReplayFilter::default()).unwrap();
    let catalogue = &lab.new.loaded.catalogue;
    let zone = |target: &Option<String>, reason: &str| match target {
        Some(name) => {
            catalogue.target(catalogue.target_named(name).unwrap()).unwrap().zone().as_str().to_owned()
        }
        None if reason == OVERLOADED => "rejected".to_owned(),
        None => "denied".to_owned(),
    };
    let price = |target: &Option<String>, (input, output): (u64, u64)| {
        let target =
            target.as_ref().map(|name| catalogue.target(catalogue.target_named(name).unwrap()).unwrap());
        let price = target.and_then(|target| target.prices.on(None));
        price.map_or(0, |price| price.of(TokenCount { input, output, ..TokenCount::default() }))
    };
    let mut expected = BTreeMap::<(String, String, String), u64>::new();
    let (mut moved, mut cost, mut apps) = (0, (0, 0), BTreeMap::<String, (u64, u64)>::new());
    for request in &lab.requests {
        let decision = decide(&lab.new, &with_cost(&lab.new, request.facts.clone()));
        let before = &request.went;
        let after = match &decision.action {
            Action::Deny(denial) => Went { reason: denial.code.as_str().to_owned(), ..Went::default() },
            Action::Route(plan) => again(plan, &named(&lab.new), &lab.old, request),
        };
        let zones = (zone(&before.target, &before.reason), zone(&after.target, &after.reason));
        let denied = |went: &Went| if went.target.is_some() { "-".to_owned() } else { went.reason.clone() };
        let has_moved = (&before.target, denied(before)) != (&after.target, denied(&after));
        moved += u64::from(has_moved);
        cost.0 += price(&before.target, request.tokens);
        cost.1 += price(&after.target, request.tokens);
        let name = |went: &Went| went.target.clone().unwrap_or("-".to_owned());
        for (what, from, to) in [
            ("zone", zones.0, zones.1),
            ("target", name(before), name(&after)),
            ("rule", request.rule.clone(), decision.rule.as_str().to_owned()),
            ("denial", denied(before), denied(&after)),
        ] {
            *expected.entry((what.to_owned(), from, to)).or_default() += 1;
        }
        let facts = request.facts.borrow();
        let app = apps.entry(facts.caller.app.or(facts.caller.key).unwrap().to_owned()).or_default();
        *app = (app.0 + 1, app.1 + u64::from(has_moved));
    }
    let matrices = [
        ("zone", &replayed.by_zone),
        ("target", &replayed.by_target),
        ("rule", &replayed.by_rule),
        ("denial", &replayed.by_denial),
    ];
    let found: BTreeMap<(String, String, String), u64> = matrices
        .into_iter()
        .flat_map(|(what, matrix)| {
            matrix.iter().map(move |((from, to), n)| ((what.to_owned(), from.clone(), to.clone()), *n))
        })
        .collect();
    assert_eq!(found, expected);
    assert_eq!((replayed.requests, replayed.moved, replayed.cost), (3_000, moved, cost));
    let found: BTreeMap<String, (u64, u64)> =
        replayed.apps().map(|app| (app.app.clone(), (app.requests, app.moved))).collect();
    assert_eq!(found, apps);
    assert!(moved > 500 && moved < 2_900, "{moved} of 3000 move: the test has no teeth");
}

/// What the request would come to now, for all that its record can know: its own target's place, what was
/// tried before it, and how long it waited.
fn again(plan: &Plan, name: &dyn Fn(TargetId) -> String, old: &Snapshot, request: &Request) -> Went {
    let went = &request.went;
    let old_decision = decide(old, &request.facts);
    let Action::Route(old_plan) = &old_decision.action else {
        return walk(plan, name, &[], Duration::MAX);
    };
    let of_old = named(old);
    let names = |ids: &[TargetId]| ids.iter().map(|id| of_old(*id)).collect::<Vec<String>>();
    let (first, overflow, degrade) =
        (names(&old_plan.first), names(&old_plan.overflow), names(&old_plan.degrade));
    let order = match went.action {
        Some(Recorded::Degrade) => [first.clone(), degrade].concat(),
        Some(Recorded::Deny) => [first.clone(), overflow, degrade].concat(),
        _ => [first.clone(), overflow].concat(),
    };
    let tried: Vec<String> = match went.action {
        Some(Recorded::Queue) => first,
        _ => order.into_iter().take_while(|tried| Some(tried) != went.target.as_ref()).collect(),
    };
    // Who got a place by waiting gets one after the same time, others wait in vain as long as they did.
    let patience = match went.action {
        Some(Recorded::Queue) => went.waited,
        _ => Duration::MAX,
    };
    let mut after = walk_again(plan, name, &tried, went, patience);
    let had = went.target.clone().filter(|had| plan.first.iter().any(|id| name(*id) == *had));
    if let (Some(Recorded::Queue), Some(had)) = (after.action, had) {
        after.target = Some(had);
    }
    after
}

fn walk_again(
    plan: &Plan,
    name: &dyn Fn(TargetId) -> String,
    full: &[String],
    then: &Went,
    patience: Duration,
) -> Went {
    if plan.first.iter().any(|id| !full.contains(&name(*id))) {
        return walk(plan, name, full, patience);
    }
    for (at, step) in plan.ladder.iter().enumerate() {
        let Step::Queue(time) = step else {
            let only = Plan { ladder: vec![*step], ..plan.clone() };
            let went = walk(&only, name, full, patience);
            if went.target.is_some() || *step == Step::Reject {
                return went;
            }
            continue;
        };
        let waits = match then.action {
            Some(Recorded::Queue) => then.waited <= *time,
            _ => then.waited < *time,
        };
        if waits {
            let target = plan.first.first().map(|id| name(*id));
            return Went { target, action: Some(Recorded::Queue), ..Went::default() };
        }
        assert!(at < plan.ladder.len());
    }
    Went { reason: OVERLOADED.to_owned(), ..Went::default() }
}

#[test]
fn a_log_that_is_read_in_parts_comes_to_the_same() {
    let lab = Lab::with(3_000);
    let segments = std::fs::read_dir(lab.log().join("segments")).unwrap().count();
    assert!(segments > 9, "{segments} segments: the test has no teeth");
    let of_one = ReplayFilter { tenant: Some("one".to_owned()), ..ReplayFilter::default() };
    for filter in [ReplayFilter::default(), of_one] {
        let whole = replay_in_parts(&lab.log(), &lab.new, &filter, NonZeroUsize::MIN).unwrap();
        assert!(whole.moved > 100 && whole.cost.1 > 0, "{whole:?}");
        for parts in 2..=9 {
            let parts = NonZeroUsize::new(parts).unwrap();
            assert_eq!(
                replay_in_parts(&lab.log(), &lab.new, &filter, parts).unwrap(),
                whole,
                "{parts} parts"
            );
        }
    }
}

#[test]
fn a_part_that_is_missing_is_found_by_whoever_reads_in_parts() {
    let lab = Lab::with(3_000);
    let mut segments: Vec<_> =
        std::fs::read_dir(lab.log().join("segments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    // Not the last one, whose end may be torn.
    let middle = &segments[segments.len() / 2];
    let mut cut = std::fs::read(middle).unwrap();
    cut.truncate(cut.len() / 2);
    std::fs::write(middle, cut).unwrap();
    for parts in 1..=9 {
        let parts = NonZeroUsize::new(parts).unwrap();
        let replayed = replay_in_parts(&lab.log(), &lab.new, &ReplayFilter::default(), parts);
        assert!(matches!(replayed, Err(AuditError::Damaged { .. })), "{parts} parts");
    }
}

#[test]
fn a_tenant_and_a_time_are_what_is_replayed() {
    let lab = Lab::with(300);
    let count = |filter: &ReplayFilter| replay(&lab.log(), &lab.new, filter).unwrap().requests;
    assert_eq!(count(&ReplayFilter { tenant: Some("one".to_owned()), ..ReplayFilter::default() }), 100);
    let long_ago = WallTime::from_unix_ms(0);
    assert_eq!(count(&ReplayFilter { since: Some(long_ago), ..ReplayFilter::default() }), 300);
    assert_eq!(count(&ReplayFilter { until: Some(long_ago), ..ReplayFilter::default() }), 0);
}
