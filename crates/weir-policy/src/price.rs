//! What models cost, and from which day on.

/// A day, as the number of days since 1 January 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// The day of a moment, given in seconds since the beginning of 1970; moments before it are of day 0.
    #[must_use]
    pub fn of_unix_seconds(seconds: i64) -> Self {
        const SECONDS_PER_DAY: i64 = 86_400;
        Self(u32::try_from(seconds.div_euclid(SECONDS_PER_DAY).max(0)).unwrap_or(u32::MAX))
    }
}

/// Tokens of a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenCount {
    /// All of the prompt.
    pub input: u64,
    /// Those of the prompt that the provider had in a cache.
    pub cached: u64,
    /// All of the answer.
    pub output: u64,
}

/// What a model costs, in micro-USD per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Per million tokens of prompt.
    pub input: u64,
    /// Per million tokens of prompt that the provider has in a cache.
    pub cached_input: u64,
    /// Per million tokens of answer.
    pub output: u64,
}

impl Price {
    /// Nothing.
    pub const FREE: Self = Self::new(0, 0);

    /// A price without a rebate for what is cached.
    #[must_use]
    pub const fn new(input: u64, output: u64) -> Self {
        Self { input, cached_input: input, output }
    }

    /// The cost of so many tokens, in picodollars (10⁻¹² USD), so that nothing is rounded.
    #[must_use]
    pub fn of(self, tokens: TokenCount) -> u128 {
        let TokenCount { input, cached, output } = tokens;
        let cached = cached.min(input);
        let cost = |price: u64, tokens: u64| u128::from(price) * u128::from(tokens);
        let prompt = cost(self.input, input - cached).saturating_add(cost(self.cached_input, cached));
        prompt.saturating_add(cost(self.output, output))
    }

    /// The same in micro-USD, rounded up.
    #[must_use]
    pub fn micro_usd_of(self, tokens: TokenCount) -> u64 {
        micro_usd(self.of(tokens))
    }
}

/// Picodollars as micro-USD, rounded up: what costs anything does not count as free.
#[must_use]
pub fn micro_usd(picodollars: u128) -> u64 {
    const PICODOLLARS: u128 = 1_000_000;
    u64::try_from(picodollars.div_ceil(PICODOLLARS)).unwrap_or(u64::MAX)
}

/// The prices of a target, each from some day on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices(Vec<(Day, Price)>);

impl Prices {
    /// One price, whatever the day.
    #[must_use]
    pub fn always(price: Price) -> Self {
        Self(vec![(Day(0), price)])
    }

    /// These, in any order; of two for one day the later counts.
    #[must_use]
    pub fn from_days(prices: impl IntoIterator<Item = (Day, Price)>) -> Self {
        let by_day: std::collections::BTreeMap<Day, Price> = prices.into_iter().collect();
        Self(by_day.into_iter().collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The price on a day: the newest that is in force. Without a day, the newest of all.
    #[must_use]
    pub fn on(&self, day: Option<Day>) -> Option<Price> {
        let in_force = |(from, _): &&(Day, Price)| day.is_none_or(|day| *from <= day);
        self.0.iter().rev().find(in_force).map(|(_, price)| *price)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_price_that_is_in_force_counts() {
        let (old, new) = (Price::new(2, 10), Price { input: 3, cached_input: 1, output: 12 });
        let prices = Prices::from_days([(Day(20), new), (Day(10), old)]);
        assert_eq!(prices.on(Some(Day(9))), None);
        assert_eq!(prices.on(Some(Day(19))), Some(old));
        assert_eq!(prices.on(Some(Day(20))), Some(new));
        assert_eq!(prices.on(None), Some(new));
        assert_eq!(Prices::always(old).on(Some(Day(0))), Some(old));
    }

    #[test]
    fn cached_tokens_cost_what_cached_tokens_cost_and_there_are_no_more_of_them_than_of_the_prompt() {
        let price = Price { input: 2_000_000, cached_input: 200_000, output: 10_000_000 };
        let cost = |input, cached, output| price.of(TokenCount { input, cached, output });
        assert_eq!(cost(1000, 400, 100), 600 * 2_000_000 + 400 * 200_000 + 100 * 10_000_000);
        assert_eq!(cost(10, 99, 0), 10 * 200_000);
        assert_eq!(price.micro_usd_of(TokenCount { input: 1, ..TokenCount::default() }), 2);
        assert_eq!(Price::new(1, 1).micro_usd_of(TokenCount { input: 1, ..TokenCount::default() }), 1);
    }

    #[test]
    fn days_begin_at_midnight_in_utc() {
        assert_eq!(Day::of_unix_seconds(86_399), Day(0));
        assert_eq!(Day::of_unix_seconds(86_400), Day(1));
        assert_eq!(Day::of_unix_seconds(-5), Day(0));
    }
}
