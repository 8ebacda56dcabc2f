use super::files::{self, Layout};
use super::health::{Chores, Health};
use super::keeper::Keeper;
use super::progress::{Progress, Ticket};
use super::queue::Queue;
use super::recovery::{self, OpenRequest, Recovered};
use super::rotate::Succession;
use super::signer::open_signer;
use super::tail::{Supply, Tail};
use super::{AuditError, AuditFailed, Disk, Options, Recovery, syncer, writer};
use arc_swap::{ArcSwap, Guard};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, mpsc};
use std::thread::{self, JoinHandle};
use weir_audit::Ident;
use weir_audit::checkpoint::Signer;
use weir_audit::event::{AsEvent, Author, EventRef, LogClosed, LogStarted, Outcome, OutcomeKind};

/// The one writer of an audit log. Share it in an `Arc`.
pub struct AuditLog {
    layout: Layout,
    options: Options,
    /// Another one after the log broke and was opened again.
    shared: ArcSwap<Shared>,
    running: Mutex<Option<Running>>,
}

/// What the threads of a log share.
pub(super) struct Shared {
    pub(super) layout: Layout,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) queue: Queue,
    pub(super) progress: Progress,
    pub(super) chores: Chores,
    pub(super) supply: Arc<Supply>,
    pub(super) max_unsynced_bytes: usize,
    pub(super) succession: Succession,
    tail: Mutex<Tail>,
}

struct Running {
    /// In the order in which they end.
    threads: Vec<JoinHandle<()>>,
    /// Held until the threads have ended.
    _lock: File,
}

/// Batches of durable events that may wait for the keeper before syncing waits for it.
const MAX_KEEPER_BACKLOG: usize = 4;

impl AuditLog {
    /// Opens the log of a directory, which is made if it does not exist, and repairs it if the process
    /// before did not end in order: a torn end is cut, and requests that got no outcome get one that
    /// says `failed` and `crashed`.
    ///
    /// Returns when the events that say so are durable. Blocks meanwhile.
    ///
    /// # Errors
    /// [`AuditError::Locked`] if another process writes it, [`AuditError::Damaged`] if signed events are
    /// missing or changed, and others if files or keys cannot be used. Nothing is changed then, except that
    /// what could be repaired may have been.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Recovery), AuditError> {
        let layout = Layout::new(dir);
        layout.create_dirs()?;
        let lock = files::take_lock(&layout)?;
        let signer = open_signer(&layout, &*options.disk, &options.origin)?;
        let started = started(&options, &signer);
        let found = recovery::recover(&layout, &*options.disk, signer.verifier())?;
        let recovery = Recovery { events: found.next, recovered: found.repaired.clone() };
        let open = found.open.clone();
        let (shared, threads) = start(&layout, &options, signer, found)?;
        let running = Mutex::new(Some(Running { threads, _lock: lock }));
        let log = Self { layout, options, shared: ArcSwap::new(shared), running };
        log.begin(started, &recovery, open)?;
        Ok((log, recovery))
    }

    /// Opens a log again that broke, in the process that has it: when a full disk has room again, or one that could only be
    /// read can be written. `None` if it is not broken.
    ///
    /// Requests that run go on, and get their outcomes; one whose outcome was lost is without until a process opens the log.
    /// Returns when the events that say so are durable. Blocks meanwhile.
    ///
    /// INVARIANT (one sync per file after an error): what was not durable is written to a new segment; the file that failed
    /// is read and neither written nor synced.
    ///
    /// # Errors
    /// What keeps it from being written; it is broken then as before.
    pub fn reopen(&self) -> Result<Option<Recovery>, AuditError> {
        let mut running = self.running();
        let Some(Running { threads, .. }) = &mut *running else { return Err(AuditError::Closed) };
        let broken = self.shared();
        if broken.progress.failed().is_none() {
            return Ok(None);
        }
        broken.queue.stop();
        for thread in threads.drain(..) {
            // What it panicked of has broken the log.
            let _ = thread.join();
        }
        let (layout, options) = (&self.layout, &self.options);
        let signer = open_signer(layout, &*options.disk, &options.origin)?;
        let started = started(options, &signer);
        let found = recovery::recover_in_process(
            layout,
            &*options.disk,
            signer.verifier(),
            broken.progress.durable(),
        )?;
        let recovery = Recovery { events: found.next, recovered: found.repaired.clone() };
        let (shared, new_threads) = start(layout, options, signer, found)?;
        *threads = new_threads;
        self.shared.store(shared);
        drop(running);
        self.begin(started, &recovery, BTreeMap::new())?;
        Ok(Some(recovery))
    }

    /// Gives an event its place in the log. Never waits for the disk.
    ///
    /// # Errors
    /// [`AuditError::Full`] if the disk does not keep up, [`AuditError::Failed`] if the log broke,
    /// [`AuditError::TooLong`] and [`AuditError::Closed`]. The event is not in the log then.
    pub fn append(&self, event: impl AsEvent) -> Result<Ticket, AuditError> {
        let shared = self.shared.load();
        if let Some(reason) = shared.progress.failed() {
            return Err(AuditFailed { reason: reason.to_owned() }.into());
        }
        let event = event.as_event();
        let bounded = if let EventRef::Decision(decision) = event { Some(decision.bounded()) } else { None };
        let seq = shared.queue.push(bounded.as_deref().map_or(event, AsEvent::as_event))?;
        Ok(Ticket { seq, shared: Guard::into_inner(shared) })
    }

    /// Number of events that have a place in the log.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.shared.load().queue.next()
    }

    /// The directory of the log.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.layout.dir()
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.load_full()
    }

    /// Whether the log can be written, and what fails if not.
    #[must_use]
    pub fn health(&self) -> Health {
        let shared = self.shared.load();
        shared.chores.health(&shared.progress)
    }

    /// Appends `log.closed`, makes everything durable, signs a checkpoint over it, and gives up the
    /// directory. Blocks meanwhile. Closing again does nothing.
    ///
    /// # Errors
    /// [`AuditFailed`] if events were lost or the checkpoint could not be signed.
    pub fn close(&self) -> Result<(), AuditFailed> {
        let Some(running) = self.running().take() else { return Ok(()) };
        let shared = self.shared();
        shared.tell_of_sealed();
        shared.queue.close(|events| LogClosed { events });
        for thread in running.threads {
            // A panic has broken the log already, which is told below.
            let _ = thread.join();
        }
        match self.health() {
            Health::Healthy => Ok(()),
            Health::Degraded(reason) | Health::Failed(reason) => Err(AuditFailed { reason }),
        }
    }

    /// Writes what an opening has to say, and waits until it is durable.
    fn begin(
        &self,
        started: LogStarted,
        recovery: &Recovery,
        open: BTreeMap<Ident, OpenRequest>,
    ) -> Result<(), AuditError> {
        let mut last = self.append(started)?;
        if let Some(recovered) = &recovery.recovered {
            last = self.append(recovered.clone())?;
        }
        for (request, open) in open {
            // A crash under load may leave more of them than the queue holds.
            if last.seq() % 1024 == 0 {
                last.wait_durable()?;
            }
            last = self.append(crashed(&request, &open))?;
        }
        Ok(last.wait_durable()?)
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // Whoever wants to know how it went has called `close`.
        let _ = self.close();
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, health) = (self.size(), self.health());
        f.debug_struct("AuditLog").field("size", &size).field("health", &health).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down which segments were given up.
    pub(super) fn tell_of_sealed(&self) {
        self.supply.tell_sealed(|sealed| self.queue.push(EventRef::LogSealed(sealed)).map(drop));
    }

    /// The end of the log, unless somebody is at it.
    pub(super) fn try_tail(&self) -> Option<MutexGuard<'_, Tail>> {
        match self.tail.try_lock() {
            Ok(tail) => Some(tail),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// The threads that write a log that was found whole, and what they share.
fn start(
    layout: &Layout,
    options: &Options,
    signer: Signer,
    found: Recovered,
) -> Result<(Arc<Shared>, Vec<JoinHandle<()>>), AuditError> {
    let Recovered { end, rewritten, next_segment, next, frontier, completed, open, signed, repaired: _ } =
        found;
    let disk = &options.disk;
    let supply = Arc::new(Supply::new(layout.clone(), disk.clone(), options.segment_bytes, next_segment));
    let end = match (end, rewritten) {
        (_, Some((first, frames))) => {
            let replacement = supply.replacement(first, &frames)?;
            disk.sync_dir(&layout.segments()).map_err(AuditError::io(layout.segments()))?;
            replacement
        }
        (Some(end), None) => end,
        (None, None) => supply.first()?,
    };
    let max_unsynced_bytes = options.unsynced_bytes;
    let tail = Tail::new(layout.clone(), disk.clone(), supply.clone(), end, next, max_unsynced_bytes);
    let author = Author::new(random_id()?, options.node.clone());
    let shared = Arc::new(Shared {
        layout: layout.clone(),
        disk: disk.clone(),
        queue: Queue::new(next, author, options),
        progress: Progress::starting_at(next),
        chores: Chores::default(),
        supply,
        max_unsynced_bytes,
        succession: Succession::default(),
        tail: Mutex::new(tail),
    });
    let open = open.into_iter().map(|(request, open)| (request, open.first)).collect();
    let interval = options.checkpoint_interval;
    let keeper = Keeper { signer, interval, frontier, completed, open, signed };
    let threads = spawn(&shared, keeper)?;
    Ok((shared, threads))
}

fn started(options: &Options, signer: &Signer) -> LogStarted {
    LogStarted {
        binary_version: options.binary_version.clone(),
        origin: Ident::new(options.origin.as_str()),
        vkey: Ident::new(&signer.verifier().to_string()),
    }
}

/// The outcome of a request that a process left behind.
fn crashed(request: &Ident, open: &OpenRequest) -> Outcome {
    Outcome {
        error_code: Some(Ident::new("crashed")),
        attempts: open.attempt,
        ..Outcome::new(request.clone(), open.decision_id.clone(), OutcomeKind::Failed)
    }
}

fn spawn(shared: &Arc<Shared>, keeper: Keeper) -> Result<Vec<JoinHandle<()>>, AuditError> {
    let (to_keeper, durable) = mpsc::sync_channel(MAX_KEEPER_BACKLOG);
    let interval = keeper.interval;
    Ok(vec![
        named("audit-write", shared, writer::run)?,
        named("audit-sync", shared, move |shared| syncer::run(shared, interval, &to_keeper))?,
        named("audit-keep", shared, move |shared| keeper.run(shared, &durable))?,
    ])
}

fn named(
    name: &str,
    shared: &Arc<Shared>,
    run: impl FnOnce(&Shared) + Send + 'static,
) -> Result<JoinHandle<()>, AuditError> {
    let shared = shared.clone();
    let guarded = move || {
        let _guard = FailOnPanic(&shared);
        run(&shared);
    };
    thread::Builder::new().name(name.to_owned()).spawn(guarded).map_err(AuditError::Thread)
}

/// Breaks the log when who writes it panics: whoever waits must not wait for ever.
pub(super) struct FailOnPanic<'s>(pub(super) &'s Shared);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.progress.fail("a thread of the audit log panicked".to_owned());
        }
    }
}

fn random_id() -> Result<[u8; 16], AuditError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| AuditError::Random(error.to_string()))?;
    Ok(id)
}
