//! The policies of docs/policy.md, which are what people begin with.

use crate::common::{EXAMPLE_WEIR, loaded};

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
