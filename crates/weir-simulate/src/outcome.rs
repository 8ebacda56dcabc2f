use crate::policy::Policy;
use crate::world::{Place, Scenario};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of one request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fate {
    pub place: Option<Place>,
    pub first_s: Option<f64>,
    pub end_s: Option<f64>,
    pub is_refused: bool,
}

/// What came of a simulation. Times in seconds, shares from 0 to 1 of all requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Under which policy.
    pub policy: Policy,
    /// How many requests there were.
    pub requests: usize,
    /// Half of the first tokens came within this.
    pub first_token_p50_s: f64,
    /// 95 of a hundred.
    pub first_token_p95_s: f64,
    /// 99 of a hundred.
    pub first_token_p99_s: f64,
    /// First tokens within the target.
    pub in_target: Shares,
    /// Half of the answers took no longer for each token.
    pub per_token_p50_s: f64,
    /// 95 of a hundred.
    pub per_token_p95_s: f64,
    /// Requests that ran on one's own servers, the smaller model included.
    pub local_share: f64,
    /// Requests that went to the cloud.
    pub burst_share: f64,
    /// Requests that went to the smaller model.
    pub degraded_share: f64,
    /// Requests that were refused.
    pub refused: usize,
    /// Requests that were neither served nor refused: there must be none.
    pub lost: usize,
    /// Classified requests that went to the cloud: there must be none.
    pub leaked: usize,
    /// USD an hour, servers and cloud.
    pub usd_per_hour: f64,
    /// USD an hour of that for the cloud.
    pub cloud_usd_per_hour: f64,
    /// The share of the time in which the servers worked.
    pub utilisation: f64,
    /// By how many seconds predictions were wrong, in the median.
    pub prediction_error_s: Option<f64>,
    /// Requests a second whose answer came before its deadline and whose first token came in time.
    pub goodput_per_s: f64,
    /// Tokens that each tenant was served while requests came, outputs counted twice.
    pub served: BTreeMap<Arc<str>, f64>,
}

/// A share of all requests, of the classified ones and of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Of all.
    pub all: f64,
    /// Of the classified ones; 1 if there are none.
    pub classified: f64,
    /// Of the others; 1 if there are none.
    pub other: f64,
}

impl Outcome {
    pub(crate) fn of(
        scenario: &Scenario,
        policy: Policy,
        fates: &[Fate],
        busy_s: &[f64],
        prediction_error_s: Option<f64>,
    ) -> Self {
        let pairs: Vec<_> = scenario.requests.iter().zip(fates).collect();
        let count = pairs.len().max(1) as f64;
        let span_s = scenario.requests.last().map_or(1.0, |last| last.at_s).max(1e-3);
        let first: Vec<f64> = pairs.iter().filter_map(|(r, fate)| Some(fate.first_s? - r.at_s)).collect();
        let first = sorted(first);
        let per_token = pairs.iter().filter(|(r, _)| r.output_tokens > 1).filter_map(|(r, fate)| {
            Some((fate.end_s? - fate.first_s?) / f64::from(r.output_tokens.saturating_sub(1)))
        });
        let per_token = sorted(per_token.collect());
        let share = |is: &dyn Fn(Place) -> bool| {
            pairs.iter().filter(|(_, fate)| fate.place.is_some_and(is)).count() as f64 / count
        };
        let cloud = scenario.cloud.unwrap_or_default();
        let bursts = pairs.iter().filter(|(_, fate)| fate.place == Some(Place::Cloud));
        let cloud_usd: f64 = bursts.clone().map(|(r, _)| cloud.usd(r.input_tokens, r.output_tokens)).sum();
        let small = scenario.small.filter(|_| policy.uses_small());
        let servers = scenario.profile.usd_per_hour * scenario.replicas as f64
            + small.map_or(0.0, |small| small.usd_per_hour);
        let cloud_usd_per_hour = cloud_usd / span_s * 3600.0;
        let main = busy_s.get(..scenario.replicas).unwrap_or_default();
        let busy: f64 = main.iter().map(|busy| busy.min(span_s)).sum();
        let good = pairs.iter().filter(|(r, fate)| is_good(scenario, r, fate)).count() as f64;
        Self {
            policy,
            requests: pairs.len(),
            first_token_p50_s: quantile(&first, 0.50),
            first_token_p95_s: quantile(&first, 0.95),
            first_token_p99_s: quantile(&first, 0.99),
            in_target: in_target(scenario, fates),
            per_token_p50_s: quantile(&per_token, 0.50),
            per_token_p95_s: quantile(&per_token, 0.95),
            local_share: share(&|place| place != Place::Cloud),
            burst_share: share(&|place| place == Place::Cloud),
            degraded_share: share(&|place| place == Place::Replica(scenario.replicas)),
            refused: fates.iter().filter(|fate| fate.is_refused).count(),
            lost: fates.iter().filter(|fate| !fate.is_refused && fate.end_s.is_none()).count(),
            leaked: bursts.filter(|(r, _)| r.classified).count(),
            usd_per_hour: servers + cloud_usd_per_hour,
            cloud_usd_per_hour,
            utilisation: busy / span_s / scenario.replicas.max(1) as f64,
            prediction_error_s,
            goodput_per_s: good / span_s,
            served: served(scenario, fates, span_s),
        }
    }
}

fn is_good(scenario: &Scenario, request: &crate::Request, fate: &Fate) -> bool {
    let first = fate.first_s.is_some_and(|at| at - request.at_s <= scenario.target_s);
    let end = fate.end_s.is_some_and(|at| request.deadline_s.is_none_or(|most| at - request.at_s <= most));
    first && end
}

fn in_target(scenario: &Scenario, fates: &[Fate]) -> Shares {
    let of = |wanted: &dyn Fn(bool) -> bool| {
        let pairs = scenario.requests.iter().zip(fates).filter(|(r, _)| wanted(r.classified));
        let in_time = |(r, fate): &(&crate::Request, &Fate)| {
            fate.first_s.is_some_and(|at| at - r.at_s <= scenario.target_s)
        };
        let (all, good) = (pairs.clone().count(), pairs.filter(in_time).count());
        if all == 0 { 1.0 } else { good as f64 / all as f64 }
    };
    Shares {
        all: of(&|_| true),
        classified: of(&|classified| classified),
        other: of(&|classified| !classified),
    }
}

fn served(scenario: &Scenario, fates: &[Fate], span_s: f64) -> BTreeMap<Arc<str>, f64> {
    let mut served = BTreeMap::new();
    for (request, fate) in scenario.requests.iter().zip(fates) {
        if fate.end_s.is_some_and(|at| at <= span_s) {
            let tokens = f64::from(request.input_tokens) + 2.0 * f64::from(request.output_tokens);
            *served.entry(request.tenant.clone()).or_default() += tokens;
        }
    }
    served
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let index = (share * sorted.len() as f64) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
