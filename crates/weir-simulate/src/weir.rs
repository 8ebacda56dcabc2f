//! Weir's dispatcher as the router of a simulation.

use crate::replica::Replica;
use crate::world::{Place, Router, Scenario, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use weir_dispatch::cost::OutputLengths;
use weir_dispatch::{
    Admission, Ask, Candidate, Claim, Dispatcher, Moment, Promise, QueueLimits, Report, Reported, Slot, Step,
    TargetSettings, Ticket, Work,
};

/// The dispatcher, and who is where.
pub(crate) struct Weir<'a> {
    scenario: &'a Scenario,
    dispatcher: Dispatcher,
    fleet: Arc<Fleet>,
    places: BTreeMap<Arc<str>, Place>,
    flying: BTreeMap<usize, (Slot, Moment)>,
    waiting: BTreeMap<Ticket, usize>,
    timers: BTreeSet<(Moment, Ticket)>,
    lengths: OutputLengths,
    /// Predicted and, later, observed times to the first token.
    predicted: BTreeMap<usize, f64>,
    errors: Vec<f64>,
}

/// The names of the targets.
struct Fleet {
    main: Vec<Arc<str>>,
    small: Vec<Arc<str>>,
    cloud: Vec<Arc<str>>,
}

const QUEUE: Step = Step::Queue(Duration::from_secs(30));
const CLASSIFIED: [Step; 3] = [QUEUE, Step::Degrade, Step::Reject];
const OTHER: [Step; 3] = [Step::Burst, QUEUE, Step::Reject];

impl<'a> Weir<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        let limits = scenario.queue;
        let mut dispatcher = Dispatcher::new(limits, scenario.seed);
        let mut places: BTreeMap<Arc<str>, Place> = BTreeMap::new();
        let names = |prefix: &str, count: usize| -> Vec<Arc<str>> {
            (0..count).map(|number| Arc::from(format!("{prefix}-{number}/m"))).collect()
        };
        let (main, small) =
            (names("local", scenario.replicas), names("small", usize::from(scenario.small.is_some())));
        let cloud = names("cloud", usize::from(scenario.cloud.is_some()));
        for (index, name) in main.iter().chain(&small).enumerate() {
            places.insert(name.clone(), Place::Replica(index));
        }
        places.extend(cloud.iter().map(|name| (name.clone(), Place::Cloud)));
        let servers =
            main.iter().chain(&small).map(|name| TargetSettings::server(name.clone(), scenario.limit));
        let services =
            cloud.iter().map(|name| TargetSettings::service(name.clone(), weir_dispatch::Limit::None));
        dispatcher.configure(limits, servers.chain(services), Moment::ZERO);
        Self {
            scenario,
            dispatcher,
            fleet: Arc::new(Fleet { main, small, cloud }),
            places,
            flying: BTreeMap::new(),
            waiting: BTreeMap::new(),
            timers: BTreeSet::new(),
            lengths: OutputLengths::default(),
            predicted: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    fn ask<'n>(&self, fleet: &'n Fleet, number: usize, now: Moment) -> Option<Ask<'n>> {
        let request = self.scenario.requests.get(number)?;
        let may_leave = !request.classified;
        let promised = Duration::try_from_secs_f64(self.scenario.target_s).ok();
        Some(Ask {
            first: Candidate::equals(&fleet.main),
            degrade: if may_leave { Vec::new() } else { Candidate::equals(&fleet.small) },
            overflow: if may_leave { Candidate::equals(&fleet.cloud) } else { Vec::new() },
            ladder: if may_leave { OTHER.to_vec() } else { CLASSIFIED.to_vec() },
            bytes: request.input_tokens as usize * 4,
            work: Work {
                prompt_tokens: request.input_tokens,
                output_tokens: self.lengths.expected(0, None),
                prefix: None,
            },
            claim: Claim {
                tenant: if self.scenario.is_fair { request.tenant.clone() } else { Arc::from("all") },
                weight: request.weight,
                band: request.band,
            },
            promise: Promise {
                first_token: promised.filter(|_| self.scenario.has_promise),
                deadline: request.deadline_s.map(|seconds| now + Duration::from_secs_f64(seconds)),
            },
            is_retry: false,
        })
    }

    fn admitted(&mut self, number: usize, admission: Admission, now: Moment) -> Vec<Verdict> {
        match admission {
            Admission::Slot(slot) => {
                let Some(place) = self.places.get(&slot.target).copied() else {
                    return vec![Verdict::Refuse(number)];
                };
                self.predicted.insert(number, slot.expected_first_token.as_secs_f64());
                self.flying.insert(number, (slot, now));
                vec![Verdict::Send(number, place)]
            }
            Admission::Wait { ticket, until } => {
                self.waiting.insert(ticket, number);
                self.timers.insert((until, ticket));
                Vec::new()
            }
            Admission::Refused(_) => vec![Verdict::Refuse(number)],
        }
    }

    fn resume(&mut self, tickets: Vec<Ticket>, now: Moment) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for ticket in tickets {
            let Some(number) = self.waiting.remove(&ticket) else { continue };
            let admission = self.dispatcher.resume(ticket, now);
            verdicts.extend(self.admitted(number, admission, now));
        }
        verdicts
    }
}

fn moment(seconds: f64) -> Moment {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

impl Router for Weir<'_> {
    fn arrive(&mut self, number: usize, now_s: f64, _: &[Replica]) -> Vec<Verdict> {
        let now = moment(now_s);
        let fleet = self.fleet.clone();
        let Some(ask) = self.ask(&fleet, number, now) else { return vec![Verdict::Refuse(number)] };
        let before = self.dispatcher.look_before(&ask, now);
        let mut verdicts = self.resume(before, now);
        let admission = self.dispatcher.ask(ask, now);
        verdicts.extend(self.admitted(number, admission, now));
        verdicts
    }

    fn first_token(&mut self, number: usize, now_s: f64) {
        let now = moment(now_s);
        let Some((slot, since)) = self.flying.get(&number) else { return };
        self.dispatcher.first_token(slot, now);
        let is_local = self.places.get(&slot.target) != Some(&Place::Cloud);
        if let Some(predicted) = self.predicted.remove(&number)
            && is_local
        {
            self.errors.push((now.saturating_sub(*since).as_secs_f64() - predicted).abs());
        }
    }

    fn produced(&mut self, number: usize, tokens: u32) {
        if let Some((slot, _)) = self.flying.get(&number) {
            self.dispatcher.produced(slot, tokens);
        }
    }

    fn ended(&mut self, number: usize, now_s: f64) -> Vec<Verdict> {
        let now = moment(now_s);
        let Some((slot, since)) = self.flying.remove(&number) else { return Vec::new() };
        let tokens = self.scenario.requests.get(number).map_or(0, |request| request.output_tokens);
        self.lengths.learn(0, tokens);
        self.dispatcher.produced(&slot, tokens);
        let woken = self.dispatcher.release(&slot, Report::Served(now.saturating_sub(since)), now);
        self.resume(woken, now)
    }

    fn scraped(&mut self, replica: usize, reported: Reported, now_s: f64) -> Vec<Verdict> {
        let names: Vec<Arc<str>> = self
            .places
            .iter()
            .filter(|(_, place)| **place == Place::Replica(replica))
            .map(|(name, _)| name.clone())
            .collect();
        let now = moment(now_s);
        let woken: Vec<Ticket> =
            names.iter().flat_map(|name| self.dispatcher.report(name, reported, now)).collect();
        self.resume(woken, now)
    }

    fn next_timer_s(&self) -> Option<f64> {
        self.timers.first().map(|(at, _)| at.as_secs_f64())
    }

    fn timer(&mut self, now_s: f64) -> Vec<Verdict> {
        // A timer's own moment, which the seconds may have rounded down.
        let Some((at, ticket)) = self.timers.pop_first() else { return Vec::new() };
        self.resume(vec![ticket], at.max(moment(now_s)))
    }

    fn median_error_s(&self) -> Option<f64> {
        let mut errors = self.errors.clone();
        errors.sort_by(f64::total_cmp);
        errors.get(errors.len() / 2).copied()
    }
}

/// Queue limits of a simulation when nothing else is said.
pub(crate) const QUEUE_LIMITS: QueueLimits =
    QueueLimits { requests: 10_000, bytes: 1 << 30, tokens: 100_000_000 };
