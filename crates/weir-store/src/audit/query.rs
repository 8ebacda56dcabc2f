use super::{AuditError, AuditReader};
use std::collections::BTreeMap;
use std::path::Path;
use weir_audit::event::{Decision, Outcome};
use weir_audit::{Event, Ident, Record, WallTime};

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

/// Hands over every decision that was made at `since` or later and before `until`, in the order in which their requests
/// ended; those without an outcome come last. Goes through the whole log.
///
/// # Errors
/// [`AuditError`] if the log cannot be read or is damaged.
pub fn for_each_row(
    dir: &Path,
    (since, until): (Option<WallTime>, Option<WallTime>),
    mut visit: impl FnMut(Row),
) -> Result<(), AuditError> {
    let is_in_time = |at| since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until);
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
            Event::Decision(decision) if is_in_time(ts_wall) => {
                let row = Row { seq, ts_wall, decision: *decision, outcome: None };
                open.entry(row.decision.request_id.clone()).or_default().push(row);
            }
            Event::Outcome(outcome) => {
                let rows = open.remove(&outcome.request_id).unwrap_or_default();
                let rows = rows.into_iter().map(|row| Row { outcome: Some((*outcome).clone()), ..row });
                rows.for_each(&mut visit);
            }
            _ => {}
        }
    }
    open.into_values().flatten().for_each(visit);
    Ok(())
}

#[cfg(test)]
mod tests;
