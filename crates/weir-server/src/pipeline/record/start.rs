//! What a decision record begins with, and the words of a decision in it.

use super::super::inspect::Inspected;
use crate::gateway::VERSION;
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;
use weir_audit::event::{self, Action, AuthMethod, Candidate};
use weir_audit::{FieldPath, Ident};
use weir_label::Level;
use weir_policy::{Decision, Facts, RouteWish, Verdict};
use weir_wire::request::Api;

/// The most places of findings that a record names.
const SOURCES_MAX: usize = 8;

/// What is known of a request before anything is: nothing, which counts as the most sensitive.
pub(super) fn undecided(request_id: Ident, decision_id: Ident, api: Api, address: Ident) -> event::Decision {
    event::Decision {
        request_id,
        decision_id,
        attempt: 0,
        trace_id: None,
        tenant: None,
        key_id: None,
        client_addr_pseudonym: Some(address),
        auth_method: AuthMethod::None,
        api: Ident::fixed(api.name()),
        stream: false,
        purpose: None,
        legal_basis: None,
        data_subjects: Vec::new(),
        level: Level::Restricted,
        categories: Vec::new(),
        jurisdictions: Vec::new(),
        opaque: Vec::new(),
        findings: Vec::new(),
        sources: Vec::new(),
        scanner_digest: None,
        scan_us: 0,
        scan_complete: false,
        est_tokens_in: None,
        facts: BTreeMap::new(),
        policy_revision: Ident::fixed("_"),
        stage: None,
        config_digest: Ident::fixed("_"),
        binary_version: Ident::fixed(VERSION),
        rule: None,
        tags: Vec::new(),
        requires: Vec::new(),
        action: Action::Deny,
        reason: Ident::fixed("undecided"),
        candidates: Vec::new(),
        target: None,
        backend: None,
        zone: None,
        region: None,
        model: None,
        egress_permitted: false,
        content_digest: None,
        overrides_denied: Vec::new(),
        shadow: None,
        cut: BTreeMap::new(),
    }
}

/// What the caller of a classified request said to have it sent out all the same.
pub(super) fn overrides(facts: &Facts<'_>, declared: Option<Level>) -> Vec<Ident> {
    let wish = (facts.wish == Some(RouteWish::CloudOk)).then_some("route_hint");
    let level = declared.is_some_and(|level| level < facts.data.label.level()).then_some("level");
    wish.into_iter().chain(level).map(Ident::fixed).collect()
}

pub(super) fn sources(inspected: &Inspected) -> Vec<FieldPath> {
    let mut segments: Vec<usize> = inspected.seen.findings.iter().map(|finding| finding.segment).collect();
    segments.sort_unstable();
    segments.dedup();
    let request = inspected.request.content();
    segments.into_iter().take(SOURCES_MAX).map(|index| FieldPath::new(&request.path_of(index))).collect()
}

/// Every target that was considered: those of the plan first, in its order, so that a replay knows which were
/// tried before the one that was taken.
pub(crate) fn candidates(snapshot: &Snapshot, decision: &Decision) -> Vec<Candidate> {
    let plan = match &decision.action {
        weir_policy::Action::Route(plan) => Some(plan),
        weir_policy::Action::Deny(_) => None,
    };
    let parts = plan
        .into_iter()
        .flat_map(|plan| [(&plan.first, FIRST), (&plan.overflow, OVERFLOW), (&plan.degrade, DEGRADE)]);
    let planned = parts.flat_map(|(ids, role)| ids.iter().map(move |id| (*id, role)));
    let excluded = decision.considered.iter().filter_map(|(id, verdict)| match verdict {
        Verdict::Candidate => None,
        Verdict::Excluded(exclusion) => Some((*id, exclusion.code())),
    });
    let named = |(id, verdict)| {
        let target = snapshot.loaded.catalogue.target(id)?;
        Some(Candidate {
            target: Ident::of(&target.name),
            zone: target.zone(),
            verdict: Ident::fixed(verdict),
        })
    };
    let mut candidates = Vec::with_capacity(decision.considered.len());
    candidates.extend(planned.chain(excluded).filter_map(named));
    candidates
}

/// The verdicts on targets of a plan: tried at once, when local is full or failed, and when the ladder says so.
pub(crate) const FIRST: &str = "candidate";
pub(crate) const OVERFLOW: &str = "overflow";
pub(crate) const DEGRADE: &str = "degrade";
