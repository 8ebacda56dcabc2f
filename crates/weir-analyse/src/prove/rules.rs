//! What rules have to do with each other.

use super::made::Example;
use crate::axis::Subject;
use crate::finding::{Finding, Kind};
use crate::questions::Questions;
use crate::rules::{Rules, same_effect};
use crate::solve::Literal;
use crate::space::Space;
use std::collections::BTreeSet;
use weir_label::{Level, ZoneKind};
use weir_policy::{Catalogue, Condition, DenialCode, Exclusion, OwnedFacts, Policy, Rule, RuleName, Verdict};

/// Rules without effect, and pairs of rules whose order matters.
pub(super) fn findings(
    policy: &Policy,
    catalogue: &Catalogue,
    rules: &mut Rules,
    space: &mut Space,
    questions: &mut Questions,
) -> Vec<Finding> {
    let (dead, live): (Vec<usize>, Vec<usize>) =
        (0..policy.rules().len()).partition(|number| rules.is_dead(*number));
    let mut findings = Vec::new();
    let (unreachable, shadowed): (Vec<usize>, Vec<usize>) =
        dead.into_iter().partition(|number| questions.find(&[rules.matching(*number)]).is_none());
    for rule in unreachable.into_iter().filter_map(|number| policy.rules().get(number)) {
        findings.push(no_request_fulfils(rule, space, questions));
    }
    let mut view = View { policy, catalogue, rules, space, questions };
    findings.extend(shadowed.into_iter().map(|number| view.shadowed(number)));
    findings.extend(view.redundant(&live));
    findings.extend(view.overlaps(&live));
    findings.extend(view.unmatched());
    findings
}

fn no_request_fulfils(rule: &Rule, space: &mut Space, questions: &mut Questions) -> Finding {
    let clash = clash(&rule.when, space, questions);
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
fn clash(condition: &Condition, space: &mut Space, questions: &mut Questions) -> Option<(usize, usize)> {
    let Condition::All(parts) = condition else { return None };
    let parts: Vec<Literal> = parts.iter().map(|part| questions.may_hold(part, space)).collect();
    let pairs = (1..).zip(&parts).flat_map(|(second, b)| {
        let before = (1..second).zip(&parts);
        before.map(move |(first, a)| ((first, second), [*a, *b]))
    });
    pairs.into_iter().find(|(_, both)| questions.find(both).is_none()).map(|(places, _)| places)
}

struct View<'p> {
    policy: &'p Policy,
    catalogue: &'p Catalogue,
    rules: &'p mut Rules,
    space: &'p Space,
    questions: &'p mut Questions,
}

impl<'p> View<'p> {
    fn rule(&self, number: usize) -> &'p Rule {
        self.policy.rules().get(number).unwrap_or(self.policy.unmatched())
    }

    fn name(&self, number: usize) -> RuleName {
        self.rule(number).name.clone()
    }

    /// A request that one rule decides and another matches, and of which this is true; one of which both conditions
    /// hold, if that can be.
    fn example(&mut self, decides: usize, matches: usize, is_so: Literal) -> Option<OwnedFacts> {
        let mut asked = self.rules.deciding(decides);
        asked.extend([self.rules.matching(matches), is_so]);
        let least = asked.len();
        asked.extend([self.rules.holding(decides), self.rules.holding(matches)]);
        let telling = self.questions.find(&asked);
        let cells = telling.or_else(|| self.questions.find(asked.get(..least)?))?;
        self.rules.note(&cells, self.questions);
        Some(self.space.request_in(&cells))
    }

    /// A rule of which those before it leave nothing.
    fn shadowed(&mut self, number: usize) -> Finding {
        let rule = self.rule(number);
        let deciding: Vec<usize> =
            (0..number).filter(|other| self.rules.meet(*other, number, self.questions).is_some()).collect();
        // One rule that alone leaves nothing says more than several that do so together.
        let covers = |other: &usize| self.rules.implies(number, *other, self.questions);
        let alone = deciding.iter().copied().find(covers);
        let by: Vec<usize> = alone.map_or(deciding, |other| vec![other]);
        let differs = by.iter().copied().find(|other| !same_effect(self.rule(*other), rule));
        let shown = differs.or(by.first().copied());
        let example = shown.and_then(|other| self.example(other, number, Literal::ALWAYS));
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
            example,
        }
    }

    /// Rules without which every request would be treated as it is. What no rule would match is left out: to
    /// say what is the default is good style.
    fn redundant(&mut self, live: &[usize]) -> Vec<Finding> {
        let all: Vec<usize> = (0..self.rules.none()).collect();
        let mut findings = Vec::new();
        for (place, number) in live.iter().copied().enumerate() {
            if self.questions.is_given_up() {
                break;
            }
            let later = live.get(place + 1..).unwrap_or_default();
            // A rule that it shadows would decide without it. Where that one is what makes it needless, to remove
            // that one is enough.
            let with_dead = all.get(number + 1..).unwrap_or_default();
            if !self.makes_a_difference(number, later) && !self.makes_a_difference(number, with_dead) {
                findings.push(self.without(number, later));
            }
        }
        findings
    }

    /// Whether a request that a rule decides would be treated otherwise by the first of those after it that matches,
    /// or is matched by none.
    fn makes_a_difference(&mut self, number: usize, later: &[usize]) -> bool {
        let mut rest = self.rules.deciding(number);
        for next in later.iter().copied() {
            if self.rules.are_apart(number, next, self.questions) {
                continue;
            }
            if same_effect(self.rule(number), self.rule(next)) {
                rest.push(!self.rules.matching(next));
                continue;
            }
            // None of those in between matches what is left.
            rest.push(self.rules.matching(next));
            if self.questions.find(&rest).is_some() {
                return true;
            }
            rest.pop();
        }
        self.questions.find(&rest).is_some()
    }

    fn without(&mut self, number: usize, later: &[usize]) -> Finding {
        let rule = self.rule(number);
        let example = self.rules.decided(number).map(|cells| self.space.request_in(cells));
        let is_next = |next: &usize| {
            example.as_ref().is_some_and(|example| self.rule(*next).matches(&example.borrow()))
        };
        let next = later.iter().copied().find(is_next);
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
            example,
        }
    }

    /// Pairs of rules that say different things of some requests, where neither is a special case of the other.
    fn overlaps(&mut self, live: &[usize]) -> Vec<Finding> {
        let has_way_out = self.catalogue.targets().any(|(_, target)| target.zone() == ZoneKind::Cloud);
        let leaves = if has_way_out { self.may_leave() } else { Literal::NEVER };
        let mut findings = Vec::new();
        for (place, first) in live.iter().copied().enumerate() {
            for second in live.iter().skip(place + 1).copied() {
                findings.extend(self.overlap(first, second, leaves));
            }
        }
        findings
    }

    /// Says that the boundary lets a request out.
    fn may_leave(&mut self) -> Literal {
        let Some(place) = self.space.place(&Subject::Sensitivity) else { return Literal::ALWAYS };
        let boundary: Level = self.policy.boundary.level();
        let cells = self.space.axes().get(place).map(|axis| axis.cells.as_slice()).unwrap_or_default();
        let leaves = cells.iter().map(|cell| cell.level().is_some_and(|level| level < boundary)).collect();
        self.questions.in_cells(place, leaves)
    }

    fn overlap(&mut self, first: usize, second: usize, leaves: Literal) -> Option<Finding> {
        let (a, b) = (self.rule(first), self.rule(second));
        let is_given_up = self.questions.is_given_up();
        if same_effect(a, b) || is_given_up || self.rules.are_apart(first, second, self.questions) {
            return None;
        }
        let loosens = !a.action.keeps_inside() && b.action.keeps_inside();
        let outside = if loosens { self.example(first, second, leaves) } else { None };
        let example = outside.clone().or_else(|| self.example(first, second, Literal::ALWAYS))?;
        if self.rules.are_nested(first, second, self.questions) {
            return None;
        }
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
            example: Some(example),
        })
    }

    fn unmatched(&self) -> Option<Finding> {
        let cells = self.rules.decided(self.rules.none())?;
        Some(Finding {
            kind: Kind::Unmatched,
            rule: None,
            others: Vec::new(),
            message: "no rule matches some requests: they stay local, wait up to ten seconds for a place, and are then rejected".to_owned(),
            help: "end the rules with one without `when` to say what is to happen with them".to_owned(),
            example: Some(self.space.request_in(cells)),
        })
    }
}

/// A rule that wants to send requests somewhere and has every one denied, such as this one.
pub(super) fn dead_end(rule: &Rule, made: &Example) -> Finding {
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

fn reasons(made: &Example) -> impl Iterator<Item = &Exclusion> {
    made.decision.considered.iter().filter_map(|(_, verdict)| match verdict {
        Verdict::Excluded(exclusion) => Some(exclusion),
        Verdict::Candidate => None,
    })
}

/// Requests for these aliases for which nothing is left, though some of the same rule find a target.
pub(super) fn without_target(code: DenialCode, aliases: BTreeSet<String>, example: OwnedFacts) -> Finding {
    Finding {
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
        example: Some(example),
    }
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
