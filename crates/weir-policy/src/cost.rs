//! What a request would cost, estimated.

use crate::{Alias, Catalogue, CostFacts, Day, Facts, Target, Tier, TokenCount, micro_usd};
use weir_label::ZoneKind;

/// Tokens that an answer is expected to have at most while nothing is known of such answers, where the caller's
/// limit is not lower. Limits are mostly set far above what is used; the figure only has to weigh input against
/// output prices.
const EXPECTED_OUTPUT_TOKENS: u64 = 512;

/// What the cost of a request is estimated from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// The most tokens that the caller wants back.
    pub max_output_tokens: Option<u64>,
    /// Tokens that answers to such requests have had; `None` when nothing is known of them.
    pub output_tokens: Option<u64>,
    /// The day, by which prices go.
    pub day: Option<Day>,
    /// How soon the provider is to answer, by which prices go too.
    pub tier: Tier,
}

impl Expected {
    /// Of a request.
    #[must_use]
    pub fn of(facts: &Facts<'_>) -> Self {
        Self {
            prompt_tokens: facts.request.prompt_tokens,
            max_output_tokens: facts.request.max_output_tokens,
            output_tokens: facts.cost.expected_output_tokens,
            day: facts.time.day,
            tier: facts.cost.tier,
        }
    }

    /// What the expected tokens cost at a target, in picodollars; `None` without a price.
    #[must_use]
    pub fn picodollars(&self, target: &Target) -> Option<u128> {
        let output = self.output_tokens.unwrap_or(EXPECTED_OUTPUT_TOKENS);
        let output = self.max_output_tokens.map_or(output, |max| max.min(output));
        let tokens = TokenCount { input: self.prompt_tokens, output, ..TokenCount::default() };
        target.prices.of(self.tier, self.day).map(|price| price.of(tokens))
    }
}

/// What the expected tokens cost at a target, to compare it by: a local target without a price costs
/// nothing, a cloud target without one more than any other.
pub(crate) fn rank(target: &Target, facts: &Facts<'_>) -> u128 {
    match (Expected::of(facts).picodollars(target), target.zone()) {
        (Some(cost), _) => cost,
        (None, ZoneKind::Local) => 0,
        (None, ZoneKind::Cloud) => u128::MAX,
    }
}

impl CostFacts {
    /// The estimates: of the cheapest target of the alias in each zone that has a price, rounded up. The budget
    /// stays unknown.
    #[must_use]
    pub fn estimate(catalogue: &Catalogue, alias: &Alias, expected: Expected) -> Self {
        let cheapest = |zone: ZoneKind| {
            let targets = alias.targets().iter().filter_map(|id| catalogue.target(*id));
            let costs = targets
                .filter(|target| target.zone() == zone)
                .filter_map(|target| expected.picodollars(target));
            costs.min().map(micro_usd)
        };
        Self {
            local_micro_usd: cheapest(ZoneKind::Local),
            cloud_micro_usd: cheapest(ZoneKind::Cloud),
            budget_left_micro_usd: None,
            expected_output_tokens: expected.output_tokens,
            tier: expected.tier,
        }
    }
}
