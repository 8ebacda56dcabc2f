use crate::Moment;
use crate::queue::{Queue, QueueLimits, Waiting};
use crate::slots::{Report, SlotState};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

pub use weir_policy::Step;

/// What a request asks for: the targets of its plan, by name, and its ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Tried at once, best first.
    pub first: Vec<Arc<str>>,
    /// Smaller local models, for the step `degrade`.
    pub degrade: Vec<Arc<str>>,
    /// Cloud targets, for the step `burst`.
    pub overflow: Vec<Arc<str>>,
    /// The steps to take when `first` is full.
    pub ladder: Vec<Step>,
    /// Bytes of the body, which count against the queue.
    pub bytes: usize,
}

/// A place in line; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// A place on a target, to be given back with [`Dispatcher::release`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The target.
    pub target: Arc<str>,
    /// The step of the ladder that led there; `None` when there was room at once.
    pub step: Option<Step>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The ladder ended in `reject`. Carries an estimate of when it would be worth asking again.
    Full {
        /// The estimate.
        retry_after: Duration,
    },
    /// The plan has no target left.
    NothingLeft,
}

/// What becomes of an [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// A place.
    Slot(Slot),
    /// Wait: until [`Dispatcher::release`] names the ticket, or until the moment given, and then
    /// [`resume`](Dispatcher::resume).
    Wait {
        /// The place in line.
        ticket: Ticket,
        /// When to stop waiting.
        until: Moment,
    },
    /// No place.
    Refused(Refused),
}

/// What the dispatcher holds, for metrics and the admin interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Requests that wait.
    pub queued: usize,
    /// Bytes of their bodies.
    pub queued_bytes: usize,
    /// The places of each target.
    pub targets: Vec<(Arc<str>, SlotState)>,
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
}

/// Gives out the places on all targets.
///
/// Call [`ask`](Self::ask) once for a request; on [`Admission::Wait`], [`resume`](Self::resume) when
/// the ticket was granted or the moment came; [`release`](Self::release) once for each [`Slot`];
/// [`withdraw`](Self::withdraw) when the client goes while waiting. A place that comes free goes to the
/// request that has waited longest for it, before anybody new.
///
/// Targets are known by name, so that a reload, which may renumber them, keeps the counts.
#[derive(Debug)]
pub struct Dispatcher {
    targets: BTreeMap<Arc<str>, SlotState>,
    queue: Queue,
    /// Places given to a ticket that has not come back for them yet, with the rest of its ask.
    granted: BTreeMap<Ticket, Slot>,
    asks: BTreeMap<Ticket, Parked>,
    next_ticket: u64,
}

/// A waiting request's ask, and where on its ladder it waits.
#[derive(Debug)]
struct Parked {
    ask: Ask,
    step: usize,
}

/// Without a measurement a place is taken to come free in this time.
const UNKNOWN_SERVICE_TIME: Duration = Duration::from_secs(2);

impl Dispatcher {
    /// A dispatcher without targets.
    #[must_use]
    pub fn new(limits: QueueLimits) -> Self {
        Self {
            targets: BTreeMap::new(),
            queue: Queue::new(limits),
            granted: BTreeMap::new(),
            asks: BTreeMap::new(),
            next_ticket: 0,
        }
    }

    /// Takes over limits from a configuration. Targets that it does not name keep their count until
    /// their requests end. Returns the tickets that got a place by it.
    pub fn configure(
        &mut self,
        limits: QueueLimits,
        targets: impl IntoIterator<Item = (Arc<str>, Option<NonZeroU32>)>,
        now: Moment,
    ) -> Vec<Ticket> {
        self.queue.set_limits(limits);
        let mut names = Vec::new();
        for (name, limit) in targets {
            self.targets.entry(name.clone()).or_insert_with(|| SlotState::new(limit)).limit = limit;
            names.push(name);
        }
        self.targets.retain(|name, state| state.in_flight > 0 || names.contains(name));
        names.iter().flat_map(|name| self.hand_out(name, now)).collect()
    }

    /// Asks for a place.
    pub fn ask(&mut self, ask: Ask, now: Moment) -> Admission {
        if let Some(target) = self.free_of(&ask.first, now) {
            return Admission::Slot(self.take(target, None));
        }
        self.climb(ask, 0, now)
    }

    /// Asks again, after the ticket was granted or its time has come.
    pub fn resume(&mut self, ticket: Ticket, now: Moment) -> Admission {
        if let Some(slot) = self.granted.remove(&ticket) {
            return Admission::Slot(slot);
        }
        if let Some(waiting) = self.queue.get(ticket)
            && waiting.until > now
        {
            return Admission::Wait { ticket, until: waiting.until };
        }
        self.queue.remove(ticket);
        match self.asks.remove(&ticket) {
            Some(Parked { ask, step }) => self.climb(ask, step + 1, now),
            None => Admission::Refused(Refused::NothingLeft),
        }
    }

    /// Takes a waiting request out: its client has gone. Returns the tickets that got its place, if it
    /// had been given one.
    pub fn withdraw(&mut self, ticket: Ticket, now: Moment) -> Vec<Ticket> {
        self.queue.remove(ticket);
        self.asks.remove(&ticket);
        match self.granted.remove(&ticket) {
            Some(slot) => self.release(&slot, Report::Abandoned, now),
            None => Vec::new(),
        }
    }

    /// Gives a place back. Returns the tickets that got a place by it, to be resumed.
    pub fn release(&mut self, slot: &Slot, report: Report, now: Moment) -> Vec<Ticket> {
        if let Some(state) = self.targets.get_mut(&slot.target) {
            state.give_back(report, now);
        }
        self.hand_out(&slot.target, now)
    }

    /// What is held now.
    #[must_use]
    pub fn state(&self) -> State {
        State {
            queued: self.queue.len(),
            queued_bytes: self.queue.bytes(),
            targets: self.targets.iter().map(|(name, state)| (name.clone(), state.clone())).collect(),
        }
    }

    /// Takes the steps of the ladder from number `from` on.
    fn climb(&mut self, ask: Ask, from: usize, now: Moment) -> Admission {
        for (index, step) in ask.ladder.iter().copied().enumerate().skip(from) {
            let names = match step {
                Step::Queue(time) if !ask.first.is_empty() && self.queue.has_room(ask.bytes) => {
                    return self.park(ask, index, now.saturating_add(time));
                }
                Step::Queue(_) => continue,
                Step::Degrade => &ask.degrade,
                Step::Burst => &ask.overflow,
                Step::Reject => break,
            };
            if let Some(target) = self.free_of(names, now) {
                return Admission::Slot(self.take(target, Some(step)));
            }
        }
        Admission::Refused(self.refusal(&ask))
    }

    /// Puts a request in line. It takes a place on any target that its ladder has allowed so far.
    fn park(&mut self, ask: Ask, step: usize, until: Moment) -> Admission {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.saturating_add(1);
        let mut targets = ask.first.clone();
        for passed in ask.ladder.iter().take(step) {
            match passed {
                Step::Degrade => targets.extend(ask.degrade.iter().cloned()),
                Step::Burst => targets.extend(ask.overflow.iter().cloned()),
                Step::Queue(_) | Step::Reject => {}
            }
        }
        self.queue.push(ticket, Waiting { targets, bytes: ask.bytes, until });
        self.asks.insert(ticket, Parked { ask, step });
        Admission::Wait { ticket, until }
    }

    /// Gives free places on `target` to those who wait for one.
    fn hand_out(&mut self, target: &Arc<str>, now: Moment) -> Vec<Ticket> {
        let mut granted = Vec::new();
        while self.targets.get(target).is_some_and(SlotState::is_free)
            && let Some(ticket) = self.queue.first_for(target, now)
        {
            self.queue.remove(ticket);
            let step =
                self.asks.remove(&ticket).and_then(|parked| parked.ask.ladder.get(parked.step).copied());
            let slot = self.take(target.clone(), step);
            self.granted.insert(ticket, slot);
            granted.push(ticket);
        }
        granted
    }

    /// The first target with a free place; one that rests only if no other has.
    fn free_of(&self, names: &[Arc<str>], now: Moment) -> Option<Arc<str>> {
        let free = |name: &&Arc<str>| self.targets.get(*name).is_some_and(SlotState::is_free);
        let rested = |name: &&Arc<str>| self.targets.get(*name).is_some_and(|state| !state.rests(now));
        let mut candidates = names.iter().filter(free);
        candidates.clone().find(rested).or_else(|| candidates.next()).cloned()
    }

    fn take(&mut self, target: Arc<str>, step: Option<Step>) -> Slot {
        if let Some(state) = self.targets.get_mut(&target) {
            state.take();
        }
        Slot { target, step }
    }

    fn refusal(&self, ask: &Ask) -> Refused {
        let known = |name: &Arc<str>| self.targets.contains_key(name);
        if !ask.first.iter().chain(&ask.degrade).chain(&ask.overflow).any(known) {
            return Refused::NothingLeft;
        }
        Refused::Full { retry_after: self.wait_estimate(&ask.first) }
    }

    /// How full the targets of these names are together. Names that are not known count for nothing.
    #[must_use]
    pub fn load(&self, names: &[Arc<str>]) -> Load {
        let states = || names.iter().filter_map(|name| self.targets.get(name));
        let limits = states().map(|state| state.limit.map(NonZeroU32::get));
        let is_free = states().any(SlotState::is_free);
        Load {
            in_flight: states().map(|state| state.in_flight).sum(),
            places: limits.sum(),
            queued: self.queue.ahead(names),
            wait: if is_free { Duration::ZERO } else { self.wait_estimate(names) },
        }
    }

    /// When a place on one of `names` may come free for somebody who asks now: those ahead and this
    /// one, at the rate at which the places have come free so far.
    fn wait_estimate(&self, names: &[Arc<str>]) -> Duration {
        let ahead = u32::try_from(self.queue.ahead(names)).unwrap_or(u32::MAX);
        let states: Vec<&SlotState> = names.iter().filter_map(|name| self.targets.get(name)).collect();
        let places: u32 = states.iter().map(|s| s.limit.map_or(1, NonZeroU32::get)).sum();
        let service = states.iter().filter_map(|s| s.service_time).max().unwrap_or(UNKNOWN_SERVICE_TIME);
        service.saturating_mul(ahead.saturating_add(1)) / places.max(1)
    }
}

#[cfg(test)]
mod tests;
