//! Takes the events of the audit log to those who want them elsewhere.
//!
//! Nothing here is on a request's way: each export has a task of its own, which reads what the writer has finished from
//! its own place in the log, and remembers that place. A receiver that is down is tried again and gets everything when
//! it is back, as long as the log has it; what it will never get is an event of the log.

mod cursor;
mod deliver;
mod file;
mod run;

use crate::gateway::Gateway;
use deliver::Failure;
use ipnet::IpNet;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use weir_config::Export;

/// How often it is looked whether the configuration has other exports.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a gateway that ends waits for exports.
const LAST_LIMIT: Duration = Duration::from_secs(3);

/// What is known of each export.
#[derive(Debug, Default)]
pub(crate) struct Exports(Mutex<BTreeMap<Arc<str>, Standing>>);

#[derive(Debug, Default)]
struct Standing {
    /// Index of the event that it gets next.
    next: u64,
    /// Events that it has not got yet.
    lag: u64,
    /// Events that it has not got and will not get, since this process began.
    missed: u64,
    at: Option<Timestamp>,
    failing: Option<(Timestamp, Failure)>,
}

impl Exports {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For `/readyz`: each export, how far it has come, and why it has not come further.
    pub fn shown(&self) -> Value {
        let standing = |(name, standing): (&Arc<str>, &Standing)| {
            let failing = standing.failing.as_ref();
            json!({
                "name": &**name,
                "result": if failing.is_some() { "failing" } else { "ok" },
                "next": standing.next,
                "lag": standing.lag,
                "missed": standing.missed,
                "at": standing.at.map(|at| at.to_string()),
                "failing_since": failing.map(|(since, _)| since.to_string()),
                "why": failing.map(|(_, why)| why.to_string()),
            })
        };
        self.lock().iter().map(standing).collect()
    }

    fn retain(&self, exports: &[Export]) {
        self.lock().retain(|name, _| exports.iter().any(|export| export.name == *name));
    }

    fn came(&self, name: &Arc<str>, next: u64, lag: u64) {
        let mut known = self.lock();
        let standing = known.entry(name.clone()).or_default();
        (standing.next, standing.lag) = (next, lag);
    }

    fn delivered(&self, name: &Arc<str>) {
        let mut known = self.lock();
        let standing = known.entry(name.clone()).or_default();
        (standing.at, standing.failing) = (Some(Timestamp::now()), None);
    }

    /// How many of so many events it has not got.
    fn lag_to(&self, name: &Arc<str>, written: u64) -> u64 {
        let mut known = self.lock();
        let standing = known.entry(name.clone()).or_default();
        standing.lag = written.saturating_sub(standing.next);
        standing.lag
    }

    fn missed(&self, name: &Arc<str>, events: u64) {
        self.lock().entry(name.clone()).or_default().missed += events;
    }

    /// Whether this is news.
    fn failed(&self, name: &Arc<str>, why: Failure) -> bool {
        let mut known = self.lock();
        let standing = known.entry(name.clone()).or_default();
        let since = standing.failing.as_ref().map_or_else(Timestamp::now, |(since, _)| *since);
        let is_news = standing.failing.as_ref().is_none_or(|(_, before)| *before != why);
        standing.failing = Some((since, why));
        is_news
    }
}

/// A task, and what it was begun with.
struct Running {
    export: Export,
    inside: Vec<IpNet>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Exports to whatever the configuration in force names, as long as it is polled.
pub(crate) async fn export_events(gateway: Arc<Gateway>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut running = Tasks::default();
    loop {
        ticks.tick().await;
        let snapshot = gateway.snapshot();
        let config = &snapshot.loaded.config;
        running.fit(&gateway, &config.audit.exports, &config.network_inside);
        gateway.exports.retain(&config.audit.exports);
    }
}

/// Delivers the last events of a log that was closed, for a short time at most. Who does not get them then gets them when
/// the gateway starts again.
pub async fn export_last_events(gateway: &Arc<Gateway>) {
    let snapshot = gateway.snapshot();
    let config = &snapshot.loaded.config;
    let mut tasks = JoinSet::new();
    for export in &config.audit.exports {
        tasks.spawn(run::run_to_end(gateway.clone(), export.clone(), config.network_inside.clone()));
    }
    let all = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_LIMIT, all).await.is_err() {
        tracing::warn!("not every export took the last events in time; they wait in the log");
    }
}

#[derive(Default)]
struct Tasks(BTreeMap<Arc<str>, Running>);

impl Tasks {
    /// Ends the tasks of exports that are gone or have changed, and begins those that are missing.
    fn fit(&mut self, gateway: &Arc<Gateway>, exports: &[Export], inside: &[IpNet]) {
        for running in self.0.values() {
            if !exports.contains(&running.export) || running.inside != inside {
                running.stop.send_replace(true);
            }
        }
        self.0.retain(|_, running| !running.task.is_finished());
        for export in exports {
            self.0.entry(export.name.clone()).or_insert_with(|| {
                let (stop, stopped) = watch::channel(false);
                let task = run::run(gateway.clone(), export.clone(), inside.to_vec(), stopped);
                let (export, inside) = (export.clone(), inside.to_vec());
                Running { export, inside, stop, task: tokio::spawn(task) }
            });
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for running in self.0.values() {
            running.task.abort();
        }
    }
}
