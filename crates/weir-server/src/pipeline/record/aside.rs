//! Accounts of answers: those that are set aside, and those of which something may be heard.

use super::Ledger;
use super::money::Charge;
use crate::feedback;
use crate::quality::Answered;
use std::sync::Arc;
use std::time::Instant;
use weir_audit::Ident;
use weir_audit::event::{self, AnswerChecked, Outcome, OutcomeKind};
use weir_label::ZoneKind;
use weir_policy::TaskType;
use weir_quality::Shape;

/// The account of an attempt whose answer was rejected, so that it can be taken up again.
#[derive(Debug)]
pub(crate) struct Aside {
    decision: event::Decision,
    outcome: Outcome,
    charge: Charge,
    target: Option<Arc<str>>,
    spent_before: Vec<(Option<ZoneKind>, u128)>,
    cached: (u64, u64),
    warnings: Option<String>,
    first_content: Option<Instant>,
}

impl Ledger {
    /// Records what a cascade found of the answer that is there.
    pub fn checked(&self, check: &'static str, escalates: bool) {
        let (Some(target), Some(zone)) = (&self.target, self.decision.zone) else { return };
        self.gateway.checked(&AnswerChecked {
            request_id: self.decision.request_id.clone(),
            decision_id: self.decision.decision_id.clone(),
            attempt: self.decision.attempt,
            check: Ident::fixed(check),
            escalates,
            task: self.task().map(|task| Ident::fixed(task.as_str())),
            target: Ident::of(target),
            zone,
            tokens_in: self.outcome.tokens_in,
            tokens_out: self.outcome.tokens_out,
            cost_micro_usd: self.cost_micro_usd(),
        });
    }

    /// Sets the account of the attempt aside: another one follows, whose answer is the client's. What it cost counts.
    pub fn set_aside(&mut self) -> Aside {
        let (request, decision) = (self.outcome.request_id.clone(), self.outcome.decision_id.clone());
        let cost = self.cost();
        let fresh = Outcome {
            bytes_in: self.outcome.bytes_in,
            attempts: self.outcome.attempts,
            ..Outcome::new(request, decision, OutcomeKind::Failed)
        };
        let aside = Aside {
            decision: self.decision.clone(),
            outcome: std::mem::replace(&mut self.outcome, fresh),
            charge: self.charge.clone(),
            target: self.target.clone(),
            spent_before: self.spent_before.clone(),
            cached: std::mem::take(&mut self.cached),
            warnings: self.warnings.clone(),
            first_content: self.times.first_content.take(),
        };
        self.spent_before.extend(cost.map(|cost| (self.decision.zone, cost)));
        self.pay_now(cost);
        aside
    }

    /// Takes an account up again: its answer is the client's after all. It is paid for already, and what was set aside for
    /// the attempt that failed since is not spent.
    pub fn take_back(&mut self, aside: Aside) {
        self.unpay();
        let Aside { decision, outcome, charge, target, spent_before, cached, warnings, first_content } =
            aside;
        let attempts = self.outcome.attempts;
        self.decision = decision;
        let answered_attempt = (attempts > self.decision.attempt).then_some(self.decision.attempt);
        self.outcome = Outcome { attempts, answered_attempt, ..outcome };
        (self.charge, self.target, self.warnings) = (charge, target, warnings);
        (self.spent_before, self.cached) = (spent_before, cached);
        self.times.first_content = first_content;
    }

    /// Notes the shape of the conversation.
    pub fn set_shape(&mut self, shape: Option<Shape>) {
        self.shape = shape;
    }

    /// Has a complete answer remembered, so that something may be heard of it.
    pub(super) fn remember_answer(&self) {
        let (Some(target), Some(zone)) = (&self.target, self.decision.zone) else { return };
        if self.outcome.outcome != OutcomeKind::Ok {
            return;
        }
        let key = self.decision.key_id.clone();
        let answered = Answered::new(self.digits, key, self.task(), (target.clone(), zone), None);
        self.gateway.quality.answered(answered, self.shape.as_ref(), self.gateway.wall.unix_seconds());
    }

    fn task(&self) -> Option<TaskType> {
        feedback::task(self.decision.facts.get(&Ident::fixed("task.type")))
    }
}
