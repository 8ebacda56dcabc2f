//! The decisions that were made, and what is wrong with them.

use super::Decide;
use super::rules::{dead_end, without_target};
use super::spec::breaches;
use crate::finding::{Finding, Kind};
use std::collections::{BTreeMap, BTreeSet};
use weir_policy::{Action, Catalogue, Decision, DenialCode, OwnedFacts, Policy, RuleAction, RuleName};

/// A decision about a request that stands for all in the same circumstances that the same rule decides about.
#[derive(Debug)]
pub(super) struct Example {
    /// The number of the rule that should decide.
    pub rule: usize,
    pub request: OwnedFacts,
    pub decision: Decision,
}

/// Of all decisions what findings are made of.
pub(super) struct Made<'p> {
    policy: &'p Policy,
    catalogue: &'p Catalogue,
    decide: &'p Decide<'p>,
    count: usize,
    /// The same fault shows in many regions; one example is enough.
    breaches: BTreeMap<(Kind, Option<RuleName>, String), Finding>,
    /// The first request of each rule, while every one is denied.
    denied: BTreeMap<usize, Option<Example>>,
    /// Aliases of which requests find no target, and one of them.
    without_target: BTreeMap<DenialCode, (BTreeSet<String>, OwnedFacts)>,
}

impl<'p> Made<'p> {
    pub fn new(policy: &'p Policy, catalogue: &'p Catalogue, decide: &'p Decide<'p>) -> Self {
        Self {
            policy,
            catalogue,
            decide,
            count: 0,
            breaches: BTreeMap::new(),
            denied: BTreeMap::new(),
            without_target: BTreeMap::new(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Decides about a request that this rule should decide about.
    pub fn decide(&mut self, rule: usize, request: OwnedFacts) {
        let facts = request.borrow();
        let Some(alias) = self.catalogue.alias(facts.request.alias) else { return };
        let decision = (self.decide)(self.policy, self.catalogue, alias, &facts);
        self.count += 1;
        let made = Example { rule, request, decision };
        for breach in breaches(self.policy, self.catalogue, &made) {
            let key = (breach.kind, breach.rule.clone(), breach.message.clone());
            self.breaches.entry(key).or_insert(breach);
        }
        match &made.decision.action {
            Action::Route(_) => _ = self.denied.insert(rule, None),
            Action::Deny(denial) => {
                if denial.code != DenialCode::PolicyDenied {
                    let alias = made.request.borrow().request.alias.to_owned();
                    let no_target = self.without_target.entry(denial.code);
                    no_target.or_insert_with(|| (BTreeSet::new(), made.request.clone())).0.insert(alias);
                }
                self.denied.entry(rule).or_insert(Some(made));
            }
        }
    }

    /// What is wrong with them, and which rules and requests find no target.
    pub fn findings(self) -> Vec<Finding> {
        let wants_targets = |number: &usize| {
            let rule = self.policy.rules().get(*number);
            rule.filter(|rule| matches!(rule.action, RuleAction::Route(_)))
        };
        let dead_ends = self
            .denied
            .into_iter()
            .filter_map(|(number, denied)| Some(dead_end(wants_targets(&number)?, &denied?)));
        let without_target = self
            .without_target
            .into_iter()
            .map(|(code, (aliases, example))| without_target(code, aliases, example));
        self.breaches.into_values().chain(dead_ends).chain(without_target).collect()
    }
}
