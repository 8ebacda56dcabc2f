//! `/metrics`: what ran where, how long it took, and what state Weir is in.

mod asked;
mod capacity;
mod policies;
mod records;
mod requests;

use asked::Asked;
use capacity::Capacity;
use policies::Policies;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::registry::{Metric, Registry, Unit};
use records::Records;
use requests::Requests;
pub(crate) use requests::{Finished, RequestLabels, zone_word};
use std::borrow::Borrow;
use std::fmt;
use weir_dispatch::State;

/// All series, and the registry that writes them.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub requests: Requests,
    pub asked: Asked,
    pub policies: Policies,
    pub records: Records,
    capacity: Capacity,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("weir");
        Self {
            requests: Requests::new(&mut registry),
            asked: Asked::new(&mut registry),
            policies: Policies::new(&mut registry),
            records: Records::new(&mut registry),
            capacity: Capacity::new(&mut registry),
            registry,
        }
    }

    /// All series in the OpenMetrics text format.
    pub fn write(&self, state: &State, audit_ok: bool) -> String {
        self.capacity.set(state);
        self.records.audit_is(audit_ok);
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
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
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// Upper bounds of the times that requests and what they ask of others take.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 81.92];

/// Has the registry write a series.
fn add<M: Metric + Clone>(registry: &mut Registry, name: &'static str, help: &'static str, series: M) -> M {
    registry.register(name, help, series.clone());
    series
}

/// The same of a series in a unit, with which its name ends.
fn add_in<M: Metric + Clone>(
    registry: &mut Registry,
    unit: Unit,
    name: &'static str,
    help: &'static str,
    series: M,
) -> M {
    registry.register_with_unit(name, help, unit, series.clone());
    series
}

/// A number as the value of a gauge.
fn level(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
