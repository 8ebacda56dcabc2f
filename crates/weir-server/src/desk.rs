use crate::clock::Clock;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use weir_dispatch::cost::OutputLengths;
use weir_dispatch::{
    Admission, Ask, Dispatcher, Load, QueueLimits, Refused, Report, Reported, Slot, State, Step,
    TargetSettings, Ticket,
};

/// The dispatcher with a clock and people waiting at it.
#[derive(Debug)]
pub(crate) struct Desk {
    clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    dispatcher: Dispatcher,
    /// How long answers are, by what was asked for.
    lengths: OutputLengths,
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
}

impl Desk {
    /// `seed` is for the jitter of pauses, which several gateways should not have in common.
    pub fn new(clock: Clock, limits: QueueLimits, seed: u64) -> Self {
        let inner = Inner {
            dispatcher: Dispatcher::new(limits, seed),
            lengths: OutputLengths::default(),
            waiting: HashMap::new(),
        };
        Self { clock, inner: Mutex::new(inner) }
    }

    /// Takes over limits from a configuration.
    pub fn configure(&self, limits: QueueLimits, targets: impl IntoIterator<Item = TargetSettings>) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let granted = inner.dispatcher.configure(limits, targets, now);
        inner.wake(granted);
    }

    /// The present moment, as asks have it.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Tokens that answers to requests for `kind` of work have had; `None` while none was seen.
    pub fn known_output(&self, kind: u16) -> Option<u64> {
        self.lock().lengths.known(kind).map(u64::from)
    }

    /// Tokens that the answer to a request for `kind` of work may be expected to have.
    pub fn expected_output(&self, kind: u16, limit: Option<u32>) -> u32 {
        self.lock().lengths.expected(kind, limit)
    }

    /// Takes up what an earlier process had spent on bursts.
    pub fn resume_spend(&self, spent: (u32, BTreeMap<Arc<str>, u64>)) {
        self.lock().dispatcher.resume_spend(spent);
    }

    /// What bursts have cost today, by target.
    pub fn kept_spend(&self) -> (u32, BTreeMap<Arc<str>, u64>) {
        self.lock().dispatcher.kept_spend()
    }

    /// Waits for a place as long as the ladder says. Dropping the future leaves the queue.
    /// `day` counts days, for what may be spent in one.
    pub async fn admit(self: &Arc<Self>, ask: Ask<'_>, day: u32) -> Result<Place, Refused> {
        let mut admission = {
            let (mut inner, now) = (self.lock(), self.clock.now());
            inner.dispatcher.set_day(day);
            let granted = inner.dispatcher.look_before(&ask, now);
            inner.wake(granted);
            inner.dispatcher.ask(ask, now)
        };
        loop {
            let (ticket, until) = match admission {
                Admission::Slot(slot) => return Ok(Place::new(self.clone(), slot)),
                Admission::Refused(refused) => return Err(refused),
                Admission::Wait { ticket, until } => (ticket, until),
            };
            admission = Box::pin(self.wait(ticket, until)).await;
        }
    }

    /// A second place for a request that is late, if there is one to spare.
    pub fn hedge(self: &Arc<Self>, ask: Ask<'_>) -> Option<Place> {
        let slot = self.lock().dispatcher.hedge(ask, self.clock.now())?;
        Some(Place::new(self.clone(), slot))
    }

    /// How full the targets of these names are together, for a prompt of so many tokens.
    pub fn load(&self, names: &[Arc<str>], prompt_tokens: u32) -> Load {
        self.lock().dispatcher.load(names, prompt_tokens, self.clock.now())
    }

    pub fn state(&self) -> State {
        self.lock().dispatcher.state(self.clock.now())
    }

    /// Gives out places that came free by themselves. To be called now and then.
    pub fn look_around(&self) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let granted = inner.dispatcher.look_around(now);
        inner.wake(granted);
    }

    /// What a server said of its load.
    pub fn report(&self, target: &str, reported: Reported) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let granted = inner.dispatcher.report(target, reported, now);
        inner.wake(granted);
    }

    /// A server was asked for its models, and answered or could not be reached; `is_right` says whether it runs the
    /// target's, if that can be told.
    pub fn probed(&self, target: &str, answered: bool, is_right: Option<bool>) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let granted = inner.dispatcher.probed(target, answered, is_right, now);
        inner.wake(granted);
    }

    async fn wait(self: &Arc<Self>, ticket: Ticket, until: Duration) -> Admission {
        let (sender, granted) = oneshot::channel();
        let mut leaving = Leaving { desk: self, ticket: Some(ticket) };
        {
            let mut inner = self.lock();
            // A place may have been granted between the answer and now.
            match inner.dispatcher.resume(ticket, self.clock.now()) {
                Admission::Wait { .. } => inner.waiting.insert(ticket, sender),
                settled @ (Admission::Slot(_) | Admission::Refused(_)) => {
                    leaving.ticket = None;
                    return settled;
                }
            };
        }
        let deadline = tokio::time::Instant::from_std(self.clock.instant(until));
        let _ = tokio::time::timeout_at(deadline, granted).await;
        leaving.ticket = None;
        let mut inner = self.lock();
        inner.waiting.remove(&ticket);
        inner.dispatcher.resume(ticket, self.clock.now())
    }

    fn give_back(&self, slot: &Slot, report: Report) {
        let mut inner = self.lock();
        let granted = inner.dispatcher.release(slot, report, self.clock.now());
        inner.wake(granted);
    }

    fn withdraw(&self, ticket: Ticket) {
        let mut inner = self.lock();
        inner.waiting.remove(&ticket);
        let granted = inner.dispatcher.withdraw(ticket, self.clock.now());
        inner.wake(granted);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The dispatcher's methods leave it whole at every step.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn wake(&mut self, granted: Vec<Ticket>) {
        for ticket in granted {
            if let Some(sender) = self.waiting.remove(&ticket) {
                // A receiver that is gone withdraws its ticket itself.
                let _ = sender.send(());
            }
        }
    }
}

/// Takes a ticket out of the queue when the wait is abandoned.
struct Leaving<'a> {
    desk: &'a Desk,
    ticket: Option<Ticket>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.desk.withdraw(ticket);
        }
    }
}

/// A place on a target. Dropped without a report it counts as abandoned by the client.
#[derive(Debug)]
pub(crate) struct Place {
    desk: Arc<Desk>,
    slot: Option<Slot>,
    target: Arc<str>,
    step: Option<Step>,
    taken: Instant,
}

impl Place {
    fn new(desk: Arc<Desk>, slot: Slot) -> Self {
        Self { desk, target: slot.target.clone(), step: slot.step, slot: Some(slot), taken: Instant::now() }
    }

    pub fn target(&self) -> &Arc<str> {
        &self.target
    }

    /// The step of the ladder that led here, if there was no room at once.
    pub fn step(&self) -> Option<Step> {
        self.step
    }

    pub fn served(self) {
        let held = self.taken.elapsed();
        self.end(Report::Served(held));
    }

    /// How long it takes mostly at most until the first content comes; `None` while that is not known.
    pub fn usual_first_token(&self) -> Option<Duration> {
        self.desk.lock().dispatcher.usual_first_token(self.slot.as_ref()?)
    }

    /// How long an answer that comes whole takes mostly at most; `None` while that is not known.
    pub fn usual_answer(&self) -> Option<Duration> {
        self.desk.lock().dispatcher.usual_answer(self.slot.as_ref()?)
    }

    /// The first content of the answer has come.
    pub fn first_token(&self) {
        if let Some(slot) = &self.slot {
            let mut inner = self.desk.lock();
            inner.dispatcher.first_token(slot, self.desk.clock.now());
        }
    }

    /// The answer has so many tokens by now.
    pub fn produced(&self, tokens: u64) {
        if let Some(slot) = &self.slot {
            let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
            self.desk.lock().dispatcher.produced(slot, tokens);
        }
    }

    /// The request cost so much.
    pub fn cost(&self, micro_usd: u64) {
        if let Some(slot) = &self.slot {
            self.desk.lock().dispatcher.cost(slot, micro_usd);
        }
    }

    /// The answer, to a request for `kind` of work, is complete and has so many tokens.
    pub fn answered(&self, kind: u16, tokens: u64) {
        self.produced(tokens);
        self.desk.lock().lengths.learn(kind, u32::try_from(tokens).unwrap_or(u32::MAX));
    }

    pub fn failed(self) {
        self.end(Report::Failed);
    }

    pub fn full(self, pause: Duration) {
        self.end(Report::Full(pause));
    }

    fn end(mut self, report: Report) {
        if let Some(slot) = self.slot.take() {
            self.desk.give_back(&slot, report);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.desk.give_back(&slot, Report::Abandoned);
        }
    }
}
