//! That no request goes where it may not, and that every request is decided.

mod made;
mod rules;
mod spec;

use crate::environment::Environment;
use crate::finding::Finding;
use crate::questions::{Questions, STEPS_MAX};
use crate::rules::Rules;
use crate::space::{Draft, Space};
use crate::walk::Circumstances;
use made::Made;
use weir_policy::{Alias, Catalogue, Decision, Facts, Policy};

/// The function whose decisions are proved: [`weir_policy::decide`], or a broken one to prove the proof by.
pub type Decide<'d> = dyn Fn(&Policy, &Catalogue, &Alias, &Facts<'_>) -> Decision + 'd;

/// What a proof found.
#[derive(Debug)]
pub struct Proof {
    /// How many regions there are: combinations of one cell of each fact that a request can have. The largest
    /// number there is when there are more.
    pub regions: u128,
    /// How many facts divide requests.
    pub facts: usize,
    /// How many decisions were made: at least one for each combination of circumstances and rule that there can be,
    /// and for each value of a fact under each rule (of very many values, for those at which what
    /// the rule asks for begins and ends).
    pub decisions: usize,
    /// What is wrong, probably not meant, or worth knowing; what is wrong comes first.
    pub findings: Vec<Finding>,
}

/// The rules have too much to do with each other to be analysed in reasonable time and memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the rules of this policy have too much to do with each other to be proved. Simplify it: let rules that overlap look \
     at the same few facts, test one fact per rule where that says enough, join rules that differ in one value into one \
     with a list, and put what many conditions repeat into a rule of its own above them (`weir policy lint` scores each \
     rule)"
)]
pub struct TooComplex;

/// Proves a policy for this configuration.
///
/// # Errors
/// [`TooComplex`] when there is no answer: such a policy cannot be put in force.
pub fn prove(policy: &Policy, catalogue: &Catalogue) -> Result<Proof, TooComplex> {
    prove_by(policy, catalogue, &weir_policy::decide)
}

/// The same of another function.
///
/// # Errors
/// As [`prove`].
pub fn prove_by(policy: &Policy, catalogue: &Catalogue, decide: &Decide<'_>) -> Result<Proof, TooComplex> {
    let mut draft = Draft::default();
    draft.add(policy, catalogue);
    let mut space = draft.space();
    let mut questions = Questions::new(&space, STEPS_MAX);
    let mut rules = Rules::of(policy, &mut space, &mut questions);
    let environment = Environment::of(policy, catalogue, &mut space);
    let mut made = Made::new(policy, catalogue, decide);
    decide_all(&mut made, &mut rules, &environment, &space, &mut questions);
    let decisions = made.count();
    let mut findings = made.findings();
    findings.extend(rules::findings(policy, catalogue, &mut rules, &mut space, &mut questions));
    if space.diagrams.is_full() || questions.is_given_up() {
        return Err(TooComplex);
    }
    findings.sort_by_key(|finding| finding.severity());
    let regions = space.diagrams.count(space.possible, |value| value == 1).0;
    Ok(Proof { regions, facts: space.axes().len(), decisions, findings })
}

/// Decides about a request of every rule in all circumstances in which it can decide, and of every rule with every
/// value of every fact, or of very many those at which what the rule asks for begins and ends: so that what decides is
/// asked about every value that matters.
fn decide_all(
    made: &mut Made<'_>,
    rules: &mut Rules,
    environment: &Environment,
    space: &Space,
    questions: &mut Questions,
) {
    let mut circumstances = Circumstances::new(environment.which, environment.count);
    for rule in 0..=rules.none() {
        let Some(some) = rules.decided(rule).cloned() else { continue };
        let decides = |cells: &[usize], questions: &Questions| rules.deciding_about(cells, questions) == rule;
        let deciding = rules.deciding(rule);
        let mut requests = with_all_values((&*rules, rule), &some, space, questions);
        let in_all = circumstances.each(&deciding, &some, &decides, space, questions);
        requests.extend(in_all.into_iter().map(|(_, cells)| cells));
        for cells in requests {
            rules.note(&cells, questions);
            questions.spend(DECISION);
            made.decide(rule, space.request_in(&cells));
        }
        if questions.is_given_up() {
            return;
        }
    }
}

/// How many steps it takes to make a request and decide about it.
const DECISION: usize = 300;

/// For each value of each fact, of those that matter to a rule, a request that has it and that the rule decides about, if
/// there is one; like `some`, which is one of them, where that will do.
fn with_all_values(
    (rules, rule): (&Rules, usize),
    some: &[usize],
    space: &Space,
    questions: &mut Questions,
) -> Vec<Vec<usize>> {
    let deciding = rules.deciding(rule);
    let mut requests = vec![some.to_vec()];
    for (place, axis) in space.axes().iter().enumerate() {
        let cells = rules.cells_of(rule, place, axis.cells.len());
        for cell in cells.into_iter().filter(|cell| some.get(place) != Some(cell)) {
            let mut moved = some.to_vec();
            moved.iter_mut().skip(place).take(1).for_each(|moved| *moved = cell);
            if space.is_possible(&moved) && rules.deciding_about(&moved, questions) == rule {
                requests.push(moved);
            } else {
                let within = [questions.in_cell(place, cell)];
                requests.extend(questions.find(&[&*deciding, &within].concat()));
            }
        }
    }
    requests
}
