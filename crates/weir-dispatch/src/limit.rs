use crate::Moment;
use std::num::NonZeroU32;
use std::time::Duration;

/// How many requests may run on a target at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Declared(NonZeroU32),
    /// As many as it bears without its first tokens coming later, at most so many.
    Learned {
        /// The most.
        max: NonZeroU32,
    },
    /// Any number.
    None,
}

/// The limit of a target, learnt from how late first tokens come compared with what is usual.
///
/// Source: the gradient of Netflix's concurrency-limits: the limit shrinks with the quotient of a long-term
/// and a short-term mean, and grows by a headroom while all is well.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LimitState {
    limit: Limit,
    learned: f64,
    /// Observed over predicted first-token time: the long-term and the short-term mean.
    long: Option<f64>,
    short: f64,
    recovered: Option<Moment>,
}

const START: f64 = 16.0;
const TOLERANCE: f64 = 1.5;
const LONG: f64 = 1.0 / 200.0;
const SHORT: f64 = 1.0 / 10.0;
/// One sign of trouble takes a tenth.
const SETBACK: f64 = 0.9;
/// A target that has come back is loaded over so long a time.
const SLOW_START: Duration = Duration::from_secs(10);
/// Requests a second by which a target without a limit may be loaded more while it starts slowly.
const SLOW_START_RATE: f64 = 8.0;

impl LimitState {
    pub fn new(limit: Limit) -> Self {
        Self { limit, learned: START, long: None, short: 1.0, recovered: None }
    }

    pub fn set(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// The target has come back: load it slowly.
    pub fn recovered(&mut self, now: Moment) {
        self.recovered = Some(now);
    }

    /// How many may run now; `None` is any number.
    pub fn at(&self, now: Moment) -> Option<u32> {
        let limit = self.nominal();
        let Some(since) = self.recovered.map(|at| now.saturating_sub(at)).filter(|s| *s < SLOW_START) else {
            return limit;
        };
        let ramp = match limit {
            Some(limit) => f64::from(limit) * since.as_secs_f64() / SLOW_START.as_secs_f64(),
            None => since.as_secs_f64() * SLOW_START_RATE,
        };
        // A fraction of a request is none.
        Some(limit.unwrap_or(u32::MAX).min((ramp as u32).max(1)))
    }

    /// How many may run when the target is well.
    pub fn nominal(&self) -> Option<u32> {
        match self.limit {
            Limit::Declared(limit) => Some(limit.get()),
            Limit::Learned { max } => Some((self.learned as u32).clamp(1, max.get())),
            Limit::None => None,
        }
    }

    /// A first token came after `ratio` times the time that was predicted, while so many were running.
    pub fn learn(&mut self, ratio: f64, in_flight: u32) {
        let Limit::Learned { max } = self.limit else { return };
        let ratio = ratio.clamp(0.01, 100.0);
        let long = self.long.map_or(ratio, |long| long + (ratio - long) * LONG);
        self.long = Some(long);
        self.short += (ratio - self.short) * SHORT;
        let gradient = (TOLERANCE * long / self.short).clamp(0.5, 1.0);
        let headroom = self.learned.sqrt().max(1.0);
        let aim = gradient * self.learned + headroom;
        let next = 0.8 * self.learned + 0.2 * aim;
        // What is not used cannot be said to be borne.
        let may_grow = f64::from(in_flight) >= self.learned / 2.0;
        if next < self.learned || may_grow {
            self.learned = next.clamp(1.0, f64::from(max.get()));
        }
    }

    /// It timed out or said that it is full.
    pub fn set_back(&mut self) {
        self.learned = (self.learned * SETBACK).max(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(max: u32) -> LimitState {
        LimitState::new(Limit::Learned { max: NonZeroU32::new(max).unwrap() })
    }

    #[test]
    fn a_limit_grows_while_it_is_used_and_times_are_as_usual() {
        let (mut used, mut idle) = (learned(100), learned(100));
        for _ in 0..200 {
            used.learn(1.0, used.nominal().unwrap());
            idle.learn(1.0, 2);
        }
        assert_eq!(used.nominal(), Some(100));
        assert_eq!(idle.nominal(), Some(16));
    }

    #[test]
    fn a_limit_shrinks_when_times_grow_and_when_the_target_says_that_it_is_full() {
        let mut limit = learned(100);
        for _ in 0..200 {
            limit.learn(1.0, 100);
        }
        for _ in 0..50 {
            limit.learn(8.0, 100);
        }
        let shrunk = limit.nominal().unwrap();
        assert!(shrunk < 50, "{shrunk}");
        limit.set_back();
        assert!(limit.nominal().unwrap() < shrunk);
    }

    #[test]
    fn a_target_that_has_come_back_is_loaded_slowly() {
        let mut limit = LimitState::new(Limit::Declared(NonZeroU32::new(20).unwrap()));
        limit.recovered(Duration::from_secs(100));
        assert_eq!(limit.at(Duration::from_secs(100)), Some(1));
        assert_eq!(limit.at(Duration::from_secs(105)), Some(10));
        assert_eq!(limit.at(Duration::from_secs(110)), Some(20));
        let mut unlimited = LimitState::new(Limit::None);
        unlimited.recovered(Duration::from_secs(100));
        assert_eq!(unlimited.at(Duration::from_secs(102)), Some(16));
        assert_eq!(unlimited.at(Duration::from_secs(111)), None);
    }
}
