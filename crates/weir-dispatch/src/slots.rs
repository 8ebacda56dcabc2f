use crate::Moment;
use std::num::NonZeroU32;
use std::time::Duration;

/// How a request on a target ended, as far as capacity is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It was served, whatever the answer was. Carries how long the place was held.
    Served(Duration),
    /// The backend could not be reached, broke off or answered nonsense.
    Failed,
    /// The backend says that it is full; it asks to be left alone for that long.
    Full(Duration),
    /// The client went away; that says nothing of the backend.
    Abandoned,
}

/// The places of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotState {
    /// Requests that may run at once; `None` is no limit.
    pub limit: Option<NonZeroU32>,
    /// Requests that run now.
    pub in_flight: u32,
    /// Failures since the last success.
    pub failures: u32,
    /// Until when other targets are tried first.
    pub rests_until: Moment,
    /// How long a request holds its place, smoothed. `None` before the first.
    pub service_time: Option<Duration>,
}

/// A failing target rests for this long at first, twice as long each further time.
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(30);

impl SlotState {
    pub(crate) fn new(limit: Option<NonZeroU32>) -> Self {
        Self { limit, in_flight: 0, failures: 0, rests_until: Moment::ZERO, service_time: None }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.limit.is_none_or(|limit| self.in_flight < limit.get())
    }

    pub(crate) fn rests(&self, now: Moment) -> bool {
        now < self.rests_until
    }

    pub(crate) fn take(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
    }

    pub(crate) fn give_back(&mut self, report: Report, now: Moment) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match report {
            Report::Served(held) => {
                self.failures = 0;
                self.rests_until = Moment::ZERO;
                self.learn(held);
            }
            Report::Failed => {
                let doublings = self.failures.min(16);
                self.failures = self.failures.saturating_add(1);
                let rest = FIRST_REST.saturating_mul(1 << doublings).min(LONGEST_REST);
                self.rests_until = now.saturating_add(rest);
            }
            Report::Full(pause) => self.rests_until = now.saturating_add(pause.min(LONGEST_REST)),
            Report::Abandoned => {}
        }
    }

    /// Exponentially weighted mean, one part in eight for the newest.
    fn learn(&mut self, held: Duration) {
        self.service_time = Some(match self.service_time {
            None => held,
            Some(mean) => mean.saturating_mul(7).saturating_add(held) / 8,
        });
    }
}
