//! The value of one fact, from text.

use crate::policy::values::number;
use crate::raw::OneOrMany;
use crate::report::Report;
use crate::suggest::suggest;
use crate::yaml::{At, Wrong};
use std::collections::{BTreeMap, BTreeSet};
use weir_label::Level;
use weir_policy::{Fact, FactValue, Word};

/// Reads it, or says what is wrong with it.
pub fn of(fact: &Fact, written: &At<OneOrMany>, report: &mut Report<'_>) -> Option<FactValue> {
    let values: Vec<&str> = written.each().into_iter().map(|value| value.value).collect();
    let value = match values.as_slice() {
        ["unknown"] => Ok(FactValue::Unknown),
        values => read(fact, values),
    };
    value.map_err(|Wrong { message, help }| report.error(written.place, message, &help)).ok()
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
