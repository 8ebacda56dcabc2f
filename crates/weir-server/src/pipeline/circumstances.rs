//! What a rule may look at beyond the request and its caller: cost, capacity, time, and what the task is here.

use super::fitness::unfit;
use super::inspect::Inspected;
use super::task::task_facts;
use crate::gateway::Gateway;
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_label::ZoneKind;
use weir_policy::{Alias, CapacityFacts, CostFacts, Load, TargetId, TaskFacts, TimeFacts, Unfit};

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
}

impl Circumstances {
    /// Of a request alone: no time, no targets.
    pub fn nowhere(inspected: &Inspected) -> Self {
        Self { prompt_tokens: inspected.prompt_tokens(), ..Self::default() }
    }

    /// Without a look at the targets: what is known where nothing runs.
    pub fn unmeasured(snapshot: &Snapshot, alias: &Alias, inspected: &Inspected, unix_seconds: i64) -> Self {
        let loaded = &snapshot.loaded;
        let (limit, prompt_tokens) =
            (inspected.request.content().max_output_tokens(), inspected.prompt_tokens());
        Self {
            cost: CostFacts::estimate(&loaded.catalogue, alias, prompt_tokens, limit),
            prompt_tokens,
            time: loaded.time_zone.facts_at(unix_seconds),
            task: task_facts(inspected.task.as_ref(), None),
            unfit: unfit(snapshot, alias, inspected.request.content()),
            ..Self::default()
        }
    }

    /// As they are now. Targets are looked at only if the policy does.
    pub fn now(gateway: &Gateway, snapshot: &Snapshot, alias: &Alias, inspected: &Inspected) -> Self {
        let mut now = Self::unmeasured(snapshot, alias, inspected, gateway.wall.unix_seconds());
        now.task = task_facts(inspected.task.as_ref(), Some(&gateway.ranks));
        let first = alias.targets().first().and_then(|id| snapshot.loaded.catalogue.target(*id));
        if let Some(first) = first {
            now.prompt_tokens = gateway.counts.of(&first.name, now.prompt_tokens);
        }
        if snapshot.loaded.policy.looks_at_capacity() {
            now.measure(gateway, snapshot, alias);
        }
        now
    }

    /// How full the targets are.
    pub fn capacity(&self) -> CapacityFacts<'_> {
        CapacityFacts { local: self.local, cloud: self.cloud, named: &self.named }
    }

    fn measure(&mut self, gateway: &Gateway, snapshot: &Snapshot, alias: &Alias) {
        let catalogue = &snapshot.loaded.catalogue;
        let of_alias = || alias.targets().iter().filter_map(|id| Some((*id, catalogue.target(*id)?)));
        let of_zone = |zone| -> Vec<Arc<str>> {
            of_alias()
                .filter(|(_, target)| target.zone() == zone)
                .map(|(_, target)| target.name.clone())
                .collect()
        };
        self.local = load(gateway, &of_zone(ZoneKind::Local));
        self.cloud = load(gateway, &of_zone(ZoneKind::Cloud));
        for (pool, members) in snapshot.loaded.policy.pools() {
            let is_member = |id: &TargetId| members.contains(id);
            let names: Vec<Arc<str>> =
                of_alias().filter(|(id, _)| is_member(id)).map(|(_, target)| target.name.clone()).collect();
            self.named.insert(pool.clone(), load(gateway, &names));
        }
        for (_, target) in of_alias() {
            let one = std::slice::from_ref(&target.name);
            self.named.entry(target.name.clone()).or_insert_with(|| load(gateway, one));
        }
    }
}

const WHOLE: u64 = 1_000_000;

fn load(gateway: &Gateway, targets: &[Arc<str>]) -> Load {
    if targets.is_empty() {
        return Load { utilisation_millionths: Some(WHOLE), queue: Some(0), ttft_ms: None };
    }
    let load = gateway.desk.load(targets, 0);
    let first_token = gateway.speeds.shortest(targets).map(|time| time.saturating_add(load.wait));
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
