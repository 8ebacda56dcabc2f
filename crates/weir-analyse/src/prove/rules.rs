//! What rules have to do with each other.

use super::Made;
use crate::axis::{Cell, Subject};
use crate::diagram::{NO, Ref, YES};
use crate::finding::{Finding, Kind};
use crate::pairs::values;
use crate::rules::{Rules, same_effect};
use crate::space::{Cells, Space};
use std::collections::{BTreeMap, BTreeSet};
use weir_label::{Level, ZoneKind};
use weir_policy::{
    Action, Catalogue, Condition, DenialCode, Exclusion, OwnedFacts, Policy, Rule, RuleAction, RuleName,
    Verdict,
};

/// Rules without effect, and pairs of rules whose order matters.
pub(super) fn findings(
    policy: &Policy,
    catalogue: &Catalogue,
    rules: &Rules,
    space: &mut Space,
) -> Vec<Finding> {
    let view = View { policy, catalogue, rules };
    let mut findings = Vec::new();
    let mut live = Vec::new();
    for (number, rule) in policy.rules().iter().enumerate() {
        if view.matches(number) == NO {
            findings.push(unreachable(rule, space));
        } else if view.decides(number) == NO {
            findings.push(view.shadowed(number, rule, space));
        } else {
            live.push(number);
        }
    }
    findings.extend(view.redundant(&live, space));
    findings.extend(view.overlaps(&live, space));
    findings.extend(view.unmatched(space));
    findings
}

fn unreachable(rule: &Rule, space: &mut Space) -> Finding {
    let clash = clash(&rule.when, space);
    let because = match clash {
        Some((first, second)) => format!(": parts {first} and {second} of it exclude each other"),
        None => String::new(),
    };
    Finding {
        kind: Kind::Unreachable,
        rule: Some(rule.name.clone()),
        others: Vec::new(),
        message: format!("no request can fulfil the condition of rule `{}`{because}", rule.name),
        help: "mend the condition, or remove the rule: it never decides".to_owned(),
        example: None,
    }
}

/// The first two parts of a condition, counted from one, that are never both true.
fn clash(condition: &Condition, space: &mut Space) -> Option<(usize, usize)> {
    let Condition::All(parts) = condition else { return None };
    let mut possible = Vec::new();
    for part in parts {
        let truth = space.condition(part);
        possible.push(space.diagrams.where_value(truth, |truth| truth > 0));
    }
    let numbered: Vec<(usize, Ref)> = (1..).zip(possible).collect();
    numbered.iter().enumerate().find_map(|(place, (second, b))| {
        let before = numbered.iter().take(place);
        before
            .clone()
            .find(|(_, a)| space.diagrams.find_overlap(*a, *b).is_none())
            .map(|(first, _)| (*first, *second))
    })
}

struct View<'p> {
    policy: &'p Policy,
    catalogue: &'p Catalogue,
    rules: &'p Rules,
}

impl View<'_> {
    fn matches(&self, number: usize) -> Ref {
        self.rules.matches(number)
    }

    fn decides(&self, number: usize) -> Ref {
        self.rules.decides(number)
    }

    fn rule(&self, number: usize) -> &Rule {
        self.policy.rules().get(number).unwrap_or(self.policy.unmatched())
    }

    fn name(&self, number: usize) -> RuleName {
        self.rule(number).name.clone()
    }

    /// A rule of which those before it leave nothing.
    fn shadowed(&self, number: usize, rule: &Rule, space: &mut Space) -> Finding {
        let matches = self.matches(number);
        let nowhere = self.rules.none() + 1;
        let before = space.diagrams.restrict(matches, self.rules.first, nowhere);
        let deciding: Vec<usize> = values(&space.diagrams, before)
            .into_iter()
            .map(|other| other as usize)
            .filter(|other| *other < number)
            .collect();
        // One rule that alone leaves nothing says more than several that do so together.
        let alone =
            deciding.iter().copied().find(|other| space.diagrams.implies(matches, self.matches(*other)));
        let by: Vec<usize> = alone.map_or(deciding, |other| vec![other]);
        let differs = by.iter().copied().find(|other| !same_effect(self.rule(*other), rule));
        let shown = differs.or(by.first().copied());
        let example = shown.and_then(|other| space.diagrams.find(before, |value| value as usize == other));
        let names: Vec<RuleName> = by.iter().map(|other| self.name(*other)).collect();
        let help = match differs {
            None => "remove it: those rules do the same with every request that it matches".to_owned(),
            Some(other) => format!(
                "move it above `{}` if it is meant to decide there, else remove it: it never decides",
                self.name(other)
            ),
        };
        Finding {
            kind: Kind::Shadowed,
            rule: Some(rule.name.clone()),
            message: format!(
                "rule `{}` never decides: whatever it matches, {} before it",
                rule.name,
                match names.as_slice() {
                    [one] => format!("rule `{one}` decides"),
                    several => format!("rules {} decide", listed(several)),
                }
            ),
            others: names,
            help,
            example: example.map(|cells| space.request(&cells)),
        }
    }

    /// Rules without which every request would be treated as it is. What no rule would match is left out: to
    /// say what is the default is good style.
    fn redundant(&self, live: &[usize], space: &mut Space) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (place, number) in live.iter().copied().enumerate() {
            let later = live.get(place + 1..).unwrap_or_default();
            if !self.makes_a_difference(number, later, space) {
                findings.push(self.without(number, later, space));
            }
        }
        findings
    }

    /// Whether a request that a rule decides would be treated otherwise by the first of those after it that matches,
    /// or is matched by none.
    fn makes_a_difference(&self, number: usize, later: &[usize], space: &mut Space) -> bool {
        let mut rest = self.decides(number);
        for next in later.iter().copied() {
            if !same_effect(self.rule(number), self.rule(next)) {
                // None of those in between matches what is left.
                if space.diagrams.find_overlap(rest, self.matches(next)).is_some() {
                    return true;
                }
            } else {
                rest = space.diagrams.without(rest, self.matches(next));
                if rest == NO {
                    return false;
                }
            }
        }
        true
    }

    fn without(&self, number: usize, later: &[usize], space: &Space) -> Finding {
        let rule = self.rule(number);
        let example = space.diagrams.find(self.decides(number), |value| value == 1);
        let next = example.as_ref().and_then(|cells| self.next(later, cells, space));
        let others: Vec<RuleName> = next.map(|next| self.name(next)).into_iter().collect();
        Finding {
            kind: Kind::Redundant,
            rule: Some(rule.name.clone()),
            message: format!(
                "rule `{}` makes no difference: without it {} would do the same with the same requests",
                rule.name,
                others.first().map_or_else(
                    || "later rules".to_owned(),
                    |other| format!("later rules such as `{other}`")
                ),
            ),
            others,
            help: "remove it, or change what it does".to_owned(),
            example: example.map(|cells| space.request(&cells)),
        }
    }

    fn next(&self, later: &[usize], cells: &Cells, space: &Space) -> Option<usize> {
        let cells: Vec<usize> = cells.iter().map(|cell| cell.unwrap_or_default()).collect();
        later.iter().copied().find(|next| space.value(self.matches(*next), &cells) == Some(1))
    }

    /// Pairs of rules that say different things of some requests, where neither is a special case of the other.
    fn overlaps(&self, live: &[usize], space: &mut Space) -> Vec<Finding> {
        let has_way_out = self.catalogue.targets().any(|(_, target)| target.zone() == ZoneKind::Cloud);
        let leaves = if has_way_out { may_leave(self.policy.boundary.level(), space) } else { NO };
        let mut findings = Vec::new();
        for (place, first) in live.iter().copied().enumerate() {
            for second in live.iter().skip(place + 1).copied() {
                findings.extend(self.overlap(first, second, leaves, space));
            }
        }
        findings
    }

    fn overlap(&self, first: usize, second: usize, leaves: Ref, space: &mut Space) -> Option<Finding> {
        let (a, b) = (self.rule(first), self.rule(second));
        let example = self.rules.overlap(first, second, a, b, space)?;
        let loosens = !a.action.keeps_inside() && b.action.keeps_inside();
        let outside = if loosens {
            let decides = space.diagrams.and(self.decides(first), leaves);
            space.diagrams.find_overlap(decides, self.matches(second))
        } else {
            None
        };
        let (kind, message, help) = match outside {
            Some(_) => (
                Kind::Overtaken,
                format!(
                    "rule `{}` keeps requests inside, but rule `{}` before it may send some of them out",
                    b.name, a.name
                ),
                format!(
                    "nothing, if that is the exception that is meant; else move `{}` above `{}`",
                    b.name, a.name
                ),
            ),
            None => (
                Kind::Overlap,
                format!(
                    "rules `{}` and `{}` both match some requests and say different things of them; the first decides",
                    a.name, b.name
                ),
                "nothing, if the order is meant so".to_owned(),
            ),
        };
        Some(Finding {
            kind,
            rule: Some(if kind == Kind::Overtaken { b.name.clone() } else { a.name.clone() }),
            others: vec![if kind == Kind::Overtaken { a.name.clone() } else { b.name.clone() }],
            message,
            help,
            example: Some(space.request(&outside.unwrap_or(example))),
        })
    }

    fn unmatched(&self, space: &Space) -> Option<Finding> {
        let cells = space.diagrams.find(self.rules.unmatched, |value| value == 1)?;
        Some(Finding {
            kind: Kind::Unmatched,
            rule: None,
            others: Vec::new(),
            message: "no rule matches some requests: they stay local, wait up to ten seconds for a place, and are then rejected".to_owned(),
            help: "end the rules with one without `when` to say what is to happen with them".to_owned(),
            example: Some(space.request(&cells)),
        })
    }
}

/// Where the boundary lets requests out.
fn may_leave(boundary: Level, space: &mut Space) -> Ref {
    let Some(place) = space.place(&Subject::Sensitivity) else { return YES };
    let cells = space.axes().get(place).map(|axis| axis.cells.clone()).unwrap_or_default();
    let leaves = |cell: &Cell| if cell.level().is_some_and(|level| level < boundary) { YES } else { NO };
    let children: Vec<Ref> = cells.iter().map(leaves).collect();
    space.diagrams.node(place, &children)
}

/// Rules that want to send requests somewhere and have every one denied.
pub(super) fn dead_ends(policy: &Policy, decisions: &[Made]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, rule) in policy.rules().iter().enumerate() {
        let mut made = decisions.iter().filter(|made| made.rule == number).peekable();
        if matches!(rule.action, RuleAction::Deny(_)) {
            continue;
        }
        let Some(first) = made.peek().copied() else { continue };
        if made.all(|made| matches!(made.decision.action, Action::Deny(_))) {
            findings.push(dead_end(rule, first));
        }
    }
    findings
}

fn dead_end(rule: &Rule, made: &Made) -> Finding {
    let reasons: BTreeSet<String> = reasons(made).map(ToString::to_string).collect();
    let reasons: Vec<String> = reasons.into_iter().collect();
    Finding {
        kind: Kind::DeadEnd,
        rule: Some(rule.name.clone()),
        others: Vec::new(),
        message: format!(
            "rule `{}` sends requests nowhere: every one that it decides about is denied, because {}",
            rule.name,
            if reasons.is_empty() { "no target is left".to_owned() } else { reasons.join("; ") }
        ),
        help: "let it use targets that may take these requests, or say `deny` with a message".to_owned(),
        example: Some(made.request.clone()),
    }
}

fn reasons(made: &Made) -> impl Iterator<Item = &Exclusion> {
    made.decision.considered.iter().filter_map(|(_, verdict)| match verdict {
        Verdict::Excluded(exclusion) => Some(exclusion),
        Verdict::Candidate => None,
    })
}

/// Requests for which nothing is left, though some of the same rule find a target.
pub(super) fn without_target(decisions: &[Made]) -> Vec<Finding> {
    let mut by_code = BTreeMap::<DenialCode, (BTreeSet<String>, &OwnedFacts)>::new();
    for made in decisions {
        let Action::Deny(denial) = &made.decision.action else { continue };
        if denial.code == DenialCode::PolicyDenied {
            continue;
        }
        let alias = made.request.borrow().request.alias.to_owned();
        by_code.entry(denial.code).or_insert_with(|| (BTreeSet::new(), &made.request)).0.insert(alias);
    }
    by_code
        .into_iter()
        .map(|(code, (aliases, example))| Finding {
            kind: Kind::NoTarget,
            rule: None,
            others: Vec::new(),
            message: format!(
                "some requests for {} are denied: {}",
                listed(&aliases.into_iter().collect::<Vec<_>>()),
                why(code)
            ),
            help: match code {
                DenialCode::NoLocalTarget => {
                    "give the alias a local target that may have it, if they are to be answered".to_owned()
                }
                DenialCode::PolicyDenied
                | DenialCode::ContextTooLong
                | DenialCode::NoTargetLeft
                | DenialCode::NoFitTarget
                | DenialCode::OverBudget => "nothing, if that is meant so".to_owned(),
            },
            example: Some(example.clone()),
        })
        .collect()
}

fn why(code: DenialCode) -> &'static str {
    match code {
        DenialCode::PolicyDenied => "a rule says so",
        DenialCode::NoLocalTarget => "none of the targets may have the data",
        DenialCode::ContextTooLong => "they fit no context of a target that is left",
        DenialCode::NoFitTarget => "no target that is left can serve them",
        DenialCode::NoTargetLeft => "the rule and the caller's wish leave no target",
        DenialCode::OverBudget => "the targets that are left cost more than the budget",
    }
}

fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    const SHOWN_MAX: usize = 5;
    let shown: Vec<String> = items.iter().take(SHOWN_MAX).map(|item| format!("`{item}`")).collect();
    let more = items.len().saturating_sub(SHOWN_MAX);
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
