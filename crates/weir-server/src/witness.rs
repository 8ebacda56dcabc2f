//! Sends the checkpoints of the audit log to those that the operator of this gateway cannot rewrite, and is a witness
//! for others.
//!
//! Nothing here is on a request's way: each witness has a task of its own, and one that does not answer is only asked
//! again later. That a witness has missed checkpoints is an event of the log, and so is its coming back.

mod git;
mod send;
pub(crate) mod serve;

use crate::gateway::Gateway;
use jiff::Timestamp;
use send::{SendFailure, Sent};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use weir_audit::event::{AsEvent, WitnessGap, WitnessResumed};
use weir_audit::{Ident, WallTime};
use weir_config::Witness;
use weir_store::whole;

/// How often it is looked who is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The pause after a first failure; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a gateway that ends waits for witnesses.
const LAST_LIMIT: Duration = Duration::from_secs(3);
/// A witness that has got nothing for so many of its periods has missed something.
const PERIODS_OF_GAP: u32 = 3;

/// What is known of each witness.
#[derive(Debug, Default)]
pub(crate) struct Witnesses(Mutex<BTreeMap<Arc<str>, Standing>>);

#[derive(Debug, Clone, Default)]
struct Standing {
    /// Size of the newest checkpoint that it has.
    size: Option<u64>,
    at: Option<Timestamp>,
    failing: Option<Failing>,
    /// Since when an event says that it gets nothing; of a process before this one too.
    told: Option<Timestamp>,
    due: Option<Instant>,
    is_asked: bool,
}

#[derive(Debug, Clone)]
struct Failing {
    since: Timestamp,
    began: Instant,
    times: u32,
    why: SendFailure,
}

impl Witnesses {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Standing>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For `/readyz`: each witness, what it has, and why it has not more.
    pub fn shown(&self) -> Value {
        let standing = |(name, standing): (&Arc<str>, &Standing)| {
            let failing = standing.failing.as_ref();
            json!({
                "name": &**name,
                "result": if failing.is_some() { "failing" } else { "ok" },
                "events": standing.size,
                "at": standing.at.map(|at| at.to_string()),
                "failing_since": failing.map(|failing| failing.since.to_string()),
                "why": failing.map(|failing| failing.why.to_string()),
            })
        };
        self.lock().iter().map(standing).collect()
    }

    /// Those that are due; they count as asked from now on.
    fn take_due(&self, witnesses: &[Witness], now: Instant) -> Vec<Witness> {
        let mut known = self.lock();
        known.retain(|name, _| witnesses.iter().any(|witness| witness.name == *name));
        let mut is_due = |witness: &&Witness| {
            let standing = known.entry(witness.name.clone()).or_default();
            let is_due = !standing.is_asked && standing.due.is_none_or(|due| due <= now);
            standing.is_asked |= is_due;
            is_due
        };
        witnesses.iter().filter(|witness| is_due(witness)).cloned().collect()
    }

    fn size(&self, name: &str) -> Option<u64> {
        self.lock().get(name).and_then(|standing| standing.size)
    }

    /// Takes over what was known of a witness when the process before this one ended.
    fn take_over(&self, name: &Arc<str>, size: Option<u64>, told: Option<Timestamp>) {
        let mut known = self.lock();
        let standing = known.entry(name.clone()).or_default();
        standing.size = standing.size.or(size);
        standing.told = standing.told.or(told);
    }

    /// Notes how sending went; gives what is to be recorded.
    fn note(&self, witness: &Witness, sent: Result<u64, SendFailure>) -> Option<Told> {
        let mut known = self.lock();
        let standing = known.entry(witness.name.clone()).or_default();
        standing.is_asked = false;
        match sent {
            Ok(size) => {
                (standing.size, standing.at) = (Some(size), Some(Timestamp::now()));
                standing.due = Some(Instant::now() + witness.every);
                standing.failing = None;
                let since = wall(standing.told.take()?);
                let witness = Ident::new(&witness.name);
                Some(Told::Resumed(WitnessResumed { witness, witnessed: size, since }))
            }
            Err(why) => {
                let begins = || (Timestamp::now(), Instant::now());
                let (since, began) = standing.failing.as_ref().map_or_else(begins, |f| (f.since, f.began));
                let times = standing.failing.as_ref().map_or(0, |failing| failing.times);
                let pause = PAUSE.saturating_mul(1 << times.min(10)).min(witness.every.max(PAUSE));
                standing.due = Some(Instant::now() + pause);
                let is_gap = why.is_final() || began.elapsed() >= witness.every * PERIODS_OF_GAP;
                let reason = Ident::new(why.word());
                standing.failing = Some(Failing { since, began, times: times + 1, why });
                if !is_gap || standing.told.is_some() {
                    return None;
                }
                standing.told = Some(since);
                Some(Told::Gap(WitnessGap {
                    witness: Ident::new(&witness.name),
                    witnessed: standing.size,
                    since: wall(since),
                    reason,
                }))
            }
        }
    }
}

/// An event of a witness.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Gap(WitnessGap),
    Resumed(WitnessResumed),
}

fn wall(at: Timestamp) -> WallTime {
    WallTime::from_unix_ms(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

/// Sends checkpoints to the witnesses of whatever configuration is in force, as long as it is polled.
pub(crate) async fn send_checkpoints(gateway: Arc<Gateway>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut asked = JoinSet::new();
    loop {
        ticks.tick().await;
        let snapshot = gateway.snapshot();
        for witness in gateway.witnesses.take_due(&snapshot.loaded.config.audit.witnesses, Instant::now()) {
            asked.spawn(ask(gateway.clone(), witness));
        }
        while asked.try_join_next().is_some() {}
    }
}

/// Sends all witnesses the last checkpoint of a log that was closed, for a short time at most. Who does not get it then gets it
/// when the gateway starts again.
pub async fn send_last_checkpoint(gateway: &Arc<Gateway>) {
    let snapshot = gateway.snapshot();
    let mut asked = JoinSet::new();
    for witness in &snapshot.loaded.config.audit.witnesses {
        let (gateway, witness) = (gateway.clone(), witness.clone());
        asked.spawn(async move { _ = send_newest(&gateway, &witness).await });
    }
    let all = async { while asked.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_LIMIT, all).await.is_err() {
        tracing::warn!("not every witness took the last checkpoint in time");
    }
}

/// Sends one witness the newest checkpoint, if it has not got it, and notes how that went.
async fn ask(gateway: Arc<Gateway>, witness: Witness) {
    let sent = send_newest(&gateway, &witness).await;
    gateway.metrics.records.witnessed(&witness.name, sent.as_ref().ok().copied());
    match gateway.witnesses.note(&witness, sent) {
        None => {}
        Some(Told::Gap(gap)) => {
            let since = gap.since.to_string();
            record(&gateway, gap);
            keep(&gateway, &witness, UNWITNESSED, since).await;
        }
        Some(Told::Resumed(resumed)) => {
            record(&gateway, resumed);
            keep(&gateway, &witness, UNWITNESSED, String::new()).await;
        }
    }
}

/// The size of the checkpoint that the witness has then.
async fn send_newest(gateway: &Arc<Gateway>, witness: &Witness) -> Result<u64, SendFailure> {
    if gateway.witnesses.size(&witness.name).is_none() {
        take_over(gateway, witness).await;
    }
    let known = gateway.witnesses.size(&witness.name);
    let sent = tokio::time::timeout(witness.timeout, send::send(gateway, witness, known)).await;
    match sent.unwrap_or(Err(SendFailure::Timeout)) {
        Ok(Sent { size, note }) => {
            if let Some(note) = note {
                keep(gateway, witness, WITNESSED, note).await;
            }
            Ok(size)
        }
        Err(why) => {
            tracing::warn!(witness = &*witness.name, why = %why, "a witness did not take the checkpoint");
            Err(why)
        }
    }
}

fn record(gateway: &Gateway, event: impl AsEvent) {
    if let Err(error) = gateway.audit.append(event) {
        tracing::error!(%error, "the audit log did not take what became of a witness");
    }
}

/// The newest checkpoint that each witness has taken, with its signature.
const WITNESSED: &str = "witnessed";
/// Since when each gets nothing, as an event of the log says; nothing of one that has its checkpoints.
const UNWITNESSED: &str = "unwitnessed";

/// Where that is kept of a witness.
fn kept(gateway: &Gateway, witness: &Witness, what: &str) -> PathBuf {
    gateway.snapshot().loaded.config.state.join(what).join(&*witness.name)
}

/// A process goes on where the one before it ended.
async fn take_over(gateway: &Gateway, witness: &Witness) {
    let (witnessed, unwitnessed) = (kept(gateway, witness, WITNESSED), kept(gateway, witness, UNWITNESSED));
    let read = || {
        let text = |path| std::fs::read_to_string(path).unwrap_or_default();
        (size_of(&text(witnessed)), text(unwitnessed).parse().ok())
    };
    if let Ok((size, told)) = tokio::task::spawn_blocking(read).await {
        gateway.witnesses.take_over(&witness.name, size, told);
    }
}

/// The size of the oldest among the newest checkpoints of the witnesses of the configuration in force; one that has none
/// yet begins with the next.
pub(crate) fn witnessed_by_all(gateway: &Gateway) -> u64 {
    let snapshot = gateway.snapshot();
    let size = |witness: &Witness| {
        gateway
            .witnesses
            .size(&witness.name)
            .or_else(|| size_of(&std::fs::read_to_string(kept(gateway, witness, WITNESSED)).ok()?))
    };
    snapshot.loaded.config.audit.witnesses.iter().filter_map(size).min().unwrap_or(u64::MAX)
}

fn size_of(note: &str) -> Option<u64> {
    note.lines().nth(1)?.parse().ok()
}

/// Loses no evidence if it fails: a witness says itself what it has.
async fn keep(gateway: &Gateway, witness: &Witness, what: &str, text: String) {
    let path = kept(gateway, witness, what);
    let written = tokio::task::spawn_blocking(move || whole::replace(&path, text.as_bytes())).await;
    if let Ok(Err(error)) = written {
        tracing::error!(%error, witness = &*witness.name, "what became of a witness could not be kept");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_config::Receiver;

    fn witness() -> Witness {
        Witness {
            name: "w".into(),
            every: Duration::from_secs(60),
            timeout: Duration::from_secs(1),
            receiver: Receiver::Git { repository: PathBuf::new(), commands: Vec::new() },
        }
    }

    #[test]
    fn a_witness_is_asked_one_at_a_time_and_again_when_it_is_due() {
        let (witnesses, all) = (Witnesses::default(), [witness()]);
        let now = Instant::now();
        assert_eq!(witnesses.take_due(&all, now).len(), 1);
        assert!(witnesses.take_due(&all, now + Duration::from_secs(1000)).is_empty(), "it is being asked");
        assert_eq!(witnesses.note(&all[0], Ok(7)), None);
        assert!(witnesses.take_due(&all, Instant::now() + Duration::from_secs(50)).is_empty());
        assert_eq!(witnesses.take_due(&all, Instant::now() + Duration::from_secs(61)).len(), 1);
        assert_eq!(witnesses.note(&all[0], Err(SendFailure::Timeout)), None);
        assert_eq!(
            witnesses.take_due(&all, Instant::now() + Duration::from_secs(2)).len(),
            1,
            "sooner after a failure"
        );
        assert!(witnesses.take_due(&[], now).is_empty() && witnesses.shown() == json!([]));
    }

    #[test]
    fn a_gap_is_told_once_and_so_is_its_end() {
        let witnesses = Witnesses::default();
        let witness = Witness { every: Duration::ZERO, ..witness() };
        witnesses.note(&witness, Ok(3));
        let Some(Told::Gap(gap)) = witnesses.note(&witness, Err(SendFailure::Timeout)) else { panic!() };
        assert_eq!((gap.witnessed, gap.reason.as_str()), (Some(3), "timeout"));
        assert_eq!(witnesses.note(&witness, Err(SendFailure::Timeout)), None);
        assert_eq!(witnesses.shown()[0]["result"], "failing");
        let Some(Told::Resumed(resumed)) = witnesses.note(&witness, Ok(9)) else { panic!() };
        assert_eq!((resumed.witnessed, resumed.since), (9, gap.since));
        assert_eq!(witnesses.note(&witness, Ok(10)), None);
        // What the process before this one has told is over only when a checkpoint gets there.
        let (after, since) = (Witnesses::default(), Timestamp::UNIX_EPOCH);
        after.take_over(&witness.name, Some(10), Some(since));
        assert_eq!(after.shown()[0]["events"], 10);
        assert_eq!(after.note(&witness, Err(SendFailure::Timeout)), None, "it is told");
        let Some(Told::Resumed(resumed)) = after.note(&witness, Ok(12)) else { panic!() };
        assert_eq!((resumed.witnessed, resumed.since), (12, wall(since)));
        // A short failure is none, unless time heals nothing.
        let patient = Witness { every: Duration::from_secs(60), ..witness };
        assert_eq!(witnesses.note(&patient, Err(SendFailure::Timeout)), None);
        assert!(matches!(witnesses.note(&patient, Err(SendFailure::Inconsistent)), Some(Told::Gap(_))));
    }
}
