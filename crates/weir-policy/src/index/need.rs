//! What must be so for a condition not to be false.

use crate::{
    Condition, EntityCount, Facts, Flag, NameFact, NamePattern, Names, NumberFact, Ranges, Test, Word, Words,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A fact with one value, which has a place in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ordered {
    Level,
    LatencyClass,
    Task,
    ResponseFormat,
    Weekday,
    Flag(Flag),
    Number(NumberFact),
}

/// A fact that is a name or a set of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    Name(NameFact),
    Scopes,
    Categories,
    Jurisdictions,
    Entities,
}

/// What must be so for a condition not to be false, as far as one fact at a time is concerned.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub ordered: BTreeMap<Ordered, Ranges>,
    pub named: BTreeMap<Named, Vec<NamePattern>>,
}

impl Needs {
    pub fn of(condition: &Condition) -> Self {
        let mut needs = Self::default();
        needs.add(condition);
        needs
    }

    fn add(&mut self, condition: &Condition) {
        if let Condition::All(parts) = condition {
            return parts.iter().for_each(|part| self.add(part));
        }
        if let Some((fact, ranges)) = of_one_ordered(condition) {
            let all = self.ordered.remove(&fact).map_or_else(|| ranges.clone(), |before| before.and(&ranges));
            self.ordered.insert(fact, all);
        } else if let Some((fact, names)) = of_one_named(condition) {
            // Of two lists of names either alone narrows down enough.
            self.named.entry(fact).or_insert(names);
        }
    }
}

/// The values of the one fact that a condition looks at for which it is true. Of a known value it is true or false.
fn of_one_ordered(condition: &Condition) -> Option<(Ordered, Ranges)> {
    match condition {
        Condition::Test(test) => of_ordered_test(test),
        Condition::Not(part) => of_one_ordered(part).map(|(fact, ranges)| (fact, ranges.complement())),
        Condition::Any(parts) => joined(parts, Ranges::or),
        Condition::All(parts) => joined(parts, |a, b| a.and(&b)),
    }
}

fn joined(parts: &[Condition], join: impl Fn(Ranges, Ranges) -> Ranges) -> Option<(Ordered, Ranges)> {
    let mut parts = parts.iter().map(of_one_ordered);
    let first = parts.next()??;
    parts.try_fold(first, |(fact, ranges), part| {
        let (other, more) = part?;
        (fact == other).then(|| (fact, join(ranges, more)))
    })
}

fn of_ordered_test(test: &Test) -> Option<(Ordered, Ranges)> {
    Some(match test {
        Test::Level(levels) => (Ordered::Level, places(*levels)),
        Test::LatencyClass(classes) => (Ordered::LatencyClass, places(*classes)),
        Test::Task(types) => (Ordered::Task, places(*types)),
        Test::ResponseFormat(formats) => (Ordered::ResponseFormat, places(*formats)),
        Test::Weekday(days) => (Ordered::Weekday, places(*days)),
        Test::Flag(flag, value) => (Ordered::Flag(*flag), Ranges::exactly(u64::from(*value))),
        Test::Number(fact, ranges) => (Ordered::Number(fact.clone()), ranges.clone()),
        Test::Categories(_)
        | Test::Jurisdictions(_)
        | Test::Entities(_)
        | Test::Name(..)
        | Test::Scopes(_)
        | Test::Modalities(_) => return None,
    })
}

fn places<T: Word>(words: Words<T>) -> Ranges {
    words.iter().map(|word| Ranges::exactly(u64::from(word.place()))).collect()
}

/// Names of the one fact that a condition looks at, without all of which it is false.
fn of_one_named(condition: &Condition) -> Option<(Named, Vec<NamePattern>)> {
    match condition {
        Condition::Test(test) => of_named_test(test),
        Condition::Any(parts) => {
            let mut parts = parts.iter().map(of_one_named);
            let first = parts.next()??;
            parts.try_fold(first, |(fact, mut names), part| {
                let (other, more) = part?;
                names.extend(more);
                (fact == other).then_some((fact, names))
            })
        }
        Condition::All(_) | Condition::Not(_) => None,
    }
}

fn of_named_test(test: &Test) -> Option<(Named, Vec<NamePattern>)> {
    Some(match test {
        Test::Name(fact, Names(names)) => (Named::Name(*fact), names.clone()),
        Test::Scopes(Names(names)) => (Named::Scopes, names.clone()),
        Test::Categories(any) => (Named::Categories, any.iter().map(|each| exact(each.as_str())).collect()),
        Test::Jurisdictions(any) => {
            (Named::Jurisdictions, any.iter().map(|each| exact(each.as_str())).collect())
        }
        Test::Entities(any) => (Named::Entities, any.iter().map(found).collect::<Option<_>>()?),
        Test::Level(_)
        | Test::Flag(..)
        | Test::Number(..)
        | Test::LatencyClass(_)
        | Test::Task(_)
        | Test::ResponseFormat(_)
        | Test::Modalities(_)
        | Test::Weekday(_) => return None,
    })
}

fn exact(name: &str) -> NamePattern {
    NamePattern::Exact(Arc::from(name))
}

/// The types of a count that takes at least one.
fn found(count: &EntityCount) -> Option<NamePattern> {
    (!count.counts.contains(0)).then(|| count.types.clone())
}

impl Ordered {
    /// Its value, if it is known.
    pub fn of(&self, facts: &Facts<'_>) -> Option<u64> {
        match self {
            Ordered::Level => Some(place(facts.data.inspected_level())),
            Ordered::LatencyClass => Some(place(facts.latency.class)),
            Ordered::Task => facts.task.kind.map(place),
            Ordered::ResponseFormat => Some(place(facts.request.response_format)),
            Ordered::Weekday => facts.time.weekday.map(place),
            Ordered::Flag(flag) => flag.of(facts).map(u64::from),
            Ordered::Number(number) => number.of(facts),
        }
    }
}

fn place(word: impl Word) -> u64 {
    u64::from(word.place())
}

impl Named {
    /// Whether what it does not hold is not there.
    pub fn is_known(self, facts: &Facts<'_>) -> bool {
        match self {
            Named::Name(fact) => fact.of(facts).is_some(),
            Named::Scopes => facts.caller.scopes.is_some(),
            Named::Categories | Named::Jurisdictions | Named::Entities => !facts.data.label.is_opaque(),
        }
    }

    /// Calls `see` with every name that it holds.
    pub fn each(self, facts: &Facts<'_>, see: &mut dyn FnMut(&str)) {
        let label = facts.data.label;
        match self {
            Named::Name(fact) => fact.of(facts).into_iter().for_each(see),
            Named::Scopes => facts.caller.scopes.into_iter().flatten().for_each(|scope| see(scope)),
            Named::Categories => label.categories().iter().for_each(|each| see(each.as_str())),
            Named::Jurisdictions => label.jurisdictions().iter().for_each(|each| see(each.as_str())),
            Named::Entities => {
                let found = facts.data.entities.iter().filter(|(_, count)| **count > 0);
                found.for_each(|(entity, _)| see(entity));
            }
        }
    }
}
