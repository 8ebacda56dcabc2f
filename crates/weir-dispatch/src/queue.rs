use crate::Moment;
use crate::fair::Shares;
use crate::target::TargetKey;
use crate::work::Band;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A place in line; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

/// How much may wait for the targets of one pool. Bytes are counted over all pools: they are memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Requests.
    pub requests: usize,
    /// Bytes of their bodies, in all pools together.
    pub bytes: usize,
    /// Tokens of their prompts.
    pub tokens: u64,
}

/// The targets that a request waits for, in order of their keys. Requests of one pool take whichever
/// comes free.
pub(crate) type Pool = Arc<[TargetKey]>;

/// One request that waits for a place.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub pool: Pool,
    pub tenant: Arc<str>,
    pub band: Band,
    /// Bytes of its body.
    pub bytes: usize,
    /// Tokens of its prompt.
    pub tokens: u32,
    /// When it stops waiting, or is to be looked at again.
    pub until: Moment,
    /// By when it is wanted: earlier ones of a tenant go first.
    pub due: Moment,
    /// Whether it may go nowhere else than to targets that it waits for.
    pub is_confined: bool,
}

/// Requests that wait, by pool, band and tenant.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: QueueLimits,
    waiting: BTreeMap<Ticket, Waiting>,
    pools: BTreeMap<Pool, Lanes>,
    bytes: usize,
    /// Tokens that batch work may be served before interactive work.
    batch_credit: f64,
}

#[derive(Debug, Default)]
struct Lanes {
    requests: usize,
    tokens: u64,
    confined: usize,
    interactive: Lane,
    batch: Lane,
}

/// The requests of each tenant, the most urgent first.
type Lane = BTreeMap<Arc<str>, Line>;

/// By when each is wanted, and when it stops waiting.
type Line = BTreeMap<(Moment, Ticket), Moment>;

/// Of what interactive work is served, batch work that waits is served this share, come what may.
const BATCH_SHARE: f64 = 0.1;
/// Credit that batch work can save up, in tokens.
const BATCH_CREDIT_MAX: f64 = 100_000.0;

impl Lanes {
    fn lane(&self, band: Band) -> &Lane {
        match band {
            Band::Interactive => &self.interactive,
            Band::Batch => &self.batch,
        }
    }

    fn lane_mut(&mut self, band: Band) -> &mut Lane {
        match band {
            Band::Interactive => &mut self.interactive,
            Band::Batch => &mut self.batch,
        }
    }
}

impl Queue {
    pub fn new(limits: QueueLimits) -> Self {
        Self { limits, waiting: BTreeMap::new(), pools: BTreeMap::new(), bytes: 0, batch_credit: 0.0 }
    }

    pub fn set_limits(&mut self, limits: QueueLimits) {
        self.limits = limits;
    }

    pub fn has_room(&self, pool: &Pool, bytes: usize, tokens: u32) -> bool {
        let (requests, waiting_tokens) = self.pools.get(pool).map_or((0, 0), |l| (l.requests, l.tokens));
        requests < self.limits.requests
            && self.bytes.saturating_add(bytes) <= self.limits.bytes
            && waiting_tokens.saturating_add(u64::from(tokens)) <= self.limits.tokens
    }

    pub fn push(&mut self, ticket: Ticket, waiting: Waiting) {
        self.bytes = self.bytes.saturating_add(waiting.bytes);
        let lanes = self.pools.entry(waiting.pool.clone()).or_default();
        lanes.requests += 1;
        lanes.tokens += u64::from(waiting.tokens);
        lanes.confined += usize::from(waiting.is_confined);
        let lane = lanes.lane_mut(waiting.band);
        lane.entry(waiting.tenant.clone()).or_default().insert((waiting.due, ticket), waiting.until);
        self.waiting.insert(ticket, waiting);
    }

    pub fn remove(&mut self, ticket: Ticket) -> Option<Waiting> {
        let waiting = self.waiting.remove(&ticket)?;
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        if let Some(lanes) = self.pools.get_mut(&waiting.pool) {
            lanes.requests = lanes.requests.saturating_sub(1);
            lanes.tokens = lanes.tokens.saturating_sub(u64::from(waiting.tokens));
            lanes.confined = lanes.confined.saturating_sub(usize::from(waiting.is_confined));
            let lane = lanes.lane_mut(waiting.band);
            if let Some(of_tenant) = lane.get_mut(&waiting.tenant) {
                of_tenant.remove(&(waiting.due, ticket));
                if of_tenant.is_empty() {
                    lane.remove(&waiting.tenant);
                }
            }
            if lanes.requests == 0 {
                self.pools.remove(&waiting.pool);
            }
        }
        Some(waiting)
    }

    pub fn get(&self, ticket: Ticket) -> Option<&Waiting> {
        self.waiting.get(&ticket)
    }

    /// Who is next for a place on `target`: interactive work before batch work, except for batch work's
    /// share; then the tenant that was served least; then the most urgent of its requests.
    pub fn next_for(
        &self,
        target: TargetKey,
        shares: &Shares,
        batch_may: bool,
        now: Moment,
    ) -> Option<Ticket> {
        let of_band = |band| self.next_of_band(target, band, shares, now);
        let batch = if batch_may { of_band(Band::Batch) } else { None };
        let is_due =
            |ticket: &Ticket| self.get(*ticket).is_some_and(|w| self.batch_credit >= f64::from(w.tokens));
        batch.filter(is_due).or_else(|| of_band(Band::Interactive)).or(batch)
    }

    /// Keeps account of batch work's share when a request is given a place.
    pub fn served(&mut self, band: Band, tokens: u32) {
        let credit = match band {
            Band::Interactive => self.batch_credit + BATCH_SHARE * f64::from(tokens),
            Band::Batch => self.batch_credit - f64::from(tokens),
        };
        self.batch_credit = credit.clamp(0.0, BATCH_CREDIT_MAX);
    }

    fn next_of_band(&self, target: TargetKey, band: Band, shares: &Shares, now: Moment) -> Option<Ticket> {
        let lanes = self.pools.iter().filter(|(pool, _)| pool.contains(&target)).map(|(_, lanes)| lanes);
        let mut next: Option<(f64, Moment, Ticket)> = None;
        for (tenant, line) in lanes.flat_map(|lanes| lanes.lane(band)) {
            let served = shares.served(tenant);
            if next.is_some_and(|(least, ..)| served.total_cmp(&least).is_gt()) {
                continue;
            }
            let Some(((due, ticket), _)) = line.iter().find(|(_, until)| **until > now) else { continue };
            let is_next = next.is_none_or(|(least, first, before)| {
                served.total_cmp(&least).then((*due, *ticket).cmp(&(first, before))).is_lt()
            });
            if is_next {
                next = Some((served, *due, *ticket));
            }
        }
        next.map(|(_, _, ticket)| ticket)
    }

    /// How many wait for a place on one of `targets`.
    pub fn ahead(&self, targets: &[TargetKey]) -> usize {
        self.pools_with(targets).map(|(_, lanes)| lanes.requests).sum()
    }

    /// How many of those a request of this tenant has to let go first, if tenants take turns: all of the
    /// tenant's own, and as many of each other tenant.
    pub fn ahead_of(&self, targets: &[TargetKey], tenant: &str, band: Band) -> usize {
        let mut ahead = 0;
        for (_, lanes) in self.pools_with(targets) {
            let own = lanes.lane(band).get(tenant).map_or(0, BTreeMap::len);
            let lane = lanes.lane(band).values().map(|line| line.len().min(own + 1)).sum::<usize>();
            let others = lanes.lane(band).get(tenant).map_or(lane, |_| lane.max(own));
            ahead += others;
            if band == Band::Batch {
                ahead += lanes.interactive.values().map(BTreeMap::len).sum::<usize>();
            }
        }
        ahead
    }

    /// Those who wait for none of these targets.
    pub fn waiting_for_none_of(&self, targets: &[TargetKey]) -> Vec<Ticket> {
        let wait = |waiting: &Waiting| waiting.pool.iter().any(|key| targets.contains(key));
        self.waiting.iter().filter(|(_, waiting)| !wait(waiting)).map(|(ticket, _)| *ticket).collect()
    }

    /// Whether somebody waits for one of `targets` who may go nowhere else.
    pub fn has_confined(&self, targets: &[TargetKey]) -> bool {
        self.pools_with(targets).any(|(_, lanes)| lanes.confined > 0)
    }

    fn pools_with<'a>(&'a self, targets: &'a [TargetKey]) -> impl Iterator<Item = (&'a Pool, &'a Lanes)> {
        self.pools.iter().filter(move |(pool, _)| pool.iter().any(|key| targets.contains(key)))
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many wait, by band and tenant.
    pub fn by_tenant(&self) -> BTreeMap<(Band, Arc<str>), usize> {
        let mut counts = BTreeMap::new();
        for lanes in self.pools.values() {
            for band in Band::ALL {
                for (tenant, line) in lanes.lane(band) {
                    *counts.entry((band, tenant.clone())).or_default() += line.len();
                }
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: TargetKey = TargetKey(0);

    fn waiting(tenant: &str, band: Band, due: u64) -> Waiting {
        Waiting {
            pool: vec![TARGET].into(),
            tenant: tenant.into(),
            band,
            bytes: 1,
            tokens: 100,
            until: Moment::from_secs(1000),
            due: Moment::from_secs(due),
            is_confined: false,
        }
    }

    fn queue(all: &[(&str, Band, u64)]) -> Queue {
        let mut queue = Queue::new(QueueLimits { requests: 100, bytes: 1000, tokens: 100_000 });
        for (number, (tenant, band, due)) in (0..).zip(all) {
            queue.push(Ticket(number), waiting(tenant, *band, *due));
        }
        queue
    }

    #[test]
    fn of_tenants_that_were_served_alike_the_most_urgent_request_goes_first() {
        let queue = queue(&[("a", Band::Interactive, 20), ("b", Band::Interactive, 10)]);
        let next = queue.next_for(TARGET, &Shares::default(), true, Moment::ZERO);
        assert_eq!(next, Some(Ticket(1)));
        assert_eq!(queue.next_for(TargetKey(1), &Shares::default(), true, Moment::ZERO), None);
        assert_eq!(queue.next_for(TARGET, &Shares::default(), true, Moment::from_secs(1000)), None);
    }

    #[test]
    fn the_tenant_that_was_served_least_goes_first_by_its_weight() {
        let queue = queue(&[("a", Band::Interactive, 10), ("b", Band::Interactive, 20)]);
        let mut shares = Shares::default();
        shares.enter(&"a".into(), 1);
        shares.enter(&"b".into(), 3);
        shares.charge_input("a", 100);
        shares.charge_input("b", 200);
        assert_eq!(queue.next_for(TARGET, &shares, true, Moment::ZERO), Some(Ticket(1)));
        shares.charge_input("b", 200);
        assert_eq!(queue.next_for(TARGET, &shares, true, Moment::ZERO), Some(Ticket(0)));
    }

    #[test]
    fn tenants_take_turns_before_one_who_joins() {
        let many = [("a", Band::Interactive, 10); 5];
        let queue = queue(&[&many[..], &[("b", Band::Interactive, 10), ("b", Band::Batch, 10)]].concat());
        let ahead = |tenant, band| queue.ahead_of(&[TARGET], tenant, band);
        assert_eq!(ahead("c", Band::Interactive), 2, "one of each");
        assert_eq!(ahead("b", Band::Interactive), 3, "its own, and two of the other");
        assert_eq!(ahead("a", Band::Interactive), 6);
        assert_eq!(ahead("c", Band::Batch), 7, "one of its band and all that are more urgent");
    }

    #[test]
    fn batch_work_saves_up_no_more_than_it_may() {
        let mut queue = queue(&[("a", Band::Interactive, 10), ("b", Band::Batch, 10)]);
        (0..100).for_each(|_| queue.served(Band::Interactive, 1_000_000));
        let mut served = 0;
        while queue.next_for(TARGET, &Shares::default(), true, Moment::ZERO) == Some(Ticket(1)) {
            queue.served(Band::Batch, 10_000);
            served += 1;
            assert!(served < 1000);
        }
        assert_eq!(served, 10);
    }
}
