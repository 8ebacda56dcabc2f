//! What the dispatcher is asked, and what it answers.

use crate::Moment;
use crate::flights::FlightId;
use crate::queue::Ticket;
use crate::work::{Claim, Promise, Work};
use std::sync::Arc;
use std::time::Duration;

pub use weir_policy::Step;

/// A target that a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'n> {
    /// Its name, which whoever asks has from the configuration.
    pub target: &'n Arc<str>,
    /// Its place in the order of preference. Among those of one rank the dispatcher chooses.
    pub rank: u32,
    /// What the request is expected to cost there, which is held against the target's daily cap.
    pub micro_usd: u64,
}

impl<'n> Candidate<'n> {
    /// These targets, each preferred to the next.
    #[must_use]
    pub fn in_order(names: &'n [Arc<str>]) -> Vec<Self> {
        (0..).zip(names).map(|(rank, target)| Self { target, rank, micro_usd: 0 }).collect()
    }

    /// These targets, none preferred to another.
    #[must_use]
    pub fn equals(names: &'n [Arc<str>]) -> Vec<Self> {
        names.iter().map(|target| Self { target, rank: 0, micro_usd: 0 }).collect()
    }
}

/// What a request asks for: the targets of its plan, its ladder, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ask<'n> {
    /// Tried at once, best first.
    pub first: Vec<Candidate<'n>>,
    /// Smaller local models, for the step `degrade`.
    pub degrade: Vec<Candidate<'n>>,
    /// Cloud targets, for the step `burst`.
    pub overflow: Vec<Candidate<'n>>,
    /// The steps to take when `first` is full or too slow.
    pub ladder: Vec<Step>,
    /// Bytes of the body, which count against the queue.
    pub bytes: usize,
    /// What it asks of a server.
    pub work: Work,
    /// On whose behalf it comes.
    pub claim: Claim,
    /// By when it is to be served.
    pub promise: Promise,
    /// Whether an attempt at it has failed before.
    pub is_retry: bool,
}

impl Ask<'_> {
    /// Whether it may go to `overflow`. If it may not, room may have to be kept for it.
    #[must_use]
    pub fn may_burst(&self) -> bool {
        !self.overflow.is_empty() && self.ladder.contains(&Step::Burst)
    }
}

/// A place on a target, to be given back with [`Dispatcher::release`](crate::Dispatcher::release).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The target.
    pub target: Arc<str>,
    /// The step of the ladder that led there; `None` when it had not to be taken.
    pub step: Option<Step>,
    /// When the first token was expected, counted from now.
    pub expected_first_token: Duration,
    pub(crate) id: FlightId,
}

/// What stands between a request and every place that it may take. Where that is not the same for all, what may be
/// over soonest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// The places are taken.
    Busy,
    /// The servers said themselves that they are full.
    Full,
    /// The servers are out of rotation, because their requests fail.
    Out {
        /// For how long they have failed.
        since: Duration,
    },
    /// What bursts may cost today is spent.
    Spent,
    /// The servers run other models than they should.
    Misplaced,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The ladder ended in `reject`.
    Full {
        /// When it would be worth asking again.
        retry_after: Duration,
        /// What is in the way.
        obstacle: Obstacle,
    },
    /// It would not be served before its deadline.
    TooLate {
        /// When it would be worth asking again.
        retry_after: Duration,
    },
    /// Too many attempts are being repeated already.
    NoRetry,
    /// The plan has no target left.
    NothingLeft,
}

/// What becomes of an [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// A place.
    Slot(Slot),
    /// Wait: until the ticket is named as granted, or until the moment given, and then
    /// [`resume`](crate::Dispatcher::resume).
    Wait {
        /// The place in line.
        ticket: Ticket,
        /// When to ask again.
        until: Moment,
    },
    /// No place.
    Refused(Refused),
}
