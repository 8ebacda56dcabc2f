//! Facts as axes, and their values as cells.
//!
//! All values of a cell are treated alike by every condition, guard and limit of the policies at hand, and one
//! of them stands for all. Every value of a fact is in exactly one cell.

mod class;

pub(crate) use class::{NameClass, NameKind, classes};

use std::collections::BTreeSet;
use weir_label::{Category, Jurisdiction, Level};
use weir_policy::{Fact, FactValue, Facts, Modality, RouteWish, Word};

/// What an axis is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// `data.level`, or that part of the data could not be inspected.
    Sensitivity,
    /// Whether `data.jurisdictions` has this one.
    Jurisdiction(Jurisdiction),
    /// Whether `data.jurisdictions` has one besides those `known`, such as the example.
    OtherJurisdiction {
        example: Jurisdiction,
        known: BTreeSet<Jurisdiction>,
    },
    /// Whether `data.categories` has this one.
    Category(Category),
    /// Whether `request.modality` has this one.
    Modality(Modality),
    /// How often the entity type that was found most often was found, of the types of one class.
    Entity(NameClass),
    /// Whether the caller's scopes are known.
    ScopesKnown,
    /// Whether the caller has a scope of this class; of no account when scopes are unknown.
    Scope(NameClass),
    /// A fact that has one value.
    Value(Fact),
    /// Tokens of the prompt and of the answer's limit together.
    TokensNeeded,
    Wish,
}

/// Values of one subject that are treated alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Level(Level),
    Opaque,
    Is(bool),
    /// This value.
    Value(FactValue),
    Names(NameClass),
    /// The numbers from the first to the second, both included.
    Numbers(u64, u64),
    Wish(Option<RouteWish>),
}

impl Cell {
    pub const UNKNOWN: Cell = Cell::Value(FactValue::Unknown);
}

/// One axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Axis {
    pub subject: Subject,
    pub cells: Vec<Cell>,
}

impl Axis {
    pub fn of_yes_and_no(subject: Subject) -> Self {
        Self { subject, cells: vec![Cell::Is(false), Cell::Is(true)] }
    }

    pub fn sensitivity() -> Self {
        let cells = Level::ALL.map(Cell::Level).into_iter().chain([Cell::Opaque]).collect();
        Self { subject: Subject::Sensitivity, cells }
    }

    pub fn wish() -> Self {
        let wishes = [None, Some(RouteWish::LocalOnly), Some(RouteWish::CloudOk)];
        Self { subject: Subject::Wish, cells: wishes.map(Cell::Wish).to_vec() }
    }

    pub fn of_flag(fact: Fact) -> Self {
        let cells = [false, true].map(|is| Cell::Value(FactValue::Flag(is))).to_vec();
        Self { subject: Subject::Value(fact), cells }
    }

    pub fn of_words<T: Word>(fact: Fact, value: impl Fn(T) -> FactValue) -> Self {
        let cells = T::ALL.iter().map(|word| Cell::Value(value(*word))).collect();
        Self { subject: Subject::Value(fact), cells }
    }

    /// The axis of a name that is in one of these classes.
    pub fn of_names(fact: Fact, classes: Vec<NameClass>) -> Self {
        Self { subject: Subject::Value(fact), cells: classes.into_iter().map(Cell::Names).collect() }
    }

    /// The axis of a number up to `most`, in intervals that begin at zero and at each cut.
    pub fn of_numbers(subject: Subject, cuts: &BTreeSet<u64>, most: u64) -> Self {
        let cuts = cuts.iter().copied().filter(|cut| (1..=most).contains(cut));
        let starts: Vec<u64> = std::iter::once(0).chain(cuts).collect();
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([most]);
        let cells = starts.iter().zip(ends).map(|(start, end)| Cell::Numbers(*start, end)).collect();
        Self { subject, cells }
    }

    /// The same, where the value may also be unknown.
    pub fn or_unknown(mut self) -> Self {
        self.cells.push(Cell::UNKNOWN);
        self
    }

    /// The cell of which there is least to say: unknown where that may be, else the first.
    pub fn plainest(&self) -> usize {
        self.place_of(&Cell::UNKNOWN).unwrap_or_default()
    }

    /// The cell that holds the value of these facts. Of a scope while scopes are unknown, the first.
    pub fn locate(&self, facts: &Facts<'_>) -> Option<usize> {
        let label = facts.data.label;
        match &self.subject {
            Subject::Sensitivity if label.is_opaque() => self.place_of(&Cell::Opaque),
            Subject::Sensitivity => self.place_of(&Cell::Level(label.level())),
            Subject::Jurisdiction(place) => self.place_of(&Cell::Is(label.jurisdictions().contains(place))),
            Subject::OtherJurisdiction { known, .. } => {
                self.place_of(&Cell::Is(!label.jurisdictions().is_subset(known)))
            }
            Subject::Category(category) => self.place_of(&Cell::Is(label.categories().contains(category))),
            Subject::Modality(kind) => self.place_of(&Cell::Is(facts.request.modalities.contains(*kind))),
            Subject::Entity(class) => {
                let counts = facts.data.entities.iter().filter(|(name, _)| class.holds(name));
                let most = counts.map(|(_, count)| u64::from(*count)).max();
                self.place_of_number(most.unwrap_or(0))
            }
            Subject::ScopesKnown => self.place_of(&Cell::Is(facts.caller.scopes.is_some())),
            Subject::Scope(class) => {
                let has = |scopes: &BTreeSet<String>| scopes.iter().any(|scope| class.holds(scope));
                self.place_of(&Cell::Is(facts.caller.scopes.is_some_and(has)))
            }
            Subject::Value(fact) => self.place_of_value(&fact.value(facts)),
            Subject::TokensNeeded => self.place_of_number(tokens_needed(facts)),
            Subject::Wish => self.place_of(&Cell::Wish(facts.wish)),
        }
    }

    fn place_of(&self, cell: &Cell) -> Option<usize> {
        self.cells.iter().position(|each| each == cell)
    }

    fn place_of_value(&self, value: &FactValue) -> Option<usize> {
        match value {
            FactValue::Number(number) => self.place_of_number(*number),
            FactValue::Name(name) => self.cells.iter().position(|cell| match cell {
                Cell::Names(class) => class.holds(name),
                _ => false,
            }),
            value => self.cells.iter().position(|cell| matches!(cell, Cell::Value(each) if each == value)),
        }
    }

    fn place_of_number(&self, number: u64) -> Option<usize> {
        self.cells.iter().position(|cell| match cell {
            Cell::Numbers(from, to) => (*from..=*to).contains(&number),
            _ => false,
        })
    }
}

/// What a request needs of a model's context.
pub(crate) fn tokens_needed(facts: &Facts<'_>) -> u64 {
    facts.request.prompt_tokens.saturating_add(facts.request.max_output_tokens.unwrap_or(0))
}
