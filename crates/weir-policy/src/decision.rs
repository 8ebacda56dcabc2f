//! What is decided about a request, and of every target why it may or may not have it.

use crate::{Catalogue, Escalation, Modality, Obligations, RuleName, Step, TargetId, Word as _};
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
    /// What becomes of an answer that does not do, if the rule has a cascade.
    pub escalation: Option<Escalation>,
}

impl Plan {
    /// Every target but the degrade targets: `first`, then `overflow`.
    pub fn targets(&self) -> impl Iterator<Item = TargetId> {
        self.first.iter().chain(&self.overflow).copied()
    }

    /// The first target of each zone, local first, if it has both: requests whose answers can be compared. `None` for
    /// what is classified, whose plan has no target outside.
    #[must_use]
    pub fn comparable(&self, catalogue: &Catalogue) -> Option<(TargetId, TargetId)> {
        let is_of =
            |zone| move |id: &TargetId| catalogue.target(*id).is_some_and(|target| target.zone() == zone);
        self.targets().find(is_of(ZoneKind::Local)).zip(self.targets().find(is_of(ZoneKind::Cloud)))
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
    /// What the target costs is more than the caller may still spend.
    #[error("what is left of the budget, {} USD, does not pay for it", usd(*.left_micro_usd))]
    OverBudget {
        /// What is left, in micro-USD.
        left_micro_usd: u64,
    },
    /// Prompt and answer do not fit.
    #[error("the request needs about {tokens} tokens, and the model's context holds {context}")]
    ContextTooLong {
        /// Tokens of the prompt (an estimate) and the answer's limit.
        tokens: u64,
        /// The model's context.
        context: u32,
    },
    /// The target cannot serve such a request.
    #[error("{0}")]
    Unfit(Unfit),
    /// The target's answers to such tasks are not good enough for the rule.
    #[error("its quality of {} is too far below the best, {}", share(*.quality), share(*.best))]
    Quality {
        /// Of this target, from 0 to a million.
        quality: u64,
        /// Of the best that is left.
        best: u64,
    },
}

fn share(millionths: u64) -> String {
    format!("{:.2}", millionths as f64 / 1e6)
}

/// What a target cannot do that a request needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Its backend has no such endpoint.
    #[error("the backend has no endpoint for this")]
    Endpoint,
    /// The model does not take this kind of content.
    #[error("the model takes no {}", .0.word())]
    Modality(Modality),
    /// The model calls no tools.
    #[error("the model calls no tools")]
    Tools,
    /// The model keeps to no JSON Schema.
    #[error("the model keeps to no JSON Schema")]
    JsonSchema,
    /// The client wants more tokens back than the model gives.
    #[error("the model gives at most {0} tokens")]
    Output(u32),
    /// It is another model than the alias's first, whose embeddings cannot be compared with those of this one.
    #[error("it is another model than the alias's first, and embeddings of two models do not compare")]
    OtherModel,
    /// The backend's API has no word for a field of the request, without which the answer would be another.
    #[error("the backend's API has nothing for `{0}`")]
    Field(Arc<str>),
}

impl Unfit {
    /// A short stable word for metrics and records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Unfit::Endpoint => "no_endpoint",
            Unfit::Modality(_) => "no_modality",
            Unfit::Tools => "no_tools",
            Unfit::JsonSchema => "no_json_schema",
            Unfit::Output(_) => "output_too_long",
            Unfit::OtherModel => "other_model",
            Unfit::Field(_) => "unsupported_field",
        }
    }

    /// What a record tells of it: enough to leave the target out again. Which field, modality or limit it was is
    /// not in records.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        let recorded: Arc<str> = "(recorded)".into();
        let plain = [Unfit::Endpoint, Unfit::Tools, Unfit::JsonSchema, Unfit::Output(0), Unfit::OtherModel];
        let modality = Unfit::Modality(Modality::File);
        plain.into_iter().chain([modality, Unfit::Field(recorded)]).find(|unfit| unfit.code() == code)
    }

    /// The field of the request at fault, where it is one.
    #[must_use]
    pub fn field(&self) -> Option<&Arc<str>> {
        match self {
            Unfit::Field(field) => Some(field),
            Unfit::Endpoint
            | Unfit::Modality(_)
            | Unfit::Tools
            | Unfit::JsonSchema
            | Unfit::Output(_)
            | Unfit::OtherModel => None,
        }
    }
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
            Exclusion::OverBudget { .. } => "over_budget",
            Exclusion::ContextTooLong { .. } => "context_too_long",
            Exclusion::Unfit(unfit) => unfit.code(),
            Exclusion::Quality { .. } => "quality",
        }
    }
}

/// Micro-USD as USD, for people.
fn usd(micro_usd: u64) -> String {
    format!("{}.{:06}", micro_usd / 1_000_000, micro_usd % 1_000_000)
}

/// A refusal to route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What kind of refusal.
    pub code: DenialCode,
    /// What to tell the caller; holds nothing of the request's text.
    pub message: Arc<str>,
    /// The field of the request at fault, where it is one.
    pub param: Option<Arc<str>>,
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
    /// No target that it may go to can serve such a request.
    NoFitTarget,
    /// The targets that it may go to cost more than the caller may still spend.
    OverBudget,
}

impl DenialCode {
    /// Every code.
    pub const ALL: [DenialCode; 6] = [
        DenialCode::PolicyDenied,
        DenialCode::NoLocalTarget,
        DenialCode::ContextTooLong,
        DenialCode::NoTargetLeft,
        DenialCode::NoFitTarget,
        DenialCode::OverBudget,
    ];

    /// A short stable word for replies, metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DenialCode::PolicyDenied => "policy_denied",
            DenialCode::NoLocalTarget => "no_local_target",
            DenialCode::ContextTooLong => "context_too_long",
            DenialCode::NoTargetLeft => "no_target_left",
            DenialCode::NoFitTarget => "no_fit_target",
            DenialCode::OverBudget => "over_budget",
        }
    }
}

impl fmt::Display for DenialCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
