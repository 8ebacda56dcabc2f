//! The analysis says what `decide` does.

mod brute;

use crate::axis::Subject;
use crate::environment::Environment;
use crate::questions::{Questions, STEPS_MAX};
use crate::random::{condition, policy, request};
use crate::rules::Rules;
use crate::solve::Literal;
use crate::space::{Draft, Space};
use crate::{Kind, Severity, TooComplex, prove};
use proptest::prelude::*;
use std::collections::BTreeSet;
use weir_label::{Boundary, Level, Recipient, Residency, Revision};
use weir_policy::{
    Action, AnyRecipient, Catalogue, Condition, Decision, Fact, FactValue, Measure, NumberFact, OwnedFacts,
    Policy, Pool, Ranges, Rule, RuleAction, Step, Target, TargetId, Test, Truth, decide,
};

fn space(policy: &Policy, catalogue: &Catalogue) -> Space {
    let mut draft = Draft::default();
    draft.add(policy, catalogue);
    draft.space()
}

fn decided(policy: &Policy, catalogue: &Catalogue, request: &OwnedFacts) -> Decision {
    let facts = request.borrow();
    decide(policy, catalogue, catalogue.alias(facts.request.alias).unwrap(), &facts)
}

/// The request as the analysis sees it: a budget that no rule looks at is taken to be enough.
fn without_unseen_budget(space: &Space, mut request: OwnedFacts) -> OwnedFacts {
    let budget = Fact::Number(NumberFact::BudgetLeft);
    if space.place(&Subject::Value(budget.clone())).is_none() {
        request.set(&budget, FactValue::Unknown).unwrap();
    }
    request
}

/// What a decision says besides the order of targets, which may hang on figures that no rule looks at.
fn essence(decision: &Decision) -> (String, Result<(BTreeSet<TargetId>, String), String>) {
    let says = match &decision.action {
        Action::Route(plan) => {
            let all = plan.targets().chain(plan.degrade.iter().copied()).collect();
            // What comes after `reject` is never reached.
            let ladder: Vec<&Step> = plan.ladder.iter().take_while(|step| **step != Step::Reject).collect();
            Ok((all, format!("{ladder:?}")))
        }
        Action::Deny(denial) => Err(denial.code.to_string()),
    };
    (decision.rule.to_string(), says)
}

/// Rules of some capacities each, by number: which ones, and how many there are in all.
fn of_capacities(rules: &[Vec<usize>]) -> Policy {
    let busy = |number: &usize| {
        let pool = Pool::named(&format!("tag:{}", number));
        Condition::Test(Test::Number(NumberFact::Load(pool, Measure::Queue), Ranges::above(3)))
    };
    let rule = |(number, pools): (usize, &Vec<usize>)| {
        let when = Condition::All(pools.iter().map(busy).collect());
        let name = format!("rule {number}").parse().unwrap();
        Rule::new(name, when, RuleAction::Deny("no".into()))
    };
    let rules = rules.iter().enumerate().map(rule).collect();
    Policy::new(Boundary::new(Level::Confidential, Residency::default(), Revision::new("r")), rules)
}

fn one_target() -> Catalogue {
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
    let recipient = Recipient::new("gpu", boundary.local_clearance(Level::Restricted, None));
    let mut catalogue = Catalogue::default();
    let target = catalogue.add_target(Target::new(AnyRecipient::Local(recipient), "m".into())).unwrap();
    catalogue.add_alias("auto", vec![target], Vec::new()).unwrap();
    catalogue
}

#[test]
fn rules_that_have_nothing_to_do_with_each_other_are_proved_however_many_there_are() {
    // Facts by name: all firsts, then all seconds, which would be 2^40 nodes if they were asked for so.
    let pairs: Vec<Vec<usize>> = (100..140).map(|n| vec![n, n + 100]).collect();
    let proof = prove(&of_capacities(&pairs), &one_target()).unwrap();
    assert!(proof.findings.iter().all(|finding| finding.severity() == Severity::Note), "{proof:?}");
}

/// Numbers that look random: always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

#[test]
fn rules_that_have_everything_to_do_with_each_other_are_proved() {
    // Sixty facts, each with many others in two hundred rules: no order keeps them apart.
    for seed in 1..3 {
        let mut dice = Dice(seed);
        let rules: Vec<Vec<usize>> = (0..200).map(|_| (0..3).map(|_| dice.below(60)).collect()).collect();
        let (policy, catalogue) = (of_capacities(&rules), one_target());
        let proof = prove(&policy, &catalogue).unwrap();
        assert!(proof.findings.iter().all(|finding| finding.severity() != Severity::Error), "{proof:?}");
        assert!(proof.decisions > 100 * 60, "{}", proof.decisions);
        assert!(proof.findings.iter().all(|finding| finding.kind != Kind::Unreachable), "{proof:?}");
    }
}

/// Thirteen facts of twelve values each, and a rule for each two that have the same: whoever counts sees that no
/// request is left, and a search does not.
#[test]
fn a_policy_that_is_too_tangled_is_said_to_be_so() {
    let value = |fact: usize, value: usize| {
        let pool = Pool::named(&format!("tag:{fact}"));
        let numbers = Ranges::between(value as u64, if value == 11 { u64::MAX } else { value as u64 });
        Condition::Test(Test::Number(NumberFact::Load(pool, Measure::Queue), numbers))
    };
    let pairs = (0..13).flat_map(|a| (0..a).map(move |b| (a, b)));
    let both = pairs.flat_map(|(a, b)| (0..12).map(move |n| Condition::All(vec![value(a, n), value(b, n)])));
    let unknown = (0..13).map(|fact| {
        let known = Condition::Any((0..12).map(|n| value(fact, n)).collect());
        Condition::All(vec![Condition::Not(Box::new(known))])
    });
    let rules = both.chain(unknown).enumerate().map(|(number, when)| {
        Rule::new(format!("rule {number}").parse().unwrap(), when, RuleAction::Deny("no".into()))
    });
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
    let policy = Policy::new(boundary, rules.collect());
    assert_eq!(prove(&policy, &one_target()).unwrap_err(), TooComplex);
    assert!(TooComplex.to_string().contains("Simplify it"));
}

/// Whether all of these are true in the region of these cells.
fn find_in(cells: &[usize], all: &[Literal], questions: &mut Questions) -> bool {
    let region = cells.iter().enumerate().map(|(axis, cell)| questions.in_cell(axis, *cell));
    let asked: Vec<Literal> = region.chain(all.iter().copied()).collect();
    questions.find(&asked).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Wherever a request is, its region says of a condition what the condition says of the request.
    #[test]
    fn a_region_says_of_a_condition_what_the_condition_says(
        condition in condition(), (policy, catalogue) in policy(), request in request(),
    ) {
        let mut draft = Draft::default();
        draft.add(&policy, &catalogue);
        draft.add_condition(&condition);
        let mut space = draft.space();
        let mut questions = Questions::new(&space, STEPS_MAX);
        let (holds, may_hold) =
            (questions.holds(&condition, &mut space), questions.may_hold(&condition, &mut space));
        let cells = space.locate(&request.borrow()).unwrap();
        prop_assert!(find_in(&cells, &[], &mut questions));
        let truth = condition.evaluate(&request.borrow());
        prop_assert_eq!(questions.is_true(holds), truth == Truth::True);
        prop_assert_eq!(questions.is_true(may_hold), truth != Truth::False);
        prop_assert_eq!(questions.is_true_in(holds, &cells), truth == Truth::True);
        prop_assert_eq!(questions.is_true_in(may_hold, &cells), truth != Truth::False);
        // What is not true is false: a question for the contrary says so.
        let contrary = if truth == Truth::True { !holds } else { holds };
        prop_assert!(!find_in(&cells, &[contrary], &mut questions));
    }

    /// A request that stands for a region is in it, and every request is in a region that there can be.
    #[test]
    fn a_request_made_for_a_region_is_in_it((policy, catalogue) in policy(), request in request()) {
        let space = space(&policy, &catalogue);
        let cells = space.locate(&request.borrow()).unwrap();
        prop_assert_eq!(space.value(space.possible, &cells), Some(1));
        let chosen: Vec<Option<usize>> = cells.iter().copied().map(Some).collect();
        let made = space.request(&chosen);
        prop_assert_eq!(space.locate(&made.borrow()).unwrap(), cells);
    }

    /// All requests of a region are decided alike, by the rule that the analysis names.
    #[test]
    fn requests_of_one_region_are_decided_alike((policy, catalogue) in policy(), request in request()) {
        let mut space = space(&policy, &catalogue);
        let request = without_unseen_budget(&space, request);
        let mut questions = Questions::new(&space, STEPS_MAX);
        let rules = Rules::of(&policy, &mut space, &mut questions);
        let cells = space.locate(&request.borrow()).unwrap();
        let decision = decided(&policy, &catalogue, &request);
        let number = rules.deciding_about(&cells, &questions);
        prop_assert!(find_in(&cells, &rules.deciding(number), &mut questions));
        let decides = questions.all(&rules.deciding(number));
        prop_assert!(!find_in(&cells, &[!decides], &mut questions));
        let rule = policy.rules().get(number).unwrap_or(policy.unmatched());
        prop_assert_eq!(&rule.name, &decision.rule);
        let made = space.request_in(&cells);
        prop_assert_eq!(essence(&decided(&policy, &catalogue, &made)), essence(&decision));
    }

    /// So are those of different regions in the same circumstances, if the same rule decides.
    #[test]
    fn requests_in_the_same_circumstances_are_decided_alike(
        (policy, catalogue) in policy(), requests in proptest::collection::vec(request(), 2..12),
    ) {
        let mut space = space(&policy, &catalogue);
        let environment = Environment::of(&policy, &catalogue, &mut space);
        let mut seen = std::collections::BTreeMap::new();
        for request in requests {
            let request = without_unseen_budget(&space, request);
            let cells = space.locate(&request.borrow()).unwrap();
            let circumstances = space.value(environment.which, &cells).unwrap();
            let (rule, essence) = essence(&decided(&policy, &catalogue, &request));
            let known = seen.entry((circumstances, rule)).or_insert_with(|| essence.clone());
            prop_assert_eq!(&*known, &essence);
        }
    }
}

fn differs(before: &Policy, after: &Policy, catalogue: &Catalogue, request: &OwnedFacts) -> bool {
    let essence_of = |policy| essence(&decided(policy, catalogue, request)).1;
    essence_of(before) != essence_of(after)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What two policies do differently with any request is told, and what is told they do.
    #[test]
    fn every_difference_is_told_and_every_one_told_is_there(
        (before, catalogue) in policy(), rules in crate::random::rules(),
        requests in proptest::collection::vec(request(), 1..40),
    ) {
        let after = Policy::new(before.boundary.clone(), rules);
        let subject = |policy| crate::Subject { policy, catalogue: &catalogue };
        let difference = crate::diff(subject(&before), subject(&after)).unwrap();
        let names = |request: &OwnedFacts| {
            let facts = request.borrow();
            (before.rule_for(&facts).name.clone(), after.rule_for(&facts).name.clone())
        };
        for request in &requests {
            let (old, new) = names(request);
            let told = difference.changes.iter().any(|change| change.before == old && change.after == new);
            prop_assert!(told || !differs(&before, &after, &catalogue, request));
        }
        for change in &difference.changes {
            for effect in &change.effects {
                prop_assert_eq!(names(&effect.example), (change.before.clone(), change.after.clone()));
                let is_outward = matches!(effect.kind, crate::ChangeKind::Opened | crate::ChangeKind::Closed
                    | crate::ChangeKind::Denied | crate::ChangeKind::Allowed | crate::ChangeKind::Targets);
                prop_assert!(!is_outward || differs(&before, &after, &catalogue, &effect.example));
            }
        }
    }

    /// The conditions that a region is told by hold in the region and nowhere else.
    #[test]
    fn a_region_told_in_conditions_is_the_region((policy, catalogue) in policy()) {
        let mut space = space(&policy, &catalogue);
        let mut questions = Questions::new(&space, STEPS_MAX);
        let rules = Rules::of(&policy, &mut space, &mut questions);
        for rule in 0..=rules.none() {
            let region = questions.all(&rules.deciding(rule));
            let (cubes, more) = crate::cover::cover(region, 20, &space, &mut questions);
            let told: Vec<_> = cubes.iter().map(|cube| {
                let within = crate::cover::literals(cube, &mut questions);
                questions.all(&within)
            }).collect();
            let told = questions.any(&told);
            prop_assert!(questions.find(&[told, !region]).is_none());
            prop_assert_eq!(more, questions.find(&[region, !told]).is_some());
        }
    }

    /// A rule that decides about any request is not called dead, and examples show what they are for.
    #[test]
    fn no_rule_that_decides_is_called_dead(
        (policy, catalogue) in policy(), requests in proptest::collection::vec(request(), 1..40),
    ) {
        let proof = crate::prove(&policy, &catalogue).unwrap();
        let dead = |finding: &&crate::Finding| {
            matches!(finding.kind, crate::Kind::Unreachable | crate::Kind::Shadowed)
        };
        let dead: BTreeSet<_> = proof.findings.iter().filter(dead).filter_map(|finding| finding.rule.clone()).collect();
        for request in &requests {
            prop_assert!(!dead.contains(&policy.rule_for(&request.borrow()).name));
        }
        for finding in &proof.findings {
            prop_assert!(finding.severity() != crate::Severity::Error, "{:?}", finding);
            let (Some(example), Some(rule)) = (&finding.example, &finding.rule) else { continue };
            let decides = &policy.rule_for(&example.borrow()).name;
            let expected = match finding.kind {
                crate::Kind::Shadowed => finding.others.contains(decides),
                crate::Kind::Overtaken => finding.others == [decides.clone()],
                crate::Kind::Redundant | crate::Kind::DeadEnd | crate::Kind::Overlap => decides == rule,
                crate::Kind::Leak | crate::Kind::Undecided | crate::Kind::Disagreement => false,
                crate::Kind::Unreachable | crate::Kind::Unmatched | crate::Kind::NoTarget => true,
            };
            prop_assert!(expected, "{:?} decided by {}", finding, decides);
        }
    }

    /// Without a rule that is called redundant or shadowed nothing is different.
    #[test]
    fn what_is_called_needless_is_needless((policy, catalogue) in policy()) {
        let proof = crate::prove(&policy, &catalogue).unwrap();
        for finding in proof.findings {
            let needless = matches!(finding.kind,
                crate::Kind::Unreachable | crate::Kind::Shadowed | crate::Kind::Redundant);
            let Some(name) = finding.rule.filter(|_| needless) else { continue };
            let rest = policy.rules().iter().filter(|rule| rule.name != name).cloned().collect();
            let without = Policy::new(policy.boundary.clone(), rest);
            let subject = |policy| crate::Subject { policy, catalogue: &catalogue };
            prop_assert!(crate::diff(subject(&policy), subject(&without)).unwrap().changes.is_empty());
        }
    }
}
