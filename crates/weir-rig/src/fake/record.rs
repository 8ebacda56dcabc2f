use bytes::Bytes;
use http::{HeaderMap, Method, request::Parts};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A request that the backend got.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its number, from 1, in order of arrival at this backend.
    pub id: u64,
    /// Method.
    pub method: Method,
    /// Path, with the query if there was one.
    pub path: String,
    /// Headers as they came.
    pub headers: HeaderMap,
    /// The whole body, chunks joined.
    pub body: Bytes,
    /// When the body was complete.
    pub at: Instant,
}

impl Seen {
    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's value, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request whose client went away before the end of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled {
    /// The request's number, as in [`Seen::id`].
    pub request: u64,
    /// When the backend noticed.
    pub at: Instant,
    /// How many events had been handed over by then.
    pub events: u64,
}

/// Bytes of one connection, as they came.
pub(super) type Tape = Arc<Mutex<Vec<u8>>>;

/// What a backend remembers.
#[derive(Debug, Default)]
pub(super) struct Record {
    seen: Mutex<Vec<Seen>>,
    tapes: Mutex<Vec<Tape>>,
    cancelled: Mutex<Vec<Cancelled>>,
}

impl Record {
    pub(super) fn request(&self, id: u64, head: &Parts, body: &Bytes) {
        let seen = Seen {
            id,
            method: head.method.clone(),
            path: head.uri.to_string(),
            headers: head.headers.clone(),
            body: body.clone(),
            at: Instant::now(),
        };
        let mut all = lock(&self.seen);
        let place = all.partition_point(|other| other.id < id);
        all.insert(place, seen);
    }

    pub(super) fn cancel(&self, cancelled: Cancelled) {
        lock(&self.cancelled).push(cancelled);
    }

    pub(super) fn tape(&self) -> Tape {
        let tape = Tape::default();
        lock(&self.tapes).push(tape.clone());
        tape
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    pub(super) fn cancelled(&self) -> Vec<Cancelled> {
        lock(&self.cancelled).clone()
    }

    pub(super) fn contains(&self, needle: &[u8]) -> bool {
        lock(&self.seen).iter().any(|seen| occurs(needle, &seen.body))
            || lock(&self.tapes).iter().any(|tape| occurs(needle, &lock(tape)))
    }

    pub(super) fn forget(&self) {
        lock(&self.seen).clear();
        lock(&self.cancelled).clear();
        for tape in lock(&self.tapes).iter() {
            lock(tape).clear();
        }
    }
}

/// The value behind the lock. A test that panicked while it held one has failed already.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn occurs(needle: &[u8], haystack: &[u8]) -> bool {
    needle.is_empty() || haystack.windows(needle.len()).any(|window| window == needle)
}
