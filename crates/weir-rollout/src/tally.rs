use serde::{Deserialize, Serialize};
use std::fmt;

/// What one decided request adds to a tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// It was refused: by the policy, or because there was no place.
    pub denied: bool,
    /// It was forwarded, and Weir or the backend failed.
    pub failed: bool,
    /// It ran outside the network.
    pub cloud: bool,
    /// What it cost, in picodollars (10⁻¹² USD), if that is known.
    pub cost: Option<u64>,
}

/// What became of the requests that one policy revision decided.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// Requests.
    pub requests: u64,
    /// Those refused.
    pub denied: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that ran in the cloud.
    pub cloud: u64,
    cost: Mean,
}

impl Tally {
    /// Adds a request.
    pub fn add(&mut self, sample: Sample) {
        self.requests += 1;
        self.denied += u64::from(sample.denied);
        self.failed += u64::from(sample.failed);
        self.cloud += u64::from(sample.cloud);
        if let Some(cost) = sample.cost {
            self.cost.add(cost as f64);
        }
    }

    /// Mean cost of those whose cost is known, in USD.
    #[must_use]
    pub fn cost_usd(&self) -> Option<f64> {
        (self.cost.count > 0).then_some(self.cost.mean / PICODOLLARS)
    }
}

const PICODOLLARS: f64 = 1e12;

/// Mean and variance of a series, in one pass.
///
/// Source: Welford, "Note on a method for calculating corrected sums of squares and products" (1962).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Mean {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let from_old = value - self.mean;
        self.mean += from_old / self.count as f64;
        self.squares += from_old * (value - self.mean);
    }

    /// Square of the standard error of the mean.
    fn error_squared(&self) -> f64 {
        let count = self.count as f64;
        if self.count < 2 { f64::INFINITY } else { self.squares / (count - 1.0) / count }
    }
}

/// How far a new policy may differ from the one in force before its rollout stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// More refusals, in percentage points.
    pub denials: u8,
    /// More failures, in percentage points.
    pub errors: u8,
    /// More requests in the cloud, in percentage points.
    pub cloud_share: u8,
    /// A higher mean cost of a request, in percent of the cost before.
    pub cost: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { denials: 2, errors: 2, cloud_share: 10, cost: 25 }
    }
}

/// What a rollout is watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Share of requests that were refused.
    Denials,
    /// Share of requests that failed.
    Errors,
    /// Share of requests that ran in the cloud.
    CloudShare,
    /// Mean cost of a request.
    Cost,
}

impl Measure {
    /// The word in records, metrics and answers of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Measure::Denials => "denials",
            Measure::Errors => "errors",
            Measure::CloudShare => "cloud_share",
            Measure::Cost => "cost",
        }
    }
}

/// A measure that left its bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Which.
    pub measure: Measure,
    /// Its value under the policy in force: a share from 0 to 1, or USD.
    pub before: f64,
    /// Its value under the new one.
    pub after: f64,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, before, after } = *self;
        match measure {
            Measure::Cost => write!(f, "cost of a request: {before:.6} USD before, {after:.6} USD now"),
            Measure::Denials | Measure::Errors | Measure::CloudShare => {
                let name = measure.as_str();
                write!(f, "{name}: {:.1} % before, {:.1} % now", before * 100.0, after * 100.0)
            }
        }
    }
}

/// How many standard errors make a difference one that is not chance. It is looked at again and again
/// during a rollout, which is why it is not two.
const SURE: f64 = 3.5;
/// A mean cost of fewer requests than this says nothing: costs are far from normally distributed.
const COSTS_MIN: u64 = 50;

impl Bounds {
    /// The first measure by which the new policy is out of bounds, and not by chance.
    ///
    /// A share is out when so many hits would be chance less than once in ten thousand times if it were the
    /// share before plus the bound; a cost when its mean lies above the bound by 3.5 standard errors. Without a
    /// request under the policy in force there is nothing to compare with, and no alarm.
    #[must_use]
    pub fn alarm(&self, before: &Tally, after: &Tally) -> Option<Alarm> {
        let shares = [
            (Measure::Denials, before.denied, after.denied, self.denials),
            (Measure::Errors, before.failed, after.failed, self.errors),
            (Measure::CloudShare, before.cloud, after.cloud, self.cloud_share),
        ];
        let out = shares.into_iter().find_map(|(measure, hits_before, hits_after, points)| {
            let seen_before = share(hits_before, before.requests)?;
            // One hit more than there was: of few requests little is known.
            let at_most = share(hits_before + 1, before.requests + 1)?;
            let bound = (at_most + f64::from(points) / 100.0).min(1.0);
            let seen_after = share(hits_after, after.requests)?;
            let is_out = exceeds(hits_after, after.requests, bound);
            is_out.then_some(Alarm { measure, before: seen_before, after: seen_after })
        });
        out.or_else(|| self.cost_alarm(before, after))
    }

    fn cost_alarm(&self, before: &Tally, after: &Tally) -> Option<Alarm> {
        let (old, new) = (before.cost, after.cost);
        if old.count < COSTS_MIN || new.count < COSTS_MIN {
            return None;
        }
        let factor = 1.0 + f64::from(self.cost) / 100.0;
        let error = (new.error_squared() + factor * factor * old.error_squared()).sqrt();
        let is_out = new.mean - old.mean * factor > SURE * error && new.mean > old.mean;
        let usd = |mean: Mean| mean.mean / PICODOLLARS;
        is_out.then(|| Alarm { measure: Measure::Cost, before: usd(old), after: usd(new) })
    }
}

fn share(hits: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| hits as f64 / of as f64)
}

/// Whether so many hits of so many requests are more than a share of `bound` gives by chance: less often than
/// once in ten thousand times.
///
/// Source: the Chernoff bound of the binomial distribution; Hoeffding, "Probability inequalities for sums of bounded
/// random variables" (1963), theorem 1.
fn exceeds(hits: u64, of: u64, bound: f64) -> bool {
    const RARE: f64 = 1e-4;
    let Some(seen) = share(hits, of).filter(|seen| *seen > bound) else { return false };
    // 0 · ln 0 is 0.
    let term = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
    let divergence = term(seen, bound) + term(1.0 - seen, 1.0 - bound);
    of as f64 * divergence > -RARE.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(requests: u64, sample: impl Fn(u64) -> Sample) -> Tally {
        let mut tally = Tally::default();
        (0..requests).for_each(|index| tally.add(sample(index)));
        tally
    }

    fn denied_every(n: u64) -> impl Fn(u64) -> Sample {
        move |index| Sample { denied: index % n == 0, ..Sample::default() }
    }

    fn measure(before: &Tally, after: &Tally) -> Option<Measure> {
        Bounds::default().alarm(before, after).map(|alarm| alarm.measure)
    }

    #[test]
    fn a_policy_that_denies_everything_is_noticed_within_fifteen_requests() {
        let before = tally(1000, denied_every(100));
        let noticed = (1..).find(|n| measure(&before, &tally(*n, denied_every(1))).is_some());
        assert!(noticed.is_some_and(|n| n <= 15), "{noticed:?}");
    }

    #[test]
    fn what_one_request_more_could_explain_is_no_alarm() {
        let before = tally(1000, denied_every(100));
        assert_eq!(measure(&before, &tally(1, denied_every(1))), None);
        assert_eq!(measure(&before, &tally(10, denied_every(5))), None);
        assert_eq!(measure(&before, &tally(10_000, denied_every(50))), None, "within the bound");
        assert_eq!(measure(&before, &tally(10_000, denied_every(10))), Some(Measure::Denials));
    }

    #[test]
    fn each_measure_has_its_alarm_and_none_without_a_comparison() {
        let calm = tally(500, |_| Sample { cost: Some(1_000), ..Sample::default() });
        let cases = [
            (Measure::Errors, Sample { failed: true, ..Sample::default() }),
            (Measure::CloudShare, Sample { cloud: true, ..Sample::default() }),
            (Measure::Cost, Sample { cost: Some(2_000), ..Sample::default() }),
        ];
        for (expected, sample) in cases {
            let after = tally(500, |_| sample);
            assert_eq!(measure(&calm, &after), Some(expected));
            assert_eq!(measure(&Tally::default(), &after), None);
            assert_eq!(measure(&after, &calm), None, "less of it is no alarm");
        }
    }

    #[test]
    fn of_few_requests_under_the_policy_before_little_is_known() {
        let (few, many) = (tally(3, |_| Sample::default()), tally(300, |_| Sample::default()));
        let after = tally(10, |index| Sample { denied: index < 5, ..Sample::default() });
        assert_eq!(measure(&few, &after), None);
        assert_eq!(measure(&many, &after), Some(Measure::Denials));
    }

    #[test]
    fn a_dearer_policy_is_one_beyond_the_bound_and_beyond_chance() {
        let costs = |requests, cost: &dyn Fn(u64) -> u64| {
            tally(requests, |index| Sample { cost: Some(cost(index)), ..Sample::default() })
        };
        let steady = |cost: u64| move |index: u64| cost + index % 3;
        let before = costs(500, &steady(1_000));
        assert_eq!(measure(&before, &costs(500, &steady(1_200))), None, "within the bound");
        assert_eq!(measure(&before, &costs(500, &steady(1_400))), Some(Measure::Cost));
        assert_eq!(measure(&before, &costs(49, &steady(9_000))), None, "too few to know");
        assert_eq!(
            measure(&costs(49, &steady(1_000)), &costs(500, &steady(9_000))),
            None,
            "too few to compare"
        );
        let uneven = costs(100, &|index| index % 2 * 2_000);
        assert_eq!(
            measure(&uneven, &costs(500, &steady(1_300))),
            None,
            "it was about as much before, now and then"
        );
    }

    #[test]
    fn one_expensive_request_is_no_dearer_policy() {
        let cost = |index: u64| Sample { cost: Some(1_000 + index % 7 * 100), ..Sample::default() };
        let before = tally(1_000, cost);
        let after = tally(100, |index| match index {
            50 => Sample { cost: Some(200_000), ..Sample::default() },
            _ => cost(index),
        });
        assert_eq!(measure(&before, &after), None);
    }
}
