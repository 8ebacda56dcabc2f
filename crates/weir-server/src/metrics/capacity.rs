use super::{add, add_in, level};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;
use weir_dispatch::{Band, State};

/// Targets are those of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabels {
    target: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConditionLabels {
    target: String,
    condition: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BandLabels {
    band: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitingLabels {
    band: &'static str,
    tenant: String,
}

type Seconds = Gauge<f64, AtomicU64>;

/// What targets have to do and who waits for them, as it is when it is asked for.
#[derive(Debug)]
pub(super) struct Capacity {
    queued: Gauge,
    queued_bytes: Gauge,
    queued_by_band: Family<BandLabels, Gauge>,
    queued_by_tenant: Family<WaitingLabels, Gauge>,
    in_flight: Family<TargetLabels, Gauge>,
    condition: Family<ConditionLabels, Gauge>,
    places: Family<TargetLabels, Gauge>,
    first_token_p95: Family<TargetLabels, Seconds>,
    predicted_first_token: Family<TargetLabels, Seconds>,
    prediction_error: Family<TargetLabels, Seconds>,
}

impl Capacity {
    pub fn new(registry: &mut Registry) -> Self {
        let r = registry;
        Self {
            queued: add(r, "queue_length", "Requests that wait for a place", Gauge::default()),
            queued_bytes: add_in(
                r,
                Unit::Bytes,
                "queue_size",
                "Bodies of the requests that wait",
                Gauge::default(),
            ),
            queued_by_band: add(r, "queue_length_by_band", "Requests that wait, by band", Family::default()),
            queued_by_tenant: add(
                r,
                "queue_length_by_tenant",
                "Requests that wait, by band and tenant, or key where it has none",
                Family::default(),
            ),
            in_flight: add(r, "in_flight", "Requests in flight by target", Family::default()),
            condition: add(
                r,
                "target_condition",
                "1 for the condition that a target is in: well, resting, out, on_trial, wrong_model",
                Family::default(),
            ),
            places: add(
                r,
                "target_places",
                "Requests that a target may be given at once, where there is a limit",
                Family::default(),
            ),
            first_token_p95: add_in(
                r,
                Unit::Seconds,
                "target_first_token_p95",
                "What 95 of a hundred first tokens of a target's streams take",
                Family::default(),
            ),
            predicted_first_token: add_in(
                r,
                Unit::Seconds,
                "predicted_first_token",
                "Time to the first token of a prompt of a thousand tokens that came now",
                Family::default(),
            ),
            prediction_error: add_in(
                r,
                Unit::Seconds,
                "prediction_error",
                "By how much predicted times to the first token have been off lately",
                Family::default(),
            ),
        }
    }

    pub fn set(&self, state: &State) {
        self.queued.set(level(state.queued));
        self.queued_bytes.set(level(state.queued_bytes));
        self.set_waiting(state);
        self.set_targets(state);
    }

    fn set_waiting(&self, state: &State) {
        self.queued_by_tenant.clear();
        for (band, tenant, count) in &state.queued_by {
            let labels = WaitingLabels { band: band.as_str(), tenant: tenant.to_string() };
            self.queued_by_tenant.get_or_create(&labels).set(level(*count));
        }
        for band in Band::ALL {
            let waiting = state.queued_by.iter().filter(|(of, ..)| *of == band).map(|(.., count)| count);
            let waiting = level(waiting.sum::<usize>());
            self.queued_by_band.get_or_create(&BandLabels { band: band.as_str() }).set(waiting);
        }
    }

    /// A target that is no longer configured has no series any more.
    fn set_targets(&self, state: &State) {
        self.in_flight.clear();
        self.condition.clear();
        self.places.clear();
        self.first_token_p95.clear();
        self.predicted_first_token.clear();
        self.prediction_error.clear();
        for target in &state.targets {
            let labels = TargetLabels { target: target.name.to_string() };
            self.in_flight.get_or_create(&labels).set(i64::from(target.in_flight));
            self.predicted_first_token.get_or_create(&labels).set(target.predicted_first_token_s);
            self.prediction_error.get_or_create(&labels).set(target.prediction_error_s);
            if let Some(places) = target.places {
                self.places.get_or_create(&labels).set(places.into());
            }
            if let Some(seconds) = target.first_token_p95_s {
                self.first_token_p95.get_or_create(&labels).set(seconds);
            }
            let condition = target.condition.as_str();
            self.condition.get_or_create(&ConditionLabels { target: labels.target, condition }).set(1);
        }
    }
}
