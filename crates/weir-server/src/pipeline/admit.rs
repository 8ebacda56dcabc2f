//! `Decision` → a place on a target: capacity, queue, ladder.

use super::decide::Ruling;
use super::identify::Caller;
use super::inspect::Inspected;
use super::record::Ledger;
use crate::desk::Place;
use crate::failure::{BackendFailure, Failure};
use crate::gateway::Gateway;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use weir_dispatch::{Ask, Candidate, Refused, Step};
use weir_policy::TargetId;

/// The most attempts at one request.
const ATTEMPTS_MAX: u32 = 3;
/// How often the key of a waiting request is looked at.
const KEY_CHECK: Duration = Duration::from_secs(1);

/// Targets that have failed this request.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    targets: BTreeSet<Arc<str>>,
    attempts: u32,
    last: Option<BackendFailure>,
}

impl Tried {
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the attempt now under way is not the last one.
    pub fn has_attempts_left(&self) -> bool {
        self.attempts + 1 < ATTEMPTS_MAX
    }

    /// Whether the last target said that it is full.
    fn ended_full(&self) -> bool {
        matches!(self.last, Some(BackendFailure::Full { .. }))
    }

    pub fn add(&mut self, target: Arc<str>, failure: &BackendFailure) {
        self.targets.insert(target);
        self.attempts += 1;
        self.last = Some(failure.clone());
    }
}

/// Waits for a place as long as the ladder says and the caller's key is good.
///
/// # Errors
/// [`Failure::Full`] when the ladder ends, what the last attempt failed with when no target is left, and
/// [`Failure::BadKey`] when the key was revoked or has expired by now.
pub(crate) async fn admit(
    gateway: &Gateway,
    ruling: &Ruling,
    inspected: &Inspected,
    caller: &Caller,
    tried: &Tried,
    ledger: &mut Ledger,
) -> Result<Place, Failure> {
    let ask = ask(ruling, inspected.body_bytes, tried);
    ledger.asked();
    let admitted = wait(gateway, ask, caller).await;
    ledger.admitted();
    admitted?.map_err(|refused| match (refused, &tried.last) {
        (_, Some(failure)) => Failure::Backend(failure.clone()),
        (Refused::Full { retry_after } | Refused::TooLate { retry_after }, None) => {
            Failure::Full { retry_after }
        }
        (Refused::NothingLeft | Refused::NoRetry, None) => Failure::NothingLeft,
    })
}

/// Waits at the desk, looking at the key from time to time and once more at the end: what a revoked key
/// has queued is not sent.
async fn wait(gateway: &Gateway, ask: Ask, caller: &Caller) -> Result<Result<Place, Refused>, Failure> {
    let mut admitted = pin!(gateway.desk.admit(ask));
    loop {
        let admitted = timeout(KEY_CHECK, &mut admitted).await;
        caller.check(gateway)?;
        if let Ok(admitted) = admitted {
            return Ok(admitted);
        }
    }
}

fn ask(ruling: &Ruling, bytes: usize, tried: &Tried) -> Ask {
    let names = |ids: &[TargetId]| -> Vec<Arc<str>> {
        let names = ids.iter().filter_map(|id| Some(ruling.target(*id)?.name.clone()));
        names.filter(|name| !tried.targets.contains(name)).collect()
    };
    let plan = &ruling.plan;
    let (mut first, mut overflow) = (names(&plan.first), names(&plan.overflow));
    if first.is_empty() && (!tried.ended_full() || plan.ladder.contains(&Step::Burst)) {
        // What has failed, unlike what is full, needs no step of the ladder to move on.
        first = std::mem::take(&mut overflow);
    }
    Ask {
        first: Candidate::in_order(&first),
        degrade: Candidate::in_order(&names(&plan.degrade)),
        overflow: Candidate::in_order(&overflow),
        ladder: plan.ladder.clone(),
        bytes,
        is_retry: tried.attempts > 0,
        ..Ask::default()
    }
}
