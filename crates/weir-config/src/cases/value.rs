//! Facts and their values, from text.

use crate::policy::pools::{POOL_STATES, pool_of, state_facts};
use crate::policy::values::number;
use crate::suggest::suggest;
use crate::yaml::Wrong;
use std::collections::{BTreeMap, BTreeSet};
use weir_label::Level;
use weir_policy::{Fact, FactValue, Pool, Word};

/// The facts that are meant if one is taken to have a value: `task.complexity` and `0.8`, or the load of a pool, as
/// `capacity.local` and `busy`. Several values of one fact are separated by commas; `unknown` is a value too.
///
/// # Errors
/// What is wrong with it.
pub fn facts_of(name: &str, value: &str) -> Result<Vec<(Fact, FactValue)>, String> {
    let said =
        |Wrong { message, help }: Wrong| if help.is_empty() { message } else { format!("{message}; {help}") };
    let subject = Subject::named(name, &[]).map_err(said)?;
    let values: Vec<&str> = match subject {
        Subject::Fact(Fact::Name(_)) => vec![value],
        Subject::Fact(_) | Subject::State(_) => {
            value.split(',').map(str::trim).filter(|value| !value.is_empty()).collect()
        }
    };
    subject.facts(&values).map_err(said)
}

/// What the name of a fact stands for.
pub enum Subject {
    Fact(Fact),
    /// How full a pool is, which is more than one fact.
    State(Pool),
}

impl Subject {
    /// What has this name; `others` are names that may stand in its place.
    pub fn named(name: &str, others: &[&str]) -> Result<Self, Wrong> {
        let fact = Fact::named(name).map(Self::Fact);
        fact.or_else(|| pool_of(name).map(Self::State)).ok_or_else(|| {
            let names: Vec<String> = Fact::all().map(|fact| fact.name().into_owned()).collect();
            let known = names.iter().map(String::as_str).chain(others.iter().copied());
            Wrong::new(format!("`{name}` is no fact"), suggest(name, known))
        })
    }

    /// The facts, if it has these values.
    pub fn facts(self, values: &[&str]) -> Result<Vec<(Fact, FactValue)>, Wrong> {
        match (self, values) {
            (Self::Fact(fact), ["unknown"]) => Ok(vec![(fact, FactValue::Unknown)]),
            (Self::Fact(fact), values) => read(&fact, values).map(|value| vec![(fact, value)]),
            (Self::State(pool), [state]) => match state_facts(&pool, state) {
                Some(facts) => Ok(facts.into()),
                None => {
                    let help = suggest(state, POOL_STATES);
                    Err(Wrong::new(format!("`{state}` is no state of a pool"), help))
                }
            },
            (Self::State(_), _) => Err(Wrong::new("a pool has one state", "write one value, not a list")),
        }
    }
}

fn read(fact: &Fact, values: &[&str]) -> Result<FactValue, Wrong> {
    match fact {
        Fact::Level => one(fact, values)?
            .parse::<Level>()
            .map(FactValue::Level)
            .map_err(|error| Wrong::new(error.to_string(), "")),
        Fact::Categories => parsed(values).map(FactValue::Categories),
        Fact::Jurisdictions => parsed(values).map(FactValue::Jurisdictions),
        Fact::Entities => entities(values),
        Fact::LatencyClass => word(fact, values).map(FactValue::LatencyClass),
        Fact::Task => word(fact, values).map(FactValue::Task),
        Fact::ResponseFormat => word(fact, values).map(FactValue::ResponseFormat),
        Fact::Weekday => word(fact, values).map(FactValue::Weekday),
        Fact::Modalities => {
            let kinds: Result<_, Wrong> = values.iter().map(|value| a_word(fact, value)).collect();
            kinds.map(FactValue::Modalities)
        }
        Fact::Scopes => Ok(FactValue::Names(values.iter().map(|value| (*value).to_owned()).collect())),
        Fact::Flag(_) => match one(fact, values)? {
            "true" => Ok(FactValue::Flag(true)),
            "false" => Ok(FactValue::Flag(false)),
            other => Err(Wrong::new(format!("`{other}` cannot stand here"), "write `true` or `false`")),
        },
        Fact::Name(_) => Ok(FactValue::Name(one(fact, values)?.into())),
        Fact::Number(number_fact) => number(number_fact, one(fact, values)?).map(FactValue::Number),
    }
}

fn one<'v>(fact: &Fact, values: &[&'v str]) -> Result<&'v str, Wrong> {
    match values {
        [one] => Ok(one),
        _ => Err(Wrong::new(format!("`{}` has one value", fact.name()), "write one value, not a list")),
    }
}

fn word<T: Word>(fact: &Fact, values: &[&str]) -> Result<T, Wrong> {
    a_word(fact, one(fact, values)?)
}

fn a_word<T: Word>(fact: &Fact, value: &str) -> Result<T, Wrong> {
    T::of_word(value).ok_or_else(|| {
        let help = suggest(value, T::ALL.iter().map(|word| word.word()));
        Wrong::new(format!("`{}` cannot be `{value}`", fact.name()), help)
    })
}

fn parsed<T>(values: &[&str]) -> Result<BTreeSet<T>, Wrong>
where
    T: std::str::FromStr<Err: std::fmt::Display> + Ord,
{
    let values = values.iter().map(|value| value.parse());
    values.collect::<Result<_, _>>().map_err(|error: T::Err| Wrong::new(error.to_string(), ""))
}

/// `CREDIT_CARD`, found once, or `CREDIT_CARD 3`.
fn entities(values: &[&str]) -> Result<FactValue, Wrong> {
    let entity = |value: &&str| match value.split_once(' ') {
        None => Ok(((*value).to_owned(), 1)),
        Some((entity, count)) => match count.trim().parse::<u32>() {
            Ok(count) if count > 0 => Ok((entity.to_owned(), count)),
            Ok(_) | Err(_) => Err(Wrong::new(
                format!("`{count}` is no count"),
                format!("write how often it was found: `{entity} 3`"),
            )),
        },
    };
    values.iter().map(entity).collect::<Result<BTreeMap<_, _>, Wrong>>().map(FactValue::Entities)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::pools::state;
    use weir_policy::{OwnedFacts, Truth};

    #[test]
    fn a_pool_that_is_said_to_be_in_a_state_is_in_that_one_alone() {
        let pool = Pool::named("gpu");
        for said in POOL_STATES {
            let mut facts = OwnedFacts::default();
            for (fact, value) in facts_of("capacity.gpu", said).unwrap() {
                facts.set(&fact, value).unwrap();
            }
            for known in POOL_STATES {
                let expected = if said == known { Truth::True } else { Truth::False };
                assert_eq!(state(&pool, known).evaluate(&facts.borrow()), expected, "{said}, {known}");
            }
        }
        assert_eq!(
            facts_of("capacity.gpu", "sleepy").unwrap_err(),
            "`sleepy` is no state of a pool; known: `idle`, `busy`, `full`"
        );
        assert!(facts_of("capacity.gpu", "unknown").unwrap().iter().all(|(_, v)| *v == FactValue::Unknown));
    }

    #[test]
    fn facts_are_read_as_policies_write_them() {
        let one = |name: &str, value: &str| facts_of(name, value).map(|facts| facts[0].1.clone());
        assert_eq!(one("task.complexity", "70 %"), Ok(FactValue::Number(700_000)));
        assert_eq!(one("latency.target", "2s"), Ok(FactValue::Number(2_000)));
        assert_eq!(one("data.jurisdictions", "EU, DE"), one("data.jurisdictions", "DE,EU"));
        assert_eq!(one("caller.team", "unknown"), Ok(FactValue::Unknown));
        let two = BTreeMap::from([("PERSON".to_owned(), 3), ("US_SSN".to_owned(), 1)]);
        assert_eq!(one("data.entities", "PERSON 3, US_SSN"), Ok(FactValue::Entities(two)));
        assert!(one("data.levl", "public").unwrap_err().contains("did you mean `data.level`?"));
        assert!(one("latency.class", "batch, interactive").unwrap_err().contains("has one value"));
    }
}
