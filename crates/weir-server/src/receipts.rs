//! Receipts: a caller gets the proof of where a request of theirs ran.

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::pipeline::identify::Caller;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use weir_audit::event::Decision;
use weir_audit::{Event, Ident};
use weir_config::DecisionHeaders;
use weir_store::audit::{AuditError, Evidence, Found, Lookup, NoProof, Wanted, find};

/// A checkpoint comes once a second. Whoever asks at once waits for the next one.
const CHECKPOINT_WAIT: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The receipt of the last attempt of a request, by the id of the request or of its decision.
///
/// # Errors
/// [`Failure::NoRoute`] where clients are not told what was decided, [`Failure::UnknownDecision`] when no request of this caller has this id, [`Failure::NotSigned`] when no checkpoint
/// covers it in time.
pub(crate) async fn receipt(gateway: &Arc<Gateway>, caller: &Caller, id: &str) -> Result<String, Failure> {
    if gateway.snapshot().loaded.config.headers == DecisionHeaders::Off {
        return Err(Failure::NoRoute);
    }
    let unknown = || Failure::UnknownDecision { id: id.chars().take(200).collect() };
    let wanted = Ident::new(id);
    if wanted.as_str() != id {
        return Err(unknown());
    }
    // One at a time: without an index, whoever asks for what is not there makes Weir read the whole log.
    let turn = gateway.receipt_turn.lock().await;
    let lookup = blocking(gateway, move |gateway| look_up(gateway, Wanted::Decision, &wanted)).await?;
    let found = lookup.filter(|found| is_of(caller, &found.event)).ok_or_else(unknown)?;
    drop(turn);
    let until = Instant::now() + CHECKPOINT_WAIT;
    loop {
        let found = found.clone();
        match blocking(gateway, move |gateway| prove(gateway, found)).await? {
            Some(receipt) => return Ok(receipt),
            None if Instant::now() >= until => return Err(Failure::NotSigned),
            None => sleep(LOOK_AGAIN).await,
        }
    }
}

/// An event by the id of its request or decision.
pub(crate) fn look_up(gateway: &Gateway, wanted: Wanted, id: &Ident) -> Result<Option<Found>, AuditError> {
    let Lookup { found, without_index } = find(gateway.audit.directory(), wanted, id)?;
    if let Some(why) = without_index {
        tracing::warn!(why, "all of the audit log was read for one event");
    }
    Ok(found)
}

/// The key that made a request gets its receipt; without keys, whoever is served without one.
fn is_of(caller: &Caller, event: &Event) -> bool {
    let Event::Decision(decision) = event else { return false };
    let Decision { key_id, auth_method, .. } = &**decision;
    key_id.as_ref().map(Ident::as_str) == caller.key.as_ref().map(|key| &*key.id)
        && *auth_method == caller.method
}

/// `None` while the newest checkpoint does not cover the event.
fn prove(gateway: &Gateway, found: Found) -> Result<Option<String>, NoProof> {
    match Evidence::open(gateway.audit.directory(), None)?.receipt(found) {
        Ok(receipt) => Ok(Some(receipt.to_string())),
        Err(NoProof::TooNew(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn blocking<T: Send + 'static, E: Into<NoProof> + Send + 'static>(
    gateway: &Arc<Gateway>,
    ask: impl FnOnce(&Gateway) -> Result<T, E> + Send + 'static,
) -> Result<T, Failure> {
    let gateway = gateway.clone();
    match tokio::task::spawn_blocking(move || ask(&gateway)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            let error: NoProof = error.into();
            tracing::error!(%error, "the audit log gives no receipt");
            Err(Failure::Panicked)
        }
        Err(_) => Err(Failure::Panicked),
    }
}
