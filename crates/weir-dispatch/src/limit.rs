//! How many requests a target bears at once: as declared, or as learnt from how late its answers come.

use crate::Moment;
use std::num::NonZeroU32;
use std::time::Duration;

/// How many requests may run on a target at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Declared(NonZeroU32),
    /// As many as it bears without its answers coming much later, at most so many.
    Learned {
        /// The most.
        max: NonZeroU32,
    },
    /// Any number.
    None,
}

/// How long something took on a target, beside what it would take on a server that has nothing else to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// What was measured.
    pub of: Measured,
    /// Seconds that it took.
    pub observed_s: f64,
    /// Seconds that a middling server takes that does nothing else.
    pub alone_s: f64,
}

/// Of what a [`Sample`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    /// The time to the first token of a stream.
    FirstToken,
    /// The time of an answer that came whole.
    Answer,
}

/// The limit of a target, learnt from how much later answers come than they usually do.
///
/// Source: the gradient of Netflix's concurrency-limits: the limit shrinks with the quotient of the usual and the
/// present time, and grows by a headroom while all is well. What is usual is learnt while the target is not crowded,
/// so that crowding does not become usual; a limit that has shrunk far enough leaves nobody crowded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LimitState {
    limit: Limit,
    learned: f64,
    first_tokens: Pace,
    answers: Pace,
    recovered: Option<Moment>,
}

/// Times as multiples of what they would be alone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Pace {
    usual: Option<f64>,
    present: f64,
}

const START: f64 = 16.0;
/// Answers may take so many times as long as usual before a limit shrinks: batching more requests makes each slower,
/// and all together faster.
const TOLERANCE: f64 = 2.5;
/// What is faster than this is fast enough, whatever is usual.
const FAST_S: f64 = 0.1;
/// The share of the present time in what is usual.
const USUAL: f64 = 1.0 / 20.0;
/// With at most this share of its limit, or so many requests, a target is not crowded.
const UNCROWDED_SHARE: f64 = 0.25;
const UNCROWDED: f64 = 2.0;
/// A limit that times would not let be smaller. Where it is reached and times stay, the server has become slower, and
/// that becomes usual, little by little.
const LEAST: f64 = 5.0;
const BECOMES_USUAL: f64 = 1.0 / 200.0;
/// In the time of a request a limit follows what was learnt so many times over: each of those that run tells of it.
const A_ROUND: f64 = 2.0;
const PRESENT: f64 = 1.0 / 10.0;
/// One sign of trouble takes a tenth.
const SETBACK: f64 = 0.9;
/// A target that has come back is loaded over so long a time.
const SLOW_START: Duration = Duration::from_secs(10);
/// Requests a second by which a target without a limit may be loaded more while it starts slowly.
const SLOW_START_RATE: f64 = 8.0;

impl Pace {
    /// Takes a time over, which becomes usual by `share`, and gives by how much a limit has to shrink: 1 is not at all.
    fn gradient(&mut self, sample: &Sample, share: f64) -> f64 {
        let time = (sample.observed_s / sample.alone_s.max(1e-6)).clamp(1e-3, 1e3);
        let usual = *self.usual.get_or_insert(time);
        // Nobody minds what is fast; it is no slower than usual.
        let time = if sample.observed_s < FAST_S { time.min(usual) } else { time };
        if self.present <= 0.0 {
            self.present = time;
        }
        self.present += (time - self.present) * PRESENT;
        let share = if self.present < usual { USUAL } else { share };
        self.usual = Some(usual + (self.present - usual) * share);
        (TOLERANCE * usual / self.present.max(1e-6)).clamp(0.5, 1.0)
    }
}

impl LimitState {
    pub fn new(limit: Limit) -> Self {
        let (first_tokens, answers) = (Pace::default(), Pace::default());
        Self { limit, learned: START, first_tokens, answers, recovered: None }
    }

    pub fn set(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// The target has come back: load it slowly.
    pub fn recovered(&mut self, now: Moment) {
        self.recovered = Some(now);
    }

    /// How many may run now; `None` is any number. Of a server that tells how full it is, nothing has to be learnt.
    #[inline]
    pub fn at(&self, now: Moment, is_told: impl FnOnce() -> bool) -> Option<u32> {
        let limit = match self.limit {
            Limit::Learned { max } if is_told() => Some(max.get()),
            Limit::Declared(_) | Limit::Learned { .. } | Limit::None => self.nominal(),
        };
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

    /// Whether the limit is learnt, so that samples are of use.
    pub fn is_learned(&self) -> bool {
        matches!(self.limit, Limit::Learned { .. })
    }

    /// Something took so long while so many were running.
    pub fn learn(&mut self, sample: &Sample, in_flight: u32) {
        let Limit::Learned { max } = self.limit else { return };
        let running = f64::from(in_flight);
        let is_crowded = running > (UNCROWDED_SHARE * self.learned).max(UNCROWDED);
        let share = match (is_crowded, self.learned < LEAST) {
            (false, _) => USUAL,
            (true, true) => BECOMES_USUAL,
            (true, false) => 0.0,
        };
        let pace = match sample.of {
            Measured::FirstToken => &mut self.first_tokens,
            Measured::Answer => &mut self.answers,
        };
        let gradient = pace.gradient(sample, share);
        let headroom = self.learned.sqrt().max(1.0);
        let aim = gradient * self.learned + headroom;
        let next = self.learned + (A_ROUND / self.learned).min(0.2) * (aim - self.learned);
        // What is not used cannot be said to be borne.
        let may_grow = running >= self.learned / 2.0;
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

    fn took(seconds: f64) -> Sample {
        Sample { of: Measured::FirstToken, observed_s: seconds, alone_s: 0.15 }
    }

    /// A server that runs `places` at once and lets others wait, asked by always as many as its limit allows.
    fn settled(places: f64, max: u32) -> u32 {
        let mut limit = learned(max);
        for seconds in [0.3, 0.25, 0.35, 0.3] {
            limit.learn(&took(seconds), 1);
        }
        for _ in 0..2000 {
            let running = limit.nominal().unwrap();
            limit.learn(&took(0.3 * (f64::from(running) / places).max(1.0)), running);
        }
        limit.nominal().unwrap()
    }

    #[test]
    fn a_limit_grows_while_it_is_used_and_times_are_as_usual() {
        let (mut used, mut idle) = (learned(100), learned(100));
        for _ in 0..2000 {
            used.learn(&took(0.2), used.nominal().unwrap());
            idle.learn(&took(0.2), 2);
        }
        assert_eq!(used.nominal(), Some(100));
        assert_eq!(idle.nominal(), Some(16));
    }

    #[test]
    fn a_limit_settles_somewhat_above_what_a_server_runs_at_once_and_does_not_get_used_to_more() {
        for places in [4.0, 16.0, 64.0] {
            let limit = f64::from(settled(places, 256));
            assert!(limit >= places && limit <= 3.0 * places + 4.0, "{limit} for {places}");
        }
        assert_eq!(settled(1000.0, 256), 256, "a server that bears more has the most");
    }

    #[test]
    fn a_limit_shrinks_when_times_grow_and_when_the_target_says_that_it_is_full() {
        let mut limit = learned(100);
        for _ in 0..2000 {
            limit.learn(&took(0.2), 100);
        }
        assert_eq!(limit.nominal(), Some(100));
        for _ in 0..100 {
            limit.learn(&took(1.6), 100);
        }
        let shrunk = limit.nominal().unwrap();
        assert!(shrunk < 50, "{shrunk}");
        limit.set_back();
        assert!(limit.nominal().unwrap() < shrunk);
    }

    #[test]
    fn milliseconds_are_not_worth_a_place() {
        let mut limit = learned(100);
        for _ in 0..20 {
            limit.learn(&took(0.001), 1);
        }
        for _ in 0..2000 {
            limit.learn(&took(0.05), limit.nominal().unwrap());
        }
        assert_eq!(limit.nominal(), Some(100));
    }

    #[test]
    fn a_server_that_has_become_slower_for_good_is_used_as_before_once_that_is_known_to_be_usual() {
        let mut limit = learned(100);
        for _ in 0..50 {
            limit.learn(&took(0.2), 2);
        }
        let crowded = |limit: &mut LimitState, times: u32| {
            (0..times).for_each(|_| limit.learn(&took(2.0), limit.nominal().unwrap()));
        };
        crowded(&mut limit, 3000);
        let held = limit.nominal().unwrap();
        assert!((5..20).contains(&held), "it may be crowded: {held}");
        for _ in 0..100 {
            limit.learn(&took(2.0), 2);
        }
        crowded(&mut limit, 3000);
        assert_eq!(limit.nominal(), Some(100));
    }

    #[test]
    fn a_target_that_has_come_back_is_loaded_slowly() {
        let mut limit = LimitState::new(Limit::Declared(NonZeroU32::new(20).unwrap()));
        limit.recovered(Duration::from_secs(100));
        assert_eq!(limit.at(Duration::from_secs(100), || false), Some(1));
        assert_eq!(limit.at(Duration::from_secs(105), || false), Some(10));
        assert_eq!(limit.at(Duration::from_secs(110), || false), Some(20));
        let mut unlimited = LimitState::new(Limit::None);
        unlimited.recovered(Duration::from_secs(100));
        assert_eq!(unlimited.at(Duration::from_secs(102), || false), Some(16));
        assert_eq!(unlimited.at(Duration::from_secs(111), || false), None);
    }
}
