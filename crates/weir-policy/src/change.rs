use crate::cost::Expected;
use crate::{
    Action, Alias, Catalogue, Decision, Fact, FactValue, NameFact, NumberFact, OwnedFacts, Policy, Regions,
    TargetId, decide, micro_usd,
};
use std::collections::BTreeSet;

/// What would be decided if one fact were different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The fact.
    pub fact: Fact,
    /// What is known of it.
    pub from: FactValue,
    /// What it would have to be: the nearest such value of its region.
    pub to: FactValue,
    /// How many regions lie between the two, at least 1.
    pub steps: usize,
    /// What would be decided then.
    pub decision: Decision,
}

/// The changes of one fact that would alter what is done with a request, nearest first; of the changes of one
/// fact with the same effect, only the nearest.
///
/// Found by deciding again in every neighbouring region of every fact on which the decision may depend. The
/// facts of the moment that only order targets (prices, speeds) stay as they are.
#[must_use]
pub fn changes(policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &OwnedFacts) -> Vec<Change> {
    let now = decide(policy, catalogue, alias, &facts.borrow());
    let regions = Regions::of(policy, catalogue);
    let mut found: Vec<Change> = Vec::new();
    let neighbours = regions.facts().flat_map(|fact| {
        let values = regions.neighbours(fact, &facts.get(fact));
        values.into_iter().map(move |(steps, to)| (fact.clone(), steps, to))
    });
    for (fact, steps, to) in neighbours.chain(other_budgets(catalogue, alias, facts)) {
        let Some(decision) = decided(policy, catalogue, alias, facts, &fact, &to) else { continue };
        let is_known =
            found.iter().any(|known| known.fact == fact && same_effect(&known.decision, &decision));
        if !is_known && !same_effect(&now, &decision) {
            found.push(Change { from: facts.get(&fact), fact, to, steps, decision });
        }
    }
    found.sort_by_key(|change| change.steps);
    found
}

/// Where the caller has a budget, the least that would pay for each target, and the most that would not.
fn other_budgets(
    catalogue: &Catalogue,
    alias: &Alias,
    facts: &OwnedFacts,
) -> impl Iterator<Item = (Fact, usize, FactValue)> {
    let fact = Fact::Number(NumberFact::BudgetLeft);
    let has_budget = facts.get(&fact) != FactValue::Unknown;
    let expected = Expected::of(&facts.borrow());
    let targets = alias.targets().iter().filter(|_| has_budget).filter_map(|id| catalogue.target(*id));
    let costs: BTreeSet<u64> =
        targets.filter_map(|target| expected.picodollars(target)).map(micro_usd).collect();
    let values = costs.into_iter().flat_map(|cost| [cost.max(1), cost.saturating_sub(1)]);
    values.map(move |value| (fact.clone(), 1, FactValue::Number(value)))
}

/// Those of [`changes`] after which the request may be sent to `target`.
#[must_use]
pub fn ways_to(changes: &[Change], target: TargetId) -> Vec<&Change> {
    changes.iter().filter(|change| would_send(&change.decision, target)).collect()
}

fn decided(
    policy: &Policy,
    catalogue: &Catalogue,
    alias: &Alias,
    facts: &OwnedFacts,
    fact: &Fact,
    to: &FactValue,
) -> Option<Decision> {
    let changed = facts.clone().with(fact, to.clone()).ok()?;
    let alias = match (fact, to) {
        // A rule may name an alias by its beginning only.
        (Fact::Name(NameFact::RequestAlias), FactValue::Name(name)) => catalogue.alias(name)?,
        _ => alias,
    };
    Some(decide(policy, catalogue, alias, &changed.borrow()))
}

/// Whether the same is done with a request, by whatever rule.
fn same_effect(one: &Decision, other: &Decision) -> bool {
    let same_obligations = one.obligations.require == other.obligations.require;
    match (&one.action, &other.action) {
        (Action::Route(a), Action::Route(b)) => same_obligations && a == b,
        (Action::Deny(a), Action::Deny(b)) => a.code == b.code,
        (Action::Route(_), Action::Deny(_)) | (Action::Deny(_), Action::Route(_)) => false,
    }
}

fn would_send(decision: &Decision, target: TargetId) -> bool {
    match &decision.action {
        Action::Route(plan) => plan.targets().chain(plan.degrade.iter().copied()).any(|id| id == target),
        Action::Deny(_) => false,
    }
}
