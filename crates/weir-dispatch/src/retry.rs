use crate::Moment;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an attempt is to the request that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// Its first.
    First,
    /// One more, because those before it have failed.
    Further,
    /// One beside another that is late; one of the two is for nothing.
    Hedge,
}

impl Attempt {
    /// Whether it takes something from the budget of the backend that it is sent to.
    pub fn is_paid_for(self) -> bool {
        self != Attempt::First
    }
}

/// How many further attempts each backend may be sent, by the backend's name.
///
/// INVARIANT (a fifth for nothing): of all attempts that a backend was sent beside first ones, those that it has not
/// served are no more than a fifth of the others, and a few.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    budgets: BTreeMap<Arc<str>, RetryBudget>,
}

impl Retries {
    /// Whether the backend may be sent a further attempt now.
    pub fn may(&self, backend: &str, now: Moment) -> bool {
        self.budgets.get(backend).is_none_or(|budget| budget.may_spend(now))
    }

    /// An attempt is sent there, which it [`may`](Self::may) be if it is not a first one.
    pub fn sent(&mut self, backend: &Arc<str>, attempt: Attempt, now: Moment) {
        let budget = match self.budgets.get_mut(backend) {
            Some(budget) => budget,
            None => self.budgets.entry(backend.clone()).or_default(),
        };
        budget.running = budget.running.saturating_add(1);
        match attempt {
            Attempt::First => budget.earn(now),
            Attempt::Further | Attempt::Hedge => budget.spend(now),
        }
    }

    /// A further attempt is served there after all: it is a request of that backend like any other.
    pub fn served(&mut self, backend: &str, now: Moment) {
        if let Some(budget) = self.budgets.get_mut(backend) {
            budget.give_back(now);
        }
    }

    /// An attempt has ended there.
    pub fn ended(&mut self, backend: &str) {
        if let Some(budget) = self.budgets.get_mut(backend) {
            budget.running = budget.running.saturating_sub(1);
        }
    }

    /// Forgets the backends that are not named any more.
    pub fn retain(&mut self, is_named: impl Fn(&str) -> bool) {
        self.budgets.retain(|backend, _| is_named(backend));
    }
}

/// How many further attempts one backend may be sent, so that a failing one is not hit by much more than it would be
/// without them.
///
/// Each first attempt adds a fifth of an attempt and each further one takes one, so that what is sent for nothing stays
/// below a fifth of the load; a few are free, so that a quiet service may retry at all. A further attempt that is served
/// was not for nothing: it gives back what it took and adds a fifth like a first one, so that a backend that is well
/// takes over from one that is not, whether anything was sent to it before or not.
#[derive(Debug, Clone, PartialEq)]
struct RetryBudget {
    attempts: f64,
    refilled: Moment,
    /// Attempts that run.
    running: u32,
}

/// Further attempts for each request.
const SHARE: f64 = 0.2;
/// That may be saved up; or as many as are [`SHARE`] of the attempts that run, if those are more.
const SAVED_MAX: f64 = 10.0;
const START: f64 = 3.0;
/// Free ones a second, for services with a request now and then.
const FREE_PER_S: f64 = 0.1;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { attempts: START, refilled: Moment::ZERO, running: 0 }
    }
}

impl RetryBudget {
    fn earn(&mut self, now: Moment) {
        self.add(SHARE, now);
    }

    fn give_back(&mut self, now: Moment) {
        self.add(1.0 + SHARE, now);
    }

    fn add(&mut self, attempts: f64, now: Moment) {
        self.refill(now);
        let most = SAVED_MAX.max(SHARE * f64::from(self.running));
        // What was saved up while more were running is not taken away.
        self.attempts = (self.attempts + attempts).min(most.max(self.attempts));
    }

    fn may_spend(&self, now: Moment) -> bool {
        self.at(now) >= 1.0
    }

    fn spend(&mut self, now: Moment) {
        self.refill(now);
        self.attempts -= 1.0;
    }

    fn refill(&mut self, now: Moment) {
        self.attempts = self.at(now);
        self.refilled = self.refilled.max(now);
    }

    /// What there is to be spent.
    fn at(&self, now: Moment) -> f64 {
        if self.attempts >= START {
            return self.attempts;
        }
        // Free attempts are for those who have none, not to be saved up.
        let since = now.saturating_sub(self.refilled).as_secs_f64();
        (self.attempts + since * FREE_PER_S).min(START)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn at(milliseconds: u64) -> Moment {
        Duration::from_millis(milliseconds)
    }

    fn name(name: &str) -> Arc<str> {
        name.into()
    }

    /// Sends as many further attempts as the backend may be sent, at most so many. Returns how many.
    fn send(retries: &mut Retries, backend: &str, at_most: u32, now: Moment) -> u32 {
        let mut sent = 0;
        while sent < at_most && retries.may(backend, now) {
            retries.sent(&name(backend), Attempt::Further, now);
            retries.ended(backend);
            sent += 1;
        }
        sent
    }

    fn first(retries: &mut Retries, backend: &str, now: Moment) {
        retries.sent(&name(backend), Attempt::First, now);
        retries.ended(backend);
    }

    #[test]
    fn a_storm_of_failures_adds_a_fifth_to_the_load_at_most() {
        let mut retries = Retries::default();
        let mut further = 0;
        for request in 0..6000 {
            first(&mut retries, "big", at(request * 10));
            further += send(&mut retries, "big", 2, at(request * 10));
        }
        assert!((1000..=1220).contains(&further), "{further}");
    }

    #[test]
    fn a_quiet_service_may_retry() {
        let mut retries = Retries::default();
        for minute in 0..10 {
            first(&mut retries, "big", at(minute * 60_000));
            assert_eq!(send(&mut retries, "big", 2, at(minute * 60_000)), 2);
        }
    }

    #[test]
    fn a_storm_at_one_backend_leaves_the_budgets_of_others_alone_and_is_not_fed_by_them() {
        let mut retries = Retries::default();
        assert_eq!(send(&mut retries, "ill", 100, at(0)), 3);
        for request in 0..1000 {
            first(&mut retries, "well", at(request));
        }
        assert_eq!(send(&mut retries, "ill", 100, at(1000)), 0);
        assert!(send(&mut retries, "well", 100, at(1000)) >= 10);
    }

    #[test]
    fn a_backend_that_is_well_takes_over_all_that_fails_elsewhere_though_nothing_else_is_sent_to_it() {
        let mut retries = Retries::default();
        // Fifteen a second, of which each is answered within half a second.
        let mut running = std::collections::VecDeque::new();
        let mut refused = 0;
        for turn in 0..1000_u64 {
            let now = at(turn * 66);
            while running.front().is_some_and(|since| *since + 500 <= turn * 66) {
                running.pop_front();
                retries.served("standby", now);
                retries.ended("standby");
            }
            if retries.may("standby", now) {
                retries.sent(&name("standby"), Attempt::Further, now);
                running.push_back(turn * 66);
            } else {
                refused += 1;
            }
        }
        assert!(refused <= 20, "{refused} of a thousand");
        // Whatever was running when it stopped to answer, it is sent no more than what had been saved up.
        assert!(send(&mut retries, "standby", 100, at(66_000)) <= 10);
        assert_eq!(send(&mut retries, "standby", 100, at(67_000)), 0);
    }

    #[test]
    fn of_many_that_run_a_fifth_may_fail_at_once() {
        let mut retries = Retries::default();
        for _ in 0..500 {
            retries.sent(&name("big"), Attempt::First, at(0));
        }
        let sent = send(&mut retries, "big", 1000, at(0));
        assert!((99..=100).contains(&sent), "{sent}");
    }

    #[test]
    fn what_is_known_of_a_backend_goes_when_it_is_named_no_more() {
        let mut retries = Retries::default();
        for backend in ["gone", "big"] {
            send(&mut retries, backend, 3, at(0));
        }
        retries.retain(|backend| backend == "big");
        assert!(retries.may("gone", at(0)) && !retries.may("big", at(0)));
    }

    proptest! {
        /// Whatever is sent where, and served or not: at no backend is more for nothing than a fifth of the rest, three,
        /// and one in ten seconds.
        #[test]
        fn no_backend_is_sent_more_for_nothing_than_a_fifth(
            steps in proptest::collection::vec((0u8..4, 0usize..3, 0u64..400), 1..400),
        ) {
            const BACKENDS: [&str; 3] = ["one", "two", "three"];
            let mut retries = Retries::default();
            let mut of_use = [0u32; 3];
            let mut for_nothing = [0u32; 3];
            let mut open = [0u32; 3];
            let mut now = Moment::ZERO;
            for (what, index, milliseconds) in steps {
                now += at(milliseconds);
                let backend = name(BACKENDS[index]);
                match what {
                    0 => {
                        retries.sent(&backend, Attempt::First, now);
                        of_use[index] += 1;
                    }
                    1 if open[index] > 0 => {
                        retries.served(&backend, now);
                        open[index] -= 1;
                        for_nothing[index] -= 1;
                        of_use[index] += 1;
                    }
                    _ if retries.may(&backend, now) => {
                        let attempt = if what == 2 { Attempt::Further } else { Attempt::Hedge };
                        retries.sent(&backend, attempt, now);
                        open[index] += u32::from(what == 2);
                        for_nothing[index] += 1;
                    }
                    _ => {}
                }
                for (sent, others) in for_nothing.iter().zip(of_use) {
                    let most = 0.2 * f64::from(others) + 3.0 + 0.1 * now.as_secs_f64();
                    prop_assert!(f64::from(*sent) <= most + 1e-6, "{sent} beside {others}");
                }
            }
        }
    }
}
