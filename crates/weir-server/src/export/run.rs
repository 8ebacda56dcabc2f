//! The task of one export.

use super::cursor::{self, Cursor};
use super::deliver::{Failure, Receiver};
use crate::gateway::{Gateway, VERSION};
use ipnet::IpNet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use weir_audit::Ident;
use weir_audit::checkpoint::Origin;
use weir_audit::event::ExportGap;
use weir_audit::export::{Exported, Source};
use weir_audit::search::{Condition, Found};
use weir_config::{Begin, Export, Sink};
use weir_store::audit::{AuditError, Feed, Most, Portion};

/// The pause after a first failure; it doubles up to the longest one.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// What is delivered at a time.
const MOST: Most = Most { events: 1000, bytes: 1 << 20 };
/// And as one object of a store.
const MOST_OF_OBJECT: Most = Most { events: 20_000, bytes: 8 << 20 };

/// Delivers events until it is stopped.
pub(super) async fn run(
    gateway: Arc<Gateway>,
    export: Export,
    inside: Vec<IpNet>,
    mut stop: watch::Receiver<bool>,
) {
    let mut task = Task::new(gateway, export, inside);
    tokio::select! {
        () = task.go_on(Until::Stopped) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Delivers what is in a log that nobody writes any more.
pub(super) async fn run_to_end(gateway: Arc<Gateway>, export: Export, inside: Vec<IpNet>) {
    Task::new(gateway, export, inside).go_on(Until::End).await;
}

/// How far a task goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Stopped,
    End,
}

struct Task {
    gateway: Arc<Gateway>,
    export: Export,
    inside: Vec<IpNet>,
    source: Source,
    cursor: PathBuf,
    receiver: Option<Receiver>,
    /// Failures since the last success.
    failures: u32,
}

/// Where an export goes on.
struct Begun {
    feed: Feed,
    /// Nothing was deleted before its time for one that has only begun.
    is_new: bool,
}

impl Task {
    fn new(gateway: Arc<Gateway>, export: Export, inside: Vec<IpNet>) -> Self {
        let log = Origin::of_node(&gateway.node).as_str().to_owned();
        let source = Source { log, version: VERSION.to_owned() };
        let cursor = cursor::path(&gateway.snapshot().loaded.config.state, &export.name);
        Self { gateway, export, inside, source, cursor, receiver: None, failures: 0 }
    }

    async fn go_on(&mut self, until: Until) {
        let Begun { mut feed, mut is_new } = loop {
            match self.begin().await {
                Ok(begun) => break begun,
                Err(why) => self.failed(why).await,
            }
        };
        self.came(&feed);
        loop {
            let (back, portion) = self.portion(feed).await;
            feed = back;
            let Some(portion) = portion else { continue };
            let (is_empty, has_more) = (portion.events.is_empty(), portion.has_more);
            let Portion { deleted, events, .. } = portion;
            if let Some((first, last)) = deleted.filter(|_| !is_new) {
                self.missed(first, last, last - first + 1, "deleted").await;
            }
            if !is_empty {
                is_new = false;
                let after = self.export(&events).await;
                self.remember(Cursor { next: feed.position(), after }).await;
            }
            self.came(&feed);
            if !has_more && until == Until::End {
                return;
            }
            if !has_more {
                tokio::time::sleep(self.export.every).await;
            }
        }
    }

    /// Where it was, or where it begins.
    async fn begin(&mut self) -> Result<Begun, Failure> {
        let (path, from) = (self.cursor.clone(), self.export.from);
        let directory = self.gateway.audit.directory().to_owned();
        let written = self.gateway.audit.size();
        let name = self.export.name.clone();
        let work = move || {
            let Some(cursor) = Cursor::load(&path).map_err(|error| unusable(&path, &error))? else {
                let next = match from {
                    Begin::Start => 0,
                    Begin::Now => Feed::open(&directory, 0).signed().map_err(unreadable)?,
                };
                let cursor = Cursor { next, after: None };
                cursor.save(&path).map_err(|error| unusable(&path, &error))?;
                return Ok(Begun { feed: Feed::open(&directory, next), is_new: true });
            };
            let feed = Feed::open(&directory, cursor.next);
            if cursor.next <= written && feed.signed().map_err(unreadable)? < cursor.next {
                return Err(Failure::Log(
                    "the checkpoint over what was exported is not there yet".to_owned(),
                ));
            }
            if is_same_log(&directory, &cursor).map_err(unreadable)? {
                return Ok(Begun { feed, is_new: cursor.next == 0 });
            }
            tracing::warn!(
                export = &*name,
                next = cursor.next,
                "the log is not the one that was exported: all of it is"
            );
            Ok(Begun { feed: Feed::open(&directory, 0), is_new: true })
        };
        let begun = tokio::task::spawn_blocking(work).await;
        begun.unwrap_or_else(|_| Err(Failure::Log("the thread that reads it ended".to_owned())))
    }

    /// The next events; none if the log cannot be read.
    async fn portion(&mut self, mut feed: Feed) -> (Feed, Option<Portion>) {
        let most = match self.export.sink {
            Sink::Store { .. } => MOST_OF_OBJECT,
            Sink::File { .. }
            | Sink::Otlp(_)
            | Sink::Syslog { .. }
            | Sink::Postgres { .. }
            | Sink::Nats { .. } => MOST,
        };
        let position = feed.position();
        let work = move || {
            let portion = feed.next(most);
            (feed, portion)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((feed, Ok(portion))) => (feed, Some(portion)),
            Ok((feed, Err(error))) => {
                self.failed(unreadable(error)).await;
                (feed, None)
            }
            Err(_) => {
                self.failed(Failure::Log("the thread that reads it ended".to_owned())).await;
                (Feed::open(self.gateway.audit.directory(), position), None)
            }
        }
    }

    /// Delivers those of the events that are wanted; the id of the last event.
    async fn export(&mut self, events: &[(u64, Vec<u8>)]) -> Option<String> {
        let mut wanted = Vec::new();
        for (seq, event) in events {
            if self.wants(*seq, event) {
                match Exported::read(*seq, event, &self.export.leave_out) {
                    Ok(event) => wanted.push(event),
                    // What a newer Weir has written is JSON too; this cannot be.
                    Err(_) => self.missed(*seq, *seq, 1, "refused").await,
                }
            }
        }
        self.deliver(&wanted).await;
        let (seq, last) = events.last()?;
        Exported::read(*seq, last, &[]).ok().map(|event| event.event_id().to_owned())
    }

    fn wants(&self, seq: u64, event: &[u8]) -> bool {
        if self.export.events.is_empty() && self.export.conditions.is_empty() {
            return true;
        }
        let Ok(members) = (Found { seq, event: event.to_vec(), outcome: None }).members() else {
            return true;
        };
        let is_of_type =
            self.export.events.is_empty() || self.export.events.iter().any(|e| e == members.word("type"));
        let fits = |condition: &Condition| condition.test.takes(members.get(&condition.path));
        is_of_type && self.export.conditions.iter().all(fits)
    }

    /// Delivers all of the events but those that the receiver refuses for good, which are found by halving.
    async fn deliver(&mut self, events: &[Exported]) {
        let mut refused = Vec::new();
        let mut todo = vec![events];
        while let Some(some) = todo.pop() {
            let (Some(first), Some(last)) = (some.first(), some.last()) else { continue };
            match (self.attempt(some).await, some.len()) {
                (Ok(0), _) => {}
                (Ok(rejected), _) => self.missed(first.seq, last.seq, rejected, "refused").await,
                (Err(_), 1) => refused.push(first),
                (Err(_), length) => {
                    let (left, right) = some.split_at(length / 2);
                    todo.extend([right, left]);
                }
            }
        }
        // That a gap of its own is refused too would go on for ever.
        let (own, others): (Vec<&Exported>, Vec<&Exported>) =
            refused.into_iter().partition(|event| event.is_gap_of(&self.export.name));
        self.count_missed(own.len() as u64);
        if let (Some(first), Some(last)) = (others.first(), others.last()) {
            self.missed(first.seq, last.seq, others.len() as u64, "refused").await;
        }
    }

    /// Tries until the receiver has the events, or refuses them; how many of them it has rejected.
    async fn attempt(&mut self, events: &[Exported]) -> Result<u64, String> {
        loop {
            match self.attempt_once(events).await {
                Ok(rejected) => {
                    self.failures = 0;
                    self.gateway.exports.delivered(&self.export.name);
                    let taken = (events.len() as u64).saturating_sub(rejected);
                    self.gateway.metrics.records.exported(&self.export.name, taken);
                    return Ok(rejected);
                }
                Err(Failure::Refused(why)) => {
                    tracing::warn!(export = &*self.export.name, %why, events = events.len(), "an export refuses events");
                    return Err(why);
                }
                Err(why) => self.failed(why).await,
            }
        }
    }

    async fn attempt_once(&mut self, events: &[Exported]) -> Result<u64, Failure> {
        let mut receiver = match self.receiver.take() {
            Some(receiver) => receiver,
            None => Receiver::new(&self.export, &self.inside, self.source.clone())?,
        };
        let snapshot = self.gateway.snapshot();
        let delivered = receiver.deliver(events, &snapshot).await;
        if matches!(delivered, Ok(_) | Err(Failure::Refused(_))) {
            self.receiver = Some(receiver);
        }
        delivered
    }

    /// Says why nothing goes on, and waits a while.
    async fn failed(&mut self, why: Failure) {
        let text = why.to_string();
        if self.gateway.exports.failed(&self.export.name, why) {
            tracing::warn!(
                export = &*self.export.name,
                why = text,
                "an export does not get events; they wait in the log"
            );
        }
        self.gateway.metrics.records.export_failed(&self.export.name);
        let written = self.gateway.audit.size();
        let lag = self.gateway.exports.lag_to(&self.export.name, written);
        self.gateway.metrics.records.export_lag(&self.export.name, lag);
        let pause = PAUSE.saturating_mul(1 << self.failures.min(10)).min(PAUSE_MAX);
        self.failures += 1;
        tokio::time::sleep(pause).await;
    }

    /// Puts on record that events did not get there and will not.
    async fn missed(&mut self, first: u64, last: u64, events: u64, reason: &'static str) {
        self.count_missed(events);
        let gap = ExportGap {
            export: Ident::new(&self.export.name),
            first,
            last,
            events,
            reason: Ident::fixed(reason),
        };
        tracing::error!(
            export = &*self.export.name,
            first,
            last,
            events,
            reason,
            "events are missing in an export"
        );
        // It goes on only when this is on record.
        while let Err(error) = self.gateway.audit.append(&gap) {
            tracing::error!(%error, "the audit log did not take what an export has missed");
            tokio::time::sleep(PAUSE_MAX).await;
        }
    }

    fn count_missed(&self, events: u64) {
        self.gateway.exports.missed(&self.export.name, events);
        self.gateway.metrics.records.export_missed(&self.export.name, events);
    }

    /// Remembers how far it has come, and waits until that is on the disk.
    async fn remember(&mut self, cursor: Cursor) {
        loop {
            let (path, kept) = (self.cursor.clone(), cursor.clone());
            match tokio::task::spawn_blocking(move || kept.save(&path)).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => self.failed(unusable(&self.cursor, &error)).await,
                Err(_) => self.failed(Failure::Disk("the thread that writes ended".to_owned())).await,
            }
        }
    }

    fn came(&self, feed: &Feed) {
        let lag = self.gateway.audit.size().saturating_sub(feed.position());
        self.gateway.exports.came(&self.export.name, feed.position(), lag);
        self.gateway.metrics.records.export_lag(&self.export.name, lag);
    }
}

/// Whether the event before the cursor is where it was, as far as it is still in the log.
fn is_same_log(directory: &std::path::Path, cursor: &Cursor) -> Result<bool, AuditError> {
    let (Some(before), Some(id)) = (cursor.next.checked_sub(1), &cursor.after) else { return Ok(true) };
    let portion = Feed::open(directory, before).next(Most { events: 1, bytes: 1 })?;
    let found = portion.events.first();
    Ok(portion.deleted.is_some()
        || found.is_some_and(|(seq, event)| {
            Exported::read(*seq, event, &[]).is_ok_and(|event| event.event_id() == id)
        }))
}

fn unreadable(error: AuditError) -> Failure {
    Failure::Log(error.to_string())
}

fn unusable(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::Disk(format!("`{}`: {error}", path.display()))
}
