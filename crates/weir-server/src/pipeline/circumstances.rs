//! What a rule may look at beyond the request and its caller: cost, capacity, time, and what the task is here.

use super::admit::kind_of_work;
use super::fitness::unfit;
use super::identify::Caller;
use super::inspect::Inspected;
use super::task::task_facts;
use crate::gateway::Gateway;
use crate::snapshot::Snapshot;
use crate::spending::{periods, purses};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_dispatch::cost::{Caps, Left, Purse};
use weir_label::ZoneKind;
use weir_policy::{
    Alias, CapacityFacts, CostFacts, Expected, Load, TargetId, TaskFacts, Tier, TimeFacts, Unfit,
};
use weir_wire::request::Api;

/// The facts of the moment.
#[derive(Debug, Default)]
pub(crate) struct Circumstances {
    pub cost: CostFacts,
    pub time: TimeFacts,
    pub task: TaskFacts,
    /// Tokens of the prompt, about, as the alias's first target counts them.
    pub prompt_tokens: u64,
    local: Load,
    cloud: Load,
    named: BTreeMap<Arc<str>, Load>,
    /// The targets that cannot serve the request.
    pub unfit: BTreeMap<TargetId, Unfit>,
    /// What the request is paid from, as far as that is bounded.
    pub purses: Vec<(Purse, Caps)>,
    /// What is left of the one that has least.
    pub left: Option<Left>,
    /// How good targets are at such a task, as far as something was heard of them.
    pub quality: BTreeMap<TargetId, u64>,
}

impl Circumstances {
    /// Of a request alone: no time, no targets.
    pub fn nowhere(inspected: &Inspected) -> Self {
        Self { prompt_tokens: inspected.prompt_tokens(), ..Self::default() }
    }

    /// Without a look at the targets: what is known where nothing runs.
    pub fn unmeasured(snapshot: &Snapshot, alias: &Alias, inspected: &Inspected, unix_seconds: i64) -> Self {
        let tokens = (inspected.prompt_tokens(), None);
        Self {
            task: task_facts(inspected, None),
            ..Self::expecting(tokens, snapshot, alias, inspected, unix_seconds)
        }
    }

    /// What follows where the prompt has so many tokens, and answers to such requests have had so many.
    fn expecting(
        (prompt_tokens, output_tokens): (u64, Option<u64>),
        snapshot: &Snapshot,
        alias: &Alias,
        inspected: &Inspected,
        unix_seconds: i64,
    ) -> Self {
        let loaded = &snapshot.loaded;
        let time = loaded.time_zone.facts_at(unix_seconds);
        let expected = Expected {
            prompt_tokens,
            max_output_tokens: inspected.request.content().max_output_tokens(),
            output_tokens,
            day: time.day,
            tier: Tier::of_word(inspected.request.content().service_tier()),
        };
        Self {
            cost: CostFacts::estimate(&loaded.catalogue, alias, expected),
            prompt_tokens,
            time,
            unfit: unfit(snapshot, alias, inspected.request.content()),
            ..Self::default()
        }
    }

    /// As they are now. Targets, and how long answers are, are looked at only if the policy or a budget does.
    pub fn now(
        gateway: &Gateway,
        snapshot: &Snapshot,
        alias: &Alias,
        (inspected, caller): (&Inspected, &Caller),
    ) -> Self {
        let unix_seconds = gateway.wall.unix_seconds();
        // Weir counts tokens and keeps files by itself, for nothing.
        let api = inspected.request.content().api();
        let is_free = api.counts_tokens() || api == Api::Files;
        let bounded = || purses(&snapshot.loaded.config, caller.key.as_deref());
        let purses = if is_free { Vec::new() } else { bounded() };
        let needs_output = snapshot.loaded.policy.looks_at_cost() || !purses.is_empty();
        let output = || gateway.desk.known_output(kind_of_work(inspected));
        let output = if needs_output { output() } else { None };
        let first = alias.targets().first().and_then(|id| snapshot.loaded.catalogue.target(*id));
        let prompt = inspected.prompt_tokens_at(first, gateway);
        let mut now = Self::expecting((prompt, output), snapshot, alias, inspected, unix_seconds);
        if !purses.is_empty() {
            now.left = gateway.spending.left(&purses, periods(unix_seconds));
            now.cost.budget_left_micro_usd = now.left.as_ref().map(|left| left.micro_usd);
            now.purses = purses;
        }
        now.task = task_facts(inspected, Some(&gateway.ranks));
        if snapshot.loaded.policy.looks_at_quality() {
            now.quality = gateway.quality.measured(snapshot, alias, now.task.kind);
        }
        if snapshot.loaded.policy.looks_at_capacity() {
            now.measure(gateway, snapshot, alias, prompt);
        }
        now
    }

    /// How full the targets are.
    pub fn capacity(&self) -> CapacityFacts<'_> {
        CapacityFacts { local: self.local, cloud: self.cloud, named: &self.named }
    }

    fn measure(&mut self, gateway: &Gateway, snapshot: &Snapshot, alias: &Alias, prompt_tokens: u64) {
        let catalogue = &snapshot.loaded.catalogue;
        let of_alias = || alias.targets().iter().filter_map(|id| Some((*id, catalogue.target(*id)?)));
        let of_zone = |zone| -> Vec<Arc<str>> {
            of_alias()
                .filter(|(_, target)| target.zone() == zone)
                .map(|(_, target)| target.name.clone())
                .collect()
        };
        let tokens = u32::try_from(prompt_tokens).unwrap_or(u32::MAX);
        let load = |targets: &[Arc<str>]| load(gateway, targets, tokens);
        self.local = load(&of_zone(ZoneKind::Local));
        self.cloud = load(&of_zone(ZoneKind::Cloud));
        for (pool, members) in snapshot.loaded.policy.pools() {
            let is_member = |id: &TargetId| members.contains(id);
            let names: Vec<Arc<str>> =
                of_alias().filter(|(id, _)| is_member(id)).map(|(_, target)| target.name.clone()).collect();
            self.named.insert(pool.clone(), load(&names));
        }
        for (_, target) in of_alias() {
            let one = std::slice::from_ref(&target.name);
            self.named.entry(target.name.clone()).or_insert_with(|| load(one));
        }
    }
}

const WHOLE: u64 = 1_000_000;

/// How full targets are together, and how soon the first of them would send the first token of a prompt of so many
/// tokens, waiting included.
fn load(gateway: &Gateway, targets: &[Arc<str>], prompt_tokens: u32) -> Load {
    if targets.is_empty() {
        return Load { utilisation_millionths: Some(WHOLE), queue: Some(0), ttft_ms: None };
    }
    let load = gateway.desk.load(targets, prompt_tokens);
    let first_token = load.first_token.map(|time| time.saturating_add(load.wait));
    Load {
        utilisation_millionths: utilisation(load.in_flight, load.places),
        queue: u64::try_from(load.queued).ok(),
        ttft_ms: first_token.and_then(|time| u64::try_from(time.as_millis()).ok()),
    }
}

/// Without a limit a target that does nothing is idle, and how busy it is otherwise is unknown.
fn utilisation(in_flight: u32, places: Option<u32>) -> Option<u64> {
    match (in_flight, places) {
        (0, _) => Some(0),
        (_, None) => None,
        (_, Some(0)) => Some(WHOLE),
        (in_flight, Some(places)) => Some((u64::from(in_flight) * WHOLE / u64::from(places)).min(WHOLE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utilisation_is_the_share_of_places_that_are_taken() {
        assert_eq!(utilisation(0, None), Some(0));
        assert_eq!(utilisation(3, None), None);
        assert_eq!(utilisation(1, Some(4)), Some(250_000));
        assert_eq!(utilisation(9, Some(4)), Some(WHOLE));
    }
}
