//! The end of a request's account: its outcome, on record and in the metrics.

use super::{Ledger, Times};
use crate::clock::micros;
use crate::gateway::Gateway;
use crate::metrics::{Finished, RequestLabels, Word, zone_word};
use crate::unrecorded::Lost;
use http::StatusCode;
use std::pin::Pin;
use std::sync::Arc;
use weir_audit::event::{Action, OutcomeKind};
use weir_audit::{Ident, Name};
use weir_label::ZoneKind;
use weir_policy::micro_usd;
use weir_rollout::Sample;
use weir_store::audit::{AuditFailed, Ticket};

impl Ledger {
    /// Waits until the kernel has the decision: a client that sees the first event of a stream finds it in
    /// the log.
    pub async fn settled(&mut self) {
        let Some(ticket) = self.last.take() else { return };
        if !is_written(ticket, self.gateway.serves_several()).await {
            self.lost.get_or_insert(Lost::Served);
        }
    }

    /// Closes the account of a request that was answered in whole; what is returned waits until the kernel has it:
    /// what a client was told is in the log, though the process be killed.
    pub fn finish(mut self, status: StatusCode) -> impl Future<Output = ()> + Send + use<> {
        self.outcome.http_status = Some(status.as_u16());
        if status.is_success() {
            self.outcome.outcome = OutcomeKind::Ok;
        }
        self.finish_untold()
    }

    /// The same for one whose answer Weir does not know.
    pub fn finish_untold(mut self) -> impl Future<Output = ()> + Send + use<> {
        let kept = self.kept();
        self.close_now();
        self.closed(kept).written()
    }

    /// Closes the account of a stream.
    pub fn close(mut self, outcome: OutcomeKind) -> Closed {
        self.outcome.http_status = Some(StatusCode::OK.as_u16());
        self.outcome.outcome = outcome;
        let kept = self.kept();
        self.close_now();
        self.closed(kept)
    }

    fn closed(&mut self, kept: Option<Kept>) -> Closed {
        let ticket = self.last.take().filter(|_| self.lost.is_none());
        Closed { gateway: self.gateway.clone(), kept, ticket, has_company: self.gateway.serves_several() }
    }

    fn close_now(&mut self) {
        self.is_closed = true;
        if !self.has_decision {
            (self.decision.action, self.decision.reason) =
                match (self.answered_here, &self.outcome.error_code) {
                    (true, None) => (Action::Route, Ident::fixed("answered_by_weir")),
                    (_, Some(code)) => (Action::Deny, code.clone()),
                    (false, None) => (Action::Deny, Ident::fixed(CANCELLED)),
                };
            if let Err(error) = self.append_decision() {
                tracing::error!(%error, "a refusal is not recorded");
                self.lost = Some(Lost::Refused);
            }
        }
        self.settle();
        self.settle_share();
        self.outcome.total_us = Some(micros(self.times.opened.elapsed()));
        self.outcome.queue_us = Some(micros(self.times.queued));
        self.outcome.ttft_us = self.times.first_content.map(|at| micros(at - self.times.opened));
        match self.gateway.audit.append(&self.outcome) {
            Ok(ticket) => self.last = Some(ticket),
            Err(error) => {
                tracing::error!(%error, "an outcome is not recorded");
                self.lost.get_or_insert(Lost::Outcome);
            }
        }
        if let Some(lost) = self.lost {
            self.gateway.lost(lost);
        }
        self.remember_answer();
        self.gateway.metrics.requests.finished(&self.finished());
        for (zone, cost) in &self.spent_before {
            self.gateway.metrics.requests.rejected_answer_cost(*zone, micro_usd(*cost));
        }
        if self.decision.rule.is_some() {
            let revision = self.decision.policy_revision.as_str();
            self.gateway.count(revision, self.standing, self.sample());
        }
    }

    /// What this request says of the policy that decided it.
    fn sample(&self) -> Sample {
        let outcome = self.outcome.outcome;
        Sample {
            denied: outcome == OutcomeKind::Rejected,
            failed: matches!(
                outcome,
                OutcomeKind::Failed | OutcomeKind::UpstreamAborted | OutcomeKind::Timeout
            ),
            cloud: self.decision.zone == Some(ZoneKind::Cloud),
            cost: self
                .cost()
                .map(|cost| self.spent_before.iter().fold(cost, |sum, (_, cost)| sum.saturating_add(*cost)))
                .map(|cost| u64::try_from(cost).unwrap_or(u64::MAX)),
        }
    }

    fn finished(&self) -> Finished {
        let Times { opened, received, queued, forwarded, first_content, .. } = &self.times;
        let overhead = received.zip(*forwarded).map(|(from, to)| (to - from).saturating_sub(*queued));
        Finished {
            labels: RequestLabels {
                zone: zone_word(self.decision.zone),
                backend: Word(self.decision.backend.clone().unwrap_or(Ident::fixed("none"))),
                level: self.decision.level.as_str(),
                rule: Word(self.decision.rule.clone().unwrap_or_else(|| Name::new("none"))),
                outcome: self.outcome.outcome.as_str(),
            },
            zone: self.decision.zone,
            total: opened.elapsed(),
            time_to_first_token: first_content.map(|at| at - *opened),
            overhead,
            queued: *queued,
            tokens_in: self.outcome.tokens_in,
            tokens_out: self.outcome.tokens_out,
            cost_micro_usd: self.outcome.cost_micro_usd,
            tags: self.decision.tags.iter().cloned().map(Word).collect(),
        }
    }
}

/// The code of what its client has left.
pub(super) const CANCELLED: &str = "cancelled";
impl Drop for Ledger {
    fn drop(&mut self) {
        self.gateway.put_down();
        if self.is_closed {
            return;
        }
        self.admitted();
        let (outcome, code) = if std::thread::panicking() {
            (OutcomeKind::Failed, "panic")
        } else {
            (OutcomeKind::ClientCancelled, CANCELLED)
        };
        self.outcome.outcome = outcome;
        self.outcome.error_code = Some(Ident::fixed(code));
        self.close_now();
    }
}

/// A closed account, whose outcome is on its way into the log.
pub(crate) struct Closed {
    gateway: Arc<Gateway>,
    kept: Option<Kept>,
    ticket: Option<Ticket>,
    /// Whether other requests were being served when it was closed.
    has_company: bool,
}

/// Ends when the answer is kept: who has seen its end may refer to it.
pub(super) type Kept = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Closed {
    /// Waits until the kernel has the outcome.
    pub async fn written(self) {
        if let Some(kept) = self.kept {
            kept.await;
        }
        let Some(ticket) = self.ticket else { return };
        if !is_written(ticket, self.has_company).await {
            self.gateway.lost(Lost::Outcome);
        }
    }
}

/// Waits until the kernel has a record; `false` if it may never have it. `has_company`: whether other requests are being
/// served.
async fn is_written(ticket: Ticket, has_company: bool) -> bool {
    if has_company && !ticket.is_written() {
        // The others that are ready now get to their own records first, and all of them are written
        // at one turn.
        tokio::task::yield_now().await;
    }
    match ticket.written().await {
        Ok(()) => true,
        Err(AuditFailed { reason }) => {
            tracing::error!(reason, "the record of an answered request may be lost");
            false
        }
    }
}
