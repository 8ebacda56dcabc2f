//! Batches: files of requests that are answered when there is room for them.
//!
//! INVARIANT (every line a journey): each line goes through the pipeline like a request that comes alone, as work of
//! class `batch`, with a decision, permits and records of its own. Its label is at least that of the file.

mod line;
mod run;
mod state;

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::ids::unforeseeable;
use crate::kept::{blocking, find, label, owner};
use crate::pipeline::identify::Caller;
use crate::pseudonym::Peer;
use run::Job;
pub(crate) use run::run;
use serde_json::{Value, json};
use state::{Asked, Batch, Status};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use weir_policy::RouteWish;
use weir_store::objects::{Kind, Object};
use weir_wire::dialect::ClientDialect;
use weir_wire::request::{Api, BadRequest};

/// Bytes of a request for a batch: ids and metadata.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Lines of all batches that are under way at a time. How many of them a server is given is the dispatcher's to say.
const LINES_AT_ONCE: usize = 64;
/// The time in which a batch is done, as OpenAI has it.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// What lines may ask for.
static ENDPOINTS: [(&str, Api); 5] = [
    ("/v1/chat/completions", Api::CHAT),
    ("/v1/responses", Api::Conversation(ClientDialect::Responses)),
    ("/v1/completions", Api::Conversation(ClientDialect::Completions)),
    ("/v1/embeddings", Api::Embeddings),
    ("/v1/moderations", Api::Moderations),
];

/// What is asked of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedBatch {
    About,
    Cancellation,
}

/// The batches that are under way.
#[derive(Debug)]
pub(crate) struct Batches {
    /// Those that have come and are not begun.
    new: Mutex<Vec<Job>>,
    bell: Notify,
    /// Tells those under way that they are not wanted any more.
    cancels: Mutex<BTreeMap<String, watch::Sender<bool>>>,
    lines: Semaphore,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            new: Mutex::default(),
            bell: Notify::new(),
            cancels: Mutex::default(),
            lines: Semaphore::new(LINES_AT_ONCE),
        }
    }
}

impl Batches {
    fn add(&self, job: Job) {
        lock(&self.new).push(job);
        self.bell.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in them is whole at every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a batch.
///
/// # Errors
/// [`Failure::BadRequest`] for one that is not complete, [`Failure::UnknownObject`] when the file is none of the caller's.
pub(crate) async fn create(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    peer: &Peer,
    body: &[u8],
) -> Result<String, Failure> {
    let asked = Asked::read(body).map_err(Failure::BadRequest)?;
    if !ENDPOINTS.iter().any(|(endpoint, _)| *endpoint == asked.endpoint) {
        let known = ENDPOINTS.map(|(endpoint, _)| endpoint).join("`, `");
        let bad =
            BadRequest::field("invalid_value", "endpoint", format!("`endpoint` must be one of `{known}`"));
        return Err(Failure::BadRequest(bad));
    }
    let id = asked.input_file_id.clone();
    let file = find(gateway, caller, Kind::File, &id).await?;
    let file = file.ok_or(Failure::UnknownObject { kind: Kind::File, id })?;
    let now_s = gateway.wall.unix_seconds();
    let window_s = i64::try_from(WINDOW.as_secs()).unwrap_or(i64::MAX);
    let keep_s = i64::try_from(gateway.snapshot().loaded.config.keep_files.as_secs()).unwrap_or(i64::MAX);
    let mut of_all = label::read(&file.label);
    of_all.raise(&caller.label);
    let batch = Batch {
        asked,
        status: Status::Validating,
        times: BTreeMap::new(),
        ends_s: now_s.saturating_add(window_s),
        output_file_id: None,
        error_file_id: None,
        counts: state::Counts::default(),
        errors: Vec::new(),
        key: caller.key.as_ref().map(|key| key.id.to_string()),
        stays: caller.wish == Some(RouteWish::LocalOnly),
        peer: peer.pseudonym.as_str().to_owned(),
    };
    let object = Object {
        id: unforeseeable("batch_"),
        label: label::write(&of_all),
        about: batch.write(),
        body: Vec::new(),
        created_s: now_s,
        expires_s: now_s.saturating_add(window_s).saturating_add(keep_s),
    };
    let told = batch.describe(&object).to_string();
    let job = Job::new(owner(caller), object, batch);
    job.save(gateway).await?;
    gateway.batches.add(job);
    Ok(told)
}

/// Answers a question about a batch, or ends it.
///
/// # Errors
/// [`Failure::UnknownObject`] when this caller has none of this id.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    id: &str,
    wanted: WantedBatch,
) -> Result<String, Failure> {
    let unknown = || Failure::UnknownObject { kind: Kind::Batch, id: id.chars().take(200).collect() };
    let object = find(gateway, caller, Kind::Batch, id).await?.ok_or_else(unknown)?;
    let mut batch = Batch::read(&object.about).ok_or_else(unknown)?;
    if wanted == WantedBatch::Cancellation && !batch.status.is_final() {
        let told = lock(&gateway.batches.cancels).get(id).is_some_and(|cancel| cancel.send(true).is_ok());
        if told {
            batch.enter(Status::Cancelling, gateway.wall.unix_seconds());
        }
    }
    Ok(batch.describe(&object).to_string())
}

/// All batches of this caller's, newest first, as the query wants them: `limit` and `after`.
///
/// # Errors
/// [`Failure`] when they cannot be read.
pub(crate) async fn list(gateway: &Arc<Gateway>, caller: &Caller, query: &str) -> Result<Vec<u8>, Failure> {
    let (keeper, owner, now_s) = (gateway.clone(), owner(caller), gateway.wall.unix_seconds());
    let kept = blocking(move || keeper.objects.list((&owner, Kind::Batch), now_s)).await?;
    let describe = |object: &Object| Some(Batch::read(&object.about)?.describe(object));
    let mut all: Vec<Value> = kept.iter().rev().filter_map(describe).collect();
    let of_query = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let id = |batch: &Value| batch.get("id").and_then(Value::as_str).map(str::to_owned);
    if let Some(after) = of_query("after") {
        let place = all.iter().position(|batch| id(batch).as_deref() == Some(after));
        all.drain(..place.map_or(0, |place| place + 1));
    }
    let limit = of_query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20);
    let has_more = all.len() > limit;
    all.truncate(limit);
    let (first, last) = (all.first().and_then(id), all.last().and_then(id));
    let list =
        json!({ "object": "list", "data": all, "first_id": first, "last_id": last, "has_more": has_more });
    Ok(list.to_string().into_bytes())
}
