use crate::Moment;

/// How many further attempts there may be, so that a failing backend is not hit by more than it would be
/// without them.
///
/// Each request adds a fifth of an attempt and each further attempt takes one, so that retries stay below a
/// fifth of the load; a few are free, so that a quiet service may retry at all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RetryBudget {
    attempts: f64,
    refilled: Moment,
}

/// Further attempts for each request.
const SHARE: f64 = 0.2;
/// That may be saved up.
const SAVED_MAX: f64 = 10.0;
const START: f64 = 3.0;
/// Free ones a second, for services with a request now and then.
const FREE_PER_S: f64 = 0.1;

impl Default for RetryBudget {
    fn default() -> Self {
        Self { attempts: START, refilled: Moment::ZERO }
    }
}

impl RetryBudget {
    /// A request's first attempt.
    pub fn earn(&mut self, now: Moment) {
        self.refill(now);
        self.attempts = (self.attempts + SHARE).min(SAVED_MAX);
    }

    /// Whether a further attempt may be made; it is paid for then.
    pub fn spend(&mut self, now: Moment) -> bool {
        self.refill(now);
        let may = self.attempts >= 1.0;
        if may {
            self.attempts -= 1.0;
        }
        may
    }

    fn refill(&mut self, now: Moment) {
        let since = now.saturating_sub(self.refilled).as_secs_f64();
        // Free attempts are for those who have none, not to be saved up.
        if self.attempts < START {
            self.attempts = (self.attempts + since * FREE_PER_S).min(START);
        }
        self.refilled = self.refilled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_storm_of_failures_adds_a_fifth_to_the_load_at_most() {
        let mut budget = RetryBudget::default();
        let mut retries = 0_u32;
        for request in 0..6000_u64 {
            let now = Duration::from_millis(request * 10);
            budget.earn(now);
            retries += u32::from(budget.spend(now)) + u32::from(budget.spend(now));
        }
        assert!((1000..=1220).contains(&retries), "{retries}");
    }

    #[test]
    fn a_quiet_service_may_retry() {
        let mut budget = RetryBudget::default();
        for minute in 0..10_u64 {
            let now = Duration::from_secs(minute * 60);
            budget.earn(now);
            assert!(budget.spend(now) && budget.spend(now));
        }
    }
}
