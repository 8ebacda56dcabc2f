use std::time::Duration;

/// When a request that gets no answer is sent to a second target as well.
///
/// Off unless an operator turns it on. Only before the first token, only within the zone, and only once:
/// the caller sees to that and cancels the slower of both.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Hedging {
    /// Whether it is on.
    pub enabled: bool,
}

/// What the decision depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HedgeView {
    /// Since the request was sent.
    pub waited: Duration,
    /// What 95 of a hundred first tokens of its target take.
    pub usual_p95: Option<Duration>,
    /// The share of places that are taken on the target that would be the second.
    pub load: f64,
    /// Whether it was hedged already.
    pub is_hedged: bool,
}

/// With more of its places taken than that, a second target has better things to do.
const LOAD_MAX: f64 = 0.7;

impl Hedging {
    /// Whether to send it a second time now. A further attempt has to be paid for besides.
    #[must_use]
    pub fn is_due(self, view: &HedgeView) -> bool {
        let late = view.usual_p95.is_some_and(|usual| view.waited >= usual);
        self.enabled && !view.is_hedged && late && view.load < LOAD_MAX
    }
}

/// A quantile of what was observed, followed without keeping it.
///
/// Each observation above moves it up by `q` steps and each below down by `1 - q`, so that it settles where a
/// share of `q` is below. Steps are a share of the value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quantile {
    q: f64,
    value: Option<f64>,
}

const STEP: f64 = 0.05;

impl Quantile {
    pub const fn new(q: f64) -> Self {
        Self { q, value: None }
    }

    pub fn add(&mut self, observed: f64) {
        let Some(value) = self.value else {
            self.value = Some(observed.max(1e-4));
            return;
        };
        let factor = if observed > value { 1.0 + STEP * self.q } else { 1.0 / (1.0 + STEP * (1.0 - self.q)) };
        self.value = Some(value * factor);
    }

    pub fn value(&self) -> Option<f64> {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_hedge_is_for_a_late_answer_and_an_idle_second_target() {
        let on = Hedging { enabled: true };
        let view = HedgeView {
            waited: Duration::from_secs(3),
            usual_p95: Some(Duration::from_secs(2)),
            load: 0.3,
            is_hedged: false,
        };
        assert!(on.is_due(&view));
        assert!(!Hedging::default().is_due(&view), "it is off by default");
        assert!(!on.is_due(&HedgeView { waited: Duration::from_secs(1), ..view }));
        assert!(!on.is_due(&HedgeView { load: 0.7, ..view }));
        assert!(!on.is_due(&HedgeView { is_hedged: true, ..view }));
        assert!(!on.is_due(&HedgeView { usual_p95: None, ..view }));
    }

    #[test]
    fn a_quantile_settles_where_its_share_is_below() {
        let mut quantile = Quantile::new(0.95);
        let mut random = Random::new(3);
        for _ in 0..20_000 {
            quantile.add(random.unit());
        }
        let value = quantile.value().unwrap();
        assert!((0.85..1.0).contains(&value), "{value}");
    }
}
