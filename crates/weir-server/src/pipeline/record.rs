//! Everything → the decision records and the outcome of one request.
//!
//! INVARIANT (durable before egress): [`Ledger::attempt`] returns for a cloud target only when the
//! decision is on the disk.

use super::admit::Tried;
use super::decide::{ENDPOINT, Ruling};
use super::identify::Caller;
use super::inspect::Inspected;
use crate::clock::micros;
use crate::desk::Place;
use crate::failure::{BackendFailure, Failure};
use crate::gateway::{Gateway, VERSION};
use crate::ids::RequestIds;
use crate::metrics::{Finished, RequestLabels};
use crate::reply::{self, Body};
use crate::snapshot::Snapshot;
use http::header::HeaderName;
use http::{Response, StatusCode};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_audit::event::{
    self, Action, AuthMethod, Candidate, Fact, FindingCount, FinishReason, Outcome, OutcomeKind,
};
use weir_audit::{FieldPath, Ident, Name};
use weir_config::DecisionHeaders;
use weir_dispatch::Step;
use weir_label::{Level, ZoneKind};
use weir_policy::{Decision, Facts, RouteWish, Target, TargetId, Verdict};
use weir_store::audit::{AuditError, AuditFailed, Ticket};
use weir_wire::chat::Usage;

/// The most places of findings that a record names.
const SOURCES_MAX: usize = 8;

/// The account of one request, from its head to its end.
///
/// Filled in by the stages as they go. It writes a decision record for each attempt, and one that says
/// `deny` when there was none; and one outcome: when it is closed, or, with what is known then, when it
/// is dropped because the client went away or a stage panicked.
#[derive(Debug)]
pub(crate) struct Ledger {
    gateway: Arc<Gateway>,
    ids: RequestIds,
    decision: event::Decision,
    outcome: Outcome,
    declared_level: Option<Level>,
    shows_decision: bool,
    has_decision: bool,
    is_closed: bool,
    last: Option<Ticket>,
    times: Times,
}

#[derive(Debug)]
struct Times {
    opened: Instant,
    received: Option<Instant>,
    asked: Option<Instant>,
    queued: Duration,
    forwarded: Option<Instant>,
    first_content: Option<Instant>,
}

impl Ledger {
    /// Begins the account of a request.
    pub fn open(gateway: Arc<Gateway>, peer: SocketAddr) -> Self {
        let ids = RequestIds::new();
        let (request, decision) = (Ident::new(&ids.request), Ident::new(&ids.decision));
        let address = gateway.pseudonyms.of("address", peer.ip().to_string().as_bytes());
        Self {
            outcome: Outcome::new(request.clone(), decision.clone(), OutcomeKind::Failed),
            decision: undecided(request, decision, Ident::new(&address)),
            declared_level: None,
            shows_decision: false,
            has_decision: false,
            is_closed: false,
            last: None,
            times: Times {
                opened: Instant::now(),
                received: None,
                asked: None,
                queued: Duration::ZERO,
                forwarded: None,
                first_content: None,
            },
            gateway,
            ids,
        }
    }

    pub fn reply_id(&self) -> &str {
        &self.ids.reply
    }

    pub fn key_id(&self) -> Option<Arc<str>> {
        self.decision.key_id.as_ref().map(|id| id.as_str().into())
    }

    pub fn identified(&mut self, caller: &Caller) {
        self.decision.auth_method = caller.method;
        self.declared_level = caller.declared_level;
        if let Some(key) = &caller.key {
            self.decision.key_id = Some(Ident::new(&key.id));
            self.decision.tenant = key.terms.tenant.as_deref().map(Name::new);
        }
    }

    pub fn received(&mut self, bytes: usize) {
        self.times.received = Some(Instant::now());
        self.outcome.bytes_in = Some(bytes as u64);
    }

    pub fn inspected(&mut self, inspected: &Inspected) {
        let (label, seen) = (inspected.request.label(), &inspected.seen);
        let decision = &mut self.decision;
        decision.stream = inspected.request.content().is_stream();
        decision.level = label.level();
        decision.categories = label.categories().iter().cloned().collect();
        decision.jurisdictions = label.jurisdictions().iter().cloned().collect();
        decision.opaque = seen.opaque.iter().map(|reason| Ident::new(reason)).collect();
        let count = |(entity, count): (&String, &u32)| FindingCount {
            entity: Ident::new(entity),
            count: u64::from(*count),
        };
        decision.findings = seen.entities.iter().map(count).collect();
        decision.sources = sources(inspected);
        decision.scanner_digest = Some(Ident::new(&seen.scanner));
        decision.scan_us = micros(inspected.took);
        decision.scan_complete = seen.complete;
        decision.est_tokens_in = Some(inspected.prompt_tokens());
        if !seen.complete {
            self.gateway.metrics.incomplete_scan();
        }
    }

    pub fn decided(&mut self, snapshot: &Snapshot, decision: &Decision, facts: &Facts<'_>) {
        let loaded = &snapshot.loaded;
        self.shows_decision = loaded.config.headers == DecisionHeaders::On;
        let record = &mut self.decision;
        record.policy_revision = Ident::new(decision.revision.as_str());
        record.config_digest = Ident::new(&loaded.config_digest);
        record.rule = Some(Name::new(decision.rule.as_str()));
        record.facts = record_facts(facts);
        let considered = decision.considered.iter();
        record.candidates =
            considered.filter_map(|(id, verdict)| candidate(snapshot, *id, verdict)).collect();
        record.overrides_denied = match loaded.policy.boundary.is_classified(facts.data.label) {
            true => overrides(facts, self.declared_level),
            false => Vec::new(),
        };
    }

    pub fn asked(&mut self) {
        self.times.asked = Some(Instant::now());
    }

    pub fn admitted(&mut self) {
        if let Some(asked) = self.times.asked.take() {
            self.times.queued += asked.elapsed();
        }
    }

    /// Records that the request is about to go to a target. Returns when it may.
    ///
    /// # Errors
    /// [`BackendFailure::NoRecord`] when there can be no record and none may be done without.
    pub async fn attempt(
        &mut self,
        ruling: &Ruling,
        target: TargetId,
        place: &Place,
        tried: &Tried,
    ) -> Result<(), BackendFailure> {
        let Some(target) = ruling.target(target) else { return Err(BackendFailure::NoPermit) };
        let zone = target.zone();
        self.note_target(target, zone, place, tried);
        let written = match self.append_decision() {
            Ok(ticket) if zone == ZoneKind::Cloud => ticket.durable().await.map_err(AuditError::from),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        self.times.forwarded = Some(Instant::now());
        match written {
            Ok(()) => Ok(()),
            Err(_) if zone == ZoneKind::Local && self.gateway.serves_without_record() => Ok(()),
            Err(error) => {
                tracing::error!(%error, "a request is not forwarded: its record cannot be written");
                Err(BackendFailure::NoRecord)
            }
        }
    }

    fn note_target(&mut self, target: &Target, zone: ZoneKind, place: &Place, tried: &Tried) {
        let record = &mut self.decision;
        record.attempt = tried.attempts() + 1;
        record.target = Some(Ident::new(&target.name));
        record.backend = Some(Ident::new(&target.backend));
        record.model = Some(Ident::new(&target.model));
        record.zone = Some(zone);
        record.egress_permitted = zone == ZoneKind::Cloud;
        let (action, reason) = match place.step() {
            None => (Action::Route, "policy"),
            Some(Step::Queue(_)) => (Action::Queue, "queue"),
            Some(Step::Degrade) => (Action::Degrade, "degrade"),
            Some(Step::Burst | Step::Reject) => (Action::Burst, "burst"),
        };
        record.action = action;
        record.reason = Ident::new(if tried.attempts() > 0 { "failover" } else { reason });
        self.outcome.attempts = record.attempt;
    }

    fn append_decision(&mut self) -> Result<Ticket, AuditError> {
        self.has_decision = true;
        let ticket = self.gateway.audit.append(&self.decision)?;
        self.last = Some(ticket.clone());
        Ok(ticket)
    }

    pub fn connected(&mut self, peer: SocketAddr) {
        self.outcome.peer_ip = Some(Ident::new(&peer.ip().to_string()));
    }

    pub fn first_content(&mut self) {
        self.times.first_content.get_or_insert_with(Instant::now);
    }

    pub fn replied(&mut self, usage: &Usage, finish_reason: Option<&str>, model: Option<&str>) {
        self.outcome.tokens_in = usage.prompt_tokens.or(self.outcome.tokens_in);
        if usage.completion_tokens.is_some() {
            self.outcome.tokens_out = usage.completion_tokens;
            self.outcome.tokens_estimated = false;
        }
        self.outcome.finish_reason = finish_reason.map(FinishReason::from_word);
        self.outcome.model_used = model.map(Ident::new);
    }

    /// Counts the pieces of a stream: what is known of its tokens until the backend says more.
    pub fn streamed(&mut self, chunks: u64) {
        self.outcome.tokens_out = Some(chunks);
        self.outcome.tokens_estimated = true;
    }

    pub fn relayed(&mut self, bytes: usize) {
        self.outcome.bytes_out = Some(bytes as u64);
    }

    /// Notes why there is no answer.
    pub fn fail(&mut self, failure: &Failure) {
        self.outcome.error_code = Some(Ident::new(failure.code()));
        self.outcome.outcome = failure.outcome();
    }

    /// Waits until the kernel has the decision: a client that sees the first event of a stream finds it in
    /// the log.
    pub async fn settled(&mut self) {
        Closed(self.last.take()).written().await;
    }

    /// Closes the account of a request that was answered in whole, and waits until the kernel has it:
    /// what a client was told is in the log, though the process be killed.
    pub async fn finish(mut self, status: StatusCode) {
        self.outcome.http_status = Some(status.as_u16());
        if status.is_success() {
            self.outcome.outcome = OutcomeKind::Ok;
        }
        self.close_now();
        Closed(self.last.take()).written().await;
    }

    /// Closes the account of a stream.
    pub fn close(mut self, outcome: OutcomeKind) -> Closed {
        self.outcome.http_status = Some(StatusCode::OK.as_u16());
        self.outcome.outcome = outcome;
        self.close_now();
        Closed(self.last.take())
    }

    fn close_now(&mut self) {
        self.is_closed = true;
        if !self.has_decision {
            self.decision.action = Action::Deny;
            self.decision.reason = self.outcome.error_code.clone().unwrap_or_else(|| Ident::new("cancelled"));
            if let Err(error) = self.append_decision() {
                tracing::error!(%error, "a refusal is not recorded");
            }
        }
        self.outcome.total_us = Some(micros(self.times.opened.elapsed()));
        self.outcome.queue_us = Some(micros(self.times.queued));
        self.outcome.ttft_us = self.times.first_content.map(|at| micros(at - self.times.opened));
        match self.gateway.audit.append(&self.outcome) {
            Ok(ticket) => self.last = Some(ticket),
            Err(error) => tracing::error!(%error, "an outcome is not recorded"),
        }
        self.gateway.metrics.finished(&self.finished());
    }

    fn finished(&self) -> Finished {
        let Times { opened, received, queued, forwarded, first_content, .. } = &self.times;
        let word =
            |word: &Option<Ident>| word.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let overhead = received.zip(*forwarded).map(|(from, to)| (to - from).saturating_sub(*queued));
        Finished {
            labels: RequestLabels {
                zone: self.decision.zone.map_or("none", ZoneKind::as_str),
                backend: word(&self.decision.backend),
                level: self.decision.level.as_str(),
                rule: self.decision.rule.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string),
                outcome: self.outcome.outcome.as_str(),
            },
            total: opened.elapsed(),
            time_to_first_token: first_content.map(|at| at - *opened),
            overhead,
            queued: *queued,
            tokens_in: self.outcome.tokens_in,
            tokens_out: self.outcome.tokens_out,
        }
    }

    /// What the reply's headers say, as known now.
    pub fn head(&self) -> Head {
        let decision = &self.decision;
        let shown = |name: &'static str, value: Option<String>| Some((HeaderName::from_static(name), value?));
        let details = [
            shown("x-weir-decision-id", Some(self.ids.decision.clone())),
            shown("x-weir-zone", decision.zone.map(|zone| zone.to_string())),
            shown("x-weir-backend", decision.backend.as_ref().map(ToString::to_string)),
            shown("x-weir-level", Some(decision.level.to_string())),
            shown("x-weir-rule", decision.rule.as_ref().map(ToString::to_string)),
            shown("x-weir-policy", Some(decision.policy_revision.to_string())),
            shown("x-weir-reason", decision.zone.map(|_| decision.reason.to_string())),
        ];
        let details = if self.shows_decision { details.into_iter().flatten().collect() } else { Vec::new() };
        Head { request_id: self.ids.request.clone(), details }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if self.is_closed {
            return;
        }
        self.admitted();
        let (outcome, code) = if std::thread::panicking() {
            (OutcomeKind::Failed, "panic")
        } else {
            (OutcomeKind::ClientCancelled, "cancelled")
        };
        self.outcome.outcome = outcome;
        self.outcome.error_code = Some(Ident::new(code));
        self.close_now();
    }
}

/// A closed account, whose outcome is on its way into the log.
#[derive(Debug)]
pub(crate) struct Closed(Option<Ticket>);

impl Closed {
    /// Waits until the kernel has the outcome.
    pub async fn written(self) {
        let Some(ticket) = self.0 else { return };
        if !ticket.is_written() {
            // The others that are ready now get to their own records first, and all of them are written
            // at one turn.
            tokio::task::yield_now().await;
        }
        if let Err(AuditFailed { reason }) = ticket.written().await {
            tracing::error!(reason, "the record of an answered request may be lost");
        }
    }
}

/// The headers by which Weir says what it did.
#[derive(Debug)]
pub(crate) struct Head {
    request_id: String,
    details: Vec<(HeaderName, String)>,
}

impl Head {
    pub fn stamp(self, mut response: Response<Body>) -> Response<Body> {
        for (name, value) in self.details {
            reply::set(&mut response, name, &value);
        }
        reply::with_request_id(response, &self.request_id)
    }
}

/// What is known of a request before anything is: nothing, which counts as the most sensitive.
fn undecided(request_id: Ident, decision_id: Ident, address: Ident) -> event::Decision {
    event::Decision {
        request_id,
        decision_id,
        attempt: 0,
        trace_id: None,
        tenant: None,
        key_id: None,
        client_addr_pseudonym: Some(address),
        auth_method: AuthMethod::None,
        api: Ident::new(ENDPOINT),
        stream: false,
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
        policy_revision: Ident::new(""),
        config_digest: Ident::new(""),
        binary_version: Ident::new(VERSION),
        rule: None,
        action: Action::Deny,
        reason: Ident::new("undecided"),
        candidates: Vec::new(),
        target: None,
        backend: None,
        zone: None,
        model: None,
        egress_permitted: false,
        content_hmac: None,
        overrides_denied: Vec::new(),
        cut: BTreeMap::new(),
    }
}

/// What the caller of a classified request said to have it sent out all the same.
fn overrides(facts: &Facts<'_>, declared: Option<Level>) -> Vec<Ident> {
    let wish = (facts.wish == Some(RouteWish::CloudOk)).then_some("route_hint");
    let level = declared.is_some_and(|level| level < facts.data.label.level()).then_some("level");
    wish.into_iter().chain(level).map(Ident::new).collect()
}

fn sources(inspected: &Inspected) -> Vec<FieldPath> {
    let mut segments: Vec<usize> = inspected.seen.findings.iter().map(|finding| finding.segment).collect();
    segments.sort_unstable();
    segments.dedup();
    let request = inspected.request.content();
    segments.into_iter().take(SOURCES_MAX).map(|index| FieldPath::new(&request.path_of(index))).collect()
}

fn candidate(snapshot: &Snapshot, id: TargetId, verdict: &Verdict) -> Option<Candidate> {
    let target = snapshot.loaded.catalogue.target(id)?;
    let verdict = match verdict {
        Verdict::Candidate => "candidate",
        Verdict::Excluded(exclusion) => exclusion.code(),
    };
    Some(Candidate { target: Ident::new(&target.name), zone: target.zone(), verdict: Ident::new(verdict) })
}

/// The facts that are recorded nowhere else, under the names that rules use.
fn record_facts(facts: &Facts<'_>) -> BTreeMap<Ident, Fact> {
    let word = |name: &str, value: Option<&str>| Some((Ident::new(name), Fact::Word(Ident::new(value?))));
    let flag = |name: &str, value: bool| value.then(|| (Ident::new(name), Fact::Bool(true)));
    let number = |name: &str, value: Option<u64>| Some((Ident::new(name), Fact::Number(value?)));
    let Facts { caller, request, data: _, latency_class, wish } = facts;
    [
        word("request.alias", Some(request.alias)),
        word("latency.class", Some(latency_class.as_str())),
        word("caller.name", caller.name),
        word("caller.team", caller.team),
        word("caller.app", caller.app),
        word("caller.environment", caller.environment),
        word("wish", wish.map(RouteWish::as_str)),
        flag("request.tools", request.tools),
        flag("request.images", request.images),
        number("request.max_output_tokens", request.max_output_tokens),
    ]
    .into_iter()
    .flatten()
    .collect()
}
