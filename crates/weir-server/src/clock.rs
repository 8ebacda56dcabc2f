use std::time::{Duration, Instant};

/// The machine's monotonic clock, as the state machines of `weir-dispatch` want it: the time since the
/// process began to count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn now(self) -> Duration {
        self.0.elapsed()
    }

    /// The instant that `moment` stands for.
    pub fn instant(self, moment: Duration) -> Instant {
        self.0.checked_add(moment).unwrap_or_else(|| Instant::now() + Duration::from_secs(3600))
    }
}

/// Microseconds, for records.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
