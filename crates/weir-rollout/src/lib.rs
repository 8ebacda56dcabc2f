//! From a policy on a disk to the policy in force.
//!
//! - [`bundle`]: which files a signed policy consists of, and in which version.
//! - [`Case`] and [`Coverage`]: what a policy must make of requests, and what its cases have seen.
//! - [`Rollout`]: the stages by which a new policy comes into force, and what stops it.
//!
//! All of it is pure: `now` is an argument, bytes come from whoever calls.

pub mod bundle;
mod cases;
mod rollout;
mod tally;

pub use cases::{Case, Coverage, Denied, Expectation, Judgement, RuleCoverage, TestCoverage, junit};
pub use rollout::{Arm, Mode, NoPercent, Percent, Plan, Rollout, Stage, Turn, bucket};
pub use tally::{Alarm, Bounds, Measure, Sample, Tally};
