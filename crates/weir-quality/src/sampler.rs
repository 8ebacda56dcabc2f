const SECONDS_PER_HOUR: i64 = 3600;

/// Chooses a share of requests, and no more than so many in an hour.
#[derive(Debug, Default)]
pub struct Sampler {
    hour: i64,
    taken: u32,
}

impl Sampler {
    /// Whether a request with this digest, a number that is spread evenly over the requests, is of the share.
    #[must_use]
    pub fn chooses(digest: u64, percent: u8) -> bool {
        digest % 100 < u64::from(percent)
    }

    /// Whether to take a request that comes at `now`, in seconds. `digest` is any number that is spread evenly over the
    /// requests; `percent` of them are taken.
    pub fn takes(&mut self, now: i64, digest: u64, percent: u8, per_hour: u32) -> bool {
        let hour = now.div_euclid(SECONDS_PER_HOUR);
        if hour != self.hour {
            (self.hour, self.taken) = (hour, 0);
        }
        let is_chosen = Self::chooses(digest, percent) && self.taken < per_hour;
        self.taken += u32::from(is_chosen);
        is_chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_percent_are_taken() {
        let mut sampler = Sampler::default();
        let taken = (0..10_000).filter(|digest| sampler.takes(0, *digest, 3, u32::MAX)).count();
        assert_eq!(taken, 300);
        assert!((0..100).all(|digest| !sampler.takes(0, digest, 0, 10)));
    }

    #[test]
    fn an_hour_has_an_end() {
        let mut sampler = Sampler::default();
        let mut taken = |now| (0..100).filter(|digest| sampler.takes(now, *digest, 100, 7)).count();
        assert_eq!([taken(0), taken(SECONDS_PER_HOUR - 1), taken(SECONDS_PER_HOUR)], [7, 0, 7]);
    }
}
