use super::{SECONDS, Word, add, add_in};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use weir_audit::{Ident, Name};
use weir_label::ZoneKind;

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
struct LimitLabels {
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignalLabels {
    signal: &'static str,
    zone: &'static str,
    verdict: &'static str,
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

const OVERHEAD_SECONDS: [f64; 12] =
    [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];
const TTFT_SECONDS: [f64; 16] =
    [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 40.0];

/// Where requests ran, how they ended, and what they took.
#[derive(Debug)]
pub(crate) struct Requests {
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
    answer_signals: Family<SignalLabels, Counter>,
    connections: Gauge,
}

impl Requests {
    pub fn new(registry: &mut Registry) -> Self {
        let r = registry;
        let tokens = || Unit::Other("tokens".to_owned());
        Self {
            requests: add(r, "requests", "Requests by where they ran and how they ended", Family::default()),
            last: Mutex::default(),
            duration: ByZone::of(add_in(
                r,
                Unit::Seconds,
                "request_duration",
                "From the head of a request to the end of its reply",
                Family::new_with_constructor(|| Histogram::new(SECONDS)),
            )),
            time_to_first_token: ByZone::of(add_in(
                r,
                Unit::Seconds,
                "time_to_first_token",
                "From the head of a request to the first content",
                Family::new_with_constructor(|| Histogram::new(TTFT_SECONDS)),
            )),
            overhead: add_in(
                r,
                Unit::Seconds,
                "overhead",
                "Weir's own time before forwarding, without queueing and without waiting for the client",
                Histogram::new(OVERHEAD_SECONDS),
            ),
            queue_time: add_in(
                r,
                Unit::Seconds,
                "queue_time",
                "Time spent waiting for a place",
                Histogram::new(SECONDS),
            ),
            tokens_in: ByZone::of(add_in(
                r,
                tokens(),
                "input",
                "Tokens of prompts, as backends count them",
                Family::default(),
            )),
            tokens_out: ByZone::of(add_in(
                r,
                tokens(),
                "output",
                "Tokens of answers, as backends count them",
                Family::default(),
            )),
            cost: ByZone::of(add_in(
                r,
                Unit::Other("usd".to_owned()),
                "cost",
                "What answers cost, by the tokens that backends report: in the cloud by price, inside by hardware or price",
                Family::default(),
            )),
            tagged: add(
                r,
                "tagged_requests",
                "Requests, by the tags that rules gave them",
                Family::default(),
            ),
            incomplete_scans: add(
                r,
                "incomplete_scans",
                "Requests that could not be inspected completely",
                Counter::default(),
            ),
            over_rate: add(
                r,
                "rate_limited_requests",
                "Requests that were refused because their key had asked for too much in a minute, by what was too much",
                Family::default(),
            ),
            answer_signals: add(
                r,
                "answer_signals",
                "Signs of how good answers were: by kind, zone of the answer, and whether it was good",
                Family::default(),
            ),
            connections: add(r, "connections", "Open client connections", Gauge::default()),
        }
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

    pub fn answer_signal(&self, signal: &'static str, zone: ZoneKind, score: u64) {
        let verdict = if score >= 500_000 { "good" } else { "bad" };
        self.answer_signals.get_or_create(&SignalLabels { signal, zone: zone.as_str(), verdict }).inc();
    }

    pub fn connected(&self) {
        self.connections.inc();
    }

    pub fn disconnected(&self) {
        self.connections.dec();
    }
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
