//! `Facts` → [`Decision`](weir_policy::Decision).

use super::admit::Tried;
use super::circumstances::Circumstances;
use super::identify::Caller;
use super::inspect::Inspected;
use super::record::Ledger;
use super::shadow;
use super::task::language;
use crate::candidate::Chosen;
use crate::desk::Place;
use crate::detect;
use crate::encoder;
use crate::failure::{Failure, denial_message};
use crate::gateway::Gateway;
use crate::snapshot::Snapshot;
use crate::spending::whose;
use std::sync::Arc;
use std::time::Duration;
use weir_audit::Ident;
use weir_dispatch::Step;
use weir_dispatch::cost::{Caps, Left, Purse};
use weir_label::Revision;
use weir_policy::{
    Action, Alias, CallerFacts, DataFacts, Denial, DenialCode, Expected, Facts, LatencyClass, LatencyFacts,
    Modality, Plan, RequestFacts, ResponseFormat, RouteWish, RuleName, Target, TargetId, Words,
};
use weir_wire::request::{self, ClientRequest};

/// A decision with the snapshot that it was made under.
#[derive(Debug)]
pub(crate) struct Ruling {
    pub snapshot: Arc<Snapshot>,
    pub plan: Plan,
    /// What it is expected to cost, target by target.
    pub expected: Expected,
    /// What it is paid from, as far as that is bounded.
    pub purses: Vec<(Purse, Caps)>,
    request_id: Ident,
}

impl Ruling {
    /// A plan under a snapshot, with what it is expected to cost and what it is paid from.
    pub fn new(
        snapshot: Arc<Snapshot>,
        plan: Plan,
        (expected, purses): (Expected, Vec<(Purse, Caps)>),
        request_id: Ident,
    ) -> Self {
        Self { snapshot, plan, expected, purses, request_id }
    }

    /// Whether another snapshot is in force by now.
    pub fn is_outdated(&self, gateway: &Gateway) -> bool {
        !self.snapshot.is_same_as(&gateway.snapshot_for(&self.request_id).snapshot)
    }

    /// The target of a place, if the plan has it: a place may have been waited for under a plan that is
    /// no longer the one in force.
    pub fn target_of(&self, place: &Place, tried: &Tried) -> Option<TargetId> {
        let id = self.snapshot.loaded.catalogue.target_named(place.target())?;
        let Plan { first, overflow, degrade, ladder, escalation: _ } = &self.plan;
        let may_overflow = tried.attempts() > 0 || ladder.contains(&Step::Burst);
        let named = first.contains(&id) || degrade.contains(&id) || (may_overflow && overflow.contains(&id));
        named.then_some(id)
    }

    /// A target of the plan.
    pub fn target(&self, id: TargetId) -> Option<&Target> {
        self.snapshot.loaded.catalogue.target(id)
    }
}

/// Asks the detectors in force, where there are any, then the encoder, once it is known what the text is, and decides.
///
/// # Errors
/// As [`decide`].
pub(crate) async fn detect_and_decide(
    gateway: &Gateway,
    inspected: &mut Inspected,
    caller: &Caller,
    ledger: &mut Ledger,
) -> Result<Ruling, Failure> {
    if detect::ask(gateway, inspected, ledger.request_id()).await {
        ledger.inspected(inspected);
    }
    if !std::mem::replace(&mut inspected.consulted, true) {
        ledger.consulted(encoder::consult(gateway, inspected, ledger.request_id()).await);
    }
    decide(gateway, inspected, caller, ledger)
}

/// Decides under the newest policy, having looked again if what to look for has changed.
///
/// # Errors
/// [`Failure::UnknownModel`] for an alias that does not exist or is not the caller's,
/// [`Failure::Denied`] when the policy says so.
fn decide(
    gateway: &Gateway,
    inspected: &mut Inspected,
    caller: &Caller,
    ledger: &mut Ledger,
) -> Result<Ruling, Failure> {
    let Chosen { snapshot, standing } = gateway.snapshot_for(ledger.request_id());
    if inspected.seen.scanner.as_ref() != Some(&snapshot.words.scanner) {
        inspected.again(&snapshot);
        ledger.inspected(inspected);
    }
    // They are asked before; a policy that came since may have others.
    if inspected.asked != snapshot.detectors.key() {
        detect::not_asked(inspected, &snapshot);
        ledger.inspected(inspected);
    }
    let (decision, expected, now) = {
        let alias = alias_for(&snapshot, inspected.request.content().alias(), caller)?;
        let now = Circumstances::now(gateway, &snapshot, alias, (inspected, caller));
        let facts = facts(inspected, caller, &now);
        let decision =
            weir_policy::decide(&snapshot.loaded.policy, &snapshot.loaded.catalogue, alias, &facts);
        ledger.decided(&snapshot, standing, &decision, &facts);
        if let Some(shadow) = shadow::compare(gateway, standing, (inspected, caller), (&snapshot, &decision))
        {
            ledger.shadowed(shadow);
        }
        (decision, Expected::of(&facts), now)
    };
    match decision.action {
        Action::Route(plan) => {
            let (purses, request_id) = (now.purses, ledger.request_id().clone());
            Ok(Ruling::new(snapshot, plan, (expected, purses), request_id))
        }
        Action::Deny(denial) => Err(denied(&decision.rule, &decision.revision, denial, now.left.as_ref())),
    }
}

pub(crate) fn alias_for<'s>(
    snapshot: &'s Snapshot,
    name: &str,
    caller: &Caller,
) -> Result<&'s Alias, Failure> {
    let unknown = || Failure::UnknownModel { alias: name.chars().take(200).collect() };
    if !caller.may_use(name) {
        return Err(unknown());
    }
    snapshot.loaded.catalogue.alias(name).ok_or_else(unknown)
}

/// Everything a rule may look at.
pub(crate) fn facts<'a>(inspected: &'a Inspected, caller: &'a Caller, now: &'a Circumstances) -> Facts<'a> {
    let request = inspected.request.content();
    Facts {
        caller: caller_facts(caller),
        request: RequestFacts {
            endpoint: request.api().name(),
            alias: request.alias(),
            stream: request.is_stream(),
            tools: request.has_tools(),
            modalities: modalities(request),
            response_format: response_format(request),
            language: language(inspected.task.as_ref()),
            reasoning_effort: request.reasoning_effort(),
            prompt_tokens: now.prompt_tokens,
            max_output_tokens: request.max_output_tokens(),
        },
        data: DataFacts { label: inspected.request.label(), entities: &inspected.seen.entities },
        task: now.task,
        latency: LatencyFacts {
            class: latency_class(caller, request.service_tier()),
            target_ms: caller.latency_target.and_then(millis),
            deadline_ms: caller.deadline.and_then(millis),
        },
        cost: now.cost,
        capacity: now.capacity(),
        time: now.time,
        wish: stricter(caller.wish, request.wish()),
        unfit: &now.unfit,
        quality: &now.quality,
    }
}

fn caller_facts(caller: &Caller) -> CallerFacts<'_> {
    let Some(key) = &caller.key else { return CallerFacts::default() };
    CallerFacts {
        key: Some(&key.id),
        name: Some(&key.terms.name),
        tenant: key.terms.tenant.as_deref(),
        team: key.terms.team.as_deref(),
        app: key.terms.app.as_deref(),
        environment: Some(key.terms.environment.as_str()),
        scopes: key.terms.scopes.as_ref(),
    }
}

fn millis(time: Duration) -> Option<u64> {
    u64::try_from(time.as_millis()).ok()
}

pub(super) fn modalities(request: &ClientRequest) -> Words<Modality> {
    let attached = request.attached_kinds().filter_map(|reason| match reason {
        "image" => Some(Modality::Image),
        "audio" => Some(Modality::Audio),
        "video" => Some(Modality::Video),
        "file" => Some(Modality::File),
        _ => None,
    });
    attached.chain([Modality::Text]).collect()
}

pub(super) fn response_format(request: &ClientRequest) -> ResponseFormat {
    request.response_format().and_then(|format| format.parse().ok()).unwrap_or_default()
}

pub(crate) fn latency_class(caller: &Caller, service_tier: Option<&str>) -> LatencyClass {
    match service_tier {
        Some("flex" | "batch") => LatencyClass::Batch,
        _ => caller.latency_class.unwrap_or_default(),
    }
}

fn stricter(header: Option<RouteWish>, body: Option<request::RouteWish>) -> Option<RouteWish> {
    let body = body.map(|wish| match wish {
        request::RouteWish::LocalOnly => RouteWish::LocalOnly,
        request::RouteWish::CloudOk => RouteWish::CloudOk,
    });
    match (header, body) {
        (Some(RouteWish::LocalOnly), _) | (_, Some(RouteWish::LocalOnly)) => Some(RouteWish::LocalOnly),
        (header, body) => header.or(body),
    }
}

fn denied(rule: &RuleName, revision: &Revision, denial: Denial, left: Option<&Left>) -> Failure {
    let mut message = denial_message(&denial.message, rule.as_str(), revision.as_str());
    if let (DenialCode::OverBudget, Some(left)) = (denial.code, left) {
        message = format!("{message}; {}", whose(&left.purse));
    }
    Failure::Denied { code: denial.code, message, param: denial.param }
}
