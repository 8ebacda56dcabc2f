//! What a replay comes to.

use super::condition::{Measure, Measured};
use super::load::TargetLoad;
use std::borrow::Borrow;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

/// The applications that are listed.
const APPS_MAX: usize = 10;

/// What another policy would have made of recorded requests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Replayed {
    /// The revision of that policy.
    pub revision: String,
    /// Requests that were decided again.
    pub requests: u64,
    /// Those with another zone, target or denial.
    pub moved: u64,
    /// Those with another rule.
    pub rules_changed: u64,
    /// Those that would go to the cloud and did not.
    pub to_cloud: u64,
    /// Those that would stay and did not.
    pub to_local: u64,
    /// Those that would be refused and were not.
    pub newly_denied: u64,
    /// Those that would not be refused and were.
    pub newly_allowed: u64,
    /// Requests that were local, in the cloud, and neither: as it was and as it would be.
    pub zones: [Share; 2],
    /// From and to: zones, or `denied`, or `rejected` for want of a place.
    pub by_zone: BTreeMap<(String, String), u64>,
    /// From and to: targets.
    pub by_target: BTreeMap<(String, String), u64>,
    /// From and to: rules.
    pub by_rule: BTreeMap<(String, String), u64>,
    /// From and to: denials.
    pub by_denial: BTreeMap<(String, String), u64>,
    /// Cost of the requests whose cost is known on both sides, in picodollars (10⁻¹² USD).
    pub cost: (u128, u128),
    /// Requests whose cost is not known on one side.
    pub cost_unknown: u64,
    /// How busy targets were and would be.
    pub load: Vec<TargetLoad>,
    /// Requests whose record had lost a part of the facts because a list was too long.
    pub incomplete: u64,
    /// Records that were not decided again.
    pub skipped: Skipped,
    pub(super) apps: HashMap<Arc<str>, AppChange>,
}

/// Requests by where they ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Inside the network.
    pub local: u64,
    /// Outside.
    pub cloud: u64,
    /// Nowhere.
    pub none: u64,
}

impl Share {
    fn add(&mut self, zone: &str) {
        match zone {
            "local" => self.local += 1,
            "cloud" => self.cloud += 1,
            _ => self.none += 1,
        }
    }

    /// The share of those that ran that ran inside.
    #[must_use]
    pub fn local_share(&self) -> Option<f64> {
        let ran = self.local + self.cloud;
        (ran > 0).then(|| self.local as f64 / ran as f64)
    }
}

/// Records that were not decided again, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    /// They ended before a policy was asked: without a key, without a readable body.
    pub undecided: u64,
    /// They asked for a model name that the configuration does not have.
    pub unknown_alias: u64,
}

/// What would change for one application.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppChange {
    /// The application, or else the key.
    pub app: String,
    /// Its requests.
    pub requests: u64,
    /// Those that move.
    pub moved: u64,
    /// Those newly refused.
    pub newly_denied: u64,
    /// Those that newly go to the cloud.
    pub to_cloud: u64,
    /// The change of cost, in picodollars.
    pub cost_change: i128,
}

/// One side of a comparison.
pub(super) struct Side<'a> {
    pub rule: &'a str,
    pub zone: &'a str,
    pub target: Option<&'a str>,
    pub denied: Option<&'a str>,
    pub cost: Option<u128>,
}

/// Whether a request would be at another target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    No,
    Elsewhere,
}

impl Replayed {
    pub(super) fn new(revision: String) -> Self {
        Self { revision, ..Self::default() }
    }

    /// Adds a request.
    pub(super) fn add(&mut self, app: &Arc<str>, before: &Side<'_>, after: &Side<'_>) -> Moved {
        self.requests += 1;
        let [was, would_be] = &mut self.zones;
        was.add(before.zone);
        would_be.add(after.zone);
        let app = self.app(app);
        app.requests += 1;
        let has_moved =
            (before.zone, before.target, before.denied) != (after.zone, after.target, after.denied);
        let runs = |side: &Side<'_>| matches!(side.zone, "local" | "cloud");
        let to_cloud = after.zone == "cloud" && before.zone != "cloud";
        let newly_denied = runs(before) && !runs(after);
        app.moved += u64::from(has_moved);
        app.to_cloud += u64::from(to_cloud);
        app.newly_denied += u64::from(newly_denied);
        if let (Some(was), Some(would_be)) = (before.cost, after.cost) {
            let signed = |cost: u128| i128::try_from(cost).unwrap_or(i128::MAX);
            app.cost_change = app.cost_change.saturating_add(signed(would_be) - signed(was));
            self.cost = (self.cost.0.saturating_add(was), self.cost.1.saturating_add(would_be));
        } else {
            self.cost_unknown += 1;
        }
        self.moved += u64::from(has_moved);
        self.to_cloud += u64::from(to_cloud);
        self.to_local += u64::from(after.zone == "local" && before.zone != "local");
        self.newly_denied += u64::from(newly_denied);
        self.newly_allowed += u64::from(!runs(before) && runs(after));
        self.rules_changed += u64::from(before.rule != after.rule);
        count(&mut self.by_zone, before.zone, after.zone);
        count(&mut self.by_rule, before.rule, after.rule);
        count(&mut self.by_target, before.target.unwrap_or(NONE), after.target.unwrap_or(NONE));
        count(&mut self.by_denial, before.denied.unwrap_or(NONE), after.denied.unwrap_or(NONE));
        if before.target == after.target { Moved::No } else { Moved::Elsewhere }
    }

    /// Adds what other requests come to; the load of targets is not part of it.
    pub(super) fn join(&mut self, other: Self) {
        // No `..`: a new count must be joined too.
        let Self {
            revision: _,
            requests,
            moved,
            rules_changed,
            to_cloud,
            to_local,
            newly_denied,
            newly_allowed,
            zones,
            by_zone,
            by_target,
            by_rule,
            by_denial,
            cost,
            cost_unknown,
            load: _,
            incomplete,
            skipped,
            apps,
        } = other;
        self.requests += requests;
        self.moved += moved;
        self.rules_changed += rules_changed;
        self.to_cloud += to_cloud;
        self.to_local += to_local;
        self.newly_denied += newly_denied;
        self.newly_allowed += newly_allowed;
        for (to, from) in self.zones.iter_mut().zip(zones) {
            to.local += from.local;
            to.cloud += from.cloud;
            to.none += from.none;
        }
        join(&mut self.by_zone, by_zone);
        join(&mut self.by_target, by_target);
        join(&mut self.by_rule, by_rule);
        join(&mut self.by_denial, by_denial);
        self.cost = (self.cost.0.saturating_add(cost.0), self.cost.1.saturating_add(cost.1));
        self.cost_unknown += cost_unknown;
        self.incomplete += incomplete;
        self.skipped.undecided += skipped.undecided;
        self.skipped.unknown_alias += skipped.unknown_alias;
        for (name, from) in apps {
            let to = self.app(&name);
            to.requests += from.requests;
            to.moved += from.moved;
            to.newly_denied += from.newly_denied;
            to.to_cloud += from.to_cloud;
            to.cost_change = to.cost_change.saturating_add(from.cost_change);
        }
    }

    fn app(&mut self, app: &Arc<str>) -> &mut AppChange {
        if !self.apps.contains_key(app) {
            self.apps.insert(app.clone(), AppChange { app: app.to_string(), ..AppChange::default() });
        }
        self.apps.entry(app.clone()).or_default()
    }

    /// The ten applications of which most requests move; those of which none does are left out.
    #[must_use]
    pub fn most_affected(&self) -> Vec<&AppChange> {
        let mut apps: Vec<&AppChange> = self.apps.values().filter(|app| app.moved > 0).collect();
        apps.sort_by(|a, b| (Reverse(a.moved), &a.app).cmp(&(Reverse(b.moved), &b.app)));
        apps.truncate(APPS_MAX);
        apps
    }

    /// Everybody's, for whoever compares.
    pub fn apps(&self) -> impl Iterator<Item = &AppChange> {
        self.apps.values()
    }

    pub(super) fn measure(&self, measure: Measure) -> Measured {
        let count = |count: u64| Measured {
            count: count as f64,
            share: if self.requests == 0 { 0.0 } else { count as f64 / self.requests as f64 },
        };
        let [was, would_be] = &self.zones;
        match measure {
            Measure::Moved => count(self.moved),
            Measure::Denied => count(self.newly_denied),
            Measure::Allowed => count(self.newly_allowed),
            Measure::ToCloud => count(self.to_cloud),
            Measure::ToLocal => count(self.to_local),
            Measure::Incomplete => count(self.incomplete),
            Measure::CloudShare => {
                let cloud = |share: &Share| share.local_share().map_or(0.0, |local| 1.0 - local);
                Measured::share(cloud(would_be) - cloud(was))
            }
            Measure::Cost => {
                let (was, would_be) = self.cost;
                let rise = would_be as f64 - was as f64;
                Measured::share(if was == 0 {
                    if rise > 0.0 { f64::INFINITY } else { 0.0 }
                } else {
                    rise / was as f64
                })
            }
            Measure::Utilisation => {
                let peaks = self.load.iter().filter_map(|load| load.after.utilisation);
                Measured::share(peaks.fold(0.0, f64::max))
            }
        }
    }
}

/// What stands for a request that has no target, or is not denied.
const NONE: &str = "-";

fn count(matrix: &mut BTreeMap<(String, String), u64>, from: &str, to: &str) {
    match matrix.get_mut(&(from, to) as &dyn Way) {
        Some(count) => *count += 1,
        None => drop(matrix.insert((from.to_owned(), to.to_owned()), 1)),
    }
}

/// From and to, whoever owns them: a place in a matrix is found without a copy of its name.
trait Way {
    fn ends(&self) -> (&str, &str);
}

impl Way for (String, String) {
    fn ends(&self) -> (&str, &str) {
        (&self.0, &self.1)
    }
}

impl Way for (&str, &str) {
    fn ends(&self) -> (&str, &str) {
        *self
    }
}

impl<'w> Borrow<dyn Way + 'w> for (String, String) {
    fn borrow(&self) -> &(dyn Way + 'w) {
        self
    }
}

impl PartialEq for dyn Way + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.ends() == other.ends()
    }
}

impl Eq for dyn Way + '_ {}

impl PartialOrd for dyn Way + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn Way + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ends().cmp(&other.ends())
    }
}

fn join(matrix: &mut BTreeMap<(String, String), u64>, other: BTreeMap<(String, String), u64>) {
    for (way, requests) in other {
        *matrix.entry(way).or_default() += requests;
    }
}
