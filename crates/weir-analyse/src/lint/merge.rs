use super::{Advice, AdviceKind};
use crate::questions::Questions;
use crate::rules::{Rules, same_effect};
use weir_policy::{Condition, Policy, Preference, Rule, RuleAction, RuleName, Selection, Test};

/// Rules that do the same and could be one, because no rule between them says otherwise.
pub(super) fn several_in_one(policy: &Policy, rules: &mut Rules, questions: &mut Questions) -> Vec<Advice> {
    let all = policy.rules();
    let barriers: Vec<Option<usize>> =
        (0..all.len()).map(|number| barrier(number, all, rules, questions)).collect();
    let mut taken = vec![false; all.len()];
    let mut advice = Vec::new();
    for (first, rule) in all.iter().enumerate() {
        if taken.get(first) == Some(&true) || rules.is_dead(first) {
            continue;
        }
        let mut group = vec![first];
        for (later, other) in all.iter().enumerate().skip(first + 1) {
            let stays_behind = barriers.get(later).copied().flatten();
            if same_effect(rule, other)
                && !rules.is_dead(later)
                && stays_behind.is_none_or(|barrier| barrier <= first)
            {
                group.push(later);
                taken.iter_mut().skip(later).take(1).for_each(|taken| *taken = true);
            }
        }
        let members: Vec<&Rule> = group.iter().filter_map(|number| all.get(*number)).collect();
        // A rule for all the rest is not said to be part of another one: it would swallow it.
        if members.len() > 1 && !members.iter().any(|rule| rule.when == Condition::always()) {
            advice.extend(merge(&members));
        }
    }
    advice
}

/// The last rule before this one that decides otherwise about a request that this one matches: before it, this one
/// would decide about other requests.
fn barrier(number: usize, all: &[Rule], rules: &mut Rules, questions: &mut Questions) -> Option<usize> {
    let moved = all.get(number)?;
    let before = all.iter().enumerate().take(number).rev();
    let mut differing = before.filter(|(_, rule)| !same_effect(rule, moved));
    differing.find(|(other, _)| rules.meet(*other, number, questions).is_some()).map(|(other, _)| other)
}

/// Fewer rules than these that say the same for different reasons are worth their names.
const REASONS_MAX: usize = 3;

fn merge(members: &[&Rule]) -> Option<Advice> {
    let help = match only_difference(members) {
        Some(fact) => format!("write one rule and list the values of `{fact}` in it"),
        None if members.len() > REASONS_MAX => "write one rule with their conditions under `any`".to_owned(),
        None => return None,
    };
    let names: Vec<RuleName> = members.iter().map(|rule| rule.name.clone()).collect();
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(Advice {
        kind: AdviceKind::Merge,
        message: format!("rules {} do the same and could be one", list.join(", ")),
        rules: names,
        help,
    })
}

/// The fact in whose test alone the conditions differ.
fn only_difference(members: &[&Rule]) -> Option<String> {
    let (first, rest) = members.split_first()?;
    let mut differing = None;
    for other in rest {
        let (a, b) = (tests(&first.when)?, tests(&other.when)?);
        let mut differ = a.iter().zip(&b).filter(|(a, b)| a != b);
        let (one, same_fact) = differ.next().map(|(a, b)| (a.fact(), a.fact() == b.fact()))?;
        let is_known = differing.as_ref().is_none_or(|known| *known == one);
        if a.len() != b.len() || differ.next().is_some() || !same_fact || !is_known {
            return None;
        }
        differing = Some(one);
    }
    differing.map(|fact| fact.name().into_owned())
}

/// The tests of a condition that is nothing but tests which must all hold.
fn tests(condition: &Condition) -> Option<Vec<&Test>> {
    match condition {
        Condition::Test(test) => Some(vec![test]),
        Condition::All(parts) => parts
            .iter()
            .map(|part| match part {
                Condition::Test(test) => Some(test),
                Condition::All(_) | Condition::Any(_) | Condition::Not(_) => None,
            })
            .collect(),
        Condition::Any(_) | Condition::Not(_) => None,
    }
}

/// Neighbouring pairs of rules that use the same targets and ladder and differ in the order alone.
pub(super) fn order_only(policy: &Policy, rules: &Rules) -> Vec<Advice> {
    let live: Vec<&Rule> = policy
        .rules()
        .iter()
        .enumerate()
        .filter(|(number, _)| !rules.is_dead(*number))
        .map(|(_, rule)| rule)
        .collect();
    let mut advice = Vec::new();
    for (place, rule) in live.iter().enumerate() {
        let later = live.iter().skip(place + 1).find(|other| differ_in_order_only(rule, other));
        advice.extend(later.map(|other| Advice {
            kind: AdviceKind::OrderOnly,
            rules: vec![rule.name.clone(), other.name.clone()],
            message: format!(
                "rules `{}` and `{}` use the same targets and ladder and differ only in their order",
                rule.name, other.name
            ),
            help: "give both the same order and merge them, if the difference is not meant".to_owned(),
        }));
    }
    advice
}

fn differ_in_order_only(a: &Rule, b: &Rule) -> bool {
    let (RuleAction::Route(one), RuleAction::Route(other)) = (&a.action, &b.action) else { return false };
    let explicit = |prefer: &Preference| matches!(prefer, Preference::Order | Preference::Listed(_));
    one != other
        && a.obligations == b.obligations
        && one.when_full == other.when_full
        && one.quality == other.quality
        && one.cascade == other.cascade
        && same_targets(&one.targets, &other.targets)
        // `cheapest` and `fastest` are different intentions; two lists are one list written twice.
        && explicit(&one.prefer)
        && explicit(&other.prefer)
}

fn same_targets(a: &Selection, b: &Selection) -> bool {
    match (a, b) {
        (Selection::Targets(a), Selection::Targets(b)) => {
            let sorted = |ids: &[weir_policy::TargetId]| {
                let mut ids = ids.to_vec();
                ids.sort_unstable();
                ids
            };
            sorted(a) == sorted(b)
        }
        (a, b) => a == b,
    }
}
