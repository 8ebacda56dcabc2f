use super::condition::Conditions;
use crate::raw::OneOrMany;
use crate::raw::policy::RawRule;
use crate::report::Report;
use crate::yaml::{At, Field, take_or};
use std::collections::BTreeSet;
use weir_label::ZoneKind;
use weir_policy::{
    Catalogue, Condition, Preference, Routing, Rule, RuleAction, RuleName, Selection, Step, TargetId,
};

/// What rules are read with. Without the configuration, names are taken on trust.
pub struct Rules<'a, 'r> {
    pub conditions: Conditions<'a, 'r>,
    pub catalogue: &'a Catalogue,
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

impl<'r> Rules<'_, 'r> {
    fn report(&mut self) -> &mut Report<'r> {
        self.conditions.report
    }

    fn rule(&mut self, raw: &RawRule) -> Option<Rule> {
        // No `..`: a new field is a compile error here.
        let RawRule { name, when, r#use, deny, prefer, when_full } = raw;
        let rule_name = name.value.parse::<RuleName>();
        let rule_name =
            rule_name.map_err(|error| self.report().error(name.place, error.to_string(), "")).ok();
        let when = match when {
            Some(when) => self.conditions.condition(when),
            None => Some(Condition::always()),
        };
        let action = match (r#use, deny) {
            (Some(selection), None) => self.routing(selection, prefer.as_ref(), when_full.as_ref()),
            (None, Some(message)) => self.denial(message, prefer.as_ref(), when_full.as_ref()),
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
        Some(Rule { name: rule_name?, when: when?, action: action? })
    }

    fn denial(
        &mut self,
        message: &At<String>,
        prefer: Option<&Field<Preference>>,
        when_full: Option<&At<Vec<Field<Step>>>>,
    ) -> Option<RuleAction> {
        let idle = prefer.map(|field| (field.place, "prefer"));
        for (place, word) in idle.into_iter().chain(when_full.map(|steps| (steps.place, "when_full"))) {
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

    fn routing(
        &mut self,
        selection: &At<OneOrMany>,
        prefer: Option<&Field<Preference>>,
        when_full: Option<&At<Vec<Field<Step>>>>,
    ) -> Option<RuleAction> {
        let targets = self.selection(selection);
        let prefer = take_or(prefer, Preference::default(), self.report());
        let when_full = match when_full {
            Some(steps) => self.ladder(steps, targets.as_ref()),
            None => Some(Routing::DEFAULT_LADDER.to_vec()),
        };
        Some(RuleAction::Route(Routing { targets: targets?, prefer: prefer?, when_full: when_full? }))
    }

    fn selection(&mut self, written: &At<OneOrMany>) -> Option<Selection> {
        let each = written.each();
        match each.as_slice() {
            [] => {
                self.report().error(
                    written.place,
                    "`use` lists nothing",
                    "list a backend, target or tag, or write `use: local`",
                );
                None
            }
            [At { value: "any", .. }] => Some(Selection::Any),
            [At { value: "local", .. }] => Some(Selection::Zone(ZoneKind::Local)),
            [At { value: "cloud", .. }] => Some(Selection::Zone(ZoneKind::Cloud)),
            selectors => self.listed(selectors),
        }
    }

    fn listed(&mut self, selectors: &[At<&str>]) -> Option<Selection> {
        let lists: Vec<Option<Vec<TargetId>>> =
            selectors.iter().map(|selector| self.selected(selector)).collect();
        let mut targets: Vec<TargetId> = Vec::new();
        for id in lists.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten() {
            if !targets.contains(&id) {
                targets.push(id);
            }
        }
        Some(Selection::Targets(targets))
    }

    fn selected(&mut self, selector: &At<&str>) -> Option<Vec<TargetId>> {
        let At { value, place } = selector;
        if ["any", "local", "cloud"].contains(value) {
            let message = format!("`{value}` cannot stand in a list");
            self.report().error(
                *place,
                message,
                &format!("write `use: {value}` alone, or list backends, targets and tags"),
            );
            return None;
        }
        let Some(names) = self.conditions.names else { return Some(Vec::new()) };
        let targets = names.selected(value);
        if targets.is_empty() {
            let help = names.suggest_selector(value);
            self.report().error(*place, format!("`{value}` is no backend, target or tag"), &help);
            return None;
        }
        // A target that the catalogue lacks has been reported where it is declared.
        Some(targets.into_iter().filter_map(|name| self.catalogue.target_named(name)).collect())
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
        if let (Some(burst), Some(Selection::Zone(ZoneKind::Local))) = (burst, targets) {
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
