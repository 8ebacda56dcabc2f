use super::record::{Cancelled, Record, lock};
use super::script::{Failure, Fault, Script, WhenFull};
use http::Method;
use std::future::pending;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// What all connections of one backend share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) record: Record,
    setup: Mutex<Arc<Setup>>,
    records: AtomicBool,
    stopped: AtomicBool,
    accepted: AtomicU64,
    /// Whatever has come; the others count a part of it each.
    arrived: AtomicU64,
    requests: AtomicU64,
    probes: AtomicU64,
    in_flight: AtomicUsize,
    changed: Arc<Notify>,
    /// Requests up to this one hang no longer.
    released: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(script: Script) -> Self {
        Self {
            record: Record::default(),
            records: AtomicBool::new(script.record),
            stopped: AtomicBool::new(false),
            setup: Mutex::new(Arc::new(Setup::new(script))),
            accepted: AtomicU64::new(0),
            arrived: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            probes: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            changed: Arc::default(),
            released: watch::Sender::new(0),
        }
    }

    pub(super) fn set(&self, script: Script) {
        self.records.store(script.record, Relaxed);
        *lock(&self.setup) = Arc::new(Setup::new(script));
    }

    pub(super) fn setup(&self) -> Arc<Setup> {
        lock(&self.setup).clone()
    }

    pub(super) fn records(&self) -> bool {
        self.records.load(Relaxed)
    }

    /// From now on whatever ends early was ended by the backend.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    pub(super) fn accept(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Acquire)
    }

    pub(super) fn probes(&self) -> u64 {
        self.probes.load(Acquire)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// Resolves at the next change after this call.
    pub(super) fn changed(&self) -> OwnedNotified {
        self.changed.clone().notified_owned()
    }

    pub(super) fn release(&self) {
        self.released.send_replace(self.arrived.load(Relaxed));
    }

    pub(super) fn notify(&self) {
        self.changed.notify_waiters();
    }
}

/// A script and what is used up of it.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) script: Script,
    faults_left: AtomicU64,
    slots: Option<Arc<Semaphore>>,
    waiting: AtomicUsize,
}

impl Setup {
    fn new(script: Script) -> Self {
        let slots = script.capacity.as_ref().map(|capacity| {
            Arc::new(Semaphore::new(usize::try_from(capacity.requests).unwrap_or(Semaphore::MAX_PERMITS)))
        });
        Self {
            faults_left: AtomicU64::new(script.fault_times.unwrap_or(u64::MAX)),
            slots,
            waiting: AtomicUsize::new(0),
            script,
        }
    }

    /// The fault that strikes this request, if one does; uses one up.
    pub(super) fn take_fault(&self) -> Option<&Fault> {
        let fault = self.script.fault.as_ref()?;
        self.faults_left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).ok()?;
        Some(fault)
    }

    /// Takes a slot, waits for one, or says what a full backend answers.
    pub(super) async fn slot(&self) -> Result<Option<OwnedSemaphorePermit>, &Failure> {
        let (Some(slots), Some(capacity)) = (&self.slots, &self.script.capacity) else {
            return Ok(None);
        };
        match &capacity.when_full {
            WhenFull::Queue => {
                let _waiting = Waiting::join(&self.waiting);
                Ok(slots.clone().acquire_owned().await.ok())
            }
            WhenFull::Refuse(failure) => slots.clone().try_acquire_owned().map(Some).map_err(|_full| failure),
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }
}

/// One place in the queue; given up when the wait ends or its client goes.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// One request, from its head to the end of its answer.
///
/// INVARIANT (gone is cancelled): a visit dropped before [`finish`](Self::finish), while the backend runs,
/// was left by its client, for nothing else drops it early; it is then recorded as cancelled.
#[derive(Debug)]
pub(super) struct Visit {
    shared: Arc<Shared>,
    id: u64,
    events: u64,
    finished: bool,
    slot: Option<OwnedSemaphorePermit>,
}

impl Visit {
    /// The visit, and what it is answered by: whoever has seen that it has come and sets another script changes nothing
    /// for it.
    pub(super) fn begin(shared: Arc<Shared>, method: &Method) -> (Self, Arc<Setup>) {
        let (setup, id) = {
            let setup = lock(&shared.setup);
            shared.in_flight.fetch_add(1, Relaxed);
            let id = shared.arrived.fetch_add(1, Relaxed) + 1;
            let of_its_kind = if method == Method::GET { &shared.probes } else { &shared.requests };
            of_its_kind.fetch_add(1, Release);
            (setup.clone(), id)
        };
        (Self { shared, id, events: 0, finished: false, slot: None }, setup)
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Holds the slot until the end.
    pub(super) fn hold(&mut self, slot: Option<OwnedSemaphorePermit>) {
        self.slot = slot;
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn count_event(&mut self) {
        self.events += 1;
        self.shared.notify();
    }

    /// Waits until it need hang no longer.
    pub(super) fn released(&self) -> impl Future<Output = ()> + Send + use<> {
        let (mut released, id) = (self.shared.released.subscribe(), self.id);
        async move {
            // Without its backend nobody releases it.
            if released.wait_for(|last| id <= *last).await.is_err() {
                pending().await
            }
        }
    }

    /// The answer ended as the script wants it.
    pub(super) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if !self.finished && !self.shared.stopped.load(Relaxed) {
            self.shared.record.cancel(Cancelled {
                request: self.id,
                at: Instant::now(),
                events: self.events,
            });
        }
        self.slot = None;
        self.shared.in_flight.fetch_sub(1, Relaxed);
        self.shared.notify();
    }
}
