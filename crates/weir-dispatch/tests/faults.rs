//! A simulation of everything that goes wrong, from a seed: backends that crash, stall, say that they are full
//! and come back, reports that lie, clocks that jump, clients that go, configurations that change. Beside the
//! dispatcher a small model says what may happen; its first assertion is that nothing goes where it may not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy exempts test functions, but not what they share"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use weir_dispatch::{
    Admission, Ask, Band, Candidate, Claim, Dispatcher, Limit, Moment, Promise, QueueLimits, Random, Report,
    Reported, Slot, Step, TargetSettings, Ticket, Work,
};

const LIMITS: QueueLimits = QueueLimits { requests: 40, bytes: 100_000, tokens: 200_000 };
const MAIN: [&str; 3] = ["gpu-a/m", "gpu-b/m", "gpu-c/m"];
const SMALL: &str = "gpu-c/s";
const LOCAL: [&str; 4] = ["gpu-a/m", "gpu-b/m", "gpu-c/m", SMALL];
const CLOUD: [&str; 2] = ["away/x", "away/y"];
const PLACES_MAX: u32 = 6;
const BEGIN: Moment = Duration::from_secs(1000);

/// What a backend does to those who come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Crashed,
    Stalled,
    Full,
}

/// What the model knows of a request: where it may go, and by when it has to have gone.
#[derive(Debug, Clone)]
struct Known {
    confined: bool,
    ladder: Vec<Step>,
    asked: Moment,
    deadline: Option<Moment>,
    bytes: usize,
    is_further: bool,
}

/// What a backend was sent.
#[derive(Debug, Default)]
struct Sent {
    /// First attempts, and further ones that it has served.
    of_use: u32,
    /// Further attempts that it has not served, or not yet.
    for_nothing: u32,
}

struct World {
    random: Random,
    now: Moment,
    dispatcher: Dispatcher,
    moods: BTreeMap<Arc<str>, Mood>,
    running: Vec<(Slot, Known, Moment)>,
    waiting: BTreeMap<Ticket, (Known, Moment)>,
    asked: u64,
    ended: u64,
    sent: BTreeMap<String, Sent>,
    /// Everything that happened, to compare two runs.
    history: Vec<String>,
}

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| (*name).into()).collect()
}

/// The backend that a target of this name is at.
fn backend(target: &str) -> &str {
    target.split_once('/').unwrap().0
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            random: Random::new(seed),
            now: BEGIN,
            dispatcher: Dispatcher::new(LIMITS, seed),
            moods: LOCAL.iter().chain(&CLOUD).map(|name| (Arc::from(*name), Mood::Well)).collect(),
            running: Vec::new(),
            waiting: BTreeMap::new(),
            asked: 0,
            ended: 0,
            sent: BTreeMap::new(),
            history: Vec::new(),
        };
        world.configure(4);
        world
    }

    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.random.below(u64::from(bound))).unwrap()
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(u32::try_from(all.len()).unwrap()) as usize].clone()
    }

    fn configure(&mut self, places: u32) {
        let limit = NonZeroU32::new(places).map_or(Limit::None, Limit::Declared);
        let servers = LOCAL.map(|name| TargetSettings::server(name.into(), limit));
        let services = CLOUD.map(|name| TargetSettings::service(name.into(), Limit::None));
        let targets = servers.into_iter().chain(services);
        let at_backends =
            targets.map(|target| TargetSettings { backend: backend(&target.name).into(), ..target });
        let woken = self.dispatcher.configure(LIMITS, at_backends, self.now);
        self.wake(woken);
    }

    fn step(&mut self) {
        self.now += Duration::from_millis(self.random.below(120));
        match self.below(100) {
            0..40 => self.ask(false),
            40..75 => self.proceed(),
            75..80 => self.change_mood(),
            80..86 => self.lie(),
            // The machine slept, or the clock was set.
            86..88 => self.now += Duration::from_secs(self.random.below(90)),
            88..92 => self.leave(),
            92..94 => {
                let places = 1 + self.below(PLACES_MAX);
                self.configure(places);
            }
            94..97 => self.probe(),
            97 => {
                let woken = self.dispatcher.look_around(self.now);
                self.wake(woken);
            }
            _ => self.ask(true),
        }
        self.look_at_clocks();
        self.check();
    }

    fn ask(&mut self, is_retry: bool) {
        let confined = self.below(2) == 0;
        let seconds = Duration::from_secs;
        let ladder = self.one_of(&[
            vec![Step::Queue(seconds(20)), Step::Degrade, Step::Reject],
            vec![Step::Degrade, Step::Queue(seconds(5)), Step::Reject],
            vec![Step::Burst, Step::Queue(seconds(10)), Step::Reject],
            vec![Step::Queue(seconds(2)), Step::Burst, Step::Reject],
            vec![Step::Reject],
        ]);
        let deadline = (self.below(3) == 0).then(|| self.now + seconds(self.random.below(40)));
        let first_token = (self.below(2) == 0).then(|| Duration::from_millis(200 + self.random.below(3000)));
        let bytes = self.below(8000) as usize;
        let tenant = format!("tenant-{}", self.below(4)).into();
        let band = if self.below(4) == 0 { Band::Batch } else { Band::Interactive };
        let (main, small, cloud) = (names(&MAIN), names(&[SMALL]), names(&CLOUD));
        let ask = Ask {
            first: Candidate::equals(&main),
            degrade: Candidate::equals(&small),
            // What the policy did not permit is not in the plan.
            overflow: if confined { Vec::new() } else { Candidate::in_order(&cloud) },
            ladder: ladder.clone(),
            bytes,
            work: Work { prompt_tokens: self.below(9000), output_tokens: self.below(500), prefix: None },
            claim: Claim { tenant, weight: 1, band },
            promise: Promise { first_token, deadline },
            is_retry,
        };
        let known = Known { confined, ladder, asked: self.now, deadline, bytes, is_further: is_retry };
        let woken = self.dispatcher.look_before(&ask, self.now);
        self.wake(woken);
        let admission = self.dispatcher.ask(ask, self.now);
        self.asked += 1;
        self.admitted(admission, known);
    }

    fn admitted(&mut self, admission: Admission, known: Known) {
        self.history.push(format!("{:?} {admission:?}", self.now));
        match admission {
            Admission::Slot(slot) => {
                self.may_be_there(&slot, &known);
                let sent = self.sent.entry(backend(&slot.target).to_owned()).or_default();
                *(if known.is_further { &mut sent.for_nothing } else { &mut sent.of_use }) += 1;
                self.running.push((slot, known, self.now));
            }
            Admission::Wait { ticket, until } => {
                assert!(until > self.now, "waits for what is over");
                let waits = known.ladder.iter().any(|step| matches!(step, Step::Queue(_)));
                assert!(waits, "waits without a step that says so");
                self.waiting.insert(ticket, (known, until));
            }
            Admission::Refused(_) => self.ended += 1,
        }
    }

    /// The first assertion: nothing goes where it may not, nor later than it may.
    fn may_be_there(&self, slot: &Slot, known: &Known) {
        let target = &*slot.target;
        if CLOUD.contains(&target) {
            assert!(!known.confined, "confined work went to {target}");
            assert!(known.ladder.contains(&Step::Burst), "{target} without a burst in {:?}", known.ladder);
        }
        if target == SMALL {
            assert!(
                known.ladder.contains(&Step::Degrade),
                "{target} without a degrade in {:?}",
                known.ladder
            );
        }
        if let Some(deadline) = known.deadline {
            assert!(self.now <= deadline, "sent after its deadline");
        }
    }

    /// Something comes of a request that runs, as the mood of its backend has it.
    fn proceed(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let index = self.below(u32::try_from(self.running.len()).unwrap()) as usize;
        let (slot, known, since) = self.running.swap_remove(index);
        let report = match self.moods.get(&slot.target).copied().unwrap_or(Mood::Well) {
            Mood::Stalled if self.now < since + Duration::from_secs(10) => {
                self.running.push((slot, known, since));
                return;
            }
            Mood::Crashed | Mood::Stalled => Report::Failed,
            Mood::Full => Report::Full(Duration::from_secs(self.random.below(400))),
            Mood::Well => {
                self.dispatcher.first_token(&slot, self.now);
                if known.is_further {
                    let sent = self.sent.get_mut(backend(&slot.target)).unwrap();
                    (sent.for_nothing, sent.of_use) = (sent.for_nothing - 1, sent.of_use + 1);
                }
                let tokens = self.below(100_000);
                self.dispatcher.produced(&slot, tokens);
                Report::Served(self.now - since)
            }
        };
        self.ended += 1;
        let woken = self.dispatcher.release(&slot, report, self.now);
        assert!(self.dispatcher.release(&slot, report, self.now).is_empty(), "a place is given back once");
        self.wake(woken);
    }

    fn change_mood(&mut self) {
        let moods = [Mood::Well, Mood::Well, Mood::Crashed, Mood::Stalled, Mood::Full];
        let (name, mood) = (self.one_of(&[&LOCAL[..], &CLOUD].concat()), self.one_of(&moods));
        self.moods.insert(name.into(), mood);
    }

    /// A report that has nothing to do with what the server does.
    fn lie(&mut self) {
        let reported = Reported {
            running: Some(self.below(500)),
            waiting: Some(self.below(50)),
            cache_used: Some(self.random.unit() * 3.0 - 1.0),
            cache_tokens: Some(self.below(1_000_000)),
            loaded: None,
        };
        let name = self.one_of(&LOCAL);
        let woken = self.dispatcher.report(name, reported, self.now);
        self.wake(woken);
    }

    fn probe(&mut self) {
        let (name, answered) = (self.one_of(&LOCAL), self.below(2) == 0);
        let is_right = self.one_of(&[None, Some(true), Some(true), Some(false)]);
        let woken = self.dispatcher.probed(name, answered, is_right, self.now);
        self.wake(woken);
    }

    /// A client goes away.
    fn leave(&mut self) {
        let Some((ticket, _)) = self.waiting.pop_first() else { return };
        self.ended += 1;
        let woken = self.dispatcher.withdraw(ticket, self.now);
        self.wake(woken);
    }

    fn wake(&mut self, tickets: Vec<Ticket>) {
        for ticket in tickets {
            let (known, _) = self.waiting.remove(&ticket).expect("who is woken was waiting");
            let admission = self.dispatcher.resume(ticket, self.now);
            self.admitted(admission, known);
        }
    }

    fn look_at_clocks(&mut self) {
        let due = self.waiting.iter().filter(|(_, (_, until))| *until <= self.now);
        let due: Vec<Ticket> = due.map(|(ticket, _)| *ticket).collect();
        self.wake(due);
    }

    fn check(&self) {
        let state = self.dispatcher.state(self.now);
        for target in &state.targets {
            let running = self.running.iter().filter(|(slot, ..)| slot.target == target.name).count();
            assert_eq!(u32::try_from(running).unwrap(), target.in_flight, "{}", target.name);
            if LOCAL.contains(&&*target.name) {
                assert!(target.in_flight <= PLACES_MAX, "{}: {}", target.name, target.in_flight);
            }
        }
        assert_eq!(state.queued, self.waiting.len());
        assert_eq!(state.queued_bytes, self.waiting.values().map(|(known, _)| known.bytes).sum::<usize>());
        assert!(state.queued_bytes <= LIMITS.bytes);
        let open = (self.running.len() + self.waiting.len()) as u64;
        assert_eq!(self.asked, self.ended + open, "a request was lost, or ended twice");
        let free = 3.0 + 0.1 * (self.now - BEGIN).as_secs_f64();
        for (backend, sent) in &self.sent {
            let most = 0.2 * f64::from(sent.of_use) + free;
            assert!(f64::from(sent.for_nothing) <= most + 1e-6, "{backend}: {sent:?}");
        }
        let latest = self.waiting.values().map(|(known, _)| known.asked).min();
        assert!(latest.is_none_or(|asked| self.now < asked + Duration::from_secs(600)), "waits for ever");
    }

    /// Everything gets well, and all that is open ends within a time that has a bound.
    fn heal(&mut self) {
        self.moods.values_mut().for_each(|mood| *mood = Mood::Well);
        for name in LOCAL {
            let woken = self.dispatcher.probed(name, true, Some(true), self.now);
            self.wake(woken);
        }
        let begun = self.now;
        while !(self.running.is_empty() && self.waiting.is_empty()) {
            assert!(self.now < begun + Duration::from_secs(600), "{} wait for ever", self.waiting.len());
            self.now += Duration::from_millis(100);
            self.proceed();
            self.look_at_clocks();
            self.check();
        }
    }
}

fn run(seed: u64, steps: u32) -> World {
    let mut world = World::new(seed);
    for _ in 0..steps {
        world.step();
    }
    world.heal();
    world
}

#[test]
fn whatever_goes_wrong_nothing_goes_where_it_may_not_and_nothing_is_lost() {
    for seed in 0..60 {
        run(seed, 1500);
    }
}

#[test]
fn a_seed_replays() {
    assert_eq!(run(7, 3000).history, run(7, 3000).history);
    assert_ne!(run(7, 100).history, run(8, 100).history);
}

#[test]
fn a_backend_that_was_down_for_a_minute_is_left_alone_and_back_within_five_seconds() {
    let mut dispatcher = Dispatcher::new(LIMITS, 1);
    let name: Arc<str> = "gpu-a/m".into();
    dispatcher.configure(LIMITS, [TargetSettings::server(name.clone(), Limit::None)], Moment::ZERO);
    let names = [name];
    let ask = || Ask { first: Candidate::equals(&names), ladder: vec![Step::Reject], ..Ask::default() };
    let mut sent = 0;
    for tick in 0..6000_u64 {
        let now = Duration::from_millis(tick * 10);
        if let Admission::Slot(slot) = dispatcher.ask(ask(), now) {
            sent += 1;
            dispatcher.release(&slot, Report::Failed, now);
        }
    }
    assert!(sent < 60, "{sent} of 6,000 requests were sent to a backend that was down");
    // Probes that cost no tokens find it well before a pause that has grown long is over.
    let well = Duration::from_secs(61);
    dispatcher.probed("gpu-a/m", true, None, well);
    let Admission::Slot(slot) = dispatcher.ask(ask(), well + Duration::from_secs(1)) else { panic!() };
    dispatcher.release(&slot, Report::Served(Duration::from_secs(1)), well + Duration::from_secs(2));
    assert!(matches!(dispatcher.ask(ask(), well + Duration::from_secs(3)), Admission::Slot(_)));
}
