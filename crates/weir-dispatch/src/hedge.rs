/// A second target takes a request that is late elsewhere if less than this share of its places is taken: with more,
/// it has better things to do.
///
/// Source: Dean and Barroso, "The Tail at Scale", CACM 56 (2013): hedge after the 95th percentile.
pub(crate) const LOAD_MAX: f64 = 0.7;

/// A quantile of what was observed, followed without keeping it.
///
/// Each observation above moves it up by `q` steps and each below down by `1 - q`, so that it settles where a
/// share of `q` is below. Steps are a share of the value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quantile {
    q: f64,
    value: Option<f64>,
    seen: u32,
}

const STEP: f64 = 0.05;

impl Quantile {
    pub const fn new(q: f64) -> Self {
        Self { q, value: None, seen: 0 }
    }

    /// One that is taken to be at `value` before anything is observed.
    pub const fn starting(q: f64, value: f64) -> Self {
        Self { q, value: Some(value), seen: 0 }
    }

    pub fn add(&mut self, observed: f64) {
        self.seen = self.seen.saturating_add(1);
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

    /// The same, once so many were observed.
    pub fn settled(&self, observations: u32) -> Option<f64> {
        self.value.filter(|_| self.seen >= observations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

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
