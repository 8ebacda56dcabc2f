//! List prices of cloud models, by model, tier and day.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use weir_policy::{Day, Price, Prices, Rates, Tier};

/// What a provider asks for a model from some day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPrice {
    /// Micro-USD per million tokens.
    pub rates: Rates,
    /// Where this was read.
    pub source: String,
}

/// List prices by model and tier.
///
/// The text has a line for each price, fields separated by `|`: model, tier, first day, USD per million
/// tokens of input, of cached input (or `-`, as new ones), of input that is put into a cache (or `-`; the field may be
/// missing), of output, source. A tier that ends in `above N` has what all tokens of a request cost whose prompt is
/// longer than so many. Lines that begin with `#` are comments. A later line overrides an earlier one of the same
/// model, tier and day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceTable {
    prices: BTreeMap<(String, String), Listed>,
}

/// The prices of a model in a tier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Listed {
    usual: BTreeMap<Day, ListPrice>,
    /// Of prompts that are longer than so many tokens.
    long: BTreeMap<Day, (u64, ListPrice)>,
}

impl Listed {
    /// Each price of usual prompts with that of long ones that is in force then.
    fn prices(&self) -> Prices {
        let days: BTreeSet<Day> = self.usual.keys().chain(self.long.keys()).copied().collect();
        let on = |day: Day| {
            let (_, usual) = self.usual.range(..=day).next_back()?;
            let long = self.long.range(..=day).next_back();
            let long = long.map(|(_, (above, listed))| (*above, listed.rates));
            Some((day, Price { rates: usual.rates, long }))
        };
        Prices::from_days(days.into_iter().filter_map(on))
    }
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
pub const PRICE_LINE: &str = "model | tier | 2026-01-31 | input | cached | written | output | source";

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
            let row = read(line).map_err(|what| BadPriceTable { line: number, what })?;
            let listed = self.prices.entry(row.key).or_default();
            match row.above {
                Some(above) => _ = listed.long.insert(row.day, (above, row.price)),
                None => _ = listed.usual.insert(row.day, row.price),
            }
        }
        Ok(self)
    }

    /// The prices of a model in a tier; none if the table does not have it. A model's name counts without what
    /// stands before its last `/`, as resellers write it, and without the day of its version at its end, where the
    /// table does not have the whole.
    #[must_use]
    pub fn prices(&self, model: &str, tier: &str) -> Prices {
        let of = |model: &str| self.prices.get(&(model.to_owned(), tier.to_owned()));
        let bare = model.rsplit_once('/').map_or(model, |(_, bare)| bare);
        let found = of(model).or_else(|| of(bare)).or_else(|| of(undated(bare)?));
        found.map(Listed::prices).unwrap_or_default()
    }

    /// The same, with the prices of the tiers that a request may ask for.
    #[must_use]
    pub fn prices_of_tiers(&self, model: &str, tier: &str) -> Prices {
        let with = |prices: Prices, tier: Tier| prices.with_tier(tier, self.prices(model, tier.as_str()));
        Tier::NAMED.into_iter().fold(self.prices(model, tier), with)
    }

    /// Every price with its model, tier and first day.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, Day, &ListPrice)> {
        self.prices.iter().flat_map(|((model, tier), Listed { usual, long })| {
            let long = long.iter().map(|(day, (_, price))| (day, price));
            usual.iter().chain(long).map(move |(day, price)| (model.as_str(), tier.as_str(), *day, price))
        })
    }
}

/// A model's name without the day of its version, `2026-09-29` or `20260929`, at its end.
fn undated(model: &str) -> Option<&str> {
    let is_day = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits == 8 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    [11, 9].into_iter().find_map(|length| {
        let (name, day) = model.split_at_checked(model.len().checked_sub(length)?)?;
        is_day(day.strip_prefix('-')?).then_some(name)
    })
}

/// A line.
struct Row {
    key: (String, String),
    /// Of prompts that are longer than this.
    above: Option<u64>,
    day: Day,
    price: ListPrice,
}

fn read(line: &str) -> Result<Row, String> {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let (model, tier, from, input, cached, written, output, source) = match *fields.as_slice() {
        [model, tier, from, input, cached, output, source] => {
            (model, tier, from, input, cached, "-", output, source)
        }
        [model, tier, from, input, cached, written, output, source] => {
            (model, tier, from, input, cached, written, output, source)
        }
        _ => return Err(format!("there are {} fields, not 7 or 8", fields.len())),
    };
    let (tier, above) = match tier.split_once(" above ") {
        Some((tier, tokens)) => {
            let above = tokens.trim().parse().map_err(|_| format!("`{tokens}` is no number of tokens"))?;
            (tier.trim(), Some(above))
        }
        None => (tier, None),
    };
    if model.is_empty() || tier.is_empty() || source.is_empty() {
        return Err("model, tier and source must be given".to_owned());
    }
    let day = day(from).ok_or_else(|| format!("`{from}` is no day"))?;
    let input = micro_usd(input)?;
    let or_input = |text: &str| if text == "-" { Ok(input) } else { micro_usd(text) };
    let (cached_input, written_input) = (or_input(cached)?, or_input(written)?);
    let rates = Rates { input, cached_input, written_input, output: micro_usd(output)? };
    let price = ListPrice { rates, source: source.to_owned() };
    Ok(Row { key: (model.to_owned(), tier.to_owned()), above, day, price })
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
        let old = Rates { cached_input: 200_000, ..Rates::new(2_000_000, 10_000_000) };
        assert_eq!(on(&table, "2026-05-31"), Some(Price { rates: old, long: None }));
        assert_eq!(on(&table, "2026-06-01"), Some(Price::new(1_500_000, 7_250_000)));
        assert!(table.prices("m", "batch").is_empty());
        let own = table.with("m|standard|2026-06-01|3|-|3|contract").unwrap();
        assert_eq!(on(&own, "2026-07-01").unwrap().rates.input, 3_000_000);
    }

    #[test]
    fn long_prompts_have_a_price_of_their_own_from_their_own_day_on() {
        let table = table(
            "m|standard|2026-01-01|2|0.2|2.5|10|x\nm|standard above 272000|2026-03-01|4|0.4|-|15|x\n\
             m|standard|2026-06-01|1|-|-|5|x\nn|standard above 10|2026-01-01|1|-|1|x",
        );
        let on = |text: &str| table.prices("m", STANDARD).on(day(text)).unwrap();
        let written =
            Rates { input: 2_000_000, cached_input: 200_000, written_input: 2_500_000, output: 10_000_000 };
        assert_eq!(on("2026-02-01"), Price { rates: written, long: None });
        let long = Rates { cached_input: 400_000, ..Rates::new(4_000_000, 15_000_000) };
        assert_eq!(on("2026-03-01"), Price { rates: written, long: Some((272_000, long)) });
        let cheaper = Price { rates: Rates::new(1_000_000, 5_000_000), long: Some((272_000, long)) };
        assert_eq!(on("2026-06-01"), cheaper);
        assert!(table.prices("n", STANDARD).is_empty(), "a tariff for long prompts alone is no price");
    }

    #[test]
    fn a_request_may_ask_for_a_tier_and_pays_for_it_where_it_has_a_price() {
        let table = table("m|standard|2026-01-01|2|-|2|x\nm|flex|2026-01-01|1|-|1|x");
        let of = |tier| table.prices_of_tiers("m", STANDARD).of(tier, None);
        assert_eq!(of(Tier::Flex), Some(Price::new(1_000_000, 1_000_000)));
        assert_eq!(of(Tier::Priority), Some(Price::new(2_000_000, 2_000_000)));
    }

    #[test]
    fn the_day_of_a_version_is_no_part_of_a_models_name_unless_the_table_says_so() {
        let table = table("m-6|standard|2026-01-01|1|-|1|x");
        let has = |model: &str| !table.prices(model, STANDARD).is_empty();
        assert!(has("m-6-2026-09-29") && has("m-6-20260929") && has("vendor/m-6-2026-09-29"));
        assert!(!has("m-6-2026-9-29") && !has("m-6-1") && !has("m-6-") && !has("é-20260929"));
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
        assert!(of("m|s above many|2026-01-01|1|-|1|x").contains("`many` is no number of tokens"));
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
