//! The admin API of policies: `/policy`, and what changes which policy is in force.
//!
//! To look is free, as everything on this listener is. To change takes the token of the installation, which
//! is in its state directory and readable by its owner only: without it another program on this machine, or a
//! web page in a browser on it, could put a policy in force that lets more out. With it nobody can put a policy
//! of their own in force either: those are the ones that the configuration names and those that were in force.
//! A text that is sent along is tested or replayed, and forgotten.

use super::{problem, reload};
use crate::candidate::Candidate;
use crate::gateway::Gateway;
use crate::operate::{Goal, OperationError};
use crate::reload::{ReloadOutcome, problems};
use crate::replay::{ReplayFilter, replay};
use crate::reply::{self, Body};
use crate::snapshot::Snapshot;
use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use weir_audit::WallTime;
use weir_rollout::{Percent, Stage, Tally};

/// What is in force, what is on its way, and what the files say.
pub(super) fn status(gateway: &Gateway) -> Value {
    let live = gateway.snapshot();
    let remembered = gateway.book.remembered();
    let plan = &live.loaded.config.policy.rollout;
    json!({
        "in_force": described(&live),
        "on_its_way": gateway.candidate().map(|candidate| on_its_way(&candidate)),
        "held": remembered.held,
        "files": reload(&gateway.reload_state()),
        "fetch": gateway.bell.last().map(|(at, done)| {
            json!({ "at": at.to_string(), "result": if done.is_ok() { "ok" } else { "failed" }, "why": done.err() })
        }),
        "rollout": {
            "mode": plan.mode.as_str(),
            "stages": plan.stages.iter().map(|share| u8::from(*share)).collect::<Vec<_>>(),
            "stage_seconds": plan.stage_time.as_secs(),
            "stage_requests": plan.stage_requests,
            "bounds": plan.bounds,
        },
        "signed_by": live.loaded.config.policy.signed_by.as_ref().map(ToString::to_string),
    })
}

fn described(snapshot: &Snapshot) -> Value {
    let loaded = &snapshot.loaded;
    let origin = &snapshot.policy.origin;
    json!({
        "revision": loaded.policy_revision.as_str(),
        "config_digest": loaded.config_digest,
        "boundary": loaded.policy.boundary.level().as_str(),
        "rules": loaded.policy.rules().len(),
        "commit": origin.commit,
        "version": origin.signed.as_ref().map(|(version, _)| version),
    })
}

fn on_its_way(candidate: &Candidate) -> Value {
    let mut described = described(&candidate.snapshot);
    let (stage, alarm, before, after) = candidate.with(|rollout| {
        let (before, after) = rollout.tallies();
        (rollout.stage(), rollout.alarm().copied(), *before, *after)
    });
    let [same, different, not_compared] = candidate.comparisons();
    if let Value::Object(members) = &mut described {
        members.insert("stage".to_owned(), json!(stage.to_string()));
        members.insert("stopped".to_owned(), json!(alarm.map(|alarm| alarm.to_string())));
        members.insert("policy_in_force".to_owned(), tally(&before));
        members.insert("this_policy".to_owned(), tally(&after));
        let shadow = json!({ "same": same, "different": different, "not_compared": not_compared });
        members.insert("shadow".to_owned(), shadow);
    }
    described
}

fn tally(tally: &Tally) -> Value {
    json!({
        "requests": tally.requests,
        "denied": tally.denied,
        "failed": tally.failed,
        "cloud": tally.cloud,
        "mean_cost_usd": tally.cost_usd(),
    })
}

/// What happened to policies, newest last.
pub(super) fn history(gateway: &Gateway) -> Value {
    json!({ "history": gateway.book.remembered().history })
}

/// What takes the token: what changes something, and what keeps the machine busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Apply,
    Rollback,
    Reload,
    Test,
    Replay,
}

impl Order {
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/policy/apply" => Some(Order::Apply),
            "/policy/rollback" => Some(Order::Rollback),
            "/policy/reload" => Some(Order::Reload),
            "/policy/test" => Some(Order::Test),
            "/policy/replay" => Some(Order::Replay),
            _ => None,
        }
    }

    /// Whether a policy may be sent along.
    pub const fn takes_policy(self) -> bool {
        match self {
            Order::Test | Order::Replay => true,
            Order::Apply | Order::Rollback | Order::Reload => false,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ApplyTo {
    /// `shadow`, or percent.
    stage: Option<Value>,
}

/// A policy that is not where the configuration says, to be tested or replayed: its text, the text of its cases, or
/// both. What is not given is that of the newest policy that could be used.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TestOf {
    policy: Option<String>,
    cases: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReplayOf {
    /// The text of a policy, as of a [`TestOf`].
    policy: Option<String>,
    /// Times in RFC 3339.
    since: Option<String>,
    until: Option<String>,
    tenant: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RollbackTo {
    revision: Option<String>,
}

pub(super) fn unauthorised() -> Response<Body> {
    let mut refused = problem(
        StatusCode::UNAUTHORIZED,
        "this takes the token of the installation: `Authorization: Bearer` and the bytes of `admin.key` in the state \
         directory, in hexadecimal, or a key of `weir admin keys create`; `weir policy` reads the token itself when it \
         runs as the owner of that directory",
    );
    refused.headers_mut().insert(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
    refused
}

/// Does what was ordered, away from the threads that serve requests: it reads files and compiles.
pub(super) async fn obey(gateway: Arc<Gateway>, order: Order, body: Bytes) -> Response<Body> {
    let done = tokio::task::spawn_blocking(move || carry_out(&gateway, order, &body)).await;
    done.unwrap_or_else(|_| problem(StatusCode::INTERNAL_SERVER_ERROR, "this failed; it is a bug in Weir"))
}

fn carry_out(gateway: &Gateway, order: Order, body: &[u8]) -> Response<Body> {
    let done = match order {
        Order::Test => return looked_into(read(body), |of| test(gateway, of)),
        Order::Replay => return looked_into(read(body), |of| replay_all(gateway, of)),
        Order::Apply => goal(body).map(|goal| gateway.apply_policy(&gateway.sources, goal)),
        Order::Rollback => read::<RollbackTo>(body).map(|RollbackTo { revision }| {
            gateway.roll_back_policy(&gateway.sources, revision.as_deref()).map(drop)
        }),
        Order::Reload => Ok(match gateway.reload(&gateway.sources) {
            ReloadOutcome::Refused => Err(OperationError::Refused(refused(gateway))),
            ReloadOutcome::Unchanged | ReloadOutcome::Applied | ReloadOutcome::Staged => Ok(()),
        }),
    };
    match done {
        Ok(Ok(())) => reply::json(StatusCode::OK, status(gateway).to_string()),
        Ok(Err(error)) => problem(StatusCode::CONFLICT, &error.to_string()),
        Err(what) => problem(StatusCode::BAD_REQUEST, &what),
    }
}

fn looked_into<T>(
    asked: Result<T, String>,
    answer: impl FnOnce(T) -> Result<Value, String>,
) -> Response<Body> {
    match asked.map(answer) {
        Ok(Ok(answer)) => reply::json(StatusCode::OK, answer.to_string()),
        Ok(Err(what)) => problem(StatusCode::CONFLICT, &what),
        Err(what) => problem(StatusCode::BAD_REQUEST, &what),
    }
}

/// The cases of the policy that is sent along or that the configuration names, whether it is in force or not.
fn test(gateway: &Gateway, TestOf { policy, cases }: TestOf) -> Result<Value, String> {
    let snapshot = meant(gateway, policy, cases)?;
    let report = snapshot.run_cases().map_err(|found| problems(&found.into()).join("; "))?;
    Ok(report.to_json())
}

fn replay_all(gateway: &Gateway, of: ReplayOf) -> Result<Value, String> {
    let ReplayOf { policy, since, until, tenant } = of;
    let wall = |at: String| -> Result<WallTime, String> {
        let time: Timestamp = at.parse().map_err(|_| format!("`{at}` is no time; write RFC 3339"))?;
        Ok(WallTime::from_unix_ms(u64::try_from(time.as_millisecond()).unwrap_or(0)))
    };
    let filter =
        ReplayFilter { since: since.map(wall).transpose()?, until: until.map(wall).transpose()?, tenant };
    let snapshot = meant(gateway, policy, None)?;
    let log = snapshot.loaded.config.state.join("audit");
    let replayed = replay(&log, &snapshot, &filter).map_err(|error| error.to_string())?;
    Ok(replayed.to_json())
}

fn meant(gateway: &Gateway, text: Option<String>, cases: Option<String>) -> Result<Snapshot, String> {
    let newest = gateway.newest();
    let snapshot = if text.is_none() && cases.is_none() {
        Snapshot::load_after(&gateway.sources, &newest.indexes)
    } else {
        Snapshot::load_kept(&gateway.sources, &newest.policy.with(text, cases), &newest.indexes)
    };
    snapshot.map_err(|error| problems(&error).join("; "))
}

fn refused(gateway: &Gateway) -> Vec<String> {
    match &*gateway.reload_state() {
        crate::reload::ReloadState::Refused { problems, .. } => problems.clone(),
        crate::reload::ReloadState::InForce => Vec::new(),
    }
}

fn goal(body: &[u8]) -> Result<Goal, String> {
    match read::<ApplyTo>(body)?.stage {
        None => Ok(Goal::All),
        Some(Value::String(word)) if word == "shadow" => Ok(Goal::Stage(Stage::Shadow)),
        Some(stage) => {
            let percent = stage.as_u64().and_then(|percent| u8::try_from(percent).ok());
            let percent = percent.and_then(|percent| Percent::try_from(percent).ok());
            let percent = percent.ok_or("`stage` is `\"shadow\"` or a percentage from 1 to 100")?;
            Ok(if u8::from(percent) == 100 { Goal::All } else { Goal::Stage(Stage::Share(percent)) })
        }
    }
}

fn read<T: Default + for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, String> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| format!("the body cannot be read: {error}"))
}
