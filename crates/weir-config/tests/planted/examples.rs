//! The examples, and rules to plant into them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;
use weir_config::{Loaded, Problems, Source};
use weir_label::Level;
use weir_policy::{
    Condition, NameFact, NamePattern, Names, Policy, Preference, Routing, Rule, RuleAction, Selection, Step,
    Test, Words,
};

/// One of the examples.
pub struct Example {
    pub name: String,
    directory: PathBuf,
    weir: String,
    /// Its `policy.yaml`.
    pub text: String,
    pub loaded: Loaded,
}

/// All ten.
pub fn all() -> &'static [Example] {
    static ALL: LazyLock<Vec<Example>> = LazyLock::new(|| {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        assert_eq!(found.len(), 10, "{found:?}");
        found.into_iter().map(Example::read).collect()
    });
    &ALL
}

impl Example {
    fn read(directory: PathBuf) -> Self {
        let text = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
        let (weir, policy) = (text("weir.yaml"), text("policy.yaml"));
        let loaded = load(&directory, &weir, &policy).unwrap_or_else(|problems| panic!("{problems}"));
        let name = directory.file_name().unwrap().to_str().unwrap().to_owned();
        Self { name, directory, weir, text: policy, loaded }
    }

    /// The example with another text of its policy.
    pub fn with_text(&self, policy: &str) -> Result<Loaded, Problems> {
        load(&self.directory, &self.weir, policy)
    }

    pub fn rules(&self) -> &[Rule] {
        self.loaded.policy.rules()
    }

    /// Its policy with other rules.
    pub fn with_rules(&self, rules: Vec<Rule>) -> Policy {
        let policy = &self.loaded.policy;
        Policy::new(policy.boundary.clone(), rules).with_pools(policy.pools().clone())
    }

    /// Its policy with a rule more, that then has this number.
    pub fn with_rule(&self, number: usize, rule: Rule) -> Policy {
        let mut rules = self.rules().to_vec();
        rules.insert(number, rule);
        self.with_rules(rules)
    }
}

fn load(directory: &Path, weir: &str, policy: &str) -> Result<Loaded, Problems> {
    weir_config::load(
        Source { path: &directory.join("weir.yaml"), text: weir },
        Source { path: &directory.join("policy.yaml"), text: policy },
        &|_| Some("key".to_owned()),
        &|path| std::fs::read_to_string(path),
        &|_| Err("no such file".to_owned()),
    )
}

pub fn rule(name: &str, when: Condition, action: RuleAction) -> Rule {
    Rule::new(name.parse().unwrap(), when, action)
}

/// A caller's fact that no example looks at, so that what is planted meets no other rule.
pub fn environment(name: &str) -> Condition {
    Condition::Test(Test::Name(NameFact::CallerEnvironment, Names(vec![NamePattern::Exact(name.into())])))
}

/// Another.
pub fn key(name: &str) -> Condition {
    Condition::Test(Test::Name(NameFact::CallerKey, Names(vec![NamePattern::Exact(name.into())])))
}

pub fn at_least(level: Level) -> Condition {
    Condition::Test(Test::Level(Words::at_least(level)))
}

pub fn both(one: Condition, other: Condition) -> Condition {
    Condition::All(vec![one, other])
}

pub fn route(targets: Selection) -> RuleAction {
    // A ladder that no example has.
    let when_full = vec![Step::Queue(Duration::from_secs(7)), Step::Reject];
    RuleAction::Route(Routing { targets, prefer: Preference::Order, when_full })
}

pub fn deny() -> RuleAction {
    RuleAction::Deny("planted".into())
}
