//! Running the lines of batches, also those that an earlier process has left.

use super::line::{self, Done, Line};
use super::state::{BadLine, Batch, Status};
use super::{ENDPOINTS, lock};
use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::ids::unforeseeable;
use crate::kept::{blocking, label, room};
use crate::pipeline::identify::Caller;
use crate::pipeline::{Served, serve_kept};
use crate::pseudonym::Peer;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use weir_audit::Ident;
use weir_label::Label;
use weir_policy::RouteWish;
use weir_store::objects::{Kind, Object};
use weir_wire::request::Api;

/// Lines of one batch that are under way at a time.
const LINES_OF_ONE: usize = 32;
/// How often what was done is written down at most.
const SAVE_EVERY: Duration = Duration::from_secs(2);
/// A line that found no place, or whose backend failed, is tried again after a pause that doubles up to this.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How often a line is tried whose backends fail. One that finds no place is tried until the time of the batch is over.
const TRIES_MAX: u32 = 3;

/// A batch, whose it is, and what was done of it.
#[derive(Debug)]
pub(super) struct Job {
    owner: String,
    object: Object,
    batch: Batch,
    done: BTreeMap<usize, Done>,
    /// Of everything in it, answers included.
    label: Label,
}

/// What the lines of a batch have in common.
struct Common {
    gateway: Arc<Gateway>,
    api: Api,
    label: Label,
    key: Option<String>,
    stays: bool,
    peer: Peer,
}

/// Why a batch is not run any further.
enum End {
    All,
    Cancelled,
    Expired,
}

/// Runs batches as they come, and first those that an earlier process did not get done. Dropped, it leaves what is not
/// done to the next.
pub(crate) async fn run(gateway: Arc<Gateway>) {
    let mut under_way = JoinSet::new();
    let (keeper, now_s) = (gateway.clone(), gateway.wall.unix_seconds());
    let kept = blocking(move || keeper.objects.all(Kind::Batch, now_s)).await.unwrap_or_default();
    for job in kept.into_iter().filter_map(|(owner, object)| Job::resumed(owner, object)) {
        under_way.spawn(job.run(gateway.clone()));
    }
    loop {
        let new = std::mem::take(&mut *lock(&gateway.batches.new));
        for job in new {
            under_way.spawn(job.run(gateway.clone()));
        }
        tokio::select! {
            () = gateway.batches.bell.notified() => {}
            Some(_) = under_way.join_next() => {}
        }
    }
}

impl Job {
    pub fn new(owner: String, object: Object, batch: Batch) -> Self {
        let label = label::read(&object.label);
        Self { owner, object, batch, done: BTreeMap::new(), label }
    }

    fn resumed(owner: String, object: Object) -> Option<Self> {
        let batch = Batch::read(&object.about).filter(|batch| !batch.status.is_final())?;
        let done = serde_json::from_slice::<Vec<Done>>(&object.body).unwrap_or_default();
        let done = done.into_iter().map(|done| (done.number, done)).collect();
        Some(Self { done, ..Self::new(owner, object, batch) })
    }

    /// Writes down what is known of it.
    ///
    /// # Errors
    /// [`Failure`] when there is no room, or the disk fails.
    pub async fn save(&self, gateway: &Arc<Gateway>) -> Result<(), Failure> {
        let done: Vec<&Done> =
            if self.batch.status.is_final() { Vec::new() } else { self.done.values().collect() };
        let body = if done.is_empty() { Vec::new() } else { serde_json::to_vec(&done).unwrap_or_default() };
        let label = label::write(&self.label);
        let object = Object { about: self.batch.write(), body, label, ..self.object.clone() };
        self.keep(gateway, Kind::Batch, object).await
    }

    async fn keep(&self, gateway: &Arc<Gateway>, kind: Kind, object: Object) -> Result<(), Failure> {
        let (keeper, owner) = (gateway.clone(), self.owner.clone());
        let (now_s, room) = (gateway.wall.unix_seconds(), room(gateway));
        blocking(move || keeper.objects.keep((&owner, kind), &object, now_s, room)).await
    }

    async fn run(mut self, gateway: Arc<Gateway>) {
        let (cancel, cancelled) = watch::channel(self.batch.status == Status::Cancelling);
        lock(&gateway.batches.cancels).insert(self.object.id.clone(), cancel);
        if let Err(failure) = self.work(&gateway, cancelled).await {
            let why = BadLine {
                code: failure.code().to_owned(),
                line: 0,
                message: failure.reply().envelope.message,
                param: None,
            };
            self.fail(&gateway, vec![why]).await;
        }
        lock(&gateway.batches.cancels).remove(&self.object.id);
    }

    async fn fail(&mut self, gateway: &Arc<Gateway>, errors: Vec<BadLine>) {
        self.batch.errors = errors;
        self.batch.enter(Status::Failed, gateway.wall.unix_seconds());
        if let Err(failure) = self.save(gateway).await {
            tracing::error!(code = failure.code(), "that a batch has failed cannot be written down");
        }
    }

    async fn work(
        &mut self,
        gateway: &Arc<Gateway>,
        cancelled: watch::Receiver<bool>,
    ) -> Result<(), Failure> {
        let id = self.batch.asked.input_file_id.clone();
        let (keeper, owner, now_s) = (gateway.clone(), self.owner.clone(), gateway.wall.unix_seconds());
        let wanted = id.clone();
        let file = blocking(move || keeper.objects.find((&owner, Kind::File), &wanted, now_s)).await?;
        let file = file.ok_or(Failure::UnknownObject { kind: Kind::File, id })?;
        let endpoint = self.batch.asked.endpoint.clone();
        let lines = match line::read(&file.body, &endpoint) {
            Ok(lines) => lines,
            Err(errors) => {
                self.fail(gateway, errors).await;
                return Ok(());
            }
        };
        let Some((_, api)) = ENDPOINTS.iter().find(|(known, _)| *known == endpoint) else {
            return Err(Failure::NoRoute);
        };
        if self.batch.status == Status::Validating {
            self.batch.enter(Status::InProgress, gateway.wall.unix_seconds());
        }
        self.batch.counts.total = lines.len();
        self.save(gateway).await?;
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let common = Arc::new(Common {
            gateway: gateway.clone(),
            api: *api,
            label: self.label.clone(),
            key: self.batch.key.clone(),
            stays: self.batch.stays,
            peer: Peer { address, pseudonym: Ident::new(&self.batch.peer) },
        });
        let end = self.lines(&common, &lines, cancelled).await?;
        self.finish(gateway, &lines, end).await
    }

    /// Runs the lines that are not done.
    async fn lines(
        &mut self,
        common: &Arc<Common>,
        lines: &[Line],
        mut cancelled: watch::Receiver<bool>,
    ) -> Result<End, Failure> {
        let gateway = &common.gateway;
        let left = self.batch.ends_s.saturating_sub(gateway.wall.unix_seconds());
        let ends = Instant::now() + Duration::from_secs(u64::try_from(left).unwrap_or(0));
        let numbers: Vec<usize> = (0..lines.len()).filter(|number| !self.done.contains_key(number)).collect();
        let mut next = numbers.into_iter();
        let mut under_way = JoinSet::new();
        let mut saved = Instant::now();
        loop {
            while under_way.len() < LINES_OF_ONE
                && let Some(number) = next.next()
                && let Some(line) = lines.get(number)
            {
                under_way.spawn(common.clone().line(number, line.clone()));
            }
            tokio::select! {
                biased;
                () = is_cancelled(&mut cancelled) => return Ok(End::Cancelled),
                () = sleep_until(ends) => return Ok(End::Expired),
                ended = under_way.join_next() => match ended {
                    None => return Ok(End::All),
                    Some(Ok((done, label))) => {
                        self.label.raise(&label);
                        self.count(done);
                    }
                    // A panic has its record, and the line is asked for again by nobody.
                    Some(Err(_)) => return Err(Failure::Panicked),
                },
            }
            if saved.elapsed() >= SAVE_EVERY {
                self.save(gateway).await?;
                saved = Instant::now();
            }
        }
    }

    fn count(&mut self, done: Done) {
        let counts = &mut self.batch.counts;
        *(if done.is_good { &mut counts.completed } else { &mut counts.failed }) += 1;
        self.done.insert(done.number, done);
    }

    /// Writes the files of answers and of errors.
    async fn finish(&mut self, gateway: &Arc<Gateway>, lines: &[Line], end: End) -> Result<(), Failure> {
        let (status, code, message) = match end {
            End::All => (Status::Completed, "", ""),
            End::Cancelled => {
                (Status::Cancelled, "batch_cancelled", "the batch was cancelled before this request")
            }
            End::Expired => {
                (Status::Expired, "batch_expired", "there was no room for this request in the time")
            }
        };
        let now_s = || gateway.wall.unix_seconds();
        self.batch.enter(
            if status == Status::Cancelled { Status::Cancelling } else { Status::Finalizing },
            now_s(),
        );
        for (number, line) in lines.iter().enumerate() {
            if !self.done.contains_key(&number) {
                self.count(Done::given_up(number, line, code, message));
            }
        }
        self.batch.output_file_id = self.write_file(gateway, "output", |done| done.is_good).await?;
        self.batch.error_file_id = self.write_file(gateway, "error", |done| !done.is_good).await?;
        self.batch.enter(status, now_s());
        self.save(gateway).await
    }

    /// A file of what was done, which is kept like one that was uploaded; none of nothing.
    async fn write_file(
        &self,
        gateway: &Arc<Gateway>,
        what: &str,
        is_wanted: impl Fn(&Done) -> bool,
    ) -> Result<Option<String>, Failure> {
        let mut body = Vec::new();
        for done in self.done.values().filter(|done| is_wanted(done)) {
            body.extend_from_slice(done.text.as_bytes());
            body.push(b'\n');
        }
        if body.is_empty() {
            return Ok(None);
        }
        let about = json!({
            "filename": format!("{}_{what}.jsonl", self.object.id),
            "media_type": "application/jsonl",
            "purpose": "batch_output",
            "bytes": body.len(),
        });
        let id = unforeseeable("file-");
        let file = Object {
            id: id.clone(),
            label: label::write(&self.label),
            about: about.to_string().into_bytes(),
            body,
            created_s: gateway.wall.unix_seconds(),
            expires_s: self.object.expires_s,
        };
        self.keep(gateway, Kind::File, file).await?;
        Ok(Some(id))
    }
}

async fn is_cancelled(cancelled: &mut watch::Receiver<bool>) {
    // Whoever could say so is there as long as the batch is.
    let _ = cancelled.wait_for(|is_cancelled| *is_cancelled).await;
}

impl Common {
    /// What comes of a line, and the label of it.
    async fn line(self: Arc<Self>, number: usize, line: Line) -> (Done, Label) {
        let mut pause = Duration::from_secs(1);
        let mut tries = 1;
        loop {
            let (served, label) = match self.caller() {
                Ok(caller) => self.ask(&line, &caller).await,
                Err(failure) => (Served::refused(&failure), self.label.clone()),
            };
            let is_lasting = served.retry_after.is_none() && tries >= TRIES_MAX;
            if is_lasting || !served.may_be_tried_again() {
                return (Done::served(number, &line, &served), label);
            }
            tries += u32::from(served.retry_after.is_none());
            sleep(served.retry_after.unwrap_or_default().max(pause)).await;
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    }

    async fn ask(&self, line: &Line, caller: &Caller) -> (Served, Label) {
        // Closed it never is.
        let _turn = self.gateway.batches.lines.acquire().await;
        serve_kept(&self.gateway, self.api, line.body.clone(), (&self.label, caller), &self.peer).await
    }

    /// On whose behalf a line is asked, if they still may.
    fn caller(&self) -> Result<Caller, Failure> {
        let keys = self.gateway.keys();
        let key = match &self.key {
            Some(id) => Some(keys.current(id, Timestamp::now()).map_err(Failure::BadKey)?.clone()),
            // Asked for from this machine, while there was no key; now there is one.
            None if !keys.is_empty() => return Err(Failure::NoKey),
            None => None,
        };
        let wish = self.stays.then_some(RouteWish::LocalOnly);
        Ok(Caller::of_batch(key, &self.label, wish))
    }
}
