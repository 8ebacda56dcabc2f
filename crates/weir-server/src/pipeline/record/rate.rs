//! What a request uses of the limits of its key: taken before it goes anywhere, settled at its end.

use super::super::admit::kind_of_work;
use super::super::identify::Caller;
use super::super::inspect::Inspected;
use super::{CANCELLED, Ledger};
use crate::failure::Failure;
use crate::rates::{OverRate, Share};
use weir_audit::Ident;

impl Ledger {
    /// Counts a request against what its key may ask for.
    ///
    /// # Errors
    /// [`Failure::OverRate`] when that is too much.
    pub fn count(&mut self, caller: &Caller) -> Result<(), Failure> {
        let Some(key) = &caller.key else { return Ok(()) };
        let (share, taken) = Share::open(&self.gateway, key);
        self.share = share;
        taken.map_err(|over| self.over_rate(over))
    }

    /// Sets aside the tokens that a request is expected to use, of those that its key may.
    ///
    /// # Errors
    /// [`Failure::OverRate`] when there are not so many.
    pub fn count_tokens(&mut self, inspected: &Inspected) -> Result<(), Failure> {
        let request = inspected.request.content();
        if request.api().is_of_servers() {
            return Ok(());
        }
        let Some(share) = &mut self.share else { return Ok(()) };
        let limit = request.max_output_tokens().and_then(|limit| u32::try_from(limit).ok());
        let answers_in_tokens = request.api().dialect().is_some();
        let expected = || self.gateway.desk.expected_output(kind_of_work(inspected), limit);
        let answer = if answers_in_tokens { expected() } else { 0 };
        let taken = share.take_tokens(&self.gateway, (inspected.prompt_tokens(), u64::from(answer)));
        taken.map_err(|over| self.over_rate(over))
    }

    fn over_rate(&self, over: OverRate) -> Failure {
        self.gateway.metrics.requests.over_rate(over.counted.as_str());
        Failure::OverRate(over)
    }

    /// Gives back what was set aside and not used.
    pub fn settle_share(&mut self) {
        let used = self.used_tokens();
        if let Some(share) = &mut self.share {
            share.settle(&self.gateway, used);
        }
    }

    /// Tokens that a backend read and wrote for the request; `None` if that is unknown.
    fn used_tokens(&self) -> Option<u64> {
        if self.times.forwarded.is_none() {
            return Some(0);
        }
        let (input, output) = (self.outcome.tokens_in, self.outcome.tokens_out);
        if input.or(output).is_some() {
            return Some(input.unwrap_or(self.counted.tokens).saturating_add(output.unwrap_or(0)));
        }
        // Of what its client has left somebody may have read all.
        let has_failed =
            self.outcome.error_code.as_ref().is_some_and(|code| *code != Ident::fixed(CANCELLED));
        has_failed.then_some(0)
    }
}
