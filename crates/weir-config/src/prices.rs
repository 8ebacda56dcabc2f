//! List prices of cloud models, by model, tier and day.

use jiff::civil::Date;
use std::collections::BTreeMap;
use weir_policy::{Day, Price, Prices};

/// What a provider asks for a model from some day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPrice {
    /// Micro-USD per million tokens.
    pub price: Price,
    /// Where this was read.
    pub source: String,
}

/// List prices by model and tier.
///
/// The text has a line for each price, fields separated by `|`: model, tier, first day, USD per million
/// tokens of input, of cached input (or `-`, as new ones), of output, source. Lines that begin with `#` are
/// comments. A later line overrides an earlier one of the same model, tier and day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceTable {
    prices: BTreeMap<(String, String), BTreeMap<Day, ListPrice>>,
}

/// A line that is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadPriceTable {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

/// How a line is written.
pub const PRICE_LINE: &str = "model | tier | 2026-01-31 | input | cached | output | source";

/// The tier that is meant where none is named.
pub const STANDARD: &str = "standard";

impl PriceTable {
    /// The prices that Weir knows of itself.
    ///
    /// # Errors
    /// [`BadPriceTable`] cannot happen with the table that tests read; it is not hidden all the same.
    pub fn built_in() -> Result<Self, BadPriceTable> {
        Self::default().with(include_str!("../data/prices.txt"))
    }

    /// The same with the prices of another text, which come before these.
    ///
    /// # Errors
    /// [`BadPriceTable`] for the first line that is no price.
    pub fn with(mut self, text: &str) -> Result<Self, BadPriceTable> {
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, day, price) = read(line).map_err(|what| BadPriceTable { line: number, what })?;
            self.prices.entry(key).or_default().insert(day, price);
        }
        Ok(self)
    }

    /// The prices of a model in a tier; none if the table does not have it. A model's name counts without what
    /// stands before its last `/`, as resellers write it, where the table does not have the whole.
    #[must_use]
    pub fn prices(&self, model: &str, tier: &str) -> Prices {
        let of = |model: &str| self.prices.get(&(model.to_owned(), tier.to_owned()));
        let found = of(model).or_else(|| of(model.rsplit_once('/')?.1));
        let listed = found.into_iter().flatten();
        Prices::from_days(listed.map(|(day, listed)| (*day, listed.price)))
    }

    /// Every price with its model, tier and first day.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, Day, &ListPrice)> {
        self.prices.iter().flat_map(|((model, tier), prices)| {
            prices.iter().map(move |(day, price)| (model.as_str(), tier.as_str(), *day, price))
        })
    }
}

fn read(line: &str) -> Result<((String, String), Day, ListPrice), String> {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let [model, tier, from, input, cached, output, source] = fields.as_slice() else {
        return Err(format!("there are {} fields, not 7", fields.len()));
    };
    if model.is_empty() || tier.is_empty() || source.is_empty() {
        return Err("model, tier and source must be given".to_owned());
    }
    let day = day(from).ok_or_else(|| format!("`{from}` is no day"))?;
    let input = micro_usd(input)?;
    let cached_input = if *cached == "-" { input } else { micro_usd(cached)? };
    let price = Price { input, cached_input, output: micro_usd(output)? };
    let listed = ListPrice { price, source: (*source).to_owned() };
    Ok((((*model).to_owned(), (*tier).to_owned()), day, listed))
}

fn day(text: &str) -> Option<Day> {
    let date: Date = text.parse().ok()?;
    let days = date.since(Date::new(1970, 1, 1).ok()?).ok()?.get_days();
    u32::try_from(days).ok().map(Day)
}

/// USD with up to six decimals. Read digit by digit, because prices are compared exactly.
fn micro_usd(text: &str) -> Result<u64, String> {
    use crate::scalar::MicroUsd;
    use crate::yaml::Scalar as _;
    MicroUsd::parse(text).map(|MicroUsd(price)| price).map_err(|wrong| wrong.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> PriceTable {
        PriceTable::default().with(text).unwrap()
    }

    #[test]
    fn a_line_is_a_price_from_a_day_on_and_a_later_line_comes_before_an_earlier_one() {
        let first = "# a comment\n\nm | standard | 2026-01-01 | 2 | 0.2 | 10 | here\n\
                     m | standard | 2026-06-01 | 1.5 | - | 7.25 | there";
        let on = |table: &PriceTable, text: &str| table.prices("m", STANDARD).on(day(text));
        let table = table(first);
        assert_eq!(on(&table, "2025-12-31"), None);
        let old = Price { input: 2_000_000, cached_input: 200_000, output: 10_000_000 };
        assert_eq!(on(&table, "2026-05-31"), Some(old));
        assert_eq!(on(&table, "2026-06-01"), Some(Price::new(1_500_000, 7_250_000)));
        assert!(table.prices("m", "batch").is_empty());
        let own = table.with("m|standard|2026-06-01|3|-|3|contract").unwrap();
        assert_eq!(on(&own, "2026-07-01").unwrap().input, 3_000_000);
    }

    #[test]
    fn a_resellers_prefix_is_no_part_of_a_models_name_unless_the_table_says_so() {
        let table = table("m|standard|2026-01-01|1|-|1|x\nr/n|standard|2026-01-01|2|-|2|x");
        assert!(!table.prices("vendor/m", STANDARD).is_empty());
        assert!(!table.prices("r/n", STANDARD).is_empty());
        assert!(table.prices("n", STANDARD).is_empty());
    }

    #[test]
    fn a_line_that_is_no_price_is_named() {
        let of = |text: &str| PriceTable::default().with(text).unwrap_err().to_string();
        assert!(of("\nm | standard | 2026-01-01 | 2 | 10 | here").starts_with("line 2: there are 6 fields"));
        assert!(of("m|s|2026-13-01|1|-|1|x").contains("`2026-13-01` is no day"));
        assert!(of("m|s|2026-01-01|-1|-|1|x").contains("`-1` is no price"));
        assert!(of("m|s|2026-01-01|1e3|-|1|x").contains("`1e3` is no price"));
    }

    #[test]
    fn the_built_in_table_can_be_read_and_names_its_sources() {
        let table = PriceTable::built_in().unwrap();
        assert!(table.all().count() >= 10);
        assert!(table.all().all(|(_, _, _, listed)| listed.source.len() > 5));
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        assert_eq!(day("1970-01-01"), Some(Day(0)));
        assert_eq!(day("2000-02-29"), Some(Day(11_016)));
        assert_eq!(day("2026-11-28"), Some(Day(20_785)));
        assert_eq!(day("1969-12-31"), None);
    }
}
