use std::collections::BTreeMap;
use std::fmt::Debug;

/// What was set aside for a request before it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation<N> {
    name: N,
    period: u32,
    micro_usd: u64,
}

/// What has been spent in the present period, name by name. A sum is set aside before a request is sent and settled
/// afterwards, so that many requests at once cannot overshoot a cap together.
///
/// Periods, such as days, are numbered; an earlier number than before counts as the same period, so that a clock that
/// jumps back gives no new money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spend<N: Ord> {
    period: u32,
    spent: BTreeMap<N, u64>,
    reserved: BTreeMap<N, u64>,
}

impl<N: Ord> Default for Spend<N> {
    fn default() -> Self {
        Self { period: 0, spent: BTreeMap::new(), reserved: BTreeMap::new() }
    }
}

impl<N: Ord + Clone + Debug> Spend<N> {
    /// What an earlier process had spent in a period.
    #[must_use]
    pub fn resumed(period: u32, spent: BTreeMap<N, u64>) -> Self {
        Self { period, spent, reserved: BTreeMap::new() }
    }

    /// What was spent in the present period, and which that is: what [`resumed`](Self::resumed) takes. What is set
    /// aside counts as spent, because a process that is killed cannot settle it.
    #[must_use]
    pub fn kept(&self) -> (u32, BTreeMap<N, u64>) {
        let names = self.spent.keys().chain(self.reserved.keys());
        (self.period, names.map(|name| (name.clone(), self.taken(name))).collect())
    }

    /// Sets a sum aside. Who has a cap asks [`taken`](Self::taken) before.
    pub fn reserve(&mut self, name: &N, micro_usd: u64, period: u32) -> Reservation<N> {
        self.turn(period);
        let sum = self.reserved.entry(name.clone()).or_default();
        *sum = sum.saturating_add(micro_usd);
        Reservation { name: name.clone(), period: self.period, micro_usd }
    }

    /// The request cost so much after all.
    pub fn settle(&mut self, reservation: Reservation<N>, micro_usd: u64) {
        let Reservation { name, period, micro_usd: reserved } = reservation;
        if let Some(sum) = self.reserved.get_mut(&name) {
            *sum = sum.saturating_sub(reserved);
            if *sum == 0 {
                self.reserved.remove(&name);
            }
        }
        if period == self.period && micro_usd > 0 {
            let sum = self.spent.entry(name).or_default();
            *sum = sum.saturating_add(micro_usd);
        }
    }

    /// What was spent and set aside in the present period, in micro-USD.
    #[must_use]
    pub fn taken(&self, name: &N) -> u64 {
        let of = |sums: &BTreeMap<N, u64>| sums.get(name).copied().unwrap_or(0);
        of(&self.spent).saturating_add(of(&self.reserved))
    }

    /// Begins a period, if it is a later one.
    pub fn turn(&mut self, period: u32) {
        if period > self.period {
            self.period = period;
            self.spent.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_counts_until_it_is_settled() {
        let mut spend = Spend::default();
        let first = spend.reserve(&"big", 60, 1);
        assert_eq!(spend.taken(&"big"), 60);
        spend.settle(first, 20);
        assert_eq!((spend.taken(&"big"), spend.taken(&"small")), (20, 0));
        let second = spend.reserve(&"big", 60, 1);
        spend.settle(second, 75);
        assert_eq!(spend.taken(&"big"), 95, "what a request cost more than was expected counts too");
    }

    #[test]
    fn a_new_period_has_its_own_money_and_a_clock_that_jumps_back_does_not() {
        let mut spend = Spend::default();
        let late = spend.reserve(&"big", 100, 5);
        spend.turn(4);
        assert_eq!(spend.taken(&"big"), 100);
        spend.turn(6);
        assert_eq!(spend.taken(&"big"), 100, "what is under way still counts");
        spend.settle(late, 100);
        assert_eq!(spend.taken(&"big"), 0, "what was of yesterday does not");
    }

    #[test]
    fn a_process_goes_on_where_the_one_before_was_killed() {
        let mut spend = Spend::default();
        let settled = spend.reserve(&"big", 60, 7);
        spend.settle(settled, 50);
        let _under_way = spend.reserve(&"big", 30, 7);
        let (period, spent) = spend.kept();
        let mut again = Spend::resumed(period, spent);
        assert_eq!(again.taken(&"big"), 80);
        again.turn(8);
        assert_eq!(again.taken(&"big"), 0);
    }
}
