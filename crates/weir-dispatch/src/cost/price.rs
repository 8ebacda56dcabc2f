use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use weir_policy::Price;

/// A day, as in `2026-11-28`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day so many days after 1 January 1970; days before it are that day.
    ///
    /// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    #[must_use]
    pub fn from_unix_days(days: i64) -> Self {
        let days = days.max(0) + 719_468;
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(12),
            day: u8::try_from(day).unwrap_or(31),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits).ok_or(())?;
            part.parse::<u16>().map_err(|_| ())
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && parts.next().is_none();
        let narrow = |value: u16| u8::try_from(value).map_err(|_| ());
        if is_date { Ok(Self { year, month: narrow(month)?, day: narrow(day)? }) } else { Err(()) }
    }
}

/// What a provider asks for a model from some day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPrice {
    /// The first day.
    pub from: Date,
    /// Micro-USD per million tokens of prompt and answer.
    pub price: Price,
    /// Micro-USD per million tokens of a prompt's beginning that the provider has cached; as new ones if
    /// unknown.
    pub cached_input: Option<u64>,
    /// Where this was read.
    pub source: String,
}

impl ListPrice {
    /// Picodollars of so many tokens, of which `cached` of the prompt's are in the provider's cache.
    #[must_use]
    pub fn of(&self, input: u64, cached: u64, output: u64) -> u128 {
        let cached = cached.min(input);
        let cached_price = self.cached_input.unwrap_or(self.price.input);
        let of_cached = u128::from(cached_price) * u128::from(cached);
        self.price.of(input - cached, output).saturating_add(of_cached)
    }
}

/// List prices by model and tier.
///
/// The text has a line for each price, fields separated by `|`: model, tier, first day, USD per million
/// tokens of input, of cached input (or `-`), of output, source. Lines that begin with `#` are comments. A
/// later line overrides an earlier one of the same model, tier and day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceTable {
    prices: BTreeMap<(String, String), BTreeMap<Date, ListPrice>>,
}

/// A line that is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: {what}; a price is written `model | tier | 2026-01-31 | input | cached | output | source`, in USD per million tokens"
)]
pub struct BadPriceTable {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl PriceTable {
    /// The prices that Weir knows of itself.
    ///
    /// # Errors
    /// [`BadPriceTable`] cannot happen with the table that tests read; it is not hidden all the same.
    pub fn built_in() -> Result<Self, BadPriceTable> {
        Self::default().with(include_str!("../../data/prices.txt"))
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
            let (key, price) = read(line).map_err(|what| BadPriceTable { line: number, what })?;
            self.prices.entry(key).or_default().insert(price.from, price);
        }
        Ok(self)
    }

    /// The price of a model in a tier on a day: the newest that is in force.
    #[must_use]
    pub fn price(&self, model: &str, tier: &str, day: Date) -> Option<&ListPrice> {
        let of_model = self.prices.get(&(model.to_owned(), tier.to_owned()))?;
        of_model.range(..=day).next_back().map(|(_, price)| price)
    }

    /// Every price with its model and tier.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &ListPrice)> {
        self.prices.iter().flat_map(|((model, tier), prices)| {
            prices.values().map(move |price| (model.as_str(), tier.as_str(), price))
        })
    }
}

fn read(line: &str) -> Result<((String, String), ListPrice), String> {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let [model, tier, from, input, cached, output, source] = fields.as_slice() else {
        return Err(format!("there are {} fields, not 7", fields.len()));
    };
    if model.is_empty() || tier.is_empty() || source.is_empty() {
        return Err("model, tier and source must be given".to_owned());
    }
    let price = ListPrice {
        from: from.parse().map_err(|()| format!("`{from}` is no day"))?,
        price: Price { input: micro_usd(input)?, output: micro_usd(output)? },
        cached_input: if *cached == "-" { None } else { Some(micro_usd(cached)?) },
        source: (*source).to_owned(),
    };
    Ok((((*model).to_owned(), (*tier).to_owned()), price))
}

/// USD with up to six decimals. Read digit by digit, because prices are compared exactly.
fn micro_usd(text: &str) -> Result<u64, String> {
    let bad = || format!("`{text}` is no price");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 6 || !is_number(whole) || !is_number(part) {
        return Err(bad());
    }
    let whole: u64 = whole.parse().map_err(|_| bad())?;
    let part: u64 = format!("{part:0<6}").parse().map_err(|_| bad())?;
    whole.checked_mul(1_000_000).and_then(|whole| whole.checked_add(part)).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_newest_price_that_is_in_force_counts() {
        let table = PriceTable::default()
            .with("# a comment\n\nm | standard | 2026-01-01 | 2 | 0.2 | 10 | here\nm | standard | 2026-06-01 | 1.5 | - | 7.25 | there")
            .unwrap();
        assert_eq!(table.price("m", "standard", day("2025-12-31")), None);
        let old = table.price("m", "standard", day("2026-05-31")).unwrap();
        assert_eq!(old.of(1000, 400, 100), 600 * 2_000_000 + 400 * 200_000 + 100 * 10_000_000);
        let new = table.price("m", "standard", day("2026-06-01")).unwrap();
        assert_eq!(new.of(1000, 400, 100), 1000 * 1_500_000 + 100 * 7_250_000);
        assert_eq!(table.price("m", "batch", day("2026-06-01")), None);
        let own = table.with("m|standard|2026-06-01|3|-|3|contract").unwrap();
        assert_eq!(own.price("m", "standard", day("2026-07-01")).unwrap().price.input, 3_000_000);
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
        assert!(table.all().all(|(_, _, price)| price.source.len() > 5));
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        assert_eq!(Date::from_unix_days(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_unix_days(11_016).to_string(), "2000-02-29");
        assert_eq!(Date::from_unix_days(20_785).to_string(), "2026-11-28");
        assert_eq!(day("2026-11-28"), Date::from_unix_days(20_785));
    }
}
