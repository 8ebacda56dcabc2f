//! What the analysis finds is what is found by going through all regions one by one.

use super::{decided, space};
use crate::random::{all_facts, rules_over};
use crate::rules::same_effect;
use crate::space::Space;
use crate::{ChangeKind, Finding, Kind, Subject, diff, prove};
use proptest::prelude::*;
use proptest::sample::subsequence;
use std::collections::{BTreeMap, BTreeSet};
use weir_label::{Boundary, Level, Recipient, Residency, Revision};
use weir_policy::{
    Action, AnyRecipient, Catalogue, DenialCode, OwnedFacts, Policy, Rule, RuleAction, Target,
};

fn boundary() -> Boundary {
    Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"))
}

/// One target inside, for internal data, and one outside, for public data.
fn network() -> Catalogue {
    let mut catalogue = Catalogue::default();
    let mut add = |recipient: AnyRecipient| {
        let target = Target { context_tokens: Some(20), ..Target::new(recipient, "m".into()) };
        catalogue.add_target(target).unwrap()
    };
    let clearance = boundary().local_clearance(Level::Internal, None);
    let local = add(AnyRecipient::Local(Recipient::new("gpu", clearance)));
    let clearance = boundary().cloud_clearance(Level::Public, None).unwrap();
    let cloud = add(AnyRecipient::Cloud(Recipient::new("us", clearance)));
    catalogue.add_alias("auto", vec![local, cloud], Vec::new()).unwrap();
    catalogue
}

/// More regions than these are too many to go through.
const REGIONS_MAX: usize = 6_000;

/// A request of each region that there can be, if they are few.
fn every_request(space: &Space) -> Option<Vec<OwnedFacts>> {
    let widths: Vec<usize> = space.axes().iter().map(|axis| axis.cells.len()).collect();
    if widths.iter().try_fold(1_usize, |all, width| all.checked_mul(*width))? > REGIONS_MAX {
        return None;
    }
    let regions = widths.iter().fold(vec![Vec::new()], |all, width| {
        all.into_iter()
            .flat_map(|cells| (0..*width).map(move |cell| [cells.as_slice(), &[cell]].concat()))
            .collect()
    });
    let possible = regions.iter().filter(|cells| space.value(space.possible, cells) == Some(1));
    Some(possible.map(|cells| space.request_in(cells)).collect())
}

/// A finding by its kind, its rule and the other rules.
type Told = BTreeSet<(Kind, Option<String>, Vec<String>)>;

fn told(findings: &[Finding]) -> Told {
    let name = |finding: &Finding| finding.rule.as_ref().map(ToString::to_string);
    let others = |finding: &Finding| finding.others.iter().map(ToString::to_string).collect();
    findings.iter().map(|finding| (finding.kind, name(finding), others(finding))).collect()
}

/// The rules that match each request, in order.
struct Seen<'p> {
    rules: &'p [Rule],
    matching: Vec<(BTreeSet<usize>, bool)>,
}

impl Seen<'_> {
    fn matches(&self, rule: usize) -> impl Iterator<Item = &(BTreeSet<usize>, bool)> {
        self.matching.iter().filter(move |(matching, _)| matching.contains(&rule))
    }

    fn decides(&self, rule: usize) -> impl Iterator<Item = &(BTreeSet<usize>, bool)> {
        self.matching.iter().filter(move |(matching, _)| matching.first() == Some(&rule))
    }

    fn is_live(&self, rule: usize) -> bool {
        self.decides(rule).next().is_some()
    }

    fn name(&self, rule: usize) -> String {
        self.rules[rule].name.to_string()
    }

    fn same(&self, a: usize, b: usize) -> bool {
        same_effect(&self.rules[a], &self.rules[b])
    }

    fn implies(&self, a: usize, b: usize) -> bool {
        self.matches(a).all(|(matching, _)| matching.contains(&b))
    }

    fn shadowing(&self, rule: usize) -> Vec<String> {
        let deciding: BTreeSet<usize> =
            self.matches(rule).filter_map(|(matching, _)| matching.first().copied()).collect();
        let alone = deciding.iter().find(|other| self.implies(rule, **other));
        let by = alone.map_or_else(|| deciding.clone(), |alone| [*alone].into());
        by.into_iter().map(|other| self.name(other)).collect()
    }

    /// Whether all requests of a rule are treated as they are by the next of the rules that `counts`.
    fn is_needless(&self, rule: usize, counts: impl Fn(usize) -> bool) -> bool {
        self.decides(rule).all(|(matching, _)| {
            let next = matching.iter().find(|other| **other > rule && counts(**other));
            next.is_some_and(|next| self.same(rule, *next))
        })
    }

    fn overlap(&self, first: usize, second: usize) -> Option<Kind> {
        let mut both = self.decides(first).filter(|(matching, _)| matching.contains(&second)).peekable();
        let is_one = !self.same(first, second)
            && self.is_live(second)
            && both.peek().is_some()
            && !self.implies(first, second)
            && !self.implies(second, first);
        let loosens = !self.rules[first].action.keeps_inside() && self.rules[second].action.keeps_inside();
        let kind =
            if loosens && both.any(|(_, may_leave)| *may_leave) { Kind::Overtaken } else { Kind::Overlap };
        is_one.then_some(kind)
    }

    fn findings(&self) -> Told {
        let all = 0..self.rules.len();
        let mut told = Told::new();
        for rule in all.clone() {
            let name = Some(self.name(rule));
            if self.matches(rule).next().is_none() {
                told.insert((Kind::Unreachable, name, Vec::new()));
            } else if !self.is_live(rule) {
                told.insert((Kind::Shadowed, name, self.shadowing(rule)));
            } else if self.is_needless(rule, |other| self.is_live(other)) && self.is_needless(rule, |_| true)
            {
                // Which later rule is named hangs on the example.
                told.insert((Kind::Redundant, name, Vec::new()));
            }
        }
        for (first, second) in
            all.clone().flat_map(|first| (first + 1..all.end).map(move |other| (first, other)))
        {
            match self.overlap(first, second) {
                Some(Kind::Overtaken) => {
                    told.insert((Kind::Overtaken, Some(self.name(second)), vec![self.name(first)]));
                }
                Some(kind) => _ = told.insert((kind, Some(self.name(first)), vec![self.name(second)])),
                None => {}
            }
        }
        if self.matching.iter().any(|(matching, _)| matching.is_empty()) {
            told.insert((Kind::Unmatched, None, Vec::new()));
        }
        told
    }
}

/// Rules that send requests nowhere, and how many reasons requests have for finding no target.
fn denied(policy: &Policy, catalogue: &Catalogue, requests: &[OwnedFacts]) -> (Told, BTreeSet<DenialCode>) {
    let mut denied = BTreeMap::<usize, bool>::new();
    let mut codes = BTreeSet::new();
    for request in requests {
        let decision = decided(policy, catalogue, request);
        let rule = policy.rules().iter().position(|rule| rule.name == decision.rule);
        let is_denied = match &decision.action {
            Action::Deny(denial) => {
                codes.insert(denial.code);
                true
            }
            Action::Route(_) => false,
        };
        if let Some(rule) = rule {
            *denied.entry(rule).or_insert(true) &= is_denied;
        }
    }
    codes.remove(&DenialCode::PolicyDenied);
    let wants = |rule: &usize| matches!(policy.rules()[*rule].action, RuleAction::Route(_));
    let dead = denied.into_iter().filter(|(rule, is_denied)| *is_denied && wants(rule));
    let name = |rule: usize| Some(policy.rules()[rule].name.to_string());
    (dead.map(|(rule, _)| (Kind::DeadEnd, name(rule), Vec::new())).collect(), codes)
}

/// Rules that look at three facts between them.
fn few() -> impl Strategy<Value = Vec<Rule>> {
    subsequence(all_facts(), 3).prop_flat_map(|facts| rules_over(&facts))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Every finding, and no other, is what is found by going through all regions.
    #[test]
    fn findings_are_those_of_going_through_all_regions(rules in few()) {
        let (policy, catalogue) = (Policy::new(boundary(), rules), network());
        let space = space(&policy, &catalogue);
        let Some(requests) = every_request(&space) else { return Ok(()) };
        let matching = |request: &OwnedFacts| {
            let facts = request.borrow();
            let rules = policy.rules().iter().enumerate().filter(|(_, rule)| rule.matches(&facts));
            let may_leave = !facts.data.label.is_opaque() && facts.data.label.level() < Level::Confidential;
            (rules.map(|(number, _)| number).collect(), may_leave)
        };
        let seen = Seen { rules: policy.rules(), matching: requests.iter().map(matching).collect() };
        let (dead_ends, codes) = denied(&policy, &catalogue, &requests);
        let mut expected = seen.findings();
        expected.extend(dead_ends);
        let proof = prove(&policy, &catalogue).unwrap();
        prop_assert_eq!(proof.regions, requests.len() as u128);
        let no_target = proof.findings.iter().filter(|finding| finding.kind == Kind::NoTarget).count();
        prop_assert_eq!(no_target, codes.len());
        let mut found = told(&proof.findings);
        found.retain(|(kind, ..)| *kind != Kind::NoTarget);
        let plain = |(kind, rule, others): (Kind, Option<String>, Vec<String>)| {
            (kind, rule, if kind == Kind::Redundant { Vec::new() } else { others })
        };
        prop_assert_eq!(found.into_iter().map(plain).collect::<Told>(), expected);
    }

    /// The changes of a comparison are those of every region.
    #[test]
    fn changes_are_those_of_going_through_all_regions(
        (before, after) in subsequence(all_facts(), 2)
            .prop_flat_map(|facts| (rules_over(&facts), rules_over(&facts))),
    ) {
        let (before, after) = (Policy::new(boundary(), before), Policy::new(boundary(), after));
        let catalogue = network();
        let mut draft = crate::space::Draft::default();
        draft.add(&before, &catalogue);
        draft.add(&after, &catalogue);
        let space = draft.space();
        let Some(requests) = every_request(&space) else { return Ok(()) };
        let subject = |policy| Subject { policy, catalogue: &catalogue };
        let mut expected = BTreeSet::<(String, String, ChangeKind)>::new();
        for request in &requests {
            let kind = crate::diff::change(subject(&before), subject(&after), request);
            let name = |policy: &Policy| policy.rule_for(&request.borrow()).name.to_string();
            expected.extend(kind.map(|kind| (name(&before), name(&after), kind)));
        }
        let difference = diff(subject(&before), subject(&after)).unwrap();
        let found = difference.changes.iter().flat_map(|change| {
            let names = (change.before.to_string(), change.after.to_string());
            change.effects.iter().map(move |effect| (names.0.clone(), names.1.clone(), effect.kind))
        });
        prop_assert_eq!(found.collect::<BTreeSet<_>>(), expected);
        for change in &difference.changes {
            for effect in &change.effects {
                let kind = crate::diff::change(subject(&before), subject(&after), &effect.example);
                prop_assert_eq!(kind, Some(effect.kind));
            }
        }
    }
}
