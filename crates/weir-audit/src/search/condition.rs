use super::field::{Field, Kind, Unit};
use super::members::Value;
use crate::operator::Operator;
use std::fmt;
use std::ops::RangeInclusive;
use weir_label::Level;

/// What a field of a record must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The path of the field.
    pub path: String,
    /// What it must be.
    pub test: Test,
}

/// What is asked of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// That it is there.
    Present,
    /// That it is not there.
    Absent,
    /// That it is one of these words or, if it is a list, holds one of them.
    Is(Vec<String>),
    /// That it is none of them; a record without the field fits.
    IsNot(Vec<String>),
    /// That it is a number in one of these ranges.
    In(Vec<RangeInclusive<u64>>),
    /// That it is in none of them; a record without the field fits.
    NotIn(Vec<RangeInclusive<u64>>),
}

impl Test {
    /// Whether a value, or none, fits.
    #[must_use]
    pub fn takes(&self, value: Option<&Value<'_>>) -> bool {
        match self {
            Test::Present => value.is_some(),
            Test::Absent => value.is_none(),
            Test::Is(words) => value.is_some_and(|value| has_word(value, words)),
            Test::IsNot(words) => !value.is_some_and(|value| has_word(value, words)),
            Test::In(ranges) => value.is_some_and(|value| is_within(value, ranges)),
            Test::NotIn(ranges) => !value.is_some_and(|value| is_within(value, ranges)),
        }
    }
}

fn has_word(value: &Value<'_>, wanted: &[String]) -> bool {
    let is_wanted = |word: &str| wanted.iter().any(|wanted| wanted == word);
    match value {
        Value::Words(list) => list.split(',').any(is_wanted),
        Value::Word(word) => is_wanted(word),
        Value::Number(_) | Value::Flag(_) => is_wanted(&value.text()),
    }
}

fn is_within(value: &Value<'_>, ranges: &[RangeInclusive<u64>]) -> bool {
    match value {
        Value::Number(number) => ranges.iter().any(|range| range.contains(number)),
        Value::Word(_) | Value::Words(_) | Value::Flag(_) => false,
    }
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Not of the form.
    #[error(
        "`{0}` is no condition; write such as `zone=cloud`, `level >= confidential`, `tokens_in > 1000` or `!backend`"
    )]
    Form(String),
    /// No such field.
    #[error("there is no field `{0}`")]
    Field(String),
    /// The field is never this.
    #[error("`{field}` is never `{value}`: use {expected}")]
    Value {
        /// The field.
        field: String,
        /// What was written.
        value: String,
        /// What can be written.
        expected: String,
    },
    /// The field has no order.
    #[error("`{0}` has no order: use `=` or `!=`")]
    Order(String),
}

impl Operator {
    /// The numbers that stand so to those of a range.
    fn range(self, of: &RangeInclusive<u64>) -> Option<RangeInclusive<u64>> {
        match self {
            Operator::Is | Operator::IsNot => Some(of.clone()),
            Operator::AtLeast => Some(*of.start()..=u64::MAX),
            Operator::Above => Some(of.end().checked_add(1)?..=u64::MAX),
            Operator::AtMost => Some(0..=*of.end()),
            Operator::Below => Some(0..=of.start().checked_sub(1)?),
        }
    }
}

impl Condition {
    /// Reads `FIELD OPERATOR VALUE[,VALUE…]`, `FIELD` (it is there) or `!FIELD` (it is not). Operators are those of claims:
    /// `=`, `!=` and, for numbers and levels, `>=`, `>`, `<=`, `<`; a number can be a range such as `1000..5000`. `is_known` tells
    /// whether the log has a path that is none of [`FIELDS`](super::FIELDS).
    ///
    /// # Errors
    /// [`ConditionError`] that says what can be written.
    pub fn parse(text: &str, is_known: &dyn Fn(&str) -> bool) -> Result<Self, ConditionError> {
        let text = text.trim();
        let Some((name, operator, values)) = Operator::split(text) else {
            let (name, test) =
                text.strip_prefix('!').map_or((text, Test::Present), |name| (name, Test::Absent));
            return Ok(Self { path: path_of(name.trim(), is_known)?, test });
        };
        let values: Vec<&str> =
            values.split(',').map(|value| value.trim().trim_matches(['`', '"', '\''])).collect();
        if name.trim().is_empty() || values.iter().any(|value| value.is_empty()) {
            return Err(ConditionError::Form(text.to_owned()));
        }
        Self::of(name.trim(), operator, &values, is_known)
    }

    /// That a field is one of these values, each taken as it is.
    ///
    /// # Errors
    /// [`ConditionError`] that says what can be written.
    pub fn is_one_of(field: &Field, values: &[impl AsRef<str>]) -> Result<Self, ConditionError> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        Self::of(field.name, Operator::Is, &values, &|_| false)
    }

    fn of(
        name: &str,
        operator: Operator,
        values: &[&str],
        is_known: &dyn Fn(&str) -> bool,
    ) -> Result<Self, ConditionError> {
        let path = path_of(name, is_known)?;
        let test = match Field::named(name).map(|field| field.kind) {
            Some(Kind::Number(unit)) => numbers(name, unit, operator, values)?,
            Some(Kind::Level) => levels(name, operator, values)?,
            None if operator.orders() => numbers(name, Unit::Count, operator, values)?,
            kind => words(name, kind, operator, values)?,
        };
        Ok(Self { path, test })
    }
}

/// The path that a name stands for.
///
/// # Errors
/// [`ConditionError::Field`].
pub fn path_of(name: &str, is_known: &dyn Fn(&str) -> bool) -> Result<String, ConditionError> {
    match Field::named(name) {
        Some(field) => Ok(field.path.to_owned()),
        None if is_known(name) => Ok(name.to_owned()),
        None => Err(ConditionError::Field(name.to_owned())),
    }
}

fn words(
    name: &str,
    kind: Option<Kind>,
    operator: Operator,
    values: &[&str],
) -> Result<Test, ConditionError> {
    if operator.orders() {
        return Err(ConditionError::Order(name.to_owned()));
    }
    let known: &[&str] = match kind {
        Some(Kind::OneOf(words)) => words,
        Some(Kind::Flag) => &["true", "false"],
        _ => &[],
    };
    if let Some(value) = values.iter().find(|value| !known.is_empty() && !known.contains(value)) {
        return Err(never(name, value, &listed(known)));
    }
    let words = values.iter().map(|value| (*value).to_owned()).collect();
    Ok(if operator == Operator::Is { Test::Is(words) } else { Test::IsNot(words) })
}

fn levels(name: &str, operator: Operator, values: &[&str]) -> Result<Test, ConditionError> {
    let mut taken = Vec::new();
    for value in values {
        let Ok(wanted) = value.parse::<Level>() else {
            return Err(never(name, value, &listed(&Level::ALL.map(Level::as_str))));
        };
        let is = if operator == Operator::IsNot { Operator::Is } else { operator };
        taken.extend(Level::ALL.into_iter().filter(|level| is.holds(level, &wanted)));
    }
    let words = taken.into_iter().map(|level| level.as_str().to_owned()).collect();
    Ok(if operator == Operator::IsNot { Test::IsNot(words) } else { Test::Is(words) })
}

fn numbers(name: &str, unit: Unit, operator: Operator, values: &[&str]) -> Result<Test, ConditionError> {
    let mut ranges = Vec::new();
    for value in values {
        let range = read_range(value, unit).ok_or_else(|| never(name, value, unit.notation()))?;
        ranges.extend(operator.range(&range));
    }
    Ok(if operator == Operator::IsNot { Test::NotIn(ranges) } else { Test::In(ranges) })
}

fn never(field: &str, value: &str, expected: &str) -> ConditionError {
    ConditionError::Value { field: field.to_owned(), value: value.to_owned(), expected: expected.to_owned() }
}

fn listed(words: &[&str]) -> String {
    let mut words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}

/// A number, or `FROM..TO`, where either may be left out.
fn read_range(text: &str, unit: Unit) -> Option<RangeInclusive<u64>> {
    let Some((from, to)) = text.split_once("..") else {
        let number = unit.read(text)?;
        return Some(number..=number);
    };
    let end = |text: &str, open: u64| if text.is_empty() { Some(open) } else { unit.read(text) };
    let (from, to) = (end(from.trim(), 0)?, end(to.trim(), u64::MAX)?);
    (from <= to).then_some(from..=to)
}

impl Unit {
    fn notation(self) -> &'static str {
        match self {
            Unit::Count | Unit::Bytes => {
                "a whole number such as `1000` or `2k`, or a range such as `1000..5000`"
            }
            Unit::Micros => "a time such as `2s`, `150ms` or `80us`, or a range such as `1s..5s`",
            Unit::Millis => "a time such as `2s` or `150ms`, or a range such as `1s..5s`",
            Unit::MicroUsd => "US dollars such as `0.25`, or a range such as `0.01..0.05`",
            Unit::Millionths => "a number such as `0.8`, or a range such as `0.5..0.8`",
        }
    }

    /// Reads a number as people write it.
    fn read(self, text: &str) -> Option<u64> {
        let suffixes: &[(&str, u64)] = match self {
            Unit::Count | Unit::Bytes => &[("k", 1000), ("M", 1_000_000), ("", 1)],
            Unit::Micros => {
                &[("us", 1), ("µs", 1), ("ms", 1000), ("s", 1_000_000), ("m", 60_000_000), ("", 1)]
            }
            Unit::Millis => &[("ms", 1), ("s", 1000), ("m", 60_000), ("", 1)],
            Unit::MicroUsd | Unit::Millionths => &[("", 1_000_000)],
        };
        let (number, scale) =
            suffixes.iter().find_map(|(suffix, scale)| Some((text.strip_suffix(suffix)?, *scale)))?;
        scaled(number.trim_end(), scale)
    }
}

/// A decimal number times a scale, exactly; `None` if that is no whole number.
fn scaled(text: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return None;
    }
    let denominator = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let number = format!("{whole}{fraction}").parse::<u128>().ok()?.checked_mul(scale.into())?;
    if number % denominator != 0 {
        return None;
    }
    u64::try_from(number / denominator).ok()
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Count => "",
            Unit::Bytes => "bytes",
            Unit::Micros => "µs",
            Unit::Millis => "ms",
            Unit::MicroUsd => "µUSD",
            Unit::Millionths => "millionths",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn parse(text: &str) -> Result<Condition, ConditionError> {
        Condition::parse(text, &|path| path == "in_force")
    }

    fn test(text: &str) -> Test {
        parse(text).unwrap().test
    }

    #[test]
    fn words_levels_numbers_and_presence_are_read() {
        assert_eq!(
            parse("caller = a,b").unwrap(),
            Condition { path: "key_id".to_owned(), test: Test::Is(vec!["a".to_owned(), "b".to_owned()]) }
        );
        assert_eq!(test("zone!=cloud"), Test::IsNot(vec!["cloud".to_owned()]));
        assert_eq!(test("level >= confidential"), Test::Is(vec!["confidential".into(), "restricted".into()]));
        assert_eq!(test("level<internal"), Test::Is(vec!["public".into()]));
        assert_eq!(test("tokens_in > 1k"), Test::In(vec![1001..=u64::MAX]));
        assert_eq!(test("tokens_in<=9"), Test::In(vec![0..=9]));
        assert_eq!(test("tokens_in<0"), Test::In(vec![]));
        assert_eq!(test("level ≥ confidential"), test("level >= confidential"));
        assert_eq!((test("tokens_in≤9"), test("zone == cloud")), (test("tokens_in<=9"), test("zone=cloud")));
        assert_eq!(test("cost=0.01..0.05"), Test::In(vec![10_000..=50_000]));
        assert_eq!(test("total>=1.5s"), Test::In(vec![1_500_000..=u64::MAX]));
        assert_eq!(test("complexity!=0.25"), Test::NotIn(vec![250_000..=250_000]));
        assert_eq!((test("error"), test("!error")), (Test::Present, Test::Absent));
        assert_eq!(test("in_force='sha256:aa'"), Test::Is(vec!["sha256:aa".to_owned()]));
        assert_eq!(parse("facts.request.alias=x").unwrap().path, "facts.request.alias");
    }

    #[test]
    fn what_could_take_nothing_says_what_to_write() {
        for (text, said) in [
            ("zones=cloud", "there is no field `zones`"),
            ("zone=clod", "use `local` or `cloud`"),
            ("zone>=cloud", "has no order"),
            ("level=secret", "use `public`, `internal`"),
            ("stream=yes", "use `true` or `false`"),
            ("tokens_in=many", "a whole number"),
            ("tokens_in=9..3", "a whole number"),
            ("cost=0.0000001", "US dollars"),
            ("total=5 parsecs", "a time such as"),
            ("=cloud", "is no condition"),
            ("zone=", "is no condition"),
            ("zone=local,,cloud", "is no condition"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn values_fit_or_do_not() {
        let list = Value::Words(Cow::Borrowed("EMAIL,IBAN"));
        assert!(test("entity=IBAN").takes(Some(&list)) && !test("entity=IBA").takes(Some(&list)));
        assert!(!test("entity!=IBAN").takes(Some(&list)) && test("entity!=IBAN").takes(None));
        let number = Value::Number(200);
        assert!(test("status=200").takes(Some(&number)) && !test("status!=200").takes(Some(&number)));
        assert!(test("status!=200").takes(None) && !test("status>=0").takes(None));
        assert!(test("stream=true").takes(Some(&Value::Flag(true))));
        assert!(test("error").takes(Some(&number)) && test("!error").takes(None));
    }
}
