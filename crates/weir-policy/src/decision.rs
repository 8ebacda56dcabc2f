use crate::{Obligations, RuleName, Step, TargetId};
use std::fmt;
use std::sync::Arc;
use weir_label::{Refusal, Revision, ZoneKind};

/// What the policy says of one request, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The rule that decided.
    pub rule: RuleName,
    /// What is to happen.
    pub action: Action,
    /// What became of each target of the alias: its targets in the operator's order, then its degrade
    /// targets.
    pub considered: Vec<(TargetId, Verdict)>,
    /// What else is to be done with the request.
    pub obligations: Arc<Obligations>,
    /// The policy revision that decided.
    pub revision: Revision,
}

/// What is to happen with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send it to a target of this plan.
    Route(Plan),
    /// Refuse it.
    Deny(Denial),
}

/// Where a request may run: targets that the boundary and the rule both leave, and what to do when
/// they are full.
///
/// A request takes the first target of `first` that has a free place. When none has, the steps of
/// `ladder` are taken in order: `queue` waits for a place on a target of `first`, `degrade` takes a
/// target of `degrade`, `burst` takes one of `overflow`, `reject` ends.
///
/// When a target *fails* before the first token, the next of [`targets`](Self::targets) may be tried:
/// a failure, unlike fullness, needs no `burst` to move on to `overflow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Targets that are tried at once, best first; never empty. When the best is local, all local
    /// ones; when it is in the cloud, all.
    pub first: Vec<TargetId>,
    /// The cloud targets of a plan whose best target is local, best first.
    pub overflow: Vec<TargetId>,
    /// Smaller local models, in the operator's order. Empty when the ladder has no `degrade`.
    pub degrade: Vec<TargetId>,
    /// What to do when there is no free place; ends with `reject`, stated or not.
    pub ladder: Vec<Step>,
}

impl Plan {
    /// Every target but the degrade targets: `first`, then `overflow`.
    pub fn targets(&self) -> impl Iterator<Item = TargetId> {
        self.first.iter().chain(&self.overflow).copied()
    }
}

/// What became of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the plan.
    Candidate,
    /// It is not.
    Excluded(Exclusion),
}

/// Why a target is not in the plan. The first reason that holds, in the order of the variants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Exclusion {
    /// The boundary or the backend's clearance refuses the request.
    #[error("{0}")]
    Boundary(Refusal),
    /// The rule denies every target.
    #[error("the rule denies the request")]
    RuleDenies,
    /// The rule uses the other zone only.
    #[error("the rule uses {0} targets only")]
    RuleZone(ZoneKind),
    /// The rule lists targets, and this is not one.
    #[error("the rule does not list this target")]
    RuleTargets,
    /// The rule's ladder has no `degrade`.
    #[error("the rule does not degrade to smaller models")]
    RuleLadder,
    /// The caller asked for local targets only.
    #[error("the caller asked for local targets only")]
    Wish,
    /// Prompt and answer do not fit.
    #[error("the request needs about {tokens} tokens, and the model's context holds {context}")]
    ContextTooLong {
        /// Tokens of the prompt (an estimate) and the answer's limit.
        tokens: u64,
        /// The model's context.
        context: u32,
    },
}

impl Exclusion {
    /// A short stable word for metrics and records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Exclusion::Boundary(refusal) => refusal.code(),
            Exclusion::RuleDenies => "rule_denies",
            Exclusion::RuleZone(_) => "rule_zone",
            Exclusion::RuleTargets => "rule_targets",
            Exclusion::RuleLadder => "rule_ladder",
            Exclusion::Wish => "wish",
            Exclusion::ContextTooLong { .. } => "context_too_long",
        }
    }
}

/// A refusal to route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What kind of refusal.
    pub code: DenialCode,
    /// What to tell the caller; holds nothing of the request's text.
    pub message: Arc<str>,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What kind of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DenialCode {
    /// The rule says `deny`.
    PolicyDenied,
    /// Every target is outside the network, or not cleared, and the data may not go there.
    NoLocalTarget,
    /// The request fits no target that it may go to.
    ContextTooLong,
    /// The rule and the caller's wish leave no target of the alias.
    NoTargetLeft,
}

impl DenialCode {
    /// Every code.
    pub const ALL: [DenialCode; 4] = [
        DenialCode::PolicyDenied,
        DenialCode::NoLocalTarget,
        DenialCode::ContextTooLong,
        DenialCode::NoTargetLeft,
    ];

    /// A short stable word for replies, metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DenialCode::PolicyDenied => "policy_denied",
            DenialCode::NoLocalTarget => "no_local_target",
            DenialCode::ContextTooLong => "context_too_long",
            DenialCode::NoTargetLeft => "no_target_left",
        }
    }
}

impl fmt::Display for DenialCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
