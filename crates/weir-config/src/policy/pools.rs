use crate::names::Names;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_policy::{Catalogue, NumberFact, Pool, Rule, TargetId, Test};

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
