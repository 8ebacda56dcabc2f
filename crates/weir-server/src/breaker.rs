use std::time::{Duration, Instant};

/// Failures in a row after which a server is left alone, and for how long.
const FAILURES: u32 = 5;
const REST: Duration = Duration::from_secs(5);

/// Spares requests the wait for a server inside, a detector or an encoder, that is down.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    rests_until: Option<Instant>,
}

impl Breaker {
    /// Whether it may be asked. After a rest the first that asks tries it for all.
    pub fn lets_through(&mut self, now: Instant) -> bool {
        match self.rests_until {
            Some(until) if now < until => false,
            Some(_) => {
                self.rests_until = Some(now + REST);
                true
            }
            None => true,
        }
    }

    /// It answered.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It failed.
    pub fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.rests_until = Some(now + REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_tries_again_after_a_rest() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 1..FAILURES {
            breaker.failed(now);
        }
        assert!(breaker.lets_through(now));
        breaker.succeeded();
        for _ in 0..FAILURES {
            assert!(breaker.lets_through(now));
            breaker.failed(now);
        }
        assert!(!breaker.lets_through(now));
        let later = now + REST;
        assert!(breaker.lets_through(later), "one tries");
        assert!(!breaker.lets_through(later), "the others wait for it");
        breaker.failed(later);
        assert!(!breaker.lets_through(later));
        assert!(breaker.lets_through(later + REST));
        breaker.succeeded();
        assert!(breaker.lets_through(later + REST));
    }
}
