use crate::{
    Fact, Facts, Flag, LatencyClass, Modality, NameFact, NamePattern, Names, NumberFact, Ranges,
    ResponseFormat, TaskType, Weekday, Words,
};
use std::collections::BTreeSet;
use weir_label::{Category, Jurisdiction, Level};

/// What a rule asks of the facts.
///
/// A condition is a finite tree of typed tests, so that what it can and cannot match is decidable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// One test.
    Test(Test),
    /// Every part holds. Of no parts: holds.
    All(Vec<Condition>),
    /// At least one part holds. Of no parts: does not hold.
    Any(Vec<Condition>),
    /// The part does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// The condition that always holds.
    #[must_use]
    pub const fn always() -> Self {
        Condition::All(Vec::new())
    }

    /// Whether it holds of these facts.
    #[must_use]
    pub fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        match self {
            Condition::Test(test) => test.evaluate(facts),
            Condition::All(parts) => Truth::all(parts.iter().map(|part| part.evaluate(facts))),
            Condition::Any(parts) => Truth::any(parts.iter().map(|part| part.evaluate(facts))),
            Condition::Not(part) => part.evaluate(facts).not(),
        }
    }

    /// Calls `see` with every test in it.
    pub fn each_test<'c>(&'c self, see: &mut impl FnMut(&'c Test)) {
        match self {
            Condition::Test(test) => see(test),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| part.each_test(see));
            }
            Condition::Not(part) => part.each_test(see),
        }
    }
}

/// Whether a condition holds, as far as the facts are known (Kleene's strong three-valued logic).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold.
    False,
    /// A fact that would decide it is unknown.
    Unknown,
    /// It holds.
    True,
}

impl Truth {
    fn of(known: bool) -> Self {
        if known { Truth::True } else { Truth::False }
    }

    fn not(self) -> Self {
        match self {
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
            Truth::True => Truth::False,
        }
    }

    fn all(parts: impl Iterator<Item = Truth>) -> Self {
        let mut least = Truth::True;
        for part in parts {
            match part {
                Truth::False => return Truth::False,
                Truth::Unknown => least = Truth::Unknown,
                Truth::True => {}
            }
        }
        least
    }

    fn any(parts: impl Iterator<Item = Truth>) -> Self {
        Truth::all(parts.map(Truth::not)).not()
    }
}

/// One fact compared with values of its own type.
///
/// Variants are kinds of domain (ordered, finite, names, sets), because that is what analysis needs to
/// know of a fact. A new fact is a variant of the kind's fact type, such as [`NameFact`].
///
/// Of an unknown fact every test is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `data.level` is one of these. The level of opaque data is `restricted`.
    Level(Words<Level>),
    /// `data.categories` contains one of these.
    Categories(BTreeSet<Category>),
    /// `data.jurisdictions` contains one of these.
    Jurisdictions(BTreeSet<Jurisdiction>),
    /// `data.entities`: one of these holds.
    Entities(Vec<EntityCount>),
    /// A yes-or-no fact has this value.
    Flag(Flag, bool),
    /// A name is one of these.
    Name(NameFact, Names),
    /// A number is one of these.
    Number(NumberFact, Ranges),
    /// `caller.scopes` contains one of these.
    Scopes(Names),
    /// `latency.class` is one of these.
    LatencyClass(Words<LatencyClass>),
    /// `task.type` is one of these.
    Task(Words<TaskType>),
    /// `request.response_format` is one of these.
    ResponseFormat(Words<ResponseFormat>),
    /// `request.modality`: the request holds content of one of these kinds.
    Modalities(Words<Modality>),
    /// `time.weekday` is one of these.
    Weekday(Words<Weekday>),
}

impl Test {
    /// The fact that is compared.
    #[must_use]
    pub fn fact(&self) -> Fact {
        match self {
            Test::Level(_) => Fact::Level,
            Test::Categories(_) => Fact::Categories,
            Test::Jurisdictions(_) => Fact::Jurisdictions,
            Test::Entities(_) => Fact::Entities,
            Test::Flag(flag, _) => Fact::Flag(*flag),
            Test::Name(name, _) => Fact::Name(*name),
            Test::Number(number, _) => Fact::Number(number.clone()),
            Test::Scopes(_) => Fact::Scopes,
            Test::LatencyClass(_) => Fact::LatencyClass,
            Test::Task(_) => Fact::Task,
            Test::ResponseFormat(_) => Fact::ResponseFormat,
            Test::Modalities(_) => Fact::Modalities,
            Test::Weekday(_) => Fact::Weekday,
        }
    }

    /// Whether it holds of these facts.
    #[must_use]
    pub fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        let label = facts.data.label;
        match self {
            Test::Level(levels) => Truth::of(levels.contains(facts.data.inspected_level())),
            Test::Categories(any) => contained(!any.is_disjoint(label.categories()), facts),
            Test::Jurisdictions(any) => contained(!any.is_disjoint(label.jurisdictions()), facts),
            Test::Entities(any) => Truth::any(any.iter().map(|count| count.evaluate(facts))),
            Test::Flag(flag, value) => known(flag.of(facts), |is| is == *value),
            Test::Name(fact, names) => known(fact.of(facts), |name| names.contains(name)),
            Test::Number(fact, numbers) => known(fact.of(facts), |number| numbers.contains(number)),
            Test::Scopes(names) => {
                known(facts.caller.scopes, |scopes| scopes.iter().any(|scope| names.contains(scope)))
            }
            Test::LatencyClass(classes) => Truth::of(classes.contains(facts.latency.class)),
            Test::Task(types) => known(facts.task.kind, |kind| types.contains(kind)),
            Test::ResponseFormat(formats) => Truth::of(formats.contains(facts.request.response_format)),
            Test::Modalities(any) => Truth::of(any.intersects(facts.request.modalities)),
            Test::Weekday(days) => known(facts.time.weekday, |day| days.contains(day)),
        }
    }
}

/// How often the entity types of a pattern were found; of several types the one found most often
/// counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityCount {
    /// The entity types.
    pub types: NamePattern,
    /// The counts for which it holds.
    pub counts: Ranges,
}

impl EntityCount {
    /// The types were found at all.
    #[must_use]
    pub fn found(types: NamePattern) -> Self {
        Self { types, counts: Ranges::at_least(1) }
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        let entities = facts.data.entities.iter();
        let found = entities.filter(|(name, _)| self.types.matches(name)).map(|(_, count)| *count).max();
        let found = u64::from(found.unwrap_or(0));
        // What could not be inspected may hold any number more.
        if facts.data.label.is_opaque() {
            self.counts.contains_some_from(found)
        } else {
            Truth::of(self.counts.contains(found))
        }
    }
}

fn known<T>(fact: Option<T>, holds: impl FnOnce(T) -> bool) -> Truth {
    fact.map_or(Truth::Unknown, |value| Truth::of(holds(value)))
}

/// What was not found in opaque data may still be in it.
fn contained(found: bool, facts: &Facts<'_>) -> Truth {
    if !found && facts.data.label.is_opaque() { Truth::Unknown } else { Truth::of(found) }
}
