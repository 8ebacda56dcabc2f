use super::condition::Conditions;
use super::quality::cascade;
use crate::raw::policy::{RawCondition, RawRule, RawUse};
use crate::raw::{Entries, OneOrMany};
use crate::report::{Place, Report};
use crate::suggest::suggest;
use crate::yaml::{At, Field};
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_policy::{
    Catalogue, Condition, Obligations, Requirement, Routing, Rule, RuleAction, RuleName, Selection, Step,
};

const CONTENT: &str = Requirement::CapturedContent.as_str();

/// What rules are read with. Without the configuration, names are taken on trust.
pub struct Rules<'a, 'r> {
    pub conditions: Conditions<'a, 'r>,
    pub catalogue: &'a Catalogue,
    /// Whether the configuration says for whom content is captured; `None` without a configuration.
    pub captures: Option<bool>,
}

/// Every rule that is right, in order.
pub fn rules(raw: &[At<RawRule>], mut reading: Rules<'_, '_>) -> Vec<Rule> {
    let mut seen = BTreeSet::new();
    let mut always: Option<&str> = None;
    let mut rules = Vec::new();
    for At { value: raw, .. } in raw {
        let name = &raw.name;
        if !seen.insert(&name.value) {
            reading.report().error(
                name.place,
                format!("there are two rules `{}`", name.value),
                "rename one of them",
            );
        }
        match always {
            Some(earlier) => reading.report().warning(
                name.place,
                format!("rule `{}` never matches: `{earlier}` before it matches always", name.value),
                "move it up, or remove it",
            ),
            None => always = raw.when.is_none().then_some(&name.value),
        }
        rules.extend(reading.rule(raw));
    }
    rules
}

/// Reads every group, in order; one may use those above it.
pub fn groups(raw: &Entries<At<RawCondition>>, conditions: &mut Conditions<'_, '_>) {
    for (name, condition) in &raw.0 {
        if name.value.trim().is_empty() || name.value.chars().any(char::is_control) {
            let help = "use at least one character, and no control characters";
            conditions.report.error(name.place, "this cannot be the name of a group", help);
        }
        let condition = conditions.condition(condition);
        conditions.groups.insert(name.value.clone(), condition);
    }
}

impl<'r> Rules<'_, 'r> {
    pub(super) fn report(&mut self) -> &mut Report<'r> {
        self.conditions.report
    }

    fn rule(&mut self, raw: &RawRule) -> Option<Rule> {
        // No `..`: a new field is a compile error here.
        let RawRule { name, when, r#use, deny, prefer, when_full, quality, cascade: _, require, tag } = raw;
        let rule_name = name.value.parse::<RuleName>();
        let rule_name =
            rule_name.map_err(|error| self.report().error(name.place, error.to_string(), "")).ok();
        let when = match when {
            Some(when) => self.conditions.condition(when),
            None => Some(Condition::always()),
        };
        let action = match (r#use, deny) {
            (Some(selection), None) => self.routing(selection, raw),
            (None, Some(message)) => {
                let idle = [
                    prefer.as_ref().map(|field| (field.place, "prefer")),
                    when_full.as_ref().map(|steps| (steps.place, "when_full")),
                    quality.as_ref().map(|floor| (floor.place, "quality")),
                    raw.cascade.as_ref().map(|cascade| (cascade.place, "cascade")),
                    // What is refused is sent nowhere, and nothing of it is captured.
                    require.iter().find(|word| word.value == CONTENT).map(|word| (word.place, CONTENT)),
                ];
                self.denial(message, idle.into_iter().flatten())
            }
            (Some(_), Some(deny)) => {
                let message = format!("rule `{}` says both `use` and `deny`", name.value);
                self.report().error(deny.place, message, "keep one of the two");
                None
            }
            (None, None) => {
                let message = format!("rule `{}` says neither `use` nor `deny`", name.value);
                self.report().error(name.place, message, "add `use: local`, `use: any` or `deny: \"why\"`");
                None
            }
        };
        let require = self.requirements(require);
        let tags = tag.as_ref().map_or_else(|| Some(BTreeSet::new()), |tag| self.tags(tag));
        let obligations = Obligations { require: require?, tags: tags? };
        Some(Rule::new(rule_name?, when?, action?).with_obligations(obligations))
    }

    fn requirements(&mut self, written: &[At<String>]) -> Option<BTreeSet<Requirement>> {
        let read: Vec<Option<Requirement>> = written.iter().map(|word| self.requirement(word)).collect();
        read.into_iter().collect()
    }

    fn requirement(&mut self, At { value, place }: &At<String>) -> Option<Requirement> {
        let known = Requirement::ALL.into_iter().find(|known| known.as_str() == value);
        match (known, self.captures) {
            (Some(Requirement::CapturedContent), Some(false)) => self.report().error(
                *place,
                "the configuration does not say for whom content is captured, so that `audit.content` cannot be honoured",
                "give `audit: { content: { key: … } }` in weir.yaml the key that `weir audit content-key new FILE` prints",
            ),
            (Some(_), _) => {}
            (None, _) => {
                let help = match value.as_str() {
                    "capture" | "content" | "audit.capture" => "write `audit.content`".to_owned(),
                    other => suggest(other, Requirement::ALL.map(Requirement::as_str)),
                };
                self.report().error(*place, format!("`{value}` is nothing that can be required"), &help);
            }
        }
        known
    }

    fn tags(&mut self, written: &At<OneOrMany>) -> Option<BTreeSet<Arc<str>>> {
        const BYTES_MAX: usize = 64;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let mut tags = BTreeSet::new();
        let mut is_right = true;
        for At { value, place } in written.each() {
            if (1..=BYTES_MAX).contains(&value.len()) && value.bytes().all(allowed) {
                tags.insert(value.into());
            } else {
                is_right = false;
                let message = format!("`{}` cannot be a tag", value.escape_debug());
                self.report().error(place, message, "use 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`");
            }
        }
        is_right.then_some(tags)
    }

    fn denial(
        &mut self,
        message: &At<String>,
        idle: impl Iterator<Item = (Place, &'static str)>,
    ) -> Option<RuleAction> {
        for (place, word) in idle {
            self.report().error(place, format!("a rule that denies has no use for `{word}`"), "remove it");
        }
        if message.value.trim().is_empty() || message.value.chars().any(char::is_control) {
            let help = "write what callers should know, on one line";
            self.report().error(
                message.place,
                "the message of `deny` is empty or has control characters",
                help,
            );
            return None;
        }
        Some(RuleAction::Deny(message.value.as_str().into()))
    }

    fn routing(&mut self, selection: &At<RawUse>, raw: &RawRule) -> Option<RuleAction> {
        let targets = self.selection(selection);
        let prefer = self.preference(raw.prefer.as_ref());
        let quality = match &raw.quality {
            Some(floor) => Some(floor.take(self.report())?.0),
            None => None,
        };
        let cascade = cascade(raw.cascade.as_ref(), self.report());
        let when_full = match &raw.when_full {
            Some(steps) => self.ladder(steps, targets.as_ref()),
            None => Some(Routing::DEFAULT_LADDER.to_vec()),
        };
        let (targets, prefer, when_full) = (targets?, prefer?, when_full?);
        Some(RuleAction::Route(Routing { targets, prefer, when_full, quality, cascade: cascade? }))
    }

    fn ladder(&mut self, steps: &At<Vec<Field<Step>>>, targets: Option<&Selection>) -> Option<Vec<Step>> {
        let parsed: Vec<Option<Step>> = steps.value.iter().map(|step| step.take(self.report())).collect();
        if steps.value.is_empty() {
            self.report().error(
                steps.place,
                "`when_full` has no step",
                "write `[reject]` to refuse at once, or leave it out",
            );
        }
        let after_reject =
            parsed.iter().position(|step| *step == Some(Step::Reject)).map_or(parsed.len(), |at| at + 1);
        if let Some(late) = steps.value.get(after_reject) {
            self.report().error(
                late.place,
                "no step after `reject` is ever taken",
                "move `reject` to the end",
            );
        }
        let burst = steps.value.iter().find(|step| step.get() == Some(&Step::Burst));
        if let (Some(burst), Some(targets)) = (burst, targets)
            && targets.keeps_inside()
        {
            let help = "write `use: any`, or remove `burst`";
            self.report().error(
                burst.place,
                "`burst` goes to the cloud, but the rule says `use: local`",
                help,
            );
        }
        let mut ladder: Vec<Step> = parsed.into_iter().collect::<Option<_>>()?;
        if ladder.last() != Some(&Step::Reject) {
            ladder.push(Step::Reject);
        }
        Some(ladder)
    }
}
