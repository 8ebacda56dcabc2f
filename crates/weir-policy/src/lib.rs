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

mod cascade;
mod catalogue;
mod change;
mod condition;
mod cost;
mod decide;
mod decision;
mod fact;
mod facts;
mod index;
mod names;
mod owned;
mod price;
mod ranges;
mod regions;
mod rule;
mod target;
mod value;
mod words;

pub use cascade::{Cascade, Escalation};
pub use catalogue::{Alias, Catalogue, InvalidCatalogue};
pub use change::{Change, changes, ways_to};
pub use condition::{Condition, EntityCount, Test, Truth};
pub use cost::Expected;
pub use decide::decide;
pub use decision::{Action, Decision, Denial, DenialCode, Exclusion, Plan, Unfit, Verdict};
pub use fact::{Fact, Flag, Measure, NameFact, NumberFact, Pool, Unit};
pub use facts::{
    ALL_FIT, CallerFacts, CapacityFacts, CostFacts, DataFacts, Facts, LatencyFacts, Load, NOTHING_MEASURED,
    RequestFacts, RouteWish, TaskFacts, TimeFacts, UnknownWord,
};
pub use names::{NamePattern, Names};
pub use owned::{OwnedFacts, Unsettable};
pub use price::{Day, Price, Prices, Rates, Tier, TokenCount, micro_usd};
pub use ranges::{Range, Ranges};
pub use regions::Regions;
pub use rule::{
    InvalidRuleName, Obligations, Policy, Preference, Requirement, Routing, Rule, RuleAction, RuleName,
    Selection, Step,
};
pub use target::{AnyRecipient, Quality, Target, TargetId};
pub use value::FactValue;
pub use words::{Check, LatencyClass, Modality, ResponseFormat, TaskType, Weekday, Word, Words};
