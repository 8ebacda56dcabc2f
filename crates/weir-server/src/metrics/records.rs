use super::{add, level};
use crate::unrecorded::Lost;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LostLabels {
    what: &'static str,
}

/// Witnesses are those of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WitnessLabels {
    witness: String,
}

/// Exports are those of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExportLabels {
    export: String,
}

impl ExportLabels {
    fn of(export: &str) -> Self {
        Self { export: export.to_owned() }
    }
}

/// How the audit log does, and those who get what is in it.
#[derive(Debug)]
pub(crate) struct Records {
    audit_ok: Gauge,
    unrecorded: Family<LostLabels, Counter>,
    capture_failures: Counter,
    witnessed: Family<WitnessLabels, Gauge>,
    witness_failures: Family<WitnessLabels, Counter>,
    exported: Family<ExportLabels, Counter>,
    export_failures: Family<ExportLabels, Counter>,
    export_missed: Family<ExportLabels, Counter>,
    export_lag: Family<ExportLabels, Gauge>,
    index_lag: Gauge,
}

impl Records {
    pub fn new(registry: &mut Registry) -> Self {
        let r = registry;
        Self {
            audit_ok: add(r, "audit_ok", "1 while the audit log can be written", Gauge::default()),
            unrecorded: add(
                r,
                "audit_unrecorded",
                "Requests that were served or refused without a decision on record, and those whose outcome may not be",
                Family::default(),
            ),
            capture_failures: add(
                r,
                "content_capture_failures",
                "Times that a prompt or an answer could not be captured",
                Counter::default(),
            ),
            witnessed: add(
                r,
                "audit_witnessed_events",
                "Events under the newest checkpoint that a witness has taken",
                Family::default(),
            ),
            witness_failures: add(
                r,
                "audit_witness_failures",
                "Times that a witness did not take a checkpoint",
                Family::default(),
            ),
            exported: add(
                r,
                "audit_exported_events",
                "Audit events that an export has taken",
                Family::default(),
            ),
            export_failures: add(
                r,
                "audit_export_failures",
                "Times that an export could not take events and was to be asked again",
                Family::default(),
            ),
            export_missed: add(
                r,
                "audit_export_missed_events",
                "Audit events that an export has not got and will not get",
                Family::default(),
            ),
            export_lag: add(
                r,
                "audit_export_lag",
                "Audit events that an export has not got yet; those of the last second wait for their checkpoint",
                Family::default(),
            ),
            index_lag: add(
                r,
                "audit_index_lag",
                "Audit events that the search index has not taken in; up to a few thousand wait for their block to be full",
                Gauge::default(),
            ),
        }
    }

    /// Whether the log can be written.
    pub fn audit_is(&self, ok: bool) {
        self.audit_ok.set(i64::from(ok));
    }

    /// The audit log has not got what it should have.
    pub fn unrecorded(&self, lost: Lost) {
        self.unrecorded.get_or_create(&LostLabels { what: lost.word() }).inc();
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
            Some(events) => _ = self.witnessed.get_or_create(&labels).set(level(events)),
        }
    }

    /// An export has taken so many events.
    pub fn exported(&self, export: &str, events: u64) {
        self.exported.get_or_create(&ExportLabels::of(export)).inc_by(events);
    }

    /// An export did not take events, and is asked again.
    pub fn export_failed(&self, export: &str) {
        self.export_failures.get_or_create(&ExportLabels::of(export)).inc();
    }

    /// An export will not get so many events.
    pub fn export_missed(&self, export: &str, events: u64) {
        self.export_missed.get_or_create(&ExportLabels::of(export)).inc_by(events);
    }

    /// So many events are not in an export yet.
    pub fn export_lag(&self, export: &str, events: u64) {
        self.export_lag.get_or_create(&ExportLabels::of(export)).set(level(events));
    }

    /// So many events are not in the search index yet.
    pub fn index_lag(&self, events: u64) {
        self.index_lag.set(level(events));
    }
}
