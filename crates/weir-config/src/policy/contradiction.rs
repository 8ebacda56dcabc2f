//! Conditions that nothing satisfies.
//!
//! Looks at tests that must all hold, fact by fact. That finds what people write by mistake; what only
//! the whole policy rules out is for the proof to find.

use std::collections::BTreeMap;
use weir_policy::{Condition, EntityCount, Fact, NamePattern, Names, Ranges, Test, Word, Words};

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
    Words {
        bits: Vec<&'static str>,
        shown: Vec<String>,
    },
    Numbers {
        numbers: Ranges,
        shown: Vec<String>,
    },
    Names {
        names: Names,
        except: Names,
        shown: Vec<String>,
    },
    /// Of a set: each of these lists has to have a member in it, and nothing of the last.
    Members {
        some: Vec<Vec<EntityCount>>,
        none: Vec<EntityCount>,
        shown: Vec<String>,
    },
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
            Condition::Test(test) => match opposite(test) {
                Some(test) => self.test(&test),
                None => self.need(test.fact(), without(test)?),
            },
            Condition::Any(parts) => parts.iter().find_map(|part| self.fail(part)),
            Condition::Not(part) => self.hold(part),
            Condition::All(_) => None,
        }
    }

    fn test(&mut self, test: &Test) -> Option<(Fact, String)> {
        self.need(test.fact(), left(test))
    }

    fn need(&mut self, fact: Fact, new: Left) -> Option<(Fact, String)> {
        let joined = match self.0.get(&fact) {
            Some(before) => before.and(&new),
            None => new,
        };
        if joined.is_empty() {
            let (last, others) = joined.shown().split_last()?;
            let all =
                if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
            let why = format!("`{}` cannot be {all} at once", fact.name());
            return Some((fact, why));
        }
        self.0.insert(fact, joined);
        None
    }
}

fn left(test: &Test) -> Left {
    match test {
        Test::Level(words) => of_words(*words),
        Test::LatencyClass(words) => of_words(*words),
        Test::Task(words) => of_words(*words),
        Test::ResponseFormat(words) => of_words(*words),
        Test::Weekday(words) => of_words(*words),
        Test::Flag(_, value) => {
            let word = if *value { "true" } else { "false" };
            Left::Words { bits: vec![word], shown: vec![quoted(word)] }
        }
        Test::Number(fact, numbers) => {
            let numbers = numbers.and(&Ranges::at_most(fact.most()));
            Left::Numbers { shown: vec![quoted(&show(fact, &numbers))], numbers }
        }
        Test::Name(_, names) => {
            Left::Names { names: names.clone(), except: Names::default(), shown: vec![listed(&names.0)] }
        }
        Test::Categories(_)
        | Test::Jurisdictions(_)
        | Test::Entities(_)
        | Test::Scopes(_)
        | Test::Modalities(_) => {
            let some = members(test);
            Left::Members { shown: vec![counted(&some)], some: vec![some], none: Vec::new() }
        }
    }
}

/// What a test leaves that must not hold, of names and of facts that are sets.
fn without(test: &Test) -> Option<Left> {
    if let Test::Name(_, names) = test {
        let any = Names(vec![NamePattern::Prefix("".into())]);
        let shown = vec![format!("not {}", listed(&names.0))];
        return Some(Left::Names { names: any, except: names.clone(), shown });
    }
    let none = members(test);
    let shown = vec![format!("not {}", counted(&none))];
    (!none.is_empty()).then(|| Left::Members { some: Vec::new(), none, shown })
}

/// What one of must be there for the test of a set to hold; nothing for other tests.
fn members(test: &Test) -> Vec<EntityCount> {
    let one = |name: &str| EntityCount::found(NamePattern::Exact(name.into()));
    match test {
        Test::Categories(categories) => categories.iter().map(|category| one(category.as_str())).collect(),
        Test::Jurisdictions(places) => places.iter().map(|place| one(place.as_str())).collect(),
        Test::Modalities(kinds) => kinds.iter().map(|kind| one(kind.word())).collect(),
        Test::Scopes(names) => names.0.iter().cloned().map(EntityCount::found).collect(),
        Test::Entities(entities) => entities.clone(),
        Test::Level(_)
        | Test::LatencyClass(_)
        | Test::Task(_)
        | Test::ResponseFormat(_)
        | Test::Weekday(_)
        | Test::Flag(..)
        | Test::Number(..)
        | Test::Name(..) => Vec::new(),
    }
}

fn counted(members: &[EntityCount]) -> String {
    let member = |EntityCount { types, counts }: &EntityCount| match *counts == Ranges::at_least(1) {
        true => types.to_string(),
        false => format!("{types} {counts}"),
    };
    listed(&members.iter().map(member).collect::<Vec<_>>())
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

fn listed<T: ToString>(words: &[T]) -> String {
    quoted(&words.iter().map(T::to_string).collect::<Vec<_>>().join(" or "))
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
    Left::Words { shown: vec![listed(&bits)], bits }
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
            (
                Left::Names { names: a, except: c, shown: x },
                Left::Names { names: b, except: d, shown: y },
            ) => Left::Names { names: common(a, b), except: Names(both(&c.0, &d.0)), shown: both(x, y) },
            (Left::Members { some: a, none: c, shown: x }, Left::Members { some: b, none: d, shown: y }) => {
                Left::Members { some: both(a, b), none: both(c, d), shown: both(x, y) }
            }
            // Tests of one fact are of one kind.
            (left, _) => left.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Left::Words { bits, .. } => bits.is_empty(),
            Left::Numbers { numbers, .. } => numbers.is_empty(),
            Left::Names { names, except, .. } => {
                names.0.iter().all(|name| except.0.iter().any(|not| narrower(name, not) == Some(name)))
            }
            Left::Members { some, none, .. } => {
                let is_ruled_out = |member: &EntityCount| none.iter().any(|not| follows(member, not));
                some.iter().any(|list| list.iter().all(is_ruled_out))
            }
        }
    }

    fn shown(&self) -> &[String] {
        let (Left::Words { shown, .. }
        | Left::Numbers { shown, .. }
        | Left::Names { shown, .. }
        | Left::Members { shown, .. }) = self;
        shown
    }
}

/// Whether the second is there wherever the first is.
fn follows(first: &EntityCount, second: &EntityCount) -> bool {
    let is_within = first.counts.and(&second.counts) == first.counts;
    // That few of many types are found does not follow from few of one.
    let is_open = second.counts.as_slice().last().is_some_and(|last| last.most == u64::MAX)
        && second.counts.as_slice().len() == 1;
    is_within
        && (first.types == second.types
            || is_open && narrower(&first.types, &second.types) == Some(&first.types))
}

fn both<T: Clone>(one: &[T], other: &[T]) -> Vec<T> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use weir_policy::NameFact;

    fn entities(types: &str, counts: Ranges) -> Condition {
        let types = types
            .strip_suffix('*')
            .map_or(NamePattern::Exact(types.into()), |prefix| NamePattern::Prefix(prefix.into()));
        Condition::Test(Test::Entities(vec![EntityCount { types, counts }]))
    }

    fn teams(names: &[&str]) -> Condition {
        let pattern = |name: &&str| match name.strip_suffix('*') {
            Some(prefix) => NamePattern::Prefix(prefix.into()),
            None => NamePattern::Exact((*name).into()),
        };
        Condition::Test(Test::Name(NameFact::CallerTeam, Names(names.iter().map(pattern).collect())))
    }

    fn but_not(one: Condition, other: Condition) -> Option<String> {
        let not = Condition::Not(Box::new(other));
        let found = [[one.clone(), not.clone()], [not, one]]
            .map(|parts| contradiction(&Condition::All(parts.into())));
        assert_eq!(found[0].is_some(), found[1].is_some(), "the order of parts matters");
        found.into_iter().next().flatten().map(|(_, why)| why)
    }

    #[test]
    fn names_that_are_all_left_out_contradict() {
        let why = but_not(teams(&["hr", "legal"]), teams(&["hr*", "legal"])).unwrap();
        assert_eq!(why, "`caller.team` cannot be `hr or legal` and not `hr* or legal` at once");
        assert!(but_not(teams(&["hr-*"]), teams(&["hr*"])).is_some());
        assert!(but_not(teams(&["hr*"]), teams(&["hr-*"])).is_none());
        assert!(but_not(teams(&["hr", "law"]), teams(&["hr"])).is_none());
    }

    #[test]
    fn members_that_must_and_must_not_be_there_contradict() {
        let found = Ranges::at_least(1);
        let why = but_not(entities("US_SSN", Ranges::at_least(3)), entities("US_*", found.clone())).unwrap();
        assert_eq!(why, "`data.entities` cannot be `US_SSN >= 3` and not `US_*` at once");
        assert!(but_not(entities("US_*", found.clone()), entities("US_SSN", found.clone())).is_none());
        assert!(
            but_not(entities("US_SSN", found.clone()), entities("US_SSN", Ranges::at_least(3))).is_none()
        );
        // Of the others more may have been found.
        assert!(but_not(entities("US_SSN", Ranges::below(3)), entities("US_*", Ranges::below(5))).is_none());
        assert!(
            but_not(entities("US_SSN", Ranges::below(3)), entities("US_SSN", Ranges::below(5))).is_some()
        );
        let two = [entities("US_SSN", found.clone()), entities("IP_ADDRESS", found)];
        assert!(contradiction(&Condition::All(two.into())).is_none(), "a request may hold both");
    }
}
