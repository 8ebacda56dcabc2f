//! How long a decision takes: `cargo bench -p weir-policy`.
//!
//! The alias has four targets. `floor` asks the boundary about each and does nothing else.

use divan::{Bencher, black_box};
use std::collections::BTreeMap;
use std::time::Duration;
use weir_label::{Boundary, Label, Level, Recipient, Residency, Revision, ZoneKind};
use weir_policy::{
    ALL_FIT, AnyRecipient, CallerFacts, CapacityFacts, Catalogue, Condition, CostFacts, DataFacts, Facts,
    LatencyFacts, Modality, NOTHING_MEASURED, NameFact, NamePattern, Names, NumberFact, Policy, Preference,
    Price, Prices, Ranges, RequestFacts, ResponseFormat, Routing, Rule, RuleAction, Selection, Step, Target,
    TaskFacts, Test, TimeFacts, Words, decide,
};

static NO_ENTITIES: BTreeMap<String, u32> = BTreeMap::new();

fn main() {
    divan::main();
}

#[divan::bench]
fn floor(bencher: Bencher<'_, '_>) {
    let (boundary, catalogue) = network();
    let label = Label::at(Level::Internal);
    bencher.bench_local(|| {
        let permits =
            |target: &Target| target.recipient.check(black_box(&boundary), black_box(&label)).is_ok();
        catalogue.targets().filter(|(_, target)| permits(target)).count()
    });
}

#[divan::bench]
fn two_rules(bencher: Bencher<'_, '_>) {
    bench(bencher, two());
}

#[divan::bench]
fn two_hundred_rules(bencher: Bencher<'_, '_>) {
    // The last two match, so that every condition is evaluated.
    bench(bencher, (0..198).map(team_rule).chain(two()).collect());
}

/// None of them needs a name by which it could be passed over.
#[divan::bench]
fn two_hundred_rules_about_numbers(bencher: Bencher<'_, '_>) {
    bench(bencher, (0..198).map(number_rule).chain(two()).collect());
}

fn bench(bencher: Bencher<'_, '_>, rules: Vec<Rule>) {
    let (boundary, catalogue) = network();
    let policy = Policy::new(boundary, rules);
    let label = Label::at(Level::Internal);
    let facts = facts(&label);
    let Some(alias) = catalogue.alias("auto") else { return };
    bencher.bench_local(|| decide(black_box(&policy), &catalogue, alias, black_box(&facts)));
}

fn network() -> (Boundary, Catalogue) {
    let boundary =
        Boundary::new(Level::Confidential, Residency::default(), Revision::new("0123456789abcdef"));
    let local = |name: &str| {
        let clearance = boundary.local_clearance(Level::Restricted, None);
        target(AnyRecipient::Local(Recipient::new(name, clearance)))
    };
    let cloud = |name: &str| {
        let clearance = boundary.cloud_clearance(Level::Internal, None).ok()?;
        let prices = Prices::always(Price::new(1_250_000, 10_000_000));
        Some(Target { prices, ..target(AnyRecipient::Cloud(Recipient::new(name, clearance))) })
    };
    let mut catalogue = Catalogue::default();
    let targets = [Some(local("gpu")), Some(local("gpu2")), cloud("openai"), cloud("other")];
    let ids = targets.into_iter().flatten().filter_map(|target| catalogue.add_target(target).ok()).collect();
    assert!(catalogue.add_alias("auto", ids, Vec::new()).is_ok());
    (boundary, catalogue)
}

fn target(recipient: AnyRecipient) -> Target {
    Target { context_tokens: Some(32_768), ..Target::new(recipient, "m".into()) }
}

fn facts(label: &Label) -> Facts<'_> {
    Facts {
        caller: CallerFacts { team: Some("engineering"), ..CallerFacts::default() },
        request: RequestFacts {
            endpoint: "chat.completions",
            alias: "auto",
            stream: true,
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

fn team_rule(n: usize) -> Rule {
    let teams = Names(vec![
        NamePattern::Exact(format!("team-{n}").into()),
        NamePattern::Prefix(format!("t{n}-").into()),
    ]);
    let when = Condition::All(vec![
        Condition::Test(Test::Name(NameFact::CallerTeam, teams)),
        level(Words::at_most(Level::Internal)),
    ]);
    rule(&format!("team {n}"), when, Selection::Any, Preference::Cheapest)
}

fn number_rule(n: u64) -> Rule {
    let tokens = Ranges::between(10_000 + n, 20_000 + n);
    let when = Condition::All(vec![
        level(Words::at_most(Level::Internal)),
        Condition::Test(Test::Number(NumberFact::PromptTokens, tokens)),
    ]);
    rule(&format!("tokens {n}"), when, Selection::Any, Preference::Cheapest)
}

fn two() -> Vec<Rule> {
    vec![
        rule(
            "stays",
            level(Words::at_least(Level::Confidential)),
            Selection::Zone(ZoneKind::Local),
            Preference::Order,
        ),
        rule("may leave", Condition::always(), Selection::Any, Preference::Cheapest),
    ]
}

fn level(levels: Words<Level>) -> Condition {
    Condition::Test(Test::Level(levels))
}

fn rule(name: &str, when: Condition, targets: Selection, prefer: Preference) -> Rule {
    let when_full = vec![Step::Burst, Step::Queue(Duration::from_secs(10)), Step::Reject];
    let action = RuleAction::Route(Routing::new(targets, prefer, when_full));
    Rule::new(name.parse().unwrap_or_else(|error| unreachable!("{error}")), when, action)
}
