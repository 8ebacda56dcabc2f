mod ladder;
mod line;
mod view;

use crate::Moment;
use crate::ask::{Admission, Ask, Refused, Slot};
use crate::balance::Offer;
use crate::cost::{Reservation, Spend};
use crate::flights::FlightId;
use crate::hedge::{LOAD_MAX, Quantile};
use crate::queue::{Queue, QueueLimits, Ticket};
use crate::random::{Random, mix};
use crate::reported::Reported;
use crate::request::{Choice, Request};
use crate::retry::{Attempt, Retries};
use crate::target::{Report, Target, TargetKey, TargetSettings};
use crate::targets::Targets;
use ladder::Move;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;
pub use view::{Load, State, TargetView};

/// Gives out the places on all targets.
///
/// Call [`look_before`](Self::look_before) and [`ask`](Self::ask) once for a request; on [`Admission::Wait`], [`resume`](Self::resume) when
/// the ticket was granted or the moment came; [`first_token`](Self::first_token) and
/// [`produced`](Self::produced) as the answer comes; [`release`](Self::release) once for each [`Slot`];
/// [`withdraw`](Self::withdraw) when the client goes while waiting. A place that comes free goes to those
/// who wait for it, before anybody new.
///
/// Targets are known by name, so that a reload, which may renumber them, keeps what is known of them.
///
/// Given the same calls with the same moments and the same seed, it does the same.
#[derive(Debug)]
pub struct Dispatcher {
    targets: Targets,
    names: BTreeMap<Arc<str>, TargetKey>,
    /// The same by the address of the name, which `targets` keep alive: who asks mostly has the very name that
    /// the configuration has, and a number is found sooner than a text. It is never iterated.
    addresses: HashMap<usize, TargetKey, BuildHasherDefault<Spread>>,
    queue: Queue,
    shares: crate::fair::Shares,
    retries: Retries,
    spend: Spend<Arc<str>>,
    day: u32,
    /// Places given to a ticket that has not come back for them yet.
    granted: BTreeMap<Ticket, Slot>,
    parked: BTreeMap<Ticket, Parked>,
    flying: BTreeMap<FlightId, Flying>,
    random: Random,
    next_id: u64,
}

/// A waiting request, and where on its ladder it waits, until when.
#[derive(Debug)]
struct Parked {
    request: Request,
    step: usize,
    ends: Moment,
}

/// What has to be known when a place is given back.
#[derive(Debug)]
struct Flying {
    key: TargetKey,
    attempt: Attempt,
    tenant: Arc<str>,
    reservation: Option<Reservation<Arc<str>>>,
    micro_usd: u64,
}

impl Flying {
    /// It has come to something: a further attempt is as good as a first one from now on.
    fn served(&mut self, retries: &mut Retries, backend: &str, now: Moment) {
        if self.attempt == Attempt::Further {
            self.attempt = Attempt::First;
            retries.served(backend, now);
        }
    }
}

/// From so many observations on it is known how long first tokens, or whole answers, take.
const OBSERVATIONS_MIN: u32 = 20;
/// Work that has somewhere else to go may use this share of the promised time while room is kept for work
/// that has not.
const RESERVE: f64 = 0.6;

impl Dispatcher {
    /// A dispatcher without targets. `seed` is for the jitter of pauses.
    #[must_use]
    pub fn new(limits: QueueLimits, seed: u64) -> Self {
        Self {
            targets: Targets::default(),
            names: BTreeMap::new(),
            addresses: HashMap::default(),
            queue: Queue::new(limits),
            shares: crate::fair::Shares::default(),
            retries: Retries::default(),
            spend: Spend::default(),
            day: 0,
            granted: BTreeMap::new(),
            parked: BTreeMap::new(),
            flying: BTreeMap::new(),
            random: Random::new(seed),
            next_id: 0,
        }
    }

    /// Takes over limits and targets from a configuration. Targets that it does not name are forgotten when
    /// their requests have ended. Returns the tickets that got a place by it, or wait for nothing any more.
    pub fn configure(
        &mut self,
        limits: QueueLimits,
        targets: impl IntoIterator<Item = TargetSettings>,
        now: Moment,
    ) -> Vec<Ticket> {
        self.queue.set_limits(limits);
        let mut named = BTreeMap::new();
        for settings in targets {
            named.insert(settings.name.clone(), self.configure_target(settings));
        }
        self.names = named;
        self.addresses = self.names.values().filter_map(|key| Some((self.address_of(*key)?, *key))).collect();
        let kept: Vec<TargetKey> = self.names.values().copied().collect();
        self.targets.retain(|key, target| kept.contains(&key) || !target.is_idle());
        self.retries.retain(|backend| self.targets.iter().any(|target| &*target.settings.backend == backend));
        let mut woken = self.let_go(&kept);
        woken.extend(self.hand_out_all(kept, now));
        woken
    }

    /// Whoever waits for nothing but targets that are gone does not wait any longer: asked again, they are
    /// refused, and their plan is made anew.
    fn let_go(&mut self, kept: &[TargetKey]) -> Vec<Ticket> {
        let gone = self.queue.waiting_for_none_of(kept);
        for ticket in &gone {
            self.queue.remove(*ticket);
            if let Some(parked) = self.parked.remove(ticket) {
                self.shares.leave(&parked.request.claim.tenant);
            }
        }
        gone
    }

    /// A target that is of another nature than before under the same name is another one.
    fn configure_target(&mut self, settings: TargetSettings) -> TargetKey {
        let known = self.names.get(&settings.name).copied();
        if let Some(key) = known
            && let Some(target) = self.targets.get_mut(key)
            && target.is_server() == matches!(settings.nature, crate::target::Nature::Server(_))
        {
            target.configure(settings);
            return key;
        }
        self.targets.add(Target::new(settings))
    }

    /// The day, by which daily caps are counted.
    pub fn set_day(&mut self, day: u32) {
        self.day = self.day.max(day);
        self.spend.turn(day);
    }

    /// Takes up what an earlier process had spent under daily caps: the day, and the sum of each target in micro-USD.
    pub fn resume_spend(&mut self, (day, spent): (u32, BTreeMap<Arc<str>, u64>)) {
        self.day = self.day.max(day);
        self.spend = Spend::resumed(day, spent);
    }

    /// What [`resume_spend`](Self::resume_spend) takes.
    #[must_use]
    pub fn kept_spend(&self) -> (u32, BTreeMap<Arc<str>, u64>) {
        self.spend.kept()
    }

    /// Gives places that came free without anybody giving one back (a limit has grown, a server rests no longer) to
    /// those who wait for them. Returns their tickets. To be called now and then.
    pub fn look_around(&mut self, now: Moment) -> Vec<Ticket> {
        let keys: Vec<TargetKey> = self.names.values().copied().collect();
        self.hand_out_all(keys, now)
    }

    /// The same of what a newcomer would like best, so that it does not overtake those who wait.
    pub fn look_before(&mut self, ask: &Ask<'_>, now: Moment) -> Vec<Ticket> {
        if self.queue.is_empty() {
            return Vec::new();
        }
        let keys = ask.first.iter().filter_map(|candidate| self.key_of(candidate.target)).collect();
        self.hand_out_all(keys, now)
    }

    fn hand_out_all(&mut self, keys: Vec<TargetKey>, now: Moment) -> Vec<Ticket> {
        keys.into_iter().flat_map(|key| self.hand_out(key, now)).collect()
    }

    /// Asks for a place.
    pub fn ask(&mut self, ask: Ask<'_>, now: Moment) -> Admission {
        let mut request = Request::new(ask, now, |name| self.key_of(name));
        if !request.knows_a_target() {
            return Admission::Refused(Refused::NothingLeft);
        }
        if !self.can_be_sent_at_all(&request, now) {
            return Admission::Refused(Refused::NoRetry);
        }
        self.feel(&mut request, now);
        self.shares.enter(&request.claim.tenant, request.claim.weight);
        let next = self.next_move(&request, 0, now);
        self.go(next, request, None, now)
    }

    /// How long first tokens take on the target of a place: 19 of 20 are there by then. `None` while too few were
    /// seen.
    #[must_use]
    pub fn usual_first_token(&self, slot: &Slot) -> Option<Duration> {
        self.usual(slot, |target| target.first_token_p95)
    }

    /// The same of answers that come whole.
    #[must_use]
    pub fn usual_answer(&self, slot: &Slot) -> Option<Duration> {
        self.usual(slot, |target| target.answer_p95)
    }

    fn usual(&self, slot: &Slot, of: impl Fn(&Target) -> Quantile) -> Option<Duration> {
        let target = self.targets.get(self.flying.get(&slot.id)?.key)?;
        Duration::try_from_secs_f64(of(target).settled(OBSERVATIONS_MIN)?).ok()
    }

    /// A second place for a request that gets no answer at its first, on a target of `ask.first` that has places to
    /// spare; it counts as a further attempt and is paid for as one.
    pub fn hedge(&mut self, ask: Ask<'_>, now: Moment) -> Option<Slot> {
        let mut request = Request::new(ask, now, |name| self.key_of(name));
        request.attempt = Attempt::Hedge;
        let offer = self.offer(&request.first, &request, None, now)?;
        let target = self.targets.get(offer.key)?;
        let is_idle = match target.places(now) {
            Some(places) => f64::from(target.in_flight()) < LOAD_MAX * f64::from(places),
            None => !target.pressure.keeps_room(now),
        };
        if !is_idle || !target.health.is_well(now) {
            return None;
        }
        self.shares.enter(&request.claim.tenant, request.claim.weight);
        Some(self.take(offer, None, &request, now))
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
        let Some(Parked { mut request, step, ends }) = self.parked.remove(&ticket) else {
            return Admission::Refused(Refused::NothingLeft);
        };
        let left = ends.saturating_sub(now);
        let from = if left.is_zero() {
            step + 1
        } else {
            // The step goes on for what is left of it.
            if let Some(queue) = request.ladder.get_mut(step) {
                *queue = crate::ask::Step::Queue(left);
            }
            step
        };
        if !self.can_be_sent_at_all(&request, now) {
            return self.go(Move::Refuse(Refused::NoRetry), request, None, now);
        }
        let next = self.next_move(&request, from, now);
        self.go(next, request, Some(ticket), now)
    }

    /// Takes a waiting request out: its client has gone. Returns the tickets that got its place, if it
    /// had been given one.
    pub fn withdraw(&mut self, ticket: Ticket, now: Moment) -> Vec<Ticket> {
        self.queue.remove(ticket);
        if let Some(parked) = self.parked.remove(&ticket) {
            self.shares.leave(&parked.request.claim.tenant);
        }
        match self.granted.remove(&ticket) {
            Some(slot) => self.release(&slot, Report::Abandoned, now),
            None => Vec::new(),
        }
    }

    /// The first token of an answer has come.
    pub fn first_token(&mut self, slot: &Slot, now: Moment) {
        let Some(flying) = self.flying.get_mut(&slot.id) else { return };
        if let Some(target) = self.targets.get_mut(flying.key) {
            target.first_token(slot.id, now);
            flying.served(&mut self.retries, &target.settings.backend, now);
        }
    }

    /// So many tokens of an answer have come by now.
    pub fn produced(&mut self, slot: &Slot, tokens: u32) {
        let more = self.target_of(slot.id).map_or(0, |target| target.produced(slot.id, tokens));
        if let Some(flying) = self.flying.get(&slot.id) {
            self.shares.charge_output(&flying.tenant, more);
        }
    }

    /// What a request cost, instead of what was expected.
    pub fn cost(&mut self, slot: &Slot, micro_usd: u64) {
        if let Some(flying) = self.flying.get_mut(&slot.id) {
            flying.micro_usd = micro_usd;
        }
    }

    /// Gives a place back. Returns the tickets that got a place by it, to be resumed.
    pub fn release(&mut self, slot: &Slot, report: Report, now: Moment) -> Vec<Ticket> {
        let Some(mut flying) = self.flying.remove(&slot.id) else { return Vec::new() };
        if let Some(target) = self.targets.get_mut(flying.key) {
            target.end(slot.id, report, now, &mut self.random);
            let backend = &target.settings.backend;
            if let Report::Served(_) = report {
                flying.served(&mut self.retries, backend, now);
            }
            self.retries.ended(backend);
            if target.is_idle() && !self.names.values().any(|key| *key == flying.key) {
                self.targets.remove(flying.key);
            }
        }
        self.shares.leave(&flying.tenant);
        if let Some(reservation) = flying.reservation {
            self.spend.settle(reservation, flying.micro_usd);
        }
        self.hand_out(flying.key, now)
    }

    /// What a server said of itself. Returns the tickets that got a place by it.
    pub fn report(&mut self, target: &str, reported: Reported, now: Moment) -> Vec<Ticket> {
        let Some(key) = self.names.get(target).copied() else { return Vec::new() };
        if let Some(target) = self.targets.get_mut(key) {
            target.report(reported, now);
        }
        self.hand_out(key, now)
    }

    /// A probe that costs no tokens: whether the target answered, and whether it serves the model that it
    /// should, if the probe tells. Returns the tickets that got a place by it.
    pub fn probed(
        &mut self,
        target: &str,
        answered: bool,
        is_right: Option<bool>,
        now: Moment,
    ) -> Vec<Ticket> {
        let Some(key) = self.names.get(target).copied() else { return Vec::new() };
        if let Some(target) = self.targets.get_mut(key) {
            if answered {
                target.health.answered_probe(now);
            } else {
                target.health.unreachable(now, &mut self.random);
            }
            if let Some(is_right) = is_right {
                target.identified(is_right, now);
            }
        }
        self.hand_out(key, now)
    }

    /// Whether there is an attempt left at any backend that the request may lead to.
    fn can_be_sent_at_all(&self, request: &Request, now: Moment) -> bool {
        let can = |choice: &Choice| self.can_be_sent(request.attempt, choice.key, now);
        !request.attempt.is_paid_for() || self.within_reach(request).any(can)
    }

    /// Whether there is an attempt left at the target's backend, if it has to be paid for.
    fn can_be_sent(&self, attempt: Attempt, key: TargetKey, now: Moment) -> bool {
        let backend = |key| self.targets.get(key).map(|target| &target.settings.backend);
        !attempt.is_paid_for() || backend(key).is_some_and(|backend| self.retries.may(backend, now))
    }

    #[inline]
    fn key_of(&self, name: &Arc<str>) -> Option<TargetKey> {
        self.addresses.get(&address(name)).or_else(|| self.names.get(name)).copied()
    }

    fn address_of(&self, key: TargetKey) -> Option<usize> {
        self.targets.get(key).map(|target| address(&target.settings.name))
    }

    fn target_of(&mut self, id: FlightId) -> Option<&mut Target> {
        let key = self.flying.get(&id)?.key;
        self.targets.get_mut(key)
    }

    /// What a request tells of the targets that it would like best, and what they promise it.
    fn feel(&mut self, request: &mut Request, now: Moment) {
        let promised_s = request.promise.first_token.map(|promised| promised.as_secs_f64().max(1e-3));
        for choice in &mut request.first {
            let Some(target) = self.targets.get_mut(choice.key) else { continue };
            if !request.may_burst {
                target.pressure.confined(now);
            }
            let share = match promised_s {
                Some(promised_s) => {
                    let predicted_s = target.predict_s(&request.work, now);
                    choice.predicted_s = Some(predicted_s);
                    predicted_s / promised_s
                }
                None => target.share_taken(now),
            };
            target.pressure.measure(share, now);
        }
        self.presume(request);
    }

    /// A smaller model is at least as fast as the ones it stands in for.
    fn presume(&mut self, request: &mut Request) {
        if request.degrade.is_empty() {
            return;
        }
        let best = request.first.iter().filter_map(|choice| self.targets.get(choice.key));
        let measured = best.filter(|target| target.is_measured()).map(Target::ratio);
        let Some(ratio) = measured.reduce(f64::min) else { return };
        for choice in &request.degrade {
            let Some(target) = self.targets.get_mut(choice.key) else { continue };
            target.presume(ratio);
            // What was predicted of it before holds no longer.
            let same = request.first.iter_mut().filter(|first| first.key == choice.key);
            same.for_each(|first| first.predicted_s = None);
        }
    }

    fn go(&mut self, next: Move, request: Request, ticket: Option<Ticket>, now: Moment) -> Admission {
        match next {
            Move::Take { offer, step } => Admission::Slot(self.take(offer, step, &request, now)),
            Move::Wait { step, until } => self.park(request, step, until, ticket, now),
            Move::Refuse(refused) => {
                self.shares.leave(&request.claim.tenant);
                Admission::Refused(refused)
            }
        }
    }

    fn take(&mut self, offer: Offer, step: Option<usize>, request: &Request, now: Moment) -> Slot {
        let id = FlightId(self.next_id);
        self.next_id = self.next_id.saturating_add(1);
        let band = request.claim.band;
        let mut name: Arc<str> = Arc::default();
        let mut reservation = None;
        if let Some(target) = self.targets.get_mut(offer.key) {
            name = target.settings.name.clone();
            // What did not burst counts against no cap.
            if target.settings.daily_cap.is_some() && offer.micro_usd > 0 {
                reservation = Some(self.spend.reserve(&name, offer.micro_usd, self.day));
            }
            target.take(id, request.work, band, request.promised_s(now), now);
            self.retries.sent(&target.settings.backend, request.attempt, now);
        }
        self.shares.charge_input(&request.claim.tenant, request.work.prompt_tokens);
        self.queue.served(band, request.work.prompt_tokens);
        let tenant = request.claim.tenant.clone();
        let (key, attempt, micro_usd) = (offer.key, request.attempt, offer.micro_usd);
        self.flying.insert(id, Flying { key, attempt, tenant, reservation, micro_usd });
        Slot {
            target: name,
            step: step.and_then(|step| request.ladder.get(step).copied()),
            expected_first_token: Duration::try_from_secs_f64(offer.first_token_s).unwrap_or(Duration::MAX),
            id,
        }
    }
}

/// Hashes addresses, which nobody outside chooses.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = mix(self.0 ^ u64::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = mix(address as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Where a name is kept.
fn address(name: &Arc<str>) -> usize {
    name.as_ptr().addr()
}

#[cfg(test)]
mod tests;
