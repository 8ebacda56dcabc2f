//! An answer that plainly does not do is not given out; a stronger target is asked instead.
//!
//! INVARIANT (nothing doubled): an answer is checked before any of it has reached the client, and is then given out whole
//! or not at all. What could not be had better is given out as it was.

use super::decide::Ruling;
use super::identify::Caller;
use super::inspect::Inspected;
use super::record::{Aside, Ledger};
use super::relay::Answer;
use crate::failure::Failure;
use crate::quality::PASSED;
use bytes::Bytes;
use weir_policy::{Cascade, Check, TargetId};
use weir_wire::canonical::Conversation;
use weir_wire::dialect::BackendDialect;
use weir_wire::fault::{AnswerFault, Held};

/// What of an answer is held back to be checked. Nothing, where the rule has no cascade.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// How many bytes at most.
    limit: Option<usize>,
    streams: bool,
    /// What the backend wrote, if all of it is here.
    raw: Option<(BackendDialect, Bytes)>,
}

impl Watch {
    /// What a plan has watched of the answer to a request.
    pub fn of(ruling: &Ruling, inspected: &Inspected, caller: &Caller) -> Self {
        let Some(cascade) = ruling.plan.escalation.as_ref().map(|escalation| &escalation.cascade) else {
            return Self::default();
        };
        let is_conversation = inspected.request.content().api().dialect().is_some();
        Self {
            limit: usize::try_from(cascade.buffer_bytes).ok().filter(|_| is_conversation),
            streams: cascade.streams || caller.wants_cascade,
            raw: None,
        }
    }

    /// All of an answer that comes in whole.
    pub fn whole(limit: usize) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    /// The words of the answer, if all of it is here.
    pub fn text(&self) -> Option<String> {
        let (backend, bytes) = self.raw.as_ref()?;
        Some(Held::whole(*backend, bytes)?.text())
    }

    /// How many bytes of a stream are held back, if any.
    pub fn stream_limit(&self) -> Option<usize> {
        self.limit.filter(|_| self.streams)
    }

    /// Takes a whole answer, as the backend wrote it.
    pub fn take(&mut self, backend: BackendDialect, body: &Bytes) {
        if self.limit.is_some_and(|limit| body.len() <= limit) {
            self.raw = Some((backend, body.clone()));
        }
    }

    /// The first thing that is wrong with the answer, in the word of records; [`PASSED`] if nothing is, `None` if it was
    /// not looked at.
    fn check(&self, cascade: &Cascade, inspected: &Inspected) -> Option<&'static str> {
        let (backend, bytes) = self.raw.as_ref()?;
        let request = inspected.request.content();
        let asked = request.conversation()?.ok()?;
        let held = match request.is_stream() {
            true => Held::streamed(*backend, bytes)?,
            false => Held::whole(*backend, bytes)?,
        };
        Some(verdict(&held, &asked, cascade))
    }
}

/// The first thing that is wrong with an answer, of what a rule has checked.
fn verdict(held: &Held<'_>, asked: &Conversation<'_>, cascade: &Cascade) -> &'static str {
    let fault = held.faults(asked).into_iter().map(check_of).find(|check| cascade.checks.contains(*check));
    if let Some(check) = fault {
        return check.as_str();
    }
    let least = cascade.logprob_millinats.map(|millinats| -f64::from(millinats) / 1000.0);
    let is_unlikely = least.zip(held.mean_log_probability()).is_some_and(|(least, mean)| mean < least);
    if is_unlikely { "logprob" } else { PASSED }
}

const fn check_of(fault: AnswerFault) -> Check {
    match fault {
        AnswerFault::Empty => Check::Empty,
        AnswerFault::Refusal => Check::Refusal,
        AnswerFault::NoJson => Check::Json,
        AnswerFault::AgainstSchema => Check::Schema,
        AnswerFault::BadToolCall => Check::ToolCall,
        AnswerFault::CutOff => Check::CutOff,
    }
}

/// The best answer so far that did not do, with the account of its attempt.
#[derive(Default)]
pub(crate) struct Rejected(Option<(Answer, Box<Aside>)>);

impl Rejected {
    /// Looks at an answer, if it was held back. Gives it back if it does or there is no attempt left, and takes it in
    /// otherwise.
    pub fn judge(
        &mut self,
        mut answer: Answer,
        watch: &Watch,
        (ruling, target): (&Ruling, TargetId),
        inspected: &Inspected,
        (ledger, has_attempts_left): (&mut Ledger, bool),
    ) -> Option<Answer> {
        let Some(escalation) = &ruling.plan.escalation else { return Some(answer) };
        let Some(check) = watch.check(&escalation.cascade, inspected) else { return Some(answer) };
        answer.tell(ledger);
        let mut others = ruling.plan.targets();
        let escalates =
            check != PASSED && has_attempts_left && others.any(|other| escalation.is_stronger(other, target));
        ledger.checked(check, escalates);
        if !escalates {
            return Some(answer);
        }
        let answer = answer.without_place(ledger.cost_micro_usd());
        self.0 = Some((answer, Box::new(ledger.set_aside())));
        None
    }

    /// What the client gets when no better answer could be had.
    ///
    /// # Errors
    /// The failure itself, where there is no answer or this caller may have none any more.
    pub fn instead_of(self, failure: Failure, ledger: &mut Ledger) -> Result<Answer, Failure> {
        match (failure, self.0) {
            (Failure::Full { .. } | Failure::NothingLeft | Failure::Backend(_), Some((answer, aside))) => {
                ledger.take_back(*aside);
                if let Answer::Whole(body) = &answer {
                    ledger.answered(body);
                }
                Ok(answer)
            }
            (failure, _) => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_policy::Words;
    use weir_wire::json::Limits;
    use weir_wire::request::ClientRequest;

    fn verdict_on(answer: &str, cascade: &Cascade) -> &'static str {
        let body = br#"{"model":"auto","messages":[{"role":"user","content":"q"}],"logprobs":true}"#;
        let request = ClientRequest::read(body, Limits::default()).unwrap();
        let asked = request.conversation().unwrap().unwrap();
        let held = Held::whole(BackendDialect::ChatCompletions, answer.as_bytes()).unwrap();
        verdict(&held, &asked, cascade)
    }

    #[test]
    fn an_unlikely_answer_is_rejected_where_the_rule_says_how_unlikely() {
        let answer = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop",
            "logprobs":{"content":[{"token":"a","logprob":-1.2}]}}]}"#;
        let at = |millinats| Cascade { logprob_millinats: millinats, ..Cascade::default() };
        assert_eq!(verdict_on(answer, &at(None)), PASSED);
        assert_eq!(verdict_on(answer, &at(Some(1300))), PASSED);
        assert_eq!(verdict_on(answer, &at(Some(1100))), "logprob");
    }

    #[test]
    fn what_a_rule_does_not_check_is_no_fault() {
        let cut = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"length"}]}"#;
        assert_eq!(verdict_on(cut, &Cascade::default()), "cut_off");
        let other = Cascade { checks: [Check::Refusal].into(), ..Cascade::default() };
        assert_eq!(verdict_on(cut, &other), PASSED);
        assert_eq!(verdict_on(cut, &Cascade { checks: Words::none(), ..other }), PASSED);
    }
}
