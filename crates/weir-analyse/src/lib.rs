//! What a policy can and cannot do, over every request that there can be.
//!
//! The conditions of a policy, the boundary, the residency table, clearances and contexts divide each fact into
//! finitely many cells, and all requests into regions: combinations of one cell of each fact. All requests of a
//! region are decided alike. Regions are not gone through one by one: each question, such as whether a rule decides
//! about any request, is whether there is a region of which some statements are true, and a search that learns from
//! contradictions either finds one or shows that there is none. docs/decisions/0009 says why.

mod axis;
mod bits;
mod cover;
mod diagram;
mod diff;
mod environment;
mod finding;
mod lint;
mod prove;
mod questions;
mod rules;
mod sieve;
mod solve;
mod space;
mod walk;
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
