//! Answers of the Responses API: found again, gone on from, removed.

use super::{Visit, label, owner, room};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::pipeline::identify::Caller;
use bytes::Bytes;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use weir_label::Label;
use weir_store::objects::{Kind, Object, ObjectsError};
use weir_wire::dialect::ClientDialect;
use weir_wire::json::Json;
use weir_wire::request::{Api, BadRequest, ClientRequest};
use weir_wire::stored::{self, items};

/// An answer that is to be kept, as far as it is known before it is there.
#[derive(Debug)]
pub(crate) struct Keep {
    owner: String,
    /// Of the request, which may turn out to be more than it seemed at first.
    label: Label,
    object: Object,
}

/// What is asked of a kept answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Response,
    Items,
    Removal,
    Cancellation,
}

/// Puts what a request goes on from in its place; gives the label that this has.
///
/// # Errors
/// [`Failure::BadRequest`] when there is no such answer of this caller's.
pub(super) async fn expand(
    gateway: &Arc<Gateway>,
    api: Api,
    caller: &Caller,
    body: Bytes,
) -> Result<(Bytes, Option<Label>), Failure> {
    if api.dialect() != Some(ClientDialect::Responses) {
        return Ok((body, None));
    }
    let (body, of_items) = with_items(gateway, caller, body).await?;
    let Some(id) = stored::previous(&body) else { return Ok((body, of_items)) };
    let found = super::find(gateway, caller, Kind::Response, &id).await?.ok_or_else(|| {
        Failure::BadRequest(BadRequest::field(
            "previous_response_not_found",
            "previous_response_id",
            "there is no such response of yours, or its time is over; send the whole conversation as `input`",
        ))
    })?;
    let Some(before) = stored::items_after(&found.about, &found.body) else {
        tracing::error!("a kept answer cannot be read");
        return Err(Failure::Panicked);
    };
    let whole = stored::continued(&body, &before).map_err(Failure::BadRequest)?;
    let of_answer = label::read(&found.label);
    Ok((whole.into(), Some(of_items.map_or(of_answer.clone(), |of_items| of_items.join(&of_answer)))))
}

/// The most items that one request names.
const NAMED_MAX: usize = 512;

/// Puts items of this caller's answers in the places of their references; gives the label that these answers have.
/// What is not found is left for reading the request to refuse.
async fn with_items(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    body: Bytes,
) -> Result<(Bytes, Option<Label>), Failure> {
    let ids = items::referred(&body);
    if ids.len() > NAMED_MAX {
        let message = format!("a request refers to at most {NAMED_MAX} items; send the items themselves");
        return Err(Failure::BadRequest(BadRequest { code: "too_many_items", message, param: None }));
    }
    let mut answers = BTreeMap::new();
    for response in ids.iter().filter_map(|id| items::response_of(id)).collect::<BTreeSet<String>>() {
        if let Some(answer) = super::find(gateway, caller, Kind::Response, &response).await? {
            answers.insert(response, answer);
        }
    }
    let (mut found, mut labels) = (BTreeMap::new(), None::<Label>);
    for id in ids {
        let Some(answer) = items::response_of(&id).and_then(|response| answers.get(&response)) else {
            continue;
        };
        let Some(item) = items::find(&answer.body, &id) else { continue };
        let of_answer = label::read(&answer.label);
        labels = Some(labels.map_or_else(|| of_answer.clone(), |all| all.join(&of_answer)));
        found.insert(id, item);
    }
    let whole = if found.is_empty() { None } else { items::inlined(&body, &found) };
    Ok((whole.map_or(body, Bytes::from), labels))
}

/// What is to be kept of the answer to this request, if anything is.
pub(crate) fn keep(
    gateway: &Gateway,
    caller: &Caller,
    request: &ClientRequest,
    label: &Label,
) -> Option<Keep> {
    let time = gateway.snapshot().loaded.config.keep_responses;
    let body = request.body();
    let store = body.as_object().and_then(|body| body.get("store")).and_then(Json::as_bool);
    if request.api().name() != "responses" || store == Some(false) || time.is_zero() {
        return None;
    }
    let created_s = gateway.wall.unix_seconds();
    let expires_s = created_s.saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let object = Object {
        id: String::new(),
        label: String::new(),
        about: stored::input_items(body),
        body: Vec::new(),
        created_s,
        expires_s,
    };
    Some(Keep { owner: owner(caller), label: label.clone(), object })
}

impl Keep {
    /// Joins a label to the answer's: what detectors found, or a policy that came since.
    pub fn raise(&mut self, label: &Label) {
        self.label.raise(label);
    }

    /// Takes the answer.
    pub fn add(&mut self, id: &str, body: &[u8]) {
        id.clone_into(&mut self.object.id);
        self.object.body = body.to_vec();
    }

    /// Whether there is an answer.
    pub fn is_complete(&self) -> bool {
        !self.object.body.is_empty()
    }

    /// Keeps the answer. What cannot be kept is served all the same; a later request that refers to it says so.
    pub async fn write(self, gateway: &Arc<Gateway>) {
        let (gateway, Self { owner, label, object }) = (gateway.clone(), self);
        let object = Object { label: label::write(&label), ..object };
        let (now_s, room) = (gateway.wall.unix_seconds(), room(&gateway));
        let keep = move || gateway.objects.keep((&owner, Kind::Response), &object, now_s, room);
        match tokio::task::spawn_blocking(keep).await {
            Ok(Err(error @ ObjectsError::Full { .. })) => {
                tracing::warn!(%error, "an answer is not kept (`limits.kept` and `limits.kept_of_one` in weir.yaml)");
            }
            Ok(Err(error)) => tracing::error!(%error, "an answer could not be kept"),
            Ok(Ok(())) | Err(_) => {}
        }
    }
}

/// Answers a question about a kept answer.
///
/// # Errors
/// [`Failure::UnknownObject`] when this caller has none of this id.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    visit: &Visit<'_>,
    id: &str,
    wanted: Wanted,
) -> Result<Vec<u8>, Failure> {
    let unknown = || Failure::UnknownObject { kind: Kind::Response, id: id.chars().take(200).collect() };
    if wanted == Wanted::Removal {
        let removed = super::remove(gateway, visit, Kind::Response, id).await?;
        let gone = json!({ "id": id, "object": "response", "deleted": true });
        return removed.then(|| gone.to_string().into_bytes()).ok_or_else(unknown);
    }
    let found = super::find(gateway, &visit.caller, Kind::Response, id).await?.ok_or_else(unknown)?;
    if wanted != Wanted::Cancellation {
        visit.reads(gateway, Kind::Response, &found).await?;
    }
    match wanted {
        Wanted::Items => stored::list_items(id, &found.about).ok_or_else(unknown),
        Wanted::Cancellation => Err(Failure::BadRequest(BadRequest {
            code: "invalid_value",
            message: "only a response that runs in the background can be cancelled; this one is complete"
                .to_owned(),
            param: None,
        })),
        Wanted::Response | Wanted::Removal => Ok(found.body),
    }
}
