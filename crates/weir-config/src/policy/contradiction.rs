//! Conditions that nothing satisfies.
//!
//! Looks at tests that must all hold, fact by fact. That finds what people write by mistake; what only
//! the whole policy rules out is for the proof to find.

use std::collections::BTreeMap;
use weir_policy::{Condition, Fact, NamePattern, Names, Ranges, Test, Word, Words};

/// The fact that would need two values at once, and why.
pub fn contradiction(condition: &Condition) -> Option<(Fact, String)> {
    let mut needed = Needed::default();
    needed.hold(condition)
}

/// What is left for each fact by the tests seen so far.
#[derive(Default)]
struct Needed(BTreeMap<Fact, Left>);

#[derive(Clone)]
enum Left {
    Words { bits: Vec<&'static str>, shown: Vec<String> },
    Numbers { numbers: Ranges, shown: Vec<String> },
    Names { names: Names, shown: Vec<String> },
}

impl Needed {
    fn hold(&mut self, condition: &Condition) -> Option<(Fact, String)> {
        match condition {
            Condition::Test(test) => self.test(test),
            Condition::All(parts) => parts.iter().find_map(|part| self.hold(part)),
            // One that can hold is enough, so that nothing is needed of what comes after.
            Condition::Any(parts) => {
                let mut found = parts.iter().map(contradiction);
                let first = found.next()??;
                found.all(|each| each.is_some()).then_some(first)
            }
            Condition::Not(part) => self.fail(part),
        }
    }

    /// The opposite must hold.
    fn fail(&mut self, condition: &Condition) -> Option<(Fact, String)> {
        match condition {
            Condition::Test(test) => opposite(test).and_then(|test| self.test(&test)),
            Condition::Any(parts) => parts.iter().find_map(|part| self.fail(part)),
            Condition::Not(part) => self.hold(part),
            Condition::All(_) => None,
        }
    }

    fn test(&mut self, test: &Test) -> Option<(Fact, String)> {
        let fact = test.fact();
        let new = left(test)?;
        let joined = match self.0.get(&fact) {
            Some(before) => before.and(&new),
            None => new,
        };
        if joined.is_empty() {
            let shown: Vec<String> = joined.shown().iter().map(|text| format!("`{text}`")).collect();
            let why = format!("`{}` cannot be {} at once", fact.name(), shown.join(" and "));
            return Some((fact, why));
        }
        self.0.insert(fact, joined);
        None
    }
}

fn left(test: &Test) -> Option<Left> {
    Some(match test {
        Test::Level(words) => of_words(*words),
        Test::LatencyClass(words) => of_words(*words),
        Test::Task(words) => of_words(*words),
        Test::ResponseFormat(words) => of_words(*words),
        Test::Weekday(words) => of_words(*words),
        Test::Flag(_, value) => {
            let word = if *value { "true" } else { "false" };
            Left::Words { bits: vec![word], shown: vec![word.to_owned()] }
        }
        Test::Number(fact, numbers) => {
            let numbers = numbers.and(&Ranges::at_most(fact.most()));
            Left::Numbers { shown: vec![show(fact, &numbers)], numbers }
        }
        Test::Name(_, names) => {
            let shown: Vec<String> = names.0.iter().map(ToString::to_string).collect();
            Left::Names { names: names.clone(), shown: vec![shown.join(" or ")] }
        }
        // A request has several of these at once.
        Test::Categories(_)
        | Test::Jurisdictions(_)
        | Test::Entities(_)
        | Test::Scopes(_)
        | Test::Modalities(_) => return None,
    })
}

fn show(fact: &weir_policy::NumberFact, numbers: &Ranges) -> String {
    let most = fact.most();
    let each = numbers.as_slice().iter().map(|range| match (range.least, range.most) {
        (least, greatest) if least == greatest => fact.show(least),
        (0, greatest) => format!("<= {}", fact.show(greatest)),
        (least, greatest) if greatest == most => format!(">= {}", fact.show(least)),
        (least, greatest) => format!("{}..{}", fact.show(least), fact.show(greatest)),
    });
    each.collect::<Vec<_>>().join(" or ")
}

fn of_words<T: Word>(words: Words<T>) -> Left {
    let bits: Vec<&'static str> = words.iter().map(Word::word).collect();
    Left::Words { shown: vec![bits.join(" or ")], bits }
}

/// The test that holds exactly when this one does not, of facts that have one value.
fn opposite(test: &Test) -> Option<Test> {
    Some(match test {
        Test::Level(words) => Test::Level(words.complement()),
        Test::LatencyClass(words) => Test::LatencyClass(words.complement()),
        Test::Task(words) => Test::Task(words.complement()),
        Test::ResponseFormat(words) => Test::ResponseFormat(words.complement()),
        Test::Weekday(words) => Test::Weekday(words.complement()),
        Test::Flag(flag, value) => Test::Flag(*flag, !value),
        Test::Number(fact, numbers) => Test::Number(fact.clone(), numbers.complement()),
        Test::Name(..)
        | Test::Categories(_)
        | Test::Jurisdictions(_)
        | Test::Entities(_)
        | Test::Scopes(_)
        | Test::Modalities(_) => return None,
    })
}

impl Left {
    fn and(&self, other: &Left) -> Left {
        match (self, other) {
            (Left::Words { bits: a, shown: x }, Left::Words { bits: b, shown: y }) => Left::Words {
                bits: a.iter().copied().filter(|word| b.contains(word)).collect(),
                shown: both(x, y),
            },
            (Left::Numbers { numbers: a, shown: x }, Left::Numbers { numbers: b, shown: y }) => {
                Left::Numbers { numbers: a.and(b), shown: both(x, y) }
            }
            (Left::Names { names: a, shown: x }, Left::Names { names: b, shown: y }) => {
                Left::Names { names: common(a, b), shown: both(x, y) }
            }
            // Tests of one fact are of one kind.
            (left, _) => left.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Left::Words { bits, .. } => bits.is_empty(),
            Left::Numbers { numbers, .. } => numbers.is_empty(),
            Left::Names { names, .. } => names.0.is_empty(),
        }
    }

    fn shown(&self) -> &[String] {
        let (Left::Words { shown, .. } | Left::Numbers { shown, .. } | Left::Names { shown, .. }) = self;
        shown
    }
}

fn both(one: &[String], other: &[String]) -> Vec<String> {
    one.iter().chain(other).cloned().collect()
}

fn common(a: &Names, b: &Names) -> Names {
    let pairs = a.0.iter().flat_map(|one| b.0.iter().map(move |other| (one, other)));
    Names(pairs.filter_map(|(one, other)| narrower(one, other).cloned()).collect())
}

/// The pattern whose names are those that both mean.
fn narrower<'n>(one: &'n NamePattern, other: &'n NamePattern) -> Option<&'n NamePattern> {
    match (one, other) {
        (NamePattern::Exact(name), _) => other.matches(name).then_some(one),
        (_, NamePattern::Exact(name)) => one.matches(name).then_some(other),
        (NamePattern::Prefix(a), NamePattern::Prefix(b)) if a.starts_with(&**b) => Some(one),
        (NamePattern::Prefix(a), NamePattern::Prefix(b)) => b.starts_with(&**a).then_some(other),
    }
}
