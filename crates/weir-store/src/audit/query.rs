use super::{AuditError, AuditReader};
use std::collections::BTreeMap;
use std::path::Path;
use weir_audit::event::{Decision, Outcome, OutcomeKind};
use weir_audit::{Event, Ident, Name, Record, WallTime};
use weir_label::{Level, ZoneKind};

/// Which decisions are asked for. Every field that is set must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Decided at this time or later.
    pub since: Option<WallTime>,
    /// Decided before this time.
    pub until: Option<WallTime>,
    /// Zone of the chosen backend.
    pub zone: Option<ZoneKind>,
    /// The chosen backend.
    pub backend: Option<Ident>,
    /// Lowest level.
    pub level_min: Option<Level>,
    /// The rule that matched.
    pub rule: Option<Name>,
    /// A word that the rule gave it.
    pub tag: Option<Ident>,
    /// Public id of the caller's key.
    pub key_id: Option<Ident>,
    /// The id that the client was shown.
    pub decision_id: Option<Ident>,
    /// The request.
    pub request_id: Option<Ident>,
    /// How the request ended.
    pub outcome: Option<OutcomeKind>,
    /// The most rows, counted from the newest back.
    pub limit: Option<usize>,
}

/// One decision with the outcome of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Index of the decision in the log.
    pub seq: u64,
    /// When it was made.
    pub ts_wall: WallTime,
    /// The decision.
    pub decision: Decision,
    /// How the request ended; `None` while it runs, and after a crash until the log is opened again.
    pub outcome: Option<Outcome>,
}

/// The decisions that fit, oldest first. Holds no more than these and the requests that are not over.
///
/// # Errors
/// [`AuditError`] if the log cannot be read or is damaged.
pub fn query(dir: &Path, filter: &Filter) -> Result<Vec<Row>, AuditError> {
    let mut rows = BTreeMap::new();
    for_each_row(dir, filter, |row| {
        rows.insert(row.seq, row);
        if filter.limit.is_some_and(|limit| rows.len() > limit) {
            rows.pop_first();
        }
    })?;
    Ok(rows.into_values().collect())
}

/// Hands over every decision that fits, in the order in which their requests ended; those without an
/// outcome come last. `limit` is not looked at.
///
/// # Errors
/// [`AuditError`] if the log cannot be read or is damaged.
pub fn for_each_row(dir: &Path, filter: &Filter, mut visit: impl FnMut(Row)) -> Result<(), AuditError> {
    let mut reader = AuditReader::open(dir)?;
    let mut open = BTreeMap::<Ident, Vec<Row>>::new();
    while let Some((head, bytes)) = reader.next_event()? {
        // The other types are not decoded at all.
        if !matches!(head.type_name.as_str(), "decision" | "outcome") {
            continue;
        }
        let (seq, ts_wall) = (head.seq, head.ts_wall);
        let record = Record::parse(bytes).map_err(|error| AuditError::Damaged {
            path: dir.to_owned(),
            index: seq,
            what: error.to_string(),
        })?;
        #[expect(clippy::wildcard_enum_match_arm, reason = "other types were passed over above")]
        match record.event {
            Event::Decision(decision) if filter.takes(ts_wall, &decision) => {
                let row = Row { seq, ts_wall, decision: *decision, outcome: None };
                open.entry(row.decision.request_id.clone()).or_default().push(row);
            }
            Event::Outcome(outcome) => {
                let rows = open.remove(&outcome.request_id).unwrap_or_default();
                let rows = rows.into_iter().map(|row| Row { outcome: Some((*outcome).clone()), ..row });
                rows.filter(|row| filter.takes_outcome(row)).for_each(&mut visit);
            }
            _ => {}
        }
    }
    open.into_values().flatten().filter(|row| filter.takes_outcome(row)).for_each(visit);
    Ok(())
}

impl Filter {
    fn takes(&self, ts_wall: WallTime, decision: &Decision) -> bool {
        self.since.is_none_or(|since| ts_wall >= since)
            && self.until.is_none_or(|until| ts_wall < until)
            && self.zone.is_none_or(|zone| decision.zone == Some(zone))
            && self.level_min.is_none_or(|level| decision.level >= level)
            && fits(&self.backend, decision.backend.as_ref())
            && fits(&self.rule, decision.rule.as_ref())
            && self.tag.as_ref().is_none_or(|tag| decision.tags.contains(tag))
            && fits(&self.key_id, decision.key_id.as_ref())
            && fits(&self.decision_id, Some(&decision.decision_id))
            && fits(&self.request_id, Some(&decision.request_id))
    }

    fn takes_outcome(&self, row: &Row) -> bool {
        self.outcome.is_none_or(|kind| row.outcome.as_ref().is_some_and(|outcome| outcome.outcome == kind))
    }
}

fn fits<T: PartialEq>(wanted: &Option<T>, found: Option<&T>) -> bool {
    wanted.is_none() || wanted.as_ref() == found
}

#[cfg(test)]
mod tests;
