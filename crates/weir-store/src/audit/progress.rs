use super::AuditFailed;
use super::log::Shared;
use super::writer::write_now;
use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How far the log has come, shared by those who wait and the threads that write.
#[derive(Debug, Default)]
pub(super) struct Progress {
    written: Mark,
    durable: Mark,
    failed: OnceLock<String>,
    demand: Mutex<Demand>,
    demanded: Condvar,
}

/// Events below `reached` have come this far.
#[derive(Debug, Default)]
struct Mark {
    reached: AtomicU64,
    moved: Notify,
}

/// What the sync thread is asked for.
#[derive(Debug, Default)]
struct Demand {
    durable: u64,
    written: u64,
    done: u64,
    full: bool,
    closing: bool,
}

/// Why the sync thread is to sync now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncCall {
    /// Somebody waits, memory fills, or time is up.
    Sync,
    /// The writer has ended; what it wrote last is to be synced.
    Last,
}

impl Progress {
    pub(super) fn starting_at(size: u64) -> Self {
        let progress = Self::default();
        progress.written.reached.store(size, Ordering::SeqCst);
        progress.durable.reached.store(size, Ordering::SeqCst);
        let demand = Demand { durable: size, written: size, done: size, ..Demand::default() };
        *progress.demand() = demand;
        progress
    }

    pub(super) fn durable(&self) -> u64 {
        self.durable.reached.load(Ordering::SeqCst)
    }

    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.get().map(String::as_str)
    }

    /// Publishes that events below `end` are in the kernel. `full`: memory for unsynced events is used up.
    pub(super) fn publish_written(&self, end: u64, full: bool) {
        self.written.publish(end);
        let mut demand = self.demand();
        let was_settled = demand.written == demand.done;
        demand.written = end;
        demand.full = full;
        // The sync thread sleeps without an end only while there is nothing to sync.
        if demand.is_pressing() || was_settled {
            self.demanded.notify_one();
        }
    }

    /// Publishes that events below `end` are on the disk.
    pub(super) fn publish_durable(&self, end: u64) {
        self.durable.publish(end);
        let mut demand = self.demand();
        demand.done = end;
        demand.full = false;
        self.demanded.notify_all();
    }

    /// Publishes that no event will be written any more.
    pub(super) fn fail(&self, reason: String) {
        let _ = self.failed.set(reason);
        self.written.moved.notify_waiters();
        self.durable.moved.notify_waiters();
        self.demand().closing = true;
        self.demanded.notify_all();
    }

    pub(super) fn close(&self) {
        self.demand().closing = true;
        self.demanded.notify_all();
    }

    /// Sleeps until a sync is due: at once when somebody waits for durability, `interval` after the
    /// first event that nobody waits for.
    pub(super) fn next_sync(&self, interval: Duration) -> SyncCall {
        let mut demand = self.demand();
        let mut due = None;
        loop {
            if demand.closing {
                return SyncCall::Last;
            }
            if demand.is_pressing() {
                return SyncCall::Sync;
            }
            if demand.written == demand.done {
                demand = self.demanded.wait(demand).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let due = *due.get_or_insert_with(|| Instant::now() + interval);
            let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return SyncCall::Sync;
            };
            let waited = self.demanded.wait_timeout(demand, left);
            demand = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Sleeps until unsynced events take less memory, or all is over.
    pub(super) fn wait_for_memory(&self) {
        let mut demand = self.demand();
        while demand.full && !demand.closing {
            demand = self.demanded.wait(demand).unwrap_or_else(PoisonError::into_inner);
        }
    }

    async fn reach(&self, mark: &Mark, seq: u64) -> Result<(), AuditFailed> {
        while mark.reached.load(Ordering::SeqCst) <= seq {
            // Registered before looking, so that a move between the look and the sleep is not missed.
            let mut moved = pin!(mark.moved.notified());
            moved.as_mut().enable();
            if mark.reached.load(Ordering::SeqCst) > seq {
                return Ok(());
            }
            if let Some(reason) = self.failed() {
                return Err(AuditFailed { reason: reason.to_owned() });
            }
            moved.await;
        }
        Ok(())
    }

    fn demand_durable(&self, seq: u64) {
        let mut demand = self.demand();
        if demand.durable <= seq {
            demand.durable = seq + 1;
            self.demanded.notify_one();
        }
    }

    fn demand(&self) -> MutexGuard<'_, Demand> {
        // The sections under this lock do not panic, and numbers are whole at every step.
        self.demand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    fn publish(&self, end: u64) {
        self.reached.fetch_max(end, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

impl Demand {
    fn is_pressing(&self) -> bool {
        let wanted = self.durable.min(self.written);
        wanted > self.done || self.full
    }
}

/// The place of an appended event, and the way to wait until it is safe.
#[derive(Clone)]
pub struct Ticket {
    pub(super) seq: u64,
    pub(super) shared: Arc<Shared>,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("seq", &self.seq).finish_non_exhaustive()
    }
}

impl Ticket {
    /// Index of the event in the log.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether the kernel has the event.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.shared.progress.written.reached.load(Ordering::SeqCst) > self.seq
    }

    /// Waits until the kernel has the event: it survives the end of this process. Usually it is this
    /// call that hands the event over, with all that came before.
    ///
    /// # Errors
    /// [`AuditFailed`] if the log broke before.
    pub async fn written(&self) -> Result<(), AuditFailed> {
        if self.is_written() {
            return Ok(());
        }
        write_now(&self.shared, self.seq);
        let progress = &self.shared.progress;
        progress.reach(&progress.written, self.seq).await
    }

    /// Waits until the disk has the event: it survives a power loss.
    ///
    /// # Errors
    /// [`AuditFailed`] if the log broke before.
    pub async fn durable(&self) -> Result<(), AuditFailed> {
        let progress = &self.shared.progress;
        if progress.durable() > self.seq {
            return Ok(());
        }
        write_now(&self.shared, self.seq);
        progress.demand_durable(self.seq);
        progress.reach(&progress.durable, self.seq).await
    }

    /// [`written`](Self::written) for a thread that may block.
    ///
    /// # Errors
    /// [`AuditFailed`] if the log broke before.
    pub fn wait_written(&self) -> Result<(), AuditFailed> {
        block_on(self.written())
    }

    /// [`durable`](Self::durable) for a thread that may block.
    ///
    /// # Errors
    /// [`AuditFailed`] if the log broke before.
    pub fn wait_durable(&self) -> Result<(), AuditFailed> {
        block_on(self.durable())
    }
}

/// Runs a future on this thread, which sleeps meanwhile.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park();
    }
}
