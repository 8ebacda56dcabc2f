//! When a replay counts as failed.

use super::Replayed;
use std::fmt;
use std::str::FromStr;

/// What a measure comes to, as a number and as a share.
pub(super) struct Measured {
    pub(super) count: f64,
    pub(super) share: f64,
}

impl Measured {
    pub(super) fn share(share: f64) -> Self {
        Self { count: share, share }
    }
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Requests with another zone, target or denial.
    Moved,
    /// Requests that are newly refused.
    Denied,
    /// Requests that are newly not refused.
    Allowed,
    /// Requests that newly go to the cloud.
    ToCloud,
    /// Requests that newly stay.
    ToLocal,
    /// Requests whose record had lost a part of the facts.
    Incomplete,
    /// The rise of the share that runs in the cloud.
    CloudShare,
    /// The rise of the cost.
    Cost,
    /// The highest utilisation of a target in its busiest five minutes.
    Utilisation,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Measure; 9] = [
        Measure::Moved,
        Measure::Denied,
        Measure::Allowed,
        Measure::ToCloud,
        Measure::ToLocal,
        Measure::Incomplete,
        Measure::CloudShare,
        Measure::Cost,
        Measure::Utilisation,
    ];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Measure::Moved => "moved",
            Measure::Denied => "denied",
            Measure::Allowed => "allowed",
            Measure::ToCloud => "to_cloud",
            Measure::ToLocal => "to_local",
            Measure::Incomplete => "incomplete",
            Measure::CloudShare => "cloud_share",
            Measure::Cost => "cost",
            Measure::Utilisation => "utilisation",
        }
    }

    const fn counts(self) -> bool {
        !matches!(self, Measure::CloudShare | Measure::Cost | Measure::Utilisation)
    }
}

/// A condition under which a replay counts as failed: `denied>0`, `cost>10%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    measure: Measure,
    limit: f64,
    is_share: bool,
}

/// Text that is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no condition; write a measure, `>` and a number, such as `denied>0`, `moved>5%` or `cost>10%`; measures: {known}", known = known())]
pub struct NoCondition(String);

fn known() -> String {
    Measure::ALL.map(Measure::as_str).join(", ")
}

impl FromStr for Condition {
    type Err = NoCondition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let none = || NoCondition(text.to_owned());
        let (measure, limit) = text.split_once('>').ok_or_else(none)?;
        let measure =
            Measure::ALL.into_iter().find(|known| known.as_str() == measure.trim()).ok_or_else(none)?;
        let (number, is_share) = match limit.trim().strip_suffix('%') {
            Some(number) => (number.trim(), true),
            None => (limit.trim(), false),
        };
        let limit = number.parse().ok().filter(|limit: &f64| limit.is_finite() && *limit >= 0.0);
        match limit {
            Some(limit) if is_share || measure.counts() => Ok(Self { measure, limit, is_share }),
            Some(_) | None => Err(none()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, limit, is_share } = self;
        write!(f, "{}>{limit}{}", measure.as_str(), if *is_share { "%" } else { "" })
    }
}

impl Condition {
    /// Whether it holds, and if it does, what was measured, in words.
    #[must_use]
    pub fn holds(&self, replayed: &Replayed) -> Option<String> {
        let Measured { count, share } = replayed.measure(self.measure);
        let name = self.measure.as_str();
        match self.is_share {
            true if share * 100.0 > self.limit => Some(format!("{name} is {:.2} %", share * 100.0)),
            false if count > self.limit => Some(format!("{name} is {count}")),
            true | false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_and_hold_above_their_limit_only() {
        let replayed = Replayed { requests: 200, moved: 10, cost: (100, 111), ..Replayed::default() };
        let holds = |text: &str| text.parse::<Condition>().unwrap().holds(&replayed).is_some();
        assert!(holds("moved>9") && !holds("moved>10"));
        assert!(holds("moved > 4.9%") && !holds("moved>5%"));
        assert!(holds("cost>10%") && !holds("cost>11%"));
        assert!(!holds("denied>0"));
        for wrong in ["cost>10", "denied", "denied>x", "denied>-1", "nothing>1", "denied<3", "moved>"] {
            assert!(wrong.parse::<Condition>().is_err(), "{wrong}");
        }
    }
}
