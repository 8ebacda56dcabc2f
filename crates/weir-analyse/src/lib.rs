//! What a policy can and cannot do, over every request that there can be.
//!
//! The conditions of a policy, the boundary, the residency table, clearances and contexts divide each fact into
//! finitely many cells, and all requests into regions: combinations of one cell of each fact. All requests of a
//! region are decided alike. Regions are not gone through one by one but as decision diagrams, so that the work
//! grows with what rules have to do with each other and not with the number of regions.

mod axis;
mod cover;
mod diagram;
mod diff;
mod environment;
mod finding;
mod lint;
mod pairs;
mod prove;
mod rules;
mod space;
mod words;

#[cfg(test)]
#[path = "../../weir-policy/tests/common/random.rs"]
#[allow(dead_code, reason = "the tests of weir-policy use what these do not")]
mod random;
#[cfg(test)]
mod tests;

pub use diff::{Change, ChangeKind, Difference, Effect, Subject, diff};
pub use finding::{Finding, Kind, Severity, telling_facts};
pub use lint::{Advice, AdviceKind, Lint, Score, lint, never_decided, score};
pub use prove::{Decide, Proof, TooComplex, prove, prove_by};
