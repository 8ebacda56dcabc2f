use crate::{
    Fact, Facts, LatencyClass, Modality, NumberFact, ResponseFormat, TaskType, Unit, Weekday, Word, Words,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;
use weir_label::{Category, Jurisdiction, Level};

/// The value of one fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactValue {
    /// It is not known.
    Unknown,
    /// Of a yes-or-no fact.
    Flag(bool),
    /// Of a number fact, in its unit.
    Number(u64),
    /// Of a name fact.
    Name(Arc<str>),
    /// Of `caller.scopes`.
    Names(BTreeSet<String>),
    /// Of `data.level`.
    Level(Level),
    /// Of `data.categories`.
    Categories(BTreeSet<Category>),
    /// Of `data.jurisdictions`.
    Jurisdictions(BTreeSet<Jurisdiction>),
    /// Of `data.entities`: how often each type was found.
    Entities(BTreeMap<String, u32>),
    /// Of `latency.class`.
    LatencyClass(LatencyClass),
    /// Of `task.type`.
    Task(TaskType),
    /// Of `request.response_format`.
    ResponseFormat(ResponseFormat),
    /// Of `request.modality`.
    Modalities(Words<Modality>),
    /// Of `time.weekday`.
    Weekday(Weekday),
}

impl Fact {
    /// What is known of it.
    #[must_use]
    pub fn value(&self, facts: &Facts<'_>) -> FactValue {
        let label = facts.data.label;
        match self {
            Fact::Level => FactValue::Level(label.level()),
            Fact::Categories => FactValue::Categories(label.categories().clone()),
            Fact::Jurisdictions => FactValue::Jurisdictions(label.jurisdictions().clone()),
            Fact::Entities => FactValue::Entities(facts.data.entities.clone()),
            Fact::LatencyClass => FactValue::LatencyClass(facts.latency.class),
            Fact::Task => or_unknown(facts.task.kind, FactValue::Task),
            Fact::ResponseFormat => FactValue::ResponseFormat(facts.request.response_format),
            Fact::Modalities => FactValue::Modalities(facts.request.modalities),
            Fact::Weekday => or_unknown(facts.time.weekday, FactValue::Weekday),
            Fact::Scopes => or_unknown(facts.caller.scopes.cloned(), FactValue::Names),
            Fact::Flag(flag) => or_unknown(flag.of(facts), FactValue::Flag),
            Fact::Name(name) => or_unknown(name.of(facts), |name| FactValue::Name(name.into())),
            Fact::Number(number) => or_unknown(number.of(facts), FactValue::Number),
        }
    }

    /// A value as policies write it.
    #[must_use]
    pub fn show(&self, value: &FactValue) -> String {
        match value {
            FactValue::Unknown => "unknown".to_owned(),
            FactValue::Flag(flag) => flag.to_string(),
            FactValue::Number(number) if let Fact::Number(fact) = self => fact.show(*number),
            FactValue::Number(number) => number.to_string(),
            FactValue::Name(name) => name.to_string(),
            FactValue::Names(names) => listed(names),
            FactValue::Level(level) => level.to_string(),
            FactValue::Categories(categories) => listed(categories),
            FactValue::Jurisdictions(places) => listed(places),
            FactValue::Entities(found) => {
                listed(found.iter().map(|(entity, count)| format!("{entity} {count}")))
            }
            FactValue::LatencyClass(class) => class.to_string(),
            FactValue::Task(task) => task.to_string(),
            FactValue::ResponseFormat(format) => format.to_string(),
            FactValue::Modalities(kinds) => listed(kinds.iter().map(Word::word)),
            FactValue::Weekday(day) => day.to_string(),
        }
    }
}

impl NumberFact {
    /// A number as policies write it.
    #[must_use]
    pub fn show(&self, number: u64) -> String {
        match self.unit() {
            Unit::Tokens | Unit::Requests | Unit::Hours => number.to_string(),
            Unit::Millionths | Unit::MicroUsd => millionths(number),
            Unit::Milliseconds if number.is_multiple_of(1_000) => format!("{}s", number / 1_000),
            Unit::Milliseconds => format!("{number}ms"),
        }
    }
}

/// As a decimal fraction without needless zeros.
fn millionths(number: u64) -> String {
    let (whole, rest) = (number / 1_000_000, number % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn or_unknown<T>(known: Option<T>, value: impl FnOnce(T) -> FactValue) -> FactValue {
    known.map_or(FactValue::Unknown, value)
}

fn listed<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
