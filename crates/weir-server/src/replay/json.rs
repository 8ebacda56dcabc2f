//! A replay as JSON.

use super::{AppChange, PeakLoad, Replayed, Share, TargetLoad};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Replayed {
    /// All of it, as `weir policy replay --json` and the admin API give it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let matrix = |matrix: &BTreeMap<(String, String), u64>| -> Vec<Value> {
            matrix
                .iter()
                .map(|((from, to), count)| json!({ "from": from, "to": to, "requests": count }))
                .collect()
        };
        let [before, after] = &self.zones;
        let zones = |share: &Share| json!({ "local": share.local, "cloud": share.cloud, "none": share.none, "local_share": share.local_share() });
        let peak = |peak: &PeakLoad| {
            json!({
                "busy": peak.busy,
                "utilisation": peak.utilisation,
                "wait_seconds": peak.wait.map(|wait| wait.as_secs_f64()),
            })
        };
        let load = |load: &TargetLoad| {
            json!({
                "target": load.target,
                "concurrency": load.concurrency,
                "requests": { "before": load.requests.0, "after": load.requests.1 },
                "before": peak(&load.before),
                "after": peak(&load.after),
            })
        };
        let app = |app: &&AppChange| {
            json!({
                "app": app.app,
                "requests": app.requests,
                "moved": app.moved,
                "newly_denied": app.newly_denied,
                "to_cloud": app.to_cloud,
                "cost_change_usd": app.cost_change as f64 / 1e12,
            })
        };
        json!({
            "policy_revision": self.revision,
            "requests": self.requests,
            "moved": self.moved,
            "to_cloud": self.to_cloud,
            "to_local": self.to_local,
            "newly_denied": self.newly_denied,
            "newly_allowed": self.newly_allowed,
            "rules_changed": self.rules_changed,
            "zones": { "before": zones(before), "after": zones(after) },
            "cost_usd": { "before": usd(self.cost.0), "after": usd(self.cost.1), "unknown": self.cost_unknown },
            "by_zone": matrix(&self.by_zone),
            "by_target": matrix(&self.by_target),
            "by_rule": matrix(&self.by_rule),
            "by_denial": matrix(&self.by_denial),
            "load": self.load.iter().map(load).collect::<Vec<_>>(),
            "most_affected": self.most_affected().iter().map(app).collect::<Vec<_>>(),
            "skipped": { "undecided": self.skipped.undecided, "unknown_alias": self.skipped.unknown_alias },
            "incomplete": self.incomplete,
        })
    }
}

fn usd(picodollars: u128) -> f64 {
    picodollars as f64 / 1e12
}
