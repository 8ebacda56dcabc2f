use std::collections::BTreeMap;
use std::sync::Arc;

/// The most that bursts to a target may cost a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyCap {
    /// Micro-USD.
    pub micro_usd: u64,
}

/// What was set aside for a request before it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    name: Arc<str>,
    day: u32,
    micro_usd: u64,
}

/// What has been spent today, name by name. A sum is set aside before a request is sent and settled
/// afterwards, so that many requests at once cannot overshoot a cap together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spend {
    day: u32,
    spent: BTreeMap<Arc<str>, u64>,
    reserved: BTreeMap<Arc<str>, u64>,
}

impl Spend {
    /// Sets a sum aside, if the cap of this name allows it on this day. Days are numbered; an earlier
    /// number than before counts as the same day, so that a clock that jumps back gives no new money.
    pub fn reserve(
        &mut self,
        name: &Arc<str>,
        cap: Option<DailyCap>,
        micro_usd: u64,
        day: u32,
    ) -> Option<Reservation> {
        self.turn(day);
        let taken = self.taken(name).saturating_add(micro_usd);
        if cap.is_some_and(|cap| taken > cap.micro_usd) {
            return None;
        }
        *self.reserved.entry(name.clone()).or_default() += micro_usd;
        Some(Reservation { name: name.clone(), day: self.day, micro_usd })
    }

    /// The request cost so much after all.
    pub fn settle(&mut self, reservation: Reservation, micro_usd: u64) {
        let Reservation { name, day, micro_usd: reserved } = reservation;
        if let Some(sum) = self.reserved.get_mut(&name) {
            *sum = sum.saturating_sub(reserved);
        }
        self.reserved.retain(|_, sum| *sum > 0);
        if day == self.day {
            let sum = self.spent.entry(name).or_default();
            *sum = sum.saturating_add(micro_usd);
        }
    }

    /// What was spent and set aside today, in micro-USD.
    #[must_use]
    pub fn taken(&self, name: &Arc<str>) -> u64 {
        let of = |sums: &BTreeMap<Arc<str>, u64>| sums.get(name).copied().unwrap_or(0);
        of(&self.spent).saturating_add(of(&self.reserved))
    }

    fn turn(&mut self, day: u32) {
        if day > self.day {
            self.day = day;
            self.spent.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: Option<DailyCap> = Some(DailyCap { micro_usd: 100 });

    #[test]
    fn what_is_set_aside_counts_against_the_cap() {
        let (mut spend, name): (Spend, Arc<str>) = (Spend::default(), "cloud/big".into());
        let first = spend.reserve(&name, CAP, 60, 1).unwrap();
        assert_eq!(spend.reserve(&name, CAP, 60, 1), None);
        spend.settle(first, 20);
        let second = spend.reserve(&name, CAP, 60, 1).unwrap();
        spend.settle(second, 75);
        assert_eq!(spend.taken(&name), 95);
        assert_eq!(spend.reserve(&name, CAP, 6, 1), None);
        assert!(spend.reserve(&name, None, 6, 1).is_some(), "without a cap there is no limit");
    }

    #[test]
    fn a_new_day_has_its_own_money_and_a_clock_that_jumps_back_does_not() {
        let (mut spend, name): (Spend, Arc<str>) = (Spend::default(), "cloud/big".into());
        let late = spend.reserve(&name, CAP, 100, 5).unwrap();
        assert_eq!(spend.reserve(&name, CAP, 1, 4), None);
        assert_eq!(spend.reserve(&name, CAP, 1, 6), None, "what is under way still counts");
        spend.settle(late, 100);
        assert!(spend.reserve(&name, CAP, 100, 6).is_some(), "what was of yesterday does not");
    }
}
