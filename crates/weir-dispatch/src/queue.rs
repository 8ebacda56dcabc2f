use crate::Moment;
use crate::dispatcher::Ticket;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Requests.
    pub requests: usize,
    /// Bytes of their bodies.
    pub bytes: usize,
}

/// One request that waits for a place.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The targets whose place it would take.
    pub targets: Vec<Arc<str>>,
    /// Bytes of its body.
    pub bytes: usize,
    /// When it stops waiting.
    pub until: Moment,
}

/// Requests in order of arrival. Tickets are given in that order, so the map's order is the queue's.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: QueueLimits,
    waiting: BTreeMap<Ticket, Waiting>,
    bytes: usize,
}

impl Queue {
    pub fn new(limits: QueueLimits) -> Self {
        Self { limits, waiting: BTreeMap::new(), bytes: 0 }
    }

    pub fn set_limits(&mut self, limits: QueueLimits) {
        self.limits = limits;
    }

    pub fn has_room(&self, bytes: usize) -> bool {
        self.waiting.len() < self.limits.requests && self.bytes.saturating_add(bytes) <= self.limits.bytes
    }

    pub fn push(&mut self, ticket: Ticket, waiting: Waiting) {
        self.bytes = self.bytes.saturating_add(waiting.bytes);
        self.waiting.insert(ticket, waiting);
    }

    pub fn remove(&mut self, ticket: Ticket) -> Option<Waiting> {
        let waiting = self.waiting.remove(&ticket)?;
        self.bytes = self.bytes.saturating_sub(waiting.bytes);
        Some(waiting)
    }

    pub fn get(&self, ticket: Ticket) -> Option<&Waiting> {
        self.waiting.get(&ticket)
    }

    /// The request that has waited longest for a place on `target`.
    pub fn first_for(&self, target: &str, now: Moment) -> Option<Ticket> {
        let wants = |w: &Waiting| w.until > now && w.targets.iter().any(|name| &**name == target);
        self.waiting.iter().find(|(_, waiting)| wants(waiting)).map(|(ticket, _)| *ticket)
    }

    /// How many wait for a place on one of `targets`.
    pub fn ahead(&self, targets: &[Arc<str>]) -> usize {
        self.waiting.values().filter(|w| w.targets.iter().any(|name| targets.contains(name))).count()
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
