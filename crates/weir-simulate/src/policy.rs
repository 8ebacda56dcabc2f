use std::fmt;
use std::str::FromStr;

/// How requests are routed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// Weir's dispatcher: classified work queues, then degrades; other work bursts, then queues.
    Weir,
    /// Everything stays on the least loaded server.
    Local,
    /// All that may leave does.
    Cloud,
    /// What may leave does when every server says that more than so many requests wait.
    Queue(u32),
    /// When every server has more than so many of our requests.
    InFlight(u32),
    /// When every server says that more than this share of its cache is used.
    Cache(f64),
    /// When the predicted time to the first token is past the target, with the servers' constants known.
    Predicted,
    /// The same, classified work goes to the smaller model when that is faster, and what may leave does at half
    /// the target.
    Reserve,
}

impl Policy {
    /// Those that are compared when nothing else is said.
    pub const ALL: [Policy; 8] = [
        Policy::Weir,
        Policy::Local,
        Policy::Cloud,
        Policy::Queue(0),
        Policy::InFlight(64),
        Policy::Cache(0.8),
        Policy::Predicted,
        Policy::Reserve,
    ];

    /// Whether the smaller model is used, and paid for.
    pub(crate) const fn uses_small(self) -> bool {
        matches!(self, Policy::Weir | Policy::Reserve)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Policy::Weir => f.write_str("weir"),
            Policy::Local => f.write_str("local"),
            Policy::Cloud => f.write_str("cloud"),
            Policy::Queue(waiting) => write!(f, "queue:{waiting}"),
            Policy::InFlight(requests) => write!(f, "in-flight:{requests}"),
            Policy::Cache(used) => write!(f, "cache:{used}"),
            Policy::Predicted => f.write_str("predicted"),
            Policy::Reserve => f.write_str("reserve"),
        }
    }
}

/// A word that names no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no policy; there are `weir`, `local`, `cloud`, `queue:N`, `in-flight:N`, `cache:SHARE`, `predicted`, `reserve`"
)]
pub struct UnknownPolicy(pub String);

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownPolicy(text.to_owned());
        let (name, figure) = text.split_once(':').unwrap_or((text, ""));
        let number = || figure.parse().map_err(|_| unknown());
        match (name, figure) {
            ("weir", "") => Ok(Policy::Weir),
            ("local", "") => Ok(Policy::Local),
            ("cloud", "") => Ok(Policy::Cloud),
            ("predicted", "") => Ok(Policy::Predicted),
            ("reserve", "") => Ok(Policy::Reserve),
            ("queue", _) => number().map(Policy::Queue),
            ("in-flight", _) => number().map(Policy::InFlight),
            ("cache", _) => {
                let share: f64 = figure.parse().map_err(|_| unknown())?;
                (0.0..=1.0).contains(&share).then_some(Policy::Cache(share)).ok_or_else(unknown)
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_is_read_as_it_is_written() {
        for policy in Policy::ALL {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        for wrong in ["", "best", "queue", "queue:-1", "cache:2", "weir:1"] {
            assert!(wrong.parse::<Policy>().is_err(), "{wrong}");
        }
    }
}
