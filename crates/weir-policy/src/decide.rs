use crate::cost;
use crate::{
    Action, Alias, Catalogue, Decision, Denial, DenialCode, Escalation, Exclusion, Facts, Plan, Policy,
    Preference, Quality, RouteWish, Routing, Rule, RuleAction, Selection, Step, Target, TargetId, Verdict,
};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_label::{Boundary, Refusal, ZoneKind};

/// Decides where a request may run.
///
/// Pure and total. `alias` must be of `catalogue`; a target id that is not is passed over.
///
/// The boundary is asked about every target first; the first rule that matches then chooses among the
/// targets that are left, orders them and names the ladder. When nothing is left the request is denied.
#[must_use]
pub fn decide(policy: &Policy, catalogue: &Catalogue, alias: &Alias, facts: &Facts<'_>) -> Decision {
    let guarded = guard(&policy.boundary, catalogue, alias, facts);
    let rule = policy.rule_for(facts);
    let mut judged: Vec<Judged<'_>> = guarded.into_iter().map(|target| target.judge(rule, facts)).collect();
    leave_good_enough(rule, &mut judged, facts);
    let action = match &rule.action {
        RuleAction::Deny(message) => Action::Deny(denied_by_rule(message)),
        RuleAction::Route(routing) => plan(routing, &judged, facts)
            .map_or_else(|| Action::Deny(nothing_left(alias, &judged, facts)), Action::Route),
    };
    Decision {
        rule: rule.name.clone(),
        action,
        obligations: rule.obligations.clone(),
        considered: judged.into_iter().map(|judged| (judged.target.id, judged.verdict)).collect(),
        revision: policy.boundary.revision().clone(),
    }
}

/// A target of the alias, with what the boundary says of it.
struct Guarded<'a> {
    target: Candidate<'a>,
    refusal: Option<Refusal>,
}

/// A target of the alias, with what the boundary, the rule and the caller's wish say of it.
struct Judged<'a> {
    target: Candidate<'a>,
    verdict: Verdict,
}

#[derive(Clone, Copy)]
struct Candidate<'a> {
    id: TargetId,
    target: &'a Target,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Main,
    Degrade,
}

/// INVARIANT (guard before rules): no rule is an argument, and what is refused here is refused.
fn guard<'a>(
    boundary: &Boundary,
    catalogue: &'a Catalogue,
    alias: &Alias,
    facts: &Facts<'_>,
) -> Vec<Guarded<'a>> {
    let main = alias.targets().iter().map(|id| (*id, Role::Main));
    let degrade = alias.degrade().iter().map(|id| (*id, Role::Degrade));
    main.chain(degrade)
        .filter_map(|(id, role)| Some(Candidate { id, target: catalogue.target(id)?, role }))
        .map(|candidate| Guarded {
            target: candidate,
            refusal: candidate.target.recipient.check(boundary, facts.data.label).err(),
        })
        .collect()
}

impl<'a> Guarded<'a> {
    fn judge(self, rule: &Rule, facts: &Facts<'_>) -> Judged<'a> {
        let Self { target, refusal } = self;
        let exclusion = refusal
            .map(Exclusion::Boundary)
            .or_else(|| rule_excludes(rule, target))
            .or_else(|| wish_excludes(facts.wish, target))
            .or_else(|| budget_excludes(target, facts))
            .or_else(|| context_excludes(target, facts))
            .or_else(|| facts.unfit.get(&target.id).cloned().map(Exclusion::Unfit));
        Judged { target, verdict: exclusion.map_or(Verdict::Candidate, Verdict::Excluded) }
    }
}

fn rule_excludes(rule: &Rule, candidate: Candidate<'_>) -> Option<Exclusion> {
    let routing = match &rule.action {
        RuleAction::Deny(_) => return Some(Exclusion::RuleDenies),
        RuleAction::Route(routing) => routing,
    };
    match (candidate.role, &routing.targets) {
        // A rule that says `degrade` means the alias's smaller models, which its `use` rarely lists.
        (Role::Degrade, _) => (!routing.when_full.contains(&Step::Degrade)).then_some(Exclusion::RuleLadder),
        (Role::Main, Selection::Any) => None,
        (Role::Main, Selection::Zone(zone)) => {
            (candidate.target.zone() != *zone).then_some(Exclusion::RuleZone(*zone))
        }
        (Role::Main, Selection::Targets(listed)) => {
            (!listed.contains(&candidate.id)).then_some(Exclusion::RuleTargets)
        }
        (Role::Main, Selection::Among { zone: Some(zone), .. }) if candidate.target.zone() != *zone => {
            Some(Exclusion::RuleZone(*zone))
        }
        (Role::Main, Selection::Among { targets, .. }) => {
            (!targets.contains(&candidate.id)).then_some(Exclusion::RuleTargets)
        }
    }
}

fn wish_excludes(wish: Option<RouteWish>, candidate: Candidate<'_>) -> Option<Exclusion> {
    let leaves = candidate.target.zone() == ZoneKind::Cloud;
    (leaves && wish == Some(RouteWish::LocalOnly)).then_some(Exclusion::Wish)
}

/// A budget is for what leaves the network: what runs inside is served whatever was spent, so that data that may not
/// leave has a place when there is no money left.
fn budget_excludes(candidate: Candidate<'_>, facts: &Facts<'_>) -> Option<Exclusion> {
    let left_micro_usd = facts.cost.budget_left_micro_usd?;
    let cost = cost::Expected::of(facts).picodollars(candidate.target).map(crate::micro_usd);
    let is_spent = left_micro_usd == 0 || cost.is_some_and(|cost| cost > left_micro_usd);
    (candidate.target.zone() == ZoneKind::Cloud && is_spent)
        .then_some(Exclusion::OverBudget { left_micro_usd })
}

fn context_excludes(candidate: Candidate<'_>, facts: &Facts<'_>) -> Option<Exclusion> {
    let context = candidate.target.context_tokens?;
    let tokens = facts.request.prompt_tokens.saturating_add(facts.request.max_output_tokens.unwrap_or(0));
    (tokens > u64::from(context)).then_some(Exclusion::ContextTooLong { tokens, context })
}

/// Leaves out what is too far below the best of those that are left, if the rule asks for a quality. The best is never
/// left out, so that this refuses no request.
fn leave_good_enough(rule: &Rule, judged: &mut [Judged<'_>], facts: &Facts<'_>) {
    const WHOLE: u128 = 1_000_000;
    let RuleAction::Route(Routing { quality: Some(share), .. }) = &rule.action else { return };
    let left = |judged: &Judged<'_>| judged.verdict == Verdict::Candidate && judged.target.role == Role::Main;
    let of = |judged: &Judged<'_>| presumed_quality(judged.target, facts);
    let Some(best) = judged.iter().filter(|judged| left(judged)).map(of).max() else { return };
    for judged in judged.iter_mut().filter(|judged| left(judged)) {
        let quality = presumed_quality(judged.target, facts);
        if u128::from(quality) * WHOLE < u128::from(best) * u128::from(*share) {
            judged.verdict = Verdict::Excluded(Exclusion::Quality { quality, best });
        }
    }
}

/// Measured, or else declared.
fn quality(candidate: Candidate<'_>, facts: &Facts<'_>) -> Option<u64> {
    facts.quality.get(&candidate.id).copied().or_else(|| declared_quality(candidate, facts))
}

fn declared_quality(candidate: Candidate<'_>, facts: &Facts<'_>) -> Option<u64> {
    candidate.target.quality.millionths_for(facts.task.kind)
}

fn presumed_quality(candidate: Candidate<'_>, facts: &Facts<'_>) -> u64 {
    quality(candidate, facts).unwrap_or(Quality::PRESUMED_MILLIONTHS)
}

/// How strong each target is, in tenths of quality, and of equals those outside, which are the larger models as a rule.
///
/// What was measured makes a target weaker than it was declared, and none stronger: that its other answers were good says
/// nothing for one that does not do, and little was heard as a rule of those that are seldom asked.
fn escalation(routing: &Routing, candidates: &[Candidate<'_>], facts: &Facts<'_>) -> Option<Escalation> {
    const TENTH_MILLIONTHS: u64 = 100_000;
    let cascade = routing.cascade.clone()?;
    let tenths = |candidate: &Candidate<'_>| {
        let declared = declared_quality(*candidate, facts).unwrap_or(Quality::PRESUMED_MILLIONTHS);
        let quality = presumed_quality(*candidate, facts).min(declared);
        (quality + TENTH_MILLIONTHS / 2) / TENTH_MILLIONTHS
    };
    let key = |candidate: &Candidate<'_>| (Reverse(tenths(candidate)), Reverse(candidate.target.zone()));
    let keys: BTreeSet<_> = candidates.iter().map(key).collect();
    let place = |candidate: &Candidate<'_>| keys.range(..key(candidate)).count();
    let strength = candidates
        .iter()
        .map(|candidate| (candidate.id, u32::try_from(place(candidate)).unwrap_or(u32::MAX)))
        .collect();
    Some(Escalation { cascade, strength })
}

fn plan(routing: &Routing, judged: &[Judged<'_>], facts: &Facts<'_>) -> Option<Plan> {
    let of_role = |role| {
        let left = judged.iter().filter(move |judged| judged.verdict == Verdict::Candidate);
        left.map(|judged| judged.target).filter(move |target| target.role == role)
    };
    let ordered = order(routing, of_role(Role::Main).collect(), facts);
    let escalation = escalation(routing, &ordered, facts);
    let head = ordered.first()?.target.zone();
    let (first, overflow): (Vec<_>, Vec<_>) = ordered.into_iter().partition(|candidate| match head {
        ZoneKind::Local => candidate.target.zone() == ZoneKind::Local,
        ZoneKind::Cloud => true,
    });
    let ids = |candidates: Vec<Candidate<'_>>| candidates.into_iter().map(|candidate| candidate.id).collect();
    Some(Plan {
        first: ids(first),
        overflow: ids(overflow),
        degrade: ids(of_role(Role::Degrade).collect()),
        ladder: routing.when_full.clone(),
        escalation,
    })
}

/// Best first. The sorts are stable, so that what one order leaves equal keeps the order before it.
fn order<'a>(routing: &Routing, mut candidates: Vec<Candidate<'a>>, facts: &Facts<'_>) -> Vec<Candidate<'a>> {
    if let Selection::Targets(listed) = &routing.targets {
        candidates.sort_by_key(|candidate| listed.iter().position(|id| *id == candidate.id));
    }
    match &routing.prefer {
        Preference::Order => {}
        Preference::Local => candidates.sort_by_key(|candidate| candidate.target.zone()),
        Preference::Cheapest => {
            candidates.sort_by_cached_key(|candidate| cost::rank(candidate.target, facts))
        }
        Preference::Fastest => {
            candidates.sort_by_cached_key(|candidate| expected_ttft_ms(candidate.target, facts));
        }
        Preference::Best => candidates.sort_by_cached_key(|candidate| Reverse(quality(*candidate, facts))),
        Preference::Listed(listed) => candidates
            .sort_by_key(|candidate| listed.iter().position(|id| *id == candidate.id).unwrap_or(usize::MAX)),
    }
    if routing.cascade.is_some() {
        candidates.sort_by_key(|candidate| candidate.target.zone());
    } else if facts.wish == Some(RouteWish::CloudOk) && routing.prefer != Preference::Local {
        candidates.sort_by_key(|candidate| Reverse(candidate.target.zone()));
    }
    candidates
}

fn expected_ttft_ms(target: &Target, facts: &Facts<'_>) -> u64 {
    facts.capacity.named.get(&target.name).and_then(|load| load.ttft_ms).unwrap_or(u64::MAX)
}

fn denied_by_rule(message: &Arc<str>) -> Denial {
    Denial { code: DenialCode::PolicyDenied, message: message.clone(), param: None }
}

fn nothing_left(alias: &Alias, judged: &[Judged<'_>], facts: &Facts<'_>) -> Denial {
    let reasons: Vec<&Exclusion> = judged
        .iter()
        .filter(|judged| judged.target.role == Role::Main)
        .filter_map(|judged| match &judged.verdict {
            Verdict::Candidate => None,
            Verdict::Excluded(exclusion) => Some(exclusion),
        })
        .collect();
    let code = denial_code(&reasons);
    // Each reason once, without target names: callers need not know what stands behind an alias.
    let mut seen = BTreeSet::new();
    let because: Vec<String> =
        reasons.iter().map(ToString::to_string).filter(|reason| seen.insert(reason.clone())).collect();
    let message = format!(
        "no target of `{}` may take this request: {} (level {}); {}",
        alias.name(),
        because.join("; "),
        level_in_words(facts),
        remedy(code),
    );
    let field = |reason: &&Exclusion| {
        if let Exclusion::Unfit(unfit) = reason { unfit.field().cloned() } else { None }
    };
    let param = (code == DenialCode::NoFitTarget).then(|| reasons.iter().find_map(field)).flatten();
    Denial { code, message: message.into(), param }
}

fn denial_code(reasons: &[&Exclusion]) -> DenialCode {
    if reasons.iter().all(|reason| matches!(reason, Exclusion::Boundary(_))) {
        DenialCode::NoLocalTarget
    } else if reasons.iter().any(|reason| matches!(reason, Exclusion::OverBudget { .. })) {
        DenialCode::OverBudget
    } else if reasons.iter().any(|reason| matches!(reason, Exclusion::ContextTooLong { .. })) {
        DenialCode::ContextTooLong
    } else if reasons.iter().any(|reason| matches!(reason, Exclusion::Unfit(_))) {
        DenialCode::NoFitTarget
    } else {
        DenialCode::NoTargetLeft
    }
}

fn level_in_words(facts: &Facts<'_>) -> String {
    let label = facts.data.label;
    let opaque = if label.is_opaque() { ", partly not inspectable" } else { "" };
    format!("{}{opaque}", label.level())
}

fn remedy(code: DenialCode) -> &'static str {
    match code {
        DenialCode::PolicyDenied => "ask the owners of the policy",
        DenialCode::NoLocalTarget => "use a model name with a local target that is cleared for this data",
        DenialCode::ContextTooLong => "shorten the request or use a model name with a longer context",
        DenialCode::NoFitTarget => "leave that out of the request, or use another model name",
        DenialCode::NoTargetLeft => "use another model name, or drop the wish for a zone",
        DenialCode::OverBudget => "wait until the budget's next day or month, or ask the operator for more",
    }
}
