//! What the files mean when they are right.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{EXAMPLE_POLICY, EXAMPLE_WEIR, load, loaded};
use std::num::NonZeroU32;
use std::time::Duration;
use weir_classify::Profile;
use weir_config::{Budget, Retention};
use weir_label::{Category, Label, Level, ZoneKind};
use weir_policy::{
    Cascade, Check, Condition, Day, Fact, LatencyClass, NameFact, NamePattern, Names, Preference, Price,
    Rates, Requirement, RuleAction, Selection, Step, Test,
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
fn prices_are_exact() {
    let loaded = loaded(EXAMPLE_WEIR, EXAMPLE_POLICY);
    let id = loaded.catalogue.target_named("openai/gpt-6-sol").unwrap();
    let price = loaded.catalogue.target(id).unwrap().prices.on(None).unwrap();
    assert_eq!(price, Price::new(1_250_000, 10_000_000));
}

/// What a model of the example costs on a day, having changed the file.
fn price_in(weir: &str, target: &str, day: u32) -> Option<Price> {
    let own = "gpt-6-luna | batch | 2026-01-01 | 0.5 | 0.05 | 0.7 | contract\n";
    let loaded = load(weir, EXAMPLE_POLICY, &[("/etc/weir/own.txt", own)]).unwrap();
    let id = loaded.catalogue.target_named(target).unwrap();
    loaded.catalogue.target(id).unwrap().prices.on(Some(Day(day)))
}

#[test]
fn a_cloud_model_without_a_price_has_that_of_the_tables() {
    const NOVEMBER_2026: u32 = 20_785;
    let unpriced =
        EXAMPLE_WEIR.replace("        price: { input: 1.25, output: 10.00 } # USD per million tokens\n", "");
    assert!(unpriced.len() < EXAMPLE_WEIR.len());
    let of = |weir: &str| price_in(weir, "openai/gpt-6-sol", NOVEMBER_2026);
    let sol = Rates { cached_input: 200_000, written_input: 2_500_000, ..Rates::new(2_000_000, 10_000_000) };
    assert_eq!(of(&unpriced).unwrap().rates, sol);
    assert_eq!(price_in(&unpriced, "openai/gpt-6-sol", 0), None, "before it was sold it has none");
    let named = unpriced.replace("name: gpt-6-sol", "name: gpt-6-sol\n        priced_as: gpt-6.1-sol");
    assert_eq!(of(&named).unwrap().rates.cached_input, 100_000);
    let own = named
        .replace("gpt-6.1-sol", "gpt-6-luna\n        tier: batch")
        .replace("weir: 1", "weir: 1\nprices: own.txt");
    let rates = Rates { cached_input: 50_000, ..Rates::new(500_000, 700_000) };
    assert_eq!(of(&own), Some(Price { rates, long: None }));
}

#[test]
fn a_server_of_ones_own_costs_what_its_hardware_does() {
    let hardware = "hardware: { purchase: 35040, years: 4, watts: 1000, kwh: 0.2, pue: 1.5, operation: 0.2, \
                    utilisation: 50 %, input_tokens_per_s: 20000, output_tokens_per_s: 1000 }\n    ";
    let weir = EXAMPLE_WEIR
        .replace("models:\n      - name: qwen3-32b", &format!("{hardware}models:\n      - name: qwen3-32b"));
    let loaded = loaded(&weir, EXAMPLE_POLICY);
    let id = loaded.catalogue.target_named("gpu/qwen3-32b").unwrap();
    assert_eq!(loaded.catalogue.target(id).unwrap().prices.on(None), Some(Price::new(4_167, 83_333)));
    assert_eq!(loaded.config.backend("gpu").unwrap().models[0].full_price, Some(Price::new(37_500, 750_000)));
}

#[test]
fn budgets_and_weights_are_by_name_with_a_default() {
    let weir = EXAMPLE_WEIR.replace(
        "weir: 1",
        "weir: 1\nbudget: { month: 1000 }\nkeys: { default: { budget: { day: 5 } }, app: { budget: { day: 0.5 } } }\n\
         tenants: { acme: { weight: 3, budget: { day: 20 } } }",
    );
    let config = loaded(&weir, EXAMPLE_POLICY).config;
    assert_eq!(config.budget, Budget { day: None, month: Some(1_000_000_000) });
    let of = |name: &str| config.keys.of(name).budget.day;
    assert_eq!((of("app"), of("other")), (Some(500_000), Some(5_000_000)));
    assert_eq!((config.tenants.of("acme").weight.get(), config.tenants.of("other").weight.get()), (3, 1));
    assert!(config.has_budgets());
    assert!(!loaded(EXAMPLE_WEIR, EXAMPLE_POLICY).config.has_budgets());
}

#[test]
fn limits_of_keys_are_by_name_with_a_default() {
    let keys = "weir: 1\nkeys: { default: { requests_per_minute: 60 }, app: { tokens_per_minute: 90000, budget: { day: 1 } } }";
    let config = loaded(&EXAMPLE_WEIR.replace("weir: 1", keys), EXAMPLE_POLICY).config;
    let of = |name: &str| {
        let key = config.keys.of(name);
        (key.requests_per_minute.map(NonZeroU32::get), key.tokens_per_minute.map(NonZeroU32::get))
    };
    assert_eq!((of("other"), of("app")), ((Some(60), None), (None, Some(90_000))));
    let nothing = EXAMPLE_WEIR.replace("weir: 1", "weir: 1\nkeys: { default: { requests_per_minute: 0 } }");
    let problems = format!("{:?}", load(&nothing, EXAMPLE_POLICY, &[]).unwrap_err());
    assert!(problems.contains("this may not be 0"), "{problems}");
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

/// The examples of docs/policy.md, which are what people begin with.
fn documented() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policy.md")).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.filter(|block| block.contains("policy: 1\n")).collect()
}

fn frontier() -> String {
    EXAMPLE_WEIR.replace("      - name: gpt-6-sol\n", "      - name: gpt-6-sol\n        tags: [frontier]\n")
}

#[test]
fn every_policy_of_the_documentation_loads() {
    let policies = documented();
    assert_eq!(policies.len(), 3);
    for policy in &policies {
        let loaded = loaded(&frontier(), policy);
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
}

#[test]
fn the_policy_of_the_five_minutes_does_what_it_says() {
    let loaded = loaded(&frontier(), &documented()[0]);
    let decided = |facts: &[(&str, &str)]| {
        let mut owned = weir_policy::OwnedFacts::default();
        for (name, value) in facts {
            for (fact, value) in weir_config::facts_of(name, value).unwrap() {
                owned.set(&fact, value).unwrap();
            }
        }
        let alias = loaded.catalogue.alias("auto").unwrap();
        let decision = weir_policy::decide(&loaded.policy, &loaded.catalogue, alias, &owned.borrow());
        let weir_policy::Action::Route(plan) = decision.action else { panic!("denied: {decision:?}") };
        let first = loaded.catalogue.target(*plan.first.first().unwrap()).unwrap();
        format!("{}: {}", decision.rule, first.name)
    };
    let local = "gpu/qwen3-32b";
    let idle = [("capacity.local.utilisation", "0.25"), ("capacity.local.queue", "0")];
    let busy = [("capacity.local.utilisation", "0.75"), ("capacity.local.queue", "0")];
    let of = |team: &'static str,
              task: &'static str,
              complexity: &'static str,
              load: [(&'static str, &'static str); 2]| {
        let [one, two] = load;
        [
            ("caller.team", team),
            ("task.type", task),
            ("task.complexity", complexity),
            ("data.level", "internal"),
            one,
            two,
        ]
    };
    let hard = "hard code questions go to the frontier model";
    for team in ["hr", "hr-payroll", "unknown"] {
        let expected = format!("HR requests never leave: {local}");
        assert_eq!(decided(&of(team, "code_generate", "0.9", busy)), expected);
    }
    assert_eq!(decided(&of("web", "code_generate", "0.9", busy)), format!("{hard}: openai/gpt-6-sol"));
    assert_eq!(decided(&of("web", "code_explain", "0.71", busy)), format!("{hard}: openai/gpt-6-sol"));
    for elsewhere in [
        of("web", "code_generate", "0.9", idle),
        of("web", "code_generate", "0.7", busy),
        of("web", "code_generate", "unknown", busy),
        of("web", "chat", "0.9", busy),
    ] {
        assert_eq!(decided(&elsewhere), format!("everything else cheapest: {local}"), "{elsewhere:?}");
    }
    let mut secret = of("web", "code_generate", "0.9", busy);
    secret[3] = ("data.level", "restricted");
    assert_eq!(decided(&secret), format!("{hard}: {local}"), "classified code stays");
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

#[test]
fn content_is_captured_for_the_key_of_the_configuration_and_kept_for_its_own_time() {
    let key = format!("weir-content-key+{}=", "A".repeat(42) + "E");
    let with = |audit: &str| {
        let weir = format!("{EXAMPLE_WEIR}\naudit: {{ keep: 400d, {audit} }}\n");
        let policy = "policy: 1\nrules:\n  - { name: kept, use: local, require: [audit.content] }\n";
        load(&weir, policy, &[])
    };
    let keep = |audit: &str| with(audit).unwrap().config.audit_content.unwrap().keep;
    let days = |days: u64| Some(Duration::from_secs(days * 86_400));
    assert_eq!(keep(&format!("content: {{ key: {key} }}")), days(30));
    assert_eq!(keep(&format!("content: {{ key: {key}, keep: 7d }}")), days(7));
    assert_eq!(keep(&format!("content: {{ key: {key}, keep: 7d }}, hold: true")), None);
    let loaded = with(&format!("content: {{ key: {key} }}")).unwrap();
    assert_eq!(loaded.policy.rules()[0].obligations.require, [Requirement::CapturedContent].into());
    assert_eq!(loaded.config.audit_content.unwrap().key.to_string(), key);
    assert!(with("hold: false").unwrap_err().to_string().contains("weir audit content-key new"));
    assert!(with("content: { key: nobody }").unwrap_err().to_string().contains("weir audit content-key new"));
    assert!(with("content: { keep: 7d }").is_err());
}

#[test]
fn of_what_a_rule_denies_nothing_can_be_captured() {
    let policy = "policy: 1\nrules:\n  - { name: no, deny: no, require: [audit.content] }\n";
    let error = load(EXAMPLE_WEIR, policy, &[]).unwrap_err().to_string();
    assert!(error.contains("a rule that denies has no use for `audit.content`"), "{error}");
}

#[test]
fn records_are_kept_for_one_time_or_by_the_level_of_the_data() {
    let with = |audit: &str| load(&format!("{EXAMPLE_WEIR}\naudit: {{ {audit} }}\n"), EXAMPLE_POLICY, &[]);
    let keep = |audit: &str| with(audit).unwrap().config.audit_keep;
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let retention = |by_level: &[(Level, u64)], otherwise| {
        let by_level = by_level.iter().map(|(level, time)| (*level, days(*time))).collect();
        Some(Retention { by_level, otherwise: days(otherwise) })
    };
    assert_eq!(keep("hold: false"), None);
    assert_eq!(keep("keep: 400d"), retention(&[], 400));
    assert_eq!(keep("keep: 400d, hold: true"), None);
    assert_eq!(
        keep("keep: { restricted: 2190d, public: 30d, default: 400d }"),
        retention(&[(Level::Public, 30), (Level::Restricted, 2190)], 400)
    );
    for (audit, said) in [
        ("keep: 400", "write a whole number and `d`"),
        ("keep: { restricted: 2190d }", "add `default: 400d`"),
        ("keep: { restricted: soon, default: 1d }", "`soon` is no number of days"),
        ("keep: { secret: 2190d, default: 1d }", "`secret` is no level"),
        ("keep: { restrictd: 2190d, default: 1d }", "did you mean `restricted`?"),
    ] {
        let error = with(audit).unwrap_err().to_string();
        assert!(error.contains(said), "{audit}: {error}");
    }
}

#[test]
fn purposes_are_words_that_records_can_hold() {
    let with = |purpose: &str| {
        load(&format!("{EXAMPLE_WEIR}\naudit: {{ purposes: [{purpose}] }}\n"), EXAMPLE_POLICY, &[])
    };
    let loaded =
        with("{ app: hr, purpose: \"hiring & firing\", legal_basis: contract, data_subjects: [applicants] }");
    let purposes = loaded.unwrap().config.audit_purposes;
    let [purpose] = &*purposes else { panic!("{purposes:?}") };
    assert_eq!((purpose.purpose.as_str(), purpose.app.as_deref()), ("hiring & firing", Some("hr")));
    assert_eq!((&purpose.legal_basis, purpose.data_subjects.len()), (&Some("contract".into()), 1));
    for (purpose, said) in [
        ("{ app: hr }", "purpose"),
        ("{ purpose: \"\" }", "records cannot hold this purpose"),
        ("{ purpose: \"a\\nb\" }", "records cannot hold this purpose"),
        ("{ purpose: a, legal_basis: \"a b\" }", "a b"),
        ("{ purpose: a, data_subjects: [\"x y\"] }", "x y"),
    ] {
        let error = with(purpose).unwrap_err().to_string();
        assert!(error.contains(said), "{purpose}: {error}");
    }
}
