//! A policy on its way into force, beside the one that is.

use crate::gateway::Gateway;
use crate::snapshot::Snapshot;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use weir_audit::Ident;
use weir_rollout::{Arm, Percent, Rollout, Sample, Stage, bucket};

/// A policy on its way into force.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub snapshot: Arc<Snapshot>,
    rollout: Mutex<Rollout>,
    /// The share of requests that it decides, in percent: what requests look at without a lock.
    share: AtomicU8,
    same: AtomicU64,
    different: AtomicU64,
    not_compared: AtomicU64,
}

/// What came of comparing a policy in the shadow with the one in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    Same,
    Different,
    /// It would have taken a detector, or a second look at a large body.
    Not,
}

/// How a policy stands that decides a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is in force.
    InForce,
    /// It is on its way, and decides this share of requests.
    Candidate(Percent),
}

/// The snapshot that decides a request.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub snapshot: Arc<Snapshot>,
    pub standing: Standing,
}

impl Standing {
    /// The word in records.
    pub fn word(self) -> Ident {
        match self {
            Standing::InForce => Ident::fixed("all"),
            Standing::Candidate(percent) => Ident::new(&format!("share-{}", u8::from(percent))),
        }
    }

    pub fn arm(self) -> Arm {
        match self {
            Standing::InForce => Arm::Before,
            Standing::Candidate(_) => Arm::After,
        }
    }
}

impl Candidate {
    pub fn new(snapshot: Arc<Snapshot>, rollout: Rollout) -> Self {
        let share = AtomicU8::new(share_of(rollout.stage()));
        Self {
            snapshot,
            rollout: Mutex::new(rollout),
            share,
            same: AtomicU64::new(0),
            different: AtomicU64::new(0),
            not_compared: AtomicU64::new(0),
        }
    }

    /// Counts a comparison.
    pub fn compared(&self, compared: Compared) {
        let counter = match compared {
            Compared::Same => &self.same,
            Compared::Different => &self.different,
            Compared::Not => &self.not_compared,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Comparisons that came out the same, different, and those that were not made.
    pub fn comparisons(&self) -> [u64; 3] {
        [&self.same, &self.different, &self.not_compared].map(|counter| counter.load(Ordering::Relaxed))
    }

    pub fn revision(&self) -> &str {
        self.snapshot.loaded.policy_revision.as_str()
    }

    /// Looks at the rollout, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut Rollout) -> T) -> T {
        // Every change of a rollout leaves it whole.
        let mut rollout = self.rollout.lock().unwrap_or_else(PoisonError::into_inner);
        let result = look(&mut rollout);
        self.share.store(share_of(rollout.stage()), Ordering::Release);
        result
    }

    pub fn stage(&self) -> Stage {
        match Percent::try_from(self.share.load(Ordering::Acquire)) {
            Ok(percent) => Stage::Share(percent),
            Err(_) => Stage::Shadow,
        }
    }

    /// How it stands to a request, if it decides it.
    fn decides(&self, request_id: &str) -> Option<Standing> {
        match self.stage() {
            stage @ Stage::Share(percent) if stage.takes(bucket(self.revision(), request_id)) => {
                Some(Standing::Candidate(percent))
            }
            Stage::Share(_) | Stage::Shadow => None,
        }
    }
}

fn share_of(stage: Stage) -> u8 {
    match stage {
        Stage::Shadow => 0,
        Stage::Share(percent) => percent.into(),
    }
}

impl Gateway {
    /// The snapshot that decides a request now. Ask once for each decision: it may be another one next time.
    pub(crate) fn snapshot_for(&self, request_id: &Ident) -> Chosen {
        if let Some(candidate) = self.candidate()
            && let Some(standing) = candidate.decides(request_id.as_str())
        {
            return Chosen { snapshot: candidate.snapshot.clone(), standing };
        }
        Chosen { snapshot: self.snapshot(), standing: Standing::InForce }
    }

    /// Counts a request that has ended, for a rollout under way.
    pub(crate) fn count(&self, revision: &str, standing: Standing, sample: Sample) {
        let Some(candidate) = self.candidate() else { return };
        let decided_it = match standing {
            Standing::InForce => self.snapshot().loaded.policy_revision.as_str() == revision,
            Standing::Candidate(_) => candidate.revision() == revision,
        };
        // A request may outlive the rollout that it began under.
        if decided_it {
            candidate.with(|rollout| rollout.count(standing.arm(), sample));
        }
    }
}
