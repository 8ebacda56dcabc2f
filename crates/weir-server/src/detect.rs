//! Detectors inside the network, asked about what the engine leaves open.
//!
//! A detector can raise a label and never lower one, so that it is asked only while a request is not
//! classified.
//!
//! INVARIANT (fails closed): a detector that does not answer, or not as it should, leaves the label of data
//! that could not be inspected.

mod connection;
mod single;

use crate::gateway::Gateway;
use crate::pipeline::inspect::Inspected;
use crate::snapshot::Snapshot;
use connection::{Connection, Found};
use std::sync::Arc;
use std::time::Instant;
use weir_audit::Ident;
use weir_classify::{DataRules, Engine, EntityType, Finding, View};
use weir_config::{Detector, DetectorWhen, Loaded};
use weir_label::{Boundary, Category, Label};
use weir_local::EndpointError;
use weir_wire::detector::Text;

/// From so much text in which nothing was found, a detector that is asked when it is uncertain is asked.
const LONG_TEXT_BYTES: usize = 2_000;

/// All detectors of one snapshot.
#[derive(Debug, Default)]
pub(crate) struct Detectors {
    all: Vec<Connection>,
    key: String,
}

impl Detectors {
    /// Connects to nothing.
    ///
    /// # Errors
    /// The detector that cannot be reached as configured.
    pub fn new(loaded: &Loaded) -> Result<Self, (Arc<str>, EndpointError)> {
        let inside = &loaded.config.network_inside;
        let connect = |detector: &Detector| {
            Connection::new(detector, inside).map_err(|error| (detector.name.clone(), error))
        };
        let all = loaded.detectors.iter().map(connect).collect::<Result<Vec<_>, _>>()?;
        let key = if all.is_empty() { String::new() } else { loaded.policy_revision.to_string() };
        Ok(Self { all, key })
    }

    /// Tells which detectors they are: empty for none.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(Connection::name)
    }
}

/// Asks the detectors of the snapshot in force, unless they were asked about this request. Whether they were.
pub(crate) async fn ask(gateway: &Gateway, inspected: &mut Inspected, request_id: &Ident) -> bool {
    let snapshot = gateway.snapshot_for(request_id).snapshot;
    if inspected.asked == snapshot.detectors.key() {
        return false;
    }
    let text = Text::of(inspected.request.content());
    for detector in &snapshot.detectors.all {
        let boundary = &snapshot.loaded.policy.boundary;
        let is_open = !boundary.is_classified(inspected.request.label());
        let seen = &inspected.seen;
        if is_open && wants(detector.when(), !seen.findings.is_empty(), seen.text_bytes) {
            let started = Instant::now();
            // Boxed: its future is large, and most requests never need it.
            let answer = Box::pin(detector.ask(&text, inspected.request.label(), boundary)).await;
            let outcome = answer.as_ref().map_or_else(|failure| failure.word(), Found::word);
            gateway.metrics.asked.detector(detector.name(), outcome, started.elapsed());
            match answer {
                Ok(found) => found.join(inspected, &snapshot, &text, detector.name()),
                Err(failure) => gave_up(inspected, detector.name(), failure.word()),
            }
        }
    }
    inspected.asked = snapshot.detectors.key().to_owned();
    true
}

/// What was not asked about counts as what could not be inspected.
pub(crate) fn not_asked(inspected: &mut Inspected, snapshot: &Snapshot) {
    gave_up(inspected, "all", "not_asked");
    inspected.asked = snapshot.detectors.key().to_owned();
}

fn gave_up(inspected: &mut Inspected, detector: &str, why: &str) {
    tracing::warn!(detector, why, "a detector failed; the request counts as classified");
    inspected.raise(&Label::unknown());
    inspected.seen.complete = false;
    inspected.seen.opaque.push(format!("detector:{detector}:{why}"));
}

fn wants(when: DetectorWhen, is_anything_found: bool, text_bytes: usize) -> bool {
    match when {
        DetectorWhen::Always => true,
        DetectorWhen::Uncertain => is_anything_found || text_bytes >= LONG_TEXT_BYTES,
    }
}

impl Found {
    /// Joins what a detector found to what was seen.
    fn join(self, inspected: &mut Inspected, snapshot: &Snapshot, text: &Text, detector: &str) {
        let loaded = &snapshot.loaded;
        match self {
            Found::Spans(spans) => {
                for (entity, start, end, score) in spans {
                    let found = (entity, start, end, score);
                    if let Some(finding) = finding(&loaded.classify.data, text, found, detector) {
                        inspected.add(finding);
                    }
                }
            }
            Found::Judged(categories) => {
                inspected.raise(&judged(&loaded.classify.data, &loaded.policy.boundary, categories))
            }
        }
    }
}

/// What a finding means by the policy's data section; nothing for a type that is switched off.
fn finding(
    rules: &DataRules,
    text: &Text,
    (entity, start, end, score): (EntityType, usize, usize, f64),
    detector: &str,
) -> Option<Finding> {
    let known = Engine::recognisers().iter().find(|recogniser| recogniser.entity == entity);
    let category = known.map_or(Category::Personal, |recogniser| recogniser.category.clone());
    let level = rules.level(&entity, &category, None)?;
    let (segment, start, end) = text.place(start, end);
    Some(Finding {
        segment,
        start,
        end,
        evidence: start..end,
        entity,
        category,
        level,
        score: score as f32,
        recogniser: detector.into(),
        view: View::Raw,
    })
}

/// A judge that calls a text classified is believed, whatever level the categories it names have.
fn judged(rules: &DataRules, boundary: &Boundary, categories: Vec<Category>) -> Label {
    let at_least = Label::at(boundary.level());
    categories.into_iter().fold(at_least, |label, category| {
        let level = rules.category_level(&category);
        label.join(&Label::at(level)).with_category(category)
    })
}
