//! Every request that there can be, as the combinations of one cell of each axis.

mod draft;
mod sizes;

pub(crate) use draft::Draft;

use crate::axis::{Axis, Cell, NameClass, Subject};
use crate::diagram::{Diagrams, Ref, YES};
use sizes::Sizes;
use std::collections::{BTreeMap, BTreeSet};
use weir_label::Level;
use weir_policy::{
    Condition, EntityCount, Fact, FactValue, Flag, Modality, NamePattern, Names, NumberFact, OwnedFacts,
    Test, Truth, Words,
};

/// One cell for each axis; `None` where every cell will do.
pub(crate) type Cells = Vec<Option<usize>>;

/// The axes of one or more policies, in their order, and the diagrams over them.
#[derive(Debug)]
pub(crate) struct Space {
    axes: Vec<Axis>,
    places: BTreeMap<Subject, usize>,
    sizes: Sizes,
    /// True for the combinations that a request can have.
    pub possible: Ref,
    pub diagrams: Diagrams,
}

/// The leaves of conditions.
const FALSE: Ref = Ref::leaf(0);
const UNKNOWN: Ref = Ref::leaf(1);
const TRUE: Ref = Ref::leaf(2);

impl Space {
    /// The space of these axes, which are asked for in this order.
    pub fn new(axes: Vec<Axis>) -> Self {
        let places: BTreeMap<Subject, usize> =
            axes.iter().enumerate().map(|(place, axis)| (axis.subject.clone(), place)).collect();
        let diagrams = Diagrams::new(axes.iter().map(|axis| axis.cells.len()).collect());
        let sizes = Sizes::of(&axes, &places);
        let mut space = Self { axes, places, sizes, possible: YES, diagrams };
        space.possible = space.sizes.clone().possible(&mut space.diagrams);
        space
    }

    /// The axes, in order.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The axis of a subject, if a policy looks at it.
    pub fn place(&self, subject: &Subject) -> Option<usize> {
        self.places.get(subject).copied()
    }

    /// The cells that these facts are in.
    #[cfg(test)]
    pub fn locate(&self, facts: &weir_policy::Facts<'_>) -> Option<Vec<usize>> {
        self.axes.iter().map(|axis| axis.locate(facts)).collect()
    }

    /// Whether a request can be in these cells.
    pub fn is_possible(&self, cells: &[usize]) -> bool {
        self.value(self.possible, cells) == Some(1)
    }

    /// The value of a function in these cells.
    pub fn value(&self, of: Ref, cells: &[usize]) -> Option<u32> {
        let mut at = of;
        for (axis, cell) in cells.iter().enumerate() {
            at = self.diagrams.child(at, axis, *cell);
        }
        at.value()
    }

    /// A request in these cells; where every cell will do, in one that has least to say.
    pub fn request(&self, cells: &[Option<usize>]) -> OwnedFacts {
        let mut request = OwnedFacts::default();
        for (place, axis) in self.axes.iter().enumerate() {
            let chosen = cells.get(place).copied().flatten().unwrap_or_else(|| axis.plainest());
            if let Some(cell) = axis.cells.get(chosen) {
                put(&axis.subject, cell, &mut request);
            }
        }
        self.sizes.put(cells, &mut request);
        request
    }

    /// A request in these cells, one of each axis.
    pub fn request_in(&self, cells: &[usize]) -> OwnedFacts {
        self.request(&cells.iter().copied().map(Some).collect::<Cells>())
    }

    /// Where a test is false (0), unknown (1) and true (2).
    pub fn test(&mut self, test: &Test) -> Ref {
        match test {
            // They are unknown of opaque data, though nothing is looked for.
            Test::Categories(none) if none.is_empty() => self.table(&[Subject::Sensitivity], test),
            Test::Jurisdictions(none) if none.is_empty() => self.table(&[Subject::Sensitivity], test),
            Test::Categories(any) => self.members(any.iter(), |category| {
                (Subject::Category(category.clone()), Test::Categories([category.clone()].into()))
            }),
            Test::Jurisdictions(any) => self.members(any.iter(), |place| {
                (Subject::Jurisdiction(place.clone()), Test::Jurisdictions([place.clone()].into()))
            }),
            Test::Modalities(any) => self
                .members(any.iter(), |kind| (Subject::Modality(kind), Test::Modalities(Words::from([kind])))),
            Test::Flag(Flag::Images, _) => self.table(&[Subject::Modality(Modality::Image)], test),
            Test::Level(_) | Test::Flag(Flag::Opaque, _) => self.table(&[Subject::Sensitivity], test),
            Test::Entities(counts) => {
                let counts: Vec<Ref> = counts.iter().map(|count| self.entity_count(count)).collect();
                self.any(counts)
            }
            Test::Scopes(names) => self.scopes(names),
            Test::Flag(..)
            | Test::Name(..)
            | Test::Number(..)
            | Test::LatencyClass(_)
            | Test::Task(_)
            | Test::ResponseFormat(_)
            | Test::Weekday(_) => self.table(&[Subject::Value(test.fact())], test),
        }
    }

    /// How many cells there are of the fact that a test looks at, if it is one that has a value.
    pub fn cells_of(&self, test: &Test) -> usize {
        self.place(&Subject::Value(test.fact())).map_or(1, |place| self.diagrams.width(place))
    }

    /// A test of a set of values, which holds if that of one of them does.
    fn members<T>(&mut self, values: impl Iterator<Item = T>, each: impl Fn(T) -> (Subject, Test)) -> Ref {
        let tests: Vec<Ref> = values
            .map(|value| {
                let (subject, test) = each(value);
                self.table(&[Subject::Sensitivity, subject], &test)
            })
            .collect();
        self.any(tests)
    }

    fn scopes(&mut self, names: &Names) -> Ref {
        let scopes = self.axes.iter().filter_map(|axis| {
            if let Subject::Scope(class) = &axis.subject { Some(class.clone()) } else { None }
        });
        let meant: Vec<NameClass> = scopes.filter(|class| names.contains(&class.example)).collect();
        let tests: Vec<Ref> = meant
            .into_iter()
            .map(|class| {
                let test = Test::Scopes(Names(vec![NamePattern::Exact(class.example.clone())]));
                self.table(&[Subject::ScopesKnown, Subject::Scope(class)], &test)
            })
            .collect();
        self.any(tests)
    }

    /// Of several types the one that was found most often counts, so that the cells' order is the counts'.
    fn entity_count(&mut self, count: &EntityCount) -> Ref {
        let classes: Vec<usize> = (0..self.axes.len())
            .filter(|place| match self.axes.get(*place).map(|axis| &axis.subject) {
                Some(Subject::Entity(class)) => count.types.matches(&class.example),
                _ => false,
            })
            .collect();
        let mut most = Ref::leaf(0);
        for place in &classes {
            let cells: Vec<Ref> =
                (0..self.diagrams.width(*place)).map(|cell| Ref::leaf(cell as u32)).collect();
            let found = self.diagrams.node(*place, &cells);
            most = self.diagrams.combine(most, found, |a, b| Some(Ref::leaf(a.value()?.max(b.value()?))));
        }
        let Some(class) = classes.first() else { return FALSE };
        let found = self.table_by_cell(*class, count);
        let opaque = self.place(&Subject::Sensitivity).unwrap_or_default();
        let width = self.diagrams.width(opaque);
        // The last cell of that axis is opaque data.
        let known: Vec<Ref> = (0..width).map(|cell| Ref::leaf(u32::from(cell + 1 == width))).collect();
        let known = self.diagrams.node(opaque, &known);
        self.diagrams.combine(known, most, |opaque, most| {
            let (opaque, most) = (opaque.value()?, most.value()?);
            let (of_known, of_opaque) = found.get(most as usize)?;
            Some(if opaque == 0 { *of_known } else { *of_opaque })
        })
    }

    /// What `count` says when the types of one class are found so often: of data that could be inspected, and
    /// of data that could not.
    fn table_by_cell(&self, class: usize, count: &EntityCount) -> Vec<(Ref, Ref)> {
        let Some(axis) = self.axes.get(class) else { return Vec::new() };
        let condition = Condition::Test(Test::Entities(vec![count.clone()]));
        let says = |cell: &Cell, is_opaque: bool| {
            let mut request = OwnedFacts::default();
            put(&axis.subject, cell, &mut request);
            set(&mut request, &Fact::Flag(Flag::Opaque), FactValue::Flag(is_opaque));
            leaf(condition.evaluate(&request.borrow()))
        };
        axis.cells.iter().map(|cell| (says(cell, false), says(cell, true))).collect()
    }

    /// What a test says, asked of a request in each combination of the subjects' cells. The subjects are those
    /// that the test looks at.
    fn table(&mut self, subjects: &[Subject], test: &Test) -> Ref {
        let mut places: Vec<usize> = subjects.iter().filter_map(|subject| self.place(subject)).collect();
        places.sort_unstable();
        self.table_below(&places, &Condition::Test(test.clone()), &OwnedFacts::default())
    }

    fn table_below(&mut self, places: &[usize], test: &Condition, request: &OwnedFacts) -> Ref {
        let [place, rest @ ..] = places else { return leaf(test.evaluate(&request.borrow())) };
        let Some(axis) = self.axes.get(*place).cloned() else { return FALSE };
        let mut request = request.clone();
        let mut children = Vec::with_capacity(axis.cells.len());
        for cell in &axis.cells {
            // Of a level nothing is left when the next cell is that of opaque data.
            if axis.subject == Subject::Sensitivity {
                set(&mut request, &Fact::Level, FactValue::Level(Level::Public));
            }
            put(&axis.subject, cell, &mut request);
            children.push(self.table_below(rest, test, &request));
        }
        self.diagrams.node(*place, &children)
    }

    fn any(&mut self, parts: Vec<Ref>) -> Ref {
        parts.into_iter().fold(FALSE, |any, part| self.most(any, part))
    }

    fn most(&mut self, a: Ref, b: Ref) -> Ref {
        self.diagrams.combine(a, b, |a, b| match (a, b) {
            (TRUE, _) | (_, TRUE) => Some(TRUE),
            (FALSE, other) | (other, FALSE) => Some(other),
            (a, b) => (a == b).then_some(a),
        })
    }
}

fn leaf(truth: Truth) -> Ref {
    match truth {
        Truth::False => FALSE,
        Truth::Unknown => UNKNOWN,
        Truth::True => TRUE,
    }
}

/// Gives a request a value of this cell.
fn put(subject: &Subject, cell: &Cell, request: &mut OwnedFacts) {
    match (subject, cell) {
        (Subject::Sensitivity, Cell::Level(level)) => {
            set(request, &Fact::Flag(Flag::Opaque), FactValue::Flag(false));
            set(request, &Fact::Level, FactValue::Level(*level));
        }
        (Subject::Sensitivity, _) => set(request, &Fact::Flag(Flag::Opaque), FactValue::Flag(true)),
        (Subject::Jurisdiction(place) | Subject::OtherJurisdiction { example: place, .. }, Cell::Is(is)) => {
            if let FactValue::Jurisdictions(places) = request.get(&Fact::Jurisdictions) {
                set(request, &Fact::Jurisdictions, FactValue::Jurisdictions(with(places, place, *is)));
            }
        }
        (Subject::Category(category), Cell::Is(is)) => {
            if let FactValue::Categories(categories) = request.get(&Fact::Categories) {
                set(request, &Fact::Categories, FactValue::Categories(with(categories, category, *is)));
            }
        }
        (Subject::Modality(kind), Cell::Is(is)) => {
            if let FactValue::Modalities(kinds) = request.get(&Fact::Modalities) {
                let kinds = kinds.iter().filter(|each| each != kind).chain(is.then_some(*kind));
                set(request, &Fact::Modalities, FactValue::Modalities(kinds.collect()));
            }
        }
        (Subject::Entity(class), Cell::Numbers(count, _)) => {
            if let FactValue::Entities(mut entities) = request.get(&Fact::Entities) {
                entities.insert(class.example.to_string(), u32::try_from(*count).unwrap_or(u32::MAX));
                entities.retain(|_, count| *count > 0);
                set(request, &Fact::Entities, FactValue::Entities(entities));
            }
        }
        (Subject::ScopesKnown, Cell::Is(is)) => {
            let scopes = if *is { FactValue::Names(BTreeSet::new()) } else { FactValue::Unknown };
            set(request, &Fact::Scopes, scopes);
        }
        (Subject::Scope(class), Cell::Is(is)) => {
            if let FactValue::Names(scopes) = request.get(&Fact::Scopes) {
                set(request, &Fact::Scopes, FactValue::Names(with(scopes, &class.example.to_string(), *is)));
            }
        }
        (Subject::Value(fact), Cell::Numbers(from, to)) => {
            let number = if *fact == Fact::Number(NumberFact::PromptTokens) {
                100.clamp(*from, *to)
            } else if *fact == Fact::Number(NumberFact::BudgetLeft) {
                // Enough, if there is anything: a budget that is too small is as good as none.
                *to
            } else {
                *from
            };
            set(request, fact, FactValue::Number(number));
        }
        (Subject::Value(fact), Cell::Names(class)) => {
            set(request, fact, FactValue::Name(class.example.clone()))
        }
        (Subject::Value(fact), Cell::Value(value)) => set(request, fact, value.clone()),
        (Subject::Wish, Cell::Wish(wish)) => request.wish = *wish,
        // What is needed follows from prompt and limit.
        _ => {}
    }
}

fn with<T: Ord + Clone>(mut set: BTreeSet<T>, member: &T, is: bool) -> BTreeSet<T> {
    if is {
        set.insert(member.clone());
    } else {
        set.remove(member);
    }
    set
}

fn set(request: &mut OwnedFacts, fact: &Fact, value: FactValue) {
    let done = request.set(fact, value);
    debug_assert!(done.is_ok(), "cells hold values that their fact can have: {done:?}");
}
