use crate::Moment;
use std::time::Duration;

/// What a server said of itself when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reported {
    /// Requests that run there, whoever sent them.
    pub running: Option<u32>,
    /// Requests that wait there.
    pub waiting: Option<u32>,
    /// The share of its key-value cache that is in use, from 0 to 1.
    pub cache_used: Option<f64>,
    /// The tokens that its cache holds.
    pub cache_tokens: Option<u32>,
    /// Whether it holds the target's model in memory.
    pub loaded: Option<bool>,
}

/// The newest report of one target.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Reports {
    newest: Option<(Moment, Reported)>,
}

/// What a server said longer ago is not what it is doing.
pub(crate) const FRESH: Duration = Duration::from_secs(2);
/// Requests that may wait at a server: a few keep it busy between our reactions.
const WAITING_MAX: u32 = 4;
/// A cache that is fuller than that soon makes the server stop sequences to make room.
const CACHE_USED_MAX: f64 = 0.95;

impl Reports {
    pub fn add(&mut self, reported: Reported, now: Moment) {
        self.newest = Some((now, reported));
    }

    pub fn fresh(&self, now: Moment) -> Option<&Reported> {
        self.newest.as_ref().filter(|(at, _)| now.saturating_sub(*at) <= FRESH).map(|(_, reported)| reported)
    }

    /// Whether the server says how full it is.
    pub fn tells_load(&self, now: Moment) -> bool {
        self.fresh(now).is_some_and(|said| said.waiting.is_some() || said.cache_used.is_some())
    }

    /// A server that used to report and no longer does.
    pub fn is_silent(&self, now: Moment) -> bool {
        self.newest.is_some() && self.fresh(now).is_none()
    }

    /// Whether the server is full by its own account. What it said before it fell silent says nothing.
    pub fn is_saturated(&self, now: Moment) -> bool {
        self.fresh(now).is_some_and(|reported| {
            reported.waiting.is_some_and(|waiting| waiting > WAITING_MAX)
                || reported.cache_used.is_some_and(|used| used > CACHE_USED_MAX)
        })
    }

    /// Requests that others than Weir have sent there.
    pub fn foreign(&self, ours: u32, now: Moment) -> u32 {
        let theirs = self.fresh(now).map_or(0, |reported| {
            reported.running.unwrap_or(0).saturating_add(reported.waiting.unwrap_or(0))
        });
        theirs.saturating_sub(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_report_counts_for_nothing() {
        let mut reports = Reports::default();
        assert!(!reports.is_silent(Duration::from_secs(9)), "a server that never reported is not silent");
        reports.add(Reported { waiting: Some(9), running: Some(20), ..Reported::default() }, Moment::ZERO);
        assert!(reports.is_saturated(Duration::from_secs(2)));
        assert_eq!(reports.foreign(12, Duration::from_secs(2)), 17);
        assert!(!reports.is_saturated(Duration::from_secs(3)));
        assert_eq!(reports.foreign(12, Duration::from_secs(3)), 0);
        assert!(reports.is_silent(Duration::from_secs(3)));
    }
}
