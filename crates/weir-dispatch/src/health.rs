//! Whether a target is well, by its answers and by probes, and when it is tried again.

use crate::Moment;
use crate::random::Random;
use std::collections::VecDeque;
use std::time::Duration;

/// Whether a target is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is well.
    Well,
    /// It asked to be left alone, or did not do what it should: others first, until then.
    Resting {
        /// When it is like the others again.
        until: Moment,
    },
    /// It is out of rotation, until then; then one attempt shows whether it has come back.
    Out {
        /// When it may be tried.
        until: Moment,
    },
    /// One attempt is under way that shows whether it has come back.
    OnTrial,
    /// It serves another model than it should: out of rotation until a probe finds the right one.
    Misplaced,
}

impl Condition {
    /// The word that metrics and the admin interface use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::Well => "well",
            Condition::Resting { .. } => "resting",
            Condition::Out { .. } => "out",
            Condition::OnTrial => "on_trial",
            Condition::Misplaced => "wrong_model",
        }
    }
}

/// What the answers of one target say of its health, and the breaker that acts on it.
///
/// The breaker trips on consecutive failures, or on too small a share of successes in the last half minute,
/// counted exactly. It then stays open for a time that doubles each time, with jitter so that several
/// gateways do not come back together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Health {
    /// Outcomes of the last [`WINDOW`], oldest first.
    outcomes: VecDeque<(Moment, bool)>,
    consecutive: u32,
    trips: u32,
    state: State,
    /// Since when every request has failed.
    failing_since: Option<Moment>,
    /// It said itself that it is full until then.
    full_until: Moment,
    rests_until: Moment,
    penalty: Penalty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Moment },
    Trial,
    Misplaced,
}

/// A failure counts as an answer that took this long, so that failing fast does not look like being fast.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Penalty {
    seconds: f64,
    at: Moment,
}

const CONSECUTIVE_MAX: u32 = 5;
const WINDOW: Duration = Duration::from_secs(30);
const SAMPLES_MIN: usize = 20;
/// Outcomes that are remembered; a busy target fills this in less than the window.
const SAMPLES_MAX: usize = 256;
/// Trips when fewer of ten succeed.
const SUCCESSES_OF_TEN_MIN: usize = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// No server is believed when it asks for more.
const REST_MAX: Duration = Duration::from_secs(300);
/// A target that probes do not reach is left alone at least until the next two.
const UNTIL_NEXT_PROBE: Duration = Duration::from_secs(2);
const PENALTY_S: f64 = 5.0;
/// In which it falls to a third.
const PENALTY_DECAY_S: f64 = 10.0;

impl Default for Health {
    fn default() -> Self {
        Self {
            outcomes: VecDeque::new(),
            consecutive: 0,
            trips: 0,
            state: State::Closed,
            failing_since: None,
            full_until: Moment::ZERO,
            rests_until: Moment::ZERO,
            penalty: Penalty::default(),
        }
    }
}

impl Health {
    pub fn condition(&self, now: Moment) -> Condition {
        match self.state {
            State::Misplaced => Condition::Misplaced,
            State::Trial => Condition::OnTrial,
            State::Open { until } => Condition::Out { until },
            State::Closed if now < self.rests_until.max(self.full_until) => {
                Condition::Resting { until: self.rests_until.max(self.full_until) }
            }
            State::Closed => Condition::Well,
        }
    }

    /// Whether a request may be sent there like to any other.
    pub fn is_well(&self, now: Moment) -> bool {
        self.state == State::Closed && self.rests_until <= now && self.full_until <= now
    }

    /// Whether it said that it has no place.
    pub fn is_full(&self, now: Moment) -> bool {
        now < self.full_until
    }

    /// Until when it said so.
    pub fn full_until(&self) -> Moment {
        self.full_until
    }

    /// Whether a request may be sent there if nothing better is left: while it rests, and when it has been
    /// out long enough, to see.
    pub fn may_be_tried(&self, now: Moment) -> bool {
        match self.condition(now) {
            Condition::Well | Condition::Resting { .. } => true,
            Condition::Out { until } => until <= now,
            Condition::OnTrial | Condition::Misplaced => false,
        }
    }

    /// A request is sent there.
    pub fn sent(&mut self, now: Moment) {
        if let State::Open { until } = self.state
            && until <= now
        {
            self.state = State::Trial;
        }
    }

    /// A request was served. Returns whether it has come back by that.
    pub fn succeeded(&mut self, now: Moment) -> bool {
        self.note(true, now);
        self.consecutive = 0;
        self.failing_since = None;
        let was_open = !matches!(self.state, State::Closed | State::Misplaced);
        if was_open {
            self.close();
        }
        was_open
    }

    pub fn failed(&mut self, now: Moment, random: &mut Random) {
        self.note(false, now);
        self.consecutive = self.consecutive.saturating_add(1);
        self.failing_since.get_or_insert(now);
        self.penalise(PENALTY_S, now);
        let trips = match self.state {
            State::Trial => true,
            State::Closed => self.consecutive >= CONSECUTIVE_MAX || self.mostly_fails(now),
            State::Open { .. } | State::Misplaced => false,
        };
        if trips {
            self.trip(now, random);
        } else {
            self.rests_until = self.rests_until.max(now.saturating_add(FIRST_PAUSE));
        }
    }

    /// It said that it is full and asked to be left alone for so long. That is no illness, but on trial
    /// it is a no.
    pub fn full(&mut self, pause: Duration, now: Moment, random: &mut Random) {
        let pause = pause.min(REST_MAX);
        self.full_until = self.full_until.max(now.saturating_add(pause));
        self.penalise(PENALTY_S.max(pause.as_secs_f64()), now);
        if self.state == State::Trial {
            self.trip(now, random);
        }
    }

    /// A trial ended without telling anything: the client went away.
    pub fn untold(&mut self, now: Moment) {
        if self.state == State::Trial {
            self.state = State::Open { until: now };
        }
    }

    /// A probe found it serving another model, or the right one again. Returns whether it has come back.
    pub fn identified(&mut self, is_right: bool) -> bool {
        match (is_right, self.state) {
            (false, _) => {
                self.state = State::Misplaced;
                false
            }
            (true, State::Misplaced) => {
                self.close();
                true
            }
            (true, State::Closed | State::Open { .. } | State::Trial) => false,
        }
    }

    /// A probe that costs no tokens could not reach it. That is no failure by itself; after one it says that the
    /// target is gone, and while it is out that it need not be tried yet.
    pub fn unreachable(&mut self, now: Moment, random: &mut Random) {
        match &mut self.state {
            State::Closed if self.consecutive > 0 => self.trip(now, random),
            State::Open { until } => *until = (*until).max(now.saturating_add(UNTIL_NEXT_PROBE)),
            State::Closed | State::Trial | State::Misplaced => {}
        }
    }

    /// A probe that costs no tokens got an answer: a target that is out may be tried now.
    pub fn answered_probe(&mut self, now: Moment) {
        if let State::Open { until } = &mut self.state {
            *until = now.min(*until);
        }
    }

    /// Seconds to be added to what is predicted of it.
    pub fn penalty_s(&self, now: Moment) -> f64 {
        if self.penalty.seconds <= 0.0 {
            return 0.0;
        }
        let since = now.saturating_sub(self.penalty.at).as_secs_f64();
        let left = self.penalty.seconds * (-since / PENALTY_DECAY_S).exp();
        if left > 0.01 { left } else { 0.0 }
    }

    /// Since when every request has failed, if the last has.
    pub fn failing_since(&self) -> Option<Moment> {
        self.failing_since
    }

    pub fn consecutive_failures(&self) -> u32 {
        self.consecutive
    }

    fn close(&mut self) {
        *self = Self { penalty: self.penalty, ..Self::default() };
    }

    fn trip(&mut self, now: Moment, random: &mut Random) {
        let doubled = FIRST_PAUSE.saturating_mul(1 << self.trips.min(16)).min(LONGEST_PAUSE);
        let jitter = 0.5 + random.unit();
        self.trips = self.trips.saturating_add(1);
        self.state = State::Open { until: now.saturating_add(doubled.mul_f64(jitter)) };
    }

    fn penalise(&mut self, seconds: f64, now: Moment) {
        self.penalty = Penalty { seconds: self.penalty_s(now).max(seconds), at: now };
    }

    fn note(&mut self, succeeded: bool, now: Moment) {
        if self.outcomes.len() >= SAMPLES_MAX {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back((now, succeeded));
    }

    fn mostly_fails(&mut self, now: Moment) -> bool {
        while self.outcomes.front().is_some_and(|(at, _)| now.saturating_sub(*at) > WINDOW) {
            self.outcomes.pop_front();
        }
        let samples = self.outcomes.len();
        let successes = self.outcomes.iter().filter(|(_, succeeded)| *succeeded).count();
        samples >= SAMPLES_MIN && successes * 10 < samples * SUCCESSES_OF_TEN_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Moment {
        Duration::from_millis(milliseconds)
    }

    fn tripped(random: &mut Random) -> (Health, Moment) {
        let mut health = Health::default();
        for _ in 0..CONSECUTIVE_MAX {
            health.failed(at(1000), random);
        }
        let Condition::Out { until } = health.condition(at(1000)) else { panic!("{health:?}") };
        (health, until)
    }

    #[test]
    fn five_failures_in_a_row_take_a_target_out_and_one_success_on_trial_brings_it_back() {
        let (mut health, until) = tripped(&mut Random::new(1));
        assert!(!health.may_be_tried(at(1001)));
        assert!(health.may_be_tried(until));
        health.sent(until);
        assert_eq!(health.condition(until), Condition::OnTrial);
        assert!(!health.may_be_tried(until), "there is one trial at a time");
        assert!(health.succeeded(until));
        assert!(health.is_well(until));
    }

    #[test]
    fn a_target_that_failed_and_that_probes_do_not_reach_is_out_until_they_do() {
        let mut random = Random::new(1);
        let mut health = Health::default();
        health.unreachable(at(0), &mut random);
        assert!(health.is_well(at(0)), "a probe alone is not believed");
        health.failed(at(0), &mut random);
        health.unreachable(at(1000), &mut random);
        assert!(matches!(health.condition(at(1000)), Condition::Out { .. }), "{health:?}");
        for second in 2..60 {
            health.unreachable(at(second * 1000), &mut random);
            assert!(!health.may_be_tried(at(second * 1000 + 999)));
        }
        health.answered_probe(at(60_000));
        assert!(health.may_be_tried(at(60_000)));
    }

    #[test]
    fn a_failed_trial_takes_longer_the_next_time() {
        let mut random = Random::new(1);
        let (mut health, mut until) = tripped(&mut random);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            health.sent(until);
            health.failed(until, &mut random);
            let Condition::Out { until: next } = health.condition(until) else { panic!() };
            pauses.push(next - until);
            until = next;
        }
        assert!(pauses[3] > pauses[0]);
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE.mul_f64(1.5)));
    }

    #[test]
    fn a_target_that_fails_one_time_in_three_is_taken_out_though_never_five_in_a_row() {
        let mut health = Health::default();
        let mut random = Random::new(1);
        let mut outcomes = 0;
        while !matches!(health.condition(at(outcomes * 100)), Condition::Out { .. }) {
            outcomes += 1;
            if outcomes % 3 == 0 {
                health.failed(at(outcomes * 100), &mut random);
            } else {
                health.succeeded(at(outcomes * 100));
            }
            assert!(outcomes < 100, "never");
        }
        assert!(outcomes >= 20, "{outcomes}");
    }

    #[test]
    fn a_full_target_rests_as_long_as_it_asks_and_is_not_ill() {
        let mut health = Health::default();
        let mut random = Random::new(1);
        for _ in 0..50 {
            health.full(Duration::from_secs(3600), at(0), &mut random);
        }
        assert_eq!(health.condition(at(1)), Condition::Resting { until: REST_MAX });
        assert!(health.is_well(REST_MAX));
    }

    #[test]
    fn a_failure_makes_a_target_look_slow_for_a_while() {
        let mut health = Health::default();
        health.failed(at(0), &mut Random::new(1));
        assert!(health.penalty_s(at(0)) > 4.9);
        assert!(health.penalty_s(at(10_000)) < 2.0);
        assert!(health.penalty_s(at(100_000)) < f64::EPSILON);
    }

    #[test]
    fn a_wrong_model_is_not_used_until_the_right_one_is_back() {
        let mut health = Health::default();
        health.identified(false);
        assert_eq!(health.condition(at(0)), Condition::Misplaced);
        health.succeeded(at(1));
        assert!(!health.may_be_tried(at(99_000)));
        assert!(health.identified(true));
        assert!(health.is_well(at(99_000)));
    }

    #[test]
    fn a_target_that_says_on_trial_that_it_is_full_stays_out() {
        let mut random = Random::new(1);
        let (mut health, until) = tripped(&mut random);
        health.sent(until);
        health.full(Duration::from_millis(1), until, &mut random);
        assert!(matches!(health.condition(until), Condition::Out { until: next } if next > until));
    }

    #[test]
    fn several_gateways_do_not_come_back_together() {
        let (_, one) = tripped(&mut Random::new(1));
        let (_, other) = tripped(&mut Random::new(2));
        assert_ne!(one, other);
        for until in [one, other] {
            let pause = until - at(1000);
            assert!(pause >= FIRST_PAUSE.mul_f64(0.5) && pause <= FIRST_PAUSE.mul_f64(1.5), "{pause:?}");
        }
    }

    #[test]
    fn a_target_that_has_come_back_looks_slow_for_as_long_as_one_that_failed_once() {
        let (mut health, until) = tripped(&mut Random::new(1));
        let before = health.penalty_s(until);
        health.sent(until);
        health.succeeded(until);
        assert!(before > 4.0 && (health.penalty_s(until) - before).abs() < 1e-9);
    }

    #[test]
    fn a_full_target_looks_as_slow_as_it_asks_to_be_left_alone() {
        let mut health = Health::default();
        health.full(Duration::from_secs(60), at(0), &mut Random::new(1));
        assert!((health.penalty_s(at(0)) - 60.0).abs() < 1e-9);
    }

    #[test]
    fn failures_of_more_than_half_a_minute_ago_count_no_more() {
        let mut random = Random::new(1);
        let mut health = Health::default();
        // Ten of nineteen fail, which are too few to say anything.
        for turn in 0..19 {
            if turn % 2 == 0 {
                health.failed(at(turn), &mut random);
            } else {
                health.succeeded(at(turn));
            }
        }
        for turn in 0..10 {
            health.succeeded(at(60_000 + turn));
        }
        health.failed(at(61_000), &mut random);
        assert!(!matches!(health.condition(at(61_000)), Condition::Out { .. }), "{health:?}");
    }
}
