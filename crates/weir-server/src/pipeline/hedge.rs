//! A stream that is late is asked for a second time, of a replica.
//!
//! Only before the first content, only inside the network, at most once, and only if the replica has places to
//! spare; it is paid for like a repeated attempt. The first content counts, the other attempt is cancelled.

use super::admit::{Tried, of_replicas};
use super::cascade::Watch;
use super::decide::Ruling;
use super::forward::forward;
use super::identify::Caller;
use super::inspect::Inspected;
use super::record::{Attempt, Ledger};
use super::relay::{Answer, Opened, begin, open, patiently};
use crate::desk::Place;
use crate::failure::BackendFailure;
use crate::gateway::Gateway;
use std::pin::pin;
use std::sync::Arc;
use tokio::time::timeout;
use weir_label::ZoneKind;
use weir_policy::TargetId;

/// A target that a request was sent to, with the place on it.
type Sent = (TargetId, Place);

/// How an attempt failed, and on which target.
pub(crate) type Failed = (Arc<str>, BackendFailure);

/// Whether a request to a target may be sent to a second one as well.
pub(crate) fn may_be_hedged(ruling: &Ruling, target: TargetId, inspected: &Inspected, tried: &Tried) -> bool {
    ruling.snapshot.loaded.config.limits.hedge
        && tried.has_attempts_left()
        && inspected.request.content().is_stream()
        && ruling.target(target).is_some_and(|target| target.zone() == ZoneKind::Local)
}

/// Asks for a stream, and for another when it is late.
///
/// # Errors
/// How each attempt failed. Nothing has reached the client then, and the places have been given back.
pub(crate) async fn stream(
    gateway: &Arc<Gateway>,
    ruling: &Ruling,
    (target, place): Sent,
    (inspected, caller): (&Inspected, &Caller),
    tried: &Tried,
    ledger: &mut Ledger,
) -> Result<Answer, Vec<Failed>> {
    let (reply_id, key) = (ledger.reply_id().to_owned(), ledger.key_id());
    let ask = async |target| {
        let sent = forward(ruling, target, inspected, &caller.anthropic).await;
        open(gateway, sent, ruling, target, inspected, (reply_id.clone(), key.clone()), None).await
    };
    let request = inspected.request.content();
    let mut first = pin!(ask(target));
    let usual = place.usual_first_token();
    let in_time = match usual {
        Some(usual) => timeout(usual, &mut first).await.ok(),
        None => Some(patiently(first.as_mut(), (request, &mut *ledger)).await),
    };
    let number = tried.attempts() + 1;
    let second = match in_time {
        Some(opened) => return end(ledger, inspected, place, opened).await.map_err(|failed| vec![*failed]),
        None => second(gateway, ruling, target, (inspected, caller), tried, ledger).await,
    };
    let Some((other, beside)) = second else {
        let opened = patiently(first, (request, &mut *ledger)).await;
        return end(ledger, inspected, place, opened).await.map_err(|failed| vec![*failed]);
    };
    let mut second = pin!(ask(other));
    // Whoever fails leaves it to the other.
    let either = async {
        tokio::select! {
            opened = &mut first => (opened, true),
            opened = &mut second => (opened, false),
        }
    };
    let (opened, is_first) = patiently(either, (request, &mut *ledger)).await;
    let is_over = opened.stream.is_ok();
    let back_to_first = Attempt { number, reason: None };
    if is_over {
        if is_first {
            ledger.answered_by(ruling, target, &place, back_to_first);
        }
        let place = if is_first { place } else { beside };
        return end(ledger, inspected, place, opened).await.map_err(|failed| vec![*failed]);
    }
    let (failed_place, left_place) = if is_first { (place, beside) } else { (beside, place) };
    let Err(failed) = end(ledger, inspected, failed_place, opened).await else { return Err(Vec::new()) };
    let opened = match is_first {
        true => patiently(second, (request, &mut *ledger)).await,
        false => patiently(first, (request, &mut *ledger)).await,
    };
    if !is_first && opened.stream.is_ok() {
        ledger.answered_by(ruling, target, &left_place, back_to_first);
    }
    end(ledger, inspected, left_place, opened).await.map_err(|also| vec![*failed, *also])
}

/// A place on a replica, once the second attempt is recorded.
async fn second(
    gateway: &Arc<Gateway>,
    ruling: &Ruling,
    first: TargetId,
    (inspected, caller): (&Inspected, &Caller),
    tried: &Tried,
    ledger: &mut Ledger,
) -> Option<Sent> {
    let place = gateway.desk.hedge(of_replicas(gateway, ruling, first, (inspected, caller), tried)?)?;
    let target = ruling.target_of(&place, tried)?;
    let attempt = Attempt { number: tried.attempts() + 2, reason: Some("hedge") };
    ledger.attempt(ruling, target, &place, attempt, inspected.request.content()).await.ok()?;
    Some((target, place))
}

async fn end(
    ledger: &mut Ledger,
    inspected: &Inspected,
    place: Place,
    opened: Opened,
) -> Result<Answer, Box<Failed>> {
    if let Some(peer) = &opened.peer {
        ledger.connected(peer);
    }
    let name = place.target().clone();
    let begun = begin(opened.stream, (place, &mut Watch::default()), inspected).await;
    begun.map_err(|failure| Box::new((name, failure)))
}
