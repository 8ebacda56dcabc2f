//! `/backends`: what the dispatcher knows of each target, and who waits.

use crate::gateway::Gateway;
use serde_json::{Value, json};
use std::time::Duration;
use weir_dispatch::{Condition, Reported, TargetView};

pub(super) fn page(gateway: &Gateway) -> Value {
    let state = gateway.desk.state();
    let now = gateway.desk.now();
    let waiting = state.queued_by.iter().map(
        |(band, tenant, count)| json!({ "band": band.as_str(), "tenant": &**tenant, "requests": count }),
    );
    json!({
        "queue": {
            "requests": state.queued,
            "bytes": state.queued_bytes,
            "waiting": waiting.collect::<Vec<_>>(),
        },
        "targets": state.targets.iter().map(|view| target(view, now)).collect::<Vec<_>>(),
    })
}

fn target(view: &TargetView, now: Duration) -> Value {
    let (why, until) = why(view);
    let usd = |micro_usd: u64| micro_usd as f64 / 1e6;
    json!({
        "target": &*view.name,
        "condition": view.condition.as_str(),
        "why": why,
        "for_ms": until.map(|until| millis(until.saturating_sub(now))),
        "failures_in_a_row": view.failures,
        "failing_for_ms": view.failing_since.map(|since| millis(now.saturating_sub(since))),
        "in_flight": view.in_flight,
        "tokens_in_flight": view.tokens_in_flight,
        "places": view.places,
        "limit": match (view.places, view.is_learned) {
            (None, _) => "none",
            (Some(_), true) => "learned",
            (Some(_), false) => "declared",
        },
        "waiting": view.waiting,
        "service_time_ms": view.service_time.map(millis),
        "first_token": {
            "predicted_ms": (view.predicted_first_token_s * 1000.0).round(),
            "error_ms": (view.prediction_error_s * 1000.0).round(),
            "p95_ms": view.first_token_p95_s.map(|seconds| (seconds * 1000.0).round()),
        },
        "tokens_per_s": (view.tokens_per_s * 10.0).round() / 10.0,
        "keeps_room_for_classified": view.keeps_room,
        "bursts_today": { "spent_usd": usd(view.spent_micro_usd), "cap_usd": view.daily_cap_micro_usd.map(usd) },
        "reported": view.reported.as_ref().map(reported),
    })
}

fn why(view: &TargetView) -> (Option<&'static str>, Option<Duration>) {
    match view.condition {
        Condition::Well => (None, None),
        Condition::Resting { until } if view.failures == 0 => (Some("it says that it is full"), Some(until)),
        Condition::Resting { until } => (Some("its last request failed"), Some(until)),
        Condition::Out { until } => (Some("its requests fail"), Some(until)),
        Condition::OnTrial => (Some("one request shows whether it has come back"), None),
        Condition::Misplaced => (Some("it serves another model than the configuration says"), None),
    }
}

fn reported(reported: &Reported) -> Value {
    json!({
        "running": reported.running,
        "waiting": reported.waiting,
        "cache_used": reported.cache_used,
        "cache_tokens": reported.cache_tokens,
        "model_loaded": reported.loaded,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
