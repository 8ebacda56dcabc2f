use crate::names::Names;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_policy::{
    Catalogue, Condition, Fact, FactValue, Measure, NumberFact, Pool, Ranges, Rule, TargetId, Test,
};

/// The targets of every pool, zones aside, whose capacity a rule looks at.
pub fn pools(rules: &[Rule], names: &Names, catalogue: &Catalogue) -> BTreeMap<Arc<str>, BTreeSet<TargetId>> {
    let mut pools = BTreeMap::new();
    for rule in rules {
        rule.when.each_test(&mut |test| {
            if let Test::Number(NumberFact::Load(Pool::Named(pool), _), _) = test {
                let targets =
                    names.selected(pool).into_iter().filter_map(|name| catalogue.target_named(name));
                pools.entry(pool.clone()).or_insert_with(|| targets.collect());
            }
        });
    }
    pools
}

/// The states of a pool that have a name.
pub const POOL_STATES: [&str; 3] = ["idle", "busy", "full"];

/// The pool of `capacity.POOL`.
pub fn pool_of(name: &str) -> Option<Pool> {
    name.strip_prefix("capacity.").filter(|pool| !pool.is_empty()).map(Pool::named)
}

/// At most so much of an idle pool is taken.
const IDLE_MILLIONTHS: u64 = 500_000;
const FULL_MILLIONTHS: u64 = 1_000_000;

/// That a pool is in a state of [`POOL_STATES`].
pub fn state(pool: &Pool, state: &str) -> Condition {
    let test =
        |measure, numbers| Condition::Test(Test::Number(NumberFact::Load(pool.clone(), measure), numbers));
    let idle = Condition::All(vec![
        test(Measure::Utilisation, Ranges::at_most(IDLE_MILLIONTHS)),
        test(Measure::Queue, Ranges::exactly(0)),
    ]);
    let full = test(Measure::Utilisation, Ranges::at_least(FULL_MILLIONTHS));
    match state {
        "idle" => idle,
        "full" => full,
        _ => Condition::Not(Box::new(Condition::Any(vec![idle, full]))),
    }
}

/// What is known of a pool of which only the state is said.
pub fn state_facts(pool: &Pool, state: &str) -> Option<[(Fact, FactValue); 2]> {
    let utilisation = match state {
        "idle" => FactValue::Number(0),
        "busy" => FactValue::Number(FULL_MILLIONTHS.midpoint(IDLE_MILLIONTHS)),
        "full" => FactValue::Number(FULL_MILLIONTHS),
        "unknown" => FactValue::Unknown,
        _ => return None,
    };
    let queue = if utilisation == FactValue::Unknown { FactValue::Unknown } else { FactValue::Number(0) };
    let load = |measure| Fact::Number(NumberFact::Load(pool.clone(), measure));
    Some([(load(Measure::Utilisation), utilisation), (load(Measure::Queue), queue)])
}
