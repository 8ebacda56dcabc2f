//! What a policy in the shadow would decide, beside the one in force.

use super::circumstances::Circumstances;
use super::decide::facts;
use super::identify::Caller;
use super::inspect::{Inspected, Inspector, Seen};
use crate::candidate::{Compared, Standing};
use crate::gateway::Gateway;
use crate::snapshot::Snapshot;
use weir_audit::event::Shadow;
use weir_audit::{Ident, Name};
use weir_label::{Inspect as _, Label, ZoneKind};
use weir_policy::{Action, DataFacts, Decision, Facts, Target};
use weir_rollout::Stage;

/// Bodies above this are not inspected a second time for a comparison.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What decides the comparison: rule, first target and its zone, or why there is none.
#[derive(PartialEq, Eq)]
struct Essence<'d> {
    rule: &'d str,
    target: Option<&'d str>,
    zone: Option<ZoneKind>,
    denied: Option<&'static str>,
}

/// Decides with the policy in the shadow, if there is one, and gives what differs.
pub(crate) fn compare(
    gateway: &Gateway,
    standing: Standing,
    request: (&Inspected, &Caller),
    (snapshot, decision): (&Snapshot, &Decision),
) -> Option<Shadow> {
    let candidate = gateway.candidate()?;
    if standing != Standing::InForce || candidate.stage() != Stage::Shadow {
        return None;
    }
    let other = &candidate.snapshot;
    let Some(shadow) = decide_beside(gateway, request, other) else {
        candidate.compared(Compared::Not);
        gateway.metrics.policies.shadow("not_compared");
        return None;
    };
    let (was, would_be) = (essence(snapshot, decision), essence(other, &shadow));
    if was == would_be {
        candidate.compared(Compared::Same);
        gateway.metrics.policies.shadow("same");
        return None;
    }
    candidate.compared(Compared::Different);
    gateway.metrics.policies.shadow("different");
    Some(Shadow {
        policy_revision: Ident::of(shadow.revision.shared()),
        rule: Name::new(would_be.rule),
        target: would_be.target.map(Ident::new),
        zone: would_be.zone,
        denied: would_be.denied.map(Ident::fixed),
    })
}

/// Decides about the same request under another snapshot; `None` when that would take a detector or a
/// second look at a large body.
fn decide_beside(
    gateway: &Gateway,
    (inspected, caller): (&Inspected, &Caller),
    other: &Snapshot,
) -> Option<Decision> {
    if inspected.asked != other.detectors.key() {
        return None;
    }
    let request = inspected.request.content();
    let alias = other.loaded.catalogue.alias(request.alias())?;
    let now = Circumstances::now(gateway, other, alias, (inspected, caller));
    let decide = |label: &Label, seen: &Seen| {
        let data = DataFacts { label, entities: &seen.entities };
        let facts = Facts { data, ..facts(inspected, caller, &now) };
        weir_policy::decide(&other.loaded.policy, &other.loaded.catalogue, alias, &facts)
    };
    if inspected.seen.scanner.as_ref() == Some(&other.words.scanner) {
        return Some(decide(inspected.request.label(), &inspected.seen));
    }
    if inspected.body_bytes > BODY_BYTES_MAX {
        return None;
    }
    let inspector = Inspector::new(other);
    let label = inspector.inspect(request).join(&caller.label);
    Some(decide(&label, &inspector.seen()))
}

fn essence<'d>(snapshot: &'d Snapshot, decision: &'d Decision) -> Essence<'d> {
    let rule = decision.rule.as_str();
    match &decision.action {
        Action::Route(plan) => {
            let first = plan.first.first().and_then(|id| snapshot.loaded.catalogue.target(*id));
            Essence { rule, target: first.map(|t| &*t.name), zone: first.map(Target::zone), denied: None }
        }
        Action::Deny(denial) => {
            Essence { rule, target: None, zone: None, denied: Some(denial.code.as_str()) }
        }
    }
}
