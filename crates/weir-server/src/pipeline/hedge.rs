//! A request that is late is sent a second time, to a replica.
//!
//! Only before the first content, only within the zone, at most once, and only if the replica has places to spare; it is
//! paid for like a repeated attempt, has a record and a permit of its own, and is not made outside where a budget bounds
//! what the request may cost. The first content, or the first whole answer, counts; the other attempt is cancelled.

use super::admit::{Tried, of_replicas};
use super::cascade::Watch;
use super::decide::Ruling;
use super::forward::forward;
use super::identify::Caller;
use super::inspect::Inspected;
use super::record::{Attempt, Ledger};
use super::relay::{Answer, Opened, begin, open, open_whole, patiently, relay, settle};
use crate::desk::Place;
use crate::failure::BackendFailure;
use crate::gateway::Gateway;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use weir_label::ZoneKind;
use weir_policy::TargetId;

/// A target that a request was sent to, with the place on it.
type Sent = (TargetId, Place);

/// How an attempt failed, and on which target.
pub(crate) type Failed = (Arc<str>, BackendFailure);

/// What is asked, for whom.
type Asked<'a> = (&'a Arc<Gateway>, &'a Ruling, (&'a Inspected, &'a Caller), &'a Tried);

/// Whether a request may be sent to a second target as well. Where answers are checked before they are given out, none
/// is: they are late anyhow.
pub(crate) fn may_be_hedged(ruling: &Ruling, inspected: &Inspected, tried: &Tried) -> bool {
    let is_conversation = inspected.request.content().api().dialect().is_some();
    ruling.snapshot.loaded.config.limits.hedge
        && tried.has_attempts_left()
        && is_conversation
        && ruling.plan.escalation.is_none()
}

/// Asks for an answer, and for another when it is late.
///
/// # Errors
/// How each attempt failed. Nothing has reached the client then, and the places have been given back.
pub(crate) async fn answer(
    asked: Asked<'_>,
    (target, place): Sent,
    ledger: &mut Ledger,
) -> Result<Answer, Vec<Failed>> {
    let (gateway, ruling, (inspected, caller), _) = asked;
    let watch = &mut Watch::default();
    if inspected.request.content().is_stream() {
        let (reply_id, key) = (ledger.reply_id().to_owned(), ledger.key_id());
        let ask = |target| {
            let account = (reply_id.clone(), key.clone());
            async move {
                let sent = forward(ruling, target, inspected, &caller.anthropic).await;
                open(gateway, sent, ruling, target, inspected, account, None).await
            }
        };
        let usual = place.usual_first_token();
        let (stream, (_, place)) = race(asked, (target, place), ask, usual, ledger).await?;
        let name = place.target().clone();
        begin(Ok(stream), (place, watch), inspected).await.map_err(|failure| vec![(name, failure)])
    } else {
        let ask = |target| async move {
            let sent = forward(ruling, target, inspected, &caller.anthropic).await;
            open_whole(sent, ruling, target).await
        };
        let usual = place.usual_answer();
        let (head, (target, place)) = race(asked, (target, place), ask, usual, ledger).await?;
        let name = place.target().clone();
        let relayed = relay(gateway, Ok(head), (ruling, target), (place, watch), inspected, ledger).await;
        relayed.map_err(|failure| vec![(name, failure)])
    }
}

/// Waits for one target as long as it takes mostly, and then for a second one too. Whoever fails leaves it to the
/// other.
async fn race<B, F: Future<Output = Opened<B>>>(
    asked: Asked<'_>,
    (target, place): Sent,
    ask: impl Fn(TargetId) -> F,
    usual: Option<Duration>,
    ledger: &mut Ledger,
) -> Result<(B, Sent), Vec<Failed>> {
    let (_, ruling, (inspected, _), tried) = asked;
    let request = inspected.request.content();
    let mut first = pin!(ask(target));
    let in_time = match usual {
        Some(usual) => timeout(usual, &mut first).await.ok(),
        None => Some(patiently(first.as_mut(), (request, &mut *ledger)).await),
    };
    let second = match in_time {
        Some(opened) => return end(opened, (target, place), ledger).map_err(|failed| vec![*failed]),
        None => second(asked, target, ledger).await,
    };
    let Some(second) = second else {
        let opened = patiently(first, (request, &mut *ledger)).await;
        return end(opened, (target, place), ledger).map_err(|failed| vec![*failed]);
    };
    let mut other = pin!(ask(second.0));
    let either = async {
        tokio::select! {
            opened = &mut first => (opened, true),
            opened = &mut other => (opened, false),
        }
    };
    let (opened, is_first) = patiently(either, (request, &mut *ledger)).await;
    let (ended, left) = if is_first { ((target, place), second) } else { (second, (target, place)) };
    let answered = match end(opened, ended, ledger) {
        Ok(answered) => answered,
        Err(failed) => {
            let opened = match is_first {
                true => patiently(other, (request, &mut *ledger)).await,
                false => patiently(first, (request, &mut *ledger)).await,
            };
            end(opened, left, ledger).map_err(|also| vec![*failed, *also])?
        }
    };
    let (by, place) = &answered.1;
    if *by == target {
        let attempt = Attempt { number: tried.attempts() + 1, reason: None };
        ledger.answered_by(ruling, target, place, attempt);
    }
    Ok(answered)
}

/// A place on a replica, once the second attempt is recorded.
async fn second(
    (gateway, ruling, asked, tried): Asked<'_>,
    first: TargetId,
    ledger: &mut Ledger,
) -> Option<Sent> {
    // Another policy may have come while the first was waited for.
    if ruling.is_outdated(gateway) {
        return None;
    }
    let is_outside = ruling.target(first)?.zone() == ZoneKind::Cloud;
    if is_outside && !ruling.purses.is_empty() {
        return None;
    }
    let place = gateway.desk.hedge(of_replicas(gateway, ruling, first, asked, tried)?)?;
    let target = ruling.target_of(&place, tried)?;
    let attempt = Attempt { number: tried.attempts() + 2, reason: Some("hedge") };
    ledger.attempt(ruling, target, &place, attempt, asked.0.request.content()).await.ok()?;
    Some((target, place))
}

/// What has come of an attempt. The place of one that failed is given back.
fn end<B>(opened: Opened<B>, (target, place): Sent, ledger: &mut Ledger) -> Result<(B, Sent), Box<Failed>> {
    if let Some(peer) = &opened.peer {
        ledger.connected(peer);
    }
    match opened.begun {
        Ok(begun) => Ok((begun, (target, place))),
        Err(failure) => {
            let name = place.target().clone();
            settle(place, Some(&failure));
            Err(Box::new((name, failure)))
        }
    }
}
