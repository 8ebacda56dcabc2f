//! Which step of its ladder a request takes.

use super::{Dispatcher, RESERVE};
use crate::Moment;
use crate::ask::{Obstacle, Refused, Step};
use crate::balance::{Balance, Offer};
use crate::health::Condition;
use crate::predictor::MARGIN;
use crate::request::{Choice, Request};
use crate::target::{Target, TargetKey};
use std::time::Duration;

/// What a request is to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    /// Take a place, having taken this step of the ladder.
    Take {
        offer: Offer,
        step: Option<usize>,
    },
    /// Wait at this step until then, or until it is to be looked at again.
    Wait {
        step: usize,
        until: Moment,
    },
    Refuse(Refused),
}

/// A move, and when the first token would come by it.
#[derive(Clone, Copy)]
struct Prospect {
    seconds: f64,
    next: Move,
}

/// How often a request that waits is looked at again at least, if it has somewhere else to go or waits for a
/// target that is not well.
const REVIEW: Duration = Duration::from_millis(500);
/// Without a measurement a place is taken to come free in this time.
const UNKNOWN_SERVICE_TIME: Duration = Duration::from_secs(2);

impl Dispatcher {
    /// The first move, in the order of the ladder from step `from` on, that is expected to keep the promise;
    /// if none is, the one by which the first token comes soonest; if there is none, a refusal.
    pub(super) fn next_move(&self, request: &Request, from: usize, now: Moment) -> Move {
        let mut soonest: Option<Prospect> = None;
        let steps = request.ladder.iter().copied().enumerate().skip(from);
        let prospects = std::iter::once((None, self.at_once(request, from, now))).chain(
            steps
                .take_while(|(_, step)| *step != Step::Reject)
                .map(|(index, step)| (Some(step), self.by_step(request, index, step, now))),
        );
        for (step, prospect) in prospects {
            let Some(prospect) = prospect else { continue };
            if self.keeps_promise(request, step, &prospect, now) {
                return self.reviewed(request, prospect.next, now);
            }
            if soonest.is_none_or(|known| prospect.seconds < known.seconds) {
                soonest = Some(prospect);
            }
        }
        match soonest {
            Some(prospect) => self.reviewed(request, prospect.next, now),
            None => Move::Refuse(self.refusal(request, now)),
        }
    }

    /// Before a step, and while waiting at one: what the steps so far allow.
    fn at_once(&self, request: &Request, from: usize, now: Moment) -> Option<Prospect> {
        if request.may_burst && from == 0 && self.is_wanted_by_confined(request) {
            return None;
        }
        let offer = self.offer(&request.allowed(from), request, None, now)?;
        let step = from.checked_sub(1).filter(|_| !request.first.iter().any(|c| c.key == offer.key));
        Some(Prospect { seconds: offer.first_token_s, next: Move::Take { offer, step } })
    }

    fn by_step(&self, request: &Request, index: usize, step: Step, now: Moment) -> Option<Prospect> {
        let take = |choices: &[Choice]| {
            let offer = self.offer(choices, request, Some(step), now)?;
            Some(Prospect { seconds: offer.first_token_s, next: Move::Take { offer, step: Some(index) } })
        };
        match step {
            Step::Queue(time) => self.by_waiting(request, index, time, now),
            Step::Degrade => take(&request.degrade),
            Step::Burst => take(&request.overflow),
            Step::Reject => None,
        }
    }

    /// Waiting, if there is room to wait, nothing to be had without, and a place may be expected in time.
    fn by_waiting(&self, request: &Request, index: usize, time: Duration, now: Moment) -> Option<Prospect> {
        let allowed = request.allowed(index);
        let pool = Self::pool(&allowed);
        if allowed.is_empty() || !self.queue.has_room(&pool, request.bytes, request.work.prompt_tokens) {
            return None;
        }
        if self.offer(&allowed, request, None, now).is_some() && !self.is_wanted_by_confined(request) {
            return None;
        }
        let (wait, is_known) = self.wait_for_place(&pool, request, now);
        if is_known && wait > time {
            return None;
        }
        let first_token_s = self.soonest_s(&allowed, request, now);
        let seconds = wait.as_secs_f64() + first_token_s;
        // The estimate of a wait is what it is on average: some margin makes it one that mostly holds.
        if is_known
            && !request.is_in_time(seconds * MARGIN + self.soonest_answer_s(&allowed, request, now), now)
        {
            return None;
        }
        let mut until = now.saturating_add(time);
        if let Some(deadline) = request.promise.deadline {
            until = until.min(deadline);
        }
        (until > now).then_some(Prospect { seconds, next: Move::Wait { step: index, until } })
    }

    fn keeps_promise(&self, request: &Request, step: Option<Step>, prospect: &Prospect, now: Moment) -> bool {
        let Some(promised) = request.promised_s(now) else { return true };
        match prospect.next {
            Move::Take { offer, .. } => {
                let target = self.targets.get(offer.key);
                let is_untried = step.is_none() && target.is_some_and(|target| target.is_untried(now));
                is_untried || self.holds(&offer, request, step, now)
            }
            Move::Wait { .. } | Move::Refuse(_) => prospect.seconds * MARGIN <= promised,
        }
    }

    /// Whether the first token would come from there as promised; and, before the ladder, soon enough to leave room
    /// where room is kept for work that may go nowhere else.
    fn holds(&self, offer: &Offer, request: &Request, step: Option<Step>, now: Moment) -> bool {
        let (Some(promised), Some(target)) = (request.promised_s(now), self.targets.get(offer.key)) else {
            return true;
        };
        let leaves_room = request.may_burst && step.is_none() && target.pressure.keeps_room(now);
        let share = if leaves_room { RESERVE } else { 1.0 };
        target.at_latest_s(offer.first_token_s) <= promised && offer.first_token_s <= share * promised
    }

    fn is_wanted_by_confined(&self, request: &Request) -> bool {
        if self.queue.is_empty() {
            return false;
        }
        let keys: Vec<TargetKey> = request.first.iter().map(|choice| choice.key).collect();
        self.queue.has_confined(&keys)
    }

    pub(super) fn offer(
        &self,
        choices: &[Choice],
        request: &Request,
        step: Option<Step>,
        now: Moment,
    ) -> Option<Offer> {
        let balance = Balance { targets: &self.targets, request, step, now };
        let keeps = |offer: &Offer| self.holds(offer, request, step, now);
        let affordable: Vec<Choice>;
        let choices = if request.attempt.is_paid_for() || choices.iter().any(|choice| choice.micro_usd > 0) {
            let can_be_sent = |choice: &&Choice| self.can_be_sent(request.attempt, choice.key, now);
            let can_pay = |choice: &&Choice| self.can_pay(choice);
            affordable = choices.iter().filter(can_be_sent).filter(can_pay).copied().collect();
            &affordable
        } else {
            choices
        };
        let offer = balance.best(choices, keeps)?;
        self.is_in_time(&offer, request, now).then_some(offer)
    }

    /// Whether an answer from there would be complete before the request's deadline. Of a target of which nothing is
    /// known, or nothing any more, anything is possible: what the formula says of a middling server refuses nobody.
    pub(super) fn is_in_time(&self, offer: &Offer, request: &Request, now: Moment) -> bool {
        if request.promise.deadline.is_none() {
            return true;
        }
        let target = self.targets.get(offer.key);
        let known = target.filter(|target| target.is_known() && !target.is_untried(now));
        let seconds = known.map_or(0.0, |target| offer.first_token_s + target.answer_s(&request.work, now));
        request.is_in_time(seconds, now)
    }

    fn can_pay(&self, choice: &Choice) -> bool {
        let Some(target) = self.targets.get(choice.key) else { return false };
        let taken = self.spend.taken(&target.settings.name);
        target.settings.daily_cap.is_none_or(|cap| taken.saturating_add(choice.micro_usd) <= cap)
    }

    /// Looks again before it is too late for the steps that are left.
    fn reviewed(&self, request: &Request, next: Move, now: Moment) -> Move {
        let Move::Wait { step, until } = next else { return next };
        let mut until = until;
        let after = request.ladder.iter().skip(step + 1).any(|step| *step != Step::Reject);
        if after && request.promise.first_token.is_some() {
            until = until.min(now.saturating_add(REVIEW));
        }
        // A server that asked to be left alone has places again without anybody giving one back.
        let pool = request.allowed(step);
        let targets = || pool.iter().filter_map(|choice| self.targets.get(choice.key));
        if targets().any(|target| !target.health.is_well(now)) {
            until = until.min(now.saturating_add(REVIEW));
        }
        let back = targets().map(|target| target.health.full_until()).filter(|at| *at > now).min();
        Move::Wait { step, until: back.map_or(until, |at| until.min(at)) }
    }

    fn soonest_s(&self, choices: &[Choice], request: &Request, now: Moment) -> f64 {
        let targets = choices.iter().filter_map(|choice| self.targets.get(choice.key));
        targets.map(|target| target.predict_s(&request.work, now)).reduce(f64::min).unwrap_or(0.0)
    }

    fn soonest_answer_s(&self, choices: &[Choice], request: &Request, now: Moment) -> f64 {
        let targets = choices.iter().filter_map(|choice| self.targets.get(choice.key));
        targets.map(|target| target.answer_s(&request.work, now)).reduce(f64::min).unwrap_or(0.0)
    }

    /// When a place may come free for a request that joins the queue now, and whether that rests on
    /// anything that was measured.
    pub(super) fn wait_for_place(
        &self,
        pool: &[TargetKey],
        request: &Request,
        now: Moment,
    ) -> (Duration, bool) {
        let ahead = self.queue.ahead_of(pool, &request.claim.tenant, request.claim.band);
        self.wait_estimate(pool, ahead, now)
    }

    /// Those ahead and one more, at the rate at which places have come free so far.
    pub(super) fn wait_estimate(&self, pool: &[TargetKey], ahead: usize, now: Moment) -> (Duration, bool) {
        let targets = || pool.iter().filter_map(|key| self.targets.get(*key));
        let rate_of = |target: &Target| {
            let places = target.limit.nominal().unwrap_or_else(|| target.in_flight().max(1));
            let time = target.service_time.unwrap_or(UNKNOWN_SERVICE_TIME).as_secs_f64().max(1e-3);
            f64::from(places) / time
        };
        let rate: f64 = targets().map(rate_of).sum();
        let is_known = targets().all(Target::is_known);
        let seconds = (ahead as f64 + 1.0) / rate.max(1e-6);
        let full_for = targets().map(|target| target.health.full_until().saturating_sub(now)).min();
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        (wait.max(full_for.unwrap_or_default()), is_known)
    }

    fn refusal(&self, request: &Request, now: Moment) -> Refused {
        let keys: Vec<TargetKey> = request.first.iter().map(|choice| choice.key).collect();
        let obstacle = self.obstacle(request, now);
        let retry_after = match obstacle {
            Obstacle::Out { .. } => self.back_in(request, now),
            Obstacle::Busy | Obstacle::Full | Obstacle::Spent | Obstacle::Misplaced => {
                self.wait_estimate(&keys, self.queue.ahead(&keys), now).0
            }
        };
        let soonest = self.soonest_s(&request.first, request, now)
            + self.soonest_answer_s(&request.first, request, now);
        if request.is_in_time(soonest, now) {
            Refused::Full { retry_after, obstacle }
        } else {
            Refused::TooLate { retry_after }
        }
    }

    /// What is in the way of a request that has been through its ladder.
    fn obstacle(&self, request: &Request, now: Moment) -> Obstacle {
        let of = |choice: &Choice| {
            let target = self.targets.get(choice.key)?;
            Some(match target.condition(now) {
                _ if !self.can_pay(choice) => Obstacle::Spent,
                Condition::Misplaced => Obstacle::Misplaced,
                Condition::Out { .. } | Condition::OnTrial => {
                    let since = target.health.failing_since().unwrap_or(now);
                    Obstacle::Out { since: now.saturating_sub(since) }
                }
                Condition::Resting { .. } if target.health.is_full(now) => Obstacle::Full,
                Condition::Resting { .. } | Condition::Well => Obstacle::Busy,
            })
        };
        self.within_reach(request).filter_map(of).min().unwrap_or(Obstacle::Busy)
    }

    /// When the first of a request's targets that are out is tried again.
    fn back_in(&self, request: &Request, now: Moment) -> Duration {
        let of = |choice: &Choice| match self.targets.get(choice.key)?.condition(now) {
            Condition::Out { until } => Some(until.saturating_sub(now)),
            Condition::OnTrial => Some(Duration::ZERO),
            Condition::Well | Condition::Resting { .. } | Condition::Misplaced => None,
        };
        self.within_reach(request).filter_map(of).min().unwrap_or_default()
    }

    /// The targets that the whole ladder of a request leads to.
    pub(super) fn within_reach<'r>(&self, request: &'r Request) -> impl Iterator<Item = &'r Choice> {
        let to =
            |step, choices: &'r Vec<Choice>| choices.iter().filter(move |_| request.ladder.contains(&step));
        let further = to(Step::Degrade, &request.degrade).chain(to(Step::Burst, &request.overflow));
        request.first.iter().chain(further)
    }
}
