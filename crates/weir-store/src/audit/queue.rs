use super::{AuditError, Options};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use weir_audit::event::Body;
use weir_audit::{Event, Ident, WallTime};

/// The most events of one write.
const MAX_BATCH_EVENTS: usize = 1024;
/// So many events are not kept waiting for more.
const URGENT_EVENTS: usize = 256;
/// How long the writer lets events gather for which nobody waits yet: each of its turns costs two changes
/// of thread, which is more than writing an event does.
const GATHER: Duration = Duration::from_millis(2);
/// After so many empty turns the writer sleeps until it is woken.
const EMPTY_TURNS: u32 = 500;

/// Events that have their place and wait for the writer.
#[derive(Debug)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    filled: Condvar,
    max_events: usize,
    max_bytes: usize,
    opened: Instant,
}

#[derive(Debug)]
struct Inner {
    waiting: VecDeque<Pending>,
    bytes: usize,
    next: u64,
    closed: bool,
    /// Somebody waits for an event in the queue to be written.
    urged: bool,
    /// The writer sleeps until it is woken.
    asleep: bool,
}

impl Inner {
    fn is_due(&self) -> bool {
        self.urged || self.closed || self.waiting.len() >= URGENT_EVENTS
    }
}

/// An event with its place and time.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) seq: u64,
    pub(super) ts_wall: WallTime,
    pub(super) ts_mono_ns: u64,
    pub(super) body: Body,
    pub(super) change: Option<Change>,
}

/// What an event does to the set of requests that have a decision and no outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Opens(Ident),
    Closes(Ident),
}

impl Change {
    pub(super) fn of(event: &Event) -> Option<Self> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "other events are not about one request")]
        match event {
            Event::Decision(decision) => Some(Self::Opens(decision.request_id.clone())),
            Event::Outcome(outcome) => Some(Self::Closes(outcome.request_id.clone())),
            _ => None,
        }
    }
}

impl Queue {
    pub(super) fn new(next: u64, options: &Options) -> Self {
        let inner =
            Inner { waiting: VecDeque::new(), bytes: 0, next, closed: false, urged: false, asleep: false };
        Self {
            inner: Mutex::new(inner),
            filled: Condvar::new(),
            max_events: options.queue_events,
            max_bytes: options.queue_bytes,
            opened: Instant::now(),
        }
    }

    /// Gives an event the next place. Never waits for the disk.
    pub(super) fn push(&self, body: Body, change: Option<Change>) -> Result<u64, AuditError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(AuditError::Closed);
        }
        if inner.waiting.len() >= self.max_events || inner.bytes + body.bytes_len() > self.max_bytes {
            return Err(AuditError::Full);
        }
        let seq = self.place(&mut inner, body, change);
        // A writer that is awake looks again by itself.
        if inner.asleep || inner.waiting.len() == URGENT_EVENTS {
            self.filled.notify_one();
        }
        Ok(seq)
    }

    /// Has the writer write an event now, if it still waits here.
    pub(super) fn urge(&self, seq: u64) {
        let mut inner = self.lock();
        if !inner.urged && inner.waiting.front().is_some_and(|first| first.seq <= seq) {
            inner.urged = true;
            self.filled.notify_one();
        }
    }

    fn place(&self, inner: &mut Inner, body: Body, change: Option<Change>) -> u64 {
        let seq = inner.next;
        inner.next += 1;
        inner.bytes += body.bytes_len();
        // Under the lock, so that times stand in the order of the log.
        let (ts_wall, ts_mono_ns) = (wall_time(), nanos(self.opened));
        inner.waiting.push_back(Pending { seq, ts_wall, ts_mono_ns, body, change });
        seq
    }

    /// Waits for events and takes up to a batch of them; `None` when closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Pending>> {
        let mut inner = self.gather(self.lock());
        if inner.waiting.is_empty() {
            return None;
        }
        let count = inner.waiting.len().min(MAX_BATCH_EVENTS);
        let batch: Vec<_> = inner.waiting.drain(..count).collect();
        inner.bytes -= batch.iter().map(|pending| pending.body.bytes_len()).sum::<usize>();
        inner.urged &= !inner.waiting.is_empty();
        Some(batch)
    }

    /// Returns when there are events and somebody waits, or they have waited; or when closed and empty.
    fn gather<'q>(&'q self, mut inner: MutexGuard<'q, Inner>) -> MutexGuard<'q, Inner> {
        let mut empty_turns = 0;
        while !inner.is_due() {
            inner.asleep = empty_turns >= EMPTY_TURNS;
            if inner.asleep {
                inner = self.filled.wait(inner).unwrap_or_else(PoisonError::into_inner);
                inner.asleep = false;
                empty_turns = 0;
                continue;
            }
            let waited = self.filled.wait_timeout(inner, GATHER).unwrap_or_else(PoisonError::into_inner);
            inner = waited.0;
            if waited.1.timed_out() && !inner.waiting.is_empty() {
                break;
            }
            empty_turns += 1;
        }
        inner
    }

    /// Number of events that have a place.
    pub(super) fn next(&self) -> u64 {
        self.lock().next
    }

    /// Takes one last event, however full it is, and none any more.
    pub(super) fn close(&self, last: impl FnOnce(u64) -> Option<Body>) {
        let mut inner = self.lock();
        if let Some(body) = last(inner.next) {
            self.place(&mut inner, body, None);
        }
        inner.closed = true;
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
