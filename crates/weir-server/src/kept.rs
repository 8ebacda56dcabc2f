//! What Weir keeps for its callers: answers of the Responses API, and files.
//!
//! INVARIANT (labels only rise): a request that goes on from a kept answer, or refers to a kept file, has at least
//! its label.

pub(crate) mod files;
pub(crate) mod label;
mod responses;
mod visit;

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::pipeline::identify::Caller;
use crate::pipeline::receive::Content;
use bytes::Bytes;
pub(crate) use responses::{Keep, Wanted, answer, keep};
use std::sync::Arc;
pub(crate) use visit::Visit;
use weir_label::Label;
use weir_store::objects::{Kind, Object, ObjectsError, Room};
use weir_wire::request::Api;
use weir_wire::stored;

/// Puts what a request refers to in its place; gives the label that this has.
///
/// # Errors
/// [`Failure::BadRequest`] for an answer that this caller has none of, [`Failure::TooLarge`] when all of it together
/// is longer than a body may be.
pub(crate) async fn expand(
    gateway: &Arc<Gateway>,
    api: Api,
    caller: &Caller,
    content: Content,
    limit: usize,
) -> Result<(Content, Option<Label>), Failure> {
    let Content::Json(body) = content else { return Ok((content, None)) };
    if !stored::refers(&body) {
        return Ok((Content::Json(body), None));
    }
    // Boxed: its future is large, and most requests refer to nothing.
    let (body, label) = Box::pin(expand_all(gateway, api, caller, body, limit)).await?;
    Ok((Content::Json(body), label))
}

async fn expand_all(
    gateway: &Arc<Gateway>,
    api: Api,
    caller: &Caller,
    body: Bytes,
    limit: usize,
) -> Result<(Bytes, Option<Label>), Failure> {
    let (body, of_answer) = responses::expand(gateway, api, caller, body).await?;
    let (body, of_files) = files::expand(gateway, caller, body, limit).await?;
    if body.len() > limit {
        return Err(Failure::TooLarge { limit });
    }
    let label = match (of_answer, of_files) {
        (Some(one), Some(other)) => Some(one.join(&other)),
        (one, other) => one.or(other),
    };
    Ok((body, label))
}

/// Whose objects a caller's are: the tenant's, or the key's own.
pub(crate) fn owner(caller: &Caller) -> String {
    match &caller.key {
        None => "local".to_owned(),
        Some(key) => match &key.terms.tenant {
            Some(tenant) => format!("tenant:{tenant}"),
            None => format!("key:{}", key.id),
        },
    }
}

pub(crate) fn room(gateway: &Gateway) -> Room {
    let limits = &gateway.snapshot().loaded.config.limits;
    Room { of_one: limits.kept_of_one, in_all: limits.kept }
}

pub(crate) async fn find(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    kind: Kind,
    id: &str,
) -> Result<Option<Object>, Failure> {
    let (gateway, owner, id) = (gateway.clone(), owner(caller), id.to_owned());
    let now_s = gateway.wall.unix_seconds();
    blocking(move || gateway.objects.find((&owner, kind), &id, now_s)).await
}

/// Removes an object of this caller's, which is on record first. Whether there was one.
async fn remove(gateway: &Arc<Gateway>, visit: &Visit<'_>, kind: Kind, id: &str) -> Result<bool, Failure> {
    let Some(object) = find(gateway, &visit.caller, kind, id).await? else { return Ok(false) };
    visit.removes(gateway, kind, &object).await?;
    let (gateway, owner) = (gateway.clone(), owner(&visit.caller));
    blocking(move || gateway.objects.remove((&owner, kind), &object.id)).await
}

pub(crate) async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, ObjectsError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(ask).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(ObjectsError::Full { bytes })) => Err(Failure::NoRoom { bytes }),
        Ok(Err(error)) => {
            tracing::error!(%error, "kept objects cannot be read or written");
            Err(Failure::Panicked)
        }
        Err(_) => Err(Failure::Panicked),
    }
}
