//! What a request would cost, estimated.

use crate::{Alias, Catalogue, CostFacts, Facts, Target};
use weir_label::ZoneKind;

/// Tokens that an answer is expected to have at most, where the caller's limit is not lower. Limits are
/// mostly set far above what is used; the figure only has to weigh input against output prices.
const EXPECTED_OUTPUT_TOKENS: u64 = 512;

/// What the expected tokens cost at a target, in picodollars; `None` without a price.
pub(crate) fn picodollars(
    target: &Target,
    prompt_tokens: u64,
    max_output_tokens: Option<u64>,
) -> Option<u128> {
    let output = max_output_tokens.map_or(EXPECTED_OUTPUT_TOKENS, |max| max.min(EXPECTED_OUTPUT_TOKENS));
    target.price.map(|price| price.of(prompt_tokens, output))
}

/// What the expected tokens cost at a target, to compare it by: a local target without a price costs
/// nothing, a cloud target without one more than any other.
pub(crate) fn rank(target: &Target, facts: &Facts<'_>) -> u128 {
    let cost = picodollars(target, facts.request.prompt_tokens, facts.request.max_output_tokens);
    match (cost, target.zone()) {
        (Some(cost), _) => cost,
        (None, ZoneKind::Local) => 0,
        (None, ZoneKind::Cloud) => u128::MAX,
    }
}

impl CostFacts {
    /// The estimates for a request of so many tokens: of the cheapest target of the alias in each zone that
    /// has a price, rounded up. The budget stays unknown.
    #[must_use]
    pub fn estimate(
        catalogue: &Catalogue,
        alias: &Alias,
        prompt_tokens: u64,
        max_output_tokens: Option<u64>,
    ) -> Self {
        const PICODOLLARS: u128 = 1_000_000;
        let cheapest = |zone: ZoneKind| {
            let targets = alias.targets().iter().filter_map(|id| catalogue.target(*id));
            let costs = targets
                .filter(|target| target.zone() == zone)
                .filter_map(|target| picodollars(target, prompt_tokens, max_output_tokens));
            costs.min().map(|cost| u64::try_from(cost.div_ceil(PICODOLLARS)).unwrap_or(u64::MAX))
        };
        Self {
            local_micro_usd: cheapest(ZoneKind::Local),
            cloud_micro_usd: cheapest(ZoneKind::Cloud),
            budget_left_micro_usd: None,
        }
    }
}
