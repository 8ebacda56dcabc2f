//! What must hold of a decision, said anew: nothing here asks the guard.

use super::made::Example;
use crate::finding::{Finding, Kind};
use weir_label::{Jurisdiction, Label, Level, ZoneKind};
use weir_policy::{Action, AnyRecipient, Catalogue, Plan, Policy, Target};

/// What is wrong with a decision.
pub(super) fn breaches(policy: &Policy, catalogue: &Catalogue, made: &Example) -> Vec<Finding> {
    let expected = policy.rules().get(made.rule).unwrap_or(policy.unmatched());
    let mut findings = Vec::new();
    if made.decision.rule != expected.name {
        let message = format!(
            "rule `{}` decides about a request that rule `{}` should decide about",
            made.decision.rule, expected.name
        );
        findings.push(finding(
            Kind::Disagreement,
            made,
            message,
            "this is a fault of Weir; please report it",
        ));
    }
    match &made.decision.action {
        Action::Route(plan) => {
            findings.extend(planned(plan, catalogue).flat_map(|target| leak(policy, target, made)));
            if plan.first.is_empty() {
                let message = "a request is sent to no target and not denied either".to_owned();
                findings.push(finding(
                    Kind::Undecided,
                    made,
                    message,
                    "this is a fault of Weir; please report it",
                ));
            }
        }
        Action::Deny(denial) => {
            if denial.message.trim().is_empty() {
                let message = "a request is denied without a word why".to_owned();
                findings.push(finding(Kind::Undecided, made, message, "give the rule's `deny` a message"));
            }
        }
    }
    findings
}

fn planned<'c>(plan: &Plan, catalogue: &'c Catalogue) -> impl Iterator<Item = &'c Target> {
    let ids: Vec<_> = plan.targets().chain(plan.degrade.iter().copied()).collect();
    ids.into_iter().filter_map(|id| catalogue.target(id))
}

fn leak(policy: &Policy, target: &Target, made: &Example) -> Option<Finding> {
    let facts = made.request.borrow();
    let why = why_not(policy, target, facts.data.label)?;
    let message = format!("`{}` would get a request that it may not have: {why}", target.name);
    let help = "do not use this policy; this is a fault of Weir, please report it with the example";
    Some(finding(Kind::Leak, made, message, help))
}

/// Why content of this label may not go to a target, if it may not.
fn why_not(policy: &Policy, target: &Target, label: &Label) -> Option<String> {
    let (clearance, place) = match &target.recipient {
        AnyRecipient::Local(recipient) => {
            (recipient.clearance().level(), recipient.clearance().jurisdiction())
        }
        AnyRecipient::Cloud(recipient) => {
            (recipient.clearance().level(), recipient.clearance().jurisdiction())
        }
    };
    let boundary = policy.boundary.level();
    let level = if label.is_opaque() { Level::Restricted } else { label.level() };
    if target.zone() == ZoneKind::Cloud && (label.is_opaque() || level >= boundary) {
        return Some(format!("it is outside the network, and data from `{boundary}` up never leaves"));
    }
    if level > clearance {
        return Some(format!("it is cleared up to `{clearance}`, and the data is `{level}`"));
    }
    let bound = label.jurisdictions().iter().find(|data| !may_process(policy, target.zone(), place, data))?;
    Some(format!("the data is bound to {bound}"))
}

fn may_process(policy: &Policy, zone: ZoneKind, place: Option<&Jurisdiction>, data: &Jurisdiction) -> bool {
    match place {
        Some(place) => policy.boundary.residency().allows(data, place),
        // Inside the network the data has not moved; nobody knows where a nameless cloud is.
        None => zone == ZoneKind::Local,
    }
}

fn finding(kind: Kind, made: &Example, message: String, help: &str) -> Finding {
    Finding {
        kind,
        rule: Some(made.decision.rule.clone()),
        others: Vec::new(),
        message,
        help: help.to_owned(),
        example: Some(made.request.clone()),
    }
}
