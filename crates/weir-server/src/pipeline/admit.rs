//! `Decision` → a place on a target: capacity, queue, ladder.

use super::decide::Ruling;
use super::inspect::Inspected;
use super::record::Ledger;
use crate::desk::Place;
use crate::failure::{BackendFailure, Failure};
use crate::gateway::Gateway;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_dispatch::{Ask, Refused};
use weir_policy::TargetId;

/// The most attempts at one request.
const ATTEMPTS_MAX: u32 = 3;

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

    pub fn add(&mut self, target: Arc<str>, failure: &BackendFailure) {
        self.targets.insert(target);
        self.attempts += 1;
        self.last = Some(failure.clone());
    }
}

/// Waits for a place as long as the ladder says.
///
/// # Errors
/// [`Failure::Full`] when the ladder ends, and what the last attempt failed with when no target is left.
pub(crate) async fn admit(
    gateway: &Gateway,
    ruling: &Ruling,
    inspected: &Inspected,
    tried: &Tried,
    ledger: &mut Ledger,
) -> Result<Place, Failure> {
    let ask = ask(ruling, inspected.body_bytes, tried);
    ledger.asked();
    let admitted = gateway.desk.admit(ask).await;
    ledger.admitted();
    admitted.map_err(|refused| match (refused, &tried.last) {
        (_, Some(failure)) => Failure::Backend(failure.clone()),
        (Refused::Full { retry_after }, None) => Failure::Full { retry_after },
        (Refused::NothingLeft, None) => Failure::NothingLeft,
    })
}

fn ask(ruling: &Ruling, bytes: usize, tried: &Tried) -> Ask {
    let names = |ids: &[TargetId]| -> Vec<Arc<str>> {
        let names = ids.iter().filter_map(|id| Some(ruling.target(*id)?.name.clone()));
        names.filter(|name| !tried.targets.contains(name)).collect()
    };
    let plan = &ruling.plan;
    let (mut first, mut overflow) = (names(&plan.first), names(&plan.overflow));
    if first.is_empty() {
        // What has failed, unlike what is full, needs no step of the ladder to move on.
        first = std::mem::take(&mut overflow);
    }
    Ask { first, degrade: names(&plan.degrade), overflow, ladder: plan.ladder.clone(), bytes }
}
