use crate::cloud::CloudModel;
use crate::outcome::{Fate, Outcome};
use crate::policy::Policy;
use crate::profile::Profile;
use crate::replica::{Progress, Replica};
use crate::request::Requests;
use crate::rival::Rival;
use crate::weir::{QUEUE_LIMITS, Weir};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU32;
use weir_dispatch::{Limit, QueueLimits, Reported};

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The requests, in order of arrival.
    pub requests: Requests,
    /// The servers.
    pub profile: Profile,
    /// How many of them.
    pub replicas: usize,
    /// A smaller model, on one server, to degrade to.
    pub small: Option<Profile>,
    /// The cloud, if there is one.
    pub cloud: Option<CloudModel>,
    /// Seconds within which the first token is wanted.
    pub target_s: f64,
    /// Whether the dispatcher knows of that.
    pub has_promise: bool,
    /// Whether the dispatcher tells tenants apart.
    pub is_fair: bool,
    /// The limit of each server.
    pub limit: Limit,
    /// How much may wait.
    pub queue: QueueLimits,
    /// Seconds between two looks at what the servers report.
    pub scrape_s: f64,
    /// What chance follows from.
    pub seed: u64,
}

/// The limit that a server has in the gateway where the configuration says nothing.
const AUTO: Limit = Limit::Learned { max: NonZeroU32::MIN.saturating_add(255) };

impl Scenario {
    /// These requests on so many servers, with a cloud and everything else as usual.
    #[must_use]
    pub fn new(requests: Requests, profile: Profile, replicas: usize, target_s: f64) -> Self {
        Self {
            requests,
            profile,
            replicas,
            small: None,
            cloud: Some(CloudModel::default()),
            target_s,
            has_promise: true,
            is_fair: true,
            limit: AUTO,
            queue: QUEUE_LIMITS,
            scrape_s: 1.0,
            seed: 1,
        }
    }
}

/// Where a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// To the server of this number; the one after the last is the smaller model.
    Replica(usize),
    Cloud,
}

/// What a router says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Send(usize, Place),
    Refuse(usize),
}

/// Who decides where requests go. Requests are known by their number.
pub(crate) trait Router {
    /// A request has come. What is not in the answer waits.
    fn arrive(&mut self, number: usize, now_s: f64, replicas: &[Replica]) -> Vec<Verdict>;
    fn first_token(&mut self, _number: usize, _now_s: f64) {}
    fn produced(&mut self, _number: usize, _tokens: u32) {}
    fn ended(&mut self, number: usize, now_s: f64) -> Vec<Verdict>;
    fn scraped(&mut self, replica: usize, reported: Reported, now_s: f64) -> Vec<Verdict>;
    fn next_timer_s(&self) -> Option<f64> {
        None
    }
    fn timer(&mut self, _now_s: f64) -> Vec<Verdict> {
        Vec::new()
    }
    /// By how many seconds predictions were wrong, in the median.
    fn median_error_s(&self) -> Option<f64> {
        None
    }
}

/// Runs a scenario under a policy. `tell` is given the share that is done, now and then.
pub fn simulate(scenario: &Scenario, policy: Policy, tell: &mut dyn FnMut(f64)) -> Outcome {
    let mut world = World::new(scenario, policy);
    let error = if policy == Policy::Weir {
        let mut router = Weir::new(scenario);
        world.run(&mut router, tell);
        router.median_error_s()
    } else {
        let mut router = Rival::new(policy, scenario);
        world.run(&mut router, tell);
        router.median_error_s()
    };
    Outcome::of(scenario, policy, &world.fates, &world.busy_s(), error)
}

struct World<'a> {
    scenario: &'a Scenario,
    replicas: Vec<Replica>,
    fates: Vec<Fate>,
    events: BinaryHeap<Reverse<(Time, u64, Event)>>,
    number: u64,
    arrived: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    StepEnd(usize),
    CloudFirst(usize),
    CloudEnd(usize),
    Arrival(usize),
    Scrape,
}

/// Seconds that can be ordered.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Time(f64);

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// After so many events somebody who watches is told.
const TELL_EVERY: u64 = 1 << 16;

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario, policy: Policy) -> Self {
        let small = scenario.small.filter(|_| policy.uses_small());
        let profiles = std::iter::repeat_n(scenario.profile, scenario.replicas).chain(small);
        let mut world = Self {
            scenario,
            replicas: profiles.map(Replica::new).collect(),
            fates: vec![Fate::default(); scenario.requests.len()],
            events: BinaryHeap::new(),
            number: 0,
            arrived: 0,
        };
        for (number, request) in scenario.requests.iter().enumerate() {
            world.plan(request.at_s, Event::Arrival(number));
        }
        world.plan(0.0, Event::Scrape);
        world
    }

    fn busy_s(&self) -> Vec<f64> {
        self.replicas.iter().map(|replica| replica.busy_s).collect()
    }

    fn plan(&mut self, at_s: f64, event: Event) {
        self.number += 1;
        self.events.push(Reverse((Time(at_s), self.number, event)));
    }

    fn run(&mut self, router: &mut dyn Router, tell: &mut dyn FnMut(f64)) {
        let mut handled = 0_u64;
        loop {
            let next_s = self.events.peek().map(|Reverse((Time(at_s), ..))| *at_s);
            let timer_s = router.next_timer_s();
            let verdicts = match (next_s, timer_s) {
                (next, Some(at_s)) if next.is_none_or(|next| at_s < next) => {
                    let verdicts = router.timer(at_s);
                    self.obey(&verdicts, at_s);
                    continue;
                }
                (Some(_), _) => self.next(router),
                (None, _) => break,
            };
            if let Some((now_s, verdicts)) = verdicts {
                self.obey(&verdicts, now_s);
            }
            handled += 1;
            if handled.is_multiple_of(TELL_EVERY) {
                tell(self.arrived as f64 / self.fates.len().max(1) as f64);
            }
        }
    }

    /// Handles the next event.
    fn next(&mut self, router: &mut dyn Router) -> Option<(f64, Vec<Verdict>)> {
        let Reverse((Time(now_s), _, event)) = self.events.pop()?;
        let verdicts = match event {
            Event::Arrival(number) => {
                self.arrived += 1;
                router.arrive(number, now_s, &self.replicas)
            }
            Event::StepEnd(replica) => self.step_ended(replica, now_s, router),
            Event::CloudFirst(number) => {
                self.first_token(number, now_s, router);
                Vec::new()
            }
            Event::CloudEnd(number) => self.ended(number, now_s, router),
            Event::Scrape => self.scrape(now_s, router),
        };
        Some((now_s, verdicts))
    }

    fn step_ended(&mut self, index: usize, now_s: f64, router: &mut dyn Router) -> Vec<Verdict> {
        let Some(progress) = self.replicas.get_mut(index).and_then(|replica| replica.end(now_s)) else {
            return Vec::new();
        };
        let Progress { first_tokens, ended, produced } = progress;
        for number in first_tokens {
            self.first_token(number, now_s, router);
        }
        for (number, tokens) in produced {
            router.produced(number, tokens);
        }
        let verdicts: Vec<Verdict> =
            ended.into_iter().flat_map(|number| self.ended(number, now_s, router)).collect();
        // The server does not wait for what we make of it.
        self.begin_step(index, now_s);
        verdicts
    }

    fn begin_step(&mut self, index: usize, now_s: f64) {
        let Some(replica) = self.replicas.get_mut(index).filter(|replica| !replica.is_stepping()) else {
            return;
        };
        if let Some(ends_s) = replica.begin(now_s) {
            self.plan(ends_s, Event::StepEnd(index));
        }
    }

    fn first_token(&mut self, number: usize, now_s: f64, router: &mut dyn Router) {
        if let Some(fate) = self.fates.get_mut(number) {
            fate.first_s = Some(now_s);
        }
        router.first_token(number, now_s);
    }

    fn ended(&mut self, number: usize, now_s: f64, router: &mut dyn Router) -> Vec<Verdict> {
        if let Some(fate) = self.fates.get_mut(number) {
            fate.end_s = Some(now_s);
        }
        router.ended(number, now_s)
    }

    fn scrape(&mut self, now_s: f64, router: &mut dyn Router) -> Vec<Verdict> {
        if self.arrived < self.fates.len() {
            self.plan(now_s + self.scrape_s(), Event::Scrape);
        }
        let reports: Vec<Reported> = self.replicas.iter().map(Replica::reported).collect();
        let scraped = reports.into_iter().enumerate();
        scraped.flat_map(|(index, reported)| router.scraped(index, reported, now_s)).collect()
    }

    fn scrape_s(&self) -> f64 {
        self.scenario.scrape_s.max(0.01)
    }

    fn obey(&mut self, verdicts: &[Verdict], now_s: f64) {
        for verdict in verdicts {
            match *verdict {
                Verdict::Send(number, place) => self.send(number, place, now_s),
                Verdict::Refuse(number) => {
                    if let Some(fate) = self.fates.get_mut(number) {
                        fate.is_refused = true;
                    }
                }
            }
        }
    }

    fn send(&mut self, number: usize, place: Place, now_s: f64) {
        let Some(request) = self.scenario.requests.get(number) else { return };
        if let Some(fate) = self.fates.get_mut(number) {
            fate.place = Some(place);
        }
        match place {
            Place::Replica(index) => {
                if let Some(replica) = self.replicas.get_mut(index) {
                    replica.add(number, request.input_tokens, request.output_tokens);
                }
                self.begin_step(index, now_s);
            }
            Place::Cloud => {
                let cloud = self.scenario.cloud.unwrap_or_default();
                let first_s = now_s + cloud.first_token_s(self.scenario.seed, number, request.input_tokens);
                self.plan(first_s, Event::CloudFirst(number));
                let answer_s = f64::from(request.output_tokens) / cloud.tokens_per_s;
                self.plan(first_s + answer_s, Event::CloudEnd(number));
            }
        }
    }
}
