//! Files that callers upload, and refer to in later requests.

use super::{Visit, blocking, label, owner};
use crate::detect;
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::ids::unforeseeable;
use crate::pipeline::identify::Caller;
use crate::pipeline::inspect::Inspected;
use crate::pipeline::record::Ledger;
use crate::pipeline::relay::Answer;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use weir_label::Label;
use weir_store::objects::{Kind, Object};
use weir_wire::request::BadRequest;
use weir_wire::stored::files::{self, File};

/// The most files that one request refers to.
const REFERRED_MAX: usize = 64;
/// The time of a file whose client names one, in seconds: as OpenAI has it.
const TIME_S: std::ops::RangeInclusive<i64> = 3_600..=2_592_000;

/// What is asked of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedFile {
    About,
    Content,
    Removal,
}

/// What is said of a file, or what it holds.
pub(crate) enum FileReply {
    Json(String),
    Content(Bytes),
}

/// Keeps an uploaded file, which goes nowhere else.
///
/// # Errors
/// [`Failure`] when files are not kept, or there is no room.
pub(crate) async fn upload(
    gateway: &Arc<Gateway>,
    inspected: &mut Inspected,
    caller: &Caller,
    ledger: &mut Ledger,
) -> Result<Answer, Failure> {
    if detect::ask(gateway, inspected, ledger.request_id()).await {
        ledger.inspected(inspected);
    }
    let object = object(gateway, inspected)?;
    let about = describe(&object).ok_or(Failure::Panicked)?;
    let (keeper, owner) = (gateway.clone(), owner(caller));
    let (now_s, room) = (gateway.wall.unix_seconds(), super::room(gateway));
    blocking(move || keeper.objects.keep((&owner, Kind::File), &object, now_s, room)).await?;
    ledger.answered_here();
    Ok(Answer::Whole(about.to_string().into()))
}

fn object(gateway: &Gateway, inspected: &Inspected) -> Result<Object, Failure> {
    let request = inspected.request.content();
    let time = gateway.snapshot().loaded.config.keep_files;
    if time.is_zero() {
        let why = "files are not kept here (`keep_files` in weir.yaml); send the content within the request";
        return Err(Failure::BadRequest(BadRequest::field("files_not_kept", "file", why)));
    }
    let (bytes, name, media_type) =
        request.file().ok_or_else(|| Failure::BadRequest(BadRequest::missing("file")))?;
    let created_s = gateway.wall.unix_seconds();
    let time_s = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let expires_s = created_s.saturating_add(match request.text("expires_after[seconds]") {
        None => time_s,
        Some(wanted) => time_s.min(seconds(wanted)?),
    });
    let purpose = request.text("purpose").unwrap_or("user_data");
    let about =
        json!({ "filename": name, "media_type": media_type, "purpose": purpose, "bytes": bytes.len() });
    Ok(Object {
        id: unforeseeable("file-"),
        label: label::write(inspected.request.label()),
        about: about.to_string().into_bytes(),
        body: bytes.to_vec(),
        created_s,
        expires_s,
    })
}

fn seconds(text: &str) -> Result<i64, Failure> {
    text.parse().ok().filter(|seconds| TIME_S.contains(seconds)).ok_or_else(|| {
        let why = "must be a number of seconds from 3600 to 2592000";
        Failure::BadRequest(BadRequest::field("invalid_value", "expires_after[seconds]", why))
    })
}

/// Puts files of this caller's in the places of their ids; gives the body and the label of all that is in them.
/// What is no file of theirs stays, and is refused like every id that is not Weir's.
///
/// # Errors
/// [`Failure`] when files cannot be read, or are too many or too large.
pub(super) async fn expand(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    body: Bytes,
    limit: usize,
) -> Result<(Bytes, Option<Label>), Failure> {
    let ids = files::referred(&body);
    if ids.len() > REFERRED_MAX {
        let message = format!("a request refers to at most {REFERRED_MAX} files");
        return Err(Failure::BadRequest(BadRequest { code: "too_many_files", message, param: None }));
    }
    let (mut found, mut labels) = (BTreeMap::new(), None::<Label>);
    let mut length = body.len();
    for id in ids {
        let Some(object) = super::find(gateway, caller, Kind::File, &id).await? else { continue };
        // In base64, of each file once at least: what many places refer to is counted below.
        length = length.saturating_add(object.body.len() / 3 * 4);
        if length > limit {
            return Err(Failure::TooLarge { limit });
        }
        let of_file = label::read(&object.label);
        labels = Some(labels.map_or_else(|| of_file.clone(), |all| all.join(&of_file)));
        found.insert(id, file(object));
    }
    if found.is_empty() {
        return Ok((body, None));
    }
    match files::inlined(&body, &found) {
        Some(whole) if whole.len() <= limit => Ok((whole.into(), labels)),
        Some(_) => Err(Failure::TooLarge { limit }),
        None => Ok((body, labels)),
    }
}

fn file(object: Object) -> File {
    let about: Value = serde_json::from_slice(&object.about).unwrap_or_default();
    let text = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    File { name: text("filename"), media_type: text("media_type"), bytes: object.body }
}

/// A file as OpenAI's API tells of it.
fn describe(object: &Object) -> Option<Value> {
    let about: Value = serde_json::from_slice(&object.about).ok()?;
    Some(json!({
        "id": object.id,
        "object": "file",
        "bytes": about.get("bytes")?,
        "created_at": object.created_s,
        "expires_at": object.expires_s,
        "filename": about.get("filename")?,
        "purpose": about.get("purpose")?,
        "status": "processed",
    }))
}

/// Answers a question about a file.
///
/// # Errors
/// [`Failure::UnknownObject`] when this caller has none of this id.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    visit: &Visit<'_>,
    id: &str,
    wanted: WantedFile,
) -> Result<FileReply, Failure> {
    let unknown = || Failure::UnknownObject { kind: Kind::File, id: id.chars().take(200).collect() };
    if wanted == WantedFile::Removal {
        super::remove(gateway, visit, Kind::File, id).await?.then_some(()).ok_or_else(unknown)?;
        let gone = json!({ "id": id, "object": "file", "deleted": true });
        return Ok(FileReply::Json(gone.to_string()));
    }
    let found = super::find(gateway, &visit.caller, Kind::File, id).await?.ok_or_else(unknown)?;
    match wanted {
        WantedFile::Content => {
            visit.reads(gateway, Kind::File, &found).await?;
            Ok(FileReply::Content(found.body.into()))
        }
        WantedFile::About | WantedFile::Removal => {
            describe(&found).map(|about| FileReply::Json(about.to_string())).ok_or_else(unknown)
        }
    }
}

/// All files of this caller's, as the query wants them: `purpose`, `order`, `limit` and `after`.
///
/// # Errors
/// [`Failure`] when they cannot be read.
pub(crate) async fn list(gateway: &Arc<Gateway>, caller: &Caller, query: &str) -> Result<Vec<u8>, Failure> {
    let (keeper, owner, now_s) = (gateway.clone(), owner(caller), gateway.wall.unix_seconds());
    let kept = blocking(move || keeper.objects.list((&owner, Kind::File), now_s)).await?;
    let of_query = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let mut all: Vec<Value> = kept.iter().filter_map(describe).collect();
    if of_query("order") != Some("asc") {
        all.reverse();
    }
    let id = |file: &Value| file.get("id").and_then(Value::as_str).map(str::to_owned);
    if let Some(purpose) = of_query("purpose") {
        all.retain(|file| file.get("purpose").and_then(Value::as_str) == Some(purpose));
    }
    if let Some(after) = of_query("after") {
        let place = all.iter().position(|file| id(file).as_deref() == Some(after));
        all.drain(..place.map_or(0, |place| place + 1));
    }
    let limit = of_query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
    let has_more = all.len() > limit;
    all.truncate(limit);
    let (first, last) = (all.first().and_then(id), all.last().and_then(id));
    let list =
        json!({ "object": "list", "data": all, "first_id": first, "last_id": last, "has_more": has_more });
    Ok(list.to_string().into_bytes())
}
