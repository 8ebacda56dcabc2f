//! How busy targets were, and would be.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;
use weir_audit::WallTime;
use weir_config::{Concurrency, Config};
use weir_policy::{Catalogue, TargetId};

/// The time over which busy time is added up: long enough to have a mean, short enough for a peak.
const BUCKET: Duration = Duration::from_secs(300);

/// How busy one target was, and would be.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetLoad {
    /// `backend/model`.
    pub target: String,
    /// The most requests it takes at a time.
    pub concurrency: Option<u32>,
    /// Requests that it had, and would have.
    pub requests: (u64, u64),
    /// In its busiest five minutes, as they were.
    pub before: PeakLoad,
    /// In its busiest five minutes, as they would be.
    pub after: PeakLoad,
}

/// The load of the busiest five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PeakLoad {
    /// Mean number of requests at a time.
    pub busy: f64,
    /// That, as a share of its places; `None` without a limit.
    pub utilisation: Option<f64>,
    /// Mean wait for a place; `None` without a limit, and when the queue would only grow.
    pub wait: Option<Duration>,
}

/// Busy time by target and five minutes.
pub(super) struct Loads {
    concurrency: BTreeMap<TargetId, NonZeroU32>,
    targets: BTreeMap<TargetId, Target>,
}

#[derive(Default)]
struct Target {
    requests: (u64, u64),
    /// Busy time of all requests that it had, to learn how long one takes.
    service_us: u64,
    buckets: BTreeMap<u64, Bucket>,
}

#[derive(Default, Clone, Copy)]
struct Bucket {
    before_us: u64,
    before: u64,
    /// Busy time of the requests that stay.
    kept_us: u64,
    kept: u64,
    /// Requests that come from elsewhere, whose time here is not known.
    added: u64,
}

impl Loads {
    pub fn of(config: &Config, catalogue: &Catalogue) -> Self {
        let models = config.backends.iter().flat_map(|backend| &backend.models);
        let limited = models.filter_map(|model| match model.concurrency {
            Concurrency::AtMost(limit) => Some((model.target, limit)),
            Concurrency::Auto | Concurrency::Unlimited => None,
        });
        let targets = catalogue.targets().map(|(id, _)| (id, Target::default()));
        Self { concurrency: limited.collect(), targets: targets.collect() }
    }

    /// Adds a request that was at one target, and would be at another or the same.
    pub fn add(
        &mut self,
        at: WallTime,
        before: Option<TargetId>,
        after: Option<TargetId>,
        service_us: u64,
        is_elsewhere: bool,
    ) {
        let bucket = at.unix_ms() / BUCKET.as_millis() as u64;
        if let Some(target) = before.and_then(|id| self.targets.get_mut(&id)) {
            target.requests.0 += 1;
            target.service_us = target.service_us.saturating_add(service_us);
            let bucket = target.buckets.entry(bucket).or_default();
            bucket.before += 1;
            bucket.before_us = bucket.before_us.saturating_add(service_us);
        }
        if let Some(target) = after.and_then(|id| self.targets.get_mut(&id)) {
            target.requests.1 += 1;
            let bucket = target.buckets.entry(bucket).or_default();
            if is_elsewhere || before != after {
                bucket.added += 1;
            } else {
                bucket.kept += 1;
                bucket.kept_us = bucket.kept_us.saturating_add(service_us);
            }
        }
    }

    /// Adds what was added to another.
    pub fn join(&mut self, other: Self) {
        for (id, from) in other.targets {
            let to = self.targets.entry(id).or_default();
            to.requests = (to.requests.0 + from.requests.0, to.requests.1 + from.requests.1);
            to.service_us = to.service_us.saturating_add(from.service_us);
            for (time, from) in from.buckets {
                let Bucket { before_us, before, kept_us, kept, added } = from;
                let to = to.buckets.entry(time).or_default();
                to.before_us = to.before_us.saturating_add(before_us);
                to.kept_us = to.kept_us.saturating_add(kept_us);
                to.before += before;
                to.kept += kept;
                to.added += added;
            }
        }
    }

    /// The load of each target that had or would have a request.
    pub fn finish(self, catalogue: &Catalogue) -> Vec<TargetLoad> {
        let all = self.targets.values().fold((0_u64, 0_u64), |(requests, service), target| {
            (requests + target.requests.0, service.saturating_add(target.service_us))
        });
        let anywhere = mean(all.1, all.0).unwrap_or(0.0);
        let used = self.targets.iter().filter(|(_, target)| target.requests != (0, 0));
        let load = |(id, target): (&TargetId, &Target)| {
            let concurrency = self.concurrency.get(id).copied();
            // Of a target that nobody has used it is not known how long a request takes there.
            let service_us = mean(target.service_us, target.requests.0).unwrap_or(anywhere);
            let peak = |busy_us: &dyn Fn(&Bucket) -> (f64, u64)| {
                let busiest = target.buckets.values().map(busy_us).max_by(|a, b| a.0.total_cmp(&b.0));
                let (busy_us, requests) = busiest.unwrap_or((0.0, 0));
                peak_load(busy_us, requests, concurrency)
            };
            Some(TargetLoad {
                target: catalogue.target(*id)?.name.to_string(),
                concurrency: concurrency.map(NonZeroU32::get),
                requests: target.requests,
                before: peak(&|bucket| (bucket.before_us as f64, bucket.before)),
                after: peak(&|bucket| {
                    let added = bucket.added as f64 * service_us;
                    (bucket.kept_us as f64 + added, bucket.kept + bucket.added)
                }),
            })
        };
        used.filter_map(load).collect()
    }
}

fn mean(sum: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}

fn peak_load(busy_us: f64, requests: u64, concurrency: Option<NonZeroU32>) -> PeakLoad {
    let busy = busy_us / BUCKET.as_micros() as f64;
    let places = concurrency.map(NonZeroU32::get);
    let service_us = if requests == 0 { 0.0 } else { busy_us / requests as f64 };
    PeakLoad {
        busy,
        utilisation: places.map(|places| busy / f64::from(places)),
        wait: places.and_then(|places| mean_wait(busy, places, service_us)),
    }
}

/// Mean wait for one of `places` when `busy` are taken in the mean and one is taken for `service_us`; `None` when
/// the queue would only grow.
///
/// Source: Erlang's delay formula, by the recurrence of his loss formula; Kleinrock, "Queueing Systems", vol. 1
/// (1975), chapter 3, M/M/m.
fn mean_wait(busy: f64, places: u32, service_us: f64) -> Option<Duration> {
    let places = f64::from(places);
    if busy >= places {
        return None;
    }
    let mut loss = 1.0;
    let mut place = 1.0;
    while place <= places {
        loss = busy * loss / (place + busy * loss);
        place += 1.0;
    }
    let delayed = loss / (1.0 - busy / places * (1.0 - loss));
    let wait_us = delayed * service_us / (places - busy);
    Some(Duration::from_micros(wait_us as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_those_of_the_textbook() {
        // One place: the wait is service × ρ / (1 − ρ).
        let one = mean_wait(0.5, 1, 1_000.0).unwrap();
        assert_eq!(one, Duration::from_millis(1));
        // Two places, ρ = 0.75: the probability to wait is 2ρ²/(1+ρ) = 0.642857.
        let two = mean_wait(1.5, 2, 1_000_000.0).unwrap();
        assert!((two.as_secs_f64() - 0.642_857 / 0.5).abs() < 1e-3, "{two:?}");
        assert_eq!(mean_wait(0.0, 4, 1_000.0), Some(Duration::ZERO));
        assert_eq!(mean_wait(4.0, 4, 1_000.0), None);
    }
}
