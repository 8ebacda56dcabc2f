//! The report of an attestation: for programs, and signed.

use jiff::Timestamp;
use serde_json::{Value, json};
use weir_audit::WallTime;
use weir_audit::claim::Claim;
use weir_audit::rotation::Lineage;
use weir_store::audit::Attestation;

/// The first line of the signed text: what is signed as a report passes for nothing else.
const KIND: &str = "weir/attestation/v1";

/// Everything that the report says.
#[must_use]
pub fn facts(
    claim: &Claim,
    (since, until): (Option<WallTime>, Option<WallTime>),
    attestation: &Attestation,
    now: Timestamp,
) -> Value {
    let Attestation { checkpoint, deleted, records, in_scope, exceptions, examples, span, note: _ } =
        attestation;
    let time = |at: Option<WallTime>| at.map(|at| at.to_string());
    let listed: Vec<Value> = examples
        .iter()
        .map(|e| json!({ "seq": e.seq, "time": e.ts_wall.to_string(), "decision_id": e.decision_id.to_string() }))
        .collect();
    json!({
        "claim": claim.to_string(),
        "holds": attestation.holds(),
        "deleted_events": deleted,
        "records": records,
        "records_in_scope": in_scope,
        "exceptions": exceptions,
        "first_exceptions": listed,
        "since": time(since),
        "until": time(until),
        "first_record": time(span.map(|(first, _)| first)),
        "last_record": time(span.map(|(_, last)| last)),
        "log": checkpoint.origin.to_string(),
        "tree_size": checkpoint.size,
        "root": checkpoint.root.to_string(),
        "checked_at": now.to_string(),
        "checked_by": concat!("weir ", env!("CARGO_PKG_VERSION")),
    })
}

/// The text that is signed.
#[must_use]
pub fn text(facts: &Value) -> String {
    format!("{KIND}\n{facts}\n")
}

/// What a signed report says, if the key has signed it.
///
/// # Errors
/// What is wrong with it.
pub fn open(note: &str, key: &Lineage) -> Result<Value, String> {
    let text = key.open_note(note).map_err(|error| format!("the report is not what was signed: {error}"))?;
    let facts = text.strip_prefix(KIND).and_then(|rest| serde_json::from_str(rest.trim()).ok());
    facts.ok_or_else(|| "what was signed is no report of `weir audit attest`".to_owned())
}
