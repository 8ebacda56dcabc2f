//! Answers of the Responses API that Weir keeps for their owner: found again, gone on from, removed.
//!
//! INVARIANT (labels only rise): a request that goes on from a kept answer has at least its label.

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::pipeline::identify::Caller;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use weir_label::{Label, Level};
use weir_store::objects::{Object, ObjectsError};
use weir_wire::json::Json;
use weir_wire::request::{Api, BadRequest, ClientRequest};
use weir_wire::stored;

/// An answer that is to be kept, as far as it is known before it is there.
#[derive(Debug)]
pub(crate) struct Keep {
    owner: String,
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

/// Whose answers a caller's are: the tenant's, or the key's own.
fn owner(caller: &Caller) -> String {
    match &caller.key {
        None => "local".to_owned(),
        Some(key) => match &key.terms.tenant {
            Some(tenant) => format!("tenant:{tenant}"),
            None => format!("key:{}", key.id),
        },
    }
}

/// Puts what a request goes on from in its place; gives the label that this has.
///
/// # Errors
/// [`Failure::BadRequest`] when there is no such answer of this caller's.
pub(crate) async fn expand(
    gateway: &Arc<Gateway>,
    api: Api,
    caller: &Caller,
    body: Bytes,
) -> Result<(Bytes, Option<Label>), Failure> {
    if api.name() != "responses" {
        return Ok((body, None));
    }
    let Some(id) = stored::previous(&body) else { return Ok((body, None)) };
    let found = find(gateway, caller, &id).await?.ok_or_else(|| {
        Failure::BadRequest(BadRequest::field(
            "previous_response_not_found",
            "previous_response_id",
            "there is no such response of yours, or its time is over; send the whole conversation as `input`",
        ))
    })?;
    let Some(before) = stored::items_after(&found.items, &found.body) else {
        tracing::error!("a kept answer cannot be read");
        return Err(Failure::Panicked);
    };
    let whole = stored::continued(&body, &before).map_err(Failure::BadRequest)?;
    Ok((whole.into(), Some(read_label(&found.label))))
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
    let expires_s =
        gateway.wall.unix_seconds().saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let object = Object {
        id: String::new(),
        label: write_label(label),
        items: stored::input_items(body),
        body: Vec::new(),
        expires_s,
    };
    Some(Keep { owner: owner(caller), object })
}

impl Keep {
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
        let (gateway, Self { owner, object }) = (gateway.clone(), self);
        let now_s = gateway.wall.unix_seconds();
        let kept = tokio::task::spawn_blocking(move || gateway.objects.keep(&owner, &object, now_s)).await;
        if let Ok(Err(error)) = kept {
            tracing::error!(%error, "an answer could not be kept");
        }
    }
}

async fn find(gateway: &Arc<Gateway>, caller: &Caller, id: &str) -> Result<Option<Object>, Failure> {
    let (gateway, owner, id) = (gateway.clone(), owner(caller), id.to_owned());
    let now_s = gateway.wall.unix_seconds();
    blocking(move || gateway.objects.find(&owner, &id, now_s)).await
}

async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> Result<T, ObjectsError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(ask).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => {
            tracing::error!(%error, "kept answers cannot be read");
            Err(Failure::Panicked)
        }
        Err(_) => Err(Failure::Panicked),
    }
}

/// Answers a question about a kept answer.
///
/// # Errors
/// [`Failure::UnknownResponse`] when this caller has none of this id.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    id: &str,
    wanted: Wanted,
) -> Result<Vec<u8>, Failure> {
    let unknown = || Failure::UnknownResponse { id: id.chars().take(200).collect() };
    if wanted == Wanted::Removal {
        let (objects, owner, wanted) = (gateway.clone(), owner(caller), id.to_owned());
        let removed = blocking(move || objects.objects.remove(&owner, &wanted)).await?;
        let gone = json!({ "id": id, "object": "response", "deleted": true });
        return removed.then(|| gone.to_string().into_bytes()).ok_or_else(unknown);
    }
    let found = find(gateway, caller, id).await?.ok_or_else(unknown)?;
    match wanted {
        Wanted::Items => stored::list_items(id, &found.items).ok_or_else(unknown),
        Wanted::Cancellation => Err(Failure::BadRequest(BadRequest {
            code: "invalid_value",
            message: "only a response that runs in the background can be cancelled; this one is complete"
                .to_owned(),
            param: None,
        })),
        Wanted::Response | Wanted::Removal => Ok(found.body),
    }
}

fn write_label(label: &Label) -> String {
    let categories: Vec<&str> = label.categories().iter().map(|category| category.as_str()).collect();
    let places: Vec<&str> = label.jurisdictions().iter().map(|place| place.as_str()).collect();
    json!({
        "level": label.level().as_str(),
        "categories": categories,
        "jurisdictions": places,
        "opaque": label.is_opaque(),
    })
    .to_string()
}

/// What cannot be read is of unknown data.
fn read_label(text: &str) -> Label {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Label::unknown() };
    let words = |name: &str| {
        value.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    };
    let Some(level) =
        value.get("level").and_then(Value::as_str).and_then(|level| level.parse::<Level>().ok())
    else {
        return Label::unknown();
    };
    let mut label = Label::at(level);
    for category in words("categories").filter_map(|word| word.parse().ok()) {
        label = label.with_category(category);
    }
    for place in words("jurisdictions").filter_map(|word| word.parse().ok()) {
        label = label.with_jurisdiction(place);
    }
    if value.get("opaque") == Some(&Value::Bool(false)) { label } else { label.with_opaque() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_label::Category;

    #[test]
    fn a_label_reads_back_as_it_was_written_and_anything_else_is_unknown_data() {
        let label = Label::at(Level::Confidential)
            .with_category(Category::Personal)
            .with_jurisdiction("DE".parse().unwrap());
        assert_eq!(read_label(&write_label(&label)), label);
        assert_eq!(read_label(&write_label(&label.clone().with_opaque())), label.with_opaque());
        for broken in ["", "{}", r#"{"level":"none"}"#] {
            assert_eq!(read_label(broken), Label::unknown());
        }
    }
}
