use super::{ChangeKind, Subject};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use weir_label::ZoneKind;
use weir_policy::{
    Action, Cascade, Catalogue, Denial, DenialCode, Obligations, OwnedFacts, Plan, Preference, RuleAction,
    Step, TargetId, decide,
};

/// What a policy does with a request, in words that mean the same under another one.
#[derive(Debug)]
pub(super) struct Outcome {
    obligations: Arc<Obligations>,
    does: Does,
}

#[derive(Debug)]
enum Does {
    /// Its alias is not there.
    Unknown,
    Deny(DenialCode, Arc<str>),
    Route(Route),
}

#[derive(Debug)]
struct Route {
    /// Name and zone, best first.
    targets: Vec<(Arc<str>, ZoneKind)>,
    degrade: Vec<Arc<str>>,
    ladder: Vec<Step>,
    /// The figures of the moment that the order hangs on, if there is more than one target.
    by: Option<Preference>,
    /// What of answers is checked.
    cascade: Option<Cascade>,
}

impl Outcome {
    pub fn of(subject: Subject<'_>, request: &OwnedFacts) -> Self {
        let Subject { policy, catalogue } = subject;
        let facts = request.borrow();
        let rule = policy.rule_for(&facts);
        let Some(alias) = catalogue.alias(facts.request.alias) else {
            return Self { obligations: Arc::default(), does: Does::Unknown };
        };
        let decision = decide(policy, catalogue, alias, &facts);
        let prefer = match &rule.action {
            RuleAction::Route(routing) => Some(&routing.prefer),
            RuleAction::Deny(_) => None,
        };
        let does = match &decision.action {
            // What a denial for want of targets says is made of the facts and names the revision.
            Action::Deny(Denial { code, message, param: _ }) => {
                let message = if *code == DenialCode::PolicyDenied { message.clone() } else { "".into() };
                Does::Deny(*code, message)
            }
            Action::Route(plan) => Does::Route(Route::of(plan, prefer, catalogue)),
        };
        Self { obligations: decision.obligations, does }
    }

    /// What is different in `after`, if anything is.
    pub fn change_to(&self, after: &Self) -> Option<ChangeKind> {
        let kind = match (&self.does, &after.does) {
            (Does::Route(a), Does::Route(b)) => a.change_to(b),
            (Does::Deny(a, before), Does::Deny(b, after)) => {
                ((a, before) != (b, after)).then_some(ChangeKind::Denial)
            }
            (Does::Unknown, Does::Unknown) => None,
            (Does::Deny(..) | Does::Unknown, Does::Route(_)) => Some(ChangeKind::Allowed),
            (Does::Route(_), Does::Deny(..) | Does::Unknown) => Some(ChangeKind::Denied),
            (Does::Deny(..), Does::Unknown) | (Does::Unknown, Does::Deny(..)) => Some(ChangeKind::Denial),
        };
        kind.or_else(|| (self.obligations != after.obligations).then_some(ChangeKind::Obligations))
    }

    pub fn in_words(&self) -> String {
        let mut words = match &self.does {
            Does::Unknown => "no such alias".to_owned(),
            Does::Deny(code, message) if message.is_empty() => format!("denied: {code}"),
            Does::Deny(_, message) => format!("denied: {message}"),
            Does::Route(route) => route.in_words(),
        };
        let required = self.obligations.require.iter().map(|requirement| format!("; require {requirement}"));
        let tags = self.obligations.tags.iter().map(|tag| format!("; tag {tag}"));
        words.extend(required.chain(tags));
        words
    }
}

impl Route {
    fn of(plan: &Plan, prefer: Option<&Preference>, catalogue: &Catalogue) -> Self {
        let target = |id: TargetId| catalogue.target(id);
        let targets: Vec<_> =
            plan.targets().filter_map(target).map(|target| (target.name.clone(), target.zone())).collect();
        let of_the_moment =
            |prefer: &&Preference| matches!(prefer, Preference::Cheapest | Preference::Fastest);
        Self {
            by: prefer.filter(of_the_moment).filter(|_| targets.len() > 1).cloned(),
            targets,
            degrade: plan.degrade.iter().filter_map(|id| Some(target(*id)?.name.clone())).collect(),
            ladder: until_reject(&plan.ladder),
            cascade: plan.escalation.as_ref().map(|escalation| escalation.cascade.clone()),
        }
    }

    fn change_to(&self, after: &Self) -> Option<ChangeKind> {
        let zones = |route: &Self| route.targets.iter().map(|(_, zone)| *zone).collect::<BTreeSet<_>>();
        let leaves = |route: &Self| zones(route).contains(&ZoneKind::Cloud);
        let names = |route: &Self| route.targets.iter().cloned().collect::<BTreeSet<_>>();
        let head = |route: &Self| route.targets.first().map(|(_, zone)| *zone);
        let ordered = self.by == after.by
            && self.cascade == after.cascade
            && (self.by.is_some() || self.targets == after.targets);
        let ways = [
            (!leaves(self) && leaves(after), ChangeKind::Opened),
            (leaves(self) && !leaves(after), ChangeKind::Closed),
            (self.by.is_none() && after.by.is_none() && head(self) != head(after), ChangeKind::Zone),
            (names(self) != names(after) || self.degrade != after.degrade, ChangeKind::Targets),
            (!ordered, ChangeKind::Order),
            (self.ladder != after.ladder, ChangeKind::WhenFull),
        ];
        ways.into_iter().find(|(is_so, _)| *is_so).map(|(_, kind)| kind)
    }

    fn in_words(&self) -> String {
        let order = match &self.by {
            Some(Preference::Cheapest) => " (cheapest first)",
            Some(_) => " (fastest first)",
            None => "",
        };
        let targets: Vec<String> =
            self.targets.iter().map(|(name, zone)| format!("{name} [{zone}]")).collect();
        let ladder: Vec<String> = self.ladder.iter().map(|step| self.step(*step)).collect();
        let checked = if self.cascade.is_some() { "; answers are checked" } else { "" };
        format!("{}{order}; when full: {}{checked}", targets.join(", "), ladder.join(" → "))
    }

    fn step(&self, step: Step) -> String {
        match step {
            Step::Queue(time) => format!("queue {}", duration(time)),
            Step::Degrade if self.degrade.is_empty() => "degrade (to nothing)".to_owned(),
            Step::Degrade => format!("degrade to {}", self.degrade.join(", ")),
            Step::Burst => "burst".to_owned(),
            Step::Reject => "reject".to_owned(),
        }
    }
}

/// A ladder ends with `reject`, stated or not.
fn until_reject(ladder: &[Step]) -> Vec<Step> {
    let steps = ladder.iter().copied().take_while(|step| *step != Step::Reject);
    steps.chain([Step::Reject]).collect()
}

fn duration(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}
