//! One target: what the configuration says of it, and what is known of it by now.

use crate::Moment;
use crate::engine::EngineModel;
use crate::flights::{Flight, FlightId, Flights};
use crate::health::{Condition, Health};
use crate::hedge::Quantile;
use crate::limit::{Limit, LimitState, Measured, Sample};
use crate::predictor::{MARGIN, Predictor};
use crate::pressure::Pressure;
use crate::random::Random;
use crate::reported::{Reported, Reports};
use crate::work::{Band, Work};
use std::sync::Arc;
use std::time::Duration;

/// A target as the dispatcher knows it. A key is never used for another target, so that who waits for one
/// cannot be given another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TargetKey(pub u32);

/// What kind of thing answers at a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Nature {
    /// A server of one's own: how soon it answers depends on what it is doing.
    Server(EngineModel),
    /// A service whose load is not ours: it answers as it did lately.
    Service,
}

/// What the configuration says of a target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSettings {
    /// Its name.
    pub name: Arc<str>,
    /// The backend that it is at. Targets of one backend share how many further attempts it may be sent.
    pub backend: Arc<str>,
    /// What answers there.
    pub nature: Nature,
    /// How many requests may run at once.
    pub limit: Limit,
    /// The most that bursts to it may cost a day, in micro-USD.
    pub daily_cap: Option<u64>,
}

impl TargetSettings {
    /// A server like most, with this limit, at a backend of its own.
    #[must_use]
    pub fn server(name: Arc<str>, limit: Limit) -> Self {
        let backend = name.clone();
        Self { name, backend, nature: Nature::Server(EngineModel::GENERIC), limit, daily_cap: None }
    }

    /// A service, with this limit, at a backend of its own.
    #[must_use]
    pub fn service(name: Arc<str>, limit: Limit) -> Self {
        let backend = name.clone();
        Self { name, backend, nature: Nature::Service, limit, daily_cap: None }
    }
}

/// How a request on a target ended, as far as capacity is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It was served, whatever the answer was. Carries how long the place was held.
    Served(Duration),
    /// The backend could not be reached, broke off or answered nonsense.
    Failed,
    /// The backend says that it is full; it asks to be left alone for that long.
    Full(Duration),
    /// The client went away; that says nothing of the backend.
    Abandoned,
}

/// Whether a target has a place for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    /// If nothing better is left.
    LastResort,
    None,
}

/// Everything that is known of one target.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub settings: TargetSettings,
    pub limit: LimitState,
    pub health: Health,
    pub pressure: Pressure,
    pub service_time: Option<Duration>,
    /// Completed requests, up to a few: how far `service_time` can be believed.
    pub completed: u32,
    pub first_token_p95: Quantile,
    /// How long answers take that come whole.
    pub answer_p95: Quantile,
    /// When a request was last sent there.
    last_sent: Moment,
    flights: Flights,
    reports: Reports,
    predictor: Predictor,
    /// Seconds of a token of an answer, smoothed.
    per_token_s: Option<f64>,
    /// Seconds that loading the model takes, smoothed.
    cold_start_s: f64,
    /// Time to the first token of a service, smoothed.
    service_s: f64,
    service_measured: bool,
}

/// A target to which nothing was sent for so long is sent one request, whatever is predicted of it.
const UNTRIED_AFTER: Duration = Duration::from_secs(10);
/// What it takes to load a model, until that was seen: some gigabytes from a disk.
const COLD_START_S: f64 = 8.0;
/// What an unknown service takes to the first token.
const SERVICE_START_S: f64 = 0.8;
/// What an unknown service sends.
const SERVICE_TOKENS_PER_S: f64 = 80.0;
/// Estimates count from so many completed requests on.
const COMPLETED_MIN: u32 = 5;
/// When a deadline hangs on it, an answer is taken to be so many times as long as it is on average.
const ANSWER_MARGIN: f64 = 2.0;
/// Shorter answers tell nothing of the pace.
const PACE_TOKENS_MIN: u32 = 8;
/// Of the places of a target with several, batch work leaves this share to interactive work.
const INTERACTIVE_SHARE: f64 = 0.2;

impl Target {
    pub fn new(settings: TargetSettings) -> Self {
        let engine = match settings.nature {
            Nature::Server(engine) => engine,
            Nature::Service => EngineModel::GENERIC,
        };
        Self {
            limit: LimitState::new(settings.limit),
            settings,
            health: Health::default(),
            pressure: Pressure::default(),
            service_time: None,
            completed: 0,
            first_token_p95: Quantile::new(0.95),
            answer_p95: Quantile::new(0.95),
            last_sent: Moment::ZERO,
            flights: Flights::default(),
            reports: Reports::default(),
            predictor: Predictor::new(engine),
            per_token_s: None,
            cold_start_s: COLD_START_S,
            service_s: SERVICE_START_S,
            service_measured: false,
        }
    }

    pub fn is_server(&self) -> bool {
        matches!(self.settings.nature, Nature::Server(_))
    }

    /// Takes over new settings of the same target.
    pub fn configure(&mut self, settings: TargetSettings) {
        if let (Nature::Server(new), Nature::Server(old)) = (settings.nature, self.settings.nature)
            && new != old
        {
            self.predictor = Predictor::new(new);
        }
        self.limit.set(settings.limit);
        self.settings = settings;
    }

    pub fn in_flight(&self) -> u32 {
        self.flights.len()
    }

    pub fn tokens_in_flight(&self) -> u64 {
        self.flights.tokens()
    }

    pub fn is_idle(&self) -> bool {
        self.flights.len() == 0
    }

    pub fn places(&self, now: Moment) -> Option<u32> {
        self.limit.at(now, || self.reports.tells_load(now))
    }

    /// The share of its places that is taken; 0 of any number.
    pub fn share_taken(&self, now: Moment) -> f64 {
        self.places(now).map_or(0.0, |places| f64::from(self.in_flight()) / f64::from(places.max(1)))
    }

    /// Whether there is a place; `spared` of them are kept for others.
    #[inline]
    pub fn room(&self, band: Band, spared: u32, now: Moment) -> Room {
        let running = self.flights.len();
        if let Some(limit) = self.places(now) {
            // A single place cannot be shared out.
            let kept = spared.min(limit.saturating_sub(1));
            if running.saturating_add(kept) >= limit || (band == Band::Batch && !self.batch_fits(limit)) {
                return Room::None;
            }
        }
        if running > 0 && self.reports.is_saturated(now) {
            return Room::None;
        }
        if self.health.is_well(now) {
            if self.reports.is_silent(now) { Room::LastResort } else { Room::Free }
        } else if !self.health.is_full(now) && self.health.may_be_tried(now) {
            Room::LastResort
        } else {
            Room::None
        }
    }

    fn batch_fits(&self, limit: u32) -> bool {
        let kept = (f64::from(limit) * INTERACTIVE_SHARE).ceil() as u32;
        self.flights.of_batch() < limit.saturating_sub(kept.min(limit.saturating_sub(1)))
    }

    /// Seconds to the first token of a prompt that is sent now.
    #[inline]
    pub fn predict_s(&self, work: &Work, now: Moment) -> f64 {
        let cold_s = if self.is_cold(now) { self.cold_start_s } else { 0.0 };
        self.warm_s(self.formula_s(work, now)) + cold_s + self.health.penalty_s(now)
    }

    fn warm_s(&self, formula_s: f64) -> f64 {
        match self.settings.nature {
            Nature::Server(_) => self.predictor.corrected_s(formula_s),
            Nature::Service => self.service_s,
        }
    }

    /// Seconds to a first token at the latest, if so many are predicted, as far as that can be said.
    pub fn at_latest_s(&self, predicted_s: f64) -> f64 {
        match self.settings.nature {
            Nature::Server(_) => self.predictor.at_latest_s(predicted_s),
            Nature::Service => predicted_s * MARGIN,
        }
    }

    /// Whether the server says that it has to load the model first, and nothing is on its way that makes it.
    fn is_cold(&self, now: Moment) -> bool {
        self.flights.len() == 0 && self.reports.fresh(now).is_some_and(|said| said.loaded == Some(false))
    }

    /// Whether nothing has shown for a while that predictions still hold: who is believed to be slow is sent
    /// nothing, and could not show that it no longer is.
    pub fn is_untried(&self, now: Moment) -> bool {
        self.flights.len() == 0 && now.saturating_sub(self.last_sent) > UNTRIED_AFTER
    }

    /// Whether enough requests were completed for estimates to refuse anybody.
    pub fn is_known(&self) -> bool {
        self.completed >= COMPLETED_MIN
    }

    /// Whether the prediction rests on anything that was observed.
    pub fn is_measured(&self) -> bool {
        match self.settings.nature {
            Nature::Server(_) => self.predictor.is_measured(),
            Nature::Service => self.service_measured,
        }
    }

    /// Seconds that a server saves when it has seen the beginning of the prompt before.
    pub fn prefill_s(&self, tokens: u32) -> f64 {
        self.predictor.prefill_s(f64::from(tokens))
    }

    /// The correction that was learnt.
    pub fn ratio(&self) -> f64 {
        self.predictor.ratio()
    }

    pub fn prediction_error_s(&self) -> f64 {
        self.predictor.error_s()
    }

    pub fn presume(&mut self, ratio: f64) {
        self.predictor.presume(ratio);
    }

    /// Tokens a second that an answer gets which begins now: as lately, or else by the formula.
    pub fn tokens_per_s(&self, now: Moment) -> f64 {
        match (self.per_token_s, self.settings.nature) {
            (Some(per_token_s), _) => 1.0 / per_token_s.max(1e-6),
            (None, Nature::Server(_)) => self.predictor.tokens_per_s(self.load(0, now).context_tokens),
            (None, Nature::Service) => SERVICE_TOKENS_PER_S,
        }
    }

    /// Seconds from the first token of an answer to its last, if it is as long as most are at most.
    pub fn answer_s(&self, work: &Work, now: Moment) -> f64 {
        ANSWER_MARGIN * f64::from(work.output_tokens) / self.tokens_per_s(now)
    }

    pub fn take(&mut self, id: FlightId, work: Work, band: Band, promised_s: Option<f64>, now: Moment) {
        let (formula_s, is_cold) = (self.formula_s(&work, now), self.is_cold(now));
        self.health.sent(now);
        self.last_sent = now;
        let flight =
            Flight { work, band, since: now, formula_s, promised_s, is_cold, first_token: None, produced: 0 };
        self.flights.start(id, flight);
    }

    /// The first token of a request has come: what was predicted can be compared.
    pub fn first_token(&mut self, id: FlightId, now: Moment) {
        let Some(flight) = self.flights.first_token(id, now) else { return };
        let observed_s = now.saturating_sub(flight.since).as_secs_f64();
        let Flight { formula_s, promised_s, work: Work { prompt_tokens, .. }, .. } = *flight;
        if flight.is_cold {
            // That it was slow says how long loading takes, and nothing else.
            let loading_s = (observed_s - self.warm_s(formula_s)).max(0.0);
            self.cold_start_s += (loading_s - self.cold_start_s) / 2.0;
            return;
        }
        self.first_token_p95.add(observed_s);
        let alone_s = self.predictor.alone_s(prompt_tokens, 0);
        let sample = Sample { of: Measured::FirstToken, observed_s, alone_s };
        self.limit.learn(&sample, self.flights.len());
        match self.settings.nature {
            Nature::Server(_) => self.predictor.learn(formula_s, observed_s, promised_s),
            Nature::Service if self.service_measured => {
                self.service_s += (observed_s - self.service_s) / 8.0;
            }
            Nature::Service => {
                self.service_s = observed_s;
                self.service_measured = true;
            }
        }
    }

    pub fn produced(&mut self, id: FlightId, tokens: u32) -> u32 {
        self.flights.produced(id, tokens)
    }

    /// A request has ended.
    pub fn end(&mut self, id: FlightId, report: Report, now: Moment, random: &mut Random) -> Option<Flight> {
        let running = self.flights.len();
        let flight = self.flights.end(id, now)?;
        match report {
            Report::Served(held) => {
                self.learn_whole(&flight, now);
                self.learn_limit(&flight, running, now);
                if self.health.succeeded(now) {
                    self.limit.recovered(now);
                }
                self.learn_service_time(held);
                self.learn_pace(&flight, now);
            }
            Report::Failed => {
                self.health.failed(now, random);
                self.limit.set_back();
            }
            Report::Full(pause) => {
                self.health.full(pause, now, random);
                self.limit.set_back();
            }
            Report::Abandoned => self.health.untold(now),
        }
        Some(flight)
    }

    pub fn report(&mut self, reported: Reported, now: Moment) {
        if let Some(tokens) = reported.cache_tokens.filter(|tokens| *tokens > 0) {
            self.predictor.set_cache_tokens(tokens);
        }
        self.reports.add(reported, now);
    }

    pub fn reported(&self, now: Moment) -> Option<Reported> {
        self.reports.fresh(now).copied()
    }

    pub fn identified(&mut self, is_right: bool, now: Moment) {
        if self.health.identified(is_right) {
            self.limit.recovered(now);
        }
    }

    pub fn condition(&self, now: Moment) -> Condition {
        self.health.condition(now)
    }

    #[inline]
    fn formula_s(&self, work: &Work, now: Moment) -> f64 {
        self.predictor.formula_s(&self.load(work.prompt_tokens, now))
    }

    /// Our own load, and that of others as far as the server tells.
    #[inline]
    fn load(&self, prompt_tokens: u32, now: Moment) -> crate::engine::EngineLoad {
        let mut load = self.flights.load(prompt_tokens, self.predictor.prefill_s(1.0), now);
        let foreign = f64::from(self.reports.foreign(self.flights.len(), now));
        if foreign > 0.0 {
            let of_one = if load.running > 0.0 { load.context_tokens / load.running } else { 1000.0 };
            load.running += foreign;
            load.context_tokens += foreign * of_one;
            let waiting = self.reports.fresh(now).and_then(|reported| reported.waiting).unwrap_or(0);
            load.prompt_tokens += f64::from(waiting).min(foreign) * of_one;
        }
        load
    }

    /// An answer that came whole has no first token that could be measured.
    fn learn_limit(&mut self, flight: &Flight, running: u32, now: Moment) {
        if flight.first_token.is_none() && !flight.is_cold && self.limit.is_learned() {
            let observed_s = now.saturating_sub(flight.since).as_secs_f64();
            let alone_s = self.predictor.alone_s(flight.work.prompt_tokens, flight.produced);
            self.limit.learn(&Sample { of: Measured::Answer, observed_s, alone_s }, running);
        }
    }

    fn learn_whole(&mut self, flight: &Flight, now: Moment) {
        if flight.first_token.is_none() && !flight.is_cold {
            self.answer_p95.add(now.saturating_sub(flight.since).as_secs_f64());
        }
    }

    fn learn_pace(&mut self, flight: &Flight, now: Moment) {
        let Some(first) = flight.first_token.filter(|_| flight.produced >= PACE_TOKENS_MIN) else { return };
        let seconds = now.saturating_sub(first).as_secs_f64() / f64::from(flight.produced - 1);
        let mean = self.per_token_s.unwrap_or(seconds);
        self.per_token_s = Some(mean + (seconds - mean) / 8.0);
    }

    /// Exponentially weighted mean, one part in eight for the newest.
    fn learn_service_time(&mut self, held: Duration) {
        self.completed = self.completed.saturating_add(1);
        self.service_time = Some(match self.service_time {
            None => held,
            Some(mean) => mean.saturating_mul(7).saturating_add(held) / 8,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineLoad;

    #[test]
    fn what_others_run_on_a_server_is_in_the_way_of_a_prompt() {
        let mut target = Target::new(TargetSettings::server("gpu".into(), Limit::None));
        let work = Work { prompt_tokens: 20_000, ..Work::default() };
        let alone = target.formula_s(&work, Moment::ZERO);
        target.report(Reported { running: Some(200), ..Reported::default() }, Moment::ZERO);
        // Of others' prompts nothing is told, so they are taken to have a thousand tokens each.
        let load = EngineLoad {
            running: 200.0,
            context_tokens: 200_000.0,
            prompt_tokens: 20_000.0,
            ..EngineLoad::default()
        };
        let beside = target.formula_s(&work, Moment::ZERO);
        assert!((beside - EngineModel::GENERIC.first_token_s(&load)).abs() < 1e-9, "{beside}");
        assert!(alone < beside, "{alone} {beside}");
    }
}
