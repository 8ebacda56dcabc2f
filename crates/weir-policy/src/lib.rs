//! The policy language: facts in, decision out.
//!
//! [`decide`] is one pure, total function: no I/O, no clock, no randomness. The same function serves
//! live traffic, explanations, tests and replay. It knows nothing of YAML, HTTP or how full a backend
//! is; names are resolved to a [`Catalogue`] before, and what to do when a target is full is handed on
//! as the plan's ladder.
//!
//! Invariants, each written where it is upheld:
//!
//! - INVARIANT (guard before rules): the boundary is asked about every target before any rule is
//!   looked at, and rules choose among what it left. A [`Plan`] holds no other target.
//! - INVARIANT (unknown never widens): a condition that cannot be evaluated does not let a rule match
//!   that could send a request outside.

mod catalogue;
mod condition;
mod decide;
mod decision;
mod facts;
mod rule;
mod target;

pub use catalogue::{Alias, Catalogue, InvalidCatalogue};
pub use condition::{
    Comparison, Condition, Flag, NameFact, NamePattern, Names, NumberFact, OneOf, Operator, Test, Truth,
};
pub use decide::decide;
pub use decision::{Action, Decision, Denial, DenialCode, Exclusion, Plan, Verdict};
pub use facts::{CallerFacts, DataFacts, Facts, LatencyClass, RequestFacts, RouteWish, UnknownWord};
pub use rule::{InvalidRuleName, Policy, Preference, Routing, Rule, RuleAction, RuleName, Selection, Step};
pub use target::{AnyRecipient, Price, Target, TargetId};
