//! Fairness between tenants and goodput under overload, with the dispatcher over modelled servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

use std::num::NonZeroU32;
use std::sync::Arc;
use weir_dispatch::{Limit, Random};
use weir_simulate::{Arrival, Outcome, Policy, Request, Requests, Scenario, simulate};

/// Requests of a tenant that come at random, so many a second.
fn poisson(tenant: &str, weight: u32, per_s: f64, tokens: (u32, u32), span_s: f64, seed: u64) -> Requests {
    let mut random = Random::new(seed);
    let mut at_s = 0.0;
    let mut requests = Vec::new();
    loop {
        at_s += -(1.0 - random.unit()).ln() / per_s;
        if at_s > span_s {
            return requests;
        }
        let length = |mean: u32, unit: f64| (f64::from(mean) * (0.2 + 1.6 * unit)) as u32;
        let arrival = Arrival {
            at_s,
            input_tokens: length(tokens.0, random.unit()),
            output_tokens: length(tokens.1, random.unit()),
        };
        // Classified: it has nowhere else to go.
        let request = Request { tenant: Arc::from(tenant), weight, ..Request::new(&arrival, true) };
        requests.push(request);
    }
}

fn in_order(mut requests: Requests) -> Requests {
    requests.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    requests
}

fn scenario(requests: Requests, places: u32) -> Scenario {
    let mut scenario = Scenario::new(in_order(requests), "h100-8b".parse().unwrap(), 2, 2.0);
    scenario.limit = Limit::Declared(NonZeroU32::new(places).unwrap());
    scenario.cloud = None;
    scenario.has_promise = false;
    scenario
}

/// One tenant floods with long prompts; two others send more than their share too.
fn crowded(is_fair: bool) -> Outcome {
    let mut requests = poisson("flood", 1, 40.0, (3000, 200), 120.0, 1);
    requests.extend(poisson("plain", 1, 12.0, (800, 150), 120.0, 2));
    requests.extend(poisson("double", 2, 24.0, (800, 150), 120.0, 3));
    let mut scenario = scenario(requests, 24);
    scenario.is_fair = is_fair;
    simulate(&scenario, Policy::Weir, &mut |_| ())
}

/// How far each tenant is from its share by weight, at most.
fn unfairness(outcome: &Outcome) -> f64 {
    let weights = [("flood", 1.0), ("plain", 1.0), ("double", 2.0)];
    let total: f64 = outcome.served.values().sum();
    let off = |(tenant, weight): (&str, f64)| {
        let share = outcome.served.get(tenant).copied().unwrap_or(0.0) / total;
        (share / (weight / 4.0) - 1.0).abs()
    };
    weights.into_iter().map(off).fold(0.0, f64::max)
}

#[test]
fn each_busy_tenant_is_served_by_its_weight() {
    let outcome = crowded(true);
    assert!(unfairness(&outcome) < 0.10, "{:?}", outcome.served);
    assert_eq!((outcome.lost, outcome.leaked), (0, 0));
}

/// The control: the same test fails where tenants are not told apart.
#[test]
fn without_the_scheduler_the_one_that_floods_takes_most() {
    let outcome = crowded(false);
    assert!(unfairness(&outcome) > 0.5, "{:?}", outcome.served);
}

#[test]
fn a_tenant_that_asks_little_does_not_wait_for_one_that_floods() {
    let mut requests = poisson("flood", 1, 60.0, (3000, 200), 60.0, 1);
    requests.extend(poisson("light", 1, 1.0, (300, 50), 60.0, 2));
    let mut scenario = scenario(requests, 24);
    let times = |scenario: &Scenario| {
        let outcome = simulate(scenario, Policy::Weir, &mut |_| ());
        outcome.served.get("light").copied().unwrap_or(0.0)
    };
    let (with, all) = (times(&scenario), scenario.requests.iter().filter(|r| &*r.tenant == "light"));
    let asked: f64 = all.map(|r| f64::from(r.input_tokens) + 2.0 * f64::from(r.output_tokens)).sum();
    assert!(with > 0.9 * asked, "{with} of {asked}");
    scenario.is_fair = false;
    let without = times(&scenario);
    assert!(without < 0.7 * asked, "{without} of {asked}: the control has to fail");
}

/// Good answers a second at so many times the load that the servers bear.
fn goodput(load: f64, limit: Limit) -> f64 {
    let mut requests = poisson("all", 1, 25.0 * load, (1200, 200), 90.0, 5);
    for request in &mut requests {
        request.deadline_s = Some(20.0);
    }
    let mut scenario = scenario(requests, 64);
    scenario.target_s = 15.0;
    scenario.limit = limit;
    let outcome = simulate(&scenario, Policy::Weir, &mut |_| ());
    assert_eq!((outcome.lost, outcome.leaked), (0, 0));
    outcome.goodput_per_s
}

#[test]
fn what_is_served_in_time_does_not_fall_under_overload() {
    goodput_stays(Limit::Declared(NonZeroU32::new(64).unwrap()));
}

#[test]
fn nor_does_it_with_a_limit_that_is_learnt() {
    let peak = goodput_stays(Limit::Learned { max: NonZeroU32::new(256).unwrap() });
    let declared = goodput(2.0, Limit::Declared(NonZeroU32::new(64).unwrap()));
    assert!(peak > 0.9 * declared, "learnt {peak}, declared {declared}");
}

/// Gives the peak.
fn goodput_stays(limit: Limit) -> f64 {
    let loads = [0.5, 0.8, 1.0, 1.2, 1.5, 2.0, 5.0, 10.0];
    let goodputs: Vec<(f64, f64)> = loads.into_iter().map(|load| (load, goodput(load, limit))).collect();
    let peak = goodputs.iter().map(|(_, goodput)| *goodput).fold(0.0, f64::max);
    assert!(peak > 1.2 * goodputs[0].1, "the servers were never busy: {goodputs:?}");
    for (load, goodput) in goodputs.iter().filter(|(load, _)| *load >= 2.0) {
        assert!(
            *goodput >= 0.9 * peak,
            "{goodput} of {peak} a second at {load} times the load: {goodputs:?}"
        );
    }
    peak
}
