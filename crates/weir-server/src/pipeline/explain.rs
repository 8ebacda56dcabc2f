//! What would be decided, and why, without sending anything.

use super::circumstances::Circumstances;
use super::decide::{alias_for, facts};
use super::identify::Caller;
use super::inspect::look;
use crate::snapshot::Snapshot;
use weir_audit::event::AuthMethod;
use weir_classify::Finding;
use weir_label::{Label, Level, ZoneKind};
use weir_policy::{Action, Decision, Facts, Step, TargetId, Verdict};
use weir_wire::chat::ChatRequest;
use weir_wire::json::Limits;

/// A decision with everything that led to it. Nothing in it is text of the request.
#[derive(Debug)]
pub struct Explained {
    /// The label.
    pub label: Label,
    /// Whether it is classified under the boundary in force.
    pub is_classified: bool,
    /// The boundary.
    pub boundary: Level,
    /// What was found and where.
    pub findings: Vec<ExplainedFinding>,
    /// What could not be read.
    pub opaque: Vec<String>,
    /// When a person's name counts as personal data: `strict` or `balanced`.
    pub profile: &'static str,
    /// The detectors that the gateway would ask besides, if it is not classified; here none is asked.
    pub detectors: Vec<String>,
    /// Whether all of it was inspected.
    pub complete: bool,
    /// The facts that rules look at, by name.
    pub facts: Vec<(&'static str, String)>,
    /// The rule that decided.
    pub rule: String,
    /// Why there is no plan, if there is none.
    pub denied: Option<String>,
    /// The targets, in the order in which they would be tried, then those left out.
    pub candidates: Vec<ExplainedCandidate>,
    /// What would be done when they are full.
    pub ladder: Vec<Step>,
    /// The policy revision.
    pub revision: String,
}

/// One finding.
#[derive(Debug)]
pub struct ExplainedFinding {
    /// The entity type.
    pub entity: String,
    /// The category.
    pub category: String,
    /// The level it gives.
    pub level: Level,
    /// Where: a JSON path.
    pub path: String,
    /// First byte in that string.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// How sure the recogniser is, 0 to 1.
    pub score: f32,
    /// Which recogniser, in which view of the text.
    pub recogniser: String,
}

/// One target.
#[derive(Debug)]
pub struct ExplainedCandidate {
    /// `backend/model`.
    pub target: String,
    /// Its zone.
    pub zone: ZoneKind,
    /// What it is in the plan: `first`, `overflow`, `degrade`; `None` when it was left out.
    pub role: Option<&'static str>,
    /// Why it was left out.
    pub reason: Option<String>,
}

/// Decides for a request body as a caller on this machine without a key would be decided for.
///
/// # Errors
/// A message for people, when the body is no chat completion or its model is unknown.
pub fn explain(snapshot: &Snapshot, body: &[u8], unix_seconds: i64) -> Result<Explained, String> {
    let request = ChatRequest::read(body, Limits::default()).map_err(|bad| bad.message)?;
    let caller = anybody();
    let inspected = look(request, body.len(), snapshot, &caller);
    let loaded = &snapshot.loaded;
    let alias = alias_for(snapshot, inspected.request.content().alias(), &caller);
    let alias = alias.map_err(|failure| failure.reply().envelope.message)?;
    let now = Circumstances::unmeasured(snapshot, alias, &inspected, unix_seconds);
    let facts = facts(&inspected, &caller, &now);
    let decision = weir_policy::decide(&loaded.policy, &loaded.catalogue, alias, &facts);
    let (denied, ladder) = match &decision.action {
        Action::Route(plan) => (None, plan.ladder.clone()),
        Action::Deny(denial) => (Some(denial.message.to_string()), Vec::new()),
    };
    let request = inspected.request.content();
    let finding = |finding: &Finding| ExplainedFinding {
        entity: finding.entity.as_str().to_owned(),
        category: finding.category.to_string(),
        level: finding.level,
        path: request.path_of(finding.segment),
        start: finding.start,
        end: finding.end,
        score: finding.score,
        recogniser: format!("{} ({})", finding.recogniser, finding.view.as_str()),
    };
    Ok(Explained {
        is_classified: loaded.policy.boundary.is_classified(inspected.request.label()),
        label: inspected.request.label().clone(),
        boundary: loaded.policy.boundary.level(),
        findings: inspected.seen.findings.iter().map(finding).collect(),
        opaque: inspected.seen.opaque.clone(),
        profile: loaded.classify.profile.as_str(),
        detectors: snapshot.detectors.names().map(str::to_owned).collect(),
        complete: inspected.seen.complete,
        facts: named_facts(&facts),
        rule: decision.rule.as_str().to_owned(),
        denied,
        candidates: candidates(snapshot, &decision),
        ladder,
        revision: decision.revision.to_string(),
    })
}

pub(crate) fn anybody() -> Caller {
    Caller {
        key: None,
        method: AuthMethod::Loopback,
        declared_level: None,
        label: Label::default(),
        latency_class: None,
        latency_target: None,
        deadline: None,
        wish: None,
    }
}

fn named_facts(facts: &Facts<'_>) -> Vec<(&'static str, String)> {
    let request = &facts.request;
    let limit = request.max_output_tokens.map_or_else(|| "unknown".to_owned(), |tokens| tokens.to_string());
    vec![
        ("request.endpoint", request.endpoint.to_owned()),
        ("request.alias", request.alias.to_owned()),
        ("request.stream", request.stream.to_string()),
        ("request.tools", request.tools.to_string()),
        ("request.prompt_tokens", request.prompt_tokens.to_string()),
        ("request.max_output_tokens", limit),
        ("latency.class", facts.latency.class.to_string()),
        ("data.level", facts.data.label.level().to_string()),
        ("data.opaque", facts.data.label.is_opaque().to_string()),
    ]
}

fn candidates(snapshot: &Snapshot, decision: &Decision) -> Vec<ExplainedCandidate> {
    let (first, overflow, degrade): (&[TargetId], &[TargetId], &[TargetId]) = match &decision.action {
        Action::Route(plan) => (&plan.first, &plan.overflow, &plan.degrade),
        Action::Deny(_) => (&[], &[], &[]),
    };
    let planned = [("first", first), ("overflow", overflow), ("degrade", degrade)];
    let planned =
        planned.into_iter().flat_map(|(role, ids)| ids.iter().map(move |id| (*id, Some(role), None)));
    let excluded = decision.considered.iter().filter_map(|(id, verdict)| match verdict {
        Verdict::Candidate => None,
        Verdict::Excluded(exclusion) => Some((*id, None, Some(exclusion.to_string()))),
    });
    let named = |(id, role, reason)| {
        let target = snapshot.loaded.catalogue.target(id)?;
        Some(ExplainedCandidate { target: target.name.to_string(), zone: target.zone(), role, reason })
    };
    planned.chain(excluded).filter_map(named).collect()
}
