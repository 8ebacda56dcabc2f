//! What decides about targets besides the rule: guard, wish, contexts, and what targets are good at.

use crate::axis::{Cell, Subject};
use crate::diagram::{NO, Ref, YES};
use crate::space::Space;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_label::{Boundary, Label, Level};
use weir_policy::{Alias, Catalogue, Fact, NameFact, NumberFact, Policy, Preference, RuleAction, Target};

/// Requests that differ, for every target of their alias, in nothing but what rules look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Circumstances {
    pub alias: Arc<str>,
    /// The cells of sensitivity, wish and task, and whether the budget is spent.
    chosen: Vec<u32>,
    /// The places, among the alias's targets, of those that the guard refuses.
    refused: BTreeSet<usize>,
    /// The places of those whose context is too short.
    too_short: BTreeSet<usize>,
}

/// The circumstances of every request.
#[derive(Debug)]
pub(crate) struct Environment {
    /// The number of the circumstances.
    pub which: Ref,
    /// How many there are, or more.
    pub count: usize,
}

impl Environment {
    pub fn of(policy: &Policy, catalogue: &Catalogue, space: &mut Space) -> Self {
        let mut numbers = Numbers::default();
        let aliases: Vec<Ref> = catalogue
            .aliases()
            .map(|alias| of_alias(alias, policy, catalogue, space, &mut numbers))
            .collect();
        // The space's aliases are in the order of names too, but may be more: of another configuration.
        let place = space.place(&Subject::Value(Fact::Name(NameFact::RequestAlias))).unwrap_or_default();
        let names: Vec<Option<usize>> = space.axes().get(place).map_or_else(Vec::new, |axis| {
            let name = |cell: &Cell| {
                let class = cell.names()?;
                catalogue.aliases().position(|alias| **alias.name() == *class.example)
            };
            axis.cells.iter().map(name).collect()
        });
        let nobody = Ref::leaf(numbers.number(Circumstances::default()));
        let children: Vec<Ref> = names
            .into_iter()
            .map(|name| name.and_then(|name| aliases.get(name).copied()).unwrap_or(nobody))
            .collect();
        let which = space.diagrams.node(place, &children);
        Self { which, count: numbers.all.len() }
    }
}

/// Gives equal circumstances one number.
#[derive(Default)]
struct Numbers {
    all: Vec<Circumstances>,
    known: BTreeMap<Circumstances, u32>,
}

impl Numbers {
    fn number(&mut self, circumstances: Circumstances) -> u32 {
        *self.known.entry(circumstances).or_insert_with_key(|new| {
            self.all.push(new.clone());
            (self.all.len() - 1) as u32
        })
    }

    fn changed(&mut self, number: u32, change: impl FnOnce(&mut Circumstances)) -> u32 {
        let mut circumstances = self.all.get(number as usize).cloned().unwrap_or_default();
        change(&mut circumstances);
        self.number(circumstances)
    }
}

fn of_alias(
    alias: &Alias,
    policy: &Policy,
    catalogue: &Catalogue,
    space: &mut Space,
    numbers: &mut Numbers,
) -> Ref {
    let nothing = Circumstances { alias: alias.name().clone(), ..Circumstances::default() };
    let mut which = Ref::leaf(numbers.number(nothing));
    let task = by_task(policy).then_some(Subject::Value(Fact::Task));
    for subject in [Subject::Sensitivity, Subject::Wish].into_iter().chain(task) {
        let Some(place) = space.place(&subject) else { continue };
        let cells: Vec<Ref> = (0..space.diagrams.width(place)).map(|cell| Ref::leaf(cell as u32)).collect();
        let chosen = space.diagrams.node(place, &cells);
        which = space.diagrams.combine(which, chosen, |which, cell| {
            let (which, cell) = (which.value()?, cell.value()?);
            Some(Ref::leaf(numbers.changed(which, |new| new.chosen.push(cell))))
        });
    }
    let spent = spent(space);
    which = space.diagrams.combine(which, spent, |which, spent| {
        let (which, spent) = (which.value()?, spent.value()?);
        Some(Ref::leaf(numbers.changed(which, |new| new.chosen.push(spent))))
    });
    let targets = alias.targets().iter().chain(alias.degrade());
    for (place, target) in targets.enumerate().filter_map(|(place, id)| Some((place, catalogue.target(*id)?)))
    {
        let (refused, too_short) = (refused(target, &policy.boundary, space), too_short(target, space));
        let mut mark = |space: &mut Space, which, marked, mark: &dyn Fn(&mut Circumstances)| {
            space.diagrams.combine(which, marked, |which, marked| match marked {
                NO => Some(which),
                YES => Some(Ref::leaf(numbers.changed(which.value()?, mark))),
                _ => None,
            })
        };
        which = mark(space, which, refused, &|new| _ = new.refused.insert(place));
        which = mark(space, which, too_short, &|new| _ = new.too_short.insert(place));
    }
    which
}

/// Whether a rule orders targets by what they are good at.
pub(crate) fn by_task(policy: &Policy) -> bool {
    policy.rules().iter().any(|rule| match &rule.action {
        RuleAction::Route(routing) => routing.prefer == Preference::Best || routing.quality.is_some(),
        RuleAction::Deny(_) => false,
    })
}

/// Where nothing is left of the caller's budget, if a rule looks at it: nothing outside is used then.
fn spent(space: &mut Space) -> Ref {
    let budget = Subject::Value(Fact::Number(NumberFact::BudgetLeft));
    let Some(place) = space.place(&budget) else { return NO };
    let cells = space.axes().get(place).map(|axis| axis.cells.as_slice()).unwrap_or_default();
    let is_spent = |cell: &Cell| if cell.numbers() == Some((0, 0)) { YES } else { NO };
    let children: Vec<Ref> = cells.iter().map(is_spent).collect();
    space.diagrams.node(place, &children)
}

/// Where the guard refuses a target: because of the level, or of one of the jurisdictions.
fn refused(target: &Target, boundary: &Boundary, space: &mut Space) -> Ref {
    let says = |label: &Label| if target.recipient.check(boundary, label).is_err() { YES } else { NO };
    let mut refused = NO;
    let tables: Vec<(usize, Vec<Ref>)> = (0..)
        .zip(space.axes())
        .filter_map(|(place, axis)| {
            if axis.subject == Subject::Sensitivity {
                return Some((place, axis.cells.iter().map(|cell| says(&label_of(cell))).collect()));
            }
            let data = axis.subject.jurisdiction()?;
            Some((place, vec![NO, says(&Label::default().with_jurisdiction(data.clone()))]))
        })
        .collect();
    for (place, children) in tables {
        let because = space.diagrams.node(place, &children);
        refused = space.diagrams.or(refused, because);
    }
    refused
}

fn label_of(cell: &Cell) -> Label {
    cell.level().map_or_else(|| Label::at(Level::Restricted).with_opaque(), Label::at)
}

fn too_short(target: &Target, space: &mut Space) -> Ref {
    let Some((context, place)) = target.context_tokens.zip(space.place(&Subject::TokensNeeded)) else {
        return NO;
    };
    let is_too_short = |cell: &Cell| cell.numbers().is_some_and(|(from, _)| from > u64::from(context));
    let cells = space.axes().get(place).map(|axis| axis.cells.as_slice()).unwrap_or_default();
    let children: Vec<Ref> = cells.iter().map(|cell| if is_too_short(cell) { YES } else { NO }).collect();
    space.diagrams.node(place, &children)
}
