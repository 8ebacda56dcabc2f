//! `/metrics`: what ran where, how long it took, and what state Weir is in.

use crate::candidate::Candidate;
use crate::unrecorded::Lost;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::borrow::Borrow;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use weir_audit::{Ident, Name};
use weir_dispatch::{Band, State};
use weir_label::ZoneKind;
use weir_rollout::Stage;

/// Where a request ran and how it ended. Every value is bounded: names of the configuration, or words
/// of Weir's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RequestLabels {
    pub zone: &'static str,
    pub backend: Word<Ident>,
    pub level: &'static str,
    pub rule: Word<Name>,
    pub outcome: &'static str,
}

/// A word of records as the value of a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Word<W>(pub W);

impl<W: Borrow<str> + fmt::Debug> EncodeLabelValue for Word<W> {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        EncodeLabelValue::encode(&self.0.borrow(), encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ZoneLabels {
    zone: &'static str,
}

/// Tags are those that the policy gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TagLabels {
    tag: Word<Ident>,
    zone: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabels {
    target: String,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConditionLabels {
    target: String,
    condition: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DetectorLabels {
    detector: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AskedLabels {
    detector: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// Types are those that the policy names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExtractedLabels {
    media_type: String,
    outcome: &'static str,
}

/// Witnesses are those of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WitnessLabels {
    witness: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignalLabels {
    signal: &'static str,
    zone: &'static str,
    verdict: &'static str,
}

/// Exports are those of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExportLabels {
    export: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RevisionLabels {
    policy: String,
    config: String,
}

/// One series for each zone. Each is looked for once: hashing its label for every request costs more than
/// counting.
#[derive(Debug)]
struct ByZone<M> {
    family: Family<ZoneLabels, M>,
    local: OnceLock<M>,
    cloud: OnceLock<M>,
    none: OnceLock<M>,
}

impl<M: Clone + 'static> ByZone<M> {
    fn of(family: Family<ZoneLabels, M>) -> Self {
        Self { family, local: OnceLock::new(), cloud: OnceLock::new(), none: OnceLock::new() }
    }

    fn get(&self, zone: Option<ZoneKind>) -> &M {
        let found = match zone {
            Some(ZoneKind::Local) => &self.local,
            Some(ZoneKind::Cloud) => &self.cloud,
            None => &self.none,
        };
        found.get_or_init(|| self.family.get_or_create_owned(&ZoneLabels { zone: zone_word(zone) }))
    }
}

/// The word for a zone, and for none.
pub(crate) fn zone_word(zone: Option<ZoneKind>) -> &'static str {
    zone.map_or("none", ZoneKind::as_str)
}

/// The series, and the registry that writes them.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    /// The series that was counted last, which is nearly always the next one too.
    last: Mutex<Option<(RequestLabels, Counter)>>,
    duration: ByZone<Histogram>,
    time_to_first_token: ByZone<Histogram>,
    overhead: Histogram,
    queue_time: Histogram,
    tokens_in: ByZone<Counter>,
    tokens_out: ByZone<Counter>,
    cost: ByZone<Counter<f64, AtomicU64>>,
    tagged: Family<TagLabels, Counter>,
    incomplete_scans: Counter,
    over_rate: Family<LimitLabels, Counter>,
    detector_requests: Family<AskedLabels, Counter>,
    detector_duration: Family<DetectorLabels, Histogram>,
    encoder_requests: Family<OutcomeLabels, Counter>,
    encoder_duration: Histogram,
    extractions: Family<ExtractedLabels, Counter>,
    reloads: Family<ResultLabels, Counter>,
    fetches: Family<ResultLabels, Counter>,
    reload_ok: Gauge,
    rollout_share: Gauge,
    rollout_stopped: Gauge,
    shadow: Family<ResultLabels, Counter>,
    answer_signals: Family<SignalLabels, Counter>,
    revision: Family<RevisionLabels, Gauge>,
    queued: Gauge,
    queued_bytes: Gauge,
    in_flight: Family<TargetLabels, Gauge>,
    queued_by_band: Family<BandLabels, Gauge>,
    queued_by_tenant: Family<WaitingLabels, Gauge>,
    condition: Family<ConditionLabels, Gauge>,
    places: Family<TargetLabels, Gauge>,
    first_token_p95: Family<TargetLabels, Gauge<f64, AtomicU64>>,
    predicted_first_token: Family<TargetLabels, Gauge<f64, AtomicU64>>,
    prediction_error: Family<TargetLabels, Gauge<f64, AtomicU64>>,
    audit_ok: Gauge,
    unrecorded: Family<[(&'static str, &'static str); 1], Counter>,
    capture_failures: Counter,
    witnessed: Family<WitnessLabels, Gauge>,
    witness_failures: Family<WitnessLabels, Counter>,
    exported: Family<ExportLabels, Counter>,
    export_failures: Family<ExportLabels, Counter>,
    export_missed: Family<ExportLabels, Counter>,
    export_lag: Family<ExportLabels, Gauge>,
    audit_index_lag: Gauge,
    connections: Gauge,
}

/// What one finished request adds.
#[derive(Debug)]
pub(crate) struct Finished {
    pub labels: RequestLabels,
    pub zone: Option<ZoneKind>,
    pub total: Duration,
    pub time_to_first_token: Option<Duration>,
    pub overhead: Option<Duration>,
    pub queued: Duration,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub cost_micro_usd: Option<u64>,
    pub tags: Vec<Word<Ident>>,
}

const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 81.92];
const OVERHEAD_SECONDS: [f64; 12] =
    [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];
const TTFT_SECONDS: [f64; 16] =
    [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 40.0];

impl Metrics {
    pub fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("weir"),
            requests: Family::default(),
            last: Mutex::default(),
            duration: ByZone::of(Family::new_with_constructor(|| Histogram::new(SECONDS))),
            time_to_first_token: ByZone::of(Family::new_with_constructor(|| Histogram::new(TTFT_SECONDS))),
            overhead: Histogram::new(OVERHEAD_SECONDS),
            queue_time: Histogram::new(SECONDS),
            tokens_in: ByZone::of(Family::default()),
            tokens_out: ByZone::of(Family::default()),
            cost: ByZone::of(Family::default()),
            tagged: Family::default(),
            incomplete_scans: Counter::default(),
            over_rate: Family::default(),
            detector_requests: Family::default(),
            encoder_requests: Family::default(),
            encoder_duration: Histogram::new(SECONDS),
            extractions: Family::default(),
            detector_duration: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            reloads: Family::default(),
            fetches: Family::default(),
            reload_ok: Gauge::default(),
            rollout_share: Gauge::default(),
            rollout_stopped: Gauge::default(),
            shadow: Family::default(),
            answer_signals: Family::default(),
            revision: Family::default(),
            queued: Gauge::default(),
            queued_bytes: Gauge::default(),
            in_flight: Family::default(),
            queued_by_band: Family::default(),
            queued_by_tenant: Family::default(),
            condition: Family::default(),
            places: Family::default(),
            first_token_p95: Family::default(),
            predicted_first_token: Family::default(),
            prediction_error: Family::default(),
            audit_ok: Gauge::default(),
            unrecorded: Family::default(),
            capture_failures: Counter::default(),
            witnessed: Family::default(),
            witness_failures: Family::default(),
            exported: Family::default(),
            export_failures: Family::default(),
            export_missed: Family::default(),
            export_lag: Family::default(),
            audit_index_lag: Gauge::default(),
            connections: Gauge::default(),
        };
        metrics.reload_ok.set(1);
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register("requests", "Requests by where they ran and how they ended", self.requests.clone());
        r.register_with_unit(
            "request_duration",
            "From the head of a request to the end of its reply",
            Unit::Seconds,
            self.duration.family.clone(),
        );
        r.register_with_unit(
            "time_to_first_token",
            "From the head of a request to the first content",
            Unit::Seconds,
            self.time_to_first_token.family.clone(),
        );
        r.register_with_unit(
            "overhead",
            "Weir's own time before forwarding, without queueing and without waiting for the client",
            Unit::Seconds,
            self.overhead.clone(),
        );
        r.register_with_unit(
            "queue_time",
            "Time spent waiting for a place",
            Unit::Seconds,
            self.queue_time.clone(),
        );
        r.register_with_unit(
            "input",
            "Tokens of prompts, as backends count them",
            Unit::Other("tokens".to_owned()),
            self.tokens_in.family.clone(),
        );
        r.register_with_unit(
            "output",
            "Tokens of answers, as backends count them",
            Unit::Other("tokens".to_owned()),
            self.tokens_out.family.clone(),
        );
        r.register_with_unit(
            "cost",
            "What answers cost, by the tokens that backends report: in the cloud by price, inside by hardware or price",
            Unit::Other("usd".to_owned()),
            self.cost.family.clone(),
        );
        r.register(
            "incomplete_scans",
            "Requests that could not be inspected completely",
            self.incomplete_scans.clone(),
        );
        r.register(
            "rate_limited_requests",
            "Requests that were refused because their key had asked for too much in a minute, by what was too much",
            self.over_rate.clone(),
        );
        r.register("tagged_requests", "Requests, by the tags that rules gave them", self.tagged.clone());
        r.register(
            "detector_requests",
            "Requests that a detector was asked about, and how that ended",
            self.detector_requests.clone(),
        );
        r.register_with_unit(
            "detector_duration",
            "Time that a detector took",
            Unit::Seconds,
            self.detector_duration.clone(),
        );
        r.register(
            "encoder_requests",
            "Requests of whose task type the encoder was asked, and how that ended",
            self.encoder_requests.clone(),
        );
        r.register_with_unit(
            "encoder_duration",
            "Time that the encoder took",
            Unit::Seconds,
            self.encoder_duration.clone(),
        );
        r.register("extractions", "Attachments whose text was asked for", self.extractions.clone());
        r.register("reloads", "Reloads of configuration and policy", self.reloads.clone());
        r.register(
            "policy_fetches",
            "Runs of the command that brings the policy's commits",
            self.fetches.clone(),
        );
        r.register("reload_last_ok", "1 when the files on disk are those in force", self.reload_ok.clone());
        r.register(
            "policy_rollout_share",
            "Percent of requests that a policy on its way decides; -1 while none is on its way",
            self.rollout_share.clone(),
        );
        r.register(
            "policy_rollout_stopped",
            "1 while a rollout is stopped because a measure left its bound",
            self.rollout_stopped.clone(),
        );
        r.register(
            "policy_shadow_decisions",
            "Decisions of a policy in the shadow, beside those of the one in force",
            self.shadow.clone(),
        );
        r.register(
            "answer_signals",
            "Signs of how good answers were: by kind, zone of the answer, and whether it was good",
            self.answer_signals.clone(),
        );
        r.register("revision_info", "The revision in force", self.revision.clone());
        r.register("queue_length", "Requests that wait for a place", self.queued.clone());
        r.register_with_unit(
            "queue_size",
            "Bodies of the requests that wait",
            Unit::Bytes,
            self.queued_bytes.clone(),
        );
        r.register("in_flight", "Requests in flight by target", self.in_flight.clone());
        r.register("queue_length_by_band", "Requests that wait, by band", self.queued_by_band.clone());
        r.register(
            "queue_length_by_tenant",
            "Requests that wait, by band and tenant, or key where it has none",
            self.queued_by_tenant.clone(),
        );
        r.register(
            "target_places",
            "Requests that a target may be given at once, where there is a limit",
            self.places.clone(),
        );
        r.register_with_unit(
            "target_first_token_p95",
            "What 95 of a hundred first tokens of a target's streams take",
            Unit::Seconds,
            self.first_token_p95.clone(),
        );
        r.register(
            "target_condition",
            "1 for the condition that a target is in: well, resting, out, on_trial, wrong_model",
            self.condition.clone(),
        );
        r.register_with_unit(
            "predicted_first_token",
            "Time to the first token of a prompt of a thousand tokens that came now",
            Unit::Seconds,
            self.predicted_first_token.clone(),
        );
        r.register_with_unit(
            "prediction_error",
            "By how much predicted times to the first token have been off lately",
            Unit::Seconds,
            self.prediction_error.clone(),
        );
        r.register("audit_ok", "1 while the audit log can be written", self.audit_ok.clone());
        r.register(
            "audit_unrecorded",
            "Requests that were served or refused without a decision on record, and those whose outcome may not be",
            self.unrecorded.clone(),
        );
        r.register(
            "content_capture_failures",
            "Times that a prompt or an answer could not be captured",
            self.capture_failures.clone(),
        );
        r.register(
            "audit_witnessed_events",
            "Events under the newest checkpoint that a witness has taken",
            self.witnessed.clone(),
        );
        r.register(
            "audit_witness_failures",
            "Times that a witness did not take a checkpoint",
            self.witness_failures.clone(),
        );
        r.register("audit_exported_events", "Audit events that an export has taken", self.exported.clone());
        r.register(
            "audit_export_failures",
            "Times that an export could not take events and was to be asked again",
            self.export_failures.clone(),
        );
        r.register(
            "audit_export_missed_events",
            "Audit events that an export has not got and will not get",
            self.export_missed.clone(),
        );
        r.register(
            "audit_export_lag",
            "Audit events that an export has not got yet; those of the last second wait for their checkpoint",
            self.export_lag.clone(),
        );
        r.register(
            "audit_index_lag",
            "Audit events that the search index has not taken in; up to a few thousand wait for their block to be full",
            self.audit_index_lag.clone(),
        );
        r.register("connections", "Open client connections", self.connections.clone());
        self
    }

    pub fn finished(&self, finished: &Finished) {
        let zone = finished.zone;
        self.count_request(&finished.labels);
        for tag in &finished.tags {
            let labels = TagLabels { tag: tag.clone(), zone: finished.labels.zone };
            self.tagged.get_or_create(&labels).inc();
        }
        self.duration.get(zone).observe(finished.total.as_secs_f64());
        if let Some(ttft) = finished.time_to_first_token {
            self.time_to_first_token.get(zone).observe(ttft.as_secs_f64());
        }
        if let Some(overhead) = finished.overhead {
            self.overhead.observe(overhead.as_secs_f64());
        }
        if !finished.queued.is_zero() {
            self.queue_time.observe(finished.queued.as_secs_f64());
        }
        if let Some(tokens) = finished.tokens_in {
            self.tokens_in.get(zone).inc_by(tokens);
        }
        if let Some(tokens) = finished.tokens_out {
            self.tokens_out.get(zone).inc_by(tokens);
        }
        if let Some(micro_usd) = finished.cost_micro_usd.filter(|cost| *cost > 0) {
            self.cost.get(zone).inc_by(micro_usd as f64 / 1e6);
        }
    }

    fn count_request(&self, labels: &RequestLabels) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((counted, counter)) if counted == labels => _ = counter.inc(),
            _ => {
                let counter = self.requests.get_or_create_owned(labels);
                counter.inc();
                *last = Some((labels.clone(), counter));
            }
        }
    }

    /// Counts what an answer has cost that nobody got.
    pub fn rejected_answer_cost(&self, zone: Option<ZoneKind>, micro_usd: u64) {
        if micro_usd > 0 {
            self.cost.get(zone).inc_by(micro_usd as f64 / 1e6);
        }
    }

    pub fn incomplete_scan(&self) {
        self.incomplete_scans.inc();
    }

    pub fn over_rate(&self, limit: &'static str) {
        self.over_rate.get_or_create(&LimitLabels { limit }).inc();
    }

    pub fn detector_asked(&self, detector: &str, outcome: &'static str, took: Duration) {
        let labels = AskedLabels { detector: detector.to_owned(), outcome };
        self.detector_requests.get_or_create(&labels).inc();
        let labels = DetectorLabels { detector: detector.to_owned() };
        self.detector_duration.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub fn encoder_asked(&self, outcome: &'static str, took: Duration) {
        self.encoder_requests.get_or_create(&OutcomeLabels { outcome }).inc();
        self.encoder_duration.observe(took.as_secs_f64());
    }

    pub fn extracted(&self, media_type: &str, outcome: &'static str) {
        let labels = ExtractedLabels { media_type: media_type.to_owned(), outcome };
        self.extractions.get_or_create(&labels).inc();
    }

    pub fn reloaded(&self, ok: bool) {
        self.reloads.get_or_create(&ResultLabels { result: if ok { "applied" } else { "refused" } }).inc();
        self.reload_ok.set(i64::from(ok));
    }

    /// What is on its way into force.
    pub fn rollout(&self, candidate: Option<&Candidate>) {
        let share = candidate.map_or(-1, |candidate| match candidate.stage() {
            Stage::Shadow => 0,
            Stage::Share(percent) => i64::from(u8::from(percent)),
        });
        self.rollout_share.set(share);
        let is_stopped = candidate.is_some_and(|c| c.with(|rollout| rollout.alarm().is_some()));
        self.rollout_stopped.set(i64::from(is_stopped));
    }

    pub fn answer_signal(&self, signal: &'static str, zone: ZoneKind, score: u64) {
        let verdict = if score >= 500_000 { "good" } else { "bad" };
        self.answer_signals.get_or_create(&SignalLabels { signal, zone: zone.as_str(), verdict }).inc();
    }

    pub fn shadow(&self, result: &'static str) {
        self.shadow.get_or_create(&ResultLabels { result }).inc();
    }

    pub fn fetched(&self, ok: bool) {
        self.fetches.get_or_create(&ResultLabels { result: if ok { "ok" } else { "failed" } }).inc();
    }

    /// The files on the disk are those in force again, without having been applied anew.
    pub fn reload_settled(&self) {
        self.reload_ok.set(1);
    }

    pub fn in_force(&self, policy: &str, config: &str) {
        self.revision.clear();
        let labels = RevisionLabels { policy: policy.to_owned(), config: config.to_owned() };
        self.revision.get_or_create(&labels).set(1);
    }

    /// The audit log has not got what it should have.
    pub fn unrecorded(&self, lost: Lost) {
        self.unrecorded.get_or_create(&[("what", lost.word())]).inc();
    }

    /// A prompt or an answer could not be captured.
    pub fn capture_failed(&self) {
        self.capture_failures.inc();
    }

    /// A witness has taken a checkpoint over so many events, or has not taken it.
    pub fn witnessed(&self, witness: &str, events: Option<u64>) {
        let labels = WitnessLabels { witness: witness.to_owned() };
        let failures = self.witness_failures.get_or_create_owned(&labels);
        match events {
            None => _ = failures.inc(),
            Some(events) => {
                let events = i64::try_from(events).unwrap_or(i64::MAX);
                _ = self.witnessed.get_or_create(&labels).set(events);
            }
        }
    }

    /// An export has taken so many events.
    pub fn exported(&self, export: &str, events: u64) {
        self.exported.get_or_create(&ExportLabels { export: export.to_owned() }).inc_by(events);
    }

    /// An export did not take events, and is asked again.
    pub fn export_failed(&self, export: &str) {
        self.export_failures.get_or_create(&ExportLabels { export: export.to_owned() }).inc();
    }

    /// An export will not get so many events.
    pub fn export_missed(&self, export: &str, events: u64) {
        self.export_missed.get_or_create(&ExportLabels { export: export.to_owned() }).inc_by(events);
    }

    /// So many events are not in an export yet.
    pub fn export_lag(&self, export: &str, events: u64) {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        _ = self.export_lag.get_or_create(&ExportLabels { export: export.to_owned() }).set(events);
    }

    pub fn index_lag(&self, events: u64) {
        self.audit_index_lag.set(i64::try_from(events).unwrap_or(i64::MAX));
    }

    pub fn connected(&self) {
        self.connections.inc();
    }

    pub fn disconnected(&self) {
        self.connections.dec();
    }

    fn write_targets(&self, state: &State) {
        self.in_flight.clear();
        self.condition.clear();
        self.places.clear();
        self.first_token_p95.clear();
        self.queued_by_tenant.clear();
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
        for (band, tenant, count) in &state.queued_by {
            let labels = WaitingLabels { band: band.as_str(), tenant: tenant.to_string() };
            self.queued_by_tenant.get_or_create(&labels).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        for band in Band::ALL {
            let waiting = state.queued_by.iter().filter(|(of, ..)| *of == band).map(|(.., count)| count);
            let waiting = i64::try_from(waiting.sum::<usize>()).unwrap_or(i64::MAX);
            self.queued_by_band.get_or_create(&BandLabels { band: band.as_str() }).set(waiting);
        }
    }

    /// All series in the OpenMetrics text format.
    pub fn write(&self, state: &State, audit_ok: bool) -> String {
        self.queued.set(i64::try_from(state.queued).unwrap_or(i64::MAX));
        self.queued_bytes.set(i64::try_from(state.queued_bytes).unwrap_or(i64::MAX));
        self.write_targets(state);
        self.audit_ok.set(i64::from(audit_ok));
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
