//! What a request costs: set aside before it is sent, settled at its end.

use super::super::decide::Ruling;
use super::Ledger;
use crate::snapshot::Snapshot;
use crate::spending::periods;
use std::sync::Arc;
use weir_audit::event::OutcomeKind;
use weir_dispatch::cost::Left;
use weir_label::ZoneKind;
use weir_policy::{Day, Price, Target, TargetId, Tier, TokenCount, micro_usd};
use weir_wire::canonical::ServedTier;

/// What tokens cost at the target of an attempt.
#[derive(Debug, Clone, Default)]
pub(super) struct Charge {
    /// As it was asked, if that is known.
    price: Option<Price>,
    /// Where other tiers' prices are found.
    list: Option<(Arc<Snapshot>, TargetId, Option<Day>)>,
}

impl Charge {
    pub fn of(ruling: &Ruling, id: TargetId, target: &Target) -> Self {
        if let Some((_, model)) = ruling.snapshot.served(id)
            && model.full_price.is_some()
        {
            return Self { price: model.full_price, list: None };
        }
        let day = ruling.expected.day;
        let price = target.prices.of(ruling.expected.tier, day);
        match target.zone() {
            ZoneKind::Local => Self { price: price.or(Some(Price::FREE)), list: None },
            ZoneKind::Cloud => Self { price, list: Some((ruling.snapshot.clone(), id, day)) },
        }
    }

    /// The provider says which tier it was, whatever was asked for.
    pub fn is_of(&mut self, tier: ServedTier) {
        let Some((snapshot, id, day)) = &self.list else { return };
        let tier = match tier {
            ServedTier::Usual => Tier::Usual,
            ServedTier::Flex => Tier::Flex,
            ServedTier::Priority => Tier::Priority,
            ServedTier::Batch => Tier::Batch,
        };
        let target = snapshot.loaded.catalogue.target(*id);
        self.price = target.and_then(|target| target.prices.of(tier, *day)).or(self.price);
    }
}

impl Ledger {
    /// Sets aside what the request is expected to cost at a target, if anything bounds what it may cost.
    ///
    /// # Errors
    /// [`Left`] when that is more than is left by now.
    pub fn pay(&mut self, ruling: &Ruling, target: TargetId) -> Result<(), Left> {
        self.unpay();
        let Some(target) = ruling.target(target) else { return Ok(()) };
        if ruling.purses.is_empty() || target.zone() == ZoneKind::Local {
            return Ok(());
        }
        let cost = ruling.expected.picodollars(target).map_or(0, micro_usd);
        let now = periods(self.gateway.wall.unix_seconds());
        self.earmark = Some(self.gateway.spending.earmark(&ruling.purses, cost, now)?);
        Ok(())
    }

    /// What was set aside for an attempt that came to nothing is not spent.
    pub(super) fn unpay(&mut self) {
        if let Some(earmark) = self.earmark.take() {
            self.gateway.spending.settle(earmark, 0);
        }
    }

    /// What was set aside for an attempt that was answered is spent, though its answer is not given out: what it cost or,
    /// if that is unknown, what was expected.
    pub(super) fn pay_now(&mut self, picodollars: Option<u128>) {
        if let Some(earmark) = self.earmark.take() {
            let expected = earmark.micro_usd;
            self.gateway.spending.settle(earmark, picodollars.map_or(expected, micro_usd));
        }
    }

    /// What the request has cost, if that is known.
    pub fn cost_micro_usd(&self) -> Option<u64> {
        self.cost().map(micro_usd)
    }

    /// The same in picodollars. Of an answer that broke off, the prompt is as long as it was estimated to be; what is
    /// no text, such as embeddings, has no tokens.
    pub(super) fn cost(&self) -> Option<u128> {
        let output = self.outcome.tokens_out.or(self.outcome.tokens_in.map(|_| 0))?;
        let input = self.outcome.tokens_in.or(self.decision.est_tokens_in)?;
        let (cached, written) = self.cached;
        Some(self.charge.price?.of(TokenCount { input, cached, written, output }))
    }

    /// What was set aside is spent, as far as is known: an answer of unknown length costs what was expected, also when
    /// it was given up, and an attempt that failed nothing.
    pub(super) fn settle(&mut self) {
        self.outcome.cost_micro_usd = self.cost_micro_usd();
        let Some(earmark) = self.earmark.take() else { return };
        let is_given_up = self.outcome.error_code.as_ref().is_some_and(|code| code.as_str() == "deadline");
        let otherwise = match self.outcome.outcome {
            OutcomeKind::Timeout if is_given_up => earmark.micro_usd,
            OutcomeKind::Ok | OutcomeKind::ClientCancelled | OutcomeKind::UpstreamAborted => {
                earmark.micro_usd
            }
            OutcomeKind::Timeout | OutcomeKind::Rejected | OutcomeKind::Failed => 0,
        };
        self.gateway.spending.settle(earmark, self.outcome.cost_micro_usd.unwrap_or(otherwise));
    }
}
