//! The way of a new policy into force: its stages, and what stops it.

use crate::tally::{Alarm, Bounds, Sample, Tally};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::time::Duration;

/// How a new policy comes into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// At once, for every request.
    #[default]
    AtOnce,
    /// It decides beside the one in force, for comparison, until somebody applies it.
    Shadow,
    /// For a growing share of requests.
    Staged,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 3] = [Mode::AtOnce, Mode::Shadow, Mode::Staged];

    /// The word in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::AtOnce => "at_once",
            Mode::Shadow => "shadow",
            Mode::Staged => "staged",
        }
    }
}

/// A share of requests in percent: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

/// A number that is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a share is 1 to 100 percent")]
pub struct NoPercent;

impl TryFrom<u8> for Percent {
    type Error = NoPercent;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        if (1..=100).contains(&value) { Ok(Self(value)) } else { Err(NoPercent) }
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// How far a new policy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It decides no request; what it would decide is compared.
    Shadow,
    /// It decides this share of requests.
    Share(Percent),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Shadow => f.write_str("shadow"),
            Stage::Share(percent) => write!(f, "{percent}"),
        }
    }
}

/// How new policies come into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How.
    pub mode: Mode,
    /// The shares of a staged rollout, growing. After the last one it is in force for all.
    pub stages: Vec<Percent>,
    /// The least time at a stage.
    pub stage_time: Duration,
    /// The fewest requests that the new policy decides at a stage.
    pub stage_requests: u64,
    /// What stops it.
    pub bounds: Bounds,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            mode: Mode::AtOnce,
            stages: [1, 10, 50].into_iter().map(Percent).collect(),
            stage_time: Duration::from_secs(600),
            stage_requests: 100,
            bounds: Bounds::default(),
        }
    }
}

/// What happened to a rollout by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// It decides a larger share now.
    Advanced(Stage),
    /// It has passed its last stage: it is to be in force for all.
    Complete,
    /// A measure left its bound. It decides no request any more, and goes on in the shadow.
    Stopped(Alarm),
}

/// Which policy decided a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// The one in force.
    Before,
    /// The new one.
    After,
}

/// The way of a new policy into force.
///
/// `now` is any clock that only goes forward, always the same. Call [`tick`](Self::tick) every second or
/// so; nothing but it and [`set`](Self::set) changes the stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    plan: Plan,
    stage: Stage,
    since: Duration,
    alarm: Option<Alarm>,
    before: Tally,
    after: Tally,
}

impl Rollout {
    /// Begins at the first stage, or in the shadow if that is the mode.
    #[must_use]
    pub fn begin(plan: Plan, now: Duration) -> Self {
        let first = match (plan.mode, plan.stages.first()) {
            (Mode::Staged, Some(first)) => Stage::Share(*first),
            (Mode::AtOnce | Mode::Shadow | Mode::Staged, _) => Stage::Shadow,
        };
        Self::at(plan, first, now)
    }

    /// Begins at a stage, as after a restart.
    #[must_use]
    pub fn at(plan: Plan, stage: Stage, now: Duration) -> Self {
        Self { plan, stage, since: now, alarm: None, before: Tally::default(), after: Tally::default() }
    }

    /// How far it has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What stopped it.
    #[must_use]
    pub fn alarm(&self) -> Option<&Alarm> {
        self.alarm.as_ref()
    }

    /// Marks it as stopped by this, as before a restart.
    pub fn stopped_by(&mut self, alarm: Alarm) {
        (self.stage, self.alarm) = (Stage::Shadow, Some(alarm));
    }

    /// What was counted at this stage: of the policy in force, and of the new one.
    #[must_use]
    pub fn tallies(&self) -> (&Tally, &Tally) {
        (&self.before, &self.after)
    }

    /// Counts a request that one of the two policies decided, and that has ended.
    pub fn count(&mut self, arm: Arm, sample: Sample) {
        match arm {
            Arm::Before => self.before.add(sample),
            Arm::After => self.after.add(sample),
        }
    }

    /// Moves on when it is time, and stops when a measure is out of bounds.
    pub fn tick(&mut self, now: Duration) -> Option<Turn> {
        let Stage::Share(share) = self.stage else { return None };
        if let Some(alarm) = self.plan.bounds.alarm(&self.before, &self.after) {
            (self.stage, self.since, self.alarm) = (Stage::Shadow, now, Some(alarm));
            return Some(Turn::Stopped(alarm));
        }
        let is_due = now.saturating_sub(self.since) >= self.plan.stage_time
            && self.after.requests >= self.plan.stage_requests;
        // A stage that somebody chose, or with another mode, is left by nobody but them.
        if !is_due || self.plan.mode != Mode::Staged {
            return None;
        }
        match self.plan.stages.iter().find(|next| **next > share) {
            Some(next) if next.0 < 100 => {
                self.enter(Stage::Share(*next), now);
                Some(Turn::Advanced(self.stage))
            }
            Some(_) | None => Some(Turn::Complete),
        }
    }

    /// Puts it at a stage, whatever stopped it before.
    pub fn set(&mut self, stage: Stage, now: Duration) {
        self.alarm = None;
        self.enter(stage, now);
    }

    fn enter(&mut self, stage: Stage, now: Duration) {
        (self.stage, self.since) = (stage, now);
        (self.before, self.after) = (Tally::default(), Tally::default());
    }
}

/// Where a request lies among all: 0 to 9999, evenly, the same for all decisions about the request.
///
/// `SHA-256(revision ‖ "\n" ‖ request id)`, the first eight bytes as a number, modulo 10,000. Whoever has
/// the record can compute it again; a caller cannot choose it, because Weir makes the id.
#[must_use]
pub fn bucket(revision: &str, request_id: &str) -> u16 {
    let digest = Sha256::new().chain_update(revision).chain_update("\n").chain_update(request_id).finalize();
    let number = digest.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first));
    (number % 10_000) as u16
}

impl Stage {
    /// Whether the new policy decides the request in this bucket.
    #[must_use]
    pub fn takes(self, bucket: u16) -> bool {
        match self {
            Stage::Shadow => false,
            Stage::Share(percent) => bucket < u16::from(percent.0) * 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn staged() -> Plan {
        Plan { mode: Mode::Staged, stage_time: MINUTE, stage_requests: 10, ..Plan::default() }
    }

    fn feed(rollout: &mut Rollout, requests: u64, after: Sample) {
        for _ in 0..requests {
            rollout.count(Arm::Before, Sample::default());
            rollout.count(Arm::After, after);
        }
    }

    fn share(percent: u8) -> Stage {
        Stage::Share(Percent(percent))
    }

    #[test]
    fn a_calm_rollout_passes_its_stages_by_itself() {
        let mut rollout = Rollout::begin(staged(), Duration::ZERO);
        let mut turns = vec![];
        for minute in 1..=3 {
            assert_eq!(rollout.tick(MINUTE * minute), None, "no request has been decided yet");
            feed(&mut rollout, 10, Sample::default());
            assert_eq!(rollout.tick(MINUTE * minute - Duration::from_secs(1)), None, "too early");
            turns.extend(rollout.tick(MINUTE * minute));
        }
        assert_eq!(turns, [Turn::Advanced(share(10)), Turn::Advanced(share(50)), Turn::Complete]);
    }

    #[test]
    fn an_alarm_takes_every_request_from_it_and_only_people_give_them_back() {
        let mut rollout = Rollout::begin(staged(), Duration::ZERO);
        feed(&mut rollout, 50, Sample { denied: true, ..Sample::default() });
        assert!(matches!(rollout.tick(Duration::from_secs(1)), Some(Turn::Stopped(_))));
        assert_eq!(rollout.stage(), Stage::Shadow);
        assert!(rollout.alarm().is_some());
        assert_eq!(rollout.tick(MINUTE * 100), None);
        rollout.set(share(10), MINUTE * 100);
        assert_eq!((rollout.stage(), rollout.alarm()), (share(10), None));
        assert_eq!(rollout.tick(MINUTE * 101), None, "it is counted anew");
    }

    #[test]
    fn a_stage_that_somebody_chose_is_left_by_nobody_but_them() {
        let mut rollout = Rollout::at(Plan { mode: Mode::Shadow, ..staged() }, share(10), Duration::ZERO);
        feed(&mut rollout, 1000, Sample::default());
        assert_eq!((rollout.tick(MINUTE * 100), rollout.stage()), (None, share(10)));
    }

    #[test]
    fn a_last_stage_of_all_requests_is_the_end() {
        let stages = vec![Percent(50), Percent(100)];
        let mut rollout = Rollout::begin(Plan { stages, ..staged() }, Duration::ZERO);
        feed(&mut rollout, 10, Sample::default());
        assert_eq!(rollout.tick(MINUTE), Some(Turn::Complete));
    }

    #[test]
    fn what_was_stopped_before_a_restart_is_stopped_after_it() {
        let mut rollout = Rollout::at(staged(), share(50), Duration::ZERO);
        let alarm = Alarm { measure: crate::Measure::Errors, before: 0.0, after: 0.5 };
        rollout.stopped_by(alarm);
        assert_eq!((rollout.stage(), rollout.alarm()), (Stage::Shadow, Some(&alarm)));
        assert_eq!(rollout.tick(MINUTE * 100), None);
    }

    #[test]
    fn a_share_ends_where_it_says() {
        for percent in [1, 10, 100] {
            let end = u16::from(percent) * 100;
            assert!(share(percent).takes(end - 1) && !share(percent).takes(end), "{percent} %");
        }
    }

    #[test]
    fn a_shadow_stays_one() {
        let mut rollout = Rollout::begin(Plan { mode: Mode::Shadow, ..staged() }, Duration::ZERO);
        feed(&mut rollout, 1000, Sample { denied: true, ..Sample::default() });
        assert_eq!((rollout.tick(MINUTE * 100), rollout.stage()), (None, Stage::Shadow));
    }

    #[test]
    fn shares_are_those_of_the_requests_and_grow_without_loss() {
        let buckets: Vec<u16> = (0..20_000).map(|n| bucket("revision", &format!("req_{n}"))).collect();
        let count = |stage: Stage| buckets.iter().filter(|bucket| stage.takes(**bucket)).count();
        assert!((120..280).contains(&count(share(1))), "{}", count(share(1)));
        assert!((1_800..2_200).contains(&count(share(10))), "{}", count(share(10)));
        assert_eq!((count(Stage::Shadow), count(share(100))), (0, 20_000));
        assert!(buckets.iter().all(|bucket| !share(1).takes(*bucket) || share(10).takes(*bucket)));
        assert_ne!(bucket("a", "req_1"), bucket("b", "req_1"), "each rollout draws its own sample");
    }
}
