//! What would be decided, and why, without sending anything.

use super::circumstances::Circumstances;
use super::decide::{alias_for, facts};
use super::identify::Caller;
use super::inspect::{Inspected, look};
use crate::snapshot::Snapshot;
use std::collections::BTreeSet;
use weir_audit::event::AuthMethod;
use weir_classify::Finding;
use weir_egress::Anthropic;
use weir_label::{Label, Level, ZoneKind};
use weir_policy::{
    Action, Alias, Change, Check, Decision, Escalation, Fact, FactValue, Facts, OwnedFacts, Plan, Regions,
    Step, TargetId, Verdict,
};
use weir_wire::json::Limits;
use weir_wire::request::ClientRequest;

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
    /// The encoder that the gateway would ask for the task type, if it would; here it is not asked.
    pub encoder: Option<String>,
    /// Whether all of it was inspected.
    pub complete: bool,
    /// The facts by name, as policies write them; unknown ones only where the policy looks at them.
    pub facts: Vec<(String, String)>,
    /// The vocabulary that the tokens of the prompt are counted with; `None` if they are estimated.
    pub counted_with: Option<String>,
    /// The rule that decided.
    pub rule: String,
    /// The facts that are unknown, if the rule decided because of that: it can only restrict.
    pub unknown: Vec<String>,
    /// Why there is no plan, if there is none.
    pub denied: Option<String>,
    /// The targets, in the order in which they would be tried, then those left out.
    pub candidates: Vec<ExplainedCandidate>,
    /// What would be done when they are full.
    pub ladder: Vec<Step>,
    /// What an answer is rejected for, if the rule checks answers.
    pub checks: Vec<&'static str>,
    /// The tags that the rule gives.
    pub tags: Vec<String>,
    /// What the rule requires besides.
    pub requires: Vec<&'static str>,
    /// What would be done otherwise if one fact were different, the nearest first.
    pub changes: Vec<ExplainedChange>,
    /// About the target that was asked about.
    pub why_not: Option<WhyNot>,
    /// The policy revision.
    pub revision: String,
}

/// What is asked besides what would be decided.
#[derive(Debug, Clone, Default)]
pub struct Question<'q> {
    /// When the request is taken to be sent, in seconds since the beginning of 1970.
    pub unix_seconds: i64,
    /// Facts that are taken to have these values.
    pub assumed: Vec<(Fact, FactValue)>,
    /// The target of which it is to be said why the request does not go there.
    pub why_not: Option<&'q str>,
}

/// What another value of one fact would change.
#[derive(Debug, Clone)]
pub struct ExplainedChange {
    /// The fact.
    pub fact: String,
    /// Its value now.
    pub from: String,
    /// The value it would have to have.
    pub to: String,
    /// The rule that would decide then.
    pub rule: String,
    /// What would be done then, in words.
    pub then: String,
}

/// Why a request does not go to a target.
#[derive(Debug, Clone)]
pub struct WhyNot {
    /// `backend/model`.
    pub target: String,
    /// The reason, in words.
    pub reason: String,
    /// Changes of one fact, each of which would let it go there.
    pub ways: Vec<ExplainedChange>,
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
pub fn explain(snapshot: &Snapshot, body: &[u8], question: &Question<'_>) -> Result<Explained, String> {
    let request = ClientRequest::read(body, Limits::default()).map_err(|bad| bad.message)?;
    let caller = anybody();
    let inspected = look(request, body.len(), snapshot, &caller);
    let loaded = &snapshot.loaded;
    let alias = alias_for(snapshot, inspected.request.content().alias(), &caller);
    let alias = alias.map_err(|failure| failure.reply().envelope.message)?;
    let now = Circumstances::unmeasured(snapshot, alias, &inspected, question.unix_seconds);
    let mut owned = OwnedFacts::from(&facts(&inspected, &caller, &now));
    for (fact, value) in &question.assumed {
        owned.set(fact, value.clone()).map_err(|error| error.to_string())?;
    }
    let facts = owned.borrow();
    let decision = weir_policy::decide(&loaded.policy, &loaded.catalogue, alias, &facts);
    let changes = weir_policy::changes(&loaded.policy, &loaded.catalogue, alias, &owned);
    let why_not = question.why_not.map(|target| why_not(snapshot, alias, &decision, &changes, target));
    let (denied, ladder, checks) = match &decision.action {
        Action::Route(plan) => (None, plan.ladder.clone(), checks(plan)),
        Action::Deny(denial) => (Some(denial.message.to_string()), Vec::new(), Vec::new()),
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
        is_classified: loaded.policy.boundary.is_classified(facts.data.label),
        label: facts.data.label.clone(),
        boundary: loaded.policy.boundary.level(),
        findings: inspected.seen.findings.iter().map(finding).collect(),
        opaque: inspected.seen.opaque.clone(),
        profile: loaded.classify.profile.as_str(),
        detectors: snapshot.detectors.names().map(str::to_owned).collect(),
        encoder: encoder_asked(snapshot, &inspected),
        complete: inspected.seen.complete,
        facts: named_facts(snapshot, &facts),
        counted_with: inspected.seen.counted.by.as_deref().map(str::to_owned),
        tags: decision.obligations.tags.iter().map(ToString::to_string).collect(),
        requires: decision.obligations.require.iter().map(|what| what.as_str()).collect(),
        changes: changes.iter().map(|change| explained_change(snapshot, change)).collect(),
        why_not: why_not.transpose()?,
        rule: decision.rule.as_str().to_owned(),
        unknown: loaded
            .policy
            .rule_for(&facts)
            .unknown_facts(&facts)
            .iter()
            .map(|f| f.name().into_owned())
            .collect(),
        denied,
        candidates: candidates(snapshot, &decision),
        ladder,
        checks,
        revision: decision.revision.to_string(),
    })
}

fn encoder_asked(snapshot: &Snapshot, inspected: &Inspected) -> Option<String> {
    let encoder = snapshot.encoder.as_ref()?;
    let is_asked = inspected.task.as_ref().is_some_and(|judged| encoder.wants(judged));
    let target = loaded_target(snapshot, encoder.target()).filter(|_| is_asked)?;
    Some(target.to_owned())
}

fn loaded_target(snapshot: &Snapshot, id: TargetId) -> Option<&str> {
    snapshot.loaded.catalogue.target(id).map(|target| &*target.name)
}

fn checks(plan: &Plan) -> Vec<&'static str> {
    let Some(Escalation { cascade, .. }) = &plan.escalation else { return Vec::new() };
    let unlikely = cascade.logprob_millinats.map(|_| "logprob");
    cascade.checks.iter().map(Check::as_str).chain(unlikely).collect()
}

pub(crate) fn anybody() -> Caller {
    Caller {
        key: None,
        anthropic: Anthropic::default(),
        method: AuthMethod::Loopback,
        declared_level: None,
        label: Label::default(),
        latency_class: None,
        latency_target: None,
        deadline: None,
        due: None,
        wish: None,
        task: None,
        wants_cascade: false,
    }
}

fn named_facts(snapshot: &Snapshot, facts: &Facts<'_>) -> Vec<(String, String)> {
    let loaded = &snapshot.loaded;
    let regions = Regions::of(&loaded.policy, &loaded.catalogue);
    let looked: BTreeSet<&Fact> = regions.facts().collect();
    let of_pools: Vec<Fact> =
        regions.facts().filter(|fact| !Fact::all().any(|f| f == **fact)).cloned().collect();
    let shown = |fact: Fact| {
        let value = fact.value(facts);
        let is_shown = value != FactValue::Unknown || looked.contains(&fact);
        is_shown.then(|| (fact.name().into_owned(), fact.show(&value)))
    };
    Fact::all().chain(of_pools).filter_map(shown).collect()
}

fn explained_change(snapshot: &Snapshot, change: &Change) -> ExplainedChange {
    let Change { fact, from, to, steps: _, decision } = change;
    ExplainedChange {
        fact: fact.name().into_owned(),
        from: fact.show(from),
        to: fact.show(to),
        rule: decision.rule.to_string(),
        then: in_words(snapshot, decision),
    }
}

fn in_words(snapshot: &Snapshot, decision: &Decision) -> String {
    match &decision.action {
        Action::Deny(denial) => format!("denied ({})", denial.code),
        Action::Route(plan) => {
            let names = |ids: &[TargetId]| -> String {
                let names = ids.iter().filter_map(|id| Some(&*snapshot.loaded.catalogue.target(*id)?.name));
                names.collect::<Vec<_>>().join(", ")
            };
            match plan.overflow.as_slice() {
                [] => names(&plan.first),
                overflow => format!("{}, then {}", names(&plan.first), names(overflow)),
            }
        }
    }
}

/// Why the request does not go to `target`, and what would have it go there.
fn why_not(
    snapshot: &Snapshot,
    alias: &Alias,
    decision: &Decision,
    changes: &[Change],
    target: &str,
) -> Result<WhyNot, String> {
    let catalogue = &snapshot.loaded.catalogue;
    let Some(id) = catalogue.target_named(target) else {
        let known: Vec<&str> = catalogue.targets().map(|(_, target)| &*target.name).collect();
        return Err(format!("there is no target `{target}`; known: {}", known.join(", ")));
    };
    let considered = decision.considered.iter().find(|(known, _)| *known == id).map(|(_, verdict)| verdict);
    let reason = match considered {
        None => format!("alias `{}` does not lead to it; add it to the alias's `targets`", alias.name()),
        Some(Verdict::Excluded(exclusion)) => format!("{exclusion} (rule `{}`)", decision.rule),
        Some(Verdict::Candidate) => planned(decision, id),
    };
    let ways = weir_policy::ways_to(changes, id);
    let ways = if considered == Some(&Verdict::Candidate) { Vec::new() } else { ways };
    let ways = ways.into_iter().map(|way| explained_change(snapshot, way)).collect();
    Ok(WhyNot { target: target.to_owned(), reason, ways })
}

/// What stands before a target that the plan has.
fn planned(decision: &Decision, id: TargetId) -> String {
    let Action::Route(plan) = &decision.action else { return "the request is denied".to_owned() };
    match plan.first.iter().position(|first| *first == id) {
        Some(0) => "it does go there: this is the target that is tried first".to_owned(),
        Some(place) => {
            format!("it may go there: the target is number {} of those that are tried at once", place + 1)
        }
        None if plan.overflow.contains(&id) => {
            "it may go there when the local targets are full (`burst`) or fail".to_owned()
        }
        None => "it may go there when the targets before it are full (`degrade`)".to_owned(),
    }
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
