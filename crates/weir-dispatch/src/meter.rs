use crate::Moment;
use std::num::NonZeroU32;
use std::time::Duration;

/// What limits are for.
const MINUTE: Duration = Duration::from_secs(60);

/// How much of something was used of a limit that is so much a minute: all of it may be used at once, and comes back
/// evenly, within a minute.
///
/// What is kept is the moment at which all will be there again, so that another limit counts at once, for what was used
/// under the one before too.
///
/// Source: the generic cell rate algorithm of ITU-T I.371 (03/2004), annex A, as virtual scheduling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    full: Moment,
}

/// What a limit leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How much there is a minute.
    pub limit: NonZeroU32,
    /// How much there is now.
    pub remaining: u64,
    /// When all of it is there again.
    pub reset: Duration,
}

/// Why something cannot be had of a limit now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Short {
    /// After so long it can.
    Wait(Duration),
    /// It is more than there is in a minute.
    Never,
}

impl Meter {
    /// Takes an amount.
    ///
    /// # Errors
    /// [`Short`] when there is not so much; nothing is taken then.
    pub fn take(&mut self, limit: NonZeroU32, amount: u64, now: Moment) -> Result<(), Short> {
        let cost = time_of(amount, limit);
        let used = self.used(now).saturating_add(cost);
        if cost > MINUTE {
            return Err(Short::Never);
        }
        if used > MINUTE {
            return Err(Short::Wait(used.saturating_sub(MINUTE)));
        }
        self.full = now.saturating_add(used);
        Ok(())
    }

    /// Of what was taken so much was used after all, which may be more than the limit.
    pub fn settle(&mut self, limit: NonZeroU32, (taken, used): (u64, u64), now: Moment) {
        let more = time_of(used.saturating_sub(taken), limit);
        let less = time_of(taken.saturating_sub(used), limit);
        self.full = now.saturating_add(self.used(now).saturating_add(more).saturating_sub(less));
    }

    /// What is left.
    #[must_use]
    pub fn standing(&self, limit: NonZeroU32, now: Moment) -> Standing {
        let reset = self.used(now);
        let left = MINUTE.saturating_sub(reset).as_nanos() * u128::from(limit.get()) / MINUTE.as_nanos();
        Standing { limit, remaining: u64::try_from(left).unwrap_or(u64::MAX), reset }
    }

    /// Whether nothing is used, so that there is nothing to remember.
    #[must_use]
    pub fn is_full(&self, now: Moment) -> bool {
        self.used(now).is_zero()
    }

    /// What was used, as the time in which it comes back.
    fn used(&self, now: Moment) -> Duration {
        self.full.saturating_sub(now)
    }
}

/// The time in which an amount comes back. Rounded down, so that the whole limit is not more than a minute.
fn time_of(amount: u64, limit: NonZeroU32) -> Duration {
    let nanos = u128::from(amount) * MINUTE.as_nanos() / u128::from(limit.get());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limit(limit: u32) -> NonZeroU32 {
        NonZeroU32::new(limit).unwrap()
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn all_of_it_may_be_had_at_once_and_comes_back_evenly() {
        let (mut meter, three) = (Meter::default(), limit(3));
        for left in [2, 1, 0] {
            meter.take(three, 1, s(100)).unwrap();
            assert_eq!(meter.standing(three, s(100)).remaining, left);
        }
        assert_eq!(meter.take(three, 1, s(100)), Err(Short::Wait(s(20))));
        assert_eq!(meter.standing(three, s(100)).reset, s(60));
        assert_eq!(meter.take(three, 1, s(119)), Err(Short::Wait(s(1))));
        meter.take(three, 1, s(120)).unwrap();
        assert_eq!(meter.take(three, 1, s(120)), Err(Short::Wait(s(20))));
        assert!(!meter.is_full(s(179)) && meter.is_full(s(180)));
        assert_eq!(meter.standing(three, s(1000)), Standing { limit: three, remaining: 3, reset: s(0) });
    }

    #[test]
    fn what_was_not_used_is_there_again_and_what_was_used_beyond_is_owed() {
        let (mut meter, hundred) = (Meter::default(), limit(100));
        meter.take(hundred, 80, s(0)).unwrap();
        assert_eq!(meter.take(hundred, 30, s(0)), Err(Short::Wait(s(6))));
        meter.settle(hundred, (80, 20), s(0));
        assert_eq!(meter.standing(hundred, s(0)).remaining, 80);
        meter.take(hundred, 30, s(0)).unwrap();
        meter.settle(hundred, (30, 180), s(0));
        assert_eq!(meter.standing(hundred, s(0)), Standing { limit: hundred, remaining: 0, reset: s(120) });
        assert_eq!(meter.take(hundred, 10, s(0)), Err(Short::Wait(s(66))));
        meter.take(hundred, 10, s(66)).unwrap();
        meter.settle(hundred, (10, 0), s(1000));
        assert_eq!(meter.standing(hundred, s(1000)).remaining, 100, "no more than the limit comes back");
    }

    #[test]
    fn more_than_there_is_in_a_minute_is_never_had_and_nothing_is_always() {
        let mut meter = Meter::default();
        assert_eq!(meter.take(limit(10), 11, s(0)), Err(Short::Never));
        assert_eq!(meter.take(limit(1), u64::MAX, s(0)), Err(Short::Never));
        meter.take(limit(10), 10, s(0)).unwrap();
        meter.take(limit(10), 0, s(0)).unwrap();
        assert!(meter.take(limit(10), 1, s(0)).is_err());
    }

    #[test]
    fn another_limit_counts_at_once() {
        let mut meter = Meter::default();
        meter.take(limit(10), 10, s(0)).unwrap();
        assert_eq!(
            meter.standing(limit(1000), s(30)).remaining,
            500,
            "half a minute later half of it is there"
        );
        meter.take(limit(1000), 500, s(30)).unwrap();
        assert!(meter.take(limit(1000), 1, s(30)).is_err());
    }

    proptest! {
        /// Whoever waits as long as they are told is served, and nobody has more than the limit at once and as much
        /// again evenly: in any time `t`, `limit * (1 + t / 60 s)`.
        #[test]
        fn the_wait_is_right_and_the_limit_holds(
            of in 1_u32..5_000,
            asked in prop::collection::vec((0_u64..6_000, 0_u64..20_000), 1..60),
        ) {
            let (mut meter, of) = (Meter::default(), limit(of));
            let (mut now, mut had) = (s(7), 0_u64);
            for (amount, pause_ms) in asked {
                now += Duration::from_millis(pause_ms);
                let before = meter;
                match meter.take(of, amount, now) {
                    Ok(()) => had += amount,
                    Err(short) => {
                        prop_assert_eq!(meter, before);
                        match short {
                            Short::Never => prop_assert!(amount > u64::from(of.get())),
                            Short::Wait(wait) => {
                                let just_before = wait.saturating_sub(Duration::from_nanos(1));
                                prop_assert!(meter.take(of, amount, now + just_before).is_err());
                                now += wait;
                                prop_assert_eq!(meter.take(of, amount, now), Ok(()));
                                had += amount;
                            }
                        }
                    }
                }
                let most = f64::from(of.get()) * (1.0 + (now - s(7)).as_secs_f64() / 60.0);
                prop_assert!(had as f64 <= most + 1.0, "{} of {}", had, most);
            }
        }
    }
}
