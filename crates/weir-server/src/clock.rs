use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use weir_audit::WallTime;

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

/// The clock on the wall, which rules about days and hours look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wall(fn() -> SystemTime);

impl Wall {
    /// The machine's.
    pub fn of_machine() -> Self {
        Self(SystemTime::now)
    }

    /// Seconds since the beginning of 1970; negative before.
    pub fn unix_seconds(self) -> i64 {
        let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
        match (self.0)().duration_since(UNIX_EPOCH) {
            Ok(since) => seconds(since),
            Err(before) => seconds(before.duration()).saturating_neg(),
        }
    }

    /// The time as records have it.
    pub fn time(self) -> WallTime {
        let since = (self.0)().duration_since(UNIX_EPOCH).unwrap_or_default();
        WallTime::from_unix_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Microseconds, for records.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
