//! `policy.yaml` from raw to domain values.

pub mod condition;
mod contradiction;
mod data;
pub mod detectors;
mod extractors;
mod own;
pub mod pools;
mod quality;
mod rule;
mod targets;
pub mod values;

pub use data::Data;
pub use pools::pools;
pub use quality::{Evaluation, evaluation};
pub use rule::{Rules, groups, rules};

use crate::TimeZone;
use crate::outside::Surroundings;
use crate::raw::Entries;
use crate::raw::policy::RawPolicy;
use crate::report::Report;
use crate::yaml::{At, Field, Scalar as _, Wrong, take_or};
use std::collections::{BTreeMap, BTreeSet};
use weir_label::{Boundary, Jurisdiction, Level, Residency, Revision};

/// What of the policy does not depend on the configuration.
pub struct Head {
    /// The boundary; if the policy's is wrong, the one that finds least wrong with the configuration.
    pub boundary: Boundary,
    /// The data section.
    pub data: Data,
    /// The zone of `time.weekday` and `time.hour`.
    pub time_zone: TimeZone,
}

/// Reads all but the rules.
pub fn head<'r>(raw: &RawPolicy, surroundings: &mut Surroundings<'r>, report: &mut Report<'r>) -> Head {
    let RawPolicy {
        policy,
        boundary,
        data,
        residency,
        time_zone,
        groups: _,
        evaluate: _,
        declared_task: _,
        rules: _,
    } = raw;
    policy.take(report);
    let level = take_or(boundary.as_ref(), Level::Confidential, report);
    let residency = self::residency(residency, report);
    let data = data::data(data, surroundings, report);
    let revision = Revision::new(&surroundings.digest());
    let boundary = Boundary::new(level.unwrap_or(Level::Restricted), residency, revision);
    data::warn_of_default(&raw.data, &boundary, report);
    let time_zone = take_or(time_zone.as_ref(), TimeZone::UTC, report).unwrap_or(TimeZone::UTC);
    Head { boundary, data, time_zone }
}

/// The boundary that finds least wrong with the configuration, for when the policy cannot be read.
pub fn boundary_unknown() -> Boundary {
    Boundary::new(Level::Restricted, Residency::default(), Revision::new("unknown"))
}

fn residency(raw: &Entries<Vec<Field<Jurisdiction>>>, report: &mut Report<'_>) -> Residency {
    let mut rows: BTreeMap<Jurisdiction, BTreeSet<Jurisdiction>> = BTreeMap::new();
    for (data, allowed) in &raw.0 {
        let allowed = allowed.iter().filter_map(|field| field.take(report)).collect();
        if let Some(data) = jurisdiction(data, report) {
            rows.insert(data, allowed);
        }
    }
    Residency::new(rows)
}

/// A jurisdiction that is not a field, such as a key of a mapping.
fn jurisdiction(written: &At<impl AsRef<str>>, report: &mut Report<'_>) -> Option<Jurisdiction> {
    Jurisdiction::parse(written.value.as_ref())
        .map_err(|Wrong { message, help }| report.error(written.place, message, &help))
        .ok()
}
