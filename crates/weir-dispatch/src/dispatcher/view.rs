//! What the dispatcher tells of itself.

use super::Dispatcher;
use crate::Moment;
use crate::health::Condition;
use crate::reported::Reported;
use crate::target::{Target, TargetKey};
use crate::work::{Band, Work};
use std::sync::Arc;
use std::time::Duration;

/// What the dispatcher holds, for metrics and the admin interface.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Requests that wait.
    pub queued: usize,
    /// Bytes of their bodies.
    pub queued_bytes: usize,
    /// How many of them there are of each band and tenant.
    pub queued_by: Vec<(Band, Arc<str>, usize)>,
    /// Each target.
    pub targets: Vec<TargetView>,
}

/// What is known of one target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetView {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is to be used.
    pub condition: Condition,
    /// Failures since the last success.
    pub failures: u32,
    /// Since when there were nothing but failures.
    pub failing_since: Option<Moment>,
    /// Requests that run.
    pub in_flight: u32,
    /// Tokens of their prompts and expected answers.
    pub tokens_in_flight: u64,
    /// Requests that may run at once; `None` is no limit.
    pub places: Option<u32>,
    /// Whether that was learnt.
    pub is_learned: bool,
    /// Requests that wait for a place there; who waits for one of several counts at each.
    pub waiting: usize,
    /// How long a request holds its place.
    pub service_time: Option<Duration>,
    /// Seconds to the first token of a prompt of a thousand tokens that came now.
    pub predicted_first_token_s: f64,
    /// How far predictions have been off lately, in seconds.
    pub prediction_error_s: f64,
    /// What the formula is multiplied with, as learnt.
    pub ratio: f64,
    /// What 95 of a hundred first tokens take.
    pub first_token_p95_s: Option<f64>,
    /// Tokens a second of an answer.
    pub tokens_per_s: f64,
    /// Whether room is kept for what may go nowhere else.
    pub keeps_room: bool,
    /// What bursts cost today, in micro-USD, and what they may cost.
    pub spent_micro_usd: u64,
    /// The cap, if there is one.
    pub daily_cap_micro_usd: Option<u64>,
    /// What the server said last, if that is not too old.
    pub reported: Option<Reported>,
}

/// How full several targets are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Requests that run.
    pub in_flight: u32,
    /// Requests that may run at once; `None` when one of the targets has no limit.
    pub places: Option<u32>,
    /// Requests that wait for a place on one of them.
    pub queued: usize,
    /// How long a request that asks now may have to wait; zero while a place is free.
    pub wait: Duration,
    /// When a prompt of so many tokens that has a place may expect its first token; `None` before anything
    /// was measured.
    pub first_token: Option<Duration>,
}

/// The prompt that views speak of.
const USUAL: Work = Work { prompt_tokens: 1000, output_tokens: 256, prefix: None };

impl Dispatcher {
    /// What is held now.
    #[must_use]
    pub fn state(&self, now: Moment) -> State {
        let by = self.queue.by_tenant().into_iter();
        State {
            queued: self.queue.len(),
            queued_bytes: self.queue.bytes(),
            queued_by: by.map(|((band, tenant), count)| (band, tenant, count)).collect(),
            targets: self.targets.iter().map(|target| self.view(target, now)).collect(),
        }
    }

    fn view(&self, target: &Target, now: Moment) -> TargetView {
        TargetView {
            name: target.settings.name.clone(),
            condition: target.condition(now),
            failures: target.health.consecutive_failures(),
            failing_since: target.health.failing_since(),
            in_flight: target.in_flight(),
            tokens_in_flight: target.tokens_in_flight(),
            places: target.places(now),
            is_learned: target.limit.is_learned(),
            waiting: self.names.get(&target.settings.name).map_or(0, |key| self.queue.ahead(&[*key])),
            service_time: target.service_time,
            predicted_first_token_s: target.predict_s(&USUAL, now),
            prediction_error_s: target.prediction_error_s(),
            ratio: target.ratio(),
            first_token_p95_s: target.first_token_p95.value(),
            tokens_per_s: target.tokens_per_s(now),
            keeps_room: target.pressure.keeps_room(now),
            spent_micro_usd: self.spend.taken(&target.settings.name),
            daily_cap_micro_usd: target.settings.daily_cap,
            reported: target.reported(now),
        }
    }

    /// How full the targets of these names are together, for a prompt of so many tokens. Names that are not
    /// known count for nothing.
    #[must_use]
    pub fn load(&self, names: &[Arc<str>], prompt_tokens: u32, now: Moment) -> Load {
        let keys: Vec<TargetKey> = names.iter().filter_map(|name| self.names.get(name).copied()).collect();
        let targets = || keys.iter().filter_map(|key| self.targets.get(*key));
        let limits = targets().map(|target| target.places(now));
        let room = |target: &Target| target.room(Band::Interactive, 0, now) != crate::target::Room::None;
        let queued = self.queue.ahead(&keys);
        let wait = || self.wait_estimate(&keys, queued, now).0;
        let work = Work { prompt_tokens, ..USUAL };
        let measured = targets().filter(|target| target.is_measured());
        let first_token = measured.map(|target| target.predict_s(&work, now)).reduce(f64::min);
        Load {
            in_flight: targets().map(Target::in_flight).sum(),
            places: limits.sum(),
            queued,
            wait: if targets().any(room) { Duration::ZERO } else { wait() },
            first_token: first_token.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        }
    }
}
