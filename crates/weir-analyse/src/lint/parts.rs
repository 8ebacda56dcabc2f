use super::{Advice, AdviceKind};
use crate::questions::Questions;
use crate::solve::Literal;
use crate::space::Space;
use weir_policy::{Condition, Rule};

/// Parts of a rule's `all` and `any` without which the same requests would match.
pub(super) fn idle(rule: &Rule, space: &mut Space, questions: &mut Questions) -> Vec<Advice> {
    let mut found = Vec::new();
    look(&rule.when, rule, &mut Truth { space, questions }, &mut found);
    found
}

fn look(condition: &Condition, rule: &Rule, truth: &mut Truth<'_>, found: &mut Vec<Advice>) {
    match condition {
        Condition::Test(_) => {}
        Condition::Not(part) => look(part, rule, truth, found),
        Condition::All(parts) | Condition::Any(parts) => {
            let whole = truth.of(condition);
            let idle = (0..parts.len()).find(|left_out| {
                let rest = without(condition, *left_out);
                parts.len() > 1 && rest.is_some_and(|rest| truth.is_same(&rest, whole))
            });
            // What is never so is a finding of another kind.
            if let Some(place) = idle.filter(|_| truth.can_be(whole)) {
                found.push(advice(condition, place, rule));
            }
            parts.iter().for_each(|part| look(part, rule, truth, found));
        }
    }
}

/// What says that a condition may hold, and that it holds.
type Says = (Literal, Literal);

struct Truth<'s> {
    space: &'s mut Space,
    questions: &'s mut Questions,
}

impl Truth<'_> {
    fn of(&mut self, condition: &Condition) -> Says {
        let may_hold = self.questions.may_hold(condition, self.space);
        (may_hold, self.questions.holds(condition, self.space))
    }

    /// Whether a condition says the same of every request.
    fn is_same(&mut self, condition: &Condition, whole: Says) -> bool {
        let says = self.of(condition);
        let differ = [(says.0, !whole.0), (!says.0, whole.0), (says.1, !whole.1), (!says.1, whole.1)];
        differ.into_iter().all(|(a, b)| self.questions.find(&[a, b]).is_none())
    }

    /// Whether a condition may hold for any request.
    fn can_be(&mut self, (may_hold, _): Says) -> bool {
        self.questions.find(&[may_hold]).is_some()
    }
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
