//! Everything → the decision records and the outcome of one request.
//!
//! INVARIANT (durable before egress): [`Ledger::attempt`] returns for a cloud target only when the
//! decision is on the disk.

mod aside;
mod closing;
pub(crate) mod content;
mod facts;
mod headers;
mod money;
mod rate;
mod refused;
mod start;

pub(crate) use aside::Aside;
use closing::{CANCELLED, Kept};
use facts::{ENCODER, note_purpose};
pub(crate) use facts::{EXPECTED_OUTPUT, LEFT_OUT, QUALITY, WISH, record_facts};
use money::Charge;
pub(crate) use refused::Refused;
pub(crate) use start::{DEGRADE, FIRST, OVERFLOW, candidates};
use start::{overrides, sources, undecided};

use super::decide::Ruling;
use super::identify::Caller;
use super::inspect::Inspected;
use crate::candidate::Standing;
use crate::clock::micros;
use crate::counts::Counted;
use crate::desk::Place;
use crate::failure::{BackendFailure, Failure};
use crate::gateway::Gateway;
use crate::ids::{Digits, RequestIds};
use crate::kept::Keep;
use crate::pseudonym::Peer;
use crate::rates::Share;
use crate::snapshot::Snapshot;
use crate::unrecorded::Lost;
use crate::waiting::{Begin, Early, KEEP_ALIVE_AFTER};
use content::Shelf;
use http::HeaderMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_audit::event::{self, Action, Fact, FindingCount, FinishReason, Outcome, OutcomeKind};
use weir_audit::{FieldPath, Ident, Name};
use weir_config::DecisionHeaders;
use weir_dispatch::Step;
use weir_dispatch::cost::Earmark;
use weir_label::{Level, ZoneKind};
use weir_policy::{Decision, Facts, Obligations, Requirement, Target, TargetId};
use weir_quality::Shape;
use weir_store::audit::{AuditError, Ticket};
use weir_wire::chat::{ReplyIdentity, Usage};
use weir_wire::dialect::{BackendDialect, ClientDialect};
use weir_wire::relay::{Lane, StreamRelay};
use weir_wire::request::{Api, ClientRequest};

/// The account of one request, from its head to its end.
///
/// Filled in by the stages as they go. It writes a decision record for each attempt, and one that says
/// `deny` when there was none; and one outcome: when it is closed, or, with what is known then, when it
/// is dropped because the client went away or a stage panicked.
#[derive(Debug)]
pub(crate) struct Ledger {
    gateway: Arc<Gateway>,
    digits: Digits,
    reply_id: String,
    decision: event::Decision,
    outcome: Outcome,
    declared_level: Option<Level>,
    shows_decision: bool,
    standing: Standing,
    /// What the target costs.
    charge: Charge,
    /// Tokens of the prompt that the backend had in its cache, and that it put there.
    cached: (u64, u64),
    /// What was set aside for the attempt under way.
    earmark: Option<Earmark>,
    /// What it uses of the limits of its key, if that has any.
    share: Option<Share>,
    /// In whose words its client is told of them.
    form: ClientDialect,
    has_decision: bool,
    /// What of the request the log did not get.
    lost: Option<Lost>,
    /// Whether the rule wants the record on the disk before the request goes anywhere.
    needs_durable: bool,
    /// Whether the rule wants the content captured.
    needs_content: bool,
    /// Where it is captured, once the prompt is.
    shelf: Option<Shelf>,
    /// The target of the attempt under way.
    target: Option<Arc<str>>,
    is_closed: bool,
    /// What answers that were rejected have cost, in picodollars, and where they came from.
    spent_before: Vec<(Option<ZoneKind>, u128)>,
    /// The shape of its conversation, by which something may be heard of the answer.
    shape: Option<Shape>,
    /// Whether Weir answers by itself, so that there is no attempt.
    answered_here: bool,
    /// What came of asking the encoder, if it was asked.
    encoder: Option<&'static str>,
    /// What the client is told of fields that were left out.
    warnings: Option<String>,
    /// Tokens of the prompt, about, before anybody counted them.
    counted: Counted,
    /// What is to be kept of the answer.
    keep: Option<Keep>,
    /// Begins the answer before there is one, if it has not begun.
    begin: Option<Begin>,
    last: Option<Ticket>,
    times: Times,
}

/// One attempt at a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// Why it is made, if not because of the plan and its ladder.
    pub reason: Option<&'static str>,
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
    pub fn open(gateway: Arc<Gateway>, api: Api, peer: &Peer, begin: Option<Begin>) -> Self {
        gateway.take_in_hand();
        let RequestIds { digits, request, decision, reply } = RequestIds::new(api);
        Self {
            outcome: Outcome::new(request.clone(), decision.clone(), OutcomeKind::Failed),
            decision: undecided(request, decision, api, peer.pseudonym.clone()),
            digits,
            reply_id: reply,
            declared_level: None,
            shows_decision: false,
            standing: Standing::InForce,
            charge: Charge::default(),
            cached: (0, 0),
            earmark: None,
            share: None,
            form: api.form(),
            has_decision: false,
            lost: None,
            needs_durable: false,
            needs_content: false,
            shelf: None,
            target: None,
            is_closed: false,
            spent_before: Vec::new(),
            shape: None,
            answered_here: false,
            encoder: None,
            warnings: None,
            counted: Counted::default(),
            keep: None,
            begin,
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
        }
    }

    pub fn request_id(&self) -> &Ident {
        &self.decision.request_id
    }

    pub fn reply_id(&self) -> &str {
        &self.reply_id
    }

    pub fn key_id(&self) -> Option<Arc<str>> {
        self.decision.key_id.as_ref().map(|id| id.as_str().into())
    }

    pub fn identified(&mut self, caller: &Caller) {
        self.decision.auth_method = caller.method;
        self.declared_level = caller.declared_level;
        if let Some(key) = &caller.key {
            self.decision.key_id = Some(Ident::of(&key.id));
            self.decision.tenant = key.terms.tenant.as_deref().map(Name::new);
        }
    }

    pub fn received(&mut self, bytes: usize) {
        self.times.received = Some(Instant::now());
        self.outcome.bytes_in = Some(bytes as u64);
    }

    pub fn inspected(&mut self, inspected: &Inspected) {
        let (label, seen) = (inspected.request.label(), &inspected.seen);
        if let Some(keep) = &mut self.keep {
            keep.raise(label);
        }
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
        decision.scanner_digest = seen.scanner.clone();
        decision.scan_us = micros(inspected.took);
        decision.scan_complete = seen.complete;
        decision.est_tokens_in = Some(inspected.prompt_tokens());
        self.counted = inspected.seen.counted.clone();
        if !seen.complete {
            self.gateway.metrics.requests.incomplete_scan();
        }
    }

    pub fn decided(
        &mut self,
        snapshot: &Snapshot,
        standing: Standing,
        decision: &Decision,
        facts: &Facts<'_>,
    ) {
        let loaded = &snapshot.loaded;
        self.standing = standing;
        self.shows_decision = loaded.config.headers == DecisionHeaders::On;
        let record = &mut self.decision;
        record.policy_revision = snapshot.words.policy.clone();
        record.stage = Some(standing.word());
        record.shadow = None;
        record.config_digest = snapshot.words.config.clone();
        record.rule = Some(Name::of(decision.rule.shared()));
        let Obligations { require, tags } = &*decision.obligations;
        record.tags = tags.iter().map(Ident::of).collect();
        record.requires = require.iter().map(|what| Ident::fixed(what.as_str())).collect();
        self.needs_durable = require.contains(&Requirement::DurableRecord);
        self.needs_content = require.contains(&Requirement::CapturedContent);
        note_purpose(record, &loaded.config.audit.purposes, facts.caller);
        record.est_tokens_in = Some(facts.request.prompt_tokens);
        record.facts = record_facts(facts, &loaded.catalogue);
        if let Some(outcome) = self.encoder {
            record.facts.insert(Ident::fixed(ENCODER), Fact::Word(Ident::fixed(outcome)));
        }
        record.candidates = candidates(snapshot, decision);
        record.overrides_denied = match loaded.policy.boundary.is_classified(facts.data.label) {
            true => overrides(facts, self.declared_level),
            false => Vec::new(),
        };
    }

    /// Notes what came of asking the encoder, if it was asked.
    pub fn consulted(&mut self, outcome: Option<&'static str>) {
        self.encoder = outcome;
    }

    /// Notes what a policy in the shadow would have decided otherwise.
    pub fn shadowed(&mut self, shadow: event::Shadow) {
        self.decision.shadow = Some(shadow);
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
    /// [`BackendFailure::NoRecord`] when there can be no record and none may be done without,
    /// [`BackendFailure::NotCaptured`] likewise for the content.
    pub async fn attempt(
        &mut self,
        ruling: &Ruling,
        id: TargetId,
        place: &Place,
        attempt: Attempt,
        request: &ClientRequest,
    ) -> Result<(), BackendFailure> {
        let Some(target) = ruling.target(id) else { return Err(BackendFailure::NoPermit) };
        self.capture_prompt(ruling, request).await?;
        let zone = target.zone();
        self.note_target(ruling, (id, target), place, attempt);
        let written = match self.append_decision() {
            Ok(ticket) if zone == ZoneKind::Cloud || self.needs_durable => {
                ticket.durable().await.map_err(AuditError::from)
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        self.times.forwarded = Some(Instant::now());
        match written {
            Ok(()) => Ok(()),
            Err(_)
                if zone == ZoneKind::Local && !self.needs_durable && self.gateway.serves_without_record() =>
            {
                self.lost = Some(Lost::Served);
                Ok(())
            }
            Err(error) => {
                self.lost.get_or_insert(Lost::Refused);
                tracing::error!(%error, "a request is not forwarded: its record cannot be written");
                Err(BackendFailure::NoRecord)
            }
        }
    }

    fn note_target(
        &mut self,
        ruling: &Ruling,
        (id, target): (TargetId, &Target),
        place: &Place,
        attempt: Attempt,
    ) {
        let (record, zone) = (&mut self.decision, target.zone());
        self.charge = Charge::of(ruling, id, target);
        record.attempt = attempt.number;
        record.target = Some(Ident::of(&target.name));
        self.target = Some(target.name.clone());
        record.backend = Some(Ident::of(&target.backend));
        record.model = Some(Ident::of(&target.model));
        record.zone = Some(zone);
        record.region = target.recipient.jurisdiction().map(|place| Ident::new(place.as_str()));
        record.egress_permitted = zone == ZoneKind::Cloud;
        let (action, reason) = match place.step() {
            None => (Action::Route, "policy"),
            Some(Step::Queue(_)) => (Action::Queue, "queue"),
            Some(Step::Degrade) => (Action::Degrade, "degrade"),
            Some(Step::Burst | Step::Reject) => (Action::Burst, "burst"),
        };
        record.action = action;
        record.reason = Ident::fixed(attempt.reason.unwrap_or(reason));
        self.outcome.attempts = self.outcome.attempts.max(record.attempt);
    }

    /// Notes that of two attempts at once the one before the last has answered.
    pub fn answered_by(&mut self, ruling: &Ruling, id: TargetId, place: &Place, attempt: Attempt) {
        let Some(target) = ruling.target(id) else { return };
        self.note_target(ruling, (id, target), place, attempt);
        self.outcome.answered_attempt = Some(attempt.number);
    }

    fn append_decision(&mut self) -> Result<Ticket, AuditError> {
        self.has_decision = true;
        let ticket = self.gateway.audit.append(&self.decision)?;
        self.last = Some(ticket.clone());
        Ok(ticket)
    }

    /// Takes note that a stream is still waited for: after a while its client is told so, and the answer has begun.
    pub fn is_waited_for(&mut self, request: &ClientRequest) {
        let client = request.api().form();
        if !request.is_stream() || self.begin.is_none() || self.times.opened.elapsed() < KEEP_ALIVE_AFTER {
            return;
        }
        let lane = Lane {
            client,
            backend: BackendDialect::ChatCompletions,
            inside: true,
            identity: ReplyIdentity { id: self.reply_id.clone(), alias: request.alias().to_owned() },
            created_s: u64::try_from(self.gateway.wall.unix_seconds()).unwrap_or_default(),
            show_usage: false,
        };
        let voice = StreamRelay::new(lane, request.body());
        // Some dialects have no word for it.
        if let Some(begin) = self.begin.take().filter(|_| !voice.keep_alive().is_empty()) {
            let mut head = HeaderMap::new();
            self.stamp(&mut head);
            begin.send(Early { head, voice });
        }
    }

    pub fn connected(&mut self, peer_ip: &Arc<str>) {
        self.outcome.peer_ip = Some(Ident::of(peer_ip));
    }

    pub fn first_content(&mut self) {
        if self.times.first_content.is_some() {
            return;
        }
        self.times.first_content = Some(Instant::now());
    }

    pub fn replied(&mut self, usage: &Usage, finish_reason: Option<&str>, model: Option<&str>) {
        self.outcome.tokens_in = usage.prompt_tokens.or(self.outcome.tokens_in);
        let (read, written) = self.cached;
        self.cached = (usage.cached_tokens.unwrap_or(read), usage.written_tokens.unwrap_or(written));
        if let Some(tier) = usage.tier {
            self.charge.is_of(tier);
        }
        if let Some((target, counted)) = self.target.as_ref().zip(usage.prompt_tokens) {
            self.gateway.counts.learn(target, &self.counted, counted);
        }
        if usage.completion_tokens.is_some() {
            self.outcome.tokens_out = usage.completion_tokens;
            self.outcome.tokens_estimated = false;
        }
        self.outcome.finish_reason = finish_reason.map(FinishReason::from_word);
        self.outcome.model_used = model.map(Ident::new);
    }

    /// Tokens of the answer, if they are known.
    pub fn output_tokens(&self) -> Option<u64> {
        self.outcome.tokens_out
    }

    /// Counts the pieces of a stream: what is known of its tokens until the backend says more.
    pub fn streamed(&mut self, chunks: u64) {
        self.outcome.tokens_out = Some(chunks);
        self.outcome.tokens_estimated = true;
    }

    pub fn relayed(&mut self, bytes: usize) {
        self.outcome.bytes_out = Some(bytes as u64);
    }

    /// Notes what of the answer is to be kept.
    pub fn keep(&mut self, keep: Option<Keep>) {
        self.keep = keep;
    }

    /// Takes the answer that is to be kept.
    pub fn answered(&mut self, body: &[u8]) {
        if let Some(keep) = &mut self.keep {
            keep.add(&self.reply_id, body);
        }
    }

    fn kept(&mut self) -> Option<Kept> {
        let (keep, gateway) = (self.keep.take().filter(Keep::is_complete)?, self.gateway.clone());
        Some(Box::pin(async move { keep.write(&gateway).await }))
    }

    /// Notes which fields the target goes without.
    pub fn left_out(&mut self, fields: &[String]) {
        if fields.is_empty() {
            self.warnings = None;
            self.decision.facts.remove(&Ident::fixed(LEFT_OUT));
            return;
        }
        self.warnings = Some(format!("left out: {}", fields.join(", ")));
        // Names that no API defines are the client's own text, which no record holds.
        let words = fields.iter().map(|field| Ident::new(FieldPath::new(field).as_str())).collect();
        self.decision.facts.insert(Ident::fixed(LEFT_OUT), Fact::Words(words));
    }

    /// Notes that Weir answers by itself, without any backend.
    pub fn answered_here(&mut self) {
        self.answered_here = true;
        self.shows_decision = self.gateway.snapshot().loaded.config.headers == DecisionHeaders::On;
    }

    /// Notes what only the backend itself can have made: it may come back, and then goes to it alone.
    pub fn made(&self, sealed: &[String]) {
        if let Some(backend) = self.decision.backend.as_ref().filter(|_| !sealed.is_empty()) {
            self.gateway.makers.remember(backend.as_str(), sealed);
        }
    }

    /// Notes why there is no answer.
    pub fn fail(&mut self, failure: &Failure) {
        self.outcome.error_code = Some(Ident::fixed(failure.code()));
        self.outcome.outcome = failure.outcome();
    }

    /// Notes why an answer is not given to its end.
    pub fn cut(&mut self, code: &'static str) {
        self.outcome.error_code = Some(Ident::fixed(code));
    }
}
