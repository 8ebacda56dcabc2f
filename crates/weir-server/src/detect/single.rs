//! Detectors asked about one text, without a gateway: for `weir classify`.

use super::connection::Found;
use super::{finding, judged, wants};
use crate::snapshot::Snapshot;
use weir_classify::{Inspection, OpaqueReason};
use weir_label::Label;
use weir_wire::detector::Text;

impl Snapshot {
    /// What inspection says of `text` when the policy's detectors have been asked about it too, as the gateway
    /// asks them about a request. A detector that fails leaves the label of what could not be inspected.
    pub async fn ask_detectors(&self, text: &str, mut inspection: Inspection) -> Inspection {
        let question = Text::alone(text);
        let boundary = &self.loaded.policy.boundary;
        for detector in &self.detectors.all {
            let is_open = !boundary.is_classified(&inspection.label);
            if !is_open || !wants(detector.when(), !inspection.findings.is_empty(), text.len()) {
                continue;
            }
            match detector.ask(&question, &inspection.label, boundary).await {
                Ok(found) => self.join(&mut inspection, found, &question, detector.name()),
                Err(failure) => gave_up(&mut inspection, detector.name(), failure.word()),
            }
        }
        inspection
    }

    fn join(&self, inspection: &mut Inspection, found: Found, text: &Text, detector: &str) {
        let rules = &self.loaded.classify.data;
        match found {
            Found::Spans(spans) => {
                let findings = spans.into_iter().filter_map(|span| finding(rules, text, span, detector));
                for finding in findings {
                    inspection.label.raise(&Label::at(finding.level).with_category(finding.category.clone()));
                    *inspection.entities.entry(finding.entity.clone()).or_default() += 1;
                    inspection.findings.push(finding);
                }
                inspection.findings.sort_by_key(|finding| (finding.start, finding.end));
            }
            Found::Judged(categories) => {
                inspection.label.raise(&judged(rules, &self.loaded.policy.boundary, categories));
            }
        }
    }
}

fn gave_up(inspection: &mut Inspection, detector: &str, why: &str) {
    inspection.label.raise(&Label::unknown());
    inspection.complete = false;
    inspection.opaque.push(OpaqueReason { segment: 0, reason: format!("detector:{detector}:{why}") });
}
