use crate::link::Link;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Connections kept open between requests, per backend.
const IDLE_MAX: usize = 256;

/// How long a connection is kept without use. Shorter than the idle limits of usual load balancers.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The idle connections of one backend, the longest idle first.
///
/// Their addresses were checked when they were opened, and they have no other.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<Idle>>);

struct Idle {
    link: Box<Link>,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, if the backend still holds it open.
    pub(crate) fn take(&self) -> Option<Box<Link>> {
        let now = Instant::now();
        loop {
            // The lock is not held while a connection is looked at.
            let mut idle = self.idle().pop()?;
            if now.duration_since(idle.since) >= IDLE_TIMEOUT {
                self.idle().clear();
                return None;
            }
            if idle.link.is_idle() {
                return Some(idle.link);
            }
        }
    }

    /// Keeps a connection whose response has been read to its end. Whether it can be used again is looked at when it is
    /// taken: by then nobody holds a part of that response any more, and it is read into the same memory.
    pub(crate) fn give(&self, link: Box<Link>) {
        let since = Instant::now();
        let mut idle = self.idle();
        // Whatever is behind the first that is not too old was used since.
        let is_old = |kept: &Idle| since.duration_since(kept.since) >= IDLE_TIMEOUT;
        let old = idle.iter().take_while(|kept| is_old(kept)).count();
        idle.drain(..old);
        if idle.len() < IDLE_MAX {
            idle.push(Idle { link, since });
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // Every critical section is one whole operation of the list.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
