//! From a policy on a disk to the policy in force.
//!
//! - [`bundle`]: which files a signed policy consists of, and in which version.
//! - [`Rollout`]: the stages by which a new policy comes into force, and what stops it.
//!
//! All of it is pure: `now` is an argument, bytes come from whoever calls.

pub mod bundle;
mod rollout;
mod tally;

pub use rollout::{Arm, Mode, NoPercent, Percent, Plan, Rollout, Stage, Turn, bucket};
pub use tally::{Alarm, Bounds, Measure, Sample, Tally};
