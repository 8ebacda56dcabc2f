//! What models cost, and from which day on.

use std::collections::BTreeMap;

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
    /// Those of the prompt that the provider put into a cache.
    pub written: u64,
    /// All of the answer.
    pub output: u64,
}

/// What tokens cost, in micro-USD per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Of the prompt.
    pub input: u64,
    /// Of the prompt, where the provider has them in a cache.
    pub cached_input: u64,
    /// Of the prompt, where the provider puts them into a cache.
    pub written_input: u64,
    /// Of the answer.
    pub output: u64,
}

/// What a model costs, which may be more for long prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// What tokens cost.
    pub rates: Rates,
    /// What all of a request's tokens cost instead if its prompt is longer than so many tokens.
    pub long: Option<(u64, Rates)>,
}

impl Rates {
    /// A price whatever the provider's cache does.
    #[must_use]
    pub const fn new(input: u64, output: u64) -> Self {
        Self { input, cached_input: input, written_input: input, output }
    }

    fn of(self, tokens: TokenCount) -> u128 {
        let TokenCount { input, cached, written, output } = tokens;
        let cached = cached.min(input);
        let written = written.min(input - cached);
        let cost = |price: u64, tokens: u64| u128::from(price) * u128::from(tokens);
        cost(self.input, input - cached - written)
            .saturating_add(cost(self.cached_input, cached))
            .saturating_add(cost(self.written_input, written))
            .saturating_add(cost(self.output, output))
    }
}

impl Price {
    /// Nothing.
    pub const FREE: Self = Self::new(0, 0);

    /// One price for all prompts.
    #[must_use]
    pub const fn new(input: u64, output: u64) -> Self {
        Self { rates: Rates::new(input, output), long: None }
    }

    /// The cost of so many tokens, in picodollars (10⁻¹² USD), so that nothing is rounded.
    #[must_use]
    pub fn of(self, tokens: TokenCount) -> u128 {
        let long = self.long.filter(|(above, _)| tokens.input > *above);
        long.map_or(self.rates, |(_, rates)| rates).of(tokens)
    }
}

/// Picodollars as micro-USD, rounded up: what costs anything does not count as free.
#[must_use]
pub fn micro_usd(picodollars: u128) -> u64 {
    const PICODOLLARS: u128 = 1_000_000;
    u64::try_from(picodollars.div_ceil(PICODOLLARS)).unwrap_or(u64::MAX)
}

/// How soon a provider is to answer, as a request may ask for (`service_tier`), and be charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Tier {
    /// As always.
    #[default]
    Usual,
    /// When there is room.
    Flex,
    /// Before others.
    Priority,
    /// Within a day.
    Batch,
}

impl Tier {
    /// Those that have a name of their own in tables of prices.
    pub const NAMED: [Tier; 3] = [Tier::Flex, Tier::Priority, Tier::Batch];

    /// The one that a value of `service_tier` asks for.
    #[must_use]
    pub fn of_word(word: Option<&str>) -> Self {
        let named = Self::NAMED.into_iter().find(|tier| Some(tier.as_str()) == word);
        named.unwrap_or_default()
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Tier::Usual => "standard",
            Tier::Flex => "flex",
            Tier::Priority => "priority",
            Tier::Batch => "batch",
        }
    }
}

/// The prices of a target, each from some day on, and those of the tiers that a request may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    usual: Days,
    tiers: BTreeMap<Tier, Days>,
}

/// Prices by the day from which they hold, in order.
type Days = Vec<(Day, Price)>;

impl Prices {
    /// One price, whatever the day.
    #[must_use]
    pub fn always(price: Price) -> Self {
        Self { usual: vec![(Day(0), price)], tiers: BTreeMap::new() }
    }

    /// These, in any order; of two for one day the later counts.
    #[must_use]
    pub fn from_days(prices: impl IntoIterator<Item = (Day, Price)>) -> Self {
        let by_day: BTreeMap<Day, Price> = prices.into_iter().collect();
        Self { usual: by_day.into_iter().collect(), tiers: BTreeMap::new() }
    }

    /// The same, and what requests for a tier cost, as the usual prices of `prices` say.
    #[must_use]
    pub fn with_tier(mut self, tier: Tier, prices: Self) -> Self {
        if !prices.is_empty() {
            self.tiers.insert(tier, prices.usual);
        }
        self
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.usual.is_empty()
    }

    /// The price on a day: the newest that is in force. Without a day, the newest of all.
    #[must_use]
    pub fn on(&self, day: Option<Day>) -> Option<Price> {
        newest(&self.usual, day)
    }

    /// The price of a tier on a day: the usual one where it has none of its own.
    #[must_use]
    pub fn of(&self, tier: Tier, day: Option<Day>) -> Option<Price> {
        let own = self.tiers.get(&tier).and_then(|days| newest(days, day));
        own.or_else(|| self.on(day))
    }
}

fn newest(days: &[(Day, Price)], day: Option<Day>) -> Option<Price> {
    let in_force = |(from, _): &&(Day, Price)| day.is_none_or(|day| *from <= day);
    days.iter().rev().find(in_force).map(|(_, price)| *price)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(input: u64, cached_input: u64, written_input: u64, output: u64) -> Rates {
        Rates { input, cached_input, written_input, output }
    }

    #[test]
    fn the_newest_price_that_is_in_force_counts() {
        let (old, new) = (Price::new(2, 10), Price::new(3, 12));
        let prices = Prices::from_days([(Day(20), new), (Day(10), old)]);
        assert_eq!(prices.on(Some(Day(9))), None);
        assert_eq!(prices.on(Some(Day(19))), Some(old));
        assert_eq!(prices.on(Some(Day(20))), Some(new));
        assert_eq!(prices.on(None), Some(new));
        assert_eq!(Prices::always(old).on(Some(Day(0))), Some(old));
    }

    #[test]
    fn a_tier_has_its_own_price_from_the_day_on_which_it_has_one() {
        let prices = Prices::always(Price::new(2, 10))
            .with_tier(Tier::Flex, Prices::from_days([(Day(10), Price::new(1, 5))]))
            .with_tier(Tier::Batch, Prices::default());
        let of = |word, day| prices.of(Tier::of_word(word), Some(Day(day)));
        assert_eq!(of(Some("flex"), 10), Some(Price::new(1, 5)));
        for (word, day) in [(Some("flex"), 9), (Some("batch"), 10), (Some("default"), 10), (None, 10)] {
            assert_eq!(of(word, day), Some(Price::new(2, 10)), "{word:?}");
        }
    }

    #[test]
    fn tokens_of_a_cache_have_their_own_price_and_there_are_no_more_of_them_than_of_the_prompt() {
        let price = Price { rates: rates(2_000_000, 200_000, 2_500_000, 10_000_000), long: None };
        let cost = |input, cached, written, output| price.of(TokenCount { input, cached, written, output });
        assert_eq!(cost(1000, 400, 0, 100), 600 * 2_000_000 + 400 * 200_000 + 100 * 10_000_000);
        assert_eq!(cost(1000, 400, 600, 0), 400 * 200_000 + 600 * 2_500_000);
        assert_eq!(cost(10, 99, 99, 0), 10 * 200_000);
        assert_eq!(cost(10, 4, 99, 0), 4 * 200_000 + 6 * 2_500_000);
        assert_eq!(micro_usd(price.of(TokenCount { input: 1, ..TokenCount::default() })), 2);
        assert_eq!(micro_usd(Price::new(1, 1).of(TokenCount { input: 1, ..TokenCount::default() })), 1);
    }

    #[test]
    fn a_long_prompt_has_another_price_for_all_of_its_tokens_and_those_of_its_answer() {
        let price = Price { rates: rates(2, 1, 2, 10), long: Some((1000, rates(4, 2, 4, 15))) };
        let cost = |input| price.of(TokenCount { input, cached: 100, written: 0, output: 10 });
        assert_eq!(cost(1000), 900 * 2 + 100 + 100);
        assert_eq!(cost(1001), 901 * 4 + 200 + 150);
    }

    #[test]
    fn days_begin_at_midnight_in_utc() {
        assert_eq!(Day::of_unix_seconds(86_399), Day(0));
        assert_eq!(Day::of_unix_seconds(86_400), Day(1));
        assert_eq!(Day::of_unix_seconds(-5), Day(0));
    }
}
