//! That no request goes where it may not, and that every request is decided.

mod rules;
mod spec;

use crate::diagram::Ref;
use crate::environment::Environment;
use crate::finding::Finding;
use crate::pairs::pairs;
use crate::rules::Rules;
use crate::space::{Cells, Draft, Space};
use spec::breaches;
use weir_policy::{Alias, Catalogue, Decision, Facts, OwnedFacts, Policy};

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
    /// How many decisions were made: one for each combination of circumstances and rule that there can be.
    pub decisions: usize,
    /// What is wrong, probably not meant, or worth knowing; what is wrong comes first.
    pub findings: Vec<Finding>,
}

/// The rules have too much to do with each other to be analysed in reasonable memory.
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
    let rules = Rules::of(policy, &mut space);
    let environment = Environment::of(policy, catalogue, &mut space);
    let decisions = decisions(policy, catalogue, decide, &space, &rules, &environment);
    let mut breaches: Vec<Finding> =
        decisions.iter().flat_map(|made| breaches(policy, catalogue, made)).collect();
    // The same fault shows in many regions; one example is enough.
    breaches.sort_by(|a, b| (a.kind, &a.rule, &a.message).cmp(&(b.kind, &b.rule, &b.message)));
    breaches.dedup_by(|a, b| (a.kind, &a.rule, &a.message) == (b.kind, &b.rule, &b.message));
    let mut findings = breaches;
    findings.extend(rules::findings(policy, catalogue, &rules, &mut space));
    findings.extend(rules::dead_ends(policy, &decisions));
    findings.extend(rules::without_target(&decisions));
    if space.diagrams.is_full() {
        return Err(TooComplex);
    }
    findings.sort_by_key(|finding| finding.severity());
    let regions = space.diagrams.count(space.possible, |value| value == 1).0;
    Ok(Proof { regions, facts: space.axes().len(), decisions: decisions.len(), findings })
}

/// A decision about a request that stands for all in the same circumstances that the same rule decides about.
#[derive(Debug)]
struct Made {
    /// The number of the rule that should decide.
    rule: usize,
    request: OwnedFacts,
    decision: Decision,
}

fn decisions(
    policy: &Policy,
    catalogue: &Catalogue,
    decide: &Decide<'_>,
    space: &Space,
    rules: &Rules,
    environment: &Environment,
) -> Vec<Made> {
    let pairs = pairs(&space.diagrams, environment.which, rules.first);
    let in_all_circumstances = pairs.into_iter().map(|((_, rule), cells)| (rule, cells));
    let with_all_values = with_all_values(space, rules);
    let made = in_all_circumstances.chain(with_all_values).filter_map(|(rule, cells)| {
        let request = space.request(&cells);
        let alias = catalogue.alias(request.borrow().request.alias)?;
        let decision = decide(policy, catalogue, alias, &request.borrow());
        (rule <= rules.none()).then_some(Made { rule: rule as usize, request, decision })
    });
    made.collect()
}

/// For each rule and each cell of each fact a request in that cell that the rule decides about, if there is one:
/// so that what decides is asked about every value that matters, under every rule.
fn with_all_values(space: &Space, rules: &Rules) -> Vec<(u32, Cells)> {
    let regions = (0..).zip(rules.decides.iter().copied().chain([rules.unmatched]));
    regions
        .flat_map(|(rule, region)| values_of(region, space).into_iter().map(move |cells| (rule, cells)))
        .collect()
}

fn values_of(region: Ref, space: &Space) -> Vec<Cells> {
    let Some(some) = space.diagrams.find(region, |value| value == 1) else { return Vec::new() };
    let matters = space.diagrams.axes_of(region);
    let mut requests = Vec::new();
    for (axis, matters) in matters.into_iter().enumerate() {
        for cell in 0..space.diagrams.width(axis) {
            if matters {
                requests.extend(space.diagrams.find_in_cell(region, axis, cell));
            } else {
                let mut cells = some.clone();
                cells.iter_mut().skip(axis).take(1).for_each(|place| *place = Some(cell));
                requests.push(cells);
            }
        }
    }
    requests
}
