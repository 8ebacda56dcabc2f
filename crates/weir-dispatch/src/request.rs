use crate::Moment;
use crate::ask::{Ask, Candidate, Step};
use crate::retry::Attempt;
use crate::target::TargetKey;
use crate::work::{Claim, Promise, Work};
use std::borrow::Cow;
use std::sync::Arc;

/// An [`Ask`] with its targets looked up.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub first: Vec<Choice>,
    pub degrade: Vec<Choice>,
    pub overflow: Vec<Choice>,
    pub ladder: Vec<Step>,
    pub bytes: usize,
    pub work: Work,
    pub claim: Claim,
    pub promise: Promise,
    pub arrived: Moment,
    pub may_burst: bool,
    pub attempt: Attempt,
}

/// A known target that a request may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub key: TargetKey,
    pub rank: u32,
    pub micro_usd: u64,
    /// Seconds to the first token there, if they were predicted at the very moment of the ask.
    pub predicted_s: Option<f64>,
}

impl Request {
    /// Targets that `key` does not know are left out.
    pub fn new(ask: Ask<'_>, now: Moment, key: impl Fn(&Arc<str>) -> Option<TargetKey>) -> Self {
        let may_burst = ask.may_burst();
        let known = |candidates: &[Candidate<'_>]| -> Vec<Choice> {
            let mut known = Vec::with_capacity(candidates.len());
            for candidate in candidates {
                if let Some(key) = key(candidate.target) {
                    let Candidate { rank, micro_usd, .. } = *candidate;
                    known.push(Choice { key, rank, micro_usd, predicted_s: None });
                }
            }
            known
        };
        Self {
            first: known(&ask.first),
            degrade: known(&ask.degrade),
            overflow: known(&ask.overflow),
            ladder: ask.ladder,
            bytes: ask.bytes,
            work: ask.work,
            claim: ask.claim,
            promise: ask.promise,
            arrived: now,
            may_burst,
            attempt: if ask.is_retry { Attempt::Further } else { Attempt::First },
        }
    }

    /// It is asked for again later: what was predicted holds no longer.
    pub fn forget_predictions(&mut self) {
        self.first.iter_mut().for_each(|choice| choice.predicted_s = None);
    }

    pub fn knows_a_target(&self) -> bool {
        !(self.first.is_empty() && self.degrade.is_empty() && self.overflow.is_empty())
    }

    /// The targets that it may take after so many steps of its ladder.
    ///
    /// INVARIANT (only what was asked for): every place that is given comes from here or from the step
    /// that is taken; `overflow` is reached by `burst` alone.
    pub fn allowed(&self, steps: usize) -> Cow<'_, [Choice]> {
        let mut allowed = Cow::Borrowed(&self.first[..]);
        for passed in self.ladder.iter().take(steps) {
            match passed {
                Step::Degrade => allowed.to_mut().extend_from_slice(&self.degrade),
                Step::Burst => allowed.to_mut().extend_from_slice(&self.overflow),
                Step::Queue(_) | Step::Reject => {}
            }
        }
        allowed
    }

    /// Seconds that are left of the time in which the first token was promised.
    pub fn promised_s(&self, now: Moment) -> Option<f64> {
        let promised = self.promise.first_token?.as_secs_f64();
        Some(promised - now.saturating_sub(self.arrived).as_secs_f64())
    }

    /// Whether something that takes so many seconds comes before the deadline.
    pub fn is_in_time(&self, seconds: f64, now: Moment) -> bool {
        self.promise.deadline.is_none_or(|deadline| now.as_secs_f64() + seconds <= deadline.as_secs_f64())
    }
}
