use super::tail::Batch;
use super::{AuditError, Options};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use weir_audit::event::{Author, EventRef};
use weir_audit::{Ident, WallTime, frame};

/// So many events are not kept waiting for more.
const URGENT_EVENTS: usize = 256;
/// How long the writer thread lets events gather for which nobody waits yet: each of its turns costs two
/// changes of thread, which is more than writing an event does.
const GATHER: Duration = Duration::from_millis(10);
/// After so many empty turns the writer thread sleeps until it is woken.
const EMPTY_TURNS: u32 = 100;
/// The largest buffer that is kept for the next batch.
const SPARE_BYTES: usize = 128 * 1024;

/// Events that have their place and wait to be handed to the kernel, and whose turn that is.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    filled: Condvar,
    author: Author,
    max_events: usize,
    max_bytes: usize,
    opened: Instant,
}

#[derive(Debug)]
struct Inner {
    waiting: Batch,
    /// An empty batch whose buffers have grown already.
    spare: Batch,
    closed: bool,
    /// Somebody has a turn: between taking a batch and the end of the turn nobody else writes.
    is_writing: bool,
    /// Somebody waits for an event in the queue to be written.
    urged: bool,
    /// The writer thread sleeps until it is woken.
    asleep: bool,
    /// Until when every turn is the writer thread's.
    handed_over_until: Option<Instant>,
}

impl Inner {
    fn is_due(&self) -> bool {
        self.urged || self.closed || self.waiting.events() >= URGENT_EVENTS
    }

    fn is_handed_over(&self) -> bool {
        self.handed_over_until.is_some_and(|until| Instant::now() < until)
    }

    fn begin_turn(&mut self) -> Batch {
        self.is_writing = true;
        self.urged = false;
        let mut batch = std::mem::take(&mut self.spare);
        batch.begin_at(self.waiting.end);
        std::mem::replace(&mut self.waiting, batch)
    }
}

/// What an event does to the set of requests that have a decision and no outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Opens(Ident),
    Closes(Ident),
}

impl Change {
    fn of(event: EventRef<'_>) -> Option<Self> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "other events are not about one request")]
        match event {
            EventRef::Decision(decision) => Some(Self::Opens(decision.request_id.clone())),
            EventRef::Outcome(outcome) => Some(Self::Closes(outcome.request_id.clone())),
            _ => None,
        }
    }
}

impl Queue {
    pub(super) fn new(next: u64, author: Author, options: &Options) -> Self {
        let mut waiting = Batch::default();
        waiting.begin_at(next);
        let inner = Inner {
            waiting,
            spare: Batch::default(),
            closed: false,
            is_writing: false,
            urged: false,
            asleep: false,
            handed_over_until: None,
        };
        Self {
            inner: Mutex::new(inner),
            filled: Condvar::new(),
            author,
            max_events: options.queue_events,
            max_bytes: options.queue_bytes,
            opened: Instant::now(),
        }
    }

    /// Gives an event the next place and writes it down as a frame. Never waits for the disk.
    pub(super) fn push(&self, event: EventRef<'_>) -> Result<u64, AuditError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(AuditError::Closed);
        }
        if inner.waiting.events() >= self.max_events || inner.waiting.frames.len() >= self.max_bytes {
            return Err(AuditError::Full);
        }
        let seq = self.place(&mut inner, event)?;
        // A writer thread that is awake looks again by itself.
        if inner.asleep || inner.waiting.events() == URGENT_EVENTS {
            self.filled.notify_one();
        }
        Ok(seq)
    }

    fn place(&self, inner: &mut Inner, event: EventRef<'_>) -> Result<u64, AuditError> {
        let Batch { frames, changes, end, .. } = &mut inner.waiting;
        let seq = *end;
        // Under the lock, so that times stand in the order of the log.
        let (ts_wall, ts_mono_ns) = (wall_time(), nanos(self.opened));
        frame::write_with(frames, |out| self.author.write(out, seq, ts_wall, ts_mono_ns, event))
            .map_err(|frame::InvalidLength(length)| AuditError::TooLong(length))?;
        changes.extend(Change::of(event).map(|change| (seq, change)));
        *end += 1;
        Ok(seq)
    }

    /// Gives the turn, and all that waits, to somebody who needs this event written. `None` if that has
    /// been done or is now being seen to: by whoever has the turn, or by the writer thread.
    pub(super) fn claim(&self, seq: u64) -> Option<Batch> {
        let mut inner = self.lock();
        if seq < inner.waiting.first || inner.waiting.events() == 0 {
            return None;
        }
        if inner.is_writing || inner.is_handed_over() {
            self.urge(&mut inner);
            return None;
        }
        Some(inner.begin_turn())
    }

    /// Ends a turn after a write. Who has come to wait meanwhile is served by the writer thread.
    pub(super) fn end_turn(&self, mut written: Batch) {
        let mut inner = self.lock();
        inner.is_writing = false;
        if written.frames.capacity() <= SPARE_BYTES {
            written.clear();
            inner.spare = written;
        }
        if inner.urged || inner.closed {
            self.filled.notify_one();
        }
    }

    /// Ends a turn without a write: the batch is the writer thread's.
    pub(super) fn hand_over(&self, mut batch: Batch) {
        let mut inner = self.lock();
        inner.is_writing = false;
        batch.append(&mut inner.waiting);
        inner.waiting = batch;
        self.urge(&mut inner);
    }

    /// For this long every turn is the writer thread's.
    pub(super) fn hand_over_for(&self, time: Duration) {
        self.lock().handed_over_until = Some(Instant::now() + time);
    }

    fn urge(&self, inner: &mut Inner) {
        if !std::mem::replace(&mut inner.urged, true) {
            self.filled.notify_one();
        }
    }

    /// Waits for events that are due, and takes the turn and the events; `None` when closed and empty.
    pub(super) fn take(&self) -> Option<Batch> {
        let mut inner = self.lock();
        let (mut empty_turns, mut has_gathered) = (0, false);
        loop {
            let is_empty = inner.waiting.events() == 0;
            match (inner.is_writing, is_empty) {
                (false, false) if inner.is_due() || has_gathered => return Some(inner.begin_turn()),
                (false, true) if inner.closed => return None,
                _ => {}
            }
            empty_turns = if is_empty { empty_turns + 1 } else { 0 };
            (inner, has_gathered) = self.wait(inner, empty_turns > EMPTY_TURNS);
        }
    }

    /// Sleeps for a turn, or until woken; tells whether time has passed and not somebody called.
    fn wait<'q>(&'q self, mut inner: MutexGuard<'q, Inner>, is_idle: bool) -> (MutexGuard<'q, Inner>, bool) {
        if is_idle && !inner.closed {
            inner.asleep = true;
            inner = self.filled.wait(inner).unwrap_or_else(PoisonError::into_inner);
            inner.asleep = false;
            return (inner, false);
        }
        let waited = self.filled.wait_timeout(inner, GATHER).unwrap_or_else(PoisonError::into_inner);
        (waited.0, waited.1.timed_out())
    }

    /// Number of events that have a place.
    pub(super) fn next(&self) -> u64 {
        self.lock().waiting.end
    }

    /// Takes one last event, however full it is, and none any more.
    pub(super) fn close<E: weir_audit::event::AsEvent>(&self, last: impl FnOnce(u64) -> E) {
        let mut inner = self.lock();
        let event = last(inner.waiting.end);
        // It is short enough for a frame.
        let _ = self.place(&mut inner, event.as_event());
        inner.closed = true;
        self.filled.notify_all();
    }

    /// Takes none any more, of a log that broke.
    pub(super) fn stop(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No section under this lock panics.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wall_time() -> WallTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    WallTime::from_unix_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
