use super::{Advice, AdviceKind};
use crate::diagram::{NO, Ref};
use crate::space::Space;
use weir_policy::{Condition, Rule};

/// Parts of a rule's `all` and `any` without which the same requests would match.
pub(super) fn idle(rule: &Rule, space: &mut Space) -> Vec<Advice> {
    let mut found = Vec::new();
    look(&rule.when, rule, space, &mut found);
    found
}

fn look(condition: &Condition, rule: &Rule, space: &mut Space, found: &mut Vec<Advice>) {
    match condition {
        Condition::Test(_) => {}
        Condition::Not(part) => look(part, rule, space, found),
        Condition::All(parts) | Condition::Any(parts) => {
            let whole = truth(condition, space);
            // What is never or always so is a finding of another kind.
            let idle = (0..parts.len()).find(|left_out| {
                let rest = without(condition, *left_out);
                parts.len() > 1 && rest.is_some_and(|rest| truth(&rest, space) == whole)
            });
            if let Some(place) = idle.filter(|_| whole != NO) {
                found.push(advice(condition, place, rule));
            }
            parts.iter().for_each(|part| look(part, rule, space, found));
        }
    }
}

fn truth(condition: &Condition, space: &mut Space) -> Ref {
    let truth = space.condition(condition);
    space.diagrams.restrict(space.possible, truth, 0)
}

fn without(condition: &Condition, left_out: usize) -> Option<Condition> {
    let rest = |parts: &[Condition]| {
        parts
            .iter()
            .enumerate()
            .filter(|(place, _)| *place != left_out)
            .map(|(_, part)| part.clone())
            .collect()
    };
    match condition {
        Condition::All(parts) => Some(Condition::All(rest(parts))),
        Condition::Any(parts) => Some(Condition::Any(rest(parts))),
        Condition::Test(_) | Condition::Not(_) => None,
    }
}

fn advice(condition: &Condition, place: usize, rule: &Rule) -> Advice {
    let word = if matches!(condition, Condition::Any(_)) { "any" } else { "all" };
    Advice {
        kind: AdviceKind::IdlePart,
        rules: vec![rule.name.clone()],
        message: format!(
            "part {} under `{word}` in the condition of rule `{}` changes nothing: the other parts say it already",
            place + 1,
            rule.name
        ),
        help: "remove that part".to_owned(),
    }
}
