use crate::cost::{Reservation, Spend};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whose money it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purse {
    /// Everybody's together.
    All,
    /// An API key's, by its id.
    Key(Arc<str>),
    /// A tenant's.
    Tenant(Arc<str>),
    /// What is set apart for comparing the answers of both zones.
    Evaluations,
}

/// What may be spent from a purse, in micro-USD; `None` is any sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// A day.
    pub day: Option<u64>,
    /// A month.
    pub month: Option<u64>,
}

/// A day and the month it is in, both counted from any fixed day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Periods {
    /// The day.
    pub day: u32,
    /// The month.
    pub month: u32,
}

/// What a request may cost at most, and from which purse that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// In micro-USD.
    pub micro_usd: u64,
    /// The purse that has least.
    pub purse: Purse,
}

/// A sum that was set aside in every purse that a request is paid from.
#[derive(Debug, PartialEq, Eq)]
pub struct Earmark {
    /// The sum, in micro-USD.
    pub micro_usd: u64,
    day: Vec<Reservation<Purse>>,
    month: Vec<Reservation<Purse>>,
}

/// What has been spent today and this month from each purse. Each request is paid from several at once, and the one
/// that has least bounds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets {
    day: Spend<Purse>,
    month: Spend<Purse>,
}

/// What outlives a process: the numbers of the day and the month, and what was spent in each.
pub type KeptBudgets = [(u32, BTreeMap<Purse, u64>); 2];

impl Budgets {
    /// What an earlier process had spent.
    #[must_use]
    pub fn resumed([day, month]: KeptBudgets) -> Self {
        Self { day: Spend::resumed(day.0, day.1), month: Spend::resumed(month.0, month.1) }
    }

    /// What [`resumed`](Self::resumed) takes.
    #[must_use]
    pub fn kept(&self) -> KeptBudgets {
        [self.day.kept(), self.month.kept()]
    }

    /// What is left for a request that is paid from these purses; `None` if none of them has a cap.
    pub fn left(&mut self, purses: &[(Purse, Caps)], now: Periods) -> Option<Left> {
        self.turn(now);
        let of = |purse: &Purse, cap: Option<u64>, spend: &Spend<Purse>| {
            Some(Left { micro_usd: cap?.saturating_sub(spend.taken(purse)), purse: purse.clone() })
        };
        let lefts = purses.iter().flat_map(|(purse, caps)| {
            [of(purse, caps.day, &self.day), of(purse, caps.month, &self.month)].into_iter().flatten()
        });
        lefts.min_by_key(|left| left.micro_usd)
    }

    /// Sets a sum aside in every purse.
    ///
    /// # Errors
    /// [`Left`] when one of them has less than that; nothing is set aside then.
    pub fn earmark(
        &mut self,
        purses: &[(Purse, Caps)],
        micro_usd: u64,
        now: Periods,
    ) -> Result<Earmark, Left> {
        match self.left(purses, now) {
            Some(left) if left.micro_usd == 0 || left.micro_usd < micro_usd => return Err(left),
            Some(_) | None => {}
        }
        let mut earmark = Earmark { micro_usd, day: Vec::new(), month: Vec::new() };
        for (purse, _) in purses {
            earmark.day.push(self.day.reserve(purse, micro_usd, now.day));
            earmark.month.push(self.month.reserve(purse, micro_usd, now.month));
        }
        Ok(earmark)
    }

    /// The request cost so much after all.
    pub fn settle(&mut self, earmark: Earmark, micro_usd: u64) {
        let Earmark { micro_usd: _, day, month } = earmark;
        day.into_iter().for_each(|reservation| self.day.settle(reservation, micro_usd));
        month.into_iter().for_each(|reservation| self.month.settle(reservation, micro_usd));
    }

    /// What was spent and set aside today and this month.
    #[must_use]
    pub fn taken(&self, purse: &Purse) -> (u64, u64) {
        (self.day.taken(purse), self.month.taken(purse))
    }

    /// Begins a day and a month, if they are later ones.
    pub fn turn(&mut self, now: Periods) {
        self.day.turn(now.day);
        self.month.turn(now.month);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Periods = Periods { day: 40, month: 2 };

    fn purses() -> [(Purse, Caps); 2] {
        let key = Caps { day: Some(100), month: None };
        let all = Caps { day: None, month: Some(150) };
        [(Purse::Key("k".into()), key), (Purse::All, all)]
    }

    #[test]
    fn the_purse_that_has_least_bounds_a_request() {
        let mut budgets = Budgets::default();
        let purses = purses();
        assert_eq!(budgets.left(&purses, TODAY).unwrap().micro_usd, 100);
        let first = budgets.earmark(&purses, 90, TODAY).unwrap();
        let left = budgets.earmark(&purses, 11, TODAY).unwrap_err();
        assert_eq!(left, Left { micro_usd: 10, purse: Purse::Key("k".into()) });
        budgets.settle(first, 70);
        assert_eq!(budgets.taken(&Purse::All), (70, 70));
        let tomorrow = Periods { day: 41, ..TODAY };
        let left = budgets.left(&purses, tomorrow).unwrap();
        assert_eq!(left, Left { micro_usd: 80, purse: Purse::All }, "the month is still the same");
        assert_eq!(budgets.left(&purses, Periods { day: 60, month: 3 }).unwrap().micro_usd, 100);
    }

    #[test]
    fn many_at_once_do_not_overshoot_together() {
        let mut budgets = Budgets::default();
        let taken: Vec<_> = (0..50).filter_map(|_| budgets.earmark(&purses(), 30, TODAY).ok()).collect();
        assert_eq!(taken.len(), 3);
        assert_eq!(budgets.taken(&Purse::All).0, 90);
    }

    #[test]
    fn without_a_cap_there_is_no_bound_and_with_a_cap_of_nothing_there_is_nothing() {
        let mut budgets = Budgets::default();
        let free = [(Purse::All, Caps::default())];
        assert_eq!(budgets.left(&free, TODAY), None);
        assert!(budgets.earmark(&free, u64::MAX, TODAY).is_ok());
        let none = [(Purse::Key("x".into()), Caps { day: Some(0), month: None })];
        assert!(budgets.earmark(&none, 0, TODAY).is_err());
    }
}
