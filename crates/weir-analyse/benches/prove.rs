//! How long analyses take: `cargo bench -p weir-analyse`.
//!
//! `teams` is what large policies look like: each rule names a team, a level, and one or two facts more. `tangle`
//! is the hardest that a person could write: every rule joins three facts out of thirty, taken in turn. `random` draws
//! the three facts of each rule.

use divan::{Bencher, black_box};
use std::time::Duration;
use weir_analyse::{Subject, diff, lint, prove};
use weir_label::{Boundary, Category, Level, Recipient, Residency, Revision, ZoneKind};
use weir_policy::{
    AnyRecipient, Catalogue, Condition, EntityCount, Fact, Flag, LatencyClass, Measure, Modality, NameFact,
    NamePattern, Names, NumberFact, Policy, Pool, Preference, Ranges, ResponseFormat, Routing, Rule,
    RuleAction, Selection, Step, Target, TaskType, Test, Weekday, Words,
};

fn main() {
    divan::main();
}

#[divan::bench(args = [2, 20, 200, 1_600], sample_count = 5)]
fn prove_teams(bencher: Bencher<'_, '_>, rules: usize) {
    let (policy, catalogue) = network(teams(rules));
    bencher.bench_local(|| prove(black_box(&policy), &catalogue).map(|proof| proof.decisions));
}

#[divan::bench(args = [20, 200], sample_count = 5)]
fn prove_tangle(bencher: Bencher<'_, '_>, rules: usize) {
    let (policy, catalogue) = network(tangle(rules));
    bencher.bench_local(|| prove(black_box(&policy), &catalogue).map(|proof| proof.decisions));
}

#[divan::bench(args = [1, 2, 3, 4, 5], sample_count = 1, sample_size = 1)]
fn prove_200_random(bencher: Bencher<'_, '_>, seed: u64) {
    let (policy, catalogue) = network(random(200, seed));
    bencher.bench_local(|| {
        let proof = prove(black_box(&policy), &catalogue);
        proof.map(|proof| proof.decisions).unwrap_or_else(|error| unreachable!("{error}"))
    });
}

/// How long it takes to say that there is no answer: which of a dozen facts have the same of eleven values.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn refuse_what_is_too_tangled(bencher: Bencher<'_, '_>) {
    let (policy, catalogue) = network(pigeons(12));
    bencher.bench_local(|| {
        assert!(prove(black_box(&policy), &catalogue).is_err());
    });
}

#[divan::bench(args = [1, 2], sample_count = 1, sample_size = 1)]
fn lint_200_random(bencher: Bencher<'_, '_>, seed: u64) {
    let (policy, catalogue) = network(random(200, seed));
    bencher.bench_local(|| {
        let lint = lint(black_box(&policy), &catalogue);
        lint.map(|lint| lint.advice.len()).unwrap_or_else(|error| unreachable!("{error}"))
    });
}

#[divan::bench(args = [1, 2], sample_count = 1, sample_size = 1)]
fn diff_200_random_without_one_rule(bencher: Bencher<'_, '_>, seed: u64) {
    let (before, catalogue) = network(random(200, seed));
    let mut rules = random(200, seed);
    rules.remove(20);
    let (after, _) = network(rules);
    let subject = |policy| Subject { policy, catalogue: &catalogue };
    bencher.bench_local(|| {
        let difference = diff(subject(&before), subject(&after));
        difference.map(|found| found.changes.len()).unwrap_or_else(|error| unreachable!("{error}"))
    });
}

#[divan::bench(sample_count = 10)]
fn diff_200_teams_with_one_rule_more(bencher: Bencher<'_, '_>) {
    let (before, catalogue) = network(teams(200));
    let mut rules = teams(200);
    rules.insert(100, rule("new", vec![name(NameFact::CallerTeam, "team-7-new")], ZoneKind::Local));
    let (after, _) = network(rules);
    let subject = |policy| Subject { policy, catalogue: &catalogue };
    bencher
        .bench_local(|| diff(subject(&before), subject(&after)).map(|difference| difference.changes.len()));
}

#[divan::bench(sample_count = 10)]
fn lint_200_teams(bencher: Bencher<'_, '_>) {
    let (policy, catalogue) = network(teams(200));
    bencher.bench_local(|| lint(black_box(&policy), &catalogue).map(|lint| lint.advice.len()));
}

fn teams(count: usize) -> Vec<Rule> {
    let mut rules: Vec<Rule> = (0..count.saturating_sub(2)).map(team).collect();
    rules.push(rule("sensitive data stays", vec![at_least(Level::Confidential)], ZoneKind::Local));
    rules.push(rule("the rest", vec![], ZoneKind::Cloud));
    rules
}

fn team(n: usize) -> Rule {
    let more = match n % 6 {
        0 => Condition::Test(Test::Task([TaskType::CodeGenerate].into())),
        1 => number(NumberFact::Complexity, Ranges::above(100_000 * (n as u64 % 9))),
        2 => number(NumberFact::PromptTokens, Ranges::below(1_000 * (1 + n as u64 % 20))),
        3 => Condition::Test(Test::LatencyClass([LatencyClass::Batch].into())),
        4 => Condition::Test(Test::Categories([Category::SourceCode].into())),
        _ => number(NumberFact::Hour, Ranges::below(6)),
    };
    let parts =
        vec![name(NameFact::CallerTeam, &format!("team-{n}*")), not(at_least(Level::Confidential)), more];
    rule(&format!("team {n}"), parts, if n.is_multiple_of(3) { ZoneKind::Local } else { ZoneKind::Cloud })
}

fn tangle(count: usize) -> Vec<Rule> {
    let facts = thirty_tests();
    let pick = |n: usize| facts.get(n % facts.len()).cloned().unwrap_or_else(Condition::always);
    let each = |n: usize| {
        let parts = vec![pick(n), pick(n * 7 + 3), pick(n * 11 + 5)];
        rule(&format!("rule {n}"), parts, if n.is_multiple_of(2) { ZoneKind::Local } else { ZoneKind::Cloud })
    };
    (0..count).map(each).collect()
}

/// Rules of three facts each, drawn at random: always the same for a seed.
fn random(count: usize, seed: u64) -> Vec<Rule> {
    let facts = thirty_tests();
    let mut state = seed;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut part = move || {
        let part = facts.get(draw() % facts.len()).cloned().unwrap_or_else(Condition::always);
        if draw() % 3 == 0 { not(part) } else { part }
    };
    let each = |n: usize| {
        let parts = vec![part(), part(), part()];
        rule(&format!("rule {n}"), parts, if n.is_multiple_of(2) { ZoneKind::Local } else { ZoneKind::Cloud })
    };
    (0..count).map(each).collect()
}

/// A rule for each two facts and each value that both may have, and one for each fact of another value.
fn pigeons(count: usize) -> Vec<Rule> {
    let last = count as u64 - 2;
    let fact = |n: usize| NumberFact::Load(Pool::named(&format!("tag:{n}")), Measure::Queue);
    let is = |n: usize, value: u64| {
        number(fact(n), Ranges::between(value, if value == last { u64::MAX } else { value }))
    };
    let pairs = (0..count).flat_map(|a| (0..a).map(move |b| (a, b)));
    let same = pairs.flat_map(|(a, b)| (0..=last).map(move |value| vec![is(a, value), is(b, value)]));
    let unknown =
        (0..count).map(|n| vec![not(Condition::Any((0..=last).map(|value| is(n, value)).collect()))]);
    let each = |(n, parts)| rule(&format!("rule {n}"), parts, ZoneKind::Local);
    same.chain(unknown).enumerate().map(each).collect()
}

fn thirty_tests() -> Vec<Condition> {
    let test = Condition::Test;
    let flags =
        [Flag::Stream, Flag::Tools, Flag::Images, Flag::Unsure].map(|flag| test(Test::Flag(flag, true)));
    let names = NameFact::ALL.into_iter().filter(|fact| *fact != NameFact::RequestAlias);
    let entity = |name: &str| test(Test::Entities(vec![EntityCount::found(NamePattern::Exact(name.into()))]));
    let categories = Category::BUILT_IN.into_iter().map(|category| test(Test::Categories([category].into())));
    let words = [
        test(Test::Task([TaskType::Math, TaskType::Agent].into())),
        test(Test::LatencyClass([LatencyClass::Batch].into())),
        test(Test::ResponseFormat([ResponseFormat::JsonSchema].into())),
        test(Test::Modalities([Modality::Audio].into())),
        test(Test::Weekday([Weekday::Sunday].into())),
        at_least(Level::Confidential),
    ];
    let numbers = Fact::all().filter_map(|fact| {
        let Fact::Number(fact) = fact else { return None };
        Some(number(fact, Ranges::at_least(10)))
    });
    flags
        .into_iter()
        .chain(names.map(|fact| name(fact, "x*")))
        .chain(["US_SSN", "PERSON"].map(entity))
        .chain(categories)
        .chain(words)
        .chain(numbers)
        .take(30)
        .collect()
}

fn name(fact: NameFact, pattern: &str) -> Condition {
    let pattern = match pattern.strip_suffix('*') {
        Some(prefix) => NamePattern::Prefix(prefix.into()),
        None => NamePattern::Exact(pattern.into()),
    };
    Condition::Test(Test::Name(fact, Names(vec![pattern])))
}

fn number(fact: NumberFact, numbers: Ranges) -> Condition {
    Condition::Test(Test::Number(fact, numbers))
}

fn at_least(level: Level) -> Condition {
    let levels: Words<Level> = Level::ALL.into_iter().filter(|each| *each >= level).collect();
    Condition::Test(Test::Level(levels))
}

fn not(part: Condition) -> Condition {
    Condition::Not(Box::new(part))
}

fn rule(name: &str, parts: Vec<Condition>, zone: ZoneKind) -> Rule {
    let targets = if zone == ZoneKind::Local { Selection::Zone(zone) } else { Selection::Any };
    let when_full = vec![Step::Burst, Step::Queue(Duration::from_secs(10)), Step::Reject];
    let action = RuleAction::Route(Routing::new(targets, Preference::Cheapest, when_full));
    let name = name.parse().unwrap_or_else(|error| unreachable!("{error}"));
    Rule::new(name, Condition::All(parts), action)
}

fn network(rules: Vec<Rule>) -> (Policy, Catalogue) {
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
    let mut catalogue = Catalogue::default();
    let mut add = |recipient: AnyRecipient, context_tokens: Option<u32>| {
        let target = Target { context_tokens, ..Target::new(recipient, "m".into()) };
        catalogue.add_target(target).unwrap_or_else(|error| unreachable!("{error}"))
    };
    let local = |name: &str| {
        AnyRecipient::Local(Recipient::new(name, boundary.local_clearance(Level::Restricted, None)))
    };
    let cloud = |name: &str, place: &str| {
        let place = place.parse().ok();
        let clearance = boundary.cloud_clearance(Level::Internal, place);
        AnyRecipient::Cloud(Recipient::new(name, clearance.unwrap_or_else(|error| unreachable!("{error}"))))
    };
    let (gpu, edge) = (add(local("gpu"), Some(32_000)), add(local("edge"), Some(8_000)));
    let (eu, us) = (add(cloud("eu", "EU"), None), add(cloud("us", "US"), Some(128_000)));
    let aliases = [("auto", vec![gpu, eu, us]), ("code", vec![gpu, us]), ("house", vec![gpu])];
    for (name, targets) in aliases {
        catalogue.add_alias(name, targets, vec![edge]).unwrap_or_else(|error| unreachable!("{error}"));
    }
    (Policy::new(boundary, rules), catalogue)
}
