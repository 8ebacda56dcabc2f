//! What the files mean when they are right.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod audit;
#[path = "../common/mod.rs"]
mod common;
mod documented;
mod money;

use common::{EXAMPLE_POLICY, EXAMPLE_WEIR, load, loaded};
use std::time::Duration;
use weir_classify::Profile;
use weir_label::{Category, Label, Level, ZoneKind};
use weir_policy::{
    Cascade, Check, Condition, Fact, LatencyClass, NameFact, NamePattern, Names, Preference, Requirement,
    RuleAction, Selection, Step, Test,
};

#[test]
fn the_example_loads_without_a_warning() {
    let loaded = loaded(EXAMPLE_WEIR, EXAMPLE_POLICY);
    assert_eq!(loaded.warnings.len(), 0, "{:?}", loaded.warnings);
    assert_eq!(loaded.config.backends.len(), 3);
    assert_eq!(loaded.catalogue.targets().count(), 3);
    assert_eq!(loaded.policy.boundary.level(), Level::Confidential);
    assert_eq!(loaded.policy.boundary.revision(), &loaded.policy_revision);
    let openai = loaded.config.backend("openai").unwrap();
    assert_eq!(openai.api_key.as_ref().unwrap().expose(), "from-environment");
    assert_eq!(openai.url.to_string(), "https://api.openai.com:443/v1");
    assert_eq!(openai.recipient.zone(), ZoneKind::Cloud);
}

#[test]
fn the_two_rules_of_the_design_mean_what_they_say() {
    let loaded = loaded(EXAMPLE_WEIR, EXAMPLE_POLICY);
    let [first, second] = loaded.policy.rules() else { panic!("two rules") };
    assert_eq!(first.name.as_str(), "sensitive data stays local");
    let at_least = weir_policy::Words::at_least(Level::Confidential);
    assert_eq!(first.when, Condition::Test(Test::Level(at_least)));
    let RuleAction::Route(routing) = &first.action else { panic!("routes") };
    assert_eq!(routing.targets, Selection::Zone(ZoneKind::Local));
    assert_eq!(routing.when_full, [Step::Queue(Duration::from_secs(30)), Step::Degrade, Step::Reject]);
    let RuleAction::Route(routing) = &second.action else { panic!("routes") };
    assert_eq!(second.when, Condition::always());
    assert_eq!(routing.targets, Selection::Any);
    assert_eq!(routing.prefer, Preference::Cheapest);
    assert_eq!(routing.when_full, [Step::Burst, Step::Queue(Duration::from_secs(10)), Step::Reject]);
    let data = &loaded.classify.data;
    assert_eq!(data.default, Level::Internal);
    assert_eq!(data.categories.get(&Category::Personal), Some(&Level::Confidential));
    assert_eq!(data.categories.get(&Category::Credentials), Some(&Level::Restricted));
}

#[test]
fn the_profile_is_strict_unless_the_policy_says_otherwise() {
    let profile = |policy: &str| loaded(EXAMPLE_WEIR, policy).classify.profile;
    assert_eq!(profile("policy: 1\n"), Profile::Strict);
    assert_eq!(profile("policy: 1\ndata: { profile: strict }\n"), Profile::Strict);
    assert_eq!(profile("policy: 1\ndata: { profile: balanced }\n"), Profile::Balanced);
}

#[test]
fn clearances_default_to_the_zone() {
    let loaded = loaded(EXAMPLE_WEIR, EXAMPLE_POLICY);
    let admits = |backend: &str, level| {
        let recipient = &loaded.config.backend(backend).unwrap().recipient;
        recipient.check(&loaded.policy.boundary, &Label::at(level)).is_ok()
    };
    assert!(admits("gpu", Level::Restricted));
    assert!(admits("openai", Level::Internal));
    assert!(!admits("openai", Level::Confidential));
}

#[test]
fn every_kind_of_condition_is_read_into_its_type() {
    let policy = "
policy: 1
data:
  terms: [{ name: projects, words: [Nightfall], category: project, case_sensitive: true }]
  patterns: [{ name: case numbers, regex: 'C-[0-9]{6}', level: restricted, entity: CASE_NUMBER }]
  project: restricted
  entities: { IP_ADDRESS: off, CASE_NUMBER: restricted }
residency: { EU: [EU, DE] }
rules:
  - name: r
    when:
      caller.team: [hr-*, legal]
      latency.class: batch
      request.tools: false
      request.prompt_tokens: [< 100, '>= 4000', 7]
      not: { data.categories: [project, personal], data.jurisdictions: EU }
      any: [{ data.entities: CASE_* }, { data.opaque: true }]
    use: [gpu, tag:large, openai/gpt-6-sol]
    prefer: local
";
    let loaded = loaded(EXAMPLE_WEIR, policy);
    let rule = &loaded.policy.rules()[0];
    let Condition::All(parts) = &rule.when else { panic!("{:?}", rule.when) };
    let exact = |name: &str| NamePattern::Exact(name.into());
    let prefix = |name: &str| NamePattern::Prefix(name.into());
    assert_eq!(
        parts[0],
        Condition::Test(Test::Name(NameFact::CallerTeam, Names(vec![prefix("hr-"), exact("legal")])))
    );
    assert_eq!(parts[1], Condition::Test(Test::LatencyClass([LatencyClass::Batch].into())));
    assert_eq!(parts[2], Condition::Test(Test::Flag(weir_policy::Flag::Tools, false)));
    let Condition::Test(Test::Number(_, numbers)) = &parts[3] else { panic!("{:?}", parts[3]) };
    assert_eq!(numbers.to_string(), "<= 99, >= 4000");
    assert!(
        matches!(&parts[4], Condition::Not(part) if matches!(&**part, Condition::All(both) if both.len() == 2))
    );
    assert!(matches!(&parts[5], Condition::Any(either) if either.len() == 2));
    let RuleAction::Route(routing) = &rule.action else { panic!("routes") };
    let named = |name| loaded.catalogue.target_named(name).unwrap();
    assert_eq!(routing.targets, Selection::Targets(vec![named("gpu/qwen3-32b"), named("openai/gpt-6-sol")]));
    assert!(loaded.policy.boundary.level() == Level::Confidential);
    assert_eq!(loaded.classify.terms[0].terms, ["Nightfall"]);
    assert_eq!(loaded.classify.patterns[0].level, Some(Level::Restricted));
}

#[test]
fn every_fact_can_stand_in_a_condition() {
    let policy = "
policy: 1
time_zone: Europe/Berlin
groups:
  people: { any: [{ caller.team: hr-* }, { caller.scopes: [payroll, 'people-*'] }] }
  code: { task.type: code_*, task.unsure: false }
rules:
  - name: r
    when:
      group: [people, code]
      not: { group: people }
      data.level: internal..confidential
      data.entities: ['CREDIT_CARD >= 10', 'US_*']
      request.modality: [image, file]
      request.response_format: json_*
      request.language: de
      request.max_output_tokens: 100..2000
      task.complexity: ['> 0.7', top 15 %]
      task.complexity_rank: '>= 85 %'
      task.confidence: '< 0.5'
      task.margin: '< 0.2'
      task.weak_fail: '>= 0.4'
      latency.target: '<= 2s'
      latency.deadline: '<= 1m'
      cost.local: '<= 0.01'
      cost.cloud: '> 0.05 USD'
      cost.budget_left: '< 1'
      capacity.local: [busy, full]
      capacity.gpu.queue: '> 3'
      capacity.tag:large.utilisation: '>= 80 %'
      capacity.gpu/qwen3-32b.ttft: '> 2s'
      time.weekday: mon..fri
      time.hour: 22..5
    use: { zone: local, tags: [large] }
    prefer: [gpu, cloud]
    require: [audit.durable]
    tag: [night, code]
  - { name: best, use: any, prefer: best }
  - { name: fastest, use: any, prefer: fastest }
";
    let loaded = loaded(EXAMPLE_WEIR, policy);
    let rule = &loaded.policy.rules()[0];
    let mut named = std::collections::BTreeSet::new();
    rule.when.each_test(&mut |test| {
        named.insert(test.fact());
    });
    let missing: Vec<Fact> = Fact::all().filter(|fact| !named.contains(fact)).collect();
    let elsewhere = |fact: &Fact| {
        matches!(
            fact,
            Fact::Categories | Fact::Jurisdictions | Fact::LatencyClass | Fact::Flag(_) | Fact::Name(_)
        ) || fact.name().starts_with("request.prompt")
            || fact.name().starts_with("capacity.")
    };
    assert!(missing.iter().all(elsewhere), "{missing:?}");
    let RuleAction::Route(routing) = &rule.action else { panic!("routes") };
    let gpu = loaded.catalogue.target_named("gpu/qwen3-32b").unwrap();
    let zone = Some(weir_label::ZoneKind::Local);
    assert_eq!(routing.targets, Selection::Among { zone, targets: [gpu].into() });
    let Preference::Listed(order) = &routing.prefer else { panic!("{:?}", routing.prefer) };
    assert_eq!(order[0], gpu);
    assert_eq!(rule.obligations.require, [Requirement::DurableRecord].into());
    assert_eq!(rule.obligations.tags.iter().map(|tag| &**tag).collect::<Vec<_>>(), ["code", "night"]);
    assert_eq!(
        loaded.policy.pools().keys().map(|pool| &**pool).collect::<Vec<_>>(),
        ["gpu", "gpu/qwen3-32b", "tag:large"]
    );
    assert!(loaded.policy.looks_at_capacity());
}

#[test]
fn days_and_hours_are_those_of_the_policys_time_zone() {
    let at = |zone: &str, unix| {
        let policy = format!("{{policy: 1, time_zone: {zone}}}");
        let facts = loaded(EXAMPLE_WEIR, &policy).time_zone.facts_at(unix);
        format!("{} {}", facts.weekday.unwrap(), facts.hour.unwrap())
    };
    // Sunday, 29 March 2026, 00:59:59 UTC: a second before clocks go forward in Berlin.
    assert_eq!(at("UTC", 1_774_745_999), "sun 0");
    assert_eq!(at("Europe/Berlin", 1_774_745_999), "sun 1");
    assert_eq!(at("Europe/Berlin", 1_774_746_000), "sun 3");
    assert_eq!(at("America/New_York", 1_774_745_999), "sat 20");
}

#[test]
fn a_models_quality_is_one_figure_or_one_for_each_task() {
    let weir = EXAMPLE_WEIR.replace(
        "      - name: qwen3-8b",
        "      - quality: { default: 0.5, math: 30 % }\n        name: qwen3-8b",
    );
    let loaded = loaded(&weir, EXAMPLE_POLICY);
    let id = loaded.catalogue.target_named("gpu-small/qwen3-8b").unwrap();
    let quality = &loaded.catalogue.target(id).unwrap().quality;
    assert_eq!(quality.millionths_for(None), Some(500_000));
    assert_eq!(quality.millionths_for(Some(weir_policy::TaskType::Math)), Some(300_000));
}

#[test]
fn a_term_file_is_read_beside_the_policy_and_belongs_to_its_revision() {
    let policy = "{policy: 1, data: {terms: [{name: customers, file: customers.txt}]}}";
    let with =
        |customers: &str| load(EXAMPLE_WEIR, policy, &[("/etc/weir/customers.txt", customers)]).unwrap();
    let one = with("# ours\nAcme Example\n\n  Initech Example \n");
    assert_eq!(one.classify.terms[0].terms, ["Acme Example", "Initech Example"]);
    assert_ne!(one.policy_revision, with("Acme Example\n").policy_revision);
    assert_eq!(one.policy_revision.as_str().len(), 16);
    assert_eq!(one.config_digest, with("Acme Example\n").config_digest);
}

#[test]
fn a_key_in_a_file_is_trimmed_and_never_printed() {
    let weir = EXAMPLE_WEIR.replace("${OPENAI_API_KEY}", "file:openai.key");
    let loaded = load(&weir, EXAMPLE_POLICY, &[("/etc/weir/openai.key", "sk-0123\n")]).unwrap();
    let key = loaded.config.backend("openai").unwrap().api_key.as_ref().unwrap();
    assert_eq!(key.expose(), "sk-0123");
    assert!(!format!("{loaded:?}").contains("sk-0123"));
}

const BEDROCK_WEIR: &str = "weir: 1
backends:
  - name: aws
    zone: cloud
    api: bedrock
    url: https://bedrock-runtime.eu-central-1.amazonaws.com
    api_key: 'aws-profile:PROFILE'
    models:
      - name: m
aliases:
  auto:
    targets: [aws/m]
";

#[test]
fn the_keys_of_an_aws_profile_are_those_of_the_credentials_file() {
    const FILE: &str = "/home/weir/.aws/credentials";
    let of = |profile: &str, file: &str| {
        let weir = BEDROCK_WEIR.replace("PROFILE", profile);
        let loaded = load(&weir, EXAMPLE_POLICY, &[(FILE, file)]).map_err(|problems| problems.to_string())?;
        Ok::<String, String>(
            loaded.config.backend("aws").unwrap().api_key.as_ref().unwrap().expose().to_owned(),
        )
    };
    let file = "[default]\naws_access_key_id = A\naws_secret_access_key=s=1\n# other\n\n[dev]\naws_access_key_id=B\r\n\
                aws_secret_access_key=t\naws_session_token=u\n[half]\naws_access_key_id=C\n";
    assert_eq!(of("default", file).unwrap(), "A:s=1");
    assert_eq!(of("dev", file).unwrap(), "B:t:u");
    for profile in ["half", "none"] {
        let problem = of(profile, file).unwrap_err();
        assert!(problem.contains(&format!("`{FILE}` has no profile `{profile}`")), "{problem}");
        assert!(!problem.contains("s=1"), "{problem}");
    }
}

#[test]
fn the_keys_of_an_aws_profile_are_no_key_of_another_api() {
    const FILE: &str = "/home/weir/.aws/credentials";
    let file = "[default]\naws_access_key_id = A\naws_secret_access_key=s\n";
    let weir = BEDROCK_WEIR.replace("PROFILE", "default");
    for api in ["openai", "openai-compatible", "anthropic", "gemini"] {
        let other = weir.replace("api: bedrock", &format!("api: {api}"));
        let problem = load(&other, EXAMPLE_POLICY, &[(FILE, file)]).unwrap_err().to_string();
        assert!(problem.contains("`aws-profile:default` is for backends with `api: bedrock`"), "{problem}");
    }
    let unsaid = weir.replace("    api: bedrock\n", "");
    assert!(load(&unsaid, EXAMPLE_POLICY, &[(FILE, file)]).is_err());
}

#[test]
fn an_anchor_may_be_used_twice() {
    let weir = EXAMPLE_WEIR
        .replace(
            "models:\n      - name: qwen3-32b",
            "timeouts: &slow { total: 20m }\n    models:\n      - name: qwen3-32b",
        )
        .replace("models:\n      - name: qwen3-8b", "timeouts: *slow\n    models:\n      - name: qwen3-8b");
    let loaded = loaded(&weir, EXAMPLE_POLICY);
    assert_eq!(loaded.config.backend("gpu-small").unwrap().timeouts.total, Duration::from_secs(1200));
}

#[test]
fn what_is_the_organisations_own_is_read() {
    let policy = "
policy: 1
data:
  indexes: [{ file: customers.widx, level: restricted, jurisdiction: DE }]
  allow: { EMAIL_ADDRESS: ['support@example.com'], IP_ADDRESS: [10.0.0.0/8] }
  recognisers: { email: internal }
  terms: [{ name: a, words: [Falcon], allow: [Falcon 9], jurisdiction: CH }, { name: b, words: [ABC], case_sensitive: true }]
  patterns: [{ name: p, regex: '[0-9]{9}', context: [policy], checksum: mod11, allow: ['0{9}'], jurisdiction: US }]
rules: []
";
    let classify = loaded(EXAMPLE_WEIR, policy).classify;
    let [index] = &classify.indexes[..] else { panic!("one index") };
    assert_eq!((index.name.as_str(), index.level), ("customers", Some(Level::Restricted)));
    assert_eq!((index.category.as_str(), index.index.entries()), ("personal", 1));
    assert_eq!(index.jurisdiction.as_ref().unwrap().as_str(), "DE");
    assert_eq!(classify.allow.len(), 2);
    assert_eq!(classify.data.recognisers.len(), 1);
    let [a, b] = &classify.terms[..] else { panic!("two lists") };
    assert_eq!((a.inflect, b.inflect, a.allow.len()), (true, false, 1));
    assert_eq!(a.jurisdiction.as_ref().unwrap().as_str(), "CH");
    let [pattern] = &classify.patterns[..] else { panic!("one pattern") };
    assert_eq!((pattern.context.len(), pattern.allow.len()), (1, 1));
    assert_eq!(pattern.checksum.unwrap().as_str(), "mod11");
    let without = loaded(EXAMPLE_WEIR, &policy.replace("customers.widx, ", "customers.widx, name: c, "));
    assert_eq!(without.classify.indexes[0].name, "c");
}

#[test]
fn what_a_rule_says_of_quality_is_read() {
    let rules = "\
policy: 1
declared_task: ignore
evaluate: { share: 2 %, judge: gpu/qwen3-32b, per_hour: 7, budget: { day: 2.5 } }
rules:
  - { name: floor, when: { request.reasoning_effort: high }, use: any, prefer: cheapest, quality: \">= 0.9\" }
  - { name: percent, when: { request.stream: true }, use: any, quality: 85 % }
  - { name: all checks, when: { request.tools: true }, use: any, cascade: true }
  - { name: some, when: { request.images: true }, use: any, cascade: { checks: [json, cut_off], logprob: -1.5, buffer: 1KiB, streams: true } }
  - { name: none, use: any, cascade: false }
";
    let loaded = loaded(EXAMPLE_WEIR, rules);
    let routings: Vec<_> = loaded
        .policy
        .rules()
        .iter()
        .map(|rule| match &rule.action {
            RuleAction::Route(routing) => (routing.quality, routing.cascade.clone()),
            RuleAction::Deny(_) => panic!("routes"),
        })
        .collect();
    let some = Cascade {
        checks: [Check::Json, Check::CutOff].into(),
        logprob_millinats: Some(1500),
        buffer_bytes: 1024,
        streams: true,
    };
    let expected = [
        (Some(900_000), None),
        (Some(850_000), None),
        (None, Some(Cascade::default())),
        (None, Some(some)),
        (None, None),
    ];
    assert_eq!(routings, expected);
    assert!(loaded.policy.looks_at_quality() && !loaded.accepts_declared_task);
    let evaluation = loaded.evaluation.unwrap();
    assert_eq!((evaluation.percent, evaluation.per_hour.get()), (2, 7));
    assert_eq!((evaluation.budget.day, evaluation.budget.month), (Some(2_500_000), None));
    assert_eq!(loaded.catalogue.target(evaluation.judge).unwrap().zone(), ZoneKind::Local);
}

/// A head of an encoder, fitted to the embedded model or to another one.
fn head(encoder: &str, model: u64) -> String {
    let zeros = [0.0_f32; weir_task::KINDS];
    serde_json::json!({ "format": "weir-task-head/1", "encoder": encoder, "model": format!("{model:016x}"),
        "sharpness": 1.0, "bias": zeros, "weights": [zeros, zeros] })
    .to_string()
}

#[test]
fn an_encoder_is_taken_with_its_head_and_one_whose_head_is_of_another_version_is_not_asked() {
    let weir =
        format!("{EXAMPLE_WEIR}\nencoder: {{ target: gpu/qwen3-32b, head: head.json, timeout: 80ms }}\n");
    let digest = weir_task::Model::embedded().unwrap().digest();
    let load = |model: u64| {
        let files = [("/etc/weir/head.json", head("qwen3-32b", model))];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        common::load(&weir, EXAMPLE_POLICY, &files).unwrap_or_else(|problems| panic!("{problems}"))
    };
    let current = load(digest);
    let encoder = current.config.encoder.clone().unwrap();
    assert_eq!(&*current.catalogue.target(encoder.target).unwrap().name, "gpu/qwen3-32b");
    assert_eq!((encoder.below, encoder.timeout.as_millis(), encoder.concurrency.get()), (0.5, 80, 8));
    assert_eq!((encoder.head.dimension(), encoder.head.encoder()), (2, "qwen3-32b"));
    let outdated = load(digest ^ 1);
    assert_eq!(outdated.config.encoder, None);
    let warned =
        outdated.warnings.iter().filter(|warning| warning.message.contains("another version of Weir"));
    assert_eq!(warned.count(), 1, "{:?}", outdated.warnings);
    assert_ne!(current.config_digest, outdated.config_digest, "the head is part of the configuration");
    assert_eq!(loaded(EXAMPLE_WEIR, EXAMPLE_POLICY).config.encoder, None);
}

#[test]
fn nothing_is_compared_and_declared_tasks_are_accepted_unless_the_policy_says_otherwise() {
    let loaded = loaded(EXAMPLE_WEIR, EXAMPLE_POLICY);
    assert!(loaded.evaluation.is_none() && loaded.accepts_declared_task);
}
