//! Who waits, and who is given a place that comes free.

use super::{Dispatcher, Parked};
use crate::Moment;
use crate::ask::{Admission, Step};
use crate::balance::Offer;
use crate::queue::{Pool, Ticket, Waiting};
use crate::request::{Choice, Request};
use crate::target::{Room, TargetKey};
use crate::work::Band;

impl Dispatcher {
    /// Puts a request in line. It takes a place on any target that its ladder has allowed so far.
    pub(super) fn park(
        &mut self,
        mut request: Request,
        step: usize,
        until: Moment,
        ticket: Option<Ticket>,
        now: Moment,
    ) -> Admission {
        let ticket = ticket.unwrap_or_else(|| {
            self.next_id = self.next_id.saturating_add(1);
            Ticket(self.next_id)
        });
        let ends = match request.ladder.get(step) {
            Some(Step::Queue(time)) => now.saturating_add(*time),
            _ => until,
        };
        let promised = request.promise.first_token.map(|time| request.arrived.saturating_add(time));
        let due = [request.promise.deadline, promised].into_iter().flatten().fold(ends, Moment::min);
        let waiting = Waiting {
            pool: Self::pool(&request.allowed(step)),
            tenant: request.claim.tenant.clone(),
            band: request.claim.band,
            bytes: request.bytes,
            tokens: request.work.prompt_tokens,
            until,
            due,
            is_confined: !request.may_burst,
        };
        self.queue.push(ticket, waiting);
        request.forget_predictions();
        self.parked.insert(ticket, Parked { request, step, ends });
        Admission::Wait { ticket, until }
    }

    pub(super) fn pool(choices: &[Choice]) -> Pool {
        let mut keys: Vec<TargetKey> = choices.iter().map(|choice| choice.key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into()
    }

    /// Gives free places on a target to those who wait for one. Returns them, and those who have
    /// no use for one: it is too late, or what has failed before may not be repeated there.
    pub(super) fn hand_out(&mut self, key: TargetKey, now: Moment) -> Vec<Ticket> {
        let mut granted = Vec::new();
        while !self.queue.is_empty()
            && let Some((ticket, offer)) = self.next_for(key, now)
        {
            self.queue.remove(ticket);
            granted.push(ticket);
            let is_of_use = self.parked.get(&ticket).is_some_and(|parked| {
                self.is_in_time(&offer, &parked.request, now)
                    && self.can_be_sent(parked.request.attempt, key, now)
            });
            if !is_of_use {
                // It is asked again for what else there is; the place goes to somebody who has use for it.
                continue;
            }
            let Some(Parked { request, step, .. }) = self.parked.remove(&ticket) else { continue };
            let slot = self.take(offer, Some(step), &request, now);
            self.granted.insert(ticket, slot);
        }
        granted
    }

    /// The next request for a place on the target, if it has one for it.
    fn next_for(&self, key: TargetKey, now: Moment) -> Option<(Ticket, Offer)> {
        let target = self.targets.get(key)?;
        let has_room = |band| target.room(band, 0, now) != Room::None;
        if !has_room(Band::Interactive) {
            return None;
        }
        let ticket = self.queue.next_for(key, &self.shares, has_room(Band::Batch), now)?;
        let request = &self.parked.get(&ticket)?.request;
        let micro_usd = request.overflow.iter().find(|choice| choice.key == key).map_or(0, |c| c.micro_usd);
        let first_token_s = target.predict_s(&request.work, now);
        Some((ticket, Offer { key, micro_usd, first_token_s }))
    }
}
