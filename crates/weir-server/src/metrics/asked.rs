use super::{OutcomeLabels, SECONDS, add, add_in};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Detectors are those of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DetectorLabels {
    detector: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AskedLabels {
    detector: String,
    outcome: &'static str,
}

/// Types are those that the policy names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExtractedLabels {
    media_type: String,
    outcome: &'static str,
}

/// What others were asked about requests before they were decided.
#[derive(Debug)]
pub(crate) struct Asked {
    detector_requests: Family<AskedLabels, Counter>,
    detector_duration: Family<DetectorLabels, Histogram>,
    encoder_requests: Family<OutcomeLabels, Counter>,
    encoder_duration: Histogram,
    extractions: Family<ExtractedLabels, Counter>,
}

impl Asked {
    pub fn new(registry: &mut Registry) -> Self {
        let r = registry;
        Self {
            detector_requests: add(
                r,
                "detector_requests",
                "Requests that a detector was asked about, and how that ended",
                Family::default(),
            ),
            detector_duration: add_in(
                r,
                Unit::Seconds,
                "detector_duration",
                "Time that a detector took",
                Family::new_with_constructor(|| Histogram::new(SECONDS)),
            ),
            encoder_requests: add(
                r,
                "encoder_requests",
                "Requests of whose task type the encoder was asked, and how that ended",
                Family::default(),
            ),
            encoder_duration: add_in(
                r,
                Unit::Seconds,
                "encoder_duration",
                "Time that the encoder took",
                Histogram::new(SECONDS),
            ),
            extractions: add(r, "extractions", "Attachments whose text was asked for", Family::default()),
        }
    }

    pub fn detector(&self, detector: &str, outcome: &'static str, took: Duration) {
        let labels = AskedLabels { detector: detector.to_owned(), outcome };
        self.detector_requests.get_or_create(&labels).inc();
        let labels = DetectorLabels { detector: detector.to_owned() };
        self.detector_duration.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub fn encoder(&self, outcome: &'static str, took: Duration) {
        self.encoder_requests.get_or_create(&OutcomeLabels { outcome }).inc();
        self.encoder_duration.observe(took.as_secs_f64());
    }

    pub fn extracted(&self, media_type: &str, outcome: &'static str) {
        let labels = ExtractedLabels { media_type: media_type.to_owned(), outcome };
        self.extractions.get_or_create(&labels).inc();
    }
}
